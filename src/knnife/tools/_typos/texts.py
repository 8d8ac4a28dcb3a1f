"""The words of a text that may be misspelled: not addresses, numbers, names of files, code, or words of capitals.

What stands around a word stays as it is, and so do its capitals: RECIEVE becomes RECEIVE, Recieve becomes Receive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# What is left alone as a whole: code in `backticks`, addresses, paths, anything with digits, underscores or inner dots.
_ELSEWHERE = r"`[^`\n]+`|\S*://\S+|www\.\S+|\S+@\S+|[@#]\w+|[\w.~-]*[/\\][\w.~/\\-]*|\w+(?:[._:]+\w+)+|\w*[\d_]\w*"
_WORD = r"[^\W\d_]+(?:['’][^\W\d_]+)*"
_PIECES = re.compile(f"{_ELSEWHERE}|(?P<word>{_WORD})")
_SENTENCE_ENDS = '.!?:;\n"“”„«»()[]*-–—•>|'
ACRONYM = 5  # letters that may be an abbreviation where all are capitals


class Place(NamedTuple):
    """A word in a text. start, stop: where. named: it may be a name, by its capital within a sentence."""

    word: str
    start: int
    stop: int
    named: bool


def places(text: str) -> Iterator[Place]:
    """The words of a text that could be looked up, in order."""
    for piece in _PIECES.finditer(text):
        word = piece["word"]
        if word is None or len(word) < 2 or _like_code(word):
            continue
        yield Place(word, piece.start(), piece.end(), word[0].isupper() and not _begins(text, piece.start()))


def words(text: str) -> list[str]:
    """The words of a text as they are written."""
    return [place.word for place in places(text)]


def dressed(right: str, typed: str) -> str:
    """`right` with the capitals of `typed`; its own, of a name, are kept."""
    if len(typed) > 1 and typed.isupper():
        return right.upper()
    return right[:1].upper() + right[1:] if typed[:1].isupper() else right


def _like_code(word: str) -> bool:
    """Abbreviations (HTML, PDFs), and capitals within a word (camelCase, McDonald)."""
    if word.isupper():
        return len(word) <= ACRONYM
    return any(letter.isupper() for letter in word[1:])


def _begins(text: str, start: int) -> bool:
    """Whether a sentence, a line or something quoted begins here."""
    before = text[:start].rstrip(" \t") if start < 3 else text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in _SENTENCE_ENDS
