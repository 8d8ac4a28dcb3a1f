"""Packages of other people, installed into a folder as pip would, and processes that have them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")


def install(site: Path, name: str, points: str, files: dict[str, str]) -> None:
    """What an installer leaves behind: the files, and beside them the entry points that it found in pyproject.toml."""
    info = site / f"{name.replace(chr(45), chr(95))}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)
    for file, text in files.items():
        (site / file).parent.mkdir(parents=True, exist_ok=True)
        (site / file).write_text(text)


def environment(site: Path) -> dict[str, str]:
    """The environment of a process that has the package."""
    paths = os.pathsep.join([str(site), str(ROOT / "src"), str(ROOT)])
    return {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}


def python(site: Path, code: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(site),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done


def points(*groups: str) -> str:
    """The entry points of the page, as an installer writes them: the same lines without quotes."""
    found = dict(re.findall(r'^\[project\.entry-points\."([\w.]+)"\]\n(.*)$', PAGE, re.MULTILINE))
    assert set(found) == {"knnife.encoders", "knnife.catalogue", "knnife.forms"}
    return "".join(f"[{group}]\n{found[group].replace(chr(34), '')}\n" for group in groups)
