"""Whatever lies in a folder: an error in one line or a result, never a traceback."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife, spawn

BOMB = "[" * 100_000
HOSTILE: dict[str, bytes] = {
    "empty.csv": b"",
    "empty.jsonl": b"",
    "empty.json": b"",
    "empty.txt": b"",
    "empty.parquet": b"",
    "empty.md": b"",
    "empty.html": b"",
    "header-only.csv": b"text,id\n",
    "ragged.csv": b"text,id\na,b,c,d\ne\n",
    "quotes.csv": b'text\n"never closed\n' + b"x" * 200_000,
    "binary.csv": bytes(range(256)) * 64,
    "binary.txt": bytes(range(256)) * 64,
    "binary.jsonl": bytes(range(256)) * 64,
    "binary.html": bytes(range(256)) * 64,
    "invalid-utf8.txt": b"caf\xe9 is latin-1\n",
    "utf16.txt": "text in another encoding\n".encode("utf-16"),
    "nul.jsonl": b'{"text": "a\\u0000b"}\n',
    "surrogate.jsonl": b'{"text": "\\ud800"}\n',
    "huge-number.jsonl": b'{"text": "a", "n": ' + b"9" * 5000 + b"}\n",
    "infinite.jsonl": b'{"text": "a", "n": 1e999, "m": NaN}\n',
    "no-object.jsonl": b'3\n"text"\n[1]\nnull\n',
    "no-text.jsonl": b'{"text": ["a"]}\n{"text": {"a": 1}}\n{"text": null}\n{"text": ""}\n',
    "deep.json": BOMB.encode(),
    "deep.jsonl": b'{"text": "a", "deep": ' + BOMB.encode() + b"}\n",
    "deep.html": b"<div>" * 50_000 + b"text",
    "cut.txt.gz": gzip.compress(b"some text\n" * 1000)[:-20],
    "lie.txt.gz": b"this is not gzip\n",
    "lie.parquet": b"PAR1 this is not parquet PAR1",
    "one-line.txt": b"word " * 100_000,
    "unknown.xyz": b"?",
    "no-ending": b"?",
}


@pytest.fixture
def hostile(folder: Path) -> Path:
    place = folder / "hostile"
    place.mkdir()
    for name, data in HOSTILE.items():
        (place / name).write_bytes(data)
    (place / "a folder.csv").mkdir()
    (place / "dangling.txt").symlink_to("nowhere")
    (place / "loop").symlink_to(".")
    (place / "new\nline \x1b[31m.txt").write_text("text\n")
    return place


def is_calm(code: int, err: str) -> bool:
    """Whether an outcome is a success, or an error told as errors are."""
    told = err.splitlines()
    fine = code in (0, 1) and "Traceback" not in err and "mistake in knnife" not in err and "\x1b" not in err
    return (
        fine
        and all(line.startswith(("knnife: ", "skipped ", "repeated ")) for line in told)
        and (code == 0 or bool(told))
    )


@pytest.mark.parametrize("on_error", ["skip", "stop"])
@pytest.mark.parametrize("name", [*HOSTILE, "a folder.csv", "dangling.txt", "loop", "new\nline \x1b[31m.txt"])
def test_no_file_makes_a_traceback(knnife: Knnife, hostile: Path, name: str, on_error: str) -> None:
    outcome = knnife(f"add new.knnife --on-error {on_error}", f"hostile/{name}")
    assert is_calm(outcome.code, outcome.err), outcome
    if Path("new.knnife").exists():
        assert knnife("info new.knnife").code == 0


@pytest.mark.parametrize("on_error", ["skip", "stop"])
def test_no_folder_makes_a_traceback(hostile: Path, on_error: str) -> None:
    outcome = spawn("add", "new.knnife", "hostile", "--on-error", on_error)
    assert is_calm(outcome.code, outcome.err), outcome


@pytest.mark.parametrize("name", ["empty.txt", "binary.csv", "lie.parquet", "one-line.txt"])
@pytest.mark.parametrize("command", ["search {} heist", "info {}", "get {} x", "near {} x", "export {}", "remove {} x"])
def test_no_file_is_taken_for_a_space(knnife: Knnife, hostile: Path, name: str, command: str) -> None:
    before = (hostile / name).read_bytes()
    outcome = knnife(command.format(f"hostile/{name}"))
    assert outcome.code == 1
    assert is_calm(outcome.code, outcome.err), outcome
    assert (hostile / name).read_bytes() == before


def cut_off(data: bytes) -> bytes:
    return data[:5000]


def overwritten(data: bytes) -> bytes:
    return data[:100] + bytes(255 - byte for byte in data[100:])


@pytest.mark.parametrize("damage", [cut_off, overwritten])
def test_a_damaged_space_is_an_error(knnife: Knnife, folder: Path, damage: Callable[[bytes], bytes]) -> None:
    Path("films.knnife").write_bytes(damage(Path("films.knnife").read_bytes()))
    for command in ("search films.knnife heist", "info films.knnife", "export films.knnife"):
        outcome = knnife(command)
        assert outcome.code == 1, command
        assert is_calm(outcome.code, outcome.err), outcome


@pytest.mark.parametrize(
    "query",
    [
        '"',
        "'",
        "* AND (",
        "NEAR(a b)",
        "a" * 100_000,
        "col:umn",
        "-",
        "--",
        "\x00",
        "^",
        "{",
        "\N{SNOWMAN}",
        "OR",
    ],
)
def test_no_query_makes_a_traceback(knnife: Knnife, folder: Path, query: str) -> None:
    for by in ("both", "words", "meaning"):
        outcome = knnife(f"search films.knnife --by {by} --", query)
        assert is_calm(outcome.code, outcome.err), outcome


def test_a_filter_cannot_reach_the_database(knnife: Knnife, folder: Path) -> None:
    for where in (
        "1=1); DELETE FROM things; --",
        'id = "x" or 1=1',
        '`a" OR 1=1 --` = 1',
        "(" * 5000,
        "a = " * 5000,
    ):
        outcome = knnife("search films.knnife heist --where", where)
        assert is_calm(outcome.code, outcome.err), outcome
    assert json.loads(knnife("info films.knnife --json").out)["things"] == 8
