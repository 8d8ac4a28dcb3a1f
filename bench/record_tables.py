"""Whole tables of records whose matches are known: of labelled pairs, of two shops, and made ones.

The records of all splits of a set of labelled pairs make up two tables; its matches are the truth, and every other pair
of records is taken for none. Where the pairs are a sample, that is wrong: what is not labelled is not known there, and
is left out. `overlapping` makes of any of them tables that share less.
"""

from __future__ import annotations

import csv
import gzip
import random
from collections.abc import Callable
from typing import NamedTuple

from bench.matching_data import ANSWERS, DATA, SAMPLED, Row, paths_of, read_pairs

FIRST = [
    "james",
    "mary",
    "john",
    "patricia",
    "robert",
    "jennifer",
    "michael",
    "linda",
    "william",
    "elizabeth",
    "david",
    "barbara",
    "richard",
    "susan",
]
LAST = [
    "smith",
    "johnson",
    "williams",
    "brown",
    "jones",
    "garcia",
    "miller",
    "davis",
    "rodriguez",
    "martinez",
    "lopez",
    "wilson",
    "anderson",
    "moore",
]
STREETS = [
    "oak",
    "pine",
    "maple",
    "cedar",
    "elm",
    "lake",
    "hill",
    "park",
    "walnut",
    "spring",
    "north",
    "ridge",
    "church",
    "willow",
    "meadow",
    "mill",
]
TOWNS = [
    "springfield",
    "clinton",
    "madison",
    "georgetown",
    "franklin",
    "salem",
    "greenville",
    "bristol",
    "fairview",
    "ashland",
    "oxford",
]
ENDINGS = ["son", "ton", "ley", "field", "man", "er", "ing", "sen", "ski", "berg"]  # with which a few names become many
BRANDS = [
    "veltron",
    "okami",
    "kestrel",
    "sonara",
    "brevik",
    "lumina",
    "tarvo",
    "quantex",
    "orbis",
    "fennec",
    "halden",
    "mirova",
]
SERIES = [
    "ultra",
    "prime",
    "nova",
    "edge",
    "cruiser",
    "vista",
    "pixel",
    "aero",
    "swift",
    "core",
    "titan",
    "zen",
    "pulse",
    "echo",
    "atlas",
]
COLOURS = ["black", "white", "silver", "red", "blue", "pink"]
GOODS = {
    "usb flash drive": ["4 GB", "8 GB", "16 GB", "32 GB"],
    "lcd tv": ['26"', '32"', '40"', '46"'],
    "digital camera": ["8 megapixel", "10 megapixel", "12 megapixel"],
    "laser printer": ["20 ppm", "30 ppm"],
    "hdmi cable": ["3 ft", "6 ft", "10 ft"],
    "running shoe": [f"size {each}" for each in range(36, 46)],
}


Places = tuple[int, int]


class RecordTables(NamedTuple):
    """Two tables, and the positions of the records in both that are of one thing.

    known: the pairs of which that is known; None where it is of all.
    """

    left: list[Row]
    right: list[Row]
    truth: set[Places]
    known: set[Places] | None = None


def of_pairs(work: str) -> RecordTables:
    """The tables of a set of labelled pairs, without the column that gives the answer away."""
    data = read_pairs(paths_of(work, None))
    data = data.without(ANSWERS[work]) if work in ANSWERS else data
    pairs = [(a, b) for a, b in data.pairs.tolist()]
    truth = {pair for pair, label in zip(pairs, data.labels.tolist(), strict=True) if label}
    return RecordTables(data.left, data.right, truth, set(pairs) if work in SAMPLED else None)


def shops() -> RecordTables:
    """The products of Abt and Buy, all of them."""
    tables = []
    for name in ("Abt", "Buy"):
        with gzip.open(DATA / f"AbtBuy_{name}.csv.gz", "rt", encoding="utf-8", errors="replace") as file:
            tables.append(list(csv.DictReader(file)))
    left, right = tables
    truth = {
        (a, b) for a, one in enumerate(left) for b, two in enumerate(right) if one["unique_id"] == two["unique_id"]
    }
    return RecordTables(
        *([{k: v for k, v in row.items() if k != "unique_id"} for row in each] for each in tables), truth
    )


