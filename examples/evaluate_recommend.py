"""Does learning pay? What 400 people with one of eight tastes choose next, against the most popular and item-kNN."""

from __future__ import annotations

import random

import knnife

USERS, TASTES, ITEMS = 400, 8, 25  # items of each taste
FAITHFUL = 0.8  # of the choices are of the own taste


def main() -> None:
    chance = random.Random(1)
    log = []
    for user in range(USERS):
        for turn in range(12):
            taste = user % TASTES if chance.random() < FAITHFUL else chance.randrange(TASTES)
            item = int(ITEMS * chance.random() ** 2)  # some are chosen more than others
            log.append((f"user {user}", f"item {taste}-{item}", 1.0, turn))
    found = knnife.evaluate_recommend(log)
    for row in found.rows():
        if row["figure"] in ("ndcg@10", "coverage@10"):
            print(f"{row['figure']:12} {row['system']:13} {row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})")
    print("\n".join([*found.verdict, *found.notes]))


if __name__ == "__main__":
    main()
