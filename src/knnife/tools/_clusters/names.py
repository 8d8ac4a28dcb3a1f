"""What a cluster is called: the words that its texts use more than the others do.

For each word the log of its odds in the cluster against those in all others, with all texts as the prior, divided by
its standard error (Monroe, Colaresi and Quinn, "Fightin' Words", 2008, equations 16, 20 and 22). So words that are
everywhere come out at zero, without a list of stop words. A word counts once for each text that has it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Positions
from knnife.tools._clusters.graph import Weights

WORD = re.compile(r"[^\W\d_][\w'’]*[^\W_]")
LEAST_TEXTS = 3  # a word of fewer texts names nothing
PRIOR = 500.0  # how many words the prior weighs
SURE = 2.0  # standard errors from which a word is typical


def typical_words(texts: Sequence[str], labels: Positions, most: int) -> list[list[str]]:
    """For each cluster of `labels` (n,) its most typical words, at most so many, best first; -1 counts as others."""
    count = int(labels.max(initial=-1)) + 1
    found = [Counter[str]() for _ in range(count + 1)]  # the last one is for those in no cluster
    for text, label in zip(texts, labels.tolist(), strict=True):
        found[label].update(set(WORD.findall(text.lower())))
    total = sum(found, Counter[str]())
    words = sorted(word for word, times in total.items() if times >= LEAST_TEXTS and len(word) > 2)
    counts = np.array([[each[word] for word in words] for each in found], np.float64).reshape(count + 1, len(words))
    return [_best(row, words, most) for row in log_odds(counts)[:count]]


def log_odds(counts: Weights) -> Weights:
    """How many standard errors each word's odds in a group lie above those in the others, from counts `(g, w)`."""
    everywhere = counts.sum(axis=0)
    prior = PRIOR * everywhere / max(1.0, everywhere.sum())
    others = everywhere - counts
    inside = (counts + prior) / np.maximum(counts.sum(axis=1, keepdims=True) + PRIOR - counts - prior, 1e-9)
    outside = (others + prior) / np.maximum(others.sum(axis=1, keepdims=True) + PRIOR - others - prior, 1e-9)
    error = np.sqrt(1 / (counts + prior) + 1 / (others + prior))
    result: NDArray[np.float64] = (np.log(inside) - np.log(outside)) / error
    return result


def _best(scores: Weights, words: list[str], most: int) -> list[str]:
    order = np.argsort(-scores, kind="stable")
    chosen: list[str] = []
    for i in order[: 4 * most]:
        if scores[i] < SURE or len(chosen) == most:
            break
        if not any(words[i].startswith(word) or word.startswith(words[i]) for word in chosen):  # film, films
            chosen.append(words[i])
    return chosen
