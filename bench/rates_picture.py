"""Stated against observed rates as SVG: a panel for each tool, both axes logarithmic, and the diagonal: as stated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple

import numpy as np

from bench.stated import Trial

SIDE, GAP, LEFT, TOP, COLUMNS = 250, 88, 64, 92, 3  # in pixels; a panel is a square
COLOURS = {"chosen": "#8a94a6", "held out": "#d9480f"}
DODGE = 5.0  # pixels between trials at the same stated rate, less where they are many
STEPS = (1, 2, 5)  # of the marks within a power of ten


class Axis(NamedTuple):
    """Both axes of a panel, which are alike: figures from `low` to `high`, and 0 at its lower end."""

    low: float
    high: float

    @classmethod
    def of(cls, trials: Sequence[Trial]) -> Axis:
        """As wide as the figures of these trials need."""
        figures = np.array([[each.stated, each.observed, each.low, each.high] for each in trials]).ravel()
        figures = figures[figures > 0]
        least = max(figures.min(initial=1), 1e-3 * np.median([each.stated for each in trials]))
        return cls(least / 2.5, figures.max(initial=least) * 1.6)

    def place(self, figure: float) -> float:
        """From 0 to SIDE."""
        share = np.log(max(figure, self.low) / self.low) / np.log(self.high / self.low)
        return float(share) * SIDE

    def marks(self) -> Iterator[tuple[float, str]]:
        """Where a figure is written, and as what: 0, then powers of ten, and their parts on a short axis."""
        yield 0.0, "0"
        powers = range(int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high))) + 1)
        steps = STEPS if np.log10(self.high / self.low) < 2.2 else STEPS[:1]
        for figure in (step * 10.0**power for power in powers for step in steps):
            if self.low * 1.5 < figure <= self.high:
                yield self.place(figure), f"{figure:,.10g}"


def svg(trials: Sequence[Trial]) -> str:
    """The picture of these trials."""
    tools = list(dict.fromkeys(each.tool for each in trials))
    columns = min(COLUMNS, len(tools))
    width = max(LEFT + columns * (SIDE + GAP), 700)
    height = TOP + -(-len(tools) // columns) * (SIDE + GAP)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="28" font-size="16" fill="#222">Stated across, observed upwards</text>',
        *_legend(),
    ]
    for number, tool in enumerate(tools):
        row, column = divmod(number, columns)
        lines.append(f'<g transform="translate({LEFT + column * (SIDE + GAP)} {TOP + row * (SIDE + GAP)})">')
        lines += [*_panel(tool, [each for each in trials if each.tool == tool]), "</g>"]
    return "\n".join([*lines, "</svg>\n"])


def _legend() -> Iterator[str]:
    for place, (half, colour) in enumerate(COLOURS.items()):
        x = LEFT + 6 + 100 * place
        yield f'<circle cx="{x}" cy="50" r="4" fill="{colour}"/>'
        yield f'<text x="{x + 10}" y="54" font-size="12" fill="#222">{half}</text>'
    yield f'<circle cx="{LEFT + 206}" cy="50" r="3.5" fill="white" stroke="#666"/>'
    yield f'<text x="{LEFT + 216}" y="54" font-size="12" fill="#222">the tool said that it cannot know</text>'
    yield f'<path d="M{LEFT + 446} 43v14M{LEFT + 522} 50h6" stroke="#444"/>'
    yield f'<text x="{LEFT + 454}" y="54" font-size="12" fill="#222">interval</text>'
    yield f'<text x="{LEFT + 533}" y="54" font-size="12" fill="#222">as stated</text>'


def _panel(tool: str, trials: Sequence[Trial]) -> Iterator[str]:
    """The axes, then each trial: a line for its interval, a dot for what was observed."""
    axis = Axis.of(trials)
    yield f'<text x="0" y="-8" font-size="13" font-weight="bold" fill="#222">{escape(tool)}</text>'
    yield f'<rect width="{SIDE}" height="{SIDE}" fill="none" stroke="#bbb"/>'
    for place, said in axis.marks():
        yield f'<path d="M{place:.1f} {SIDE}v4M0 {SIDE - place:.1f}h-4" stroke="#888"/>'
        style = 'font-size="10" fill="#555"'
        yield f'<text x="{place:.1f}" y="{SIDE + 15}" text-anchor="middle" {style}>{said}</text>'
        yield f'<text x="-7" y="{SIDE - place + 3.5:.1f}" text-anchor="end" {style}>{said}</text>'
    yield f'<line x1="0" y1="{SIDE}" x2="{SIDE}" y2="0" stroke="#ccc" stroke-dasharray="4 3"/>'
    for x, each in zip(_across(axis, trials), trials, strict=True):
        colour = COLOURS[each.half]
        top, bottom, y = (SIDE - axis.place(figure) for figure in (each.high, each.low, each.observed))
        fill = colour if each.calibrated else "white"
        yield f'<path d="M{x - 3:.1f} {SIDE - axis.place(each.stated):.1f}h6" stroke="#222"/>'
        yield f'<g stroke="{colour}"><title>{_said(each)}</title>'
        yield f'<path d="M{x:.1f} {bottom:.1f}V{top:.1f}" stroke-opacity=".45"/>'
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{fill}"/></g>'


def _across(axis: Axis, trials: Sequence[Trial]) -> Iterator[float]:
    """Where each trial stands: at its stated figure, those at the same one side by side."""
    places = [round(axis.place(each.stated)) for each in trials]
    many, met = Counter(places), Counter[int]()
    for place in places:
        step = min(DODGE, 0.3 * SIDE / many[place])
        x = place + (met[place] - (many[place] - 1) / 2) * step
        met[place] += 1
        yield min(max(x, 0.0), float(SIDE))


def _said(trial: Trial) -> str:
    return escape(
        f"{trial.data}, {trial.share:.0%}: {trial.what}, {trial.stated:.3g} stated, {trial.observed:.3g} observed"
    )
