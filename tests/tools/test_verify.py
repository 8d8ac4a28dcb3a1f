"""Which candidates show the same as a picture."""

from __future__ import annotations

import html.parser
import re
from pathlib import Path

import numpy as np
import pytest
from tests import drawn

import knnife
from knnife.things.pixels import jpeg
from knnife.tools.verify import Verified

pytest.importorskip("cv2")
pytest.importorskip("PIL")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("verify")
    drawn.write(folder)
    return folder / "photos"


class Brightness:
    """An encoder of pictures by their mean colour, so that a space can be asked for what is near."""

    name, dim, kind, fingerprint = "brightness", 3, "image", "brightness-1"

    def encode(self, values):
        from knnife.things.pixels import each_picture

        colours = each_picture(values, lambda p: p.mean(axis=(0, 1)) / 128 - 1, 64)
        return np.array(colours, np.float32).reshape(-1, 3)


def test_those_that_show_the_same_come_first(photos: Path) -> None:
    found = knnife.verify(str(photos / "beach.jpg"), str(photos))
    assert len(found) == 14
    assert found.same == [str(photos / "beach.jpg"), str(photos / "copies" / "beach-small.jpg")]
    rows = list(found.rows())
    assert [row["same"] for row in rows] == [True, True] + [False] * 12
    assert [row["position"] for row in rows[2:]] == sorted(row["position"] for row in rows[2:])  # as they came
    assert {row["position"] for row in rows} == set(range(14))
    assert rows[0]["copy"]
    assert rows[0]["evidence"] > rows[1]["evidence"] > 5


def test_a_crop_covers_a_part_and_is_covered(photos: Path) -> None:
    [row] = knnife.verify(str(photos / "mountain.jpg"), str(photos / "copies" / "mountain-crop.jpg")).rows()
    assert row["covers"] == pytest.approx(0.9 * 0.9, abs=0.06)
    assert row["covered"] > 0.95


def test_points_are_shares_of_width_and_height(photos: Path) -> None:
    found = knnife.verify(str(photos / "mountain.jpg"), str(photos / "copies" / "mountain-crop.jpg"))
    a, b = found.points(0)
    assert a.shape == b.shape == (len(found.found[0]), 2)
    assert ((a > 0) & (a < 1)).all()
    expected = (a * (320, 240) - (32, 24)) / (288, 216)  # a tenth was cut off at the left and at the top
    assert np.abs(b - expected).max() < 0.02
    assert found.outline(0) == pytest.approx(np.array([(-1, -1), (9, -1), (9, 9), (-1, 9)]) / 9, abs=0.02)


def test_where_nothing_is_in_common_there_is_no_outline(photos: Path) -> None:
    found = knnife.verify(str(photos / "road.jpg"), str(photos / "lake.jpg"))
    assert found.points(0)[0].shape == (0, 2)
    with pytest.raises(knnife.BadInput, match="nothing in common"):
        found.outline(0)


def test_mirrored_pictures_are_found_if_asked(photos: Path) -> None:
    asked = str(photos / "lake.jpg"), str(photos / "copies" / "lake-mirrored.jpg")
    assert not next(knnife.verify(*asked).rows())["same"]
    row = next(knnife.verify(*asked, mirrored=True).rows())
    assert row["copy"]
    assert row["mirrored"]


def test_candidates_are_paths_bytes_or_things(photos: Path) -> None:
    data = (photos / "copies" / "city-darker.jpg").read_bytes()
    picture = jpeg(drawn.scene("city"))
    given = [str(photos / "road.jpg"), data, knnife.Thing("mine", data), knnife.Thing(None, data)]
    found = knnife.verify(picture, given)
    assert [thing.id for thing in found.candidates] == [given[0], "1", "mine", "3"]
    assert sorted(found.same) == ["1", "3", "mine"]
    assert knnife.verify(picture, data).same == ["0"]
    assert knnife.verify(picture, knnife.read(str(photos), pictures=True)).same == [
        str(photos / "city.jpg"),
        str(photos / "copies" / "city-darker.jpg"),
    ]


