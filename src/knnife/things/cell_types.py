"""How the cells of a column of texts are read, decided by all of them: text, numbers, yes and no, dates, lists.

One cell does not know: `1,234`, `3/4/2024`, `no` or `007` are this in one column and that in another. So each cell has
a shape, the shapes of a column are counted (`Shapes`), and the counts decide (deciding.py); `reader` then reads.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple, get_args

from knnife.errors import BadInput
from knnife.things.date_cells import DateShape, date_shape, iso_date
from knnife.things.number_cells import NumberShape, is_name, number, number_shape, plain_shape
from knnife.things.reading import RowError
from knnife.things.taken import CellType, Value
from knnife.things.thing import Scalar
from knnife.things.truth_cells import truth, truth_word
from knnife.things.values import cell_value

MISSING: Final = frozenset(["na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "–", "—", "?"])

REMEMBERED: Final = 50_000  # cells, of all columns together
_LONGEST_REMEMBERED: Final = 18
_LONGEST: Final = 48  # characters: what is longer is text, or a list
_DIGIT = re.compile("[0-9]")
_PLAIN = r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]+(?:[eE][-+]?[0-9]+)?|[eE][-+][0-9]+)?"
_ALL_PLAIN = re.compile(rf"(?:(?:{_PLAIN})?+\0)*+")
_THREE_DIGITS = re.compile(r"\.[0-9]{3}\0")
_UNSURE_POINT = re.compile(r"(?<![0-9])[1-9][0-9]{0,2}\Z")  # 1.234 may be a thousand and more


class Text(NamedTuple):
    """The shape of what is no number and no date.

    what: "nothing", "missing" (NA and its like), "word" (for yes or no), "name" (of digits), "plus" (a small number
    after one), "list", "text".
    """

    what: Literal["nothing", "missing", "word", "name", "plus", "list", "text"]
    word: str = ""


Shape = NumberShape | DateShape | Text
NOTHING: Final = Text("nothing")


def shape_of(cell: str) -> Shape:
    """What a cell may be."""
    if type(cell_value(cell)) in (int, float):
        return plain_shape(cell)
    text = cell.strip()
    if not text:
        return NOTHING
    if text[0] == "[" and text[-1] == "]":
        return Text("list") if _list(text) is not None else Text("text")
    if len(text) > _LONGEST:
        return _text(text)
    if text.casefold() in MISSING:
        return Text("missing")
    if _DIGIT.search(text) is None:
        word = truth_word(text)
        return _text(text) if word is None else Text("word", word)
    if is_name(text):
        return Text("plus" if text[0] == "+" and len(text) < 6 and number(text, ".") is not None else "name")
    return number_shape(text) or date_shape(text) or _text(text)


def _text(text: str) -> Text:
    """Nothing, where it breaks its row anyway and so says nothing of its column."""
    try:
        if not text.isascii():
            text.encode()
    except UnicodeEncodeError:
        return NOTHING
    return NOTHING if "\0" in text else Text("text")


class Shapes:
    """What was seen of a column.

    counts: how often each shape. first: the row and the cell where each was first. negative: whether a number was.
    exact: whether all are as programs write numbers, or empty.
    """

    def __init__(self) -> None:
        self.counts: Counter[Shape] = Counter()
        self.first: dict[Shape, tuple[int, str]] = {}
        self.negative = False
        self.exact = True

    def add(self, cells: Sequence[str], row: int) -> None:
        """Cells that follow each other; row: the number of the first."""
        if self._all_plain(cells, row):
            return
        self.exact = False
        times = Counter(cells)
        for cell in times:
            shape = _shapes[cell]
            if shape not in self.counts:
                self.first[shape] = row + cells.index(cell), cell
            self.counts[shape] += times[cell]
            self.negative = self.negative or cell[:1] == "-"

    def _all_plain(self, cells: Sequence[str], row: int) -> bool:
        """Are all as programs write numbers, or empty? Then they are counted here, with no loop in Python."""
        joined = "\0".join(cells) + "\0"
        if _ALL_PLAIN.fullmatch(joined) is None:
            return False
        self.negative = self.negative or "-" in joined
        points = joined.count(".")
        unsure = sum(
            _UNSURE_POINT.search(joined, max(0, found.start() - 4), found.start()) is not None
            for found in _THREE_DIGITS.finditer(joined)
        )
        whole = len(cells) - cells.count("") - points
        times = Counter({_WHOLE: whole, _POINT: points - unsure, _UNSURE: unsure})
        for shape in +times:
            if shape not in self.counts:
                self.first[shape] = next((row, cell) for row, cell in enumerate(cells, row) if shape_of(cell) == shape)
            self.counts[shape] += times[shape]
        return True

    @property
    def there(self) -> int:
        """How many cells say something."""
        return self.counts.total() - self.counts[NOTHING] - self.counts[Text("missing")]

    @property
    def is_text(self) -> bool:
        """Is it text, whatever comes? Nothing is lost by that, and long columns need not be gone through."""
        return self.counts[Text("text")] > 10_000 and self.counts[Text("text")] > 0.9 * self.there


_WHOLE, _POINT, _UNSURE = NumberShape("", plain=True), NumberShape(".", plain=True), NumberShape("?.", plain=True)


class _Exact(dict[str, Any]):
    """Reads cells that are known to be as programs write numbers, or empty; remembers as the others do."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def __missing__(self, cell: str) -> Value:
        found: float | None
        if "." in cell or "e" in cell or "E" in cell:
            found = float(cell)
            if found - found != 0.0:  # beyond float64
                return cell
        else:
            found = int(cell) if cell else None
        if len(self) < self._most:
            self[cell] = found
        return found


