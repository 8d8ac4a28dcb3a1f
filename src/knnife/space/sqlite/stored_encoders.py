"""Encoders that live in the file of a space: trained on its things, so no name leads to them anywhere else.

Written in the transaction that makes the view, so there is never a view whose encoder is lost. The table is made with
the first of them: the files of spaces that need none, and older ones, do without.
"""

from __future__ import annotations

import sqlite3

from knnife.encoders import Encoder
from knnife.encoders.forms import FORMS, restore, written
from knnife.errors import BadInput, NotASpace

TABLE = """
CREATE TABLE IF NOT EXISTS models (     -- encoders that were trained for this space
    fingerprint TEXT PRIMARY KEY,       -- that of the views whose vectors it makes
    form        TEXT NOT NULL,          -- how the bytes are to be read
    bytes       BLOB NOT NULL
) WITHOUT ROWID
"""


def keep(db: sqlite3.Connection, encoder: Encoder) -> None:
    """Write an encoder down, if it is one that has no name."""
    found = written(encoder)
    if found is not None:
        db.execute(TABLE)
        db.execute("INSERT OR REPLACE INTO models VALUES (?, ?, ?)", (encoder.fingerprint, *found))


def kept(db: sqlite3.Connection, fingerprint: str) -> Encoder | None:
    """The encoder of this fingerprint, if the space keeps it.

    Raises NotASpace where its bytes are damaged; BadInput where the package that restores it is missing or fails.
    """
    if not _there(db):
        return None
    row = db.execute("SELECT form, bytes FROM models WHERE fingerprint = ?", [fingerprint]).fetchone()
    if row is None:
        return None
    path = db.execute("PRAGMA database_list").fetchone()[2]
    hint = "its vectors can still be read (`knnife export`), nothing can be encoded"
    copy = f"{hint}; restore the file from a copy"
    form, data = row
    if not isinstance(form, str) or not isinstance(data, bytes):
        raise NotASpace(f"{path} is damaged: the encoder kept in it is no such thing; {copy}")
    try:
        encoder = restore(form, data)
    except BadInput as error:
        if form not in FORMS:  # a package is missing or broken; the file is as it was
            raise BadInput(f"the encoder of {path} cannot be restored: {error}; until then {hint}") from error
        raise NotASpace(f"the encoder kept in {path} cannot be used: {error}; {copy}") from error
    if encoder.fingerprint != fingerprint:
        raise NotASpace(f"{path} is damaged: the encoder kept in it is another than the one of its view; {copy}")
    return encoder


def forget_unused(db: sqlite3.Connection) -> None:
    """Drop the encoders of views that are gone."""
    if _there(db):
        db.execute("DELETE FROM models WHERE fingerprint NOT IN (SELECT fingerprint FROM views)")


def _there(db: sqlite3.Connection) -> bool:
    return db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'models'").fetchone() is not None
