"""`knnife doctor`: three forms of output, and the exit code of a linter."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
from tests.interfaces.running import Knnife
from tests.interfaces.test_cli_terminal import bare, on_terminal

CHECKS = {"file", "views", "index", "rounding", "encoder", "vectors", "zero vectors", "lengths", "copies", "prefixes"}


def damage(path: str) -> None:
    """The vector of the first thing becomes NaN."""
    db = sqlite3.connect(path)
    db.execute("UPDATE vectors_1 SET vector = ? WHERE pos = 1", [np.full(256, np.nan, "<f4").tobytes()])
    db.commit()
    db.close()


def test_a_pipe_gets_a_line_for_each_check(knnife: Knnife, folder: Path) -> None:
    outcome = knnife("doctor films.knnife")
    assert (outcome.code, outcome.err) == (0, "")
    fields = [line.split("\t") for line in outcome.lines]
    assert {len(each) for each in fields} == {4}
    assert {each[1] for each in fields} >= CHECKS
    assert {each[0] for each in fields} == {"good", "unknown"}  # eight films have no shape


def test_json_has_every_figure(knnife: Knnife, folder: Path) -> None:
    rows = {row["check"]: row for row in map(json.loads, knnife("doctor films.knnife --json").lines)}
    assert rows["vectors"]["figures"] == {"damaged": 0, "missing": 0}
    assert rows["encoder"]["figures"]["encoder"] == "english"
    assert rows["vectors"]["looked_at"] == 8


def test_what_is_bad_gives_exit_code_one_and_the_remedy(knnife: Knnife, folder: Path) -> None:
    damage("films.knnife")
    outcome = knnife("doctor films.knnife --json")
    assert outcome.code == 1
    bad = {row["check"]: row for row in map(json.loads, outcome.lines) if row["state"] == "bad"}
    assert "not what was stored, by their checksums: 1 ('The Sting')" in bad["file"]["means"]
    found = bad["vectors"]
    assert found["ids"] == ["The Sting"]
    exec(found["remedy"], {})
    assert knnife("doctor films.knnife").code == 0


def test_warnings_alone_leave_exit_code_zero(knnife: Knnife, folder: Path) -> None:
    Path("signs.txt").write_text("".join(f"the number {i} is a number\n" for i in range(120)) + "…\n")
    assert knnife("add signs.knnife signs.txt").code == 0
    outcome = knnife("doctor signs.knnife")
    assert outcome.code == 0
    assert any(line.startswith("warning\tblank texts\t") for line in outcome.lines)


def test_an_array_is_checked_too(knnife: Knnife, folder: Path) -> None:
    np.save("cloud.npy", np.random.default_rng(0).standard_normal((300, 16)))
    outcome = knnife("doctor cloud.npy")
    assert outcome.code == 0
    assert {line.split("\t")[0] for line in outcome.lines} == {"good"}


def test_a_terminal_sees_remedies_that_can_be_pasted(knnife: Knnife, folder: Path) -> None:
    damage("films.knnife")
    shown = bare(on_terminal("doctor", "films.knnife", width=70))
    assert "cannot tell" in shown
    remedy = shown.partition("For the vectors:\n")[2].splitlines()
    assert remedy[0] == "    import knnife"
    assert all(line.startswith("    ") for line in remedy if line)


def test_what_is_no_space_is_one_line(knnife: Knnife, folder: Path) -> None:
    for line in ("doctor none.knnife", "doctor films.csv", "doctor films.knnife --view plot"):
        outcome = knnife(line)
        assert (outcome.code, outcome.out, len(outcome.err.splitlines())) == (1, "", 1), line
    assert knnife("doctor films.knnife --sample 3").code == 2
