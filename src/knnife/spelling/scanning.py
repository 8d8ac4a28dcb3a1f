"""One word beside every word of a vocabulary: nothing is prepared for it, as it is for many (vocabulary.py).

Of a hundred thousand words some thousand are left whose length and letters allow so few edits; theirs are counted. That
takes two milliseconds, and finds the same whatever else is asked.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.spelling.candidate_words import (
    HOPELESS,
    LOOKED_AT,
    MOST,
    PER_SOUND,
    UNLIKE,
    at_least,
    best,
    edits,
    likely,
)
from knnife.spelling.spelled import speak, spell
from knnife.spelling.vocabulary import Vocabulary

FURTHEST: Final = 2  # edits; in long words one more
LONG: Final = 8  # characters

Rows = NDArray[np.int32]


def scanned(vocabulary: Vocabulary, key: str, most: int = MOST) -> Rows:
    """Up to `most` rows of the words that `key` may have been meant to be, the likeliest first; see `candidates`.

    key: as `folded` gives it.
    """
    asked, known = spell([key]), vocabulary.spelled
    furthest = FURTHEST + (len(key) >= LONG)
    every = np.arange(len(vocabulary), dtype=np.int32)
    near = every[at_least(asked, np.zeros_like(every), known, every) <= furthest]
    apart = edits(asked, np.zeros_like(near), known, near)
    something_stays = apart < np.maximum(asked.lengths[0], known.lengths[near])
    close = (apart <= furthest) & something_stays
    near, apart = near[close], apart[close]
    query = np.zeros_like(near)
    first = best(query, near, likely(vocabulary, asked, query, near, apart), LOOKED_AT, 4 + HOPELESS)
    query, near = first
    heard = speak([key, *(vocabulary.keys[row] for row in near.tolist())])
    unlike = edits(heard, query, heard, 1 + np.arange(len(near), dtype=np.int32)).clip(max=UNLIKE)
    apart = edits(asked, query, known, near)
    score = likely(vocabulary, asked, query, near, apart) - unlike.astype(np.float32) * np.float32(PER_SOUND)
    return best(query, near, score, most, HOPELESS).word
