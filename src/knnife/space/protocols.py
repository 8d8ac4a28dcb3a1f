"""What a space asks of the store below it: a snapshot of one state, and a transaction that leads to the next.

The verbs of a space know no engine: `sqlite/` keeps things in one file, `memory/` in dictionaries. What a store must
guarantee is said here, at the operation it concerns, and held up by tests/contracts/test_stores.py:

    a state        what a snapshot shows never changes, whatever others commit meanwhile
    a transaction  is committed whole or leaves nothing, however it ends; one writer at a time
    a position     says in which order things arrived, and is never used twice; a thing whose value changes gets a new
                   one, so whatever hangs on a position (a vector, the words of a text) never changes
    a view         has vectors of things that are there; the default view has one of every thing
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Metric, Positions, Vectors
from knnife.space.event_table import EventTable, EventWriter
from knnife.space.filter_tree import Tree
from knnife.space.records import Held, IndexInfo, ReadBy, Reading, Row, State, Summary, View
from knnife.spelling.guessing import Guess
from knnife.things import About, Thing

Scores = NDArray[np.float32]
Progress = Callable[[float], None]  # the share that is done


class Moved(Exception):
    """The store has left the state that a transaction was planned for: plan again."""


class Selection(Protocol):
    """The things that a filter chooses: positions in one store, a predicate in another."""

    def __len__(self) -> int:
        """How many things are chosen."""

    def __iter__(self) -> Iterator[int]:
        """Their positions, in any order."""


class Neighbourhood(Protocol):
    """The points of one view, by closeness. Similarities: higher is closer; equal ones come by position."""

    def near(
        self, queries: Vectors, k: int, among: Selection | None = None, exclude: Positions | None = None
    ) -> tuple[Positions, Vectors]:
        """The k points closest to each of `queries` (m, d), best first: positions and similarities `(m, k)`.

        among: None means all. exclude: for each query `(m,)` a position that is no answer: its own. Fewer columns where
        fewer points can be answered; otherwise as many as match, at the recall that was asked for.
        """

    def within(
        self, queries: Vectors, at_least: float, among: Selection | None = None
    ) -> tuple[Positions, Positions, Vectors]:
        """All points at least so similar, exactly: numbers of queries, positions, similarities, each `(p,)`."""

    def similarities(self, queries: Vectors, positions: Positions) -> Vectors:
        """The exact similarities `(m, p)` of queries `(m, d)` to positions `(p,)`; minus infinity where no point is."""

    def ids_of(self, positions: Positions) -> list[list[str]]:
        """The ids at positions `(m, k)` that were answered."""

    def sample(self, count: int) -> Positions:
        """Up to `count` positions, ascending, evenly spread over those of all points."""


class WordMatches(Protocol):
    """What a query found by words: positions `(n,)`, best first, their scores (BM25), the deviation of all scores."""

    @property
    def positions(self) -> Positions: ...  # noqa: D102
    @property
    def scores(self) -> Scores: ...  # noqa: D102
    @property
    def std(self) -> float: ...  # noqa: D102


class WordIndex(Protocol):
    """The words of all texts and names, as space/terms.py and SQLite's FTS5 form them, ranked as weighing.py says."""

    def find(self, query: str, limit: int, among: Selection | None = None) -> WordMatches:
        """The `limit` best things for any words of a query; a "phrase" is required, where anything holds it."""

    def score(self, found: Any, positions: Positions) -> Scores:
        """The scores of any positions for the query of `found`, in their order; 0 where no word of it is."""

    def share(self, found: Any, positions: Positions) -> Scores:
        """How much of the query of `found` each holds: the share of its words, by their weights; 0 to 1."""

    def named(self, query: str, among: Selection | None = None) -> tuple[Positions, Positions]:
        """The things whose name is the query, and those whose name ends in it (space/naming.py), both ascending.

        Case, accents and an article in front do not count.
        """

    def matched(self, query: str, positions: Sequence[int]) -> list[tuple[str, ...]]:
        """For each position the words of the query that it holds in some form: lower case, accents removed."""

    def unknown(self, words: Sequence[str]) -> list[str]:
        """Those of some words that no text holds in any form; of what is several words, as a phrase."""

    def guess(self, word: str) -> Guess | None:
        """What a word that no text holds was likely meant to be; see `knnife.spelling.guessing`."""


