"""Why a filter may have found nothing, or everything: a name that no thing has, or a value of another kind.

Asked only then, so it costs nothing otherwise, and a few milliseconds for a hundred thousand things.
"""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterator
from typing import Any, Final

from knnife.errors import BadFilter
from knnife.space.filter_tree import OF_THINGS, Compare, Holds, Joined, Not, Tree, leaves
from knnife.space.protocols import Selection, Snapshot
from knnife.things.rows import listed

SAMPLE: Final = 1_000  # things whose metadata names the fields that may have been meant
EXAMPLES: Final = 100  # things whose values say what a field holds
REMEMBERED: Final = 64  # filters whose doubts are kept, as one that finds nothing may be asked again and again
TRUTHS: Final = frozenset(["true", "false", "yes", "no"])

_remembered: dict[tuple[bytes, Tree, bool], list[str]] = {}


def matching(snapshot: Snapshot, tree: Tree) -> Selection:
    """The things that a filter matches; warns where these are none, or all, for a reason that can be told."""
    found = snapshot.matching(tree)
    warn(snapshot, tree, len(found))
    return found


def warn(snapshot: Snapshot, tree: Tree | None, found: int) -> None:
    """Warn, once for each reason, where a filter that found so many things may not say what was meant."""
    for why in [] if tree is None else doubts(snapshot, tree, found):
        warnings.warn(why, stacklevel=_callers_level())


def refuse_all(snapshot: Snapshot, tree: Tree, found: int) -> None:
    """Raises BadFilter where a filter finds all things for the want of a field, and they are about to be removed."""
    if 0 < found == snapshot.state.things and (why := doubts(snapshot, tree, found)):
        raise BadFilter(f"{why[0]}. The filter matches all {found:,} things for that; nothing was removed")


def doubts(snapshot: Snapshot, tree: Tree, found: int) -> list[str]:
    """The reasons for which a filter that found none or all of the things may not say what was meant."""
    things = snapshot.state.things
    asked = [leaf for leaf in (leaves(tree) if not found else _easily_met(tree)) if leaf.field not in OF_THINGS]
    if not asked or not things or 0 < found < things:
        return []
    key = (snapshot.state.token, tree, found == 0)
    if key not in _remembered:
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        found_out = (_doubt(snapshot, leaf) for leaf in asked)
        _remembered[key] = list(dict.fromkeys(why for why in found_out if why is not None))
    return _remembered[key]


def _easily_met(tree: Tree, negated: bool = False) -> Iterator[Compare | Holds]:
    """The conditions that are met where the field is missing, or, without an operator, by any text."""
    if isinstance(tree, Not):
        yield from _easily_met(tree.tree, not negated)
    elif isinstance(tree, Joined):
        for each in tree.trees:
            yield from _easily_met(each, negated)
    elif isinstance(tree, Holds) or negated != (None in _several(tree.value)):
        yield tree


def _doubt(snapshot: Snapshot, leaf: Compare | Holds) -> str | None:
    abouts = snapshot.metadata(EXAMPLES, leaf.field)
    if not abouts:
        return _unknown(snapshot, leaf.field)
    values = [each for about in abouts for each in _several(about[leaf.field]) if each is not None]
    if not values:
        return None
    if isinstance(leaf, Holds):
        return _texts_for_truths(leaf.field, values)
    constants = [each for each in _several(leaf.value) if each is not None]
    return None if leaf.operator == "contains" or not constants else _another_kind(leaf.field, values, constants[0])


def _unknown(snapshot: Snapshot, field: str) -> str:
    names = list(dict.fromkeys(name for about in snapshot.metadata(SAMPLE) for name in about))
    if not names:
        return f"no thing has a field {field!r}, nor any other metadata"
    alike = {name.casefold(): name for name in names}
    near = difflib.get_close_matches(field.casefold(), list(alike)[:SAMPLE], n=1)
    hint = f"; did you mean {alike[near[0]]!r}?" if near else f"; the fields are: {listed(names)}"
    return f"no thing has a field {field!r}{hint}"


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _texts_for_truths(field: str, values: list[Any]) -> str | None:
    if not all(isinstance(each, str) and each.casefold() in TRUTHS for each in values):
        return None
    return (
        f"{field!r} holds texts, as {values[0]!r}, each of which counts as there; compare it with one of them: "
        f'{field} = "{values[0]}"'
    )


def _another_kind(field: str, values: list[Any], constant: Any) -> str | None:
    """Where a field holds numbers or truth values and is compared with a text, or the other way round."""
    is_text = isinstance(constant, str)
    if any(isinstance(each, str) == is_text for each in values):
        return None
    if not is_text:
        return (
            f"{field!r} holds texts, as {values[0]!r:.40}, and is compared with the number {constant!r}: texts are "
            "written in quotation marks"
        )
    if all(isinstance(each, bool) for each in values):
        held, hint = "true or false", f"write {field}, or not {field}"
    else:
        held, hint = f"numbers, as {values[0]!r:.40}", "numbers are written without quotation marks"
    return f"{field!r} holds {held}, and is compared with the text {constant!r:.40}: {hint}"


def _callers_level() -> int:
    """How many callers up the one is that is no part of knnife, counted from who calls this."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "knnife":
        level, frame = level + 1, frame.f_back
    return level
