"""Which groups are there among the things of a space, and what are they about?

Communities in the graph of nearest neighbours are the clusters; their number is the one at which they are clear, more
than in shapeless points of the same spread, and stable. They are named by the words that mark their texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space import Sample, sample
from knnife.space.space import Where
from knnife.tools._clusters.asked_number import groups, halved
from knnife.tools._clusters.cluster_tree import Tree, comparable_points, cut, find
from knnife.tools._clusters.levels import silhouettes
from knnife.tools._clusters.names import typical_words

LOOKED_AT = 5_000  # points among which clusters are found; more of them find the same, more slowly
LEAST = 5  # members of a cluster
WORDS = 5
CENTRAL = 3


@dataclass(frozen=True)
class Clusters:
    """n things in c clusters, the largest first; names and figures of each cluster.

    ids: of the things. labels: `(n,)`, the cluster of each, -1 for outliers. sizes: `(c,)`. words: the most typical
    ones of each, none where there are no texts. central: the ids at its middle, best first. cohesion: `(c,)`, the mean
    silhouette of its members, from -1 to 1. stability: `(c,)`, the share of it that comes back when half of the ties
    are taken away; NaN on a level that was not chosen for that. levels: the numbers of clusters that are worth a look.
    """

    ids: Sequence[str]
    labels: NDArray[np.int64]
    sizes: NDArray[np.int64]
    words: Sequence[Sequence[str]]
    central: Sequence[Sequence[str]]
    cohesion: NDArray[np.float64]
    stability: NDArray[np.float64]
    levels: tuple[int, ...]
    _given: Sample = field(repr=False, compare=False)
    _points: Vectors = field(repr=False, compare=False)
    _tree: Tree = field(repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def names(self) -> list[str]:
        """Each cluster in a few words; by its central things where there are no texts."""
        return [", ".join(words or ids) for words, ids in zip(self.words, self.central, strict=True)]

    @property
    def outliers(self) -> NDArray[np.int64]:
        """The positions of the things that are in no cluster."""
        return np.flatnonzero(self.labels < 0)

    @property
    def finest(self) -> int:
        """The largest number of clusters that `cut` gives: every thing that is no outlier is one then."""
        return max(1, len(self.labels) - len(self.outliers))

    def cut(self, count: int) -> Clusters:
        """The same things in `count` clusters: those of this answer, merged or split, with names of their own.

        Raises BadInput unless `count` is from 1 to `finest`.
        """
        if not 1 <= count <= self.finest:
            raise BadInput(f"{count} clusters were asked for; expected from 1 to {self.finest}, the things in clusters")
        return _answer(self._given, self._points, replace(self._tree), count)

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a cluster, the largest first.

        Columns:
            cluster (int): its number, from 0.
            size (int): how many things are in it.
            name (str): what it is about, in a few words.
            words (list[str]): its most typical words, none where there are no texts.
            central (list[str]): the things at its middle, best first.
            cohesion (float): how clear it is, from -1 to 1.
            stability (float | None): how surely it is found again, 0 to 1; None on a level that was not chosen for
                that.
        """
        for number, name in enumerate(self.names):
            stability = float(self.stability[number])
            yield {
                "cluster": number,
                "size": int(self.sizes[number]),
                "name": name,
                "words": list(self.words[number]),
                "central": list(self.central[number]),
                "cohesion": float(self.cohesion[number]),
                "stability": None if np.isnan(stability) else stability,
            }

    def things(self) -> Iterator[dict[str, Any]]:
        """One row a thing, in the order given: its id, its cluster (None for outliers) and that cluster's name."""
        names = self.names
        for id, label in zip(self.ids, self.labels.tolist(), strict=True):
            inside = label >= 0
            yield {"id": id, "cluster": label if inside else None, "name": names[label] if inside else None}


def clusters(
    given: Any,
    *,
    about: int | None = None,
    least: int = LEAST,
    looked_at: int = LOOKED_AT,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Clusters:
    """Finds the clusters of things, how many there are, and what they are called.

    Args:
        given: a Space, vectors `(n, d)`, or things or texts, which `encoder` then encodes.
        about: how many clusters to show, for who knows; the points decide by default. All other numbers are one `cut`
            away.
        least: how many members a cluster has.
        looked_at: of more points than that, so many are drawn to find the clusters, which the others then join: a
            cluster that has next to none of them is not seen.
        encoder: of texts and things; the default one by default.
        metric: of vectors, texts and things; the cosine, or what the encoder is made for, by default.
        view: of a space, which vectors; the default ones by default.
        where: of a space, only things that match this filter.
        seed: draws; the same input and seed give the same answer.
        progress: called with the number of things that are done, and their share (0 to 1).

    Raises:
        BadInput: nothing is given; NaN; more clusters are asked for than there are things that are no outliers.

    """
    for name, value, lowest in (("about", about, 1), ("least", least, 2), ("looked_at", looked_at, 100)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < lowest):
            raise BadInput(f"{name} is {value!r}; expected a whole number from {lowest} on")
    things = sample(given, encoder=encoder, metric=metric, view=view, where=where)
    if not len(things):
        raise BadInput(f"{things.source} holds nothing to cluster; expected one thing or more")
    tell = progress or (lambda done, share: None)
    points, metric = comparable_points(things.points, things.metric)
    tree = find(
        points,
        metric,
        about=about,
        least=least,
        most=looked_at,
        seed=seed,
        tell=lambda share: tell(round(share * len(points)), share),
    )
    if about and about > (most := int((tree.leaves >= 0).sum())):
        raise BadInput(f"about={about}: {most:,} of {len(points):,} things are in clusters; expected no more than that")
    answer = _answer(things, points, tree, tree.best)
    tell(len(points), 1.0)
    return answer


def _answer(given: Sample, points: Vectors, tree: Tree, count: int) -> Clusters:
    """The tree cut to `count` clusters, with the names and figures of each."""
    labels = cut(tree.leaves, tree.merges, count)
    labels = halved(points, labels, count)
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    first = np.full(count, len(labels))
    np.minimum.at(first, labels[labels >= 0], np.flatnonzero(labels >= 0))
    order = np.lexsort((first, -sizes))  # the largest first; of equal ones, that which is met first
    rank = np.empty(count + 1, np.int64)
    rank[order], rank[-1] = np.arange(count), -1  # label -1 reads the last one
    labels, sizes = rank[labels], sizes[order]
    inside = labels >= 0
    clear = silhouettes(points[inside], labels[inside]) if count > 1 else np.zeros(int(inside.sum()))
    cohesion = np.bincount(labels[inside], clear, minlength=count)
    texts = given.texts
    return Clusters(
        ids=given.ids,
        labels=labels,
        sizes=sizes,
        words=[[]] * count if texts is None or count == 1 else typical_words(texts, labels, WORDS),
        central=[_central(given.ids, points, rows) for rows in groups(labels)],
        cohesion=cohesion / np.maximum(sizes, 1),
        stability=tree.stability[order] if count == tree.best else np.full(count, np.nan),
        levels=tree.levels,
        _given=given,
        _points=points,
        _tree=tree,
    )


def _central(ids: Sequence[str], points: Vectors, members: NDArray[np.int64]) -> list[str]:
    """The ids of the members nearest to the mean of all of them."""
    away = points[members] - points[members].mean(axis=0) if len(members) else points[members]
    nearest_first = np.argsort(np.einsum("ij,ij->i", away, away), kind="stable")
    return [ids[row] for row in members[nearest_first[:CENTRAL]].tolist()]