class Snapshot(Protocol):
    """One state of a store. All that is read from one snapshot belongs together."""

    @property
    def state(self) -> State:
        """Which state this is."""

    # things

    def positions(self, ids: Sequence[str], *, wholes: bool = False) -> dict[str, list[int]]:
        """The position of each id that is here; with `wholes`, an id stands for the things that are part of it, too."""

    def held(self, ids: Sequence[str]) -> Iterable[Held]:
        """What is here under each of these ids, in their order."""

    def parts(self, whole: str) -> dict[str, int]:
        """The ids of the things that are part of a whole, and their positions."""

    def below(self, begin: str) -> dict[str, int]:
        """The names that begin so of wholes, with the number of their parts, and of things that are part of none."""

    def things(self, positions: Iterable[int]) -> dict[int, Thing]:
        """The things at positions, without their vectors; positions that are gone are left out."""

    def scan(self, tree: Tree | None, after: int, count: int) -> list[tuple[int, Thing]]:
        """The first `count` things behind the position `after` that a filter matches, ascending."""

    def ids(self, after: int = 0) -> Iterator[tuple[int, str]]:
        """Positions and ids of the things behind a position, in any order."""

    def matching(self, tree: Tree) -> Selection:
        """The things that a filter matches."""

    def metadata(self, count: int, field: str | None = None) -> list[About]:
        """What is known about up to `count` things, the first ones, of all or of those that have a field (or null)."""

    def gone_since(self, state: State) -> Positions | None:
        """The positions of its time that have left since a state, ascending; None where the store never was in it."""

    # views

    @property
    def views(self) -> Sequence[View]:
        """All views, the oldest first."""

    def vectors(
        self, view: View, positions: Sequence[int] | None = None, after: int = 0
    ) -> Iterator[tuple[Positions, Vectors]]:
        """Vectors of a view with their positions, ascending, by batches: of all things behind `after`, or of some.

        A thing without a vector is left out. Raises NotASpace where what is stored is no vector of this view.
        """

    def count(self, view: View) -> int:
        """How many vectors a view has."""

    def missing(self, view: View, after: int, count: int) -> list[tuple[int, Thing]]:
        """The first `count` things behind a position that have no vector in a view."""

    def neighbours(self, view: View, metric: Metric, recall: float, progress: Progress | None = None) -> Neighbourhood:
        """The points of a view. recall: the share of the true 10 nearest that `near` shall find."""

    def index_info(self, view: View, metric: Metric, recall: float) -> IndexInfo:
        """How neighbours are found in a view now; nothing is built for it."""

    @property
    def words(self) -> WordIndex:
        """The words of all texts."""

    @property
    def events(self) -> EventTable:
        """The interactions."""

    # what readers have read

    def readings(self, reader: str, positions: Sequence[int]) -> Mapping[Reading, bytes]:
        """What the reader of this fingerprint made of texts of things, as it was packed; damaged ones are left out."""

    @property
    def readers(self) -> Sequence[ReadBy]:
        """The readers that have read anything here."""

    # what else is kept

    def encoder(self, fingerprint: str) -> tuple[Any, Any] | None:
        """The form and the bytes of a trained encoder, as they were written; None where none is kept."""

    def settings(self) -> dict[str, Any]:
        """What is set for this space, by name."""

    def note(self, name: str) -> str | None:
        """What a tool noted under a name: JSON; None where nothing was."""

    def thumbnail(self, position: int) -> bytes | None:
        """The small picture kept of a thing, a JPEG file."""

    def without_thumbnail(self, positions: Sequence[int]) -> list[int]:
        """Those of these positions that have none."""

    def summary(self) -> Summary:
        """Counts and sizes."""

    def faults(self) -> Iterator[str]:
        """What is damaged, or does not hold as promised: a sentence each."""


class Writer(Snapshot, Protocol):
    """A transaction: a snapshot that sees what was changed in it so far."""

    @property
    def events(self) -> EventWriter:
        """The interactions."""

    def insert(self, rows: Sequence[Row], view: View, vectors: Vectors) -> range:
        """Add things with new ids and their vectors `(n, d)` in the default view; the positions they got."""

    def edit(self, edits: Sequence[tuple[str, str | None, int]]) -> None:
        """Change metadata alone: (about, part_of, position) each."""

    def remove(self, positions: Sequence[int]) -> None:
        """Take things out that are here, each position once, with all that hangs on them."""

    def fill(self, view: View, positions: Sequence[int], vectors: Vectors) -> None:
        """Give things their vectors `(n, d)` in a view; those that are gone, or have one, are passed over."""

    def renew_words(self, count: int) -> tuple[int, bool]:
        """Hold the words of up to `count` texts as the texts that are added now, where an earlier version held them.

        How many that changed, and whether there are no others.
        """

    def put_view(self, view: View) -> View:
        """Add a view (number 0), or write down what changed of one: ready, is_default (of one view at a time)."""

    def drop_view(self, view: View) -> None:
        """Delete a view with its vectors and its index, and the encoder that was kept for it alone."""

    def keep_encoder(self, fingerprint: str, form: str, data: bytes) -> None:
        """Keep a trained encoder."""

    def keep_readings(self, name: str, reader: str, readings: Mapping[Reading, bytes]) -> None:
        """Keep what a reader, of this name and fingerprint, made of texts; of things that are gone nothing is kept.

        It is no new state, as no answer changes with it.
        """

    def drop_readings(self, reader: str) -> None:
        """Delete all that a reader has read."""

    def put_settings(self, settings: Mapping[str, Any]) -> None:
        """Set some of the settings."""

    def put_note(self, name: str, value: str) -> None:
        """Note a text of JSON under a name, in place of what was noted before."""

    def put_thumbnails(self, positions: Iterable[int], pictures: Iterable[bytes]) -> None:
        """Keep small pictures of things."""


class Store(Protocol):
    """Where a space lives. Any number of threads may use one store at once."""

    path: Path
    read_only: bool

    def read(self) -> AbstractContextManager[Snapshot]:
        """A snapshot of the state now, to be used within the block."""

    def write(self, expected: State | None = None, *, wait: bool = True) -> AbstractContextManager[Writer]:
        """A transaction, committed at the end of the block, undone whole when anything is raised in it.

        expected: the state that the changes were planned for; raises Moved where the store has left it.
        Raises ReadOnly; SpaceBusy when somebody else is writing (at once, unless `wait`); DiskFull.
        """

    def prepare(self, tree: Tree) -> None:
        """Called before a snapshot is taken to be filtered so: a store may make what lets it filter quickly."""

    def compact(self) -> None:
        """Leave nothing of what was removed, neither its room nor its bytes. Raises ReadOnly, SpaceBusy, DiskFull."""

    def close(self) -> None:
        """Let go of everything. Closing twice is fine; whatever is asked afterwards raises SpaceError."""
