"""A matcher: says of pairs of records how probably both are of the same thing, and which fields say so.

Learned once, from two tables and perhaps some labelled pairs; then asked about any records with the same columns, and
saved in a file.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.tools._match import matcher_file
from knnife.tools._match.bags import Numbers, Rarity, Rows
from knnife.tools._match.comparing import RECORD, Compared, Comparison, whole
from knnife.tools._match.evidence import Evidence, chance
from knnife.tools._match.fields import Field, FieldNames, Records, fields_of
from knnife.tools._match.labelled_pairs import Labels, positions
from knnife.tools._match.learning import LearnedMatching, Mask, MeasuredPairs
from knnife.tools._match.unlabelled import learned


class DecidingField(NamedTuple):
    """What a field says of a pair: by how much the log-odds of a match would be lower without it."""

    field: str
    log_odds: float


@dataclass(frozen=True)
class Judged:
    """What a matcher says of m pairs.

    probabilities: of being matches `(m,)`; log_odds: the same as log(p / (1 - p)). fields: the g fields, and
    "(record)", what the records share as wholes, "(name in record)" and "(rivals)", whether others are closer.
    shares: `(m, g)`, by how much the log-odds would be lower without each.
    """

    probabilities: Numbers
    log_odds: Numbers
    fields: Sequence[str]
    shares: Numbers

    def why(self, pair: int, most: int = 3) -> list[DecidingField]:
        """The fields that say most of a pair, for or against it, the loudest first."""
        shares = self.shares[pair]
        order = np.argsort(-np.abs(shares), kind="stable")[:most]
        return [DecidingField(self.fields[place], float(shares[place])) for place in order if abs(shares[place]) > 0.01]


@dataclass(frozen=True)
class Matcher:
    """Says how probably pairs of records match. Make one with `Matcher.fit` or `Matcher.load`.

    fields: what is compared with what. rarities: how rare words and runs of letters are. evidence: what is known
    without labels. learned: what labels added; None without. labelled: how many there were.

    With labels, probabilities are calibrated on pairs that were not learned from. Without them they are an estimate
    that rests on what is usual; docs/match.md shows how far it carried on data sets where the truth is known.
    """

    fields: tuple[Field, ...]
    rarities: tuple[Rarity, Rarity]
    evidence: Evidence
    learned: LearnedMatching | None = None
    labelled: int = 0

    @classmethod
    def fit(
        cls,
        left: Any,
        right: Any = None,
        labels: Labels = None,
        *,
        fields: FieldNames = None,
        candidates: Any = None,
        seed: int = 0,
    ) -> Matcher:
        """A matcher for records like these.

        left, right: tables (mappings, a DataFrame, a Space, what `knnife.read` gives) or texts; without right it is
            about pairs within the left one. labels: pairs that are known to match or not, (left, right, 1 or 0), with
            records by their id or position; below two of each kind they hardly do more than move where matches begin.
            fields: which columns to compare, as `fields_of` takes them. candidates: `(c, 2)`, pairs of positions that
            may match, to learn from without labels; None finds them.

        Raises BadInput for tables without records or without a common column, and for labels of records that are
        not there or that say different things of one pair.
        """
        ours, theirs = _tables(left, right)
        for side, table in (("left", ours), ("right", theirs)):
            if not len(table):
                raise BadInput(f"the {side} table has no records; to learn what matches are like, some are needed")
        comparison = Comparison(ours, theirs, fields_of(ours, theirs, fields))
        return cls.of(comparison, labels, candidates, seed)

    @classmethod
    def of(cls, comparison: Comparison, labels: Labels = None, candidates: Any = None, seed: int = 0) -> Matcher:
        """As `fit`, for tables that are ready to be compared."""
        rivals = comparison.rivals if candidates is None else places(candidates, comparison)
        tables = comparison.compare(rivals, rivals)
        evidence = learned(tables, comparison.fields)
        matcher = cls(tuple(comparison.fields), comparison.rarities, evidence)
        pairs, known = positions(labels, comparison.left, comparison.right)
        if not len(pairs):
            return matcher
        looked_at, others = (
            MeasuredPairs(compared.measures, evidence.log_odds(compared))
            for compared in (comparison.compare(pairs, rivals), tables)
        )
        taught = LearnedMatching.fit(looked_at, known.astype(np.float64), others, seed)
        return replace(matcher, learned=taught, labelled=len(pairs))

    def comparison(self, left: Any, right: Any = None) -> Comparison:
        """Tables, ready to be compared as this matcher does. Raises BadInput where one has not the columns."""
        ours, theirs = _tables(left, right)
        kinds = {(field.left, field.right): field.kind for field in self.fields}
        return Comparison(ours, theirs, fields_of(ours, theirs, kinds), self.rarities)

    def probabilities(self, left: Any, right: Any, pairs: Any, *, rivals: Any = None) -> Numbers:
        """How probably pairs of records `(m, 2)`, by position, are matches: `(m,)`.

        left, right: as for `fit`, with the same columns. rivals: `(r, 2)`, other pairs that may match, which speak
        against these where they are closer; None finds them in the tables.

        Raises BadInput where a column is missing, and for positions that are none.
        """
        return chance(self.log_odds(_compared(self.comparison(left, right), pairs, rivals)))

    def judge(self, comparison: Comparison, pairs: Any, *, rivals: Any = None) -> Judged:
        """As `probabilities`, with what each field says; for tables that are ready to be compared."""
        compared = _compared(comparison, pairs, rivals)
        start = self.evidence.shares(compared)
        known = sum(start.values(), start=np.zeros(len(compared.pairs)))
        full = self._with_labels(compared.measures, known)
        words = whole(self.fields)
        called = {RECORD: words[0].name} if len(words) == 1 else {}  # the record as a whole is that field
        names = [called.get(group, group) for group, _ in compared.names]
        fields, shares = list(dict.fromkeys(names)), []
        for field in fields:
            said = sum(share for group, share in start.items() if called.get(group, group) == field)
            missing = np.array([name == field for name in names])
            shares.append(full - self._with_labels(compared.measures, known - said, missing))
        return Judged(chance(full), full, fields, np.stack(shares, axis=1))

    def log_odds(self, compared: Compared) -> Numbers:
        """Of pairs that are compared already `(m,)`."""
        return self._with_labels(compared.measures, self.evidence.log_odds(compared))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes all that `load` needs into one file, in the format of safetensors."""
        matcher_file.write(Path(path), self.fields, self.rarities, self.evidence, self.learned, self.labelled)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Matcher:
        """The matcher in a file. Raises NotFound where there is none, BadInput for a file that is no matcher."""
        return cls(**matcher_file.read(Path(path)))

    def _with_labels(self, measures: Numbers, start: Numbers, missing: Mask | None = None) -> Numbers:
        """The log-odds after what labels taught; missing: `(f,)` measures that are taken to be missing."""
        if self.learned is None:
            return start
        return self.learned.log_odds(measures if missing is None else np.where(missing, np.nan, measures), start)


