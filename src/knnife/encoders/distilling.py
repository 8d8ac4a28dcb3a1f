"""A static student of any encoder of texts: the recipe of the packaged model, for any teacher and any language.

1. Sentences, parts of them, passages and words are drawn from the corpus; frequent words and pieces are the tokens.
2. The teacher encodes each token and each text. What it says is kept in FOLDER.part, so who is stopped goes on.
3. Its vectors are centred and turned to their principal axes, half evened out.
4. The vectors of the tokens learn to sum up to that, and are rounded to int8.
5. Sentences kept aside say what the student keeps of the teacher.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from knnife.encoders._distil.drawing import drawn_from, short_ones, texts_of
from knnife.encoders._distil.fitting import as_int8, learned, principal_axes
from knnife.encoders._distil.student_tokens import counted, tokenizer_json, tokens_of
from knnife.encoders.catalogue import about, find
from knnife.encoders.loading import load_encoder
from knnife.encoders.protocol import Encoder, as_encoder
from knnife.encoders.tensors import to_bytes
from knnife.errors import BadInput
from knnife.geometry import Vectors, as_vectors, top_k, unit
from knnife.output_kinds import ARRAY, OutputKind
from knnife.outputs import whole_file
from knnife.things.kinds import kind
from knnife.things.reading import OnError

FEWEST: Final = 100  # sentences
HELD_OUT, MOST_HELD_OUT, NEIGHBOURS = 0.05, 1_000, 10
PART: Final = 1_000  # texts whose vectors are kept in one file
MINE: Final = "knnife train distil"  # in config.json, by which a folder is known
FILE: Final = OutputKind("of a distilled model", lambda head, path: True)  # the folder was looked at before
Report = Callable[[str, int, float | None, float | None], None]


class Distilled(NamedTuple):
    """What was made, and what it keeps of its teacher, by `held_out` sentences that it did not learn from.

    correlation: of the cosines of all their pairs with the teacher's (Pearson). neighbours: the share of the teacher's
    10 nearest that are the student's too. teacher_rate, rate: sentences a second.
    """

    encoder: Encoder
    folder: Path
    teacher: str
    licence: str
    tokens: int
    words: int
    texts: int
    held_out: int
    correlation: float
    neighbours: float
    teacher_rate: float
    rate: float


def distil(
    teacher: str | Encoder,
    corpus: Any,
    folder: str | Path,
    *,
    text: str | None = None,
    dim: int = 256,
    tokens: int = 30_000,
    texts: int = 100_000,
    seed: int = 0,
    on_error: OnError = "stop",
    progress: Report | None = None,
) -> Distilled:
    """Writes a static model that does what `teacher` does, many times as fast; `load_encoder(folder)` loads it.

    corpus: paths (`os.PathLike`, patterns too) of texts, tables (`text` names the column) or folders, or an iterable of
    texts. texts: how many the teacher is asked, beside each token once. progress(what, done, fraction, None).
    What the teacher said is kept in `folder`.part until all is done: the same call goes on from there.

    Raises BadInput for a teacher of anything but texts, fewer than 100 sentences, more dimensions than the teacher has,
    or a folder that holds something else; and what reading and the teacher raise.
    """
    folder = Path(folder)
    report: Report = progress or (lambda *_: None)
    master = load_encoder(teacher) if isinstance(teacher, str) else as_encoder(teacher, "the teacher given")
    _check(master, folder, dim, tokens, texts)
    rng = random.Random(seed)
    sentences, passages = drawn_from(_told(texts_of(corpus, text, on_error), report), texts, rng)
    if len(sentences) < FEWEST:
        raise BadInput(f"the corpus has {len(sentences)} different sentences; expected {FEWEST} or more to learn from")
    held_out = sentences[: min(max(round(HELD_OUT * len(sentences)), 20), MOST_HELD_OUT)]
    taught = sentences[len(held_out) :]
    names, words = tokens_of([*taught, *passages], tokens)
    alone = [name.removeprefix("##") or name for name in names]
    short = short_ones(taught, alone[1 : words + 1] or alone, min(texts, 2 * len(taught)), rng)
    drawn = [*taught, *passages, *short]
    if dim >= len(drawn):
        raise BadInput(f"dim={dim}: expected fewer than the {len(drawn):,} texts there are to learn from")
    asked, rate = _asked(master, [*held_out, *drawn, *alone], len(held_out), folder, report)
    student = _student(names, drawn, asked[len(held_out) :], dim, seed, report)
    _write(folder, student, tokenizer_json(names), {"teacher": master.name, "hidden_dim": dim, "seed": seed})
    made = load_encoder(folder)
    began = time.perf_counter()
    ours = made.encode(held_out)
    quick = len(held_out) / max(time.perf_counter() - began, 1e-6)
    kept = _kept(unit(asked[: len(held_out)]), unit(ours))
    known = find(master.name) or about(master.name)
    licence = known.licence if known else ""
    done = Distilled(
        made, folder, master.name, licence, len(names), words, len(drawn), len(held_out), *kept, rate, quick
    )
    _put(folder / "README.md", card(done).encode())
    shutil.rmtree(_part(folder), ignore_errors=True)
    return done


def _check(teacher: Encoder, folder: Path, dim: int, tokens: int, texts: int) -> None:
    if not kind(teacher.kind).any_text:
        raise BadInput(f"{teacher.name} takes {teacher.kind}: only an encoder of texts can be distilled")
    if not 1 <= dim <= teacher.dim:
        raise BadInput(f"dim={dim}: expected 1 to {teacher.dim}, the dimensions of {teacher.name}")
    for name, value, least in ("tokens", tokens, 100), ("texts", texts, 2 * FEWEST):
        if value < least:
            raise BadInput(f"{name}={value}: expected {least} or more")
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not _is_mine(folder))):
        raise BadInput(f"{folder} is there and is no distilled model: name another folder, or remove it first")


def _is_mine(folder: Path) -> bool:
    config = folder / "config.json"
    return config.is_file() and MINE.encode() in config.read_bytes()


def _part(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.part")


def _told(texts: Iterable[str], report: Report) -> Iterable[str]:
    for number, each in enumerate(texts, 1):
        if number % 100 == 0:
            report("reading", number, None, None)
        yield each


def _asked(teacher: Encoder, texts: list[str], timed: int, folder: Path, report: Report) -> tuple[Vectors, float]:
    """What the teacher makes of the texts `(n, d)`, each part kept in a file; and its rate, in texts a second."""
    part = _part(folder)
    part.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    parts = [as_vectors(teacher.encode(texts[:timed]), teacher.dim, teacher.name)]  # in each run: it tells the rate
    rate = timed / max(time.perf_counter() - began, 1e-6)
    for at in range(timed, len(texts), PART):
        some = texts[at : at + PART]
        said = hashlib.blake2b("\0".join([teacher.fingerprint, *some]).encode("utf-8", "replace"), digest_size=16)
        path = part / f"{said.hexdigest()}.npy"
        if not path.exists():
            with whole_file(path, ARRAY) as stream:
                np.save(stream, as_vectors(teacher.encode(some), teacher.dim, teacher.name))
        parts.append(np.load(path))
        report("asking the teacher", at + len(some), (at + len(some)) / len(texts), None)
    return np.concatenate(parts), rate


def _student(names: list[str], drawn: list[str], asked: Vectors, dim: int, seed: int, report: Report) -> Vectors:
    """The vectors of the tokens `(tokens, dim)`."""
    targets, alone = asked[: len(drawn)], asked[len(drawn) :]
    centre, axes = principal_axes(targets, dim)
    counts = counted(drawn, tokenizer_json(names))
    start = ((alone - alone.mean(axis=0)) @ axes).astype(np.float32)
    return learned(
        start,
        counts,
        ((targets - centre) @ axes).astype(np.float32),
        seed,
        lambda n, fraction: report("learning", n, fraction, None),
    )


def _write(folder: Path, matrix: Vectors, tokenizer: bytes, about: dict[str, Any]) -> None:
    rows, scales = as_int8(matrix)
    scales[0] = 0
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": True, "made_by": MINE, **about}
    folder.mkdir(parents=True, exist_ok=True)
    _put(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    _put(folder / "tokenizer.json", tokenizer)
    _put(folder / "model.safetensors", to_bytes({"embeddings": rows, "weights": scales}))


def _put(path: Path, content: bytes) -> None:
    with whole_file(path, FILE) as stream:
        stream.write(content)


def _kept(theirs: Vectors, ours: Vectors) -> tuple[float, float]:
    """The correlation of all cosines, and the share of the nearest that are the same."""
    n = len(theirs)
    pairs = np.triu_indices(n, 1)
    near = []
    cosines = []
    for vectors in theirs, ours:
        each = vectors @ vectors.T
        cosines.append(each[pairs])
        np.fill_diagonal(each, -2)
        near.append(top_k(each, min(NEIGHBOURS, n - 1))[0])
    same = [len({*a} & {*b}) / len(a) for a, b in zip(near[0].tolist(), near[1].tolist(), strict=True)]
    return float(np.corrcoef(cosines[0], cosines[1])[0, 1]), float(np.mean(same))


def card(made: Distilled) -> str:
    """The README.md of the model."""
    licence = made.licence or "not known to knnife: ask its makers; the student is a work made from it"
    return f"""---
library_name: model2vec
tags: [embeddings, static-embeddings, model2vec]
---

# {made.folder.name}: a static student of {made.teacher}

Made by `{MINE}`. A text is the weighted sum of the vectors of its tokens; no network is run.
Load it with `knnife.load_encoder("./{made.folder.name}")`, or with model2vec.

- licence of the teacher: {licence}
- size: {made.tokens:,} tokens ({made.words:,} whole words), {made.encoder.dim} dimensions, int8
- learned from {made.texts:,} sentences, parts of sentences, passages and words of the corpus it was given

By {made.held_out:,} sentences it did not learn from: the cosines of their pairs have a correlation of
{made.correlation:.3f} with the teacher's, and {made.neighbours:.0%} of the teacher's 10 nearest are the student's too.
It encodes {made.rate:,.0f} sentences a second, the teacher {made.teacher_rate:,.0f}.

The order of words says nothing to it, and letters that the corpus lacks have no vector.
"""
