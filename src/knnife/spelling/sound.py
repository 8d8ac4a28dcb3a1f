"""How words sound, roughly, by the rules of English spelling: words that sound alike have the same key.

As in Metaphone (Philips, 1990) silent letters go and letters that sound alike become one; of vowels it only counts
whether the word begins with one. Every rule is applied to all words at once.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import ranges
from knnife.spelling.alignment import ALPHABET, Letters

SOUNDS: Final = ".aptkfsmnlrjSCTbdgwh"  # "." is silence, a any vowel, S as in ship, C as in church, T as in thin
BITS: Final = 5  # of a key, for each sound; a key tells the first 12 sounds
FRONT: Final = "eiy"  # vowels before which c and g are soft

Keys = NDArray[np.uint64]


class Rule(NamedTuple):
    """`letters` sound as `sounds`, one for each, where they are between letters of these; "#" is the edge of a word."""

    letters: str
    sounds: str
    before: str = ""
    after: str = ""


_ALONE: Final = dict(zip("abcdefghijklmnopqrstuvwxyz", ".bkd.fgh.jklmn.pkrst.fwk.s", strict=True))
_RULES: Final = (
    *(Rule(vowel, "a", before="#") for vowel in "aeiouy"),
    Rule("h", ".", after="bcdfgjklmnpqrstvwxz#"),
    Rule("w", ".", after="bcdfgjklmnpqrstvxz#"),
    *(Rule(first + "h", sound + ".") for first, sound in zip("rdkgx", "rdkgk", strict=True)),
    Rule("c", "s", after=FRONT),
    Rule("g", "j", after=FRONT),
    Rule("ti", "S.", before="aeioucnrpl", after="oaeu"),
    Rule("ci", "S.", after="aoeu"),
    Rule("si", "S.", after="o"),
    Rule("xi", "kS", after="o"),
    Rule("su", "S.", before="s", after="r"),
    Rule("tu", "C.", after="r"),
    Rule("sh", "S."),
    Rule("ch", "C.", after="eioau#"),
    Rule("ch", "k.", after="rlmnt"),
    Rule("tch", "C.."),
    Rule("sch", "sk.", before="#"),
    Rule("th", "T."),
    Rule("ph", "f."),
    Rule("sc", "s.", after=FRONT),
    Rule("cc", "ks", after=FRONT),
    Rule("ck", "k."),
    Rule("dg", "j.", after=FRONT),
    Rule("wh", "w.", before="#"),
    Rule("cea", "S..", after="n"),
    Rule("isl", "a.l", before="#"),
    Rule("sug", "S.g", before="#"),
    Rule("gh", "..", before="aeiou", after="t#s"),
    Rule("gn", "n.", before="#"),
    Rule("gn", "n.", before="ei", after="#seim"),
    Rule("kn", "n.", before="#"),
    Rule("pn", "n.", before="#"),
    Rule("mn", "n.", before="#"),
    Rule("wr", "r.", before="#"),
    Rule("ps", "s.", before="#"),
    Rule("x", "s", before="#"),
    Rule("mb", "m.", after="#s"),
    Rule("mn", "m.", after="#s"),
    Rule("bt", "t.", before="eu"),
    Rule("stl", "s.l"),
    Rule("sten", "s..n"),
    Rule("ften", "f..n"),
)


def sounds(letters: Letters) -> Keys:
    """The key of each word `(m,)`: its sounds, five bits for each; 0 where there is none."""
    heard = _heard(letters.flat)
    inside, word = ranges(letters.starts, letters.lengths)
    voiced = heard[inside] > 0
    word, heard = word[voiced], heard[inside][voiced]
    fresh = np.append(True, (heard[1:] != heard[:-1]) | (word[1:] != word[:-1]))[: len(word)]  # none twice in a row
    word, heard = word[fresh], heard[fresh]
    ends = np.searchsorted(word, np.arange(len(letters.starts)))
    place = np.arange(len(word)) - ends[word]
    told = place < 64 // BITS
    keys = np.zeros(len(letters.starts), np.uint64)
    np.bitwise_or.at(keys, word[told], heard[told].astype(np.uint64) << (BITS * place[told]).astype(np.uint64))
    return keys


def spoken(key: int) -> str:
    """The sounds of a key as letters of SOUNDS."""
    told = ""
    while key:
        told += SOUNDS[key % (1 << BITS)]
        key >>= BITS
    return told


def _heard(flat: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The sound that each letter stands for, by the last rule that fits it."""
    heard = _ALONE_TABLE[flat]
    size = len(flat)
    for rule in _RULES:
        width = len(rule.letters)
        here = np.ones(size - width - 1, np.bool_)
        for place, letter in enumerate(rule.letters):
            here &= flat[1 + place : size - width + place] == _number(letter)
        for around, at in ((rule.before, 0), (rule.after, 1 + width)):
            if around:
                where = np.flatnonzero(here)
                here[where] = _among(around)[flat[where + at]]
        where = np.flatnonzero(here) + 1
        for place, sound in enumerate(rule.sounds):
            heard[where + place] = SOUNDS.index(sound)
    return heard


def _number(letter: str) -> int:
    return 0 if letter == "#" else ALPHABET.index(letter) + 1


@cache
def _among(letters: str) -> NDArray[np.bool_]:
    return np.isin(np.arange(256), [_number(letter) for letter in letters])


def _alone() -> NDArray[np.uint8]:
    table = np.zeros(256, np.uint8)
    for letter, sound in _ALONE.items():
        table[_number(letter)] = SOUNDS.index(sound)
    return table


_ALONE_TABLE: Final = _alone()
