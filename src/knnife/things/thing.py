"""A thing: what a space is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

Scalar = str | int | float | bool | None
About = Mapping[str, Scalar | list[Scalar]]

NOTHING: About = {}


class Thing(NamedTuple):
    """One thing. A named tuple because readers make millions of them.

    id: unique in its space; None: a hash of its content.
    value: what is encoded and shown: a text, the JSON of a row, the path or the bytes of a picture. None when the thing
        has only a vector.
    about: metadata, flat: names to text, numbers, booleans, None, or lists of those. Filters ask this.
    part_of: the id of the whole, for a passage of a document. The parts of one whole come one after another.
    vector: a vector brought along, `(d,)`, instead of one made by an encoder.
    """

    id: str | None
    value: str | bytes | None
    about: About = NOTHING
    part_of: str | None = None
    vector: Any = None
