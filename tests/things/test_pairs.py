"""Interactions: what becomes of the events of a log."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import knnife
from knnife.things.interactions import Interactions, lookalikes

EVENT = st.tuples(
    st.integers(0, 4), st.integers(0, 5), st.integers(1, 9), st.one_of(st.just(float("nan")), st.integers(0, 3))
)


def of(events, last=False):
    user, item, weight, time = (np.array(column) for column in zip(*events, strict=True)) if events else [[]] * 4
    numbers = [np.asarray(each, np.int32) for each in (user, item)]
    return Interactions.of_pairs(
        [*"abcde"], [*"UVWXYZ"], *numbers, np.asarray(weight, np.float32), np.asarray(time, np.float64), last=last
    )


@given(st.lists(EVENT, max_size=30), st.booleans())
def test_pairs_are_what_a_dictionary_gathers(events, last):
    found = of(events, last)
    expected: dict = {}
    by_time = sorted(range(len(events)), key=lambda e: (-1 if np.isnan(events[e][3]) else events[e][3], e))
    for place in by_time:
        user, item, weight, time = events[place]
        before = expected.pop((user, item), (0, 0.0))
        expected[user, item] = (weight if last else before[0] + weight, time)
    for number in range(5):
        own = found.pairs(number)
        held = {item: value for (user, item), value in expected.items() if user == number}  # the oldest first
        assert found.chosen[own].tolist() == sorted(held)
        assert found.weights[own].tolist() == [held[item][0] for item in sorted(held)]
        np.testing.assert_array_equal(found.times[own], [float(held[item][1]) for item in sorted(held)])
        assert found.turns[own].tolist() == [[*held].index(item) for item in sorted(held)]


@given(st.lists(EVENT, max_size=30), st.randoms())
def test_what_is_taken_is_what_its_own_events_give(events, random):
    every = of(events)
    kept = np.array([random.random() < 0.5 for _ in range(len(every))], bool)
    some = every.take(kept)
    for number in range(5):
        own, all_of_it = some.pairs(number), every.pairs(number)
        assert some.chosen[own].tolist() == every.chosen[all_of_it][kept[all_of_it]].tolist()
        assert sorted(some.turns[own]) == list(range(own.stop - own.start))
        assert np.argsort(some.turns[own]).tolist() == np.argsort(every.turns[all_of_it][kept[all_of_it]]).tolist()


def test_the_pairs_of_an_item_are_those_of_all_who_chose_it():
    found = of([(0, 1, 1, 0), (2, 1, 3, 0), (1, 4, 1, 0)])
    starts, places = found.by_item()
    assert found.of[places[starts[1] : starts[2]]].tolist() == [0, 2]
    assert found.weights[places[starts[4] : starts[5]]].tolist() == [1]


def test_an_event_of_nobody_is_refused():
    with pytest.raises(knnife.BadInput, match="the item of number 6; there are 6 names"):
        of([(0, 6, 1, 0)])


def test_names_that_look_alike_are_told():
    assert [*lookalikes(["Ann", "Bob", "ann ", "ANN", "Ann"])] == [("Ann", "ann "), ("Ann", "ANN")]
