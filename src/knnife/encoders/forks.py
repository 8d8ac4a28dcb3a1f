"""Lets a process fork after the package tokenizers has run in it.

The threads of that package do not survive a fork. It notices and prints a warning, unless the environment has decided;
so the environment is set for the moment of the fork, and stays set in the child, whose tokenizer works on one thread.
"""

from __future__ import annotations

import os
from functools import cache

VARIABLE = "TOKENIZERS_PARALLELISM"


@cache  # once is enough
def quiet() -> None:
    """From now on forks work, and without a warning."""
    ours: list[bool] = []

    def before() -> None:
        ours.append(VARIABLE not in os.environ)
        if ours[-1]:
            os.environ[VARIABLE] = "false"

    def after_in_parent() -> None:
        if ours.pop():
            del os.environ[VARIABLE]

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=after_in_parent)
