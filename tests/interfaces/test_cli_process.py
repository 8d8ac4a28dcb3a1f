"""The real command in a process of its own: pipes, closed streams, signals."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.interfaces.running import program, spawn

import knnife as package
from knnife.errors import KnnifeError


def test_the_real_command_end_to_end(folder: Path) -> None:
    added = spawn("add", "new.knnife", "films.csv", "--id", "title", "--text", "plot")
    assert (added.code, added.err) == (0, "")
    assert added.out.startswith("films.csv: 8 added, 8 encoded in ")
    found = spawn("search", "new.knnife", "-", "-k", "1", "--json", input="bank robbers\nlove at a railway station\n")
    rows = [json.loads(line) for line in found.lines]
    assert [(row["query"], row["id"]) for row in rows] == [
        ("bank robbers", "Heat"),
        ("love at a railway station", "Brief Encounter"),
    ]
    gone = spawn("remove", "new.knnife", "-", input="Heat\n")
    assert (gone.code, gone.out) == (0, "1 removed, 7 left\n")
    assert spawn("get", "new.knnife", "Heat").code == 1
    exported = spawn("export", "new.knnife").out
    copied = spawn("add", "copy.knnife", "-", "--id", "id", "--text", "value", input=exported)
    assert copied.code == 0, copied.err
    assert spawn("export", "copy.knnife").out == exported


def test_a_reader_that_goes_away_ends_the_command_quietly(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(program("export", "films.knnife"), stdout=writing, stderr=subprocess.PIPE, timeout=300)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_no_room_for_the_output_is_an_error(folder: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(program("export", "films.knnife"), stdout=full, stderr=subprocess.PIPE, timeout=300)
    assert done.returncode == 1
    assert done.stderr.decode().lower() == "knnife: no space left on device\n"


def test_closed_streams_are_no_mistake(folder: Path) -> None:
    line = shlex.join(program("search", "films.knnife", "heist"))
    done = subprocess.run(["sh", "-c", f"{line} <&- >&-"], capture_output=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_unicode_gets_escapes_instead_of_an_error(folder: Path) -> None:
    spawn("add", "one.knnife", "-", input="the café \N{CROISSANT}")
    plain = spawn("search", "one.knnife", "café", PYTHONIOENCODING="ascii")
    assert (plain.code, plain.err) == (0, "")
    assert r"caf\xe9" in plain.out
    rows = spawn("search", "one.knnife", "café", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(rows.out)["value"] == "the café \N{CROISSANT}"


def test_undecodable_bytes_in_a_query_are_searched_as_far_as_they_go(folder: Path) -> None:
    line = [os.fsencode(part) for part in program("search", "films.knnife")]
    done = subprocess.run([*line, b"heist \xff\xfe"], capture_output=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_keeps_what_is_committed_and_the_same_command_continues(folder: Path) -> None:
    lines = [f"note number {i} about subject {i % 17}\n" for i in range(700)]
    running = subprocess.Popen(
        program("add", "new.knnife", "-"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdin
    running.stdin.write("".join(lines[:500]))
    running.stdin.flush()
    wait_for_things("new.knnife")
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=300)
    assert (running.returncode, out) == (130, "")
    with package.Space.open("new.knnife", read_only=True) as space:
        stored = len(space)
    assert 0 < stored <= 500
    assert err == (
        f"knnife: stopped; {stored:,} things are stored in new.knnife, "
        "and the same command again continues from there\n"
    )
    again = spawn("add", "new.knnife", "-", "--json", input="".join(lines))
    told = json.loads(again.out)
    assert (told["added"], told["unchanged"]) == (700 - stored, stored)


INTERRUPTED = """
import signal, sys
at, seen = int(sys.argv.pop(1)), 0
class Fragile:
    def __del__(self):
        signal.raise_signal(signal.SIGINT)  # where nothing can be raised
def count(event, _):
    global seen
    seen += event == "import"
    if seen == abs(at) and event == "import":
        Fragile() if at < 0 else signal.raise_signal(signal.SIGINT)
from knnife.interfaces.cli import main
sys.addaudithook(count)
main()
"""


@pytest.mark.parametrize("at", [1, 2, 7, 30, 90, -90, 170, 230, 290, -290])
def test_ctrl_c_while_something_is_imported_is_told_in_one_line(folder: Path, at: int) -> None:
    """It comes with the n-th module that `search` imports: click, NumPy, FAISS, or a module of our own."""
    line = [sys.executable, "-c", INTERRUPTED, str(at), "search", "films.knnife", "heist"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "knnife: stopped\n")


def wait_for_things(path: str) -> None:
    """Returns when the first batch is committed."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        try:
            with package.Space.open(path, read_only=True) as space:
                if len(space):
                    return
        except KnnifeError:  # it is only being made
            pass
        time.sleep(0.05)
    pytest.fail("nothing was committed within five minutes")
