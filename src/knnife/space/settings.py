"""What is fixed for a space (metric, number type), and what may be set again (the recall its index is tuned to)."""

from __future__ import annotations

from typing import Any

from knnife.errors import BadInput
from knnife.geometry import METRICS, Metric
from knnife.space.sqlite.connection import is_space_file as is_space_file
from knnife.space.sqlite.store import Store
from knnife.space.views import DTYPES, Dtype

DEFAULTS: dict[str, Any] = {"dtype": "float32", "recall": 0.98}


def read_settings(
    store: Store,
    metric: Metric | None,
    dtype: Dtype | None,
    recall: float | None,
    preferred: Metric,
) -> tuple[Metric, Dtype, float]:
    """The settings of a space, given what the user asks for (None: nothing). Written down when they are new.

    preferred: the metric of a new space for which none is asked.
    """
    _check_choice("metric", metric, METRICS)
    _check_choice("the metric that the encoder prefers:", preferred, METRICS)
    _check_choice("dtype", dtype, DTYPES)
    if recall is not None and not (isinstance(recall, (int, float)) and 0 < recall <= 1):
        raise BadInput(f"recall {recall!r}: expected a number above 0 and up to 1")
    wanted = {name: value for name, value in [("metric", metric), ("dtype", dtype), ("recall", recall)] if value}
    with store.read() as db:
        held = dict(db.execute("SELECT name, value FROM settings"))
    for name in ("metric", "dtype"):
        if held and name in wanted and held[name] != wanted[name]:
            raise BadInput(
                f"{name} {wanted[name]!r} asked for, but {store.path} was made with {held[name]!r}, for good; "
                "export its things into a new space to change it"
            )
    settings = {**DEFAULTS, "metric": preferred, **held, **wanted}
    if settings != held and not store.read_only:
        with store.write() as db:
            db.executemany("INSERT OR REPLACE INTO settings VALUES (?, ?)", settings.items())
    return settings["metric"], settings["dtype"], settings["recall"]


def _check_choice(name: str, value: str | None, choices: tuple[str, ...]) -> None:
    if value is not None and value not in choices:
        raise BadInput(f"{name} {value!r}: expected one of {', '.join(choices)}")
