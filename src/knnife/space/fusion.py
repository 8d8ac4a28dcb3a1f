"""Words and meaning together, then what a reader makes of the best: the sum of standard scores, and cosines by steps.

    score = MEANING (similarity - mean) / std  +  BM25 (SOME_WORDS + share) / std  +  cosine of the reader / READER_STEP

mean and std of the similarities are those of the query to the whole collection (a fixed sample of it will do), the std
of BM25 that of the rows that hold any word of the query: CombSUM with z-scores (Fox and Shaw, "Combination of multiple
searches", 1994; Montague and Aslam, "Relevance score normalization for metasearch", 2001), taken over the collection
instead of the retrieved lists, so it does not depend on the number of candidates, and filters do not move it.

share is how much of the query's words a text holds, by their rarity: many common words do not carry it above a text
with the telling ones (as Lucene's coord did; here by weight). The reader's cosines are not standardised: where what it
has read is all alike, noise would be blown up, and words that are sure of a thing would be outvoted.

Chosen on half of 17 collections, MEANING and SOME_WORDS of 12, compared in bench/search.py. Of the other halves, a
READER_STEP from 0.035 to 0.07, a MEANING from 0.65 to 1.3 and SOME_WORDS from 0.2 to 0.5 change the mean by less than
.006: nothing is finely tuned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions

Scores = NDArray[np.float32]

LEAST_STD = 1e-6  # below, the differences are rounding errors
SAMPLE = 1_000  # points that tell mean and deviation of the similarities to within 3%
FURTHEST = 20.0  # the most deviations that words can be worth; few queries reach it, unless but one row matches

MEANING = 0.8  # of the standard scores of similarities, that they are worth; those of words count in full
SOME_WORDS = 0.3  # of its BM25 that a text is worth that holds next to nothing of the query; with all of it 1.3
READ = 26  # of the best, that a reader reads: 20 lose a little on abstracts, 50 gain nothing
READER_STEP = 0.05  # of its cosines, that is worth one standard score of words or meaning


class Side(NamedTuple):
    """One way of searching: what it found itself (positions, best first), and its scores of all candidates.

    std, mean: of its scores over the collection; words need no mean, as a thing without any of them has 0.
    """

    found: Positions
    scores: Scores
    std: float
    mean: float = 0.0


class Ranking(NamedTuple):
    """Positions, best first, with their scores and their ranks (from 1; 0 for none) on each side, all `(n,)`."""

    positions: Positions
    scores: Scores
    meaning_ranks: NDArray[np.int64]
    words_ranks: NDArray[np.int64]
    reader_ranks: NDArray[np.int64]


def mean_and_std(similarities: Scores) -> tuple[float, float]:
    """Of the similarities of a query to a sample of all points; nought where there are none."""
    return (float(similarities.mean()), float(similarities.std())) if similarities.size else (0.0, 0.0)


def candidates(meaning: Positions, words: Positions) -> Positions:
    """What either side found, ascending."""
    both = np.sort(np.concatenate([meaning, words]).astype(np.int64, copy=False))
    return both[np.diff(both, prepend=-1) > 0]  # np.unique would import numpy.ma, a tenth of a cold question


def by_share(scores: Scores, shares: Scores) -> Scores:
    """BM25 `(n,)`, weighed by the share of the query's words, by their rarity, that each text holds."""
    return scores * (np.float32(SOME_WORDS) + shares)


def fuse(positions: Positions, meaning: Side, words: Side) -> Ranking:
    """Order the candidates `positions`, each of which both sides score; equal scores stay in order."""
    by_meaning = (meaning.scores.astype(np.float64) - meaning.mean) / max(meaning.std, LEAST_STD)
    furthest = float(words.scores.max(initial=0))
    by_words = words.scores.astype(np.float64) / max(words.std, furthest / FURTHEST, LEAST_STD)
    scores = MEANING * by_meaning + by_words
    best = np.argsort(-scores, kind="stable")
    return Ranking(
        positions[best],
        scores[best].astype(np.float32),
        _ranks(meaning.found, positions)[best],
        _ranks(words.found, positions)[best],
        np.zeros(len(best), np.int64),
    )


def reread(ranking: Ranking, similarities: NDArray[np.float64]) -> Ranking:
    """A ranking in the order that it has once a reader has read the first of it.

    similarities: of the first `(r,)` to the question, as the reader has it; nan where there was nothing to read. What
    was not read counts as the least similar of what was.
    """
    there = np.flatnonzero(np.isfinite(similarities))
    if not len(there):
        return ranking
    read = similarities[there]
    worth = np.full(len(ranking.positions), read.min())
    worth[there] = read
    scores = ranking.scores + worth / READER_STEP
    ranks = np.zeros(len(ranking.positions), np.int64)
    ranks[there[np.argsort(-read, kind="stable")]] = np.arange(1, len(there) + 1)
    best = np.argsort(-scores, kind="stable")
    return Ranking(
        ranking.positions[best],
        scores[best].astype(np.float32),
        ranking.meaning_ranks[best],
        ranking.words_ranks[best],
        ranks[best],
    )


def further(ranking: Ranking, positions: Positions, scores: Scores) -> Ranking:
    """A ranking with things behind it that are no candidates, in their order; without those that have no score."""
    there = np.isfinite(scores)
    if not there.any():
        return ranking
    none = np.zeros(int(there.sum()), np.int64)
    return Ranking(
        np.append(ranking.positions, positions[there]),
        np.append(ranking.scores, scores[there]),
        np.append(ranking.meaning_ranks, none),
        np.append(ranking.words_ranks, none),
        np.append(ranking.reader_ranks, none),
    )


def first(ranking: Ranking, *named: Positions) -> Ranking:
    """A ranking that begins with what is called as was asked: some positions, then others, each in their order."""
    if not any(map(len, named)):
        return ranking
    place = np.full(len(ranking.positions), len(named))
    for number, positions in enumerate(named):
        place[np.isin(ranking.positions, positions)] = number
    order = np.argsort(place, kind="stable")
    return Ranking(
        ranking.positions[order],
        ranking.scores[order],
        ranking.meaning_ranks[order],
        ranking.words_ranks[order],
        ranking.reader_ranks[order],
    )


def _ranks(found: Positions, positions: Positions) -> NDArray[np.int64]:
    """The rank of each of `positions` in `found`, from 1; 0 where it is not there."""
    ranks = {pos: rank for rank, pos in enumerate(found.tolist(), 1)}
    return np.array([ranks.get(pos, 0) for pos in positions.tolist()], np.int64)
