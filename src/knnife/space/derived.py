"""Derived views: vectors by id that come from somewhere else than a value, such as factors or coordinates of a map.

A derived view is written whole, in one transaction, with what it was made from, and is stale once things came, left or
changed, or one of those views did. New things have no vector in it until it is derived anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from knnife.encoders import Encoder
from knnife.errors import BadInput
from knnife.geometry import METRICS, Metric, as_vectors, check_scale
from knnife.space.lookup import pick, positions_of, several
from knnife.space.models import keep, new_view
from knnife.space.protocols import Snapshot, Store
from knnife.space.records import DTYPES, Dtype, Origin, View


def derive(
    store: Store,
    name: str,
    vectors: Any,
    ids: Iterable[str] | None,
    source: str,
    views: Sequence[str],
    encoder: Encoder | None,
    metric: Metric | None,
    dtype: Dtype,
) -> None:
    """See `Space.derive`."""
    _check(name, metric, dtype)
    rows = as_vectors(vectors, encoder.dim if encoder else None, f"the vectors of the view {name!r}")
    with store.write() as writer:
        before = _replaced(writer, name, store)
        positions = _positions(writer, ids, len(rows))
        origin = _origin(writer, source, views)
        if before is not None:
            writer.drop_view(before)
        check_scale(rows, metric or writer.settings().get("metric", "cosine"), f"the vectors of the view {name!r}")
        view = new_view(encoder, dtype, name=name, dim=rows.shape[1])
        view = writer.put_view(view._replace(ready=True, metric=metric, origin=origin))
        if encoder is not None:
            keep(writer, encoder)
        writer.fill(view, positions, rows)


def _check(name: str, metric: Metric | None, dtype: Dtype) -> None:
    """Raises BadInput for what no view can be."""
    if not isinstance(name, str) or not name:
        raise BadInput(f"the name of a view is {name!r}; expected a text")
    if metric is not None and metric not in METRICS:
        raise BadInput(f"metric {metric!r}: expected one of {', '.join(METRICS)}")
    if dtype not in DTYPES:
        raise BadInput(f"dtype {dtype!r}: expected one of {', '.join(DTYPES)}")


def _replaced(snapshot: Snapshot, name: str, store: Store) -> View | None:
    """The derived view of that name, if there is one."""
    if not any(view.is_default for view in snapshot.views):
        raise BadInput(f"{store.path} has no vectors yet: add the things first, then derive views of them")
    before = next((view for view in snapshot.views if view.name == name), None)
    if before is not None and before.origin is None:
        raise BadInput(f"the view {name!r} is one of an encoder, not a derived one; choose another name")
    return before


def _positions(snapshot: Snapshot, ids: Iterable[str] | None, count: int) -> list[int]:
    """The positions of the things that get vectors, of which there are so many."""
    positions = positions_of(snapshot, several(ids) if ids is not None else [id for _, id in sorted(snapshot.ids())])
    if len(set(positions)) < len(positions):
        raise BadInput("an id is given twice; expected one vector for each thing")
    if len(positions) != count:
        raise BadInput(f"{count} vectors were given for {len(positions)} things; expected one for each")
    return positions


def _origin(snapshot: Snapshot, source: str, names: Sequence[str]) -> Origin:
    found = [view for name in names if (view := pick(snapshot.views, name)) is not None]
    made_from = {view.name: (view.fingerprint, view.filled) for view in found}
    return Origin(source, made_from, snapshot.state.last, snapshot.state.gone)


def is_stale(snapshot: Snapshot, view: View) -> bool | None:
    """Has anything changed that a derived view was made from? None for a view that is not derived."""
    if view.origin is None:
        return None
    now = {each.name: (each.fingerprint, each.filled) for each in snapshot.views}
    if any(now.get(name) != tuple(then) for name, then in view.origin.views.items()):
        return True
    return (snapshot.state.last, snapshot.state.gone) != (view.origin.last, view.origin.gone)
