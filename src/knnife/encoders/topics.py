"""What a text is about, whoever is in it: the static English model over texts without their names and numbers.

The plot of a film is half cast: "… is a 1993 American comedy directed by Harold Ramis and starring Bill Murray". A
vector that adds up words then lies near films with the same people. English marks a name by a capital within a
sentence, so nothing has to be learned: such words, and numbers, are left out, as the masking of entities does.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import Final

from knnife.encoders.catalogue import DEFAULT
from knnife.encoders.loading import load_encoder
from knnife.encoders.protocol import Encoder, check_texts
from knnife.geometry import Vectors

VERSION: Final = 1  # of what is left out
HEADLINE: Final = 0.8  # where more of the words are capitalised, capitals say nothing
_WORD: Final = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_ENDS: Final = frozenset(".!?:;…\n")  # of sentences
_OPENS: Final = frozenset('"“‘([')  # what is said begins with a capital
_BETWEEN: Final = " \t\"'“”‘’()[]*-"
_AROUND: Final = 8  # characters before a word that say whether it begins a sentence


class TopicEncoder:
    """Encodes English texts as `english` does, without names and numbers: for plots, reports, biographies."""

    name, kind, cheap = "topics", "text", True
    query_prefix = passage_prefix = ""

    def __init__(self, base: Encoder) -> None:
        """base: whose vectors are taken."""
        self._base, self.dim = base, base.dim
        about = f"topics {VERSION} {base.fingerprint}".encode()
        self.fingerprint = hashlib.blake2b(about, digest_size=16).hexdigest()

    def encode(self, values: Sequence[str]) -> Vectors:
        """The vectors of texts, float32 `(n, dim)` of length 1. Raises BadInput when a value is not a text."""
        check_texts(values, self.name)
        return self._base.encode([without_names(value) for value in values])


def topics() -> TopicEncoder:
    """The encoder over the model that ships."""
    return TopicEncoder(load_encoder(DEFAULT))


def without_names(text: str) -> str:
    """A text without words that are capitalised within a sentence, or have a digit; itself where nothing else is there.

    Also itself where four of five words are capitalised, as in headlines. Words in capitals (FBI, PIN) stay.
    """
    words = list(_WORD.finditer(text))
    named = [word for word in words if _is_name(text, word)]
    if not named or len(named) == len(words) or sum(map(_has_capital, words)) > HEADLINE * len(words):
        return text
    begins = [0, *(word.end() for word in named)]
    ends = [*(word.start() for word in named), len(text)]
    return " ".join(text[begin:end] for begin, end in zip(begins, ends, strict=True))


def _has_capital(word: re.Match[str]) -> bool:
    return word[0][0].isupper() and word[0][1:2].islower()


def _is_name(text: str, word: re.Match[str]) -> bool:
    """Whether a word has a digit, or a capital although no sentence begins with it."""
    if any(map(str.isdigit, word[0])):
        return True
    return _has_capital(word) and not _begins(text[max(0, word.start() - _AROUND) : word.start()])


def _begins(before: str) -> bool:
    """Whether a sentence begins behind these characters."""
    sentence = before.rstrip(_BETWEEN)
    return not sentence or sentence[-1] in _ENDS or before.rstrip()[-1] in _OPENS
