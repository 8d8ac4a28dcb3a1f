"""Which encoders there are, by name: built in, of other packages, and open models of the hub.

To add one of ours, write its file and an entry in `BUILT_IN`; to list an open model, add its facts to
catalogue.toml. Other packages declare theirs in pyproject.toml, by one of two entry points or both:

    [project.entry-points."knnife.encoders"]
    klingon = "my_package.klingon:encoder"        # called without arguments, it returns an Encoder

    [project.entry-points."knnife.catalogue"]
    mine = "my_package:models.toml"               # a file in the package, written as catalogue.toml is

Nothing is imported before it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from knnife.encoders.entry import HUB, Entry, Score, located
from knnife.errors import BadInput, NotFound

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

DEFAULT: Final = "english"
GROUP: Final = "knnife.encoders"
FILES: Final = "knnife.catalogue"
PERMISSIVE: Final = ("Apache-2.0", "MIT", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0")
COMMERCIAL: Final = {  # licences -> whether they allow commercial use; of others we say nothing
    **dict.fromkeys(PERMISSIVE, True),
    "Gemma": True,  # with a list of forbidden uses, so not permissive
    "CC-BY-NC-4.0": False,
    "CC-BY-NC-SA-4.0": False,
    "Apple-AMLR": False,
    "InsightFace": False,
}
KINDS: Final = ("text", "image", "audio", "face")
NOT_YET: Final = {
    "audio": "knnife has no loader for sound so far",
    "face": "by its name; give its *.onnx file to `knnife faces add --model FILE`, a detector's to `--detector FILE`",
}

BUILT_IN: Final = (  # of this package, and of those that are made with it
    Entry(
        name=DEFAULT,
        target="knnife.encoders.static:english",
        kind="text",
        dim=256,
        licence="Apache-2.0",
        commercial=True,
        size=9_249_000,
        languages=("en",),
        good_at="search and comparison offline, at hundreds of thousands of sentences a second",
        what="the static English text model of this package, distilled from all-MiniLM-L6-v2",
    ),
    Entry(
        name="minilm",
        target="knnife.encoders.minilm:minilm",
        kind="text",
        dim=384,
        licence="Apache-2.0",
        commercial=True,
        size=23_141_000,
        languages=("en",),
        max_tokens=256,
        good_at="search and comparison offline, better and slower than the static model",
        what="all-MiniLM-L6-v2 in eight-bit numbers, which comes with this package: nothing is downloaded from a hub",
        page="https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2",
    ),
    Entry(
        name="topics",
        target="knnife.encoders.topics:topics",
        kind="text",
        dim=256,
        licence="Apache-2.0",
        commercial=True,
        size=9_249_000,
        languages=("en",),
        good_at="what a plot, a report or a biography is about, whoever is in it",
        what="the static English text model over texts without their names and numbers",
    ),
    Entry(
        name="copies",
        target="knnife.encoders.copies:CopyEncoder",
        kind="image",
        dim=578,
        extra="pictures",
        licence="Apache-2.0",
        commercial=True,
        good_at="near-duplicate photos: saved again, resized, cropped, brightened, captioned, mirrored or turned",
        what="what a picture looks like from afar, without any model: edges, colours and light in 8 x 8 cells",
    ),
)


def models(
    words: str = "",
    *,
    kind: str | None = None,
    max_size: int | None = None,
    max_dim: int | None = None,
    licence: str | None = None,
    commercial: bool = False,
    language: str | None = None,
    cached: bool = False,
) -> list[Entry]:
    """The encoders with a name that suit: built in first, then those of other packages, then open models.

    words: all of these in name, languages or description (beginnings of words do); a word that is a kind is its kind.
    max_size, max_dim: at most so many bytes of weights, components; what does not tell its own is left out.
    licence: "permissive" or a name; commercial: only where commercial use is allowed.
    language: an ISO 639 code ("de"); cached: only what needs no download.
    Raises BadInput when `language` is no such code.
    """
    if language is not None and not re.fullmatch("[a-z]{2,3}", language):
        raise BadInput(f"language {language!r}: expected an ISO 639 code of two or three letters, such as 'de'")

    def suits(entry: Entry) -> bool:
        return (
            (kind is None or entry.kind == kind)
            and (max_size is None or 0 < entry.size <= max_size)
            and (max_dim is None or (entry.dim is not None and entry.dim <= max_dim))
            and (licence is None or _licensed(entry, licence))
            and (not commercial or entry.commercial is True)
            and (language is None or language in entry.languages)
            and _about(entry, words)
            and (not cached or bool(entry.here))
        )

    return [entry for entry in _all() if suits(entry)]


def find(name: str) -> Entry | None:
    """The encoder called so, by its name here or by that of its repository at the hub; None when there is none."""
    for entry in BUILT_IN:  # first, because asking the installed packages for theirs takes a while
        if entry.name == name:
            return entry
    entries = list(_all())
    return next((e for e in entries if e.name == name), None) or next(
        (e for e in entries if e.target.startswith(HUB) and e.target.rpartition("/")[2] == name), None
    )


def about(address: str) -> Entry | None:
    """What the catalogue knows of the model at the hub's "hf:owner/name" or "owner/name[@revision]", or None."""
    target = HUB + address.removeprefix(HUB).partition("@")[0]
    return next((entry for entry in _all() if entry.target == target), None)


