"""Random sequences of verbs on every store at once: all give the answers of the store in memory, to the last id."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from knnife import BadInput, NotFound, Space, Thing
from knnife.geometry import METRICS
from knnife.space.repeats import Twice

ids = st.sampled_from([f"id{number}" for number in range(6)] + ["The Deep", "sea.RedFish", "Ships (2)"])
words = [
    "red",
    "blue",
    "fish",
    "fishes",
    "deep",
    "sea",
    "Ships",
    "naïve",
    "two",
    "Zürich",
    "東京都",
    "京都",
    "大\u00adStraße",
]
texts = st.lists(st.sampled_from(words), min_size=1, max_size=6).map(" ".join)
vectors = st.lists(st.integers(-3, 3), min_size=3, max_size=3)
scalars = st.sampled_from(
    [
        1990,
        1991.5,
        -1,
        True,
        False,
        None,
        "crime",
        "Crime time",
        "",
        "100%",
        "it's",
        "[1]",
        'a"b',
        2**63,
        -(2**70),
        1e20,
    ]
) | st.sampled_from(["2015-02-24T22:55:00Z", "2015-02-24T23:55:00+01:00", Decimal("1990.0"), date(2015, 2, 24)])
about = st.dictionaries(st.sampled_from(["year", "genre", "a b", "title"]), scalars | st.lists(scalars, max_size=3))
wholes = st.sampled_from([None, None, "w1", "w2"])
things = st.builds(Thing, id=ids, value=texts, about=about, part_of=wholes, vector=vectors)
values = [
    "1990",
    "1991.5",
    "'crime'",
    "'time'",
    "true",
    "false",
    "''",
    "'100%'",
    "'[1]'",
    "'[\"crime\"]'",
    "'2015-02-25'",
]
values += ["'2015-02-24T17:55-05:00'"]
equal = [*values, "null", str(2**63), str(-(2**70)), "100000000000000000000"]
ORDER = ["=", "!=", "<", "<=", ">", ">=", "has"]
fields = st.sampled_from(["year", "genre", "`a b`", "id", "part_of", "nothing"])
leaves = st.one_of(
    st.builds("{} {} {}".format, fields, st.sampled_from(ORDER), st.sampled_from(values)),
    st.builds("{} {} {}".format, fields, st.sampled_from(["=", "!=", "has"]), st.sampled_from(equal)),
    st.builds("{} contains {}".format, fields, st.sampled_from(["'I'", "'rime'", "'%'", "'_'", "''", "','", "'[\"'"])),
    st.builds("{} in ({}, {})".format, fields, st.sampled_from(equal), st.sampled_from(equal)),
    st.builds("{} not in ({}, {})".format, fields, st.sampled_from(equal), st.sampled_from(equal)),
    fields,
)
filters = st.recursive(
    leaves,
    lambda some: st.one_of(
        st.builds("not ({})".format, some),
        st.builds("({}) and ({})".format, some, some),
        st.builds("({}) or ({})".format, some, some),
    ),
    max_leaves=4,
)
queries = st.lists(
    st.sampled_from(
        [
            *words,
            "deep",
            "Crime time",
            "sea.redfish",
            "ships",
            '"red fish"',
            '"deep sea"',
            '"東京"',
            "whale",
            "京",
            "東京都大",
        ]
    ),
    min_size=1,
    max_size=4,
).map(" ".join)


class StoresAgree(RuleBasedStateMachine):
    """A space in memory and one in a file, given the same."""

    @initialize(metric=st.sampled_from(METRICS), dtype=st.sampled_from(["float32", "float16", "int8"]))
    def make(self, metric: Any, dtype: Any) -> None:
        self.folder = Path(tempfile.mkdtemp())
        options: dict[str, Any] = {"metric": metric, "dtype": dtype, "durable": False}
        self.oracle = Space.open(":memory:", **options)
        self.space = Space.open(self.folder / "s.knnife", **options)

    def teardown(self) -> None:
        if hasattr(self, "space"):
            self.space.close()
            self.oracle.close()
            shutil.rmtree(self.folder)

    def both(self, ask: Any) -> Any:
        """What both answer; they raise the same error, too."""
        answers = []
        for space in (self.oracle, self.space):
            try:
                answers.append(ask(space))
            except (
                NotFound,
                BadInput,
            ) as error:  # ids that come twice; a filter that would remove all, for the want of a field
                answers.append(str(error))
        assert answers[0] == answers[1]
        return answers[0]

    @rule(batch=st.lists(things, max_size=7), twice=st.sampled_from(get_args(Twice)))
    def add(self, batch: list[Thing], twice: Twice) -> None:
        def counts(space: Space) -> list[int]:
            done = space.add(batch, twice=twice)
            return [done.added, done.updated, done.unchanged, done.removed, done.repeated]

        self.both(counts)

    @rule(chosen=st.lists(ids | st.sampled_from(["w1", "w2"]), max_size=2, unique=True))
    def remove(self, chosen: list[str]) -> None:
        self.both(lambda space: space.remove(chosen))

    @rule(where=filters)
    def remove_where(self, where: str) -> None:
        self.both(lambda space: space.remove(where=where))

    @rule()
    def reopen(self) -> None:
        self.space.close()
        self.space = Space.open(self.folder / "s.knnife", durable=False)

    @rule(where=filters)
    def filter(self, where: str) -> None:
        self.both(lambda space: [thing.id for thing in space.things(where)])

    @rule(query=vectors, k=st.integers(1, 12), where=st.none() | filters)
    def near(self, query: list[int], k: int, where: str | None) -> None:
        a, b = (space.near(query, k, where=where) for space in (self.oracle, self.space))
        self.same_ranking(a.positions, a.scores, b.positions, b.scores)

    @rule(id=ids, k=st.integers(1, 12))
    def near_another(self, id: str, k: int) -> None:
        if id in self.oracle:
            a, b = (space.near(ids=[id], k=k) for space in (self.oracle, self.space))
            self.same_ranking(a.positions, a.scores, b.positions, b.scores)

    @rule(query=queries, k=st.integers(1, 9), where=st.none() | filters)
    def find_words(self, query: str, k: int, where: str | None) -> None:
        a, b = ([*space.search(query, k, by="words", where=where, explain=True)] for space in (self.oracle, self.space))
        assert [hit.id for hit in a] == [hit.id for hit in b]
        assert [hit.words for hit in a] == [hit.words for hit in b]
        np.testing.assert_allclose([hit.score for hit in a], [hit.score for hit in b], rtol=1e-5)

    @rule(factors=st.lists(vectors, min_size=9, max_size=9))
    def derive(self, factors: list[list[int]]) -> None:
        if len(self.oracle):
            some = [factors[number % len(factors)] for number in range(len(self.oracle))]
            for space in (self.oracle, self.space):
                space.derive("factors", some, source="drawn", metric="dot")

    @rule(chosen=st.lists(st.tuples(st.integers(1, 12), st.integers(-3, 3)), max_size=5), by=st.sampled_from("ab"))
    def read(self, chosen: list[tuple[int, int]], by: str) -> None:
        for space in (self.oracle, self.space):
            with space._store.write() as writer:
                writer.keep_readings(by, by, {key: bytes([number]) for number, key in enumerate(chosen)})

    @rule(by=st.sampled_from("ab"))
    def forget(self, by: str) -> None:
        self.both(lambda space: space.drop(by))

    @invariant()
    def both_hold_the_same(self) -> None:
        if not hasattr(self, "space"):
            return

        def content(space: Space) -> Any:
            info = space.info(check=True)
            views = [(v.name, v.default, v.vectors, v.complete, v.stale, v.source) for v in info.views]
            things = [(t.id, t.value, t.about, t.part_of) for t in space]
            vectors = [space.vectors(view=v.name)[1].tolist() for v in info.views]
            with space._store.read() as snapshot:
                read = [dict(snapshot.readings(by, range(1, 100))) for by in "ab"]
            counts = info.things, info.parts, info.wholes, info.fields, info.faults, sorted(info.readers, key=str)
            return counts, views, things, vectors, read

        self.both(content)

    @staticmethod
    def same_ranking(a: Any, scores_a: Any, b: Any, scores_b: Any) -> None:
        """The same scores; by rounding, the order of equals may differ, and the last may be another equal."""
        np.testing.assert_allclose(scores_a, scores_b, rtol=1e-4, atol=1e-5)
        for row, other, scores in zip(a.tolist(), b.tolist(), scores_a.tolist(), strict=True):
            sure = [pos for pos, score in zip(row, scores, strict=True) if score > min(scores, default=0) + 1e-4]
            assert set(sure) <= set(other)


StoresAgree.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestStoresAgree = pytest.mark.filterwarnings(
    "ignore:no thing has a field", "ignore:.* holds ", "ignore:.* is new and empty"
)(StoresAgree.TestCase)
