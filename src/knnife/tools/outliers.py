"""How unlike the rest is each thing?

A thing is odd when it is farther than usual from the nearest of random samples of the others, of several sizes, with
the columns laid out in three ways (as given, each by its spread, whitened). New things are compared with a reference.
P-values say how often something ordinary would score as high; the columns and the nearest normal examples say why.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors, blocks
from knnife.space import Sample
from knnife.space.space import Where
from knnife.tools._outliers.calibrating import Judgement, against_reference, among_themselves
from knnife.tools._outliers.detector import Detector
from knnife.tools._outliers.explaining import table_values
from knnife.tools._outliers.given import take
from knnife.tools._outliers.labels import Labels


@dataclass(frozen=True)
class Outliers:
    """How odd n things are.

    ids: of the things. scores: `(n,)`, about 0 is usual, higher is odder. judgement: which to look at, and how sure
    that is. detector: what judged, for more things.
    """

    ids: Sequence[str]
    scores: Vectors
    judgement: Judgement
    things: Sample
    detector: Detector

    @property
    def p_values(self) -> NDArray[np.float64]:
        """How often something ordinary would score as high `(n,)`."""
        return self.judgement.p_values

    @property
    def odd(self) -> NDArray[np.bool_]:
        """Which are worth a look `(n,)`; where the scores cannot tell, those alone whose reasons are too rare."""
        return self.judgement.odd

    @property
    def expected_false(self) -> float:
        """How many of those worth a look are expected to be ordinary."""
        return self.judgement.expected_false

    @property
    def false_between(self) -> tuple[int, int]:
        """Between how many of those worth a look are ordinary, in 95 of 100 cases."""
        return self.judgement.false_between

    @property
    def calibrated(self) -> bool:
        """Whether the scores can tell which are worth a look; if not, `judgement.doubt` says why."""
        return self.judgement.doubt is None

    @property
    def order(self) -> NDArray[np.int64]:
        """The positions of all things, the oddest first `(n,)`."""
        return np.argsort(-self.scores, kind="stable")

    def rows(self, k: int | None = None) -> Iterator[dict[str, Any]]:
        """A row for each of the k oddest things (None: for all), the oddest first.

        Columns:
            id (str): the thing.
            position (int): where it stands in what was given.
            score (float): how odd it is; about 0 is usual.
            p_value (float): how often something ordinary would score as high.
            odd (bool): whether it is worth a look.
            like (list[str]): the nearest normal examples.
            reasons (list[dict]): where columns are known, why it is odd: columns, what that says in words, and nats,
                how rare it is (7 is once in a thousand).
            columns (list[dict]): where columns are known, those of the reasons, then those in which it differs most
                from these examples: column, share of the squared distance, value, usual.
            text (str | None): what it says, where no columns are known.
            about (dict): what else is known of it.
        """
        order = self.order[:k]
        points = self.things.points
        for some in blocks(len(order), 1, 256):
            like = self.detector.like(points[order[some]])
            for position, near in zip(order[some].tolist(), like, strict=True):
                yield self._row(position, points[position], near)

    def _row(self, position: int, point: Vectors, like: NDArray[np.int64]) -> dict[str, Any]:
        thing, reference = self.things.things[position], self.detector.reference
        reasons = self.detector.reasons(thing, point)
        told = tuple(name for reason in reasons for name in reason.columns)
        columns = [share._asdict() for share in self.detector.why(point, like, told)]
        for each in columns:
            each.update(table_values(each["column"], thing, [reference.things[row] for row in like.tolist()]))
        return {
            "id": self.ids[position],
            "position": position,
            "score": float(self.scores[position]),
            "p_value": float(self.p_values[position]),
            "odd": bool(self.odd[position]),
            "like": [reference.ids[row] for row in like.tolist()],
            "reasons": [reason._asdict() | {"columns": list(reason.columns)} for reason in reasons],
            "columns": columns,
            "text": None if columns else thing.value,
            "about": dict(thing.about),
        }


def outliers(
    given: Any,
    new: Any = None,
    *,
    labels: Labels | None = None,
    false_alarms: float = 0.1,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Outliers:
    """How unlike the rest each thing is; with `new`, how unlike the things given each new thing is.

    Args:
        given: a Space, an array `(n, d)`, a DataFrame of numbers, texts or other things; or, where there is something
            new, a Detector that was fitted before.
        new: what is compared with them, likewise; None compares the things given with each other.
        labels: `(n,)`, true for those of the things given that are known to be odd: three at least; or the name of
            the field that holds this.
        false_alarms: which share of the things to look at may be ordinary ones, on average.
        encoder: what encodes texts and other things; the default one by default. A space has its own.
        metric: by which arrays and things are compared; of arrays "euclidean" by default.
        view: of a space, which vectors.
        where: of a space, which things.
        seed: of what is drawn at random.
        progress: called with the number of things given that are done, and their share.

    Raises:
        BadInput: fewer than 8 things, NaN, other dimensions, labels that mark too few things or all.
        EncoderMismatch: new things that were encoded otherwise.

    """
    if not 0 < false_alarms < 1:
        raise BadInput(f"false_alarms is {false_alarms}; expected a share between 0 and 1")
    if isinstance(given, Detector):
        if new is None or labels is not None:
            raise BadInput("a detector was given; expected new things for it to judge, and no labels")
        detector, things = given, given.take(new)
    else:
        things, columns = take(given, encoder=encoder, metric=metric, view=view, where=where)
        detector = Detector.of(things, columns, labels, seed, progress)
        things = things if new is None else detector.take(new)
    if new is None:
        scores = detector.scores
        judgement = among_themselves(scores, false_alarms, seed, detector.rarity)
    else:
        scores = detector.score_things(things)
        judgement = against_reference(scores, detector.ordinary, false_alarms)
    return Outliers(things.ids, scores, judgement, things, detector)
