"""Does a thing meet a filter? Read plainly off the tree, with SQL's rules for what is missing or of another kind."""

from __future__ import annotations

import json
import operator
from typing import Any

from knnife.space.filter_tree import Compare, Holds, Joined, Not, Tree
from knnife.things import Thing

ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def meets(thing: Thing, tree: Tree) -> bool:
    """Whether a filter matches a thing; what it cannot tell is not so."""
    if isinstance(tree, Not):
        return not meets(thing, tree.tree)
    if isinstance(tree, Joined):
        return (all if tree.word == "and" else any)(meets(thing, each) for each in tree.trees)
    value = _field(thing, tree.field)
    if isinstance(tree, Holds):
        return value is not None and value not in (0, "")
    return _compares(tree, value)


def _compares(leaf: Compare, value: Any) -> bool:
    asked = leaf.value
    if leaf.operator == "has":
        inside = value if isinstance(value, list) else [value]
        return asked is not None and any(_scalar(each) == asked for each in inside)
    value = _scalar(value)
    if leaf.operator == "=":
        return bool(value == asked)
    if value is None:
        return False
    if leaf.operator == "in":
        return value in [each for each in asked if each is not None]
    if leaf.operator == "contains":
        return _ascii_lower(asked) in _ascii_lower(value if isinstance(value, str) else str(value))
    return isinstance(value, str) == isinstance(asked, str) and bool(ORDER[leaf.operator](value, asked))


def _field(thing: Thing, field: str) -> Any:
    if field in ("id", "part_of"):
        return getattr(thing, field)
    return thing.about.get(field)


def _scalar(value: Any) -> Any:
    """A value as it is compared: lists as their JSON, truth values as numbers."""
    if isinstance(value, bool):
        return int(value)
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if isinstance(value, list) else value


def _ascii_lower(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)
