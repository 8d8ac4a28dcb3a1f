r"""What stands in a row, written on one line: as JSON, or separated by tabs.

What a terminal could obey (escape sequences, control characters, overrides of direction) is escaped, such as \x1b.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import Any

Row = Mapping[str, Any]

_OVERRIDES = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]  # of the direction of writing: they reorder a line
_SEPARATORS = [0x2028, 0x2029]  # of lines and paragraphs
_CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
_ESCAPES = {c: f"\\x{c:02x}" for c in _CONTROLS} | {c: f"\\u{c:04x}" for c in _OVERRIDES + _SEPARATORS}
_ESCAPES |= {ord("\n"): "\\n", ord("\t"): "\\t", ord("\r"): "\\r"}
_ONE_TO_ONE = _ESCAPES | {ord("\\"): "\\\\"}
_IN_JSON = {c: f"\\u{c:04x}" for c in [*range(0x7F, 0xA0), *_OVERRIDES, *_SEPARATORS]}


def printable(text: str) -> str:
    """`text` on one line, with everything escaped that a terminal could obey."""
    return text.translate(_ESCAPES)


def json_line(row: Row) -> str:
    """`row` as JSON on one line."""
    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    return json.dumps(row, ensure_ascii=ascii_only, default=_plain_value).translate(_IN_JSON)


def plain_line(row: Row, columns: Iterable[str]) -> str:
    r"""The named fields of `row`, separated by tabs; \n, \t and \\ are a newline, a tab and a backslash."""
    return "\t".join(_field(row.get(name)) for name in columns)


def in_brackets(value: bytes) -> str:
    """What is shown of bytes, such as a picture: how many there are."""
    return f"({len(value)} bytes)"


def size(count: int) -> str:
    """Bytes for people: 1.5 MB."""
    amount, units = float(count), ["bytes", "kB", "MB", "GB", "TB"]
    while amount >= 1000 and len(units) > 1:
        amount, units = amount / 1000, units[1:]
    return f"{amount:,.0f} {units[0]}" if units[0] == "bytes" else f"{amount:,.1f} {units[0]}"


def _field(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.7g}"
    if isinstance(value, list | tuple | dict):
        value = json.dumps(value, ensure_ascii=False, default=_plain_value)
    elif isinstance(value, bytes):
        value = in_brackets(value)
    return str(value).translate(_ONE_TO_ONE)


def _plain_value(value: Any) -> Any:
    """What JSON does not know: NumPy's numbers and arrays as plain ones, bytes as their number."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, bytes):
        return in_brackets(value)
    raise TypeError(f"no JSON for {type(value).__name__}")
