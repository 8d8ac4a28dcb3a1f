"""The course of a training: which block comes next, at what rate, the average loss, and the checkpoint it resumes from.

Each epoch goes through the corpus from two places at once, its beginning and its middle. A corpus has parts, first
books and then an encyclopaedia, say; the rate falls, so in plain order the last part would change the vectors in small
steps only.

A checkpoint is a safetensors file, written in one step, as large as what is being trained (8 bytes a component of a
word), from which a training goes on in the middle of an epoch. It holds how far the training had come, its settings and
the fingerprint of its corpus; a training with others is refused.
"""

from __future__ import annotations

import json
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from knnife.encoders._words import native
from knnife.encoders._words.disk import writing
from knnife.encoders._words.numbered_corpus import GAP, NumberedCorpus
from knnife.encoders._words.settings import Settings
from knnife.encoders._words.training_step import train_block
from knnife.encoders._words.weights import Sampler, TrainingWeights
from knnife.errors import BadInput, DiskFull, ReadOnly
from knnife.output_kinds import OutputKind

Report = Callable[[str, int, float | None, float | None], None]

EVERY: Final = 300.0  # seconds from checkpoint to checkpoint
BLOCK: Final = 50_000  # words learned from at once: Ctrl-C waits for them, and so do threads that have no more
FEW: Final = 64  # blocks of an epoch at least, so that small corpora go to all threads as well
LEAST: Final = 1_000  # words of a block
OVER: Final = 1_000  # words that a block may be longer, to end with a sentence
LAST_RATE: Final = 1e-4  # of the first one
PLACES: Final = 2  # of the corpus that an epoch begins at
LATE: Final = 64  # blocks whose loss is reported
BETWEEN: Final = 0.2  # seconds between two reports
FORMAT: Final = "knnife training"
CHECKPOINT: Final = OutputKind("a checkpoint of a training", lambda head, path: FORMAT.encode() in head)
VERSION: Final = 1


class TrainingProgress(NamedTuple):
    """How far a training has come."""

    blocks: int  # done, counted through all epochs
    losses: list[tuple[float, int]]  # of each epoch begun: summed, and of how many pairs
    seconds: float  # spent on training, all in all


def load(path: Path, weights: TrainingWeights, settings: Settings, corpus: str) -> TrainingProgress | None:
    """Puts into `weights` what the file holds; None where there is no file.

    Raises BadInput where it is damaged, or belongs to another training, and says what differs.
    """
    if not path.exists():
        return None
    if path.is_dir():
        raise BadInput(f"{path} is a folder: expected the name of a file for the checkpoint")
    try:
        with safe_open(path, framework="numpy") as file:
            state = _state(path, file.metadata())
            _refuse_others(path, state, settings, corpus)
            for name, array in _arrays(weights).items():
                part = file.get_slice(name)
                if part.get_shape() != list(array.shape):
                    raise ValueError(f"{name} is of shape {part.get_shape()}, expected {list(array.shape)}")
                for first in range(0, len(array), native.BLOCK):
                    last = min(first + native.BLOCK, len(array))
                    array[first:last] = part[first:last]
            return TrainingProgress(**state["progress"])
    except (SafetensorError, OSError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{path} is damaged, or no checkpoint of a training ({error}): remove it to begin anew"
        ) from error


def _arrays(weights: TrainingWeights) -> dict[str, NDArray[np.float32]]:
    arrays = {"words": weights.words, "outputs": weights.outputs}
    return arrays if weights.ngrams is None else arrays | {"ngrams": weights.ngrams}


def _state(path: Path, metadata: Mapping[str, str] | None) -> dict[str, Any]:
    if not metadata or metadata.get("format") != FORMAT:
        raise BadInput(f"{path} is no checkpoint of a training: give the vectors another name, or remove the file")
    if metadata.get("version") != str(VERSION):
        raise BadInput(
            f"{path} was written by another version of knnife ({metadata.get('version')}, this one reads {VERSION}): "
            "continue with that one, or remove the file to begin anew"
        )
    state: dict[str, Any] = json.loads(metadata["state"])
    return state


def _refuse_others(path: Path, state: dict[str, Any], settings: Settings, corpus: str) -> None:
    now = json.loads(json.dumps(asdict(settings)))
    then = state["settings"]
    differ = [f"{name} was {then.get(name)!r}, is {now[name]!r}" for name in now if then.get(name) != now[name]]
    if state["corpus"] != corpus:
        differ.append("the corpus is another, or has changed")
    if differ:
        raise BadInput(
            f"{path} is of a training that was interrupted, and not of this one: {'; '.join(differ)}. Continue "
            "with the same settings and corpus, or remove the file to begin anew"
        )


