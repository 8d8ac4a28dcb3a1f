"""What every bench script shares: its options, the medians of interleaved runs, and how figures are shown."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version


def options(about: str) -> argparse.ArgumentParser:
    """A parser with the options of all scripts: --quick and --json."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--quick", action="store_true", help="a small run, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object a row instead of a table")
    return parser


class Report:
    """The figures of one script, shown as they come (--json) or as a table at the end."""

    def __init__(self, bench: str, *, as_json: bool) -> None:
        self.bench, self.as_json = bench, as_json
        self.rows: list[tuple[str, str, str, str]] = []

    def add(self, work: str, who: str, figure: float, unit: str) -> None:
        """One figure: what was measured, of whom, how much of what."""
        if self.as_json:
            row = {
                "bench": self.bench,
                "work": work,
                "who": who,
                "figure": round(float(figure), 6),
                "unit": unit,
            }
            print(json.dumps(row), flush=True)
        else:
            self.rows.append((work, who, f"{figure:,.4g}" if abs(figure) < 1000 else f"{figure:,.0f}", unit))

    def note(self, text: str) -> None:
        """Something a reader should know; not a figure."""
        print(f"# {text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Print the table, as Markdown."""
        if self.rows:
            print(f"\n| {self.bench}: work | who | figure | unit |\n|---|---|---|---|")
            for row in self.rows:
                print("| " + " | ".join(row) + " |")


def called(package: str) -> str | None:
    """`package version` for the table; None when it is not installed."""
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return None


def interleaved(runs: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The median seconds of each run, taken in turns so that a busy moment of the machine hits all alike."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in seconds.items()}
