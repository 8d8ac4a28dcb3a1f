"""What was given, as the two sides that are compared, and the ways in which they can be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.space import Sample, comparable, is_space, opened, sample
from knnife.things import as_things, kind_within, numbered
from knnife.things.kinds import kind
from knnife.tools._duplicates.finding import Way
from knnife.tools._duplicates.shortlist import ENCODER, Poses

BY = ("both", "surface", "vectors")
MANY = (
    1_000  # pictures, all of which are looked at in some ten seconds; without parts, only those near by their vectors
)
MORE = 4  # times as many on the other side: more than half of these are near none on this side


def both_sides(
    given: Any,
    against: Any,
    by: str | None,
    *,
    encoder: Any,
    metric: Any,
    view: Any,
    where: Any,
    progress: Progress | None,
) -> tuple[Sample, Sample | None]:
    """The things asked about, and those of the other side, if there is one. Raises what `sample` raises."""
    if by is not None and by not in BY:
        raise BadInput(f"by is {by!r}; expected one of {', '.join(BY)}")
    own = encoder or _encoder_for(given)
    asked = {"encoder": own, "metric": metric, "view": view, "where": where, "progress": progress}
    things = _side(given, by, "things", **asked)
    if against is None:
        return things, None
    if is_space(against):
        asked = {"view": view if is_space(given) else None}
    elif is_space(given) and by != "surface":
        asked = {"like": things, "progress": progress}
    else:
        asked = {"encoder": own or _encoder_for(against), "metric": metric, "progress": progress}
    other = _side(against, by, "against", **asked)
    if by != "surface":
        comparable(things, other)
    return things, other


def ways_for(things: Sample, other: Sample | None, by: str | None) -> tuple[Way, ...]:
    """The ways in which these can be compared."""
    sides = [side for side in (things, other) if side is not None and len(side)]
    texts = all(side.texts is not None for side in sides)
    if _overlaid(things, other):
        by = by or "both"
    elif by in ("both", "surface") and not texts:
        source = next(side.source for side in sides if side.texts is None)
        raise BadInput(
            f"by is {by!r}, but not all of {source} are texts, nor pictures; by='vectors' compares their vectors"
        )
    if by is None:
        rows = texts and all(text.startswith("{") for side in sides for text in side.texts or [])
        by = "both" if texts and not rows else "vectors"
    return ("surface", "vectors") if by == "both" else ("surface",) if by == "surface" else ("vectors",)


def poses_for(things: Sample, other: Sample | None, ways: tuple[Way, ...], poses: Poses) -> Poses | None:
    """How copies may be posed; None where pictures are not overlaid. Raises BadInput where poses are asked in vain."""
    if _overlaid(things, other) and "surface" in ways:
        many = other is not None and len(other) > max(MANY, MORE * len(things))
        return poses._replace(parts=not many) if poses.parts is None else poses
    if poses != Poses():
        raise BadInput(
            "mirrored=, turned= and parts= are for pictures that are compared by their surface, and these are "
            + ("compared by their vectors; leave by= out" if _overlaid(things, other) else "no pictures")
        )
    return None


def check_limits(false_pairs: Any, threshold: Any) -> None:
    """Raises BadInput for limits that make no sense."""
    if threshold is None and not (_finite(false_pairs) and false_pairs >= 0):
        raise BadInput(f"false_pairs is {false_pairs!r}; expected a number, 0 or more")
    if threshold is not None and not (_finite(threshold) and threshold <= 1):
        raise BadInput(f"threshold is {threshold!r}; expected a similarity, at most 1, which is that of equal things")


def check_one_scale(things: Sample, ways: tuple[Way, ...]) -> None:
    """Raises BadInput where one similarity does not serve all ways."""
    if len(ways) > 1 and things.metric != "cosine":
        raise BadInput(
            f"one threshold does not serve both the share of pieces, 0 to 1, and {things.metric} similarities; give by="
        )


def _overlaid(things: Sample, other: Sample | None) -> bool:
    """Whether there are things, and copies among all of them are found by laying one on another."""
    sides = [side for side in (things, other) if side is not None and len(side)]
    return bool(sides) and all(kind(side.kind).overlaid for side in sides)


def _side(given: Any, by: str | None, what: str, **asked: Any) -> Sample:
    if by != "surface" or is_space(given) or isinstance(given, Sample | np.ndarray) or _sees(asked.get("encoder")):
        side = sample(
            given, what=what, blanks=True, **asked
        )  # by the product, a thing may be closer to others than to its copy
        return replace(side, metric="cosine") if side.metric == "dot" else side
    with opened(given, what=what) as readable:
        things = numbered(as_things(readable, blanks=True), getattr(readable, "source", what))
    ids = [thing.id or "" for thing in things]
    return Sample(ids, np.empty((len(ids), 0), np.float32), things, "cosine", None, what)


def _sees(encoder: Any) -> bool:
    """Whether this is an encoder of pictures, as far as that can be told without loading it."""
    return encoder == ENCODER or kind(getattr(encoder, "kind", None)).overlaid


def _encoder_for(given: Any) -> str | None:
    """That of pictures, where these are some; else nobody has said which."""
    if is_space(given):
        return None
    with opened(given) as readable:
        return ENCODER if kind_within(readable).overlaid else None


def _finite(value: Any) -> bool:
    return isinstance(value, int | float | np.number) and bool(np.isfinite(value))
