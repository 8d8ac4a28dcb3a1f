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
    "Classifier": "tools._classify.classifier",
    "CopyEncoder": "encoders.copies",
    "Detector": "tools._outliers.detector",
    "DiskFull": "errors",
    "DriftMonitor": "tools._drift.monitor",
    "Embed": "interfaces.features",
    "EmbedRows": "interfaces.features",
    "Encoder": "encoders",
    "EncoderMismatch": "errors",
    "Entry": "encoders",
    "FaceEncoder": "encoders.faces",
    "Faces": "tools._faces.people",
    "KnnifeError": "errors",
    "Matcher": "tools._match.matcher",
    "MissingPackage": "errors",
    "NearestClassifier": "interfaces.features",
    "NewerFormat": "errors",
    "NotASpace": "errors",
    "NotFound": "errors",
    "Offline": "errors",
    "OutlierDetector": "interfaces.features",
    "ReadOnly": "errors",
    "RowEncoder": "encoders.rows",
    "SceneEncoder": "encoders.scenes",
    "Seen": "tools._duplicates.seen",
    "Space": "space",
    "SpaceBusy": "errors",
    "SpaceError": "errors",
    "Speller": "tools._typos.speller",
    "Stopped": "tools._evaluate.stopped",
    "Thing": "things",
    "TrainingStopped": "encoders._words.training",
    "WhitenedEncoder": "encoders.whitened",
    "WordVectors": "encoders.word_vectors",
    "analogy": "tools.analogy",
    "changes": "tools.changes",
    "classify": "tools.classify",
    "clusters": "tools.clusters",
    "doctor": "tools.doctor",
    "drift": "tools.drift",
    "duplicates": "tools.duplicates",
    "evaluate": "tools.evaluate",
    "evaluate_words": "tools.evaluate_words",
    "faces": "tools.faces",
    "find_model": "encoders.catalogue",
    "load_encoder": "encoders",
    "match": "tools.match",
    "models": "encoders.catalogue",
    "outliers": "tools.outliers",
    "picture_hashes": "encoders.picture_hashes",
    "read": "things",
    "similarity": "tools.similarity",
    "typos": "tools.typos",
    "verify": "tools.verify",
}

# Public too, but they need scikit-learn: `from knnife import *` goes without.
_OPTIONAL = ["Embed", "EmbedRows", "NearestClassifier", "OutlierDetector"]

__all__ = [
    "BadFilter",
    "BadInput",
    "BadRow",
    "Classifier",
    "CopyEncoder",
    "Detector",
    "DiskFull",
    "DriftMonitor",
    "Encoder",
    "EncoderMismatch",
    "Entry",
    "FaceEncoder",
    "Faces",
    "KnnifeError",
    "Matcher",
    "MissingPackage",
    "NewerFormat",
    "NotASpace",
    "NotFound",
    "Offline",
    "ReadOnly",
    "RowEncoder",
    "SceneEncoder",
    "Seen",
    "Space",
    "SpaceBusy",
    "SpaceError",
    "Speller",
    "Stopped",
    "Thing",
    "TrainingStopped",
    "WhitenedEncoder",
    "WordVectors",
    "analogy",
    "changes",
    "classify",
    "clusters",
    "doctor",
    "drift",
    "duplicates",
    "evaluate",
    "evaluate_words",
    "faces",
    "find_model",
    "load_encoder",
    "match",
    "models",
    "outliers",
    "picture_hashes",
    "read",
    "similarity",
    "typos",
    "verify",
]

if TYPE_CHECKING:
    from knnife.encoders import Encoder, Entry, load_encoder
    from knnife.encoders._words.training import TrainingStopped
    from knnife.encoders.catalogue import find_model, models
    from knnife.encoders.copies import CopyEncoder
    from knnife.encoders.faces import FaceEncoder
    from knnife.encoders.picture_hashes import picture_hashes
    from knnife.encoders.rows import RowEncoder
    from knnife.encoders.scenes import SceneEncoder
    from knnife.encoders.whitened import WhitenedEncoder
    from knnife.encoders.word_vectors import WordVectors
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
    from knnife.interfaces.features import (
        Embed as Embed,
        EmbedRows as EmbedRows,
        NearestClassifier as NearestClassifier,
        OutlierDetector as OutlierDetector,
    )
    from knnife.space import Space
    from knnife.things import Thing, read
    from knnife.tools._classify.classifier import Classifier
    from knnife.tools._drift.monitor import DriftMonitor
    from knnife.tools._duplicates.seen import Seen
    from knnife.tools._evaluate.stopped import Stopped
    from knnife.tools._faces.people import Faces
    from knnife.tools._match.matcher import Matcher
    from knnife.tools._outliers.detector import Detector
    from knnife.tools._typos.speller import Speller
    from knnife.tools.analogy import analogy
    from knnife.tools.changes import changes
    from knnife.tools.classify import classify
    from knnife.tools.clusters import clusters
    from knnife.tools.doctor import doctor
    from knnife.tools.drift import drift
    from knnife.tools.duplicates import duplicates
    from knnife.tools.evaluate import evaluate
    from knnife.tools.evaluate_words import evaluate_words
    from knnife.tools.faces import faces
    from knnife.tools.match import match
    from knnife.tools.outliers import outliers
    from knnife.tools.similarity import similarity
    from knnife.tools.typos import typos
    from knnife.tools.verify import verify


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'knnife' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"knnife.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_OPTIONAL})
