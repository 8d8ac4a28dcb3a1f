"""The English words that ship, with how often each is used; scripts/vocabulary.py makes the list."""

from __future__ import annotations

import gzip
import string
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from knnife.spelling.vocabulary import Vocabulary

ENGLISH: Final = "english.txt.gz"


@cache
def english() -> Vocabulary:
    """The words; names among them begin with a capital."""
    listed = gzip.decompress((resources.files("knnife.spelling") / ENGLISH).read_bytes())
    words = listed.translate(None, string.digits.encode()).decode()  # much quicker than to read it line by line
    counts = listed.translate(None, string.ascii_letters.encode() + b"'").decode()
    return Vocabulary(words.split(), words.lower().split(), np.fromstring(counts, np.float64, sep="\n"))
