"""Fetches a model from the Hugging Face hub into its ordinary cache.

Only the files that loading needs are fetched. An interrupted download continues where it stopped, in a later process
too. Each file is checked against the hash that the hub announces before it is put in place, and the name of the
revision is written last, so that half a model is never taken for a whole one.

The package huggingface_hub (2.4.0) compares sizes only, restarts an interrupted file in the next process, and has a
dozen dependencies; two kinds of GET request are enough here.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final

from knnife.encoders import formats, network
from knnife.encoders.hub import COMMIT, HubModel, cache
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput, DiskFull, KnnifeError, NotFound, Offline, ReadOnly

HUB: Final = "https://huggingface.co"


@dataclass(frozen=True)
class File:
    """One file of a repository, as the hub announces it. `digest`: SHA-256 of large files, git's own of small ones."""

    name: str
    size: int
    digest: str

    def matches(self, path: Path) -> bool:
        """Does the file at `path` have this hash?"""
        git = len(self.digest) == 40
        digest = hashlib.sha1(b"blob %d\0" % self.size, usedforsecurity=False) if git else hashlib.sha256()
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest() == self.digest


def download(model: HubModel, progress: Progress) -> Path:
    """Fetches `model` and returns its folder. Raises what `model_folders.hub_folder` does."""
    try:
        commit, listing = _listing(model)
        with _alone(cache() / ".locks" / model.place.name / "knnife.lock"):
            return _Download(model, commit, listing, progress).run()
    except network.Refusal as refusal:
        raise _refused(model, refusal) from refusal
    except OSError as error:
        full = error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        raise (DiskFull if full else ReadOnly)(
            f"{error.filename or cache()}: {error.strerror or error}; "
            "the cache of models can lie elsewhere: set HF_HUB_CACHE to a folder"
        ) from error


class _Download:
    """One model on its way: the small files first, because they tell what else it takes; the weights last."""

    def __init__(self, model: HubModel, commit: str, listing: dict[str, File], progress: Progress) -> None:
        self.model, self.commit, self.listing, self.progress = model, commit, listing, progress
        self.snapshot = model.place / "snapshots" / commit
        self.done = 0
        self.total: int | None = None

    def run(self) -> Path:
        names = list(self.listing)
        self.get(name for name in ("config.json", "modules.json") if name in names)
        if not formats.is_static(self.snapshot, names):
            self.get(formats.small(self.snapshot, names))
        form = formats.choose(self.snapshot, names, what=f"the model {self.model.name}")
        missing = [n for n in formats.needed(self.snapshot, names, form) if not (self.snapshot / n).exists()]
        self.total = self.done + sum(self.file(name).size for name in missing)
        self.check_room(missing)
        self.get(missing)
        if not self.model.fixed:
            _put(self.model.place / "refs" / self.model.revision, lambda path: path.write_text(self.commit))
        return self.snapshot

    def file(self, name: str) -> File:
        if name not in self.listing:
            raise NotFound(f"the model {self.model.name} has no file {name} at the hub")
        return self.listing[name]

    def get(self, names: Iterable[str]) -> None:
        """Puts these files into the snapshot."""
        for file in map(self.file, names):
            place = self.snapshot / file.name
            if place.exists():
                continue
            blob = self.model.place / "blobs" / file.digest
            if not (blob.exists() and blob.stat().st_size == file.size):
                blob.parent.mkdir(parents=True, exist_ok=True)
                self.fetch(file, blob)
            _put(place, partial(_link, blob, place.parent))
            self.done += file.size

    def fetch(self, file: File, blob: Path) -> None:
        """Makes `blob`: what there is of it is kept, the rest requested, all of it checked."""
        part = blob.with_name(f"{blob.name}.incomplete")
        network.patiently(lambda: self.more(file, part))
        if not file.matches(part):
            part.unlink()
            raise BadInput(
                f"{self.model.name}: what arrived as {file.name} does not have the hash that the hub announces "
                f"({file.digest[:12]}…), and was deleted: try again, and distrust what lies between if it stays so"
            )
        part.replace(blob)

    def more(self, file: File, part: Path) -> None:
        """One request for what `part` lacks."""
        with part.open("ab") as out:
            have = out.tell()
            if have > file.size:
                have = out.truncate(0)
            if have == file.size:
                return
            url = network.address(_hub(), *self.model.repo.split("/"), "resolve", self.commit, *file.name.split("/"))
            with network.request(url, headers=_key() | ({"Range": f"bytes={have}-"} if have else {})) as answer:
                if have and answer.status != 206:  # the server sends the whole file
                    have = out.truncate(0)
                for chunk in answer.chunks:
                    have += out.write(chunk)
                    if have > file.size:
                        break  # the hash will say so
                    self.progress(self.done + have, self.total and (self.done + have) / self.total)
        if have < file.size:
            raise network.BrokenOff(f"{network.plain(url)} ended after {have:,} of {file.size:,} bytes: try again")

    def check_room(self, names: Iterable[str]) -> None:
        size, free = sum(self.file(name).size for name in names), shutil.disk_usage(self.snapshot).free
        if size > free:
            raise DiskFull(
                f"the model {self.model.name} needs {size / 1e6:,.0f} MB, and {cache()} has room for "
                f"{free / 1e6:,.0f}: make room, or set HF_HUB_CACHE to a folder on another disk"
            )


