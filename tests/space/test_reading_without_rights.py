"""Somebody who may read the file, and write nothing beside it, while its owner writes: new answers, or none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.toys import Letters

from knnife import Space

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(
    not hasattr(os, "setuid") or os.geteuid() != 0, reason="needs to become another user, who may not write"
)

READER = """
import os, sys
from knnife import KnnifeError, Space
from tests.toys import Letters
path = sys.argv[1]
with Space.open(path, Letters(), read_only=True) as space:
    space.near("abc")  # imports what is needed while it may still be read
os.setgid(65534)
os.setuid(65534)
space = Space.open(path, Letters(), read_only=True)
print("open", flush=True)
for line in sys.stdin:
    try:
        found = space.near("abba", 100).ids[0]
        assert len(found) == len(space) == len(space.get(found)), (found, len(space))
        print(len(found), flush=True)
    except KnnifeError as error:
        print(type(error).__name__, error, flush=True)
"""


@pytest.fixture
def path() -> Iterator[Path]:
    """A space in a folder that others may read: pytest closes its own to them, whenever another run of it begins."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Path(folder) / "s.knnife"
        with Space.open(made, Letters()) as space:
            space.add(["abba", "cafe"])
        made.chmod(0o644)
        yield made


class Reader:
    """A process of another user."""

    def __init__(self, path: Path) -> None:
        command = [sys.executable, "-c", READER, str(path)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, bufsize=1
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "open\n"

    def asks(self) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        self._process.communicate()


@pytest.mark.parametrize("owner_is_there", [True, False])
def test_what_the_owner_adds_is_seen_or_nothing_is_answered(path: Path, owner_is_there: bool) -> None:
    owner = Space.open(path, Letters()) if owner_is_there else None
    reader = Reader(path)
    said = [reader.asks()]
    for count in range(3, 9):
        owner = owner or Space.open(path, Letters())
        owner.add([f"egg {count}"])
        while_open = reader.asks()
        assert while_open == str(count) or "Error" in while_open or while_open.startswith(("SpaceBusy", "ReadOnly"))
        said.append(while_open)
        if count % 2:
            owner.close()
            owner = None
            assert reader.asks() == str(count)
    reader.end()
    if owner is not None:
        owner.close()
    assert said[0] == "2"
    with Space.open(path, Letters()) as space:
        assert len(space) == 8
