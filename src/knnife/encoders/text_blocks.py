"""Texts in blocks of about equal size, so that all cores can work on them with memory for a few blocks only.

A text is cut into pieces where it is long, always at the same places whatever stands beside it, so that its sum is the
same to the last bit in a batch and alone.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

PIECE: Final = 1 << 12  # characters read as one: what the plain way needs for them stays in the cache
BLOCK: Final = 1 << 16  # characters that one core works on at once; their vectors stay in its cache
VECTOR: Final = 64  # characters that making room for a vector is counted as, so that a million empty texts are work too
WHITE: Final = " \n\t\r"


class Block(NamedTuple):
    """Some whole texts, or one part of a text that is longer than a block."""

    first: int  # the number of its first text
    texts: int  # how many texts
    part: int | None  # which part of its text it is; None where its texts are whole
    pieces: tuple[str, ...]
    owners: NDArray[np.uint32]  # (pieces,) the text of each piece, counted from `first`


def blocks(texts: Sequence[str]) -> Iterator[Block]:
    """The texts in blocks, in order."""
    sizes = np.fromiter(map(len, texts), np.int64, len(texts)) + VECTOR
    ends = np.cumsum(sizes)
    first = 0
    while first < len(texts):
        if sizes[first] > BLOCK:
            for part, some in enumerate(_parts(texts[first])):
                yield Block(first, 1, part, some, np.zeros(len(some), np.uint32))
            first += 1
            continue
        last = int(np.searchsorted(ends, ends[first] - sizes[first] + BLOCK, side="right"))
        cut, owners = tuple(texts[first:last]), np.arange(last - first, dtype=np.uint32)
        if sizes[first:last].max() > PIECE + VECTOR:
            owned = [list(pieces(text)) for text in cut]
            cut, owners = tuple(chain.from_iterable(owned)), np.repeat(owners, [len(own) for own in owned])
        yield Block(first, last - first, None, cut, owners)
        first = last


def _parts(text: str) -> Iterator[tuple[str, ...]]:
    """The pieces of one long text, a block of them at a time."""
    own = pieces(text)
    while some := tuple(islice(own, BLOCK // PIECE)):
        yield some


def pieces(text: str) -> Iterator[str]:
    """The text in pieces of at most `PIECE` characters, cut before white space, or else punctuation."""
    start = 0
    while len(text) - start > PIECE:
        end = start + PIECE
        found = (max(text.rfind(c, start + 1, end) for c in some) for some in (WHITE, string.punctuation))
        cut = next((place for place in found if place > 0), end)
        yield text[start:cut]
        start = cut
    yield text[start:]
