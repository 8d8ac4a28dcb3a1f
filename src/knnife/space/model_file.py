"""Models that tools learned, in files of their own (safetensors): arrays and JSON, nothing that could run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from knnife.encoders import Encoder, load_encoder
from knnife.encoders.forms import restore, written
from knnife.encoders.tensors import Tensors, read_tensors
from knnife.errors import BadInput, KnnifeError, NotFound
from knnife.space.sample import Sample

Kept = TypeVar("Kept")


def read_kept(
    path: Path, format: str, what: str, made_by: str, parts: Callable[[Mapping[str, Any], Tensors], Kept]
) -> Kept:
    """What `parts(meta, tensors)` makes of a file that `write_tensors` wrote, with its `meta` in JSON.

    what, made_by: for messages. Raises NotFound where there is no file, BadInput for any other file.
    """
    if not path.is_file():
        raise NotFound(f"there is no file {path}; {made_by}")
    try:
        metadata, tensors = read_tensors(path)
        meta = json.loads(metadata.get("meta", "null"))
        if not isinstance(meta, dict) or meta.get("format") != format:
            raise ValueError(f"its format is {meta.get('format') if isinstance(meta, dict) else None!r:.40}")
        return parts(meta, tensors)
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
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
