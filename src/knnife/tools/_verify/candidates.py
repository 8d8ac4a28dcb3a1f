"""What a picture is compared with: pictures however they are given, or things of a space."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from knnife.errors import BadInput
from knnife.space import Input, is_space, opened
from knnife.things import Thing
from knnife.things.pictures import Value


def candidates_of(given: Any, picture: Value, ids: Iterable[str] | None, k: int) -> list[Thing]:
    """The pictures given, each with an id: its path, or its number where there is none.

    given: as `verify` takes it; of a Space those of `ids`, or the k nearest of the picture. Raises BadInput where
    there are none.
    """
    if is_space(given):
        with opened(given) as space:
            found = space.get(space.near(picture, k).ids[0] if ids is None else ids) if len(space) else []
    elif ids is not None:
        raise BadInput("ids= says which things of a space are compared; the candidates are no space")
    elif isinstance(given, str | os.PathLike):
        with opened(Input(os.fspath(given), pictures=True), what="candidates") as reading:
            found = list(reading)
    else:
        if not isinstance(given, Iterable):
            kind = type(given).__name__
            raise BadInput(f"candidates are pictures, a folder of them or a Space, not {kind}: {given!r:.60}")
        several = [given] if isinstance(given, bytes | Thing) else given
        found = [_thing(each, number) for number, each in enumerate(several)]
    if not found:
        raise BadInput("there are no candidates; expected one picture or more")
    return found


def value_of(thing: Thing) -> Value:
    """The picture of a thing. Raises BadInput where it has none."""
    if isinstance(thing.value, str | bytes):
        return thing.value
    raise BadInput(f"{thing.id!r} has no picture; expected the path or the bytes of one")


def _thing(given: Any, number: int) -> Thing:
    if isinstance(given, Thing):
        return given if given.id is not None else given._replace(id=str(number))
    if isinstance(given, str | os.PathLike):
        return Thing(os.fspath(given), os.fspath(given))
    if isinstance(given, bytes):
        return Thing(str(number), given)
    raise BadInput(f"a candidate is the path or the bytes of a picture, not {type(given).__name__}: {given!r:.60}")
