"""The network all-MiniLM-L6-v2: numbers of tokens -> vectors of texts, compiled where that is so, else in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from knnife.encoders._minilm.weights import WeightsFile
from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.threads import cores, on_all_cores

if TYPE_CHECKING:
    from knnife.encoders._minilm.twin import Twin

try:
    from knnife import _minilm
except ImportError:  # installed where there was no compiler
    KERNELS = "none"
else:
    KERNELS = f"compiled; instructions: {_minilm.PATHS[0]}"

TOGETHER: Final = 512  # tokens that go through together: what they need stays in the cache of a core
TWINS_TOGETHER: Final = 1024  # its matrices, as floats, do not stay there: they are read again each time
FEWEST: Final = 96  # below that, the weights are read from memory more often than their products take


def paths() -> tuple[str, ...]:
    """The sets of instructions that there are to choose from, the quickest first; none where nothing was compiled."""
    return () if KERNELS == "none" else _minilm.PATHS


class SentenceNetwork:
    """A file of weights, and what it makes of texts. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Raises NotFound where there is no file, BadInput where it is something else, cut short or changed."""
        self._weights = WeightsFile(path)
        self.dim = self._weights.sizes.width
        self.positions = self._weights.sizes.positions  # tokens that a text may have

    def encode(self, ids: NDArray[np.int32], starts: NDArray[np.int64], *, path: str = "") -> Vectors:
        """The vectors of texts whose tokens are `ids[starts[i]:starts[i + 1]]`: (n, dim), float32, of length 1.

        `ids` are the numbers of the tokens of all texts, one text behind the other, each with its first and last token;
        `starts` (n + 1,) says where each text begins among them, from 0 up, and where the last one ends. `path` are the
        instructions to take, one of `paths()`, or "twin"; else the quickest that there are. The vector of a text
        is the same to the last bit on every processor, by any path, in whatever company.

        Raises BadInput where a text has no tokens or more than `positions`, a token is not one of the network's, the
        starts do not go from 0 to the number of ids, or this processor lacks the instructions.
        """
        if path not in ("", "twin", *paths()):
            raise BadInput(f"this processor has no instructions {path!r}, or nothing was compiled")
        sizes = self._checked(ids, starts)
        ids, starts = np.ascontiguousarray(ids, np.int32), np.ascontiguousarray(starts, np.int64)
        order = np.argsort(
            -sizes, kind="stable"
        )  # the longest first: no core is late, and texts of one length are near
        sorted_starts = np.zeros_like(starts)
        np.cumsum(sizes[order], out=sorted_starts[1:])
        places = np.repeat(starts[:-1][order] - sorted_starts[:-1], sizes[order]) + np.arange(len(ids))
        sorted_ids, vectors = ids[places], np.empty((len(sizes), self.dim), np.float32)

        def work(texts: slice) -> None:
            own = sorted_starts[texts.start : texts.stop + 1]
            tokens = sorted_ids[own[0] : own[-1]]
            vectors[order[texts]] = self._chunk(tokens, own - own[0], path)

        plain = KERNELS == "none" or path == "twin"
        on_all_cores(work, _chunks(sorted_starts, TWINS_TOGETHER if plain else TOGETHER))
        return vectors

    def _chunk(self, ids: NDArray[np.int32], starts: NDArray[np.int64], path: str) -> Vectors:
        if KERNELS == "none" or path == "twin":
            return self._twin.encode(ids, starts)
        vectors = np.empty((len(starts) - 1, self.dim), np.float32)
        room = np.empty(_minilm.room(self.dim, self._weights.sizes.inner, len(ids)), np.uint8)
        _minilm.encode(self._weights.data, ids, starts, room, vectors, path or _minilm.PATHS[0])
        return vectors

    @cached_property
    def _twin(self) -> Twin:
        from knnife.encoders._minilm.twin import Twin  # where there is compiled code, its import is time for nothing

        return Twin(self._weights.parameters())

    def _checked(self, ids: NDArray[np.int32], starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many tokens each text has; raises BadInput as `encode` says."""
        if ids.ndim != 1 or starts.ndim != 1 or not len(starts) or starts[0] != 0 or starts[-1] != len(ids):
            raise BadInput(f"starts of texts go from 0 to the number of tokens, {ids.size:,}; given: {starts}")
        sizes = np.diff(starts)
        if len(sizes) and not 1 <= sizes.min() <= sizes.max() <= self.positions:
            raise BadInput(f"a text has {sizes.min():,} to {sizes.max():,} tokens, expected 1 to {self.positions:,}")
        if len(ids) and not 0 <= ids.min() <= ids.max() < self._weights.sizes.tokens:
            raise BadInput(f"tokens are {ids.min()} to {ids.max()}, expected 0 to {self._weights.sizes.tokens - 1}")
        return sizes


def _chunks(starts: NDArray[np.int64], together: int) -> Iterator[slice]:
    """Texts that go through together, so many that every core has some and none waits for long."""
    most = min(together, max(FEWEST, int(starts[-1]) // (4 * cores())))
    first, count = 0, len(starts) - 1
    while first < count:
        last = int(np.searchsorted(starts, starts[first] + most, "right")) - 1
        yield slice(first, max(first + 1, last))
        first = max(first + 1, last)
