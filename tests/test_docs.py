"""What README and docs say is run, word for word, in a folder that has the files they speak of."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import drawn, drawn_faces, watched

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


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    watched.write(here)
    drawn_faces.write(here)
    run(here, *shell("knnife add films.knnife films.csv --text plot --id title"))
    return here


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A copy, so that no page needs what another left behind."""
    return shutil.copytree(template, tmp_path / "docs")


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"$ {command[-1]}\n{done.stdout}\n{done.stderr}"


def shell(command: str) -> tuple[str, ...]:
    bin = shlex.quote(str(Path(sys.executable).parent))
    return "bash", "-c", f"set -o pipefail; export PATH={bin}:$PATH; {command}"


def steps(page: Path) -> list[tuple[str, ...]]:
    """What a page tells its reader to run, in its order."""
    found: list[tuple[str, ...]] = []
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            found.append((sys.executable, "-c", text))
        if kind == "sh":
            lines = text.replace("\\\n", " ").splitlines()
        elif kind == "console":
            lines = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        else:
            continue
        found += [shell(line) for line in lines if line.split("#")[0].strip() and not line.startswith(NOT_HERE)]
    return found


@pytest.mark.parametrize("page", [page for page in PAGES if steps(page)], ids=lambda page: page.stem)
def test_a_page_can_be_followed_from_its_top_to_its_end(folder: Path, page: Path) -> None:
    for step in steps(page):
        run(folder, *step)


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


def test_files_that_pages_name_are_there() -> None:
    """By their place in the repository or in the package; what a reader is to write himself lies elsewhere."""
    package = ROOT / "src" / "knnife"
    rooms = {path.name for path in [*ROOT.iterdir(), *package.iterdir()] if path.is_dir()}
    for page in PAGES:
        for name in re.findall(r"`([\w.-]+/[\w./-]*)`", page.read_text(encoding="utf-8")):
            here = name.split("/")[0] in rooms - {"docs"} or (name.startswith("docs/") and name.endswith(".md"))
            missing = here and not (ROOT / name).exists() and not (package / name).exists()
            assert not missing or "NAME" in name, f"{page.name} names {name}"
