"""What the words of texts add to their vectors: told by the examples, against slow oracles, kept in the file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

from knnife import BadInput, Classifier, load_encoder
from knnife.space import Sample, sample
from knnife.tools._classify.class_words import ClassWords, Heard, words_of

TEXTS = ["I lost my card", "where is my card?", "change the PIN", "the pin is wrong", "Pay 20 euros", "pay him, please"]
CODES = np.array([0, 0, 1, 1, 2, 2])
TELLING = (
    ("heron", "violin", "granite"),
    ("otter", "cello", "lemon"),
    ("badger", "marble", "plum"),
    ("trumpet", "basalt", "cherry"),
)
FILLER = [*words_of("the report of last week says that people in town were glad about what they saw there")]


def told_by_a_word(count: int, seed: int) -> tuple[Sample, np.ndarray]:
    """Texts of 30 words by chance, and one among them that tells the class; what it means does not."""
    random = np.random.default_rng(seed)
    codes = np.arange(count) % len(TELLING)
    texts = []
    for code in codes:
        words = [*random.choice(FILLER, 30), random.choice(TELLING[code])]
        texts.append(" ".join(random.permutation(words)))
    return sample(texts, encoder="english"), codes


def slowly(words: ClassWords, of_class: list[set[str]], text: str) -> list[float]:
    """How much a text sounds like each class, word by word."""
    encoder = load_encoder("english")

    def place(word: str) -> np.ndarray:
        vector = encoder.encode([word])[0]
        away = vector / np.linalg.norm(vector) - words.centre
        return away / np.linalg.norm(away)

    total, weight = np.zeros(len(of_class)), 0.0
    for word in set(words_of(text)):
        best = [max((max(float(place(word) @ place(each)), 0.0) for each in known), default=0) for known in of_class]
        tells = -np.log(min(max(np.mean(best), 1e-3), 1))
        total, weight = total + tells * np.array(best), weight + tells
    return list(total / weight)


def test_a_text_sounds_like_a_class_as_its_words_are_near_to_those_of_the_class() -> None:
    heard = Heard.of(TEXTS, CODES, 4)
    assert heard is not None
    of_class = [{word for text, own in zip(TEXTS, CODES, strict=True) if own == code for word in words_of(text)}
                for code in range(4)]  # fmt: skip
    asked = ["my Card is lost", "zebras? 20", "pay"]
    found = heard.wording.sounds([*asked, "?!"])
    for text, row in zip(asked, found, strict=False):
        np.testing.assert_allclose(row, slowly(heard.wording, of_class, text), atol=1e-4)
    assert not found[-1].any()  # no words
    assert not found[:, 3].any()  # nobody knows how that class sounds


def test_left_out_is_what_is_said_without_the_text_and_its_copies() -> None:
    texts, codes = [*TEXTS, "i LOST my card!"], np.append(CODES, 0)
    heard = Heard.of(texts, codes, 3)
    assert heard is not None
    found = heard.left_out(np.array([0, 1, 5]))
    for row, others in (0, [[1], [2, 3], [4, 5]]), (1, [[0, 6], [2, 3], [4, 5]]), (5, [[0, 1, 6], [2, 3], [4]]):
        of_class = [{word for place in places for word in words_of(texts[place])} for places in others]
        expected = slowly(heard.wording, of_class, texts[row])
        np.testing.assert_allclose(found[[0, 1, 5].index(row)], expected, atol=1e-4)


def test_one_word_that_tells_is_heard_where_vectors_blur_it() -> None:
    things, codes = told_by_a_word(48, seed=0)
    asked, right = told_by_a_word(400, seed=1)
    head = Classifier.fit(things, codes, names=False)
    assert head.worded is not None
    by_words = (head.predict_proba(asked).argmax(axis=1) == right).mean()
    by_vectors = (head.predict_proba(asked.vectors).argmax(axis=1) == right).mean()
    assert by_words > max(0.9, by_vectors + 0.05)
    assert head.measured is not None
    assert head.measured.accuracy == pytest.approx(by_words, abs=0.1)


def test_words_that_tell_nothing_are_left_alone() -> None:
    things, codes = told_by_a_word(80, seed=0)
    left = 0
    for seed in range(5):
        head = Classifier.fit(things, np.random.default_rng(seed).permutation(codes), names=False)
        chances = head.predict_proba(things)
        left += head.worded is None
        assert head.worded is not None or np.array_equal(chances, head.predict_proba(things.vectors))
    assert left >= 3


def test_vectors_are_answered_as_if_there_were_no_words() -> None:
    things, codes = told_by_a_word(48, seed=0)
    with_words, without = Classifier.fit(things, codes, names=False), Classifier.fit(things.vectors, codes)
    assert (with_words.worded is not None, without.worded) == (True, None)
    asked = told_by_a_word(40, seed=1)[0]
    assert np.array_equal(with_words.predict_proba(asked.vectors), without.predict_proba(asked))


def test_words_come_back_from_a_file(tmp_path: Path) -> None:
    things, codes = told_by_a_word(48, seed=0)
    asked = told_by_a_word(40, seed=1)[0]
    head = Classifier.fit(things, codes, names=False)
    head.save(tmp_path / "head")
    again = Classifier.load(tmp_path / "head")
    assert np.array_equal(again.predict_proba(asked), head.predict_proba(asked))
    with safe_open(tmp_path / "head", framework="numpy") as file:
        tensors, metadata = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    about = json.loads(metadata["about"])

    def written(more: dict, **other: np.ndarray) -> Path:
        save_file({**tensors, **other}, tmp_path / "other", {**metadata, "about": json.dumps({**about, **more})})
        return tmp_path / "other"

    with pytest.raises(BadInput, match="another English model"):
        Classifier.load(written({"words_model": "other"}))
    for name, spoilt in {
        "words": tensors["words"][:, 1:].copy(),
        "words_owners": tensors["words_owners"][::-1].copy(),
        "words_places": tensors["words_places"] + len(about["words"]),
    }.items():
        with pytest.raises(BadInput, match=name):
            Classifier.load(written({}, **{name: spoilt}))
    with pytest.raises(BadInput, match="words"):
        Classifier.load(written({"words": about["words"][:1] * len(about["words"])}))
