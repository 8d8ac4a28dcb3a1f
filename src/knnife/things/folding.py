"""Texts in one case and form (Unicode NFKC, full case folding), with one space for every gap between words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

# Soft hyphens, joiners, selectors of variants, marks of direction, fillers: how a text is set, not what it says.
UNSEEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
WITHOUT = {  # letters that are written with others where a keyboard lacks them, and that Unicode does not take apart
    "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th", "ß": "ss",
}  # fmt: skip
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]"
)
_UNSEEN = re.compile(f"[{UNSEEN}]")
END = "\0"  # stands behind each text


def fold(texts: Sequence[str]) -> list[str]:
    """The texts in one case and form, every run of white space, punctuation and control characters one space.

    What is not seen is left out.
    """
    if not texts:
        return []
    nfkc = partial(unicodedata.normalize, "NFKC")
    plain = [text.lower() if text.isascii() else nfkc(nfkc(without_unseen(text)).casefold()) for text in texts]
    joined = END.join(plain)
    if joined.count(END) >= len(texts):
        joined = END.join(text.replace(END, " ") for text in plain)
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
    gap = _is_gap(codes)
    end = codes == 0
    before = np.ones(len(codes), bool)  # the character before is a gap or an end
    np.logical_or(gap[:-1], end[:-1], out=before[1:])
    codes = np.where(gap, np.uint32(32), codes)[~(gap & before)]
    parts = codes.tobytes().decode("utf-32-le", "surrogatepass").split(END)
    return [part.rstrip(" ") for part in parts]


def without_unseen(text: str) -> str:
    """A text without the characters that are not seen and mean nothing."""
    return text if text.isascii() else _UNSEEN.sub("", text)


def without_accents(text: str) -> str:
    """A text without accents and other marks that may be left out: those of Latin, Greek, Cyrillic, Arabic, Hebrew."""
    if text.isascii():
        return text
    bare = (WITHOUT.get(letter, letter) for letter in _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
    return unicodedata.normalize("NFC", "".join(bare))


def _is_gap(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which characters are white space, punctuation or controls (Unicode categories Z, P and C), the end excepted."""
    table = np.zeros(0x110000, bool)
    seen = np.flatnonzero(np.bincount(codes, minlength=1))
    table[seen] = [unicodedata.category(chr(code))[0] in "ZPC" for code in seen.tolist()]
    table[0] = False
    return table[codes]
