"""The English words that ship, with how often each is used, and rare ones; scripts/vocabulary.py makes the lists."""

from __future__ import annotations

import gzip
import re
import string
from functools import cache, lru_cache
from importlib import resources

import numpy as np

from knnife.spelling.vocabulary import Vocabulary

ENGLISH, RARE = "english.txt.gz", "rare.txt.gz"

_RARE_ABBREVIATION = re.compile(rb"(?<=\n)[A-Z]{3,} 1?\d\n")  # used less than 20 times in all texts


@cache
def english() -> Vocabulary:
    """The words; names among them begin with a capital."""
    listed = _lines(ENGLISH)
    words = listed.translate(None, string.digits.encode()).decode()  # much quicker than to read it line by line
    counts = listed.translate(None, string.ascii_letters.encode() + b"'").decode()
    return Vocabulary(words.split(), words.lower().split(), np.fromstring(counts, np.float64, sep="\n"))


@lru_cache(maxsize=1 << 14)
def is_listed(key: str) -> bool:
    """Whether the lists have a word, given in small letters: one in English, a name, or one too rare to be suggested.

    It takes no table of all words, so that the first question waits for none.
    """
    return key.isascii() and (f"\n{key} ".encode() in _small() or f"\n{key}\n".encode() in _lines(RARE))


@lru_cache(maxsize=1 << 14)
def is_english(key: str) -> bool:
    """Whether a word, given in small letters, is one that English texts write so: no name, and none too rare."""
    return key.isascii() and f"\n{key} ".encode() in _lines(ENGLISH)


@cache
def _lines(name: str) -> bytes:
    return b"\n" + gzip.decompress((resources.files("knnife.spelling") / name).read_bytes())


@cache
def _small() -> bytes:
    """The list in small letters, without abbreviations that hardly any text has: who types wrld means no station."""
    return _RARE_ABBREVIATION.sub(b"", _lines(ENGLISH)).lower()
