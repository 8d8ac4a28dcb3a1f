"""Files, disks and folders that misbehave: a clear error each, and nothing that was stored is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from tests.toys import Letters

from knnife import DiskFull, NewerFormat, NotASpace, NotFound, ReadOnly, Space, SpaceBusy, SpaceError, Thing

ROOT = Path(__file__).parents[2]


def made(path: Path, count: int = 3) -> Path:
    with Space.open(path, Letters()) as space:
        space.add([Thing(str(i), f"abc {i}") for i in range(count)])
    return path


@pytest.mark.parametrize(
    ("blob", "found"), [("x'0102'", "2 bytes"), ("zeroblob(33)", "33 bytes"), ("'abc'", "a str"), ("7", "a int")]
)
def test_a_blob_that_is_no_vector_is_named_and_the_things_can_be_rescued(tmp_path: Path, blob: str, found: str) -> None:
    path = made(tmp_path / "s.knnife")
    db = sqlite3.connect(path)
    db.execute(f"UPDATE vectors_1 SET vector = {blob} WHERE pos = 2")
    db.commit()
    db.close()
    said = f"s.knnife is damaged: .* position 2 in the view 'letters' is {found}, expected 32 bytes; .*knnife doctor"
    with Space.open(path, Letters()) as space:
        for ask in (lambda: space.search("abc"), lambda: space.near("abc"), lambda: space.vectors(["1"])):
            with pytest.raises(NotASpace, match=said):
                ask()
        assert [thing.value for thing in space] == ["abc 0", "abc 1", "abc 2"]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\0" * 5000, os.urandom(3000), b"SQLite format 3\0" + b"x" * 200])
def test_a_file_that_is_no_space(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "films.csv"
    path.write_bytes(content)
    with pytest.raises(NotASpace, match="films.csv"):
        Space.open(path)
    assert path.read_bytes() == content


def test_another_programs_database(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE precious (x)")
    db.close()
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(NotASpace, match="an SQLite database, but not a space"):
            Space.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_space(tmp_path: Path) -> None:
    path = tmp_path / "s.knnife"
    path.touch()
    assert made(path).stat().st_size > 0


def test_a_space_of_a_newer_format(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife")
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 3")
    db.close()
    with pytest.raises(NewerFormat, match="has format 3; this knnife reads up to 2.*pip install --upgrade knnife"):
        Space.open(path)


def test_a_damaged_space_says_so(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife", 500)
    data = bytearray(path.read_bytes())
    data[8192 : len(data) // 2] = b"\xff" * (len(data) // 2 - 8192)
    path.write_bytes(data)
    with pytest.raises(NotASpace, match="is damaged"):
        with Space.open(path, Letters()) as space:
            list(space)
            space.near("abc")


def test_places_where_no_space_can_be(tmp_path: Path) -> None:
    with pytest.raises(NotASpace, match="is a folder"):
        Space.open(tmp_path)
    with pytest.raises(NotFound, match="there is no folder"):
        Space.open(tmp_path / "no" / "s.knnife")
    for how in ({"read_only": True}, {"create": False}):
        with pytest.raises(NotFound, match="there is no space .*knnife add"):
            Space.open(tmp_path / "s.knnife", **how)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_read_only_folder_as_an_ordinary_user(tmp_path: Path) -> None:
    path = made(tmp_path / "s.knnife")
    tmp_path.chmod(0o500)
    try:
        with Space.open(path, Letters(), read_only=True) as space:
            assert space.near("abc", 1).ids
        with pytest.raises(ReadOnly):
            Space.open(tmp_path / "t.knnife")
    finally:
        tmp_path.chmod(0o700)


def run(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.skipif(not hasattr(os, "setuid") or os.geteuid() != 0, reason="needs to become another user")
def test_a_read_only_folder(tmp_path: Path) -> None:
    """As root, in a child that gives its rights away first."""
    path = made(tmp_path / "s.knnife")
    for folder in [tmp_path, *tmp_path.parents]:
        if folder.owner() == "root" and folder.is_relative_to("/tmp"):
            folder.chmod(0o755)
    path.chmod(0o444)
    done = run(
        """
        import os, sys
        from knnife import Space, ReadOnly
        from tests.toys import Letters
        path = sys.argv[1]
        with Space.open(path, Letters(), read_only=True) as space:
            space.near("abc")  # imports what is needed while it may still be read
        os.setuid(65534)
        with Space.open(path, Letters(), read_only=True) as space:
            assert space.near("abc", 1).ids, "reading works"
        for target in (path, path + ".new"):
            try:
                with Space.open(target, Letters()) as space:
                    space.add(["x"])
            except ReadOnly as error:
                print(error)
        """,
        path,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("s.knnife") == 2
    assert len(Space.open(path, Letters())) == 3


FILLING = """
    import resource, sys
    from knnife import DiskFull, Space, Thing
    from tests.toys import Letters
    path, limit = sys.argv[1], int(sys.argv[2])
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    reported = 0
    def progress(done, fraction):
        global reported
        reported = done
    space = Space.open(path, Letters())
    try:
        space.add((Thing(str(i), f"abc {i} " + "x" * 500) for i in range(20_000)), progress=progress)
    except DiskFull as error:
        print(reported, len(space), error)
"""


def check_what_is_left(path: Path, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr
    reported, held, said = done.stdout.split(maxsplit=2)
    assert "Everything committed before is kept" in said
    with Space.open(path, Letters()) as space:
        assert 0 < int(reported) <= int(held) == len(space) < 20_000
        assert [thing.id for thing in space] == [str(i) for i in range(len(space))]
        space.remove(where='id != "0"')
        assert space.add([Thing("new", "abba")]).added == 1
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no file-size limits")
def test_a_file_size_limit(tmp_path: Path) -> None:
    path = tmp_path / "s.knnife"
    check_what_is_left(path, run(FILLING, path, 4_000_000))


@pytest.mark.skipif(not shutil.which("mount") or os.geteuid() != 0, reason="needs to mount a small file system")
def test_a_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("this system lets nobody mount a tmpfs")
    try:
        done = run(FILLING, disk / "s.knnife", 0)
        shutil.copy(disk / "s.knnife", tmp_path)
        if (disk / "s.knnife-wal").exists():
            shutil.copy(disk / "s.knnife-wal", tmp_path)
        check_what_is_left(tmp_path / "s.knnife", done)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_writer_that_stays_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.space.sqlite.store.WAIT_SECONDS", 0.2)
    path = made(tmp_path / "s.knnife")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with Space.open(path, Letters()) as space:
        assert space.near("abc", 1).ids  # reading goes on
        with pytest.raises(SpaceBusy, match="another process is writing"):
            space.add(["cafe"])
        other.rollback()
        assert space.add(["cafe"]).added == 1
    other.close()


def test_the_faults_of_a_file_can_be_caught_together() -> None:
    assert all(issubclass(kind, SpaceError) for kind in (DiskFull, ReadOnly, SpaceBusy, NotASpace, NewerFormat))
