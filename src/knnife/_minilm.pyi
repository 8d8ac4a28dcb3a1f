"""The compiled sentence model (_minilm.c). A build without a compiler lacks it; encoders/_minilm/twin.py serves."""

import numpy as np
from numpy.typing import NDArray

PATHS: tuple[str, ...]  # the sets of instructions that this processor has, from the quickest to "plain"

def room(width: int, inner: int, tokens: int) -> int:
    """Bytes of room that `encode` needs for texts of so many tokens. Raises ValueError where they are too many."""

def encode(
    weights: NDArray[np.uint8],  # encoders/_minilm/weights.py says what is in them
    ids: NDArray[np.int32],  # (tokens,)
    starts: NDArray[np.int64],  # (n + 1,) where each text begins among them, from 0 up
    room: NDArray[np.uint8],
    vectors: NDArray[np.float32],  # (n, width), written to
    path: str,  # one of PATHS: all give the same bits
) -> None:
    """Writes the vector of each text. No other thread may write to the arrays meanwhile.

    Raises ValueError where the weights are others or not all there, a text has no tokens or more than there are
    positions, a token is none of the network's, the arrays do not fit together, or there are no such instructions.
    """
