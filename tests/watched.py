"""Twelve people with plain tastes and twenty-four films of four kinds, a kind six; the last of each nobody has watched.

They are the tables of examples/, written where tests and pages read them.
"""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
MORE = [("mona", "Heat", 5, "2026-07-04"), ("mona", "Rififi", 4, "2026-07-09"), ("anna", "Up", 4, "2026-07-11")]


def write(folder: Path) -> None:
    """The tables, a later log in two forms, and a file with the ids of users."""
    for name in ("watched.csv", "plots.csv"):
        shutil.copy(EXAMPLES / name, folder / name)
    with (folder / "more.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("user", "film", "rating", "day"), *MORE])
    orders = [{"customer": user, "product": film, "stars": rating} for user, film, rating, _ in MORE]
    (folder / "orders.jsonl").write_text("".join(json.dumps(each) + "\n" for each in orders), encoding="utf-8")
    (folder / "users.txt").write_text("anna\ngus\njudy\n", encoding="utf-8")


def kinds() -> dict[str, str]:
    """The kind of each film."""
    with (EXAMPLES / "plots.csv").open(encoding="utf-8") as file:
        return {row["film"]: row["genre"] for row in csv.DictReader(file)}


def tastes() -> dict[str, list[str]]:
    """What each user watched, as the log has it."""
    found: dict[str, list[str]] = {}
    with (EXAMPLES / "watched.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["user"], []).append(row["film"])
    return found
