"""A second reading: what is read, that it is kept, and that nothing depends on whether it was."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.space.killing import Doomed, needs_fork
from tests.toys import Letters

from knnife import BadInput, KnnifeError, NotFound, ReadOnly, Space, Thing
from knnife.space import reader as reading
from knnife.space.answers import Hits
from knnife.space.fusion import READ

COUNT = 60
QUESTIONS = ["abc", "face", "a bad cab", "deed h", "egg"]


class Slow(Letters):
    """Counts letters, and weighs them, so that it ranks otherwise; notes what it reads."""

    name = "slow"

    def __init__(self, version: str = "slow", break_after: int | None = None) -> None:
        super().__init__(version)
        self.break_after = break_after

    def encode(self, values: Sequence[str]) -> np.ndarray:
        if self.break_after is not None and len(self.seen) >= self.break_after:
            raise KeyboardInterrupt
        return super().encode(values) * np.linspace(1.3, 0.7, self.dim, dtype=np.float32)

    def encode_query(self, values: Sequence[str]) -> np.ndarray:
        return super().encode(values)[:, ::-1].copy()


def things(count: int = COUNT) -> list[Thing]:
    words = ["abc", "face", "deed", "bad", "cab", "egg", "high", "bag"]
    return [
        Thing(f"t{i}", " ".join(words[(i * k) % 8] for k in range(1, 5)) + f" {'h' * (i % 7)}", {"n": i}, f"w{i // 4}")
        for i in range(count)
    ]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        space.add(things())
    return tmp_path / "s.knnife"


def opened(path: Path, **options: Any) -> Space:
    return Space.open(path, Letters(), **options)


def told(hits: Hits) -> list[tuple[Any, ...]]:
    """All of an answer, to the last bit of its scores."""
    return [(hit.id, hit.score.hex(), hit.meaning_rank, hit.words_rank, hit.reader_rank) for hit in hits]


def texts_of(slow: Slow) -> list[str]:
    """What it has read, but for the questions."""
    return [text for text in slow.seen if text not in QUESTIONS]


# --- the same answer, whether it was read before or not -------------------------------------------------------


def test_what_was_read_once_is_not_read_again_and_gives_the_same_answer(path: Path) -> None:
    first, second, third = Slow(), Slow(), Slow()
    with opened(path) as space:
        answers = [told(space.search(question, 10, reader=first)) for question in QUESTIONS]
        assert [told(space.search(question, 10, reader=second)) for question in QUESTIONS] == answers
    assert len(texts_of(first)) == len(set(texts_of(first))) > 0  # equal texts of two things are encoded once
    assert texts_of(second) == []
    with opened(path) as space:
        assert [told(space.search(question, 10, reader=third)) for question in reversed(QUESTIONS)] == answers[::-1]
    assert texts_of(third) == []


def test_the_reader_decides_among_the_first_and_says_which_it_read(path: Path) -> None:
    with opened(path) as space:
        without, read = (space.search("abc face", COUNT, reader=each, apart=True) for each in (None, Slow()))
        assert sorted(hit.id for hit in without) == sorted(hit.id for hit in read)
        assert [hit.reader_rank for hit in without] == [None] * COUNT
        ranks = [hit.reader_rank for hit in read if hit.reader_rank is not None]
        assert sorted(ranks) == list(range(1, READ + 1))
        assert {hit.id for hit in read if hit.reader_rank} == {hit.id for hit in without[:READ]}  # type: ignore[index]
        assert [hit.id for hit in read] != [hit.id for hit in without]
        scores = [hit.score for hit in read]
        assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("options", [{}, {"where": "n < 9"}, {"fold": True}, {"where": "n = 3"}])
def test_pages_hold_what_one_answer_holds(path: Path, options: dict[str, Any]) -> None:
    with opened(path) as space:
        whole = told(space.search("abc face", COUNT, reader=Slow(), **options))
        pages = [told(space.search("abc face", 7, page=n, reader=Slow(), **options)) for n in range(1, 10)]
    assert [hit for page in pages for hit in page] == whole
    assert whole


def test_threads_get_the_answers_that_one_alone_gets(path: Path) -> None:
    with opened(path, read_only=True) as space:
        expected = {question: told(space.search(question, 10, reader=Slow())) for question in QUESTIONS}
    found: list[tuple[str, Any]] = []
    with opened(path) as space:
        shared = Slow()

        def ask(order: int) -> None:
            for question in QUESTIONS[order:] + QUESTIONS[:order]:
                found.append((question, told(space.search(question, 10, reader=shared))))

        threads = [threading.Thread(target=ask, args=[order]) for order in range(len(QUESTIONS))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == len(QUESTIONS) ** 2
    assert all(answer == expected[question] for question, answer in found)


# --- where it is kept -----------------------------------------------------------------------------------------


def read_by(space: Space) -> dict[str, int]:
    """Of how many things each has read something."""
    return {each.name: each.things for each in space.info().readers}


def test_info_tells_how_much_was_read_and_drop_forgets_it(path: Path) -> None:
    with opened(path) as space:
        assert read_by(space) == {}
        space.search("abc", reader=Slow())
        space.search("abc", reader=Letters("other"))
    with opened(path) as space:
        assert read_by(space) == {"slow": READ, "letters": READ}
        space.drop("letters")  # the view of that name answers, so what the reader read is meant
        assert read_by(space) == {"slow": READ}
        space.search("bad", reader=(slow := Slow()))
        space.drop("slow")
        space.search("abc", reader=(again := Slow()))
        assert len(texts_of(again)) > len(texts_of(slow))
        with pytest.raises(NotFound, match="no view 'nothing'"):
            space.drop("nothing")


def test_nothing_stays_of_what_was_read_of_a_thing_that_goes(path: Path) -> None:
    with opened(path) as space:
        space.read_ahead(Slow())
        assert read_by(space) == {"slow": COUNT}
        space.remove("w1")
        assert read_by(space) == {"slow": COUNT - 4}
        space.add([Thing("t0", "another text", {"n": 0}, "w0"), Thing("t1", things()[1].value, {"n": -1}, "w0")])
        assert read_by(space) == {"slow": COUNT - 5}  # metadata alone changes nothing
        assert space.read_ahead(Slow()) == 1
        space.search("abc", reader=Slow("late"))
        space.remove(where="n < 100")  # what waits belongs to nothing by then
        space.compact()
        assert space.info(check=True).faults == ()
    with opened(path) as space:
        assert read_by(space) == {}
        assert space.info(check=True).faults == ()


def test_what_is_kept_is_no_new_state_and_spoils_nothing_that_is_remembered(path: Path) -> None:
    with opened(path) as space:
        space.search("abc", reader=None)
        with space._store.read() as snapshot:
            state, memo = snapshot.state, snapshot.words._memo  # type: ignore[attr-defined]
            index = snapshot.neighbours(snapshot.views[0], "cosine", 0.98)
        space.search("abc", reader=Slow())
        space._readings.keep()
        with space._store.read() as snapshot:
            assert snapshot.readers
            assert snapshot.state == state
            assert snapshot.words._memo is memo  # type: ignore[attr-defined]
            assert snapshot.neighbours(snapshot.views[0], "cosine", 0.98) is index


def test_readings_are_written_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.space.space.ENOUGH", READ + 1)
    with opened(path) as space:
        space.search("abc", reader=Slow())
        assert read_by(space) == {}
        space.search("face", reader=Slow())
        assert read_by(space)["slow"] > READ


def test_who_does_not_close_a_space_keeps_what_was_read(path: Path) -> None:
    code = (
        "import sys\nfrom tests.space.test_reader import Slow, opened\n"
        "space = opened(sys.argv[1])\nspace.search('abc', reader=Slow())"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, cwd=Path(__file__).parents[2])
    with opened(path) as space:
        assert read_by(space) == {"slow": READ}


# --- where it cannot be kept ----------------------------------------------------------------------------------


def test_a_file_for_reading_only_is_left_alone(path: Path) -> None:
    before = path.read_bytes()
    with opened(path, read_only=True) as space:
        answer = told(space.search("abc", reader=Slow()))
        assert told(space.search("abc", reader=(again := Slow()))) == answer
        assert texts_of(again) == []  # it is remembered
    assert path.read_bytes() == before


def test_what_waits_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 10)
    with opened(path, read_only=True) as space:
        answer = told(space.search("abc", reader=Slow()))
        assert told(space.search("abc", reader=(again := Slow()))) == answer
        assert 0 < len(texts_of(again)) <= READ
        assert space._readings._waiting["letters-slow"].count == 10


def test_another_writer_is_not_waited_for(path: Path) -> None:
    with opened(path) as space:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            space.search("abc", reader=Slow())
            space._readings.keep()
            other.execute("ROLLBACK")
        assert read_by(space) == {}
        space._readings.keep()
        assert read_by(space) == {"slow": READ}


def test_a_file_that_was_moved_away_costs_a_warning_when_it_is_closed(path: Path) -> None:
    space = opened(path)
    space.search("abc", reader=Slow())
    path.rename(path.with_name("other.knnife"))
    with pytest.warns(UserWarning, match="what was read for a search could not be kept"):
        space.close()
    with Space.open(path.with_name("other.knnife")) as space:
        assert read_by(space) == {}
        assert space.info(check=True).faults == ()


def test_damaged_readings_are_told_and_made_anew(path: Path) -> None:
    with opened(path) as space:
        answer = told(space.search("abc", reader=Slow()))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE readings SET vector = zeroblob(12) WHERE pos % 3 = 0")
        db.execute("UPDATE readings SET vector = 5 WHERE pos % 3 = 1")
        db.commit()
    path.with_name(path.name + "-sums").unlink()
    with opened(path) as space:
        (fault,) = space.info(check=True).faults or ()
        assert "vectors of a reader that are not what was stored" in fault
        assert told(space.search("abc", reader=(slow := Slow()))) == answer
        assert texts_of(slow)
    with opened(path) as space:
        assert space.info(check=True).faults == ()


def test_what_an_earlier_version_leaves_of_things_is_told_and_compacted_away(path: Path) -> None:
    with opened(path) as space:
        space.read_ahead(Slow())
        with space._store.write() as writer:
            kept = writer.readings("letters-slow", [1, 2])
            writer.remove([1, 2])
    with closing(sqlite3.connect(path)) as db:  # as it removes things: it knows nothing of readings
        rows = [(1, pos, text, blob, 0) for (pos, text), blob in kept.items()]
        db.executemany("INSERT INTO readings VALUES (?, ?, ?, ?, ?)", rows)
        db.execute("UPDATE readings SET sum = (SELECT sum FROM readings WHERE pos = 3) WHERE pos < 0")
        db.commit()
    with opened(path) as space:
        assert any(
            "vectors of a reader that belong to no thing: 2;" in fault for fault in space.info(check=True).faults or ()
        )
        assert read_by(space) == {"slow": COUNT - 2}
        space.compact()
        assert space.info(check=True).faults == ()
        assert read_by(space) == {"slow": COUNT - 2}


def test_forged_numbers_are_no_vectors(path: Path) -> None:
    with opened(path) as space:
        answer = told(space.search("abc", reader=Slow()))
        with space._store.write() as writer:
            held = writer.readings("letters-slow", range(1, COUNT + 1))
            forged = {key: np.float32(np.nan).tobytes() + blob[4:] for key, blob in held.items()}
            writer.keep_readings("slow", "letters-slow", forged)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert told(space.search("abc", reader=Slow())) == answer


HOSTILE = {
    "numbers": "UPDATE readers SET fingerprint = 5",
    "no number": "DROP TABLE readers; CREATE TABLE readers (number TEXT, name BLOB, fingerprint TEXT);"
    "INSERT INTO readers VALUES ('x', NULL, 'letters-slow')",
    "other columns": "DROP TABLE readings; CREATE TABLE readings (pos, other)",
    "other values": "DROP TABLE readings; CREATE TABLE readings (reader, pos, text, vector, sum);"
    "INSERT INTO readings VALUES (1, 1, 'x', NULL, NULL), (1, 1.5, NULL, 7, 'y'), ('a', 'b', 'c', 'd', 'e')",
    "one table": "DROP TABLE readers",
}


@pytest.mark.parametrize("statements", HOSTILE.values(), ids=HOSTILE)
def test_strangers_tables_are_refused_or_change_nothing(path: Path, statements: str) -> None:
    with opened(path) as space:
        answer = told(space.search("abc", reader=Slow()))
    with closing(sqlite3.connect(path)) as db:
        db.executescript(statements)
    path.with_name(path.name + "-sums").unlink()
    with opened(path) as space, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for ask in (lambda: space.search("abc", reader=Slow()), space.info, lambda: space.info(check=True)):
            try:
                found = ask()
            except KnnifeError:
                continue
            assert not isinstance(found, Hits) or told(found) == answer
        assert len(space.search("abc")) == 10


# --- reading everything ahead ---------------------------------------------------------------------------------


def test_reading_ahead_goes_on_where_it_was_stopped(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.space.reencoding.READ_TOGETHER", 8)
    said: list[tuple[int, float | None]] = []
    with opened(path) as space:
        with pytest.raises(KeyboardInterrupt):
            space.read_ahead(Slow(break_after=20), progress=lambda done, share: said.append((done, share)))
        done = read_by(space)["slow"]
        assert 0 < done < COUNT
        assert said[-1] == (done, done / COUNT)
        assert space.read_ahead(Slow()) >= COUNT - done
        assert space.read_ahead(Slow()) == 0
        space.search("abc", reader=(slow := Slow()))
        assert texts_of(slow) == []


def test_reading_ahead_needs_a_file_that_may_be_written(path: Path) -> None:
    with opened(path, read_only=True) as space, pytest.raises(ReadOnly, match="reading only"):
        space.read_ahead(Slow())
    with opened(path) as space:
        space.read_ahead(Slow())
    with opened(path, read_only=True) as space:
        assert space.read_ahead(Slow()) == 0
        with pytest.raises(BadInput, match="the reader is 'none'"):
            space.read_ahead("none")


def test_the_part_that_speaks_for_a_thing_is_explained(tmp_path: Path) -> None:
    lines = ["The weather is fine today and the sun shines on all of us here.", "A thief opens the safe of the bank."]
    filler = [f"Nothing of note happens in the house number {n} of the long street." for n in range(8)]
    with Space.open(tmp_path / "s.knnife") as space:
        space.add([{"id": "long", "text": " ".join([*filler, lines[1], *filler, lines[0]])}, "a short text"])
        hit = space.search("burglar breaks into the bank", explain=True)[0]
        assert (hit.id, hit.passage) == ("long", lines[1])
        assert space.search("burglar breaks into the bank")[0].passage is None


def test_one_process_reads_while_another_adds(path: Path) -> None:
    code = "import sys; from tests.space.crash_child import main; main(sys.argv[1])"
    with opened(path) as space, opened(path) as other:
        adding = subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=Path(__file__).parents[2])
        while adding.poll() is None:
            for question in QUESTIONS:
                assert len(space.search(question, 10, reader=Slow())) == 10
                other.search(question, 10, reader=Slow())
                space._readings.keep()
        assert adding.returncode == 0
        assert len(space) == COUNT + 1_000
        space._readings.keep()
        assert read_by(other) == read_by(space)
        assert told(space.search("abc", reader=Slow())) == told(other.search("abc", reader=Slow()))
    with opened(path) as space:
        assert space.info(check=True).faults == ()
        assert space.read_ahead(Slow()) > 0
        assert read_by(space) == {"slow": COUNT + 1_000}


@needs_fork
def test_whenever_it_is_killed_what_was_read_is_whole(path: Path) -> None:
    with Doomed("tests.space.reading_child") as child:
        seconds = child.run(path).seconds
        for part in range(1, 13):
            with opened(path) as space:
                if space.info().readers:
                    space.drop("slow")
            child.run(path, seconds * part / 14)
            with opened(path) as space:
                info = space.info(check=True)
                assert info.faults == ()
                assert len(space) == COUNT
                before = sum(each.things for each in info.readers)
                assert space.read_ahead(Slow()) >= COUNT - before
                assert space.read_ahead(Slow()) == 0


# --- who reads ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("none", [None, "none"])
def test_without_a_reader_nothing_is_read_or_written(path: Path, none: Any) -> None:
    before = path.read_bytes()
    with opened(path) as space:
        assert all(hit.reader_rank is None for hit in space.search("abc", reader=none))
        assert all(hit.reader_rank is None for hit in space.search("abc"))  # its view is of no English static model
        assert all(hit.reader_rank is None for by in ("words", "meaning") for hit in space.search("abc", by=by))  # type: ignore[arg-type]
    assert path.read_bytes() == before


def test_the_default_model_is_read_after_by_minilm(tmp_path: Path) -> None:
    path = tmp_path / "english.knnife"
    with Space.open(path) as space:
        space.add(["the plane lands", "a red car drives by", "a robbery goes wrong", "recipes for soup"])
        found = space.search("an automobile")
        assert (found[0].value, found[0].reader_rank) == ("a red car drives by", 1)
        assert (
            told(space.search("an automobile")) == told(space.search("an automobile", reader="minilm")) == told(found)
        )
        for by in ("words", "meaning"):
            assert all(hit.reader_rank is None for hit in space.search("car", by=by))  # type: ignore[arg-type]
    with Space.open(path) as space:
        assert read_by(space) == {"minilm": 4}


def test_what_cannot_read_is_refused(path: Path, tmp_path: Path) -> None:
    class Pictures(Letters):
        name, kind = "pictures", "image"

    with opened(path) as space:
        with pytest.raises(BadInput, match="takes image; expected one of texts"):
            space.search("abc", reader=Pictures())
        with pytest.raises(BadInput, match="by 'words' only one of them does"):
            space.search("abc", by="words", reader=Slow())
        with pytest.raises(NotFound, match="no encoder 'minilmm'"):
            space.search("abc", reader="minilmm")
        with pytest.raises(BadInput, match="the reader given|the encoder given"):
            space.search("abc", reader=5)  # type: ignore[arg-type]


def test_few_things_or_none_are_read_as_well(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife", Letters()) as space:
        assert len(space.search("abc", reader=Slow())) == 0
        space.add([{"id": "a", "text": "abc"}])
        (hit,) = space.search("abc", reader=Slow())
        assert (hit.id, hit.reader_rank) == ("a", 1)


def test_a_space_in_memory_remembers_too() -> None:
    with Space.open(":memory:", Letters()) as space:
        space.add(things())
        answer = told(space.search("abc", reader=Slow()))
        space._readings.keep()
        assert told(space.search("abc", reader=(slow := Slow()))) == answer
        assert texts_of(slow) == []
        space.remove("w0")
        space.read_ahead(Slow())
        assert read_by(space) == {"slow": COUNT - 4}
