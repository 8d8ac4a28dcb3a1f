"""A filter as a tree, which each store compiles for itself; its parts are checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from numbers import Number, Real
from typing import Any, Final, NamedTuple

from knnife.errors import BadFilter
from knnife.things.reading import RowError
from knnife.things.scalars import WIDEST, elements, name_of, scalar

OF_THINGS: Final = ("id", "part_of")  # fields that are no metadata, but of the thing itself


class Compare(NamedTuple):
    """`field operator value`: =, in, <, <=, >, >= or contains. No truth values: true is 1, false is 0.

    The value of "in" is a tuple of values. A list meets this where one of its values does; "= null" is what is missing,
    "has null" that and a list with a null in it, and no other operator compares with null.
    """

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
    """`field operator value`. Raises BadFilter for names and values that cannot be compared so.

    What is equal to one of several values is "in", `has` is "=" but for null: a thing is met where its value is, or
    where one of its list is.
    """
    _check_field(field)
    if operator in ("in", "not in"):
        if (values := elements(value)) is None:
            raise BadFilter(f"{field} in {_shown(value)}: expected a list of values")
        equals = tuple(each for one in values for each in _equals(field, one, among=True))
        return negate(Compare(field, "in", equals), operator == "not in")
    if operator == "contains":
        if not isinstance(value, str):
            raise BadFilter(f"{field} contains {_shown(value)}: expected a text")
        _storable(field, value)
        return Compare(field, "contains", str.__str__(value))  # as it is: it may be a part of an instant
    if operator in ("=", "!=", "has"):
        equals = _equals(field, value)
        if equals == (None,):
            return negate(Compare(field, operator.lstrip("!"), None), operator == "!=")
        leaf = Compare(field, "=", equals[0]) if len(equals) == 1 else Compare(field, "in", equals)
        return negate(leaf, operator == "!=")
    bound = _constant(field, value)
    if bound is None:
        raise BadFilter(f"{field} {operator} null: only = and != compare with null, and in, not in, has")
    if isinstance(bound, str) and isinstance(value, Number):
        raise BadFilter(
            f"{field} {operator} {_shown(value)}: integers beyond 64 bits are kept as text, which has no such order; "
            "compare them by =, != or in"
        )
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


def _equals(field: str, value: Any, among: bool = False) -> tuple[Any, ...]:
    """The ways in which a value may be kept that are equal to this one, each a text, a number or None.

    An instant is kept in UTC, and in older spaces as it was written; an integer beyond 64 bits as text, a float as
    large as a number; and ids are always text.
    """
    found = _constant(field, value, among)
    if isinstance(value, str) and found != value:
        return found, str.__str__(value)
    if isinstance(found, int | float) and field in OF_THINGS:
        return (name_of(found),)
    if isinstance(found, str) and isinstance(value, Number):
        number: Any = value
        return (found, near) if (near := float(found)) == number else (found,)
    if isinstance(found, float) and abs(found) >= WIDEST:
        return found, str(int(found))
    return (found,)


def _constant(field: str, value: Any, among: bool = False) -> Any:
    """A constant as metadata holds it, but for true and false, which are 1 and 0; `among` others, NaN is missing."""
    found = _storable(field, value)
    if found is None and isinstance(value, Real) and (math.isinf(value) or not among):
        raise BadFilter(
            f"{field}: cannot compare with {_shown(value)}, expected a finite number; what is missing is null"
        )
    return int(found) if isinstance(found, bool) else found


def _storable(field: str, value: Any) -> Any:
    try:
        return scalar(value)
    except RowError as error:
        raise BadFilter(
            f"{field}: cannot compare with {_shown(value)} ({error}); expected text, a finite number, a date, true, "
            "false or null"
        ) from error


def _shown(value: Any) -> str:
    try:
        return f"{value!r:.60}"
    except ValueError:  # an integer of thousands of digits
        return f"a {type(value).__name__}"
