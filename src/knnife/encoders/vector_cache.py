"""A cache of vectors: what a slow encoder once made of a value is looked up instead of made again.

One file for each user, shared by all spaces and by whatever compares encoders. The key is the encoder's fingerprint
and the hash of the value; the vector is the float32 numbers that the encoder made. Encoders that are `cheap` bypass it.

A file that is damaged, foreign, full or not to be written costs a warning and the time to encode, never an answer.
docs/format.md describes the file.
"""

from __future__ import annotations

import os
import sqlite3
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.encoders.trusted import folder
from knnife.errors import BadInput, BadPictures, KnnifeError
from knnife.geometry import Vectors, as_vectors, blocks
from knnife.things.kinds import kind

MOST_BYTES = 1_000_000_000  # of the file; beyond, what was used longest ago is dropped
DROPPED = 16  # 1 vector in so many, at a time
PIECE = 512  # values encoded before they are written down
WAIT_SECONDS = 5.0  # for another process that writes; then this batch is not remembered
HOUR = 3_600  # "used" counts hours, so that reading seldom has to write

APPLICATION_ID = 0x6B6E6676  # "knfv"
FILE = "vectors1.sqlite"  # 1: the format; another one gets another name
SCHEMA = """
CREATE TABLE vectors (
    key    BLOB NOT NULL UNIQUE,    -- 16 bytes of BLAKE2b over the value, keyed with the fingerprint
    vector BLOB NOT NULL,           -- little-endian float32
    sum    BLOB NOT NULL,           -- 8 bytes of BLAKE2b over the vector, salted with the key
    used   INTEGER NOT NULL         -- hours since 1970
);
CREATE INDEX vectors_used ON vectors (used);
"""

_broken: set[Path] = set()  # files that this process does without, having said so


def encode(encoder: Encoder, values: Sequence[Any], progress: Progress | None = None) -> Vectors:
    """The vectors `(n, d)` of things, made by the encoder now or remembered from before.

    progress: called with how many are done; how long the others take is not known (None). Raises BadInput where the
    encoder makes something else than one finite vector for each value; BadPictures.
    """
    path = _path() if kind(encoder.kind).cached and not getattr(encoder, "cheap", False) else None
    kept = path is not None and all(isinstance(value, str | bytes) for value in values)
    vectors = np.empty((len(values), encoder.dim), np.float32)
    with closing(_Memory(path)) if path is not None and kept else nullcontext() as memory:
        for piece in blocks(len(values), 1, PIECE if kept or progress is not None else max(1, len(values))):
            some = values[piece]
            try:
                vectors[piece] = (
                    checked(encoder, encoder.encode(some), len(some))
                    if memory is None
                    else _recalled(memory, encoder, some)
                )
            except BadPictures as error:
                faults = {piece.start + place: why for place, why in error.faults.items()}
                raise BadPictures(faults, len(values)) from error
            if progress is not None:
                progress(piece.stop, None)
    return vectors


def checked(encoder: Encoder, vectors: Any, count: int) -> Vectors:
    """What an encoder made of `count` values, as float32 `(count, d)`. Raises BadInput where it is not that."""
    found = as_vectors(vectors, encoder.dim, f"the vectors made by encoder {encoder.name}")
    if len(found) != count:
        raise BadInput(f"encoder {encoder.name} made {len(found)} vectors of {count} values")
    return found


def _recalled(memory: _Memory, encoder: Encoder, values: Sequence[Any]) -> Vectors:
    """The vectors of one piece: each different value is looked up, and encoded where it is new."""
    keys = _keys(encoder, values)
    found = memory.recall(dict.fromkeys(keys), encoder.dim)
    missing = {key: value for key, value in zip(keys, values, strict=True) if key not in found}
    made: dict[bytes, Vectors] = {}
    if missing:
        try:
            vectors = checked(encoder, encoder.encode(list(missing.values())), len(missing))
        except BadPictures as error:  # of the different ones that are new: where do they stand among all?
            why = {key: error.faults.get(place) for place, key in enumerate(missing)}
            faults = {place: fault for place, key in enumerate(keys) if (fault := why.get(key)) is not None}
            raise BadPictures(faults, len(values)) from error
        made = dict(zip(missing, vectors, strict=True))
    memory.keep(made)
    return np.stack([made[key] if key in made else found[key] for key in keys])


