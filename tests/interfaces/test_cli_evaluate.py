"""`knnife evaluate`: what each reader of the output gets, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife

from knnife.encoders.static import StaticEncoder

TWO = "--encoders english,./model"


def test_json_is_a_line_for_each_encoder_and_the_verdict_goes_beside_it(knnife: Knnife, folder: Path) -> None:
    outcome = knnife(f"evaluate films.knnife {TWO} --title id --json")
    english, model = (json.loads(line) for line in outcome.lines)
    assert (outcome.code, english["encoder"], model["encoder"]) == (0, "english", "./model")
    assert 0 <= english["low"] <= english["title_ndcg@10"] <= english["high"] <= 1
    assert (english["things"], english["licence"], model["dim"]) == (8, "Apache-2.0", 16)
    assert model["size"] == sum(file.stat().st_size for file in Path("model").iterdir())
    verdict, *notes = outcome.err.splitlines()
    assert "title_ndcg@10 of 8 titles" in verdict
    assert "things: all 8; seed 0, similarity cosine" in notes


def test_a_pipe_gets_the_deciding_figure_and_the_costs_first(knnife: Knnife, folder: Path) -> None:
    line = f"evaluate films.csv --text plot --id title {TWO} --queries asked.csv"
    row = json.loads(knnife(f"{line} --json").lines[0])
    fields = knnife(line).lines[0].split("\t")
    named = ("ndcg@10", "low", "high", "texts_per_second", "memory", "size", "dim")
    assert fields[0] == "english"
    assert [float(field) for field in fields[1:4]] == pytest.approx([row[name] for name in named[:3]])
    assert [int(field) for field in fields[5:8]] == [row[name] for name in named[4:]]


def test_a_terminal_shows_a_column_for_each_encoder(
    knnife: Knnife, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("knnife.interfaces.cli.output.for_people", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    outcome = knnife(f"evaluate films.csv --text plot {TWO} --classes genre --title title")
    table = {line.split("  ")[0].strip(): line for line in outcome.lines}
    assert table[""].split() == ["english", "./model"]
    assert " to " in table["accuracy"]
    assert " to " not in table["title_mrr"]
    assert table["dim"].split() == ["dim", "256", "16"]
    assert "MB" in table["memory"]
    assert "classes: 2 in 6 things" in outcome.err  # a class of one has nobody to tell it by


def test_pairs_need_no_things_of_their_own(knnife: Knnife, folder: Path) -> None:
    rows = ["a heist,a robbery,4.5", "a heist,a wedding,1", "a rat,a mouse,3", "a ship,a spoon,0.5"]
    Path("alike.csv").write_text("\n".join(["a,b,score", *rows]))
    (row,) = [json.loads(line) for line in knnife("evaluate --pairs alike.csv --encoders english --json").lines]
    assert row["things"] == 7
    assert row["spearman"] > 0


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("films.knnife --encoders english,nope", 1, "no encoder 'nope'"),
        ("nothing.knnife --encoders english", 1, "there is no space nothing.knnife"),
        ("nothing.csv --encoders english", 1, "no such file or folder: nothing.csv"),
        ("films.knnife --encoders english --text plot", 2, "--text and --id go with a FILE"),
        ("--encoders english", 2, "expected a SPACE or a FILE, or --pairs"),
        ("films.knnife", 2, "missing option '--encoders'"),
        ("films.knnife --encoders ,", 1, "expected one at least"),
        ("films.knnife --encoders english --queries films.csv", 1, "films.csv has no column query, relevant"),
        ("films.knnife --encoders english --classes colour", 1, "the fields are: genre, watched, year"),
    ],
)
def test_what_cannot_be_done_is_one_line(knnife: Knnife, folder: Path, line: str, code: int, said: str) -> None:
    outcome = knnife(f"evaluate {line}")
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err
    assert outcome.err.count("\n") == 1


def test_ctrl_c_shows_what_was_complete(knnife: Knnife, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = StaticEncoder.encode

    def interrupted(self: StaticEncoder, values: Sequence[str]) -> np.ndarray:
        if self.dim == 16 and len(values) > 1:
            raise KeyboardInterrupt
        return encode(self, values)

    monkeypatch.setattr(StaticEncoder, "encode", interrupted)
    outcome = knnife(f"evaluate films.knnife {TWO} --title id --json")
    assert outcome.code == 130
    assert [json.loads(line)["encoder"] for line in outcome.lines] == ["english"]
    assert outcome.err.splitlines()[-1] == "knnife: stopped with 1 of 2 encoders to go"
