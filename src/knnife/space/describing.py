"""What there is to know about a space."""

from __future__ import annotations

import json
from pathlib import Path

from knnife.encoders import trusted
from knnife.errors import NotASpace
from knnife.geometry import Metric
from knnife.space.answers import Info, LogInfo, ReaderInfo, ViewInfo
from knnife.space.derived import is_stale
from knnife.space.event_table import LEARNED
from knnife.space.protocols import Snapshot
from knnife.space.records import View


def describe(snapshot: Snapshot, path: Path, metric: Metric, recall: float, check: bool) -> Info:
    """See `Space.info`."""
    faults = tuple(snapshot.faults()) if check else None  # before anything is read that they concern
    counts = snapshot.summary()
    views = [_describe_view(snapshot, view, metric, recall) for view in snapshot.views]
    return Info(
        path=str(path),
        format=counts.format,
        things=snapshot.state.things,
        parts=counts.parts,
        wholes=counts.wholes,
        metric=metric,
        recall_wanted=recall,
        fields=counts.fields,
        file_bytes=counts.bytes,
        index_bytes=sum(size for _, size in views),
        thumbnails=counts.thumbnails,
        older_words=counts.older_words,
        views=tuple(view for view, _ in views),
        faults=faults,
        readers=tuple(ReaderInfo(*each) for each in snapshot.readers),
        interactions=None if faults else _describe_log(snapshot, path),  # what is damaged is told already
    )


def _describe_log(snapshot: Snapshot, path: Path) -> LogInfo | None:
    """The interactions, and what was learned from them."""
    count = snapshot.events.count()
    if not count.events:
        return None
    users, items = (len(snapshot.events.names(what)) for what in ("user", "item"))
    noted = snapshot.note(LEARNED)
    if noted is None:
        return LogInfo(count.events, users, items)
    try:
        learned = json.loads(noted)
        events, when, mark = learned["events"], learned["when"], learned["mark"]
    except (TypeError, ValueError, KeyError, RecursionError) as error:
        raise NotASpace(f"{path} is damaged: its note {LEARNED!r} does not say what was learned from") from error
    return LogInfo(count.events, users, items, events, when, mark != [*count.mark])


def _describe_view(snapshot: Snapshot, view: View, metric: Metric, recall: float) -> tuple[ViewInfo, int]:
    """A view, and the bytes of its index."""
    things = snapshot.state.things
    index = snapshot.index_info(view, view.metric or metric, recall)
    vectors = things if view.is_default else snapshot.count(view)  # the default view has a vector of every thing
    info = ViewInfo(
        name=view.name,
        default=view.is_default,
        ready=view.ready,
        complete=vectors == things,
        encoder=view.encoder,
        fingerprint=view.fingerprint,
        kind=view.kind,
        dim=view.dim,
        dtype=view.dtype,
        vectors=vectors,
        loss_mean=view.loss_sum / max(1, view.loss_count),
        loss_max=view.loss_max,
        bytes=vectors * view.width,
        index_file=index.standing,
        index=index.method,
        recall=index.recall,
        filtered_recall=index.filtered_recall,
        source=view.origin and view.origin.source,
        stale=is_stale(snapshot, view),
        metric=view.metric or metric,
        untrusted=_untrusted(snapshot, view),
    )
    return info, index.bytes


def _untrusted(snapshot: Snapshot, view: View) -> str | None:
    """Where the encoder of a view leads, as long as this user has not said yes to that."""
    if view.encoder is None or snapshot.encoder(view.fingerprint or "") is not None:
        return None
    found = trusted.leads_to(view.encoder)
    return None if found is None or trusted.is_trusted(found) else found
