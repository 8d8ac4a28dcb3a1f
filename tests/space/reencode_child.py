"""Re-encodes a space slowly and says how far it is, until somebody kills it. Run by test_switching.py."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np
from tests.toys import Letters

from knnife import Space
from knnife.space import reencoding


class Slow(Letters):
    """A second version of Letters that takes its time."""

    def __init__(self) -> None:
        super().__init__("slow")

    def encode(self, values: Sequence[str]) -> np.ndarray:
        time.sleep(0.01)
        return super().encode(values) + 1


def main(path: str) -> None:
    reencoding.SMALLEST_BATCH = reencoding.LARGEST_BATCH = 20
    with Space.open(path) as space:
        print("ready", flush=True)
        done = space.reencode(Slow(), name="slow", progress=lambda done, _: print(done, flush=True))
    print("end", done.encoded, flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
