"""People by their faces: drawn people, the cascade that comes with OpenCV, and an encoder that looks at the pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from tests import drawn_faces

import knnife
from knnife import BadInput, Faces, NotFound, ReadOnly, Space
from knnife.encoders.face_detection import find_faces, load_detector
from knnife.encoders.face_geometry import aligned
from knnife.geometry import Vectors
from knnife.things.pixels import each_picture, jpeg

pytest.importorskip("cv2", reason="OpenCV finds the faces")
KNOWN = drawn_faces.NAMES[:10]
EVERYBODY = (*drawn_faces.NAMES, "zoe")
SHOWN = (23, 24, 26, 30)


class Looks:
    """An encoder of faces that can tell the drawn people apart: it was shown other photos of all of them."""

    name, dim, kind, fingerprint, cheap = "looks", len(EVERYBODY), "face", "looks-1", True

    def __init__(self) -> None:
        detector = load_detector()
        photos = [drawn_faces.photo(name, number) for name in EVERYBODY for number in SHOWN]
        cells = np.array([self._cells(aligned(photo, find_faces(photo, detector)[0])) for photo in photos])
        wanted = np.repeat(np.eye(self.dim), len(SHOWN), axis=0) - 1 / self.dim
        self._mean = cells.mean(axis=0)
        near = (cells - self._mean) @ (cells - self._mean).T
        self._weights = (cells - self._mean).T @ np.linalg.solve(near + np.eye(len(near)), wanted)

    def encode(self, values: Sequence[bytes]) -> Vectors:
        cells = np.array([self._cells(picture) for picture in each_picture(values, lambda picture: picture)])
        made: Vectors = ((cells.reshape(-1, len(self._mean)) - self._mean) @ self._weights).astype(np.float32)
        return made

    def _cells(self, crop: np.ndarray) -> np.ndarray:
        cells = crop[24:104, 24:88].reshape(10, 8, 8, 8, 3).mean(axis=(1, 3)).ravel()
        scaled: np.ndarray = (cells - cells.mean()) / cells.std()
        return scaled


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faces")
    drawn_faces.write(folder)
    return folder


@pytest.fixture(scope="session")
def looks() -> Looks:
    return Looks()


@pytest.fixture(scope="session")
def made(photos: Path, looks: Looks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of ten people, four photos each."""
    path = tmp_path_factory.mktemp("known") / "people.knnife"
    with Faces.open(path, model=looks) as faces:
        faces.add([photos / "people" / name for name in KNOWN], by_folder=True)
    return path


@pytest.fixture
def people(made: Path, looks: Looks, tmp_path: Path) -> Iterator[Faces]:
    copy = tmp_path / "people.knnife"
    copy.write_bytes(made.read_bytes())
    with Faces.open(copy, model=looks) as faces:
        yield faces


def test_each_folder_is_a_person(people: Faces) -> None:
    assert people.people() == [(name, drawn_faces.EACH, drawn_faces.EACH) for name in KNOWN]
    thing = people.space.get(next(id for id in people.space.vectors()[0] if id.endswith("anna/1.jpg#1")))[0]
    assert thing.about["person"] == "anna"
    assert thing.part_of is not None
    assert thing.part_of.endswith("people/anna/1.jpg")
    assert isinstance(thing.value, bytes)
    x, _, width, _ = thing.about["box"]  # type: ignore[misc]
    assert 0 < x < x + width < drawn_faces.SIDE
    assert width > drawn_faces.SIDE / 4


def test_adding_again_changes_nothing(people: Faces, photos: Path) -> None:
    again = people.add(photos / "people" / "anna", "anna")
    assert (again.photos, again.added, again.updated, again.unchanged) == (drawn_faces.EACH, 0, 0, drawn_faces.EACH)


