"""A reading: the things of one source, how far it has come, and what was wrong on the way.

Every reader is a generator of things that gets its Reading; it calls `reading.fault` for a row it cannot use and sets
`reading.progress`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, NamedTuple

from knnife.errors import BadInput, BadRow
from knnife.things.kinds import TEXT, Kind
from knnife.things.thing import Thing

if TYPE_CHECKING:
    from knnife.things.taken import Taken

OnError = Literal["stop", "skip"]
Reader = Callable[["Reading"], Iterator[Thing]]

KEPT_PROBLEMS = 100  # enough to see what is wrong; a million of them would be a leak


class RowError(Exception):
    """Why a row cannot become a thing. The reader knows the file and line, and makes it a BadRow."""


class NotUtf8(RowError):
    """Bytes that are no UTF-8. What to do about them depends on the rest of the file, which the Reading knows."""

    def __init__(self) -> None:
        super().__init__("invalid UTF-8")


class Written(NamedTuple):
    """How a source is written, where the user says it: the encoding of its text, and what is between its cells."""

    encoding: str | None = None
    delimiter: str | None = None


AS_FOUND = Written()
_STATED: ContextVar[Written] = ContextVar("stated", default=AS_FOUND)


@contextmanager
def stated(written: Written) -> Iterator[None]:
    """While it lasts, what every Reading that is made takes for how its source is written, unless it is told."""
    token = _STATED.set(written)
    try:
        yield
    finally:
        _STATED.reset(token)


class Folder(NamedTuple):
    """A folder that is read: how the names of its files begin, which are there, and which kind of them is taken.

    unread: folders in it that cannot be looked into, and why.
    """

    begin: str
    files: frozenset[str]
    takes: Callable[[str], bool]
    unread: tuple[tuple[str, str], ...] = ()

    def has_lost(self, name: str) -> bool:
        """Whether a file of this name, which begins as those here do, would be read and is not there any more."""
        outside = not self.begin and (name.startswith("../") or PurePosixPath(name).is_absolute())
        there = (str(each) in self.files for each in [name, *PurePosixPath(name).parents])  # in an archive, perhaps
        return self.takes(name) and not outside and not any(there)


class Reading:
    """The things of one source, once.

    source: as it was given (a path with forward slashes). broken: how many rows were skipped; problems: the first 100
    of them, with file and line. passed_over: how many files were not read, by what they are ("picture", "sound file");
    skipped: how many in all. notes: what was read otherwise than it is written, in words. taken: for what the columns
    of a table are taken whose cells had to be read, known from the first thing on; types: the same in words, where it
    is more than plain texts and numbers ({"amount": "numbers with decimal comma"}). written: how the user says it is
    written; undecodable: what to do about bytes that are no UTF-8. complete: each whole (a document) comes with all its
    parts, so a part that is missing is no more; emptied: wholes that were read and have no part at all. folder: of
    which all files are read. kind: of things in files of their own, else that of texts, also for
    tables. on_error: "stop" raises the first broken row as BadRow; "skip" counts it.
    """

    def __init__(
        self,
        source: str,
        reader: Reader,
        on_error: OnError = "stop",
        *,
        complete: bool = False,
        kind: Kind = TEXT,
        written: Written | None = None,
    ) -> None:
        if on_error not in ("stop", "skip"):
            raise BadInput(f'on_error={on_error!r}: expected "stop" or "skip"')
        self.source, self.complete, self.kind = source, complete, kind
        self.broken = 0
        self.problems: list[BadRow] = []
        self.passed_over: Counter[str] = Counter()
        self.notes: list[str] = []
        self.emptied: list[str] = []
        self.folder: Folder | None = None
        self.taken: Mapping[str, Taken] = {}
        self.written = _STATED.get() if written is None else written
        self.undecodable: Callable[[], str] = lambda: "save it as UTF-8"
        self.progress: Callable[[], float | None] = lambda: 0.0
        self._reader, self._on_error = reader, on_error
        self._started = False
        self._ahead: list[Thing] = []
        self._rest: Iterator[Thing] | None = None

    def __iter__(self) -> Iterator[Thing]:
        if self._started:
            raise BadInput(f"{self.source} was read already; call read(...) again for a second pass")
        self._started = True
        for place, why in self.folder.unread if self.folder else ():
            self.fault(None, f"the folder cannot be read: {why}", place)
        ahead, self._ahead = self._ahead, []
        yield from ahead
        del ahead
        yield from self._reader(self) if self._rest is None else self._rest
        self.progress = lambda: 1.0

    def first(self, count: int) -> list[Thing]:
        """The first `count` things, or all there are; iterating gives them again. Raises what reading raises."""
        if self._started:
            raise BadInput(f"{self.source} was read already; look at its first things before that")
        if self._rest is None:
            self._rest = self._reader(self)
        self._ahead += islice(self._rest, max(0, count - len(self._ahead)))
        return self._ahead[:count]

    @property
    def types(self) -> dict[str, str]:
        """What columns are taken for, in words."""
        return {name: taken.words for name, taken in self.taken.items() if taken.words}

    @property
    def pictures(self) -> bool:
        """Whether its things are pictures."""
        return self.kind.has_picture

    @property
    def skipped(self) -> int:
        """How many files hold nothing to read."""
        return self.passed_over.total()

    @property
    def pictures_skipped(self) -> int:
        """How many of these are pictures."""
        return self.passed_over["picture"]

    @property
    def fraction(self) -> float | None:
        """How much is done, 0 to 1 (by bytes, files or modules); None where nobody can know (a pipe)."""
        return self.progress()

    def fault(self, line: int | None, why: object, source: str | None = None) -> None:
        """A row cannot be used: raise BadRow or count it, by `on_error`."""
        name = source or self.source
        if isinstance(why, NotUtf8):
            why = f"{why}: {self.undecodable()}"
        problem = BadRow(name, line, str(why).removeprefix(f"{name} ").removeprefix(f"{name}: "))
        if self._on_error == "stop":
            raise problem
        self.broken += 1
        if len(self.problems) < KEPT_PROBLEMS:
            self.problems.append(problem)
