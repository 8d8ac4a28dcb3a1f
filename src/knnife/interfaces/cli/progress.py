"""The bar of a long command: how much, how fast, how long still. On standard error, and only for people."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from knnife.interfaces.cli.cells import printable

Report = Callable[[int, float | None], None]
Training = Callable[[str, int, float | None, float | None], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Report | None]:
    """Yields what a space reports to, `(things so far, fraction of all or None)`; None without a terminal.

    What is done before the fraction is known has a clock of its own.
    """
    with _bar(what) as show:
        if show is None:
            yield None
            return
        start = known = time.monotonic()

        def report(count: int, fraction: float | None) -> None:
            nonlocal known
            now = time.monotonic()
            if fraction is None:
                known = now
            show(what, fraction, describe(count, fraction, now - (start if fraction is None else known)))

        yield report


@contextmanager
def training_bar() -> Iterator[Training | None]:
    """Yields what a training reports to: what it is doing, how many words so far, the fraction of all, the loss.

    What it does next has a clock of its own, and what a training before had done already does not count as quick.
    """
    with _bar("reading") as show:
        if show is None:
            yield None
            return
        begun: dict[str, tuple[float, float]] = {}  # when each began, and with what fraction done

        def report(doing: str, count: int, fraction: float | None, loss: float | None) -> None:
            start, ahead = begun.setdefault(doing, (time.monotonic(), (fraction or 0.0) if not count else 0.0))
            rate = describe(count, fraction, time.monotonic() - start, ahead)
            show(doing, fraction, rate if loss is None else f"{rate} · loss {loss:.3f}")

        yield report


@contextmanager
def _bar(what: str) -> Iterator[Callable[[str, float | None, str], None] | None]:
    """Yields what shows (what is done, the fraction of all or None, what stands behind the bar)."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(printable(what), total=None, rate="")

        def show(doing: str, fraction: float | None, rate: str) -> None:
            total = None if fraction is None else 1
            progress.update(task, description=printable(doing), completed=fraction or 0, total=total, rate=rate)

        yield show


def describe(count: int, fraction: float | None, seconds: float, ahead: float = 0.0) -> str:
    """For instance `12,000 · 3,412 a second · 0:07 left`; `ahead`: the fraction that was done when the clock began."""
    parts = [f"{count:,}"]
    if seconds > 0.5:  # before that, a rate says nothing
        parts.append(f"{count / seconds:,.0f} a second")
        if fraction and ahead < fraction < 1:
            left = round(seconds * (1 - fraction) / (fraction - ahead))
            parts.append(f"{left // 60}:{left % 60:02d} left")
    return " · ".join(parts)
