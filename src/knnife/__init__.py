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

_NAMES = {  # module -> the public names that it holds
    "encoders": "Encoder Entry load_encoder",
    "encoders._words.training": "TrainingStopped",
    "encoders.adapted": "AdaptedEncoder",
    "encoders.catalogue": "find_model models",
    "encoders.copies": "CopyEncoder",
    "encoders.distilling": "distil",
    "encoders.faces": "FaceEncoder",
    "encoders.loading": "words",
    "encoders.picture_hashes": "picture_hashes",
    "encoders.rows": "RowEncoder",
    "encoders.scenes": "SceneEncoder",
    "encoders.whitened": "WhitenedEncoder",
    "encoders.taste": "Taste",
    "encoders.word_vectors": "WordVectors",
    "errors": "BadFilter BadInput BadRow DiskFull EncoderMismatch KnnifeError MissingPackage "
    "NewerFormat NotASpace NotFound Offline ReadOnly SpaceBusy SpaceError SpaceMoved Untrusted",
    "interfaces.features": "Embed EmbedRows NearestClassifier OutlierDetector",
    "space": "Space",
    "space.interactions": "add_interactions add_users",
    "things": "Thing read",
    "tools._classify.classifier": "Classifier",
    "tools._drift.monitor": "DriftMonitor",
    "tools._duplicates.seen": "Seen",
    "tools._evaluate.compared_encoders": "Stopped",
    "tools._faces.people": "Faces",
    "tools._match.matcher": "Matcher",
    "tools._outliers.detector": "Detector",
    "tools._recommend.alike": "similar_items similar_users",
    "tools._recommend.training": "train_recommender",
    "tools._typos.speller": "Speller",
    "tools.analogy": "analogy",
    "tools.changes": "changes",
    "tools.classify": "classify",
    "tools.clusters": "clusters",
    "tools.doctor": "doctor",
    "tools.drift": "drift",
    "tools.duplicates": "duplicates",
    "tools.evaluate": "evaluate",
    "tools.evaluate_recommend": "evaluate_recommend",
    "tools.evaluate_words": "evaluate_words",
    "tools.faces": "faces",
    "tools.match": "match",
    "tools.outliers": "outliers",
    "tools.recommend": "recommend",
    "tools.similarity": "similarity",
    "tools.typos": "typos",
    "tools.verify": "verify",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}
_OPTIONAL = _NAMES["interfaces.features"].split()  # they need scikit-learn: `from knnife import *` goes without

if not TYPE_CHECKING:  # who checks types reads the names below
    __all__ = sorted(_HOMES.keys() - _OPTIONAL)
else:
    from knnife.encoders import Encoder as Encoder, Entry as Entry, load_encoder as load_encoder
    from knnife.encoders._words.training import TrainingStopped as TrainingStopped
    from knnife.encoders.adapted import AdaptedEncoder as AdaptedEncoder
    from knnife.encoders.catalogue import find_model as find_model, models as models
    from knnife.encoders.copies import CopyEncoder as CopyEncoder
    from knnife.encoders.distilling import distil as distil
    from knnife.encoders.faces import FaceEncoder as FaceEncoder
    from knnife.encoders.loading import words as words
    from knnife.encoders.picture_hashes import picture_hashes as picture_hashes
    from knnife.encoders.rows import RowEncoder as RowEncoder
    from knnife.encoders.scenes import SceneEncoder as SceneEncoder
    from knnife.encoders.taste import Taste as Taste
    from knnife.encoders.whitened import WhitenedEncoder as WhitenedEncoder
    from knnife.encoders.word_vectors import WordVectors as WordVectors
    from knnife.errors import (
        BadFilter as BadFilter,
        BadInput as BadInput,
        BadRow as BadRow,
        DiskFull as DiskFull,
        EncoderMismatch as EncoderMismatch,
        KnnifeError as KnnifeError,
        MissingPackage as MissingPackage,
        NewerFormat as NewerFormat,
        NotASpace as NotASpace,
        NotFound as NotFound,
        Offline as Offline,
        ReadOnly as ReadOnly,
        SpaceBusy as SpaceBusy,
        SpaceError as SpaceError,
        SpaceMoved as SpaceMoved,
        Untrusted as Untrusted,
    )
    from knnife.interfaces.features import (
        Embed as Embed,
        EmbedRows as EmbedRows,
        NearestClassifier as NearestClassifier,
        OutlierDetector as OutlierDetector,
    )
    from knnife.space import Space as Space
    from knnife.space.interactions import add_interactions as add_interactions, add_users as add_users
    from knnife.things import Thing as Thing, read as read
    from knnife.tools._classify.classifier import Classifier as Classifier
    from knnife.tools._drift.monitor import DriftMonitor as DriftMonitor
    from knnife.tools._duplicates.seen import Seen as Seen
    from knnife.tools._evaluate.compared_encoders import Stopped as Stopped
    from knnife.tools._faces.people import Faces as Faces
    from knnife.tools._match.matcher import Matcher as Matcher
    from knnife.tools._outliers.detector import Detector as Detector
    from knnife.tools._recommend.alike import similar_items as similar_items, similar_users as similar_users
    from knnife.tools._recommend.training import train_recommender as train_recommender
    from knnife.tools._typos.speller import Speller as Speller
    from knnife.tools.analogy import analogy as analogy
    from knnife.tools.changes import changes as changes
    from knnife.tools.classify import classify as classify
    from knnife.tools.clusters import clusters as clusters
    from knnife.tools.doctor import doctor as doctor
    from knnife.tools.drift import drift as drift
    from knnife.tools.duplicates import duplicates as duplicates
    from knnife.tools.evaluate import evaluate as evaluate
    from knnife.tools.evaluate_recommend import evaluate_recommend as evaluate_recommend
    from knnife.tools.evaluate_words import evaluate_words as evaluate_words
    from knnife.tools.faces import faces as faces
    from knnife.tools.match import match as match
    from knnife.tools.outliers import outliers as outliers
    from knnife.tools.recommend import recommend as recommend
    from knnife.tools.similarity import similarity as similarity
    from knnife.tools.typos import typos as typos
    from knnife.tools.verify import verify as verify


def __getattr__(name: str) -> Any:
    """A public name, or a tool of another package."""
    if name in _HOMES:
        value = getattr(importlib.import_module(f"knnife.{_HOMES[name]}"), name)
    elif name.startswith("_") or (tool := _tools_of_others().get(name)) is None:
        raise AttributeError(f"module 'knnife' has no attribute {name!r}")
    else:
        value = tool.function
    globals()[name] = value
    return value


def _tools_of_others() -> dict[str, Any]:
    from knnife.tools import registry

    return registry.others()


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES, *_tools_of_others()})
