"""What a thing is called: its id and its titles, in words that a search finds, and whole, for who types one exactly.

The id is a name unless it is a number, a hash, or the place of a row (films.csv#12). Of a path (docs/tea/green.md) the
folders are words of it, and the last part without its ending is a name; of a dotted one (os.path.split) so are its last
two parts. What is written OrderedDict is found as two words, too. Titles are `title`, `name` and `heading` of the
metadata; a passage has those, and the words of its whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from knnife.things.folding import fold, without_accents

LONGEST: Final = 200  # characters; what is longer is a text
TITLES: Final = ("title", "name", "heading")

_HAS_TITLE = re.compile('"(?:' + "|".join(TITLES) + ')":"')
_NO_NAME = re.compile(r"[\W\d_]*|[^\W\d_]{1,3}\W?\d+|[0-9a-f]{16,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|.*#\d+")
_AGAIN = re.compile(r"(.+) \(\d+\)")  # one of several things of a name
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.\w+)+")
_FOLDERS = re.compile(r"[/\\]")
_ENDING = re.compile(
    r"\.(?:txt|text|md|rst|html?|xml|json|jsonl|csv|tsv|xlsx?|docx?|pptx?|pdf|eml|py|jpe?g|png|gif|webp|bmp|tiff?|heic"
    r"|heif|avif|mp[34]|wav|flac|ogg|m4a|parquet|zip|gz)+$",
    re.IGNORECASE,
)
_HUMPS = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ARTICLE = re.compile(r"^(?:the|a|an) (?=.)")  # may be left out
_APART = re.compile(r"[\x00-/:-@\[-`{-\x7f]+")  # of ASCII, what is neither letter nor digit


def words(id: str, about: str, part_of: str | None) -> str:
    """A text of all words of the names of a thing; empty where it has none. about: its metadata, as JSON."""
    own = id if part_of is None else part_of
    found = own if _is_plain(own) else _of_id(own)
    if len(about) > len('{"name":""}') and _HAS_TITLE.search(about):
        found = " ".join([found, *titles] if (titles := [*_titles(about)]) else [found])
    return found[:LONGEST]


def keys(id: str, about: str, part_of: str | None) -> tuple[set[str], set[str]]:
    """The names of a thing, and the last parts of those that are paths, each as a `key`."""
    whole, ends = ([], []) if part_of is not None or _NO_NAME.fullmatch(id) else _names(id)
    if _HAS_TITLE.search(about):
        whole = whole + [title.rpartition(" > ")[2] for title in _titles(about)]
    return _keys(whole), _keys(ends)


def key(name: str) -> str:
    """A name as it is compared: its words in lower case, without accents and an article in front."""
    text = name.lower() if name.isascii() else fold([without_accents(name)])[0]
    return _ARTICLE.sub("", _APART.sub(" ", text).strip())


def _keys(names: Iterable[str]) -> set[str]:
    return {key(form) for name in names if len(name) <= LONGEST for form in (name, _HUMPS.sub(" ", name))} - {""}


def _is_plain(id: str) -> bool:
    """Is this several words, and nothing else? Most titles are; every thing that is added passes here."""
    return " " in id and "/" not in id and "\\" not in id and id[-1].isalpha()


def _of_id(id: str) -> str:
    """The words that an id has."""
    if id.isdecimal() or _NO_NAME.fullmatch(id):
        return ""
    if _FOLDERS.search(id) or "." in id:
        id = _ENDING.sub("", id)
    apart = _HUMPS.sub(" ", id)
    return id if apart == id else f"{id} {apart}"


def _names(id: str) -> tuple[list[str], list[str]]:
    """The names that an id is, and those that its last parts are."""
    if _FOLDERS.search(id) or ("." in id and _ENDING.search(id)):
        bare = _ENDING.sub("", id)
        *folders, last = _FOLDERS.split(bare)
        return [id, bare], [last] if folders else []
    if "." in id and _DOTTED.fullmatch(id):
        parts = id.split(".")
        return [id], [".".join(parts[-2:]), parts[-1]]
    again = _AGAIN.fullmatch(id)
    return [again[1] if again else id], []


def _titles(about: str) -> Iterator[str]:
    try:
        held = json.loads(about)
    except (ValueError, RecursionError):  # damaged; who reads it says so
        return
    for field in TITLES:
        if isinstance(title := held.get(field), str) and title.strip():
            yield title
