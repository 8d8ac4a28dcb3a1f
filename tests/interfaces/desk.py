"""Questions to the help desk of a bank with their intents, and the same as pairs and triplets."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

QUESTIONS = {
    "arrival": [
        "where is my card", "my card has not come yet", "the card is still not here", "when do I get my card",
        "no card in the mail so far", "how long until the new card is with me",
    ],
    "declined": [
        "my card was declined", "the shop refused my card", "card not accepted", "they would not take my card",
        "the payment with my card failed", "the machine says no to my card",
    ],
    "lost": [
        "I lost my card", "my card was stolen", "I cannot find the card any more", "somebody took my card",
        "the card fell out of my pocket", "my wallet with the card is gone",
    ],
}  # fmt: skip


def write(folder: Path) -> None:
    """intents.csv, answered.csv and judged.csv."""
    intents = [(text, intent) for intent, texts in QUESTIONS.items() for text in texts]
    pairs = [pair for texts in QUESTIONS.values() for pair in pairwise(texts)]
    other = {intent: QUESTIONS[next(each for each in QUESTIONS if each != intent)][0] for intent in QUESTIONS}
    triplets = [(*pair, other[intent]) for intent, texts in QUESTIONS.items() for pair in pairwise(texts)]
    for name, header, rows in (
        ("intents", ("question", "intent"), intents),
        ("answered", ("question", "answer"), pairs),
        ("judged", ("query", "good", "bad"), triplets),
    ):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([header, *rows])
