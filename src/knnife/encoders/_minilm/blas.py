"""The threads of NumPy's OpenBLAS, where it brings one.

Its threads wait for work in circles, and let one product in at a time. Where there are threads of ours, each with a
product of its own, they hinder more than they help: the twin takes four times as long.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

NAMES: Final = [
    (f"{prefix}openblas_get_num_threads{suffix}", f"{prefix}openblas_set_num_threads{suffix}")
    for prefix in ("scipy_", "")
    for suffix in ("64_", "")
]


class OneThread:
    """While anybody is inside, a product takes the thread that asks for it and no other. Elsewhere it changes nothing:
    what is other than OpenBLAS (Accelerate, MKL), or not NumPy's own, has manners or is not ours to change.
    """

    def __init__(self) -> None:
        self._lock, self._inside, self._before = Lock(), 0, 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0 and (functions := _functions()):
                self._before = functions[0]()
                functions[1](1)
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0 and (functions := _functions()):
                functions[1](self._before)


@cache
def _functions() -> tuple[Any, Any] | None:
    """What tells the number of threads, and what sets it."""
    package = Path(np.__file__).parent
    for path in [*package.parent.glob("numpy.libs/*openblas*"), *package.glob(".dylibs/*openblas*")]:
        library = ctypes.CDLL(str(path))  # it is loaded: this is a handle
        for get, set_ in NAMES:
            if hasattr(library, set_):
                return getattr(library, get), getattr(library, set_)
    return None
