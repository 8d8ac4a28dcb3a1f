"""Encoders of known quality: the perfect one gets 1, those that know nothing are near chance, the table says so."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from knnife import BadInput, NotFound, Space, Stopped, Thing, evaluate

TOPICS = 120


def direction(key: str, dim: int) -> np.ndarray:
    """A random direction that belongs to a key."""
    seed = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
    return np.random.default_rng(seed).standard_normal(dim).astype(np.float32)


class Toy:
    """An encoder whose vectors are a function of the text."""

    kind = "text"

    def __init__(self, name: str, dim: int = 32) -> None:
        self.name, self.dim, self.fingerprint = name, dim, name
        self.seen: list[str] = []

    def encode(self, values: Sequence[str]) -> np.ndarray:
        self.seen += values
        return np.stack([self.vector(value) for value in values]).astype(np.float32)

    def vector(self, text: str) -> np.ndarray:
        raise NotImplementedError


class Knowing(Toy):
    """Knows what a text is about: the first topic in it, such as t17, and nothing else."""

    def vector(self, text: str) -> np.ndarray:
        return direction(re.search(r"t\d+|$", text)[0], self.dim)


class Guessing(Toy):
    """A random vector for each text."""

    def vector(self, text: str) -> np.ndarray:
        return direction(self.name + text, self.dim)


class Dull(Toy):
    """The same for everything."""

    def vector(self, text: str) -> np.ndarray:
        return np.zeros(self.dim)


def titled(n: int = TOPICS) -> list[dict[str, object]]:
    return [{"id": f"id{i}", "text": f"t{i} t{i}\nt{i} t{i} t{i}", "kind": f"kind {i % 4}"} for i in range(n)]


def encoders() -> list[Toy]:
    return [Knowing("knowing"), Guessing("guessing"), Dull("dull")]


def column(found, name: str) -> list[float]:
    return [row[name] for row in found.rows()]


def test_without_labels_titles_find_their_texts() -> None:
    found = evaluate(titled(), encoders())
    knowing, guessing, dull = column(found, "title_ndcg@10")
    assert found.main == "title_ndcg@10"
    assert knowing == 1
    assert guessing < 0.1  # chance: 4.5 / 120
    assert dull < 0.1  # ties fall by chance
    assert column(found, "title_recall@10")[0] == column(found, "title_mrr")[0] == 1
    assert [line.partition(" by ")[0] for line in found.verdict] == [
        "knowing is better than guessing",
        "knowing is better than dull",
    ]


def test_queries_decide_where_there_are_any() -> None:
    queries = {f"about t{i}, please": {f"id{i}": 2, "gone": 1} for i in range(0, TOPICS, 3)} | {"lost": "gone"}
    found = evaluate(titled(), encoders(), queries=queries)
    knowing, guessing, dull = column(found, "ndcg@10")
    assert (found.main, knowing) == ("ndcg@10", 1)
    assert max(guessing, dull) < 0.15
    assert "queries: 40; 1 more have no answer here" in found.notes
    assert not any("title" in name for name in found.figures)


def test_an_answer_can_be_the_whole_of_which_things_are_parts() -> None:
    passages = [
        Thing(f"doc{i}#{part}", f"t{1000 * part + i} is told here", part_of=f"doc{i}")
        for i in range(60)
        for part in range(9)
    ]
    queries = {f"t{1000 * (i % 9) + i}": f"doc{i}" for i in range(60)}
    knowing, guessing, _ = column(evaluate(passages, encoders(), queries=queries, sample=50), "ndcg@10")
    assert knowing == 1
    assert guessing < 0.2  # chance: 4.5 / 60


def test_titles_are_tried_beside_labels_when_asked() -> None:
    found = evaluate(titled(), [Knowing("knowing")], queries={"t1": "id1"}, title="id")
    assert found.main == "ndcg@10"
    assert "title_mrr" in found.figures


def test_queries_are_encoded_as_queries() -> None:
    class Prefixed(Knowing):
        def encode_query(self, values: Sequence[str]) -> np.ndarray:
            return self.encode([value.removeprefix("t0 ") for value in values])

    queries = {f"t0 t{i}": f"id{i}" for i in range(1, 30)}
    found = evaluate(titled(), [Knowing("plain"), Prefixed("prefixed")], queries=queries)
    plain, prefixed = column(found, "ndcg@10")
    assert plain < 0.5
    assert prefixed == 1


def test_pairs_with_scores_and_with_yes_and_no() -> None:
    pairs = [(f"t{i}", f"t{i if i % 2 else i + 1} again", i % 2) for i in range(100)]
    found = evaluate(None, encoders(), pairs=pairs)
    knowing, guessing, dull = column(found, "average_precision")
    assert (found.main, knowing) == ("average_precision", 1)
    assert 0.35 < guessing < 0.7
    assert dull == pytest.approx(0.5)
    assert column(found, "auroc")[2] == 0.5
    assert column(found, "best_f1")[0] == 1

    graded = evaluate(None, encoders(), pairs=[*pairs, ("t1", "t1", 0.9), ("t3", "t4", 0.1)])
    knowing, guessing, dull = column(graded, "spearman")
    assert graded.main == "spearman"
    assert knowing > 0.8
    assert abs(guessing) < 0.3
    assert dull == 0


def test_classes_are_told_by_neighbours_and_by_few_examples() -> None:
    class Kinds(Toy):
        def vector(self, text: str) -> np.ndarray:
            topic = int(re.search(r"t(\d+)", text)[1]) if text != "word" else 0
            return direction(f"kind {topic % 4}", self.dim)

    found = evaluate(titled(), [Kinds("kinds", 8), Guessing("guessing"), Dull("dull")], classes="kind")
    assert found.main == "accuracy"
    for figure in ("accuracy", "accuracy_8_shot"):
        kinds, guessing, dull = column(found, figure)
        assert kinds == 1
        assert 0.1 < guessing < 0.42  # chance: 1 in 4
        assert 0.1 < dull < 0.42


def test_agreement_is_with_the_best_and_blind_to_rotation() -> None:
    class Turned(Knowing):
        def vector(self, text: str) -> np.ndarray:
            rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((self.dim, self.dim)))[0]
            return (super().vector(text) @ rotation).astype(np.float32)

    found = evaluate(titled(), [Knowing("knowing"), Turned("turned"), Guessing("guessing")])
    assert column(found, "agreement")[0] is None
    assert column(found, "agreement")[1] > 0.99
    assert column(found, "correlation")[1] > 0.99
    assert column(found, "agreement")[2] < 0.2  # chance: 10 / 119
    assert abs(column(found, "correlation")[2]) < 0.1
    assert any("with knowing, the best by title_ndcg@10" in note for note in found.notes)


def test_stability_is_that_of_neighbours() -> None:
    knowing, guessing = column(evaluate(titled(), encoders()[:2]), "stability")
    assert knowing == 1  # no drop takes the topic out of all the words of a text, and words so short are not mistyped
    assert guessing < 0.3


def test_without_anything_to_decide_by_nothing_is_decided() -> None:
    found = evaluate([f"t{i} only one sentence" for i in range(30)], encoders()[:2])
    assert found.main is None
    assert found.verdict[0].startswith("nothing here tells which is better")
    assert column(found, "stability")[0] > 0.5
    assert "low" not in next(found.rows())


def test_a_sample_is_drawn_said_and_holds_the_answers() -> None:
    queries = {f"t{i}": f"id{i}" for i in range(10)}
    found = evaluate(titled(500), [Knowing("knowing")], queries=queries, sample=60)
    (row,) = found.rows()
    assert (row["things"], row["of"], row["ndcg@10"]) == (60, 500, 1)
    assert found.notes[0] == "things: 60 drawn of 500; seed 0, similarity cosine"
    again = evaluate(titled(500), [Knowing("knowing")], queries=queries, sample=60)
    figures = [*found.figures, "low", "high"]
    assert [row[name] for name in figures] == [next(again.rows())[name] for name in figures]


def test_rows_hold_what_an_encoder_costs_and_can_be_written_as_json() -> None:
    english, toy = evaluate(titled(40), ["english", Guessing("guessing", 16)]).rows()
    assert english["size"] > 1e6
    assert english["memory"] == english["size"] + 40 * 4 * english["dim"]
    assert english["licence"] == "Apache-2.0"
    assert english["texts_per_second"] > 0
    assert (toy["dim"], toy["size"], toy["memory"], toy["licence"]) == (16, None, None, None)
    assert json.loads(json.dumps(english)) == english


def test_the_speed_is_that_of_the_things(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 0.0

    class Slow(Knowing):
        def encode(self, values: Sequence[str]) -> np.ndarray:
            nonlocal clock
            clock += 0.002 * len(values)
            return super().encode(values)

    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    (row,) = evaluate(titled(50), [Slow("slow")]).rows()
    assert row["texts_per_second"] == pytest.approx(500)


def test_what_was_evaluated_need_not_be_encoded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    rows = titled(100)
    first, second, third = Knowing("slow"), Knowing("slow"), Knowing("slow")
    with Space.open(tmp_path / "a.knnife", Guessing("quick")) as space:
        space.add(rows)
        before = column(evaluate(space, [first]), "title_ndcg@10")
        assert {str(row["text"]) for row in rows} < set(first.seen)
        space.reencode(second)
        assert second.seen == []
        assert space.search("t7", k=1, by="meaning")[0].id == "id7"
    (row,) = evaluate(rows, [third]).rows()
    assert [row["title_ndcg@10"]] == before
    assert row["texts_per_second"] > 0  # of some that are encoded to tell the speed
    assert len(third.seen) == 1 + 64 + 100  # the word on which it is tried, those, and the titles


def test_a_space_brings_its_things_and_its_metric(tmp_path: Path) -> None:
    class Long(Knowing):
        """Vectors of the same direction, the longer the farther from the topic: a dot product is misled."""

        def vector(self, text: str) -> np.ndarray:
            return super().vector(text) * (100 if text.startswith("t0") else 1)

    with Space.open(tmp_path / "a.knnife", Knowing("own"), metric="dot") as space:
        space.add(titled(40))
        knowing, long = column(evaluate(space, [Knowing("knowing"), Long("long")], k=1), "title_ndcg@1")
    assert long < knowing


def test_progress_counts_every_text_up_to_the_end() -> None:
    told: list[tuple[int, float | None]] = []
    toys = encoders()[:2]
    evaluate(titled(), toys, progress=lambda done, share: told.append((done, share)))
    assert told == sorted(told)
    assert told[-1] == (sum(len(toy.seen) - 1 for toy in toys), 1.0)  # less the one word that each is tried on


def test_an_encoder_that_cannot_be_had_is_told_before_the_work() -> None:
    toy = Knowing("knowing")
    with pytest.raises(NotFound, match="no encoder 'nope'"):
        evaluate(titled(), [toy, "nope"])
    assert toy.seen == ["word"]


def test_a_stop_keeps_what_was_complete() -> None:
    class Interrupted(Knowing):
        def encode(self, values: Sequence[str]) -> np.ndarray:
            if values != ["word"]:
                raise KeyboardInterrupt
            return super().encode(values)

    with pytest.raises(Stopped) as stop:
        evaluate(titled(), [Knowing("knowing"), Interrupted("interrupted")])
    assert [row["encoder"] for row in stop.value.so_far.rows()] == ["knowing"]
    with pytest.raises(KeyboardInterrupt) as early:
        evaluate(titled(), [Interrupted("interrupted"), Knowing("knowing")])
    assert not isinstance(early.value, Stopped)


class Broken(Toy):
    def vector(self, text: str) -> np.ndarray:
        return np.full(self.dim, 1.0 if text == "word" else np.nan)


class Pictures(Knowing):
    kind = "image"


@pytest.mark.parametrize(
    ("things", "given", "asked", "said"),
    [
        (titled(), [], {}, "expected one at least"),
        (titled(), "english", {}, r"expected a list of them, \['english'\]"),
        (titled(), [Knowing("a"), Guessing("a")], {}, "two are called 'a'"),
        (titled(), [Pictures("a")], {}, "a takes image"),
        (titled(), [Broken("broken")], {}, "vectors made by encoder broken: row 0 holds NaN"),
        (titled(2), [Knowing("a")], {}, "three things with a text or more, found 2"),
        (titled(), [Knowing("a")], {"queries": {"t1": "id-1"}}, "the first is 'id-1', and the things are called 'id"),
        (titled(), [Knowing("a")], {"classes": "colour"}, "found 0; the fields are: kind"),
        (titled(), [Knowing("a")], {"title": "colour"}, "title='colour': expected a field"),
        (titled(), [Knowing("a")], {"k": 0}, "k=0"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(things, given, asked, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        evaluate(things, given, **asked)
