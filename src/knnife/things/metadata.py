"""What is known about a thing, as it is kept: flat, names to single values or lists of those."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from knnife.things.reading import RowError
from knnife.things.scalars import elements, is_plain, scalar
from knnife.things.thing import About, Scalar
from knnife.things.values import check_text

_BYTES = (bytes, bytearray, memoryview)


def known(row: Mapping[str, Any]) -> About:
    """`row` itself where it is flat and holds only what JSON has, as most rows do; else as `flat` makes it."""
    return row if is_plain(row.values()) else flat(row)


def flat(row: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """`row` with nested mappings joined by dots ({"a": {"b": 1}} -> {"a.b": 1}), and without bytes.

    Single values become what `scalar` makes of them; arrays, sets and columns lists; lists of more than values JSON.
    Raises RowError for what is nested too deeply, and for text that cannot be stored.
    """
    result: dict[str, Any] = {}
    try:
        for name, value in row.items():
            if isinstance(value, Mapping):
                result.update(flat(value, f"{prefix}{name}."))
            elif not isinstance(value, _BYTES):
                result[f"{prefix}{name}"] = _simple(value)
    except RecursionError as error:
        raise RowError("nested too deeply") from error
    return result


def _simple(value: Any) -> Scalar | list[Scalar]:
    """A scalar, or a list of scalars."""
    found = elements(value)
    if found is None:
        return scalar(value)
    if not any(isinstance(each, (Mapping, *_BYTES)) or elements(each) is not None for each in found):
        return [scalar(each) for each in found]
    text = json.dumps([_nested(each) for each in found], ensure_ascii=False)
    check_text(text)
    return text


def _nested(value: Any) -> Any:
    """What is in a list of more than values, as JSON has it."""
    if isinstance(value, Mapping):
        return {str(name): _nested(each) for name, each in value.items()}
    if isinstance(value, _BYTES):
        return None
    found = elements(value)
    return scalar(value) if found is None else [_nested(each) for each in found]
