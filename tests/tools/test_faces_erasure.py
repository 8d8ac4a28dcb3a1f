"""The removal of a person that is interrupted anywhere is finished by the same call, and by the same command."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest
from tests import drawn_faces

from knnife import Faces, NotFound, Space, SpaceBusy
from knnife.space.sqlite.store import SqliteStore

pytest.importorskip("cv2", reason="OpenCV finds the faces")
KNOWN = list(drawn_faces.NAMES[:3])
ANNA = KNOWN[0]


class Ended(BaseException):
    """The process has ended, as far as the file can tell."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of three people, with an encoder that learned from their faces."""
    folder = tmp_path_factory.mktemp("faces")
    drawn_faces.write(folder)
    with Faces.open(folder / "people.knnife") as faces:
        faces.add([folder / "people" / name for name in KNOWN], by_folder=True)
    return folder / "people.knnife"


@pytest.fixture
def path(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(made, tmp_path / "people.knnife"))


def traces(path: Path) -> list[bytes]:
    """What is in the file of somebody: the name, the faces, the encoder that learned from them."""
    with Space.open(path, read_only=True) as space:
        crops = [thing.value for thing in space.things({"person": ANNA})]
        learned = space.encoder.to_bytes()  # type: ignore[attr-defined]
    assert len(crops) == drawn_faces.EACH
    return [ANNA.encode(), learned[-20_000:-19_000], *(crop[700:900] for crop in crops if isinstance(crop, bytes))]


def files(path: Path) -> bytes:
    return b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))


def end_before(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """End before the transaction of this number, or the compaction, begins."""
    left = [number]

    def counted(method: Any) -> Any:
        def call(*given: Any, **options: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                raise Ended
            return method(*given, **options)

        return call

    monkeypatch.setattr(SqliteStore, "write", counted(SqliteStore.write))
    monkeypatch.setattr(SqliteStore, "compact", counted(SqliteStore.compact))


def removed(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Faces.open(path, create=False) as faces:
            faces.remove(ANNA)


def test_a_removal_that_ends_anywhere_is_finished_by_the_same_call(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, left, whole = path.read_bytes(), traces(path), path.with_name("whole.knnife")
    shutil.copy(path, whole)
    removed(whole)
    with Space.open(whole, read_only=True) as space:
        fingerprint, views = space.encoder.fingerprint, len(space.info().views)
    assert not any(trace in whole.read_bytes() for trace in left)
    ended = 0
    while True:
        for part in path.parent.glob(f"{path.name}*"):
            part.unlink()
        path.write_bytes(before)
        with monkeypatch.context() as patched:
            end_before(patched, ended + 1)
            try:
                removed(path)
                break
            except Ended:
                ended += 1
        removed(path)
        after = files(path)
        assert [trace for trace in left if trace in after] == [], f"ended before transaction {ended}"
        with Faces.open(path) as faces:  # which says nothing of a removal
            assert [person.name for person in faces.people()] == KNOWN[1:]
            assert faces.space.encoder.fingerprint == fingerprint
            assert len(faces.space.info().views) == views
            with pytest.raises(NotFound):
                faces.remove(ANNA)
    assert ended > 5


def test_an_interrupted_removal_is_told_when_the_file_is_opened(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        end_before(patched, 3)  # her faces are gone, what was learned from them is not
        with pytest.raises(Ended):
            removed(path)
    with pytest.warns(UserWarning, match="the removal of people from .* was interrupted"):
        faces = Faces.open(path)
    with faces:
        with pytest.raises(NotFound, match="nobody called 'nobody'"):
            faces.remove("nobody")
        assert faces.remove(KNOWN[1]) == drawn_faces.EACH  # and hers is finished with it
    with Faces.open(path) as faces:
        assert [person.name for person in faces.people()] == KNOWN[2:]
    assert ANNA.encode() not in files(path)


@pytest.mark.nightly  # it is waited for the others, 30 seconds long
def test_a_file_that_others_have_open_is_cleared_by_the_same_call(path: Path) -> None:
    left = traces(path)
    with Space.open(path, read_only=True) as reader:
        reading = iter(reader)
        next(reading)
        with Faces.open(path) as faces, pytest.raises(SpaceBusy):
            faces.remove(ANNA)
        reading.close()  # type: ignore[attr-defined]
    removed(path)
    assert not any(trace in files(path) for trace in left)


@pytest.mark.nightly
def test_a_command_that_is_killed_is_finished_by_the_same_command(path: Path) -> None:
    left = traces(path)
    command = [sys.executable, "-m", "knnife", "faces", "remove", str(path), ANNA, "--yes"]
    for seconds in (0.3, 0.6, 0.9, 1.2, 1.5, 2.0):
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                process.kill()
    done = subprocess.run(command, capture_output=True, timeout=300)
    assert done.returncode == 0 or b"nobody called" in done.stderr
    assert not any(trace in files(path) for trace in left)
