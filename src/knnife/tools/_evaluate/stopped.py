"""Ctrl-C in the middle of an evaluation, with what was complete by then."""

from __future__ import annotations

from typing import Any


class Stopped(KeyboardInterrupt):
    """The evaluation was stopped; `so_far` is the `Evaluation` of the encoders that were done."""

    def __init__(self, so_far: Any) -> None:
        super().__init__("stopped")
        self.so_far = so_far
