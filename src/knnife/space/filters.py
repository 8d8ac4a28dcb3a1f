"""Conditions on what is known about things: a small language, parsed to a tree that each store compiles for itself.

    year > 1990 and genre = "crime" and not watched
    {"year": {">": 1990}, "genre": "crime", "watched": False}          the same as a dict

    condition   any of  =  !=  <  <=  >  >=        field operator value
                        in ("a", "b"), not in      one of these; null among them: or it is missing
                        has "a"                    the same as =
                        contains "a"               a text holds it, upper and lower case alike (A to Z)
                        field, not field           it is there and neither false, 0 nor empty
                        field = null, != null      it is missing, or not
                        has null                   it is missing, or a list with a null in it
    joined by   and, or, not, ( )

A list meets a condition where one of its values does: `genre = "crime"` finds ["crime", "drama"], `!=` does not.

A field is a name of the metadata, or `id` or `part_of` of the thing itself; names with other characters than letters,
digits, `_`, `.` and `-` go in backticks. Values are "text", 'text', numbers, true, false, null; in a dict whatever
metadata takes (`knnife.things.scalars`). Numbers compare with numbers and texts with texts: a field that holds text is
never greater or less than a number. A date and time with a zone compares as the instant that it is. `not` takes in the
things whose field is missing, as `!=` does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import numpy as np

from knnife.errors import BadFilter
from knnife.space.filter_tree import Compare, Tree, compare, holds, join, leaves, negate
from knnife.things.scalars import LONGEST, elements

MAX_DEPTH = 50
MAX_CONDITIONS = 200
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "not in", "has", "contains")

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<number>[-+]?(?:\d++(?:\.\d*+)?|\.\d++)(?:[eE][-+]?\d++)?(?![\w.]))
    | `(?P<quoted>[^`]+)`
    | (?P<word>[^\W\d][\w.-]*)
    | (?P<sign><=|>=|!=|<>|==|[=<>(),])
    )""",
    re.VERBOSE | re.DOTALL,
)
JOINING = "_.-\u200c\u200d"  # the last two stand between letters of Persian, and of the scripts of India
_INTEGER = re.compile(rf"[-+]?\d{{1,{LONGEST}}}")
_SAME = {"==": "=", "<>": "!="}
_CONSTANTS = {"true": True, "false": False, "null": None}
_KEYWORDS = {"and", "or", "not", "in", "has", "contains", *_CONSTANTS}


def parse_filter(where: str | Mapping[str, Any]) -> Tree:
    """The tree of a filter given as text or as a dict. Raises BadFilter, which says where and why."""
    if isinstance(where, str):
        return _Text(where).tree()
    if isinstance(where, Mapping):
        return _from_dict(where, 0)
    raise BadFilter(f"a filter is a text or a dict, not {type(where).__name__}: {where!r}")


def _is_of_word(character: str) -> bool:
    """Whether a name goes on with this: a letter, a digit, `_`, `.`, `-`, a mark on a letter, or what joins letters."""
    return character.isalnum() or character in JOINING or unicodedata.category(character).startswith("M")


# --- filters as dicts -------------------------------------------------------------------------------------------


def _from_dict(where: Mapping[str, Any], depth: int) -> Tree:
    if depth > MAX_DEPTH:
        raise BadFilter(f"the filter is nested more than {MAX_DEPTH} deep")
    if not where:
        raise BadFilter("the filter is empty; leave it out to take everything")
    parts = [_from_item(key, value, depth) for key, value in where.items()]
    if sum(isinstance(each, Compare) for part in parts for each in leaves(part)) > MAX_CONDITIONS:
        raise BadFilter(f'more than {MAX_CONDITIONS} conditions; for a list of values use {{"field": [values]}}')
    return join(parts, "and")


def _from_item(key: Any, value: Any, depth: int) -> Tree:
    if not isinstance(key, str):
        raise BadFilter(f"field {key!r}: expected a name, got {type(key).__name__}")
    if key in ("and", "or"):
        if not isinstance(value, (list, tuple)) or not value:
            raise BadFilter(f'"{key}": expected a list of conditions, got {value!r}')
        return join([_from_dict(_mapping(key, v), depth + 1) for v in value], key)
    if key == "not":
        return negate(_from_dict(_mapping(key, value), depth + 1))
    if isinstance(value, Mapping):
        return join([_from_operator(key, operator, v) for operator, v in value.items()], "and")
    if (values := elements(value)) is not None:
        return compare(key, "in", values)
    if isinstance(value, bool | np.bool_):
        return negate(holds(key), really=not value)
    return compare(key, "=", value)


