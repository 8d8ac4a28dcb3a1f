"""Which records of two tables, or of one, are of the same thing?

Each record is paired with the few that share rare runs of letters with it, each pair is compared field by field, and
the evidence is added up to a probability, with weights learned with or without labelled pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Positions, connected, members
from knnife.tools._match.candidate_pairs import candidates
from knnife.tools._match.comparing import Comparison
from knnife.tools._match.explaining import reasons
from knnife.tools._match.fields import Field, FieldNames, Records, fields_of
from knnife.tools._match.labelled_pairs import Labels, place_of
from knnife.tools._match.matcher import Matcher, one_to_one as matched_once
from knnife.tools._match.values import folded

WORDED = ("name", "text", "category", "code")  # kinds of fields that candidates are found by
FEW = 20  # matches that teach less than what is usual
SHAKY = (
    0.2  # of the likelier pairs expected to be wrong; of tables that shared nothing it was .25 and more, and all were
)


@dataclass(frozen=True)
class Matches:
    """Pairs of records, in the order of the left ones.

    left, right: the records; right is None within one table. a, b: positions `(m,)` of all pairs that were compared.
    probability: `(m,)` that the two are of the same thing. threshold: from which on they are taken to be. single:
    `(m,)` whether a pair may be taken, where every record has one partner at most. evidence: `(m, g)` what each group
    of measures, mostly a field, added to the log-odds; groups: their names. matcher: what compared them.
    """

    left: Records
    right: Records | None
    a: Positions
    b: Positions
    probability: NDArray[np.float64]
    threshold: float
    single: NDArray[np.bool_]
    evidence: NDArray[np.floating]
    groups: Sequence[str]
    matcher: Matcher

    def __len__(self) -> int:
        return int(self.found.sum())

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which pairs are matches, `(m,)`."""
        return self.single & (self.probability >= self.threshold)

    def at(self, threshold: float) -> Matches:
        """The same with another threshold; nothing is computed anew."""
        return replace(self, threshold=_probability(threshold))

    def rows(self, *, explain: bool = False) -> Iterator[dict[str, Any]]:
        """One row a match, in the order of the left records.

        explain: whether to say in words what agrees and what differs, which takes about a millisecond a row.

        Columns:
            a (str): the left record.
            b (str): the right record.
            probability (float): that both are of the same thing.
            decided (dict): what each field added to the log-odds, the strongest first.
            position_a (int): where the left record stands in its table.
            position_b (int): where the right one stands.
            agrees (list): with `explain`, what both say, the strongest first: "title: X120, headphones".
            differs (list): with `explain`, what they say otherwise: "title: 2 GB differs from 16 GB".
        """
        yield from self._rows(np.flatnonzero(self.found), explain)

    def borderline(self, k: int = 20, *, explain: bool = False) -> list[dict[str, Any]]:
        """The k pairs that are least certain, as rows: a person who labels these helps most."""
        order = np.argsort(np.abs(self.probability - self.threshold), kind="stable")
        return list(self._rows(order[:k], explain))

    def explain(self, a: str | int, b: str | int) -> dict[str, Any]:
        """Why these two records, by id or position, are taken for the same or are not: a row of `rows(explain=True)`.

        It has `match`, too, whether they are one. Two that were not compared, for they share too little or have many
        closer ones, are compared for this. Raises NotFound for a record that is not there.
        """
        other = self.left if self.right is None else self.right
        at, to = (place_of(name, table) for name, table in ((a, self.left), (b, other)))
        if self.right is None:
            at, to = min(at, to), max(at, to)
        pairs = np.flatnonzero((self.a == at) & (self.b == to))
        found, pair = (self, pairs[0]) if len(pairs) else (self._compared(at, to), 0)
        row = next(found._rows(np.array([pair]), explain=True))
        row["differs"] += self._closer(at, to, row["probability"])
        return {**row, "match": bool(found.found[pair])}

    def _closer(self, a: int, b: int, probability: float) -> list[str]:
        """Which other record either of the two rather belongs to."""
        other, found = self.left if self.right is None else self.right, []
        for side, whose, name in ((self.a, a, self.left.ids[a]), (self.b, b, other.ids[b])):
            theirs = np.flatnonzero((side == whose) & ~((self.a == a) & (self.b == b)))
            if len(theirs) and (best := self.probability[theirs].max()) > max(probability, 0.5):
                closest = theirs[self.probability[theirs].argmax()]
                partner = other.ids[self.b[closest]] if side is self.a else self.left.ids[self.a[closest]]
                found.append(f"{name} is closer to {partner} ({best:.2f})")
        return found

    def _compared(self, a: int, b: int) -> Matches:
        """The answer for one pair that was not looked at, which is no match."""
        comparison = self.matcher.comparison(self.left, self.right)
        pair = np.array([[a, b]])
        judged = self.matcher.judge(comparison, pair, rivals=np.stack([self.a, self.b], axis=1))
        return replace(
            self, a=pair[:, 0], b=pair[:, 1], probability=judged.probabilities, single=np.zeros(1, np.bool_),
            evidence=judged.shares, groups=judged.fields,
        )  # fmt: skip

    def sets(self) -> list[list[str]]:
        """Within one table: the ids that belong together. Raises BadInput where there are two tables."""
        if self.right is not None:
            raise BadInput("sets are of one table; these are matches between two, see rows()")
        found = self.found
        label = connected(len(self.left), self.a[found], self.b[found])
        return [[self.left.ids[row] for row in rows.tolist()] for rows in members(label)]

    def unmatched(self) -> list[str]:
        """The ids of the left records without any match."""
        found = self.found
        matched = np.zeros(len(self.left), bool)
        matched[self.a[found]] = True
        if self.right is None:
            matched[self.b[found]] = True
        return [self.left.ids[row] for row in np.flatnonzero(~matched).tolist()]

    @property
    def doubt(self) -> str | None:
        """Why the number of matches expected to be wrong may not hold here, in words; None where nothing says so.

        It rests on candidates of a record that compete, of which at most one is right, and on weights that enough
        matches have taught.
        """
        matches = int(self.found.sum())
        if self.matcher.labelled:
            return None
        if self.right is None:
            return "records of one table have several partners, so that none of them shows what is no match"
        if not np.isfinite(self.matcher.evidence.twins).all():
            return "this matcher is of an earlier version, in which candidates of a record did not compete"
        if matches < FEW:
            return f"{matches} matches are too few to learn from; what differs counts as it usually does"
        likely = self.probability[self.single & (self.probability >= 0.5)]
        if (1 - likely).sum() > SHAKY * len(likely):
            return "more than a fifth of the likelier pairs are expected to be wrong, so these tables may share nothing"
        return None

    @property
    def calibrated(self) -> bool:
        """Whether nothing speaks against the number expected to be wrong; `doubt` says what does."""
        return self.doubt is None

    def summary(self) -> dict[str, float]:
        """How many records, pairs that were compared, matches, and how many of the matches are expected to be wrong."""
        found = self.found
        return {
            "left": len(self.left),
            "right": len(self.left if self.right is None else self.right),
            "compared": len(self.a),
            "matches": int(found.sum()),
            "expected wrong": float((1 - self.probability[found]).sum()),
        }

    def _rows(self, pairs: Positions, explain: bool = False) -> Iterator[dict[str, Any]]:
        other = self.left if self.right is None else self.right
        for pair in pairs.tolist():
            a, b = int(self.a[pair]), int(self.b[pair])
            added = dict(zip(self.groups, self.evidence[pair].tolist(), strict=True))
            row = {
                "a": self.left.ids[a],
                "b": other.ids[b],
                "probability": float(self.probability[pair]),
                "decided": dict(sorted(added.items(), key=lambda each: -abs(each[1]))),
                "position_a": a,
                "position_b": b,
            }
            if explain:
                row |= reasons(self.left, other, a, b, self.matcher.fields, self.matcher.rarities[0])._asdict()
            yield row


