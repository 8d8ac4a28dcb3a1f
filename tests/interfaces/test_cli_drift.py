"""`knnife drift`: its exit codes, its lines, and its picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife

OLD = ["the river is {} and calm", "birds sing in the {} tree", "a {} meadow after the rain"]
NEW = ["the rocket burns {} fuel", "a {} engine in orbit", "the {} probe leaves for Mars"]
KINDS = ["old", "new", "green", "grey", "wide", "small", "quiet", "bright", "cold", "warm"]


def lines(patterns: list[str]) -> str:
    return "".join(pattern.format(kind) + "\n" for pattern in patterns for kind in KINDS)


@pytest.fixture
def spaces(knnife: Knnife, folder: Path) -> None:
    Path("old.txt").write_text(lines(OLD))
    Path("new.txt").write_text(lines(NEW))
    assert knnife("add old.knnife old.txt").code == 0
    assert knnife("add new.knnife new.txt").code == 0


@pytest.mark.parametrize("new", ["new.knnife", "new.txt"])
def test_drift_is_exit_code_one_and_says_what_changed(knnife: Knnife, spaces: None, new: str) -> None:
    outcome = knnife(f"drift old.knnife {new} --json")
    assert (outcome.code, outcome.err) == (1, "")
    rows = [json.loads(line) for line in outcome.lines]
    assert rows[0]["found"] == "drift"
    assert rows[0]["p_value"] <= 0.05
    assert rows[0]["sizes"] == {"reference": 30, "new": 30}
    assert {"region", "new", "vanished", "mark"} & {row["found"] for row in rows[1:]}
    told = knnife(f"drift old.knnife {new}")
    assert {len(line.split("\t")) for line in told.lines} == {5}


def test_no_drift_is_exit_code_zero(knnife: Knnife, spaces: None) -> None:
    outcome = knnife("drift old.knnife old.txt --seed 1")
    assert (outcome.code, outcome.lines[0].split("\t")[0]) == (0, "no drift")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("drift nowhere.knnife new.txt", "nowhere.knnife"),
        ("drift old.knnife nowhere.txt", "nowhere.txt"),
        ("drift films.knnife old.knnife", "8 things; drift needs 10"),
        ("drift old.knnife new.txt --rate 2", "rate is 2"),
        ("drift old.knnife new.txt --plot nowhere/drift.svg", "nowhere/drift.svg"),
        ("drift points.npy new.txt", "an array is compared with an array"),
        ("drift old.knnife", "missing"),
    ],
)
def test_every_error_is_exit_code_two_and_one_line(knnife: Knnife, spaces: None, line: str, said: str) -> None:
    outcome = knnife(line)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_arrays_are_compared_too_and_drawn(knnife: Knnife, folder: Path) -> None:
    random = np.random.default_rng(0)
    np.save("a.npy", random.standard_normal((50, 3)))
    np.save("b.npy", random.standard_normal((50, 3)) + 2)
    assert knnife("drift a.npy b.npy --metric euclidean --plot drift.svg").code == 1
    assert Path("drift.svg").read_text().startswith("<svg ")


def test_fields_hold_labels_and_filters_part_a_space(knnife: Knnife, folder: Path) -> None:
    rows = [{"text": text, "kind": i % 2, "half": i // 15} for i, text in enumerate(lines(OLD).splitlines())]
    Path("kinds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert knnife("add kinds.knnife kinds.jsonl --text text").code == 0
    outcome = knnife(
        "drift kinds.knnife kinds.knnife --where 'half = 0' --new-where 'half = 1' --json",
        *("--labels", "kind", "--predictions", "kind"),
    )
    told = {row["found"]: row for row in map(json.loads, outcome.lines)}
    assert told["accuracy"]["reference"] == 1.0
    assert told["accuracy"]["by"] == "predictions"
