"""Uses every encoder and every tool in the folder given, then stays so many seconds after the start; for test_silence.

`python -m tests.everything_child FOLDER SECONDS`
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import knnife
from knnife.things import Thing
from knnife.things.kinds import kind
from tests.encoders import serving
from tests.toys import Letters

serving.endpoint_encoder = Letters  # type: ignore[assignment] # the one encoder that is meant to connect


def encoders(folder: Path) -> None:
    """Each fills a space and finds what is in it; one of each is asked by the command line too."""
    from tests.contracts.test_encoders import LOADED, TEXTS, given_to

    for name, encoder in LOADED.items():
        if not kind(encoder.kind).stored:
            continue
        path = folder / f"{name}.knnife"
        with knnife.Space.open(path, encoder) as space:
            given = given_to(encoder, TEXTS[:2])
            space.add([Thing(str(n), value) for n, value in enumerate(given)])
            space.near(given[:1], k=1)


def tools(folder: Path) -> None:
    from tests.tools.test_registry import answers

    for ask in answers(folder).values():
        list(ask().rows())


def commands(folder: Path) -> None:
    (folder / "texts.txt").write_text("a red car\nthe blue sky\n")
    for line in (
        f"add {folder}/lines.knnife {folder}/texts.txt",
        f"search {folder}/lines.knnife car",
        "models",
        f"train words {folder}/texts.txt -o {folder}/w.vectors --dim 2 --epochs 1 --min-count 1",
    ):
        done = subprocess.run([sys.executable, "-m", "knnife", *line.split()], capture_output=True, text=True)
        assert not done.returncode, f"{line}: {done.stderr}"


if __name__ == "__main__":
    began, folder, seconds = time.monotonic(), Path(sys.argv[1]), float(sys.argv[2])
    encoders(folder)
    tools(folder)
    commands(folder)
    time.sleep(max(0.0, seconds - (time.monotonic() - began)))
