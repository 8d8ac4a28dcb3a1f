"""What the examples of the whole-space questions are about: payments, two months of questions, tickets, sensors."""

from __future__ import annotations

import csv
import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

SUBJECTS = {
    "billing": ["the invoice", "my refund", "the second payment", "the yearly fee", "the discount"],
    "delivery": ["the parcel", "my order", "the courier", "the missing box", "the return label"],
    "account": ["my password", "the login page", "the e-mail address", "the two factor code", "my profile"],
}
ASKED = ["where is {}", "what is wrong with {}", "please check {} again", "who can help me with {}", "when do I get {}"]
TIMES = ["today", "since Monday", "before the weekend", "after the update", "for the third time", "at last"]


def questions(count: int, chance: random.Random) -> list[dict[str, str | int]]:
    """Questions to a support desk, the team that answers, what a model told, and the year."""
    rows: list[dict[str, str | int]] = []
    for number in range(count):
        team = chance.choice(list(SUBJECTS))
        told = team if chance.random() < 0.9 else chance.choice(list(SUBJECTS))
        asked = f"{chance.choice(ASKED)} {chance.choice(TIMES)}".format(chance.choice(SUBJECTS[team]))
        rows.append({"id": f"q{number}", "question": asked, "team": team, "told": told, "year": 2023 + number % 2})
    return rows


def payments(count: int, chance: random.Random) -> list[dict[str, str | float | int]]:
    """Payments of a shop; every fortieth is a fraud, in the night."""
    return [
        {
            "id": f"p{number}",
            "amount": round(chance.lognormvariate(3, 0.5), 2) * (20 if number % 40 == 0 else 1),
            "hour": chance.randint(1, 4) if number % 40 == 0 else chance.randint(8, 20),
            "country": chance.choice(["de", "fr"]),
            "fraud": int(number % 40 == 0),
        }
        for number in range(count)
    ]


def write(folder: Path) -> tuple[str, ...]:
    """Puts the files into a folder; the command lines that make spaces of them."""
    chance = random.Random(7)
    _table(folder / "pay.csv", payments(200, chance))
    for month in ("january", "february"):
        _table(folder / f"{month}.csv", questions(60, chance))
    _table(folder / "tickets.csv", questions(120, chance))
    today = [{**row, "text": row["question"]} for row in questions(60, chance)]
    (folder / "today.jsonl").write_text("".join(json.dumps(row) + "\n" for row in today))
    (folder / "lines.txt").write_text("a bank is robbed\nthey kiss at the station\n")
    steps = np.random.default_rng(7)
    np.save(folder / "sensors.npy", steps.standard_normal((480, 3)).astype(np.float32))
    np.save(folder / "new-sensors.npy", steps.standard_normal((480, 3)).astype(np.float32))
    return (
        "add pay.knnife pay.csv --row --leave-out fraud",
        *(f"add {name}.knnife {name}.csv --text question" for name in ("january", "february", "tickets")),
    )


def _table(path: Path, rows: Iterable[Mapping[str, object]]) -> None:
    rows = list(rows)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
