"""What people type for an item or a user, and which one is meant; what they may have meant where there is none."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from knnife.errors import BadInput, NotFound
from knnife.space import Space
from knnife.space.naming import LONGEST, TITLES, key
from knnife.things import Thing

SHOWN = 3  # names that are suggested
_BRACKETS = {")": "(", "]": "["}  # Heat (1995), Independence Day (ID4) (1996)
_ARTICLE_BEHIND = re.compile(r"^(.+), (?:the|a|an)$", re.IGNORECASE)  # Matrix, The


def title_of(thing: Thing) -> str:
    """What people call a thing: the title in its metadata, else its id, else, where that is a number, how it begins."""
    found = (thing.about.get(field) for field in TITLES)
    if title := next((title for title in found if isinstance(title, str) and title.strip()), None):
        return title
    begin = thing.value.split("\n", 1)[0] if isinstance(thing.value, str) else ""
    named = any(map(str.isalpha, thing.id or "")) or not 0 < len(begin) <= LONGEST
    return (thing.id or "") if named else begin


def titles_of(space: Space, ids: Iterable[str]) -> dict[str, str]:
    """The titles of the things among these ids; of those that have none, the id."""
    return {thing.id or "": title_of(thing) for thing in space.get([id for id in ids if id in space])}


def things_named(space: Space, names: Sequence[str], what: str = "item") -> list[str]:
    """The ids of the things that are meant: by their ids, else by their titles.

    Case, accents, an article in front, and what stands in brackets behind a title do not count. Raises NotFound, with
    names that are near, and BadInput for a title of several things.
    """
    if all(name in space for name in names):
        return list(names)
    by_key: dict[str, set[str]] = defaultdict(set)
    known: dict[str, str] = {}  # a name that may be meant -> the id
    for thing in space:
        id = thing.id or ""
        for name in (id, title_of(thing)):
            known.setdefault(name, id)
            for form in _forms(name):
                by_key[form].add(id)
    return [name if name in space else _meant(name, by_key, known, what) for name in names]


def users_named(known: Sequence[str], names: Sequence[str]) -> list[int]:
    """The numbers of the users of these names. Raises NotFound, with names that are near."""
    numbers = {name: number for number, name in enumerate(known)}
    for name in names:
        if name not in numbers:
            raise NotFound(f"there is no user {name!r} among the {len(known):,}{_hint(name, known)}")
    return [numbers[name] for name in names]


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Names that somebody may have meant, the likeliest first: the same but for case, those with it inside, others."""
    wanted = key(name)
    folded: dict[str, str] = {}
    for each in known:
        folded.setdefault(key(each), each)
    if wanted in folded:
        return [folded[wanted]]
    inside = sorted((each for each in folded if wanted and wanted in each), key=len)[:SHOWN]
    close = difflib.get_close_matches(wanted, folded, n=SHOWN, cutoff=0.6)
    return [folded[each] for each in dict.fromkeys([*inside, *close])][:SHOWN]


def _meant(name: str, by_key: dict[str, set[str]], known: dict[str, str], what: str) -> str:
    found = sorted({known[name]} if name in known else by_key.get(key(name), set()))
    if len(found) == 1:
        return found[0]
    if found:
        shown = ", ".join(map(repr, found[:SHOWN])) + (", …" if len(found) > SHOWN else "")
        raise BadInput(f"{name!r} is the name of {len(found):,} things ({shown}); give the id of the one that is meant")
    raise NotFound(f"there is no {what} {name!r}{_hint(name, known)}")


def _hint(name: str, known: Iterable[str]) -> str:
    near = near_names(name, known)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def _without_brackets(name: str) -> str:
    """A name without what stands in brackets behind it."""
    while (opening := _BRACKETS.get(name[-1:])) is not None and (at := name.rfind(opening)) >= 0:
        if any(bracket in name[at + 1 : -1] for bracket in "()[]"):
            break
        name = name[:at].rstrip()
    return name


def _forms(name: str) -> set[str]:
    """The keys under which a title is found: as it is, without the year behind it, with the article in front."""
    bare = _without_brackets(name)
    behind = _ARTICLE_BEHIND.match(bare)
    return {key(form) for form in (name, bare, behind[1] if behind else bare)} - {""}
