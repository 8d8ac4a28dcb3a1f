"""What the cells of a column are taken for."""

from __future__ import annotations

from typing import Literal, NamedTuple

from knnife.things.thing import Scalar

CellType = Literal["text", "number", "decimal comma", "true/false", "M/D/Y", "D/M/Y", "Y/M/D", "list"]
Mark = Literal[".", ","]  # before the decimals
Order = Literal["M/D/Y", "D/M/Y", "Y/M/D"]
Value = Scalar | list[Scalar]


class Taken(NamedTuple):
    """How a column is read. type None: numbers that programs wrote are numbers, all else is text.

    words: what to say of it; "" for plain numbers and plain texts. names: its cells look like numbers or dates, and are
    none. mark, order: how numbers and dates are written in this column, where it says so itself.
    """

    type: CellType | None = "text"
    words: str = ""
    names: bool = False
    mark: Mark | None = None
    order: Order | None = None
