"""What tools learned, kept in files of their own: arrays and a few words of JSON (safetensors), nothing that could run.

What a file holds, and whether all fits together when it is read, is for each tool to say.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from knnife.encoders import Encoder, load_encoder
from knnife.encoders.forms import restore, written
from knnife.errors import BadInput, KnnifeError, NotFound
from knnife.space.sample import Sample

Tensors = Mapping[str, NDArray[Any]]
Kept = TypeVar("Kept")


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Writes the file in one step: whoever reads it meanwhile sees the old one or the new one. Raises OSError."""
    content = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, dict(metadata))
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_kept(
    path: Path, format: str, what: str, made_by: str, parts: Callable[[Mapping[str, Any], Tensors], Kept]
) -> Kept:
    """What `parts(meta, tensors)` makes of a file that `write_tensors` wrote, with its `meta` in JSON.

    what, made_by: "detector", and how one is made, for errors. Whatever `parts` stumbles over means a damaged file.
    Raises NotFound where there is no file, BadInput for any other file.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}; {made_by}")
    try:
        with safe_open(path, framework="numpy") as file:
            meta = json.loads((file.metadata() or {}).get("meta", "null"))
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
        if not isinstance(meta, dict) or meta.get("format") != format:
            raise ValueError(f"its format is {meta.get('format') if isinstance(meta, dict) else None!r:.40}")
        return parts(meta, tensors)
    except (SafetensorError, ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise BadInput(
            f"{path}: expected a {what} of the format {format}, as `save` writes it; {error!s:.200}"
        ) from error


def encoder_of(own: Sample) -> tuple[str | None, bytes | None]:
    """The name of the encoder, or its form and its bytes; nothing where it cannot be loaded here, or there is none."""
    if own.fingerprint is None:
        return None, None
    try:
        encoder = own.encoder
    except KnnifeError:  # newcomers then have to come as vectors, or as a space
        return None, None
    return written(encoder) or (encoder.name, None)


def encoder_again(name: str | None, data: bytes | None, what: str) -> Encoder:
    """The encoder that `encoder_of` told of. Raises BadInput where it told of none, and what loading raises."""
    if name is None:
        raise BadInput(f"the {what} does not know the encoder of its things; give new ones as a space or as vectors")
    return load_encoder(name) if data is None else restore(name, data)
