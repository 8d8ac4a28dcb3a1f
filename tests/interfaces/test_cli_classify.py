"""`knnife classify`: every form of it, standard input, a head that is kept, and wrong usage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife, spawn

pytestmark = pytest.mark.usefixtures("folder")
LABELS = "--label money --label 'food: eating, cooking, recipes'"


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_by_examples_of_a_space(knnife: Knnife) -> None:
    done = knnife("classify films.knnife 'robbers plan a heist' 'lovers meet' --labels genre --json")
    assert done.code == 0, done.err
    assert [row["label"] for row in rows(done.out)] == ["crime", "drama"]
    assert {"probability", "fits", "because", "value"} < set(rows(done.out)[0])


def test_by_names_alone(knnife: Knnife) -> None:
    done = knnife(f"classify 'bake the bread' 'pay with coins' {LABELS}")
    assert [line.split("\t")[0] for line in done.lines] == ["food", "money"]


def test_descriptions_go_with_examples(knnife: Knnife) -> None:
    done = knnife(
        "classify films.knnife 'a rabbit tells jokes' --labels genre --label 'comedy: funny stories and jokes' --json"
    )
    assert rows(done.out)[0]["label"] == "comedy"


def test_standard_input_is_answered_line_by_line(knnife: Knnife) -> None:
    done = knnife(f"classify - {LABELS} --json", input="bake a cake\n\npay the rent\r\nfry an egg")
    assert [(row["label"], row["value"]) for row in rows(done.out)] == [
        ("food", "bake a cake"),
        ("money", "pay the rent"),
        ("food", "fry an egg"),
    ]


def test_texts_and_standard_input_are_answered_in_order(knnife: Knnife) -> None:
    done = knnife(f"classify soup - coins {LABELS} --json", input="bread\n")
    assert [row["value"] for row in rows(done.out)] == ["soup", "bread", "coins"]


def test_a_head_is_kept_and_used_again(knnife: Knnife) -> None:
    done = knnife("classify films.knnife --labels genre --save genre.classifier")
    assert (done.code, done.out) == (0, "")
    assert "judged without seeing their labels" in done.err
    direct = knnife("classify films.knnife 'a bank robbery' --labels genre --json")
    again = knnife("classify 'a bank robbery' --head genre.classifier --json")
    assert again.out == direct.out


def test_things_without_the_label_are_answered(knnife: Knnife) -> None:
    knnife("add films.knnife -", input="Thieves rob a bank at night.\n")
    done = knnife("classify films.knnife --labels genre --json")
    assert [(row["label"], row["value"]) for row in rows(done.out)] == [("crime", "Thieves rob a bank at night.")]


def test_where_chooses_the_examples(knnife: Knnife) -> None:
    done = knnife("classify films.knnife 'robbers plan a heist' --labels genre --where 'genre != \"crime\"' --json")
    assert done.code == 0, done.err
    assert rows(done.out)[0]["label"] != "crime"


def test_labels_that_look_wrong(knnife: Knnife) -> None:
    text = "".join(
        f"{kind}{n},{kind},{what} {n}\n" for n in range(12) for kind, what in [("a", "gold coins"), ("b", "soup")]
    )
    Path("many.csv").write_text("id,kind,text\n" + text.replace("a3,a,gold", "a3,b,gold"))
    knnife("add many.knnife many.csv --text text")
    done = knnife("classify many.knnife --labels kind --check --json")
    assert [(row["given"], row["label"], row["value"]) for row in rows(done.out)] == [("b", "a", "gold coins 3")]


@pytest.mark.parametrize(
    "line",
    [
        "classify",
        "classify films.knnife",
        "classify --label a --label b",
        "classify 'a text' --label a --label b --check",
        "classify films.knnife 'a text' --labels genre --check",
        "classify films.knnife --labels genre --encoder english",
        "classify films.knnife --labels genre --label 'crime: theft' --encoder english",
        "classify films.knnife --labels genre --none 1",
        "classify 'a text' --label a --label b --where 'year > 1990'",
    ],
)
def test_wrong_usage_is_told(knnife: Knnife, line: str) -> None:
    done = knnife(line)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("classify films.knnife --labels gender", "what is known of them: genre, watched, year"),
        ("classify films.knnife --labels plot", "has a 'plot'"),
        ("classify none.knnife --labels genre", "none.knnife"),
        ("classify 'a text' --head films.csv", "films.csv is no classifier"),
        ("classify 'a text' --head none.classifier", "there is no file none.classifier"),
        ("classify 'a text' --label a", "expected two or more"),
        ("classify points.knnife 'a text' --labels genre", "brought along"),
    ],
)
def test_what_cannot_be_done_is_one_line(knnife: Knnife, line: str, part: str) -> None:
    done = knnife(line)
    assert done.code == 1
    assert part in done.err
    assert len(done.err.splitlines()) == 1


def test_as_the_real_command() -> None:
    done = spawn("classify", "-", "--label", "money", "--label", "food", input="bread and soup\n")
    assert (done.code, done.out.split("\t")[0]) == (0, "food")


def test_what_is_not_known_is_said_once(knnife: Knnife) -> None:
    done = knnife("classify - --label 'plan a meeting' --label 'arrange a meeting' --label food", input="bread\nsoup\n")
    assert done.err.count("'plan a meeting' and 'arrange a meeting' seem to mean the same: english tells no") == 1
    assert done.err.count("how many that belong are answered none is not known") == 1
    assert not knnife(f"classify 'bake the bread' {LABELS} --none 0").err


def test_names_are_sought_among_the_things_of_a_space(knnife: Knnife) -> None:
    done = knnife("classify 'robbers plan a heist' --label crime --label comedy --among films.knnife --json")
    assert done.code == 0, done.err
    assert rows(done.out)[0]["label"] == "crime"
