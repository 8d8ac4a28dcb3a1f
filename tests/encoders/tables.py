"""A small table of payments with every kind of column, and the encoder that learns from it."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from knnife import RowEncoder

NOTES = ("a present for my mother", "rent of the flat", "dinner with old friends", "tickets for the train")


def payments(count: int = 300, seed: int = 0) -> list[dict[str, Any]]:
    """Rows as Python objects; the same seed gives the same rows."""
    chance = random.Random(seed)
    start = datetime(2024, 1, 1)
    return [
        {
            "number": f"P{i:05d}",
            "amount": round(chance.lognormvariate(3, 1), 2),
            "age": chance.choice([None, 20, 35, 50, 65]),
            "country": chance.choices(["FR", "DE", "US", "NG"], [50, 30, 19, 1])[0],
            "shop": f"shop {int(chance.paretovariate(0.7)) % 900}",
            "when": (start + timedelta(minutes=chance.randrange(500_000))).isoformat(),
            "member": chance.random() < 0.3,
            "note": f"{chance.choice(NOTES)} {chance.randrange(10**6)}",
            "currency": "EUR",
            "comment": None,
            "fraud": chance.random() < 0.02,
        }
        for i in range(count)
    ]


def encoder() -> RowEncoder:
    """What learns from them."""
    return RowEncoder.train(payments(), leave_out=["fraud"])
