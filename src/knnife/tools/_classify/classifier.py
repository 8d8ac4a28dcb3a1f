"""A head: what turns vectors into classes, learned from names, from examples, or from both."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from knnife.encoders import DEFAULT, Encoder
from knnife.encoders.catalogue import BUILT_IN
from knnife.encoders.loading import load_kept
from knnife.encoders.protocol import goes_on_for
from knnife.errors import BadInput, EncoderMismatch, KnnifeError
from knnife.geometry import Metric, Vectors
from knnife.space import Sample, Space, opened, sample
from knnife.space.inputs import is_array
from knnife.space.space import Where
from knnife.tools._classify import classifier_file
from knnife.tools._classify.calibration import Measured
from knnife.tools._classify.centring import Centring
from knnife.tools._classify.deciding import confused
from knnife.tools._classify.examples import Examples, coded
from knnife.tools._classify.fitting import FittedHead, Head, Lesson, Worded, learn
from knnife.tools._classify.names import is_gibberish
from knnife.tools._classify.novelty import Novelty, TurnedAway
from knnife.tools._classify.nystrom import MOST, Nystrom, landmarks
from knnife.tools._classify.preparing import Names, Prepared, from_examples, from_names
from knnife.tools._classify.ridge import Ridge

ENGLISH = {entry.name for entry in BUILT_IN if entry.languages == ("en",)}  # encoders that know no other words


@dataclass(frozen=True, eq=False)
class Classifier:
    """Vectors in, classes out. Made by `fit`, `zero_shot` or `load`; it never changes.

    classes: the labels, in the order of the columns of `predict_proba`. fingerprint: of the encoder whose vectors it
    knows, None where vectors were brought along. measured: what it may be expected to do; None where no class has two
    examples to tell by. unlabelled: how many things without a label it was learned from, 0 where they were of no use.
    alike: pairs of classes that are hardly told apart: with examples, because those that were held out were mixed up;
    with names alone, because these mean nearly the same to the encoder. It is said once, and not kept in a file.
    worded: what answers texts, where the words of the examples are of use; `head` answers vectors.
    """

    classes: tuple[Any, ...]
    metric: Metric
    encoder: str | None
    fingerprint: str | None
    measured: Measured | None
    centring: Centring
    kernel: Nystrom
    head: Head
    examples: Examples
    novelty: Novelty
    unlabelled: int
    alike: tuple[tuple[Any, Any], ...]
    worded: Worded | None
    _encoder: Encoder | None = field(default=None, repr=False, compare=False)

    @classmethod
    def fit(
        cls,
        given: Any,
        labels: Any,
        *,
        names: Names = None,
        encoder: str | Encoder | None = None,
        metric: Metric | None = None,
        view: str | None = None,
        where: Where = None,
        seed: int = 0,
    ) -> Classifier:
        """Learns from examples.

        Args:
            given: a space, vectors (n, d), or things that `encoder` encodes.
            labels: the field of the things that holds the class; or a label for each, of any hashable kind. None (or
                "", or NaN) is no label. Things without one (5,000, drawn by chance, where there are more) teach how
                the classes go on, where held-out examples are answered better then, and nothing where not.
            names: what the labels mean, `{label: description}`, for labels that do not say it themselves; the names of
                the labels are encoded, too, and help as long as there are few examples. None: where they are texts
                and do tell the classes apart; True: in any case; False: never.
            encoder: what encodes things, as in `knnife.space.sample`.
            metric: of arrays and things, likewise.
            view: of a space, which vectors.
            where: of a space, which things.
            seed: of all that is drawn by chance.

        Raises:
            BadInput: fewer than two classes; not as many labels as things; NaN; a field that no thing has.

        """
        found = sample(given, encoder=encoder, metric=metric, view=view, where=where, what="the examples", blanks=True)
        return learned(from_examples(coded(found, labels), names, seed), seed)

    @classmethod
    def zero_shot(
        cls, labels: Sequence[Any] | Mapping[Any, str], *, encoder: str | Encoder | None = None, among: Any = None
    ) -> Classifier:
        """Knows its classes by their names alone, or by `{name: description}`, as `encoder` understands them.

        among: things without labels, such as will be asked, most of which belong: a space or texts (5,000, drawn by
        chance, are enough). They say where the classes lie, and where "none of these" begins.

        Raises BadInput for fewer than two names, two that mean the same, an encoder that takes no texts, and where
        there are no texts to seek among.
        """
        return learned(from_names(labels, encoder, among), seed=0)

    @cached_property
    def lesson(self) -> Lesson:
        """What the head was learned from."""
        features = self.kernel.features(self.examples.points)
        return Lesson(features, self.examples.codes, self.examples.things, len(self.classes))

    @property
    def dim(self) -> int:
        """Of the vectors it takes."""
        return len(self.centring.centre)

    def predict_proba(self, asked: Any) -> Vectors:
        """The probability of each class, `(m, K)`: of a Sample, a space, vectors (m, d), or texts.

        Texts may be answered otherwise than their vectors alone, as their words count, too.

        Raises EncoderMismatch where another encoder made the vectors, BadInput for other dimensions and NaN.
        """
        found = self.sample(asked)
        features, texts = self.features(found), found.texts
        if self.worded is None or texts is None:
            return self.head.probabilities(features)
        return self.worded.probabilities(features, texts)

    def predict(self, asked: Any) -> list[Any]:
        """The likeliest class of each."""
        return [self.classes[code] for code in self.predict_proba(asked).argmax(axis=1)]

    def features(self, asked: Any) -> Vectors:
        """What is asked as the head sees it `(m, r)`; raises as `predict_proba`."""
        return self.kernel.features(self._points(asked))

    def _points(self, asked: Any) -> Vectors:
        found = self.sample(asked)
        if not len(found):
            return np.zeros((0, self.dim), np.float32)
        if found.vectors.shape[1] != self.dim:
            raise BadInput(
                f"the classifier takes vectors of {self.dim} dimensions, {found.source} has {found.vectors.shape[1]}"
            )
        return self.centring.points(found.vectors)

    def sample(self, asked: Any) -> Sample:
        """What is asked as a Sample; texts by the encoder that made the examples. Raises EncoderMismatch."""
        if isinstance(asked, list | tuple) and not asked:
            asked = np.zeros((0, self.dim), np.float32)
        with opened(asked, encoder=lambda: self._model, what="what is asked") as given:
            if isinstance(given, Sample | Space) or is_array(given):
                found = sample(given, what="what is asked")
            elif self.encoder is None:
                raise BadInput(
                    "this classifier was learned from vectors that were brought along; expected vectors (m, d) here, "
                    "too"
                )
            else:
                found = sample(given, encoder=self._model, what="what is asked", blanks=True)
        if None not in (found.fingerprint, self.fingerprint) and not self._takes(found.fingerprint):
            raise EncoderMismatch(
                f"the classifier was learned from vectors of the encoder {self.encoder} ({self.fingerprint:.12}), and "
                f"{found.source} was made by another ({found.fingerprint:.12}); learn it again from examples encoded "
                "by that one"
            )
        return found

    def _takes(self, fingerprint: str | None) -> bool:
        """Whether vectors of this fingerprint are of the encoder that made the examples, or one that goes on for it."""
        if fingerprint == self.fingerprint:
            return True
        try:
            return all(goes_on_for(self._model, each) for each in (fingerprint, self.fingerprint))
        except KnnifeError:  # it is not at hand
            return False

    @cached_property
    def _model(self) -> Encoder:
        return self._encoder or load_kept(self.encoder or DEFAULT, "the classifier")

    def fits(self, asked: Any) -> Vectors:
        """How well each fits any of the classes `(m,)`, from almost 0 to 1.

        With examples: the share of them that lie at least as far from the others. With names alone: the share of texts
        about anything that lie farther from every name.
        """
        found = self.sample(asked)
        if not len(found):
            return np.zeros(0, np.float32)
        points = self._points(found)
        if self.novelty.place is None:
            return self.novelty.fits(points, (self.kernel.features(points) @ self.head.ridge).max(axis=1))
        fits = self.novelty.fits(found.vectors, np.zeros(len(points), np.float32))
        if self.encoder in ENGLISH:
            fits[[is_gibberish(thing.value, self.examples.ids) for thing in found.things]] = 0
        return fits

    def turned_away(self, none: float | None = None) -> TurnedAway:
        """Of the things that do belong, how many are answered "none of these" at this limit of `fits`, as far as known.

        none: as of `knnife.classify`.
        """
        return self.novelty.turned_away(self.novelty.limit if none is None else none)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the classifier into a file; `load` gives an equal one back.

        Raises BadInput for labels that are neither texts nor numbers nor truth values.
        """
        classifier_file.save(vars(self), Path(path))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Classifier:
        """The classifier in a file. Raises NotFound; BadInput where it is none, or is damaged."""
        return cls(**classifier_file.load(Path(path)))


