"""Arrays by name as bytes and in files (safetensors); and trained encoders as such arrays, with one more for JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, numpy as safetensors, safe_open

from knnife.errors import BadInput
from knnife.output_kinds import arrays
from knnife.outputs import whole_file

Tensors = Mapping[str, NDArray[Any]]
Made = TypeVar("Made")
ABOUT = "about"  # the name of the array that holds the JSON
DAMAGED = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError)


def to_bytes(tensors: Tensors, metadata: Mapping[str, str] | None = None) -> bytes:
    """A safetensors file of these arrays, and of texts about them, in memory."""
    parts = {name: np.ascontiguousarray(array) for name, array in tensors.items()}
    return safetensors.save(parts, None if metadata is None else dict(metadata))


def from_bytes(data: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of a safetensors file in memory. Raises ValueError for anything else."""
    try:
        return safetensors.load(data)
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def write_tensors(path: Path, tensors: Tensors, metadata: Mapping[str, str], what: str) -> None:
    """Writes the file in one step: whoever reads it meanwhile sees the old one or the new one.

    what: the files that it may take the place of, as `output_kinds.arrays` names them. Raises what `whole_file` raises.
    """
    content = to_bytes(tensors, metadata)
    with whole_file(path, arrays(what)) as stream:
        stream.write(content)


def read_tensors(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    """The metadata and the arrays of a file. Raises ValueError where it is damaged, or no safetensors file."""
    try:
        with safe_open(path, framework="numpy") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, no mapping
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def pack(form: str, version: int, about: Mapping[str, Any], tensors: Tensors) -> bytes:
    """The bytes of an encoder; `about` is what JSON can say."""
    words = json.dumps({"form": form, "version": version, **about}, sort_keys=True, allow_nan=False).encode()
    return to_bytes({**tensors, ABOUT: np.frombuffer(words, np.uint8)})


def unpack(data: bytes, form: str, version: int, make: Callable[[dict[str, Any], Tensors], Made]) -> Made:
    """What `make(about, tensors)` makes of the bytes that `pack` wrote. Raises BadInput for anything else."""
    try:
        tensors = from_bytes(data)
        about = json.loads(tensors.pop(ABOUT).tobytes())
        if about["form"] != form or about["version"] != version:
            raise ValueError(
                f"form {about['form']!r:.40}, version {about['version']!r:.40}; this knnife reads {version}"
            )
        return make(about, tensors)
    except DAMAGED as error:
        raise BadInput(f"this is no encoder of the form {form!r}, or it is damaged: {error!s:.200}") from error


def digest(form: str, version: int, about: Mapping[str, Any], tensors: Tensors) -> str:
    """A hash of the same: the fingerprint of an encoder that is nothing else."""
    made = hashlib.blake2b(f"{form} {version} {json.dumps(about, sort_keys=True)}".encode(), digest_size=16)
    for name, array in sorted(tensors.items()):
        made.update(f"{name} {array.dtype} {array.shape}".encode())
        made.update(np.ascontiguousarray(array).data)
    return made.hexdigest()


def floats(tensors: Tensors, name: str, *shape: int | None) -> NDArray[np.float32]:
    """An array of finite float32 of this shape, None for any length. Raises ValueError where it is none."""
    array = tensors[name]
    fits = array.ndim == len(shape) and all(want in (None, has) for want, has in zip(shape, array.shape, strict=True))
    if array.dtype != np.float32 or not fits or array.size == 0 or not np.isfinite(array).all():
        raise ValueError(f"{name} is {array.dtype} {array.shape}; expected finite float32 of the shape {shape}")
    return array
