"""Two shops and pairs that somebody has looked at, for the commands that match them."""

from __future__ import annotations

import csv
import random
from pathlib import Path

MAKERS = ["Sonara", "Veltron", "Okami", "Brightline", "Kestrel", "Nordhaus"]
KINDS = ["camera", "printer", "headphones", "kettle", "monitor", "keyboard"]
SHARED = 30  # products that both shops have


def write(folder: Path) -> None:
    """shop.csv (40 rows), catalogue.csv (45 rows, the first 30 the same products), looked-at.csv (labels)."""
    chance = random.Random(0)
    products = [
        (f"{chance.choice(MAKERS)} {chance.choice(KINDS)} {chance.choice('KXD')}{100 + 7 * i}", 20 + 13 * i)
        for i in range(55)
    ]
    shop = [(title, f"{price}.99") for title, price in products[:40]]
    other = [(title.replace("a", "", 1).lower(), price) for title, price in products[:SHARED]]
    other += [(title, price) for title, price in products[40:]]
    _table(folder / "shop.csv", ["title", "price"], shop)
    _table(folder / "catalogue.csv", ["title", "cost", "price"], [(title, price, price) for title, price in other])
    pairs = [(i + 1, i + 1, 1) for i in range(8)] + [(i + 1, i + 9, 0) for i in range(8)]
    labels = [(f"shop.csv#{a}", f"catalogue.csv#{b}", same) for a, b, same in pairs]
    _table(folder / "looked-at.csv", ["a", "b", "match"], labels)


def _table(path: Path, head: list[str], rows: list[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])
