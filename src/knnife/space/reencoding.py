"""Re-encoding: a new view beside the old one, filled while the old one answers, then switched to in one transaction.

Things that are added later get vectors in the default view only; other views are completed before they become default.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from knnife.encoders import Encoder, vector_cache
from knnife.encoders.protocol import Progress, check_values, goes_on_for
from knnife.errors import BadInput, KnnifeError, NotFound, ReadOnly
from knnife.geometry import Vectors, gathered
from knnife.space.answers import Reencoded
from knnife.space.batching import BATCH_SECONDS, LARGEST_BATCH, SMALLEST_BATCH
from knnife.space.lookup import pick
from knnife.space.models import Models, keep, new_view
from knnife.space.parts import parts
from knnife.space.protocols import Snapshot, Store, Writer
from knnife.space.reader import Readings, read
from knnife.space.records import Dtype, View
from knnife.things import Thing
from knnife.things.kinds import kind

READ_TOGETHER = 128  # things: of each, several texts may be read, a few milliseconds each
TEXTS = 10_000  # whose words are renewed in one transaction


def reencode(
    store: Store,
    models: Models,
    encoder: Encoder,
    dtype: Dtype,
    name: str | None,
    switch: bool,
    progress: Progress | None,
) -> Reencoded:
    """See `Space.reencode`. Things that others add meanwhile are caught up with before the switch."""
    with store.write() as writer:
        old = pick(writer.views, None)
        if old and old.kind and not kind(encoder.kind).shares_values(kind(old.kind)):
            hint = f": {kind(old.kind).encoders}" if kind(old.kind).encoders else ""
            raise BadInput(
                f"the things of {store.path} were encoded as {old.kind}, and the encoder {encoder.name} takes "
                f"{encoder.kind}{hint}"
            )
        view = _prepared(writer, encoder, name or encoder.name, dtype)
    return _complete(store, models, view, old, switch or old is None, progress)


def use(store: Store, models: Models, name: str, progress: Progress | None) -> Reencoded:
    """See `Space.use`."""
    with store.read() as snapshot:
        old, view = pick(snapshot.views, None), pick(snapshot.views, name)
        assert view is not None  # a name that is not there is an error
        if view.origin is not None:
            raise BadInput(
                f"the view {name!r} was derived ({view.origin.source}), so no new thing gets a vector in it; only "
                "a view of an encoder, or of vectors that were brought along with their things, can be the default"
            )
        if missing := _missing(snapshot, view, 0, 1):
            _check_encoder(snapshot, store, models, view, missing[0][1])
    return _complete(store, models, view, old, True, progress)


def drop(store: Store, name: str) -> None:
    """Delete a view that is not the default; where there is none of that name, what the reader called so has read."""
    with store.write() as writer:
        other = next((view for view in writer.views if view.name == name and not view.is_default), None)
        read_by = [reader.fingerprint for reader in writer.readers if reader.name == name] if other is None else []
        for fingerprint in read_by:
            writer.drop_readings(fingerprint)
        if read_by:
            return
        view = pick(writer.views, name)
        if view is None:
            raise NotFound("there is no view in this space yet")
        if view.is_default:
            raise BadInput(
                f"the view {name!r} is the one that answers; let another one answer first: "
                f"knnife reencode {store.path} --use VIEW, or --encoder NAME"
            )
        writer.drop_view(view)


def read_ahead(store: Store, readings: Readings, which: str | Encoder, progress: Progress | None) -> int:
    """See `Space.read_ahead`. A transaction for READ_TOGETHER things, so that a run which is stopped can go on."""
    after = seen = made = 0
    with store.read() as snapshot:
        reader = readings.reader(which, pick(snapshot.views, None), "both")
    if reader is None:
        raise BadInput(f"the reader is {which!r}; expected the name of an encoder, such as minilm")
    while True:
        with store.read() as snapshot:
            batch, things = snapshot.scan(None, after, READ_TOGETHER), snapshot.state.things
            missing = reader.missing(snapshot, [(pos, text) for pos, thing in batch for text in parts(thing)])
        if not batch:
            return made
        if missing:
            if store.read_only:
                raise ReadOnly(f"{store.path} was opened for reading only, so nothing that is read can be kept")
            new = read(reader.encoder, missing)
            with store.write() as writer:
                writer.keep_readings(reader.encoder.name, reader.encoder.fingerprint, new)
        after, seen, made = batch[-1][0], seen + len(batch), made + len(missing)
        if progress:
            progress(seen, min(1.0, seen / max(1, things)))


def _prepared(writer: Writer, encoder: Encoder, name: str, dtype: Dtype) -> View:
    """The view of this encoder that is there already (of an interrupted run, or the one before), or a new one."""
    found = writer.views
    for view in found:
        if view.fingerprint == encoder.fingerprint and view.origin is None:
            return view
    taken = {view.name for view in found}
    keep(writer, encoder)
    unique = next(n for i in range(1, len(taken) + 2) if (n := name if i == 1 else f"{name}-{i}") not in taken)
    return writer.put_view(new_view(encoder, dtype, name=unique))


def _check_encoder(snapshot: Snapshot, store: Store, models: Models, view: View, first: Thing) -> None:
    """Raises BadInput where a view lacks things, `first` among them, and cannot be completed."""
    count = snapshot.state.things - snapshot.count(view)
    lacks = f"the view {view.name!r} lacks {count:,} of the things, such as {first.id!r}, "
    if view.encoder is None:
        raise BadInput(
            f"{lacks}and nothing can encode them, because its vectors were brought along. Remove these things first "
            f"(knnife remove {store.path} ID), or let the view that answers now go on"
        )
    try:
        models.of(snapshot, view)
    except KnnifeError as error:
        raise BadInput(
            f"{lacks}and its encoder is not at hand: {error}. With the folder of that encoder: "
            f"knnife reencode {store.path} --encoder FOLDER"
        ) from error


def _complete(
    store: Store, models: Models, view: View, old: View | None, switch: bool, progress: Progress | None
) -> Reencoded:
    """Encode what a view lacks, in batches of about a second; when nothing is missing, it is ready, or the default."""
    began = time.perf_counter()
    size, encoded, after = SMALLEST_BATCH, 0, 0
    with store.read() as snapshot:
        held = snapshot.count(view)
    while True:
        started = time.perf_counter()
        with store.read() as snapshot:
            missing = _missing(snapshot, view, after, size)
            things = snapshot.state.things
            encoder = models.of(snapshot, view) if missing else None
        if encoder is None:
            if _switch(store, view, switch):
                break
            after = 0
            continue
        after = missing[-1][0]
        positions = [pos for pos, _ in missing]
        vectors = _bent(store, encoder, positions)
        if vectors is None:
            values = [thing.value for _, thing in missing]
            check_values(encoder, values)
            vectors = vector_cache.encode(encoder, values)
        with store.write() as writer:
            writer.fill(view, positions, vectors)
        encoded += len(missing)
        if progress:
            progress(encoded, min(1.0, (held + encoded) / max(1, things)))
        wanted = int(size * BATCH_SECONDS / max(time.perf_counter() - started, 1e-6))
        size = max(SMALLEST_BATCH, min(LARGEST_BATCH, 4 * size, wanted))
    words = _renew_words(store)
    return Reencoded(view.name, old.name if old else None, switch, encoded, time.perf_counter() - began, words)


def _bent(store: Store, encoder: Encoder, positions: Sequence[int]) -> Vectors | None:
    """What an adapter makes of the vectors that its base made before; None unless a view has them of all these."""
    base, bent = getattr(encoder, "base", None), getattr(encoder, "bent", None)
    if base is None or bent is None:
        return None
    with store.read() as snapshot:
        for view in snapshot.views:
            if goes_on_for(base, view.fingerprint) and view.origin is None:
                found, vectors = gathered(snapshot.vectors(view, positions), len(positions), view.dim)
                if len(found) == len(positions):
                    at = np.searchsorted(found, positions)
                    return bent(vectors[at])  # type: ignore[no-any-return]
    return None


def _renew_words(store: Store) -> int:
    """Hold all words as those of new texts are held: how many texts that changed."""
    changed, done = 0, False
    while not done:
        with store.write() as writer:
            some, done = writer.renew_words(TEXTS)
            changed += some
    return changed


def _missing(snapshot: Snapshot, view: View, after: int, size: int) -> list[tuple[int, Thing]]:
    """Up to `size` things with their positions, behind a position, that have no vector in the view yet."""
    found = snapshot.missing(view, after, size)
    for _, thing in found:
        if thing.value is None:
            raise BadInput(
                f"thing {thing.id!r} has a vector but no value, so it cannot be encoded; remove it, or add its text"
            )
    return found


def _switch(store: Store, view: View, switch: bool) -> bool:
    """Make a complete view ready, and the default if so wanted: nothing is added between the look and the switch."""
    with store.write() as writer:
        if _missing(writer, view, 0, 1):
            return False
        now = next(each for each in writer.views if each.number == view.number)
        writer.put_view(now._replace(ready=True, is_default=now.is_default or switch))
    return True
