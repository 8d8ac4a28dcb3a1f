"""Notes in a space: what a tool wants to find again beside the things, as JSON."""

from __future__ import annotations

import json
from typing import Any

from knnife.errors import NotASpace
from knnife.space.space import Space


def note(space: Space, name: str) -> Any:
    """What was noted under this name; None where nothing was. Raises NotASpace where it is damaged."""
    with space._store.read() as snapshot:
        text = snapshot.note(name)
    try:
        return None if text is None else json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise NotASpace(f"{space.path} is damaged: its note {name!r} is no JSON; restore it from a copy") from error


def set_note(space: Space, name: str, value: Any) -> None:
    """Note a value under a name, in place of what was noted before. Raises ReadOnly, SpaceBusy, DiskFull."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    with space._store.write() as writer:
        writer.put_note(name, text)
