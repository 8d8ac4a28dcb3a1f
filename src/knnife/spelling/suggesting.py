"""Candidates ranked: for many words at once, over all cores, with what stands around them where vectors know it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, unit
from knnife.spelling.alignment import Edit, edits
from knnife.spelling.candidate_words import CandidateWords, candidates
from knnife.spelling.keyboard import NEIGHBOUR, distance
from knnife.spelling.ranking import Ranker
from knnife.spelling.spelled import LONGEST, folded, speak
from knnife.spelling.texts import words as words_of
from knnife.spelling.vocabulary import Vocabulary
from knnife.threads import cores

BLOCK = 1 << 12  # words that one thread ranks at once, at most: long operations, or threads wait for each other
WORTHWHILE = 1 << 9  # words for which it is worth to start a thread
NOTHING, APART = -1, -2  # in the place of a row
HELD = re.compile(r"([^\W\d_])\1{2,}")
PER_USE, USED = 0.5, 10.5  # in texts: log-odds by the logarithm of a word's share, and what is neither here nor there
MOST_USE = 2.5  # either way
RESTORED = 12.0  # log-odds of a word that differs in accents alone: above all that others get
BY_CONTEXT = 6.0  # log-odds for a cosine of 1 between a word and what stands around it

Odds = NDArray[np.float32]


@dataclass(frozen=True)
class Ranked:
    """The k likeliest of each of m words, best first.

    rows: of the vocabulary `(m, k)`, NOTHING where there are fewer, APART where `apart` is meant: the word as two.
    probabilities: that each is meant `(m, k)`, 0 where there is nothing; what is missing to 1 is that none is.
    """

    rows: NDArray[np.int32]
    probabilities: Odds
    apart: list[str]


class Suggesting:
    """Ranks what candidates.py finds. vectors: of words, with `rows_of` and `vectors`, or None."""

    def __init__(self, vocabulary: Vocabulary, vectors: Any, keyboard: str) -> None:
        self.vocabulary, self.vectors = vocabulary, vectors
        self._ranker = Ranker(vocabulary, keyboard=keyboard)
        counted = vocabulary.counts.max() > vocabulary.counts.min()
        self._use = (PER_USE * counted * (vocabulary.log_counts + USED)).clip(-MOST_USE, MOST_USE).astype(np.float32)
        self._rows: NDArray[np.int64] | None = None

    def rank(
        self, words: Sequence[str], k: int, contexts: Sequence[str] | None = None, doubts: Odds | None = None
    ) -> Ranked:
        """The k likeliest of each word. contexts: the text around each.

        doubts: of words of a text, the log-odds `(m,)` that each is right. There, common words are met more often.
        Where a letter stands three times in a row or more, it was held down: it is meant once, or twice.
        """
        held = [number for number, word in enumerate(words) if self._is_held(word)]
        if not held:
            return self._rank(words, k, contexts, doubts)
        once, twice = [*words], [*words]
        for number in held:
            once[number], twice[number] = (HELD.sub(times, folded(words[number])) for times in (r"\1", r"\1\1"))
        ranked, other = (self._rank(forms, k, contexts, doubts) for forms in (twice, once))
        better = (other.probabilities[:, :1] > ranked.probabilities[:, :1]).ravel()
        return Ranked(
            np.where(better[:, None], other.rows, ranked.rows),
            np.where(better[:, None], other.probabilities, ranked.probabilities),
            [(other if one else ranked).apart[number] for number, one in enumerate(better.tolist())],
        )

    def _is_held(self, word: str) -> bool:
        return HELD.search(key := folded(word)) is not None and key not in self.vocabulary.row_of

    def _rank(
        self, words: Sequence[str], k: int, contexts: Sequence[str] | None = None, doubts: Odds | None = None
    ) -> Ranked:
        self.vocabulary.prepare()
        threads = cores()
        size = max(WORTHWHILE, -(-len(words) // (threads * -(-len(words) // (threads * BLOCK) or 1))))  # alike for all
        parts = [slice(at, at + size) for at in range(0, len(words), size)]

        def ranked(part: slice) -> Ranked:
            around = None if contexts is None else contexts[part]
            doubted = None if doubts is None else doubts[part]
            return self._block(words[part], k, around, doubted)

        if len(parts) < 2:
            done = [ranked(part) for part in parts]
        else:
            with ThreadPoolExecutor(min(len(parts), threads)) as pool:
                done = list(pool.map(ranked, parts))
        if not done:
            return Ranked(np.empty((0, k), np.int32), np.empty((0, k), np.float32), [])
        rows, probabilities = (
            np.concatenate([getattr(each, name) for each in done]) for name in ("rows", "probabilities")
        )
        return Ranked(rows, probabilities, [words for each in done for words in each.apart])

    def _block(self, words: Sequence[str], k: int, contexts: Sequence[str] | None, doubts: Odds | None) -> Ranked:
        keys = [folded(word) for word in words]
        pairs = candidates(self.vocabulary, keys)
        odds = self._ranker.rank(keys, pairs.query, pairs.word)
        if doubts is not None:
            odds = odds + self._use[pairs.word] - doubts[pairs.query]
        if contexts is not None and self.vectors is not None:
            odds = odds + np.float32(BY_CONTEXT) * self._fitting(pairs, contexts)
        pairs, odds = self._restored(pairs, odds, keys)
        apart, odds_apart = splits(self.vocabulary, keys)
        of = np.flatnonzero(np.isfinite(odds_apart)).astype(np.int32)
        pairs = CandidateWords(np.append(pairs.query, of), np.append(pairs.word, np.full(len(of), APART, np.int32)))
        return Ranked(*_likeliest(pairs, np.append(odds, odds_apart[of]), len(words), k), apart)

    def _restored(self, pairs: CandidateWords, odds: Odds, keys: Sequence[str]) -> tuple[CandidateWords, Odds]:
        """The candidates and their odds, with words that differ from a key in accents alone before all others."""
        same = [(query, row) for query, key in enumerate(keys) for row in self.vocabulary.but_for_accents(key)]
        if not same:
            return pairs, odds
        query, word = np.array(same, np.int32).T
        size = len(self.vocabulary)
        found, wanted = (of.astype(np.int64) * size + row for of, row in (pairs, (query, word)))
        odds = odds + np.where(np.isin(found, wanted), np.float32(RESTORED), np.float32(0))
        new = ~np.isin(wanted, found)
        pairs = CandidateWords(np.append(pairs.query, query[new]), np.append(pairs.word, word[new]))
        return pairs, np.append(odds, np.full(int(new.sum()), RESTORED, np.float32))

    def _fitting(self, pairs: CandidateWords, contexts: Sequence[str]) -> Odds:
        """The cosine of each candidate with the words around, less the mean of its rivals `(m,)`; 0 if unknown."""
        if self._rows is None:
            self._rows = self.vectors.rows_of(self.vocabulary.words)
        around = np.zeros((len(contexts), self.vectors.dim), np.float32)
        for number, context in enumerate(contexts):
            rows = self.vectors.rows_of(words_of(context))
            if (rows := rows[rows >= 0]).size:
                around[number] = unit(self._vectors(rows)).mean(axis=0)
        rows = self._rows[pairs.word]
        close = np.einsum("ij,ij->i", unit(around)[pairs.query], unit(self._vectors(rows.clip(min=0))))
        known = rows >= 0
        total = np.bincount(pairs.query, close * known, minlength=len(contexts))
        mean = total / np.maximum(np.bincount(pairs.query, known, minlength=len(contexts)), 1)
        return np.where(known, close - mean[pairs.query], 0).astype(np.float32)

    def _vectors(self, rows: NDArray[np.int64]) -> Vectors:
        return np.asarray(self.vectors.vectors[rows], np.float32)


def _likeliest(pairs: CandidateWords, odds: Odds, m: int, k: int) -> tuple[NDArray[np.int32], Odds]:
    """The k best of each word, and their probabilities among all its candidates and none of them, each `(m, k)`."""
    order = np.lexsort((-odds, pairs.query))
    query, word, odds = pairs.query[order], pairs.word[order], odds[order].astype(np.float64)
    starts = np.searchsorted(query, np.arange(m + 1))
    place = np.arange(len(query)) - starts[query]
    weights = np.exp(np.minimum(odds, 50))
    total = 1 + np.bincount(query, weights, minlength=m)  # 1: none of them
    rows, probabilities = np.full((m, k), NOTHING, np.int32), np.zeros((m, k), np.float32)
    best = place < k
    rows[query[best], place[best]] = word[best]
    probabilities[query[best], place[best]] = (weights / total[query])[best]
    return rows, probabilities


MANY = 3  # edits that are still listed one by one


def reasons(typed: Sequence[str], right: Sequence[str], keyboard: str = "qwerty") -> list[list[str]]:
    """The edits by which each of m right words became the typed one, in small letters, and whether they sound alike."""
    happened = edits(typed, right)
    heard = speak([*typed, *right]).letters
    heard, meant = heard[: len(typed)], heard[len(typed) :]
    alike = heard.any(axis=1) & (heard == meant).all(axis=1)
    return [_reason(*each, keyboard) for each in zip(typed, right, happened, alike.tolist(), strict=True)]


def _reason(typed: str, right: str, happened: list[Edit], alike: bool, keyboard: str) -> list[str]:
    if typed == right:
        return ["in the vocabulary"]
    if typed.replace(" ", "") == right.replace(" ", ""):
        return ["two words" if " " in right else "one word"]
    parts = (
        [_described(edit, right, keyboard) for edit in happened]
        if len(happened) <= MANY
        else [f"{len(happened)} edits"]
    )
    return parts + ["sounds the same"] * alike


def more_common(count: float, next_count: float) -> list[str]:
    """How much more common a word is than the one suggested next, where that says something."""
    if next_count <= 0 or count < 2 * next_count:
        return []
    return [f"{count / next_count:,.0f} x as common as the next"]


def _described(edit: Edit, right: str, keyboard: str) -> str:
    if edit.kind == "missing":
        around = right[max(0, edit.at - 1) : edit.at] + right[edit.at + 1 : edit.at + 2]
        return f"{'one ' if edit.right in around else ''}{edit.right} left out"
    if edit.kind == "extra":
        return f"{edit.typed} too many"
    if edit.kind == "swapped":
        return f"{edit.right[0]} and {edit.right[1]} swapped"
    beside = 0 < distance(edit.typed, edit.right, keyboard) < NEIGHBOUR
    return f"{edit.typed} for {edit.right}{', a neighbouring key' if beside else ''}"


ALONE = ("a", "i")  # the only words of one letter
PER_LIKELY, PER_LETTER = 0.5, 0.35  # from a logistic regression on codespell's list
TOGETHER = 4.0  # that has 2.75, which leaves too many together beside what the ranking says of single words


def splits(vocabulary: Vocabulary, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
    """The likeliest two words in each key, "" where there are none, and the log-odds that they are meant `(m,)`.

    They grow with how often both would stand together by chance (Norvig, "Natural language corpus data", 2009), and
    with the length of the key, since short ones are two words by chance.
    """
    row_of, log_counts = vocabulary.row_of, vocabulary.log_counts
    found, odds = [], np.full(len(keys), -np.inf, np.float32)
    for number, key in enumerate(keys):
        best = ""
        for cut in range(1, len(key)) if len(key) <= LONGEST else ():
            left = row_of.get(key[:cut])
            if left is None or (cut == 1 and key[0] not in ALONE):
                continue
            right = row_of.get(key[cut:])
            if right is None or (cut == len(key) - 1 and key[-1] not in ALONE):
                continue
            likely = log_counts[left] + log_counts[right]
            if likely > odds[number]:
                best, odds[number] = f"{key[:cut]} {key[cut:]}", likely
        odds[number] = PER_LIKELY * odds[number] + PER_LETTER * len(key) + TOGETHER
        found.append(best)
    return found, odds
