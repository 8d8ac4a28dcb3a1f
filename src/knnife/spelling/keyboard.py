"""How far apart keys are, in widths of a key: fingers hit a neighbour far more often than a key further away."""

from __future__ import annotations

from functools import cache
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from knnife.errors import BadInput

Keyboard = Literal["qwerty", "qwertz", "azerty", "dvorak"]
KEYBOARDS: Final[tuple[str, ...]] = get_args(Keyboard)

SHIFTS: Final = (0.0, 0.5, 0.75, 1.25)  # how far to the right each row begins, from the digits down
NEIGHBOUR: Final = 1.3  # keys that touch are 1 apart along a row and at most 1.25 across rows
FAR: Final = 4.0  # what is further apart, or on no key, is all the same

_ROWS: Final[dict[str, tuple[str, ...]]] = {
    "qwerty": ("1234567890-", "qwertyuiop", "asdfghjkl;'", "zxcvbnm,./"),
    "qwertz": ("1234567890ß", "qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    "azerty": ("&é\"'(-è_çà)", "azertyuiop", "qsdfghjklmù", "wxcvbn,;:"),
    "dvorak": ("1234567890-", "',.pyfgcrl/", "aoeuidhtns-", ";qjkxbmwvz"),
}


@cache
def places(keyboard: str) -> dict[str, tuple[float, float]]:
    """Where the middle of each key is: to the right, and down. Raises BadInput for a keyboard that is not known."""
    if keyboard not in _ROWS:
        raise BadInput(f"no keyboard {keyboard!r}; known are {', '.join(KEYBOARDS)}")
    return {
        key: (shift + column, float(row))
        for row, (keys, shift) in enumerate(zip(_ROWS[keyboard], SHIFTS, strict=True))
        for column, key in enumerate(keys)
    }


def distance(a: str, b: str, keyboard: str = "qwerty") -> float:
    """How far the keys of two characters are apart, 0 to FAR."""
    known = places(keyboard)
    if a == b:
        return 0.0
    if a not in known or b not in known:
        return FAR
    (x, y), (u, v) = known[a], known[b]
    return min(FAR, float(np.hypot(x - u, y - v)))


def neighbours(characters: str, keyboard: str = "qwerty") -> NDArray[np.bool_]:
    """Whether the keys of any two of n characters touch `(n, n)`; no key touches itself."""
    return np.array([[0 < distance(a, b, keyboard) < NEIGHBOUR for b in characters] for a in characters])
