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
_MONTH_FIRST = re.compile(r"([a-z]{3,9})\.?\s+(\d{1,2})(?:st|nd|rd|th)?\s*,?\s+(\d{4})")
# Other words for a unit. The rest are their own.
_UNITS = {
    "gigabyte": "gb", "megabyte": "mb", "terabyte": "tb", "watt": "w", "volt": "v", "megapixel": "mp", '"': "inch",
    "''": "inch", "”": "inch", "feet": "ft", "foot": "ft", "gram": "g", "ounce": "oz", "pk": "pack", "piece": "pc",
    "yr": "year", "minute": "min", "liter": "l", "litre": "l", "gallon": "gal",
}  # fmt: skip
_UNIT = (
    "gigabyte|megabyte|terabyte|kb|mb|gb|tb|mhz|ghz|khz|hz|megapixel|mp|watt|kw|w|volt|v|mah|amp|btu|rpm|dpi|ppm|mm|cm|"
    "km|inch(?:es)?|ft|feet|foot|gram|mg|kg|g|lb|ounce|oz|ml|cl|liter|litre|gallon|gal|pack|pk|piece|pc|user|port|year|"
    "yr|month|day|hour|minute|min|bit|x"
)
_MEASURE = re.compile(rf"(\d+(?:\.\d+)?)(?:[-\s]?({_UNIT})s?\b|\s?(\"|''|”))")  # 2 GB, 16gb, 13.5", 3-pack
_CLOCKS = r"\d{1,3}:[0-5]\d(?::[0-5]\d)?"
# A word keeps what stands between its letters and digits ("dsc-w120", "13.5"); `words` decides what becomes of it.
_WORD = re.compile(rf"(?<![\w./:-])(?:{_CLOCKS}(?![\w:])|{_MEASURE.pattern})|[^\W_]+(?:[-./'’][^\W_]+)*")
_BETWEEN = re.compile(r"[-./'’]")


SIGNS = ("word", "code", "number", "measure", "year", "time", "colour", "negation")
_COLOURS = frozenset(
    re.findall(
        r"\w+",
        "black white silver red blue green yellow pink purple gray grey brown beige gold orange bronze copper titanium "
        "charcoal bisque ivory cream navy teal violet platinum graphite chrome stainless walnut cherry espresso",
    )
)
_NEGATIONS = frozenset({"no", "not", "non", "without", "never", "except"})
_ROMAN = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix", "xi", "xii", "xiii"})


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
    numbers keep their point, and the unit behind them ("2 GB" is "2gb"); lengths of time stay; apostrophes go; other
    words are parted where they are joined. A text of pictures alone (🍕🍕) has these as its words.
    """
    found: list[str] = []
    for match in _WORD.finditer(text):
        word = match[0]
        if match[1]:
            found.append(match[1] + measured_in(match[2] or match[3]))
            continue
        if word.isalnum() or ":" in word:
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


def measured_in(unit: str) -> str:
    """A unit in the one form it has here."""
    unit = unit.removesuffix("es") if unit.startswith("inch") else unit
    return _UNITS.get(unit, unit)


def is_code(word: str) -> bool:
    """Does a word look like the name of a model, a part or an order: letters and digits mixed, four or more?"""
    return len(word) >= 4 and not word.isdigit() and not word.isalpha() and word.isalnum()


def sign_of(word: str) -> str:
    """What kind of sign one of the `words` is, one of SIGNS."""
    if not any(map(str.isdigit, word)):
        if word in _COLOURS:
            return "colour"
        return "negation" if word in _NEGATIONS else "number" if word in _ROMAN else "word"
    if word.isdigit():
        return "code" if len(word) > 4 else "year" if len(word) == 4 and word[:2] in ("19", "20") else "number"
    if ":" in word:
        return "time"
    if _MEASURE.fullmatch(word):
        return "measure"
    return "code" if is_code(word) else "number"


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
