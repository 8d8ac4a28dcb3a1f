"""A filter as a tree, which each store compiles for itself; its parts are checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from knnife.errors import BadFilter


class Compare(NamedTuple):
    """`field operator value`; the value of "in" is a tuple of values. No truth values: true is 1, false is 0."""

    field: str
    operator: str
    value: Any


class Holds(NamedTuple):
    """The field is there, and neither false, 0 nor empty."""

    field: str


class Not(NamedTuple):
    """What does not meet a condition, or cannot tell."""

    tree: Tree


class Joined(NamedTuple):
    """All of some conditions (`word` "and"), or any ("or")."""

    word: str
    trees: tuple[Tree, ...]


Tree = Compare | Holds | Not | Joined


def leaves(tree: Tree) -> Iterator[Compare | Holds]:
    """The conditions that a tree joins, from left to right."""
    if isinstance(tree, Not):
        yield from leaves(tree.tree)
    elif isinstance(tree, Joined):
        for each in tree.trees:
            yield from leaves(each)
    else:
        yield tree


def compare(field: str, operator: str, value: Any) -> Tree:
    """`field operator value`. Raises BadFilter for names and values that cannot be compared so."""
    _check_field(field)
    if operator in ("in", "not in"):
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise BadFilter(f"{field} in {value!r}: expected a list of values")
        return negate(Compare(field, "in", tuple(_value(field, each) for each in value)), operator == "not in")
    bound = _value(field, value)
    if operator == "contains" and not isinstance(bound, str):
        raise BadFilter(f"{field} contains {value!r}: expected a text")
    if operator in ("=", "!="):
        return negate(Compare(field, "=", bound), operator == "!=")
    if bound is None and operator not in ("has", "contains"):
        raise BadFilter(f"{field} {operator} null: only = and != compare with null")
    return Compare(field, operator, bound)


def holds(field: str) -> Tree:
    """The field is there, and neither false, 0 nor empty. Raises BadFilter."""
    _check_field(field)
    return Holds(field)


def negate(tree: Tree, really: bool = True) -> Tree:
    """Not so, or (unless `really`) the tree itself."""
    return Not(tree) if really else tree


def join(trees: Sequence[Tree], word: str) -> Tree:
    """All of them ("and"), or any ("or"). Raises BadFilter where there is none."""
    if not trees:
        raise BadFilter("expected a value or {operator: value}, got {}")
    return trees[0] if len(trees) == 1 else Joined(word, tuple(trees))


def _check_field(field: str) -> None:
    if not field or any(c in '"\\`' or ord(c) < 32 for c in field):
        raise BadFilter(f"field {field!r}: a name may not be empty nor hold quotes, backslashes or control characters")


def _value(field: str, value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else float(value)
    if isinstance(value, float) and math.isfinite(value):
        return value
    raise BadFilter(f"{field}: cannot compare with {value!r}; expected text, a finite number, true, false or null")
