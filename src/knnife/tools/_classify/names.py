"""Labels as texts: what "card_arrival" means is known before there is one example of it.

A name is encoded like any text and counts as one more example of its class, so its weight falls as examples come: zero
examples are zero-shot. The names of one question have much in common (they are short, they are of one field), which
is taken out by centring them on their own mean. Whether they mean something to the encoder is told by the examples.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Vectors, unit
from knnife.spelling.english import is_listed
from knnife.tools._classify.softmax import Codes

JOINTS = re.compile(r"[_\-./:+\s]+|(?<=[a-z])(?=[A-Z])")
WORD = re.compile(r"[^\W\d_]+")
SURE = 2.0  # standard deviations by which names have to do better than chance
ALIKE = 0.9995  # of pairs of words with nothing in common, so many are less alike than names that mean the same


def worded(label: Any) -> str:
    """A label as it would be written in a text: "cardArrival", "card_arrival" are "card arrival"."""
    return JOINTS.sub(" ", str(label)).strip() or str(label)


def texts_of(classes: Sequence[Any], descriptions: Mapping[Any, str]) -> list[str]:
    """A text for each class: its name, and its description where there is one. Raises BadInput for two alike."""
    unknown = [label for label in descriptions if label not in set(classes)]
    if unknown:
        raise BadInput(f"there is a description of {unknown[0]!r}, which is no label; labels: {listed(classes)}")
    texts = [": ".join(dict.fromkeys([worded(label), descriptions.get(label) or worded(label)])) for label in classes]
    first: dict[str, Any] = {}
    for label, text in zip(classes, texts, strict=True):
        if text.casefold() in first:
            raise BadInput(
                f"the labels {first[text.casefold()]!r} and {label!r} both mean {text!r}; "
                "give each a description of its own, or make them one"
            )
        first[text.casefold()] = label
    return texts


def listed(labels: Sequence[Any]) -> str:
    """Labels for a message."""
    return ", ".join(str(label) for label in labels[:10]) + (
        f" and {len(labels) - 10} more" if len(labels) > 10 else ""
    )


def around_their_mean(vectors: Vectors) -> Vectors:
    """Names (K, d) as points of length 1."""
    directions = unit(vectors)
    return unit(directions - directions.mean(axis=0))


def tell(names: Vectors, points: Vectors, codes: Codes) -> bool:
    """Whether names (K, d) find the classes of examples (n, d) more often than chance would, surely."""
    hits = float(np.count_nonzero((points @ names.T).argmax(axis=1) == codes))
    chance, n = 1 / len(names), len(codes)
    return bool(hits > n * chance + SURE * (n * chance * (1 - chance)) ** 0.5)


def alike(names: Vectors, words: Vectors) -> list[tuple[int, int]]:
    """Pairs of names (K, d) that are nearest to each other, and as alike as hardly any two words (w, d) are."""
    directions, unrelated = unit(names), unit(words)
    usual = (unrelated @ unrelated.T)[np.triu_indices(len(words), 1)]
    similarities = directions @ directions.T
    np.fill_diagonal(similarities, -1)
    nearest, limit = similarities.argmax(axis=1), np.quantile(usual, ALIKE)
    return [(i, int(j)) for i, j in enumerate(nearest) if i < j and nearest[j] == i and similarities[i, j] >= limit]


def is_gibberish(text: Any, known: Sequence[str]) -> bool:
    """Whether a text has words and all of them are unknown: neither in the lists of English nor in `known` texts.

    By what an encoder makes of the letters of "xyzzy plugh" it belongs somewhere.
    """
    words = WORD.findall(text.lower()) if isinstance(text, str) else []
    return bool(words) and not any(is_listed(word) or any(word in each.lower() for each in known) for word in words)
