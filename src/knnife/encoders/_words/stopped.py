"""Ctrl-C in the middle of a training, with what was learned by then."""

from __future__ import annotations

from typing import Any


class TrainingStopped(KeyboardInterrupt):
    """The training was stopped; `so_far` are the vectors as they were then, and can be used."""

    def __init__(self, so_far: Any) -> None:
        super().__init__("stopped")
        self.so_far = so_far
