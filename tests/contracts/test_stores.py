"""What every store must do. A new one joins by a line in `STORES`; the store in memory is the oracle of the others."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, NotFound, Space, SpaceBusy, SpaceError, Thing
from knnife.space.event_table import EventBlock
from knnife.space.filters import parse_filter
from knnife.space.memory.store import MemoryStore
from knnife.space.protocols import Moved, Snapshot, Store, Writer
from knnife.space.records import DTYPES, Row, View
from knnife.space.sqlite.store import SqliteStore
from knnife.space.sqlite.tokens import tokens


def logged() -> Store:
    """The store that docs/architecture.md shows, before one in memory."""
    page = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n([^`]*class Logged:.*?)^store = ", page, re.DOTALL | re.MULTILINE)
    names: dict[str, Any] = {}
    exec(code, names)
    made: Store = names["Logged"](MemoryStore(tokens))
    return made


STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": lambda folder: SqliteStore(folder / "s.knnife", read_only=False, create=True, durable=False),
    "memory": lambda folder: MemoryStore(tokens),
    "logged": lambda folder: logged(),
}
SPACES = {"sqlite": "s.knnife", "memory": ":memory:"}
TEXTS = ["red fish", "blue fish", "a deep blue sea", "one fish two fish", "ships and sails"]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    made = STORES[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=SPACES)
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    name = SPACES[request.param]
    with Space.open(name if name == ":memory:" else tmp_path / name, Letters()) as made:
        yield made


def row(id: str, value: str | None = "a text", about: str = "{}", part_of: str | None = None) -> Row:
    return Row(id, value, about, part_of, id.encode().ljust(16), None)


def view(name: str = "main", **fields: Any) -> View:
    return View(0, name, None, None, None, 2, "float32", **{"ready": True, "is_default": True, **fields})


def fill(store: Store, *rows: Row, dtype: Any = "float32") -> View:
    """Put rows into a store, with vectors (1, 1), (2, 1), ... in a new default view."""
    with store.write() as writer:
        made = next(iter(writer.views), None) or writer.put_view(view()._replace(dtype=dtype))
        writer.insert(rows, made, np.array([[number + 1, 1] for number in range(len(rows))], np.float32))
    return made


def all_vectors(snapshot: Snapshot, of: View, **some: Any) -> dict[int, list[float]]:
    return {
        position: vector.tolist()
        for positions, vectors in snapshot.vectors(of, **some)
        for position, vector in zip(positions.tolist(), vectors, strict=True)
    }


# --- states and transactions --------------------------------------------------------------------------------


def test_a_new_store_holds_nothing(store: Store) -> None:
    with store.read() as snapshot:
        assert (snapshot.state.last, snapshot.state.gone, snapshot.state.things) == (0, 0, 0)
        assert list(snapshot.views) == []
        assert snapshot.positions(["a"]) == snapshot.things([1]) == {}
        assert [held[0] for held in snapshot.held(["a", "b"])] == [None, None]
        assert snapshot.scan(None, 0, 10) == []
        assert (snapshot.note("x"), snapshot.encoder("x"), snapshot.thumbnail(1)) == (None, None, None)


def test_a_snapshot_stays_as_it_was_whatever_others_commit(store: Store) -> None:
    made = fill(store, row("a"), row("b"))
    with store.read() as before:
        state = before.state
        with store.write() as writer:
            writer.remove([1])
            writer.insert([row("c")], made, np.ones((1, 2), np.float32))
            writer.edit([('{"x":1}', None, 2)])
            writer.put_note("n", "1")
        assert before.state == state
        assert [thing.id for _, thing in before.scan(None, 0, 10)] == ["a", "b"]
        assert before.things([2])[2].about == {}
        assert all_vectors(before, made) == {1: [1, 1], 2: [2, 1]}
        assert before.note("n") is None
        assert len(before.matching(parse_filter("x = 1"))) == 0
    with store.read() as after:
        assert [thing.id for _, thing in after.scan(None, 0, 10)] == ["b", "c"]
        assert after.state.number == state.number + 1
        assert after.state.token != state.token


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    made = fill(store, row("a"))
    with store.read() as snapshot:
        before = snapshot.state

    def change(writer: Writer) -> None:
        writer.insert([row("b")], made, np.ones((1, 2), np.float32))
        writer.remove([1])
        other = writer.put_view(view("other", is_default=False))
        writer.fill(other, [2], np.ones((1, 2), np.float32))
        writer.keep_encoder("f", "form", b"bytes")
        writer.put_settings({"metric": "dot"})
        writer.put_note("n", "1")
        writer.put_thumbnails([2], [b"jpeg"])
        writer.keep_readings("slow", "f", {(2, 7): b"read"})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), store.write() as writer:
        change(writer)
    with store.read() as snapshot:
        assert snapshot.state == before
        assert [thing.id for _, thing in snapshot.scan(None, 0, 10)] == ["a"]
        assert [each.name for each in snapshot.views] == ["main"]
        assert (snapshot.settings(), snapshot.note("n"), snapshot.encoder("f")) == ({}, None, None)
        assert snapshot.without_thumbnail([1, 2]) == [1, 2]
        assert (dict(snapshot.readings("f", [2])), list(snapshot.readers)) == ({}, [])
    fill(store, row("b"))
    with store.read() as snapshot:
        assert snapshot.positions(["b"]) == {"b": [2]}


def test_a_transaction_sees_what_it_changed(store: Store) -> None:
    fill(store, row("a", about='{"x":1}'))
    with store.write() as writer:
        writer.insert([row("b", "whales", '{"x":1}')], writer.views[0], np.ones((1, 2), np.float32))
        writer.remove([1])
        assert [thing.id for _, thing in writer.scan(parse_filter("x = 1"), 0, 10)] == ["b"]
        assert [held[0] for held in writer.held(["a", "b"])] == [None, 2]
        assert writer.state.things == 1


def test_what_a_transaction_looked_up_is_seen_by_nobody_else(store: Store) -> None:
    made = fill(store, row("a", "whales", '{"x":1}'))
    tree = parse_filter("x = 1")

    def seen(snapshot: Snapshot) -> list[list[int]]:
        near = snapshot.neighbours(made, "cosine", 1.0).near(np.ones((1, 2), np.float32), 5)[0][0]
        words = snapshot.words.find("whales", 5).positions
        return [sorted(snapshot.matching(tree)), sorted(words.tolist()), sorted(near.tolist())]

    with pytest.raises(KeyboardInterrupt), store.write() as writer:
        assert seen(writer) == [[1], [1], [1]]
        writer.insert([row("b", "more whales", '{"x":1}')], made, np.ones((1, 2), np.float32))
        assert seen(writer) == [[1, 2], [1, 2], [1, 2]]
        writer.remove([1])
        assert seen(writer) == [[2], [2], [2]]
        raise KeyboardInterrupt
    with store.read() as snapshot:
        assert seen(snapshot) == [[1], [1], [1]]


def test_what_was_planned_for_a_state_that_is_past_is_refused(store: Store) -> None:
    with store.read() as snapshot:
        planned = snapshot.state
    fill(store, row("a"))
    with pytest.raises(Moved), store.write(planned):
        pytest.fail("the transaction began")
    with store.read() as snapshot:
        now = snapshot.state
    with store.write(now) as writer:
        writer.remove([1])


def test_notes_and_settings_are_no_new_state_for_a_plan(store: Store) -> None:
    fill(store, row("a"))
    with store.read() as snapshot:
        planned = snapshot.state
    with store.write() as writer:
        writer.put_note("n", '{"a":1}')
        writer.put_settings({"recall": 0.9})
    with store.write(planned) as writer:
        assert (writer.note("n"), writer.settings()) == ('{"a":1}', {"recall": 0.9})


def test_one_writer_at_a_time_and_who_does_not_wait_is_told_so(store: Store) -> None:
    order: list[str] = []

    def second() -> None:
        with store.write() as writer:
            order.append("second")
            writer.put_note("n", "2")

    with store.write() as writer:
        thread = threading.Thread(target=second)
        thread.start()
        refused: list[BaseException] = []

        def impatient() -> None:
            try:
                with store.write(wait=False):
                    order.append("impatient")
            except SpaceBusy as error:
                refused.append(error)

        other = threading.Thread(target=impatient)
        other.start()
        other.join()
        order.append("first")
        writer.put_note("n", "1")
    thread.join()
    assert (order, len(refused)) == (["first", "second"], 1)
    with store.read() as snapshot:
        assert snapshot.note("n") == "2"


def test_what_is_closed_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(SpaceError, match="closed"), store.read():
        pytest.fail("it was read")


# --- things -------------------------------------------------------------------------------------------------


def test_positions_ascend_and_are_never_used_twice(store: Store) -> None:
    made = fill(store, row("a"), row("b"))
    with store.write() as writer:
        writer.remove([2])
    with store.write() as writer:
        assert writer.insert([row("b"), row("c")], made, np.ones((2, 2), np.float32)) == range(3, 5)
    with store.read() as snapshot:
        assert snapshot.positions(["a", "b", "c", "none"]) == {"a": [1], "b": [3], "c": [4]}
        assert (snapshot.state.last, snapshot.state.gone, snapshot.state.things) == (4, 1, 3)


def test_what_is_held_and_the_parts_of_wholes(store: Store) -> None:
    fill(store, row("w"), row("p", about='{"n":1}', part_of="w"), row("q", part_of="w"))
    with store.read() as snapshot:
        held = list(snapshot.held(["q", "x", "p"]))
        assert [position for position, *_ in held] == [3, None, 2]
        assert held[2] == (2, b"p".ljust(16), '{"n":1}', "w")
        assert snapshot.parts("w") == {"p": 2, "q": 3}
        wholes = snapshot.positions(["w", "q"], wholes=True)
        assert {id: sorted(found) for id, found in wholes.items()} == {"w": [1, 2, 3], "q": [3]}
        assert dict(snapshot.ids(1)) == {2: "p", 3: "q"}
        assert snapshot.things([3, 1, 9]).keys() == {1, 3}
        counts = snapshot.summary()
        assert (counts.parts, counts.wholes, counts.fields) == (2, 1, ("n",))


def test_names_below_a_beginning_are_counted_by_their_whole(store: Store) -> None:
    parts = row("d/a#1", part_of="d/a"), row("d/a#2", part_of="d/a"), row("x", part_of="é/y")
    fill(store, *parts, row("d/b"), row("da"))
    with store.read() as snapshot:
        assert snapshot.below("d/") == {"d/a": 2, "d/b": 1}
        assert snapshot.below("") == {"d/a": 2, "d/b": 1, "da": 1, "é/y": 1}
        assert snapshot.below("é") == {"é/y": 1}
        assert snapshot.below("none") == {}


def test_things_are_scanned_by_batches_behind_a_position(store: Store) -> None:
    fill(store, *(row(str(number), about=f'{{"even":{str(number % 2 == 0).lower()}}}') for number in range(10)))
    with store.read() as snapshot:
        tree = parse_filter("even")
        assert [position for position, _ in snapshot.scan(None, 3, 4)] == [4, 5, 6, 7]
        assert [position for position, _ in snapshot.scan(tree, 3, 2)] == [5, 7]
        assert sorted(snapshot.matching(tree)) == [1, 3, 5, 7, 9]


def test_metadata_changes_in_place(store: Store) -> None:
    fill(store, row("a"), row("b"))
    with store.write() as writer:
        writer.edit([('{"x":2}', "w", 2)])
    with store.read() as snapshot:
        assert snapshot.things([2])[2] == Thing("b", "a text", {"x": 2}, "w")
        assert len(snapshot.matching(parse_filter('x > 1 and part_of = "w"'))) == 1


def test_what_left_since_a_state(store: Store) -> None:
    made = fill(store, row("a"), row("b"), row("c"))
    with store.read() as snapshot:
        then = snapshot.state
    with store.write() as writer:
        writer.insert([row("d")], made, np.ones((1, 2), np.float32))
    with store.write() as writer:
        writer.remove([3, 1, 4])
    with store.read() as snapshot:
        gone = snapshot.gone_since(then)
        assert gone is not None
        assert gone.tolist() == [1, 3]  # the fourth came later
        assert snapshot.gone_since(then._replace(token=b"another!")) is None
        assert snapshot.gone_since(then._replace(number=99)) is None


# --- views --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_vectors_come_back_as_the_number_type_keeps_them(store: Store, dtype: Any) -> None:
    made = fill(store, *(row(str(number)) for number in range(9)), dtype=dtype)
    with store.read() as snapshot:
        assert snapshot.count(made) == 9
        found = all_vectors(snapshot, made)
        assert list(found) == list(range(1, 10))
        for position, vector in found.items():
            assert vector == pytest.approx([position, 1], rel=0.01, abs=0.04)
        assert all_vectors(snapshot, made, positions=[7, 2, 99]).keys() == {2, 7}
        assert list(all_vectors(snapshot, made, after=7)) == [8, 9]
        (now,) = snapshot.views
        assert (now.loss_count, now.loss_max > 0) == ((0, False) if dtype == "float32" else (9, dtype == "int8"))


def test_a_second_view_is_filled_where_things_are_and_has_none_twice(store: Store) -> None:
    made = fill(store, row("a"), row("b"), row("c"))
    with store.write() as writer:
        second = writer.put_view(view("second", is_default=False, ready=False))
        assert second.number != made.number
        writer.remove([2])
    with store.write() as writer:
        writer.fill(second, [1, 2], np.array([[5, 5], [6, 6]], np.float32))
    with store.write() as writer:
        writer.fill(second, [1, 3], np.array([[7, 7], [8, 8]], np.float32))
    with store.read() as snapshot:
        assert all_vectors(snapshot, second) == {1: [5, 5], 3: [8, 8]}
        assert snapshot.missing(second, 0, 10) == []
        found = {each.name: each for each in snapshot.views}
        assert found["second"].filled == snapshot.state.number
    with store.write() as writer:
        writer.put_view(found["second"]._replace(ready=True, is_default=True))
        assert {each.name: each.is_default for each in writer.views} == {"main": False, "second": True}
        writer.drop_view(made)
    with store.read() as snapshot:
        assert [each.name for each in snapshot.views] == ["second"]
        assert [position for position, _ in snapshot.missing(snapshot.views[0], 0, 10)] == []


def test_an_encoder_stays_as_long_as_a_view_of_it(store: Store) -> None:
    fill(store, row("a"))
    with store.write() as writer:
        of = writer.put_view(view("trained", is_default=False)._replace(fingerprint="f"))
        writer.keep_encoder("f", "form", b"bytes")
    with store.write() as writer:
        assert writer.encoder("f") == ("form", b"bytes")
        writer.drop_view(of)
    with store.read() as snapshot:
        assert snapshot.encoder("f") is None


def test_what_hangs_on_a_thing_leaves_with_it(store: Store) -> None:
    made = fill(store, row("a", "whales"), row("b", "ships"))
    with store.write() as writer:
        writer.put_thumbnails([1, 2], [b"one", b"two"])
    with store.write() as writer:
        writer.remove([1])
    with store.read() as snapshot:
        assert (snapshot.thumbnail(1), snapshot.thumbnail(2)) == (None, b"two")
        assert snapshot.without_thumbnail([1, 2]) == [1]
        assert list(all_vectors(snapshot, made)) == [2]
        assert snapshot.words.find("whales ships", 5).positions.tolist() == [2]
        assert list(snapshot.faults()) == []


def test_words_of_any_script_are_held_for_good_and_leave_with_their_thing(store: Store) -> None:
    fill(store, row("a", "在北京"), row("b", "große Straße"), row("c", "plain"))
    with store.write() as writer:
        assert writer.renew_words(1) == (0, True)  # nothing is of older kind
    with store.read() as snapshot:
        assert sorted(snapshot.words.find("北京 STRASSE", 5).positions.tolist()) == [1, 2]
        assert snapshot.words.matched("北京 strasse plain", [3, 1, 2]) == [("plain",), ("北京",), ("strasse",)]
        assert snapshot.summary().older_words == 0
    with store.write() as writer:
        writer.remove([1])
        assert writer.words.find("北京 京", 5).positions.tolist() == []
        assert writer.words.find("straße", 5).positions.tolist() == [2]


# --- what readers have read ---------------------------------------------------------------------------------


def test_readings_are_known_by_reader_thing_and_text(store: Store) -> None:
    fill(store, row("a"), row("b"), row("c"))
    least, greatest = -(2**63), 2**63 - 1
    with store.write() as writer:
        writer.keep_readings("slow", "f1", {(1, least): b"one", (1, greatest): b"two", (3, 0): b"three"})
        writer.keep_readings("slow", "f2", {(1, least): b"other"})
        writer.keep_readings("slow", "f1", {(3, 0): b"new", (2, 5): b"four", (9, 5): b"of nothing"})
    with store.read() as snapshot:
        assert dict(snapshot.readings("f1", [3, 1])) == {(1, least): b"one", (1, greatest): b"two", (3, 0): b"new"}
        assert dict(snapshot.readings("f2", range(10))) == {(1, least): b"other"}
        assert dict(snapshot.readings("f3", [1])) == {}
        assert sorted(snapshot.readers, key=lambda each: each.fingerprint) == [
            ("slow", "f1", 3, 4, 13),
            ("slow", "f2", 1, 1, 5),
        ]
        assert list(snapshot.faults()) == []
    with store.write() as writer:
        writer.drop_readings("f1")
        writer.drop_readings("f3")
    with store.read() as snapshot:
        assert [each.fingerprint for each in snapshot.readers] == ["f2"]
        assert dict(snapshot.readings("f1", [1, 2, 3])) == {}


def test_readings_are_no_new_state_and_a_snapshot_does_not_see_them_come(store: Store) -> None:
    fill(store, row("a"))
    with store.read() as before:
        state = before.state
        with store.write(expected=state) as writer:
            writer.keep_readings("slow", "f", {(1, 1): b"one"})
        assert dict(before.readings("f", [1])) == {}
    with store.write(expected=state) as writer:
        assert dict(writer.readings("f", [1])) == {(1, 1): b"one"}


def test_readings_leave_with_their_thing(store: Store) -> None:
    fill(store, row("a"), row("b"))
    with store.write() as writer:
        writer.keep_readings("slow", "f", {(1, 1): b"one", (2, 1): b"two"})
        writer.edit([("{}", "w", 1)])
        writer.remove([2])
        assert dict(writer.readings("f", [1, 2])) == {(1, 1): b"one"}
        writer.remove([1])
    with store.read() as snapshot:
        assert list(snapshot.readers) == []
    store.compact()


def block(source: str, number: int, users: list[int], digest: bytes = b"d" * 16) -> EventBlock:
    events = np.array(users, np.int32)
    return EventBlock(source, number, digest, events, events, events + np.float32(1), events * 2.0, events * 0 - 1)


def test_events_come_by_blocks_which_replace_those_of_their_number(store: Store) -> None:
    with store.write() as writer:
        assert writer.events.number("user", ["ann", "bob"]) == [0, 1]
        assert writer.events.number("item", ["tea"]) == [0]
        assert writer.events.number("user", ["eve", "ann"]) == [2, 0]
        writer.events.number("item", ["rum", "milk"])
        for each in (block("log", 0, [0, 1]), block("log", 1, [2]), block("", 0, [1, 1, 1])):
            writer.events.put(each)
        writer.events.put(block("log", 0, [2, 0], b"e" * 16))
    with store.read() as snapshot:
        before = snapshot.events.count()
        found = [(each.source, each.number, each.users.tolist(), each.digest) for each in snapshot.events.blocks()]
        assert found == [
            ("log", 1, [2], b"d" * 16),
            ("", 0, [1, 1, 1], b"d" * 16),
            ("log", 0, [2, 0], b"e" * 16),
        ]
        assert before.events == 6
        assert snapshot.events.digests("log") == {0: b"e" * 16, 1: b"d" * 16}
        assert snapshot.events.names("user") == ["ann", "bob", "eve"]
        assert snapshot.events.names("context") == []
        assert list(snapshot.faults()) == []
    with store.write() as writer:
        writer.events.drop("log", 1)
        writer.events.drop("other", 0)
    with store.read() as snapshot:
        assert [each.source for each in snapshot.events.blocks()] == ["", "log"]
        assert snapshot.events.count().events == 5
        assert snapshot.events.count().mark != before.mark


def test_facts_of_users_are_kept_and_an_empty_store_knows_nobody(store: Store) -> None:
    with store.read() as snapshot:
        assert snapshot.events.count().events == 0
        assert not snapshot.events.facts()
        assert list(snapshot.events.blocks()) == []
        assert snapshot.events.names("user") == []
        assert snapshot.events.digests("log") == {}
    with store.write() as writer:
        writer.events.drop("log", 0)
        writer.events.number("user", ["ann"])
        writer.events.put_facts({"bob": {"age": 3}, "ann": {"town": "Ulm"}})
        writer.events.put_facts({"bob": {"age": 4}})
    with store.read() as snapshot:
        assert snapshot.events.facts() == {"ann": {"town": "Ulm"}, "bob": {"age": 4}}
        assert snapshot.events.names("user") == ["ann", "bob"]


def test_events_are_seen_once_they_are_committed_and_are_no_new_state(store: Store) -> None:
    with store.read() as before:
        with pytest.raises(RuntimeError), store.write() as writer:
            writer.events.number("user", ["ann"])
            writer.events.put(block("", 0, [0]))
            raise RuntimeError
        with store.write(before.state) as writer:
            writer.events.number("user", ["bob"])
            writer.events.number("item", ["tea"])
            writer.events.put(block("", 0, [0]))
        assert before.events.count().events == 0
    with store.read() as after:
        assert after.events.names("user") == ["bob"]
        assert after.state == before.state


def test_words_that_no_text_holds_are_guessed_by_those_that_some_do(store: Store) -> None:
    fill(store, row("a", "Tarantino serialized iterators"), row("b", "an iterator of Tarantino"), row("c", None))
    with store.read() as snapshot:
        words = snapshot.words
        assert words.unknown(["tarantino", "Iterating", "tarrantino", "whale", "北京"]) == [
            "tarrantino",
            "whale",
            "北京",
        ]
        guesses = {typed: words.guess(typed) for typed in ("tarrantino", "iteratrs", "iteratr", "goverment", "xqzzt")}
    at_home = {typed: (guess.word, guess.at_home) for typed, guess in guesses.items() if guess}
    assert at_home == {
        "tarrantino": ("tarantino", True),
        "iteratrs": ("iterators", True),
        "iteratr": ("iterator", True),
        "goverment": ("government", False),
    }
    assert all(guess.probability > 0.6 for guess in guesses.values() if guess)
    with store.write() as writer:
        writer.remove([1, 2])
        assert writer.words.unknown(["tarantino"]) == ["tarantino"]
        found = writer.words.guess("tarrantino")
        assert found is None or not found.at_home


# --- verbs, on every store ----------------------------------------------------------------------------------


def test_the_verbs_of_a_space(space: Space) -> None:
    things = [{"id": text, "text": text, "length": len(text)} for text in TEXTS]
    assert space.add(things).added == 5
    assert space.add(things).unchanged == 5
    assert len(space) == 5
    assert "red fish" in space
    assert space.get("red fish")[0].about == {"length": 8}
    assert space.near("a bad cab", 2, where="length > 8").ids[0] == ["ships and sails", "a deep blue sea"]
    assert [hit.id for hit in space.search("fishes", by="words")] == ["one fish two fish", "red fish", "blue fish"]
    assert {id for ids, _ in space.batches() for id in ids} == set(TEXTS)
    assert space.remove(where="length < 10") == 2
    assert [thing.id for thing in space] == TEXTS[2:]
    with pytest.raises(NotFound):
        space.remove("red fish")
    assert space.info(check=True).faults == ()


def test_re_encoding_and_the_way_back(space: Space) -> None:
    space.add(TEXTS)
    assert space.reencode(Letters("2"), name="second").encoded == 5
    space.add(["more"])
    assert space.use("letters").encoded == 1
    space.drop("second")
    assert [(each.name, each.default, each.complete) for each in space.info().views] == [("letters", True, True)]


def test_threads_read_while_one_adds(space: Space) -> None:
    space.add(["cab"])
    ended = threading.Event()
    seen: list[int] = []

    def read() -> None:
        while not ended.is_set():
            seen.append(len(space.near("cab", 5_000).ids[0]))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(20):
        space.add([f"cab {number}"])
    while not (seen and seen[-1] == 21):
        if not reader.is_alive():
            pytest.fail("the reader failed")
    ended.set()
    reader.join()
    assert seen == sorted(seen)


def test_a_space_in_memory_is_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Space.open(":memory:") as one, Space.open(":memory:") as other:
        one.add(["a text"])
        assert (len(one), len(other)) == (1, 0)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SpaceError, match="closed"):
        one.add(["another"])
    with pytest.raises(NotFound, match="in memory"):
        Space.open(":memory:", read_only=True)
    with pytest.raises(BadInput):
        Space.open(":memory:", metric="far")  # type: ignore[arg-type]


def test_things_made_from_the_things_of_a_space_come_once(space: Space) -> None:
    """Reading while writing sees the state of its beginning; else what is written is met again, without end."""
    space.add([{"id": str(number), "text": f"fish {number}"} for number in range(3_000)])
    made: list[str] = []

    def shouted(thing: Thing) -> Thing:
        made.append(str(thing.id))
        return thing._replace(value=f"{thing.value}!")

    added = space.add(shouted(thing) for thing in space)
    assert (added.updated, made) == (3_000, [str(number) for number in range(3_000)])
    assert [thing.value for thing in space] == [f"fish {number}!" for number in range(3_000)]


def test_a_reading_shows_the_state_in_which_it_began(space: Space) -> None:
    space.add([{"id": str(number), "text": f"fish {number}", "even": number % 2 == 0} for number in range(2_500)])
    reading, chosen = iter(space), space.things("even")
    began = [next(reading), next(chosen)]
    space.add([{"id": "new", "text": "a whale", "even": True}, {"id": "2400", "text": "a shark", "even": True}])
    space.remove(["1", "1999"])
    assert [str(thing.id) for thing in [began[0], *reading]] == [str(number) for number in range(2_500)]
    assert [thing.value for thing in [began[1], *chosen]] == [f"fish {number}" for number in range(0, 2_500, 2)]
    assert len(list(space)) == 2_499


def test_a_reading_that_nobody_goes_on_with_holds_nothing_back(space: Space) -> None:
    space.add(TEXTS)
    readings = [iter(space) for _ in range(5)]
    assert {next(reading).value for reading in readings} == {"red fish"}
    readings.clear()
    space.remove(where='id != ""')
    space.compact()  # SpaceBusy where somebody still reads


def test_a_space_that_is_closed_while_it_is_read_says_so(space: Space) -> None:
    space.add([f"fish {number}" for number in range(2_500)])
    for reading in (iter(space), iter(space)):
        next(reading)
    space.close()
    with pytest.raises(SpaceError, match=r"closed.*open"):
        list(reading)
