"""Tables with planted matches: beers, and the same beers as another shop writes them."""

from __future__ import annotations

import numpy as np

WORDS = [
    "amber",
    "ale",
    "lager",
    "stout",
    "river",
    "otter",
    "island",
    "red",
    "royal",
    "dry",
    "dock",
    "solemn",
    "oath",
    "heavy",
    "light",
    "raven",
    "moon",
    "north",
    "mill",
]
Rows = list[dict[str, object]]


def planted(n: int = 120, seed: int = 0) -> tuple[Rows, Rows, np.ndarray]:
    """n beers and the same with typos, missing cells and other makers; every other pair of positions is a match.

    Beside each stands one that shares most of its name: a better one than chance would give.
    """
    random = np.random.default_rng(seed)
    left: Rows = []
    right: Rows = []
    for _ in range(n):
        name = " ".join([*random.permutation(WORDS)[:3], f"x{random.integers(100, 999)}a"])
        maker = " ".join(random.permutation(WORDS)[:2]) + " brewing company"
        strength = round(float(random.uniform(3, 12)), 1)
        left.append({"name": name, "maker": maker, "strength": f"{strength} %"})
        at = int(random.integers(1, len(name) - 7))
        wrong = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        shown = strength if random.random() < 0.7 else None
        right.append({"name": wrong, "maker": maker if random.random() < 0.6 else None, "strength": shown})
        right.append({"name": " ".join(name.split()[:3]) + " extra", "maker": maker, "strength": strength + 2})
    return left, right, np.array([[row, 2 * row] for row in range(n)])


def close_by(matches: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The matches, each followed by the one beside it and by another one; and which are matches."""
    pairs = np.concatenate(
        [matches, matches + np.array([0, 1]), np.column_stack([matches[:, 0], (matches[:, 1] + 2) % (2 * n)])]
    )
    return pairs, np.arange(len(pairs)) < len(matches)


def f1(probabilities: np.ndarray, right: np.ndarray) -> float:
    found = probabilities > 0.5
    return 2 * float((found & right).sum()) / float(found.sum() + right.sum())
