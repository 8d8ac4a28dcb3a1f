"""A judged collection, evaluated, against a ranking made without any of the code of `evaluate`."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import shared

from knnife import evaluate, load_encoder


def smart(path: Path, field: str) -> dict[str, str]:
    """The texts of a field of a SMART file by their numbers."""
    content = gzip.decompress(path.read_bytes()).decode(errors="replace").replace("\r", "")
    blocks = content.removeprefix(".I ").split("\n.I ")
    found = {}
    for block in blocks:
        text = re.search(rf"^\.{field}\n(.*?)(?=^\.[A-Z]$|\Z)", block, re.DOTALL | re.MULTILINE)
        found[block.split("\n")[0].strip()] = " ".join(text[1].split()) if text else ""
    return found


def test_cranfield_as_an_independent_ranking_has_it() -> None:
    abstracts = smart(shared("retrieval/cran.all.1400.gz"), "W")
    things = [{"id": id, "text": text} for id, text in abstracts.items() if text]
    asked = list(smart(shared("retrieval/cran.qry.gz"), "W").values())
    gains: dict[str, dict[str, float]] = {}
    for line in gzip.decompress(shared("retrieval/cranqrel.gz").read_bytes()).decode().splitlines():
        number, id, grade = line.split()
        if 1 <= int(grade) <= 4 and int(number) <= 40 and abstracts.get(id):
            gains.setdefault(asked[int(number) - 1], {})[id] = 5 - int(grade)
    (row,) = evaluate(things, ["english"], queries=gains).rows()

    english = load_encoder("english")
    vectors = english.encode([thing["text"] for thing in things])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    discounts = 1 / np.log2(np.arange(2, 12))
    expected = []
    for query, answers in gains.items():
        order = np.argsort(-(vectors @ english.encode([query])[0]))[:10]
        got = [answers.get(things[i]["id"], 0.0) for i in order]
        ideal = sorted([*answers.values(), *[0.0] * 10], reverse=True)[:10]
        expected.append((got @ discounts) / (ideal @ discounts))
    assert row["ndcg@10"] == pytest.approx(np.mean(expected), abs=1e-6)
    assert row["ndcg@10"] > 0.2
