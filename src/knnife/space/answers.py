"""What a space answers: plain frozen data, each with `rows()` for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions, Vectors
from knnife.space.records import Standing
from knnife.things import About


@dataclass(frozen=True)
class Added:
    """What an `add` did, in things.

    repeated: things whose id came before in the same input with other content, where `twice` says which of them counts.
    removed: passages that their document no longer has, and things of files that are gone from the folder, if that was
    asked for; left: of such files, where it was not. broken: skipped rows of the source. encoded: values encoded now,
    or found in the cache.
    """

    added: int
    updated: int
    unchanged: int
    removed: int
    repeated: int
    broken: int
    encoded: int
    seconds: float
    left: int = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row with everything."""
        yield asdict(self)


@dataclass(frozen=True)
class Neighbours:
    """The k nearest things of each of m queries: ids, positions and similarities, `(m, k)`, best first."""

    ids: list[list[str]]
    positions: Positions
    scores: Vectors

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a neighbour; `query` is the number of the query, from 0, and `rank` counts from 1."""
        for query, ids in enumerate(self.ids):
            for rank, id in enumerate(ids):
                yield {
                    "query": query,
                    "rank": rank + 1,
                    "id": id,
                    "score": float(self.scores[query, rank]),
                    "position": int(self.positions[query, rank]),
                }


@dataclass(frozen=True)
class Pairs:
    """All things at least so close to each query: parallel arrays `(p,)`, best first for each query."""

    queries: NDArray[np.int64]
    ids: list[str]
    positions: Positions
    scores: Vectors

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a pair of query (its number, from 0) and thing."""
        for query, id, position, score in zip(self.queries, self.ids, self.positions, self.scores, strict=True):
            yield {"query": int(query), "id": id, "score": float(score), "position": int(position)}


@dataclass(frozen=True)
class Hit:
    """One thing that a search found.

    score: a similarity for "meaning", BM25 for "words", for "both" their sum (`knnife.space.fusion`). meaning_rank,
    words_rank: from 1; None where it was no candidate. reader_rank: among those that a reader read, from 1; None where
    it read none, or not this one. When explained, words: those of the query found in it; passage: the part of it that
    the reader found closest to the query. also: the ids of nearly equal things that take no place of
    their own.
    """

    id: str
    score: float
    value: str | bytes | None
    about: About
    part_of: str | None
    position: int
    meaning_rank: int | None = None
    words_rank: int | None = None
    words: tuple[str, ...] = ()
    reader_rank: int | None = None
    passage: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hits:
    """What a search found, best first. Iterate over it, or ask for `rows()`.

    first: the rank of the first hit, greater than 1 on later pages. searched_for: the query as it was read, with its
    misspelled words put right. corrections: these words, as they are written and as they were read.
    """

    query: str
    hits: tuple[Hit, ...]
    first: int = 1
    searched_for: str = ""
    corrections: tuple[tuple[str, str], ...] = ()

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)

    def __getitem__(self, i: int) -> Hit:
        return self.hits[i]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a hit, with its rank."""
        for rank, hit in enumerate(self.hits, self.first):
            yield {"rank": rank, **asdict(hit)}


@dataclass(frozen=True)
class ViewInfo:
    """One view: its encoder, its vectors, and the index of its nearest neighbours.

    ready: it was complete once; until then it is not asked. complete: it has a vector of every thing.
    loss_mean, loss_max: relative rounding error |x - rounded x| / |x| of the vectors, 0 for float32.
    index: how neighbours are found now: "exact", or the structure and its effort; None before the first question.
    index_file: what is kept of it beside the space: "none", "current", "behind" (the next question follows what came
        and left), or "outdated" (the next question builds it anew).
    recall, filtered_recall: recall@10 as measured on the space's own points (without a filter, and with filters).
    source: of a derived view, what made its vectors; None for views of an encoder. stale: whether things, or views that
        it was made from, have changed since; None likewise. metric: by which its vectors are compared.
    untrusted: where its encoder leads, in words, where this user has to say yes to that first (docs/trust.md).
    """

    name: str
    default: bool
    ready: bool
    complete: bool
    encoder: str | None
    fingerprint: str | None
    kind: str | None
    dim: int
    dtype: str
    vectors: int
    loss_mean: float
    loss_max: float
    bytes: int
    index_file: Standing
    index: str | None = None
    recall: float | None = None
    filtered_recall: float | None = None
    source: str | None = None
    stale: bool | None = None
    metric: str | None = None
    untrusted: str | None = None


@dataclass(frozen=True)
class ReaderInfo:
    """What a reader has read so far, for searches or ahead of them: of how many things, how many texts; bytes kept."""

    name: str
    fingerprint: str
    things: int
    texts: int
    bytes: int


@dataclass(frozen=True)
class LogInfo:
    """The interactions of a space: how many events, of how many users and items.

    learned_from: how many events there were when they were learned from, and when that was; None where nothing was
    learned. stale: whether events have come or gone since.
    """

    events: int
    users: int
    items: int
    learned_from: int | None = None
    when: str | None = None
    stale: bool | None = None


@dataclass(frozen=True)
class Info:
    """What there is to know about a space. Sizes are bytes; wholes are documents that things are part of.

    thumbnails: how many pictures have a small copy. older_words: texts whose words are held as an earlier version held
    them, which knew no scripts without spaces; `Space.reencode` and `Space.use` change that. faults: a sentence each;
    None where they were not looked for. readers: those that have read anything. interactions: None where there are
    none.
    """

    path: str
    format: int
    things: int
    parts: int
    wholes: int
    metric: str
    recall_wanted: float
    fields: tuple[str, ...]  # names of metadata, from the first thousand things
    file_bytes: int
    index_bytes: int
    views: tuple[ViewInfo, ...]
    faults: tuple[str, ...] | None = None
    thumbnails: int = 0
    older_words: int = 0
    readers: tuple[ReaderInfo, ...] = ()
    interactions: LogInfo | None = None

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row with everything, views inside."""
        yield asdict(self)


@dataclass(frozen=True)
class Reencoded:
    """What a re-encoding did: the view that is complete now, the one that answered before, and how many it encoded.

    words: texts that are found by words now as texts that are added now.
    """

    view: str
    before: str | None
    switched: bool
    encoded: int
    seconds: float
    words: int = 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row with everything."""
        yield asdict(self)
