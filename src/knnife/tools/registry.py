"""The registry of tools: which questions there are, what each wants to know, and what its answer's rows hold.

All of it is read from the function itself, when it is asked for: the parameters from its signature and the section
"Args:" of its docstring, the columns from the section "Columns:" of the docstring of its answer's `rows`. Listing the
names imports no tool. A package adds a tool of its own by an entry point:

    [project.entry-points."knnife.tools"]
    weather = "my_package.module:weather"

It is then `knnife.weather` in Python and `knnife weather SPACE` on the command line. docs/tools.md shows one.
"""

from __future__ import annotations

import importlib
import inspect
import re
import sys
import warnings
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple, get_type_hints

from knnife.errors import BadInput, NotFound
from knnife.tools import BUILT_IN as BUILT_IN

GROUP: Final = "knnife.tools"
_ENTRY: Final = r"^(\w+)(?: \(([^)]*)\))?: (.*)$"
_SECTION: Final = r"^\w+:$"


class Parameter(NamedTuple):
    """What a tool wants to know. type: as it stands in the signature; kind: the type itself, `Any` where unknown."""

    name: str
    type: str
    kind: Any
    default: Any
    required: bool
    sentence: str


class AnswerColumn(NamedTuple):
    """What a field of the rows of an answer holds."""

    name: str
    type: str
    sentence: str


class Tool:
    """A question that can be asked of things.

    name: of the function. target: where it is, "module:function". package: who brings it; None for knnife itself.
    """

    def __init__(self, name: str, target: str, package: str | None = None) -> None:
        self.name, self.target, self.package = name, target, package

    @cached_property
    def function(self) -> Callable[..., Any]:
        """What answers the question. Raises BadInput where it cannot be imported."""
        module, _, name = self.target.partition(":")
        try:
            found = getattr(importlib.import_module(module), name)
        except Exception as error:  # somebody else's code may raise anything
            raise BadInput(f"{self.origin} cannot be loaded: {type(error).__name__}: {error}") from error
        if not inspect.isfunction(found):
            raise BadInput(f"{self.origin} is {type(found).__name__}; expected a function")
        return found

    @property
    def origin(self) -> str:
        """What it is called in messages."""
        return f"the tool {self.name} of the package {self.package}" if self.package else f"the tool {self.name}"

    @property
    def summary(self) -> str:
        """What it answers: the first sentence of `help`."""
        return re.split(r"(?<=[.?!])\s", " ".join(self.help.split()), maxsplit=1)[0]

    @property
    def help(self) -> str:
        """What it answers: its docstring up to the first section."""
        return _sections(inspect.getdoc(self.function) or "")[""]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it wants to know, in the order of its signature."""
        told = {name: text for name, _, text in _entries(inspect.getdoc(self.function) or "", "Args:")}
        hints = _hints(self.function)
        return tuple(
            Parameter(
                each.name,
                _type_name(each.annotation),
                hints.get(each.name, Any),
                None if each.default is each.empty else each.default,
                each.default is each.empty,
                told.get(each.name, ""),
            )
            for each in inspect.signature(self.function).parameters.values()
        )

    @cached_property
    def columns(self) -> tuple[AnswerColumn, ...]:
        """What the rows of its answer hold; empty where the answer does not say."""
        rows = getattr(_hints(self.function).get("return"), "rows", None)
        doc = inspect.getdoc(rows) or "" if rows is not None else ""
        return tuple(AnswerColumn(name, type or "Any", text) for name, type, text in _entries(doc, "Columns:"))


def tools() -> dict[str, Tool]:
    """All tools by name: those of knnife in the order in which one meets them, then those of other packages."""
    return {name: Tool(name, f"knnife.tools.{name}:{name}") for name in BUILT_IN} | others()


def tool(name: str) -> Tool:
    """The tool of that name. Raises NotFound where there is none."""
    found = tools().get(name)
    if found is None:
        raise NotFound(f"there is no tool {name!r}; there are {', '.join(tools())}")
    return found


@cache
def others() -> dict[str, Tool]:
    """The tools of other packages, none of which is imported; a name that is taken is left out, with a warning."""
    if not any(map(_mentions_tools, sys.path)):
        return {}
    from importlib.metadata import entry_points  # takes longer to import than all the rest of a help page

    found: dict[str, Tool] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        package = point.dist.name if point.dist else point.value.partition(":")[0]
        if point.name in BUILT_IN or point.name in found or not point.name.isidentifier():
            why = "this is no name in Python" if not point.name.isidentifier() else "there is one of that name already"
            warnings.warn(f"the tool {point.name!r} of the package {package} is left out: {why}", stacklevel=2)
        else:
            found[point.name] = Tool(point.name, point.value, package)
    return found


def _mentions_tools(folder: str) -> bool:
    """Whether some package that is installed in this folder may bring tools; a file that cannot be read may."""
    try:
        return any(GROUP.encode() in file.read_bytes() for file in Path(folder).glob("*-info/entry_points.txt"))
    except OSError:
        return True


def _type_name(annotation: Any) -> str:
    if annotation is inspect.Parameter.empty:
        return "Any"
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """The types of parameters and answer; nothing where a name among them is known to type checkers only."""
    try:
        return get_type_hints(function)
    except (NameError, AttributeError, TypeError):
        return {}


def _sections(doc: str) -> dict[str, str]:
    """The parts of a docstring: its text under "", the sections under the line that begins each."""
    parts: dict[str, list[str]] = {"": []}
    current = ""
    for line in doc.splitlines():
        if re.match(_SECTION, line):
            current = line
        parts.setdefault(current, []).append("" if line == current else line)
    return {name: "\n".join(lines).strip("\n") for name, lines in parts.items()}


def _entries(doc: str, section: str) -> list[tuple[str, str | None, str]]:
    """Names, types and sentences of a section whose entries are "name: sentence." or "name (type): sentence."."""
    found: list[tuple[str, str | None, str]] = []
    for line in inspect.cleandoc("\n" + _sections(doc).get(section, "")).splitlines():
        if entry := re.match(_ENTRY, line):
            found.append((entry[1], entry[2], entry[3]))
        elif found and line.startswith(" "):
            name, type, text = found[-1]
            found[-1] = (name, type, f"{text} {line.strip()}")
    return found
