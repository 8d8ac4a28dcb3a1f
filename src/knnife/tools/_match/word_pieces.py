"""Two cells, word by word: what both have, what is nearly the same, what stands for what, and what one has alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz.distance import JaroWinkler

from knnife.tools._match.lexicon import NEARLY, SHORTEST
from knnife.tools._match.values import folded, is_code, words

ALIKE = 0.6  # names of models that are less alike than this are not set against each other
YEARS = range(1900, 2100)
FEW = 4  # words in both of two cells, up to which numbers stand for numbers, and words for words where none is shared
SHORT = 12  # words that only one of two cells has, up to which all of them are set against each other

_BETWEEN = re.compile(r"[^\W_]+(?:[-./'’][^\W_]+)*")
_GLUED = re.compile(r"(\d+(?:\.\d+)?)([a-z]{1,3})")  # 16gb, 1.5l


class Piece(NamedTuple):
    """A word of a cell: as it stands there, as it is compared, what stands about it.

    phrase: as it stands there with its unit, where it is a number before a short word (2 GB); unit: the key of that.
    model: whether it names one. Of what is written in one (16gb) the unit is shown with its number, and not again.
    """

    shown: str
    key: str
    before: str
    after: str
    phrase: str
    unit: str = ""

    @property
    def model(self) -> bool:
        return not self.unit and is_code(self.key)

    @property
    def number(self) -> bool:
        return self.key[:1].isdigit() and not self.model

    @property
    def year(self) -> bool:
        return len(self.key) == 4 and self.key.isdigit() and int(self.key) in YEARS


class Aligned(NamedTuple):
    """same: what both have, as the left has it. nearly: words with a slip between them. instead: what stands on the
    left, and on the right instead of it. left, right: what only one of them has.
    """

    same: list[Piece]
    nearly: list[tuple[Piece, Piece]]
    instead: list[tuple[Piece, Piece]]
    left: list[Piece]
    right: list[Piece]


def aligned(left: str, right: str) -> Aligned:
    """Two cells, each as it stands in its table. Of long ones only what is surely set against each other is."""
    ours, theirs = _joined(pieces(left), pieces(right)), _joined(pieces(right), pieces(left))
    shared = Counter(piece.key for piece in ours) & Counter(piece.key for piece in theirs)
    same, mine = _parted(ours, shared)
    _, others = _parted(theirs, shared)
    short = max(len(mine), len(others)) <= SHORT
    nearly = [*_pairs(mine, others, _slip)] if short else []
    fits = [_models, _units, _years, _beside] if short else [_models, _between]
    if max(len(ours), len(theirs)) <= FEW:
        fits += [_any_numbers] if same else [_any_numbers, _any_words]
    return Aligned(same, nearly, [pair for fit in fits for pair in _pairs(mine, others, fit)], mine, others)


@lru_cache(1 << 14)
def pieces(cell: str) -> tuple[Piece, ...]:
    """The words of a cell, in order."""
    found: list[tuple[str, str]] = []  # as shown, as compared
    for match in _BETWEEN.finditer(cell):
        keys = words(folded(match[0]))
        if len(keys) == 1 and (glued := _GLUED.fullmatch(keys[0])):
            found += [(match[0], glued[1]), ("", glued[2])]
        else:
            found += [(match[0] if len(keys) == 1 else key, key) for key in keys]
    ends = [("", ""), *found, ("", "")]
    return tuple(_piece(*three) for three in zip(ends, found, ends[2:], strict=False))


def _piece(before: tuple[str, str], here: tuple[str, str], after: tuple[str, str]) -> Piece:
    shown, key = here
    if key[:1].isdigit() and not is_code(key) and after[1].isalpha() and len(after[1]) <= SHORTEST:
        return Piece(shown, key, before[1], after[1], f"{shown} {after[0]}".strip(), after[1])
    return Piece(shown, key, before[1], after[1], shown)


def _joined(ours: Sequence[Piece], theirs: Sequence[Piece]) -> list[Piece]:
    """Two words that the other cell has as one (D 240, D240) become one."""
    known, found = {piece.key for piece in theirs}, list[Piece]()
    for piece in ours:
        last = found[-1] if found else None
        if last and last.key not in known and piece.key not in known and last.key + piece.key in known:
            shown = f"{last.shown} {piece.shown}".strip()
            found[-1] = Piece(shown, last.key + piece.key, last.before, piece.after, shown)
        else:
            found.append(piece)
    return found


def _parted(pieces: Sequence[Piece], shared: Counter[str]) -> tuple[list[Piece], list[Piece]]:
    """Those that are shared, each as often as it is, and the others."""
    left, same, others = shared.copy(), list[Piece](), list[Piece]()
    for piece in pieces:
        (same if left[piece.key] > 0 else others).append(piece)
        left[piece.key] -= 1
    return same, others


def _pairs(
    ours: list[Piece], theirs: list[Piece], fit: Callable[[Piece, Piece], float]
) -> Iterator[tuple[Piece, Piece]]:
    """Pairs that fit, the best first, each piece once; they are taken out of both lists."""
    fits = [(value, a, b) for a, one in enumerate(ours) for b, two in enumerate(theirs) if (value := fit(one, two)) > 0]
    gone: tuple[set[int], set[int]] = set(), set()
    for _, a, b in sorted(fits, key=lambda each: -each[0]):
        if a not in gone[0] and b not in gone[1]:
            gone[0].add(a)
            gone[1].add(b)
            yield ours[a], theirs[b]
    ours[:] = [piece for place, piece in enumerate(ours) if place not in gone[0]]
    theirs[:] = [piece for place, piece in enumerate(theirs) if place not in gone[1]]


def _slip(a: Piece, b: Piece) -> float:
    """Words that are nearly equal, as `Lexicon` has it; an initial that stands as the name does which it begins."""
    if a.key[0] != b.key[0] or not (a.key.isalpha() and b.key.isalpha()):
        return 0.0
    if min(len(a.key), len(b.key)) == 1:
        return float(a.before == b.before and a.after == b.after)
    if min(len(a.key), len(b.key)) < SHORTEST:
        return 0.0
    return float(JaroWinkler.similarity(a.key, b.key, score_cutoff=NEARLY))


def _models(a: Piece, b: Piece) -> float:
    return float(JaroWinkler.similarity(a.key, b.key, score_cutoff=ALIKE)) if a.model and b.model else 0.0


def _units(a: Piece, b: Piece) -> float:
    """Numbers with the same unit, or behind the same word."""
    if not (a.number and b.number):
        return 0.0
    return float(a.unit == b.unit != "") + float(a.before == b.before != "")


def _years(a: Piece, b: Piece) -> float:
    return float(a.year and b.year)


def _beside(a: Piece, b: Piece) -> float:
    """Words beside the same one."""
    if a.number or b.number or a.model or b.model:
        return 0.0
    return float(a.before == b.before != "") + float(a.after == b.after != "")


def _any_numbers(a: Piece, b: Piece) -> float:
    return float(a.number and b.number)


def _any_words(a: Piece, b: Piece) -> float:
    return float(not (a.number or b.number or a.model or b.model))


def _between(a: Piece, b: Piece) -> float:
    """Words or numbers between the same two, the one before being no number."""
    return float(a.before == b.before != "" and a.after == b.after != "" and a.number == b.number)
