"""The documentation of installed Python packages, read from their source; nothing of theirs is imported or run.

Every module, class, function and method with a documentation string becomes a thing, called by its qualified name. Its
value is the name, the first paragraph, and the topic of its module; the other paragraphs are passages that are part of
it. In one piece, the first paragraph would drown among parameters and exceptions. What the standard library has in
compiled code is told by `compiled_docs`.
"""

from __future__ import annotations

import ast
import importlib.machinery
import os
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from knnife.errors import NotFound
from knnife.things.compiled_docs import Documented, compiled_documentation
from knnife.things.passages import Document, Section, passages
from knnife.things.reading import Reading
from knnife.things.thing import About, Thing

STDLIB = "stdlib"

# Parts of the standard library that are programs, jokes or tests, not something to build with.
_NO_LIBRARY = {"__phello__", "_pyrepl", "antigravity", "ensurepip", "idlelib", "lib2to3", "pydoc_data"}
_NO_LIBRARY |= {"this", "turtledemo"}
_NO_DOCUMENTATION = {"__pycache__", "test", "tests", "idle_test", "_vendor"}
_NICKNAMES = {os.path.__name__: "os.path"}  # what people call the module that is posixpath or ntpath here
_COMPILED = tuple(importlib.machinery.EXTENSION_SUFFIXES)

_PARAGRAPH_END = re.compile(r"\n\s*\n")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """A module that was found, and where its source is."""

    name: str
    path: Path


def read_python(name: str, reading: Reading) -> Iterator[Thing]:
    """The documentation of the package or module `name`, or of the whole standard library ("stdlib").

    Tests and private names are left out. Compiled modules are counted in `reading.skipped`, but for those of the
    standard library, which tell what they document; a file that is no Python is a fault. Raises NotFound when there is
    no such module.
    """
    modules, compiled = _standard_library() if name == STDLIB else _package(name)
    told = _told() if name == STDLIB else {}
    reading.passed_over["compiled module"] = 0 if told else compiled
    done = 0
    reading.progress = lambda: done / len(modules)
    for module in modules:
        tree = _parsed(module, reading)
        if tree is not None:
            yield from _documented(tree, module.name, told.pop(module.name, ()))
        done += 1
    for here in told.values():
        yield from _compiled(here, "", set())


def _told() -> dict[str, list[Documented]]:
    """What the compiled modules of the standard library document, by module."""
    return {module: list(here) for module, here in groupby(compiled_documentation(), key=attrgetter("module"))}


def _package(name: str) -> tuple[list[Module], int]:
    """The modules of a package, and how many more are compiled."""
    search: list[str] | None = None  # sys.path
    spec = None
    parts = name.split(".")
    for depth in range(len(parts)):
        # PathFinder looks at file names only: not even the packages above are imported.
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: depth + 1]), search)
        if spec is None:
            break
        search = list(spec.submodule_search_locations or [])
    if spec is None:
        raise NotFound(
            f"python:{name}: no module of this name in {sys.prefix}; give the name that is imported, such as "
            f"sklearn for scikit-learn"
        )
    if search:
        found = [_below(Path(place), name) for place in search]
        modules = [module for part, _ in found for module in part]
        compiled = sum(number for _, number in found)
    else:
        origin = Path(spec.origin or "")
        modules, compiled = ([Module(name, origin)], 0) if origin.suffix == ".py" else ([], 1)
    if not modules:
        raise NotFound(f"python:{name}: a compiled module; there is no Python source to read the documentation from")
    return modules, compiled


def _standard_library() -> tuple[list[Module], int]:
    """The public modules of the standard library, and how many more are compiled."""
    place = Path(sysconfig.get_path("stdlib"))
    modules: list[Module] = []
    compiled = 0
    for name in sorted(sys.stdlib_module_names - _NO_LIBRARY):
        file = place / f"{name}.py"
        if file.is_file():
            modules.append(Module(_NICKNAMES.get(name, name), file))
        elif (place / name).is_dir():
            inner, number = _below(place / name, name)
            modules += inner
            compiled += number
        else:
            compiled += 1
    return modules, compiled


def _below(folder: Path, name: str) -> tuple[list[Module], int]:
    """The modules in the folder of the package `name`, sorted, and how many more are compiled."""
    modules, compiled = [], 0
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in _NO_DOCUMENTATION and f.isidentifier())
        package = ".".join([name, *Path(place).relative_to(folder).parts])
        for file in sorted(files):
            stem, ending = os.path.splitext(file)
            compiled += file.endswith(_COMPILED)
            if ending == ".py" and stem.isidentifier():
                modules.append(Module(package if stem == "__init__" else f"{package}.{stem}", Path(place, file)))
    return modules, compiled


