"""Train word vectors on text that comes with Python, ask them, and do the same with items instead of words."""

from __future__ import annotations

import random

import knnife


def words() -> None:
    """The documentation of Python's standard library: some 300,000 words, in seconds."""
    vectors = knnife.WordVectors.train("python:stdlib", epochs=10, subwords=(3, 6), buckets=20_000)
    print(
        f"{len(vectors):,} words; the loss went from {vectors.about['loss'][0]:.3f} to {vectors.about['loss'][-1]:.3f}"
    )
    for word in ("file", "true", "list"):
        print(f"{word}: {', '.join(vectors.near(word, k=5).words[0])}")
    print("a word never seen, 'fileobjct':", ", ".join(vectors.near(vectors.vector("fileobjct"), k=3).words[0]))


def items() -> None:
    """Baskets instead of sentences: what is bought by the same people comes to lie together."""
    shelves = {"breakfast": ["milk", "muesli", "honey", "butter"], "tools": ["hammer", "nails", "saw", "tape"]}
    draw = random.Random(0)
    baskets = [draw.choices(draw.choice(list(shelves.values())), k=6) for _ in range(1000)]
    vectors = knnife.WordVectors.train(baskets, dim=16, epochs=20, sample=0)
    for item in ("honey", "saw"):
        print(f"{item}: {', '.join(vectors.near(item, k=3).words[0])}")
    print("does not belong:", vectors.odd_one_out(["milk", "hammer", "butter"]).word)


if __name__ == "__main__":
    words()
    items()
