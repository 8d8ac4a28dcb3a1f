"""`knnife clusters`: the clusters, or each thing with its own; a space and a file of vectors."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife
from tests.interfaces.test_cli_terminal import bare, on_terminal

import knnife as package

SEA = "ship harbour sailor waves anchor storm sail deck captain tide coast boat"


@pytest.fixture
def space(folder: Path) -> Path:
    random = np.random.default_rng(0)
    subjects = {
        "sea": SEA,
        "food": "bread kitchen butter oven recipe salt flour cook pepper soup cheese bake",
    }
    path = folder / "subjects.knnife"
    with package.Space.open(path) as space:
        for subject, words in subjects.items():
            texts = [" ".join(random.permutation(words.split())[:5]) for _ in range(40)]
            space.add([{"id": f"{subject}-{i}", "text": text, "n": i} for i, text in enumerate(texts)])
    return path


def test_a_pipe_gets_a_line_for_each_cluster(knnife: Knnife, space: Path) -> None:
    outcome = knnife("clusters subjects.knnife")
    assert (outcome.code, outcome.err) == (0, "")
    fields = [line.split("\t") for line in outcome.lines]
    assert [(each[0], each[1]) for each in fields] == [("0", "40"), ("1", "40")]
    assert set(fields[0][-1].split(", ")) <= set(SEA.split())


def test_json_has_every_figure(knnife: Knnife, space: Path) -> None:
    rows = [json.loads(line) for line in knnife("clusters subjects.knnife --json").lines]
    assert set(rows[0]) == {"cluster", "size", "name", "words", "central", "cohesion", "stability"}
    assert all(id.startswith("sea-") for id in rows[0]["central"])
    assert 0 < rows[0]["stability"] <= 1


def test_each_thing_is_listed_with_its_cluster(knnife: Knnife, space: Path) -> None:
    rows = [json.loads(line) for line in knnife("clusters subjects.knnife --things --json").lines]
    assert [row["cluster"] for row in rows] == [0] * 40 + [1] * 40
    assert rows[0]["id"] == "sea-0"
    assert len(knnife("clusters subjects.knnife --things").lines) == 80


def test_a_filter_a_number_and_vectors_alone(knnife: Knnife, space: Path) -> None:
    assert knnife("clusters subjects.knnife --where 'n < 20'").lines[0].split("\t")[1] == "20"
    assert len(knnife("clusters subjects.knnife --about 1").lines) == 1
    np.save(space.parent / "v.npy", np.repeat(np.eye(3), 20, axis=0))
    assert [line.split("\t")[1] for line in knnife("clusters v.npy").lines] == ["20", "20", "20"]


def test_few_things_are_one_cluster(knnife: Knnife, folder: Path) -> None:
    assert [line.split("\t")[:2] for line in knnife("clusters films.knnife").lines] == [["0", "8"]]


@pytest.mark.parametrize(
    ("command", "code", "part"),
    [
        ("clusters films.knnife --about 9", 1, "things are in clusters"),
        ("clusters nothing.knnife", 1, "nothing.knnife"),
        ("clusters films.knnife --about 0", 2, "about"),
        ("clusters v.npy --where 'n > 1'", 2, "for spaces"),
    ],
)
def test_what_cannot_be_done_is_one_line(knnife: Knnife, folder: Path, command: str, code: int, part: str) -> None:
    np.save(folder / "v.npy", np.eye(3))
    outcome = knnife(command)
    assert outcome.code == code
    assert part in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_people_get_a_summary(space: Path) -> None:
    shown = bare(on_terminal("clusters", str(space)))
    assert "80 things in 2 clusters; 0 in none" in shown
