"""From what the user gave to what a tool works on: the one way in, for every tool and every command."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from glob import has_magic
from typing import Any, Final

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.protocol import reading_for
from knnife.errors import BadInput, NotFound
from knnife.geometry import Vectors
from knnife.space.opening import is_space_file
from knnife.space.space import Space
from knnife.things import Reading, Thing
from knnife.things.files import STDIN, format_of
from knnife.things.kinds import kind_of_file
from knnife.things.python_objects import check_collected
from knnife.things.reading import OnError

ARRAY: Final = ".npy"
LONGEST_PATH: Final = 4096  # characters


@dataclass(frozen=True)
class Input:
    """A path, with the options by which `knnife.read` reads it where it is neither a space nor an array.

    text: the columns that are encoded. id: the column of ids. types: how columns are read, where they do not tell.
    pictures: whether the things are pictures; None: by the files. on_error: "skip" leaves broken things out. tell: is
    called with the Reading, when all is done with it.
    """

    path: str
    text: Sequence[str] | None = None
    id: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)
    pictures: bool | None = None
    on_error: OnError = "stop"
    tell: Callable[[Reading], None] | None = None


def is_space(given: Any) -> bool:
    """Whether this is a space, or the path of one, by its name or by the first bytes of the file."""
    if isinstance(given, Input):
        given = given.path
    return isinstance(given, Space) or (isinstance(given, str | os.PathLike) and is_space_file(os.fsdecode(given)))


@contextmanager
def opened(
    given: Any, *, encoder: Callable[[], Encoder] | None = None, row: bool = False, what: str = "things"
) -> Iterator[Any]:
    """What was given as a Space, as vectors, or as what `knnife.things.as_things` takes.

    given: a path or an Input: of a space (opened for reading, closed at the end), of an array (.npy, mapped), or of
        whatever `knnife.read` reads; a Series of texts or of vectors; a list of paths of pictures; anything else
        passes.
    encoder: gives what will encode the things: files are read as it needs them. row: tables are read as rows. what: the
        name in messages.

    Raises NotFound where there is no such file, and BadInput for a text that is no path, and for a Series of numbers.
    """
    if isinstance(given, str | os.PathLike):
        given = Input(os.fsdecode(given))
    if not isinstance(given, Input):
        yield _in_memory(given, encoder, what)
    elif is_space_file(given.path):
        with Space.open(given.path, read_only=True) as space:
            yield space
    elif given.path.endswith(ARRAY):
        yield mapped(given.path)
    else:
        reading = _read(given, encoder, row, what)
        yield reading
        if given.tell is not None:
            given.tell(reading)


def mapped(path: str) -> Vectors:
    """The array of an npy file `(n, d)`, mapped rather than read. Raises NotFound, and BadInput when it is none."""
    try:
        vectors: Vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError as error:
        raise NotFound(f"no such file or folder: {path}") from error
    except (ValueError, EOFError) as error:
        raise BadInput(f"{path}: expected an array in NumPy's npy format; {error}") from error
    if not isinstance(vectors, np.ndarray):
        raise BadInput(f"{path}: expected one array (.npy), got an archive of several (.npz)")
    return vectors


def is_array(given: Any) -> bool:
    """Numbers in rows: an array of NumPy (or what turns into one), or a list of lists of numbers."""
    if isinstance(given, np.ndarray):
        return True
    if isinstance(given, list | tuple) and given and isinstance(given[0], list | tuple | np.ndarray):
        return not isinstance(given[0], Thing)
    return hasattr(given, "__array__") and not hasattr(given, "columns")


def is_series(given: Any) -> bool:
    """A single column of pandas, polars or Arrow."""
    return hasattr(given, "to_numpy") and not hasattr(given, "columns") and not isinstance(given, np.ndarray)


def _in_memory(given: Any, encoder: Callable[[], Encoder] | None, what: str) -> Any:
    check_collected(given)
    if is_series(given):
        given = _values(given, what)
    elif isinstance(given, np.ndarray) and given.ndim == 1 and given.dtype.kind in "OTU":
        given = given.tolist()  # texts, or vectors one by one
    if encoder is None and isinstance(given, list | tuple) and given and _are_paths(given):
        from knnife.things import read

        return read(given)
    return given


def _values(series: Any, what: str) -> list[Any]:
    """The values of a Series. Raises BadInput where they are numbers, which are neither things nor vectors."""
    values: list[Any] = (series.to_list if hasattr(series, "to_list") else series.tolist)()
    first = next((value for value in values if value is not None), None)
    if isinstance(first, int | float) and first == first:
        raise BadInput(
            f"{what}: got a {type(series).__name__} of {len(values):,} numbers, which is one column; expected texts, "
            "or vectors in rows: series.to_frame() makes a table of it, of which tools for numbers take each row"
        )
    return values


def _are_paths(values: Sequence[Any]) -> bool:
    """Whether all are path objects, or names of files that hold one thing each, as pictures."""
    if all(isinstance(value, os.PathLike) for value in values):
        return True
    return all(isinstance(value, str | os.PathLike) and kind_of_file(os.fsdecode(value)) for value in values)


def _read(given: Input, encoder: Callable[[], Encoder] | None, row: bool, what: str) -> Reading:
    from knnife.things import read
    from knnife.things.formats import PYTHON, TABLES

    path = given.path
    if path != STDIN and not path.startswith(PYTHON) and not os.path.exists(path):
        _check_looks_like_a_path(path, what)
    options: dict[str, Any] = {"pictures": given.pictures} if encoder is None else reading_for(encoder())
    if row and format_of(path) in TABLES:
        options = {"row": True, "blanks": True}
    text = None if options.get("row") else given.text or None
    return read(path, text=text, id=given.id, types=given.types, on_error=given.on_error, **options)


def _check_looks_like_a_path(path: str, what: str) -> None:
    """Raises BadInput for a text, and NotFound for the path of a file that is not there; patterns pass."""
    from knnife.things.documents import PARSERS
    from knnife.things.formats import TABLES, TEXTS
    from knnife.things.pictures import ARCHIVE

    known = format_of(path) in (*TABLES, *TEXTS, *PARSERS, ARCHIVE) or kind_of_file(path) is not None
    one_word = len(path) <= LONGEST_PATH and not any(map(str.isspace, path))
    if not path or not (("\n" not in path and known) or (one_word and (os.sep in path or has_magic(path)))):
        raise BadInput(
            f"{what}: {path!r:.60} is one text, and there is no file of that name; expected a path, a list of texts, "
            "a table, vectors (n, d), or a space"
        )
    if not has_magic(path):
        raise NotFound(f"no such file or folder: {path}; expected a space, a file, a folder or a pattern")
