"""The kinds of files that are written: each is written over by its own kind alone, and known by its first bytes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Final, NamedTuple

LONGEST_HEADER: Final = 100_000_000  # bytes, of a safetensors file, as that package has it
PACKED: Final = (b"%PDF", b"\x1f\x8b", b"PK\x03\x04", b"\xff\xd8\xff")  # documents, archives, pictures without a NUL


class OutputKind(NamedTuple):
    """A kind of file that is written over by its own kind alone.

    name: for messages. known: whether a file is of it, by its first bytes and its path.
    """

    name: str
    known: Callable[[bytes, str], bool]


def arrays(what: str) -> OutputKind:
    """Files of safetensors that say they are a knnife `what`: "detector", "matcher"."""
    return OutputKind(f"a {what}", lambda head, path: f"knnife-{what}".encode() in _header(path))


def text_named_like(name: str) -> OutputKind:
    """Texts whose names end as this one does."""
    ending = os.path.splitext(name)[1].lower()
    return OutputKind(f"a text (*{ending})", lambda head, path: is_text(head) and path.lower().endswith(ending))


def is_text(head: bytes) -> bool:
    """Whether a file begins as a text does, of whatever encoding."""
    return b"\0" not in head and not head.startswith(PACKED)


def _is_table(head: bytes, path: str) -> bool:
    named = path.lower().endswith((".csv", ".tsv")) and not head.lstrip().startswith((b"{", b"<"))
    return is_text(head) and (named or head.startswith(b"id,value"))


def _is_lines(head: bytes, path: str) -> bool:
    line, end, _ = head.lstrip().partition(b"\n")
    if not line.startswith(b"{"):
        return False
    try:
        return not end or isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _header(path: str) -> bytes:
    """The header of a safetensors file; nothing of another one."""
    with open(path, "rb") as file:
        size = int.from_bytes(file.read(8), "little")
        return file.read(size) if size <= LONGEST_HEADER else b""


PAGE: Final = OutputKind(
    "a page (HTML)", lambda head, path: head.lstrip()[:14].lower().startswith((b"<!doctype html", b"<html"))
)
DRAWING: Final = OutputKind("a drawing (SVG)", lambda head, path: b"<svg" in head[:1024])
WORD_VECTORS: Final = OutputKind("word vectors (.vectors)", lambda head, path: b"knnife word vectors" in head)
ADAPTER: Final = OutputKind("an adapter (.adapter)", lambda head, path: path.endswith(".adapter") and head[8:9] == b"{")
TABLE: Final = OutputKind("a table (csv)", _is_table)
JSON_LINES: Final = OutputKind("lines of JSON", _is_lines)
ARRAY: Final = OutputKind("an array (npy)", lambda head, path: head.startswith(b"\x93NUMPY"))
PARQUET: Final = OutputKind("a parquet file", lambda head, path: head.startswith(b"PAR1"))
