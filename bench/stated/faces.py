"""Strangers who get a name: galleries of people drawn again and again, asked about people who are in none of them.

Chosen on: people drawn from a Gaussian on the sphere, in 128 and in 16 dimensions, and the first twenty people of ORL
with MobileFaceNet. Held out: people in families, people some of whom look like everybody, uneven numbers of photos, the
other twenty people of ORL, ORL with the encoder that is trained on the spot. `share` is of the people
known, who are in the gallery twice, under two names. The stated rate is for the mean over galleries; its interval is
that of the observed mean, over galleries where all are drawn anew, else over the people who are strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.faces import ORL, PEOPLE, RATE, cut
from bench.stated import Trial
from knnife.encoders.face_detection import load_detector
from knnife.encoders.face_geometry import aligned
from knnife.encoders.faces import FaceEncoder
from knnife.encoders.onnx_faces import OnnxFaceEncoder
from knnife.geometry import unit
from knnife.statistics.intervals import percentile_interval, resampled
from knnife.tools._faces.error_rates import best_of_each, measure
from knnife.tools._faces.thresholds import decide

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"
FEW = 1  # of the photos of a known person at least, so many are in the gallery
STRANGERS = 200  # drawn for each gallery, where they can be

Faces = tuple[np.ndarray, np.ndarray]  # vectors or what a learner takes, and whose each is
Learn = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


class Source(NamedTuple):
    """Where people come from. faces: of a seed; people: how many are known; fresh: whether all are drawn anew."""

    data: str
    half: str
    faces: Callable[[int], Faces]
    people: int
    fresh: bool
    learn: Learn | None = None


class Met(NamedTuple):
    """One gallery: what it stated, who of the strangers got a name, and the share of known people named rightly."""

    stated: float
    calibrated: bool
    named: np.ndarray
    strangers: np.ndarray
    recall: float


class Network:
    """A model of faces, as far as decisions ask it; it has no line of its own."""

    threshold, form = -1.0, None


def drawn(people: int, dim: int, spread: float, each: int = 5, kind: str = "") -> Callable[[int], Faces]:
    """People about whom a Gaussian says where they are, and of whom another says how photos differ."""

    def faces(seed: int) -> Faces:
        draw = np.random.default_rng([seed, dim])
        count = people + STRANGERS
        centres = draw.standard_normal((count, dim))
        if kind == "families":
            centres = 0.8 * centres + 0.6 * draw.standard_normal((count, dim))[draw.integers(count // 3, size=count)]
        if kind == "some like everybody":
            centres *= draw.exponential(size=(count, 1)) ** 0.5
            centres += 0.4
        photos = draw.integers(2, 3 * each, count) if kind == "uneven" else np.full(count, 2 * each)
        codes = np.repeat(np.arange(count), photos)
        points = centres[codes] + spread * draw.standard_normal((len(codes), dim))
        return unit(points.astype(np.float32)), codes

    return faces


@cache
def network(first: int, last: int) -> np.ndarray:
    """Some people of ORL as MobileFaceNet sees them, `(10 x people, 128)`."""
    detector = load_detector(DATA / "models/yunet_n_dynamic.onnx")
    found = cut(ORL[10 * first : 10 * last], detector, aligned)
    return OnnxFaceEncoder.load(DATA / "models/mobilefacenet.onnx").encode(found)


def orl(first: int, last: int) -> Callable[[int], Faces]:
    """The pictures of some people of ORL."""

    def faces(seed: int) -> Faces:
        return network(first, last), PEOPLE[10 * first : 10 * last]

    return faces


@cache
def described() -> np.ndarray:
    """ORL as the encoder that is trained on the spot takes it."""
    return FaceEncoder.describe([str(path) for path in ORL])


def trained(inputs: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return FaceEncoder.train_on(inputs, [str(person) for person in people]).project


SOURCES = [
    Source("Gaussian people, 128 dimensions", "chosen", drawn(30, 128, 0.6), 30, fresh=True),
    Source("Gaussian people, 16 dimensions", "chosen", drawn(20, 16, 0.3), 20, fresh=True),
    Source("ORL 1-20, MobileFaceNet", "chosen", orl(0, 20), 12, fresh=False),
    Source("families of three", "held out", drawn(30, 64, 0.5, kind="families"), 30, fresh=True),
    Source("some like everybody", "held out", drawn(30, 64, 0.3, kind="some like everybody"), 30, fresh=True),
    Source("uneven numbers of photos", "held out", drawn(15, 48, 0.5, kind="uneven"), 15, fresh=True),
    Source("100 people", "held out", drawn(100, 32, 0.4), 100, fresh=True),
    Source("ORL 21-40, MobileFaceNet", "held out", orl(20, 40), 12, fresh=False),
    Source("ORL, trained on the spot", "held out", lambda seed: (described(), PEOPLE), 25, fresh=False, learn=trained),
]


def met(source: Source, seed: int, twice: float) -> Met:
    """What one gallery states, and what happens to strangers and to known people."""
    inputs, people = source.faces(seed)
    draw = np.random.default_rng(seed)
    order = draw.permutation(np.unique(people))
    known = np.isin(people, order[: source.people])
    asked = known & (draw.random(len(people)) < 0.5)
    for person in order[: source.people]:  # one at least is in the gallery
        asked[np.flatnonzero(people == person)[:FEW]] = False
    rows, strangers = np.flatnonzero(known & ~asked), np.flatnonzero(~known)
    codes = np.unique(people[rows], return_inverse=True)[1]
    second = np.isin(codes, draw.permutation(source.people)[: round(twice * source.people)])
    codes = np.where(second & (draw.random(len(rows)) < 0.5), codes + source.people, codes)

    def vectors(taught: np.ndarray | None) -> np.ndarray:
        if source.learn is None:
            return inputs
        of = rows if taught is None else rows[taught]
        return source.learn(inputs[of], codes if taught is None else codes[taught])(inputs)

    limits = measure(codes, lambda taught: vectors(taught)[rows], trained=source.learn is not None)
    decision = decide(limits.strangers, limits, Network(), RATE)
    points = unit(vectors(None))
    best = best_of_each(points @ points[rows].T, codes, int(codes.max()) + 1)
    passed = best.max(axis=1) >= decision.threshold
    who = np.unique(people[rows])[best.argmax(axis=1) % source.people]
    return Met(
        decision.false_matches or 0.0,
        decision.false_matches is not None and not decision.note,
        passed[strangers].astype(float),
        people[strangers],
        float(np.mean((passed & (who == people))[asked])),
    )


def trial(source: Source, galleries: int, twice: float) -> Trial:
    """One source: the mean over galleries."""
    found = [met(source, seed, twice) for seed in range(galleries)]
    if source.fresh:
        units = np.array([each.named.mean() for each in found])
    else:
        named, strangers = (np.concatenate(each) for each in zip(*((m.named, m.strangers) for m in found), strict=True))
        units = np.array([named[strangers == person].mean() for person in np.unique(strangers)])
    low, high = percentile_interval(resampled(lambda rows: float(rows.mean()), [units[:, None]], 0)[0])
    return Trial(
        "faces",
        f"{source.data}, {source.people} known",
        source.half,
        twice,
        "strangers named",
        float(np.mean([each.stated for each in found])),
        float(np.mean(units)),
        low,
        high,
        float(np.mean([each.recall for each in found])),
        all(each.calibrated for each in found),
    )


def trials(quick: bool) -> Iterator[Trial]:
    """Each source without, and the drawn ones also with people under two names."""
    for source in SOURCES:
        if quick and not (source.fresh or source.half == "chosen"):
            continue  # ORL is read and encoded once
        galleries = 12 if quick else 6 if source.learn is not None else 60
        for twice in (0.0,) if quick or not source.fresh else (0.0, 0.05, 0.15):
            yield trial(source, galleries, twice)
