"""What a reader reads of a thing: a few texts, made of its id and its value alone.

A position keeps both for ever, so what was read there never gets stale; metadata may change.
"""

from __future__ import annotations

from knnife.things import Thing


def parts(thing: Thing) -> list[str]:
    """The texts that may speak for a thing, each of which a reader reads by itself; none where there is no text."""
    return [thing.value] if isinstance(thing.value, str) and thing.value.strip() else []
