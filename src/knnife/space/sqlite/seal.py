"""Sums of all pages of a file that nobody writes to, kept beside it: a flipped bit anywhere is told, not answered.

SQLite has no checksums of its own, and what a bit does in an index, a number or a pointer shows in no value. Whoever
closes the file last, having it open for writing, leaves `NAME-sums`; who opens the file next compares. The first
transaction deletes it, so a file that is being written to, or whose writer was killed, has none.

What refuses the file is a change that no program makes: of one byte, in one page. More than that may be another
program's work, or an older copy put in its place; SQLite and `info --check` tell what is wrong with those.

    bytes 0 to 7    magic "knnifesm"
    8 to 39         SHA-256 of the rest
    40 ...          little-endian uint64: for each page the sum of its 64-bit words modulo 2**64
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import DamagedSpace
from knnife.space.sqlite.place import FilePlace, is_open_here

MAGIC: Final = b"knnifesm"
PAGE: Final = 8192  # bytes; that of SQLite here
BLOCK: Final = 1 << 20  # bytes read at a time
MOST: Final = 1 << 28  # bytes: a larger file takes too long to read whenever it is opened; `info --check` reads it
TRIES, PAUSE = 3, 0.05  # seconds; another process may be writing the file just now

Sums = NDArray[np.uint64]
Standing = tuple[int, ...] | None


def compare(place: FilePlace) -> tuple[Standing, DamagedSpace | None]:
    """What a file was like, if it is as it was left (None: nothing can be told), and what is wrong with it."""
    kept = None if is_open_here(place.path) else _read(_path(place))
    if kept is None or os.stat(place.path).st_size > MOST:
        return None, None
    for attempt in range(TRIES):
        if attempt:
            time.sleep(PAUSE)
        before = place.standing()
        if before is None:
            break  # there is a log: the file is not whole without it
        sums = _sums(place.path)
        different = np.flatnonzero(sums != kept) if len(sums) == len(kept) else np.arange(2)
        if not len(different):
            return before, None
        if len(different) > 1 or not _is_one_byte(int(sums[different[0]]) - int(kept[different[0]])):
            break
        if place.standing() == before:
            return None, _damage(place, int(different[0]))
    return None, None


def _damage(place: FilePlace, page: int) -> DamagedSpace:
    path = _path(place)
    return DamagedSpace(
        f"{place.path} is damaged: a byte in its page {page + 1:,} is not what it was when the file was closed. "
        f"Restore it from a copy; to read what can still be read, delete {path} and run `knnife doctor {place.path}`"
    )


def _is_one_byte(change: int) -> bool:
    """Whether a sum of words differs by what one byte can be changed by."""
    either = (change % 2**64, -change % 2**64)
    return any(each < 256 << 8 * at and not each % (1 << 8 * at) for each in either for at in range(8))


def leave(place: FilePlace, whole: Standing) -> None:
    """Keep the sums beside the file, once nobody has it open. whole: what it was like when they were last compared."""
    before = place.standing()
    if before is None or before == whole or is_open_here(place.path) or before[-1] > MOST:
        return
    sums = _sums(place.path)
    if place.standing() != before:
        return
    path = _path(place)
    data = sums.astype("<u8").tobytes()
    name = None
    try:
        descriptor, name = tempfile.mkstemp(prefix=path.name + ".", suffix=".tmp", dir=path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(MAGIC + hashlib.sha256(data).digest() + data)
        os.chmod(name, place.path.stat().st_mode & 0o777)
        os.replace(name, path)
    except OSError as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        warnings.warn(f"the checksums of {place.path} could not be kept in {path}: {error}", stacklevel=2)


def remove(place: FilePlace) -> None:
    """Delete the sums of a file that is about to change."""
    _path(place).unlink(missing_ok=True)


def _path(place: FilePlace) -> Path:
    return place.real.with_name(place.real.name + "-sums")


def _read(path: Path) -> Sums | None:
    try:
        content = path.read_bytes()
    except OSError:  # none, or not for us to read
        return None
    digest, data = content[8:40], content[40:]
    if content[:8] != MAGIC or hashlib.sha256(data).digest() != digest or len(data) % 8:
        return None  # damaged itself: what it was kept for is there
    return np.frombuffer(data, "<u8")


def _sums(path: Path) -> Sums:
    buffer, parts = np.empty(BLOCK // 8, np.uint64), [np.empty(0, np.uint64)]
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer.data.cast("B")):
            if count % PAGE:
                buffer.view(np.uint8)[count : count + -count % PAGE] = 0
            parts.append(buffer[: -(-count // PAGE) * (PAGE // 8)].reshape(-1, PAGE // 8).sum(axis=1, dtype=np.uint64))
    return np.concatenate(parts)
