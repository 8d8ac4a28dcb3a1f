"""One scale for numbers of any unit: how far a number is from the middle of its column.

The middle is the median, and the unit is the standard deviation of a normal distribution with the same middle half, so
outliers do not change them. Amounts that spread over orders of magnitude are measured by their logarithm. Beyond `BEND`
units distances grow by their logarithm only, so that one extreme number does not dominate all other columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from knnife.encoders._rows.cells import LARGEST, Numbers

BEND = 4.0
SKEWED = 0.5  # quantile skewness (Hinkley 1975): 0 where symmetric, 0.68 for a log-normal amount, 0.56 exponential
FEWEST = 8  # numbers above zero from which a logarithm is thought of
# Shares below and above, and what lies between them in a normal distribution, in standard deviations.
WIDTHS = ((0.25, 0.75, 1.349), (0.1, 0.9, 2.563), (0.05, 0.95, 3.290), (0.01, 0.99, 4.653))


class Scale(NamedTuple):
    """z = (x - middle) / unit; where `turn` is above 0, x is sign(x) log(1 + |x| / turn)."""

    middle: float
    unit: float
    turn: float = 0.0

    @classmethod
    def learn(cls, numbers: Numbers, *, logarithm: bool = True) -> Scale:
        """The scale of finite numbers `(n,)`, one at least."""
        turn = _turn(numbers) if logarithm else 0.0
        turned = _turned(numbers, turn)
        for low, high, normal in WIDTHS:
            below, above = np.quantile(turned, [low, high])
            if above > below:
                return cls(float(np.median(turned)), max(float(above - below) / normal, 1e-150), turn)
        spread = float(turned.std())  # nearly all are equal
        return cls(float(np.median(turned)), spread if spread > 1e-150 else 1.0, turn)

    @classmethod
    def of_state(cls, state: Any) -> Scale:
        """The scale written down as a list. Raises ValueError where it is none."""
        found = cls(*finite(state, 3, LARGEST * 2))
        if found.unit <= 0 or found.turn < 0:
            raise ValueError(f"a scale of unit {found.unit} and turn {found.turn}: expected a unit above 0")
        return found

    def apply(self, numbers: Numbers) -> Numbers:
        """How far out each of `numbers` (n,) is, with the sign of the side."""
        with np.errstate(over="ignore"):
            z = np.clip((_turned(numbers, self.turn) - self.middle) / self.unit, -1e300, 1e300)
        size = np.abs(z)
        bent = BEND * (1.0 + np.log(np.maximum(size, BEND) / BEND))
        return np.where(size > BEND, np.copysign(bent, z), z)


def finite(state: Any, count: int, most: float) -> list[float]:
    """`state`, if it is a list of so many numbers no larger than `most`. Raises ValueError where it is not."""
    if not isinstance(state, list) or len(state) != count:
        raise ValueError(f"expected a list of {count} numbers, got {state!r:.60}")
    if not all(type(number) in (int, float) and abs(number) <= most for number in state):
        raise ValueError(f"expected finite numbers, got {state!r:.60}")
    return [float(number) for number in state]


def _turned(numbers: Numbers, turn: float) -> Numbers:
    if not turn:
        return numbers
    with np.errstate(over="ignore"):
        turned: Numbers = np.copysign(np.log1p(np.minimum(np.abs(numbers) / turn, 1e300)), numbers)
    return turned


def _turn(numbers: Numbers) -> float:
    """Below which size numbers are taken as they are, above it by their logarithm; 0 for no logarithm at all."""
    above = numbers[numbers > 0]
    if len(above) < FEWEST or numbers.min() < 0:
        return 0.0
    turn = float(np.quantile(above, 0.1))
    skew = _skew(above)
    return turn if turn > 1e-150 and skew > SKEWED and abs(_skew(_turned(above, turn))) < skew else 0.0


def _skew(numbers: Numbers) -> float:
    low, middle, high = np.quantile(numbers, [0.05, 0.5, 0.95])
    return float((high - middle - (middle - low)) / (high - low)) if high > low else 0.0
