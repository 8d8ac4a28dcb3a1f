"""What things without a label teach: how the classes go on beyond the few examples that are known.

The head answers them and learns again from what it answered, each thing as much of each class as it is likely to be
(Nigam, McCallum, Thrun and Mitchell, "Text classification from labeled and unlabeled documents using EM", Machine
Learning 39, 2000). Such a head can talk itself into anything. So classes keep, most of the way, the proportions that
they have among the examples; what is unsure counts for less; all together weigh no more than the examples do; and
learning.py asks held-out examples whether it was of any use.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from knnife.geometry import Vectors
from knnife.tools._classify import softmax
from knnife.tools._classify.softmax import Weights

MOST = 5_000  # things without a label, by chance, are enough: more gained nothing
ROUNDS = 3
TOWARD = (0.5, 0.5)  # twice half of the way to the proportions of the examples


class Unlabelled(NamedTuple):
    """Things without a label, by their features (u, r), and how sharp the head is that answers them."""

    features: Vectors
    sharpness: float

    def teach(self, features: Vectors, belonging: Vectors, penalty: float, weights: Weights) -> Weights:
        """What these teach a head with `weights`, beside the examples (n, r), (n, K) that it was learned from."""
        everything = np.vstack([features, self.features])
        proportions = belonging.mean(axis=0)
        for _ in range(ROUNDS):
            guessed = self._guessed(weights, proportions)
            guessed *= guessed.max(axis=1, keepdims=True) * np.float32(len(features) / len(guessed))
            weights = softmax.fit(everything, np.vstack([belonging, guessed]), penalty=penalty, start=weights)
        return weights

    def _guessed(self, weights: Weights, proportions: Vectors) -> Vectors:
        """How likely each is of each class `(u, K)`, most of the way in those proportions."""
        found = softmax.softmax(weights.logits(self.features) * np.float32(self.sharpness))
        for way in TOWARD:
            found *= (proportions / np.maximum(found.mean(axis=0), 1e-9)) ** np.float32(way)
            found /= found.sum(axis=1, keepdims=True)
        return found
