"""From which likeness on two faces are the same person: measured on the people who are known, each left out in turn.

The likeness of a left-out person to the most similar of the others is that of a stranger; likewise of two faces of
different people. An encoder that was trained on these people is trained again without those who are left out, a fifth
of them at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors, unit
from knnife.statistics.tails import PowerTail

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

FEWEST: Final = 3  # people to measure anything on
ENOUGH: Final = 10  # people needed to estimate a rate of one in a hundred
OF_STRANGERS, OF_PAIRS = 10.0, 1.0  # people's worth of likenesses that a tail is learned from (bench/faces.py)
FOLDS: Final = 5
MOST_FACES: Final = 2_000  # measured on; of more, so many drawn by chance

Encode = Callable[[NDArray[np.int64] | None], Vectors]  # rows to be trained on (None: all) -> the vectors of all rows


class Likenesses(NamedTuple):
    """Likenesses measured: of strangers to the most alike known person, of pairs of people, of known people."""

    strangers: Numbers
    pairs: Numbers
    known: Numbers  # the likeness of a known person to the one answered; -1 where that is somebody else


@dataclass(frozen=True)
class Limits:
    """What was measured; `strangers` and `pairs` are None where fewer than 3 people are known.

    known: sorted likenesses `(n,)` of known people to themselves, -1 where somebody else was more alike.
    """

    people: int
    faces: int
    strangers: PowerTail | None
    pairs: PowerTail | None
    known: tuple[float, ...]

    def missed(self, threshold: float) -> float | None:
        """The share of faces of known people that this threshold leaves unnamed, or that get another name."""
        return float(np.mean(np.array(self.known) < threshold)) if self.known else None

    def state(self) -> dict[str, Any]:
        """All of it, for JSON."""
        tails = {name: tail and tail.state() for name, tail in (("strangers", self.strangers), ("pairs", self.pairs))}
        return {"people": self.people, "faces": self.faces, **tails, "known": list(self.known)}

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """What `state` wrote down. Raises KeyError, TypeError or ValueError for anything else."""
        strangers, pairs = (state[name] and PowerTail.of_state(state[name]) for name in ("strangers", "pairs"))
        known = tuple(float(value) for value in state["known"])
        return cls(int(state["people"]), int(state["faces"]), strangers, pairs, known)


def measure(codes: Codes, encode: Encode, *, trained: bool, seed: int = 0) -> Limits:
    """Measures on faces of people `codes` (n,), from 0. encode: makes vectors; trained: whether on these faces."""
    people = len(np.unique(codes))
    if people < FEWEST:
        return Limits(people, len(codes), None, None, ())
    rows = _drawn(codes, seed)
    _, own = np.unique(codes[rows], return_inverse=True)
    if trained:
        found = list(_folds(own, lambda taught: unit(encode(rows[taught])[rows]), seed))
    else:
        found = [_left_out(unit(encode(None)[rows]), own)]
    lesson = Likenesses(*(np.concatenate(parts).astype(np.float64) for parts in zip(*found, strict=True)))
    more = 1 / (1 - 1 / min(FOLDS, people)) if trained else people / (people - 1)  # those left out met fewer people
    strangers = PowerTail.learn(lesson.strangers, people, beyond=OF_STRANGERS, more=more)
    apart = people * (people - 1) / 2
    pairs = PowerTail.learn(lesson.pairs, people, beyond=OF_PAIRS, units=apart) if len(lesson.pairs) else None
    return Limits(people, len(codes), strangers, pairs, tuple(sorted(np.round(lesson.known, 4).tolist())))


def best_of_each(likenesses: Vectors, codes: Codes, people: int) -> Vectors:
    """Of likenesses to faces `(m, n)`, whose persons are `codes` (n,), the best for each person: `(m, people)`."""
    best = np.full((people, len(likenesses)), -np.inf, np.float32)
    np.maximum.at(best, codes, likenesses.T)
    return best.T


def _left_out(points: Vectors, codes: Codes) -> Likenesses:
    """Each person, and each face, left out of those who are known: one look at all likenesses is enough."""
    likenesses = points @ points.T
    pairs = likenesses[np.triu(codes[:, None] != codes)]
    np.fill_diagonal(likenesses, -np.inf)
    best = best_of_each(likenesses, codes, int(codes.max()) + 1)
    rows = np.arange(len(codes))
    own = best[rows, codes].copy()
    best[rows, codes] = -np.inf
    other = best.max(axis=1)
    several = np.isfinite(own)  # those whose person has another face
    return Likenesses(other, pairs, np.where(own > other, own, -1.0)[several])


def _folds(codes: Codes, encode: Callable[[Codes], Vectors], seed: int) -> Iterator[Likenesses]:
    """A fifth of the people, and of the faces of the others, left out at a time, also of the training."""
    draw = np.random.default_rng(seed)
    people = int(codes.max()) + 1
    count = min(FOLDS, people)
    fold = draw.permutation(people)[codes] % count
    place = _places(codes, draw)
    for number in range(count):
        strangers, rest = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        asked = rest[(place[rest] % count == number) & (place[rest] > 0)]  # one face of each stays at least
        taught = np.setdiff1d(rest, asked)
        points = encode(taught)
        best = best_of_each(points @ points[taught].T, codes[taught], people)
        right = best[asked].argmax(axis=1) == codes[asked]
        pairs = (points[strangers] @ points[strangers].T)[np.triu(codes[strangers, None] != codes[strangers])]
        yield Likenesses(best[strangers].max(axis=1), pairs, np.where(right, best[asked].max(axis=1), -1.0))


def _drawn(codes: Codes, seed: int) -> Codes:
    """The rows to measure on: all, or MOST_FACES by chance."""
    if len(codes) <= MOST_FACES:
        return np.arange(len(codes))
    return np.sort(np.random.default_rng(seed).permutation(len(codes))[:MOST_FACES])


def _places(codes: Codes, draw: np.random.Generator) -> Codes:
    """The place of each face among those of its person, in an order drawn by chance."""
    order = draw.permutation(len(codes))
    order = order[np.argsort(codes[order], kind="stable")]
    _, starts, counts = np.unique(codes[order], return_index=True, return_counts=True)
    places = np.empty(len(codes), np.int64)
    places[order] = np.arange(len(codes)) - np.repeat(starts, counts)
    return places
