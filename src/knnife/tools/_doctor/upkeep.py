"""Is the space well kept: a sound file, complete views, an index, and the encoder that made the vectors?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from knnife.encoders import Encoder
from knnife.encoders.loading import load_kept
from knnife.encoders.protocol import goes_on_for
from knnife.encoders.trusted import ENDPOINT
from knnife.errors import EncoderMismatch, KnnifeError, Untrusted
from knnife.space import Space
from knnife.space.answers import Info, ViewInfo
from knnife.tools._doctor.check_result import Figure, Finding, State, arguments, judged, percent
from knnife.tools._doctor.remedies import in_space

SMALL = 12_500 * 256  # components up to which a space is searched without an index (docs/architecture.md)
RECALL_SLACK = 0.01  # what a sample of a thousand questions may be off
# Relative rounding error of the vectors: 0.03% of float16, 0.6 to 1% of int8. More comes from single huge components,
# which take the steps of int8 for themselves.
ROUNDED = 0.03
# A thing takes, beside its vectors, about three times its text (with the words for the search) and 300 bytes. A file of
# twice that much holds room that was left by removed things; below 4 MB nobody minds.
TEXTS, EACH, ROOMY, LITTLE = 3, 300, 2, 4 << 20


def check_upkeep(info: Info, view: ViewInfo, characters: int | None = None) -> Iterator[Finding]:
    """The checks of a space apart from its things. characters: of all texts, None where they were not read."""
    yield _file(info, characters)
    yield _views(info, view)
    yield _index(info, view)
    yield _rounding(info, view)


def check_encoder(space: Space, view: ViewInfo) -> tuple[Encoder | None, Finding]:
    """The encoder of a view, if it can be had, and what is to be said of that."""
    figures: dict[str, Figure] = {"encoder": view.encoder, "fingerprint": view.fingerprint}
    if view.encoder is None:
        means = "the vectors were brought along: ask with vectors or ids, or by words"
        return None, Finding("encoder", "good", means, figures, view.vectors)
    if view.encoder.startswith(ENDPOINT):
        means = f"{view.encoder} is computed elsewhere, and was not asked"
        return None, Finding("encoder", "unknown", means, figures, view.vectors)
    again = f"knnife reencode {arguments(str(space.path))} --encoder"
    try:
        encoder = space.encoder if view.default else load_kept(view.encoder, space.path)
    except Untrusted as error:
        return None, Finding("encoder", "unknown", str(error), figures, view.vectors)
    except EncoderMismatch as error:
        return None, Finding("encoder", "bad", str(error), figures, view.vectors, f"{again} {arguments(view.encoder)}")
    except KnnifeError as error:
        means = f"{view.encoder} cannot be loaded, so no text can be asked or added: {error}"
        return None, Finding("encoder", "bad", means, figures, view.vectors, f"{again} english")
    if encoder.fingerprint != view.fingerprint and goes_on_for(encoder, view.fingerprint):
        means = (
            f"made by an older {view.encoder}, with which the one here agrees but for rounding, so it goes on for it"
        )
        return None, Finding("encoder", "warning", means, figures, view.vectors, f"{again} {arguments(view.encoder)}")
    if encoder.fingerprint != view.fingerprint:
        means = f"what is called {view.encoder} today ({encoder.fingerprint[:12]}) did not make these vectors"
        return None, Finding("encoder", "bad", means, figures, view.vectors, f"{again} {arguments(view.encoder)}")
    means = f"{view.encoder} is here, and is the one that made the vectors"
    return encoder, Finding("encoder", "good", means, figures, view.vectors)


def damaged(path: str, error: Exception) -> Finding:
    """What is said of a file that cannot be read to its end."""
    return Finding("file", "bad", f"it cannot be read: {error}", {}, 0, _rescue(path))


def _file(info: Info, characters: int | None) -> Finding:
    held = sum(view.bytes for view in info.views) + sum(reader.bytes for reader in info.readers)
    if not info.file_bytes:
        return Finding("file", "good", "there is none: the space is in memory", {}, info.things)
    size = Path(info.path).stat().st_size  # without the write-ahead log, which is as long as it once had to be
    figures: dict[str, Figure] = {"bytes": size, "vector_bytes": held, "faults": len(info.faults or ())}
    if info.faults:
        return Finding("file", "bad", "; ".join(info.faults), figures, info.things, _rescue(info.path))
    means = f"undamaged; {size / 1e6:,.1f} MB, of which vectors {held / 1e6:,.1f} MB"
    if characters is None:
        return Finding("file", "good", means, figures, info.things)
    figures["expected_bytes"] = expected = held + TEXTS * characters + EACH * info.things
    if size <= ROOMY * expected + LITTLE:
        return Finding("file", "good", means, figures, info.things)
    means += f", where {expected / 1e6:,.1f} MB would do: room that removed things left is kept for new ones"
    remedy = in_space(info.path, "    space.compact()")
    return Finding("file", "warning", means, figures, info.things, remedy)


def _rescue(path: str) -> str:
    return (
        f"knnife export {arguments(path)} -o rescued.jsonl    # or restore a copy\n"
        "knnife add rescued.knnife rescued.jsonl --id id --text value"
    )


def _views(info: Info, view: ViewInfo) -> Finding:
    others = [each for each in info.views if each.name != view.name]
    figures: dict[str, Figure] = {"view": view.name, "vectors": view.vectors, "views": len(info.views)}
    means = f"{view.name} holds {view.vectors:,} vectors"
    means += " of all things" if view.complete else f" of {info.things:,} things"
    for other in others:
        if other.complete:
            means += f"; {other.name} too, {other.bytes / 1e6:,.1f} MB"
        else:
            means += f"; {other.name} holds {other.vectors:,}" if other.ready else f"; {other.name} was never finished"
    unfinished = next((each for each in [view, *others] if not each.ready), None)
    state: State = "good"
    if not view.complete:
        state, unfinished = "bad" if not view.ready or view.default else "warning", unfinished or view
    elif unfinished:
        state = "warning"
    remedy = None
    if unfinished:
        path, goes_on = arguments(info.path), unfinished.encoder or "english"
        remedy = f"knnife reencode {path} --encoder {arguments(goes_on)}    # goes on where it stopped"
        if not unfinished.default:
            remedy += f"\nknnife reencode {path} --drop {arguments(unfinished.name)}    # or gives it up"
    return Finding("views", state, means, figures, info.things, remedy)


def _index(info: Info, view: ViewInfo) -> Finding:
    figures: dict[str, Figure] = {"file": view.index_file, "recall": view.recall, "recall_wanted": info.recall_wanted}
    small = view.vectors * view.dim <= SMALL
    means = {
        "none": "none is needed, the space is small" if small else "none is kept; the first question builds it",
        "current": f"kept, and current: {view.index}",
        "behind": f"kept; the next question adds what came since: {view.index}",
        "outdated": "what is kept cannot be used; the next question builds it anew",
    }[view.index_file]
    build = in_space(info.path, "    space.index()")
    if view.index_file == "outdated" or (view.index_file == "none" and not small):
        return Finding("index", "warning", means, figures, view.vectors, build)
    if view.recall is not None and view.recall < info.recall_wanted - RECALL_SLACK:
        means += f"; it finds {view.recall:.3f} of the nearest, {info.recall_wanted} were wanted"
        return Finding("index", "warning", means, figures, view.vectors)
    return Finding("index", "good", means, figures, view.vectors)


def _rounding(info: Info, view: ViewInfo) -> Finding:
    figures: dict[str, Figure] = {"dtype": view.dtype, "loss_mean": view.loss_mean, "loss_max": view.loss_max}
    state = judged(view.loss_mean, ROUNDED)
    means = f"kept as {view.dtype}" + (f", which moved vectors by {percent(view.loss_mean)}" if view.loss_mean else "")
    if state == "good":
        return Finding("rounding", state, means, figures, view.vectors)
    remedy = in_space(
        info.path,
        "    with knnife.Space.open('exact.knnife', space.encoder, dtype='float32') as other:\n"
        "        other.add(space.things())  # vectors of your own: add(things, vectors)",
    )
    return Finding("rounding", state, means, figures, view.vectors, remedy)
