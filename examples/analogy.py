"""Analogies among the words of the built-in model, then among songs: vectors of anything can be asked."""

from __future__ import annotations

import numpy as np

import knnife

QUESTIONS = [("man", "king", "woman"), ("he", "actor", "she"), ("dog", "puppy", "cat"), ("france", "paris", "japan")]

# How loud, how quick, how old each is: a cover is the same song, quicker and younger.
SONGS = {
    "ballad": (1, 1, 9),
    "ballad, live": (4, 3, 5),
    "waltz": (2, 2, 9),
    "waltz, live": (5, 4, 5),
    "march": (9, 5, 9),
}


def main() -> None:
    a, b, c = (list(words) for words in zip(*QUESTIONS, strict=True))
    found = knnife.analogy(None, a, b, c, method="mul", k=3)
    for question, words in zip(found.questions, found.words, strict=True):
        print("{} is to {} as {} is to:".format(*question), ", ".join(words))

    songs = (list(SONGS), np.array(list(SONGS.values()), np.float32))
    found = knnife.analogy(songs, "ballad", "ballad, live", "waltz", k=1)
    print("ballad is to ballad, live as waltz is to:", found.words[0][0])


if __name__ == "__main__":
    main()
