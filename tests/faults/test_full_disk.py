"""A small file system that is full, at every place where a verb may find it so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.faults import verbs
from tests.toys import Letters

from knnife import DiskFull, Space

SIZE, PAGE = 3 << 20, 8192  # bytes


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    verbs.shrink(monkeypatch)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a tmpfs")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, left: int) -> Path:
    """Fills the disk but for so many bytes."""
    ballast, free = disk / "ballast", os.statvfs(disk)
    ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - left)))
    return ballast


@pytest.mark.parametrize("verb", ["make", "add", "remove", "derive", "reencode", "compact"])
def test_a_disk_that_gets_full_anywhere_loses_nothing(disk: Path, tmp_path: Path, verb: str) -> None:
    path, before = disk / "s.knnife", tmp_path / "before.knnife"
    if verb != "make":
        verbs.make(before, verb)
    shutil.copy(before, path) if before.exists() else None
    earlier = verbs.contents(path)
    verbs.run(path, verb)
    after = verbs.contents(path)
    refused = 0
    for left in range(0, 80 * PAGE, 5 * PAGE):
        for each in disk.iterdir():
            each.unlink()
        if before.exists():
            shutil.copy(before, path)
        ballast = fill(disk, left)
        try:
            verbs.run(path, verb)
        except DiskFull:
            refused += 1
        ballast.unlink()
        held = verbs.contents(path)
        assert held in (earlier, after) or verb in ("make", "add"), left
        assert held["things"] == after["things"][: len(held["things"])] or held in (earlier, after)
        if held != after:
            verbs.run(path, verb)
            assert verbs.contents(path) == after
    assert refused > 0


@pytest.mark.filterwarnings("ignore:the checksums of")
def test_a_full_disk_still_lets_one_search(disk: Path, tmp_path: Path) -> None:
    path = disk / "s.knnife"
    verbs.make(path, "add")
    ballast = fill(disk, 0)
    for read_only in (True, False):
        with Space.open(path, Letters(), read_only=read_only) as space:
            assert space.search("abc", 3).hits
            assert space.search("abc", 3, reader=Letters("2"))[0].reader_rank  # which finds no room for what it read
            if not read_only:
                with pytest.warns(UserWarning, match="could not be kept: no room to write"):
                    space._readings.keep()
            assert space.near("abc", 3, where="n > 3").ids
            assert space.get("t3")
            if not read_only:
                with pytest.raises(DiskFull, match="make room and run the same again"):
                    space.add(verbs.MORE)
                assert len(space) == len(verbs.BEFORE)
                ballast.unlink()
                space.add(verbs.MORE)
                assert len(space) == len(verbs.BEFORE) + len(verbs.MORE)
                space._readings.keep()
                assert space.info().readers[0].texts > 0
