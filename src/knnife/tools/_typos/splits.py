"""Words written together that should be apart: thankyou, alot, incase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from knnife.tools._typos.vocabulary import Vocabulary

ALONE = ("a", "i")  # the only words of one letter
PER_LIKELY, PER_LETTER = 0.5, 0.35  # from a logistic regression on codespell's list
APART = 4.0  # that has 2.75, which leaves too many together beside what the ranking says of single words


def splits(vocabulary: Vocabulary, keys: Sequence[str]) -> tuple[list[str], NDArray[np.float32]]:
    """The likeliest two words in each key, "" where there are none, and the log-odds that they are meant `(m,)`.

    They grow with how often both would stand together by chance (Norvig, "Natural language corpus data", 2009), and
    with the length of the key, since short ones are two words by chance.
    """
    row_of, log_counts = vocabulary.row_of, vocabulary.log_counts
    found, odds = [], np.full(len(keys), -np.inf, np.float32)
    for number, key in enumerate(keys):
        best = ""
        for cut in range(1, len(key)):
            left = row_of.get(key[:cut])
            if left is None or (cut == 1 and key[0] not in ALONE):
                continue
            right = row_of.get(key[cut:])
            if right is None or (cut == len(key) - 1 and key[-1] not in ALONE):
                continue
            likely = log_counts[left] + log_counts[right]
            if likely > odds[number]:
                best, odds[number] = f"{key[:cut]} {key[cut:]}", likely
        odds[number] = PER_LIKELY * odds[number] + PER_LETTER * len(key) + APART
        found.append(best)
    return found, odds
