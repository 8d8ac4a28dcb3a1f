"""One value, whatever holds it: from Python, NumPy, pandas, Arrow or the driver of a database to what JSON has.

Metadata, ids, texts and the constants of filters all pass here, so what is taken at one of these doors is taken at all.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from functools import singledispatch
from numbers import Integral, Rational, Real
from typing import Any, Final

import numpy as np

from knnife.things.reading import RowError
from knnife.things.thing import Scalar
from knnife.things.values import check_text

WIDEST: Final = 2**63  # integers from -WIDEST to below it fit 64 bits
EXACT: Final = 2.0**53  # below, a float that is whole says which integer it is
LONGEST: Final = 4_300  # digits that Python writes of an integer
DIGITS: Final = frozenset("0123456789")
_SHORTEST_INSTANT, _LONGEST_INSTANT = len("20150224T2255Z"), 48

_INSTANT = re.compile(
    r"(?P<local>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?|\d{8}T\d{4}(?:\d\d)?)(?:[.,](?P<fraction>\d{1,12}))? ?"
    r"(?:Z|UTC|(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d)(?::?(?P<seconds>\d\d))?)?)",
    re.ASCII | re.IGNORECASE,
)
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_WITH_SECONDS = (len("20150224T225500"), len("2015-02-24T22:55:00"))


def scalar(value: Any) -> Scalar:
    """`value` as text, a number, true, false or None: as metadata holds it, and as filters compare it.

    What is missing (None, NaN, NaT, NA) and what is infinite is None. A decimal or a fraction without a remainder is an
    integer; an integer beyond 64 bits is the text of its digits. Dates and times are ISO 8601, those with a zone in UTC
    (see `instant`), durations are seconds. UUIDs, paths and whatever else has a text of its own are that.

    Raises RowError for text that cannot be stored, and for what is no single value: lists, mappings, bytes.
    """
    kind = type(value)
    if value is None or kind is bool:
        return value  # type: ignore[no-any-return]
    if kind is str:
        return instant(_sound(value))
    if kind is int:
        return _whole(value)
    if kind is float:
        return value if math.isfinite(value) else None
    return _read(value)


def name_of(value: Any) -> str:
    """`value` as an id: a text as it is, whole numbers without a fraction. Raises RowError where it is none.

    3.0 is "3": a column of integers becomes one of floats as soon as a single number is missing in it.
    """
    if type(value) is str:
        found: Scalar = value
    elif isinstance(value, str):
        found = str.__str__(value)
    else:
        found = scalar(value)
    if found is None or found == "":
        raise RowError("empty id")
    if isinstance(found, bool):
        raise RowError(f"the id is neither text nor number: {value!r:.40}")
    if isinstance(found, float) and found.is_integer() and abs(found) < EXACT:
        found = int(found)
    return str(found)


def elements(value: Any) -> list[Any] | None:
    """The values in a list, a set, an array, a column of a table; None where `value` is a single one.

    Those of a set are sorted, as their order means nothing and differs from run to run.
    """
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping | Enum) or getattr(value, "ndim", 1) == 0:
        return None
    if getattr(value, "is_valid", True) is False:  # a list of Arrow that is missing
        return None
    if isinstance(value, set | frozenset):
        return sorted(
            value, key=lambda each: ("", each) if isinstance(each, Real) else (type(each).__name__, str(each))
        )
    if isinstance(value, np.ndarray) and value.dtype.kind not in "mM":  # whose items would be plain integers
        found: list[Any] = value.tolist()
        return found
    if isinstance(value, Iterable) and (hasattr(value, "__len__") or isinstance(value, Iterator)):
        return list(value)
    return None


def is_plain(cells: Iterable[Any]) -> bool:
    """Are all of these as `scalar` gives them? A quick look, as it is taken at every row."""
    for cell in cells:
        kind = type(cell)
        if kind is str:
            if len(cell) > 13 and cell[0] in DIGITS and instant(cell) != cell:
                return False
        elif kind is float:
            if cell - cell != 0.0:  # only a finite number leaves 0 when it is taken from itself
                return False
        elif kind is int:
            if not -WIDEST <= cell < WIDEST:
                return False
        elif cell is not None and kind is not bool:
            return False
    return True


def instant(text: str) -> str:
    """A date and time in ISO 8601 that says its zone, in UTC: one text for one instant. Any other text as it is.

    "2015-02-24T23:55+01:00" is "2015-02-24T22:55:00+00:00". A fraction of a second is there only where it is not 0, and
    without zeros at its end, so the order of such texts is that of time.
    """
    if not (_SHORTEST_INSTANT <= len(text) <= _LONGEST_INSTANT and text[0] in DIGITS):
        return text
    found = _INSTANT.fullmatch(text)
    if found is None:
        return text
    local, parts = found["local"], found.groupdict("0")
    fraction = parts["fraction"].rstrip("0")
    if fraction and len(local) not in _WITH_SECONDS:  # of a minute
        return text
    try:
        offset = timedelta(hours=int(parts["hours"]), minutes=int(parts["minutes"]), seconds=int(parts["seconds"]))
        utc = datetime.fromisoformat(local.upper()) - (-offset if found["sign"] == "-" else offset)
    except (ValueError, OverflowError):  # a month 13; an instant before the year 1, or after 9999, by UTC
        return text
    return f"{utc.isoformat()}{'.' * bool(fraction)}{fraction}+00:00"


def _sound(text: str) -> str:
    """The text itself. Raises RowError for characters that cannot be stored."""
    check_text(text)
    return text


def _whole(number: int) -> int | str:
    if -WIDEST <= number < WIDEST:
        return number
    try:
        return str(number)
    except ValueError as error:
        raise RowError(f"an integer of more than {LONGEST:,} digits") from error


def _is_missing(value: Any) -> bool:
    """Not equal to itself, as NaN and NaT are; or the question is answered with itself, as pandas' NA does."""
    try:
        unlike = value != value
    except (TypeError, ValueError, ArithmeticError):
        return False
    return unlike is value or (isinstance(unlike, bool | np.bool_) and bool(unlike))