class TrainingLoop:
    """One training. `weights` change while it runs; they and `progress` together are what a checkpoint holds."""

    def __init__(
        self, weights: TrainingWeights, sampler: Sampler, numbered: NumberedCorpus, settings: Settings
    ) -> None:
        self.weights, self.sampler, self.settings = weights, sampler, settings
        self._numbered = numbered
        self._ends = _ends(numbered)
        self.progress = self._before = TrainingProgress(0, [], 0.0)
        self._late: deque[tuple[float, int]] = deque(maxlen=LATE)

    @property
    def blocks(self) -> int:
        """How many there are in all epochs."""
        return len(self._ends) * self.settings.epochs

    def resume(self, path: Path | None, corpus: str) -> None:
        """Goes on where a checkpoint says that the same training had come to. Raises BadInput for that of another."""
        if path is not None:
            self.progress = load(path, self.weights, self.settings, corpus) or self.progress
            self._before = self.progress

    def keep(self, path: Path | None, corpus: str) -> None:
        """Writes a checkpoint; corpus: the fingerprint. Warns where it cannot be written; an older file then stays."""
        if path is None:
            return
        progress, settings, dim = self.progress._asdict(), asdict(self.settings), self.weights.dim
        state = {"progress": progress, "settings": settings, "corpus": corpus, "dim": dim}
        metadata = {"format": FORMAT, "version": str(VERSION), "state": json.dumps(state)}
        arrays = _arrays(self.weights)
        try:
            with writing(path, CHECKPOINT) as stream:
                native.write_arrays(stream, arrays, dict.fromkeys(arrays, native.ROWS), metadata)
        except (BadInput, DiskFull, ReadOnly) as error:  # which do not end the training
            warnings.warn(f"no checkpoint, so from here on the training could not be resumed: {error}", stacklevel=3)

    def run(self, threads: int, seconds: float, tell: Report) -> bool:
        """Goes on for so long at most; whether it came to the end. After Ctrl-C, too, all blocks begun are done."""
        start, spent = time.monotonic(), self.progress.seconds
        self._tell(tell)
        turn, begun = threading.Condition(), 0  # blocks that threads learn from now
        upcoming = iter(range(self.progress.blocks, self.blocks))

        def work() -> None:
            nonlocal upcoming, begun
            try:
                while time.monotonic() - start < seconds:
                    with turn:
                        block = next(upcoming, None)
                        begun += block is not None
                    if block is None:
                        return
                    try:
                        lost = self._learn(block)
                        with turn:
                            self._count(block, lost)
                    finally:
                        with turn:
                            begun -= 1
                            turn.notify_all()
            finally:
                upcoming = iter(())  # it is empty, or time is up, or something went wrong: nobody need go on

        try:
            with ThreadPoolExecutor(threads) as pool:
                try:
                    working = [pool.submit(work) for _ in range(threads)]
                    while wait(working, BETWEEN).not_done:
                        self._tell(tell)
                finally:  # Ctrl-C comes here
                    upcoming = iter(())
        finally:
            with turn:  # the pool does not wait for a thread that Ctrl-C met while it was started
                turn.wait_for(lambda: begun == 0)
            self.progress = self.progress._replace(seconds=spent + time.monotonic() - start)
        for each in working:
            each.result()
        self._tell(tell)
        return self.progress.blocks == self.blocks

    def _learn(self, block: int) -> tuple[float, int]:
        """Learns from one block; its seed is its own, so that no thread, and no interruption, makes a difference."""
        epoch, place = divmod(block, len(self._ends))
        number = int(_order(len(self._ends))[place])
        begin, end = int(self._ends[number - 1]) if number else 0, int(self._ends[number])
        state = np.random.SeedSequence([self.settings.seed, epoch, number]).generate_state(1, np.uint64)
        rates = self._rate(block), self._rate(block + 1)
        return train_block(self.weights, self.sampler, self._numbered.part(begin, end), *rates, int(state[0]))

    def _rate(self, done: int) -> float:
        return self.settings.rate * max(1 - done / self.blocks, LAST_RATE)

    def _count(self, block: int, lost: tuple[float, int]) -> None:
        losses = list(self.progress.losses)
        epoch = block // len(self._ends)
        losses += [(0.0, 0)] * (epoch + 1 - len(losses))
        losses[epoch] = losses[epoch][0] + lost[0], losses[epoch][1] + lost[1]
        self._late.append(lost)
        self.progress = self.progress._replace(blocks=self.progress.blocks + 1, losses=losses)

    def _tell(self, tell: Report) -> None:
        done, before = self.progress.blocks, self._before.blocks
        late = list(self._late)
        lost, pairs = sum(each for each, _ in late), sum(each for _, each in late)
        words = self._numbered.length * (done - before) // len(self._ends)
        tell("training", words, done / self.blocks, lost / pairs if pairs else None)


@lru_cache(maxsize=1)
def _order(blocks: int) -> NDArray[np.int64]:
    """The numbers of the blocks `(blocks,)` in the order of every epoch: 0, 5, 1, 6, 2, 7 … (bench/train_words.py)."""
    return np.argsort(np.arange(blocks) % -(-blocks // PLACES), kind="stable")


def _ends(numbered: NumberedCorpus) -> NDArray[np.int64]:
    """Where each block ends `(blocks,)`: behind a sentence where one ends near."""
    n = numbered.length
    size = min(max(n // FEW, LEAST), BLOCK)
    ends = []
    for end in range(size, n, size):
        gaps = np.flatnonzero(numbered.part(end, min(end + min(OVER, size), n)) == GAP)
        ends.append(end + int(gaps[0]) + 1 if len(gaps) else end)
    return np.unique([*ends, n]).astype(np.int64)
