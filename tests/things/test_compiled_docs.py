"""What the standard library has in compiled code, as this interpreter and no other file tells it."""

from __future__ import annotations

import collections
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from knnife.things import compiled_docs, read
from knnife.things.compiled_docs import compiled_documentation, described

pytestmark = pytest.mark.skipif(sys.implementation.name != "cpython", reason="others are not written in C")


@pytest.fixture(scope="module")
def library():
    return {each.name: each for each in compiled_documentation()}


@pytest.mark.parametrize(
    ("name", "kind", "signature", "says"),
    [
        ("itertools", "module", "itertools", "iterators"),
        ("itertools.groupby", "class", "itertools.groupby(iterable, key=None)", "consecutive keys and groups"),
        ("collections.defaultdict", "class", None, "default factory"),
        ("collections.deque.rotate", "method", None, "Rotate the deque n steps to the right"),
        ("sorted", "function", "sorted(iterable, /, *, key=None, reverse=False)", "ascending order"),
        ("str.split", "method", "str.split(sep=None, maxsplit=-1)", "substrings"),
        ("dict.get", "method", "dict.get(key, default=None, /)", "Return the value for key"),
        ("str.maketrans", "method", "str.maketrans(x, y=..., z=..., /)", "translation table"),
        ("range", "class", "range(stop)", "Return an object that produces a sequence of integers"),
        ("time.sleep", "function", "time.sleep(seconds)", "Delay execution"),
        ("math.gcd", "function", "math.gcd(*integers)", "Greatest Common Divisor"),
        ("open", "function", None, "Open file and return a stream"),
        ("io.StringIO.getvalue", "method", "io.StringIO.getvalue()", "entire contents"),
        ("os.listdir", "function", "os.listdir(path=None)", "names of the files"),
        ("os.stat_result.st_size", "method", "os.stat_result.st_size", "total size, in bytes"),
        ("struct.pack", "function", "struct.pack(format, v1, v2, ...)", "packed according"),
        ("re.Match.group", "method", "re.Match.group([group1, ...])", "subgroup(s) of the match"),
        ("random.random", "function", "random.random()", "in the interval [0, 1)"),
        ("socket.socket.recv", "method", None, "Receive up to"),
        ("signal.signal", "function", "signal.signal(signalnum, handler)", "Set the action for the given signal"),
        ("zlib.compress", "function", None, "compressed data"),
        ("sqlite3.Connection.execute", "method", None, "Executes an SQL statement"),
        ("hashlib.md5", "function", None, "md5 hash object"),
        ("decimal.Decimal.quantize", "method", None, "rounding"),
        ("ValueError", "class", None, "Inappropriate argument value"),
    ],
)
def test_it_is_found_by_the_name_that_people_call_it_by(library, name, kind, signature, says):
    if name not in library and not name.startswith(("itertools", "collections", "os", "str")):
        pytest.skip("left out when this Python was built, or written in Python there")
    assert library[name].kind == kind
    assert says in library[name].documentation
    if signature is not None:
        assert library[name].signature == signature


def test_no_thing_has_two_names_and_nothing_else_is_there(library):
    second_names = """_collections.defaultdict posix.listdir nt.listdir io.open csv.StringIO pickle.pack functools.RLock
    random.Random.random socket.timeout IOError os.error pyexpat.ParserCreate"""
    no_library = "readline.parse_and_bind str.__add__ OSError.filename antigravity this xxlimited"
    assert not library.keys() & {*second_names.split(), *no_library.split()}


def test_each_object_is_described_once():
    """The oracle: the objects themselves, looked up by the names."""
    modules = [collections, io, os, random, signal, struct]
    found = [each for each in described(modules) if each.kind != "module"]
    assert len({each.name for each in found}) == len(found)
    objects = []
    for each in found:
        thing = sys.modules[each.module]
        for part in each.name.removeprefix(f"{each.module}.").split("."):
            thing = getattr(thing, part)
        objects.append(thing)
        assert each.documentation
        assert each.signature.startswith(each.name)
    assert len(objects) == len(found) > 200


