"""A file of arrays that is read into memory, and that notices when it was damaged.

    bytes 0 to 7    magic "knnifeix"
    8 to 15         length of the head in bytes, little-endian; a multiple of 64
    16 to 47        SHA-256 of the head
    64 ...          head: one JSON object, padded with spaces: format, FAISS version,
                    arrays (name, type, shape, start), "about" (whatever the owner says), "sums" (see below)
    then            the body: the arrays, each beginning at a multiple of 64 bytes

The body is summed in blocks of 1 MiB, each as 64-bit words modulo 2**64, at the speed of memory: a flipped
byte anywhere changes a sum, a truncated file is too short. That tells damage, not malice: like the space
itself, the cache is trusted as far as whoever may write into its folder is.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import faiss as _faiss
import numpy as np
from numpy.typing import NDArray

faiss: Any = _faiss  # its own type hints lag behind it

MAGIC = b"knnifeix"
FORMAT = 1
PREFIX = 64  # bytes before the head
ALIGN = 64
BLOCK = 1 << 20  # bytes summed together

Arrays = Mapping[str, Sequence[NDArray[Any]]]  # each given in parts, one behind the other


class DamagedCache(Exception):
    """The file is no cache, or not one that this version can use, or was damaged. It can be made again."""


def save(path: Path, arrays: Arrays, about: Mapping[str, Any]) -> None:
    """Write a file that is there as a whole or not at all. Raises OSError, and leaves nothing behind then."""
    descriptor, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            _write(file, arrays, about)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def load(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays, not to be written to, and what was said about them.

    They are read, not mapped: whatever is done to the file afterwards (copied over, cut short) changes no answer and
    stops no process. Raises DamagedCache, or OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        head, length = _head(file)
        size = os.fstat(file.fileno()).st_size - PREFIX - length
        if size != head["bytes"]:
            raise DamagedCache(f"{path}: cut short or longer than written; delete the file, it will be made again")
        body = _read(file, size, head["sums"])
    if body is None:
        raise DamagedCache(f"{path}: the contents are not what was written; delete the file, it will be made again")
    arrays = {}
    for name, dtype, shape, start in head["arrays"]:
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        arrays[name] = body[start : start + size].view(dtype).reshape(shape)
    return arrays, head["about"]


def _read(file: BinaryIO, size: int, sums: Sequence[int]) -> NDArray[np.uint8] | None:
    """The next `size` bytes, beginning at a multiple of ALIGN in memory; None where a sum is not the one expected."""
    held = np.empty(size + ALIGN, np.uint8)
    first = -held.ctypes.data % ALIGN
    body = held[first : first + size]
    if len(sums) != -(-size // BLOCK):
        return None
    for start, expected in zip(range(0, size, BLOCK), sums, strict=True):  # summed while it is in the processor's cache
        block = body[start : start + BLOCK]
        if file.readinto(block.data) != len(block) or _sums(block).tolist() != [expected]:  # type: ignore[attr-defined]
            return None
    body.flags.writeable = False
    return body


def _head(file: BinaryIO) -> tuple[dict[str, Any], int]:
    """What is said at the beginning of a file, and how many bytes that takes."""
    prefix = file.read(PREFIX).ljust(PREFIX, b"\0")
    length = int.from_bytes(prefix[8:16], "little")
    text = file.read(length) if length <= os.fstat(file.fileno()).st_size else b""
    if prefix[:8] != MAGIC or hashlib.sha256(text).digest() != prefix[16:48] or any(prefix[48:]):
        raise DamagedCache("not the beginning of a cache; delete the file, it will be made again")
    head: dict[str, Any] = json.loads(text)
    made_by = {name: head.get(name) for name in _this()}
    if made_by != _this():
        raise DamagedCache(f"made by another version ({made_by}, here {_this()}); it will be made again")
    return head, length


def _this() -> dict[str, Any]:
    """What a file must agree with to be used here."""
    return {"format": FORMAT, "faiss": faiss.__version__, "order": sys.byteorder}


def _write(file: BinaryIO, arrays: Arrays, about: Mapping[str, Any]) -> None:
    table, end = [], 0
    for name, parts in arrays.items():
        shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
        table.append((name, parts[0].dtype.str, shape, end))
        end = _up(end + sum(part.nbytes for part in parts))
    head = {**_this(), "arrays": table, "bytes": end, "about": about, "sums": [2**64 - 1] * -(-end // BLOCK)}
    length = _up(len(json.dumps(head).encode()))
    file.write(bytes(PREFIX + length))
    for parts in arrays.values():
        for part in parts:
            file.write(np.ascontiguousarray(part).data.cast("B") if part.size else b"")
        file.write(bytes(_up(file.tell()) - file.tell()))
    file.flush()
    head["sums"] = _sums(np.memmap(file, np.uint8, "r")[PREFIX + length :]).tolist()
    text = json.dumps(head).encode().ljust(length)
    file.seek(0)
    file.write((MAGIC + length.to_bytes(8, "little") + hashlib.sha256(text).digest()).ljust(PREFIX, b"\0") + text)


def _up(size: int) -> int:
    return -(-size // ALIGN) * ALIGN


def _sums(body: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """The sum of the 64-bit words of each block; a body is a multiple of 64 bytes long."""
    words = body[: len(body) // 8 * 8].view(np.uint64)
    return np.add.reduceat(words, np.arange(0, len(words), BLOCK // 8)) if len(words) else words
