"""A corpus as the numbers of its words, in a temporary file: int32, -1 between sentences. Each epoch reads it."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from knnife.errors import DiskFull, ReadOnly
from knnife.outputs import FULL

Ids = NDArray[np.int32]

GAP: Final = -1  # between two sentences
AT_ONCE: Final = 1 << 22  # numbers in memory


class NumberedCorpus:
    """The file, to be used with `with`. Raises DiskFull, and ReadOnly where there is no writing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.length = 0
        try:
            self._file = tempfile.TemporaryFile(prefix="knnife-", suffix=".ids", dir=folder)  # noqa: SIM115 - see close
        except OSError as error:
            raise self._explained(error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, ids: Ids) -> None:
        """Writes more numbers."""
        self._write(self.length, ids)
        self.length += len(ids)

    def pieces(self) -> Iterator[Ids]:
        """All numbers in order, some millions at once."""
        for start in range(0, self.length, AT_ONCE):
            yield self._read(start)

    def rewrite(self, changed: Callable[[Ids], Ids]) -> None:
        """Puts `changed(piece)` in the place of each piece; it may be shorter, not longer."""
        end = 0
        for start in range(0, self.length, AT_ONCE):
            ids = changed(self._read(start))
            self._write(end, ids)
            end += len(ids)
        self.length = end
        self._file.truncate(4 * end)

    def part(self, begin: int, end: int) -> Ids:
        """The numbers from one to another, mapped: in memory for as long as somebody holds them."""
        if begin >= end:
            return np.empty(0, np.int32)
        return np.asarray(np.memmap(self._file, np.int32, "r", offset=4 * begin, shape=(end - begin,)))

    def fingerprint(self, words: Iterable[str]) -> str:
        """A hash of all numbers, and of the words that they stand for."""
        digest = hashlib.blake2b("\0".join(words).encode(), digest_size=16)
        for ids in self.pieces():
            digest.update(ids.data)
        return digest.hexdigest()

    def _read(self, start: int) -> Ids:
        self._file.seek(4 * start)
        return np.frombuffer(self._file.read(4 * min(AT_ONCE, self.length - start)), np.int32)

    def _write(self, start: int, ids: Ids) -> None:
        try:
            self._file.seek(4 * start)
            self._file.write(np.ascontiguousarray(ids, np.int32).data)
            self._file.flush()
        except OSError as error:
            raise self._explained(error) from error

    def _explained(self, error: OSError) -> DiskFull | ReadOnly:
        where = os.path.abspath(self._folder)
        if error.errno in FULL:
            return DiskFull(
                f"no room in {where} for the numbered corpus, 4 bytes a word ({self.length:,} words so far): make "
                "room, or write the vectors to another disk"
            )
        return ReadOnly(
            f"{where} cannot be written to: {error.strerror or error}. Training keeps the corpus there, as numbers: "
            "make the folder, or give another place"
        )
