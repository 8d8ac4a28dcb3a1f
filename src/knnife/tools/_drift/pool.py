"""Both samples in one pool, and the ways in which its labels could have fallen.

If nothing drifted, "reference" and "new" are labels that might as well have been given out otherwise. A permutation
test gives them out many times. Its rate is exact only when nothing but the labels tells the samples apart, the order
of the rows included (it decides between equally near neighbours, for one): so the pool is shuffled first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput
from knnife.geometry import Metric, Vectors
from knnife.space import Sample
from knnife.statistics.ranks import shares_below

Rows = NDArray[np.int64]
Labels = NDArray[np.uint8]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST = 10  # things in each sample; with fewer, hardly anything could be told


@dataclass(frozen=True)
class Pool:
    """The things that are compared, shuffled.

    points: `(N, d)`, as they are compared. new: `(N,)`, whether each is of the new sample. rows: `(N,)`, its position
    in its own sample. blocks: `(N,)`, numbers of the stretches of time that keep together; without time, of the rows.
    """

    points: Vectors
    new: Bools
    rows: Rows
    blocks: Rows
    metric: Metric

    def __len__(self) -> int:
        return len(self.points)

    @property
    def sizes(self) -> tuple[int, int]:
        """How many are of the reference, and how many are new."""
        return int((~self.new).sum()), int(self.new.sum())

    def labellings(self, count: int, random: np.random.Generator) -> Labels:
        """1 for new, 0 for reference `(N, count + 1)`: as it is, then as it might have been, whole blocks together."""
        of_block = np.zeros(self.blocks.max() + 1, np.uint8)
        of_block[self.blocks] = self.new
        shuffled = random.permuted(np.tile(of_block, (count, 1)), axis=1)
        return np.ascontiguousarray(np.vstack([of_block, shuffled]).T[self.blocks])


def pooled(reference: Sample, new: Sample, *, rate: float, block: int, most: int, random: np.random.Generator) -> Pool:
    """A pool of at most `most` things of each sample, in whole blocks of `block` consecutive things.

    Raises BadInput where there are too few things, or blocks, for a test at that rate.
    """
    chosen = [_drawn(len(each), block, most, random) for each in (reference, new)]
    for each, rows in zip((reference, new), chosen, strict=True):
        if len(rows) < LEAST:
            stretches = f" ({len(rows):,} in blocks of {block:,})" if block > 1 else ""
            raise BadInput(f"{each.source} has {len(each):,} things{stretches}; drift needs {LEAST} in each sample")
    counts = [len(rows) // block for rows in chosen]
    if comb(sum(counts), counts[1]) < 1 / rate:
        raise BadInput(
            f"blocks of {block:,} leave {counts[0]} in the reference and {counts[1]} in the new sample, too few for a "
            f"test at the rate {rate:g}; take shorter blocks, or longer samples"
        )
    blocks = np.repeat(random.permutation(sum(counts)), block)
    order = np.argsort(blocks, kind="stable")
    is_new = np.repeat([False, True], [len(rows) for rows in chosen])
    both = np.concatenate([reference.take(chosen[0]).points, new.take(chosen[1]).points])
    return Pool(both[order], is_new[order], np.concatenate(chosen)[order], blocks[order], reference.metric)


def contrasts(labels: Labels) -> Vectors:
    """For each labelling the weights `(N, L)` by which a product gives mean of the new less mean of the reference."""
    new = labels.astype(np.float32)
    weights: Vectors = new / new.sum(axis=0) - (1 - new) / (1 - new).sum(axis=0)
    return weights


def standing(statistics: Floats, random: np.random.Generator) -> float:
    """The p-value of the first of L values of a statistic that is large where samples differ.

    Where others equal it, it stands somewhere among them by lot: that keeps the rate what it is said to be, rather
    than below. Where all are equal, nothing was learned, and the p-value is 1.
    """
    first = statistics[0]
    larger, equal = int((statistics > first).sum()), int((statistics == first).sum())
    if equal == len(statistics):
        return 1.0
    return (larger + random.uniform() * equal) / len(statistics)


def joined(parts: Floats, weights: Sequence[float]) -> Floats:
    """Several statistics `(s, L)` as one `(L,)` that is large where any of them is.

    Each value becomes its share of values as large, p; and the p of one labelling are added up as weight / p², so that
    the smallest decide. What comes of it is compared among labellings again, which pays for having looked at several.
    """
    total = np.zeros(parts.shape[1])
    for values, weight in zip(parts, weights, strict=True):
        total += weight * (1 - shares_below(values, values) + 1 / (2 * len(values))) ** -2.0
    return total


def _drawn(n: int, block: int, most: int, random: np.random.Generator) -> Rows:
    """Rows of whole blocks, in order, drawn where there are more than `most`; what fills no block is left out."""
    numbers = np.arange(n // block)
    if len(numbers) * block > most:
        numbers = np.sort(random.choice(numbers, most // block, replace=False))
    rows: Rows = (numbers[:, None] * block + np.arange(block)).ravel()
    return rows
