"""Nearly equal things take one place among the hits: the best of them stays, the others are named beside it.

Two texts are nearly equal when they say the same without their names: nine tenths of their words are the same (those
of both over those of either), and all of their numbers, so that products of two sizes or reports of two years stay
apart. Things that end in the same name, such as io.open and _pyio.open, are nearly equal when their first paragraphs
are. A name that begins with an underscore gives way to one that does not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from knnife.things import Thing

SAME: Final = 0.9  # of the words of both texts
CHARACTERS: Final = 20_000  # what follows them is not compared
REMEMBERED: Final = 2_048  # texts whose words are, for the next questions

_PARAGRAPH_END = re.compile(r"\n[ \t\r]*\n\s*")
_WORD = re.compile(r"\w+")
_PRIVATE = re.compile(r"(?:^|[./#])_(?!_)")
_LAST_NAME = re.compile(r"[./#:]?([^./#:]+)$")


class Said:
    """What a thing says without its name."""

    def __init__(self, thing: Thing) -> None:
        """Of a thing whose value is a text."""
        self.id = thing.id or ""
        paragraphs = _PARAGRAPH_END.split(str(thing.value)[:CHARACTERS].strip().casefold())
        if len(paragraphs) > 1 and paragraphs[0] in (self.id.casefold(), (thing.part_of or "").casefold()):
            del paragraphs[0]
        self.lead, self.text = " ".join(paragraphs[0].split()), "\n".join(paragraphs)
        last = _LAST_NAME.search(self.id)
        self.last_name = last[1] if last and last[1] != self.id and thing.part_of is None else ""

    @property
    def private(self) -> bool:
        """Is it called as what is not for everybody?"""
        return _PRIVATE.search(self.id) is not None

    def like(self, other: Said) -> bool:
        """Does the other say the same?"""
        if self.last_name == other.last_name != "" and self.lead == other.lead != "":
            return True
        shorter, longer = sorted((len(self.text), len(other.text)))
        if not shorter or shorter < SAME * SAME * longer:  # words differ in length
            return False
        if self.text == other.text:
            return True
        own, others = _words(self.text), _words(other.text)
        return not own.differs_from(others) and own.numbers == others.numbers and own.is_nearly(others)


class Wording(NamedTuple):
    """How often each word occurs in a text; those of them that have digits; how many there are."""

    times: Counter[str]
    numbers: Counter[str]
    total: int

    def differs_from(self, other: Wording) -> bool:
        """Is it plain that too few are the same? A word that one alone has differs at least once."""
        fewer, more = sorted((self.total, other.total))
        different = len(self.times.keys() ^ other.times.keys())
        return fewer < SAME * more or different > 1.001 * (1 - SAME) * (fewer + more)

    def is_nearly(self, other: Wording) -> bool:
        """Are so many of the words of both the same?"""
        return (self.times & other.times).total() >= SAME * (self.times | other.times).total()


@lru_cache(maxsize=REMEMBERED)
def _words(text: str) -> Wording:
    times = Counter(_WORD.findall(text))
    numbers = Counter({word: n for word, n in times.items() if any(map(str.isdigit, word))})
    return Wording(times, numbers, times.total())


def gathered(things: Iterable[tuple[int, Thing]], enough: int) -> list[list[int]]:
    """The places of things, best first, those of nearly equal ones together, the one that stays first.

    Ends where the `enough` first groups have been looked for among twice as many things, or there are no more.
    """
    groups: list[tuple[Said | None, list[int]]] = []
    for seen, (place, thing) in enumerate(things):
        if len(groups) >= enough and seen >= 2 * enough:
            break
        said = Said(thing) if isinstance(thing.value, str) else None
        at = next((n for n, (first, _) in enumerate(groups) if said and first and first.like(said)), None)
        if at is None:
            groups.append((said, [place]))
        elif said and (first := groups[at][0]) and first.private and not said.private:
            groups[at] = said, [place, *groups[at][1]]
        else:
            groups[at][1].append(place)
    return [places for _, places in groups]
