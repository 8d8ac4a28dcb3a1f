"""The file of a head: safetensors (arrays, and a few lines of JSON about them), never code.

`format`, `version` and `about` stand in the header's metadata; `about` is a JSON object. Whatever is read is checked
before it is used: the file may come from anybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from knnife.encoders.tensors import read_tensors, write_tensors
from knnife.errors import BadInput, NotFound

FORMAT, VERSION = "knnife-classifier", "1"


def write(path: Path, tensors: Mapping[str, NDArray[Any]], about: Mapping[str, Any]) -> None:
    """Writes the file, in one step."""
    write_tensors(path, tensors, {"format": FORMAT, "version": VERSION, "about": json.dumps(about)})


def read(path: Path) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The arrays of the file, and what stands about them. Raises NotFound, and BadInput for any other file."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}; a classifier is written by `knnife classify --save` or save()")
    try:
        metadata, tensors = read_tensors(path)
        if metadata.get("format") != FORMAT:
            raise BadInput(f"{path} is no classifier: it does not say that its format is {FORMAT}")
        if metadata.get("version") != VERSION:
            raise BadInput(
                f"{path} is a classifier of version {metadata.get('version')!r:.20}, and this knnife reads version "
                f"{VERSION}; use the knnife that wrote it, or learn it again"
            )
        about = json.loads(metadata["about"])
        if not isinstance(about, dict):
            raise ValueError("about: expected an object")
        return tensors, about
    except (ValueError, KeyError, RecursionError, TypeError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path} is no classifier, or is damaged: {error!s:.200}") from error
