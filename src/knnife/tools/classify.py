"""Which class does each thing belong to?

Names of classes and labelled examples go into one head, a regularised multinomial logistic regression in which a name
counts as one more example: without examples it is zero-shot, with many of them the names fade. Its probabilities are
made honest on examples that it did not see. Things without a label are learned from, too, where that helps. A thing
that is less familiar than almost all examples, each judged without itself, is answered "none of these". Each answer
names the examples that decided it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space.sample import Sample, sample
from knnife.space.space import Where
from knnife.tools._classify.calibration import Measured
from knnife.tools._classify.classifier import Classifier, learned
from knnife.tools._classify.deciding import Reason, reasons, suspects
from knnife.tools._classify.examples import Labelled, coded
from knnife.tools._classify.fitting import held_out, learn
from knnife.tools._classify.novelty import TurnedAway
from knnife.tools._classify.preparing import Names, from_examples
from knnife.tools._classify.softmax import softmax


@dataclass(frozen=True)
class Classes:
    """The class of each of m things.

    ids, positions: which things, and where they stood in what was asked. values: their texts, None where there is none.
    labels: the class of each; None is "none of these". classes: all K of them. probabilities: `(m, K)`. fits: `(m,)`,
    how well each fits any class (`Classifier.fits`); None for labels that were checked. because: the examples that
    decided. given: the labels that were there already, where those were checked, and wrong: whether each looks wrong.
    measured: what the answers may be expected to be worth, where that can be told. turned_away: of the things that do
    belong, how many are answered "none of these"; None for labels that were checked.
    """

    ids: Sequence[str]
    positions: NDArray[np.int64]
    values: Sequence[str | bytes | None]
    labels: Sequence[Any]
    classes: tuple[Any, ...]
    probabilities: Vectors
    fits: Vectors | None
    because: Sequence[Sequence[Reason]]
    given: Sequence[Any] | None
    wrong: NDArray[np.bool_] | None
    measured: Measured | None
    turned_away: TurnedAway | None

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a thing, in order.

        Columns:
            id (str): the thing.
            label (Any): its class; None is none of these.
            given (Any): where labels were checked: the label that was there.
            wrong (bool): where labels were checked: whether that looks wrong.
            probability (float): of the likeliest class.
            fits (float): how well it fits any class; not where labels were checked.
            because (list[dict]): the examples that decided: id, share of all that pulled that way.
            position (int): where the thing stood in what was asked.
            value (str | bytes | None): its text.
        """
        for i in range(len(self.ids)):
            row: dict[str, Any] = {"id": self.ids[i], "label": self.labels[i]}
            if self.given is not None and self.wrong is not None:
                row |= {"given": self.given[i], "wrong": bool(self.wrong[i])}
            row["probability"] = float(self.probabilities[i].max())
            if self.fits is not None:
                row["fits"] = float(self.fits[i])
            row["because"] = [reason._asdict() for reason in self.because[i]]
            yield row | {"position": int(self.positions[i]), "value": self.values[i]}


