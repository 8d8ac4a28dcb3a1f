"""knnife, the embeddings multitool.

Things are encoded into a space, and tools ask it questions:

    import knnife
    with knnife.Space.open("films.knnife") as films:
        films.add(knnife.read("films.csv", text="plot", id="title"))
        for hit in films.search("a heist goes wrong", k=3):
            print(hit.score, hit.id)

Names are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {  # public name -> the module that holds it
    "BadFilter": "errors",
    "BadInput": "errors",
    "BadRow": "errors",
    "DiskFull": "errors",
    "Encoder": "encoders",
    "EncoderMismatch": "errors",
    "Entry": "encoders",
    "KnnifeError": "errors",
    "MissingPackage": "errors",
    "NewerFormat": "errors",
    "NotASpace": "errors",
    "NotFound": "errors",
    "Offline": "errors",
    "ReadOnly": "errors",
    "Space": "space",
    "SpaceBusy": "errors",
    "SpaceError": "errors",
    "Thing": "things",
    "changes": "tools.changes",
    "doctor": "tools.doctor",
    "evaluate": "tools.evaluate",
    "find_model": "encoders.catalogue",
    "load_encoder": "encoders",
    "models": "encoders.catalogue",
    "read": "things",
    "similarity": "tools.similarity",
}

__all__ = [
    "BadFilter",
    "BadInput",
    "BadRow",
    "DiskFull",
    "Encoder",
    "EncoderMismatch",
    "Entry",
    "KnnifeError",
    "MissingPackage",
    "NewerFormat",
    "NotASpace",
    "NotFound",
    "Offline",
    "ReadOnly",
    "Space",
    "SpaceBusy",
    "SpaceError",
    "Thing",
    "changes",
    "doctor",
    "evaluate",
    "find_model",
    "load_encoder",
    "models",
    "read",
    "similarity",
]

if TYPE_CHECKING:
    from knnife.encoders import Encoder, Entry, load_encoder
    from knnife.encoders.catalogue import find_model, models
    from knnife.errors import (
        BadFilter,
        BadInput,
        BadRow,
        DiskFull,
        EncoderMismatch,
        KnnifeError,
        MissingPackage,
        NewerFormat,
        NotASpace,
        NotFound,
        Offline,
        ReadOnly,
        SpaceBusy,
        SpaceError,
    )
    from knnife.space import Space
    from knnife.things import Thing, read
    from knnife.tools.changes import changes
    from knnife.tools.doctor import doctor
    from knnife.tools.evaluate import evaluate
    from knnife.tools.similarity import similarity


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'knnife' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"knnife.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
