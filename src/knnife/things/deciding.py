"""What a column is, by the shapes of all its cells (cell_types.py), and what to say of it.

A column is read as something else than text only where nearly all of its cells fit, and where what it is cannot well be
a name: with a cell like "007" it is text from top to bottom. What one column leaves open, the others of the table
decide: the decimal mark, and whether day or month comes first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from knnife.things.cell_types import Shape, Shapes, Text
from knnife.things.date_cells import DateShape
from knnife.things.number_cells import NumberShape
from knnife.things.taken import CellType, Mark, Order, Taken
from knnife.things.truth_cells import are_truths

MOSTLY: Final = 0.95  # of the cells that are there fit: the others are mistakes
_OF_TELEPHONES: Final = 9  # digits
_OF_ADDRESSES: Final = 4  # groups of digits, of a computer


class Custom(NamedTuple):
    """How numbers and dates are written where a column does not tell; None: nobody knows.

    columns: other columns say so, not only what parts the cells.
    """

    mark: Mark | None = None
    order: Order | None = None
    columns: bool = False


def decide(columns: Mapping[str, Shapes], *, semicolons: bool = False) -> dict[str, Taken]:
    """How each column of a table is read. semicolons: part its cells, as where commas are decimal marks."""
    alone = {name: _taken(seen, Custom()) for name, seen in columns.items()}
    marks = {taken.mark for taken in alone.values()} - {None}
    orders = {taken.order for taken in alone.values()} - {None}
    told = marks.pop() if len(marks) == 1 else None
    mark: Mark | None = told or ("," if semicolons and not marks and orders != {"M/D/Y"} else None)
    order = orders.pop() if len(orders) == 1 else "D/M/Y" if mark == "," else None
    custom = Custom(mark, order, told is not None)
    return {name: _taken(seen, custom) for name, seen in columns.items()}


def given(stated: Mapping[str, CellType]) -> dict[str, Taken]:
    """The columns whose types somebody has stated."""
    return {name: Taken(type, f"{type}, as stated", names=type == "text") for name, type in stated.items()}


def _taken(seen: Shapes, custom: Custom) -> Taken:
    if not seen.there:
        return Taken()
    for decided in (_truths(seen), _lists(seen), _dates(seen, custom)):
        if decided is not None:
            return decided
    return _numbers(seen, custom)


def _truths(seen: Shapes) -> Taken | None:
    words = {shape.word for shape in seen.counts if isinstance(shape, Text) and shape.what == "word"}
    counted = sum(times for shape, times in seen.counts.items() if isinstance(shape, Text) and shape.what == "word")
    return Taken("true/false", "true/false") if counted == seen.there and are_truths(words) else None


def _lists(seen: Shapes) -> Taken | None:
    return Taken("list", "lists") if seen.counts[Text("list")] == seen.there else None


def _dates(seen: Shapes, custom: Custom) -> Taken | None:
    dates = {shape: times for shape, times in seen.counts.items() if isinstance(shape, DateShape)}
    if all(shape.order == "ISO" for shape in dates):  # needs no reading
        return None
    order, sure = _order(dates, custom)
    against = "M" if order == "D/M/Y" else "D"
    fit = {shape for shape in dates if shape.order != against}
    if _count(seen, fit) < MOSTLY * seen.there or _are_versions(dates):
        return None
    numeric = any(shape.order in ("M", "D", "?") for shape in dates)
    words = f"dates {order}" if numeric else "dates"
    if not sure:
        words += f", as which {'M/D/Y' if order == 'D/M/Y' else 'D/M/Y'} would fit as well"
    return Taken(order if numeric else "Y/M/D", words + _others(seen, fit), order=order if numeric and sure else None)


def _order(dates: Mapping[DateShape, int], custom: Custom) -> tuple[Order, bool]:
    """What comes first, and whether the column says so itself."""
    month = sum(times for shape, times in dates.items() if shape.order == "M")
    day = sum(times for shape, times in dates.items() if shape.order == "D")
    if month != day:
        return ("M/D/Y" if month > day else "D/M/Y"), True
    slashes = any(shape.order == "?" and shape.gap == "/" for shape in dates)
    usual: Order = "M/D/Y" if slashes else "D/M/Y"
    return custom.order or usual, not any(shape.order == "?" for shape in dates)


def _are_versions(dates: Iterable[DateShape]) -> bool:
    """Might these be versions of programs, as 10.12.15: short, with dots, none beyond 12, none with a zero before?"""
    short = [shape for shape in dates if shape.short and shape.gap == "."]
    return bool(short) and not (any(shape.padded for shape in short) and any(shape.order == "D" for shape in short))


def _numbers(seen: Shapes, custom: Custom) -> Taken:
    shapes = [shape for shape in seen.counts if isinstance(shape, NumberShape)]
    plain = _count(seen, [shape for shape in shapes if shape.plain])
    names = seen.counts[Text("name")] + (0 if seen.negative else seen.counts[Text("plus")])
    decimals = _count(seen, [shape for shape in shapes if shape.mark])
    if names and decimals <= _count(seen, shapes) / 2:  # among decimals, "007" is a mistake
        numeric = shapes and (_count(seen, shapes) + names) >= MOSTLY * seen.there
        return Taken("text", _of_names(seen, names) if numeric or plain > seen.there / 2 else "", names=True)
    mark, sure = _decimal_mark(shapes, custom)
    fit: list[Shape] = [shape for shape in shapes if shape.fits(mark)]
    marked = [shape for shape in fit if isinstance(shape, NumberShape) and (not shape.plain or _is_parted(shape, mark))]
    if seen.counts[Text("plus")]:
        fit.append(Text("plus"))
        marked = marked or [NumberShape("")]
    if marked and _count(seen, fit) >= MOSTLY * seen.there and _are_amounts(fit):
        return _marked(seen, marked, fit, mark, sure)
    if plain > seen.there / 2:
        fit = [shape for shape in shapes if shape.plain]
        words = f"numbers{_others(seen, fit)}" if plain < seen.there else ""
        decimal = any(shape.plain and shape.mark == "." for shape in shapes)
        return Taken(None, words, mark="." if decimal else None)
    units = sorted({shape.unit or "none" for shape in shapes})
    mixed = len(units) > 1 and _count(seen, shapes) >= MOSTLY * seen.there
    return Taken("text", f"text, as the units of its numbers differ: {', '.join(units)}" if mixed else "")


def _marked(seen: Shapes, marked: list[NumberShape], fit: list[Shape], mark: Mark, sure: bool) -> Taken:
    units = {shape.unit for shape in marked if shape.unit}
    words = "numbers"
    if units:
        words += f" in {'percent' if units == {'%'} else units.pop()}"
    if mark == ",":
        words += " with decimal comma"
    elif any(shape.gap or shape.mark == "?," for shape in marked):
        words += " with thousands parted"
    if any(shape.sign == "(" for shape in marked):
        words += ", in brackets below 0"
    if not sure:
        words += f', unless it is stated to be "{"number" if mark == "," else "decimal comma"}"'
    words += _others(seen, fit)
    return Taken("decimal comma" if mark == "," else "number", words, mark=mark if sure and _tells(marked) else None)


def _tells(shapes: Iterable[NumberShape]) -> bool:
    """Do these say what the decimal mark is?"""
    return any(shape.mark in (".", ",") or shape.gap in (".", ",") for shape in shapes)


def _decimal_mark(shapes: list[NumberShape], custom: Custom) -> tuple[Mark, bool]:
    """The decimal mark of a column, and whether that is sure."""
    point = any(shape.mark == "." or shape.gap == "," for shape in shapes)
    comma = any(shape.mark == "," or shape.gap == "." for shape in shapes)
    if point != comma or point:
        return "," if comma and not point else ".", True
    open_marks = {shape.mark for shape in shapes} & {"?.", "?,"}
    parted = any(shape.gap for shape in shapes)  # by spaces or apostrophes, so that the open mark is no thousands'
    if len(open_marks) != 1:
        return (custom.mark or ".") if open_marks else ".", not open_marks
    if parted:
        return "," if "?," in open_marks else ".", True
    if "?," in open_marks:
        return custom.mark or ".", False
    return ("," if custom.mark == "," and custom.columns else "."), custom.mark != "," or not custom.columns


def _is_parted(shape: NumberShape, mark: Mark) -> bool:
    """Is 1.234 a thousand and more?"""
    return mark == "," and shape.mark == "?."


def _are_amounts(fit: Iterable[Shape]) -> bool:
    """Are numbers that fit amounts of one unit, and not marks of notes, telephones, or addresses of computers?"""
    shapes = [shape for shape in fit if isinstance(shape, NumberShape)]
    units = {shape.unit for shape in shapes}
    if len(units - {""}) > 1 or ("%" in units and len(units) > 1):
        return False
    if all(shape.sign in ("(", "-") for shape in shapes):  # (1), (2), (3)
        return False
    groups, digits = {shape.groups for shape in shapes}, {shape.digits for shape in shapes}
    telephones = len(digits) == 1 and max(digits) >= _OF_TELEPHONES
    return not telephones and not (len(groups) == 1 and max(groups) >= _OF_ADDRESSES)


def _of_names(seen: Shapes, names: int) -> str:
    first = [seen.first[shape] for shape in (Text("name"), Text("plus")) if shape in seen.first]
    row, cell = min(first)
    return f"text, as {names:,} of {seen.there:,} are codes made of digits, first {cell!r:.40} in row {row:,}"


def _others(seen: Shapes, fit: Iterable[Shape]) -> str:
    """How many cells stay text among those that fit, and the first; "" where none does."""
    fit = set(fit)
    left = [shape for shape in _present(seen) if shape not in fit]
    if not left:
        return ""
    row, cell = min(seen.first[shape] for shape in left)
    return f", {_count(seen, left):,} of {seen.there:,} are text, first {cell!r:.40} in row {row:,}"


def _present(seen: Shapes) -> Iterator[Shape]:
    for shape in seen.counts:
        if not (isinstance(shape, Text) and shape.what in ("nothing", "missing")) and seen.counts[shape]:
            yield shape


def _count(seen: Shapes, shapes: Iterable[Shape]) -> int:
    return sum(seen.counts[shape] for shape in shapes)
