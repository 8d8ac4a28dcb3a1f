"""A training that was interrupted, in a file: it goes on from there, in the middle of an epoch too.

The file is safetensors, written in one step, as large as what is being trained (8 bytes a component of a word). It says
how far the training had come, with which settings, and on which corpus; a training with others is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from knnife.encoders._words import native
from knnife.encoders._words.disk import writing
from knnife.encoders._words.settings import Settings
from knnife.encoders._words.weights import TrainingWeights
from knnife.errors import BadInput

FORMAT: Final = "knnife training"
VERSION: Final = 1


class Progress(NamedTuple):
    """How far a training has come."""

    blocks: int  # done, counted through all epochs
    losses: list[tuple[float, int]]  # of each epoch begun: summed, and of how many pairs
    seconds: float  # spent on training, all in all


def save(path: Path, weights: TrainingWeights, progress: Progress, settings: Settings, corpus: str) -> None:
    """Writes the file; corpus: the fingerprint. Raises DiskFull and ReadOnly; an older file then stays."""
    arrays = _arrays(weights)
    state = {"progress": progress._asdict(), "settings": asdict(settings), "corpus": corpus, "dim": weights.dim}
    metadata = {"format": FORMAT, "version": str(VERSION), "state": json.dumps(state)}
    with writing(path) as stream:
        native.write_arrays(stream, arrays, dict.fromkeys(arrays, native.ROWS), metadata)


def load(path: Path, weights: TrainingWeights, settings: Settings, corpus: str) -> Progress | None:
    """Puts into `weights` what the file holds; None where there is no file.

    Raises BadInput where it is damaged, or belongs to another training, and says what differs.
    """
    if not path.exists():
        return None
    if path.is_dir():
        raise BadInput(f"{path} is a folder: expected the name of a file for the checkpoint")
    try:
        with safe_open(path, framework="numpy") as file:
            state = _state(path, file.metadata())
            _refuse_others(path, state, settings, corpus)
            for name, array in _arrays(weights).items():
                part = file.get_slice(name)
                if part.get_shape() != list(array.shape):
                    raise ValueError(f"{name} is of shape {part.get_shape()}, expected {list(array.shape)}")
                for first in range(0, len(array), native.BLOCK):
                    last = min(first + native.BLOCK, len(array))
                    array[first:last] = part[first:last]
            return Progress(**state["progress"])
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{path} is damaged, or no checkpoint of a training ({error}): remove it to begin anew"
        ) from error


def _arrays(weights: TrainingWeights) -> dict[str, NDArray[np.float32]]:
    arrays = {"words": weights.words, "outputs": weights.outputs}
    return arrays if weights.ngrams is None else arrays | {"ngrams": weights.ngrams}


def _state(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not metadata or metadata.get("format") != FORMAT:
        raise BadInput(f"{path} is no checkpoint of a training: give the vectors another name, or remove the file")
    if metadata.get("version") != str(VERSION):
        raise BadInput(
            f"{path} was written by another version of knnife ({metadata.get('version')}, this one reads {VERSION}): "
            "continue with that one, or remove the file to begin anew"
        )
    state: dict[str, Any] = json.loads(metadata["state"])
    return state


def _refuse_others(path: Path, state: dict[str, Any], settings: Settings, corpus: str) -> None:
    now = json.loads(json.dumps(asdict(settings)))
    then = state["settings"]
    differ = [f"{name} was {then.get(name)!r}, is {now[name]!r}" for name in now if then.get(name) != now[name]]
    if state["corpus"] != corpus:
        differ.append("the corpus is another, or has changed")
    if differ:
        raise BadInput(
            f"{path} is of a training that was interrupted, and not of this one: {'; '.join(differ)}. Continue "
            "with the same settings and corpus, or remove the file to begin anew"
        )