def learned(prepared: Prepared, seed: int) -> Classifier:
    """The classifier that these examples and names teach."""
    found = learn(prepared.lesson, prepared.kernel.features(prepared.unlabelled), seed, prepared.heard)
    encoder, novelty = prepared.encoder, prepared.names or _novelty(prepared, found.ridge, seed)
    return Classifier(
        prepared.classes,
        prepared.metric,
        encoder.name if encoder else None,
        encoder.fingerprint if encoder else None,
        found.measured,
        prepared.centring,
        prepared.kernel,
        found.head,
        prepared.examples,
        novelty,
        found.unlabelled,
        tuple((prepared.classes[a], prepared.classes[b]) for a, b in prepared.alike or _confused(prepared, found)),
        found.worded,
        encoder,
    )


def _confused(prepared: Prepared, found: FittedHead) -> list[tuple[int, int]]:
    if found.judged is None:
        return []
    return confused(found.judged.logits, prepared.examples.codes[found.judged.rows])


def _novelty(prepared: Prepared, ridge: Ridge, seed: int) -> Novelty:
    """How familiar the examples are that are no landmarks: of those that are, features tell more than of new things."""
    examples, count = prepared.examples, len(prepared.examples.points)
    rows = np.arange(examples.things)
    if count > MOST:
        rows = np.setdiff1d(rows, landmarks(count, seed))
    points, codes = examples.points[: examples.things], examples.codes[: examples.things]
    return Novelty.of_examples(points, codes, prepared.metric, ridge, rows, seed)
