"""Vectors as blobs of little-endian numbers.

float32 is exact; float16 takes half the bytes; int8 a quarter: a float32 scale, then one signed byte a component, so
that x is about scale * byte.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import Vectors, lengths
from knnife.space.records import Dtype

LOST: Final = {"float16": 0.1, "int8": 0.25}  # rounding errors beyond which it is another vector; usual are .0003, .01


def pack(vectors: Vectors, dtype: Dtype) -> tuple[bytes, Vectors | None]:
    """The blobs of vectors, joined, and the relative rounding errors `(n,)` (None for float32, which has none)."""
    joined = _PACK[dtype](vectors).tobytes()
    if dtype == "float32":
        return joined, None
    losses = _losses(vectors, unpack(joined, vectors.shape[1], dtype))
    if losses.max(initial=0) > LOST[dtype]:
        worst = int(np.argmax(losses))
        raise BadInput(
            f"a vector of length {lengths(vectors)[worst]:.2g} cannot be kept as {dtype}: rounding it would be off by "
            f"{losses[worst]:.0%} of its length. Use dtype float32, or multiply the vectors by a constant"
        )
    return joined, losses


def _float32(vectors: Vectors) -> NDArray[Any]:
    return vectors.astype("<f4", copy=False)


def _float16(vectors: Vectors) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        rounded = vectors.astype("<f2")
    if not np.isfinite(rounded).all():
        raise BadInput("a component is beyond the range of float16 (65504); use dtype float32 or int8")
    return rounded


def _int8(vectors: Vectors) -> NDArray[Any]:
    scale = np.abs(vectors).max(axis=1, keepdims=True, initial=0).astype("<f4") / np.float32(127)
    steps = np.divide(vectors, scale, out=np.zeros_like(vectors), where=scale > 0)
    return np.hstack([scale.astype("<f4").view(np.uint8), np.rint(steps).astype(np.int8).view(np.uint8)])


_PACK: dict[Dtype, Callable[[Vectors], NDArray[Any]]] = {"float32": _float32, "float16": _float16, "int8": _int8}


def unpack(data: bytes, dim: int, dtype: Dtype) -> Vectors:
    """The vectors `(n, dim)` in the joined blobs of n rows."""
    if dtype == "float32":
        return np.frombuffer(data, "<f4").reshape(-1, dim).astype(np.float32, copy=False)
    if dtype == "float16":
        return np.frombuffer(data, "<f2").reshape(-1, dim).astype(np.float32)
    rows = np.frombuffer(data, np.uint8).reshape(-1, dim + 4)
    scale = np.ascontiguousarray(rows[:, :4]).view("<f4")
    with np.errstate(over="ignore", invalid="ignore"):  # of a damaged scale; the sums tell
        vectors: Vectors = np.multiply(rows[:, 4:].view(np.int8), scale, dtype=np.float32)
    return vectors


def _losses(exact: Vectors, rounded: Vectors) -> Vectors:
    norms = lengths(exact)
    return np.divide(lengths(exact - rounded), norms, out=np.zeros_like(norms), where=norms > 0)
