"""Dates as people and spreadsheets write them: `2/24/2015 22:55`, `24.2.2015`, `24-Feb-15`, `February 24, 2015`.

Whether day or month comes first is known from a whole column only, so a cell has a `DateShape` (deciding.py decides).
"""

from __future__ import annotations

import re
from datetime import UTC, date, time, timedelta, timezone
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from knnife.things.taken import Order

LONGEST: Final = 48  # characters
YEARS: Final = range(1000, 2200)

_MONTHS: Final = (  # English, German, French, Spanish, Italian, Portuguese, Dutch: how they begin, the longest first
    "januar january janvier janeiro januari gennaio enero jan janv ene gen jän jänner",
    "februar february février fevrier fevereiro febbraio febrero februari feb fév fev févr fevr",
    "märz march mars marzo março marco maart mar mär mrz mrt",
    "april avril abril aprile apr avr abr",
    "mai may maio mayo maggio mei mag",
    "juni june juin junio junho giugno jun giu",
    "juli july juillet julio julho luglio jul juil lug",
    "august août aout agosto augustus aug ago aoû",
    "september septembre septiembre setiembre setembro settembre sep sept set",
    "oktober october octobre octubre outubro ottobre oct okt out ott",
    "november novembre noviembre novembro nov",
    "dezember december décembre decembre diciembre dezembro dicembre dec dez déc dic",
)
_MONTH: Final = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_PARTS = re.compile(r"(?P<day>.*?)(?:,?[ \u00a0\u202f]{1,3}(?:at )?|T)(?P<time>\d{1,2}:\d{2}.*)")
_TIME = re.compile(
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,6})\d*)?)?"
    r"(?:[ \u00a0\u202f]*(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?P<zone>Z|UTC|GMT|[-+]\d{2}:?\d{2}))?",
    re.ASCII,
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}\.?,? )?"
_NUMERIC = re.compile(r"(?P<a>\d{1,2})(?P<gap>[-/.])(?P<b>\d{1,2})(?P=gap)(?P<year>\d{4}|\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<gap>[/.])(?P<a>\d{1,2})(?P=gap)(?P<b>\d{1,2})", re.ASCII)
_DAY_NAME = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?(?: (?:of |de )?|[-/])(?P<month>[^\W\d_]{{3,10}})\.?,?"
    r"(?: (?:de |del )?|[-/])(?P<year>\d{4}|\d{2})",
    re.IGNORECASE,
)
_MONTH_NAME = re.compile(
    rf"{_WEEKDAY}(?P<month>[^\W\d_]{{3,10}})\.?[- ](?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:, ?| )(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?", re.ASCII)


class DateShape(NamedTuple):
    """What is known of a date that one cell writes.

    order: "M" or "D" where the numbers say which comes first, "?" where they do not, "Y" for the year, "" where the
    month has a name, "ISO" for what needs no reading. gap: between the numbers. short: the year has two digits; padded:
    some number begins with 0.
    """

    order: Literal["M", "D", "?", "Y", "", "ISO"]
    gap: str = ""
    short: bool = False
    padded: bool = False


def date_shape(cell: str) -> DateShape | None:
    """The shape of a cell, without space around it; None where it is no date."""
    if len(cell) > LONGEST or not cell.isprintable():
        return None
    if _ISO.fullmatch(cell):
        return DateShape("ISO")
    day, time = _parted(cell)
    return None if time is None else _day_shape(day)


def iso_date(cell: str, order: Order) -> str | None:
    """The date in a cell in ISO 8601, without space around it; None where it is none in this order."""
    if len(cell) > LONGEST:
        return None
    if _ISO.fullmatch(cell):
        return cell
    day, time = _parted(cell)
    found = None if time is None else _iso_day(day, order)
    return None if found is None else f"{found}{time}"


def _parted(cell: str) -> tuple[str, str | None]:
    """The day, and the time as ISO 8601 has it: "" where there is none, None where it is no time."""
    parts = _PARTS.fullmatch(cell)
    return (cell, "") if parts is None else (parts["day"], _iso_time(parts["time"]))


@lru_cache(4096)
def _iso_time(text: str) -> str | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    part = int((found["part"] or "0").ljust(6, "0"))
    try:
        when = time(_hour(found), int(found["minute"]), int(found["second"] or 0), part, _zone(found["zone"]))
    except ValueError:
        return None
    return f"T{when.isoformat()}"


@lru_cache(4096)
def _day_shape(text: str) -> DateShape | None:
    if found := _NUMERIC.fullmatch(text):
        return _numeric_shape(found)
    if found := _YEAR_FIRST.fullmatch(text):
        if found["gap"] == "." and not len(found["a"]) == len(found["b"]) == 2:
            return None  # 2023.1.4 is a version of some program
        return DateShape("Y") if _written(found["year"], found["a"], found["b"]) else None
    return DateShape("") if _named(text) else None


@lru_cache(4096)
def _iso_day(text: str, order: Order) -> str | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return _written(found["year"], found["a"], found["b"])
    if (found := _NUMERIC.fullmatch(text)) and order != "Y/M/D":
        month, day = (found["a"], found["b"]) if order == "M/D/Y" else (found["b"], found["a"])
        return _written(found["year"], month, day)
    return _named(text)


def _numeric_shape(found: re.Match[str]) -> DateShape | None:
    month_first = _written(found["year"], found["a"], found["b"])
    day_first = _written(found["year"], found["b"], found["a"])
    short = len(found["year"]) == 2
    if not (month_first or day_first):
        return None
    if short and found["gap"] == "-":  # 10-12-15: parts of a name, or the year first
        return None
    padded = found["a"][0] == "0" or found["b"][0] == "0"
    if short and found["gap"] == "." and not len(found["a"]) == len(found["b"]) == 2:
        return None  # 1.2.10 is a version
    order: Literal["M", "D", "?"] = "?" if month_first and day_first else "M" if month_first else "D"
    return DateShape(order, found["gap"], short, padded)


def _named(text: str) -> str | None:
    text = " ".join(text.split())
    found = _DAY_NAME.fullmatch(text) or _MONTH_NAME.fullmatch(text)
    month = None if found is None else _MONTH.get(found["month"].casefold())
    return None if found is None or month is None else _written(found["year"], str(month), found["day"])


def _written(year: str, month: str, day: str) -> str | None:
    """The day in ISO 8601; None where there is no such one."""
    years = int(year)
    if len(year) == 2:
        years += 1900 if years > 68 else 2000  # as POSIX has it
    try:
        return date(years, int(month), int(day)).isoformat() if years in YEARS else None
    except ValueError:
        return None


def _hour(found: re.Match[str]) -> int:
    """Of 24. Raises ValueError where a clock of twelve hours has none such."""
    hour = int(found["hour"])
    if found["half"] is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no such hour")
    return hour % 12 + 12 * (found["half"] in "pP")


def _zone(written: str | None) -> timezone | None:
    if written is None:
        return None
    if written[0] not in "+-":
        return UTC
    away = timedelta(hours=int(written[1:3]), minutes=int(written[-2:]))
    return timezone(-away if written[0] == "-" else away)
