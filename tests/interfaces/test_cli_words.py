"""`knnife words`, what stands beside it, and `knnife add` of word vectors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import worded
from tests.interfaces.running import Knnife

from knnife import WordVectors


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with wiki.vectors and queries.txt."""
    monkeypatch.chdir(tmp_path)
    worded.write(tmp_path)
    (tmp_path / "queries.txt").write_text("king\nparis\n")
    return tmp_path


def test_what_a_file_holds_and_how_it_was_made(knnife: Knnife, here: Path) -> None:
    told = dict(line.split("\t") for line in knnife("words wiki.vectors").lines)
    assert (told["words"], told["dimensions"], told["epochs"]) == ("30", "60", "5")
    row = json.loads(knnife("words wiki.vectors --json").out)
    assert row["first words"][:2] == ["the", "of"]
    assert row["counts"] is True
    assert row["about"] == {"dim": 60, "epochs": 5, "words seen": 4_000}


def test_near_answers_each_word_or_line(knnife: Knnife, here: Path) -> None:
    rows = [json.loads(line) for line in knnife("words near wiki.vectors - -k 2 --json", input="king\nlunch\n").lines]
    assert [(row["query"], row["rank"]) for row in rows] == [("king", 1), ("king", 2), ("lunch", 1), ("lunch", 2)]
    assert rows[0]["word"] == "prince"
    assert knnife("words near wiki.vectors king --plus woman --minus man -k 1").out.split("\t")[2] == "queen\n"


def test_similar_and_odd(knnife: Knnife, here: Path) -> None:
    rows = [json.loads(line) for line in knnife("words similar wiki.vectors king queen cat --json").lines]
    assert [(row["a"], row["b"]) for row in rows] == [("king", "queen"), ("king", "cat")]
    assert rows[0]["score"] > 0.5 > rows[1]["score"]
    assert knnife("words odd wiki.vectors breakfast cat lunch dinner").lines[0].endswith("\tcat")


@pytest.mark.parametrize("target", ["out.vec", "out.bin", "out.txt.gz", "out.vectors"])
def test_convert_keeps_words_and_vectors(knnife: Knnife, here: Path, target: str) -> None:
    done = knnife(f"words convert wiki.vectors -o {target} --limit 7")
    assert done.code == 0, done.err
    assert "7 words, 60 dimensions" in done.err
    again = WordVectors.load(target)
    assert again.words == worded.wiki().words[:7]
    assert abs(again.vectors - worded.wiki().vectors[:7]).max() < 1e-5


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("words near wiki.vectors kign", 1, "no word 'kign' among the 30 words; perhaps 'king'"),
        ("words odd wiki.vectors king queen", 1, "three words or more"),
        ("words near wiki.vectors", 2, "missing argument 'WORD...'"),
        ("words nowhere.vectors", 1, "no such file or folder: nowhere.vectors"),
        ("words queries.txt", 1, "queries.txt"),
        ("words similar king", 2, "missing argument 'OTHER...'"),
        ("words near nowhere.vectors king", 1, "no such file or folder: nowhere.vectors"),
        ("words near qzxw", 1, "no word 'qzxw' among the 28,721 words; nothing is spelled like it"),
        ("words near wiki.vectors kign lnuch", 1, "no word 'kign' among the 30 words; perhaps 'king'"),
        ("add w.knnife wiki.vectors queries.txt", 2, "a space of their own, without queries.txt"),
        ("add w.knnife wiki.vectors --encoder english", 2, "without --encoder"),
    ],
)
def test_what_cannot_be_is_one_line(knnife: Knnife, here: Path, line: str, code: int, said: str) -> None:
    outcome = knnife(line)
    assert outcome.code == code
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_words_become_a_space(knnife: Knnife, here: Path) -> None:
    done = knnife("add words.knnife wiki.vectors")
    assert "30 added" in done.out
    assert "encoded" not in done.out
    assert "30 unchanged" in knnife("add words.knnife wiki.vectors").out
    assert knnife("near words.knnife --id king -k 1").out.split("\t")[2] == "prince"
    assert knnife("near words.knnife 'the city' -k 3").code == 0
    assert json.loads(knnife("get words.knnife king --json").out)["about"] == {"count": 142}
    assert str(here / "wiki.vectors") in knnife("info words.knnife").out
    few = knnife("duplicates words.knnife")
    assert "too few" in few.err
    assert "prince\tprincess" in knnife("duplicates words.knnife --threshold 0.6").out


def test_word_vectors_encode_texts_of_a_space(knnife: Knnife, here: Path) -> None:
    (here / "notes.txt").write_text("the king of france\nbreakfast and lunch\n")
    assert knnife("add notes.knnife notes.txt --encoder wiki.vectors").code == 0
    assert knnife("near notes.knnife dinner -k 1").out.endswith("breakfast and lunch\n")
    assert knnife("search notes.knnife 'the queen' -k 1").out.endswith("the king of france\n")


def test_words_do_not_mix_with_other_things(knnife: Knnife, here: Path) -> None:
    knnife("add notes.knnife queries.txt")
    refused = knnife("add notes.knnife wiki.vectors")
    assert refused.code == 1
    assert "cannot be compared" in refused.err