def _keys(encoder: Encoder, values: Sequence[str | bytes]) -> list[bytes]:
    """The key of each value; a picture is known by what is in its file. Raises BadPictures for files out of reach."""
    model = blake2b(encoder.fingerprint.encode(), digest_size=32).digest()
    cache_key = kind(encoder.kind).cache_key
    keys, faults = [], {}
    for place, value in enumerate(values):
        try:
            data, person = cache_key(value)
            keys.append(blake2b(data, digest_size=16, key=model, person=person).digest())
        except KnnifeError as error:
            faults[place] = str(error)
    if faults:
        raise BadPictures(faults, len(values))
    return keys


def _sum(key: bytes, vector: bytes) -> bytes:
    return blake2b(vector, digest_size=8, salt=key).digest()


# --- the file ------------------------------------------------------------------------------------------------


class _Memory:
    """The file of remembered vectors. Where it fails, nothing is remembered and everything goes on."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._stale: list[bytes] = []  # keys recalled that were last used in an earlier hour
        self._now = int(time.time() // HOUR)
        if path not in _broken:
            with self._forgiving():
                self._db = _connect(path)

    def recall(self, keys: Iterable[bytes], dim: int) -> dict[bytes, Vectors]:
        """The vectors `(dim,)` that are remembered, by key; one that is not what was written is left out."""
        found: dict[bytes, Vectors] = {}
        db, sql = self._db, "SELECT vector, sum, used FROM vectors WHERE key = ? AND length(vector) = ?"
        if db is None:
            return found
        with self._forgiving(), db:
            db.execute("BEGIN DEFERRED")
            for key in keys:
                row = db.execute(sql, (key, 4 * dim)).fetchone()
                if row is None or not isinstance(row[0], bytes) or _sum(key, row[0]) != row[1]:
                    continue
                vector = np.frombuffer(row[0], "<f4")
                if np.isfinite(vector).all():
                    found[key] = vector
                    if row[2] != self._now:
                        self._stale.append(key)
        return found

    def keep(self, vectors: Mapping[bytes, Vectors]) -> None:
        """Remember vectors by key, note which others were of use, and drop the oldest where it gets too much."""
        stale, self._stale = self._stale, []
        if self._db is None or not (vectors or stale):
            return
        blobs = ((key, vector.astype("<f4").tobytes()) for key, vector in vectors.items())
        rows = ((key, blob, _sum(key, blob), self._now) for key, blob in blobs)
        with self._forgiving(), self._db as db:
            db.execute("BEGIN IMMEDIATE")
            db.executemany("UPDATE vectors SET used = ? WHERE key = ?", ((self._now, key) for key in stale))
            db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)
            while _size(db) > MOST_BYTES:
                share = f"SELECT 1 + count(*) / {DROPPED} FROM vectors"
                oldest = f"SELECT rowid FROM vectors ORDER BY used, rowid LIMIT ({share})"
                db.execute(f"DELETE FROM vectors WHERE rowid IN ({oldest})")

    def close(self) -> None:
        """Close the file."""
        if self._db is not None:
            self._db.close()

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """When the file fails, go on without it: for now where another process holds it, else for good."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            self.close()
            self._db = None
            if getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                return
            _broken.add(self._path)
            warnings.warn(
                f"the cache of vectors {self._path} cannot be used ({error}), so nothing is remembered. Delete it to "
                "begin a new one; KNNIFE_CACHE=FOLDER puts it elsewhere, KNNIFE_CACHE=off does without",
                stacklevel=2,
            )


def _path() -> Path | None:
    """The file of this user; None where it is switched off, or the user has no home."""
    own = folder()
    return None if own is None or os.environ.get("KNNIFE_CACHE", "").lower() == "off" else own / FILE


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # vectors tell much of the texts they were made of
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # and what SQLite keeps beside it is as it
    db = sqlite3.connect(path, isolation_level=None, timeout=WAIT_SECONDS)
    try:
        db.execute("PRAGMA trusted_schema = OFF")
        if not _ours(db):
            db.execute("PRAGMA page_size = 8192")  # five vectors of 384 numbers fit a page
            with db:
                db.execute("BEGIN IMMEDIATE")
                if not _ours(db):  # another process may have been quicker
                    for statement in SCHEMA.strip().split(";\n"):
                        db.execute(statement)
                    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # a power cut may cost what came last, and damages nothing
    except BaseException:
        db.close()
        raise
    return db


def _ours(db: sqlite3.Connection) -> bool:
    """Is this the cache (True), or an empty file (False)? Raises DatabaseError for what others made."""
    if db.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID:
        return True
    if db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise sqlite3.DatabaseError("it is another program's database")
    return False


def _size(db: sqlite3.Connection) -> int:
    """The bytes in use: free pages, which the next vectors fill, do not count."""
    pages, free, page = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * page)
