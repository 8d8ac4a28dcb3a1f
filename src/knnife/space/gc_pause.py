"""Python's garbage collector, made to look seldom while things are added."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SELDOM = 100_000  # new objects before the garbage collector looks at them


class _Before:
    """How Python's garbage collector was set before the first of the adds that run now."""

    lock = threading.Lock()
    adds = 0
    before = (0, 0, 0)


@contextmanager
def few_collections() -> Iterator[None]:
    """Let the garbage collector look seldom: things are plain data, which it would go through again and again.

    It is one setting for the whole process, so the last add that ends puts it back. Adding is a third quicker.
    """
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
