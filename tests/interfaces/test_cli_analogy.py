"""`knnife analogy`: of the built-in words, of a file, of a space, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife

import knnife as package

PLACES = {"man": (1, 0, 1), "woman": (-1, 0, 1), "king": (1, 1, 1), "queen": (-1, 1, 1), "kings": (0.9, 1.2, 1)}


@pytest.fixture
def vectors(folder: Path) -> Path:
    lines = [f"{word} {' '.join(map(str, place))}" for word, place in PLACES.items()]
    (folder / "royal.vec").write_text("\n".join([f"{len(lines)} 3", *lines, ""]))
    return folder


def test_the_first_answer_is_the_queen(knnife: Knnife) -> None:
    done = knnife("analogy man king woman")
    assert done.code == 0
    assert len(done.lines) == 10
    assert done.lines[0].split("\t")[1] == "queen"
    assert "kings" in knnife("analogy man king woman --plurals -k 2").out


def test_several_questions_name_themselves(knnife: Knnife) -> None:
    done = knnife("analogy man king woman he actor she --method mul -k 1 --json")
    rows = [json.loads(line) for line in done.lines]
    assert [(row["a"], row["b"], row["c"], row["rank"], row["word"]) for row in rows] == [
        ("man", "king", "woman", 1, "queen"),
        ("he", "actor", "she", 1, "actress"),
    ]
    plain = knnife("analogy man king woman he actor she -k 1").lines
    assert [line.split("\t")[:3] for line in plain] == [["man", "king", "woman"], ["he", "actor", "she"]]


def test_standard_input_has_a_question_a_line(knnife: Knnife) -> None:
    done = knnife("analogy - -k 1 --json", input="man king woman\n\nhe actor she\n")
    assert [json.loads(line)["word"] for line in done.lines] == ["queen", "actress"]
    done = knnife("analogy -", input="man king\n")
    assert (done.code, done.out) == (1, "")
    assert "'man king' has 2 words; expected three" in done.err


def test_own_vectors_answer(vectors: Path, knnife: Knnife) -> None:
    done = knnife("analogy man king woman --in royal.vec")
    assert [line.split("\t")[1] for line in done.lines] == ["queen"]


def test_a_space_of_words_answers(vectors: Path, knnife: Knnife) -> None:
    with package.Space.open("royal.knnife") as space:
        space.add([package.Thing(word, None, vector=np.array(place)) for word, place in PLACES.items()])
    done = knnife("analogy man king woman --in royal.knnife -k 1 --json")
    assert json.loads(done.out)["word"] == "queen"


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("analogy man king", 2, "2 words were given; expected three"),
        ("analogy man king woman he", 2, "4 words were given"),
        ("analogy man king -", 2, "given with other words"),
        ("analogy man kinng woman", 1, "no word 'kinng' among the 28,721 words; perhaps 'king'"),
        ("analogy man king woman --in nowhere.vectors", 1, "nowhere.vectors"),
        ("analogy man king woman --in films.csv", 1, "films.csv"),
        ("analogy man king woman -k 0", 2, "0 is not in the range"),
    ],
)
def test_what_cannot_be_asked_is_told_in_a_line(folder: Path, knnife: Knnife, line: str, code: int, part: str) -> None:
    done = knnife(line)
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert len(done.err.splitlines()) == 1
