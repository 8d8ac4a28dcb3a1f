"""Interactions as a store keeps them: blocks of events, beside the things, and the names that they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from knnife.things import About

Named = Literal["user", "item", "context"]
NAMED: tuple[Named, ...] = ("user", "item", "context")
NO_CONTEXT = -1
LEARNED = "recommend"  # the name of the note that says what was learned from, and when


class EventBlock(NamedTuple):
    """Events that came together: `(e,)` each. source: "" for what has no name; number: of the block in its source.

    digest: a hash of them as they were read. users, items, contexts: numbers of names; contexts: -1 for none. times:
    seconds since 1970, NaN where unknown.
    """

    source: str
    number: int
    digest: bytes
    users: NDArray[np.int32]
    items: NDArray[np.int32]
    weights: NDArray[np.float32]
    times: NDArray[np.float64]
    contexts: NDArray[np.int32]


class EventCount(NamedTuple):
    """How many events there are, and a mark that differs once any came or went."""

    events: int
    mark: tuple[int, int]


class EventTable(Protocol):
    """What a snapshot shows of interactions."""

    def count(self) -> EventCount:
        """How many events there are."""

    def blocks(self) -> Iterator[EventBlock]:
        """All events, in the order of their arrival. Raises NotASpace where what is stored is damaged."""

    def digests(self, source: str) -> Mapping[int, bytes]:
        """The digest of each block of a source, by its number."""

    def names(self, what: Named) -> list[str]:
        """The names of users, items or contexts: the place of each is its number."""

    def name_count(self, what: Named) -> int:
        """How many names there are."""

    def facts(self) -> Mapping[str, About]:
        """What is known of users, by their names; of those of whom nothing is, nothing."""


class EventWriter(EventTable, Protocol):
    """The same in a transaction. What changes here is no new state of the space: no view and no index shows it."""

    def number(self, what: Named, names: Sequence[str]) -> list[int]:
        """The numbers of names, all different; those that are new get the next ones."""

    def put(self, block: EventBlock) -> None:
        """Keep a block in the place of the one of that source and number, if there is one."""

    def drop(self, source: str, number: int) -> None:
        """Delete the blocks of a source from this number on."""

    def put_facts(self, facts: Mapping[str, About]) -> None:
        """Keep what is known of users, in place of what was known of these; new users get numbers."""
