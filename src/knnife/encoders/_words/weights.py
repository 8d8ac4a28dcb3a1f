"""The weights that training changes, and the tables that it draws words with.

Rows are padded with zeros to whole cache lines: 100 dimensions take 112 floats. Threads change them without locks
(Hogwild; Niu et al., 2011): two rarely want the same row at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.word_table import WordGrams
from knnife.geometry import Vectors

LINE: Final = 16  # floats of a cache line
CERTAIN: Final = 2**32 - 1  # a probability of 1, in the whole numbers that a draw of 32 bits is compared with


@dataclass
class TrainingWeights:
    """A vector for each word as a neighbour of others, one as the word that stands between them, and the n-grams'."""

    words: Vectors  # (V, stride)
    outputs: Vectors  # (V, stride)
    ngrams: Vectors | None  # (buckets, stride)
    dim: int

    @classmethod
    def drawn(cls, n_words: int, dim: int, *, buckets: int = 0, seed: int = 0) -> TrainingWeights:
        """As training begins: small random vectors that say nothing yet; what they are compared with is zero."""
        random = np.random.default_rng(seed)
        ngrams = _small(buckets, dim, random) if buckets else None
        return cls(_small(n_words, dim, random), zeros(n_words, dim), ngrams, dim)

    def vectors(self, grams: WordGrams | None = None) -> Vectors:
        """(V, d): the vector of each word; with n-grams the mean of its own and theirs."""
        if self.ngrams is None or grams is None:
            return self.words[:, : self.dim].copy()
        found = np.empty((len(self.words), self.dim), np.float32)
        for word in range(len(found)):
            found[word] = mean_row(self, grams, word)[: self.dim]
        return found


def mean_row(weights: TrainingWeights, grams: WordGrams, word: int) -> Vectors:
    """The mean of the rows of a word and of its n-grams."""
    assert weights.ngrams is not None
    rows = grams.rows[grams.starts[word] : grams.starts[word + 1]]
    total = weights.words[word] + weights.ngrams[rows].sum(axis=0, dtype=np.float32)
    return np.asarray(total * np.float32(1 / (1 + len(rows))), np.float32)


@dataclass(frozen=True)
class Sampler:
    """What is the same in the whole training: how words are drawn, and which of them make a pair."""

    keep: NDArray[np.uint32]  # (V,) of 2**32: how likely an occurrence of a word is looked at
    aliases: NDArray[np.uint32]  # (V, 2) the table that negatives are drawn with: see `alias_table`
    window: int  # words to each side, at most; how many is drawn for each word
    negatives: int
    cbow: bool  # the mean of the neighbours at once, rather than each of them
    grams: WordGrams | None = None

    @classmethod
    def of(
        cls,
        counts: NDArray[np.int64],
        *,
        sample: float = 1e-3,
        window: int = 5,
        negatives: int = 5,
        cbow: bool = False,
        grams: WordGrams | None = None,
    ) -> Sampler:
        """From how often each word was seen (Mikolov et al., 2013b, as word2vec.c has it).

        A word that makes up the part f of the text is kept with probability sqrt(sample / f) + sample / f, and drawn
        as a negative in proportion to f ** 0.75. `sample` = 0 keeps all.
        """
        parts = counts / max(counts.sum(), 1)
        scarce = sample / np.maximum(parts, 1e-30)
        kept = np.minimum(np.sqrt(scarce) + scarce, 1) if sample else np.ones(len(counts))
        keep, aliases = (kept * CERTAIN).astype(np.uint32), alias_table(counts.astype(float) ** 0.75)
        return cls(keep, aliases, window, negatives, cbow, grams)


def alias_table(weights: NDArray[np.float64]) -> NDArray[np.uint32]:
    """(V, 2): for drawing one of V in proportion to `weights` with one look (Walker, 1977).

    Draw a row with equal chances; it stands for itself where a draw of 32 bits is below its first number, else for its
    second. The deficits and the surpluses to the mean are laid end to end instead of a loop as in Vose, 1991.
    """
    n = len(weights)
    part = weights * (n / weights.sum()) if n else weights
    scarce, plenty = np.flatnonzero(part < 1), np.flatnonzero(part >= 1)
    lacking, spare = np.append(0, np.cumsum(1 - part[scarce])), np.cumsum(part[plenty] - 1)
    table = np.empty((n, 2), np.uint32)
    giver = np.searchsorted(spare, lacking[:-1], "right")
    table[scarce, 1] = plenty[np.minimum(giver, len(plenty) - 1)] if len(plenty) else scarce  # none: for rounding
    # a plentiful one gives until it has less than the mean itself, and what it then lacks, the next one gives; unless
    # it is just used up, or it is the last
    taker = np.searchsorted(lacking[1:], spare, "right")
    overdrawn = (lacking[taker] < spare) & (taker < len(scarce))
    part[plenty] = np.where(overdrawn, 1 + spare - np.append(lacking, 0)[taker + 1], 1)
    table[plenty, 1] = np.where(overdrawn, np.append(plenty[1:], plenty[-1:]), plenty)
    table[:, 0] = (np.clip(part, 0, 1) * CERTAIN).astype(np.uint32)
    return table


def zeros(n: int, dim: int) -> Vectors:
    """(n, dim padded to whole cache lines), each row beginning with one."""
    stride = -(-dim // LINE) * LINE
    memory = np.zeros(n * stride + LINE, np.float32)
    ahead = -(memory.ctypes.data // 4) % LINE
    return memory[ahead : ahead + n * stride].reshape(n, stride)


def _small(n: int, dim: int, random: np.random.Generator) -> Vectors:
    rows = zeros(n, dim)
    for start in range(0, n, 10_000):  # so that drawing them takes no memory to speak of
        block = rows[start : start + 10_000, :dim]
        block[:] = (random.random(block.shape, np.float32) - np.float32(0.5)) / np.float32(dim)
    return rows
