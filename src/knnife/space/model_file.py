"""Models that tools learned, in files of their own (safetensors): arrays and JSON, nothing that could run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.forms import restore, written
from knnife.encoders.loading import load_kept
from knnife.encoders.tensors import Tensors, read_tensors, write_tensors
from knnife.errors import BadInput, KnnifeError, NotFound
from knnife.geometry import Vectors
from knnife.space.sample import Sample
from knnife.things import Thing

Kept = TypeVar("Kept")


def read_kept(
    path: Path, format: str, what: str, made_by: str, parts: Callable[[Mapping[str, Any], Tensors], Kept]
) -> Kept:
    """What `parts(meta, tensors)` makes of a file that `write_tensors` wrote, with its `meta` in JSON.

    what, made_by: for messages. Raises NotFound where there is no file, BadInput for any other file.
    """
    if not os.path.isfile(path):  # Path.is_file raises for names that are too long
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


def write_kept(path: Path, format: str, what: str, own: Sample, meta: Mapping[str, Any], tensors: Tensors) -> None:
    """Writes tensors, `meta` as JSON, and what `sample_again` needs of a sample beside its vectors, in one step.

    what: the format without its "knnife-" and version: such a file may be written over.
    """
    name, data = _encoder_of(own)
    described = {"format": format, "metric": own.metric, "fingerprint": own.fingerprint, "source": own.source}
    encoder = {} if data is None else {"encoder": np.frombuffer(data, np.uint8)}
    content = {"meta": json.dumps({**described, **meta, "encoder": name})}
    write_tensors(path, {**tensors, **encoder}, content, what)


def sample_again(meta: Mapping[str, Any], tensors: Tensors, vectors: Vectors, ids: Sequence[str], what: str) -> Sample:
    """The sample of these vectors `(n, d)` that `write_kept` described; its encoder is loaded where it is needed.

    what: "detector", for errors. Loading raises BadInput where the file does not say which encoder it is.
    """
    name, fingerprint = meta["encoder"], meta["fingerprint"]
    data = tensors["encoder"].tobytes() if "encoder" in tensors else None

    def load() -> Encoder:
        if name is None:
            raise BadInput(
                f"the {what} does not know the encoder of its things; give new ones as a space or as vectors"
            )
        return load_kept(name, f"the {what}") if data is None else restore(name, data)

    things = [Thing(id, None) for id in ids]
    return Sample(
        ids, vectors, things, meta["metric"], fingerprint, meta["source"], None if fingerprint is None else load
    )


def _encoder_of(own: Sample) -> tuple[str | None, bytes | None]:
    """The name of the encoder, or its form and its bytes; nothing where it cannot be loaded here, or there is none."""
    if own.fingerprint is None:
        return None, None
    try:
        encoder = own.encoder
    except KnnifeError:  # newcomers then have to come as vectors, or as a space
        return None, None
    return written(encoder) or (encoder.name, None)
