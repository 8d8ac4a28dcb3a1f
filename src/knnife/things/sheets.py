"""Pages of pictures to look at: one HTML file that holds everything, needs no script, and loads nothing from a network.

Names of files come from anywhere, so every text is escaped, and the page forbids itself to load or to run anything.
"""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from knnife.errors import KnnifeError, MissingPackage
from knnife.output_kinds import PAGE
from knnife.outputs import whole_text
from knnife.things.pictures import Value
from knnife.things.pixels import Pixels, jpeg, pixels
from knnife.threads import cores

SIDE: Final = 200  # pixels of the longer side of a picture in a sheet

STYLE: Final = """\
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #fdfdfc; --faint: #6b6b6b; --line: #d8d8d4; --mark: #1a7f37 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8e8e6; --paper: #161616; --faint: #a0a0a0; --line: #3a3a3a; --mark: #56d364 } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.45 system-ui, sans-serif }
h1 { font-size: 1.4rem } h2 { font-size: 1rem; margin: 0 0 .6rem; overflow-wrap: anywhere; unicode-bidi: isolate }
section { border-top: 1px solid var(--line); padding: 1rem 0; content-visibility: auto;
  contain-intrinsic-size: auto 260px }
.pictures { display: flex; flex-wrap: wrap; gap: .8rem; align-items: flex-end }
figure { margin: 0; padding: 4px; max-width: 208px; border: 2px solid transparent; border-radius: 6px }
figure.marked { border-color: var(--mark) } figure.marked figcaption::before { content: "✓ "; color: var(--mark) }
img { display: block; max-width: 100%; height: auto; border-radius: 3px }
figcaption { font-size: 12px; color: var(--faint); overflow-wrap: anywhere; white-space: pre-line;
  unicode-bidi: isolate }
figure.marked figcaption { color: var(--ink) }
.broken { width: 160px; padding: 2rem .5rem; border: 1px dashed var(--line); font-size: 12px; overflow-wrap: anywhere }
"""
SHUT: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # the page may load and run nothing


class Cell(NamedTuple):
    """One picture of a sheet: its pixels, path or bytes, what stands under it, and whether it is marked."""

    picture: Pixels | Value
    caption: str
    marked: bool = False


def sheet(
    title: str, groups: Iterable[tuple[str, Sequence[Cell]]], path: str | os.PathLike[str], *, private: bool = False
) -> int:
    """Write groups of pictures, each with its heading, to an HTML file; how many groups there were.

    Groups are written as they come, so any number of them takes little memory. A picture that cannot be read is
    replaced by the reason. private: its owner alone may read the file. Raises what `whole_file` raises, and
    MissingPackage without Pillow.
    """
    count = 0

    def sections() -> Iterator[str]:
        nonlocal count
        with ThreadPoolExecutor(cores()) as pool:
            for heading, cells in groups:
                count += 1
                figures = "\n".join(pool.map(_figure, cells))
                yield f'<section><h2>{escaped(heading)}</h2>\n<div class="pictures">\n{figures}\n</div></section>\n'
        if not count:
            yield "<p>There is nothing to show.</p>\n"

    page(title, sections(), path, private=private)
    return count


def page(title: str, body: Iterable[str], path: str | os.PathLike[str], *, private: bool = False) -> None:
    """Write an HTML file, whole or not at all. body: its HTML in parts, texts `escaped`.

    private: its owner alone may read it. Raises what `whole_file` raises.
    """
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{SHUT}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escaped(title)}</title>\n<style>\n{STYLE}</style></head>\n<body>\n<h1>{escaped(title)}</h1>\n"
    )
    with whole_text(path, PAGE, private=private) as file:
        for text in chain([head], body, ["</body></html>\n"]):
            file.write(text)


def uri(picture: Pixels | Value, side: int = SIDE) -> str:
    """A picture as an address that holds it (data:), of at most `side` pixels. Raises what `pixels` raises."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(_small(picture, side))).decode('ascii')}"


def escaped(text: str) -> str:
    """A text as HTML, within quotes too; what no HTML page may hold becomes U+FFFD."""
    allowed = "".join(letter if letter >= " " or letter in "\n\t" else "\ufffd" for letter in text)
    return html.escape(allowed.encode("utf-8", "replace").decode("utf-8"))


def _figure(cell: Cell) -> str:
    caption = escaped(cell.caption)
    opening = '<figure class="marked">' if cell.marked else "<figure>"
    try:
        shown = f'<img alt="{caption}" src="{uri(cell.picture)}">'
    except MissingPackage:
        raise
    except KnnifeError as error:
        shown = f'<div class="broken">{escaped(str(error))}</div>'
    return f"{opening}{shown}<figcaption>{caption}</figcaption></figure>"


def _small(picture: Pixels | Value, side: int) -> Pixels:
    if not isinstance(picture, np.ndarray):
        return pixels(picture, side)
    return picture if max(picture.shape[:2]) <= side else pixels(jpeg(picture, quality=95), side)
