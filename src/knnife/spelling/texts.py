"""The words of a text that may be misspelled: not addresses, numbers, names of files, code, or words of capitals.

What stands around a word stays as it is, and so do its capitals: RECIEVE becomes RECEIVE, Recieve becomes Receive.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterator
from typing import NamedTuple

from knnife.things.folding import UNSEEN

ENDINGS = {  # of a form -> what stands in their place in the word it comes from
    "s": ("",), "es": ("", "e"), "ies": ("y",), "ed": ("", "e"), "ied": ("y",), "ing": ("", "e"), "er": ("", "e"),
    "ers": ("", "e"), "or": ("", "e"), "ors": ("", "e"), "est": ("", "e"), "ly": ("",), "ably": ("", "e", "able"),
    "ally": ("", "al"), "able": ("", "e"), "ness": ("",), "less": ("",), "like": ("",), "ism": ("", "e"),
    "ist": ("", "e"), "ists": ("", "e"), "wide": ("",), "ion": ("", "e"), "ions": ("", "e"), "ment": ("",),
    "ise": ("ize",), "ised": ("ized", "ize"), "ises": ("izes", "ize"), "ising": ("izing", "ize"),
    "isation": ("ization", "ize"), "our": ("or",), "re": ("er",), "lled": ("led", "l"), "lling": ("ling", "l"),
}  # fmt: skip
BEGINNINGS = (
    "un", "re", "non", "pre", "over", "under", "anti", "multi", "inter", "mis", "super", "sub", "co", "de", "dis",
)  # fmt: skip
SHORTEST = 3  # letters of the word that a form comes from


def is_form(key: str, known: Container[str]) -> bool:
    """Whether a word in small letters is a regular form of a known one: its plural, its past, with un-, in British."""
    for size in range(1, min(7, len(key) - 1) + 1):
        for stem in ENDINGS.get(key[-size:], ()):
            word = key[:-size] + stem
            if len(word) >= SHORTEST and (word in known or _doubled(key[:-size]) in known):
                return True
    return any(
        key.startswith(start) and len(key) - len(start) > SHORTEST and key[len(start) :] in known
        for start in BEGINNINGS
    )


def _doubled(stem: str) -> str:
    """A stem without the letter that was doubled before an ending (run, running); the stem where none was."""
    return stem[:-1] if stem[-2:-1] == stem[-1:] else stem


# What is looked at are words, with the accents and vowel signs that stand as characters of their own, and with what is
# not seen within them. What is left alone as a whole: code in `backticks`, addresses, paths, #tags, @names,
# $variables, anything with digits, underscores or inner dots. Each expression reads a text once, from left to right.
_CHUNKS = re.compile(r"`[^`\n]+`|[^\s`]+")
_POSSESSIVES = ("'s", "’s")
_HELD = re.compile(r"(?i)([a-z])\1\1")
_PATHS = re.compile(r"[\w.~/\\-]+")
_MARKS = "".join(chr(code) for code in range(0x300, 0x20D0) if unicodedata.category(chr(code))[0] == "M")
_LETTERS = rf"\w(?:[\w{_MARKS}]|[{UNSEEN}]+(?=\w))*"
_TOKENS = re.compile(rf"[@#＠＃$]?{_LETTERS}(?:(?:[._:]+|['’]){_LETTERS})*")
_NO_LETTERS = re.compile(rf"['’{_MARKS}{UNSEEN}]")
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
    for word, start in _written(text):
        if len(word) > 1 and not _like_code(word):
            yield Place(word, start, start + len(word), word[0].isupper() and not _begins(text, start))


def is_word(text: str) -> bool:
    """Whether a text is one word and nothing else, not even an apostrophe."""
    return [*_written(text)] == [(text, 0)] and not {"'", "’"} & {*text} and (text.isupper() or not _like_code(text))


def _written(text: str) -> Iterator[tuple[str, int]]:
    """Each word of a text, and where it begins."""
    for chunk in _CHUNKS.finditer(text):
        rest = _without_addresses(chunk[0])
        for token in _TOKENS.finditer(rest):
            if token[0].isalpha() or _NO_LETTERS.sub("", token[0]).isalpha():
                yield token[0], chunk.start() + token.start()


def _without_addresses(chunk: str) -> str:
    """What has no spaces, up to where it is an address, with spaces for what is a path."""
    if chunk[0] == "`" or "://" in chunk[:-1] or "@" in chunk[1:-1]:
        return ""
    if 0 <= (start := chunk.find("www.")) < len(chunk) - 4 and not chunk[start - 1 : start].isalnum():
        chunk = chunk[:start]
    if "/" in chunk or "\\" in chunk:
        return _PATHS.sub(lambda run: " " * len(run[0]) if "/" in run[0] or "\\" in run[0] else run[0], chunk)
    return chunk


def words(text: str) -> list[str]:
    """The words of a text as they are written."""
    return [place.word for place in places(text)]


def without_possessive(word: str) -> str:
    """A word without the 's of what belongs to it."""
    return word[:-2] if word.endswith(_POSSESSIVES) and len(word) > 3 else word


def dressed(right: str, typed: str) -> str:
    """`right` with the capitals and the apostrophe of `typed`; its own capitals, of a name, are kept."""
    if "’" in typed:
        right = right.replace("'", "’")
    if len(typed) > 1 and typed.isupper():
        return right.upper()
    return right[:1].upper() + right[1:] if typed[:1].isupper() else right


def _like_code(word: str) -> bool:
    """Abbreviations (HTML, PDFs), and capitals within a word (camelCase, McDonald)."""
    if word.isupper():
        return len(word) <= ACRONYM
    if _HELD.search(word):  # hEeeello
        return False
    return any(letter.isupper() for letter in word[1:])


def _begins(text: str, start: int) -> bool:
    """Whether a sentence, a line or something quoted begins here."""
    before = text[:start].rstrip(" \t") if start < 3 else text[max(0, start - 8) : start].rstrip(" \t")
    return not before or before[-1] in _SENTENCE_ENDS