def test_a_photo_that_is_there_already_is_not_looked_at_again(
    people: Faces, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.add(photos / "album" / "two.jpg")
    kept = list(people.space)
    monkeypatch.setattr("knnife.tools._faces.face_crops.find_faces", lambda *_: pytest.fail("it was looked at"))
    again = people.add([photos / "people" / "anna", photos / "album" / "two.jpg"])
    assert (again.added, again.updated, again.unchanged) == (0, 0, drawn_faces.EACH + 2)
    assert list(people.space) == kept


def test_who_is_known_is_named_and_a_stranger_is_not(people: Faces, photos: Path) -> None:
    found = people.identify(photos / "album")
    who = {(Path(face.photo).stem, face.face): face.person for face in found.faces}
    assert who[("anna-5", 1)] == who[("anna-6", 1)] == "anna"
    assert who[("bela-5", 1)] == "bela"
    assert who[("stranger-1", 1)] is who[("stranger-2", 1)] is None
    assert {who[("two", 1)], who[("two", 2)]} == {"anna", "carl"}
    assert [Path(photo).stem for photo, _ in found.problems] == ["wall"]
    row = next(row for row in found.rows() if row["photo"].endswith("anna-5.jpg"))
    assert row["candidates"][0] == {"person": "anna", "likeness": row["likeness"]}
    assert row["chance"] < 0.01 < found.decision.threshold
    assert found.decision.people == 10
    assert found.decision.note == ""


def test_everybody_is_named_where_nobody_is_a_stranger(people: Faces, photos: Path) -> None:
    found = people.identify(photos / "album" / "stranger-1.jpg", false_matches=1)
    assert found.faces[0].person in KNOWN


def test_the_same_person_and_different_people(people: Faces, photos: Path) -> None:
    anna, again, bela = (photos / "album" / f"{name}.jpg" for name in ("anna-5", "anna-6", "bela-5"))
    same, other = people.verify(anna, again), people.verify(anna.read_bytes(), bela)
    assert same
    assert not other
    assert same.likeness > same.decision.threshold > other.likeness
    assert same.decision.between is not None
    low, high = same.decision.between
    assert low <= 0.01 <= high
    stranger = people.verify(photos / "album" / "stranger-1.jpg", photos / "album" / "stranger-2.jpg")
    assert stranger.same


def test_a_stricter_rate_asks_for_more(people: Faces, photos: Path) -> None:
    anna, again = (photos / "album" / f"{name}.jpg" for name in ("anna-5", "anna-6"))
    lines = [people.verify(anna, again, false_matches=rate).decision.threshold for rate in (0.05, 0.01, 0.001)]
    assert lines == sorted(lines)


@pytest.mark.parametrize("rate", [0, -1, 0.5, float("nan"), "0.01"])
def test_a_rate_that_cannot_be_told_is_refused(people: Faces, photos: Path, rate: float) -> None:
    with pytest.raises(BadInput, match="false_matches"):
        people.identify(photos / "album" / "anna-5.jpg", false_matches=rate)


def test_an_album_by_person(people: Faces, photos: Path) -> None:
    album = knnife.faces(photos / "album", known=people)
    groups = [{Path(album.faces[row].photo).stem for row in rows} for rows in album.groups()]
    assert sorted(map(sorted, groups)) == [
        ["anna-5", "anna-6", "two"],
        ["bela-5"],
        ["stranger-1", "stranger-2"],
        ["two"],
    ]
    names = [album.name(number) for number in range(len(groups))]
    assert names[0] == "anna"
    assert names.count(None) == 1
    assert [row["group"] for row in album.rows()] == sorted(album.group)


def test_the_sheet_shows_every_face(people: Faces, photos: Path, tmp_path: Path) -> None:
    album = knnife.faces(photos / "album", known=people)
    assert album.sheet(tmp_path / "album.html") == 4
    page = (tmp_path / "album.html").read_text()
    assert page.count("<img") == len(album.faces) == 7
    assert "anna: 3 faces" in page


def test_faces_without_names_get_them_by_group(people: Faces, photos: Path) -> None:
    people.add(photos / "album")
    assert len(people.space) == 57
    album = people.cluster()
    strangers = next(rows for number, rows in enumerate(album.groups()) if album.name(number) is None)
    assert people.name({album.faces[row].id: "zoe" for row in strangers}) == 2
    assert ("zoe", 2, 2) in people.people()
    people.add(photos / "album")  # names stay
    assert ("zoe", 2, 2) in people.people()
    assert people.identify(jpeg(drawn_faces.photo("zoe", 5))).faces[0].person == "zoe"


def test_renaming_to_somebody_who_is_known_makes_them_one(people: Faces) -> None:
    assert people.rename("anna", "Anna Maria") == 5
    assert people.rename("bela", "Anna Maria") == 5
    assert ("Anna Maria", 10, 10) in people.people()
    assert "anna" not in {person.name for person in people.people()}
    with pytest.raises(NotFound, match="nobody called 'anna'"):
        people.rename("anna", "Ann")


def test_of_who_is_removed_nothing_stays_in_the_file(people: Faces) -> None:
    path = Path(people.space.path)
    ids = [str(thing.id) for thing in people.space.things({"person": "carl"})]
    crops = [thing.value for thing in people.space.get(ids)]
    vectors = [vector.astype("<f4").tobytes() for vector in people.space.vectors(ids)[1]]
    before = b"".join(part.read_bytes() for part in path.parent.glob("people.knnife*"))
    assert all(crop[700:900] in before and vector[:200] in before for crop, vector in zip(crops, vectors, strict=True))
    assert people.remove("carl") == 5
    after = b"".join(part.read_bytes() for part in path.parent.glob("people.knnife*"))
    for trace in [b"carl", *(crop[700:900] for crop in crops), *(vector[:200] for vector in vectors)]:
        assert trace not in after
    assert "carl" not in {person.name for person in people.people()}
    with pytest.raises(NotFound, match="nobody called 'carl'"):
        people.remove(["anna", "carl"])
    assert "anna" in {person.name for person in people.people()}


def test_no_vector_of_a_face_is_left_in_the_cache(
    people: Faces, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(Looks, "cheap", False)  # as an encoder of somebody's own may be
    people.add(photos / "album" / "anna-5.jpg", "anna")
    people.identify(photos / "album" / "anna-6.jpg")
    assert not (tmp_path / "cache").exists()


def test_an_encoder_that_learned_from_somebody_is_removed_too(photos: Path, looks: Looks, tmp_path: Path) -> None:
    with Faces.open(tmp_path / "people.knnife") as faces:
        faces.add([photos / "people" / name for name in KNOWN[:3]], by_folder=True)
        learned = faces.space.encoder.to_bytes()[-20_000:-19_000]  # type: ignore[attr-defined]
        faces.space.reencode(looks)
        files = lambda: b"".join(part.read_bytes() for part in tmp_path.glob("people.knnife*"))  # noqa: E731
        assert learned in files()
        faces.remove("anna")
        assert learned not in files()


def test_whole_photos_are_settled_by_the_first(photos: Path, tmp_path: Path) -> None:
    with Faces.open(tmp_path / "people.knnife") as faces:
        faces.add([photos / "people" / name for name in KNOWN[:3]], by_folder=True, whole=True)
    with Faces.open(tmp_path / "people.knnife") as faces:
        found = faces.identify(photos / "album" / "wall.jpg", false_matches=1)
        assert found.faces[0].box == (0.0, 0.0, drawn_faces.SIDE, drawn_faces.SIDE)
        with pytest.raises(BadInput, match="a file of their own"):
            faces.add(photos / "album" / "anna-5.jpg", "anna", whole=False)


def test_a_photo_of_a_named_person_shows_one_face(people: Faces, photos: Path) -> None:
    before = len(people.space)
    added = people.add([photos / "album" / "two.jpg", photos / "album" / "anna-5.jpg"], "anna")
    assert len(people.space) == before + 1
    assert [why for _, why in added.problems] == [
        "2 faces are in it, and none is clearly the largest; cut out the one that is meant"
    ]
    assert next(added.rows())["photo"].endswith("two.jpg")


def test_bad_photos_are_told_one_by_one(people: Faces, photos: Path, tmp_path: Path) -> None:
    good = (photos / "album" / "anna-5.jpg").read_bytes()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "empty.jpg").write_bytes(b"")
    (tmp_path / "bad" / "cut.jpg").write_bytes(good[: len(good) // 3])
    (tmp_path / "bad" / "drawing.jpg").write_bytes(b"<svg xmlns='http://www.w3.org/2000/svg'/>")
    (tmp_path / "bad" / "wall.png").write_bytes((photos / "album" / "wall.jpg").read_bytes())
    (tmp_path / "bad" / "good.jpg").write_bytes(good)
    added = people.add(tmp_path / "bad", "anna")
    assert added.added == 1
    why = {Path(photo).name: why for photo, why in added.problems}
    assert sorted(why) == ["cut.jpg", "drawing.jpg", "empty.jpg", "wall.png"]
    assert why["wall.png"] == "no face was found in it"
    assert "SVG" in why["drawing.jpg"]
    with pytest.raises(BadInput, match=r"no face could be added; .*wall"):
        people.add(tmp_path / "bad" / "wall.png", "anna")
    with pytest.raises(BadInput, match="no face was found"):
        people.verify(tmp_path / "bad" / "wall.png", tmp_path / "bad" / "good.jpg")


def test_a_photo_in_no_folder_has_no_person(people: Faces, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.jpg").write_bytes((photos / "album" / "anna-5.jpg").read_bytes())
    with pytest.raises(BadInput, match="lies in no folder of a person"):
        people.add(tmp_path / "in", by_folder=True)


@pytest.mark.parametrize("person", ["", "  ", 7])
def test_a_name_is_a_text(people: Faces, photos: Path, person: str) -> None:
    with pytest.raises(BadInput, match="no name of a person"):
        people.add(photos / "album" / "anna-5.jpg", person)


def test_few_people_tell_little(looks: Looks, photos: Path, tmp_path: Path) -> None:
    with Faces.open(tmp_path / "few.knnife", model=looks) as few:
        few.add(photos / "people" / "anna", "anna")
        first = few.identify(photos / "album" / "anna-5.jpg")
        assert first.faces[0].person == "anna"
        assert first.faces[0].chance is first.decision.false_matches is None
        assert first.decision.note.startswith("a usual line for such models")
        assert few.identify(photos / "album" / "anna-5.jpg", false_matches=1).faces[0].person == "anna"
        few.add([photos / "people" / name for name in KNOWN[1:4]], by_folder=True)
        assert few.identify(photos / "album" / "anna-5.jpg").decision.note.startswith(
            "rough, as 4 people tell no rates below 2.5%"
        )


def test_what_was_measured_is_found_again_and_follows_changes(people: Faces, looks: Looks) -> None:
    first = people.limits
    path = people.space.path
    people.close()
    with Faces.open(path, model=looks, read_only=True) as again:
        assert again.limits == first
        with pytest.raises(ReadOnly):
            again.add("album", "anna")
    with Faces.open(path, model=looks) as once_more:
        once_more.remove("anna")
        assert once_more.limits.people == 9


def test_other_spaces_are_no_people(words: Space, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="a space of other things than faces"):
        Faces.open(words.path)
    with pytest.raises(BadInput, match="takes text; expected one of faces"):
        Faces.open(tmp_path / "new.knnife", model="english")
    with pytest.raises(NotFound):
        Faces.open(tmp_path / "none.knnife", create=False)
