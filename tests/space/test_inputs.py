"""Whatever a user gives, each tool takes it, or says what it is and what was expected instead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas
import polars
import pytest
from PIL import Image
from tests.drawn import scene
from tests.toys import Letters

import knnife
from knnife import BadInput, NotFound, Space
from knnife.space import Input, is_space, opened, sample

TEXTS = ["a bad cab", "a bad cab", "egg and face", "high heads"]
POINTS = np.random.default_rng(3).standard_normal((40, 4)).astype(np.float32)


@pytest.fixture
def folder(tmp_path: Path, letters: Letters, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a space, an array, a table, texts and pictures, in which the test stands."""
    monkeypatch.chdir(tmp_path)
    with Space.open("bbc.knnife") as space:
        space.add([{"id": str(number), "text": text} for number, text in enumerate(TEXTS)])
    np.save("points.npy", POINTS)
    pandas.DataFrame({"id": range(4), "text": TEXTS}).to_csv("table.csv", index=False)
    Path("texts.txt").write_text("\n".join(TEXTS))
    Path("photos").mkdir()
    for name, drawn in (("one", "beach"), ("two", "city"), ("copy", "beach")):
        Image.fromarray(scene(drawn)).save(f"photos/{name}.png")
    return tmp_path


PATHS = ["bbc.knnife", "table.csv", "texts.txt"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", [str, Path])
def test_a_path_is_what_lies_there(folder: Path, path: str, form: type) -> None:
    found = knnife.duplicates(form(path))
    assert [(row["position_a"], row["position_b"]) for row in found.rows()] == [(0, 1)]


def test_a_space_that_was_opened_for_an_answer_is_closed_and_its_encoder_found_again(folder: Path) -> None:
    with Space.open("bbc.knnife") as space:
        expected = sample(space)
    found = sample("bbc.knnife")
    assert found.ids == expected.ids
    assert found.encoder.fingerprint == found.fingerprint
    Path("bbc.knnife").rename("moved.knnife")  # nobody holds it


def test_an_array_file_is_mapped(folder: Path) -> None:
    assert np.array_equal(sample("points.npy").vectors, POINTS)
    with opened("points.npy") as array:
        assert isinstance(array, np.memmap)
    assert len(knnife.outliers("points.npy").ids) == len(POINTS)


@pytest.mark.parametrize(
    "given", ["photos", "photos/*.png", ["photos/copy.png", "photos/one.png", "photos/two.png"], Path("photos")]
)
def test_pictures_are_given_by_folder_pattern_or_list(folder: Path, given: object) -> None:
    assert [(row["a"], row["b"]) for row in knnife.duplicates(given).rows()] == [("photos/copy.png", "photos/one.png")]


def test_a_list_of_path_objects_is_one_of_pictures(folder: Path) -> None:
    paths = sorted(Path("photos").iterdir())
    assert len(knnife.duplicates(paths)) == 1
    with pytest.raises(BadInput, match="which encoder is meant"):
        sample(paths)
    with pytest.raises(BadInput, match="of several, only pictures are read together"):
        sample([*paths, Path("table.csv")])


def test_names_of_pictures_that_are_not_there_are_no_texts(folder: Path) -> None:
    with pytest.raises(BadInput, match=r"photos/lost\.png"):
        knnife.duplicates(["photos/lost.png"])
    assert len(knnife.duplicates(["photos/lost.png", "photos/lost.png"], encoder="english")) == 1


@pytest.mark.parametrize("series", [pandas.Series, polars.Series])
def test_a_series_holds_texts_or_vectors(series: type) -> None:
    assert [row["position_b"] for row in knnife.duplicates(series(TEXTS)).rows()] == [1]
    assert np.allclose(sample(series([[3.0, 4.0], [1.0, 0.0]])).vectors, [[3, 4], [1, 0]])
    assert np.allclose(sample(series(list(np.eye(2, dtype=np.float32)))).vectors, np.eye(2))
    assert knnife.similarity(series(["cab", "egg"]), "cab").scores.shape == (2, 1)
    assert len(sample(series([], dtype=object if series is pandas.Series else polars.String))) == 0


@pytest.mark.parametrize("series", [pandas.Series, polars.Series])
def test_a_series_of_numbers_is_a_table_of_one_column_or_refused(series: type) -> None:
    numbers = series([*np.linspace(0, 1, 30), 9.0])
    assert knnife.outliers(numbers).order[0] == 30
    with pytest.raises(BadInput, match=r"Series of 31 numbers, which is one column; expected texts.*to_frame"):
        knnife.duplicates(numbers)


def test_an_array_of_texts_is_texts(letters: Letters) -> None:
    assert sample(np.array(["bad", "egg"]), encoder=letters).texts == ["bad", "egg"]
    assert sample(np.array(["bad", "egg"], object), encoder=letters).texts == ["bad", "egg"]


@pytest.mark.parametrize("frame", [pandas.DataFrame, polars.DataFrame])
def test_a_table_is_its_rows(frame: type) -> None:
    assert len(knnife.duplicates(frame({"text": TEXTS}))) == 1
    with pytest.raises(BadInput, match="text"):
        knnife.duplicates(frame({"height": [1, 2]}))


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("who are you?", BadInput, "'who are you\\?' is one text"),
        ("cab", BadInput, "'cab' is one text, and there is no file of that name; expected a path, a list of texts"),
        ("", BadInput, "'' is one text"),
        ("first line\nof notes.txt", BadInput, "is one text"),
        ("nowhere.knnife", NotFound, "there is no space nowhere.knnife"),
        ("nowhere.npy", NotFound, "no such file or folder: nowhere.npy"),
        ("nowhere.csv", NotFound, "no such file or folder: nowhere.csv; expected a space, a file, a folder"),
        ("photos/lost", NotFound, "no such file or folder: photos/lost"),
        ("photos/*.gif", NotFound, "no file matches"),
        (Path("nowhere.csv"), NotFound, "no such file or folder: nowhere.csv"),
        ("table.docx", BadInput, "is one text, and there is no file"),
    ],
)
@pytest.mark.parametrize("tool", [knnife.duplicates, knnife.outliers, knnife.clusters, sample])
def test_what_is_no_collection_is_refused(folder: Path, tool: object, given: object, error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        tool(given)  # type: ignore[operator]


def test_a_file_that_is_neither_is_said_to_be_so(folder: Path) -> None:
    Path("broken.npy").write_bytes(b"x")
    with pytest.raises(BadInput, match="expected an array in NumPy's npy format"):
        sample("broken.npy")
    Path("empty.knnife").write_bytes(b"")
    with pytest.raises(knnife.SpaceError):
        sample("empty.knnife")
    with pytest.raises(BadInput, match="view= and where= are for spaces"):
        sample("table.csv", where="id = 1")


def test_every_tool_takes_the_path_of_a_space(folder: Path) -> None:
    with Space.open("many.knnife") as space:
        space.add([f"the {word} of a house number {number}" for word in ("door", "roof") for number in range(20)])
    path = "many.knnife"
    assert knnife.doctor(path).things == 40
    assert knnife.doctor("points.npy").things == 40
    assert len(knnife.clusters(path).ids) == 40
    assert knnife.drift(path, path).sizes == (40, 40)
    assert len(knnife.outliers(path, "texts.txt").ids) == 4
    assert len(knnife.match(path, path).left) == 40
    assert len(knnife.match("table.csv").left) == 4
    assert knnife.match("texts.txt").left.ids == ["0", "1", "2", "3"]
    assert len(knnife.typos(path).texts) == 40
    assert knnife.typos(Path("texts.txt")).texts == TEXTS
    assert knnife.typos("texts.txt").texts == TEXTS
    assert knnife.typos("a text, not a path").texts == ["a text, not a path"]
    assert knnife.changes(path, ["a door"], before="english").overlap.tolist() == [1]
    assert knnife.similarity("door", ["roof", "house"], path).scores.shape == (1, 2)
    assert knnife.evaluate(path, ["english"]).table[0]["things"] == 40
    with Space.open("words.knnife") as space:
        space.add([knnife.Thing(word, word) for word in ("man", "king", "woman", "queen")])
    assert knnife.analogy("words.knnife", "man", "king", "woman", k=1).words == [["queen"]]
    assert knnife.Speller(path).suggest(["rof"]).rows()
    with pytest.raises(BadInput, match="neither a space nor an array"):
        knnife.doctor("table.csv")


def test_things_in_a_file_are_encoded_as_those_they_are_compared_with(folder: Path) -> None:
    found = knnife.duplicates("bbc.knnife", "table.csv", by="vectors")
    assert {(row["position_a"], row["position_b"]) for row in found.rows()} >= {(0, 0), (2, 2), (3, 3)}
    head = knnife.Classifier.fit("bbc.knnife", ["x", "x", "y", "y"])
    assert len(head.predict("texts.txt")) == 4


def test_a_path_may_say_how_it_is_read(folder: Path) -> None:
    pandas.DataFrame({"name": ["p", "q"], "plot": ["bad", "egg"]}).to_csv("films.csv", index=False)
    assert sample(Input("films.csv", text=["plot"], id="name")).ids == ["p", "q"]
    assert is_space(Input("bbc.knnife"))
    assert not is_space("films.csv")
    assert not is_space(TEXTS)