def _parsed(module: Module, reading: Reading) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "\d" in somebody else's strings
            return ast.parse(module.path.read_bytes())
    except SyntaxError as error:
        reading.fault(
            error.lineno, f"not Python {sys.version_info[0]}.{sys.version_info[1]}: {error.msg}", str(module.path)
        )
    except (OSError, ValueError, RecursionError, MemoryError) as error:
        reading.fault(None, f"cannot be parsed: {error}", str(module.path))
    return None


def _documented(tree: ast.Module, module: str, compiled: Iterable[Documented] = ()) -> Iterator[Thing]:
    """What is documented in a module: by its source, then by what is compiled. A name that comes twice counts once."""
    seen = {module}
    documentation = ast.get_docstring(tree) or ""
    topic = _PARAGRAPH_END.split(documentation, 1)[0]
    if documentation:
        about: About = {"kind": "module", "module": module, "signature": module, "line": 1}
        yield from _things(module, documentation, "", about)
    for node, owner in _definitions(tree.body, ""):
        name = f"{module}.{owner}{node.name}"
        documentation = ast.get_docstring(node) or ""
        if documentation and name not in seen:
            seen.add(name)
            kind = "class" if isinstance(node, ast.ClassDef) else "method" if owner else "function"
            signature = _signature(node, name, kind)
            about = {"kind": kind, "module": module, "signature": signature, "line": node.lineno}
            yield from _things(name, documentation, topic, about)
    yield from _compiled(compiled, topic, seen)


def _compiled(here: Iterable[Documented], topic: str, seen: set[str]) -> Iterator[Thing]:
    """What is documented in the compiled part of one module, but for the names that were `seen`."""
    here = sorted(here, key=lambda each: each.kind != "module")
    for name, kind, module, signature, documentation in here:
        if name not in seen:
            about: About = {"kind": kind, "module": module, "signature": signature}
            yield from _things(name, documentation, topic if kind != "module" else "", about)
        if kind == "module" and module != "builtins":  # of which there is nothing to say that concerns `str.split`
            topic = topic or _PARAGRAPH_END.split(documentation, 1)[0]


def _things(name: str, documentation: str, topic: str, about: About) -> Iterator[Thing]:
    """The thing itself, then the passages of the docstring beyond its first paragraph."""
    summary, *rest = _PARAGRAPH_END.split(documentation, 1)
    yield Thing(name, "\n\n".join(filter(None, [name, summary, topic])), about)
    for text in rest:
        for passage in passages(Document(name, text, [Section((name,), 0, len(text))]), name):
            yield passage._replace(about=about)


def _definitions(body: list[ast.stmt], owner: str) -> Iterator[tuple[Function | ast.ClassDef, str]]:
    """The public classes, functions and methods, under any condition, each with its classes ("Path.")."""
    for node in body:
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            branches = [node.body, getattr(node, "orelse", []), getattr(node, "finalbody", [])]
            branches += [handler.body for handler in getattr(node, "handlers", [])]
            for branch in branches:
                yield from _definitions(branch, owner)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and _public(node.name):
            yield node, owner
            if isinstance(node, ast.ClassDef):
                yield from _definitions(node.body, f"{owner}{node.name}.")


def _public(name: str) -> bool:
    return not name.startswith("_") or (name.startswith("__") and name.endswith("__"))


def _signature(node: Function | ast.ClassDef, name: str, kind: str) -> str:
    """How it is called: `json.dumps(obj, *, skipkeys=False)`; a class as its `__init__`, or `__new__`, is."""
    call: Function | ast.ClassDef | None = node
    if isinstance(node, ast.ClassDef):
        makers = {n.name: n for n in node.body if isinstance(n, ast.FunctionDef)}
        call = makers.get("__init__") or makers.get("__new__")
    if call is None or isinstance(call, ast.ClassDef):
        return name
    arguments = ast.unparse(call.args)
    static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in call.decorator_list)
    if kind != "function" and not static:  # without self or cls, which nobody passes
        arguments = arguments.partition(", ")[2] if "," in arguments else ""
    returns = f" -> {ast.unparse(call.returns)}" if call.returns and kind != "class" else ""
    return f"{name}({arguments}){returns}"
