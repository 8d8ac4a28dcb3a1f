"""The bar of a long command: how much, how fast, how long still. On standard error, and only for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from knnife.interfaces.cli.output import printable

Report = Callable[[int, float | None], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Report | None]:
    """Yields what a space reports to, `(things so far, fraction of all or None)`; None without a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[told]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(printable(what), total=None, told="")
        start = time.monotonic()

        def report(count: int, fraction: float | None) -> None:
            told = describe(count, fraction, time.monotonic() - start)
            progress.update(task, completed=fraction or 0, total=None if fraction is None else 1, told=told)

        yield report


def describe(count: int, fraction: float | None, seconds: float) -> str:
    """For instance `12,000 · 3,412 a second · 0:07 left`."""
    parts = [f"{count:,}"]
    if seconds > 0.5:  # before that, a rate says nothing
        parts.append(f"{count / seconds:,.0f} a second")
        if fraction and fraction < 1:
            left = round(seconds * (1 - fraction) / fraction)
            parts.append(f"{left // 60}:{left % 60:02d} left")
    return " · ".join(parts)
