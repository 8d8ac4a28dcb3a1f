"""The matched points of pictures, drawn: side by side, with lines between them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from knnife.things.pictures import Value
from knnife.things.sheets import escaped, uri

TALL = 360  # of a picture, in units of the drawing
GAP = 16
SHARP = 720  # pixels of the longer side of a picture in the page
GOLDEN = 137.508  # degrees: lines after one another are told apart by their colours

Points = NDArray[np.float64]  # (m, 2): x and y as shares of the width and the height
Side = tuple[Value, float]  # a picture, and its width by its height


def side_by_side(heading: str, left: Side, right: Side, a: Points, b: Points, outline: Points) -> Iterator[str]:
    """The HTML of a section: both pictures, a line for each pair of points, and where the left one lies in the right.

    outline: the four corners of the left picture in the right one. Raises what decoding raises.
    """
    wide, other = TALL * left[1], TALL * right[1]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in outline * (other, TALL))
    frame = f'<polygon points="{corners}" fill="none" stroke="#fff" stroke-width="2"/>'
    yield f"<section><h2>{escaped(heading)}</h2>\n"
    yield f'<svg viewBox="0 0 {wide + GAP + other:.0f} {TALL}" style="width:100%;max-height:80vh" role="img">\n'
    yield _placed(left[0], 0, wide, "")
    yield _placed(right[0], wide + GAP, other, frame)
    here, there = a * (wide, TALL), b * (other, TALL) + (wide + GAP, 0)
    for number, ((x, y), (u, v)) in enumerate(zip(here.tolist(), there.tolist(), strict=True)):
        colour = f"hsl({number * GOLDEN % 360:.0f} 90% 55%)"
        yield f'<path d="M{x:.1f} {y:.1f}L{u:.1f} {v:.1f}" stroke="{colour}" stroke-width=".8" opacity=".7"/>'
        yield "".join(f'<circle cx="{p:.1f}" cy="{q:.1f}" r="2" fill="{colour}"/>' for p, q in ((x, y), (u, v)))
    yield "\n</svg></section>\n"


def _placed(picture: Value, start: float, width: float, above: str) -> str:
    """A picture from `start` on, and what is drawn above it, as far as it lies within."""
    place = f'width="{width:.1f}" height="{TALL}"'
    shown = f'<image {place} preserveAspectRatio="none" href="{uri(picture, SHARP)}"/>'
    return f'<svg x="{start:.1f}" y="0" {place}>{shown}{above}</svg>\n'
