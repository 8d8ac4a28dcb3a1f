"""Ctrl-C in the middle of an evaluation, with what was complete by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from knnife.tools.evaluate import Evaluation


class Stopped(KeyboardInterrupt):
    """The evaluation was stopped; `so_far` is that of the encoders which were done."""

    def __init__(self, so_far: Evaluation) -> None:
        super().__init__("stopped")
        self.so_far = so_far