def find_model(name: str) -> Entry:
    """What the catalogue knows of the encoder `name`, without loading it: "english", "BAAI/bge-m3", "hf:BAAI/bge-m3".

    Raises NotFound, with the names that are near, when it knows nothing of it.
    """
    entry = find(name) or about(name)
    if entry is None:
        from difflib import get_close_matches  # rarely needed

        near = get_close_matches(name.rpartition("/")[2], [entry.name for entry in _all()], n=3)
        hint = f": did you mean {' or '.join(near)}?" if near else "; `knnife models` lists what it knows"
        raise NotFound(f"the catalogue knows no encoder {name!r}{hint}")
    return entry


def read_entries(path: Path) -> list[Entry]:
    """The models of a file written as catalogue.toml is. Raises BadInput, which says where, when it cannot be used."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return [_entry(facts, data) for facts in data.get("model", [])]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadInput(
            f"{path}: expected [[model]] tables, as knnife's own catalogue.toml has them; {error}"
        ) from error


def _all() -> Iterator[Entry]:
    """Every entry; where two have one name, the first is it."""
    seen = set()
    for entry in (*BUILT_IN, *_plugins(), *_open_models()):
        if entry.name not in seen:
            seen.add(entry.name)
            yield entry


@cache
def _open_models() -> tuple[Entry, ...]:
    return tuple(read_entries(Path(__file__).with_name("catalogue.toml")))


def _entry(facts: dict[str, Any], data: dict[str, Any]) -> Entry:
    """One [[model]] table; languages, benchmarks and sources may be keys of the tables that bear these names."""
    facts = dict(facts)
    if hub := facts.pop("hub", ""):
        facts = {"target": HUB + hub, "page": f"https://huggingface.co/{hub}", **facts}
    if not facts.setdefault("target", "") or hub:  # an encoder of somebody else's package takes what it likes
        facts.setdefault("blocked", NOT_YET.get(facts.get("kind", ""), ""))
    languages = facts.get("languages", "")
    facts["languages"] = tuple(data.get("languages", {}).get(languages, languages).split())
    facts["scores"] = tuple(
        Score(data.get("benchmarks", {}).get(name, name), float(value), data.get("sources", {}).get(source, source))
        for name, value, source in facts.get("scores", [])
    )
    facts.setdefault("commercial", COMMERCIAL.get(facts.get("licence", "")))
    if unknown := facts.keys() - {field.name for field in fields(Entry)}:
        raise ValueError(f"{facts.get('name')}: nothing is known by the name of {', '.join(sorted(unknown))}")
    return Entry(**facts)


def _plugins() -> Iterator[Entry]:
    from importlib.metadata import entry_points  # 20 ms, so only where needed

    for point in sorted(entry_points(group=FILES), key=lambda point: point.name):
        try:
            yield from read_entries(_file(point))
        except BadInput as error:  # to be seen in the list, and nobody else's trouble
            yield Entry(name=point.name, target="", what=f"from {_package(point)}, unusable", blocked=str(error))
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield Entry(name=point.name, target=point.value, what=f"from {_package(point)}")


def _file(point: EntryPoint) -> Path:
    """The file that "package:file" names. The package is found, not imported."""
    package, _, file = point.value.partition(":")
    spec = located(package.partition(".")[0])
    if spec is None or not spec.submodule_search_locations:
        raise BadInput(f"{point.value}: expected the name of a package, a colon, and a file in it")
    return Path(next(iter(spec.submodule_search_locations)), *package.split(".")[1:], file.strip())


def _package(point: EntryPoint) -> str:
    return f"the package {point.dist.name if point.dist else '(unknown)'}"


def _licensed(entry: Entry, wanted: str) -> bool:
    if wanted.casefold() == "permissive":
        return entry.licence in PERMISSIVE and entry.commercial is not False
    return entry.licence.casefold() == wanted.casefold()


def _about(entry: Entry, words: str) -> bool:
    """Whether each of the words begins one of the entry's; short ones have to be one, or "de" would find "dense"."""
    text = " ".join((entry.name, entry.target, entry.what, entry.good_at, *entry.languages))
    own = set(re.split(r"[^\w.]+", text.casefold()))
    return all(
        word == entry.kind
        if word in KINDS
        else word in own or (len(word) > 2 and any(other.startswith(word) for other in own))
        for word in re.split(r"[^\w.]+", words.casefold())
        if word
    )
