"""What single cells say: numbers with their signs and units, dates, and the words of a text."""

from __future__ import annotations

import calendar
import html
import re
import unicodedata
from datetime import date

from knnife.things.folding import without_unseen

MISSING = frozenset({"", "-", "--", "—", "?", "n/a", "na", "nan", "nil", "none", "null", "unknown"})

_SIGNS = re.compile(r"[\s$€£¥₹%]|\b(?:usd|eur|gbp|chf|jpy)\b", re.IGNORECASE)
_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")
_ENGLISH = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")  # 1,299.00
_GERMAN = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+),\d{1,2}")  # 1.299,00 and 12,5
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,3}):([0-5]\d)")  # 4:05 or 1:04:05, a length of time
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_abbr)}
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})")
_DAY_FIRST = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-\s.]+([a-z]{3,9})\.?[-\s,]+(\d{4}|\d{2})")
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
# A word keeps what stands between its letters and digits ("dsc-w120", "13.5"); `words` decides what becomes of it.
_WORD = re.compile(r"[^\W_]+(?:[-./'’][^\W_]+)*")
_BETWEEN = re.compile(r"[-./'’]")


def text_of(cell: object) -> str | None:
    """A cell as text, with HTML entities resolved and white space in one form; None where it says nothing."""
    if cell is None or cell != cell:
        return None
    if isinstance(cell, list | tuple):
        cell = " ".join(str(each) for each in cell)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell)
    if "&" in text:
        text = html.unescape(text)
    text = " ".join(text.split())
    return None if text.lower() in MISSING or not any(map(_says, text)) else text


def _says(letter: str) -> bool:
    """Whether a character says something by itself: letters, digits, pictures (🍕), and no punctuation."""
    return letter.isalnum() or (not letter.isascii() and unicodedata.category(letter)[0] == "S")


def folded(text: str) -> str:
    """A text without accents, in small letters."""
    if not text.isascii():
        text = "".join(c for c in unicodedata.normalize("NFKD", without_unseen(text)) if not unicodedata.combining(c))
        text = text.casefold()
    return " ".join(text.lower().split())


def words(text: str) -> list[str]:
    """The words of a text that is `folded`.

    Words that mix letters and digits are names of models, and lose what stands inside ("dsc-w120" is "dscw120");
    numbers keep their point; apostrophes go; other words are parted where they are joined. A text of pictures alone
    (🍕🍕) has these as its words.
    """
    found: list[str] = []
    for word in _WORD.findall(text):
        if word.isalnum():
            found.append(word)
            continue
        bare = _BETWEEN.sub("", word)
        if is_code(bare):
            found.append(bare)
        elif bare.isdigit():
            found += [word] if word.count(".") == 1 and "-" not in word and "/" not in word else _BETWEEN.split(word)
        elif "'" in word or "’" in word:
            found += re.split(r"[-./]", word.replace("'", "").replace("’", ""))
        else:
            found += _BETWEEN.split(word)
    return [word for word in found if word] or text.split()


def is_code(word: str) -> bool:
    """Does a word look like the name of a model, a part or an order: letters and digits mixed, four or more?"""
    return len(word) >= 4 and not word.isdigit() and not word.isalpha() and word.isalnum()


def number_of(text: str | None) -> float | None:
    """The number that a cell is, with signs of currency and percent, thousands parted; lengths of time in seconds."""
    if text is None:
        return None
    bare = _SIGNS.sub("", folded(text))
    if _NUMBER.fullmatch(bare):
        return float(bare) if len(bare) < 40 else None
    if _ENGLISH.fullmatch(bare):
        return float(bare.replace(",", ""))
    if _GERMAN.fullmatch(bare):
        return float(bare.replace(".", "").replace(",", "."))
    clock = _CLOCK.fullmatch(bare)
    if clock:
        hours, minutes, seconds = clock.groups()
        return int(hours or 0) * 3600.0 + int(minutes) * 60 + int(seconds)
    return None


def day_of(text: str | None) -> float | None:
    """The day that a cell names, as a count of days; of 3/4/2001 the month is taken to come first, if it can."""
    if text is None:
        return None
    text = folded(text)
    if found := _ISO.fullmatch(text):
        return _day(found[1], found[2], found[3])
    if found := _NUMERIC_DATE.fullmatch(text):
        first, second = (found[1], found[3]) if found[2] == "/" else (found[3], found[1])
        return _day(found[4], first, second) or _day(found[4], second, first)
    if found := _DAY_FIRST.fullmatch(text):
        return _day(found[3], _MONTHS.get(found[2][:3], 0), found[1])
    if found := _MONTH_FIRST.fullmatch(text):
        return _day(found[3], _MONTHS.get(found[1][:3], 0), found[2])
    return None


def _day(year: str | int, month: str | int, day: str | int) -> float | None:
    years = int(year)
    if years < 100:
        years += 2000 if years < 50 else 1900
    try:
        return float(date(years, int(month), int(day)).toordinal())
    except ValueError:
        return None
