"""`knnife evaluate recommend`: the figures, the verdict, what was left out, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import watched
from tests.interfaces.running import Knnife

import knnife as api
from knnife.interfaces.cli.evaluate_recommend import command


@pytest.fixture
def log(folder: Path) -> Path:
    watched.write(folder)
    (folder / "words.csv").write_text("user,item\nann,one\nbob,two\n")
    with api.Space.open(folder / "taste.knnife") as space:
        api.add_interactions(space, folder / "watched.csv", item="film", rating="rating", time="day")
    return folder


def test_figures_go_into_a_pipe_and_the_verdict_to_a_person(log: Path, knnife: Knnife) -> None:
    done = knnife("evaluate recommend watched.csv --item film --time day")
    assert done.code == 0, done.err
    assert len(done.lines) == 3 * 6
    assert done.lines[0].split("\t")[:2] == ["most popular", "ndcg@10"]
    assert "knnife beats the most popular by +." in done.err
    assert "12 users were asked for; 20 items could be recommended" in done.err


def test_a_space_answers_as_its_log_does(log: Path, knnife: Knnife) -> None:
    by_log = knnife("evaluate recommend watched.csv --item film --rating rating --time day -k 3 --json")
    by_space = knnife("evaluate recommend taste.knnife -k 3 --json")
    assert by_log.out == by_space.out
    row = json.loads(by_space.lines[0])
    assert (row["system"], row["figure"], row["users"]) == ("most popular", "ndcg@3", 12)
    assert row["low"] <= row["value"] <= row["high"]


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("evaluate recommend taste.knnife --item film", 2, "--item is for a LOG; a space knows its columns"),
        ("evaluate recommend nowhere.csv", 1, "nowhere.csv"),
        ("evaluate recommend words.csv", 1, "none of 2 users has both a choice to learn from and a later one"),
        ("evaluate recommend words.csv --split time", 1, "a split by time needs times"),
        ("evaluate recommend words.csv --share 1", 2, "is not in the range 0<x<1"),
        ("evaluate recommend watched.csv", 1, "item"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_line(log: Path, knnife: Knnife, line: str, code: int, part: str) -> None:
    done = knnife(line)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert len(done.err.splitlines()) == 1


def test_every_example_in_the_help_runs(log: Path, knnife: Knnife) -> None:
    for line in command.examples:
        done = knnife(line.removeprefix("knnife "))
        assert done.code == 0, done.err
        assert done.out


def test_help_of_evaluate_leads_here(knnife: Knnife) -> None:
    assert "knnife evaluate recommend --help" in knnife("evaluate --help").out
