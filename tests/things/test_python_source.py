from __future__ import annotations

import sys

import pytest

from knnife.errors import BadRow, NotFound
from knnife.things import Thing, read

SOURCE = '''
"""What the module does."""
import nowhere
def public(a, *, b: int = 1) -> str:
    """Does it.

    More.
    """
    def inner():
        """Not seen."""
def bare(): pass
def _private():
    """Not seen."""
if True:
    async def conditional():
        """Under a condition."""
else:
    def conditional(x):
        """The same name again."""
try:
    import x
except ImportError:
    class Fallback:
        """After an error."""
class Shape(Base):
    """A shape."""
    def __init__(self, corners=3):
        pass
    def __len__(self):
        """Corners."""
    def area(self, unit="m") -> float:
        """Its area."""
    @staticmethod
    def unit(side):
        """A square."""
    @property
    def name(self):
        """Its name."""
    class Corner:
        """A corner."""
class _Hidden:
    def method(self):
        """Not seen."""
'''


@pytest.fixture
def package(write, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    marker = 'open("imported", "w").close()\nraise RuntimeError("was imported")\n'
    write("strange_pkg/__init__.py", '"""A package."""\n' + marker)
    write("strange_pkg/inner/__init__.py", marker)
    write("strange_pkg/inner/shapes.py", SOURCE + marker)
    write("strange_pkg/tests/test_it.py", '"""Not seen."""')
    write("strange_pkg/_fast.cpython-311-x86_64-linux-gnu.so" if sys.platform == "linux" else "x", b"\x7fELF")
    return tmp_path


def test_everything_public_and_documented_is_found_under_its_name(package):
    things = {thing.id: thing for thing in read("python:strange_pkg") if thing.part_of is None}
    prefix = "strange_pkg.inner.shapes"
    assert {name: thing.about["kind"] for name, thing in things.items()} == {
        "strange_pkg": "module",
        prefix: "module",
        f"{prefix}.public": "function",
        f"{prefix}.conditional": "function",
        f"{prefix}.Fallback": "class",
        f"{prefix}.Shape": "class",
        f"{prefix}.Shape.__len__": "method",
        f"{prefix}.Shape.area": "method",
        f"{prefix}.Shape.unit": "method",
        f"{prefix}.Shape.name": "method",
        f"{prefix}.Shape.Corner": "class",
    }
    signature = f"{prefix}.public(a, *, b: int=1) -> str"
    name = f"{prefix}.public"
    about = {"kind": "function", "module": prefix, "signature": signature, "line": 4}
    assert things[name] == Thing(name, f"{name}\n\nDoes it.\n\nWhat the module does.", about)
    signatures = {name.split(".")[-1]: thing.about["signature"].removeprefix(prefix) for name, thing in things.items()}
    assert signatures["Shape"] == ".Shape(corners=3)"
    assert signatures["area"] == ".Shape.area(unit='m') -> float"
    assert signatures["unit"] == ".Shape.unit(side)"
    assert signatures["__len__"] == ".Shape.__len__()"


def test_what_is_said_beyond_the_first_paragraph_follows_as_passages(package):
    things = list(read("python:strange_pkg"))
    names = [thing.id for thing in things]
    name = "strange_pkg.inner.shapes.public"
    whole, part = things[names.index(name) : names.index(name) + 2]
    assert part == Thing(f"{name}#1", f"{name}\n\nMore.", whole.about, name)


def test_nothing_is_imported_or_run(package):
    before = set(sys.modules)
    list(read("python:strange_pkg"))
    list(read("python:strange_pkg.inner.shapes"))
    assert not (package / "imported").exists()
    assert not {name for name in set(sys.modules) - before if name.startswith("strange_pkg")}


def test_a_module_inside_of_a_package_can_be_read_alone(package):
    names = [thing.id for thing in read("python:strange_pkg.inner")]
    assert "strange_pkg.inner.shapes" in names
    assert "strange_pkg" not in names


@pytest.mark.skipif(sys.platform != "linux", reason="how compiled modules are called differs")
def test_compiled_modules_are_counted(package, write, monkeypatch):
    monkeypatch.setattr("knnife.things.python_source._COMPILED", (".so",))
    reading = read("python:strange_pkg")
    list(reading)
    assert reading.skipped == 1


def test_a_file_that_is_no_python_is_a_fault_with_its_line(package, write):
    write("strange_pkg/old.py", "x = 1\nprint 'python 2'\n")
    write("strange_pkg/nul.py", "x = '\0'\n")
    with pytest.raises(BadRow):
        list(read("python:strange_pkg"))
    reading = read("python:strange_pkg", on_error="skip")
    assert len([thing for thing in reading if thing.part_of is None]) == 11
    assert [(problem.source.rsplit("/", 1)[1], problem.line) for problem in reading.problems][1] == (
        "old.py",
        2,
    )
    assert reading.broken == 2


def test_strings_with_bad_escapes_bring_no_warning(package, write):
    write("strange_pkg/escapes.py", '"""Doc \\d."""\n')
    assert "strange_pkg.escapes" in {thing.id for thing in read("python:strange_pkg")}


@pytest.mark.parametrize("name", ["no_such_module", "json.no_such_module", "", "a..b", "json/decoder", "sys"])
def test_what_is_not_there_is_not_found(name):
    with pytest.raises(NotFound, match=f"python:{name}"):
        list(read(f"python:{name}"))


def test_json_is_documented():
    things = {thing.id: thing for thing in read("python:json")}
    assert things["json.dumps"].about["signature"].startswith("json.dumps(obj, *, skipkeys=False, ")
    assert things["json.dumps"].value.startswith("json.dumps\n\nSerialize ``obj`` to a JSON")
    assert any("skipkeys" in thing.value for thing in things.values() if thing.part_of == "json.dumps")
    assert things["json.decoder.JSONDecoder.decode"].about["kind"] == "method"


@pytest.mark.nightly
def test_the_standard_library_is_documented():
    reading = read("python:stdlib")
    things = {}
    for thing in reading:
        assert thing.id not in things
        things[thing.id] = thing
    assert sum(thing.part_of is None for thing in things.values()) > 5_000
    assert reading.fraction == 1.0
    assert {"itertools.groupby", "collections.defaultdict", "str.split", "sorted", "time.sleep"} <= set(things)
    assert reading.skipped == 0
    assert things["os.path.split"].value.startswith("os.path.split\n\nSplit a pathname.")
    assert "pathlib.PurePath.joinpath" in things or "pathlib._local.PurePath.joinpath" in things
    assert not {name for name in things if name.split(".")[0] in ("idlelib", "turtledemo", "lib2to3", "test", "numpy")}
