"""What encoders are put through: a trial has texts to be encoded, and turns their vectors into a row of numbers for
each of its units (queries, pairs, things), from which its figures follow. Every encoder gets the same units.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife import geometry
from knnife.errors import BadInput
from knnife.geometry import Metric, Positions, Vectors
from knnife.statistics.intervals import Figure, Numbers, spearman
from knnife.statistics.ranks import auroc
from knnife.things import Thing
from knnife.tools._evaluate import measures
from knnife.tools._evaluate.compared_encoders import Working
from knnife.tools._evaluate.labels import Pair, Query, perturb, title_and_body
from knnife.tools._evaluate.measures import neighbours, row_similarities

SHOTS: Final = 8  # examples of each class
ROUNDS: Final = 5  # times that examples are drawn
PERTURBED: Final = 500  # texts, at most


class EncoderTrial(Protocol):
    """units: what is counted, in words. figures: by name, the main one first. texts: how many it encodes."""

    @property
    def units(self) -> str: ...
    @property
    def figures(self) -> Mapping[str, Figure]: ...
    @property
    def texts(self) -> int: ...

    def run(self, vectors: Vectors, encoding: Working) -> Numbers:
        """The numbers of each unit `(units, columns)`, given the vectors of the things `(n, d)`."""
        ...


@dataclass(frozen=True)
class Retrieval:
    """Each query has to find the documents that answer it, by the passages in them.

    gains: for each query, the numbers of the documents that answer it, and their gains. owners: the number of the
    document of each passage (n,). passages: None for the things themselves. prefix: of the names of the figures.
    """

    units: str
    queries: Sequence[str]
    gains: Sequence[Mapping[int, float]]
    owners: Positions
    k: int
    metric: Metric
    passages: Sequence[str] | None = None
    prefix: str = ""

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Gain and recall among the first k, mean reciprocal rank."""
        names = f"ndcg@{self.k}", f"recall@{self.k}", "mrr"
        return {self.prefix + name: _mean(column) for column, name in enumerate(names)}

    @property
    def texts(self) -> int:
        """Queries and passages."""
        return len(self.queries) + len(self.passages or ())

    def run(self, vectors: Vectors, encoding: Working) -> Numbers:
        """nDCG, recall and reciprocal rank of each query."""
        if self.passages is not None:
            vectors = encoding.passages(self.passages)
        queries = encoding.queries(self.queries)
        order = np.argsort(self.owners, kind="stable")
        firsts = np.flatnonzero(np.diff(self.owners[order], prepend=-1))
        parts = []
        for block in geometry.blocks(len(queries), 8 * len(vectors)):
            scores = geometry.similarity(queries[block], vectors[order], self.metric)
            best = np.maximum.reduceat(scores, firsts, axis=1)  # a document is as near as its nearest passage
            parts.append(measures.ranking_quality(best, self.gains[block], self.k))
        return np.concatenate(parts)


@dataclass(frozen=True)
class PairTrial:
    """Similarities of pairs against the scores people gave them; two different scores only are no and yes."""

    pairs: Sequence[Pair]
    metric: Metric
    units: str = "pairs"

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Spearman's rank correlation, or for yes and no average precision, AUROC and the best F1."""
        if len({pair.score for pair in self.pairs}) > 2:
            return {"spearman": _of_two(spearman)}
        return {
            "average_precision": _of_two(measures.average_precision),
            "auroc": _of_two(auroc),
            "best_f1": _of_two(measures.best_f1),
        }

    @property
    def texts(self) -> int:
        """Both sides."""
        return 2 * len(self.pairs)

    def run(self, vectors: Vectors, encoding: Working) -> Numbers:
        """The similarity of each pair and its score, which is 0 or 1 where there are only two."""
        a, b = encoding.passages([pair.a for pair in self.pairs]), encoding.passages([pair.b for pair in self.pairs])
        scores = np.array([pair.score for pair in self.pairs])
        if len(set(scores)) == 2:
            scores = (scores == scores.max()).astype(np.float64)
        return np.column_stack([row_similarities(a, b, self.metric), scores])


