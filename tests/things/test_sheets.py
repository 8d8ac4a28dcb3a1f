"""Sheets of pictures: everything in one file, every text escaped, broken pictures replaced by the reason."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from knnife import BadInput
from knnife.things.pixels import jpeg, pixels
from knnife.things.sheets import Cell, escaped, page, sheet, uri

NASTY = "<script>alert('x')</script>\"&\x07\udc80\n\u202eend"


class Seen(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def picture(seed: int = 0, height: int = 60, width: int = 90) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.kron(random.integers(0, 255, (height // 30, width // 30, 3)), np.ones((30, 30, 1))).astype(np.uint8)


def test_groups_are_shown_with_captions_and_marks(tmp_path: Path) -> None:
    path = tmp_path / "beach.jpg"
    path.write_bytes(jpeg(picture(1)))
    groups = [
        ("the first", [Cell(picture(0), "a\nb", True), Cell(str(path), "c")]),
        ("the second", [Cell(path.read_bytes(), "d")]),
    ]
    assert sheet("all of them", iter(groups), tmp_path / "s.html") == 2
    seen = Seen((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert [each.get("class") for each in seen.all("figure")] == ["marked", None, None]
    assert [each["alt"] for each in seen.all("img")] == ["a\nb", "c", "d"]
    for part in ("all of them", "the first", "the second"):
        assert part in seen.text
    data = [base64.b64decode(str(each["src"]).removeprefix("data:image/jpeg;base64,")) for each in seen.all("img")]
    assert [pixels(each).shape for each in data] == [(60, 90, 3)] * 3
    assert np.abs(pixels(data[1]).astype(int) - picture(1)).mean() < 8


def test_what_names_of_files_hold_stays_text(tmp_path: Path) -> None:
    sheet(
        NASTY, [(NASTY, [Cell(picture(), NASTY), Cell(str(tmp_path / "no<script>.jpg"), NASTY)])], tmp_path / "s.html"
    )
    text = (tmp_path / "s.html").read_text(encoding="utf-8")
    seen = Seen(text)
    assert not seen.all("script")
    assert seen.text.count("<script>alert('x')</script>\"&\ufffd?\n\u202eend") == 5
    assert "\x07" not in text
    assert escaped("<a href='x'>") == "&lt;a href=&#x27;x&#x27;&gt;"


def test_the_page_may_load_and_run_nothing(tmp_path: Path) -> None:
    sheet("t", [("g", [Cell(picture(), "c")])], tmp_path / "s.html")
    text = (tmp_path / "s.html").read_text(encoding="utf-8")
    policy = next(each["content"] for each in Seen(text).all("meta") if "http-equiv" in each)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    assert not re.search(r"https?://|url\(|@import", text)


def test_a_picture_that_cannot_be_read_is_replaced_by_the_reason(tmp_path: Path) -> None:
    broken = jpeg(picture())[:100]
    cells = [Cell(broken, "cut"), Cell(str(tmp_path / "gone.jpg"), "gone"), Cell(picture(), "whole")]
    assert sheet("t", [("g", cells)], tmp_path / "s.html") == 1
    seen = Seen((tmp_path / "s.html").read_text(encoding="utf-8"))
    assert [each["alt"] for each in seen.all("img")] == ["whole"]
    assert "damaged" in seen.text
    assert "no such picture" in seen.text
    assert len(seen.all("figure")) == 3


def test_pictures_are_made_small(tmp_path: Path) -> None:
    for given in (picture(0, 600, 900), jpeg(picture(0, 600, 900))):
        small = pixels(base64.b64decode(uri(given).partition(",")[2]))
        assert small.shape == (133, 200, 3)


def test_no_groups_are_told(tmp_path: Path) -> None:
    assert sheet("t", [], tmp_path / "s.html") == 0
    assert "nothing to show" in (tmp_path / "s.html").read_text(encoding="utf-8")


def test_a_page_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "s.html"
    path.write_text("<!doctype html>before")

    def body() -> object:
        yield "<p>one</p>"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        page("t", body(), path)
    assert path.read_text() == "<!doctype html>before"
    assert [each.name for each in tmp_path.iterdir()] == ["s.html"]
    with pytest.raises(BadInput, match="cannot be written"):
        page("t", [], tmp_path / "no" / "s.html")
