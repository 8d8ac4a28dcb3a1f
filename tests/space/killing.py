"""Work that is killed at any moment, by the processor time it has used: a busy machine makes no difference.

One process imports what the work needs, and is forked for each attempt. The kernel ends the fork when its time is up,
by a signal that nobody handles: to the fork that is what SIGKILL is, and comes within a write as well as between two.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest

ROOT = Path(__file__).parents[2]
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


class Ran(NamedTuple):
    """How an attempt went."""

    said: list[str]  # its words
    killed: bool
    seconds: float  # of the processor


class Doomed:
    """The function `main(path)` of a module, as often as wanted, each time until it is killed."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.space.killing", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def run(self, path: Path, seconds: float = 1e6) -> Ran:
        """Runs it until it has used so much of the processor."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds} {path}\n")
        self._process.stdin.flush()
        said: list[str] = []
        for line in self._process.stdout:
            words, over, ending = line.partition("over: ")
            said += words.split()
            if over:
                status, used = ending.split()
                assert int(status) in (0, -signal.SIGPROF), said
                return Ran(said, int(status) != 0, float(used))
        raise AssertionError(f"the process that forks has ended: {said}")


def serve(module: str) -> None:
    work = importlib.import_module(module).main
    for line in sys.stdin:
        seconds, path = line.rstrip("\n").split(" ", 1)
        child = os.fork()
        if not child:
            signal.setitimer(signal.ITIMER_PROF, max(float(seconds), 1e-6))
            work(path)
            os._exit(0)
        _, status, used = os.wait4(child, 0)
        print("over:", os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
