"""A space whose file is renamed, replaced or restored while it is open: nothing is lost, nothing wrong is answered."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from tests.toys import Letters

from knnife import KnnifeError, Space, SpaceMoved, Thing

ROOT = Path(__file__).parents[2]
FIRST, NEW = ["abba", "cafe"], ["face", "egg", "dad"]


def made(path: Path, texts: list[str]) -> Path:
    with Space.open(path, Letters()) as space:
        space.add(texts)
    return path


def texts(path: Path) -> list[object]:
    with Space.open(path, Letters(), create=False) as space:
        return [thing.value for thing in space]


def is_sound(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


ASKED: dict[str, Callable[[Space], object]] = {
    "add": lambda space: space.add(["egg"]),
    "remove": lambda space: space.remove("egg"),
    "near": lambda space: space.near("abba", 1),
    "search": lambda space: space.search("abba"),
    "get": lambda space: space.get("egg"),
    "len": len,
    "things": list,
    "reencode": lambda space: space.reencode(Letters("2"), name="second"),
    "compact": lambda space: space.compact(),
    "info": lambda space: space.info(),
}


@pytest.mark.parametrize("asked", ASKED)
@pytest.mark.parametrize("before", ["asked before", "just opened"])
def test_after_a_rename_nothing_is_answered_nor_lost(tmp_path: Path, asked: str, before: str) -> None:
    old, new = tmp_path / "a.knnife", tmp_path / "b.knnife"
    with Space.open(old, Letters()) as space:
        space.add(FIRST)
        if before == "asked before":
            space.near("abba", 1)
        old.rename(new)
        with pytest.raises(SpaceMoved, match="a.knnife was renamed, moved or deleted .*b.knnife"):
            ASKED[asked](space)
    assert os.listdir(tmp_path) == ["b.knnife"]
    assert texts(new) == FIRST


def test_after_a_rename_closing_alone_folds_the_log_into_the_file(tmp_path: Path) -> None:
    space = Space.open(tmp_path / "a.knnife", Letters())
    space.add(FIRST)
    (tmp_path / "a.knnife").rename(tmp_path / "b.knnife")
    space.close()
    assert os.listdir(tmp_path) == ["b.knnife"]
    assert texts(tmp_path / "b.knnife") == FIRST


def test_a_file_moved_within_an_add_commits_nothing_more_and_keeps_what_was_committed(tmp_path: Path) -> None:
    old, new = tmp_path / "a.knnife", tmp_path / "b.knnife"
    done: list[int] = []

    def progress(count: int, share: float | None) -> None:
        done.append(count)
        if old.exists():
            old.rename(new)

    with Space.open(old, Letters()) as space:
        with pytest.raises(SpaceMoved):
            space.add((f"abc {i}" for i in range(2_000)), progress=progress)
    assert len(texts(new)) == done[-1] == done[0] < 2_000
    assert not old.exists()


def test_a_deleted_file_says_where_its_data_still_is(tmp_path: Path) -> None:
    with Space.open(tmp_path / "a.knnife", Letters()) as space:
        space.add(FIRST)
        (tmp_path / "a.knnife").unlink()
        with pytest.raises(SpaceMoved, match="cp /proc/[0-9]+/fd/[0-9]+ COPY") as said:
            space.add(["egg"])
        copied = shutil.copy(str(said.value).split("cp ")[1].split()[0], tmp_path / "copy.knnife")
    assert texts(Path(copied)) == FIRST


@pytest.mark.parametrize("asked", ["add", "near", "len"])
def test_a_file_put_in_its_place_is_neither_read_nor_written(tmp_path: Path, asked: str) -> None:
    live, new = tmp_path / "live.knnife", made(tmp_path / "new.knnife", NEW)
    content = new.read_bytes()
    with Space.open(live, Letters()) as space:
        space.add(FIRST)
        new.replace(live)
        with pytest.raises(SpaceMoved, match="was replaced by another file"):
            ASKED[asked](space)
        assert live.read_bytes() == content
        with pytest.raises(SpaceMoved, match="this process still has the file open that was called"):
            Space.open(live, Letters())
    assert live.read_bytes() == content
    assert texts(live) == NEW
    assert is_sound(live)


HOLDER = """
import sys
from knnife import KnnifeError, Space
from tests.toys import Letters
space = Space.open(sys.argv[1], Letters())
space.add(["abba", "cafe"])
print("open", flush=True)
for line in sys.stdin:
    try:
        space.add(["more " + line.strip()])
        print("added", flush=True)
    except KnnifeError as error:
        print(type(error).__name__, flush=True)
