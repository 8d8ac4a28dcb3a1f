"""Tables with a row that is odd in one way, which is known: six ways in which each value may be usual by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

Row = dict[str, Any]
COUNTRIES: Final = {"FR": "EUR", "DE": "EUR", "US": "USD", "GB": "GBP"}
GOODS: Final = {"book": 15.0, "lamp": 60.0, "phone": 500.0, "sofa": 900.0}


def orders(count: int, random: np.random.Generator) -> list[Row]:
    """Orders of a shop: what, how many, for how much, when, where, and two measurements that depend on each other."""
    found = []
    for number in range(count):
        country = random.choice(list(COUNTRIES), p=[0.4, 0.25, 0.25, 0.1])
        goods = random.choice(list(GOODS), p=[0.4, 0.3, 0.2, 0.1])
        price = round(float(GOODS[goods] * random.lognormal(0, 0.25)), 2)
        quantity = int(random.integers(1, 7))
        weight = float(random.normal(10, 3))
        found.append(
            {
                "id": f"B{number}",
                "goods": str(goods),
                "price": price,
                "quantity": quantity,
                "total": round(price * quantity, 2),
                "hour": int(np.clip(round(random.normal(15, 3)), 8, 22)),
                "country": str(country),
                "currency": COUNTRIES[str(country)],
                "fee": round(float(random.lognormal(2, 0.6)), 2),
                "weight": round(weight, 2),
                "size": round(2 * weight + float(random.normal(0, 0.6)), 2),
            }
        )
    return found


def at_night(row: Row, random: np.random.Generator) -> None:
    """At 3 a.m."""
    row["hour"] = 3


def negative(row: Row, random: np.random.Generator) -> None:
    """A fee below nothing."""
    row["fee"] = -float(row["fee"])


def broken_correlation(row: Row, random: np.random.Generator) -> None:
    """A large size at a small weight: each is usual."""
    row["weight"], row["size"] = (6.0, 26.0) if random.random() < 0.5 else (14.0, 14.0)


def inconsistent_total(row: Row, random: np.random.Generator) -> None:
    """A total that is not price times quantity, and is a usual total."""
    row["total"] = round(row["total"] * (1.6 if random.random() < 0.5 else 0.6), 2)


def rare_pair(row: Row, random: np.random.Generator) -> None:
    """Two names that do not go together."""
    row["country"], row["currency"] = "FR", "USD"


def impossible(row: Row, random: np.random.Generator) -> None:
    """A book for the price of a sofa; or the other way round. The total goes with it."""
    row["goods"], row["price"] = ("book", 870.0) if random.random() < 0.5 else ("sofa", 17.0)
    row["total"] = round(row["price"] * row["quantity"], 2)


KINDS: Final[dict[str, tuple[Callable[[Row, np.random.Generator], None], set[str]]]] = {
    "3 a.m.": (at_night, {"hour"}),
    "negative amount": (negative, {"fee"}),
    "broken correlation": (broken_correlation, {"weight", "size"}),
    "inconsistent total": (inconsistent_total, {"total", "price", "quantity"}),
    "rare pair of names": (rare_pair, {"country", "currency"}),
    "impossible number for a name": (impossible, {"goods", "price"}),
}
