"""Everything that can go wrong, in one tree.

    KnnifeError
    ├── BadInput (also a ValueError)       what was given cannot be used
    │   ├── BadRow                         one row of a source; knows its file and line
    │   ├── BadPictures                    some of the pictures given; knows which, and why
    │   └── BadFilter                      a condition that cannot be read; knows the place
    ├── NotFound (also a LookupError)      no such id, file, encoder or view
    ├── EncoderMismatch                    vectors of one model, a query of another
    ├── MissingPackage (also an ImportError)  an extra is not installed
    ├── Untrusted                          a file names an encoder that needs the user's yes
    ├── Offline                            the network is needed, and forbidden or out of reach
    └── SpaceError                         something is wrong with the file of a space
        ├── NotASpace                      the file is something else, or damaged
        ├── NewerFormat                    written by a later knnife
        ├── SpaceBusy                      another process is writing
        ├── ReadOnly                       opened for reading, or the place cannot be written
        ├── DiskFull                       no room; what was committed is still there
        └── SpaceMoved                     renamed, replaced or restored while it was open

Every message says what was given, what was expected and what to do. Catch `KnnifeError` for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence


class KnnifeError(Exception):
    """The root: every error raised on purpose by knnife."""


class BadInput(KnnifeError, ValueError):
    """What was given cannot be used."""


class BadRow(BadInput):
    """One row of a source cannot be read: `source` and `line` (1-based, None when unknown) say which."""

    def __init__(self, source: str, line: int | None, why: str) -> None:
        self.source, self.line, self.why = source, line, why
        super().__init__(f"{source}{'' if line is None else f', line {line}'}: {why}")


class BadPictures(BadInput):
    """Some of the pictures given cannot be read: `faults` says which, by their place, and why."""

    def __init__(self, faults: Mapping[int, str], count: int) -> None:
        self.faults = dict(faults)
        first = next(iter(self.faults.values()))
        more = f" (and {len(faults) - 1:,} more of {count:,} pictures cannot be read)" if len(faults) > 1 else ""
        super().__init__(f"{first}{more}")


class BadFilter(BadInput):
    """A condition cannot be read; `position` is the 0-based place in its text (None for a dict)."""

    def __init__(self, why: str, text: str | None = None, position: int | None = None) -> None:
        self.position = position
        if text is not None and position is not None:
            start = max(0, position - 20)
            why = f"{why}, at character {position + 1}: …{text[start:position]} ▸{text[position : position + 20]}"
        super().__init__(why)


class NotFound(KnnifeError, LookupError):
    """There is no such id, file, encoder or view."""


class EncoderMismatch(KnnifeError):
    """The vectors of a space were made by one encoder, and another one was given."""


class MissingPackage(KnnifeError, ImportError):
    """An optional package is needed; the message holds the line that installs it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(f'{purpose} needs the package {package}: pip install "knnife[{extra}]"')


class Untrusted(KnnifeError):
    """A file names an encoder that leads out of it, and this user has not said yes to that: `encoder` is its name."""

    def __init__(self, message: str, encoder: str) -> None:
        self.encoder = encoder
        super().__init__(message)


class Offline(KnnifeError):
    """The network is needed, and is switched off (`KNNIFE_OFFLINE=1`) or cannot be reached."""


class SpaceError(KnnifeError):
    """Something is wrong with the file of a space."""


class NotASpace(SpaceError):
    """The file is not a space, or it is damaged."""


class DamagedSpace(NotASpace):
    """The file is a space in which a byte is not what was written."""


class NewerFormat(SpaceError):
    """The file was written by a later version of knnife."""


class SpaceBusy(SpaceError):
    """Another process is writing to the space."""


class ReadOnly(SpaceError):
    """The space was opened for reading, or its place cannot be written."""


class DiskFull(SpaceError):
    """There is no room to write. What was committed before is still there."""


class SpaceMoved(SpaceError):
    """The file was renamed, replaced or restored while it was open; the message says where the data is."""


def check_settings(chosen: Iterable[str], names: Sequence[str]) -> None:
    """Raises BadInput for a setting that is none of these, with the one that was likely meant."""
    from difflib import get_close_matches  # rarely needed

    for name in chosen:
        if name not in names:
            near = get_close_matches(name, names, 1)
            perhaps = f" (perhaps {near[0]})" if near else ""
            raise BadInput(f"unknown setting {name!r}{perhaps}: expected one of {', '.join(names)}")