def match(
    left: Any,
    right: Any = None,
    *,
    fields: FieldNames = None,
    labels: Labels = None,
    matcher: Matcher | None = None,
    threshold: float = 0.5,
    one_to_one: bool = False,
    k: int = 10,
    seed: int = 0,
    progress: Progress | None = None,
) -> Matches:
    """Finds the records of `left` and `right`, or within `left`, that are of the same thing.

    Args:
        left: a table (what `knnife.read` gives, a DataFrame, a list of mappings), a Space, a list of strings, or the
            path of any of these.
        right: likewise; None looks within `left`.
        fields: which columns are compared: names that both tables have, pairs (left, right), or a mapping from these
            to kinds ("name", "text", "code", "number", "date", "category"). All columns in common by default.
        labels: pairs that somebody has looked at: (id or position of the left, of the right, 1 or 0), a handful or all.
        matcher: one that was fitted before, which is used as it is.
        threshold: the probability from which on two records are taken for the same.
        one_to_one: whether a record may have one partner at most.
        k: with how many others each record is compared, those that share the rarest runs of letters with it.
        seed: of what is drawn by chance in learning.
        progress: called with the records whose candidates were found, and their share.

    Raises:
        BadInput: nothing to read, no column in common, labels that name no record, numbers that make no sense.

    """
    threshold = _probability(threshold)
    if k < 1:
        raise BadInput(f"k is {k}; each record is compared with at least 1 other")
    ours = Records.of(left, "left")
    theirs = ours if right is None else Records.of(right, "right")
    for side, table in (("left", ours), ("right", theirs)):
        if not len(table):
            raise BadInput(f"the {side} table has no records; expected some rows, or texts")
    if matcher is None:
        comparison = Comparison(ours, theirs, fields_of(ours, theirs, fields))
    else:
        comparison = matcher.comparison(ours, theirs)
    worded = [field for field in comparison.fields if field.kind in WORDED] or comparison.fields  # else by the digits
    pairs = _pairs(ours, None if right is None else theirs, worded, k, progress)
    if matcher is None:
        matcher = Matcher.of(comparison, labels, pairs, seed)
    judged = matcher.judge(comparison, pairs, rivals=pairs)
    single = np.ones(len(pairs), bool)
    if one_to_one:
        single = matched_once(pairs[:, 0], pairs[:, 1], judged.probabilities, within=right is None)
    return Matches(
        ours, None if right is None else theirs, pairs[:, 0], pairs[:, 1], judged.probabilities, threshold, single,
        judged.shares, judged.fields, matcher,
    )  # fmt: skip


def _pairs(
    left: Records, right: Records | None, fields: Sequence[Field], k: int, progress: Progress | None
) -> Positions:
    """The pairs `(m, 2)` that are looked at: those close in all words together, and those close in one of the names.

    In all together, as tables part differently what they say; in a name, as long descriptions drown it.
    """
    names = [field for field in fields if field.kind == "name"][:1] if len(fields) > 1 else []
    found = [np.zeros((0, 2), np.int64)]
    for some in filter(None, (fields, names)):
        theirs = None if right is None else _joined(right, [field.right for field in some])
        near = candidates(_joined(left, [field.left for field in some]), theirs, k=k, progress=progress)
        found.append(np.stack([near.left, near.right], axis=1).astype(np.int64))
    return np.unique(np.concatenate(found), axis=0)


def _joined(table: Records, names: Sequence[str]) -> list[str]:
    """What stands in these columns of each record, as one text."""
    columns = ([folded(cell) if cell else "" for cell in table.columns[name]] for name in names)
    return [" ".join(filter(None, cells)) for cells in zip(*columns, strict=True)]


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise BadInput(f"threshold is {value}; expected a probability, 0 to 1")
    return float(value)
