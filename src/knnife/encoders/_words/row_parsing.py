"""Blocks of files -> rows of vectors and the words they belong to: compiled (_kernels.c), with a plain twin of each.

The three functions fill arrays of the caller: `values` (rows, dim) and `places` (rows, 2), where in the block each
word begins and ends. They stop at what they cannot read and tell how far they came: (rows, bytes).
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors

Places = NDArray[np.int64]  # (rows, 2)

LONGEST_NUMBER: Final = 400  # bytes without the sign; the kernel has room for no more
NUMBER: Final = re.compile(rb"[+-]?((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
GAP: Final = re.compile(rb"[ \t]+")


def number(text: bytes) -> float | None:
    """The number that a text is, as the nearest double; None where it is none or a float32 cannot hold it."""
    found = NUMBER.fullmatch(text)
    if found is None or len(found[1]) > LONGEST_NUMBER:
        return None
    with np.errstate(over="ignore"):
        return float(text) if np.isfinite(np.float32(float(text))) else None


def read_line(line: bytes, dim: int) -> tuple[int, list[float]] | None:
    """Where the word at the beginning of a line ends, and the `dim` numbers behind it; None where it is no such line.

    A word may hold spaces, as a few of GloVe's do: then the numbers are those at the end of the line. But where all
    that follows the first space is numbers, there are too many of them.
    """
    gaps = list(GAP.finditer(line))[-dim:]
    if len(gaps) < dim:
        return None
    end = gaps[0].start()
    numbers = [number(field) for field in GAP.split(line[end:])[1:]]
    more = GAP.split(line[:end])[1:]
    if None in numbers or (more and None not in map(number, more)):
        return None
    return end, [value for value in numbers if value is not None]


def plain_read_lines(block: bytes, dim: int, values: Vectors, places: Places) -> tuple[int, int]:
    """`read_lines` without a compiler."""
    row = used = 0
    for line in block.split(b"\n"):
        if content := line.rstrip(b" \t\r"):
            found = read_line(content, dim) if row < len(values) else None
            if found is None:
                return row, used
            places[row] = used, used + found[0]
            values[row] = found[1]
            row += 1
        used = min(used + len(line) + 1, len(block))
    return row, used


def plain_read_records(block: bytes, dim: int, values: Vectors, places: Places) -> tuple[int, int]:
    """`read_records` without a compiler."""
    used = 0
    for row in range(len(values)):
        start = used
        while block[start : start + 1] == b"\n":
            start += 1
        space = block.find(b" ", start)
        end = space + 1 + 4 * dim
        if space < 0 or end > len(block):
            return row, used
        values[row] = np.frombuffer(block, "<f4", dim, space + 1)
        places[row] = start, space
        used = end
    return len(values), used


def plain_words_at(block: bytes | NDArray[np.uint8], places: Places, errors: str) -> list[str]:
    """`words_at` without a compiler."""
    return [bytes(block[start:end]).decode("utf-8", errors) for start, end in places.tolist()]


try:
    from knnife import _kernels
except ImportError:  # installed where there was no compiler
    read_lines, read_records, words_at = plain_read_lines, plain_read_records, plain_words_at
else:
    read_lines, read_records, words_at = _kernels.read_lines, _kernels.read_records, _kernels.words_at