def overlapping(tables: RecordTables, share: float, seed: int = 0) -> RecordTables:
    """The records with a partner alone, of which a share keeps it; the others lose the left one or the right one."""
    draw = random.Random(seed)
    pairs: dict[int, int] = {}
    for a, b in sorted(tables.truth):
        if a not in pairs and b not in pairs.values():
            pairs[a] = b
    order = draw.sample(sorted(pairs), len(pairs))
    both, alone = order[: round(share * len(order))], order[round(share * len(order)) :]
    lefts = sorted(both + alone[: len(alone) // 2])
    rights = [pairs[a] for a in draw.sample(both + alone[len(alone) // 2 :], len(order) - len(alone) // 2)]
    at, to = ({row: place for place, row in enumerate(rows)} for rows in (lefts, rights))
    truth = {(at[a], to[b]) for a, b in tables.truth if a in at and b in to}
    return RecordTables([tables.left[a] for a in lefts], [tables.right[b] for b in rights], truth)


def slip(text: str, draw: random.Random) -> str:
    """A text with a letter left out, swapped, wrong or doubled."""
    if len(text) < 3:
        return text
    at, kind = draw.randrange(len(text) - 1), draw.randrange(4)
    middle = ("", text[at + 1] + text[at], draw.choice("aeionrst"), 2 * text[at])[kind]
    return text[:at] + middle + text[at + 1 + (kind == 1) :]


def people(n: int, seed: int, moved: float = 0.15) -> RecordTables:
    """People, three of ten in the family before them, and the same written down again later: some have moved."""
    draw = random.Random(seed)

    def person() -> Row:
        return {
            "first": draw.choice(FIRST),
            "last": draw.choice(LAST) + draw.choice(ENDINGS),
            "street": f"{draw.randrange(1, 999)} {draw.choice(STREETS)} {draw.choice(['st', 'ave', 'rd'])}",
            "town": draw.choice(TOWNS),
            "born": f"{draw.randrange(1940, 2005)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}",
            "phone": f"{draw.randrange(200, 999)}-{draw.randrange(200, 999)}-{draw.randrange(1000, 9999)}",
        }

    def later(before: Row) -> Row:
        other, row = person(), dict(before)
        if draw.random() < moved:
            row |= {name: other[name] for name in ("street", "town", "phone")}
        row = {name: slip(cell, draw) if draw.random() < 0.15 else cell for name, cell in row.items()}
        return {name: "" if draw.random() < 0.08 else cell for name, cell in row.items()}

    left: list[Row] = []
    for _ in range(n):
        family = {name: left[-1][name] for name in ("last", "street", "town", "phone")} if left else {}
        left.append(person() | (family if draw.random() < 0.3 else {}))
    return RecordTables(left, [later(each) for each in left], {(row, row) for row in range(n)})


def products(families: int, seed: int, codes: float = 0.7) -> RecordTables:
    """Products in variants of size and colour, and what another shop writes of the same; codes: how many of these."""
    draw = random.Random(seed)
    left: list[Row] = []
    right: list[Row] = []
    for _ in range(families):
        brand, what, series = draw.choice(BRANDS), draw.choice(sorted(GOODS)), draw.choice(SERIES)
        stem, price = f"{''.join(draw.sample('bcdfghklmnprstvwx', 3))}{draw.randrange(10, 9900)}", draw.uniform(15, 400)
        for size in draw.sample(GOODS[what], draw.randrange(1, len(GOODS[what]) + 1)):
            for colour in draw.sample(COLOURS, draw.randrange(1, 4)):
                code = f"{stem}{''.join(filter(str.isdigit, size))}{colour[0]}"
                cost = f"{price * draw.uniform(0.9, 1.5):.2f}"
                title = f"{brand} {series} {size} {what} - {colour} - {code.upper()}"
                left.append({"title": title, "brand": brand, "price": cost if draw.random() < 0.7 else ""})
                parts = [series, what, size.replace(" ", "") if draw.random() < 0.5 else size]
                parts += [f"({colour})"] if draw.random() < 0.8 else []
                parts += [code if draw.random() < 0.8 else code[:-1]] if draw.random() < codes else []
                parts += [draw.choice(["retail box", "new", "for home and office", "1 year warranty"])]
                shown = brand if draw.random() < 0.5 else ""
                right.append({"title": " ".join([brand.title(), *parts]), "brand": shown, "price": ""})
    return RecordTables(left, right, {(row, row) for row in range(len(left))})


TABLES: dict[str, Callable[[], RecordTables]] = {
    "abt-buy": shops,
    "amazon-google": lambda: of_pairs("amazon-google"),
    "itunes-amazon": lambda: of_pairs("itunes-amazon"),
    "itunes-amazon, dirty": lambda: of_pairs("itunes-amazon, dirty"),
    "dblp-scholar": lambda: of_pairs("dblp-scholar"),
    "fodors-zagats": lambda: of_pairs("fodors-zagats"),
    "beer": lambda: of_pairs("beer"),
    "people": lambda: people(1_000, 1),
    "people who moved": lambda: people(1_000, 2, moved=0.4),
    "products": lambda: products(150, 1),
    "products, few codes": lambda: products(150, 2, codes=0.3),
}
