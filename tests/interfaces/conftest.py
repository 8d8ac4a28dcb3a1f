"""A folder with one small file of every kind that the examples of the command line mention."""

from __future__ import annotations

import io
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests import drawn, drawn_faces, watched, worded
from tests.interfaces import desk, language, monthly, shops
from tests.interfaces.running import Knnife, Outcome, program

from knnife.encoders.static import StaticEncoder, english_folder
from knnife.interfaces.cli.app import run

FILMS = """\
title,year,genre,watched,plot
The Sting,1973,crime,1,Two con men take revenge on a mob boss with an elaborate swindle.
Rififi,1955,crime,0,Four men plan and carry out a jewel robbery and quarrel over the loot.
The Asphalt Jungle,1950,crime,0,A heist goes wrong when the robbers double-cross each other.
Heat,1995,crime,1,A detective hunts a crew of bank robbers after a heist in Los Angeles.
Casablanca,1942,drama,1,An American in wartime Morocco meets his former love again.
Brief Encounter,1945,drama,0,A married woman falls in love with a stranger at a railway station.
Alien,1979,horror,1,The crew of a space ship is hunted by a deadly creature.
Ratatouille,2007,comedy,1,A rat who can cook makes an alliance with a kitchen worker in Paris.
"""
NOTES = """\
The opening hours are nine to five.

Bring bread and cheese
for the picnic.

Water the plants on Sunday.
"""
PAGE = "# The shop\n\n## Opening hours\n\nWe open at nine.\n\n## Prices\n\nBread costs two coins.\n"


@pytest.fixture
def knnife(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Knnife:
    """Runs a command line within this process: `knnife("search films.knnife heist", input="…")`."""

    def call(line: str, *more: str, input: str | bytes = b"") -> Outcome:
        data = input.encode() if isinstance(input, str) else input
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        capsys.readouterr()
        code = run([*shlex.split(line), *more])
        return Outcome(code, *capsys.readouterr())

    return call


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    (folder / "films.csv").write_text(FILMS)
    (folder / "notes.txt").write_text(NOTES)
    (folder / "queries.txt").write_text("a heist goes wrong\nlove at a station\n")
    (folder / "ids.txt").write_text("Heat\nAlien\n")
    (folder / "asked.csv").write_text("query,relevant\na heist goes wrong,Rififi\na heist goes wrong,Heat\nlove,Heat\n")
    (folder / "docs").mkdir()
    (folder / "docs" / "shop.md").write_text(PAGE)
    (folder / "docs" / "note.txt").write_text(NOTES)
    shops.write(folder)
    language.write(folder)
    np.save(folder / "points.npy", np.eye(8, 4, dtype=np.float32) + 0.1)
    worded.write(folder)
    watched.write(folder)
    desk.write(folder)
    drawn.write(folder)
    drawn_faces.write(folder)
    # The packaged model with fewer dimensions is another encoder, in a folder of the usual format.
    model = tmp_path_factory.mktemp("model")
    StaticEncoder.load(english_folder(), dim=16).save(model)
    (folder / "model").symlink_to(model)
    for line in (
        "add films.knnife films.csv --id title --text plot",
        "add notes.knnife docs",
        "add points.knnife films.csv --id title --text plot --vectors points.npy",
        "add photos.knnife photos --encoder copies",
        "add album.knnife photos --encoder copies --thumbnails 256",
        "faces add people.knnife people --by-folder",
        "faces identify people.knnife album/anna-5.jpg",  # what it measures is kept, so that tests need not wait
        "recommend train watched.csv --user user --item film --rating rating --time day --items plots.csv --text plot "
        "-o taste.knnife",
        *monthly.write(folder),
    ):
        done = subprocess.run(program(*shlex.split(line)), cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the template, and the current folder."""
    place = tmp_path / "work"
    shutil.copytree(template, place, symlinks=True)
    monkeypatch.chdir(place)
    return place
