"""What two records agree in and what they differ in, in plain words with what stands there, the strongest first.

Cells of words are compared word by word: names of models by how alike they are, numbers by the unit behind them or the
word before them, words by what they stand beside. The rarer a word is in the tables, the stronger it is. Numbers, days
and codes are compared as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from knnife.tools._match.bags import Rarity, key_of
from knnife.tools._match.fields import Field, Records
from knnife.tools._match.values import day_of, folded, number_of
from knnife.tools._match.word_pieces import YEARS, Piece, aligned, pieces

SHOWN = 4  # words that a reason names
WIDEST = 30  # characters of a cell, or a word, that a reason shows
CLOSE = 0.1  # numbers that differ by a smaller share are close
INSTEAD, ALONE, NEARLY = 0.8, 0.3, 0.7  # how strong a word in place of another is, one without any, one with a slip


class Reasons(NamedTuple):
    """Why two records may be of the same thing, and why not: "title: 2 GB differs from 16 GB"."""

    agrees: list[str]
    differs: list[str]


class Remark(NamedTuple):
    """strength: 0 to 1, how rare what it names is, less where that says little. agrees: or it differs."""

    strength: float
    agrees: bool
    text: str


def reasons(left: Records, right: Records, a: int, b: int, fields: Sequence[Field], rarity: Rarity) -> Reasons:
    """Of the records at rows `a` and `b`; rarity: of words, in both tables. What is missing is no reason."""
    cells = [(field, left.columns[field.left][a], right.columns[field.right][b]) for field in fields]
    elsewhere = tuple({piece.key for _, *both in cells for piece in pieces(both[side] or "")} for side in (0, 1))
    found: list[Remark] = []
    for field, ours, theirs in cells:
        if ours is not None and theirs is not None:
            said = _of_cells(field, ours, theirs, rarity, elsewhere)
            found += [each._replace(text=f"{field.name}: {each.text}") for each in said]
    found.sort(key=lambda each: -each.strength)
    return Reasons([each.text for each in found if each.agrees], [each.text for each in found if not each.agrees])


def _of_cells(field: Field, ours: str, theirs: str, rarity: Rarity, known: tuple[set[str], ...]) -> Iterator[Remark]:
    """known: all words of either record, for one that has a word elsewhere does not lack it."""
    x, y = number_of(ours), number_of(theirs)
    day, other = day_of(ours), day_of(theirs)
    if field.kind == "number" and x is not None and y is not None:
        yield _of_numbers(ours, theirs, x, y)
    elif day is not None and other is not None:
        yield _of_days(ours, theirs, day, other)
    elif field.kind == "code":
        one, two = ("".join(filter(str.isalnum, folded(cell))) for cell in (ours, theirs))
        yield Remark(1.0, True, _cut(ours)) if one == two else _apart(1.0, ours, theirs)
    else:
        yield from _of_words(ours, theirs, rarity, known)


def _of_numbers(ours: str, theirs: str, x: float, y: float) -> Remark:
    if x == y:
        return Remark(0.5, True, _cut(ours))
    if x in YEARS and y in YEARS:
        return _apart(INSTEAD, ours, theirs)
    apart = abs(x - y) / max(abs(x), abs(y))
    if apart <= CLOSE:
        return Remark(0.3, True, f"{_cut(ours)} is close to {_cut(theirs)}")
    return _apart(min(1.0, 0.3 + apart), ours, theirs)


def _of_days(ours: str, theirs: str, x: float, y: float) -> Remark:
    if x == y:
        return Remark(0.6, True, _cut(ours))
    days = round(abs(x - y))
    return _apart(min(1.0, 0.5 + days / 365), ours, theirs, f" by {days:,} day{'s' * (days > 1)}")


def _of_words(ours: str, theirs: str, rarity: Rarity, known: tuple[set[str], ...]) -> Iterator[Remark]:
    found = aligned(ours, theirs)
    paired = chain.from_iterable([*found.nearly, *found.instead])
    weight = _weights([*found.same, *found.left, *found.right, *paired], rarity)

    def listed(some: Sequence[Piece]) -> str:
        """The rarest of these, and how many more there are."""
        order = sorted((each for each in some if each.shown), key=lambda each: -weight[each.key])
        names = list(dict.fromkeys(_cut(piece.shown) for piece in order))
        more = len(names) - SHOWN
        return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")

    if any(each.shown for each in found.same):
        yield Remark(max(weight[each.key] for each in found.same), True, listed(found.same))
    for one, two in found.nearly:
        yield Remark(NEARLY * weight[one.key], True, f"{_cut(one.shown)} is nearly {_cut(two.shown)}")
    for one, two in found.instead:
        strength = max(weight[one.key], weight[two.key]) * (1 if one.number or one.model else INSTEAD)
        units = one.unit == two.unit
        yield _apart(strength, one.phrase if units else one.shown, two.phrase if units else two.shown)
    for side, words, there in (("left", found.left, known[1]), ("right", found.right, known[0])):
        if alone := [each for each in words if each.key not in there and each.shown]:
            yield Remark(ALONE * max(weight[each.key] for each in alone), False, f"only the {side} has {listed(alone)}")


def _weights(pieces: Sequence[Piece], rarity: Rarity) -> dict[str, float]:
    keys = list({piece.key for piece in pieces})
    weights = rarity.weights(np.array([key_of(key) for key in keys], np.int64))
    return dict(zip(keys, weights.tolist(), strict=True))


def _apart(strength: float, ours: str, theirs: str, by: str = "") -> Remark:
    return Remark(strength, False, f"{_cut(ours)} differs from {_cut(theirs)}{by}")


def _cut(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"