def test_lines_that_only_say_how_it_is_called_become_the_signature():
    without = compiled_docs._without_calls
    assert without("f(x) -> iterator\nf(x, y) -> iterator\n\nSays.") == ("(x)", "Says.")
    assert without("f(x) -> list of strings\n\nSays.") == ("(x)", "list of strings\nSays.")
    assert without("D.f(k[,d]) -> None.  Removes the key (k).") == ("(k[,d])", "Removes the key (k).")
    assert without("f((a, b)=(1, 2))\n\nSays.") == ("((a, b)=(1, 2))", "Says.")
    assert without("Says f(x).") == (None, "Says f(x).")
    assert without("f(x)") == ("(x)", "f(x)")
    assert without("") == (None, "")


HOSTILE = ["math", "collections", "itertools", "numbers", "json", "re", "sitecustomize", "usercustomize", "zlib"]


def test_a_file_with_the_name_of_a_module_is_not_run(tmp_path, write):
    """Neither in the current directory nor on PYTHONPATH, although both would shadow it in a program there."""
    for name in HOSTILE:
        write(f"{name}.py", f"open({str(tmp_path / 'was-run')!r}, 'a').write({name!r})\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONSTARTUP": str(tmp_path / "math.py")}
    command = [sys.executable, "-I", "-S", "-B", compiled_docs.__file__]
    answer = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    names = {each[0] for each in json.loads(answer.stdout)}
    assert {"collections.defaultdict", "itertools.groupby"} <= names
    assert not (tmp_path / "was-run").exists()


def test_reading_it_from_such_a_directory_runs_nothing_there_either(tmp_path, write, monkeypatch):
    for name in HOSTILE:
        write(f"{name}.py", f"open({str(tmp_path / 'was-run')!r}, 'a').write({name!r})\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    before = set(sys.modules)
    assert "itertools.groupby" in {each.name for each in compiled_documentation()}
    assert set(sys.modules) == before
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize("executable", ["", None, "no/such/python", "/bin/sh", __file__])
def test_where_there_is_no_interpreter_to_ask_nothing_is_told(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    assert compiled_documentation() == []


def test_a_program_that_is_frozen_into_one_file_is_not_started_again(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert compiled_documentation() == []


def test_what_could_not_be_asked_is_counted(monkeypatch):
    monkeypatch.setattr("knnife.things.python_source.compiled_documentation", list)
    monkeypatch.setattr("knnife.things.python_source.sys.stdlib_module_names", frozenset({"math", "itertools", "json"}))
    reading = read("python:stdlib")
    assert "json.dumps" in {thing.id for thing in reading}
    assert reading.passed_over["compiled module"] == 2


def test_things_of_a_module_in_c_are_like_those_of_one_in_python(monkeypatch):
    monkeypatch.setattr("knnife.things.python_source.sys.stdlib_module_names", frozenset({"collections", "json"}))
    reading = read("python:stdlib")
    things = {thing.id: thing for thing in reading}
    counter, deque = things["collections.Counter"], things["collections.deque"]
    topic = counter.value.split("\n\n", 2)[2]
    assert deque.value.startswith("collections.deque\n\nA list-like sequence")
    assert deque.value.endswith(topic)
    assert deque.about["kind"] == "class"
    assert deque.about["module"] == "collections"
    assert deque.about["signature"].startswith("collections.deque(")
    assert things["itertools.groupby"].value.endswith("Functional tools for creating and using iterators.")
    assert things["str.split"].about["module"] == "builtins"
    assert reading.skipped == 0
    assert all(thing.part_of in things for thing in things.values() if thing.part_of)


def test_source_comes_first_where_both_document_a_name(monkeypatch):
    monkeypatch.setattr("knnife.things.python_source.sys.stdlib_module_names", frozenset({"heapq"}))
    things = {thing.id: thing for thing in read("python:heapq")}
    whole = {thing.id: thing for thing in read("python:stdlib")}
    assert things["heapq.heappush"] == whole["heapq.heappush"]
    assert whole["heapq.heappush"].about["line"] > 1


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13", "3.14"])
def test_other_versions_tell_the_same(version):
    """The program needs nothing but the interpreter that runs it."""
    found = [path for path in (Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python")]
    if not found:
        pytest.skip(f"no Python {version} here")
    command = [str(found[0]), "-I", "-S", "-B", compiled_docs.__file__]
    names = {each[0] for each in json.loads(subprocess.run(command, capture_output=True, check=True).stdout)}
    assert {"itertools.groupby", "collections.defaultdict", "str.split", "sorted", "time.sleep", "open"} <= names