@singledispatch
def _read(value: Any) -> Scalar:
    """Whatever is not registered below, by what it can do."""
    if _is_missing(value):
        return None
    if getattr(value, "ndim", None) == 0 and hasattr(value, "tolist"):  # an array, or a tensor, of one value
        return scalar(value.tolist())
    if hasattr(value, "as_py"):
        return _of_arrow(value)
    if hasattr(value, "isoformat"):
        return instant(str(value.isoformat()))
    if isinstance(value, Mapping) or elements(value) is not None:
        raise RowError(f"expected a single value, got {type(value).__name__}: {value!r:.40}")
    if hasattr(value, "__index__"):
        return _whole(value.__index__())
    kind: Any = type(value)
    if kind.__str__ is object.__str__ and kind.__repr__ is object.__repr__:
        raise RowError(f"a {kind.__name__} is neither text, number nor date, and has no text of its own")
    return instant(_sound(str(value)))


@_read.register(bytes)
@_read.register(bytearray)
@_read.register(memoryview)
def _of_bytes(value: Any) -> Scalar:
    raise RowError(f"expected a single value, got {type(value).__name__}: {value!r:.40}")


@_read.register(str)
def _of_text(value: str) -> Scalar:
    return instant(_sound(str.__str__(value)))  # of a text that is a member of an Enum, too


@_read.register(Enum)
def _of_enum(value: Enum) -> Scalar:
    return scalar(value.value)


@_read.register(np.bool_)
def _of_truth(value: Any) -> Scalar:
    return bool(value)


@_read.register(Integral)
def _of_integer(value: Any) -> Scalar:
    return _whole(int(value))


@_read.register(Real)
def _of_real(value: Any) -> Scalar:
    number = float(value)
    return number if math.isfinite(number) else None


@_read.register(Rational)
def _of_fraction(value: Any) -> Scalar:
    if value.denominator == 1:
        return _whole(int(value))
    try:
        return float(value)
    except OverflowError as error:
        raise RowError("a fraction beyond all floating-point numbers") from error


@_read.register(Decimal)
def _of_decimal(value: Decimal) -> Scalar:
    if not value.is_finite():
        return None
    if value.adjusted() >= LONGEST:
        raise RowError(f"a number of more than {LONGEST:,} digits")
    return _whole(int(value)) if value == value.to_integral_value() else float(value)


@_read.register(date)
@_read.register(time)
def _of_date(value: Any) -> Scalar:
    return None if _is_missing(value) else instant(value.isoformat())


@_read.register(timedelta)
def _of_duration(value: timedelta) -> Scalar:
    if _is_missing(value):
        return None
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


@_read.register(np.datetime64)
def _of_numpy_date(value: Any) -> Scalar:
    return None if np.isnat(value) else iso(str(value))


@_read.register(np.timedelta64)
def _of_numpy_duration(value: Any) -> Scalar:
    if np.isnat(value):
        return None
    try:
        seconds = float(value / np.timedelta64(1, "s"))
    except TypeError:  # months and years have no length; a number without a unit is one
        return int(value.astype(np.int64)) if np.datetime_data(value)[0] == "generic" else str(value)
    return int(seconds) if seconds.is_integer() else seconds


@_read.register(os.PathLike)
def _of_path(value: Any) -> Scalar:
    return _sound(os.fsdecode(value))


def iso(text: str) -> str:
    """A date and time as NumPy and Arrow write it, as Python does: with a T, and 0, 6 or 9 digits of a second."""
    whole, point, fraction = text.replace(" ", "T", 1).partition(".")
    digits = fraction.rstrip("Z").rstrip("0")
    zone = "+00:00" if text.endswith("Z") else ""
    if len(whole) in (13, 16) and whole[10:11] == "T":  # hours, or minutes, alone
        whole += ":00" * (1 + (len(whole) == 13))
    shown = point + digits.ljust(6 if len(digits) <= 6 else 9, "0") if digits else ""
    return instant(whole.removesuffix("Z") + shown + zone)


def _of_arrow(value: Any) -> Scalar:
    """A scalar of Arrow; a date that Python's calendar lacks is the text that Arrow writes of it, if there is one."""
    try:
        return scalar(value.as_py())
    except (OverflowError, ValueError):
        if hasattr(value, "value") and str(value.type).startswith("duration["):
            return float(value.value * _SECONDS[value.type.unit])
        text = value.cast("string").as_py()
        return None if text.startswith("<") else iso(text)
