"""The documentation of what the standard library has in compiled code, from the interpreter's own data.

Compiled code has no source to read; what it documents is known when it is loaded. So a second interpreter of the same
kind loads it, with this file as its program, isolated from the current directory, the environment and all installed
packages: nothing is run but the library that came with the interpreter, and nothing stays loaded here.

A thing is documented once, under the name that people call it by: `collections.defaultdict`, not
`_collections.defaultdict`; `open`, not `io.open`; `os.listdir`, not `posix.listdir`; `str.split` and `sorted` of
`builtins`.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import inspect
import json
import re
import subprocess
import sys
import types
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

# Modules in Python whose public names are, in part, those of a compiled module. Importing them does nothing else.
_FACES = """bisect bz2 codecs collections compression.zstd contextvars csv ctypes curses curses.panel datetime dbm.gnu
dbm.ndbm decimal functools hashlib heapq io locale lzma mmap operator os pickle queue random re signal socket sqlite3
ssl statistics struct threading tracemalloc types typing warnings weakref xml.parsers.expat zoneinfo"""
# Those that people know by another name, examples of how to write one, and readline, which writes to the terminal.
_NOT_THESE = {"nt", "posix", "pyexpat", "readline", "xxlimited", "xxlimited_35", "xxsubtype"}
_HOMES = {"nt": "os", "posix": "os", "pyexpat": "xml.parsers.expat", "_thread": "threading"}

_LONGEST_WAIT = 60.0  # seconds; it takes a third of one
_FIELDS = (types.GetSetDescriptorType, types.MemberDescriptorType)
_METHODS = (types.MethodDescriptorType, types.ClassMethodDescriptorType, staticmethod)
_SELF = re.compile(r"^\(\$\w+(?:, )?(?:/(?:, )?)?")
_BREAK = re.compile(r"\n\s*")
# "range(start, stop[, step]) -> range object": a line that says how something is called, and what comes of it.
_CALL = re.compile(r"(?:async )?(?:\w+\.)*\w+(\(.*?\))\s*(?:-+>\s*(?:\w+\.\s+)?(.*))?")
_BEGINS_WITH_CALL = re.compile(r"(?:\w+\.)*\w+(\([^()]*\))")

Rank = tuple[bool, ...]


class Documented(NamedTuple):
    """Something compiled and what is said of it. kind: "module", "class", "function" or "method"."""

    name: str
    kind: str
    module: str
    signature: str
    documentation: str


def compiled_documentation() -> list[Documented]:
    """What is documented in the compiled part of this interpreter's standard library, sorted by module and name.

    Nothing where there is no interpreter that could be asked, as in a program that embeds Python.
    """
    name = Path(sys.executable or "").name.lower()
    if getattr(sys, "frozen", False) or not ("python" in name or "pypy" in name):
        return []  # starting it again could be anything
    command = [sys.executable, "-I", "-S", "-B", "-W", "ignore", __file__]
    try:
        answer = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_LONGEST_WAIT)
        return [Documented(*each) for each in json.loads(answer.stdout)]
    except (OSError, subprocess.TimeoutExpired, ValueError, TypeError):
        return []


def described(modules: Iterable[ModuleType]) -> list[Documented]:
    """What the compiled things in `modules` say of themselves, each under one name, sorted by module and name."""
    best: dict[int, tuple[Rank, Documented]] = {}
    for module in modules:
        for thing, documented, rank in _candidates(module):
            if documented.documentation and (id(thing) not in best or rank < best[id(thing)][0]):
                best[id(thing)] = rank, documented
    return sorted((documented for _, documented in best.values()), key=lambda each: (each.module, each.name))


def _candidates(module: ModuleType) -> Iterator[tuple[Any, Documented, Rank]]:
    """The compiled things that `module` shows, how they are documented, and how far their name is from the best."""
    name = module.__name__
    yield module, _documented(module, name, "module", name), ()
    shown = getattr(module, "__all__", None) or [key for key in vars(module) if not key.startswith("_")]
    for key in sorted(set(shown).intersection(vars(module))):
        thing = vars(module)[key]
        public = key if name == "builtins" else f"{name}.{key}"
        home = getattr(thing, "__module__", None) or name
        rank = (name != "builtins", key != getattr(thing, "__name__", key), name != _HOMES.get(home, home.lstrip("_")))
        if isinstance(thing, type):
            yield from _of_class(thing, public, name, rank)
        elif inspect.isbuiltin(thing) or _lent_documentation(thing):
            yield _original(thing), _documented(thing, public, "function", name), rank


def _of_class(owner: type, public: str, module: str, rank: Rank) -> Iterator[tuple[Any, Documented, Rank]]:
    """A class, unless Python source defines it, and what compiled code defines in it."""
    in_python = _in_python(owner)
    if not in_python:
        yield owner, _documented(owner, public, "class", module), rank
    elif owner.__module__ != module:
        return
    members = _METHODS if issubclass(owner, BaseException) else _METHODS + _FIELDS  # not "exception filename"
    for base in owner.__mro__ if in_python else [owner]:
        if base is not owner and not base.__module__.startswith("_"):
            continue  # known under a name of its own
        for key, member in sorted(vars(base).items()):
            if isinstance(member, members) and not key.startswith("_"):
                yield member, _documented(member, f"{public}.{key}", "method", module), (*rank, base is owner)


def _in_python(owner: type) -> bool:
    """Whether a class statement made it: seen by its functions, or by a home that is another module in Python."""
    home = getattr(sys.modules.get(owner.__module__), "__file__", None) or ""
    functions = any(inspect.isfunction(each) for each in vars(owner).values())
    return functions or (home.endswith(".py") and owner.__module__.rpartition(".")[2].startswith("_"))


def _lent_documentation(thing: Any) -> bool:
    """Whether it is a Python function that compiled code documents, such as `signal.signal`."""
    return inspect.isfunction(thing) and bool(thing.__doc__) and thing.__doc__ not in thing.__code__.co_consts


def _original(thing: Any) -> Any:
    """`random.random` is a method of an instance; what is documented is `random.Random.random`."""
    bound = getattr(thing, "__self__", None)
    if bound is None or isinstance(bound, ModuleType | type):
        return thing
    return inspect.getattr_static(type(bound), thing.__name__, thing)


def _documented(thing: Any, public: str, kind: str, module: str) -> Documented:
    thing = thing.__func__ if isinstance(thing, staticmethod) else thing
    documentation = inspect.cleandoc(thing.__doc__) if isinstance(thing.__doc__, str) else ""
    if kind == "module" or isinstance(thing, _FIELDS):
        return Documented(public, kind, module, public, documentation)
    call, text = _without_calls(documentation)
    signature = call or _signature(thing)  # a line that somebody wrote says more than "(object, /)"
    if signature is None:
        found = _BEGINS_WITH_CALL.match(documentation)
        signature = found[1] if found else ""
    return Documented(public, kind, module, public + signature, text)


def _without_calls(documentation: str) -> tuple[str | None, str]:
    """The first call, if there are lines at the beginning that say how it is called, and the text without them.

    What comes of a call stays, together with what follows, unless it is but a type: "list of strings", not "iterator".
    """
    call, said = None, []
    lines = documentation.splitlines()
    while lines and (found := _CALL.fullmatch(lines[0])):
        call = call or found[1]
        said += [found[2]] if len((found[2] or "").split()) > 2 else []
        del lines[0]
    text = "\n".join([*said, "\n".join(lines).strip()]).strip()
    return call, text or documentation


def _signature(thing: Any) -> str | None:
    """How it is called, without self or cls, which nobody passes; None where that is in its documentation only."""
    if inspect.isfunction(thing):
        return str(inspect.signature(thing))
    signature = getattr(thing, "__text_signature__", None)
    if not isinstance(signature, str):
        return None
    return _BREAK.sub(" ", _SELF.sub("(", signature)).replace("<unrepresentable>", "...")


def _loaded() -> Iterator[ModuleType]:
    """The public modules of the standard library with something compiled in them that this Python has."""
    compiled = {name for name in sys.stdlib_module_names if _is_compiled(name)}
    for name in sorted(compiled.union(_FACES.split())):
        try:
            yield importlib.import_module(name)
        except Exception:  # of another system, left out when this Python was built, or broken: the rest is read
            continue


def _is_compiled(name: str) -> bool:
    if name.startswith("_") or name in _NOT_THESE:
        return False
    if name in sys.builtin_module_names:
        return True
    spec = importlib.machinery.PathFinder.find_spec(name)
    return bool(spec and (spec.origin or "").endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES)))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    json.dump(described(_loaded()), sys.stdout)
