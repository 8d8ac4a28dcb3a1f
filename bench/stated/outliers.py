"""Outliers among themselves: of those worth a look, how many are ordinary, beside how many are said to be.

Chosen on: every second table of ADBench (by name), and drawn clouds: normal, lognormal, t of 3 degrees, groups, counts.
Held out: the other tables of ADBench and its embeddings, and drawn clouds of other forms (uniform, names as ones, wide
normal, negative binomial, clouds within clouds). All tables were seen once, with the old decision, before they were
parted. `share` is of odd things: the labelled ones of a table; of clouds, points moved far off in one column. Clean
tables hold odd things that nobody labelled, which count as false here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

import knnife
from bench.outliers import tables
from bench.stated import Trial

SHARES: Final = (0.0, 0.01, 0.05, 0.15, 0.4)
MOST: Final = 2_000  # ordinary things of a table
LEAST: Final = 100
DRAWN: Final = 600
RATE: Final = 0.1

Shape = Callable[[np.random.Generator, int], np.ndarray]
CHOSEN: Final[dict[str, Shape]] = {
    "normal": lambda random, n: random.normal(size=(n, 5)),
    "lognormal": lambda random, n: random.lognormal(size=(n, 4)),
    "t, 3 degrees": lambda random, n: random.standard_t(3, size=(n, 4)),
    "groups": lambda random, n: 0.3 * random.normal(size=(n, 3)) + 3 * random.integers(0, 4, size=(n, 1)),
    "counts": lambda random, n: random.poisson(2.0, size=(n, 6)).astype(float),
}
HELD_OUT: Final[dict[str, Shape]] = {
    "uniform": lambda random, n: random.random((n, 3)),
    "wide normal": lambda random, n: random.normal(size=(n, 50)),
    "negative binomial": lambda random, n: random.negative_binomial(1, 0.2, size=(n, 5)).astype(float),
    "names": lambda random, n: np.hstack(
        [np.eye(5)[random.choice(5, n, p=[0.5, 0.3, 0.1, 0.06, 0.04])] for _ in range(4)]
    ),
    "unlike density": lambda random, n: (
        np.array([0.1, 0.3, 1, 3])[random.integers(0, 4, n)][:, None] * random.normal(size=(n, 4))
    ),
}


def trials(quick: bool) -> Iterator[Trial]:
    """A trial for each set and share; quick: clouds alone, of three shares."""
    for half, shapes in (("chosen", CHOSEN), ("held out", HELD_OUT)):
        for data, shape in shapes.items():
            for share in SHARES[:3] if quick else SHARES:
                yield _trial(data, half, share, *_planted(shape, share))
    if quick:
        return
    for number, (data, rows, odd) in enumerate(tables(quick=False)):
        for share in SHARES:
            if (drawn := _drawn(odd, share)) is not None:
                yield _trial(data, "held out" if number % 2 else "chosen", share, rows[drawn], odd[drawn])


def _planted(shape: Shape, share: float) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    rows, odd = shape(random, DRAWN), np.arange(DRAWN) < round(share * DRAWN)
    count = int(odd.sum())
    far = random.choice([-1, 1], count) * random.uniform(10, 16, count) * rows.std()
    rows[np.arange(count), random.integers(0, rows.shape[1], count)] += far
    return rows, odd


def _drawn(odd: np.ndarray, share: float) -> np.ndarray | None:
    """Which rows make a table with that share of odd ones; None where there are too few."""
    random = np.random.default_rng(0)
    ordinary, others = random.permutation(np.flatnonzero(~odd)), random.permutation(np.flatnonzero(odd))
    many = min(len(ordinary), MOST, int(len(others) * (1 - share) / share) if share else MOST)
    count = round(many * share / (1 - share))
    return None if many < LEAST or (share and count < 2) else np.concatenate([ordinary[:many], others[:count]])


def _trial(data: str, half: str, share: float, rows: np.ndarray, odd: np.ndarray) -> Trial:
    found = knnife.outliers(rows, false_alarms=RATE)
    low, high = found.false_between
    recall = float(found.odd[odd].mean()) if odd.any() else None
    false = float(found.odd[~odd].sum())
    stated = found.expected_false
    return Trial("outliers", data, half, share, "false alarms", stated, false, low, high, recall, found.calibrated)


def main() -> None:
    """Prints every trial."""
    for trial in trials(quick=False):
        print(trial)


if __name__ == "__main__":
    main()
