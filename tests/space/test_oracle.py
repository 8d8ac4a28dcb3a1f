"""A space held against a dictionary and plain NumPy, through random sequences of what one can do with it."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from knnife import NotFound, Space, Thing
from knnife.geometry import METRICS, similarity, top_k

ids = st.sampled_from([f"id{i}" for i in range(12)])
texts = st.sampled_from(["red fish", "blue fish", "green sea", "deep blue sea", "one fish two fish", "ship"])
vectors = st.lists(st.integers(-3, 3), min_size=3, max_size=3)
about = st.fixed_dictionaries({}, optional={"year": st.integers(1990, 1993), "seen": st.booleans()})
things = st.builds(Thing, id=ids, value=texts, about=about, vector=vectors)
FILTERS: list[tuple[str | None, Any]] = [
    (None, lambda a: True),
    ("year > 1991", lambda a: a.get("year", 0) > 1991),
    ("not seen", lambda a: not a.get("seen")),
    ("year = 1990 or seen", lambda a: a.get("year") == 1990 or bool(a.get("seen"))),
]
filters = st.sampled_from(FILTERS)


class SpaceAgainstOracle(RuleBasedStateMachine):
    """The oracle: a dict from id to Thing, in the order in which each content arrived."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.held: dict[str, Thing] = {}

    @initialize(metric=st.sampled_from(METRICS), dtype=st.sampled_from(["float32", "float16", "int8"]))
    def make(self, metric: Any, dtype: Any) -> None:
        self.metric, self.dtype = metric, dtype
        self.space = Space.open(self.folder / "s.knnife", metric=metric, dtype=dtype, durable=False)

    def teardown(self) -> None:
        self.space.close()
        shutil.rmtree(self.folder)

    @rule(batch=st.lists(things, max_size=8))
    def add(self, batch: list[Thing]) -> None:
        report = self.space.add(batch, twice="last")
        before = set(self.held)
        last = {thing.id: i for i, thing in enumerate(batch)}  # of one id in a batch, the last counts
        for thing in (thing for i, thing in enumerate(batch) if last[thing.id] == i):
            old = self.held.get(thing.id)
            if old is not None and (old.value, old.vector) == (thing.value, thing.vector):
                self.held[thing.id] = thing  # metadata alone: it keeps its place
            else:
                self.held.pop(thing.id, None)
                self.held[thing.id] = thing
        assert report.added == len(set(self.held) - before)
        assert report.encoded == report.broken == report.removed == 0

    @rule(batch=st.lists(things, min_size=1, max_size=5))
    def add_twice(self, batch: list[Thing]) -> None:
        unique = list({thing.id: thing for thing in batch}.values())
        self.add(unique)
        report = self.space.add(unique)
        assert (report.added, report.updated, report.unchanged) == (0, 0, len(unique))

    @rule(chosen=st.sets(ids, max_size=3))
    def remove(self, chosen: set[str]) -> None:
        if chosen <= set(self.held):
            assert self.space.remove(sorted(chosen)) == len(chosen)
            for id in chosen:
                del self.held[id]
        else:
            with pytest.raises(NotFound):
                self.space.remove(sorted(chosen))

    @rule(chosen=filters)
    def remove_where(self, chosen: tuple[str | None, Any]) -> None:
        where, oracle = chosen
        if where is None:
            return
        doomed = [id for id, thing in self.held.items() if oracle(thing.about)]
        assert self.space.remove(where=where) == len(doomed)
        for id in doomed:
            del self.held[id]

    @rule()
    def reopen(self) -> None:
        self.space.close()
        self.space = Space.open(self.folder / "s.knnife", durable=False)
        assert self.space.metric == self.metric

    @rule(query=vectors, k=st.integers(1, 15), chosen=filters)
    def near(self, query: list[int], k: int, chosen: tuple[str | None, Any]) -> None:
        where, oracle = chosen
        allowed = [thing for thing in self.held.values() if oracle(thing.about)]
        answer = self.space.near(query, k, where=where)
        if not self.held:
            assert list(answer.rows()) == []
            return
        matrix = self.kept([thing.vector for thing in allowed])
        scores = similarity(np.array([query], np.float32), matrix, self.metric)
        _, best = top_k(scores, k)
        np.testing.assert_allclose(answer.scores, best, rtol=1e-5, atol=1e-5)
        expected = scores[0, [[t.id for t in allowed].index(id) for id in answer.ids[0]]]
        np.testing.assert_allclose(answer.scores[0], expected, rtol=1e-5, atol=1e-5)
        assert len(set(answer.ids[0])) == min(k, len(allowed))

    @rule(id=ids, chosen=filters)
    def near_another(self, id: str, chosen: tuple[str | None, Any]) -> None:
        if id not in self.held:
            return
        found = self.space.near(ids=[id], k=20, where=chosen[0]).ids[0]
        assert set(found) == {i for i, t in self.held.items() if chosen[1](t.about)} - {id}

    @rule(query=vectors, at_least=st.sampled_from([-2.5, -1.0, 0.0, 0.5, 2.0]), chosen=filters)
    def within(self, query: list[int], at_least: float, chosen: tuple[str | None, Any]) -> None:
        where, oracle = chosen
        allowed = [thing for thing in self.held.values() if oracle(thing.about)]
        answer = self.space.within(query, at_least, where=where)
        scores = similarity(np.array([query], np.float32), self.kept([t.vector for t in allowed]), self.metric)[0]
        sure = {t.id for t, s in zip(allowed, scores, strict=True) if s > at_least + 1e-4}
        possible = {t.id for t, s in zip(allowed, scores, strict=True) if s > at_least - 1e-4}
        assert sure <= set(answer.ids) <= possible

    @rule(word=st.sampled_from(["fish", "blue", "sea", "ships", "whale"]), chosen=filters)
    def search_words(self, word: str, chosen: tuple[str | None, Any]) -> None:
        where, oracle = chosen
        found = {hit.id for hit in self.space.search(word, 20, by="words", where=where)}
        stem = word.removesuffix("s")
        assert found == {i for i, t in self.held.items() if stem in t.value.split() and oracle(t.about)}

    @invariant()
    def the_space_holds_what_the_dictionary_holds(self) -> None:
        if not hasattr(self, "space"):
            return
        assert len(self.space) == len(self.held)
        listed = [(t.id, t.value, dict(t.about), t.part_of) for t in self.space]
        assert listed == [(t.id, t.value, dict(t.about), t.part_of) for t in self.held.values()]
        names, matrix = self.space.vectors()
        assert names == list(self.held)
        if names:
            np.testing.assert_allclose(matrix, self.kept([t.vector for t in self.held.values()]), atol=1e-6)

    def kept(self, rows: list[list[int]]) -> np.ndarray:
        """Vectors as the space keeps them: int8 rounds 1, 2 and 3 of 3 to 127ths."""
        exact = np.array(rows, np.float32).reshape(len(rows), 3)
        if self.dtype != "int8":
            return exact
        scale = np.abs(exact).max(axis=1, keepdims=True, initial=0).astype(np.float32) / np.float32(127)
        steps = np.rint(np.divide(exact, scale, out=np.zeros_like(exact), where=scale > 0))
        return (steps * scale).astype(np.float32)


SpaceAgainstOracle.TestCase.settings = settings(
    max_examples=60, stateful_step_count=25, suppress_health_check=list(HealthCheck)
)
# What is drawn asks empty spaces, and for fields that nothing has.
test_space_against_oracle = pytest.mark.filterwarnings(
    "ignore:.*new and empty", "ignore:no thing has", "ignore:.* holds "
)(SpaceAgainstOracle.TestCase)
