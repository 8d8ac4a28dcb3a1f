"""One figure each: how many analogies of a section are solved, how well a file of pairs is put in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

SYNTACTIC: Final = "gram"  # how the names of the sections of questions-words.txt begin that are about grammar


@dataclass(frozen=True)
class AnalogyAccuracy:
    """Of `asked` analogies, `right` were solved; `skipped` were not asked, as a word of theirs is not known.

    section: its name, or "semantic", "syntactic" or "all" for sums.
    """

    file: str
    section: str
    right: int
    asked: int
    skipped: int

    @property
    def value(self) -> float:
        """The share that was solved; NaN where none could be asked."""
        return self.right / self.asked if self.asked else math.nan

    def row(self) -> dict[str, Any]:
        """For `WordEvaluation.rows`; None stands for what is not known."""
        return {
            "file": self.file,
            "what": self.section,
            "figure": "accuracy",
            "value": _known(self.value),
            "low": None,
            "high": None,
            "asked": self.asked,
            "skipped": self.skipped,
            "right": self.right,
        }


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's ρ between similarities and what people said, of `asked` pairs.

    low, high: between which 95 % of the resamples lie. column: which of the file holds the scores. skipped: pairs with
    a word that has no vector, of those in `missing`. by_subwords: words that were never seen, whose vectors were made
    of their n-grams. NaN where nothing can be said.
    """

    file: str
    column: str
    value: float
    low: float
    high: float
    asked: int
    skipped: int
    missing: tuple[str, ...]
    by_subwords: tuple[str, ...]

    def row(self) -> dict[str, Any]:
        """For `WordEvaluation.rows`; None stands for what is not known."""
        return {
            "file": self.file,
            "what": self.column,
            "figure": "spearman",
            "value": _known(self.value),
            "low": _known(self.low),
            "high": _known(self.high),
            "asked": self.asked,
            "skipped": self.skipped,
            "missing": list(self.missing),
            "by_subwords": list(self.by_subwords),
        }


def sums_of(sections: Sequence[AnalogyAccuracy]) -> list[AnalogyAccuracy]:
    """Of the sections of one file: of all semantic and of all syntactic ones, where it has both kinds, and of all."""
    syntactic = [each for each in sections if each.section.startswith(SYNTACTIC)]
    semantic = [each for each in sections if not each.section.startswith(SYNTACTIC)]
    kinds = {"semantic": semantic, "syntactic": syntactic} if semantic and syntactic else {}
    kinds["all"] = list(sections)
    return [
        AnalogyAccuracy(
            rows[0].file,
            name,
            sum(each.right for each in rows),
            sum(each.asked for each in rows),
            sum(each.skipped for each in rows),
        )
        for name, rows in kinds.items()
    ]


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
