"""The package as a tree of files: each is parsed once, however many walls ask about it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

import knnife

SOURCE = Path(knnife.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(path: Path) -> str:
    """`encoders/rows.py`"""
    return path.relative_to(SOURCE).as_posix()


def module(path: Path) -> str:
    """`knnife.encoders.rows`; a package goes by the name of its folder."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Mapping[str, Path] = {module(path): path for path in FILES}


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of a file, those inside functions and under TYPE_CHECKING too."""
    return tuple(ast.walk(ast.parse(text(path))))


def top_level(path: Path) -> list[ast.stmt]:
    (tree,) = (node for node in nodes(path) if isinstance(node, ast.Module))
    return tree.body


@cache
def imports(path: Path) -> frozenset[str]:
    """Every module that a file imports, wherever in it, and every name it takes from one."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: imports are absolute"
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(found)


@cache
def neighbours(path: Path) -> frozenset[str]:
    """The modules of this package that a file imports: of `from a.b import c`, a.b.c where that is one, else a.b."""
    found = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & MODULES.keys()
            if names - MODULES.keys():
                found.add(node.module or "")
    return frozenset(found & MODULES.keys())


def functions(path: Path) -> Iterator[tuple[Function, int]]:
    """Each function, and the lines of its body without the docstring."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            yield node, (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def cycles(graph: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """The groups that reach each other (Tarjan 1972, "Depth-first search and linear graph algorithms")."""
    number: dict[str, int] = {}
    lowest: dict[str, int] = {}
    waiting: list[str] = []
    found: list[list[str]] = []

    def visit(one: str) -> None:
        number[one] = lowest[one] = len(number)
        waiting.append(one)
        for other in sorted(graph[one] & graph.keys()):
            if other not in number:
                visit(other)
            if other in waiting:
                lowest[one] = min(lowest[one], lowest[other])
        if lowest[one] == number[one]:
            start = waiting.index(one)
            group = waiting[start:]
            del waiting[start:]
            found.append(sorted(group))

    for one in sorted(graph):
        if one not in number:
            visit(one)
    return [group for group in found if len(group) > 1]


def homes(key: Callable[[Path], Iterator[str]]) -> dict[str, list[str]]:
    """For each name that `key` finds in the files, the files that have it."""
    found: dict[str, list[str]] = {}
    for path in FILES:
        for each in key(path):
            found.setdefault(each, []).append(name(path))
    return found
