"""What a space does, verb by verb, on things small enough to check by hand."""

from __future__ import annotations

import decimal
import gc
import multiprocessing
import threading
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import WORDS
from tests.toys import Lengths, Letters

from knnife import BadFilter, BadInput, NotFound, ReadOnly, Space, SpaceError, Thing

# --- add ---


def test_the_same_things_again_cost_no_encoding(words: Space, letters: Letters) -> None:
    letters.seen.clear()
    report = words.add([{"id": id, "text": text, "size": len(text)} for id, text in WORDS.items()])
    assert (report.added, report.updated, report.unchanged, report.encoded) == (0, 0, 6, 0)
    assert letters.seen == []


def test_a_changed_text_is_encoded_again_and_takes_the_place_of_the_old(words: Space, letters: Letters) -> None:
    letters.seen.clear()
    report = words.add([Thing("cab", "gag", {"size": 3})])
    assert (report.added, report.updated, letters.seen) == (0, 1, ["gag"])
    assert len(words) == 6
    assert words.get("cab")[0].value == "gag"
    assert words.near("g", 2).ids == [["egg", "cab"]]  # both are nearly all g
    assert [hit.id for hit in words.search("gag", by="words")] == ["cab"]
    assert words.search("cab", by="words", explain=True)[0].words == ("cab",)  # its name, no more its text


def test_changed_metadata_alone_costs_no_encoding(words: Space, letters: Letters) -> None:
    letters.seen.clear()
    report = words.add([Thing("cab", "cab", {"size": 99})])
    assert (report.updated, letters.seen) == (1, [])
    assert words.get("cab")[0].about == {"size": 99}
    assert words.near("cab", 1, where="size = 99").ids == [["cab"]]


def test_the_last_of_equal_ids_counts_where_that_is_asked_for_and_is_reported(tmp_path: Path, letters: Letters) -> None:
    with Space.open(tmp_path / "s.knnife", letters) as space:
        report = space.add([Thing("a", "aaa"), Thing("b", "bbb"), Thing("a", "ccc")], twice="last")
        assert (report.added, report.repeated) == (2, 1)
        assert space.get("a")[0].value == "ccc"


def test_texts_without_ids_are_called_by_their_content(tmp_path: Path, letters: Letters) -> None:
    with Space.open(tmp_path / "s.knnife", letters) as space:
        assert space.add(["abba", "cafe"]).added == 2
        report = space.add(["cafe", "deed"])
        assert (report.added, report.unchanged) == (1, 1)
        assert [thing.value for thing in space] == ["abba", "cafe", "deed"]


def test_vectors_may_be_brought_instead_of_an_encoder(tmp_path: Path) -> None:
    vectors = np.eye(3, dtype=np.float32)
    with Space.open(tmp_path / "s.knnife") as space:
        report = space.add(["x", "y", "z"], vectors)
        assert (report.added, report.encoded) == (3, 0)
        assert space.get(space.near([0, 2, 0], 1).ids[0])[0].value == "y"
        np.testing.assert_array_equal(space.vectors()[1], vectors)
        with pytest.raises(BadInput, match="no encoder for texts.*knnife reencode"):
            space.near("x")
        with pytest.raises(BadInput, match="no encoder for texts"):
            space.add(["w"])
        assert space.add(["x"], [[0, 0, 1]]).updated == 0  # without an id, another vector is another thing
    with Space.open(tmp_path / "t.knnife") as space:
        space.add([Thing("p", None, {}, None, [1, 2]), Thing("q", None, {}, None, np.array([2, 1]))])
        assert space.get("p") == [Thing("p", None)]
        assert space.add([Thing("p", None, {}, None, [1, 3])]).updated == 1
        np.testing.assert_array_equal(space.vectors(["p"])[1], [[1, 3]])


def test_vectors_brought_into_a_space_with_an_encoder_are_its_own(tmp_path: Path) -> None:
    letters = Letters()
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add(["abba"], letters.encode(["abba"]))
        assert space.near("ab", 1).scores[0, 0] == pytest.approx(1)
        space.add([Thing("1", "cafe"), Thing("2", "deed", {}, None, letters.encode(["deed"])[0])])
        assert space.near("deed", 1).ids == [["2"]]


