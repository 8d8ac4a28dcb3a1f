"""Readers that turn files, folders, Python packages and Python objects into things, as a stream.

`read` takes what has a name outside of Python (a path, standard input, the documentation of a package), `as_things`
what Python holds already.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from knnife.things.python_objects import as_things, kind_within, numbered
from knnife.things.reading import Reading
from knnife.things.thing import About, Scalar, Thing

if TYPE_CHECKING:
    from knnife.things.formats import read

__all__ = ["About", "Reading", "Scalar", "Thing", "as_things", "kind_within", "numbered", "read"]


def __getattr__(name: str) -> Any:
    if name == "read":  # loads the readers of all formats, which questions to a space do not need
        from knnife.things.formats import read

        return read
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
