"""How good are recommendations? Later choices are looked for in what is recommended from the earlier ones.

All items are ranked, as measures over a few drawn ones order recommenders wrongly (Krichene and Rendle, "On sampled
metrics for item recommendation", KDD 2020). Beside knnife stand the most popular items and neighbours of items.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from knnife.encoders.protocol import Progress
from knnife.errors import BadInput
from knnife.space import Space, opened
from knnife.space.inputs import is_space
from knnife.space.interactions import interactions
from knnife.space.lookup import whole_number
from knnife.things.events import EventColumns
from knnife.things.interactions import Interactions
from knnife.tools._evaluate_recommend.comparing import RecommendFigure, figures_of, known_or_none, verdict_of
from knnife.tools._evaluate_recommend.measures import Answers, answers_of
from knnife.tools._evaluate_recommend.recommenders import SYSTEMS, scorer_of
from knnife.tools._evaluate_recommend.splits import HOWS, How, Split, read_log, split_of


@dataclass(frozen=True)
class RecommendEvaluation:
    """What knnife, the most popular and item-kNN find of choices that were kept aside.

    figures: of each recommender. users: how many were asked for. items: how many could be recommended. verdict: whether
    knnife beats the others; notes: what was left out. Both in sentences. unfinished: the recommenders not reached,
    where the evaluation was stopped.
    """

    figures: Sequence[RecommendFigure]
    users: int
    items: int
    verdict: Sequence[str]
    notes: Sequence[str]
    unfinished: Sequence[str] = ()

    def rows(self) -> Iterator[dict[str, Any]]:
        """One row a figure of a recommender.

        Columns:
            system (str): "knnife", "most popular" or "item-kNN".
            figure (str): "ndcg@10", "recall@10", "mrr", "novelty@10", "popularity@10" or "coverage@10".
            value (float | None): the figure; None where nothing can be said.
            low (float | None): the low end of its 95% interval over users; None for fewer than 10 users.
            high (float | None): the high end.
            ahead (float | None): how much higher the figure of knnife is; None for knnife itself, and for coverage.
            ahead_low (float | None): the low end of the 95% interval of that, over the same users.
            ahead_high (float | None): the high end.
            users (int): how many were asked for.
        """
        for each in self.figures:
            numbers = ("value", "low", "high", "ahead", "ahead_low", "ahead_high")
            told = {name: known_or_none(getattr(each, name)) for name in numbers}
            yield {"system": each.system, "figure": each.name, **told, "users": self.users}


def evaluate_recommend(
    given: Any,
    *,
    user: str = "user",
    item: str = "item",
    rating: str | None = None,
    weight: str | None = None,
    time: str | None = None,
    split: How = "last",
    share: float = 0.1,
    k: int = 10,
    sample: int = 10_000,
    seed: int = 0,
    progress: Progress | None = None,
) -> RecommendEvaluation:
    """How much of what users choose next is recommended to them?

    Ctrl-C ends it with what the recommenders that were done have reached (`unfinished` names the others).

    Args:
        given: a space with interactions, or its path; or a log: the path of a table, a data frame, mappings, or tuples
            (user, item, weight, time).
        user: of a log: the column with who chose.
        item: of a log: the column with what was chosen.
        rating: of a log: the column with how much it was liked; of several ratings the last counts.
        weight: of a log: the column with how much a choice counts.
        time: of a log: the column with when it was; without, the order of the rows.
        split: "last" keeps the last choice of each user aside, "time" the last share of all choices.
        share: of the choices that a split by time keeps aside.
        k: how many recommendations each user has.
        sample: so many users are asked for at most; they are drawn. Items never are.
        seed: of what is drawn by chance.
        progress: called with how many answers there are, of all recommenders together, and the share done.

    Raises:
        BadInput: nobody has two choices; a split by time without times; numbers that make no sense; a row that cannot
            be used (BadRow, with its number).
        NotFound: there is no such file.

    """
    if split not in HOWS:
        raise BadInput(f"split is {split!r}; expected one of {', '.join(HOWS)}")
    if not 0 < share < 1:
        raise BadInput(f"share is {share}; expected a number between 0 and 1")
    k, sample = whole_number("k", k), whole_number("sample", sample)
    parts = split_of(_log_of(given, EventColumns(user, item, weight, rating, time)), split, share, sample, seed)
    found = _ask_all(parts, k, seed, progress)
    unfinished = [name for name in SYSTEMS if name not in found]
    figures = figures_of(found, parts, k, seed)
    items = int(np.count_nonzero(np.bincount(parts.training.chosen)))
    verdict = verdict_of(figures, len(parts.users))
    return RecommendEvaluation(figures, len(parts.users), items, verdict, parts.notes, unfinished)


def _log_of(given: Any, columns: EventColumns) -> Interactions:
    """The pairs of a space, or of a log."""
    if isinstance(given, Interactions):
        return given
    if isinstance(given, Space) or (isinstance(given, str | os.PathLike) and is_space(given)):
        with opened(given) as space:
            log = interactions(space)
            if not len(log):
                raise BadInput(f"{space.path} has no interactions; add some: `knnife recommend add`, or name a log")
            return log
    return read_log(given, columns)


def _ask_all(split: Split, k: int, seed: int, progress: Progress | None) -> dict[str, Answers]:
    """What each recommender answers; those that Ctrl-C left time for, where one is done at least."""
    found: dict[str, Answers] = {}
    told = progress or (lambda done, share: None)
    for turn, name in enumerate(SYSTEMS):
        try:
            found[name] = _ask(name, turn, split, k, seed, told)
        except KeyboardInterrupt:
            if not found:
                raise
            break
    return found


def _ask(name: str, turn: int, split: Split, k: int, seed: int, told: Progress) -> Answers:
    """What one recommender answers. Half of its time is taken to be learning, half answering."""
    users = len(split.users)

    def learned(share: float) -> None:
        told(turn * users, (turn + share / 2) / len(SYSTEMS))

    def answered(done: int) -> None:
        told(turn * users + done, (turn + (1 + done / users) / 2) / len(SYSTEMS))

    return answers_of(scorer_of(name, split.training, seed, learned), split, k, seed, answered)