def _listing(model: HubModel) -> tuple[str, dict[str, File]]:
    """The commit that the revision is at, and its files by name."""
    url = network.address(_hub(), "api", "models", *model.repo.split("/"), "revision", model.revision) + "?blobs=true"

    def ask() -> bytes:
        with network.request(url, headers=_key()) as answer:
            return answer.read()

    try:
        answer: dict[str, Any] = json.loads(network.patiently(ask))
        commit = answer["sha"]
        if not COMMIT.fullmatch(commit) or (model.fixed and commit != model.revision):
            raise ValueError(f"commit {commit!r}")
        return commit, {file.name: file for file in map(_file, answer["siblings"])}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"{network.plain(url)} did not answer as the hub does ({error!r}): check HF_ENDPOINT") from error


def _file(answer: dict[str, Any]) -> File:
    name, large = answer["rfilename"], answer.get("lfs")
    file = File(name, int((large or answer)["size"]), large["sha256"] if large else answer["blobId"])
    if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or "\\" in name or ":" in name:
        raise ValueError(f"a file named {name!r}")
    if len(file.digest) != (64 if large else 40) or set(file.digest) - set("0123456789abcdef"):
        raise ValueError(f"the hash {file.digest!r}")
    return file


def _hub() -> str:
    return os.environ.get("HF_ENDPOINT") or HUB


def _key() -> dict[str, str]:
    """The header that says who asks, where the user is known to the hub: HF_TOKEN, or what `hf auth login` left."""
    token = os.environ.get("HF_TOKEN") or os.environ.get("HUGGING_FACE_HUB_TOKEN") or ""
    with suppress(OSError, UnicodeError):
        token = token or Path(os.environ.get("HF_TOKEN_PATH") or cache().parent / "token").read_text(encoding="utf-8")
    return {"Authorization": f"Bearer {token.strip()}"} if token.strip() else {}


def _refused(model: HubModel, refusal: network.Refusal) -> KnnifeError:
    """What an answer of the hub means."""
    page, status = network.address(_hub(), *model.repo.split("/")), refusal.status
    code = next((value for name, value in refusal.headers.items() if name.lower() == "x-error-code"), "")
    if code == "RevisionNotFound":
        return NotFound(f"{page} has no revision {model.revision!r}: expected a branch, a tag or a commit of it")
    if code == "GatedRepo" or status == 403:
        return BadInput(f"{page} is given out on conditions: accept them there, then set HF_TOKEN to a token of yours")
    if status == 401 and _key():
        return BadInput(f"{page}: the hub does not accept the token in HF_TOKEN for it; check both")
    if status in (401, 404):
        return NotFound(f"{page} is not there, or is private: check the name; for a private one set HF_TOKEN")
    return Offline(f"{network.plain(refusal.url)} answers with HTTP status {status}: try again later")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Waits until no other process fetches the same model. On Windows nobody waits; the hashes find what that mixes."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("ab") as file:
        if sys.platform != "win32":
            import fcntl

            with suppress(OSError):  # disks in the network that have no locks
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _put(place: Path, make: Callable[[Path], object]) -> None:
    """Makes `place` in one step, so that nobody ever sees half of it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    with suppress(FileNotFoundError):
        draft.unlink()
    make(draft)
    draft.replace(place)


def _link(blob: Path, start: Path, path: Path) -> None:
    """A link as the hub's own tools make it; a copy where the disk has no links."""
    try:
        path.symlink_to(os.path.relpath(blob, start))
    except OSError:
        shutil.copyfile(blob, path)
