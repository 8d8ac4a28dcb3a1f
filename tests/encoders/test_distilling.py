"""Distilling: a student learns what its teacher says, goes on where it was stopped, and refuses what is no use."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

import knnife
from knnife.geometry import Vectors

WORDS = [
    a + b + c for a in ("ka", "lo", "mi", "nu", "sä") for b in ("ra", "te", "vo", "ßi") for c in ("n", "s", "l", "m")
]
RUSSIAN = [a + b for a in ("кот", "дом", "лес", "мор", "пол") for b in ("ик", "ой", "ами", "ый", "еньк", "ов")]
JAPANESE = [a + b for a in ("ねこ", "いぬ", "とり", "さかな") for b in ("が", "を", "は", "に")]


class Sums:
    """A teacher whose vector of a text is the sum of vectors of its words."""

    kind, name, dim, fingerprint = "text", "sums", 16, "sums-1"

    def __init__(self, words: list[str], between: str = " ", fails_after: int = 10**9) -> None:
        rng = np.random.default_rng(5)
        vectors = rng.normal(size=(len(words), self.dim))
        self._of = dict(zip(words, vectors - vectors.mean(axis=0), strict=True))  # what all share, a student leaves out
        self._between, self.left, self.asked = between, fails_after, 0

    def encode(self, values: Sequence[str]) -> Vectors:
        self.asked += len(values)
        self.left -= len(values)
        if self.left < 0:
            raise KeyboardInterrupt
        sums = np.full((len(values), self.dim), 1e-3, np.float32)
        for row, text in zip(sums, values, strict=True):
            for word, vector in self._of.items():
                row += text.split().count(word) * vector if self._between else text.count(word) * vector
        return sums


def drawn(words: list[str], n: int, between: str = " ") -> list[str]:
    rng = random.Random(3)
    return [between.join(rng.choices(words, k=rng.randint(3, 8))) for _ in range(n)]


@pytest.mark.parametrize("words", [WORDS, RUSSIAN])
def test_a_teacher_that_sums_up_words_is_recovered(words: list[str], tmp_path: Path) -> None:
    made = knnife.distil(Sums(words), drawn(words, 1200), tmp_path / "quick", dim=16, texts=1200, tokens=300)
    assert made.correlation > 0.95
    assert made.neighbours > 0.5
    again = knnife.load_encoder(tmp_path / "quick")
    assert again.fingerprint == made.encoder.fingerprint
    assert not (tmp_path / "quick.part").exists()
    assert "sums" in (tmp_path / "quick" / "README.md").read_text()


def test_no_word_of_known_letters_is_unknown_and_scripts_without_spaces_are_read(tmp_path: Path) -> None:
    made = knnife.distil(
        Sums(JAPANESE, ""), drawn(JAPANESE, 1500, ""), tmp_path / "quick", dim=8, texts=1500, tokens=400
    )
    assert made.correlation > 0.7
    assert np.abs(made.encoder.encode(["にはをがさねい"])).sum() > 0


def test_who_was_stopped_goes_on_to_the_same_model(tmp_path: Path) -> None:
    texts = drawn(WORDS, 1200)

    def train(teacher: Sums, name: str) -> knnife.Encoder:
        return knnife.distil(teacher, texts, tmp_path / name, dim=8, texts=1200, tokens=200).encoder

    whole = Sums(WORDS)
    first = train(whole, "whole")
    with pytest.raises(KeyboardInterrupt):
        train(Sums(WORDS, fails_after=1100), "stopped")
    assert [*(tmp_path / "stopped.part").iterdir()]
    rest = Sums(WORDS)
    assert train(rest, "stopped").fingerprint == first.fingerprint
    assert rest.asked < whole.asked


def test_another_seed_is_another_model(tmp_path: Path) -> None:
    texts = drawn(WORDS, 400)
    made = [
        knnife.distil(
            Sums(WORDS), texts, tmp_path / f"{n}", dim=8, texts=400, tokens=200, seed=seed
        ).encoder.fingerprint
        for n, seed in enumerate([0, 0, 1])
    ]
    assert made[0] == made[1] != made[2]


class Pictures(Sums):
    kind = "image"


@pytest.mark.parametrize(
    ("teacher", "texts", "settings", "told"),
    [
        (Sums, [], {}, "0 different sentences"),
        (Sums, ["one text alone"], {}, "1 different sentences"),
        (Sums, ["the same"] * 500, {}, "1 different sentences"),
        (Sums, "corpus.txt", {}, "pathlib.Path"),
        (Sums, 5, {}, "got int"),
        (Sums, [5], {}, "got int"),
        (Pictures, ["a"], {}, "only an encoder of texts"),
        (Sums, ["a"], {"dim": 17}, "expected 1 to 16"),
        (Sums, ["a"], {"dim": 0}, "expected 1 to 16"),
        (Sums, ["a"], {"tokens": 5}, "tokens=5"),
        (Sums, ["a"], {"texts": 5}, "texts=5"),
    ],
)
def test_what_is_no_use_is_refused(
    teacher: Callable[[list[str]], Sums], texts: object, settings: dict[str, int], told: str, tmp_path: Path
) -> None:
    with pytest.raises(knnife.BadInput, match=told):
        knnife.distil(teacher(WORDS), texts, tmp_path / "quick", **{"dim": 8, **settings})  # type: ignore[arg-type]
    assert not (tmp_path / "quick").exists()


def test_a_folder_that_is_something_else_stays(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(knnife.BadInput, match="no distilled model"):
        knnife.distil(Sums(WORDS), drawn(WORDS, 300), tmp_path, dim=8)
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_table_of_texts_is_a_corpus(tmp_path: Path) -> None:
    table = tmp_path / "texts.jsonl"
    table.write_text("".join(json.dumps({"body": text}) + "\n" for text in drawn(WORDS, 300)))
    made = knnife.distil(Sums(WORDS), table, tmp_path / "quick", text="body", dim=8, texts=300, tokens=200)
    assert made.texts > 150
