"""Things as rows of a store: checked, named, with their content hashed and their metadata as JSON.

This runs for every thing of every add, also for those that the space holds already: a few microseconds each.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Vectors, as_vectors
from knnife.space.protocols import Store
from knnife.space.records import Row
from knnife.things import Thing
from knnife.things.kinds import hashed, kind_of

SMALLEST, LARGEST = 16, 2048  # pixels of the longer side of a thumbnail

_dumps = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def rows(things: list[Thing]) -> Iterator[Row]:
    """One row a thing. Raises BadInput for what cannot be stored, naming the thing."""
    for thing, about in zip(things, _as_json(things), strict=True):
        id, value, _, part_of, _ = thing
        vector = None if thing.vector is None else _as_bytes(thing)
        content = _content(id, value, vector)
        if not about.startswith("{"):
            raise BadInput(f"thing {id!r}: its metadata is {type(thing.about).__name__}; expected names and values")
        if id is None:
            named = b"\0".join([content, about.encode("utf-8", "replace"), (part_of or "").encode("utf-8", "replace")])
            id = blake2b(named, digest_size=8).hexdigest()
        elif not isinstance(id, str) or not id or "\0" in id:
            raise BadInput(f"id {id!r}: expected a text, not empty and without NUL characters")
        yield Row(id, value, about, part_of, content, vector)


def _as_bytes(thing: Thing) -> bytes:
    try:
        exact = np.asarray(thing.vector)
        vector = np.asarray(exact, "<f4")
        if exact.dtype == np.float64 and not vector.any() and exact.any():
            raise BadInput(f"thing {thing.id!r}: its vector is too small for float32; multiply all by a constant")
        return vector.tobytes()
    except BadInput:
        raise
    except (TypeError, ValueError) as error:
        raise BadInput(f"thing {thing.id!r}: its vector is not made of numbers: {error}") from error


def joined(vectors: list[bytes]) -> Vectors:
    """The vectors `(n, d)` of rows. Raises BadInput where they are not equally long, or hold NaN."""
    for vector in vectors:
        if len(vector) != len(vectors[0]):
            raise BadInput(f"vectors of {len(vectors[0]) // 4} and of {len(vector) // 4} dimensions in one input")
    return as_vectors(np.frombuffer(b"".join(vectors), "<f4").reshape(len(vectors), -1))


def _content(id: str | None, value: Any, vector: bytes | None) -> bytes:
    """The hash of what a vector is made of: 16 bytes."""
    if isinstance(value, (str, bytes, bytearray)):
        if value == "":
            raise BadInput(f"thing {id!r} has an empty text; leave it out, or bring a vector and the value None")
        try:
            data, person = hashed(value)
        except UnicodeEncodeError as error:
            raise BadInput(f"thing {id!r}: its text is not valid Unicode (a lone surrogate): {error}") from error
    elif value is not None:
        raise BadInput(f"thing {id!r}: its value is {type(value).__name__}; expected text or bytes")
    elif vector is None:
        raise BadInput(f"thing {id!r} has neither a value nor a vector")
    else:
        data, person = b"", b""
    if vector is None:
        return blake2b(data, digest_size=16, person=person).digest()
    return blake2b(data + vector, digest_size=16, person=person + b"+vector").digest()


def _as_json(things: list[Thing]) -> list[str]:
    """The metadata of each thing. All of a batch in one go: to start the JSON encoder costs more than a row does."""
    if not any(thing.about for thing in things):
        return ["{}"] * len(things)
    border = f"--{os.urandom(12).hex()}--"  # a text that no thing holds
    try:
        text = _dumps([part for thing in things for part in (thing.about, border)])
        return text[1 : -len(f',"{border}"]')].split(f',"{border}",')
    except (TypeError, ValueError):
        for thing in things:  # which one was it?
            try:
                _dumps(thing.about)
            except (TypeError, ValueError) as error:
                raise BadInput(f"thing {thing.id!r}: its metadata cannot be kept as JSON: {error}") from error
        raise


def with_vectors(things: Iterable[Thing], vectors: Vectors, count: int | None) -> Iterator[Thing]:
    """Each thing with its row of `vectors` (n, d); count: of things, if known. Raises BadInput for unequal numbers."""
    if count is not None and count != len(vectors):
        raise BadInput(f"{len(vectors)} vectors were given for {count} things; expected one for each")
    n = 0
    for thing in things:
        if n == len(vectors):
            raise BadInput(f"{n} vectors were given, and more things than that")
        yield Thing(thing.id, thing.value, thing.about, thing.part_of, vectors[n])
        n += 1
    if n < len(vectors):
        raise BadInput(f"{len(vectors)} vectors were given, and only {n} things")


# --- thumbnails -------------------------------------------------------------------------------------------------


def side_for(store: Store, asked: int | None) -> int:
    """The longer side of thumbnails in pixels, 0 for none: as asked now, or before. Raises BadInput for other sizes."""
    with store.read() as snapshot:
        held = snapshot.settings().get("thumbnails", 0)
    for side, who in ((asked, ""), (held, f"the file {store.path} says ")):
        if side is not None and not (side == 0 or (isinstance(side, int) and SMALLEST <= side <= LARGEST)):
            raise BadInput(
                f"{who}thumbnails={side!r}: expected a side of {SMALLEST} to {LARGEST:,} pixels, or 0 for none"
            )
    if asked is not None and asked != held:
        with store.write() as writer:
            writer.put_settings({"thumbnails": asked})
    return held if asked is None else asked


def is_shown(value: Any) -> bool:
    """Is there anything to see in the value of a thing?"""
    return kind_of(value).has_picture


def thumbnails(values: Sequence[Any], side: int) -> list[bytes]:
    """The pictures as JPEG files whose longer side has at most so many pixels. Raises BadPictures."""
    if not values:
        return []
    from knnife.things.pixels import each_picture, jpeg  # who keeps none need not wait for it

    return each_picture(values, jpeg, side)