@pytest.mark.parametrize(("count", "said"), [(1, "and only 1 things"), (3, "and more things than that")])
def test_a_stream_that_does_not_match_its_vectors(tmp_path: Path, count: int, said: str) -> None:
    with Space.open(tmp_path / "s.knnife") as space, pytest.raises(BadInput, match=said):
        space.add((Thing(str(i), "x") for i in range(count)), [[1.0, 0.0]] * 2)


@pytest.mark.parametrize(
    ("things", "vectors", "said"),
    [
        ([Thing("a", "")], None, "'a' has an empty text"),
        ([Thing("a", None)], None, "'a' has neither a value nor a vector"),
        ([Thing("a", 5)], None, "'a': its value is int"),  # type: ignore[arg-type]
        ([Thing("", "text")], None, "id '': expected a text, not empty"),
        ([Thing("a\0b", "text")], None, "without NUL"),
        ([Thing(True, "text")], None, "the id is neither text nor number: True"),  # type: ignore[arg-type]
        ([Thing([5], "text")], None, "expected a single value, got list"),  # type: ignore[arg-type]
        ([Thing("a", "text", {"x": 10**5000})], None, "cannot be kept as JSON: an integer of more than 4,300 digits"),
        ([Thing("a", "text", {"x": object()})], None, "cannot be kept as JSON"),  # type: ignore[dict-item]
        ([Thing("a", "\ud800")], None, "not valid Unicode"),
        ([Thing("a", "x")], [[1.0, float("nan")]], "row 0 holds NaN"),
        ([Thing("a", "x")], [[1.0]] * 2, "2 vectors were given for 1 things"),
        ([Thing("a", "x"), Thing("b", "x")], [[1.0] * 8], "1 vectors were given for 2 things"),
        ([Thing("a", "x")], [[1.0, 2.0]], "2 dimensions"),
        ([Thing("a", b"bytes")], None, "takes text, not bytes"),
    ],
)
def test_what_cannot_be_added_is_refused_and_nothing_is_lost(
    words: Space, things: Any, vectors: Any, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        words.add(things, vectors)
    assert [thing.id for thing in words] == list(WORDS)


def test_what_came_before_a_bad_thing_is_kept(words: Space) -> None:
    def source() -> Any:
        yield {"id": "new", "text": "gaga"}
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        words.add(source())
    assert words.get("new")[0].value == "gaga"


def test_ctrl_c_keeps_what_came_before(words: Space) -> None:
    def source() -> Any:
        yield {"id": "new", "text": "gaga"}
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        words.add(source())
    assert "new" in words


def test_progress_counts_what_is_committed(tmp_path: Path, letters: Letters, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.space.batching.SMALLEST_BATCH", 10)
    monkeypatch.setattr("knnife.space.batching.LARGEST_BATCH", 10)
    path, seen = tmp_path / "s.knnife", []

    def look(done: int, fraction: float | None) -> None:
        with Space.open(path, read_only=True) as other:
            seen.append((done, len(other)))

    with Space.open(path, letters) as space:
        space.add([f"text {i}" for i in range(35)], progress=look)
    assert seen == [(10, 10), (20, 20), (30, 30), (35, 35)]


def test_the_garbage_collector_is_left_as_it_was(words: Space) -> None:
    before = gc.get_threshold()
    with pytest.raises(BadInput):
        words.add(["gaga", ""])
    assert gc.get_threshold() == before
    gc.set_threshold(0)
    try:
        words.add(["baba"])
        assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*before)


def test_a_text_of_ten_megabytes_and_one_with_nul_come_back_whole(tmp_path: Path, letters: Letters) -> None:
    long, odd = "cabbage " * 1_300_000, "before\0after"
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add([Thing("long", long), Thing("odd", odd)])
        assert space.get(["odd", "long"]) == [Thing("odd", odd), Thing("long", long)]
        assert [hit.id for hit in space.search("cabbage", by="words")] == ["long"]


# --- remove and get ---


def test_what_is_removed_is_found_no_more(words: Space) -> None:
    assert words.remove("egg") == 1
    assert "egg" not in words
    assert "egg" not in words.near("egg", 10).ids[0]
    assert len(words.search("egg", by="words")) == 0
    assert words.remove(["cab", "bad"]) == 2
    assert words.remove(where="size = 4") == 2
    assert [thing.id for thing in words] == ["dad"]


def test_an_unknown_id_removes_nothing(words: Space) -> None:
    with pytest.raises(NotFound, match="1 of 2 ids are not in the space: 'ghost'"):
        words.remove(["egg", "ghost"])
    assert len(words) == 6
    with pytest.raises(NotFound, match="'ghost'"):
        words.get("ghost")
    with pytest.raises(NotFound, match="'ghost'"):
        words.near(ids=["ghost"])
    with pytest.raises(BadInput, match="id None: expected a text"):
        words.get([None])  # type: ignore[list-item]


def test_ids_of_other_types_are_asked_for_as_they_are_added(words: Space) -> None:
    words.add([{"id": np.int64(5), "text": "a"}, {"id": uuid.UUID(int=7), "text": "b"}, {"id": 8.0, "text": "c"}])
    for id in (5, np.int64(5), 5.0, decimal.Decimal(5), uuid.UUID(int=7), "8"):
        assert id in words
        (thing,) = words.get(id)
        assert words.vectors([id])[0] == [thing.id]
        assert words.near(ids=[id], k=1).ids != [[thing.id]]
    assert [thing.id for thing in words.get(np.array([5, 8]))] == ["5", "8"]
    assert (None in words, 9 in words, b"5" in words) == (False, False, False)
    with pytest.raises(NotFound, match="'9'"):
        words.get(9)
    assert words.remove([np.int64(5), 8]) == 2


def test_removing_a_whole_removes_its_parts(tmp_path: Path, letters: Letters) -> None:
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add([Thing("a#1", "abc", {}, "a"), Thing("a#2", "bcd", {}, "a"), Thing("b#1", "cde", {}, "b")])
        assert space.remove("a") == 2
        assert [thing.id for thing in space] == ["b#1"]


def test_passages_that_a_document_no_longer_has_are_removed(tmp_path: Path, letters: Letters) -> None:
    class Documents(list[Thing]):
        complete = True  # each whole comes whole, as the reader of documents promises

    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add(Documents([Thing(f"a#{i}", f"a {i}", {}, "a") for i in range(3)] + [Thing("b#0", "b", {}, "b")]))
        report = space.add(
            Documents([Thing("a#0", "a 0", {}, "a"), Thing("b#0", "b", {}, "b"), Thing("b#1", "bb", {}, "b")])
        )
        assert (report.added, report.unchanged, report.removed) == (1, 2, 2)
        assert {thing.id for thing in space} == {"a#0", "b#0", "b#1"}
        space.add([Thing("b#2", "bbb", {}, "b")])  # one passage added by hand takes no other away
        assert {thing.id for thing in space} == {"a#0", "b#0", "b#1", "b#2"}


# --- near, within, search ---


def test_near_orders_by_similarity_and_carries_ids_scores_and_positions(words: Space) -> None:
    answer = words.near(["dad", "egg"], 2)
    assert answer.ids[0] == ["dad", "bad"]
    assert answer.ids[1][0] == "egg"
    assert answer.scores.shape == answer.positions.shape == (2, 2)
    assert answer.scores[0].tolist() == pytest.approx([1, 3 / np.sqrt(15)])
    assert answer.positions[0].tolist() == [3, 2]  # order of arrival, from 1
    assert next(iter(answer.rows())) == {
        "query": 0,
        "rank": 1,
        "id": "dad",
        "score": pytest.approx(1),
        "position": 3,
    }


def test_a_thing_is_not_its_own_neighbour(words: Space) -> None:
    assert words.near(ids=["dad"], k=10).ids[0][0] == "bad"
    assert "dad" not in words.near(ids=["dad"], k=10).ids[0]
    assert "dad" not in words.within(ids=["dad"], at_least=-1).ids


def test_k_beyond_the_size_gives_everything(words: Space) -> None:
    assert sorted(words.near("abc", 1_000).ids[0]) == sorted(WORDS)
    assert len(words.search("dad", 1_000)) == 6


def test_within_gives_all_that_are_so_close(words: Space) -> None:
    found = words.within(["dad", "hhh"], 0.7)
    assert [(row["query"], row["id"]) for row in found.rows()] == [(0, "dad"), (0, "bad"), (1, "high")]


@pytest.mark.parametrize("k", [0, -1, 1.5, "3", True, None])
def test_k_must_be_a_whole_number_of_one_or_more(words: Space, k: Any) -> None:
    with pytest.raises(BadInput, match="expected a whole number, 1 or more"):
        words.near("abc", k)
    with pytest.raises(BadInput, match="expected a whole number, 1 or more"):
        words.search("abc", k)


def test_queries_of_the_wrong_kind_are_refused(words: Space) -> None:
    with pytest.raises(BadInput, match="expected 8 dimensions, got 2"):
        words.near([1.0, 2.0])
    with pytest.raises(BadInput, match="NaN"):
        words.near([float("nan")] * 8)
    with pytest.raises(BadInput, match="either queries"):
        words.near()
    with pytest.raises(BadInput, match="either queries"):
        words.near("abc", ids=["egg"])
    with pytest.raises(BadInput, match="empty"):
        words.search("   ")
    with pytest.raises(BadInput, match="expected one of"):
        words.search("abc", by="magic")  # type: ignore[arg-type]
    with pytest.raises(BadFilter):
        words.near("abc", where="size >")


def test_filters_come_first_so_that_k_come_back_whenever_k_match(tmp_path: Path, letters: Letters) -> None:
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add([Thing(str(i), f"abc {'d' * (i % 5)}", {"n": i}) for i in range(500)])
        assert set(space.near("abc", 3, where="n in (7, 77, 477)").ids[0]) == {"7", "77", "477"}
        assert len(space.search("abc", 5, where="n >= 495")) == 5
        assert len(space.search("abc", 5, by="words", where="n >= 498")) == 2
        assert space.near("abc", 5, where="n > 1000").ids == [[]]


@pytest.mark.filterwarnings("ignore:.* is new and empty")
def test_a_space_without_anything_answers_with_nothing(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        assert list(space.near("abc").rows()) == []
        assert list(space.within("abc").rows()) == []
        assert len(space.search("abc")) == 0
        assert space.vectors()[0] == []
        assert list(space) == []
        assert space.info().things == 0
        space.add([])
        space.add(["abc"])
        space.remove(where='id != ""')
        assert space.near("abc").ids == [[]]


def test_queries_go_through_the_encoders_own_door(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Lengths(), metric="euclidean") as space:
        space.add([Thing("short", "ab"), Thing("long", "abcd")])
        assert space.near("xy", 1).ids == [["long"]]  # a query counts double


def test_search_explains_and_pages(words: Space) -> None:
    hit = words.search("dad", explain=True)[0]
    assert (hit.id, hit.meaning_rank, hit.words_rank, hit.words) == ("dad", 1, 1, ("dad",))
    everything = [hit.id for hit in words.search("dad", 6)]
    paged = [hit.id for page in (1, 2, 3) for hit in words.search("dad", 2, page=page)]
    assert paged == everything
    assert words.search("dad", 2, page=2).first == 3
    assert [row["rank"] for row in words.search("dad", 2, page=2).rows()] == [3, 4]
    assert len(words.search("dad", 2, page=4)) == 0


def test_folding_keeps_the_best_part_of_each_whole(tmp_path: Path, letters: Letters) -> None:
    with Space.open(tmp_path / "s.knnife", letters) as space:
        space.add(
            [Thing(f"a#{i}", "cab " + "d" * i, {}, "a") for i in range(50)]
            + [Thing("b#0", "cabh", {}, "b"), Thing("c", "h")]
        )
        for by in ("both", "meaning", "words"):
            folded = space.search("cab", 2, by=by, fold=True)  # type: ignore[arg-type]
            assert folded[0].id == "a#0"
        assert {hit.part_of or hit.id for hit in space.search("cab", 3, fold=True)} == {"a", "b", "c"}


@pytest.mark.parametrize("metric", ["cosine", "dot", "euclidean", "manhattan"])
def test_every_metric_searches(tmp_path: Path, metric: Any) -> None:
    with Space.open(tmp_path / "s.knnife", Letters(), metric=metric) as space:
        space.add(list(WORDS.values()))
        assert space.get(space.near("egg", 1).ids[0])[0].value == "egg"
    with (
        pytest.raises(BadInput, match="made with"),
        Space.open(tmp_path / "s.knnife", metric="dot" if metric != "dot" else "cosine"),
    ):
        pass


@pytest.mark.parametrize(("dtype", "most"), [("float16", 1e-3), ("int8", 1e-2)])
def test_rounded_vectors_take_less_room_and_say_what_they_lost(tmp_path: Path, dtype: Any, most: float) -> None:
    exact = np.random.default_rng(0).normal(size=(2_000, 64)).astype(np.float32)
    sizes = {}
    for kind in ("float32", dtype):
        with Space.open(tmp_path / f"{kind}.knnife", dtype=kind) as space:
            space.add([Thing(str(i), None) for i in range(2_000)], exact)
            view, kept = space.info().views[0], space.vectors()[1]
        sizes[kind] = (tmp_path / f"{kind}.knnife").stat().st_size
    losses = np.linalg.norm(exact - kept, axis=1) / np.linalg.norm(exact, axis=1)
    assert view.dtype == dtype
    assert view.loss_mean == pytest.approx(losses.mean(), rel=1e-3)
    assert view.loss_max == pytest.approx(losses.max(), rel=1e-3)
    assert 0 < view.loss_max < most
    assert sizes[dtype] < 0.8 * sizes["float32"]


# --- opening, closing, sharing ---


def test_a_space_is_one_file_that_opens_again(tmp_path: Path, letters: Letters) -> None:
    path = tmp_path / "s.knnife"
    with Space.open(path, letters) as space:
        space.add(["abba"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.knnife", "s.knnife-sums"]
    with Space.open(path, letters, read_only=True) as space:
        assert space.near("abba", 1).scores[0, 0] == pytest.approx(1)
        for change in (
            lambda: space.add(["x"]),
            lambda: space.remove(where="a"),
            lambda: space.reencode(Letters("2")),
        ):
            with pytest.raises(ReadOnly, match="opened for reading only"):
                change()
    with pytest.raises(SpaceError, match="is closed"):
        space.near("abba")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["s.knnife", "s.knnife-sums"]


def test_threads_share_a_space(words: Space) -> None:
    wrong: list[Any] = []

    def ask() -> None:
        for _ in range(30):
            if words.near("dad", 1).ids != [["dad"]]:
                wrong.append("near")

    def change(name: str) -> None:
        for i in range(15):
            words.add([Thing(f"{name}{i}", "hhhh" + "g" * i)])

    threads = [threading.Thread(target=ask) for _ in range(3)]
    threads += [threading.Thread(target=change, args=[name]) for name in "xy"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(words) == 36


def _add_many(path: str, name: str) -> None:
    with Space.open(path, Letters()) as space:
        for i in range(20):
            space.add([Thing(f"{name}{i}-{j}", f"{name} {'abcdefgh'[j]}") for j in range(8)])


@pytest.mark.filterwarnings("ignore:.* is new and empty")
def test_two_processes_write_at_once_while_one_reads(tmp_path: Path) -> None:
    path = str(tmp_path / "s.knnife")
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_add_many, args=(path, name)) for name in "xy"]
    with Space.open(path, Letters()) as reader:
        for writer in writers:
            writer.start()
        sizes = [0]
        while any(writer.is_alive() for writer in writers):
            answer = reader.near("a", 5)
            sizes.append(len(reader))
            assert all(id in reader for row in answer.ids for id in row)
        assert [writer.exitcode for writer in writers] == [0, 0]
        assert sizes == sorted(sizes)
        assert len(reader) == 320
        assert len(reader.near("a", 320).ids[0]) == 320
