"""What only a terminal sees: tables and blocks, cut to its width, with the words that were found in bold.

All of it is rich `Text` of escaped characters, so neither escape sequences nor markup in the data have an effect.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from knnife.interfaces.cli.cells import Row, in_brackets, json_line, printable

LAST_COLUMN = 20  # cells that the last column, usually the text, gets at least
OTHER_COLUMN = 32  # cells that any other column gets at most
LEAST = 12  # cells that a column is cut down to where there is not room for all, but for narrower ones
FOUND = "bold yellow"


def write_table(rows: Iterable[Row], columns: Mapping[str, str], wrapped: bool) -> int:
    """A table of the rows, and how many there are; the last column is cut or wrapped to what is left.

    Columns with nothing in them are left out.
    """
    rows = list(rows)
    if not rows:
        return 0
    columns = {n: title for n, title in columns.items() if any(_cell(row.get(n)) for row in rows)} or columns
    console = _console()
    cells = [[_cell(_without_id(row) if name == "value" else row.get(name)) for name in columns] for row in rows]
    room = _widths(cells, list(columns.values()), console.width)
    titled = any(columns.values())
    table = Table(box=None, pad_edge=False, show_header=titled, header_style="dim", padding=(0, 2, 0, 0))
    for i, (name, title) in enumerate(columns.items()):
        numeric = all(isinstance(row.get(name), int | float | None) for row in rows)
        table.add_column(Text(title), justify="right" if numeric else "left", width=room[i], overflow="fold")
    for row, texts in zip(rows, cells, strict=True):
        words = tuple(row.get("words") or ())
        shown = [cut(text, width, words) for text, width in zip(texts, room, strict=True)]
        table.add_row(*map(Text, shown[:-1]), mark(texts[-1] if wrapped else shown[-1], words))
    console.print(table)
    return len(rows)


def write_blocks(rows: Iterable[Row]) -> int:
    """Each row wholly, and how many there are: its id, below it what is known about it, then its text."""
    console, count = _console(), 0
    for row in rows:
        count += 1
        head = Text(_cell(row["id"]), style="bold")
        if row.get("score") is not None:
            head = Text(_cell(row["score"]) + "  ").append_text(head)
        console.print(head)
        known = {**row.get("about", {}), **({"part_of": row["part_of"]} if row.get("part_of") else {})}
        if known:
            line = " · ".join(f"{printable(name)}: {_cell(value)}" for name, value in known.items())
            console.print(Padding(Text(line, style="dim"), (0, 0, 0, 2), expand=False))
        value = row.get("value") or ""
        paragraphs = [in_brackets(value)] if isinstance(value, bytes) else str(value).splitlines()
        body = Text("\n").join(mark(printable(p), tuple(row.get("words") or ())) for p in paragraphs)
        console.print(Padding(body, (0, 0, 1, 2), expand=False))
    return count


def cut(text: str, width: int, words: Sequence[str] = ()) -> str:
    """At most `width` cells of `text`, where the first of `words` can be seen; … for what is left out."""
    if cell_len(text[: 8 * width]) <= width and cell_len(text) <= width:  # the first spares measuring long texts
        return text
    pattern = _pattern(words)
    found = pattern.search(text) if pattern else None
    start = 0
    if found and found.end() >= width:
        start = max(0, found.start() - width // 3)
        start += text[start : found.start()].find(" ") + 1  # at a word, if there is one on the way
    piece = ("…" if start else "") + text[start : start + width]
    more = start + width < len(text)
    while cell_len(piece) > width - more:
        piece, more = piece[:-1], True
    return piece + "…" if more else piece


def mark(text: str, words: Sequence[str]) -> Text:
    """`text` with the words that were found in bold."""
    marked = Text(text)
    if pattern := _pattern(words):
        for found in pattern.finditer(text):
            marked.stylize(FOUND, *found.span())
    return marked


def _pattern(words: Sequence[str]) -> re.Pattern[str] | None:
    """Finds the words and their forms: the search knows them by their stem, so the endings may differ."""
    telling = [word for word in words if len(word) > 2] or words  # "a" and "of" stand everywhere
    forms = [_forms(word) for word in telling]
    return re.compile(rf"\b(?:{'|'.join(forms)})\b", re.IGNORECASE) if forms else None


def _forms(word: str) -> str:
    """A pattern for `word` with any ending, roughly, for what is marked need not be exact."""
    stem = re.sub(r"(ings?|ed|ers?|e?s|ly|e|y)$", "", word, flags=re.IGNORECASE)
    return re.escape(stem) + r"\w{0,4}" if len(stem) > 3 else re.escape(word) + "s?"


def _without_id(row: Row) -> Any:
    """The value of a row, without a first line that repeats the id, which has a column of its own."""
    value = row.get("value")
    return value.removeprefix(f"{row.get('id')}\n") if isinstance(value, str) else value


def _widths(cells: list[list[str]], titles: list[str], total: int) -> list[int]:
    """The cells of each column. Where there is not room for all, the last two, id and text, are cut last."""
    natural = [max(cell_len(title), *(cell_len(row[i][:total]) for row in cells)) for i, title in enumerate(titles)]
    widths = [min(width, OTHER_COLUMN) for width in natural[:-1]]
    room = total - sum(widths) - 2 * len(titles)
    for i, width in enumerate(widths):
        wanted = min(natural[-1], LAST_COLUMN if i < len(widths) - 1 else LEAST)
        spared = min(max(0, width - LEAST), max(0, wanted - room))
        widths[i], room = width - spared, room + spared
    return [*widths, min(natural[-1], max(room, LEAST))]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}"
    if isinstance(value, list | tuple):
        return ", ".join(_cell(each) for each in value)
    if isinstance(value, dict):
        return json_line(value)
    if isinstance(value, bytes):
        return in_brackets(value)
    return printable(" ".join(str(value).split(None)))


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False)