space.close()
print("closed", flush=True)
"""


class Holder:
    """Another process that has a space open."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", HOLDER, str(path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )
        assert self.says() == "open"

    def says(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def add(self) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write("x\n")
        return self.says()

    def close(self) -> str:
        said, _ = self._process.communicate()
        return said.strip()

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="who uses the log of a file is seen on Linux alone")
def test_a_new_file_is_not_opened_with_the_log_that_another_process_uses(tmp_path: Path) -> None:
    live, new = tmp_path / "live.knnife", made(tmp_path / "new.knnife", NEW)
    holder = Holder(live)
    new.replace(live)
    for how in (True, False):
        with pytest.raises(SpaceMoved, match="process [0-9]+ still has the file open that was called"):
            Space.open(live, Letters(), read_only=how)
    assert holder.add() == "SpaceMoved"
    assert holder.close() == "closed"
    assert texts(live) == NEW
    assert is_sound(live)


@pytest.mark.skipif(sys.platform != "linux", reason="who uses the log of a file is seen on Linux alone")
def test_a_file_made_under_the_name_of_one_that_is_open_elsewhere(tmp_path: Path) -> None:
    live, moved = tmp_path / "live.knnife", tmp_path / "moved.knnife"
    holder = Holder(live)
    live.rename(moved)
    with pytest.raises(SpaceMoved, match="process [0-9]+ still has the file open"):
        Space.open(live, Letters())
    assert holder.close() == "closed"
    assert texts(moved) == FIRST
    assert texts(made(live, NEW)) == NEW
    assert is_sound(moved)
    assert is_sound(live)


@pytest.mark.parametrize("read_only", [True, False])
def test_the_log_of_another_file_is_not_replayed(tmp_path: Path, read_only: bool) -> None:
    """Its owner was killed, another file came in its place, and the log stayed."""
    live, new = tmp_path / "live.knnife", made(tmp_path / "new.knnife", NEW)
    holder = Holder(live)
    holder.add()
    holder.kill()
    old = shutil.copy(live, tmp_path / "old.knnife")
    new.replace(live)
    content, log = live.read_bytes(), (tmp_path / "live.knnife-wal").read_bytes()
    for _ in range(2):
        with pytest.raises(SpaceMoved, match="live.knnife-wal does not belong to .*live.knnife"):
            Space.open(live, Letters(), read_only=read_only)
        assert live.read_bytes() == content
        assert (tmp_path / "live.knnife-wal").read_bytes() == log
    shutil.copy(tmp_path / "live.knnife-wal", f"{old}-wal")
    assert texts(Path(old)) == [*FIRST, "more x"]
    for ending in ("-wal", "-shm"):
        Path(f"{live}{ending}").unlink()
    assert texts(live) == NEW


def test_the_log_of_a_killed_process_is_replayed_where_it_belongs(tmp_path: Path) -> None:
    holder = Holder(tmp_path / "live.knnife")
    holder.add()
    holder.kill()
    assert texts(tmp_path / "live.knnife") == [*FIRST, "more x"]


def test_an_older_copy_is_not_mixed_with_a_later_log(tmp_path: Path) -> None:
    live = made(tmp_path / "live.knnife", FIRST)
    backup = shutil.copy(live, tmp_path / "backup.knnife")
    made(live, NEW)
    holder = Holder(live)  # adds what is there already: commits nothing
    holder.add()
    holder.kill()
    assert (tmp_path / "live.knnife-wal").stat().st_size
    shutil.copy(backup, live)
    with pytest.raises(SpaceMoved, match="does not belong"):
        Space.open(live, Letters())


