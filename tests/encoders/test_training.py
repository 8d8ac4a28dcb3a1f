"""Training word vectors on corpora whose answer is known."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import knnife
from knnife import BadInput
from knnife.encoders import word_table
from knnife.encoders._words import training, training_loop
from knnife.encoders._words.training import train
from knnife.geometry import Vectors

ANIMALS = ["cat", "dog", "cow", "hen", "pig", "fox"]
WHEELS = ["car", "bus", "van", "cab", "tram", "lorry"]


def two_topics(sentences: int = 1500, seed: int = 0) -> list[str]:
    """Sentences of animals and sentences of vehicles, never both."""
    draw = random.Random(seed)
    return [" ".join(draw.choices(draw.choice([ANIMALS, WHEELS]), k=10)) for _ in range(sentences)]


def apart(words: list[str], vectors: Vectors) -> float:
    """By how much words of one topic are more similar than words of two, in the worst case."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    first, second = ([words.index(word) for word in topic] for topic in (ANIMALS, WHEELS))
    similar = unit @ unit.T
    within = min(similar[np.ix_(topic, topic)].min() for topic in (first, second))
    return float(within - similar[np.ix_(first, second)].max())


@pytest.mark.parametrize(
    "settings",
    [{}, {"cbow": True}, {"threads": 3}, {"subwords": (3, 6), "buckets": 2000}, {"negatives": 15, "window": 2}],
    ids=str,
)
def test_words_that_are_used_alike_come_to_lie_near_each_other(settings: dict[str, Any]) -> None:
    table = train(two_topics(), **{"dim": 16, "epochs": 20, "sample": 0, "threads": 1, **settings}).table
    assert sorted(table.words) == sorted([*ANIMALS, *WHEELS])
    assert table.vectors.shape == (12, 16)
    assert table.vectors.dtype == np.float32
    assert apart(table.words, table.vectors) > 0.3


def test_the_same_seed_gives_the_same_vectors_with_one_thread() -> None:
    def vectors(**settings: Any) -> Vectors:
        return train(two_topics(300), dim=8, threads=1, **settings).table.vectors

    assert np.array_equal(vectors(), vectors())
    assert np.array_equal(vectors(seed=3, cbow=True), vectors(seed=3, cbow=True))
    assert not np.array_equal(vectors(), vectors(seed=1))


def test_how_the_vectors_were_made_is_told_as_plain_json() -> None:
    trained = train(two_topics(400), dim=8, epochs=4, window=3, threads=1)
    about = json.loads(json.dumps(trained.about))
    assert about == trained.about
    assert (about["dim"], about["epochs"], about["window"], about["seed"]) == (8, 4, 3, 0)
    assert about["corpus words"] == 4000 == trained.table.counts.sum()  # type: ignore[union-attr]
    assert about["done"] == 1
    assert len(about["loss"]) == 4
    assert about["loss"][-1] < about["loss"][0]


def test_progress_is_told_of_reading_and_training() -> None:
    told: list[tuple[str, int, float | None, float | None]] = []
    train(two_topics(400), dim=8, epochs=3, progress=lambda *step: told.append(step))
    doings = [step[0] for step in told]
    assert doings == sorted(doings)  # reading, then training
    assert {*doings} == {"reading", "training"}
    assert all(step[3] is None for step in told if step[0] == "reading")
    last = told[-1]
    assert last[1] == pytest.approx(3 * 4400, rel=0.01)  # with the gaps between sentences
    assert last[2] == 1
    assert last[3] is not None
    assert 0 < last[3] < 1