@dataclass(frozen=True)
class ClassTrial:
    """Which class a thing is of, told by the others. labels: a number for each thing, -1 for those without."""

    labels: NDArray[np.int64]
    metric: Metric
    seed: int
    units: str = "labelled things"
    texts: int = 0

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The shares of things given their class: by the nearest other thing, and by class means of few examples."""
        return {"accuracy": _mean(0), f"accuracy_{SHOTS}_shot": _mean(1)}

    def run(self, vectors: Vectors, encoding: Working) -> Numbers:
        """Whether the class of the nearest other thing is right (0 or 1), and how often the nearest class mean is."""
        labelled = np.flatnonzero(self.labels >= 0)
        points, labels = vectors[labelled], self.labels[labelled]
        nearest = neighbours(points, np.arange(len(points)), points, 1, self.metric)[:, 0]
        return np.column_stack([labels[nearest] == labels, _few_shot(points, labels, self.seed)])


@dataclass(frozen=True)
class Stability:
    """Whether texts keep their neighbours when a word is dropped or mistyped here and there."""

    positions: Positions
    perturbed: Sequence[str]
    k: int
    metric: Metric
    units: str = "perturbed texts"

    @property
    def figures(self) -> Mapping[str, Figure]:
        """The share of the neighbours that stay."""
        return {"stability": _mean(0)}

    @property
    def texts(self) -> int:
        """The perturbed ones."""
        return len(self.perturbed)

    def run(self, vectors: Vectors, encoding: Working) -> Numbers:
        """The share of the k neighbours of each text that the perturbed text has, too."""
        changed = encoding.passages(self.perturbed)
        before = neighbours(vectors, self.positions, vectors[self.positions], self.k, self.metric)
        after = neighbours(vectors, self.positions, changed, self.k, self.metric)
        return measures.overlap(before, after)[:, None]


def judged(queries: Sequence[Query], things: Sequence[Thing], k: int, metric: Metric) -> Retrieval:
    """The queries of which an answer is among the things. Raises BadInput when there is none.

    Where an answer is the id of a whole, all things count for the whole that they are part of.
    """
    answers = {id for query in queries for id in query.gains}
    fold = any(thing.part_of in answers for thing in things)
    numbers: dict[str | None, int] = {}
    owners = [numbers.setdefault((fold and thing.part_of) or thing.id, len(numbers)) for thing in things]
    numbers = {thing.id: owner for thing, owner in zip(things, owners, strict=True)} | numbers
    gains = [{numbers[id]: gain for id, gain in query.gains.items() if id in numbers} for query in queries]
    if not any(gains):
        id = next(iter(queries[0].gains))
        raise BadInput(
            f"queries: none of the ids that answer them is among the things; the first is {id!r}, "
            f"and the things are called {', '.join(repr(thing.id) for thing in things[:3])}"
        )
    texts = [query.text for query, found in zip(queries, gains, strict=True) if found]
    return Retrieval("queries", texts, [found for found in gains if found], np.array(owners), k, metric)


def titles(things: Sequence[Thing], title: str | None, k: int, metric: Metric) -> Retrieval | None:
    """Each title has to find its own body among all bodies; None where fewer than two things have both.

    Things with the same title, the passages of one document say, answer it alike.
    """
    parted = [both for thing in things if (both := title_and_body(thing, title))]
    if len(parted) < 2:
        return None
    answers: dict[str, dict[int, float]] = {}
    for place, (head, _) in enumerate(parted):
        answers.setdefault(head, {})[place] = 1.0
    bodies = [body for _, body in parted]
    return Retrieval(
        "titles", list(answers), list(answers.values()), np.arange(len(bodies)), k, metric, bodies, "title_"
    )


def classes(things: Sequence[Thing], field: str, metric: Metric, seed: int) -> ClassTrial:
    """The classes in a field of the things: of those with one value in it that another thing has, too.

    Raises BadInput when there are not two such classes.
    """
    values = [thing.about.get(field) for thing in things]
    named = [None if value is None or isinstance(value, list) else str(value) for value in values]
    counts = Counter(name for name in named if name is not None)
    numbers = {name: number for number, name in enumerate(sorted(name for name in counts if counts[name] > 1))}
    if len(numbers) < 2:
        fields = sorted({name for thing in things for name in thing.about})
        raise BadInput(
            f"classes={field!r}: expected a field of the things with two values or more that come more than once, "
            f"found {len(numbers)}; the fields are: {', '.join(fields) or 'none'}"
        )
    return ClassTrial(np.array([numbers.get(name or "", -1) for name in named]), metric, seed)


def stability(texts: Sequence[str], k: int, metric: Metric, seed: int) -> Stability:
    """The perturbed forms of the first texts (they are shuffled), PERTURBED at most."""
    chance = random.Random(seed)
    perturbed = [perturb(text, chance) for text in texts[:PERTURBED]]
    return Stability(np.arange(len(perturbed)), perturbed, k, metric)


def _few_shot(points: Vectors, labels: NDArray[np.int64], seed: int) -> Numbers:
    """How often each point, when it is no example, is nearest to the mean of its class: `(n,)`, NaN for never.

    Means are of at most SHOTS examples, drawn ROUNDS times.
    """
    chance = np.random.default_rng(seed)
    right, told = np.zeros(len(points)), np.zeros(len(points))
    points = geometry.unit(points)
    for _ in range(ROUNDS):
        order = chance.permutation(len(points))
        of_class = [order[labels[order] == label] for label in range(labels.max() + 1)]
        examples = [members[: min(SHOTS, len(members) - 1)] for members in of_class]
        means = np.stack([points[chosen].mean(axis=0) for chosen in examples])
        centre = means.mean(axis=0)
        rest = np.setdiff1d(order, np.concatenate(examples))
        scores = geometry.similarity(points[rest] - centre, means - centre)
        right[rest] += scores.argmax(axis=1) == labels[rest]
        told[rest] += 1
    shares: Numbers = np.divide(right, told, out=np.full(len(points), np.nan), where=told > 0)
    return shares


def _mean(column: int) -> Figure:
    return lambda units: float(np.nanmean(units[:, column]))


def _of_two(measure: Callable[[Numbers, Numbers], float]) -> Figure:
    return lambda units: measure(units[:, 0], units[:, 1])
