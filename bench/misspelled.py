"""Questions with a slip in the word that tells most: how much of their score is kept.

200 questions of the shared sets to the texts that answer them. In each the word of five letters or more that the fewest
texts have is written as people err: half of them as somebody wrote it (spell-errors), where the list has the word, the
others with a letter left out, one doubled, two swapped, or one replaced by a neighbour on the keyboard. All follows
from the question, so that every run makes the same slips; the constants were chosen on others. A score is nDCG@10 for
Cranfield and CISI, else one over the rank of the first answer within ten.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.ranking import RETRIEVAL, Collection, cisi, cranfield, ndcg
from bench.report import Report
from knnife import Space, Thing, read

DATA = RETRIEVAL.parent
SEED = 1
SHORTEST = 5  # letters of a word that tells
ASKED = {"stdlib": 30, "films": 23, "cranfield": 50, "cisi": 37, "xquad": 60}
ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Misspelled(NamedTuple):
    """A question, the same with one word misspelled, that word, and how it is written."""

    question: str
    asked: str
    word: str
    typed: str


def misspelled(collection: Collection, count: int, errors: dict[str, list[str]]) -> dict[str, Misspelled]:
    """Of `count` questions of a collection, evenly spread, those with a word that tells, by the number of each."""
    texts_with = Counter(
        word for text in collection.documents.values() for word in {*re.findall("[a-z]+", text.lower())}
    )
    chosen = [*collection.queries][:: max(1, len(collection.queries) // count)][:count]
    found = {n: _misspell(collection.queries[n], texts_with, errors) for n in chosen}
    return {n: slip for n, slip in found.items() if slip}


def _misspell(question: str, texts_with: Counter[str], errors: dict[str, list[str]]) -> Misspelled | None:
    words = [w for w in re.findall("[a-z]+", question.lower()) if len(w) >= SHORTEST and texts_with[w]]
    if not words:
        return None
    word = min(words, key=lambda each: (texts_with[each], each))
    chance = random.Random(f"{SEED} {question}")
    written = [typed for typed in errors.get(word, []) if typed.isalpha() and not texts_with[typed]]
    if written and chance.random() < 0.5:
        typed = chance.choice(written)
    else:
        typed = next(each for each in _slips(word, chance) if each != word and not texts_with[each])
    return Misspelled(question, re.sub(rf"(?i)\b{word}\b", typed, question), word, typed)


def _slips(word: str, chance: random.Random) -> Iterator[str]:
    """The word with one slip, again and again."""
    while True:
        at = chance.randrange(len(word) - 1)
        keys = next(row for row in ROWS if word[at] in row)
        key = keys.index(word[at])
        yield chance.choice(
            [
                word[:at] + word[at + 1 :],
                word[: at + 1] + word[at:],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
                word[:at] + chance.choice(keys[max(0, key - 1) : key] + keys[key + 1 : key + 2]) + word[at + 1 :],
            ]
        )


def spell_errors() -> dict[str, list[str]]:
    """How people misspelled each word."""
    lines = gzip.decompress((DATA / "typos" / "spell-errors.txt.gz").read_bytes()).decode().splitlines()
    pairs = [line.split(":", 1) for line in lines if ":" in line]
    return {
        right.strip().lower(): [each.split("*")[0].strip().lower() for each in typed.split(",")]
        for right, typed in pairs
    }


# --- what is asked ------------------------------------------------------------------------------------------


def collections() -> Iterator[Collection]:
    """Those that are there."""
    for made in (stdlib, films, cranfield, cisi, xquad):
        try:
            yield made()
        except FileNotFoundError:
            continue


def stdlib() -> Collection:
    """What Python's standard library says of itself."""
    documents = {thing.id or "": str(thing.value) for thing in read("python:stdlib")}
    asked = _tab_separated(RETRIEVAL / "stdlib-questions.tsv")
    gains = {n: dict.fromkeys(answers.split("|"), 1.0) for n, (_, answers) in asked.items()}
    return Collection("stdlib", documents, {n: question for n, (question, _) in asked.items()}, gains)


def films() -> Collection:
    """34,514 films, each its title and lead paragraph."""
    lines = gzip.decompress((DATA / "films_news" / "wikipedia-movies.jsonl.gz").read_bytes()).splitlines()
    documents: dict[str, str] = {}
    titled: dict[str, dict[str, float]] = {}
    for number, film in enumerate(map(json.loads, lines)):
        documents[str(number)] = f"{film['title']}. {film.get('extract') or ''}"
        titled.setdefault(film["title"], {})[str(number)] = 1.0
    asked = _tab_separated(RETRIEVAL / "films-questions.tsv")
    gains = {n: titled[title] for n, (_, title) in asked.items()}
    return Collection("films", documents, {n: question for n, (question, _) in asked.items()}, gains)


def xquad(language: str = "en") -> Collection:
    """The paragraphs of 24 articles, and 612 questions."""
    articles = json.loads((DATA / "qa" / f"xquad-even.{language}.json").read_text(encoding="utf-8"))["data"]
    paragraphs = [each for article in articles for each in article["paragraphs"]]
    asked = [(str(n), qa) for n, paragraph in enumerate(paragraphs) for qa in paragraph["qas"]]
    return Collection(
        "xquad",
        {str(n): paragraph["context"] for n, paragraph in enumerate(paragraphs)},
        {qa["id"]: qa["question"] for _, qa in asked},
        {qa["id"]: {number: 1.0} for number, qa in asked},
    )


def _tab_separated(path: Path) -> dict[str, list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return {str(number): line.split("\t") for number, line in enumerate(lines)}


# --- how well it is answered --------------------------------------------------------------------------------


def score(collection: Collection, number: str, ranked: Sequence[str]) -> float:
    """Of one question."""
    gains = collection.gains[number]
    if collection.name in ("cranfield", "cisi"):
        return ndcg(ranked, gains)
    return next((1 / rank for rank, name in enumerate(ranked[:10], 1) if name in gains), 0.0)


def measure(report: Report, quick: bool) -> None:
    """The share of the score that is kept, as questions are read and as they are written, of each set and of all."""
    scores: dict[str, list[tuple[float, float, float]]] = {}
    errors = spell_errors()
    for collection in collections():
        count = 10 if quick else ASKED[collection.name]
        with tempfile.TemporaryDirectory() as folder, Space.open(Path(folder) / "s.knnife", "english") as space:
            space.add(Thing(name, text) for name, text in collection.documents.items())

            def found(number: str, query: str, as_written: bool = False, of: Collection = collection) -> float:
                return score(of, number, [hit.id for hit in space.search(query, 10, as_written=as_written)])

            slips = misspelled(collection, count, errors)
            read = [space.search(slip.asked, 1).searched_for == slip.question for slip in slips.values()]
            report.add(f"misspelled, {collection.name}", "knnife", statistics.mean(read), "share put right")
            scores[collection.name] = [
                (found(n, slip.question), found(n, slip.asked), found(n, slip.asked, as_written=True))
                for n, slip in slips.items()
            ]
    every = [each for rows in scores.values() for each in rows]
    for name, rows in (*scores.items(), ("all", every)):
        clean, *kept = (sum(column) for column in zip(*rows, strict=True))
        for who, sums in zip(("knnife", "knnife, as written"), kept, strict=True):
            report.add(f"misspelled, {name} ({len(rows)})", who, sums / clean, "share of score kept")
