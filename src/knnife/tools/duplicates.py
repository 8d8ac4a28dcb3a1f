"""Which things are copies of others, exactly or nearly?

Texts are compared by their pieces of five characters, pictures by laying one on the other, and both by their vectors.
How close is close enough is estimated from the space itself: as many pairs are taken as copies as there can be while
`false_pairs` of them are expected to be none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Metric, connected, members
from knnife.space.sample import Sample
from knnife.space.space import Where
from knnife.statistics.intervals import count_interval
from knnife.statistics.neighbours import NeighbourTail, as_many_as_expected
from knnife.statistics.tails import PairTail
from knnife.things import Thing
from knnife.things.kinds import kind
from knnife.things.sheets import sheet
from knnife.tools._duplicates.finding import Search, Way, find, similarities
from knnife.tools._duplicates.groups import Group, across_cells, check_rule, group_cells, grouped, worth
from knnife.tools._duplicates.shortlist import Poses
from knnife.tools._duplicates.sides import both_sides, check_limits, check_one_scale, poses_for, ways_for
from knnife.tools._duplicates.similarity_join import Rows

ROUNDING = 1e-6  # of a similarity
BEYOND = 100.0  # pairs are kept up to an expectation so many times as high, for `at` and `borderline`


@dataclass(frozen=True)
class Duplicates:
    """Pairs of copies, the most certain first.

    things: what was asked about. against: the other side, or None. a, b: positions `(p,)` of the pairs in both (in
    `things` twice without another side). surface: the share of five-character pieces that a pair of texts has in
    common, or how much of a picture is found again in the other, 0 to 1, `(p,)`; NaN where that was not compared.
    similarity: that of the vectors, likewise. expected: how many pairs that are no
    copies are expected to be as close as this one or closer, `(p,)`, NaN where a threshold was given beforehand.
    false_pairs: pairs with a smaller expectation are the copies. threshold: or those at least so similar. keep: the
    rule. tails: what each way knows of pairs that are no copies. parts: of pictures, whether copies were looked for
    of which one is a small part of the other.

    Pairs beyond the limit are kept too, for `at` and `borderline`; `rows` and the groups leave them out.
    """

    things: Sample
    against: Sample | None
    a: Rows
    b: Rows
    surface: NDArray[np.float32]
    similarity: NDArray[np.float32]
    expected: NDArray[np.float64]
    false_pairs: float
    threshold: float | None
    keep: str
    tails: Mapping[Way, PairTail | NeighbourTail]
    explored: float
    lowest: float
    parts: bool | None = None

    def __len__(self) -> int:
        return int(self.found.sum())

    @property
    def found(self) -> NDArray[np.bool_]:
        """Which of the pairs are taken as copies, `(p,)`."""
        if self.threshold is None:
            return self.expected <= self.false_pairs
        best = np.fmax(self.surface, self.similarity)
        return best >= np.float32(self.threshold)

    @property
    def calibrated(self) -> bool:
        """Whether what is expected holds: a tail is known, and no more pairs are beyond the limit than it says."""
        errors = [tail.error for tail in self.tails.values() if isinstance(tail, NeighbourTail) and tail.calibrated]
        if not errors or self.threshold is not None:
            return any(tail.calibrated for tail in self.tails.values())
        return as_many_as_expected(self.expected, self.false_pairs, self.explored, max(errors))

    @property
    def false_between(self) -> tuple[float, float]:
        """Between which numbers the pairs found that are no copies will be, in 95 of 100 cases."""
        errors = [tail.uncertainty for tail in self.tails.values() if isinstance(tail, NeighbourTail) and tail.known]
        return count_interval(self.false_pairs, max(errors, default=0.0))

    def limit(self, way: Way) -> float:
        """The similarity from which a pair is taken as copies, in one of the ways."""
        if self.threshold is not None:
            return self.threshold
        distance = self.tails[way].distance(self.false_pairs / len(self.tails))
        return float(similarities(way, self.things.metric, distance)) - ROUNDING

    def at(self, threshold: float | None = None, *, false_pairs: float | None = None) -> Duplicates:
        """The same with another limit, without computing anything anew.

        threshold: a similarity that either way has to reach. false_pairs: an expectation. Give one of them. Raises
        BadInput where the search did not go so far.
        """
        if (threshold is None) == (false_pairs is None):
            raise BadInput("give either threshold or false_pairs")
        if false_pairs is not None:
            if not 0 <= false_pairs <= self.explored:
                raise BadInput(
                    f"false_pairs is {false_pairs:g}; the search went up to {self.explored:g} (0: a threshold was "
                    f"given to it), so expected a number from 0 to that; for more: "
                    f"duplicates(..., false_pairs={false_pairs:g})"
                )
            return replace(self._sorted(self.expected), false_pairs=float(false_pairs), threshold=None)
        check_one_scale(self.things, tuple(self.tails))
        if threshold is None or not np.isfinite(threshold) or threshold < self.lowest:
            raise BadInput(
                f"threshold is {threshold}; the search went down to {self.lowest:.4f}; for less: "
                f"duplicates(..., threshold={threshold})"
            )
        alike = -np.fmax(self.surface, self.similarity)
        return replace(self._sorted(alike), threshold=float(threshold))

    def _sorted(self, by: NDArray[np.floating]) -> Duplicates:
        """With the pairs in this order; of equals the closest comes first."""
        order = np.lexsort((self.b, self.a, -np.fmax(self.surface, self.similarity), by))
        a, b, surface, similarity = self.a[order], self.b[order], self.surface[order], self.similarity[order]
        return replace(self, a=a, b=b, surface=surface, similarity=similarity, expected=self.expected[order])

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a pair of copies, the most certain first.

        Columns:
            a (str): the id of one of the pair.
            b (str): the id of the other; with another side, of the thing over there.
            surface (float | None): the share of the pieces of two texts, or of what two pictures show, that both have,
                0 to 1.
            similarity (float | None): that of the vectors; None where these were not compared.
            expected (float | None): how many pairs that are no copies are expected to be as close; None with a
                threshold.
            position_a (int): where the one stands in what was given.
            position_b (int): where the other stands.
        """
        yield from self._told(np.flatnonzero(self.found))

    def borderline(self, k: int = 20) -> list[dict[str, Any]]:
        """The k pairs around the limit, as rows: half within, the least certain ones, half beyond."""
        found = self.found
        within, beyond = np.flatnonzero(found)[-((k + 1) // 2) :], np.flatnonzero(~found)[: k // 2]
        return list(self._told(np.concatenate([within, beyond])))

    def groups(self) -> list[Group]:
        """Copies together, and which of them is kept, in the order of the first; all positions are in `things`.

        Against another side a group is what has copies of one another over there, and everything in it is a copy.
        """
        n, found = len(self.things), self.found
        a, b = self.a[found], self.b[found]
        if self.against is not None:
            label = connected(n + len(self.against), a, b + n)
            return [Group(None, tuple(rows[rows < n].tolist())) for rows in members(label)]
        close = np.nan_to_num(np.fmax(self.surface, self.similarity)[found].astype(float))
        return grouped(self.keep, self.things.things, a, b, close)

    @property
    def removed(self) -> Rows:
        """The positions of all copies in `things` but those that are kept, sorted."""
        return np.array(sorted(row for group in self.groups() for row in group.copies), np.int64)

    @property
    def kept(self) -> Rows:
        """The positions of all others, sorted."""
        return np.setdiff1d(np.arange(len(self.things)), self.removed)

    def clean(self) -> list[Thing]:
        """The things without their copies."""
        return [self.things.things[row] for row in self.kept.tolist()]

    def summary(self) -> dict[str, int]:
        """How many things, pairs of copies, groups, and copies that are not kept."""
        groups = self.groups()
        copies = sum(len(group.copies) for group in groups)
        return {"things": len(self.things), "pairs": len(self), "groups": len(groups), "copies": copies}

    def sheet(self, path: str | os.PathLike[str]) -> int:
        """Write the groups of pictures to one HTML file to look at, what stays marked; how many groups there are.

        Raises BadInput where these are no pictures, or the file cannot be written.
        """
        if any(
            side is not None and len(side) and not kind(side.kind).has_picture for side in (self.things, self.against)
        ):
            raise BadInput(f"a sheet shows pictures, and {self.things.source} holds something else")
        found = self.found
        pairs = self.a[found], self.b[found], np.nan_to_num(np.fmax(self.surface, self.similarity)[found])
        if self.against is None:
            cells = group_cells(self.things, self.groups(), *pairs)
        else:
            cells = across_cells(self.things, self.against, *pairs)
        return sheet(f"Copies among {len(self.things):,} pictures", cells, path)

    def _told(self, pairs: Rows) -> Iterator[dict[str, Any]]:
        other = self.things if self.against is None else self.against
        for pair in pairs.tolist():
            a, b = int(self.a[pair]), int(self.b[pair])
            yield {
                "a": self.things.ids[a],
                "b": other.ids[b],
                "surface": _number(self.surface[pair]),
                "similarity": _number(self.similarity[pair]),
                "expected": _number(self.expected[pair]),
                "position_a": a,
                "position_b": b,
            }


def duplicates(
    given: Any,
    against: Any = None,
    *,
    false_pairs: float = 1.0,
    threshold: float | None = None,
    by: Literal["both", "surface", "vectors"] | None = None,
    keep: str = "first",
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    mirrored: bool = False,
    turned: bool = False,
    parts: bool | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Duplicates:
    """Finds exact and near copies within `given`, or, with `against`, of its things among those.

    Args:
        given: a Space, vectors `(n, d)`, or things (texts, a table, what `knnife.read` gives).
        against: likewise: another side, for instance test data that must not be among training data.
        false_pairs: how many pairs are expected to be found that are no copies.
        threshold: a similarity instead, which the texts or the vectors of a pair have to reach. Nothing is estimated.
        by: "surface" compares texts by their pieces and pictures by what they show and where, "vectors" compares by
            meaning, "both" takes what either finds. Unless told: both where there are texts or pictures, but vectors
            alone for rows of tables.
        keep: which one of a group stays: "first", "last", "longest", "central", "max:FIELD" or "min:FIELD".
        encoder: what encodes things that bring no vectors, "copies" for pictures by default; those of `against` go
            through that of `given`, a space.
        metric: of arrays and things, that of the encoder or the cosine by default. "dot" is taken for the cosine.
        view: of a space, not the default one but this.
        where: of a space, only what matches this filter.
        mirrored: of pictures, look for mirrored copies too.
        turned: of pictures, look for copies too that are turned by a quarter, a half or three quarters.
        parts: of pictures, look for copies too of which one is a small part of the other (screenshots, collages,
            quarters). All pictures are then looked at, 12 ms each. Unless told, yes, but not against more than 1,000
            that are more than four times as many as those given: then only those near by their vectors.
        seed: of the samples from which it is read how close is close enough, and of the order in which texts meet.
        progress: called with the things encoded so far and None, then with the things done and the share (0 to 1) of
            the comparing.

    Raises:
        BadInput: what is given cannot be read, a limit or a rule makes no sense, or texts are wanted where there are
            none.
        EncoderMismatch: two spaces with vectors of different encoders; by="surface" compares their texts.

    """
    check_limits(false_pairs, threshold)
    check_rule(keep)
    if against is not None and keep != "first":
        raise BadInput(f"keep is {keep!r}, but against another side there is nothing to choose: its things stay")
    things, other = both_sides(
        given, against, by, encoder=encoder, metric=metric, view=view, where=where, progress=progress
    )
    if keep == "longest" and kind(things.kind).in_files:
        raise BadInput("keep is 'longest', which is for texts; of pictures the largest is max:width or max:bytes")
    worth(keep, things.things, np.zeros(len(things)))  # raises now, not after the search, where no thing has the field
    ways = ways_for(things, other, by)
    poses = poses_for(things, other, ways, Poses(mirrored, turned, parts))
    if threshold is not None:
        check_one_scale(things, ways)
    explored = 0.0 if threshold is not None else BEYOND * max(1.0, false_pairs)
    search = Search(ways, threshold, explored, seed, progress, poses)
    found = find(things, other, search)
    looked = None if poses is None else poses.parts
    return Duplicates(
        things, other, *found[:5], false_pairs, threshold, keep, found.tails, explored, found.lowest, looked
    )


def _number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)
