"""What a score means: how often a thing that is like the rest scores as high, and which things to look at.

For new things the reference tells by counting (conformal p-values): a normal thing is as likely to come at any place
among the scores of the reference, so p = (1 + how many score as high) / (1 + n) is at most u with probability u,
whatever the data look like. Bates, Candès, Lei, Romano and Sesia, "Testing for outliers with conformal p-values",
Annals of Statistics 51 (2023). The scores of the reference are leave-one-out ones: no thing is compared with itself.
Which to look at is what the procedure of Benjamini and Hochberg keeps, "Controlling the false discovery rate", Journal
of the Royal Statistical Society B 57 (1995), which the way conformal p-values depend on each other does not harm.

Things that are judged among themselves have no such reference: by counting, the oddest of n would have p = 1/n in any
set. There the other scores tell how many ordinary ones can lie as high (`knnife.statistics.excess`). That is believed
where the halves of things, parted at random, say so too: what only all of them together show is of a tail too heavy, or
a density too uneven, for them to tell. But what is surprising about a thing, in its columns, has a p-value of its own
(`knnife.tools._outliers.lifting`): what is too rare for so many things is decided by that alone, and first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knnife.geometry import Vectors
from knnife.statistics.excess import Excess, excess, halves_agree
from knnife.statistics.ranks import rank_p_values
from knnife.tools._outliers.lifting import doubted

Numbers = NDArray[np.float64]

DRAWS: Final = 4_000


@dataclass(frozen=True)
class Judgement:
    """Which of n things to look at, and how sure that is.

    p_values: `(n,)`, how often something ordinary would score as high. odd: `(n,)`, which to look at. expected_false:
    how many of these are expected to be ordinary; false_between: between how many, in 95 of 100 cases. doubt: why the
    scores cannot tell, in words; None where they can.
    """

    p_values: Numbers
    odd: NDArray[np.bool_]
    expected_false: float
    false_between: tuple[int, int]
    doubt: str | None


def among_themselves(scores: Vectors, rate: float, seed: int, rarity: Numbers | None = None) -> Judgement:
    """Which of the things with these scores `(n,)` are odd, of which at most the share `rate` is ordinary.

    rarity: `(n,)`, in nats, how rare what is surprising about each is among ordinary things. What is too rare for so
    many things is odd whatever the scores say; they decide about the others.
    """
    exact = scores.astype(np.float64)
    rarity = np.zeros(len(scores)) if rarity is None else rarity
    rare = np.exp(-rarity)
    alone = worth_a_look(rare, rate)
    found = excess(exact[~alone], rate)
    doubt = _doubt(found, rate, seed)
    odd = alone if doubt is not None else alone | (exact >= found.limit)
    mean, low, high = found.false if doubt is None else (0.0, 0, 0)
    if alone.any():
        by_chance, least, most = _false_alone(rarity[alone].min(), len(scores))
        mean, low, high = mean + by_chance, low + least, min(high + most, int(odd.sum()))
    return Judgement(np.where(alone, rare, found.p_values(exact)), odd, mean, (low, high), doubt)


def against_reference(scores: Vectors, reference: Vectors, rate: float) -> Judgement:
    """Which of the new things with these scores `(m,)` are odd, by the scores of the reference `(n,)`."""
    p_values, m, n = rank_p_values(scores, reference), len(scores), len(reference)
    odd = worth_a_look(p_values, rate)
    if odd.any():
        as_high = round(float(p_values[odd].max()) * (n + 1))  # the share of new things that are is Beta distributed
        random = np.random.default_rng(0)
        drawn = random.poisson(m * random.beta(as_high, n + 1 - as_high, DRAWS)) if as_high <= n else np.array([m])
        low, high = np.percentile(drawn, [2.5, 97.5], method="nearest")
        return Judgement(p_values, odd, m * as_high / (n + 1), (int(low), min(int(high), int(odd.sum()))), None)
    few = (
        f"the oddest of {n:,} things comes up once in {n + 1:,} by chance; to single out one of {m:,} new things takes "
        f"a reference of {int(np.ceil(m / rate)) - 1:,}"
    )
    return Judgement(p_values, odd, 0.0, (0, 0), few if (p_values <= 1 / (n + 1)).any() else None)


def worth_a_look(p_values: Numbers, rate: float) -> NDArray[np.bool_]:
    """Which to look at, so that on average at most the share `rate` of them is a false alarm `(m,)`."""
    ordered = np.sort(p_values)
    passing = np.flatnonzero(ordered <= rate * np.arange(1, len(ordered) + 1) / max(len(ordered), 1))
    limit = ordered[passing[-1]] if len(passing) else -1.0
    return p_values <= limit


def _false_alone(rarity: float, n: int) -> tuple[float, int, int]:
    """How many of n ordinary things are expected to be so rare, in nats; and between how many, in 95 of 100 cases.

    Nobody has seen the tail that far out, so the upper end is that of a heavier one.
    """
    random = np.random.default_rng(0)
    mean, most = n * float(np.exp(-rarity)), n * float(np.exp(-doubted(np.array([rarity]))[0]))
    low = np.percentile(random.poisson(mean, DRAWS), 2.5, method="nearest")
    return mean, int(low), int(np.percentile(random.poisson(most, DRAWS), 97.5, method="nearest"))


def _doubt(found: Excess, rate: float, seed: int) -> str | None:
    """Why the scores cannot tell; None where they can."""
    if found.tail is None:
        different = len(np.unique(found.ordered))
        return f"{len(found.ordered):,} things with {different:,} different scores are too few to say what is usual"
    if found.count and not halves_agree(found.ordered, rate, seed):
        return (
            f"{found.count:,} stand out of all of them, but none does in either half: too few things, or scores that "
            "trail off too slowly, to tell"
        )
    return None
