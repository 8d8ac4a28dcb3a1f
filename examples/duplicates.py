"""Which reviews are copies of others, which one stays, and is the next one new?"""

from __future__ import annotations

import knnife

FIRST = [
    "A quiet film",
    "The loud sequel",
    "This slow drama",
    "An old comedy",
    "The new thriller",
    "My favourite western",
]
SECOND = ["about two brothers who", "in which a retired teacher", "where a lonely detective", "whose nameless hero"]
THIRD = ["returns to the village.", "steals a painting.", "learns to sail.", "forgets an important letter."]
REVIEWS = [f"{a} {b} {c}" for a in FIRST for b in SECOND for c in THIRD]
COPIES = [
    "THE LOUD SEQUEL - about two brothers who - learns to sail",
    "An old comedy whose nameless hero steals a paintin",
]


def main() -> None:
    found = knnife.duplicates([*REVIEWS, *COPIES], by="surface", threshold=0.9, keep="longest")
    for row in found.rows():
        print(f"{row['surface']:.2f}  {row['a']} = {row['b']}")
    for group in found.groups():
        print("stays:", found.things.things[group.kept].value)
    print(len(found.clean()), "of", len(found.things), "are left")

    seen = knnife.Seen(found.clean(), by="surface", threshold=0.9)
    for text in ["an old comedy, whose nameless hero steals a painting", "A first review of something else entirely"]:
        copies = seen.take(text)
        print("new:" if not copies else f"copy of {copies[0].id}:", text)


if __name__ == "__main__":
    main()
