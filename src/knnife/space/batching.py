"""A stream of things in batches of about a second, and Python's garbage collector out of the way meanwhile."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from knnife.things import Thing

SMALLEST_BATCH, LARGEST_BATCH = 256, 16_384
LARGEST_BYTES = 128 << 20  # of values that are bytes, in a batch
BATCH_SECONDS = 1.0

SELDOM = 100_000  # new objects before the garbage collector looks at them


def numbered_in(source: Any, things: Iterable[Thing]) -> Iterator[tuple[int, Thing]]:
    """Each thing with its place in the source, from 1; rows of the source that are broken count, too."""
    broken = hasattr(source, "broken")
    return ((number + (source.broken if broken else 0), thing) for number, thing in enumerate(things, 1))


def batches_of(things: Iterable[tuple[int, Thing]]) -> Iterator[list[tuple[int, Thing]]]:
    """Lists of numbered things, of about BATCH_SECONDS each; when the source fails, what it gave before comes first."""
    size, held, batch, began = SMALLEST_BATCH, 0, list[tuple[int, Thing]](), time.perf_counter()
    try:
        for thing in things:
            batch.append(thing)
            if type(value := thing[1].value) is bytes:
                held += len(value)
            if len(batch) >= size or held >= LARGEST_BYTES:
                full, batch, held = batch, [], 0
                yield full
                took, began = time.perf_counter() - began, time.perf_counter()
                wanted = int(len(full) * BATCH_SECONDS / max(took, 1e-6))
                size = max(SMALLEST_BATCH, min(LARGEST_BATCH, 4 * size, wanted))
    except GeneratorExit:
        raise
    except BaseException:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


class _Before:
    """How Python's garbage collector was set before the first of the adds that run now."""

    lock = threading.Lock()
    adds = 0
    before = (0, 0, 0)


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the garbage collector, one setting for the whole process, look seldom at plain data: a third quicker."""
    with _Before.lock:
        if _Before.adds == 0:
            _Before.before = gc.get_threshold()
            if _Before.before[0]:  # 0: somebody switched it off
                gc.set_threshold(max(SELDOM, _Before.before[0]), *_Before.before[1:])
        _Before.adds += 1
    try:
        yield
    finally:
        with _Before.lock:
            _Before.adds -= 1
            if _Before.adds == 0:
                gc.set_threshold(*_Before.before)
