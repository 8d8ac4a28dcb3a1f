"""Things with labels: which they are, and what classes there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from knnife.errors import BadInput
from knnife.geometry import Vectors
from knnife.space.sample import Sample
from knnife.tools._classify.names import listed
from knnife.tools._classify.softmax import Codes


class Labelled(NamedTuple):
    """Things with the number of their class among `classes`, and those that have none; blank ones are neither."""

    sample: Sample
    others: Sample
    rows: Codes  # (n,), where they stand in what was given
    other_rows: Codes  # likewise
    codes: Codes  # (n,)
    classes: tuple[Any, ...]


def given_labels(found: Sample, labels: Any) -> list[Any]:
    """The label of each thing, None where there is none: of a field of theirs, or those that were brought along.

    Raises BadInput for a field that no thing has, for a list of labels, and where there are not as many as things.
    """
    if isinstance(labels, str):
        values = [thing.about.get(labels) for thing in found.things]
        if len(values) and all(value is None for value in values):
            fields = sorted({name for thing in found.things for name in thing.about})
            raise BadInput(
                f"no thing of {found.source} has a {labels!r}; "
                + (f"what is known of them: {listed(fields)}" if fields else "nothing is known of them but their text")
            )
    elif labels is None:
        raise BadInput("labels= is missing: the field of the things that holds them, or a label for each thing")
    else:
        values = [value.item() if isinstance(value, np.generic) else value for value in labels]
        if len(values) != len(found):
            raise BadInput(f"{len(values):,} labels were given for {len(found):,} things; expected one for each")
    values = [None if value == "" or value != value else value for value in values]  # NaN is no label
    for value in values:
        if isinstance(value, list | dict | set | np.ndarray):
            raise BadInput(
                f"the label {str(value)!r:.60} is a list; a thing has one label here. "
                "Ask about one value at a time, with a field that says whether a thing has it"
            )
    return values


def coded(found: Sample, labels: Any) -> Labelled:
    """Things by the number of their class, and those without one. Raises BadInput for fewer than two classes."""
    values, filled = given_labels(found, labels), found.filled.tolist()
    rows = [row for row in filled if values[row] is not None]
    others = [row for row in filled if values[row] is None]
    distinct = {values[row] for row in rows}
    try:
        classes = tuple(sorted(distinct))
    except TypeError:  # of several kinds: in the order of their names
        classes = tuple(sorted(distinct, key=lambda label: (type(label).__name__, str(label))))
    if len(classes) < 2:
        raise BadInput(
            f"{len(rows):,} of {len(found):,} examples have a label, and there is "
            f"{f'one class, {classes[0]!r}' if classes else 'no class'}; expected two classes or more"
        )
    number = {label: code for code, label in enumerate(classes)}
    codes = np.array([number[values[row]] for row in rows], np.int64)
    at, elsewhere = np.array(rows, np.int64), np.array(others, np.int64)
    return Labelled(found.take(at), found.take(elsewhere), at, elsewhere, codes, classes)


class Examples(NamedTuple):
    """What a head was learned from, for answers that name the examples which decided.

    The first `things` of them are things, the others names of classes.
    """

    points: Vectors  # (n, d)
    codes: Codes  # (n,)
    ids: Sequence[str]
    things: int
