"""Every write, sync, truncation and renaming of a whole run of each verb fails once, or the process is killed there.

Whatever was committed is there afterwards, nothing is half there, an error says what it is, and the same again goes on.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.faults import verbs
from tests.faults.serving import BROKEN, REFUSED, Failing

KILL = 0
COMPILER = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or COMPILER is None, reason="needs a C compiler, and Linux, to make calls fail"
)


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    verbs.shrink(monkeypatch)


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Failing]:
    library = tmp_path_factory.mktemp("failing") / "failing.so"
    source = Path(__file__).with_name("failing.c")
    command = [str(COMPILER), "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    with Failing(library) as made:
        yield made


def fresh(folder: Path, before: Path | None) -> Path:
    """A folder with nothing but what was there before the verb."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if before is not None:
        shutil.copytree(before, folder, dirs_exist_ok=True)
    return folder / "s.knnife"


def states(verb: str, before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    """What may be there when a verb was stopped: it commits once, but for an add, which commits every few things."""
    if verb not in ("add", "make"):
        return [before, after]
    first, parts = len(before["things"]), []
    for count in range(first, len(after["things"]) + 1, verbs.STEP):
        views = {name: (ids[:count], vectors[:count]) for name, (ids, vectors) in after["views"].items() if count}
        parts.append({"things": after["things"][:count], "views": views})
    return parts


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(errno.EIO, id="EIO"),
        pytest.param(KILL, id="killed"),
        pytest.param(errno.ENOSPC, id="ENOSPC", marks=pytest.mark.nightly),  # test_full_disk.py fills a real one
    ],
)
@pytest.mark.parametrize("verb", ["make", *verbs.VERBS])
def test_every_call_fails_once(failing: Failing, tmp_path: Path, verb: str, how: int) -> None:
    before = None
    if verb != "make":
        before = tmp_path / "before"
        before.mkdir()
        verbs.make(before / "s.knnife", verb)
    path = fresh(tmp_path / "now", before)
    earlier = verbs.contents(path)
    path = fresh(tmp_path / "now", before)
    whole = failing.run(path, verb, 0, errno.EIO)
    assert (whole.code, whole.done) == (0, True), whole.said
    after = verbs.contents(path)
    allowed = states(verb, earlier, after)
    assert whole.calls > 5
    for call in range(1, whole.calls + 1):
        path = fresh(tmp_path / "now", before)
        found = failing.run(path, verb, call, how)
        where = f"call {call} of {whole.calls}: {found.code} {found.said}"
        assert found.code != BROKEN, where
        if how == KILL:  # some runs need a call less, and end before it
            assert found.code < 0 or found.calls < call, where
        else:
            assert found.code in (0, REFUSED), where
        if found.code == REFUSED and how == errno.EIO:
            assert "DiskFull" not in found.said, where
            assert "input/output error" in found.said, where
        held = verbs.contents(path)
        assert held in allowed, where
        if found.done:
            assert held == after, where
        if held != after:
            again = failing.run(path, verb, 0, errno.EIO)
            assert (again.code, again.done) == (0, True), f"{where}; again: {again.said}"
            assert verbs.contents(path) == after, where
        left = {each.name for each in path.parent.iterdir() if not each.name.endswith(".tmp")}  # of a killed process
        assert left <= {"s.knnife", "s.knnife-sums", "s.knnife-index1", "s.knnife-index2"}, where
