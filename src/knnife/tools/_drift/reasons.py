"""What a person would say of a drift, in at most three sentences: which kinds came or went, which columns moved."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from knnife.space import Sample
from knnife.tools._drift import findings
from knnife.tools._drift.findings import Mark, NewKind, Region
from knnife.tools._drift.pool import Labels
from knnife.tools._drift.statistics import Cloud

MOST: Final = 3
WORDS: Final = 3
LONG: Final = 4  # letters
COLUMN = re.compile(r" = |: | missing$")  # what stands behind a column in the name of a mark
SPREADS: Final = {"middle half": "the middle half is {} wide, was {}", "spread": "standard deviation {}, was {}"}
UNSAID: Final = {  # the part of the test that is surest -> what is left to say where nothing in particular is sure
    "gathered": "new things stand together in places, none of which is sure by itself",
    "vanished": "things of the reference are missed in places, none of which is sure by itself",
    "regions": "the shares of regions changed, of no single one for sure",
    "shifted": "all moved a little, in no one column or word for sure",
    "turned": "all moved a little, in no one column or word for sure",
}


class Told(NamedTuple):
    """All that is told of a drift, the surest first, and the sentences for people."""

    regions: tuple[Region, ...] = ()
    marks: tuple[Mark, ...] = ()
    kinds: tuple[NewKind, ...] = ()
    reasons: tuple[str, ...] = ()


def told(
    cloud: Cloud, things: Sample, labels: Labels, columns: Mapping[str, slice], rate: float, parts: Mapping[str, float],
    drifted: bool,
) -> Told:  # fmt: skip
    """What changed between the samples of a pool. parts: the p-value of each; without drift no sentence is said."""
    regions = findings.regions(cloud, things, labels, rate)
    marks = findings.marks(things, labels, columns, rate)
    if not drifted:
        return Told(regions, marks)
    kinds = findings.kinds(cloud, things, labels, rate)
    if not (regions or marks or kinds):
        return Told(reasons=(UNSAID[min(parts, key=lambda part: parts[part])],))
    before, after = cloud.pool.sizes
    groups = [(abs(each.share_new - each.share_reference) * after, _of_region(each, before, after)) for each in regions]
    groups += [(each.size - each.others * after / before, _of_kind(each, after)) for each in kinds]
    said = [sentence for _, sentence in sorted(groups, key=lambda group: -group[0])]  # by how many things are concerned
    of_texts = things.texts is not None and not columns
    named = {word for words in (*(each.words for each in regions), *(each.words for each in kinds)) for word in words}
    of_marks = list(_of_marks(mark for mark in marks if mark.name not in named))
    return Told(regions, marks, kinds, tuple([*said, *of_marks] if of_texts else [*of_marks, *said])[:MOST])


def _of_region(region: Region, before: int, after: int) -> str:
    old, new = round(region.share_reference * before), round(region.share_new * after)
    shown = region.new if new else region.reference
    about = f"about {_about(region.words)}" if region.words else f"like {', '.join(shown)}"
    number = f"{new:,} of {after:,} are" if new else "none is"
    return f"{number} {about}; {_share(region.share_reference) if old else 'none'} before"


def _of_kind(kind: NewKind, after: int) -> str:
    about = f", {_about(kind.words)}" if kind.words else ""
    return f"new or rare before: {kind.size:,} of {after:,} like {kind.new[0]!r}{about}"


def _about(words: Sequence[str]) -> str:
    """The first words; of short ones, which seldom say what a text is about, only where there are no others."""
    return ", ".join(sorted(words, key=lambda word: len(word) < LONG)[:WORDS])


def _of_marks(marks: Iterable[Mark]) -> Iterator[str]:
    """One sentence of each column, in the order of the marks."""
    said = set()
    for mark in marks:
        column = COLUMN.split(mark.name)[0]
        if column not in said:
            said.add(column)
            yield of_mark(mark)


def of_mark(mark: Mark) -> str:
    if mark.figure == "share":
        name = mark.name if COLUMN.search(mark.name) else f"the word {mark.name!r}"
        return f"{name}: in {_share(mark.new)}, {_share(mark.reference)} before"
    if mark.new is None:
        return f"{mark.name} is nowhere; {mark.figure} was {_figure(mark.reference)}"
    if mark.reference is None:
        return f"{mark.name} was nowhere; {mark.figure} is {_figure(mark.new)}"
    more = mark.new > mark.reference
    if mark.figure in SPREADS:
        figures = SPREADS[mark.figure].format(_figure(mark.new), _figure(mark.reference))
        return f"{mark.name} varies {'more' if more else 'less'}: {figures}"
    return f"{mark.name} is {_moved(more, mark.new)}: {mark.figure} {_figure(mark.new)}, was {_figure(mark.reference)}"


def _moved(more: bool, value: Any) -> str:
    if isinstance(value, str):
        return "later" if more else "earlier"
    return "higher" if more else "lower"


def _figure(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"


def _share(share: float) -> str:
    if 0 < share < 0.01:
        return "under 1%"
    return f"{share:.0%}" if share else "none"
