"""Which store a space is in, and what is set for it: what is fixed when it is made, and what may be set again."""

from __future__ import annotations

import difflib
import errno
import os
import stat
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from knnife.errors import BadInput, NotFound
from knnife.geometry import METRICS, Metric
from knnife.space.lookup import pick
from knnife.space.models import Models
from knnife.space.protocols import Snapshot, Store
from knnife.space.records import DTYPES, Dtype
from knnife.space.sqlite.connection import is_space_file as is_space_file
from knnife.space.sqlite.store import SqliteStore
from knnife.things.kinds import kind

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
    _check_name(path)
    try:
        return SqliteStore(path, read_only=read_only, create=create, durable=durable)
    except NotFound as error:
        raise NotFound(f"{error}{spelled_like(path)}") from error


def spelled_like(path: Path) -> str:
    """Asks whether a space beside this one is meant, whose name is spelled nearly so; "" where there is none."""
    names = {each.name for each in path.absolute().parent.glob(f"*{path.suffix or '.knnife'}")}
    near = difflib.get_close_matches(path.name, names - {path.name}, n=1)
    return f" (did you mean {path.with_name(near[0])}?)" if near else ""


def warn_if_new(snapshot: Snapshot, path: Path, models: Models) -> None:
    """Warns of a question to a file that nothing was ever put into: its name may be mistyped, which made it.

    Whoever names an encoder means to make a space.
    """
    if not snapshot.state.last and models.given is None and str(path) != MEMORY:
        warnings.warn(f"{path} is new and empty, so nothing is found{spelled_like(path)}", stacklevel=4)


def _check_name(path: Path) -> None:
    """Raises BadInput where no file can be called so."""
    try:
        os.lstat(path)
    except ValueError as error:  # a NUL
        raise BadInput(f"{str(path)!r:.80} cannot be the path of a space: {error}") from error
    except OSError as error:
        if error.errno in (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL):
            raise BadInput(f"{path!s:.80}… cannot be the path of a space: {error.strerror}") from error


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
            holds_faces = models.given is not None and kind(models.given.kind).cut_out
            if holds_faces and not snapshot.state.last and not store.read_only:
                keep_private(store.path)
    except BaseException:
        store.close()
        raise
    return settings


def keep_private(path: Path) -> None:
    """From now on nobody but its owner reads the file of a space, nor what SQLite and the index keep beside it."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        with suppress(FileNotFoundError):
            beside = path.with_name(name)
            beside.chmod(stat.S_IMODE(beside.stat().st_mode) & 0o600)


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
