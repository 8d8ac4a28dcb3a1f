"""Is the cloud of points of a healthy shape: no hubs, no narrow cone, no unused directions, no heaps of near copies?

The limits are calibrated on spaces known as healthy (texts of the packaged model and of sentence transformers, 256 to
384 dimensions; pictures of a ResNet) and sick (raw BERT vectors, Gaussian clouds under Euclidean distance, cones).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors, unit
from knnife.tools._doctor import remedies, shape
from knnife.tools._doctor.check_result import Figure, Finding, Id, State, few, judged, named, percent, worst
from knnife.tools._doctor.survey import Report, Survey

LEAST = 100  # points below which none of these figures means anything
NEIGHBOURS = 10  # as most of the literature on hubs, and most lists of answers
SLOW_POINTS = 2_000  # looked at under "manhattan", which no matrix product computes

# Skewness of how often points are among the 10 nearest of others (Radovanovic, Nanopoulos, Ivanovic 2010, JMLR 11).
# Measured: 0.3 for Gaussian directions, 0.8 to 3.9 for healthy spaces, 5.8 to 8.3 for cones and Gaussian clouds.
HUBBY = 5.0
# Half of all places in lists taken by a hundredth of the points; measured 0.03 to 0.09 healthy, 0.23 on a cone.
HUBS_RULE = 0.5
# Mean cosine of two random things, measured: 0 to 0.52 for models that search well, 0.93 for raw BERT, whose answers
# are poor (Ethayarajh 2019, doi 10.18653/v1/D19-1006). The card of E5 names 0.7 to 1 as its normal range: a warning.
NARROW, COLLAPSED = 0.6, 0.9
# Share of the variance along one direction: 0.03 to 0.13 healthy, 0.39 raw BERT. In few dimensions more is natural:
# three times an equal share at least.
ONE_SIDED = 0.3
EQUAL_SHARES = 3
# Directions in use (participation ratio): 20 to 146 healthy, 4 raw BERT; or a quarter of the dimensions, if few.
FEW_DIRECTIONS, LINE = 8.0, 2.0
MANY_STILL = 0.25  # of the components without any variance: they are stored, read and multiplied for nothing
# A near copy is nearer than a tenth of what lies between two random things; where typical cosines are 0.2, that is
# a cosine above 0.992. Healthy spaces have up to 6% of such things, texts with different numbers and names in them.
NEAR = 0.1
COPY = 1e-3  # nearer than this it is the same vector, but for rounding
NEAR_COPIES, MOSTLY_NEAR_COPIES = 0.1, 0.5
NEAR_DIM = 8  # in fewer dimensions many points are close to each other without being alike


class _Cloud(NamedTuple):
    """The figures that several checks look at."""

    looked: Survey
    rows: shape.Rows  # of the neighbours of each point of the sample, (m, k)
    distances: shape.Floats  # (m, k)
    cosines: shape.Cosines
    spectrum: shape.Spectrum

    @property
    def points(self) -> Vectors:
        """The vectors that were compared, `(m, d)`."""
        return self.looked.sample.vectors[: len(self.rows)]

    def ids(self, rows: Iterable[int]) -> tuple[Id, ...]:
        """Some ids of points, by their rows in the sample."""
        return few(self.looked.ids[self.looked.sample.rows[row]] for row in rows)


def check_cloud(looked: Survey, seed: int, progress: Report) -> Iterator[Finding]:
    """The checks of this file, on the sample."""
    points = looked.sample.vectors
    if len(points) < LEAST:
        means = f"{len(points)} sound vectors are too few to judge the shape of the space; {LEAST} are needed"
        yield Finding("shape", "unknown", means, {}, len(points))
        return
    compared = points[:SLOW_POINTS] if looked.metric == "manhattan" else points
    rows, distances = shape.neighbours(compared, NEIGHBOURS, looked.metric, progress)
    cloud = _Cloud(looked, rows, distances, shape.cosines(points, seed), shape.spectrum(points))
    yield _direction(cloud)
    yield _dimension(cloud)
    yield _hubs(cloud)
    yield _near_copies(cloud, seed)


def _direction(cloud: _Cloud) -> Finding:
    looked, cosines, strongest = cloud.looked, cloud.cosines, cloud.spectrum.strongest
    m = len(looked.sample.vectors)
    figures = {
        "mean_cosine": cosines.mean,
        "low_cosine": cosines.low,
        "high_cosine": cosines.high,
        "strongest_direction": strongest,
    }
    means = (
        f"two random things have cosine {cosines.mean:.2f} (9 in 10 between {cosines.low:.2f} and {cosines.high:.2f}); "
        f"the strongest direction has {percent(strongest)} of the variance"
    )
    state = worst(judged(cosines.mean, NARROW, COLLAPSED), judged(strongest, max(ONE_SIDED, EQUAL_SHARES / looked.dim)))
    if state == "good":
        return Finding("direction", state, means, figures, m)
    means += "; where all point one way, trust the order of answers, not the height of their scores"
    return Finding("direction", state, means, figures, m, remedies.centre(looked))


def _dimension(cloud: _Cloud) -> Finding:
    looked, spectrum, m = cloud.looked, cloud.spectrum, len(cloud.looked.sample.vectors)
    figures: dict[str, Figure] = {
        "dimensions": looked.dim,
        "directions_used": spectrum.participation,
        "intrinsic": shape.two_nn(cloud.distances),
        "constant": spectrum.still,
    }
    means = f"of {looked.dim} dimensions about {spectrum.participation:.0f} are in use"
    if figures["intrinsic"] is not None:
        means += f", locally {figures['intrinsic']:.0f}"
    if spectrum.still:
        means += f"; {spectrum.still} components are the same in all vectors"
    state: State = "good"
    if spectrum.participation < min(FEW_DIRECTIONS, looked.dim / 4) or spectrum.still > MANY_STILL * looked.dim:
        state = "warning"
    if spectrum.participation < min(LINE, looked.dim / 8):
        state = "bad"
    if state == "good":
        return Finding("dimension", state, means, figures, m)
    means += "; most of every vector costs room and time, and says nothing"
    return Finding("dimension", state, means, figures, m, remedies.narrow(looked))


def _hubs(cloud: _Cloud) -> Finding:
    looked, m = cloud.looked, len(cloud.rows)
    counts = shape.occurrences(cloud.rows)
    order = np.argsort(-counts, kind="stable")
    skewness, never = shape.skewness(counts), float((counts == 0).mean())
    top = float(counts[order[: max(1, m // 100)]].sum() / counts.sum())
    figures: dict[str, Figure] = {"skewness": skewness, "most": int(counts.max()), "top_hundredth": top, "never": never}
    means = (
        f"a thing is among the {NEIGHBOURS} nearest of {NEIGHBOURS} others on average, of {counts.max():,} at most; "
        f"{percent(never)} never are (skewness {skewness:.1f})"
    )
    state = worst(judged(skewness, HUBBY), judged(top, HUBS_RULE, HUBS_RULE))
    if state == "good":
        return Finding("hubs", state, means, figures, m)
    ids = cloud.ids(order)
    means += f"; hubs stand in many answers where they do not belong: {named(ids)}"
    remedy = remedies.read(looked, ids)
    if looked.metric != "manhattan":
        figures["centred_skewness"] = centred = _skewness_centred(cloud)
        if centred < skewness / 2:
            means += f"; around the mean of all directions the skewness is {centred:.1f}"
            remedy = remedies.centre(looked)
    return Finding("hubs", state, means, figures, m, remedy, ids)


def _skewness_centred(cloud: _Cloud) -> float:
    """The skewness of hubs when the mean of all directions is subtracted, which is what a cone has too much of."""
    directions = unit(cloud.points)
    rows, _ = shape.neighbours(directions - directions.mean(axis=0), NEIGHBOURS, "cosine", lambda done, share: None)
    return shape.skewness(shape.occurrences(rows))


def _near_copies(cloud: _Cloud, seed: int) -> Finding:
    """Things that are not equal to another, but nearly; copies are counted elsewhere."""
    looked, m = cloud.looked, len(cloud.rows)
    if looked.dim < NEAR_DIM:
        means = f"in {looked.dim} dimensions points are close without being alike; told from {NEAR_DIM} on"
        return Finding("near copies", "unknown", means, {}, m)
    typical = shape.typical_distance(cloud.points, looked.metric, seed)
    close = (cloud.distances < NEAR * typical) & (cloud.distances > COPY * typical)
    found = np.flatnonzero(close.any(axis=1))
    share = len(found) / m
    figures: dict[str, Figure] = {"near_copies": len(found), "share": share, "typical_distance": typical}
    if not len(found):
        return Finding("near copies", "good", "there are none", figures, m)
    means = f"{percent(share)} have another ten times nearer than two random things are"
    first = found[0]
    ids = cloud.ids([first, cloud.rows[first, close[first].argmax()]])
    means += f", as {' and '.join(map(str, ids))}"
    state = judged(share, NEAR_COPIES, MOSTLY_NEAR_COPIES)
    remedy = remedies.read(looked, ids) if state != "good" else None
    return Finding("near copies", state, means, figures, m, remedy, ids)
