"""The kinds of things: one table that says how the values of each kind are recognised, read, cached and shown.

Nothing else compares the names of kinds, so a new kind is one more entry of the table.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from knnife.errors import BadInput
from knnife.things.pictures import ENDINGS, PicturePath, content

Hashed = tuple[bytes, bytes]  # the bytes to hash, and the `person` of BLAKE2b, which keeps types of values apart


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and not isinstance(value, PicturePath)


def _value_bytes(value: str | bytes) -> Hashed:
    return (value.encode("utf-8", "surrogatepass"), b"text") if isinstance(value, str) else (value, b"bytes")


def _file_hash(value: str | bytes) -> Hashed:
    return content(value), b"picture"


@dataclass(frozen=True)
class Kind:
    """One kind of things.

    name: the `kind` of its encoders. noun: one such thing in a sentence.
    takes(value): whether a value is of a type that encoders of this kind take.
    reading: the arguments by which `read` and `as_things` read things of this kind.
    endings: of the files that hold one thing each. Where there are any, a value is the path of a file, or its bytes.
    cached: whether vectors may stay in the user's cache. cache_key(value): what it knows a value by; raises KnnifeError
        for a file that cannot be read.
    any_text: every text is a value, so that encoders of this kind take names and words. found_by_text: a text finds
        things of this kind, because their encoders take it as a query.
    default_encoder: used where none is named; "" where the user has to choose one. encoders: among which.
    has_picture: a thing can be shown as a picture: as a thumbnail, or on a contact sheet. overlaid: copies are found
        by laying one picture on the other. cut_out: a detector cuts the things out of photos before they are encoded.
    whole_rows: an encoder is trained on the columns of a table. stored: a space keeps such values as its things.
    """

    name: str
    noun: str
    takes: Callable[[Any], bool]
    reading: Mapping[str, bool] = field(default_factory=dict)
    endings: frozenset[str] = frozenset()
    cached: bool = True
    cache_key: Callable[[str | bytes], Hashed] = _value_bytes
    any_text: bool = False
    found_by_text: bool = False
    default_encoder: str = ""
    encoders: str = ""
    has_picture: bool = False
    overlaid: bool = False
    cut_out: bool = False
    whole_rows: bool = False
    stored: bool = True

    @property
    def in_files(self) -> bool:
        """Whether a value is the path of a file, or its bytes."""
        return bool(self.endings)

    def shares_values(self, other: Kind) -> bool:
        """Whether things of the other kind can be encoded as this one: the path of a picture is no text."""
        return self.endings == other.endings and self.stored == other.stored


def kind(name: str | None) -> Kind:
    """The kind called so; another name is that of an encoder elsewhere, which takes all but texts. Raises BadInput."""
    if name is not None and not isinstance(name, str):
        raise BadInput(f"a kind is a name, such as {', '.join(KINDS)}; got {type(name).__name__}: {name!r:.60}")
    return KINDS.get(name or "") or replace(_OTHER, name=name or "")


def kind_of(value: Any) -> Kind:
    """The kind of a value: bytes are those of a picture, a path is one only if it was read as one."""
    if isinstance(value, PicturePath | bytes):
        return _IMAGE
    return TEXT if isinstance(value, str) else _ROW if isinstance(value, Mapping) else _OTHER


def kind_of_file(name: str) -> Kind | None:
    """The kind of the one thing that a file holds, by the ending of its name; None for tables, texts and others."""
    ending = os.path.splitext(name)[1].lower()
    return next((each for each in KINDS.values() if ending in each.endings), None)


def hashed(value: str | bytes | bytearray) -> Hashed:
    """What a space knows a value by. Raises UnicodeEncodeError for a text that holds a lone surrogate."""
    if type(value) is str:  # at once, as this runs for every thing of every add
        return value.encode(), b"text"
    if isinstance(value, PicturePath):  # both where it lies, which is its value, and what lies there
        return value.encode() + b"\0" + value.content, b"picture"
    return (value.encode(), b"text") if isinstance(value, str) else (bytes(value), b"bytes")


TEXT: Final = Kind("text", "text", takes=_is_text, any_text=True, found_by_text=True, default_encoder="english")
_ROW: Final = Kind(
    "row",
    "row of a table",
    takes=lambda value: _is_text(value) or isinstance(value, Mapping),
    reading={"row": True},
    found_by_text=True,
    whole_rows=True,
)
_IMAGE: Final = Kind(
    "image",
    "picture",
    takes=lambda value: isinstance(value, str | bytes),
    reading={"pictures": True},
    endings=ENDINGS,
    cache_key=_file_hash,
    encoders='pictures want an encoder of their own: "copies" for copies of the same picture, knnife.SceneEncoder '
    '("scenes" on the command line), which learns from them, for the same object or scene, or an open model',
    has_picture=True,
    overlaid=True,
)
_FACE: Final = replace(  # a picture of one face; of a person who is removed nothing may stay in a cache
    _IMAGE, name="face", noun="picture of a face", cached=False, overlaid=False, cut_out=True
)
_HISTORY: Final = Kind(  # ids of things that somebody chose, or how much each counts
    "history",
    "history",
    takes=lambda value: isinstance(value, list | tuple | Mapping),
    cached=False,
    encoders="what somebody chose is no thing of a space: `knnife recommend train` learns from logs of it",
    stored=False,
)
_OTHER: Final = Kind("", "thing", takes=lambda value: not _is_text(value))

KINDS: Final = {each.name: each for each in (TEXT, _ROW, _IMAGE, _FACE, _HISTORY)}
