"""Things in memory: what a tool that looks at all things at once is given, as ids, vectors and things.

It comes from a space, an array, or anything that can be read and encoded. Answers name things by id and by position,
their place in what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from knnife.encoders import Encoder, load_encoder, vector_cache
from knnife.encoders.protocol import Progress, check_values, preferred_metric, reading_for
from knnife.errors import BadInput, BadPictures, EncoderMismatch
from knnife.geometry import METRICS, Metric, Positions, Vectors, as_vectors, gathered, unit
from knnife.space import lookup, unmatched
from knnife.space.filters import parse_filter
from knnife.space.index.index import Index
from knnife.space.inputs import is_array, is_space, opened
from knnife.space.lookup import pick, ready
from knnife.space.opening import warn_if_new
from knnife.space.space import Space, Where
from knnife.space.taste import USERS, need_taste, user_points
from knnife.things import Reading, Thing, as_things, kind_within, numbered
from knnife.things.kinds import kind
from knnife.things.rows import is_blank


@dataclass(frozen=True)
class Sample:
    """n things with their vectors.

    ids: "0", "1", ... of an array. vectors: `(n, d)`, as stored. things: of an array, without values and metadata.
    metric: by which the vectors are compared. fingerprint: of their encoder, None where they were brought along.
    source: a name for messages. kind: of the things ("text", "row", "image", ...); None where it is unknown.
    """

    ids: Sequence[str]
    vectors: Vectors
    things: Sequence[Thing]
    metric: Metric
    fingerprint: str | None
    source: str
    _encoder: Callable[[], Encoder] | None = None
    kind: str | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def points(self) -> Vectors:
        """The vectors as they are compared `(n, d)`: of length 1 where the metric is the cosine."""
        return unit(self.vectors) if self.metric == "cosine" else self.vectors

    @property
    def texts(self) -> list[str] | None:
        """The texts of all things; None unless each has one. The path of a picture is none."""
        if kind(self.kind).in_files:
            return None
        found = [thing.value for thing in self.things if isinstance(thing.value, str)]
        return found if found and len(found) == len(self) else None

    @property
    def encoder(self) -> Encoder:
        """What made the vectors. Raises BadInput where they were brought along, and what `Space.encoder` raises."""
        if self._encoder is None:
            raise BadInput(f"the vectors of {self.source} were brought along, so there is no encoder for other things")
        return self._encoder()

    @property
    def parts(self) -> Mapping[str, slice]:
        """Which components come from which column, for encoders of rows that tell; else empty."""
        return {} if self._encoder is None or self.fingerprint is None else getattr(self.encoder, "parts", {})

    @property
    def filled(self) -> Positions:
        """The positions of all things but blank ones, which are like nothing."""
        return np.array([row for row, thing in enumerate(self.things) if not is_blank(thing.value)], np.int64)

    def take(self, rows: Any) -> Sample:
        """Those at these positions (or where a mask is true), in that order."""
        rows = np.arange(len(self))[rows].tolist()
        return replace(
            self,
            ids=[self.ids[row] for row in rows],
            vectors=self.vectors[rows],
            things=[self.things[row] for row in rows],
        )


def sample(
    given: Any,
    *,
    encoder: str | Encoder | None = None,
    metric: Metric | None = None,
    view: str | None = None,
    where: Where = None,
    like: Sample | None = None,
    what: str = "things",
    progress: Progress | None = None,
    blanks: bool = False,
) -> Sample:
    """What was given to a tool, as a Sample; a Sample is returned as it is.

    given: a Space; vectors `(n, d)`; whatever `Space.add` takes (texts, Things, dicts, a table, what `knnife.read`
        gives), which `encoder` then encodes; a Series, or paths of pictures; or the path of any of these.
    encoder, metric: of things, and of arrays; by default that of their kind, and what it prefers. A space has its own.
    view, where: of a space, which vectors of which things; the view "users" has its users in place of things.
    like: a sample to compare with, whose metric and encoder, where it has one, are used instead.
    progress: called with how many things are encoded, and None.
    blanks: of Python objects, texts with nothing in them are things all the same, with vectors of zeros (`filled`);
        else they are no input.

    Raises BadInput for what cannot be read as any of these, and for NaN; NotFound; what reading and encoding raise.
    """
    if isinstance(given, Sample):
        return given
    if is_space(given) and (encoder is not None or metric is not None):
        raise BadInput(f"{what}: a space has an encoder and a metric of its own; leave encoder= and metric= out")
    if metric is not None and metric not in METRICS:
        raise BadInput(f"metric {metric!r}: expected one of {', '.join(METRICS)}")
    if (view is not None or where is not None) and not is_space(given):
        raise BadInput(f"{what}: view= and where= are for spaces, and this is {type(given).__name__}")
    load = _loader(encoder, like)
    with opened(given, encoder=load, what=what) as asked:
        if isinstance(asked, Space):
            found = _of_space(asked, view, where)
            return found if asked is given else replace(found, _encoder=partial(_encoder_in, asked.path, view))
        metric = metric if like is None else like.metric
        if not is_array(asked):
            found = _of_things(asked, load, metric, what, progress, blanks)
            if load is None and like is not None and found.fingerprint is not None:
                raise BadInput(
                    f"{what}: the vectors of {like.source} were brought along; an array is compared with an array "
                    "(.npy), as no encoder made its vectors"
                )
            return found
        vectors = as_vectors(asked, what=what) if len(asked) else np.empty((0, 0), np.float32)
        ids = [str(number) for number in range(len(vectors))]
        return Sample(ids, vectors, [Thing(id, None) for id in ids], metric or "cosine", None, what)


def _loader(encoder: str | Encoder | None, like: Sample | None) -> Callable[[], Encoder] | None:
    """What gives the encoder of things; None where nobody has said which that is."""
    if like is not None and like.fingerprint is not None:
        return lambda: like.encoder
    return None if encoder is None else partial(load_encoder, encoder)


def comparable(a: Sample, b: Sample) -> None:
    """Raises EncoderMismatch or BadInput unless the vectors of both can be compared."""
    if not len(a) or not len(b):
        return
    if a.fingerprint is not None and b.fingerprint is not None and a.fingerprint != b.fingerprint:
        raise EncoderMismatch(
            f"the vectors of {a.source} and of {b.source} were made by different encoders ({a.fingerprint[:12]} and "
            f"{b.fingerprint[:12]}), so they cannot be compared; re-encode one with the encoder of the other "
            "(`knnife reencode`)"
        )
    if a.vectors.shape[1] != b.vectors.shape[1]:
        raise BadInput(
            f"{a.source} has vectors of {a.vectors.shape[1]} dimensions, {b.source} of {b.vectors.shape[1]}; "
            "they must agree"
        )


def nearest(
    vectors: Vectors, k: int, queries: Vectors | None = None, *, metric: Metric = "cosine", recall: float = 1.0
) -> tuple[Positions, Vectors]:
    """The k nearest of `vectors` (n, d) to each of `queries` (m, d), best first: rows and similarities `(m, k)`.

    queries: None asks with the vectors themselves, none of which is answered to itself. recall: 1 is exact; less lets
    codes choose the candidates where there are many points, which is quicker. There are fewer than k columns where
    fewer can be answered. Raises BadInput for NaN and for other dimensions.
    """
    if not len(vectors):
        width = 0 if queries is None else len(queries)
        return np.empty((width, 0), np.int64), np.empty((width, 0), np.float32)
    vectors, positions = as_vectors(vectors), np.arange(len(vectors))
    index = Index.build(vectors, positions, [""] * len(vectors), metric=metric, recall=recall)
    if queries is None:
        return index.near(vectors, k, exclude=positions)
    return index.near(as_vectors(queries, vectors.shape[1], "queries"), k)


def _of_users(space: Space, where: Where) -> Sample:
    if where is not None:
        raise BadInput(f"{space.path}: where= (--where) asks things, and the view {USERS!r} has users")
    taste = need_taste(space)
    metric, path = preferred_metric(taste), str(space.path)
    return Sample(*user_points(space), metric, taste.fingerprint, path, lambda: taste, taste.kind)


def _of_space(space: Space, view: str | None, where: Where) -> Sample:
    if view == USERS:
        return _of_users(space, where)
    tree = None if where is None else parse_filter(where)
    with space._store.read() as snapshot:  # things and vectors of one state
        warn_if_new(snapshot, space.path, space._models)
        chosen = ready(snapshot.views, view)
        found = snapshot.scan(tree, 0, max(1, snapshot.state.things))
        unmatched.warn(snapshot, tree, len(found))
        things, positions = [thing for _, thing in found], [position for position, _ in found]
        if chosen is None:
            vectors = np.empty((0, 0), np.float32)
        elif where is not None:
            vectors = lookup.vectors_at(snapshot, chosen, positions)
        else:
            _, vectors = gathered(snapshot.vectors(chosen), len(things), chosen.dim)
    if where is None and len(vectors) != len(things):
        raise BadInput(
            f"the view {chosen.name if chosen else ''!r} has vectors of {len(vectors):,} of {len(things):,} things; "
            f"`knnife reencode` with its encoder completes it"
        )

    fingerprint, own = (chosen.fingerprint, chosen.kind) if chosen else (None, None)
    metric = (chosen and chosen.metric) or space.metric
    load = partial(_encoder_of, space, view)
    return Sample(
        [thing.id or "" for thing in things], vectors, things, metric, fingerprint, str(space.path), load, own
    )


def _encoder_of(space: Space, view: str | None) -> Encoder:
    with space._store.read() as snapshot:
        return space._models.of(snapshot, pick(snapshot.views, view))


def _encoder_in(path: Path, view: str | None) -> Encoder:
    """The same, of a space that was closed again."""
    with Space.open(path, read_only=True) as space:
        return need_taste(space) if view == USERS else _encoder_of(space, view)


def _of_things(
    given: Any,
    load: Callable[[], Encoder] | None,
    metric: Metric | None,
    what: str,
    progress: Progress | None,
    blanks: bool,
) -> Sample:
    if load is None:
        told = kind_within(given)
        if not told.default_encoder:
            raise BadInput(f"{what}: which encoder is meant, encoder=…? {told.encoders}")
        load = partial(load_encoder, told.default_encoder)
    loaded = load()
    things = numbered(as_things(given, **reading_for(loaded), blanks=blanks), getattr(given, "source", what))
    metric = metric or preferred_metric(loaded)
    brought = [thing.vector for thing in things if thing.vector is not None]
    if brought and len(brought) == len(things):
        ids = [thing.id or "" for thing in things]
        return Sample(ids, as_vectors(np.array(brought), what=what), things, metric, None, what)
    there = [row for row, thing in enumerate(things) if not is_blank(thing.value)]
    check_values(loaded, [things[row].value for row in there], f"{what}: ")
    kept, encoded = _encoded(loaded, [things[row] for row in there], given, progress)
    if len(there) == len(things):
        things, vectors = kept, encoded
    else:
        vectors = np.zeros((len(things), encoded.shape[1]), np.float32)
        vectors[there] = encoded
    ids = [thing.id or "" for thing in things]
    return Sample(ids, vectors, things, metric, loaded.fingerprint, what, lambda: loaded, loaded.kind)


def _encoded(
    encoder: Encoder, things: list[Thing], source: Any, progress: Progress | None
) -> tuple[list[Thing], Vectors]:
    """The things with their vectors `(n, d)`; without those of a Reading that turned out to be broken pictures."""
    while True:
        try:
            return things, vector_cache.encode(encoder, [thing.value for thing in things], progress)
        except BadPictures as error:
            if not isinstance(source, Reading):
                raise
            for place, why in error.faults.items():
                source.fault(None, why, str(things[place].id))
            things = [thing for place, thing in enumerate(things) if place not in error.faults]
