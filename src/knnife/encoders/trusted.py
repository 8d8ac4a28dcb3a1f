"""Which encoders a file may name: those of knnife, those that are cached, and those that this user has said yes to.

A space, or a model that a tool learned, names the encoder of its vectors, and whoever made the file chose the name. It
may lead to an endpoint, which is then sent the queries and the user's key; to a path, where files are read; or to an
encoder of another package, which does what it likes. Such a name is followed only where this user has named it before
on this machine: every encoder that is loaded by its name is noted, and `knnife trust SPACE` notes what a file names.

The notes are one file of the user's, `trusted.jsonl` in knnife's own folder (KNNIFE_TRUST names another file), a line
for each name, which nobody else may read. Lines are only added, in one write each, so that no two processes meet.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Final

from knnife.encoders.catalogue import BUILT_IN, find
from knnife.encoders.entry import HUB
from knnife.errors import Untrusted

ENDPOINT: Final = "openai:"
FILE: Final = "trusted.jsonl"

_named: set[str] = set()  # by this process, whether or not the file could be written


def folder() -> Path | None:
    """Where knnife keeps what is the user's: KNNIFE_CACHE, else the system's place; None for a user without a home."""
    setting = os.environ.get("KNNIFE_CACHE", "")
    if setting and setting.lower() != "off":
        return Path(setting)
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return base / "knnife"


def leads_to(name: str) -> str | None:
    """Where an encoder of this name leads, in words that are also what is noted; None where it leads nowhere else."""
    if name.startswith(HUB) or any(entry.name == name for entry in BUILT_IN):
        return None
    if name.startswith(ENDPOINT):
        from knnife.encoders.network import endpoint, plain  # imports what speaks HTTP: 40 ms

        return f"{name} at the endpoint {plain(endpoint())}"
    if not os.path.isabs(name) and (entry := find(name)) is not None:
        return None if entry.target.startswith(HUB) else f"{name}, an encoder of another package ({entry.target})"
    if not os.path.dirname(name) and not os.path.exists(name):  # a word that names nothing, as the loader will say
        return None
    return f"the files of {os.path.abspath(name)}"


def check(name: str, holder: str | Path) -> None:
    """Raises Untrusted where a file names an encoder that this user has not; holder: a space, or a model in words."""
    found = leads_to(name)
    if found is None or is_trusted(found):
        return
    yes = f"knnife trust {holder}, or in Python " if isinstance(holder, Path) else "in Python "
    raise Untrusted(
        f"{holder} names an encoder that leads elsewhere, to {found:.200}, and you have not named it on this machine; "
        f"nothing was read there, and nothing sent. To say yes, if you trust it: {yes}knnife.load_encoder({name!r})",
        name,
    )


def is_trusted(found: str) -> bool:
    """Has this user named what leads there?"""
    return found in _named or found in _noted()


def note(name: str) -> bool:
    """The user named this encoder: from now on files may, too. False where that holds for this process only."""
    found, path = leads_to(name), _path()
    if found is None or found in _named or found in _noted():
        return True
    _named.add(found)
    if path is None:
        return False
    line = json.dumps({"encoder": found}) + "\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(file, "ab", buffering=0) as stream:
            stream.write(line.encode())
    except OSError:  # a home that cannot be written: whoever asks next is told how to say yes
        return False
    return True


def _path() -> Path | None:
    setting, own = os.environ.get("KNNIFE_TRUST"), folder()
    return Path(setting) if setting else None if own is None else own / FILE


def _noted() -> set[str]:
    """What the file says; a line that is none is passed over."""
    found, path = set[str](), _path()
    try:
        lines = [] if path is None else path.read_bytes().splitlines()
    except OSError:
        return found
    for line in lines:
        try:
            found.add(json.loads(line)["encoder"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
