"""Notes in the file of a space: what a tool wants to find again beside the things, as JSON.

The table is made with the first of them: the files of spaces without notes do without.
"""

from __future__ import annotations

import json
from typing import Any

from knnife.errors import NotASpace
from knnife.space.space import Space

TABLE = """
CREATE TABLE IF NOT EXISTS notes (      -- what tools remember of this space
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL                 -- JSON
) WITHOUT ROWID
"""


def note(space: Space, name: str) -> Any:
    """What was noted under this name; None where nothing was. Raises NotASpace where it is damaged."""
    with space._store.read() as db:
        if db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'notes'").fetchone() is None:
            return None
        row = db.execute("SELECT value FROM notes WHERE name = ?", [name]).fetchone()
    if row is None:
        return None
    try:
        return json.loads(row[0])
    except (TypeError, ValueError, RecursionError) as error:
        raise NotASpace(f"{space.path} is damaged: its note {name!r} is no JSON; restore it from a copy") from error


def set_note(space: Space, name: str, value: Any) -> None:
    """Note a value under a name, in place of what was noted before. Raises ReadOnly, SpaceBusy, DiskFull."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    with space._store.write() as db:
        db.execute(TABLE)
        db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, text))
