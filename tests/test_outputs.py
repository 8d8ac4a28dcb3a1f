"""Files are written whole or not at all, and never over what is read, a space, or another kind of file."""

from __future__ import annotations

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import knnife
from knnife.encoders.static import StaticEncoder, english_folder
from knnife.encoders.tensors import write_tensors
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput, DiskFull, ReadOnly
from knnife.output_kinds import (
    ARRAY,
    DRAWING,
    JSON_LINES,
    PAGE,
    PARQUET,
    TABLE,
    WORD_VECTORS,
    OutputKind,
    arrays,
    text_named_like,
)
from knnife.outputs import check, guarded, whole_file, whole_text

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only here are files without a name, and /dev/full")
ANY = OutputKind("any file", lambda head, path: True)
OLD = b"what was there before"


def write(path: str | Path, kind: OutputKind = ANY, content: bytes = b"new", **options: bool) -> None:
    with whole_file(path, kind, **options) as file:
        file.write(content)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def space_at(path: str) -> bytes:
    with knnife.Space.open(path) as space:
        space.add(["a car", "a red car"])
    return Path(path).read_bytes()


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_was_there_stays_until_all_is_written(here: Path, end: type[BaseException]) -> None:
    Path("a").write_bytes(OLD)

    def fail() -> None:
        with whole_file("a", ANY) as file:
            file.write(b"half" * 1_000_000)
            assert Path("a").read_bytes() == OLD
            raise end

    with pytest.raises(end):
        fail()
    assert (os.listdir(), Path("a").read_bytes()) == (["a"], OLD)
    write("a")
    assert (os.listdir(), Path("a").read_bytes()) == (["a"], b"new")


@LINUX
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_process_leaves_nothing(here: Path, how: signal.Signals) -> None:
    Path("a").write_bytes(OLD)
    code = (
        "import time; from knnife.outputs import whole_file; from knnife.output_kinds import OutputKind\n"
        "with whole_file('a', OutputKind('any', lambda *_: True)) as file:\n"
        "    file.write(bytes(10**6)); file.flush(); print('written', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(how)
        assert process.wait(60) == -how
    assert (os.listdir(), Path("a").read_bytes()) == (["a"], OLD)


def test_a_file_system_without_nameless_files_does_as_well(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.outputs.NAMELESS", None)
    test_what_was_there_stays_until_all_is_written(here, KeyboardInterrupt)


@LINUX
def test_no_room_is_said_and_leaves_what_was_there(here: Path) -> None:
    """The limit on the size of a file is that of the process, so another one meets it."""
    Path("a").write_bytes(OLD)
    code = (
        "import resource; from knnife.outputs import whole_file; from knnife.output_kinds import OutputKind\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with whole_file('a', OutputKind('any', lambda *_: True)) as file: file.write(bytes(10**6))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (
        "knnife.errors.DiskFull: no room to write a: File too large; what was there before is as it was" in done.stderr
    )
    assert (os.listdir(), Path("a").read_bytes()) == (["a"], OLD)
    with pytest.raises(DiskFull, match="no room to write /dev/full"):
        write("/dev/full")


def test_a_fault_of_the_disk_is_not_called_a_lack_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(BadInput, match="a cannot be written to: Input/output error"):
        write("a")
    assert os.listdir() == []


def test_modes_are_kept_and_what_is_private_is_read_by_its_owner_alone() -> None:
    def mode(name: str) -> int:
        return stat.S_IMODE(os.stat(name).st_mode)

    before = os.umask(0o022)
    try:
        write("new")
        write("faces", private=True)
        for name in ("kept", "shut"):
            Path(name).write_bytes(OLD)
        os.chmod("kept", 0o640)
        write("kept")
        write("shut", private=True)
    finally:
        os.umask(before)
    assert [mode(name) for name in ("new", "faces", "kept", "shut")] == [0o644, 0o600, 0o640, 0o600]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("no/such/a", r"there is no folder no/such; make it first"),
        ("folder", "it is a folder; expected the name of a file"),
        ("new/", "there is no folder new; make it first"),
        ("folder/", "it is a folder"),
        ("", "there is no folder"),
        ("file/a", "there is no folder file"),
        ("a\0b", "no file can be called so"),
        ("x" * 300, "name too long"),
        ("link", "it is a symbolic link to file; name that file itself"),
        ("dangling", "it is a symbolic link to nowhere"),
        ("loop", "it is a symbolic link"),
    ],
)
def test_a_place_that_cannot_be_used_is_an_error(here: Path, path: str, why: str) -> None:
    Path("folder").mkdir()
    Path("file").write_bytes(OLD)
    for name, target in (("link", "file"), ("dangling", "nowhere"), ("loop", "loop")):
        Path(name).symlink_to(target)
    before = sorted(os.listdir())
    for ask in (check, write):
        with pytest.raises(BadInput, match=f"(?i){why}"):
            ask(path)
    assert (sorted(os.listdir()), Path("file").read_bytes()) == (before, OLD)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_who_may_not_write_is_told() -> None:
    Path("shut").mkdir(mode=0o500)
    Path("a").write_bytes(OLD)
    os.chmod("a", 0o400)
    for path in ("shut/a", "a"):
        with pytest.raises(ReadOnly, match="this user may not write there"):
            write(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_devices_and_pipes_stay_what_they_are(capfd: pytest.CaptureFixture[str]) -> None:
    os.mkfifo("pipe")
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(Path("pipe").read_bytes()))
    reader.start()
    write("pipe", PAGE, b"through")
    reader.join(60)
    assert (got, stat.S_ISFIFO(os.stat("pipe").st_mode)) == ([b"through"], True)
    write(os.devnull, PAGE)
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    write("-", PAGE, b"one ")
    write("/dev/stdout", PAGE, b"two ")
    write("/dev/fd/2", PAGE, b"three")
    assert capfd.readouterr() == ("one two ", "three")


