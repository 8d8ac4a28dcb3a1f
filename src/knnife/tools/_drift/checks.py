"""Whether a rate can be relied on: what the reference itself says against it, in words.

Labels may be given out at random only where things do not depend on each other. Things that came one after the other
often do: then stretches of the reference differ among themselves, and so will the next stretch, without any drift.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from knnife.geometry import Vectors
from knnife.space import Sample

STRETCHES: Final = 10  # of the reference, in the order in which it was given
SURE: Final = 4.0  # standard errors, as their distribution has a long tail
TOO_MUCH: Final = 1.25  # times the variance that chance gives to the mean of a stretch: .05 is then about .08
FEW: Final = 20  # things of a sample; fewer show only changes that leave hardly anything as it was


def doubts(reference: Sample, new: Sample, block: int) -> tuple[str, ...]:
    """Why the rate may not hold, or why no drift means little; nothing where all is well."""
    found = []
    units = _means(reference.points, block)
    if len(units) >= 3 * STRETCHES and (times := inflation(units)) > TOO_MUCH:
        what = f"blocks of {block:,} that follow" if block > 1 else "things that follow"
        found.append(
            f"{what} each other in the reference are alike: its tenths differ {times:.1f} times as much as chance lets "
            f"them. Where they stand in the order of time, {'take longer blocks' if block > 1 else 'give block='}; "
            "where they are sorted, draw both samples at random"
        )
    if min(len(reference), len(new)) < FEW:
        found.append(
            f"{len(reference):,} and {len(new):,} things are few: only a change of nearly all of them could be seen"
        )
    return tuple(found)


def inflation(units: Vectors) -> float:
    """How many times as much the means of stretches vary as where the order says nothing; 1 where that is not sure."""
    size = len(units) // STRETCHES
    centred = units[: size * STRETCHES].astype(np.float64)
    centred -= centred.mean(axis=0)
    covariance = centred.T @ centred / (len(centred) - 1)
    total = float(covariance.trace())
    if not total:
        return 1.0
    means = centred.reshape(STRETCHES, size, -1).mean(axis=1)
    times = float(size * (means**2).sum() / (STRETCHES - 1) / total)
    error = float(np.sqrt(2 * (covariance**2).sum() / (STRETCHES - 1)) / total)
    return times if times > 1 + SURE * error else 1.0


def _means(points: Vectors, block: int) -> Vectors:
    count = len(points) // block
    found: Vectors = points[: count * block].reshape(count, block, -1).mean(axis=1)
    return found
