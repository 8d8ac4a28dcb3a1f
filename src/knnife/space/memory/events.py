"""Interactions in memory. See `knnife.space.event_table`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from knnife.space.event_table import EventBlock, EventCount, Named
from knnife.things import About


@dataclass
class MemoryEvents:
    """All events of a space, and what they are about."""

    held: dict[tuple[str, int], EventBlock] = field(default_factory=dict)  # by source and number, as they came
    named: dict[Named, dict[str, int]] = field(default_factory=lambda: {"user": {}, "item": {}, "context": {}})
    known: dict[str, About] = field(default_factory=dict)
    changes: int = 0

    def __copy__(self) -> MemoryEvents:
        """Another one that can be changed."""
        named = {what: names.copy() for what, names in self.named.items()}
        return MemoryEvents(self.held.copy(), named, self.known.copy(), self.changes)

    def count(self) -> EventCount:
        return EventCount(sum(len(block.users) for block in self.held.values()), (len(self.held), self.changes))

    def blocks(self) -> Iterator[EventBlock]:
        return iter([*self.held.values()])

    def digests(self, source: str) -> dict[int, bytes]:
        return {number: block.digest for (own, number), block in self.held.items() if own == source}

    def names(self, what: Named) -> list[str]:
        return [*self.named[what]]

    def name_count(self, what: Named) -> int:
        return len(self.named[what])

    def facts(self) -> dict[str, About]:
        return {name: self.known[name] for name in self.named["user"] if name in self.known}

    def number(self, what: Named, names: Sequence[str]) -> list[int]:
        own = self.named[what]
        return [own.setdefault(name, len(own)) for name in names]

    def put(self, block: EventBlock) -> None:
        self.held.pop((block.source, block.number), None)  # so that it comes last
        self.held[block.source, block.number] = block
        self.changes += 1

    def drop(self, source: str, number: int) -> None:
        self.held = {key: block for key, block in self.held.items() if key[0] != source or key[1] < number}
        self.changes += 1

    def put_facts(self, facts: Mapping[str, About]) -> None:
        self.number("user", [*facts])
        self.known.update(facts)
