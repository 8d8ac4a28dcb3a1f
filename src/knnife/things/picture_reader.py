"""Pictures by the file, folder, pattern or archive: each is a thing, called by its path.

Only the head of each file is read, and its bytes hashed; the encoder decodes it later, and may find damage then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from knnife.errors import BadInput, KnnifeError, MissingPackage
from knnife.things.kinds import kind_of_file
from knnife.things.passing_over import told_apart
from knnife.things.pictures import ENDINGS, PicturePath, Value, members, picture_bytes
from knnife.things.reading import Reading, RowError
from knnife.things.thing import About, Thing


def read_pictures(names: Sequence[str], reading: Reading) -> Iterator[Thing]:
    """The pictures with these paths. One that is damaged, empty, too large or of another format is a fault."""
    done = 0
    reading.progress = lambda: done / max(1, len(names))
    for name in names:
        yield from picture_things([name], reading)
        done += 1


def read_album(names: Sequence[str], reading: Reading) -> Iterator[Thing]:
    """The pictures among these files; others are skipped. Raises BadInput where there are none."""
    found = [name for name in names if kind_of_file(name) and "//" not in name]  # leads out of its archive
    reading.passed_over = told_apart(set(names) - set(found))
    if not found:
        raise BadInput(f"{reading.source}: no pictures there, expected files that end in {' '.join(sorted(ENDINGS))}")
    yield from read_pictures(found, reading)


def read_archive(archive: str, reading: Reading) -> Iterator[Thing]:
    """The pictures in a zip archive, in the order of their names; they stay in it. Raises as `read_album` does."""
    yield from read_album(members(archive), reading)


def picture_things(names: Sequence[str], reading: Reading) -> Iterator[Thing]:
    """The pictures with these paths, without progress."""
    for name in names:
        try:
            value, about = looked_at(name)
        except MissingPackage:
            raise
        except (KnnifeError, RowError) as error:
            reading.fault(None, error, name)
        else:
            yield Thing(name, value, about)


def looked_at(value: Value) -> tuple[Value, About]:
    """A path or bytes as the value of a picture, and the metadata in its head. Raises as `pixels.described` does."""
    from knnife.things.pixels import described  # who reads no pictures need not wait for it

    if isinstance(value, str):
        data = picture_bytes(value)
        return PicturePath.of(value, data), described(data, value)
    if not value:
        raise BadInput("the picture is empty (0 bytes)")
    return value, described(value, "the picture")


def picture_cell(cell: object, folder: str) -> tuple[Value, About]:
    """The same of a cell: a path relative to a folder, bytes, or both as data sets have them. Raises RowError."""
    if isinstance(cell, dict) and isinstance(cell.get("bytes"), bytes):  # {"bytes": …, "path": …}
        cell = cell["bytes"]
    if isinstance(cell, bytearray | memoryview):
        cell = bytes(cell)
    if isinstance(cell, str) and "://" in cell:
        raise RowError(f"{cell:.100} is an address; expected the path of a picture, or its bytes: nothing is fetched")
    if isinstance(cell, str) and cell and not cell.isspace():
        cell = Path(folder, cell).as_posix()
    elif not isinstance(cell, bytes):
        raise RowError(f"expected the path of a picture, or its bytes, found {cell!r:.40}")
    try:
        return looked_at(cell)
    except MissingPackage:
        raise
    except KnnifeError as error:
        raise RowError(str(error)) from error
