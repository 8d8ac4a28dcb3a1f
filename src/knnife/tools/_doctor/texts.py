"""Does the model see what the texts say: is anything to be read, is it read to the end, are the words known?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from knnife.encoders import Encoder, hub
from knnife.encoders.catalogue import about, find
from knnife.encoders.entry import HUB, Entry
from knnife.encoders.protocol import Tokens
from knnife.geometry import as_vectors, unit
from knnife.tools._doctor import remedies
from knnife.tools._doctor.check_result import Figure, Finding, Id, few, judged, named, percent
from knnife.tools._doctor.survey import Survey

BLANK, MOSTLY_BLANK = 0, 0.01  # one is worth a look; one in a hundred is a fault of the reading
# Tokens behind the longest input of the model. A few long texts are natural; of a twentieth of all tokens, or of what
# half of the texts say, answers would be missed.
CUT, MOSTLY_CUT = 0.05, 0.5
# Tokens without a vector: next to none in the language of a model; two thirds of Chinese for an English one.
UNKNOWN, MOSTLY_UNKNOWN = 0.01, 0.1
# Tokens for a word (Rust et al. 2021, doi 10.18653/v1/2021.acl-long.243, call it fertility): the packaged model has
# 1.2 for English prose, and 2.1 for German, which it spells in syllables without a meaning; as it does part numbers.
PIECES = 1.9
DOUBLED = 0.5  # of the texts begin with the words that the model is given before each anyway
REMADE = 16  # things encoded anew
SAME = 0.99  # their cosine with what is stored: rounding to int8 costs 0.0001, batches of a quantised model 0.001

_ALONE = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff"  # signs of scripts without spaces: each counts as a word
WORD = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")


def check_texts(looked: Survey, encoder: Encoder | None) -> Iterator[Finding]:
    """The checks of this file; `encoder` is None where there is none or it cannot be had."""
    yield _blank(looked)
    sample = _Texts.of(looked)
    if not sample.values:
        yield Finding("texts read", "unknown", "there are no texts", {}, 0)
        return
    read = getattr(encoder, "tokens", None)
    if encoder is None or read is None:
        who = "there is no encoder here that" if encoder is None else f"the encoder {encoder.name} does not"
        means = (
            f"{who} {'tells' if encoder is None else 'tell'} how it reads texts: it cannot be said whether it cuts them"
        )
        yield Finding("texts read", "unknown", means, {}, 0)
    else:
        tokens: Tokens = read(sample.values)
        yield _cut(looked, sample, tokens)
        yield _unknown(looked, sample, tokens)
        yield _remade(looked, sample, encoder)
    if encoder is not None:
        yield _prefixes(looked, sample, encoder)


class _Texts(NamedTuple):
    """The texts of the sample, and their rows in it."""

    values: list[str]
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, looked: Survey) -> _Texts:
        kept = [i for i, value in enumerate(looked.sample.values) if isinstance(value, str)]
        return cls([str(looked.sample.values[i]) for i in kept], np.array(kept, np.int64))

    def ids(self, looked: Survey, order: NDArray[np.int64]) -> list[Id]:
        """The ids of some of these texts."""
        return looked.named(looked.sample.rows[self.rows[order]])


def _blank(looked: Survey) -> Finding:
    ids = looked.named(looked.blank)
    share = len(ids) / max(1, looked.n)
    figures: dict[str, Figure] = {"blank": len(ids), "share": share}
    if not ids:
        return Finding("blank texts", "good", "there are none", figures, looked.n)
    means = f"{len(ids):,} texts have neither letters nor digits: {named(ids)}"
    state = judged(share, BLANK, MOSTLY_BLANK)
    return Finding("blank texts", state, means, figures, looked.n, remedies.leave_out(looked, ids), few(ids))


def _cut(looked: Survey, sample: _Texts, tokens: Tokens) -> Finding:
    m, lost = len(sample.values), int(tokens.cut.sum())
    texts = float((tokens.cut > 0).mean())
    share = lost / max(1, lost + int(tokens.read.sum()))
    figures: dict[str, Figure] = {
        "texts_cut": texts,
        "tokens_cut": share,
        "longest": int((tokens.read + tokens.cut).max()),
    }
    if not lost:
        return Finding("texts read", "good", "to their end, all of them", figures, m)
    ids = sample.ids(looked, np.argsort(-tokens.cut, kind="stable")[: int((tokens.cut > 0).sum())])
    means = (
        f"{percent(texts)} are longer than the model reads, and {percent(share)} of all tokens are never seen; what "
        f"stands there is not found: {named(ids)}"
    )
    state = judged(share, CUT, MOSTLY_CUT)
    remedy = remedies.split(looked) if state != "good" else None
    return Finding("texts read", state, means, figures, m, remedy, few(ids))


def _unknown(looked: Survey, sample: _Texts, tokens: Tokens) -> Finding:
    m, read = len(sample.values), max(1, int(tokens.read.sum()))
    share = int(tokens.unknown.sum()) / read
    pieces = read / max(1, sum(len(WORD.findall(text)) for text in sample.values))
    figures: dict[str, Figure] = {"unknown": share, "tokens_per_word": pieces}
    means = f"{percent(share)} of the tokens are unknown to the model; a word is {pieces:.1f} tokens"
    state = judged(share, UNKNOWN, MOSTLY_UNKNOWN)
    if state == "good" and pieces < PIECES:
        return Finding("words known", state, means, figures, m)
    ids = sample.ids(looked, np.argsort(-tokens.unknown / np.maximum(1, tokens.read), kind="stable"))
    means += "; is it made for this language, or for this kind of text?"
    state = "warning" if state == "good" else state
    return Finding("words known", state, means, figures, m, remedies.another_model(looked), few(ids))


def _remade(looked: Survey, sample: _Texts, encoder: Encoder) -> Finding:
    """Whether the model still makes the vectors that are stored, of a few texts."""
    some = np.unique(np.linspace(0, len(sample.values) - 1, REMADE).astype(np.int64))
    anew = as_vectors(encoder.encode([sample.values[i] for i in some]), encoder.dim)
    kept = looked.sample.vectors[sample.rows[some]]
    cosines = np.einsum("ij,ij->i", unit(anew), unit(kept))
    figures: dict[str, Figure] = {"least_cosine": float(cosines.min()), "other": int((cosines < SAME).sum())}
    other = some[cosines < SAME]
    if not len(other):
        return Finding("remade", "good", "texts encoded anew give the vectors that are stored", figures, len(some))
    ids = sample.ids(looked, other)
    means = f"{len(other)} of {len(some)} texts encoded anew give other vectors than those stored: {named(ids)}"
    state = judged(len(other) / len(some), 0, 0.5)
    return Finding("remade", state, means, figures, len(some), remedies.encode_again(looked), few(ids))


def _prefixes(looked: Survey, sample: _Texts, encoder: Encoder) -> Finding:
    """Whether what the model wants before queries and passages is put there, once."""
    m, entry = len(sample.values), _known(encoder.name)
    given = (getattr(encoder, "query_prefix", ""), getattr(encoder, "passage_prefix", ""))
    figures: dict[str, Figure] = {"query_prefix": given[0], "passage_prefix": given[1]}
    if given[1] and (share := _beginning(sample, given[1])) >= DOUBLED:
        means = f"{percent(share)} of the texts begin with {given[1]!r}, which the encoder puts before them once more"
        return Finding("prefixes", "bad", means, figures, m, remedies.strip(looked, given[1]))
    if entry is None:
        means = f"the catalogue does not know {encoder.name}: its card tells whether it wants words before texts"
        return Finding("prefixes", "unknown" if given == ("", "") else "good", means, figures, m)
    wanted = (entry.query_prefix, entry.passage_prefix)
    prefixes = f"before queries {wanted[0]!r} and before passages {wanted[1]!r}"
    if wanted == given:
        means = f"the model wants {prefixes}, and gets it" if any(wanted) else "the model wants none"
        return Finding("prefixes", "good", means, figures, m)
    means = f"the model was trained with {prefixes}; the encoder puts {given[0]!r} and {given[1]!r}"
    if wanted[1] and _beginning(sample, wanted[1]) >= DOUBLED:
        means += "; the texts bring theirs, and questions have to bring their own"
        return Finding("prefixes", "warning", means, figures, m)
    return Finding("prefixes", "bad", means, figures, m, remedies.reencode(looked, entry.name))


def _beginning(sample: _Texts, prefix: str) -> float:
    return sum(text.startswith(prefix.strip()) for text in sample.values) / len(sample.values)


def _known(name: str) -> Entry | None:
    """What the catalogue says of a model, also when it lies in a folder that bears its name."""
    address = name if name.startswith(HUB) else hub.address(Path(name))
    return about(address) if address else find(re.split(r"[/\\]", name)[-1])
