"""The compiled loops (_kernels.c). A build without a compiler lacks this module; its users then go their plain way."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

INSTRUCTIONS: str  # the widest instructions of this processor that are made use of
PRODUCTS_OF_BYTES: int  # 1 where near_rows has instructions of its own, and is faster than a product of floats

def index_words(vocabulary: dict[str, int], prefix: str) -> tuple[bytes, bytes, int]:
    """The hash table of a vocabulary, whose tokens with `prefix` continue a word: slots, keys, longest key in bytes.

    Raises ValueError, TypeError or OverflowError where the numbers of the tokens are none.
    """

def read_vocabulary(
    definition: bytes, start: int, prefix: str, unknown: str
) -> tuple[bytes, bytes, int, int, int, int, int] | None:
    """The same of the vocabulary that is written behind the brace before definition[start], in JSON and UTF-8.

    Gives slots, keys, longest key in bytes; the number of the token `unknown`; how many tokens there are, the highest
    number; the place behind the closing brace. None where it is not as plain as index_words can do with: a token that
    comes twice, or has more than 1,024 bytes or half a surrogate pair; a number that is none; no token `unknown`.
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

def number_words(
    texts: tuple[str, ...],
    alphabet: tuple[NDArray[np.uint16], NDArray[np.uint32], NDArray[np.uint8]],
    vocabulary: tuple[bytes, bytes, int, int, int],
    around: tuple[int, int],  # the tokens before and behind each text
    room: int,  # the most tokens of a text that are written down, without those around it
    whole: bool,  # whether texts are read to their ends, so that `cut` is right where it is not 0
    ids: NDArray[np.int32],  # (texts * (room + 2),) or more, written to
    starts: NDArray[np.int64],  # (texts + 1,), written to: where in `ids` each text begins
    cut: NDArray[np.int64],  # (texts,), written to: how many tokens had no room; < 0: not read, as in sum_words
) -> bytes:
    """The numbers of the tokens of texts, one text behind the other; gives what sum_words gives.

    Raises ValueError when the arrays do not fit together.
    """

def read_lines(
    block: bytes,
    dim: int,
    values: NDArray[np.float32],  # (rows, dim), written to
    places: NDArray[np.int64],  # (rows, 2), written to: where in the block each word begins and ends
) -> tuple[int, int]:
    """The words and numbers of lines "word 0.1 0.2 ...", up to one that is wrong or for which there is no room.

    Gives how many there are and the bytes they take; less than all of them if a line is wrong. Blank lines are passed
    over. Raises ValueError where `dim` is less than 1.
    """

def read_records(block: bytes, dim: int, values: NDArray[np.float32], places: NDArray[np.int64]) -> tuple[int, int]:
    """The same of word2vec's binary form: a word, a space, `dim` floats as they lie in memory."""

def words_at(block: bytes | NDArray[np.uint8], places: NDArray[np.int64], errors: str) -> list[str]:
    """The words that stand at `places` in UTF-8. `errors` as in bytes.decode: "strict" raises UnicodeDecodeError.

    Raises ValueError where a place lies outside of the block.
    """

def dot_rows(
    rows: NDArray[np.int8],  # (n, width)
    other: NDArray[np.int16],  # (width,)
    dots: NDArray[np.int32],  # (n,), written to
) -> None:
    """The product of each row with another, in whole numbers of 32 bits. Raises ValueError where they do not fit."""

def near_rows(
    rows: NDArray[np.uint8],  # (n, w), w a multiple of 4
    least: NDArray[np.int32],  # (n,)
    others: NDArray[np.int8],  # (blocks, w / 4, 64, 4): 64 others side by side, four components of each
    more: NDArray[np.int32],  # (blocks * 64,)
    near: NDArray[np.uint64],  # (n, blocks), written to
) -> None:
    """Sets bit c of near[i, b] where rows[i] . other 64 b + c >= least[i] + more[64 b + c], all in 32 bits.

    Raises ValueError where the arrays do not fit together.
    """

def shared_by_texts(
    keys: NDArray[np.uint32],  # (p,) sorted
    texts: NDArray[np.int32],  # (p,) the text of each key
    starts: NDArray[np.int32],  # (n + 1,) where in `places` those of each text begin
    places: NDArray[np.int32],  # (p,) where in `keys` those of each text are
    steps: int,  # how many texts behind it in a key each is paired with
    least: int,  # keys that a pair has to share
    first: int,  # the text to begin with
    seen: NDArray[np.int32],  # (2, n), zeros; written to
    found: NDArray[np.int32],  # (room, 3), room at least n; written to: a text, one that follows it, keys they share
) -> tuple[int, int]:
    """Pairs of texts, and how many keys they share, of as many texts as there is room for.

    Gives how many pairs, and the text to go on with, n at the end. Raises ValueError where the arrays do not fit.
    """

def shared_pieces(
    keys: NDArray[np.uint32],  # (k,) those of n sets behind one another, each sorted
    starts: NDArray[np.int64],  # (n + 1,) where each set begins
    a: NDArray[np.int64],  # (p,) one set of each pair
    b: NDArray[np.int64],  # (p,) the other
    weights: NDArray[np.float64],  # (k,) of the keys, or (0,): each counts 1
    shared: NDArray[np.float64],  # (p,) written to
) -> None:
    """How many keys pairs of sets share, or the sum of their weights in the smaller set (of equal ones in a's).

    Raises ValueError where the arrays do not fit together.
    """
