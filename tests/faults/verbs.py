"""One small run of each verb that writes: from opening the space to closing it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.toys import Letters

from knnife import Space, Thing
from knnife.space import batching
from knnife.space.index import index

BEFORE = [Thing(f"t{i}", f"abc {'d' * (i % 5)}", {"n": i}, f"w{i // 3}") for i in range(40)]
MORE = [Thing(f"m{i}", f"face {'e' * (i % 4)}", {"n": -i}) for i in range(24)]
STEP = 8  # things a commit
INDEXED = 300  # things, so that an index is kept


def shrink(patch: pytest.MonkeyPatch, step: int = STEP) -> None:
    """Makes the runs small: `step` things a commit, and a space of INDEXED things has an index with codes."""
    patch.setattr(batching, "SMALLEST_BATCH", step)
    patch.setattr(batching, "LARGEST_BATCH", step)
    patch.setattr(index, "EXACT_NUMBERS", 250 * 8)


def add(space: Space) -> None:
    space.add(MORE)


def update(space: Space) -> None:
    space.add([Thing(f"t{i}", "egg" if i % 2 else thing.value, {"n": 0}) for i, thing in enumerate(BEFORE[:STEP])])


def derive(space: Space) -> None:
    space.derive("other", np.eye(len(space), 3, dtype=np.float32))


VERBS: dict[str, Callable[[Space], Any]] = {
    "add": add,
    "update": update,
    "remove": lambda space: space.remove(["w1", "t20"]),
    "derive": derive,
    "reencode": lambda space: space.reencode(Letters("2"), name="second"),
    "compact": lambda space: space.compact(),
    "index": lambda space: space.near("abc", 3),
    "search": lambda space: space.search("abc", 3, reader=Letters("2")),
}


def make(path: Path, verb: str) -> None:
    """What is there before a verb."""
    with Space.open(path, Letters()) as space:
        space.add(BEFORE)
        if verb == "index":
            with pytest.MonkeyPatch.context() as patch:
                shrink(patch, INDEXED)
                space.add(
                    [Thing(f"i{i}", "abcdefgh"[: i % 9] * (i % 7) + "x" + "abc"[: i % 4]) for i in range(INDEXED)]
                )


def run(path: Path, verb: str) -> None:
    """The verb from beginning to end; "make" begins without a file. Says "done" once the verb has returned."""
    encoder = Letters() if verb != "reencode" or not path.exists() else None
    with Space.open(path, encoder) as space:
        VERBS.get(verb, add)(space)
        print("done", flush=True)


def contents(path: Path) -> dict[str, Any]:
    """All that a space holds."""
    if not path.exists():
        return {"things": [], "views": {}}
    with Space.open(path) as space:
        views = {view.name: space.vectors(view=view.name) for view in space.info().views if view.ready}
        assert space.info(check=True).faults == ()
        return {
            "things": [(thing.id, thing.value, thing.about, thing.part_of) for thing in space],
            "views": {name: (ids, vectors.tolist()) for name, (ids, vectors) in views.items()},
        }
