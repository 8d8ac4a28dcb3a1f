"""Ids of any characters as one array of bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def joined(ids: Sequence[str]) -> NDArray[np.uint8]:
    """Ids in UTF-8, each with a zero behind it; a zero in one is written as 1 3, a one as 1 2."""
    escaped = (each.replace("\x01", "\x01\x02").replace("\0", "\x01\x03") for each in ids)
    return np.frombuffer("".join(f"{each}\0" for each in escaped).encode("utf-8", "surrogatepass"), np.uint8)


def split(joined: NDArray[Any]) -> list[str]:
    """The ids that `joined` wrote. Raises ValueError where they are none, or not all different."""
    parts = joined.astype(np.uint8).tobytes().decode("utf-8", "surrogatepass").split("\0")
    if parts.pop():
        raise ValueError("ids that do not end")
    ids = [each.replace("\x01\x03", "\0").replace("\x01\x02", "\x01") for each in parts]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError(f"{len(ids)} ids, {len(set(ids))} different ones")
    return ids
