"""Models of the Hugging Face hub by name, "hf:owner/name" or "hf:owner/name@revision", in the hub's ordinary cache.

What any tool has cached is found without a network and without the hub's own package. The cache is folders of links:

    models--owner--name/refs/main                the commit that a branch or tag was at when it was downloaded
                        snapshots/COMMIT/…       the files of a commit, each a link into
                        blobs/HASH               what is in them; HASH.incomplete while it arrives
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from knnife.encoders import formats
from knnife.errors import BadInput, MissingPackage, NotFound

NAME: Final = re.compile(r"hf:(?P<repo>\w[\w.-]*/\w[\w.-]*)(?:@(?P<revision>\w[\w./-]*))?", re.ASCII)
COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class HubModel:
    """A repository of the hub, at a branch, a tag or a commit; and its place in the cache."""

    name: str
    repo: str
    revision: str

    @classmethod
    def parse(cls, name: str) -> HubModel:
        """The model that "hf:owner/name" or "hf:owner/name@revision" means. Raises BadInput."""
        found = NAME.fullmatch(name)
        if found is None or ".." in name:
            raise BadInput(f"{name!r} names no model of the hub: expected hf:owner/name or hf:owner/name@revision")
        return cls(name, found["repo"], found["revision"] or "main")

    @property
    def place(self) -> Path:
        """Its folder in the cache."""
        return cache() / f"models--{self.repo.replace('/', '--')}"

    @property
    def fixed(self) -> bool:
        """Is the revision a commit, and not a name that may move on to another?"""
        return COMMIT.fullmatch(self.revision) is not None

    def snapshot(self) -> Path | None:
        """The folder with the files of this revision; None where the cache has none."""
        commit = self.revision
        if not self.fixed:
            try:
                commit = (self.place / "refs" / self.revision).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeError):
                return None
        folder = self.place / "snapshots" / commit
        return folder if COMMIT.fullmatch(commit) and folder.is_dir() else None


def address(folder: Path) -> str | None:
    """The "hf:owner/name@commit" of a folder in the cache; None for one outside such a cache."""
    place = Path(os.path.abspath(folder))
    kind, *repo = place.parent.parent.name.split("--")
    if (kind, place.parent.name, len(repo)) != ("models", "snapshots", 2) or not COMMIT.fullmatch(place.name):
        return None
    return f"hf:{'/'.join(repo)}@{place.name}"


def cached(name: str) -> bool:
    """Is the model `name` here, so that it loads without a network?"""
    found = HubModel.parse(name).snapshot()
    return found is not None and is_whole(found)


def cache() -> Path:
    """The folder that all tools of the hub share, by the hub's own rules."""
    home = os.environ.get("HF_HOME") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    place = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE") or os.path.join(home, "hub")
    return Path(os.path.expandvars(place)).expanduser().absolute()


def is_whole(snapshot: Path) -> bool:
    """Do the files make up a model? Other tools fetch single ones, or stop half-way."""
    files = formats.files(snapshot)
    try:
        form = formats.choose(snapshot, files, what="it")
    except MissingPackage:
        return True  # it is the package that is missing
    except (BadInput, NotFound):
        return False
    return set(formats.needed(snapshot, files, form)) <= set(files)
