"""What is stored of a space, whatever the store: things as rows, views, states."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, get_args

from knnife.geometry import Metric

Dtype = Literal["float32", "float16", "int8"]
DTYPES: tuple[str, ...] = get_args(Dtype)
Held = tuple[int | None, bytes, str, str | None]  # position (None: nothing is held), content, about, part_of
Reading = tuple[int, int]  # the position of a thing, and the key of the text that was read of it (see reader.py)
Standing = Literal["none", "current", "behind", "outdated"]


class State(NamedTuple):
    """Which state a store is in: the number of its last transaction, and what that led to."""

    number: int
    token: bytes  # random, so that a copy that went another way is told apart
    last: int  # the greatest position ever given
    gone: int  # how many things have left
    things: int


class Row(NamedTuple):
    """A thing as it is stored, but for its position."""

    id: str
    value: str | bytes | None
    about: str  # a flat JSON object
    part_of: str | None
    content: bytes  # a hash of what is encoded
    vector: bytes | None  # float32, where it was brought along


class Origin(NamedTuple):
    """Where the vectors of a derived view come from.

    source: what made them, in the words of who made them. views: what they were made from: name -> fingerprint and
    last filling of the view then. last, gone: the state of the things they were made for.
    """

    source: str
    views: Mapping[str, tuple[str | None, int]]
    last: int
    gone: int


class View(NamedTuple):
    """What one encoder makes of the things of a space, or vectors derived otherwise (`origin`).

    number: its name for the store; 0 before it has one. fingerprint, encoder, kind: None where vectors were brought.
    ready: it was complete once. filled: the transaction that last filled it beside the adds. loss_*: relative rounding
    errors of the vectors so far. metric: of a derived view, where it is not that of the space.
    """

    number: int
    name: str
    encoder: str | None
    fingerprint: str | None
    kind: str | None
    dim: int
    dtype: Dtype
    ready: bool
    is_default: bool
    filled: int = 0
    loss_sum: float = 0.0
    loss_max: float = 0.0
    loss_count: int = 0
    metric: Metric | None = None
    origin: Origin | None = None

    @property
    def width(self) -> int:
        """The bytes of one vector."""
        return {"float32": 4 * self.dim, "float16": 2 * self.dim, "int8": 4 + self.dim}[self.dtype]


class ReadBy(NamedTuple):
    """How much a reader has read of a space: of how many things, how many texts; bytes: of the vectors it made."""

    name: str
    fingerprint: str
    things: int
    texts: int
    bytes: int


class Summary(NamedTuple):
    """Counts and sizes: things that are parts, the wholes they are part of, names of metadata, bytes, thumbnails.

    format: of the file. older_words: texts whose words may be held as an earlier version did (see `Info`).
    """

    parts: int
    wholes: int
    fields: tuple[str, ...]
    bytes: int
    thumbnails: int
    format: int
    older_words: int


class IndexInfo(NamedTuple):
    """How the neighbours in a view are found, and what is kept for that; see `ViewInfo`."""

    standing: Standing = "none"
    bytes: int = 0
    method: str | None = None
    recall: float | None = None
    filtered_recall: float | None = None
