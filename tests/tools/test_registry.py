"""The registry of tools: what it reads from them, and tools that other packages bring."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
from tests import drawn, drawn_faces, watched
from tests.toys import Letters

import knnife
from knnife.interfaces.cli.app import COMMANDS, OTHERWISE, app
from knnife.tools import registry
from knnife.tools.registry import tool, tools

ROOT = Path(__file__).parents[2]
TOOLS = pytest.mark.parametrize("name", registry.BUILT_IN)
PAGE = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
TEXTS = [f"the {word} of house {number}" for word in ("door", "roof") for number in range(12)]


def test_every_tool_is_in_the_registry() -> None:
    files = {path.stem for path in (ROOT / "src" / "knnife" / "tools").glob("[!_]*.py")}
    assert files == {*registry.BUILT_IN, "registry"}
    assert {name for name, found in tools().items() if found.package is None} == set(registry.BUILT_IN)


@TOOLS
def test_every_tool_has_a_name_in_python_a_command_a_page_and_an_example(name: str) -> None:
    assert getattr(knnife, name) is tool(name).function
    words = OTHERWISE.get(name, name).split()
    command = app.get_command(click.Context(app), words[0])
    assert command is not None
    assert len(words) == 1 or words[1] in command.beside
    assert words[0] in COMMANDS
    assert (ROOT / "docs" / f"{name}.md").exists()
    assert (ROOT / "examples" / f"{name}.py").exists()


@TOOLS
def test_every_parameter_has_a_type_and_a_sentence(name: str) -> None:
    found = tool(name)
    assert found.summary.endswith((".", "?"))
    assert found.parameters
    for each in found.parameters:
        assert each.type, each
        assert re.fullmatch(r"\S.*[.)`]", each.sentence), each
    assert sum(each.required for each in found.parameters) >= 1
    assert any(each.kind is not Any for each in found.parameters)


def answers(folder: Path) -> dict[str, Callable[[], Any]]:
    """A small question for each tool."""
    drawn.write(folder)
    drawn_faces.write(folder)
    photo = str(folder / "photos" / "beach.jpg")
    points = np.random.default_rng(1).standard_normal((60, 4))
    rows = [{"title": text, "year": number} for number, text in enumerate(TEXTS)]
    watched.write(folder)
    tastes = knnife.Space.open(folder / "taste.knnife")
    knnife.add_interactions(tastes, folder / "watched.csv", item="film", rating="rating")
    knnife.train_recommender(tastes)
    pairs = folder / "pairs.txt"
    pairs.write_text("king queen 9\nman apple 1\nwoman man 7\n")
    return {
        "duplicates": lambda: knnife.duplicates([*TEXTS, TEXTS[0]]),
        "verify": lambda: knnife.verify(photo, [photo]),
        "outliers": lambda: knnife.outliers(points),
        "drift": lambda: knnife.drift(points, points + 3, labels=["a", "b"] * 30, permutations=99),
        "classify": lambda: knnife.classify(TEXTS, ["a door"], labels=["door"] * 12 + ["roof"] * 12),
        "clusters": lambda: knnife.clusters(points),
        "match": lambda: knnife.match(rows, rows),
        "typos": lambda: knnife.typos("we recieve it"),
        "faces": lambda: knnife.faces(str(folder / "album")),
        "recommend": lambda: knnife.recommend(tastes, user="anna", because=True),
        "similarity": lambda: knnife.similarity("a", "b"),
        "doctor": lambda: knnife.doctor(points),
        "changes": lambda: knnife.changes(None, ["q"], before=[["a"]], after=[["b"]]),
        "evaluate": lambda: knnife.evaluate(TEXTS, [Letters()], classes=None),
        "evaluate_words": lambda: knnife.evaluate_words(None, similarities=pairs),
        "evaluate_recommend": lambda: knnife.evaluate_recommend(tastes),
        "analogy": lambda: knnife.analogy(None, "man", "king", "woman", k=1),
    }


@TOOLS
def test_every_column_of_an_answer_is_described(name: str, tmp_path: Path) -> None:
    told = tool(name).columns
    assert told
    for column in told:
        assert column.type
        assert column.sentence.endswith(".")
    answer = answers(tmp_path)[name]()
    rows = list(answer.rows())
    assert rows
    figures = answer.figures if name == "evaluate" else ()  # its columns are named by what was measured
    for row in rows:
        assert set(row) <= {column.name for column in told} | set(figures)


def test_an_unknown_tool_is_not_found() -> None:
    with pytest.raises(knnife.NotFound, match="no tool 'recognise'; there are duplicates, verify"):
        tool("recognise")


TOOL = re.search(r"^```python\n(# my_package/longest.py\n.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
POINT = "[knnife.tools]\nlongest = my_package.longest:longest\n"


@pytest.fixture
def site(tmp_path: Path) -> Callable[..., Path]:
    """Installs a package with tools: its files, and beside them the entry points, as an installer leaves them."""

    def install(points: str = POINT, **files: str) -> Path:
        folder = tmp_path / "site"
        info = folder / "my_package-1.0.dist-info"
        (folder / "my_package").mkdir(parents=True)
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points)
        (folder / "my_package" / "__init__.py").write_text("")
        assert TOOL is not None
        for name, text in {"longest": TOOL[1], **files}.items():
            (folder / "my_package" / f"{name}.py").write_text(text)
        (tmp_path / "texts.csv").write_text("id,text\na,one\nb,three four\nc,five\n")
        return folder

    return install


def run(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(site), str(ROOT / "src")])
    return subprocess.run(
        [sys.executable, *args],
        env={**os.environ, "PYTHONPATH": path},
        cwd=site.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )


def command(site: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return run(site, "-m", "knnife", *args)


def test_somebody_elses_tool_appears_in_python(site: Callable[..., Path]) -> None:
    code = """
