"""The words of a text (space/terms.py) as SQLite's full-text index holds them: folded, stemmed by Porter's rules."""

from __future__ import annotations

import re
import threading

from knnife.space.sqlite.connection import Connection
from knnife.space.terms import END, Term, as_indexed

FOLDING = "unicode61 remove_diacritics 2"
STEMMING = f"porter {FOLDING}"
QUERY_CHARACTERS = 10_000  # what follows them is not looked at
MOST_PHRASES = 8

_PHRASE = re.compile(r'"([^"]*[^\W_][^"]*)"')
_local = threading.local()


def tokens(text: str) -> list[tuple[str, str]]:
    """The words of a text in order, folded (lower case, no accents), each with its stem."""
    return plain_tokens(as_indexed(text))


def plain_tokens(text: str) -> list[tuple[str, str]]:
    """What FTS5 makes of a text by itself."""
    db: Connection | None = getattr(_local, "db", None)
    if db is None:
        db = _local.db = Connection(":memory:", isolation_level=None)
        for name, how in (("folded", FOLDING), ("stemmed", STEMMING)):
            db.execute(f"CREATE VIRTUAL TABLE {name} USING fts5(value, content='', tokenize='{how}')")
            db.execute(f"CREATE VIRTUAL TABLE {name}_at USING fts5vocab({name}, instance)")
    given = [storable(text)]
    db.execute("BEGIN")
    try:
        db.execute("INSERT INTO folded (rowid, value) VALUES (1, ?)", given)
        db.execute("INSERT INTO stemmed (rowid, value) VALUES (1, ?)", given)
        words = db.execute("SELECT term FROM folded_at ORDER BY offset").fetchall()
        stems = db.execute("SELECT term FROM stemmed_at ORDER BY offset").fetchall()
    finally:
        db.execute("ROLLBACK")
    return [(word, stem) for (word,), (stem,) in zip(words, stems, strict=True)]


def phrases(query: str) -> list[str]:
    """The phrases in quotes that a query requires."""
    return _PHRASE.findall(query[:QUERY_CHARACTERS])[:MOST_PHRASES]


def quoted(text: str) -> str:
    """A text without quotes as an expression of FTS5: a phrase, in which nothing else has a meaning."""
    return '"' + storable(text).replace("\0", " ") + '"'


def expression(term: Term) -> str:
    """What finds a term."""
    return quoted(term.words) + " *" * term.opening


def phrase(text: str) -> str:
    """What finds a phrase; a run of a script without spaces may go on where it ends."""
    indexed = as_indexed(text)
    before, _, behind = indexed.rpartition(END)
    if before and not re.search(r"[^\W_]", behind):
        return quoted(before) + " *"
    return quoted(indexed)


def storable(text: str) -> str:
    """The text with lone surrogates, which SQLite does not take, replaced."""
    return text.encode("utf-8", "replace").decode()
