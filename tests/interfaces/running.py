"""Running the command line: within this process, or as the real command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import knnife

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HOSTILE = "red \x1b[31malert\x1b[0m\x07 title \x1b]0;owned\x07 c1 \x9b31m \u202egnp.exe\nnext [bold]line[/bold]\ttab"
ROOT = str(Path(knnife.__file__).resolve().parents[1])  # the package under test, also from another folder
MAIN = "from knnife.interfaces.cli import main; main()"


class Outcome(NamedTuple):
    """What a command line did."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Knnife = Callable[..., Outcome]


def program(*args: str) -> list[str]:
    """The argument vector of the real command, in a process of its own."""
    return [sys.executable, "-c", f"import sys; sys.path.insert(0, {ROOT!r}); {MAIN}", *args]


def spawn(*args: str, input: str | bytes | None = None, **environment: str) -> Outcome:
    """Runs the real command to its end."""
    data = input.encode() if isinstance(input, str) else input
    done = subprocess.run(
        program(*args), input=data or b"", capture_output=True, timeout=300, env={**os.environ, **environment}
    )
    return Outcome(done.returncode, done.stdout.decode(), done.stderr.decode())