@pytest.mark.parametrize("asked", ["add", "near", "search", "things"])
@pytest.mark.parametrize("how", ["cp", "sqlite backup", "write over"])
def test_contents_restored_into_the_open_file_are_noticed(tmp_path: Path, how: str, asked: str) -> None:
    live, other = tmp_path / "live.knnife", made(tmp_path / "other.knnife", NEW)
    made(live, FIRST)
    with Space.open(live, Letters()) as space:
        assert space.near("abba", 1).ids
        if how == "sqlite backup":
            with closing(sqlite3.connect(other)) as source, closing(sqlite3.connect(live)) as target:
                source.backup(target)
        else:
            content = other.read_bytes()
            with live.open("wb" if how == "cp" else "r+b") as file:
                file.write(content)
                file.truncate(len(content))
        with pytest.raises(SpaceMoved, match="other contents were put into .*live.knnife"):
            ASKED[asked](space)
    assert texts(live) == NEW
    assert is_sound(live)


def test_an_older_state_restored_by_sqlite_is_noticed_and_opened_anew(tmp_path: Path) -> None:
    live = made(tmp_path / "live.knnife", FIRST)
    backup = Path(shutil.copy(live, tmp_path / "backup.knnife"))
    with Space.open(live, Letters()) as space:
        space.add(NEW)
        assert space.near("egg", 1).ids
        with closing(sqlite3.connect(backup)) as source, closing(sqlite3.connect(live)) as target:
            source.backup(target)
        with pytest.raises(SpaceMoved):
            space.near("egg", 1)
    with Space.open(live, Letters()) as space:
        assert {id for id in space.near("egg", 5).ids[0]} == {thing.id for thing in space}
        assert len(space) == 2


def test_a_relative_path_stays_that_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Space.open("a.knnife", Letters()) as space:
        space.add(FIRST)
        monkeypatch.chdir(tmp_path / "elsewhere")
        space.add(NEW)
        assert len(list(space)) == space.info().things == 5
        assert space.near("egg", 1).ids
        space.compact()
    assert os.listdir(tmp_path / "elsewhere") == []
    assert len(texts(tmp_path / "a.knnife")) == 5


def test_a_link_that_is_pointed_elsewhere_is_noticed(tmp_path: Path) -> None:
    first, second = made(tmp_path / "1.knnife", FIRST), made(tmp_path / "2.knnife", NEW)
    link = tmp_path / "now.knnife"
    link.symlink_to(first)
    with Space.open(link, Letters()) as space:
        space.add(["bad"])
        link.unlink()
        link.symlink_to(second)
        with pytest.raises(SpaceMoved):
            space.add(["egg"])
    assert texts(first) == [*FIRST, "bad"]
    assert texts(second) == NEW


def test_a_renamed_file_is_opened_under_its_new_name_beside_the_old_one(tmp_path: Path) -> None:
    old, new = tmp_path / "a.knnife", tmp_path / "b.knnife"
    with Space.open(old, Letters()) as space:
        space.add(FIRST)
        old.rename(new)
        with Space.open(new, Letters()) as again:  # before the first one has noticed
            again.add(["egg"])
            assert [thing.value for thing in again] == [*FIRST, "egg"]
        with pytest.raises(KnnifeError):
            space.add(["bad"])
    assert texts(new) == [*FIRST, "egg"]
    assert is_sound(new)


def test_a_file_with_two_names_is_not_opened_under_both(tmp_path: Path) -> None:
    path = made(tmp_path / "a.knnife", FIRST)
    os.link(path, tmp_path / "b.knnife")
    with Space.open(path, Letters()) as space:
        with pytest.raises(SpaceMoved, match="open under the name .*a.knnife"):
            Space.open(tmp_path / "b.knnife", Letters())
        space.add(NEW)
    assert texts(tmp_path / "b.knnife") == FIRST + NEW


def test_another_checkpoint_is_no_other_file(tmp_path: Path) -> None:
    path = made(tmp_path / "a.knnife", FIRST)
    with Space.open(path, Letters()) as space, Space.open(path, Letters()) as other:
        for round in range(5):
            other.add([Thing(f"n{round}", "face")])
            with closing(sqlite3.connect(path)) as db:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            assert len(space) == 3 + round
            space.add([Thing(f"m{round}", "egg")])
            space.remove(f"m{round}")
            assert len(other) == 3 + round
