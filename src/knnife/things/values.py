"""What cells hold: numbers as opposed to text, vectors, characters that cannot be stored."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from knnife.geometry import Vectors
from knnife.things.reading import NotUtf8, RowError
from knnife.things.thing import Scalar

NAMED_ID = re.compile(r"(?i:(?:.*[_ .-])?(?:id|uuid|guid))|.*[a-z]I[dD]")  # columns whose numbers are names
_NUMERIC = frozenset("-0123456789")  # how a number starts
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+][0-9]+)?")
_LONGEST_INTEGER = 18  # digits that surely fit 64 bits; a longer one is a name, not an amount
HALF = "half of a character (\\u{:04x}, one of a surrogate pair without the other), which no text can hold"


def check_text(text: str) -> None:
    """Raise RowError for characters that cannot be stored: NUL, and what is left of invalid UTF-8."""
    if "\0" in text:
        raise RowError(
            "a NUL character, which no text holds: is the file binary, damaged, or in UTF-16 without a mark? Then say "
            'encoding="utf-16-le" (--encoding utf-16-le)'
        )
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            half = next(character for character in text if "\ud800" <= character <= "\udfff")
            if "\udc80" <= half <= "\udcff":  # by which Python carries bytes that are no UTF-8
                raise NotUtf8 from error
            raise RowError(HALF.format(ord(half))) from error


def decoded(data: bytes) -> str:
    """`data` as text. Raises RowError when it is not UTF-8 or holds a NUL."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8 from error
    if "\0" in text:
        check_text(text)
    return text


def cell_value(cell: str) -> Scalar:
    """The value of a csv cell: a number if written as programs write them, None if empty, else the text.

    Names made of digits stay text: leading zeros ("007"), a leading plus ("+49 30"), more than 18 digits,
    exponents without point or sign ("12e4"). So do "nan", "inf", "1_000", "1,5" and dates.
    """
    if not cell:
        return None
    if cell[0] not in _NUMERIC:
        return cell
    if cell.isdigit() and cell.isascii():
        return cell if len(cell) > _LONGEST_INTEGER or (cell[0] == "0" and len(cell) > 1) else int(cell)
    if _NUMBER.fullmatch(cell) is None:
        return cell
    if "." in cell or "e" in cell or "E" in cell:
        number = float(cell)
        return number if math.isfinite(number) else cell
    return cell if len(cell) > _LONGEST_INTEGER + 1 or cell == "-0" else int(cell)


class VectorCells:
    """Reads the cells of one vector column; the first one says how many dimensions the others have."""

    def __init__(self) -> None:
        self.dim: int | None = None

    def read(self, cell: Any) -> Vectors:
        """The vector `(d,)` in `cell`, float32. Raises RowError if it is not `dim` finite numbers."""
        if isinstance(cell, str):
            cell = cell.strip().strip("[]()").replace(",", " ").replace(";", " ").split()
        try:
            with np.errstate(over="ignore"):  # what overflows float32 is infinite, and refused below
                vector: Vectors = np.asarray(cell, np.float32)
        except (TypeError, ValueError) as error:
            raise RowError(f"the vector holds something that is no number ({error})") from error
        if vector.ndim != 1 or vector.size == 0:
            raise RowError(f"the vector has the shape {vector.shape}, expected a list of numbers")
        if not np.isfinite(vector).all():
            raise RowError("the vector holds NaN or infinity")
        if self.dim is None:
            self.dim = vector.size
        if vector.size != self.dim:
            raise RowError(f"the vector has {vector.size} dimensions, the first one had {self.dim}")
        return vector
