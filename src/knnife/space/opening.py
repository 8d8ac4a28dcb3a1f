"""Which store a space is in, and what is set for it: what is fixed when it is made, and what may be set again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from knnife.errors import BadInput, NotFound
from knnife.geometry import METRICS, Metric
from knnife.space.lookup import pick
from knnife.space.models import Models
from knnife.space.protocols import Store
from knnife.space.records import DTYPES, Dtype
from knnife.space.sqlite.connection import is_space_file as is_space_file
from knnife.space.sqlite.store import SqliteStore

MEMORY = ":memory:"
DEFAULTS: dict[str, Any] = {"dtype": "float32", "recall": 0.98}


def open_store(path: Path, *, read_only: bool, create: bool, durable: bool) -> Store:
    """The store of the space called so: in memory, or in a file."""
    if str(path) == MEMORY:
        if read_only or not create:
            raise NotFound("a space in memory is made when it is opened, so there is nothing to read; open it to write")
        from knnife.space.memory.store import MemoryStore  # who opens a file need not wait for it
        from knnife.space.sqlite.tokens import tokens

        return MemoryStore(tokens)
    return SqliteStore(path, read_only=read_only, create=create, durable=durable)


def checked_settings(
    store: Store, models: Models, metric: Metric | None, dtype: Dtype | None, recall: float | None
) -> tuple[Metric, Dtype, float]:
    """The settings of a space, given what the user asks for (None: nothing); closes the store where it cannot be.

    Raises BadInput; EncoderMismatch where the encoder of the user did not make the default view.
    """
    try:
        settings = _settings(store, metric, dtype, recall, models.preferred_metric)
        with store.read() as snapshot:
            models.check(pick(snapshot.views, None))
    except BaseException:
        store.close()
        raise
    return settings


def _settings(
    store: Store, metric: Metric | None, dtype: Dtype | None, recall: float | None, preferred: Metric
) -> tuple[Metric, Dtype, float]:
    """Settings are written down when they are new. preferred: the metric of a new space for which none is asked."""
    _check_choice("metric", metric, METRICS)
    _check_choice("the metric that the encoder prefers:", preferred, METRICS)
    _check_choice("dtype", dtype, DTYPES)
    if recall is not None and not (isinstance(recall, (int, float)) and 0 < recall <= 1):
        raise BadInput(f"recall {recall!r}: expected a number above 0 and up to 1")
    wanted = {name: value for name, value in [("metric", metric), ("dtype", dtype), ("recall", recall)] if value}
    with store.read() as snapshot:
        held = snapshot.settings()
    for name in ("metric", "dtype"):
        if held and name in wanted and held[name] != wanted[name]:
            raise BadInput(
                f"{name} {wanted[name]!r} asked for, but {store.path} was made with {held[name]!r}, for good; "
                "export its things into a new space to change it"
            )
    settings = {**DEFAULTS, "metric": preferred, **held, **wanted}
    if settings != held and not store.read_only:
        with store.write() as writer:
            writer.put_settings(settings)
    return settings["metric"], settings["dtype"], settings["recall"]


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise BadInput(f"{name} {value!r}: expected one of {', '.join(choices)}")