def test_of_a_space_the_nearest_are_compared_or_those_named(photos: Path, tmp_path: Path) -> None:
    with knnife.Space.open(tmp_path / "photos.knnife", Brightness()) as space:
        with pytest.raises(knnife.BadInput, match="no candidates"):
            knnife.verify(str(photos / "beach.jpg"), space)
        space.add(knnife.read(str(photos)))
        near = space.near(str(photos / "beach.jpg"), 3).ids[0]
        found = knnife.verify(str(photos / "beach.jpg"), space, k=3)
        assert [thing.id for thing in found.candidates] == near
        named = [str(photos / "copies" / "beach-small.jpg"), str(photos / "lake.jpg")]
        found = knnife.verify(str(photos / "beach.jpg"), space, ids=named)
        assert [thing.id for thing in found.candidates] == named
        assert found.same == named[:1]
        with pytest.raises(knnife.NotFound):
            knnife.verify(str(photos / "beach.jpg"), space, ids=["nothing"])


def test_bad_candidates_are_all_named(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.tools.verify.TOGETHER", 2)
    given = [str(photos / "road.jpg"), b"none", jpeg(drawn.scene("city")), "nowhere.jpg", b""]
    with pytest.raises(knnife.BadInput) as error:
        knnife.verify(str(photos / "city.jpg"), given)
    assert set(error.value.faults) == {1, 3, 4}  # type: ignore[attr-defined]
    for candidates, why in (
        ([], "no candidates"),
        (None, "not NoneType"),
        ([3], "not int"),
        ([knnife.Thing("x", None)], "no picture"),
    ):
        with pytest.raises(knnife.BadInput, match=why):
            knnife.verify(str(photos / "city.jpg"), candidates)
    with pytest.raises(knnife.BadInput, match="no space"):
        knnife.verify(str(photos / "city.jpg"), str(photos), ids=["a"])
    with pytest.raises(knnife.KnnifeError, match=r"nowhere\.jpg"):
        knnife.verify("nowhere.jpg", str(photos))


def test_progress_counts_the_candidates(photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.tools.verify.TOGETHER", 6)
    told: list[tuple[int, float | None]] = []
    knnife.verify(str(photos / "city.jpg"), str(photos), progress=lambda *each: told.append(each))
    assert told == [(6, 6 / 14), (12, 12 / 14), (14, 1.0)]


def test_the_page_shows_a_line_for_each_point_and_nothing_can_break_out_of_it(photos: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "<script>alert(1)<script> & \"x'.jpg"
    hostile.write_bytes((photos / "copies" / "city-darker.jpg").read_bytes())
    found = knnife.verify(str(photos / "city.jpg"), [str(hostile), str(photos / "lake.jpg")])
    assert found.show(tmp_path / "points.html") == 1
    text = (tmp_path / "points.html").read_text()
    assert "<script" not in text
    assert text.count("<path ") == len(found.found[0])
    assert text.count("<image ") == 2
    assert not re.search(r"(src|href)=\"(?!data:image/jpeg;base64,)", text)
    Checked().feed(text)


def test_a_page_of_nothing_says_so(photos: Path, tmp_path: Path) -> None:
    found = knnife.verify(str(photos / "city.jpg"), str(photos / "lake.jpg"))
    assert isinstance(found, Verified)
    assert found.show(tmp_path / "none.html") == 0
    assert "None of 1 candidates" in (tmp_path / "none.html").read_text()
    with pytest.raises(knnife.BadInput, match="cannot be written"):
        found.show(tmp_path / "no" / "such" / "folder.html")


class Checked(html.parser.HTMLParser):
    """Asserts that elements are closed in order."""

    VOID = frozenset(["meta", "img", "br", "!doctype"])

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
