"""Which encoder serves these things best?

Each encoder is put through the same trials: labelled queries, pairs or classes; without labels, each title has to find
its own text. One encoder is called better than another only when the 95% interval of their difference, drawn again from
the same queries (bootstrap), leaves out 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from knnife.encoders import Encoder
from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.geometry import Positions
from knnife.statistics.intervals import Numbers, spearman
from knnife.tools._evaluate import measures
from knnife.tools._evaluate.compared_encoders import Candidate, Meter, Stopped, Working, load_candidates
from knnife.tools._evaluate.measures import neighbours, row_similarities
from knnife.tools._evaluate.plan import GivenLabels, Plan, make_plan
from knnife.tools._evaluate.verdict import standings, verdict

MEMORY = "memory: its files and the vectors of all things as float32; a run needs some more while it works"


@dataclass(frozen=True)
class Evaluation:
    """How the encoders did, in the order in which they were given.

    main: the figure that decides, None when there was nothing to decide by. figures: the names of all of them.
    table: a row for each encoder; verdict: what follows, a line each; notes: what was measured, on what.
    """

    main: str | None
    figures: tuple[str, ...]
    table: tuple[dict[str, Any], ...]
    verdict: tuple[str, ...]
    notes: tuple[str, ...]

    def rows(self) -> Iterator[dict[str, Any]]:
        """A row for each encoder: these columns, and one for each of `figures`.

        What ranks is there where a figure decides. None is what nobody knows, or what would compare the strongest with
        itself.

        Columns:
            encoder (str): its name.
            low (float): of the figure that decides: the low end of its 95% interval.
            high (float): the high end.
            behind (float): by how much it is behind the best.
            behind_low (float): the low end of that.
            behind_high (float): the high end.
            sure (bool): whether the difference is more than chance.
            agreement (float | None): the share of its neighbours that the strongest encoder finds, too.
            correlation (float | None): of its similarities with those of the strongest.
            texts_per_second (float): how quick it is.
            memory (int | None): bytes of its files and of the vectors of all things.
            size (int | None): bytes of its files.
            dim (int): components of a vector.
            licence (str | None): what its makers allow.
            things (int): how many things were drawn.
            of (int): of how many.
        """
        yield from self.table


def evaluate(
    things: Any,
    encoders: Iterable[str | Path | Encoder],
    *,
    queries: Any = None,
    pairs: Any = None,
    classes: str | None = None,
    title: str | None = None,
    k: int = 10,
    sample: int = 2000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Evaluation:
    """Compares encoders on things of one's own.

    Args:
        things: a space (its metric applies), what `knnife.read` gives, or anything a space can add; None: the texts
            of the pairs.
        encoders: names, folders or encoders; all are loaded before the work begins.
        queries: a file with the columns query, relevant (an id) and perhaps grade, or `{text: ids}`.
        pairs: a file with the columns a, b and score, or tuples of these; two different scores only mean no and yes.
        classes: the field of the things that holds their class.
        title: the field that holds a title, which has to find its text. None: only where there are no labels, and
            then the first line or the first sentence of a text has to find the rest.
        k: how many neighbours count.
        sample: of more things than that, so many are drawn; those that answer queries are always among them.
        seed: of everything that is drawn.
        progress: called with the number of texts encoded, by all encoders, and the share (0 to 1) that is done.

    Raises:
        BadInput: a file, a field or an encoder is not what it should be, or there are fewer than three things.
        NotFound: there is no such file or encoder.
        Stopped: a KeyboardInterrupt that brings along the evaluation of the encoders that were done.

    """
    if k < 1 or sample < 3:
        raise BadInput(f"k={k}, sample={sample}: expected k of 1 at least, and a sample of 3 at least")
    candidates = load_candidates(encoders)
    plan = make_plan(things, GivenLabels(queries, pairs, classes, title), k, sample, seed)
    meter = Meter(len(candidates) * plan.encoded, progress)
    results: list[_Result] = []
    try:
        for candidate in candidates:
            results.append(_measure(candidate, plan, meter))
    except KeyboardInterrupt as stop:
        if not results:
            raise
        raise Stopped(_answer(results, plan, seed)) from stop
    return _answer(results, plan, seed)


class _Result(NamedTuple):
    """How one encoder did: its numbers in each trial, its neighbours (n, k), similarities (p,), texts a second."""

    candidate: Candidate
    units: list[Numbers]
    near: Positions
    alike: Numbers
    speed: float


def _measure(candidate: Candidate, plan: Plan, meter: Meter) -> _Result:
    """Puts one encoder through everything."""
    working = Working(candidate.encoder, meter)
    vectors = working.passages(plan.texts)
    speed = working.speed(plan.texts)  # of the things themselves, seen for the first time
    units = [trial.run(vectors, working) for trial in plan.trials]
    near = neighbours(vectors, np.arange(len(vectors)), vectors, plan.near, plan.metric)
    alike = row_similarities(vectors[plan.pairs[0]], vectors[plan.pairs[1]], plan.metric)
    return _Result(candidate, units, near, alike, speed)


def _answer(results: list[_Result], plan: Plan, seed: int) -> Evaluation:
    """The table, and what follows from it."""
    names, speeds = [result.candidate.name for result in results], [result.speed for result in results]
    figures = tuple(name for trial in plan.trials for name in trial.figures)
    if plan.deciding:
        main, trial, units = figures[0], plan.deciding[0], [result.units[0] for result in results]
        ranked = standings(trial.figures[main], units, seed)
        strongest, why = int(np.argmax([standing.value for standing in ranked])), f"the best by {main}"
        lines = verdict(names, ranked, speeds, f"{main} of {len(units[0]):,} {trial.units}")
        places = [{name: value for name, value in each._asdict().items() if name != "value"} for each in ranked]
    else:
        strongest, why = int(np.argmin(speeds)), "the slowest"  # who takes more time mostly knows more
        lines = ["nothing here tells which is better: give queries, pairs or classes, or texts with titles"]
        main, places = None, [{} for _ in results]
    table = [_row(result, plan, results[strongest]) | place for result, place in zip(results, places, strict=True)]
    agreement = [f"agreement, correlation: with {names[strongest]}, {why}"] if len(results) > 1 else []
    return Evaluation(main, figures, tuple(table), tuple(lines), (*plan.notes, *agreement, MEMORY))


def _row(result: _Result, plan: Plan, strongest: _Result) -> dict[str, Any]:
    """What was measured and is known of one encoder."""
    encoder, size = result.candidate.encoder, result.candidate.size
    row: dict[str, Any] = {"encoder": result.candidate.name}
    for trial, units in zip(plan.trials, result.units, strict=True):
        row.update({name: figure(units) for name, figure in trial.figures.items()})
    is_it = result is strongest
    row["agreement"] = None if is_it else float(measures.overlap(result.near, strongest.near).mean())
    row["correlation"] = None if is_it else spearman(result.alike, strongest.alike)
    return row | {
        "texts_per_second": result.speed,
        "memory": None if size is None else size + 4 * encoder.dim * plan.total,
        "size": size,
        "dim": encoder.dim,
        "licence": result.candidate.licence,
        "things": len(plan.texts),
        "of": plan.total,
    }
