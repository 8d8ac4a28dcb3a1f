"""Texts, items in sequences, analogies and scored pairs, for the commands about words."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

TOPICS = (
    "cat dog horse cow sheep goat hen duck pig mouse",
    "bread cheese butter milk honey apple pear plum nut salt",
)


def write(folder: Path) -> None:
    """corpus.txt, tokens.txt, news/*.jsonl.gz, ratings.csv, words.txt, questions-words.txt, wordsim353.tsv, …"""
    chance = random.Random(0)
    lines = [" ".join(chance.sample(topic.split(), 6)) for topic in TOPICS * 150]
    (folder / "corpus.txt").write_text("\n".join(lines) + "\n")
    (folder / "tokens.txt").write_text("\n".join(lines) + "\n")
    (folder / "news").mkdir()
    with gzip.open(folder / "news" / "may.jsonl.gz", "wt") as file:
        file.writelines(json.dumps({"body": line}) + "\n" for line in lines)
    seen = [f"{user},{movie},{n}\n" for user in range(40) for n, movie in enumerate(lines[user].split())]
    (folder / "ratings.csv").write_text("user,movie,time\n" + "".join(seen))
    orders = "".join(f"O{i},c{i % 9},2024-03-{1 + i % 28:02},{i * 7 % 31}\n" for i in range(90))
    (folder / "orders.csv").write_text("order,customer,date,amount\n" + orders)
    (folder / "words.txt").write_text("recieve\nadress\n")
    (folder / "royals.txt").write_text("king\nqueen\n")
    (folder / "questions-words.txt").write_text(
        ": family\nman woman king queen\nboy girl prince princess\n: gram1-none\nparis france london england\n"
    )
    (folder / "wordsim353.tsv").write_text("king\tqueen\t8.6\ncat\tdog\t7.3\ncar\tsky\t1.5\nlunch\tdinner\t8\n")
    (folder / "simlex999.txt").write_text("word1\tword2\tscore\nking\tprince\t7\nred\tblue\t6\nhorse\tlunch\t1\n")
