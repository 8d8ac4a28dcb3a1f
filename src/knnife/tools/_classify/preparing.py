"""What a head is learned from: examples and names of classes, around one origin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from knnife.encoders import DEFAULT, Encoder, load_encoder
from knnife.encoders.protocol import preferred_metric
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space import Sample, Space, opened, sample
from knnife.space.inputs import is_array
from knnife.things.kinds import kind
from knnife.tools._classify import names
from knnife.tools._classify.background_texts import BACKGROUND_TEXTS
from knnife.tools._classify.centring import Centring
from knnife.tools._classify.class_words import Heard
from knnife.tools._classify.examples import Examples, Labelled
from knnife.tools._classify.fitting import MOST, Lesson
from knnife.tools._classify.novelty import Novelty
from knnife.tools._classify.nystrom import Nystrom

Names = Mapping[Any, str] | bool | None
BACKGROUND = 20  # names tell as much about where things lie as texts about anything do


class Prepared(NamedTuple):
    """Everything there is to learn from.

    encoder: of the vectors; None where they were brought along. unlabelled: points (u, d) of things without a label.
    heard: the words of the examples, where they are texts. names: how near others are to names, where there is nothing
    else; alike: those that mean nearly the same.
    """

    classes: tuple[Any, ...]
    metric: Metric
    encoder: Encoder | None
    centring: Centring
    kernel: Nystrom
    examples: Examples
    unlabelled: Vectors
    heard: Heard | None
    names: Novelty | None
    alike: Sequence[tuple[int, int]]

    @property
    def lesson(self) -> Lesson:
        """The same as features."""
        features = self.kernel.features(self.examples.points)
        return Lesson(features, self.examples.codes, self.examples.things, len(self.classes))


def from_examples(labelled: Labelled, wanted: Names, seed: int) -> Prepared:
    """Examples, and the names of their classes where those are `wanted`, or (None) tell the classes apart."""
    found, codes, classes = labelled.sample, labelled.codes, labelled.classes
    centring = Centring.of(found.vectors, found.metric)
    points, ids = centring.points(found.vectors), list(found.ids)
    things, encoder = len(points), found.encoder if found.fingerprint is not None else None
    told = found.texts
    if wanted or (wanted is None and encoder is not None):
        texts, named = _named(encoder or found.encoder, classes, wanted)  # the latter says why there is none
        if named is not None and (wanted or names.tell(named, points, codes)):
            points, codes = np.vstack([points, named]), np.concatenate([codes, np.arange(len(classes))])
            ids += [f"name: {text}" for text in texts]
            told = told and told + texts
    examples, heard = Examples(points, codes, ids, things), Heard.of(told, codes, len(classes)) if told else None
    chosen = np.random.default_rng(seed).permutation(len(labelled.others))[:MOST]
    unlabelled = centring.points(labelled.others.vectors[chosen])
    kernel = Nystrom.of(points, seed, unlabelled)
    return Prepared(classes, found.metric, encoder, centring, kernel, examples, unlabelled, heard, None, [])


def from_names(labels: Sequence[Any] | Mapping[Any, str], encoder: str | Encoder | None, among: Any) -> Prepared:
    """Names alone, `{name: description}` or a list of names, and where things lie `among` which they are sought.

    Raises BadInput for fewer than two, and for two alike.
    """
    loaded = load_encoder(encoder if encoder is not None else DEFAULT)
    if not kind(loaded.kind).any_text:
        raise BadInput(f"names of classes are texts, and the encoder {loaded.name} takes {loaded.kind}")
    classes = tuple(dict.fromkeys(labels))
    if len(classes) < len(labels) or len(classes) < 2:
        raise BadInput(f"the labels are {names.listed(list(labels))}; expected two or more, each once")
    texts = names.texts_of(classes, labels if isinstance(labels, Mapping) else {})
    metric, vectors = preferred_metric(loaded), loaded.encode(texts)
    others = loaded.encode(BACKGROUND_TEXTS) if among is None else _encoded(among, loaded)
    place, points = Centring.of(others, metric), names.around_their_mean(vectors)
    centring = place if among is not None else _between(vectors, place)
    examples = Examples(points, np.arange(len(classes)), [f"name: {text}" for text in texts], 0)
    novelty = Novelty.of_names(vectors, others, place, background=among is None)
    unlabelled = points[:0] if among is None else centring.points(others)
    kernel = Nystrom.of(points, seed=0, others=unlabelled)
    alike = _alike(loaded, vectors)
    return Prepared(classes, metric, loaded, centring, kernel, examples, unlabelled, None, novelty, alike)


def _between(vectors: Vectors, place: Centring) -> Centring:
    """Where things may lie: amid many names (K, d), amid texts about anything where names are few."""
    count = len(vectors)
    centre = (place.compared(vectors).sum(axis=0) + BACKGROUND * place.centre) / np.float32(count + BACKGROUND)
    return place._replace(centre=centre)


def _encoded(among: Any, encoder: Encoder) -> Vectors:
    """Vectors of things among which names are sought, at most so many as are enough. Raises BadInput for none."""
    with opened(among, encoder=lambda: encoder, what="the things") as given:
        own = isinstance(given, Sample | Space) or is_array(given)  # vectors of its own
        found = sample(given, encoder=None if own else encoder, what="the things", blanks=True)
    if found.fingerprint != encoder.fingerprint or not len(found.filled):
        raise BadInput(f"{found.source} has no texts that {encoder.name} encoded; expected such things, to seek among")
    chosen: Vectors = found.vectors[np.random.default_rng(0).permutation(found.filled)[:MOST]]
    return chosen


def _alike(encoder: Encoder, vectors: Vectors) -> list[tuple[int, int]]:
    """Which names (K, d) mean nearly the same to the encoder, next to words that have nothing in common."""
    words = sorted({word for text in BACKGROUND_TEXTS for word in re.findall("[a-z]{4,}", text.lower())})
    return names.alike(vectors, encoder.encode(words))


def _named(encoder: Encoder, classes: Sequence[Any], wanted: Names) -> tuple[list[str], Vectors | None]:
    if not kind(encoder.kind).any_text:
        if wanted:
            raise BadInput(f"names are texts, and the encoder {encoder.name} takes {encoder.kind}; leave names= out")
        return [], None
    texts = names.texts_of(classes, wanted if isinstance(wanted, Mapping) else {})
    return texts, names.around_their_mean(encoder.encode(texts))
