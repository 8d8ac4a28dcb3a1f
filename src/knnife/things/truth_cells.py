"""Yes and no as people, programs and spreadsheets of some languages write them."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple


class _Pair(NamedTuple):
    """Words for yes and for no that stand in one column; alone: those that say so even where all cells are the same."""

    yes: frozenset[str]
    no: frozenset[str]
    alone: frozenset[str] = frozenset()


def _pair(yes: str, no: str, alone: str = "") -> _Pair:
    return _Pair(frozenset(yes.split()), frozenset(no.split()), frozenset(alone.split()))


_PAIRS: Final = (
    _pair("true t", "false f", "true false"),
    _pair("yes y", "no n", "yes no"),
    _pair("true yes t y", "false no f n", "true false yes no"),  # as many hands write them
    _pair("on", "off"),
    _pair("wahr ja j", "falsch nein n", "wahr falsch ja nein"),  # German
    _pair("vrai oui", "faux non", "vrai oui"),  # French
    _pair("verdadero sí si", "falso no", "verdadero falso"),  # Spanish
    _pair("vero sì si", "falso no"),  # Italian
    _pair("verdadeiro sim", "falso não nao", "verdadeiro"),  # Portuguese
    _pair("waar ja", "onwaar nee"),  # Dutch
    _pair("sant sann sand tosi ja kyllä", "falskt falsk usann epätosi nej nei ei"),  # of the north
    _pair("prawda tak", "fałsz nie"),  # Polish
    _pair("pravda ano", "nepravda ne"),  # Czech
    _pair("истина да", "ложь нет"),  # Russian
    _pair("doğru evet", "yanliş yanlış hayır"),  # Turkish
    _pair("igaz igen", "hamis nem"),  # Hungarian
)
_TRUE: Final = frozenset.union(*(pair.yes for pair in _PAIRS)) | {"1"}
_FALSE: Final = frozenset.union(*(pair.no for pair in _PAIRS)) | {"0"}
_WORDS: Final = (_TRUE | _FALSE) - {"0", "1"}  # digits are numbers, unless somebody says otherwise
LONGEST: Final = max(map(len, _WORDS))
NORWAY: Final = "NO"  # the code of a country, where nothing else stands beside it


def truth_word(cell: str) -> str | None:
    """The word, in small letters; None where it says neither yes nor no."""
    word = cell.casefold() if len(cell) <= LONGEST else ""
    if cell == NORWAY:
        return NORWAY
    return word if word in _WORDS else None


def are_truths(words: AbstractSet[str]) -> bool:
    """Do all these words of one column, as `truth_word` gives them, say yes or no?"""
    small = {word.casefold() for word in words}
    for yes, no, alone in _PAIRS:
        if small <= yes | no:
            both = bool(small & yes) and bool(small & no)
            if (both and not _unlike(small)) or (small <= alone and words != {NORWAY}):
                return True
    return False


def truth(cell: str) -> bool | None:
    """What a cell says, without space around it; None where it says neither."""
    word = cell.casefold() if len(cell) <= LONGEST else ""
    return True if word in _TRUE else False if word in _FALSE else None


def _unlike(words: AbstractSet[str]) -> bool:
    """Single letters that are no pair, such as t and n, are codes."""
    return all(len(word) == 1 for word in words) and not any(
        words == pair for pair in ({"t", "f"}, {"y", "n"}, {"j", "n"})
    )
