"""Training word vectors: what is drawn, what a step does, and the compiled way against the plain one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.encoders._words import training_step
from knnife.encoders._words.weights import CERTAIN, Sampler, TrainingWeights, alias_table, zeros
from knnife.encoders.word_table import WordGrams

WAYS = [training_step.plain_train_block, training_step.train_block]  # the same one twice where there is no compiler
compiled = pytest.mark.skipif(training_step.KERNEL == "none", reason="knnife was installed without a compiler")


def copied(weights: TrainingWeights) -> TrainingWeights:
    made = TrainingWeights.drawn(
        len(weights.words), weights.dim, buckets=0 if weights.ngrams is None else len(weights.ngrams)
    )
    made.words[:], made.outputs[:] = weights.words, weights.outputs
    if weights.ngrams is not None and made.ngrams is not None:
        made.ngrams[:] = weights.ngrams
    return made


def moved(a: TrainingWeights, b: TrainingWeights) -> float:
    """The greatest difference between two."""
    pairs = [(a.words, b.words), (a.outputs, b.outputs), (a.ngrams, b.ngrams)]
    return max(float(np.abs(x - y).max()) for x, y in pairs if x is not None and y is not None)


def some(n_words: int, dim: int, seed: int = 0, buckets: int = 0) -> TrainingWeights:
    """Weights that have learned something already."""
    weights = TrainingWeights.drawn(n_words, dim, buckets=buckets, seed=seed)
    random = np.random.default_rng(seed)
    for rows in (weights.words, weights.outputs, weights.ngrams):
        if rows is not None:
            rows[:, :dim] = random.normal(0, dim**-0.5, (len(rows), dim))
    return weights


def grams(n_words: int, buckets: int, seed: int = 0) -> WordGrams:
    random = np.random.default_rng(seed)
    starts = np.append(0, np.cumsum(random.integers(0, 5, n_words)))
    return WordGrams(starts, random.integers(0, buckets, starts[-1]).astype(np.int32))


def topics(n: int) -> np.ndarray:
    """Sentences of six words, each about one of two topics: the words 0 to 9 or 10 to 19."""
    random = np.random.default_rng(0)
    words = random.integers(0, 10, (n, 6)) + 10 * random.integers(0, 2, (n, 1))
    return np.append(words, np.full((n, 1), -1), axis=1).ravel().astype(np.int32)


# --- what is drawn -------------------------------------------------------------------------------------------------


def test_the_sequence_is_splitmix64() -> None:
    # the first numbers of the state 1234567, as published with the reference implementation
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    assert training_step.drawn(1234567, 0, 4).tolist() == expected
    assert training_step.drawn(1234567, 2, 2).tolist() == expected[2:]


@given(st.lists(st.floats(1e-3, 1e6), min_size=1, max_size=60))
def test_an_alias_table_gives_each_its_part(weights: list[float]) -> None:
    table = alias_table(np.array(weights))
    own = table[:, 0] / CERTAIN / len(weights)
    chances = own.copy()
    np.add.at(chances, table[:, 1], 1 / len(weights) - own)
    assert np.allclose(chances, np.array(weights) / sum(weights), atol=1e-8)


def test_negatives_come_as_often_as_their_counts_to_the_power_of_three_quarters() -> None:
    counts = np.array([1000, 100, 10, 1, 1])
    drawn = training_step.negatives(Sampler.of(counts), training_step.drawn(3, 0, 200_000))
    expected = counts**0.75 / (counts**0.75).sum()
    assert np.allclose(np.bincount(drawn) / 200_000, expected, atol=0.004)  # more than 3 standard deviations


def test_frequent_words_are_kept_less_often() -> None:
    keep = Sampler.of(np.array([9000, 999, 1]), sample=0.1).keep / CERTAIN
    assert np.allclose(keep, [(0.1 / 0.9) ** 0.5 + 0.1 / 0.9, 1, 1])
    assert (Sampler.of(np.array([9000, 1]), sample=0).keep == CERTAIN).all()


@pytest.mark.parametrize("train", WAYS)
def test_no_more_words_are_learned_from_than_are_kept(train: Any) -> None:
    sampler = replace(Sampler.of(np.ones(3, np.int64)), keep=np.array([0, CERTAIN // 2, CERTAIN], np.uint32))
    ids = np.tile(np.array([0, 1, -1], np.int32), 1000)
    weights = some(3, 4)
    before = weights.words.copy()
    train(weights, sampler, ids, 0.1, 0.1, 1)  # of each sentence one word is left at most: there are no pairs
    assert np.array_equal(weights.words, before)


# --- what a step does ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", WAYS)
def test_a_pair_moves_down_the_gradient_of_its_loss(train: Any) -> None:
    sampler = Sampler.of(np.ones(2, np.int64), sample=0, window=1, negatives=0)
    weights = some(2, 5, seed=4)
    expected = copied(weights)
    for centre, neighbour in ((0, 1), (1, 0)):  # one after the other
        x, y = expected.words[neighbour].copy(), expected.outputs[centre].copy()
        wrong = 1 - 1 / (1 + np.exp(-x @ y))
        expected.words[neighbour] += 0.1 * wrong * y
        expected.outputs[centre] += 0.1 * wrong * x
    x, y = weights.words[1].copy(), weights.outputs[0].copy()
    loss, pairs = train(weights, sampler, np.array([0, 1], np.int32), 0.1, 0.1, 0)
    assert moved(weights, expected) < 1e-6
    assert (loss, pairs) == (pytest.approx(np.log(1 + np.exp(-x @ y)), rel=1e-4), 1)  # the first word of 16 is measured


@pytest.mark.parametrize("train", WAYS)
def test_windows_end_with_the_sentence(train: Any) -> None:
    sampler = Sampler.of(np.ones(40, np.int64), sample=0, window=1, negatives=0)
    whole, cut = np.arange(33, dtype=np.int32), np.insert(np.arange(33, dtype=np.int32), [0, 16, 16, 33], -1)
    assert train(some(40, 8), sampler, whole, 0.1, 0.1, 0)[1] == 1 + 2 + 1  # around the words 0, 16 and 32
    assert train(some(40, 8), sampler, cut, 0.1, 0.1, 0)[1] == 1 + 1 + 1


@pytest.mark.parametrize("train", WAYS)
def test_a_word_without_ngrams_learns_as_if_there_were_none(train: Any) -> None:
    ids = np.random.default_rng(0).permutation(50).astype(np.int32)
    sampler = Sampler.of(np.ones(50, np.int64), sample=0)
    nothing = WordGrams(np.zeros(51, np.int64), np.zeros(0, np.int32))
    with_none, without = some(50, 8, buckets=3), some(50, 8)
    without.words[:], without.outputs[:] = with_none.words, with_none.outputs
    train(with_none, replace(sampler, grams=nothing), ids, 0.1, 0.1, 7)
    train(without, sampler, ids, 0.1, 0.1, 7)
    assert moved(with_none, replace(without, ngrams=None)) < 1e-6


def test_the_vector_of_a_word_is_the_mean_of_its_own_row_and_its_ngrams() -> None:
    weights = some(3, 4, buckets=5)
    assert weights.ngrams is not None
    found = weights.vectors(WordGrams(np.array([0, 2, 2, 3]), np.array([4, 1, 1], np.int32)))
    assert np.allclose(found[0], (weights.words[0] + weights.ngrams[4] + weights.ngrams[1])[:4] / 3)
    assert np.allclose(found[1], weights.words[1, :4])
    assert np.array_equal(weights.vectors(), weights.words[:, :4])


@pytest.mark.parametrize("cbow", [False, True])
@pytest.mark.parametrize("with_grams", [False, True])
@pytest.mark.parametrize("train", WAYS)
def test_words_of_a_topic_come_close(train: Any, cbow: bool, with_grams: bool) -> None:
    ids = topics(300 if train is training_step.plain_train_block else 3000)
    own = WordGrams(np.arange(21), np.arange(20, dtype=np.int32)) if with_grams else None
    sampler = Sampler.of(np.ones(20, np.int64), sample=0, cbow=cbow, grams=own)
    weights = TrainingWeights.drawn(20, 10, buckets=20 if with_grams else 0, seed=1)
    loss, pairs = train(weights, sampler, ids, 0.2, 0.1, 0)
    found = weights.vectors(own)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    close = found @ found.T
    assert loss / pairs < 0.9 * np.log(2)  # which is that of knowing nothing
    assert close[:10, :10].mean() > close[:10, 10:].mean() + 0.3


# --- the compiled way ----------------------------------------------------------------------------------------------


@compiled
@settings(max_examples=60)
@given(data=st.data())
def test_compiled_and_plain_training_agree(data: st.DataObject) -> None:
    n_words, dim = data.draw(st.sampled_from([1, 2, 7, 60])), data.draw(st.sampled_from([1, 3, 16, 17, 40]))
    window, negatives = data.draw(st.integers(1, 20)), data.draw(st.sampled_from([0, 1, 5, 6, 13]))
    cbow, with_grams, seed = data.draw(st.booleans()), data.draw(st.booleans()), data.draw(st.integers(0, 2**64 - 1))
    random = np.random.default_rng(seed)
    ids = np.where(random.random(150) < 0.07, -1, random.integers(0, n_words, 150)).astype(np.int32)
    ids = ids[: data.draw(st.integers(0, 150))]
    made = grams(n_words, 9, seed % 1000) if with_grams else None
    counts = random.integers(1, 100, n_words)
    sampler = Sampler.of(counts, sample=0.1, window=window, negatives=negatives, cbow=cbow, grams=made)
    before = some(n_words, dim, seed % 1000, buckets=9 if with_grams else 0)
    a, b = copied(before), copied(before)
    one, other = (train(w, sampler, ids, 0.05, 0.01, seed) for train, w in zip(WAYS, (a, b), strict=True))
    assert other[0] == pytest.approx(one[0], rel=1e-3, abs=1e-3)
    assert other[1] == one[1]
    assert moved(a, b) < 1e-4
    assert not b.words[:, dim:].any()
    assert not b.outputs[:, dim:].any()


@compiled
def test_training_moves_much_more_than_the_two_ways_differ() -> None:
    """Else the test above would say nothing."""
    before, after = some(60, 40, buckets=9), some(60, 40, buckets=9)
    sampler = Sampler.of(np.ones(60, np.int64), sample=0.1, grams=grams(60, 9))
    training_step.train_block(after, sampler, np.arange(60, dtype=np.int32), 0.05, 0.01, 0)
    assert moved(before, after) > 0.05


@compiled
def test_the_same_state_gives_the_same_bits_and_another_gives_others() -> None:
    ids = topics(100)
    sampler = Sampler.of(np.bincount(ids[ids >= 0]), sample=0.1)
    runs = [TrainingWeights.drawn(20, 100, seed=3) for _ in range(3)]
    for weights, state in zip(runs, (5, 5, 6), strict=True):
        training_step.train_block(weights, sampler, ids, 0.05, 0.01, state)
    assert runs[0].words.tobytes() == runs[1].words.tobytes()
    assert runs[0].outputs.tobytes() == runs[1].outputs.tobytes()
    assert moved(runs[0], runs[2]) > 1e-3


@compiled
def test_rows_that_begin_within_a_cache_line_serve_as_well() -> None:
    ids, sampler = topics(50), Sampler.of(np.ones(20, np.int64))
    aligned = some(20, 10)
    memory = np.zeros(2 * 20 * 16 + 3, np.float32)
    askew = TrainingWeights(memory[3 : 3 + 320].reshape(20, 16), memory[3 + 320 :].reshape(20, 16), None, 10)
    askew.words[:], askew.outputs[:] = aligned.words, aligned.outputs
    for weights in (aligned, askew):
        training_step.train_block(weights, sampler, ids, 0.05, 0.01, 0)
    assert moved(aligned, askew) == 0


@compiled
def test_threads_share_the_weights() -> None:
    ids = topics(3000)
    sampler = Sampler.of(np.ones(20, np.int64), sample=0)
    alone, shared = TrainingWeights.drawn(20, 50), TrainingWeights.drawn(20, 50)
    one = [training_step.train_block(alone, sampler, ids, 0.05, 0.05, state) for state in range(8)]
    with ThreadPoolExecutor(2) as pool:
        two = [*pool.map(lambda state: training_step.train_block(shared, sampler, ids, 0.05, 0.05, state), range(8))]
    assert np.isfinite(shared.words).all()
    assert two[-1][0] / two[-1][1] == pytest.approx(one[-1][0] / one[-1][1], rel=0.1)


# --- what must not happen ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("train", WAYS)
@pytest.mark.parametrize("wrong", [3, -2, 2**31 - 1, -(2**31)])
def test_an_id_that_is_no_word_is_refused(train: Any, wrong: int) -> None:
    with pytest.raises(ValueError, match="id"):
        train(some(3, 4), Sampler.of(np.ones(3, np.int64)), np.array([0, 1, wrong], np.int32), 0.1, 0.1, 0)


@pytest.mark.parametrize("train", WAYS)
def test_nothing_to_learn_from_is_nothing_learned(train: Any) -> None:
    weights, sampler = some(3, 4), Sampler.of(np.ones(3, np.int64))
    for ids in ([], [-1], [-1, -1], [2]):
        assert train(weights, sampler, np.array(ids, np.int32), 0.1, 0.1, 0) == (0, 0)
    assert moved(weights, some(3, 4)) == 0


GOOD = WordGrams(np.array([0, 1, 2, 2]), np.array([0, 4], np.int32))


@compiled
@pytest.mark.parametrize(
    "broken",
    [
        {"dim": 17},
        {"dim": 0},
        {"words": zeros(4, 4)},
        {"outputs": zeros(2, 4)},
        {"outputs": zeros(3, 20)},
        {"ngrams": zeros(4, 4)},
        {"keep": np.zeros(4, np.uint32)},
        {"aliases": np.zeros((2, 2), np.uint32)},
        {"window": 0},
        {"negatives": -1},
        {"grams": GOOD._replace(starts=np.array([0, 1, 2]))},
        {"grams": GOOD._replace(starts=np.array([1, 1, 2, 2]))},
        {"grams": GOOD._replace(starts=np.array([0, 3, 2, 2]))},
        {"grams": GOOD._replace(starts=np.array([0, 1, 2, 3]))},
        {"grams": GOOD._replace(rows=np.array([0, 5], np.int32))},
        {"grams": GOOD._replace(rows=np.array([0, -1], np.int32))},
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(broken: dict[str, Any]) -> None:
    weights, sampler = some(3, 4, buckets=5), Sampler.of(np.ones(3, np.int64), grams=GOOD)
    ids = np.array([0, 1, 2], np.int32)
    training_step.train_block(weights, sampler, ids, 0.1, 0.1, 0)
    weights = replace(weights, **{name: value for name, value in broken.items() if hasattr(weights, name)})
    sampler = replace(sampler, **{name: value for name, value in broken.items() if hasattr(sampler, name)})
    with pytest.raises(ValueError, match="do not fit together"):
        training_step.train_block(weights, sampler, ids, 0.1, 0.1, 0)


@compiled
def test_negatives_that_are_no_words_are_passed_over() -> None:
    sampler = replace(Sampler.of(np.ones(3, np.int64)), aliases=np.full((3, 2), [0, 2**32 - 1], np.uint32))
    weights = some(3, 4)
    training_step.train_block(weights, sampler, np.array([0, 1, 2], np.int32), 0.1, 0.1, 0)
    assert np.isfinite(weights.outputs).all()


def test_without_a_compiler_the_plain_way_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_step, "KERNEL", "none")
    a, b, ids, sampler = some(20, 5), some(20, 5), topics(10), Sampler.of(np.ones(20, np.int64))
    assert training_step.train_block(a, sampler, ids, 0.1, 0.1, 0) == training_step.plain_train_block(
        b, sampler, ids, 0.1, 0.1, 0
    )
    assert moved(a, b) == 0
