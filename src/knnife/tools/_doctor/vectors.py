"""Are the vectors sound: finite, not zero, of sensible length, and not the same again and again?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from knnife.tools._doctor import remedies
from knnife.tools._doctor.check_result import Figure, Finding, Id, few, judged, named, percent
from knnife.tools._doctor.survey import MISSING, Rows, Survey

# One thing in a hundred that no question can reach is more than a few odd texts: the model does not fit the data.
UNREACHABLE = 0.01
# Where lengths count, long vectors are preferred. When lengths vary by more than a tenth of their mean, answers whose
# cosines differ by a tenth change places; sentence models make lengths that vary by nothing, or by a few in a hundred.
UNEVEN = 0.1
# Things that say the same as another take places among the k answers: 1 in 100 is noticed; of a quarter, lists of ten
# are full. Measured: abstracts 0, films 0.4%, BBC news 4.4%.
COPIES, MANY_COPIES = 0.01, 0.25
# Two texts with one vector are one text for every tool. Static models cannot tell the order of words, which makes
# 0.1% of films alike; models that cut texts short cannot tell those with the same beginning.
ALIKE, MOSTLY_ALIKE = 0.01, 0.25


def check_vectors(looked: Survey) -> Iterator[Finding]:
    """The checks of this file, for a space or an array, on all things."""
    yield _damaged(looked)
    yield _zero(looked)
    yield _lengths(looked)
    yield _copies(looked)
    if looked.value_hashes.any():
        yield _told_apart(looked)


def _damaged(looked: Survey) -> Finding:
    missing = looked.lengths == MISSING
    ids = looked.named(np.flatnonzero(missing | ~np.isfinite(looked.lengths)))
    lost = int(missing.sum())
    figures: dict[str, Figure] = {"damaged": len(ids) - lost, "missing": lost}
    if not ids:
        return Finding("vectors", "good", f"all {looked.n:,} are there and finite", figures, looked.n)
    means = (
        f"{len(ids) - lost:,} of {looked.n:,} hold NaN or infinity and {lost:,} are missing; no question finds these "
        f"things where they belong: {named(ids)}"
    )
    return Finding("vectors", "bad", means, figures, looked.n, remedies.encode_again(looked, ids), few(ids))


def _zero(looked: Survey) -> Finding:
    ids = looked.named(np.flatnonzero(looked.lengths == 0))
    share = len(ids) / max(1, looked.n)
    figures: dict[str, Figure] = {"zero": len(ids), "share": share}
    if not ids:
        return Finding("zero vectors", "good", "there are none", figures, looked.n)
    means = f"{len(ids):,} are zero, near to nothing and far from nothing, so they are never found: {named(ids)}"
    state = judged(share, 0, UNREACHABLE)
    return Finding("zero vectors", state, means, figures, looked.n, remedies.leave_out(looked, ids), few(ids))


def _lengths(looked: Survey) -> Finding:
    sound = np.flatnonzero(looked.sound)
    if not len(sound):
        return Finding("lengths", "unknown", "no vector is sound", {}, looked.n)
    lengths = looked.lengths[sound].astype(np.float64)
    variation = float(lengths.std() / lengths.mean())
    figures: dict[str, Figure] = {
        "least": float(lengths.min()),
        "mean": float(lengths.mean()),
        "most": float(lengths.max()),
        "variation": variation,
    }
    means = f"{lengths.min():.3g} to {lengths.max():.3g}, varying by {percent(variation)}"
    if looked.metric == "cosine":
        means += "; of no matter, as the metric is cosine"
        return Finding("lengths", "good", means, figures, len(sound))
    if judged(variation, UNEVEN) == "good":
        return Finding("lengths", "good", means, figures, len(sound))
    longest = looked.named(sound[np.argsort(-lengths, kind="stable")])
    means += f"; under {looked.metric} they count beside the meaning; the longest: {named(longest)}"
    return Finding("lengths", "warning", means, figures, len(sound), remedies.by_cosine(looked), few(longest))


def _copies(looked: Survey) -> Finding:
    """The same text under several ids; without texts, the same vector."""
    texts = bool(looked.value_hashes.any())
    what = "text" if texts else "vector"
    hashes = looked.value_hashes if texts else looked.vector_hashes
    counted = np.flatnonzero(hashes if texts else looked.sound)
    first, again = _repeated(hashes[counted])
    share = len(again) / max(1, len(counted))
    figures: dict[str, Figure] = {"copies": len(again), "share": share}
    if not len(again):
        return Finding("copies", "good", f"no {what} comes twice", figures, len(counted))
    ids = looked.named(counted[again])
    means = (
        f"{len(again):,} of {len(counted):,} ({percent(share)}) have the same {what} as one before; answers repeat "
        f"themselves: {ids[0]} is {looked.ids[int(counted[first[0]])]}"
    )
    state = judged(share, COPIES, MANY_COPIES)
    remedy = remedies.deduplicate(looked) if state != "good" else None
    return Finding("copies", state, means, figures, len(counted), remedy, few(ids))


def _told_apart(looked: Survey) -> Finding:
    """Different texts with one vector."""
    counted = np.flatnonzero(looked.sound & (looked.value_hashes != 0))
    vectors, values = looked.vector_hashes[counted], looked.value_hashes[counted]
    texts, distinct = len(np.unique(vectors ^ (31 * values))), len(np.unique(vectors))
    share = (texts - distinct) / max(1, texts)
    figures: dict[str, Figure] = {"texts": texts, "vectors": distinct, "share": share}
    if texts == distinct:
        return Finding("told apart", "good", "different texts have different vectors", figures, len(counted))
    ids = _alike(looked, counted)
    means = (
        f"{texts - distinct:,} of {texts:,} different texts ({percent(share)}) have the vector of another; no question "
        f"tells them apart: {named(ids)}"
    )
    state = judged(share, ALIKE, MOSTLY_ALIKE)
    remedy = remedies.another_model(looked) if state != "good" else None
    return Finding("told apart", state, means, figures, len(counted), remedy, few(ids))


def _alike(looked: Survey, rows: Rows) -> list[Id]:
    """Two things that share a vector but not a text."""
    first: dict[int, int] = {}
    for row in rows.tolist():
        other = first.setdefault(int(looked.vector_hashes[row]), row)
        if looked.value_hashes[other] != looked.value_hashes[row]:
            return looked.named([other, row])
    return []


def _repeated(hashes: Rows) -> tuple[Rows, Rows]:
    """The places of what stood there before, `again`, and for each the place where it stood first: first, again."""
    _, first, which = np.unique(hashes, return_index=True, return_inverse=True)
    again = np.flatnonzero(first[which] != np.arange(len(hashes)))
    return first[which[again]], again
