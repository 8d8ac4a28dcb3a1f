"""How good are word vectors? By analogies that they solve, and pairs of words that they put in the order of people."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from knnife.encoders.analogies import METHODS, Method
from knnife.encoders.protocol import Progress
from knnife.encoders.word_table import WordTable
from knnife.errors import BadInput
from knnife.space.vocabulary import vocabulary
from knnife.statistics.intervals import spearman_interval
from knnife.tools._evaluate_words import files
from knnife.tools._evaluate_words.asking import AnalogyAccuracy, RankCorrelation, answer, compare, sums_of

COMMON: Final = 30_000  # as everybody does since word2vec, so that figures can be compared

Paths = files.Source | Sequence[files.Source]


@dataclass(frozen=True)
class WordEvaluation:
    """How many analogies were solved, and how well similarities agree with people's.

    analogies: one for each section, then for all semantic and all syntactic ones of a file, where it has both, and for
    the whole file. similarities: one for each file. words: how many there were. common: how many of them were asked
    about and could answer analogies.
    """

    analogies: Sequence[AnalogyAccuracy]
    similarities: Sequence[RankCorrelation]
    words: int
    common: int

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a figure.

        Columns:
            file (str): the file asked from.
            what (str): the section of analogies, or the column with the scores.
            figure (str): "accuracy" of analogies, "spearman" (a rank correlation) of similarities.
            value (float | None): the figure; None where none could be asked.
            low (float | None): of a correlation: the low end of its 95% interval.
            high (float | None): the high end.
            asked (int): how many analogies or pairs were asked.
            skipped (int): how many were not, as a word is missing.
            right (int): of analogies: how many were solved.
            missing (list[str]): of similarities: words that have no vector.
            by_subwords (list[str]): of similarities: words whose vectors were made of their subwords.
        """
        yield from (each.row() for each in self.analogies)
        yield from (each.row() for each in self.similarities)


def evaluate_words(
    given: Any,
    *,
    analogies: Paths = (),
    similarities: Paths = (),
    method: Method = "add",
    common: int | None = COMMON,
    seed: int = 0,
    progress: Progress | None = None,
) -> WordEvaluation:
    """Solves analogies, and compares similarities of words with those that people gave.

    Args:
        given: word vectors; words and vectors, `(words, vectors)`; a space, or whatever else a tool takes, whose ids
            are the words; None for the words of the built-in English model.
        analogies: files as questions-words.txt: four words a line, ": name" begins a section.
        similarities: files of two words and a score a line.
        method: how analogies are solved, "add" (3CosAdd) or "mul" (3CosMul).
        common: of analogies, only the so many first words are asked about and can answer; None is all.
        seed: of the resamples that the intervals rest on.
        progress: called with how many analogies are solved, and their share.

    Raises:
        BadInput: no file was given; one is empty; a line cannot be read (BadRow, with its number); no words.
        NotFound: there is no such file.

    """
    if method not in METHODS:
        raise BadInput(f"method {method!r}: expected one of {', '.join(METHODS)}")
    if common is not None and common < 1:
        raise BadInput(f"common is {common}; expected 1 or more, or None for all words")
    solved = [files.read_analogies(path) for path in _paths(analogies)]
    compared = [files.read_pairs(path) for path in _paths(similarities)]
    if not solved and not compared:
        raise BadInput("nothing to evaluate by; expected files of analogies, of similarities, or of both")
    table = vocabulary(given)
    return WordEvaluation(
        [row for sections in solved for row in _accuracies(table, sections, common, method, progress)],
        [_correlation(table, pairs, seed) for pairs in compared],
        len(table.words),
        len(table.words[:common]),
    )


def _paths(given: Paths) -> Iterable[files.Source]:
    return [given] if isinstance(given, str | os.PathLike) else given


def _accuracies(
    table: WordTable,
    sections: Sequence[files.AnalogySection],
    common: int | None,
    method: Method,
    progress: Progress | None,
) -> list[AnalogyAccuracy]:
    """Those of the sections of one file, and its sums."""
    questions = [question for section in sections for question in section.questions]
    known, solved = answer(table, questions, common, method, progress)
    counts = np.stack([solved, known, ~known], axis=1).astype(np.int64)
    rows, start = [], 0
    for section in sections:
        right, asked, skipped = counts[start : start + len(section.questions)].sum(axis=0).tolist()
        rows.append(AnalogyAccuracy(section.file, section.name, right, asked, skipped))
        start += len(section.questions)
    return [*rows, *sums_of(rows)]


def _correlation(table: WordTable, pairs: files.RatedPairs, seed: int) -> RankCorrelation:
    found = compare(table, pairs)
    known = ~np.isnan(found.similarities)
    value, low, high = spearman_interval(pairs.scores[known], found.similarities[known], seed)
    compared = int(known.sum())
    return RankCorrelation(
        pairs.file,
        pairs.column,
        value,
        low,
        high,
        compared,
        len(known) - compared,
        tuple(found.missing),
        tuple(found.by_subwords),
    )
