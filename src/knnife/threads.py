"""Threads on all the cores that this process may use."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def on_all_cores(work: Callable[[T], None], todo: Iterator[T], threads: int | None = None) -> None:
    """Call `work` with each of `todo` (never None), on as many threads as there are cores, or as are given.

    Whoever is free takes the next, so no more of them are in memory than there are threads.
    """
    threads = threads or cores()
    some = list(islice(todo, 2))
    todo = chain(some, todo)
    if len(some) < 2 or threads == 1:  # a pool would cost more than it brings
        for one in todo:
            work(one)
        return
    lock = threading.Lock()

    def take_and_work() -> None:
        nonlocal todo
        try:
            while True:
                with lock:
                    one = next(todo, None)
                if one is None:
                    return
                work(one)
        finally:
            todo = iter(())  # it is empty, or nobody need go on

    with ThreadPoolExecutor(threads) as pool:
        try:
            for done in [pool.submit(take_and_work) for _ in range(threads)]:
                done.result()
        finally:  # Ctrl-C comes here
            todo = iter(())


@cache  # once is enough
def quiet_forks() -> None:
    """From now on a process may fork after the package tokenizers has run in it, without a warning.

    The threads of that package do not survive a fork. It notices and prints a warning, unless the environment has
    decided; so the environment is set for the moment of the fork, and stays set in the child, whose tokenizer works on
    one thread.
    """
    ours: list[bool] = []

    def before() -> None:
        ours.append("TOKENIZERS_PARALLELISM" not in os.environ)
        if ours[-1]:
            os.environ["TOKENIZERS_PARALLELISM"] = "false"

    def after_in_parent() -> None:
        if ours.pop():
            del os.environ["TOKENIZERS_PARALLELISM"]

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after_in_parent)