import sys, knnife
from knnife.tools.registry import tool, tools
assert "longest" in dir(knnife) and "longest" in tools()
assert not any(name.startswith("my_package") for name in sys.modules)
print([row["id"] for row in knnife.longest(["a", "three", "no"], k=1).rows()])
found = tool("longest")
print(found.package, found.summary, [p.name for p in found.parameters], [c.name for c in found.columns])
"""
    done = run(site(), "-c", code)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "['1']",
        "my-package Which texts are the longest? ['given', 'k', 'by', 'shortest'] ['id', 'length']",
    ]


def test_somebody_elses_tool_is_a_command(site: Callable[..., Path]) -> None:
    place = site()
    assert "longest  from my-package" in command(place, "--help").stdout
    page = command(place, "longest", "--help").stdout
    for part in (
        "Which texts are the longest?",
        "SPACE|FILE",
        "-k INTEGER",
        "How many.  [default: 3]",
        "[letters|words]",
    ):
        assert part in page
    (place.parent / "notes.csv").write_text("name,note\nx,seven\n")
    assert command(place, "longest", "notes.csv", "--text", "note", "--id", "name").stdout == "x\t5\n"
    assert command(place, "longest", "texts.csv").stdout == "b\t10\nc\t4\na\t3\n"
    rows = command(place, "longest", "texts.csv", "-k", "1", "--shortest", "--json").stdout
    assert json.loads(rows) == {"id": "a", "length": 3}
    assert command(place, "add", "texts.knnife", "texts.csv").returncode == 0
    assert command(place, "longest", "texts.knnife", "-k", "1").stdout == "b\t10\n"


@pytest.mark.parametrize(
    ("args", "code", "part"),
    [
        ("longest texts.csv --kk 1", 2, "no such option '--kk'"),
        ("longest texts.csv --by size", 2, "'size' is not one of 'letters', 'words'"),
        ("longest", 2, "missing argument"),
        ("longest nowhere.csv", 1, "no such file or folder: nowhere.csv"),
        ("longest texts.csv -k -1", 1, "a mistake in the tool longest of the package my-package (IndexError: of none)"),
        ("longst texts.csv", 2, "did you mean longest?"),
        ("gone texts.csv", 1, "the tool gone of the package my-package cannot be loaded: ModuleNotFoundError"),
        ("number texts.csv", 1, "the tool number of the package my-package is int; expected a function"),
        ("nothing texts.csv", 1, "takes nothing"),
        ("strange texts.csv", 1, "how, a "),
    ],
)
def test_what_is_wrong_is_one_line(site: Callable[..., Path], args: str, code: int, part: str) -> None:
    points = POINT + "gone = nowhere:gone\nnumber = my_package.odd:number\nnothing = my_package.odd:nothing\n"
    odd = "number = 1\ndef nothing(): ...\ndef strange(given, *, how: object): ...\n"
    place = site(points + "strange = my_package.odd:strange\n", odd=odd)
    longest = place / "my_package" / "longest.py"
    longest.write_text(
        longest.read_text().replace(
            "    things = ", "    if k < 0:\n        raise IndexError('of none')\n    things = ", 1
        )
    )
    done = command(place, *args.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert command(place, "--help").returncode == 0


def test_a_name_that_is_taken_is_left_out_with_a_warning(site: Callable[..., Path]) -> None:
    done = command(site("[knnife.tools]\nduplicates = nowhere:x\nno-name = nowhere:x\n"), "--help")
    assert done.returncode == 0
    assert (
        "the tool 'duplicates' of the package my-package is left out: there is one of that name already" in done.stderr
    )
    assert "the tool 'no-name' of the package my-package is left out: this is no name in Python" in done.stderr


def test_without_such_packages_a_help_page_does_not_look_for_them() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "knnife", "--help"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert not {"importlib.metadata", "numpy", "knnife.space"} & set(
        re.findall(r"\| +([\w.]+)$", done.stderr, re.MULTILINE)
    )
