"""What people see: tables, blocks, the bar, questions; and that data gives a terminal no orders."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from pathlib import Path

import pytest
from tests.interfaces.running import CONTROL, HOSTILE, Knnife, program


def on_terminal(*args: str, width: int = 80) -> str:
    """What a terminal of `width` columns receives from the real command, as text with \\n for line ends."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR")} | {"TERM": "xterm-256color"}
    running = subprocess.Popen(program(*args), stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    received = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side closed it
            break
        if not piece:
            break
        received += piece
    os.close(ours)
    running.wait(timeout=300)
    return received.decode().replace("\r\n", "\n")


def bare(text: str) -> str:
    """`text` without the colours that we ourselves set."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("command", [["search", "evil.knnife", "alert"], ["get", "evil.knnife", "evil"]])
def test_a_terminal_is_not_ordered_about_by_texts(knnife: Knnife, folder: Path, command: list[str]) -> None:
    Path("evil.jsonl").write_text(json.dumps({"id": "evil", "text": HOSTILE, "na\x1bme": "va\x9blue"}))
    assert knnife("add evil.knnife evil.jsonl --id id --text text").code == 0
    shown = bare(on_terminal(*command, width=300))
    assert not CONTROL.search(shown)
    assert r"\x1b[31malert\x1b[0m" in shown
    assert "[bold]line[/bold]" in shown


def test_a_terminal_sees_a_table_cut_to_its_width_with_the_found_words_marked(knnife: Knnife, folder: Path) -> None:
    Path("long.txt").write_text("word " * 300 + "the heist happens " + "word " * 300)
    assert knnife("add long.knnife long.txt films.csv --text plot").code == 1  # a text file has no columns
    assert knnife("add long.knnife long.txt").code == 0
    for width in (60, 100):
        shown = on_terminal("search", "long.knnife", "heist", width=width)
        lines = bare(shown).splitlines()
        assert lines[0].split() == ["score", "id", "text"]
        assert all(len(line) <= width for line in lines)
        assert len(lines) == 2
        assert re.search(r"…\S*.*heist.*…", lines[1])
        assert re.search(r"\x1b\[[0-9;]+mheist\x1b\[0m", shown)
    assert len(bare(on_terminal("search", "long.knnife", "heist", "--full", width=100)).split("word")) == 601


def test_a_terminal_is_told_when_nothing_was_found(folder: Path) -> None:
    assert on_terminal("search", "films.knnife", "heist", "--where", "year > 3000") == "nothing found\n"


def test_a_terminal_sees_a_matrix_and_the_next_command(folder: Path) -> None:
    matrix = bare(on_terminal("compare", "king", "queen", "bread")).splitlines()
    assert [line.split()[:2] for line in matrix] == [
        ["1", "2"],
        ["1", "king"],
        ["2", "queen"],
        ["3", "bread"],
    ]
    assert matrix[1].split()[2] == "1.000"
    told = bare(on_terminal("add", "new.knnife", "films.csv", "--id", "title", "--text", "plot"))
    assert 'new.knnife holds 8 things. Next: knnife search new.knnife "…"' in told


def test_removing_by_filter_asks_on_a_terminal(folder: Path, knnife: Knnife) -> None:
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        program("remove", "films.knnife", "--where", "year < 1950"),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"n\n")
    _, err = running.communicate(timeout=300)
    os.close(ours)
    os.close(theirs)
    assert running.returncode == 130
    assert b"year < 1950?" in err
    assert json.loads(knnife("info films.knnife --json").out)["things"] == 8
    assert knnife("remove films.knnife --where 'year < 1950' --json").out == '{"removed": 2, "left": 6}\n'


def test_the_bar_shows_on_a_terminal_only(knnife: Knnife, folder: Path) -> None:
    Path("many.txt").write_text("".join(f"note number {i}\n" for i in range(2000)))
    assert "2,000" in bare(on_terminal("add", "new.knnife", "many.txt"))
    assert knnife("add other.knnife many.txt").err == ""