def _from_operator(field: str, operator: Any, value: Any) -> Tree:
    if operator not in OPERATORS:
        raise BadFilter(f"{field}: unknown operator {operator!r}; expected one of {', '.join(OPERATORS)}")
    return compare(field, operator, value)


def _mapping(key: str, value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise BadFilter(f'"{key}": expected a dict of conditions, got {value!r}')


# --- filters as text --------------------------------------------------------------------------------------------


class _Text:
    """A recursive-descent parser: or, then and, then not, then one comparison."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.conditions = text, 0, 0
        self.kind, self.token, self.start = "", "", 0
        self._advance()

    def tree(self) -> Tree:
        if self.kind == "end":
            raise BadFilter("the filter is empty; leave it out to take everything")
        found = self._either(0)
        if self.kind != "end":
            raise self._expected("and, or, or the end")
        return found

    def _either(self, depth: int) -> Tree:
        if depth > MAX_DEPTH:
            raise BadFilter(f"nested more than {MAX_DEPTH} deep", self.text, self.start)
        found = [self._all(depth)]
        while self._take("or"):
            found.append(self._all(depth))
        return join(found, "or")

    def _all(self, depth: int) -> Tree:
        found = [self._maybe_not(depth)]
        while self._take("and"):
            found.append(self._maybe_not(depth))
        return join(found, "and")

    def _maybe_not(self, depth: int) -> Tree:
        negations = 0
        while self._take("not"):
            negations += 1
        if self._take("("):
            found = self._either(depth + 1)
            if not self._take(")"):
                raise self._expected(")")
        else:
            found = self._one()
        return negate(found, negations % 2 == 1)

    def _one(self) -> Tree:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise BadFilter(f"more than {MAX_CONDITIONS} conditions; for many values use: field in (…)")
        if self.kind not in ("word", "quoted") or self._keyword() in _KEYWORDS:
            raise self._expected("the name of a field")
        field = self.token
        self._advance()
        if self._take("in"):
            return compare(field, "in", self._list())
        if self._take("not"):
            if not self._take("in"):
                raise self._expected("in")
            return compare(field, "not in", self._list())
        for operator in ("has", "contains", "<=", ">=", "!=", "=", "<", ">"):
            if self._take(operator):
                return compare(field, operator, self._constant())
        return holds(field)

    def _list(self) -> list[Any]:
        if not self._take("("):
            raise self._expected("( and values")
        values = [self._constant()]
        while self._take(","):
            values.append(self._constant())
        if not self._take(")"):
            raise self._expected(", or )")
        return values

    def _constant(self) -> Any:
        value: Any
        if self.kind == "text":
            value = re.sub(r"\\(.)", r"\1", self.token[1:-1], flags=re.DOTALL)
        elif self.kind == "number":
            value = int(self.token) if _INTEGER.fullmatch(self.token) else float(self.token)
        elif self._keyword() in _CONSTANTS:
            value = _CONSTANTS[self._keyword()]
        else:
            raise self._expected('a value ("text", a number, true, false or null)')
        self._advance()
        return value

    def _keyword(self) -> str:
        return self.token.lower() if self.kind == "word" else ""

    def _take(self, token: str) -> bool:
        found = self._keyword() == token or (self.kind == "sign" and self.token == token)
        if found:
            self._advance()
        return found

    def _advance(self) -> None:
        match = _TOKEN.match(self.text, self.at)
        if match is None:
            rest = self.text[self.at :]
            self.start = self.at + len(rest) - len(rest.lstrip())
            if rest.strip():
                first = self.text[self.start]
                is_text = first in "'\""
                hint = "the text does not end" if is_text else "a name with such characters goes in backticks"
                raise BadFilter(f"cannot read {first!r} ({hint})", self.text, self.start)
            self.kind, self.token = "end", ""
            return
        self.kind = match.lastgroup or ""
        self.token = _SAME.get(match[self.kind], match[self.kind])
        self.start, self.at = match.start(self.kind), match.end()
        if self.kind == "word":
            self._take_marks()

    def _take_marks(self) -> None:
        """A word goes on through the marks that stand on its letters, which for Python are no part of words."""
        end = self.at
        while end < len(self.text) and _is_of_word(self.text[end]):
            end += 1
        self.token, self.at = self.text[self.start : end], end

    def _expected(self, what: str) -> BadFilter:
        found = self.token[:40] if self.kind != "end" else "the end"
        return BadFilter(f"expected {what}, found {found!r}", self.text, self.start)
