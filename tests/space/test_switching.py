"""Two views, one of which answers: switching, going back, and what happens to things that come and go meanwhile."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.space.killing import Doomed, needs_fork
from tests.space.reencode_child import Slow
from tests.toys import Lengths, Letters

from knnife import BadInput, NotFound, Space, Thing
from knnife.encoders import vector_cache as remembering

ROOT = Path(__file__).parents[2]


def defaults(space: Space) -> dict[str, tuple[bool, bool]]:
    """For each view, is it the default, and complete?"""
    return {view.name: (view.default, view.complete) for view in space.info().views}


def test_a_view_can_be_made_without_switching_to_it(words: Space, letters: Letters) -> None:
    done = words.reencode(Lengths(), switch=False)
    assert (done.view, done.before, done.switched, done.encoded) == ("lengths", "letters", False, 6)
    assert defaults(words) == {"letters": (True, True), "lengths": (False, True)}
    assert words.encoder is letters
    assert words.near("dad", 1).ids == [["dad"]]
    assert words.near("dad", 1, view="lengths").scores.shape == (1, 1)
    assert words.add([Thing("gag", "gag")]).added == 1
    assert defaults(words) == {"letters": (True, True), "lengths": (False, False)}


def test_the_first_view_of_an_empty_space_answers_in_any_case(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife") as space:
        assert space.reencode(Letters(), switch=False).switched
        space.add(["abba"])
        assert space.near("abba", 1).ids[0]


def test_the_way_back_finds_what_came_and_not_what_left_meanwhile(words: Space, letters: Letters) -> None:
    words.reencode(Letters("2"), name="second")
    words.add([Thing("gag", "gag"), Thing("bad", "bead")])  # one new, one changed
    words.remove("dad")
    letters.seen.clear()
    done = words.use("letters")
    assert (done.view, done.before, done.switched, done.encoded) == ("letters", "second", True, 2)
    assert letters.seen == ["gag", "bead"]
    assert words.near("gag", 1).ids == [["gag"]]
    assert words.near("bead", 1).ids == [["bad"]]
    assert "dad" not in words.near("dad", 10).ids[0]
    assert sorted(words.near("dad", 10).ids[0]) == sorted(words.vectors()[0])
    assert np.array_equal(words.vectors(["bad"])[1], Letters().encode(["bead"]))
    assert words.use("second").encoded == 0
    assert defaults(words) == {"letters": (False, True), "second": (True, True)}


def test_texts_are_asked_and_added_by_the_encoder_of_the_view_that_answers(tmp_path: Path) -> None:
    lengths = Lengths()
    with Space.open(tmp_path / "s.knnife", letters := Letters(), metric="euclidean") as space:
        space.add(["abba", "cab"])
        space.reencode(lengths)
        assert space.near("xxx", 1, where=None).scores[0, 0] == -2  # queries count double
        space.use("letters")
        assert space.encoder is letters
        space.add(["egg"])
        space.use("lengths")
        assert space.encoder is lengths
        assert len(space.vectors()[1]) == 3


def test_using_the_view_that_answers_changes_nothing(words: Space) -> None:
    assert words.use("letters").encoded == 0
    assert defaults(words) == {"letters": (True, True)}


def test_an_unknown_view_is_named(words: Space) -> None:
    with pytest.raises(NotFound, match="no view 'nope' in this space; its views: letters"):
        words.use("nope")


def test_another_process_goes_back_without_knowing_the_encoders(words: Space) -> None:
    words.reencode(Letters("2"), name="second")
    with Space.open(words.path) as other:
        assert other.use("letters").view == "letters"
        assert other.near(Letters().encode(["dad"]), 1).ids == [["dad"]]
    assert words.near("dad", 1).ids == [["dad"]]  # the one with both encoders takes the right one


def test_going_back_is_refused_where_the_encoder_is_missing_and_things_came(words: Space) -> None:
    words.reencode(Letters("2"), name="second")
    words.add([Thing("gag", "gag")])
    with Space.open(words.path) as other:
        with pytest.raises(
            BadInput, match="lacks 1 of the things, such as 'gag', .*'letters'.*knnife reencode .* --encoder"
        ):
            other.use("letters")
        assert defaults(other)["second"] == (True, True)
        other.reencode(Letters(), switch=True)
        assert other.near("gag", 1).ids == [["gag"]]


def test_going_back_to_vectors_brought_along_needs_what_came_to_leave(tmp_path: Path) -> None:
    with Space.open(tmp_path / "s.knnife") as space:
        space.add([Thing("a", "abba"), Thing("b", "bead")], np.eye(2, 3))
        space.reencode(Letters())
        space.add([Thing("c", "cab")])
        with pytest.raises(BadInput, match="lacks 1 of the things, such as 'c'.*brought along.*knnife remove"):
            space.use("vectors")
        space.remove("c")
        assert space.use("vectors").encoded == 0
        assert space.near(np.eye(1, 3), 1).ids == [["a"]]


def test_what_others_add_while_a_view_is_completed_is_caught_up_with(words: Space, letters: Letters) -> None:
    words.reencode(Letters("2"), name="second")
    words.add([Thing("gag", "gag")])

    def busy(done: int, share: float | None) -> None:
        if done == 1:
            assert share == 1
            with Space.open(words.path) as other:
                other.add([Thing("hag", "hag")], Letters().encode(["hag"]))
                other.remove("egg")

    assert words.use("letters", progress=busy).encoded == 2
    assert defaults(words) == {"letters": (True, True), "second": (False, True)}
    assert "egg" not in words


def test_views_are_told_apart_in_the_info(words: Space, letters: Letters) -> None:
    words.reencode(Lengths())
    words.add([Thing("gag", "gag")])
    old, new = words.info().views
    assert (old.vectors, old.complete, old.default, old.bytes) == (6, False, False, 6 * 8 * 4)
    assert (new.vectors, new.complete, new.default, new.bytes) == (7, True, True, 7 * 4)
    assert words.info().faults is None
    assert words.info(check=True).faults == ()


@needs_fork
def test_killed_at_any_moment_the_old_view_answers_and_the_next_run_goes_on(tmp_path: Path) -> None:
    path, clock = tmp_path / "s.knnife", random.Random(3)
    texts = [f"abc {i} {'h' * (i % 7)}" for i in range(600)]
    with Space.open(path, Letters()) as space:
        space.add([Thing(str(i), text) for i, text in enumerate(texts)])
    committed = kills = 0
    with Doomed("tests.space.reencode_child") as reencoding:
        duration = reencoding.run(shutil.copy(path, tmp_path / "undisturbed.knnife")).seconds
        for number in range(40):
            again = shutil.copy(path, tmp_path / f"{number}.knnife")
            said, killed, _ = reencoding.run(again, clock.uniform(0, duration))
            with Space.open(again) as space:
                held = {view.name: view for view in space.info(check=True).views}
                assert space.info(check=True).faults == ()
            vectors = held["slow"].vectors if "slow" in held else 0
            assert vectors >= committed + max(map(int, said), default=0)
            assert held["letters"].default or vectors == 600
            if not killed or vectors == 600:
                continue  # it came to its end: once more from where the last one was killed
            with Space.open(again, Letters()) as space:
                assert space.near("abc", 3).scores.shape == (1, 3)
            path, committed, kills = again, vectors, kills + 1
            if committed and kills >= 3:
                break
    assert 0 < committed < 600, "no run was killed in the middle: make it longer"
    with Space.open(path) as space:
        slow = Slow()
        assert space.reencode(slow).encoded == 600 - committed
        assert len(slow.seen) == 600 - committed
        ids, vectors = space.vectors(view="slow")
        assert np.array_equal(vectors, Slow().encode([texts[int(id)] for id in ids]))


def test_two_processes_re_encode_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    path, texts = tmp_path / "s.knnife", [f"abc {i}" for i in range(300)]
    with Space.open(path, Letters()) as space:
        space.add(texts)
    command = [sys.executable, "-W", "error", "-m", "tests.space.reencode_child", str(path)]
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)
    ]
    assert [child.stdout.readline() for child in children if child.stdout] == ["ready\n"] * 2
    for child in children:
        assert child.stdin
        child.stdin.write("now\n")
        child.stdin.flush()
    for child in children:
        child.communicate()
    assert [child.returncode for child in children] == [0, 0]
    assert (tmp_path / "cache" / remembering.FILE).exists()
    with Space.open(path) as space:
        assert defaults(space) == {"letters": (False, True), "slow": (True, True)}
        assert np.array_equal(space.vectors()[1], Slow().encode(texts))
        assert space.info(check=True).faults == ()
