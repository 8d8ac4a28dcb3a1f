"""A picture of two samples as SVG: across, the direction that tells them apart; upwards, the widest of the others."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from knnife.geometry import Vectors
from knnife.tools._drift.pool import Bools
from knnife.tools._drift.statistics import Cloud

WIDTH, HEIGHT, EDGE, HEAD = 720, 540, 24, 64  # in pixels
SHOWN = 2_000  # points of each sample, at most
USED = 10  # principal directions that may tell the samples apart; with many, chance would seem to do so
STEPS = 20
COLOURS = {"reference": "#8a94a6", "new": "#d9480f"}


def plane(cloud: Cloud) -> Vectors:
    """Each point of the pool in two coordinates `(N, 2)`."""
    covariance, new = cloud.covariance, cloud.pool.new
    directions = np.random.default_rng(0).standard_normal((len(covariance), USED))
    for _ in range(STEPS):  # towards the principal directions (orthogonal iteration)
        directions = np.linalg.qr(covariance @ directions)[0]
    axes = cloud.features @ directions
    across = axes[new].mean(axis=0) - axes[~new].mean(axis=0)
    across = across / (np.linalg.norm(across) or 1.0)
    rest = axes - np.outer(axes @ across, across)
    upwards = rest[np.argmax((rest**2).sum(axis=1))]
    for _ in range(STEPS):
        upwards = rest.T @ (rest @ upwards)
        upwards /= np.linalg.norm(upwards) or 1.0
    found: Vectors = np.column_stack([axes @ across, axes @ upwards]).astype(np.float32)
    return found


def svg(points: Vectors, new: Bools, names: Sequence[str], told: str) -> str:
    """The picture. names: of the points, shown where the mouse rests. told: the finding, in a line."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = np.where(high > low, high - low, 1)
    x = EDGE + (points[:, 0] - low[0]) / span[0] * (WIDTH - 2 * EDGE)
    y = HEIGHT - EDGE - (points[:, 1] - low[1]) / span[1] * (HEIGHT - EDGE - HEAD)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{EDGE}" y="26" font-size="15" fill="#222">{escape(told)}</text>',
    ]
    start = EDGE
    for side, (name, colour) in zip((~new, new), COLOURS.items(), strict=True):
        rows = np.flatnonzero(side)
        shown = rows[:SHOWN]  # the pool is shuffled
        said = f"{name}: {len(rows):,}" + (f", {len(shown):,} of them shown" if len(shown) < len(rows) else "")
        lines.append(f'<circle cx="{start + 5}" cy="45" r="5" fill="{colour}"/>')
        lines.append(f'<text x="{start + 16}" y="50" font-size="13" fill="#222">{said}</text>')
        start += 300
        lines.append(f'<g fill="{colour}" fill-opacity="0.55">')
        lines += [
            f'<circle cx="{x[row]:.1f}" cy="{y[row]:.1f}" r="2.5"><title>{_text(names[row])}</title></circle>'
            for row in shown
        ]
        lines.append("</g>")
    return "\n".join([*lines, "</svg>\n"])


def _text(name: str) -> str:
    """A name as XML may hold it: without control characters."""
    return escape("".join(c for c in name[:80] if c.isprintable()))