def classify(
    given: Any,
    asked: Any = None,
    *,
    labels: Any = None,
    names: Names = None,
    check: bool = False,
    none: float | None = None,
    among: Any = None,
    because: int = 3,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    seed: int = 0,
) -> Classes:
    """Answers the class of each thing that is asked.

    Args:
        given: where the classes are known from: a space, things or vectors (n, d) with `labels`; a Classifier; or None,
            and then `labels` are the names of the classes, as a list or `{name: description}`.
        asked: a space, vectors (m, d) or texts. None: those of `given` that have no label.
        labels: of `given`: the field that holds them, or a label for each; None (or "", or NaN) where there is none.
            Things without one are learned from, too, where that helps; see `Classifier.fit`.
        names: descriptions of labels, or whether their names are to be used; see `Classifier.fit`.
        check: instead of asking anything: which labels of `given` look wrong? Each is compared with the answer of a
            head that did not see it.
        none: of the things that do belong, the share that may be answered "none of these": it is the answer to what
            `fits` no better than that; 0 turns it off. None: 0.05. `turned_away` of the answer says what is known of
            that share. With names alone nothing is; None is then 0.5, of texts about anything.
        among: with names alone, things without labels such as are asked, most of which belong; see
            `Classifier.zero_shot`. With them `none` is a share again.
        because: how many of the examples that decided are named.
        encoder: of things that are given and of names, as in `knnife.space.sample`.
        metric: of things and arrays that are given, likewise.
        view: of a space that is given, which vectors.
        where: of a space that is given, which things.
        seed: of all that is drawn by chance.

    Raises:
        BadInput: fewer than two classes, a field that no thing has, NaN, another dimension, nothing asked.
        EncoderMismatch: what is asked was made by another encoder.

    """
    if (none is not None and not 0 <= none < 1) or because < 0:
        raise BadInput(f"none={none}, because={because}: expected a share from 0 to below 1, and 0 examples or more")
    if among is not None and given is not None:
        raise BadInput("among= goes with names alone; examples say themselves how far things lie that belong")
    if isinstance(given, Classifier) or given is None:
        if asked is None or check or (isinstance(given, Classifier) and labels is not None):
            raise BadInput("without labelled things there has to be something asked, and nothing can be checked")
        if view is not None or where is not None:
            raise BadInput("view= and where= say which of the labelled things of a space; here are none")
        head = given if given is not None else Classifier.zero_shot(_names(labels), encoder=encoder, among=among)
        return _answers(head, head.sample(asked), none, because)
    found = sample(given, encoder=encoder, metric=metric, view=view, where=where, what="the examples", blanks=True)
    labelled = coded(found, labels)
    if check:
        return _checked(labelled, names, because, seed)
    head = learned(from_examples(labelled, names, seed), seed)
    if asked is not None:
        return _answers(head, head.sample(asked), none, because)
    return _answers(head, labelled.others, none, because, labelled.other_rows)


def _names(labels: Any) -> Sequence[Any] | Mapping[Any, str]:
    if labels is None or isinstance(labels, str):
        raise BadInput(f"labels is {labels!r}; without examples, expected the names of the classes, two or more")
    return labels if isinstance(labels, Mapping) else list(labels)


def _answers(
    head: Classifier, asked: Sample, none: float | None, because: int, positions: NDArray[np.int64] | None = None
) -> Classes:
    probabilities, fits = head.predict_proba(asked), head.fits(asked)
    fits[np.setdiff1d(np.arange(len(asked)), asked.filled)] = 0.0  # a blank text is of no class
    codes, least = probabilities.argmax(axis=1), head.novelty.limit if none is None else none
    return Classes(
        ids=list(asked.ids),
        positions=np.arange(len(asked)) if positions is None else positions,
        values=[thing.value for thing in asked.things],
        labels=[head.classes[code] if fit > least else None for code, fit in zip(codes, fits, strict=True)],
        classes=head.classes,
        probabilities=probabilities,
        fits=fits,
        because=reasons(head.head, head.lesson, head.examples.ids, head.features(asked), codes, because),
        given=None,
        wrong=None,
        measured=head.measured,
        turned_away=head.turned_away(none),
    )


def _checked(labelled: Labelled, names: Names, because: int, seed: int) -> Classes:
    prepared = from_examples(labelled, names, seed)
    lesson = prepared.lesson
    found = learn(lesson, lesson.features[:0], seed, prepared.heard)
    head = found.worded.head if found.worded else found.head
    seen = held_out(lesson, [head.penalty], None, seed)
    if seen is None:
        raise BadInput("every class has one example, so no label can be checked by others; expected two or more")
    codes = labelled.codes[seen.rows]
    logits = seen.logits[0] + np.float32(head.blend) * found.ridge.left_out(seen.rows)
    if found.worded and prepared.heard:
        logits += np.float32(found.worded.blend) * prepared.heard.left_out(seen.rows)
    probabilities = softmax(logits * np.float32(head.sharpness))
    answered = probabilities.argmax(axis=1)
    things = labelled.sample.take(seen.rows)
    return Classes(
        ids=list(things.ids),
        positions=labelled.rows[seen.rows],
        values=[thing.value for thing in things.things],
        labels=[labelled.classes[code] for code in answered],
        classes=labelled.classes,
        probabilities=probabilities,
        fits=None,
        because=reasons(head, lesson, prepared.examples.ids, lesson.features[seen.rows], answered, because),
        given=[labelled.classes[code] for code in codes],
        wrong=suspects(probabilities, codes),
        measured=found.measured,
        turned_away=None,
    )
