"""What every encoder will have to do: the things drawn, and the trials that the labels allow."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Metric, Positions
from knnife.space import Space, opened
from knnife.things import Thing, as_things
from knnife.tools._evaluate import labels, trials
from knnife.tools._evaluate.labels import Pair, Query
from knnife.tools._evaluate.trials import EncoderTrial

COMPARED: Final = 10_000  # pairs of things whose similarities are compared between encoders

T = TypeVar("T")


class GivenLabels(NamedTuple):
    """What there is to decide by, as the user gave it."""

    queries: Any
    pairs: Any
    classes: str | None
    title: str | None


class Plan(NamedTuple):
    """texts: of the things, in the order of their vectors. deciding: the trials with known answers; the first decides.

    near: how many neighbours are compared. pairs: things whose similarities are compared, `(2, p)`.
    """

    texts: list[str]
    total: int
    metric: Metric
    deciding: list[EncoderTrial]
    stability: EncoderTrial
    near: int
    pairs: Positions
    notes: list[str]

    @property
    def trials(self) -> list[EncoderTrial]:
        """All of them."""
        return [*self.deciding, self.stability]

    @property
    def encoded(self) -> int:
        """How many texts an encoder has to encode."""
        return len(self.texts) + sum(trial.texts for trial in self.trials)


def make_plan(given: Any, asked: GivenLabels, k: int, sample: int, seed: int) -> Plan:
    """Draws the things and prepares the trials. Raises BadInput, NotFound for what cannot be read or used."""
    queries = _some(labels.read_queries(asked.queries), sample, seed) if asked.queries is not None else []
    pairs = _some(labels.read_pairs(asked.pairs), sample, seed) if asked.pairs is not None else []
    if given is None:
        given = list(dict.fromkeys(text for pair in pairs for text in (pair.a, pair.b)))
    with opened(given) as readable:
        metric: Metric = readable.metric if isinstance(readable, Space) else "cosine"
        stream: Iterable[Thing] = readable if isinstance(readable, Space) else as_things(readable)
        things, total = labels.draw(stream, sample, seed, frozenset(id for query in queries for id in query.gains))
    if len(things) < 3:
        raise BadInput(f"expected three things with a text or more, found {len(things)}")
    deciding, notes = _deciding(things, asked, queries, pairs, k, metric, seed)
    texts = [str(thing.value) for thing in things]
    near = min(k, max(1, (len(things) - 1) // 4))  # k of few would be nearly all, and agree with anything
    stability = trials.stability(texts, near, metric, seed)
    drawn = "all" if len(things) == total else f"{len(things):,} drawn of"
    notes = [f"things: {drawn} {total:,}; seed {seed}, similarity {metric}", *notes]
    notes.append(f"agreement, stability: shares of the nearest {near}; stability of {stability.texts:,} changed texts")
    compared = np.random.default_rng(seed).integers(len(things), size=(2, COMPARED))
    compared = compared[:, compared[0] != compared[1]]
    return Plan(texts, total, metric, deciding, stability, near, compared, notes)


def _deciding(
    things: Sequence[Thing],
    asked: GivenLabels,
    queries: Sequence[Query],
    pairs: Sequence[Pair],
    k: int,
    metric: Metric,
    seed: int,
) -> tuple[list[EncoderTrial], list[str]]:
    """The trials whose answers are known, the most telling first, and what is to be said of them."""
    found: list[EncoderTrial] = []
    notes: list[str] = []
    if queries:
        judged = trials.judged(queries, things, k, metric)
        left = len(queries) - len(judged.queries)
        found.append(judged)
        notes.append(f"queries: {len(judged.queries):,}" + (f"; {left:,} more have no answer here" if left else ""))
    if pairs:
        found.append(trials.PairTrial(pairs, metric))
        notes.append(f"pairs: {len(pairs):,}")
    if asked.classes is not None:
        told = trials.classes(things, asked.classes, metric, seed)
        found.append(told)
        notes.append(f"classes: {told.labels.max() + 1:,} in {np.count_nonzero(told.labels >= 0):,} things")
    title = asked.title
    if title is not None or not found:
        titles = trials.titles(things, title, k, metric)
        if titles is not None:
            found.append(titles)
            what = "the first line, or else the first sentence, of a text" if title is None else f"the field {title}"
            both = f"{len(titles.queries):,} titles, {len(titles.passages or ()):,} texts with both"
            notes.append(f"titles: {what} has to find the rest of its text; {both}")
        elif title is not None:
            raise BadInput(f"title={title!r}: expected a field that two things have besides a text, or more")
    return found, notes


def _some(found: list[T], most: int, seed: int) -> list[T]:
    """At most so many of them, drawn with the seed."""
    return found if len(found) <= most else random.Random(seed).sample(found, most)
