"""What holds faces is read by its owner alone: the space, what lies beside it, and whatever is made of it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

import knnife as package

pytest.importorskip("cv2", reason="OpenCV finds the faces")
pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files are of Unix")


@pytest.fixture(autouse=True)
def open_minded():
    """Whatever else is made may be read by everyone."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_space_of_faces_and_what_lies_beside_it_is_private(folder: Path) -> None:
    with package.Faces.open("new.knnife") as people:
        assert mode(folder / "new.knnife") == 0o600  # before anything is in it
        people.add(["people/anna/1.jpg", "people/anna/2.jpg"], "Anna")
        beside = sorted(folder.glob("new.knnife*"))
        assert len(beside) > 1
        assert {mode(path) for path in beside} == {0o600}
    with package.Space.open("new.knnife") as space:
        space.compact()
    assert {mode(path) for path in folder.glob("new.knnife*")} == {0o600}


def test_what_is_made_of_it_is_private_too(folder: Path, knnife: Knnife) -> None:
    assert knnife("faces add new.knnife people/anna people/bela people/carl --by-folder").code == 0
    for line, made in (
        ("export new.knnife -o all.npy", "all.npy"),
        ("faces cluster album/ --known new.knnife --sheet album.html", "album.html"),
        ("outliers new.knnife --save odd.safetensors", "odd.safetensors"),
    ):
        assert knnife(line).code == 0, line
        assert mode(folder / made) == 0o600, line


def test_over_a_file_that_others_could_read_it_is_private(folder: Path, knnife: Knnife) -> None:
    knnife("faces add new.knnife people/anna --by-folder")
    assert knnife("export films.knnife -o all.npy").code == 0
    assert mode(folder / "all.npy") == 0o644
    assert knnife("export new.knnife -o all.npy").code == 0
    assert mode(folder / "all.npy") == 0o600


def test_other_spaces_are_as_the_umask_says(folder: Path, knnife: Knnife) -> None:
    (folder / "notes.txt").write_text("a red car\n")
    assert knnife("add lines.knnife notes.txt").code == 0
    assert mode(folder / "lines.knnife") == 0o644


def test_the_cache_of_vectors_is_private(folder: Path, knnife: Knnife, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "notes.txt").write_text("a red car\n")
    (folder / "cache").mkdir()
    monkeypatch.setenv("KNNIFE_CACHE", str(folder / "cache"))
    assert knnife("add lines.knnife notes.txt --encoder minilm").code == 0
    assert {mode(path) for path in (folder / "cache").iterdir()} == {0o600}
