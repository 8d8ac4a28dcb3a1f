"""A process that is forked for each attempt, in which one chosen call to the file system fails; see failing.c."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import pytest
from tests.faults import verbs

from knnife import KnnifeError

ROOT = Path(__file__).parents[2]
REFUSED, BROKEN = 3, 4  # exit codes: an error of knnife, any other


class Attempt(NamedTuple):
    """How a run of a verb ended."""

    code: int  # 0, REFUSED, BROKEN, or less than 0: killed
    done: bool  # the verb had returned
    calls: int  # to the file system, of a run that was not killed
    said: str  # the error


class Failing:
    """Runs verbs, each time with another call that fails."""

    def __init__(self, library: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.faults.serving", str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1", "LD_PRELOAD": str(library)},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def run(self, path: Path, verb: str, call: int, how: int) -> Attempt:
        """Runs a verb; `call` is the number of the call that fails with the error `how`, 0 kills there."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{verb} {call} {how} {path}\n")
        self._process.stdin.flush()
        done, calls, said = False, 0, ""
        for line in self._process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "over":
                return Attempt(int(rest), done, calls, said)
            done |= word == "done"
            calls = int(rest) if word == "calls" else calls
            said = rest if word == "error" else said
        raise AssertionError("the process that forks has ended")


def serve(library: str) -> None:
    verbs.shrink(pytest.MonkeyPatch())  # this process does nothing else
    failing = ctypes.CDLL(library)
    for line in sys.stdin:
        verb, call, how, path = line.rstrip("\n").split(" ", 3)
        child = os.fork()
        if not child:
            failing.fail_at(str(Path(path).parent).encode(), ctypes.c_long(int(call)), int(how))
            os._exit(attempt(Path(path), verb, failing))
        _, status = os.waitpid(child, 0)
        print("over", os.waitstatus_to_exitcode(status), flush=True)


def attempt(path: Path, verb: str, failing: ctypes.CDLL) -> int:
    try:
        verbs.run(path, verb)
    except KnnifeError as error:
        print("error", type(error).__name__, str(error).replace("\n", " "), flush=True)
        return REFUSED
    except BaseException:
        print("error", traceback.format_exc().replace("\n", " / "), flush=True)
        return BROKEN
    finally:
        print("calls", failing.calls_so_far(), flush=True)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
