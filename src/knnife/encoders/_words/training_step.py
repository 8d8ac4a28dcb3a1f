"""One step of training over a piece of the corpus: compiled where it can be (`_word2vec.c`), and its twin in NumPy.

The twin is there to be read and to test against, and serves where there was no compiler; C is some hundred times
faster. Skip-gram with negative sampling (Mikolov et al., 2013b): the vector of a neighbour is moved towards that of the
word it stands beside, and away from those of `negatives` words drawn at random; those move likewise. All neighbours of
a word share its negatives (Ji et al., 2016), so a step is a product of two small matrices. CBOW (Mikolov et al., 2013a)
does so with the mean of the neighbours, and moves each of them as the mean should move. With n-grams (Bojanowski et
al., 2017) the vector of a neighbour is the mean of its own row and those of its n-grams: it is computed when a word
enters the window, and what it learned is added to all of them when the word leaves it.

All random numbers are one sequence, read by position: one number for each id (is the word passed over?), then for each
word that stays one (the width of its window) and one for each negative.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._words.weights import Sampler, TrainingWeights, mean_row
from knnife.geometry import Vectors

try:
    from knnife import _word2vec
except ImportError:  # installed where there was no compiler
    KERNEL = "none"
else:
    KERNEL = f"compiled; instructions: {_word2vec.INSTRUCTIONS}"

INPUTS: Final = 16  # neighbours, and
OUTPUTS: Final = 6  # the word itself and negatives, of one step; more of them make several steps, one after the other
MEASURED: Final = 16  # the loss is measured for every 16th word
STEEPEST: Final = np.float32(30)  # beyond that e ** x need not be told from 0

Numbers = NDArray[np.uint64]


def train_block(
    weights: TrainingWeights, sampler: Sampler, ids: NDArray[np.int32], rate_from: float, rate_to: float, state: int
) -> tuple[float, int]:
    """Learns from the words `ids` (n,), with -1 between sentences, and changes `weights`.

    The learning rate goes evenly from `rate_from` to `rate_to`. `state` (64 bits) is the seed of the block. Threads may
    share the weights. Returns the summed loss (negative log likelihood) of the pairs it was measured for, and their
    number. Raises ValueError where an id is no row of `weights`, or the arrays do not fit together.
    """
    if KERNEL == "none":
        return plain_train_block(weights, sampler, ids, rate_from, rate_to, state)
    ngrams = (weights.ngrams, *sampler.grams) if weights.ngrams is not None and sampler.grams is not None else None
    return _word2vec.train_block(
        (weights.words, weights.outputs, ngrams),
        (sampler.keep, sampler.aliases),
        (weights.dim, sampler.window, sampler.negatives, sampler.cbow),
        ids,
        (rate_from, rate_to),
        state,
    )


def plain_train_block(
    weights: TrainingWeights, sampler: Sampler, ids: NDArray[np.int32], rate_from: float, rate_to: float, state: int
) -> tuple[float, int]:
    """`train_block` without a compiler."""
    if len(ids) and not -1 <= ids.min() <= ids.max() < len(weights.words):
        raise ValueError(f"ids reach from {ids.min()} to {ids.max()}; -1 to {len(weights.words) - 1} are possible")
    is_kept = (ids >= 0) & (drawn(state, 0, len(ids)) >> np.uint64(32) <= sampler.keep[ids])
    words = ids[is_kept]
    sentence = np.cumsum(ids < 0)[is_kept]
    draws = drawn(state, len(ids), len(words) * (1 + sampler.negatives)).reshape(len(words), 1 + sampler.negatives)
    loss, pairs = 0.0, 0
    for centres in np.split(np.arange(len(words)), np.flatnonzero(np.diff(sentence)) + 1):
        near = WindowRows(weights, sampler, words, centres)
        for centre in centres:
            reach = 1 + _below(sampler.window, draws[centre, :1])[0]
            outputs = np.append(words[centre], negatives(sampler, draws[centre, 1:]))
            rate = np.float32(rate_from + (rate_to - rate_from) * centre / len(words))
            measured = _learn(weights, sampler.cbow, near.within(centre, reach), outputs, rate)
            if centre % MEASURED == 0:
                loss, pairs = loss + sum(map(np.sum, measured)), pairs + sum(map(np.size, measured))
            near.passed(centre)
        near.passed_all()
    return float(loss), int(pairs)


def drawn(state: int, first: int, n: int) -> Numbers:
    """Numbers first, first + 1, ... of the sequence that `state` begins: SplitMix64 (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        z = np.uint64(state) + np.arange(first + 1, first + n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def _below(n: int, numbers: Numbers) -> NDArray[np.intp]:
    """The high 32 bits of each, scaled to 0 .. n - 1."""
    return ((numbers >> np.uint64(32)) * np.uint64(n) >> np.uint64(32)).astype(np.intp)


def negatives(sampler: Sampler, numbers: Numbers) -> NDArray[np.intp]:
    """A word for each number: the high bits say the row of the table, the low ones whether it stands for itself."""
    rows = _below(len(sampler.aliases), numbers)
    own = (numbers & np.uint64(0xFFFFFFFF)) < sampler.aliases[rows, 0]
    return np.where(own, rows, sampler.aliases[rows, 1])


class WindowRows:
    """The rows that the words of a sentence learn in: their own, or, with n-grams, one made for a while."""

    def __init__(
        self, weights: TrainingWeights, sampler: Sampler, words: NDArray[np.int32], sentence: NDArray[np.intp]
    ) -> None:
        self._weights, self._sampler, self._words, self._sentence = weights, sampler, words, sentence
        self._made: dict[int, tuple[Vectors, Vectors]] = {}  # position -> the row as it was made, and as it is now
        self._next = int(sentence[0]) if len(sentence) else 0

    def within(self, centre: int, reach: int) -> list[Vectors]:
        """The rows of the words around a position, from left to right, to be changed in place."""
        first, last = self._sentence[0], self._sentence[-1]
        if self._sampler.grams is not None:
            self._make_up_to(min(last, centre + self._sampler.window))
        around = range(max(first, centre - reach), min(last, centre + reach) + 1)
        own = self._weights.words
        return [self._made[i][1] if i in self._made else own[self._words[i]] for i in around if i != centre]

    def passed(self, centre: int) -> None:
        """The word that no window reaches any more gives what it learned to its own row and its n-grams'."""
        self._give(centre - self._sampler.window)

    def passed_all(self) -> None:
        for position in sorted(self._made):
            self._give(position)

    def _make_up_to(self, last: int) -> None:
        grams = self._sampler.grams
        assert grams is not None
        for position in range(self._next, last + 1):
            row = mean_row(self._weights, grams, self._words[position])
            self._made[position] = row.copy(), row
        self._next = last + 1

    def _give(self, position: int) -> None:
        if position not in self._made:
            return
        before, now = self._made.pop(position)
        word, grams, ngrams = self._words[position], self._sampler.grams, self._weights.ngrams
        assert grams is not None
        assert ngrams is not None
        self._weights.words[word] += now - before
        np.add.at(ngrams, grams.rows[grams.starts[word] : grams.starts[word + 1]], now - before)


def _learn(
    weights: TrainingWeights, cbow: bool, rows: list[Vectors], outputs: NDArray[np.intp], rate: np.float32
) -> list[Vectors]:
    """The rows of a window learn what stands in their middle. Gives the losses of all pairs, step by step."""
    if not rows or not cbow:
        return _steps(weights.outputs, rows, outputs, rate)
    share = np.float32(1 / len(rows))
    mean: Vectors = np.asarray(np.sum(rows, axis=0) * share, np.float32)
    before = mean.copy()
    losses = _steps(weights.outputs, [mean], outputs, rate)
    for row in rows:
        row += mean - before
    return losses


def _steps(all_outputs: Vectors, rows: list[Vectors], outputs: NDArray[np.intp], rate: np.float32) -> list[Vectors]:
    in_vain = (outputs == outputs[0]) & (np.arange(len(outputs)) > 0)  # negatives that are the word itself
    losses = []
    for i in range(0, len(rows), INPUTS):
        for j in range(0, len(outputs), OUTPUTS):
            some, skipped = outputs[j : j + OUTPUTS], in_vain[j : j + OUTPUTS]
            losses.append(_step(all_outputs, rows[i : i + INPUTS], some, skipped, rate, has_word=j == 0))
    return losses


def _step(
    all_outputs: Vectors,
    rows: list[Vectors],
    outputs: NDArray[np.intp],
    skipped: NDArray[np.bool_],
    rate: np.float32,
    *,
    has_word: bool,
) -> Vectors:
    """Logistic regression of one step: who of `outputs` stands here, the first or (without `has_word`) nobody?"""
    y = all_outputs[outputs]  # (o, d), as they were
    right = np.zeros((len(rows), len(outputs)), np.float32)  # (i, o)
    right[:, 0] = has_word
    scores = np.clip(np.stack(rows) @ y.T, -STEEPEST, STEEPEST)
    wrong = right - 1 / (1 + np.exp(-scores))
    errors = np.where(skipped, np.float32(0), rate * wrong)
    change = np.zeros_like(y)
    for row, error in zip(rows, errors, strict=True):
        change += np.outer(error, row)
        row += error @ y
    np.add.at(all_outputs, outputs, change)
    return np.asarray(-np.log(np.maximum(1 - np.abs(wrong[:, ~skipped]), 1e-7)), np.float32)
