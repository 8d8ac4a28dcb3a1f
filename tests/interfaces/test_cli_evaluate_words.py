"""`knnife evaluate words`: the figures, what was left out, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

from knnife.interfaces.cli.evaluate import words as command


@pytest.fixture
def questions(folder: Path) -> Path:
    words = {"man": "1 0 1 0", "woman": "-1 0 1 0", "king": "1 1 1 0", "queen": "-1 1 1 0", "men": "1 0 1 1"}
    (folder / "royal.vec").write_text("5 4\n" + "".join(f"{word} {vector}\n" for word, vector in words.items()))
    (folder / "questions.txt").write_text(": family\nman woman king queen\n: gram8-plural\nman men king kings\n")
    (folder / "pairs.csv").write_text("a,b,score\nman,men,9\nman,king,7\nman,queen,2\nman,knight,8\n")
    return folder


def test_figures_go_into_a_pipe_and_what_was_left_out_to_a_person(questions: Path, knnife: Knnife) -> None:
    done = knnife("evaluate words royal.vec --analogies questions.txt --similarity pairs.csv")
    assert done.code == 0
    assert [line.split("\t")[:4] for line in done.lines] == [
        ["questions.txt", "family", "accuracy", "1"],
        ["questions.txt", "gram8-plural", "accuracy", ""],
        ["questions.txt", "semantic", "accuracy", "1"],
        ["questions.txt", "syntactic", "accuracy", ""],
        ["questions.txt", "all", "accuracy", "1"],
        ["pairs.csv", "column 3 (score)", "spearman", done.lines[5].split("\t")[3]],
    ]
    assert done.err.splitlines() == [
        "1 analogies were not asked: a word of theirs is not among the 5 commonest of 5 words",
        "pairs.csv: 1 pairs were not asked, as 1 words have no vector (knight)",
    ]


def test_json_has_everything(questions: Path, knnife: Knnife) -> None:
    done = knnife("evaluate words royal.vec --similarity pairs.csv --json")
    row = json.loads(done.out)
    assert (row["asked"], row["skipped"], row["missing"], row["by_subwords"]) == (3, 1, ["knight"], [])
    assert -1 <= row["low"] <= row["value"] <= row["high"] <= 1


def test_the_built_in_words_are_evaluated_without_a_file(questions: Path, knnife: Knnife) -> None:
    done = knnife("evaluate words --analogies questions.txt --common 20000 --method mul --json")
    rows = [json.loads(line) for line in done.lines]
    assert [(row["what"], row["asked"]) for row in rows if row["what"] == "all"] == [("all", 2)]


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("evaluate words royal.vec", 2, "expected --analogies FILE or --similarity FILE"),
        ("evaluate words royal.vec --analogies nowhere.txt", 1, "no such file or folder: nowhere.txt"),
        ("evaluate words royal.vec --analogies pairs.csv", 1, "pairs.csv, line 1: 'a,b,score' has 1 words"),
        ("evaluate words royal.vec --similarity questions.txt", 1, "questions.txt, line 2"),
        ("evaluate words nowhere.vec --similarity pairs.csv", 1, "nowhere.vec"),
        ("evaluate words royal.vec --similarity pairs.csv --common 0", 2, "0 is not in the range"),
    ],
)
def test_what_cannot_be_evaluated_is_told_in_a_line(
    questions: Path, knnife: Knnife, line: str, code: int, part: str
) -> None:
    done = knnife(line)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert len(done.err.splitlines()) == 1


def test_every_example_in_the_help_runs(questions: Path, knnife: Knnife) -> None:
    for name, source in (("questions-words", "questions.txt"), ("wordsim353", "pairs.csv"), ("simlex999", "pairs.csv")):
        for ending in (".txt", ".tsv"):
            (questions / f"{name}{ending}").write_text((questions / source).read_text())
    for line in command.examples:
        done = knnife(line.removeprefix("knnife "))
        assert done.code == 0, done.err
        assert done.out


def test_help_of_evaluate_leads_here(knnife: Knnife) -> None:
    assert "knnife evaluate words --help" in knnife("evaluate --help").out
    assert "rank" in knnife("evaluate words --help").out