def _tables(left: Any, right: Any) -> tuple[Records, Records]:
    """Both tables as Records; without a right one the left one twice, the same object."""
    ours = Records.of(left, "the left table")
    return ours, ours if right is None or right is left else Records.of(right, "the right table")


def _compared(comparison: Comparison, pairs: Any, rivals: Any) -> Compared:
    asked = places(pairs, comparison)
    if rivals is None or rivals is pairs:
        return comparison.compare(asked, None if rivals is None else asked)
    return comparison.compare(asked, places(rivals, comparison))


def places(pairs: Any, comparison: Comparison) -> Rows:
    """Pairs of positions `(m, 2)`. Raises BadInput where they are none, or lie outside of the tables."""
    array = np.asarray(pairs)
    if array.size == 0:
        return np.empty((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise BadInput(
            f"pairs: expected whole numbers (m, 2), positions in both tables; got {array.dtype} {array.shape}"
        )
    for place, (side, table) in enumerate((("left", comparison.left), ("right", comparison.right))):
        least, most = int(array[:, place].min()), int(array[:, place].max())
        if not 0 <= least <= most < len(table):
            raise BadInput(f"pairs: {side} positions from {least} to {most}; that table has {len(table)}, from 0 on")
    return array.astype(np.int64, copy=False)


def one_to_one(
    left: NDArray[np.integer], right: NDArray[np.integer], probability: NDArray[np.floating], *, within: bool = False
) -> NDArray[np.bool_]:
    """Which of m pairs stay, `(m,)`, when every record may be in one pair only.

    The most probable pair is taken, its records are gone, and so on; of equal ones the first. That is a stable matching
    (Gale and Shapley, 1962). within: left and right are rows of the same table.
    """
    stays = np.zeros(len(left), bool)
    gone_left: set[int] = set()
    gone_right = gone_left if within else set()
    pairs = list(zip(left.tolist(), right.tolist(), strict=True))
    for at in np.argsort(-probability, kind="stable").tolist():
        a, b = pairs[at]
        if a not in gone_left and b not in gone_right:
            gone_left.add(a)
            gone_right.add(b)
            stays[at] = True
    return stays
