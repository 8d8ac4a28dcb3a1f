"""What README and docs say is run, word for word, in a folder that has the files they speak of."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import drawn, drawn_faces

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "bench").glob("README.md")])
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.name != "demo.py")
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_HERE = ("pip install", "make ", "git clone", "sqlite3 ", "source ")  # about the machine, not about knnife

FILMS = [
    ("Heat", "A master thief plans a last heist while a detective closes in on him.", 1995, "crime", "true"),
    ("Alien", "The crew of a spaceship is hunted by a creature that came aboard.", 1979, "horror", "false"),
    (
        "Ocean's Eleven",
        "Eleven men rob three casinos in one night, and the plan goes wrong.",
        2001,
        "crime",
        "false",
    ),
    (
        "Amélie",
        "A shy waitress in Paris decides to change the lives of those around her.",
        2001,
        "comedy",
        "false",
    ),
    ("Up", "An old man ties balloons to his house and flies to South America.", 2009, "family", "true"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pages are read: films.csv, some notes, drawn photos, and the space that the README makes first."""
    here = tmp_path_factory.mktemp("docs")
    with (here / "films.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("title", "plot", "year", "genre", "watched"), *FILMS])
    rows = [dict(zip(("title", "plot", "year", "genre"), film, strict=False)) for film in FILMS]
    (here / "films.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (here / "notes").mkdir()
    (here / "notes" / "kitchen.md").write_text(
        "# Bread\n\nKnead the dough and let it rise overnight.\n", encoding="utf-8"
    )
    drawn.write(here)
    drawn_faces.write(here)
    run(here, "knnife add films.knnife films.csv --text plot --id title")
    return here


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    bin = str(Path(sys.executable).parent)
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; export PATH={shlex.quote(bin)}:$PATH; {command}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"$ {command}\n{done.stdout}\n{done.stderr}"
    return done


def blocks(*kinds: str) -> list[object]:
    found = []
    for page in PAGES:
        for number, (kind, text) in enumerate(BLOCK.findall(page.read_text(encoding="utf-8")), 1):
            if kind in kinds:
                found.append(pytest.param(page, text, id=f"{page.stem}-{number}"))
    return found


@pytest.mark.parametrize(("page", "text"), blocks("python"))
def test_python_of_the_pages_runs(folder: Path, page: Path, text: str) -> None:
    done = subprocess.run([sys.executable, "-c", text], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{page.name}:\n{text}\n{done.stderr}"


@pytest.mark.parametrize(("page", "text"), blocks("sh", "console"))
def test_commands_of_the_pages_run(folder: Path, page: Path, text: str) -> None:
    lines = [line.removeprefix("$ ") for line in text.replace("\\\n", " ").splitlines()]
    commands = [line for line in lines if line.split("#")[0].strip() and not line.startswith(NOT_HERE)]
    if "console" in page.read_text(encoding="utf-8") and text.startswith("$ "):
        commands = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        commands = [line for line in commands if not line.startswith(NOT_HERE)]
    for command in commands:
        run(folder, command)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_run(path: Path, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_every_command_has_a_place_in_the_pages() -> None:
    from knnife.interfaces.cli.app import COMMANDS

    said = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    for name in COMMANDS:
        assert f"knnife {name}" in said, name


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
