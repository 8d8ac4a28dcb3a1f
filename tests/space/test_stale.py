"""Things of documents that were emptied, renamed or deleted: what an add of their folder does with them."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import drawn
from tests.toys import Letters

import knnife
from knnife import BadInput, BadRow, Space, Thing
from knnife.things import Reading
from knnife.things.reading import Folder


@pytest.fixture(params=["s.knnife", ":memory:"])
def space(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Space]:
    """A space of a folder with four documents."""
    monkeypatch.chdir(tmp_path)
    Path("d/deep").mkdir(parents=True)
    for name in ("a.md", "b.md", "c.txt", "deep/e.md"):
        Path("d", name).write_text(f"# {name}\n\nthe body of {name}\n")
    with Space.open(request.param, Letters()) as made:
        made.add(knnife.read("d"))
        yield made


def wholes(space: Space) -> list[str]:
    return sorted({str(thing.part_of) for thing in space})


def gone(files: int = 1) -> Any:
    return pytest.warns(UserWarning, match=rf"things? of {files} files? that (is|are) gone from d stay.*prune=True")


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff"])
def test_a_document_that_was_emptied_has_no_passages_any_more(space: Space, content: str) -> None:
    Path("d/b.md").write_text(content, encoding="utf-8")
    added = space.add(knnife.read("d"))
    assert (added.removed, wholes(space)) == (1, ["d/a.md", "d/c.txt", "d/deep/e.md"])
    assert space.add(knnife.read("d")).removed == 0
    Path("d/a.md").write_text(content, encoding="utf-8")
    assert space.add(knnife.read("d/a.md")).removed == 1  # by itself, too
    Path("d/b.md").write_text("something again")
    assert space.add(knnife.read("d")).added == 1


def test_a_document_that_cannot_be_read_keeps_its_passages(space: Space) -> None:
    Path("d/b.md").write_bytes(b"\x80 broken \x00")
    added = space.add(knnife.read("d", on_error="skip"), prune=True)
    assert (added.broken, added.removed, len(wholes(space))) == (1, 0, 4)


@pytest.mark.parametrize("name", ["a.md", "deep/e.md", "c.txt"])
def test_a_deleted_document_stays_until_its_things_are_asked_away(space: Space, name: str) -> None:
    os.unlink(Path("d", name))
    with gone() as said:
        added = space.add(knnife.read("d"))
    assert (added.left, added.removed, len(wholes(space))) == (1, 0, 4)
    assert f"(d/{name})" in str(said[0].message)
    added = space.add(knnife.read("d"), prune=True)
    assert (added.left, added.removed, f"d/{name}" in wholes(space)) == (0, 1, False)
    assert space.add(knnife.read("d")).left == 0


def test_a_renamed_document_is_there_under_both_names_until_then(space: Space) -> None:
    Path("d/a.md").rename("d/z.md")
    Path("d/deep").rename("d/below")
    with gone(files=2):
        assert space.add(knnife.read("d")).added == 2
    assert space.add(knnife.read("d"), prune=True).removed == 2
    assert wholes(space) == ["d/b.md", "d/below/e.md", "d/c.txt", "d/z.md"]


def test_only_what_was_read_from_that_folder_is_taken_for_gone(space: Space) -> None:
    Path("dd").mkdir()
    Path("dd/x.md").write_text("beside it, with a name that begins alike")
    space.add(knnife.read("dd"))
    space.add([Thing("d/table.csv#1", "a row"), Thing("d/mine.md", "an id like a path"), Thing("d", "the folder")])
    space.add([Thing("part", "of what is no document", {}, "d/whole"), Thing("other", "elsewhere", {}, "elsewhere.md")])
    before = len(space)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Path("dd/x.md").unlink()
        Path("d/deep/e.md").unlink()
        added = space.add(knnife.read("d"), prune=True)
    assert added.removed == 2  # d/deep/e.md, and what was called like a document that is not there
    assert len(space) == before - 2
    assert "dd/x.md" in wholes(space)


def test_the_folder_one_is_in(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("d")
    space.remove(where='id != ""')
    space.add([Thing("../up.md#1", "above", {}, "../up.md"), Thing("/else/x.md#1", "else", {}, "/else/x.md")])
    space.add(knnife.read("."))
    Path("a.md").unlink()
    assert space.add(knnife.read("."), prune=True).removed == 1
    assert wholes(space) == ["../up.md", "/else/x.md", "b.md", "c.txt", "deep/e.md"]


def test_photos_that_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    drawn.write(tmp_path)
    with Space.open(":memory:", "copies") as space:
        before = space.add(knnife.read("photos", on_error="skip")).added
        Path("photos/beach.jpg").unlink()
        with pytest.warns(UserWarning, match=r"1 things of 1 files that are gone from photos stay .*photos/beach.jpg"):
            space.add(knnife.read("photos", on_error="skip"))
        assert space.add(knnife.read("photos", on_error="skip"), prune=True).removed == 1
        assert len(space) == before - 1


def test_a_folder_that_could_not_be_looked_into_wholly_loses_nothing(space: Space) -> None:
    def readings(unread: tuple[tuple[str, str], ...], on_error: Any) -> Reading:
        reading = knnife.read("d", on_error=on_error)
        assert reading.folder is not None
        reading.folder = reading.folder._replace(unread=unread)
        return reading

    Path("d/deep/e.md").unlink()
    shut = (("d/deep", "Permission denied"),)
    with pytest.raises(BadRow, match="d/deep: the folder cannot be read: Permission denied"):
        space.add(readings(shut, "stop"), prune=True)
    added = space.add(readings(shut, "skip"), prune=True)
    assert (added.removed, added.left, len(wholes(space))) == (0, 0, 4)
    assert space.add(readings((), "skip"), prune=True).removed == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may look into every folder")
def test_a_folder_that_is_shut_is_a_fault(space: Space) -> None:
    os.chmod("d/deep", 0)
    try:
        with pytest.raises(BadRow, match="d/deep: the folder cannot be read"):
            space.add(knnife.read("d"), prune=True)
    finally:
        os.chmod("d/deep", 0o755)


def test_an_empty_folder_loses_nothing(space: Space) -> None:
    """A disk that is not mounted is an empty folder."""
    for path in ("a.md", "b.md", "c.txt", "deep/e.md"):
        Path("d", path).unlink()
    with pytest.raises(BadInput, match="no documents there"):
        space.add(knnife.read("d"), prune=True)
    assert len(wholes(space)) == 4


def test_an_add_that_fails_removes_nothing(space: Space) -> None:
    Path("d/a.md").unlink()
    Path("d/b.md").write_bytes(b"\x00")
    with pytest.raises(BadRow):
        space.add(knnife.read("d"), prune=True)
    assert len(wholes(space)) == 4


@pytest.mark.parametrize("source", [lambda: ["a text"], lambda: knnife.read("d/a.md"), lambda: knnife.read("d/*.md")])
def test_only_of_a_folder_it_is_known_what_is_gone(space: Space, source: Callable[[], Any]) -> None:
    with pytest.raises(BadInput, match=r"prune=True \(--prune\).*give a folder"):
        space.add(source(), prune=True)


def test_what_a_folder_has_lost() -> None:
    folder = Folder("d/", frozenset(["d/a.md", "d/x.zip"]), lambda name: name.endswith((".md", ".jpg")))
    assert [folder.has_lost(name) for name in ("d/a.md", "d/b.md", "d/b.csv", "d/x.zip/y.jpg")] == [0, 1, 0, 0]