@LINUX
def test_what_a_shell_appends_to_is_appended_to() -> None:
    """`-o /dev/stdout >> log`: opened by its name, the file would begin anew."""
    Path("log").write_bytes(b"before\n")
    code = "from knnife import outputs, output_kinds as kinds\n"
    code += "with outputs.whole_text('/dev/stdout', kinds.PAGE) as file: file.write('more')"
    with open("log", "ab") as log:
        subprocess.run([sys.executable, "-c", code], stdout=log, check=True, timeout=60)
    assert Path("log").read_bytes() == b"before\nmore"


def kept(path: Path, what: str) -> None:
    write_tensors(path, {"a": np.eye(2)}, {"meta": json.dumps({"format": f"knnife-{what}-1"})}, what)


WORDS = WordTable(["car", "sky"], np.eye(2, dtype=np.float32))
WRITERS: dict[str, tuple[OutputKind, Callable[[Path], object]]] = {
    "page.html": (PAGE, lambda path: write(path, PAGE, b"<!doctype html>\n<p>")),
    "plot.svg": (DRAWING, lambda path: path.write_text('<svg xmlns="…"/>')),
    "a.jsonl": (JSON_LINES, lambda path: path.write_text('{"id": "a"}\n')),
    "a.csv": (TABLE, lambda path: path.write_text("id,text\na,b\n")),
    "a.npy": (ARRAY, lambda path: np.save(path, np.eye(2))),
    "a.parquet": (PARQUET, lambda path: path.write_bytes(b"PAR1....")),
    "a.md": (text_named_like("b.md"), lambda path: path.write_text("words")),
    "a.detector": (arrays("detector"), lambda path: kept(path, "detector")),
    "a.matcher": (arrays("matcher"), lambda path: kept(path, "matcher")),
    "a.vectors": (WORD_VECTORS, lambda path: knnife.WordVectors(WORDS).save(path)),
    "photo.jpg": (ANY, lambda path: path.write_bytes(b"\xff\xd8\xff\xe0" + bytes(range(256)))),
    "a.pdf": (ANY, lambda path: path.write_bytes(b"%PDF-1.7 ...")),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name, (kind, _) in WRITERS.items() if kind is not ANY])
