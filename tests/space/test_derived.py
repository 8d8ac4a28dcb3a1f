"""Views of vectors that come from somewhere else than a value, and questions to several views at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.toys import Letters

from knnife import BadInput, NotFound, Space

TASTE = {
    "cab": [1.0, 0.0],
    "bad": [0.0, 1.0],
    "dad": [0.9, 0.1],
    "face": [0.0, 0.9],
    "egg": [-1.0, 0.0],
    "high": [0, -1],
}


@pytest.fixture(params=["file", "memory"])
def films(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Space]:
    """Six short words, known by their letters."""
    with Space.open(":memory:" if request.param == "memory" else tmp_path / "f.knnife", Letters()) as space:
        space.add([{"id": word, "text": word} for word in TASTE])
        yield space


def view(space: Space, name: str):
    return next(each for each in space.info().views if each.name == name)


def test_factors_are_asked_by_vector_and_by_id_and_not_by_text(films: Space) -> None:
    films.derive("taste", list(TASTE.values()), TASTE, source="factors of what people watched")
    assert films.near([1, 0], 2, view="taste").ids[0] == ["cab", "dad"]
    assert films.near(ids=["bad"], k=1, view="taste").ids[0] == ["face"]
    assert films.near("bad", 1).ids[0] == ["bad"]  # the default view is as it was
    with pytest.raises(BadInput, match="'taste' .* was derived, so nothing encodes for it: ask with a vector of 2"):
        films.near("bad", view="taste")
    told = view(films, "taste")
    assert (told.source, told.stale, told.default, told.complete, told.encoder) == (
        "factors of what people watched", False, False, True, None,
    )  # fmt: skip
    assert view(films, "letters").stale is None


def test_coordinates_of_a_map_have_a_metric_of_their_own(films: Space) -> None:
    films.derive(
        "map", [[number, 0] for number in range(6)], metric="euclidean", source="t-SNE, seed 0", views=["letters"]
    )
    found = films.near(ids=["cab"], k=2, view="map")
    assert (found.ids[0], found.scores[0].tolist()) == (["bad", "dad"], [-1.0, -2.0])
    assert (view(films, "map").metric, view(films, "letters").metric) == ("euclidean", "cosine")
    assert films.vectors(view="map")[0] == list(TASTE)


def test_a_better_model_of_a_part_answers_texts_over_that_part(films: Space) -> None:
    better = Letters("better")
    films.derive("better", better.encode(["bad", "dad"]), ["bad", "dad"], encoder=better, source="the bigger model")
    assert films.near("bad cab", 5, view="better").ids[0] == ["bad", "dad"]
    assert (view(films, "better").vectors, view(films, "better").complete) == (2, False)
    with pytest.raises(NotFound, match="in the view 'better': it was derived for others; derive it anew"):
        films.near(ids=["cab"], view="better")
    assert films.reencode(better).view != "better"  # a part of the things is not the start of a re-encoding


def test_a_derived_view_is_stale_once_what_it_was_made_from_changes(films: Space) -> None:
    def derive() -> None:
        films.derive("mix", np.ones((len(films), 2)), views=["letters", "taste"], source="a mix")
        assert view(films, "mix").stale is False

    films.derive("taste", list(TASTE.values()), source="factors")
    derive()
    films.derive("taste", list(TASTE.values()), source="factors")
    assert view(films, "mix").stale is True
    derive()
    films.add([{"id": "gag", "text": "gag"}])
    assert view(films, "mix").stale is True
    derive()
    films.add([{"id": "gag", "text": "gag", "seen": True}])  # metadata is nothing that a vector is made from
    assert view(films, "mix").stale is False
    films.remove("gag")
    assert view(films, "mix").stale is True
    derive()
    films.drop("taste")
    assert view(films, "mix").stale is True


def test_what_is_derived_again_replaces_what_was_there_also_in_the_index(films: Space) -> None:
    films.derive("taste", list(TASTE.values()))
    assert films.near([1, 0], 1, view="taste").ids[0] == ["cab"]
    films.derive("taste", [[0, 1], [1, 0], *([[-1, -1]] * 4)])
    assert films.near([1, 0], 1, view="taste").ids[0] == ["bad"]
    films.remove("bad")
    assert "bad" not in films.near([1, 0], 9, view="taste").ids[0]
    assert [each.name for each in films.info().views] == ["letters", "taste"]
    assert films.info(check=True).faults == ()


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("x", [[1, 2]]), BadInput, "1 vectors were given for 6 things"),
        (("x", [[1, 2]] * 2, ["cab", "cab"]), BadInput, "an id is given twice"),
        (("x", [[1, 2]], ["nobody"]), NotFound, "not in the space: 'nobody'"),
        (("x", [[np.nan, 2]] * 6), BadInput, "row 0 holds NaN"),
        (("letters", [[1, 2]] * 6), BadInput, "is one of an encoder, not a derived one"),
        (("", [[1, 2]] * 6), BadInput, "the name of a view is ''"),
    ],
)
def test_what_cannot_be_derived_changes_nothing(films: Space, arguments, error, message) -> None:
    with pytest.raises(error, match=message):
        films.derive(*arguments)
    for options in ({"metric": "far"}, {"dtype": "int4"}, {"views": ["nothing"]}, {"encoder": Letters()}):
        with pytest.raises((BadInput, NotFound)):
            films.derive("x", [[1, 2]] * 6, **options)
    assert [each.name for each in films.info().views] == ["letters"]


def test_a_derived_view_is_never_the_default(films: Space) -> None:
    films.derive("taste", list(TASTE.values()), source="factors")
    with pytest.raises(BadInput, match=r"'taste' was derived \(factors\)"):
        films.use("taste")
    with Space.open(":memory:") as empty, pytest.raises(BadInput, match="has no vectors yet"):
        empty.derive("taste", np.empty((0, 2)))


def test_several_views_are_fused_by_weighted_standard_scores(films: Space) -> None:
    films.derive("taste", list(TASTE.values()), source="factors")
    plot, taste = films.near(ids=["bad"], k=5), films.near(ids=["bad"], k=5, view="taste")
    assert films.near(ids=["bad"], k=5, view={"letters": 1}).ids == plot.ids
    assert films.near(ids=["bad"], k=5, view={"taste": 2.5}).ids == taste.ids
    found = films.near(ids=["bad"], k=5, view={"letters": 1, "taste": 1})
    expected = np.zeros(6)
    for name in ("letters", "taste"):
        vectors = films.vectors(view=name)[1]
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        similarity = unit @ unit[1]
        expected += (similarity - similarity.mean()) / similarity.std() / 2
    best = [row for row in np.argsort(-expected) if row != 1]
    order = [list(TASTE)[row] for row in best]
    assert found.ids[0] == order
    np.testing.assert_allclose(found.scores[0], expected[best], rtol=1e-4)
    some = films.near(ids=["bad"], k=5, view={"letters": 1, "taste": 1}, where="id != 'dad'")
    assert some.ids[0] == [id for id in order if id != "dad"]


def test_a_thing_that_a_view_lacks_is_average_there(films: Space) -> None:
    films.derive("taste", [[1, 0], [1, 0.1], [-1, 0]], ["cab", "bad", "dad"])
    found = films.near(ids=["cab"], k=5, view={"letters": 1, "taste": 5}).ids[0]
    assert (found[0], found[-1]) == ("bad", "dad")
    assert set(found) == set(TASTE) - {"cab"}
    assert films.near(ids=["egg"], k=5, view={"letters": 1, "taste": 5}).ids == films.near(ids=["egg"], k=5).ids


def test_what_is_asked_of_several_views_is_checked(films: Space) -> None:
    films.derive("taste", list(TASTE.values()))
    for views, message in [({"letters": 0}, "weight"), ({"letters": "much"}, "weight"), ({}, "no view is named")]:
        with pytest.raises(BadInput, match=message):
            films.near(ids=["bad"], view=views)
    with pytest.raises(BadInput, match="several views have no similarity in common"):
        films.within(ids=["bad"], view={"letters": 1})
    with pytest.raises(NotFound, match="there is no view 'plot'"):
        films.near(ids=["bad"], view={"plot": 1})
    with pytest.raises(BadInput, match="'taste' .* was derived"):
        films.near("bad", view={"letters": 1, "taste": 1})


def test_derived_views_stay_in_the_file_and_a_damaged_origin_is_told(tmp_path: Path) -> None:
    with Space.open(tmp_path / "f.knnife", Letters()) as space:
        space.add([{"id": word, "text": word} for word in TASTE])
        space.derive("taste", list(TASTE.values()), source="factors", views=["letters"], metric="dot")
    with Space.open(tmp_path / "f.knnife") as space:
        told = view(space, "taste")
        assert (told.source, told.stale, told.metric) == ("factors", False, "dot")
        assert space.near([1, 0], 1, view="taste").ids[0] == ["cab"]
    with sqlite3.connect(tmp_path / "f.knnife") as db:
        db.execute("UPDATE origins SET origin = '{}'")
    db.close()
    with Space.open(tmp_path / "f.knnife") as space:
        told = view(space, "taste")
        assert (told.source, told.stale) == ("unknown: what was written of it is damaged", True)
        assert space.info(check=True).faults == ("view taste: where it comes from cannot be read",)
        assert space.near([1, 0], 1, view="taste").ids[0] == ["cab"]
