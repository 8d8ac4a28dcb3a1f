"""From which likeness on two faces count as the same person, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.statistics.tails import LEAST, PowerTail
from knnife.tools._faces.error_rates import ENOUGH, FEWEST, Limits
from knnife.tools._faces.face_training import is_learned

RATE: Final = 0.01  # of strangers that get a name, or of pairs of people taken for one, by default
LEAST_TOLD: Final = 0.1  # of one in the number of people: no smaller rate can be stated
ANYBODY: Final = 1.0  # everybody counts as somebody who is known
USUAL: Final = 0.45  # the line of networks for faces whose makers state none: of MobileFaceNet, between same and other


@dataclass(frozen=True)
class Decision:
    """Where the line is, and what is known about it.

    threshold: the least likeness of the same person. false_matches: at which rate people who are not the same reach
    it, as measured on the people known; None where they are too few. between: 95 % interval of that rate. missed: the
    share of faces of known people that stay below. people: how many were measured on. note: what else to know, or "".
    """

    threshold: float
    false_matches: float | None
    between: tuple[float, float] | None
    missed: float | None
    people: int
    note: str
    tail: PowerTail | None = field(default=None, repr=False)

    def chance(self, likeness: float) -> float | None:
        """How often people who are not the same are at least so alike; None where nothing was measured."""
        return None if self.tail is None else self.tail.rate(likeness)

    def described(self, whom: str) -> str:
        """For people, in a line; `whom`: those who should not reach the threshold, "strangers"."""
        parts = [f"likeness from {self.threshold:.3f} on"]
        if self.false_matches is not None and self.between is not None:
            low, high = self.between
            rate = f"{self.false_matches:.2%} of {whom} reach that (95%: {low:.2%} to {high:.2%})"
            parts.append(f"{rate}, measured on {self.people:,} people")
        if self.missed is not None:
            parts.append(f"of faces of known people {self.missed:.1%} stay below")
        return "; ".join([*parts, self.note] if self.note else parts)

    def row(self) -> dict[str, Any]:
        """For programs."""
        low, high = self.between or (None, None)
        return {
            "threshold": self.threshold,
            "false_matches": self.false_matches,
            "from": low,
            "to": high,
            "missed": self.missed,
            "people": self.people,
            "note": self.note,
        }


def decide(tail: PowerTail | None, limits: Limits, encoder: Encoder, rate: float = RATE) -> Decision:
    """The line at which people who are not the same are taken for one at this rate.

    With few people, it is not below the usual one of the model. Raises BadInput for a rate that cannot be estimated,
    and where nothing was measured of an encoder that was trained on these faces.
    """
    told = advised(encoder)
    if rate == ANYBODY:
        return Decision(-1.0, None, None, limits.missed(-1.0), limits.people, "everybody is taken for one of the known")
    if not (isinstance(rate, int | float) and 0 < rate <= LEAST):
        raise BadInput(f"false_matches={rate!r}: expected a share above 0 and up to {LEAST}, or 1 to name everybody")
    if tail is None:
        return _as_advised(told, limits)
    threshold = tail.threshold(rate)
    note = ""
    if limits.people < ENOUGH:
        least = LEAST_TOLD / limits.people
        note = f"rough, as {limits.people} people tell no rates below {least:.1%}; {ENOUGH} or more tell 1% well"
        threshold = max(threshold, told or threshold)
    stated, missed = round(tail.rate(threshold), 12), limits.missed(threshold)
    return Decision(threshold, stated, tail.between(threshold), missed, limits.people, note, tail)


def advised(encoder: Encoder) -> float | None:
    """The line that goes with a model, as far as anybody has stated one; None for what was trained on these faces."""
    stated: float | None = getattr(encoder, "threshold", None)
    return stated if stated is not None or is_learned(encoder) else USUAL


def _as_advised(line: float | None, limits: Limits) -> Decision:
    if line is None:
        raise BadInput(
            f"{limits.people} people are known, by {limits.faces} faces, and {FEWEST} or more are needed to tell how "
            "alike strangers look; add others, or take false_matches=1 (--anybody): everybody is one of the known"
        )
    note = f"a usual line for such models; {FEWEST} or more people who are known would tell its rate here"
    return Decision(line, None, None, limits.missed(line), limits.people, note)
