"""No command writes over what it reads, a space, or another kind of file; and each says so before it begins to work."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife, program, spawn


def contents() -> dict[str, str]:
    """The sum of every file below the current folder, but for what SQLite keeps beside a space while it is open."""
    files = (path for path in Path().rglob("*") if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


READ = [  # an output that is read by the same command, under this name or another
    "outliers films.knnife --save films.knnife",
    "outliers films.csv --text plot --save films.csv",
    "outliers films.csv --text plot --save hard.csv",
    "classify films.knnife --labels genre --save films.knnife",
    "classify films.knnife --labels genre --save soft.knnife",
    "export films.knnife -o films.knnife",
    "export films.knnife -o way/films.knnife",
    "export films.knnife --format csv -o ./films.knnife",
    "duplicates films.knnife -o films.knnife",
    "duplicates photos/beach.jpg --sheet photos/beach.jpg",
    "duplicates points.npy -o points.npy",
    "duplicates points.npy --against others.npy -o others.npy",
    "verify photos/beach.jpg photos --show photos/beach.jpg",
    "verify photos/beach.jpg photos/lake.jpg --show photos/lake.jpg",
    "verify photos/beach.jpg photos.knnife --show photos.knnife",
    "faces cluster album/anna-5.jpg --sheet album/anna-5.jpg",
    "faces cluster people.knnife --sheet people.knnife",
    "faces cluster album --known people.knnife --sheet people.knnife",
    "get album.knnife photos/beach.jpg --thumbnail photos/beach.jpg",
    "get album.knnife photos/beach.jpg --thumbnail album.knnife",
    "match shop.csv catalogue.csv -o shop.csv",
    "match shop.csv catalogue.csv -o catalogue.csv",
    "match shop.csv catalogue.csv --save catalogue.csv",
    "match shop.csv catalogue.csv --review shop.csv",
    "match shop.csv catalogue.csv --labels looked-at.csv --review looked-at.csv",
    "match typos --text notes.txt -o notes.txt",
    "match typos --column plot films.csv -o films.csv",
    "match typos --column plot films.csv -o hard.csv",
    "match typos --text notes.txt --vocabulary queries.txt -o queries.txt",
    "drift films.knnife notes.knnife --plot notes.knnife",
    "drift films.knnife notes.knnife --monitor films.knnife",
    "drift films.knnife films.csv --text plot --plot films.csv",
    "train words notes.txt -o notes.txt.vectors",
    "words convert some.vectors -o some.vectors",
]
OTHERS = [  # an output at the place of something else
    "outliers films.knnife --save notes.txt",
    "outliers films.knnife --save shop.csv",
    "classify films.knnife --labels genre --save photos/beach.jpg",
    "export films.knnife -o notes.txt",
    "export films.knnife -o docs/shop.md",
    "export films.knnife --format csv -o notes.txt",
    "export films.knnife --format jsonl -o films.csv",
    "duplicates photos --sheet notes.txt",
    "verify photos/beach.jpg photos/lake.jpg --show photos/city.jpg",
    "faces cluster album --sheet films.csv",
    "get album.knnife photos/beach.jpg --thumbnail photos/lake.jpg",
    "match shop.csv catalogue.csv --save notes.txt",
    "match shop.csv catalogue.csv --review docs/shop.md",
    "match typos --text notes.txt -o docs/shop.md",
    "match typos --column plot films.csv -o notes.txt",
    "drift films.knnife films.csv --text plot --plot notes.txt",
    "train words notes.txt --min-count 1 -o other.vectors",
    "words convert some.vectors -o notes.txt",
]
NEVER = [  # that not even --force writes over
    "export notes.knnife -o films.knnife",
    "export films.knnife -o films.knnife-wal",
    "outliers films.knnife --save films.knnife-index1",
    "outliers films.knnife --save notes.knnife",
    "verify photos/beach.jpg photos --show photos/lake.jpg",
    "duplicates photos --sheet photos/lake.jpg",
    "duplicates 'photos/*.jpg' --sheet photos/lake.jpg",
    "match shop.csv catalogue.csv --save one --review one",
    "match shop.csv catalogue.csv --review two.csv -o ./two.csv",
    "export films.knnife -o dangling.jsonl",
    "export films.knnife -o link.jsonl",
]


@pytest.fixture
def place(folder: Path, knnife: Knnife) -> Path:
    os.link("films.csv", "hard.csv")
    Path("soft.knnife").symlink_to("films.knnife")
    Path("way").symlink_to(".")
    Path("dangling.jsonl").symlink_to("nowhere.jsonl")
    Path("link.jsonl").symlink_to("shop.csv")
    Path("others.npy").write_bytes(Path("points.npy").read_bytes())
    Path("notes.txt.vectors").hardlink_to("notes.txt")
    Path("other.vectors").write_text("not what train writes")
    Path("some.vec").write_text("2 2\ncar 1 0\nsky 0 1\n")
    assert knnife("words convert some.vec -o some.vectors").code == 0
    return folder


@pytest.mark.parametrize("line", READ)
def test_what_is_read_is_never_written_over(knnife: Knnife, place: Path, line: str) -> None:
    before = contents()
    for more in ("", " --force"):
        done = knnife(line + more)
        assert done.code in (1, 2), line
        assert done.out == ""
        assert len(done.err.splitlines()) == 1
        assert "cannot be written to: it is" in done.err or "expected a monitor" in done.err
        assert contents() == before


@pytest.mark.parametrize("line", OTHERS)
def test_another_kind_of_file_is_written_over_with_force_alone(knnife: Knnife, place: Path, line: str) -> None:
    before = contents()
    done = knnife(line)
    assert done.code in (1, 2)
    assert (len(done.err.splitlines()), "--force" in done.err) == (1, True), done.err
    assert contents() == before


@pytest.mark.parametrize("line", NEVER)
def test_force_has_its_limits(knnife: Knnife, place: Path, line: str) -> None:
    before = contents()
    for more in ("", " --force"):
        done = knnife(line + more)
        assert (done.code, done.out, "cannot be written to" in done.err) == (1, "", True), done.err
        assert contents() == before


def test_the_same_command_twice_writes_its_file_anew(knnife: Knnife, place: Path) -> None:
    for line in (
        "outliers films.knnife --save one",
        "classify films.knnife --labels genre --save two",
        "export films.knnife -o three",
        "export films.knnife --format csv -o four",
        "export films.knnife -o five.parquet",
        "export films.knnife -o six.npy",
        "verify photos/beach.jpg photos --show photos/seven.html",
        "match shop.csv catalogue.csv --save eight --review nine.csv -o ten.jsonl",
        "match typos --text notes.txt -o eleven.txt",
        "match typos --column plot films.csv -o twelve.csv",
        "drift january.knnife february.knnife --plot thirteen.svg",
        "drift january.knnife february.knnife --monitor fourteen",
        "words convert some.vectors -o fifteen.tsv",
        "get album.knnife photos/beach.jpg --thumbnail sixteen.jpg",
    ):
        for _ in range(2):
            done = knnife(line)
            assert (done.code in (0, 1), "cannot be written" in done.err) == (True, False), (line, done.err)
    assert not [name for name in os.listdir() if name.endswith(".part")]
    assert len(Path("nine.csv").read_bytes()) > 100


def test_force_writes_over_another_kind(knnife: Knnife, place: Path) -> None:
    assert knnife("outliers films.knnife --save notes.txt --force").code == 0
    assert knnife("outliers films.knnife --detector notes.txt").code == 0


def test_an_output_goes_to_standard_output(knnife: Knnife, folder: Path) -> None:
    expected = knnife("export films.knnife").out
    assert knnife("export films.knnife -o -").out == expected
    assert spawn("export", "films.knnife", "-o", "/dev/stdout").out == expected
    assert not Path("-").exists()


def test_standard_input_that_is_a_file_is_what_is_read(folder: Path) -> None:
    """`knnife match typos --text - -o notes.txt < notes.txt`."""
    before = Path("notes.txt").read_bytes()
    with open("notes.txt", "rb") as file:
        done = subprocess.run(
            program("match", "typos", "--text", "-", "-o", "notes.txt"), stdin=file, capture_output=True, timeout=300
        )
    assert (done.returncode, b"it is what is read" in done.stderr) == (1, True)
    assert Path("notes.txt").read_bytes() == before
