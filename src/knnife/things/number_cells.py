"""Numbers as people and spreadsheets write them: `1.234,50`, `1 234`, `$12.50`, `(45)`, `12,5 %`.

One cell is often not enough to know: `1,234` is a thousand in one table and a little more than one in another. So a
cell has a `NumberShape`, which says what its marks may mean; the shapes of a whole column decide (deciding.py).
"""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from knnife.things.taken import Mark

LONGEST: Final = 40  # characters; what is longer is no number that people write
MOST_DIGITS: Final = 18  # before the decimal mark: these surely fit 64 bits; a longer one is a name, not an amount

_SPACE = " \u00a0\u2009\u202f"
_MINUS = "\u2212\u2013-"  # the last one stands last in a class
_CODES = (
    "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|RON|RUB|UAH|BRL|MXN|ZAR|KRW|SGD|HKD|TWD|THB|"
    "IDR|MYR|ILS|AED|SAR|NGN|KES|ARS|CLP|ISK|BGN|VND|EGP|PKR"
)
_WORDS = r"kr\.?|zł|Kč|Ft|Rs\.?|Fr\.|руб\.?|euros?|eur|usd|gbp|chf"
_SIGNS = "$¢£¤¥₠₡₢₣₤₥₦₧₨₩₪₫€₭₮₯₰₱₲₳₴₵₸₹₺₻₼₽₾₿﷼﹩＄￠￡￥￦"
_CURRENCY = rf"(?:(?:US|CA|AU|NZ|HK|NT|MX|[ACRS])?[{_SIGNS}]|{_CODES}|{_WORDS})"
_DIGITS = (
    rf"(?P<whole>[0-9]+|[0-9]{{1,3}}(?P<gap>[,.'’{_SPACE}])[0-9]{{3}}(?:(?P=gap)[0-9]{{3}})*"
    r"|[0-9]{1,2}(?:,[0-9]{2})+,[0-9]{3})"  # as in India: 12,34,567
    r"(?:(?P<mark>[.,])(?P<fraction>[0-9]+))?(?P<exponent>[eE][-+]?[0-9]+)?"
)
_NUMBER = re.compile(
    rf"(?P<open>\()?(?P<sign>[+{_MINUS}])?(?:(?P<before>{_CURRENCY})[{_SPACE}]?)?(?P<inner>[({_MINUS}])?"
    rf"(?:{_DIGITS}|(?P<bare>\.[0-9]+))"
    rf"(?:[{_SPACE}]?(?P<percent>%))?(?:[{_SPACE}]?(?P<after>{_CURRENCY}))?(?P<trail>[{_MINUS}])?(?P<close>\))?"
)
_NAMES = re.compile(r"-?0[0-9]+|\+[0-9][-0-9 /()]*|[0-9]{19,}")
_APART = str.maketrans("", "", "'’" + _SPACE)


class NumberShape(NamedTuple):
    """What the marks of a number may mean.

    mark: the decimal mark, for sure; "?," of `1,234` and "?." of `1.234`, which may be thousands; "" where none is.
    gap: what stands between thousands, for sure. groups, digits: how many, where a name may be written so, else 0.
    unit: "%", or the sign of a currency. sign: "(", "+", or "-" where it comes last; "" for what is usual.
    plain: written as programs write numbers.
    """

    mark: Literal["", ".", ",", "?.", "?,"]
    gap: str = ""
    groups: int = 0
    digits: int = 0
    unit: str = ""
    sign: str = ""
    plain: bool = False

    def fits(self, mark: Mark) -> bool:
        """Can it be read with this decimal mark?"""
        other = "," if mark == "." else "."
        return self.mark != other and self.gap != mark


def plain_shape(cell: str) -> NumberShape:
    """The shape of a number that is written as programs write it."""
    whole, point, fraction = cell.lstrip("-").partition(".")
    if not point:
        return NumberShape("", plain=True)
    unsure = len(fraction) == 3 and len(whole) <= 3 and whole != "0"
    return NumberShape("?." if unsure else ".", plain=True)


def number_shape(cell: str) -> NumberShape | None:
    """The shape of a cell, without space around it; None where it is no number."""
    found = _NUMBER.fullmatch(cell) if len(cell) <= LONGEST else None
    if found is None or not _balanced(found):
        return None
    unit = found["percent"] or found["before"] or found["after"] or ""
    sign = "(" if found["close"] else "-" if found["trail"] else "+" if found["sign"] == "+" else ""
    if found["bare"]:
        return NumberShape(".", unit=unit, sign=sign)
    whole, gap, mark, fraction = found["whole"], found["gap"] or "", found["mark"] or "", found["fraction"] or ""
    gap = gap or ("," if "," in whole else "")
    digits = sum(map(str.isdigit, whole))
    if gap == mark != "" or digits > MOST_DIGITS or (whole[0] == "0" and digits > 1):
        return None
    if found["exponent"] and (not mark or gap):  # "12e4" is a name
        return None
    if mark and not gap and len(fraction) == 3 and digits <= 3 and whole != "0":
        return NumberShape("?," if mark == "," else "?.", unit=unit, sign=sign)
    groups = 1 + (len(whole) - digits)
    named = groups >= 3 and not mark and not unit and gap != ","  # telephones, addresses of computers
    gap = " " if gap in _SPACE and gap else "'" if gap == "’" else gap
    return NumberShape(_mark(mark), gap, groups * named, digits * named, unit, sign)


def number(cell: str, mark: Mark) -> int | float | None:
    """The number that a cell is with this decimal mark, without space around it; None where it is none."""
    found = _NUMBER.fullmatch(cell) if len(cell) <= LONGEST else None
    if found is None or not _balanced(found):
        return None
    thousands = "," if mark == "." else "."
    if found["mark"] == thousands and (found["gap"] or not _is_group(found["whole"], found["fraction"])):
        return None
    if found["gap"] == mark or (mark == "," and (found["bare"] or ("," in found["whole"]))):
        return None
    digits = (found["whole"] or "").translate(_APART).replace(thousands, "")
    if found["mark"] == thousands:
        digits, fraction = digits + found["fraction"], ""
    else:
        fraction = found["fraction"] or (found["bare"] or ".")[1:]
    if len(digits) > MOST_DIGITS or (found["exponent"] and found["mark"] != mark):
        return None
    negative = bool(found["close"] or found["trail"] or found["inner"] or (found["sign"] or "+") != "+")
    if not fraction and not found["exponent"]:
        return -int(digits) if negative else int(digits)
    value = float(f"{digits or 0}.{fraction or 0}{found['exponent'] or ''}")
    return -value if negative else value


def is_name(cell: str) -> bool:
    """Is it digits and yet no amount: "007", "+49 30", more digits than fit 64 bits?"""
    return _NAMES.fullmatch(cell) is not None


def _mark(mark: str) -> Mark | Literal[""]:
    return "," if mark == "," else "." if mark == "." else ""


def _is_group(whole: str, fraction: str) -> bool:
    return len(fraction) == 3 and len(whole) <= 3 and whole[0] != "0"


def _balanced(found: re.Match[str]) -> bool:
    """One sign at most, one currency, and brackets that close."""
    inner = found["inner"]
    brackets = (found["open"] is not None) + (inner == "(")
    signs = (found["sign"] is not None) + (inner is not None and inner != "(") + (found["trail"] is not None) + brackets
    units = sum(found[name] is not None for name in ("before", "after", "percent"))
    return brackets == (found["close"] is not None) and signs <= 1 and units <= 1
