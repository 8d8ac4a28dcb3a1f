"""`knnife train adapt`, from examples to a space that took the adapter over."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

from knnife import Space, Thing

WORDS = {"car": "engine wheel brake driver road garage", "sea": "wave ship salt sailor harbour tide"}
ROWS = [(f"{word} and {other}", kind) for kind, text in WORDS.items() for word in text.split() for other in "xy"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("knnife.encoders._adapted.neighbourhood.STEPS", 8)  # what is learned does not matter here
    Path("t.csv").write_text("text,kind\n" + "".join(f"{text},{kind}\n" for text, kind in ROWS))
    pairs = [(a, b) for (a, kind), (b, other) in pairwise(ROWS) if kind == other]
    Path("p.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    with Space.open("s.knnife") as space:
        space.add([Thing(text, text, {"kind": kind}) for text, kind in ROWS])


@pytest.mark.parametrize("examples", ["t.csv --label kind", "s.knnife --label kind", "p.csv --pair a --pair b"])
def test_examples_become_an_adapter_which_a_space_takes_over(knnife: Knnife, examples: str) -> None:
    done = knnife(f"train adapt {examples} -o my.adapter --anyway")
    assert (done.code, done.err) == (0, "")
    assert "my.adapter: english, adapted" in done.out
    assert "Next: knnife reencode SPACE --encoder my.adapter" in done.out
    taken = knnife("reencode s.knnife --encoder my.adapter")
    assert (taken.code, taken.err) == (0, "")
    assert "24 encoded, the view english, adapted answers now" in taken.out
    assert knnife("near s.knnife 'a wheel' -k 2").code == 0


def test_programs_get_the_figures(knnife: Knnife) -> None:
    told = json.loads(knnife("train adapt t.csv --label kind -o my.adapter --anyway --json").out)
    assert told["examples"] == len(ROWS)
    assert {"before", "after", "helps", "seconds", "output"} <= told.keys()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("t.csv --pair text -o w.adapter", "--pair is given 1 times"),
        ("t.csv -o w.adapter", "say what belongs together"),
        ("t.csv --label genre -o w.adapter", "genre"),
        ("t.csv --label kind --unlike text -o w.adapter", "--unlike goes with --pair"),
        ("s.knnife --label genre -o w.adapter", "no thing of s.knnife has anything in the field 'genre'"),
        ("s.knnife --pair a --pair b -o w.adapter", "is a space"),
        ("t.csv --label kind -o w.txt", "expected a name that ends in .adapter"),
        ("t.csv --text kind --label text -o w.adapter", "has two labels"),
    ],
)
def test_what_cannot_be_is_told_in_one_line_and_nothing_is_written(knnife: Knnife, line: str, why: str) -> None:
    failed = knnife(f"train adapt {line}")
    assert failed.code != 0
    assert why in failed.err
    assert not Path("w.adapter").exists()