class _Remembered(dict[str, Any]):
    """Calls a function once for each cell, of the first ones, as years and prices come again."""

    def __init__(self, function: Callable[[str], Any], most: int = REMEMBERED) -> None:
        super().__init__()
        self._function, self._most = function, most

    def __missing__(self, cell: str) -> Any:
        found = self._function(cell)
        if len(self) < self._most and len(cell) < _LONGEST_REMEMBERED and type(found) is not list:
            self[cell] = found
        return found


_shapes = _Remembered(shape_of, most=10_000)


def cell_type(given: object, column: str) -> CellType:
    """A type as a user states it. Raises BadInput where it is none."""
    for type in get_args(CellType):
        if given == type:
            found: CellType = type
            return found
    raise BadInput(
        f"the type of the column {column} is {given!r:.40}; expected one of: {', '.join(get_args(CellType))}"
    )


def reader(
    type: CellType | None, *, strict: bool = False, exact: bool = False, most: int = REMEMBERED
) -> Mapping[str, Value]:
    """What reads cells of this type: `reader(type)[cell]`; None for cells in which nothing is.

    type None: numbers that programs wrote are numbers, all else is text; exact: there is nothing else. strict: a cell
    that does not fit raises RowError; else it stays text. most: cells that are remembered.
    """
    if type is None and exact:
        return _Exact(most)
    if type == "text":
        return _Remembered(lambda cell: cell or None, most)
    read = _plain if type is None else _READ[type]

    def value(cell: str) -> Value:
        text = cell.strip()
        if not text or text.casefold() in MISSING:
            return None
        found = read(text)
        if found is None and strict:
            raise RowError(f"{cell!r:.60} does not fit the type of its column, {type}")
        return cell if found is None else found

    return _Remembered(value, most)


def _plain(text: str) -> Value:
    found = cell_value(text)
    return None if isinstance(found, str) else found


def _number(text: str) -> Value:
    found = _plain(text)
    return number(text, ".") if found is None else found


def _list(text: str) -> list[Scalar] | None:
    """A list of texts, numbers, yes and no, as JSON has it; None for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    simple = isinstance(found, list) and all(each is None or isinstance(each, str | int | float) for each in found)
    return found if simple else None


_READ: Final[Mapping[CellType, Callable[[str], Value]]] = {
    "number": _number,
    "decimal comma": lambda text: number(text, ","),
    "true/false": truth,
    "M/D/Y": lambda text: iso_date(text, "M/D/Y"),
    "D/M/Y": lambda text: iso_date(text, "D/M/Y"),
    "Y/M/D": lambda text: iso_date(text, "Y/M/D"),
    "list": _list,
}
