"""Photos, one after another: the name of each, its path or bytes, and the person it is labelled with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from knnife.errors import BadInput, KnnifeError, MissingPackage
from knnife.things import Thing, as_things, read
from knnife.things.picture_reader import looked_at
from knnife.things.pictures import Value, content

PERSON: Final = "person"  # the name of whom a photo or a face shows, in what is known about it


class Photo(NamedTuple):
    """One photo: its name, its path or bytes, the pixels of its longer side, and the person it is labelled with."""

    name: str
    value: Value
    side: int
    person: str | None = None


class Photos:
    """The photos of a source, once; `faults` are those that cannot be read (name, why), `fraction` how far it is."""

    def __init__(self, given: Any, person: str | None = None, *, by_folder: bool = False) -> None:
        """given: a path, a folder, a pattern, a zip archive, several paths, bytes, or Things with pictures.

        person: whom all of them show; else whom the metadata name as "person". by_folder: the person is the name of the
        folder. Raises BadInput and NotFound for what holds no pictures.
        """
        if person is not None and by_folder:
            raise BadInput("the name of the person was given, and is to be read from folders; expected one of them")
        self._person, self._by_folder = checked_name(person), by_folder
        if isinstance(given, list | tuple) and len(given) == 1:
            given = given[0]
        self._source = _stream(given)
        self._root = PurePath(os.fspath(given)) if isinstance(given, str | os.PathLike) else None
        self._own_faults: list[tuple[str, str]] = []

    def __iter__(self) -> Iterator[Photo]:
        for thing in self._source:
            if not isinstance(thing.value, str | bytes):
                raise BadInput(f"{thing.id!r} is no photo: expected a path or the bytes of a picture")
            name = thing.id or f"photo-{content(thing.value).hex()[:12]}"
            try:
                yield Photo(name, thing.value, _side(thing), self._shown(thing, name))
            except MissingPackage:
                raise
            except KnnifeError as error:
                self._own_faults.append((name, str(error)))

    @property
    def named(self) -> bool:
        """Whether the photos are labelled with people."""
        return self._by_folder or self._person is not None

    @property
    def faults(self) -> list[tuple[str, str]]:
        """The photos that could not be read, or have no person, and why."""
        return self._own_faults + [(fault.source, fault.why) for fault in getattr(self._source, "problems", [])]

    @property
    def fraction(self) -> float | None:
        """The share that is done, None where nobody can know."""
        return getattr(self._source, "fraction", None)

    def _shown(self, thing: Thing, name: str) -> str | None:
        """The person that a photo is labelled with."""
        if not self._by_folder:
            own = thing.about.get(PERSON)
            return self._person or checked_name(own if own is None else str(own))
        folder = PurePath(name).parent
        if not folder.name or folder == self._root:
            raise BadInput("it lies in no folder of a person; expected PEOPLE/NAME/PHOTO")
        return checked_name(folder.name)


def checked_name(person: str | None) -> str | None:
    """The name of a person without blanks around it; raises BadInput where nothing is left."""
    if person is None:
        return None
    if not isinstance(person, str) or not person.strip():
        raise BadInput(f"{person!r} is no name of a person; expected a text that is not empty")
    return person.strip()


def _side(thing: Thing) -> int:
    """The pixels of the longer side, mostly from the metadata. Raises what reading the head of the file raises."""
    about = thing.about if "width" in thing.about else looked_at(thing.value or "")[1]
    return max(int(str(about["width"])), int(str(about["height"])))


def _stream(given: Any) -> Any:
    if isinstance(given, str | os.PathLike):
        return read(given, pictures=True, on_error="skip")
    several = [given] if isinstance(given, bytes | bytearray | Thing) else given
    if isinstance(several, list | tuple):
        if not several:
            raise BadInput("no photos were given; expected a path, a folder, a pattern, or several of them")
        if all(isinstance(each, bytes | bytearray) for each in several):
            return [Thing(None, bytes(each)) for each in several]
        if all(isinstance(each, str | os.PathLike) for each in several):
            return _Sources([os.fspath(each) for each in several])
    return as_things(given)


class _Sources:
    """Several sources, one after another."""

    def __init__(self, names: list[str]) -> None:
        self._readings = [read(name, pictures=True, on_error="skip") for name in names]
        self._done = 0

    def __iter__(self) -> Iterator[Thing]:
        for reading in self._readings:
            yield from reading
            self._done += 1

    @property
    def problems(self) -> list[Any]:
        """What was wrong with them."""
        return [problem for reading in self._readings for problem in reading.problems]

    @property
    def fraction(self) -> float:
        """The share of the sources that is done."""
        return self._done / len(self._readings)