def test_a_misspelled_word_lies_near_the_right_one_by_its_subwords() -> None:
    draw = random.Random(0)
    topics = [["elephants", "zebras", "antelopes"], ["carburettor", "gearbox", "exhaust"]]
    texts = [" ".join(draw.choices(draw.choice(topics), k=8)) for _ in range(1200)]
    vectors = knnife.WordVectors.train(texts, dim=16, epochs=20, sample=0, subwords=(3, 5), buckets=5000, threads=1)
    assert "elefants" not in vectors
    assert vectors.similarity("elefants", "elephants") > 0.8
    assert vectors.similarity("elefants", "zebras") > vectors.similarity("elefants", "gearbox") + 0.3
    assert vectors.near(vectors.vector("carburetor"), k=1).words[0][0] in topics[1]


def test_ngrams_have_the_rows_that_fasttext_gives_them() -> None:
    def row(ngram: str, buckets: int) -> int:
        value = 2166136261
        for byte in ngram.encode():
            value = ((value ^ ((byte - 256 if byte > 127 else byte) & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
        return value % buckets

    words = ["where", "a", "größe", "日本語", "😀x", "é"]
    for shortest, longest in ((3, 6), (1, 2), (2, 2)):
        grams = word_table.ngrams_of(words, shortest, longest, 1999)
        for number, word in enumerate(words):
            whole = f"<{word}>"
            pieces = [
                whole[start : start + n] for start in range(len(whole)) for n in range(shortest, longest + 1)
                if start + n <= len(whole) and whole[start : start + n] not in "<>"
            ]  # fmt: skip
            found = grams.rows[grams.starts[number] : grams.starts[number + 1]]
            assert found.tolist() == [row(piece, 1999) for piece in pieces]


def test_items_of_the_same_people_come_to_lie_near_each_other() -> None:
    draw = random.Random(0)
    tastes = [[f"jazz {n}" for n in range(50)], [f"punk {n}" for n in range(50)]]
    playlists = [draw.sample(draw.choice(tastes), 8) for _ in range(1500)]
    vectors = knnife.WordVectors.train(playlists, dim=4, window=8, epochs=40, sample=0, threads=1)
    for question, near in zip(["jazz 3", "punk 7"], vectors.near(["jazz 3", "punk 7"], k=20).words, strict=True):
        assert all(word.startswith(question[:4]) for word in near)


def test_rows_of_a_table_are_grouped_to_sequences() -> None:
    draw = random.Random(0)
    rows = [{"who": who, "what": f"{'ab'[who % 2]}{draw.randrange(6)}"} for _ in range(60) for who in range(40)]
    vectors = knnife.WordVectors.train(rows, items="what", by="who", dim=8, epochs=40, rate=0.1, sample=0, threads=1)
    assert len(vectors) == 12
    assert {word[0] for word in vectors.near("a1", k=5).words[0]} == {"a"}


def test_phrases_have_vectors_of_their_own() -> None:
    draw = random.Random(0)
    texts = [" ".join([*draw.choices(ANIMALS, k=3), "new york", *draw.choices(WHEELS, k=3)]) for _ in range(300)]
    assert "new_york" in train(texts, dim=8, phrases=1, phrase_score=5).table.words
    assert "new_york" not in train(texts, dim=8).table.words


@pytest.mark.parametrize(
    ("texts", "settings", "said"),
    [
        ([], {}, "the corpus holds no words"),
        (["", " ... "], {}, "the corpus holds no words"),
        (["one one one one one"], {}, "one word only, 'one' \\(5 times\\)"),
        (["a b b c c c"], {}, "0 of the 3 different words came 5 times or more.*6 words.*min_count.* to 2 or less"),
        (["a b b c c c"], {"min_count": 3}, "1 of the 3 different words came 3 times"),
        (["a b"], {"dim": 0}, "dim=0: expected a whole number from 1"),
        (["a b"], {"dim": 2.0}, "dim=2.0: expected a whole number"),
        (["a b"], {"epochs": 0}, "epochs=0"),
        (["a b"], {"max_words": 1}, "max_words=1: expected a whole number from 2"),
        (["a b"], {"dim": True}, "dim=True: expected a whole number"),
        (["a b"], {"vector_size": 9}, "unknown setting 'vector_size': expected one of dim, window"),
        (["a b"], {"epoch": 9}, r"unknown setting 'epoch' \(perhaps epochs\)"),
        (["a b"] * 9, {"checkpoint": "."}, ". is a folder: expected the name of a file for the checkpoint"),
        (["a b"], {"sample": float("nan")}, "sample=nan"),
        (["a b"], {"rate": 0}, "rate=0: expected a number above 0"),
        (["a b"], {"subwords": (6, 3)}, r"subwords=\(6, 3\): expected None, or the shortest"),
        (["a b"], {"subwords": True}, "subwords=True"),
        (["a b"], {"threads": 0}, "threads=0"),
        (["a b"], {"split": "lines"}, "split='lines'"),
        ([{"a": 1}], {"items": "a"}, "items= names .* and by= .*: expected both"),
        ([{"a": 1}], {"items": "a", "by": "b", "split": "spaces"}, "leave out text= and split="),
    ],
    ids=str,
)
def test_what_cannot_be_trained_on_is_told_with_what_to_do(texts: Any, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        train(texts, **settings)


def test_nothing_is_left_behind_where_training_fails(tmp_path: Path) -> None:
    with pytest.raises(BadInput):
        train(["a b c"], checkpoint=tmp_path / "x.checkpoint")
    assert not list(tmp_path.iterdir())


def test_vectors_that_memory_cannot_hold_are_told_with_their_size(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr("knnife.encoders._words.weights.TrainingWeights.drawn", too_large)
    with pytest.raises(BadInput, match=r"12 words and 2,000,000 buckets of 1,000 .* take 8.0 GB.*lower dim"):
        train(two_topics(300), dim=1000, subwords=(3, 6), buckets=2_000_000)


def test_whole_numbers_of_numpy_are_taken_too() -> None:
    about = train(two_topics(50), dim=np.int64(4), max_words=np.int32(9), epochs=1).about
    assert json.loads(json.dumps(about))["dim"] == 4


def test_each_epoch_goes_through_all_blocks_from_two_places_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[Any, ...]] = []

    def noted(weights: Any, sampler: Any, ids: Any, rate_from: float, rate_to: float, state: int) -> tuple[float, int]:
        seen.append((ids.tobytes(), rate_from, rate_to))
        return 1.0, 1

    monkeypatch.setattr("knnife.encoders._words.training_loop.train_block", noted)
    train([" ".join(map(str, range(n, n + 50))) for n in range(400)], dim=4, epochs=2, threads=1, min_count=1)
    half = len(seen) // 2
    first, second = ([ids for ids, *_ in seen[part]] for part in (slice(half), slice(half, None)))
    assert len(set(first)) == half > 10
    assert first == second
    rates = [rate for _, *both in seen for rate in both]

    monkeypatch.setattr(training_loop, "PLACES", 1)
    training_loop._order.cache_clear()
    seen.clear()
    train([" ".join(map(str, range(n, n + 50))) for n in range(400)], dim=4, epochs=1, threads=1, min_count=1)
    training_loop._order.cache_clear()
    plain, middle = [ids for ids, *_ in seen], -(-half // 2)
    assert first == [plain[place] for place in sorted(range(half), key=lambda place: (place % middle, place))]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] == 0.05
    assert rates[-1] == pytest.approx(0.05 * 1e-4)


def test_who_has_no_compiled_code_is_told_that_it_will_take_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "KERNEL", "none")
    monkeypatch.setattr(training, "LONG", 1000)
    with pytest.warns(UserWarning, match="without its compiled code"):
        train(two_topics(300), dim=4, epochs=1)


def test_a_fault_within_a_thread_ends_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def fails(*_: Any) -> tuple[float, int]:
        calls.append(1)
        raise ValueError("an id is no word")

    monkeypatch.setattr("knnife.encoders._words.training_loop.train_block", fails)
    with pytest.raises(ValueError, match="an id is no word"):
        train(two_topics(2000), dim=8, threads=2)
    assert len(calls) <= 2
