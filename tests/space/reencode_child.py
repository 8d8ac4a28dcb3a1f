"""Re-encodes a space and says how far it is. Run, and killed, by test_switching.py."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from tests.toys import Letters

from knnife import Space
from knnife.space import reencoding


class Slow(Letters):
    """A second version of Letters, which does not say that it is cheap."""

    def __init__(self) -> None:
        super().__init__("slow")

    def encode(self, values: Sequence[str]) -> np.ndarray:
        return super().encode(values) + 1


def main(path: str) -> None:
    reencoding.SMALLEST_BATCH = reencoding.LARGEST_BATCH = 20
    with Space.open(path) as space:
        space.reencode(Slow(), name="slow", progress=lambda done, _: print(done, flush=True))


if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()  # until the others are ready too
    main(sys.argv[1])
