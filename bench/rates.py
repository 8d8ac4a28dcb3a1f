"""Do the rates that knnife states hold? Each tool on many unlike sets: what it states, and what happened.

`python -m bench.rates [TOOL ...] [--quick] [--json] [--picture FILE.svg]`. The trials of a tool are in
bench/stated/TOOL.py. "held": the observed figure lies in the interval that the tool states, or the stated one in the
95% interval of the observed share. Trials in which the tool said that it cannot know ("calibrated" no) are counted
apart: nothing was stated in them.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from time import perf_counter

os.environ["KNNIFE_CACHE"] = "off"

from bench import stated
from bench.rates_picture import svg
from bench.report import Report, options
from bench.stated import Trial

TOOLS = sorted(module.name for module in pkgutil.iter_modules(stated.__path__))
HALVES = ("chosen", "held out")


def run(tools: Iterable[str], report: Report, *, quick: bool) -> Iterator[Trial]:
    """The trials of these tools, as they end."""
    for tool in tools:
        began, count = perf_counter(), 0
        for trial in import_module(f"bench.stated.{tool}").trials(quick):
            count += 1
            yield trial
        report.note(f"{tool}: {count} trials in {perf_counter() - began:.0f} s")


def tell(report: Report, trial: Trial) -> None:
    """One trial as rows of figures."""
    work = f"{trial.tool}: {trial.data}, {trial.share:.0%} ({trial.half})"
    figures = {"stated": trial.stated, "observed": trial.observed, "from": trial.low, "to": trial.high}
    for name, figure in figures.items():
        report.add(work, "knnife", figure, f"{trial.what}, {name}")
    if trial.recall is not None:
        report.add(work, "knnife", trial.recall, f"recall beside {trial.what}")
    report.add(work, "knnife", trial.calibrated, f"{trial.what}, calibrated")


def table(trials: list[Trial]) -> Iterator[str]:
    """All trials, as Markdown."""
    yield "| tool | data | half | share | what | stated | observed (interval) | held | recall | calibrated |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for each in trials:
        observed = f"{number(each.observed)} ({number(each.low)} to {number(each.high)})"
        held = ("yes" if each.held else "no") if each.calibrated else ""
        recall = "" if each.recall is None else f"{each.recall:.3f}"
        cells = [each.tool, each.data, each.half, f"{each.share:.0%}", each.what, number(each.stated), observed]
        yield f"| {' | '.join([*cells, held, recall, 'yes' if each.calibrated else 'no'])} |"


def summary(trials: list[Trial]) -> Iterator[str]:
    """By tool, what is stated and half: in how many trials it held, as Markdown."""
    yield "| tool | what | half | trials | held | observed / stated | mean recall | cannot know |"
    yield "|---|---|---|---|---|---|---|---|"
    for tool, what, half in dict.fromkeys((each.tool, each.what, half) for each in trials for half in HALVES):
        of = [each for each in trials if (each.tool, each.what, each.half) == (tool, what, half)]
        sure = [each for each in of if each.calibrated]
        if not of:
            continue
        total = sum(each.stated for each in sure)
        ratio = f"{sum(each.observed for each in sure) / total:.2f}" if total else ""
        recalls = [each.recall for each in sure if each.recall is not None]
        recall = f"{sum(recalls) / len(recalls):.3f}" if recalls else ""
        held = f"{sum(each.held for each in sure)} of {len(sure)}"
        yield f"| {tool} | {what} | {half} | {len(of)} | {held} | {ratio} | {recall} | {len(of) - len(sure)} |"


def number(figure: float) -> str:
    """A share or a count, short enough for a table."""
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}"


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("tools", nargs="*", metavar="TOOL", help=f"of {', '.join(TOOLS)}; all by default")
    parser.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw stated against observed")
    arguments = parser.parse_args()
    if unknown := set(arguments.tools).difference(TOOLS):
        parser.error(f"no trials of {', '.join(sorted(unknown))}; there are those of {', '.join(TOOLS)}")
    report = Report("rates", as_json=arguments.json)
    trials = []
    for trial in run(arguments.tools or TOOLS, report, quick=arguments.quick):
        trials.append(trial)
        if arguments.json:
            tell(report, trial)
    if not arguments.json:
        print("\n".join([*table(trials), "", *summary(trials)]))
    if arguments.picture:
        arguments.picture.write_text(svg(trials), encoding="utf-8")


if __name__ == "__main__":
    main()