def test_a_file_takes_the_place_of_its_own_kind_alone(name: str) -> None:
    kind, _ = WRITERS[name]
    for other, (_, make) in WRITERS.items():
        make(Path(other))
        before = Path(other).read_bytes()
        if other == name:
            write(other, kind)
            assert Path(other).read_bytes() == b"new"
        else:
            with pytest.raises(BadInput, match=rf"{other} cannot be written to: what is there is not .*--force"):
                write(other, kind)
            assert Path(other).read_bytes() == before
            with guarded([], force=True):
                write(other, kind)
            assert Path(other).read_bytes() == b"new"


def test_an_empty_file_is_of_no_kind() -> None:
    """As `mktemp` makes them."""
    Path("a").touch()
    write("a", PAGE)
    assert Path("a").read_bytes() == b"new"


@pytest.mark.parametrize("beside", ["", "-wal", "-shm", "-journal", "-sums", "-index1"])
def test_a_space_and_what_is_kept_beside_it_are_never_written_over(here: Path, beside: str) -> None:
    content = space_at("s.knnife")
    before = sorted(os.listdir())
    with pytest.raises(BadInput, match="space"), guarded([], force=True):
        write(f"s.knnife{beside}")
    assert (sorted(os.listdir()), Path("s.knnife").read_bytes()) == (before, content)


def test_what_is_read_is_known_by_every_name(here: Path) -> None:
    Path("d").mkdir()
    Path("d/in.csv").write_bytes(b"id,text\n")
    os.link("d/in.csv", "hard.csv")
    Path("way").symlink_to("d")
    Path("soft.csv").symlink_to("d/in.csv")
    for name in ("d/in.csv", "hard.csv", "way/in.csv", "d/../d/in.csv", str(here / "d" / "in.csv"), "soft.csv"):
        with (
            pytest.raises(BadInput, match="it is what is read; choose another file"),
            guarded(["d/in.csv"], force=True),
        ):
            write(name)
    with pytest.raises(BadInput, match="it is what is read"), guarded(["not yet"]):
        write("./not yet")
    assert Path("d/in.csv").read_bytes() == b"id,text\n"
    write("hard.csv")  # the block is over


def test_force_spares_the_files_of_a_folder_or_a_pattern_that_is_read() -> None:
    Path("photos").mkdir()
    WRITERS["photo.jpg"][1](Path("photos/a.jpg"))
    Path("photos/page.html").write_bytes(b"<!DOCTYPE html>")
    for given in ("photos", "photos/*.jpg"):
        with guarded([given], force=True):
            with pytest.raises(BadInput, match="among the files that are read"):
                write("photos/a.jpg", PAGE)
            write("photos/page.html", PAGE, b"<!DOCTYPE html>")
            write("photos/new.html", PAGE)


def test_what_came_meanwhile_is_not_written_over() -> None:
    with pytest.raises(BadInput, match="symbolic link"), whole_text("a", PAGE) as file:
        file.write("new")
        Path("a").symlink_to("b")
    assert (os.listdir(), os.readlink("a")) == (["a"], "b")


def test_a_model_is_written_over_a_model_alone() -> None:
    encoder = StaticEncoder.load(english_folder(), dim=8)
    encoder.save("model")
    encoder.save("model")
    assert sorted(os.listdir("model")) == ["config.json", "model.safetensors", "tokenizer.json"]
    Path("bert").mkdir()
    for name in os.listdir("model"):
        Path("bert", name).write_text('{"architectures": ["BertModel"]}')
    with pytest.raises(BadInput, match="not of a static model"):
        encoder.save("bert")
    assert {Path("bert", name).read_text() for name in os.listdir("bert")} == {'{"architectures": ["BertModel"]}'}
