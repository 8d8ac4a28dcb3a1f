"""The compiled loops (_kernels.c). A build without a compiler lacks this module; its users then go their plain way."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

INSTRUCTIONS: str  # the widest instructions of this processor that are made use of

def index_words(vocabulary: dict[str, int], prefix: str) -> tuple[bytes, bytes, int]:
    """The hash table of a vocabulary, whose tokens with `prefix` continue a word: slots, keys, longest key in bytes.

    Raises ValueError, TypeError or OverflowError where the numbers of the tokens are none.
    """

def sum_words(
    texts: tuple[str, ...],
    owners: NDArray[np.uint32],  # (texts,) the row of `sums` that each text is added to
    alphabet: tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint8]],  # encoders/words.py, Alphabet
    vocabulary: tuple[bytes, bytes, int, int, int],  # of index_words; token for the unknown; most characters of a word
    model: tuple[
        NDArray[np.int32], NDArray[np.float32], NDArray[Any]
    ],  # row and weight of each token; rows int8, float32
    sums: NDArray[np.float32],  # (n, dim)
    counts: NDArray[np.int64],  # (n, 2) tokens known, tokens not known; known < 0: not read, holds a strange character
) -> bytes:
    """Adds the weighted vectors of the words of texts[i] to sums[owners[i]], and their numbers to counts[owners[i]].

    If it meets pages of characters that the alphabet lacks, it adds nothing and gives a byte for each page, 1 for
    those. Else it gives b"". Raises ValueError when the arrays do not fit together.
    """
