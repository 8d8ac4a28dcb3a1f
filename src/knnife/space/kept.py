"""What tools learned, kept in files of their own: arrays and a few words of JSON (safetensors), nothing that could run.

What a file holds, and whether all fits together when it is read, is for each tool to say.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from knnife.encoders import Encoder, load_encoder
from knnife.encoders.loading import restore
from knnife.encoders.protocol import written
from knnife.errors import BadInput, KnnifeError
from knnife.space.sample import Sample


def write_tensors(path: Path, tensors: Mapping[str, NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Writes the file in one step: whoever reads it meanwhile sees the old one or the new one. Raises OSError."""
    content = save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}, dict(metadata))
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


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
