"""How likely each candidate is the word that was meant, learned from words that people misspelled.

A small network (trained by scripts/spelling.py) gives each candidate a score; the softmax over the scores of one word,
and a score of 0 for "none of these", is the probability that each is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.spelling.english import english
from knnife.spelling.features import (
    LEVELS,
    Floats,
    Frequencies,
    SpelledPairs,
    SpellingEvidence,
    Words,
    evidence,
    touching,
)
from knnife.spelling.vocabulary import Vocabulary

LEARNED: Final = "ranking.npz"
# Log-odds of a letter replaced by a neighbour: of single consonants replaced in 488 lines of codespell's list 49% came
# from a neighbouring key, and of the same letters paired at random 18%. What was learned knows it of QWERTY.
BY_NEIGHBOUR: Final = np.float32(1.5)
BLOCK: Final = 1 << 15  # pairs at once


@dataclass(frozen=True)
class Network:
    """What was learned. tokens: a weight for each token of each level (LEVELS, TOKENS). layers: weights (in, out) and
    biases (out,); all but the last are followed by max(0, x).
    """

    tokens: Floats
    layers: tuple[tuple[Floats, Floats], ...]

    def scores(self, given: SpellingEvidence) -> Floats:
        """The score of each of m pairs (m,): that of the network, and what its edits have to say themselves."""
        m = len(given.numbers)
        said = np.stack(
            [np.bincount(given.pair, self.tokens[level][given.tokens[level]], minlength=m) for level in range(LEVELS)],
            axis=1,
        ).astype(np.float32)
        x = np.concatenate([given.numbers, said], axis=1)
        for weights, biases in self.layers[:-1]:
            x = np.maximum(x @ weights + biases, 0)
        weights, biases = self.layers[-1]
        scores: Floats = (x @ weights + biases)[:, 0] + said.sum(axis=1) + BY_NEIGHBOUR * given.slips
        return scores


class Ranker:
    """Ranks candidates of one vocabulary. Safe to use from several threads at once."""

    def __init__(self, vocabulary: Vocabulary, *, keyboard: str = "qwerty") -> None:
        """Raises BadInput for a keyboard that is not known."""
        self._words = Words.of(vocabulary.keys)
        self._frequencies = frequencies(vocabulary)
        touching(keyboard)
        self._keyboard = keyboard
        self._network = learned()

    def rank(self, queries: Sequence[str], query: NDArray[Any], word: NDArray[Any]) -> Floats:
        """The score of each of m pairs (m,), higher is likelier. queries: as `folded` gives them.

        query, word: their places, the pairs of one query together, and rows of the vocabulary.
        """
        typed = Words.of(queries)
        scores = np.empty(len(query), np.float32)
        for first, last in _blocks(query):
            rows = word[first:last].astype(np.int64)
            asked = SpelledPairs(typed, self._words, query[first:last].astype(np.int64), rows)
            scores[first:last] = self._network.scores(evidence(asked, self._frequencies, self._keyboard))
        return scores


def frequencies(vocabulary: Vocabulary) -> Frequencies:
    """How frequent the words of a vocabulary are, by its counts and by those of the English list."""
    shares = vocabulary.log_counts
    return Frequencies(shares, english_shares(vocabulary.keys), float(shares.max()))


def english_shares(keys: Sequence[str]) -> Floats:
    """The logarithm of the share of each key in running English, where it is no name `(n,)`; what others get is least.

    keys: words in small letters.
    """
    listed = english()
    total = listed.counts.sum()
    rows = [-1 if (row := listed.row_of.get(key, -1)) < 0 or listed.words[row] != key else row for key in keys]
    counts = np.where(np.array(rows) >= 0, listed.counts[rows], 0)
    shares: Floats = np.log((counts + 1) / total).astype(np.float32)
    return shares


@cache
def learned() -> Network:
    """The network that ships."""
    with resources.as_file(resources.files("knnife.spelling") / LEARNED) as path, np.load(path) as kept:
        tensors = dict(kept)
    tokens = tensors["tokens"].astype(np.float32) * tensors["scales"][:, None]
    layers = range(sum(name.startswith("weights") for name in tensors))
    return Network(tokens, tuple((tensors[f"weights{layer}"], tensors[f"biases{layer}"]) for layer in layers))


def _blocks(query: NDArray[Any]) -> list[tuple[int, int]]:
    """Parts of about BLOCK pairs that begin and end between two queries."""
    ends = np.append(np.flatnonzero(query[1:] != query[:-1]) + 1, len(query))
    cuts = np.searchsorted(ends, np.arange(BLOCK, len(query) + BLOCK, BLOCK))
    edges = np.unique(np.append(0, ends[np.minimum(cuts, len(ends) - 1)])) if len(query) else np.zeros(1, np.int64)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
