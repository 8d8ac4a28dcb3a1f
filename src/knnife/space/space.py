"""The class that tools and interfaces see: a verb for each thing one does *with* a space.

What one asks *of* a space is a tool of its own (knnife/tools), built from these verbs.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from pathlib import Path
from typing import Any, Literal, Self

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.geometry import Metric, Vectors, as_vectors
from knnife.space import derived, lookup, reencoding, searching, unmatched
from knnife.space.adding import Adder
from knnife.space.answers import Added, Hits, Info, Neighbours, Pairs, Reencoded
from knnife.space.describing import describe
from knnife.space.filter_tree import Tree
from knnife.space.lookup import pick, positions_of, ready
from knnife.space.models import AddTarget, Models
from knnife.space.neighbours import NearQuery
from knnife.space.opening import checked_settings, open_store, warn_if_new
from knnife.space.preparing import side_for, with_vectors
from knnife.space.protocols import Snapshot, Store
from knnife.space.reader import ENOUGH, READER, Readings
from knnife.space.records import Dtype
from knnife.space.repeats import Twice
from knnife.things import Thing, as_things

Where = str | Mapping[str, Any] | None


class Space:
    """Things and their vectors, in one file. Make one with `Space.open`; use it as a context manager, or `close` it.

    Any number of threads may use one Space at once. One process writes at a time, beside any number that read.
    """

    def __init__(self, store: Store, models: Models, metric: Metric, dtype: Dtype, recall: float) -> None:
        self.path = store.path
        self.metric: Metric = metric
        self._store, self._models, self._dtype, self._recall = store, models, dtype, recall
        self._readings = Readings(store)
        weakref.finalize(self, self._readings.close)  # of a space that nobody closes

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        encoder: str | Encoder | None = None,
        *,
        metric: Metric | None = None,
        dtype: Dtype | None = None,
        recall: float | None = None,
        read_only: bool = False,
        create: bool = True,
        durable: bool = True,
    ) -> Self:
        """Open the space in the file `path`; make it if there is none (unless `read_only`, or `create` is False).

        path: ":memory:" makes one in memory, which is gone once closed: for tests, and a few thousand things.
        encoder: a name (`knnife models` lists them), the folder of a model, or any object with the names of
            `knnife.Encoder`. None: the one the space was made with, in a new space "english" (or none at all, when the
            first things bring their vectors).
        metric: "cosine", "dot", "euclidean" or "manhattan", fixed when the space is made; by default what the encoder
            prefers.
        dtype: how vectors are kept, "float32" (default), "float16" or "int8"; what rounding costs is in `info()`.
        recall: the share of the true 10 nearest that a search shall find, 0.98 by default; the index is tuned to it.
        durable: a commit survives a power cut. False: it survives a crash of the program only, and adding is faster.

        Raises NotFound, NotASpace, NewerFormat, ReadOnly, SpaceBusy, EncoderMismatch; BadInput for another metric.
        """
        models = Models(Path(path), encoder)
        store = open_store(Path(path), read_only=read_only, create=create, durable=durable)
        return cls(store, models, *checked_settings(store, models, metric, dtype, recall))

    # --- things in and out ------------------------------------------------------------------------------------

    def add(
        self, things: Any, vectors: Any = None, *, twice: Twice = "error",
        thumbnails: int | None = None, prune: bool = False, progress: Progress | None = None,
    ) -> Added:  # fmt: skip
        """Add things, or bring them up to date: an upsert keyed by id and content.

        things: what `knnife.read` gives, or any iterable of Things, texts (paths or bytes of pictures where the encoder
            takes those) or dicts, or a table. vectors: `(n, d)`, one for each thing, instead of the encoder's.
        twice: different things of one id are an "error", or take the "last", the "first", or all: "number" the others.
        thumbnails: the longer side, in pixels, of a small copy kept of each picture, now and in later adds; 0: none.
        prune: of a folder: remove the things of files that are gone from it; else a warning says that they stay.
        progress: called after each commit with the number of things so far, and the share done (None: unknown).

        Batches of about a second are committed as they are done; the same call again goes on where this one stopped.
        Raises BadInput (NaN and wrong dimensions too), EncoderMismatch, ReadOnly, SpaceBusy, DiskFull.
        """
        with self._store.read() as snapshot:
            self._models.check(view := pick(snapshot.views, None))
            stream = as_things(things, **self._models.reading(snapshot, view))
        if vectors is not None:
            stream = with_vectors(stream, as_vectors(vectors), len(things) if isinstance(things, Sized) else None)
        target, side = AddTarget(self._models, view, self._dtype), side_for(self._store, thumbnails)
        return Adder(self._store, target, progress, side, twice).run(stream, things, prune)

    def remove(self, ids: str | Iterable[str] = (), *, where: Where = None) -> int:
        """Remove things by id, or all that a filter matches; the number removed.

        The id of a whole removes all its parts. Raises NotFound for an unknown id, and then removes nothing.
        """
        wanted, tree = lookup.several(ids), lookup.filter_for(self._store, where)
        with self._store.write() as writer:
            return lookup.remove(writer, wanted, tree)

    def get(self, ids: str | Iterable[str]) -> list[Thing]:
        """The things of these ids, in that order. Raises NotFound, naming those that are missing."""
        with self._store.read() as snapshot:
            positions = positions_of(snapshot, lookup.several(ids))
            found = snapshot.things(positions)
        return [found[pos] for pos in positions]

    def vectors(self, ids: Iterable[str] | None = None, *, view: str | None = None) -> tuple[list[str], Vectors]:
        """The vectors of these ids in that order, or of all things in the order of their arrival: ids, `(n, d)`."""
        with self._store.read() as snapshot:
            return lookup.vectors_of(snapshot, ready(snapshot.views, view), ids)

    def batches(self, *, view: str | None = None) -> Iterator[tuple[list[str], Vectors]]:
        """What `vectors` gives of all things, of one state, a few thousand at a time: for more than memory holds."""
        with self._store.read() as snapshot:
            yield from lookup.batches(snapshot, ready(snapshot.views, view))

    def thumbnail(self, id: str) -> bytes | None:
        """The small picture kept of a thing, a JPEG file; None where there is none. Raises NotFound."""
        with self._store.read() as snapshot:
            return snapshot.thumbnail(positions_of(snapshot, lookup.several(id))[0])

    def __len__(self) -> int:
        with self._store.read() as snapshot:
            return snapshot.state.things

    def __contains__(self, id: object) -> bool:
        with self._store.read() as snapshot:
            return lookup.is_held(snapshot, id)

    def __iter__(self) -> Iterator[Thing]:
        return self.things()

    def things(self, where: Where = None) -> Iterator[Thing]:
        """The things that a filter matches (None: all) in the order of their arrival."""
        return lookup.stream(self._store, lookup.filter_for(self._store, where))

    # --- questions --------------------------------------------------------------------------------------------

    def near(
        self, queries: Any = None, k: int = 10, *, ids: Iterable[str] | None = None, where: Where = None,
        view: str | Mapping[str, float] | None = None,
    ) -> Neighbours:  # fmt: skip
        """The k nearest things of each query, best first.

        queries: one value or several (texts; rows, as mappings or JSON), or vectors `(d,)` or `(m, d)`; or `ids` of
            things of the space, whose neighbours are wanted, themselves left out.
        where: only things that match this filter (docs/filters.md); k of them come back whenever k match.
        view: not the default one but this; or several with their weights, {"plot": 1, "taste": 2}: the scores are then
            weighted means of standard scores (docs/views.md).
        """
        k, tree = lookup.whole_number("k", k), lookup.filter_for(self._store, where)
        with self._store.read() as snapshot:
            return self._asked(snapshot, tree, queries, ids).near(view, k)

    def within(
        self, queries: Any = None, at_least: float = 0.8, *, ids: Iterable[str] | None = None, where: Where = None,
        view: str | None = None,
    ) -> Pairs:  # fmt: skip
        """All things whose similarity to a query is at least so high; exact. Arguments as those of `near`."""
        tree = lookup.filter_for(self._store, where)
        with self._store.read() as snapshot:
            return self._asked(snapshot, tree, queries, ids).within(view, float(at_least))

    def search(
        self, query: str, k: int = 10, *, by: Literal["both", "meaning", "words"] = "both", where: Where = None,
        page: int = 1, fold: bool = False, explain: bool = False, view: str | None = None,
        reader: str | Encoder | None = "auto", as_written: bool = False, apart: bool = False,
    ) -> Hits:  # fmt: skip
        """The k things that best answer a text, by meaning and by words; `page` 2 holds the next k.

        fold: only the best part of each whole. explain: with the words of the query found in each hit. reader: the
        encoder that reads the best of them once more (docs/search.md); None: none; "auto": "minilm", where the view
        that is asked is of "english". What it reads is kept in the space. as_written: misspelled words are not read
        as what was likely meant. apart: nearly equal things take a place each (space/alike.py). Raises BadInput for an
        empty query, or pictures whose encoder knows no words; BadFilter for a bad `where`; NotFound, MissingPackage.
        """
        k, page = lookup.whole_number("k", k), lookup.whole_number("page", page)
        question = searching.Question(query, k, by, page, fold, explain, reader, as_written, apart).checked()
        tree = lookup.filter_for(self._store, where)
        with self._store.read() as snapshot:
            hits = searching.search(self._asked(snapshot, tree), question, ready(snapshot.views, view), self._readings)
        self._readings.keep(ENOUGH)
        return hits

    @property
    def encoder(self) -> Encoder:
        """What encodes texts here. Raises BadInput where vectors were brought, EncoderMismatch, MissingPackage."""
        with self._store.read() as snapshot:
            return self._models.of(snapshot, pick(snapshot.views, None))

    def index(self, *, progress: Progress | None = None) -> None:
        """Bring the index of neighbours up to date now; progress(things, share done) is told how far it is."""
        with self._store.read() as snapshot:
            view, things = ready(snapshot.views, None), snapshot.state.things
            if view is not None:
                self._asked(snapshot).points(view, progress and (lambda share: progress(round(share * things), share)))

    def info(self, *, check: bool = False) -> Info:
        """Counts, settings, sizes, views, how neighbours are found; `check`: what is wrong in the whole file, too."""
        with self._store.read() as snapshot:
            return describe(snapshot, self.path, self.metric, self._recall, check)

    # --- views ------------------------------------------------------------------------------------------------

    def reencode(
        self, encoder: str | Encoder, *, name: str | None = None, switch: bool = True, progress: Progress | None = None
    ) -> Reencoded:
        """Encode all things with another encoder into a new view, then make it the default, in one transaction.

        The old view answers until then, and stays until dropped; `use` is the way back. An interrupted run goes on.
        name: of the view, by default the encoder's. switch: False leaves the old view the default, if there is one.
        """
        with self._store.read() as snapshot:
            encoder = self._models.know(encoder, snapshot)
        return reencoding.reencode(self._store, self._models, encoder, self._dtype, name, switch, progress)

    def use(self, view: str, *, progress: Progress | None = None) -> Reencoded:
        """Make a view the default, in one transaction, once it has what was added while another one answered.

        Raises BadInput where nothing can encode that, NotFound for an unknown view.
        """
        return reencoding.use(self._store, self._models, view, progress)

    def drop(self, view: str) -> None:
        """Delete a view and its vectors, or what the reader of that name has read, where no other view is called so.

        Raises BadInput for the default view, NotFound for an unknown name.
        """
        self._readings.keep()
        reencoding.drop(self._store, view)

    def read_ahead(self, reader: str | Encoder = READER, *, progress: Progress | None = None) -> int:
        """Let a reader read all things now, so that each search finds them read: how many texts it has read.

        An interrupted run goes on. Raises BadInput for an encoder that reads no texts, NotFound, ReadOnly, SpaceBusy.
        """
        return reencoding.read_ahead(self._store, self._readings, reader, progress)

    def derive(
        self,
        name: str,
        vectors: Any,
        ids: Iterable[str] | None = None,
        *,
        source: str = "brought along",
        views: Sequence[str] = (),
        encoder: str | Encoder | None = None,
        metric: Metric | None = None,
        dtype: Dtype | None = None,
    ) -> None:
        """Put vectors that come from somewhere else than a value into a view of their own (docs/views.md).

        vectors: `(n, d)`, one for each of `ids`, things of the space; None: for all things in the order of `vectors()`.
            They replace those of a derived view of that name, in one transaction. source: what made them, for `info`.
        views: the names of views that they were made from. `info` says `stale` once these, or the things, have changed.
        encoder: what encodes queries for this view, if anything does. metric: if not that of the space.
        """
        with self._store.read() as snapshot:
            known = None if encoder is None else self._models.know(encoder, snapshot)
        derived.derive(self._store, name, vectors, ids, source, views, known, metric, dtype or self._dtype)

    # --- upkeep and closing -----------------------------------------------------------------------------------

    def compact(self) -> None:
        """Write the file anew without the room, and the bytes, of what was removed. Raises ReadOnly, SpaceBusy."""
        self._store.compact()

    def _asked(
        self, snapshot: Snapshot, tree: Tree | None = None, queries: Any = None, ids: Iterable[str] | None = None
    ) -> NearQuery:
        warn_if_new(snapshot, self.path, self._models)
        among = None if tree is None else unmatched.matching(snapshot, tree)
        wanted = None if ids is None else lookup.several(ids)
        return NearQuery(snapshot, self._models, self.metric, self._recall, among, queries, wanted)

    def close(self) -> None:
        """Close the file. Closing twice is fine."""
        self._readings.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
