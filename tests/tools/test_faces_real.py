"""Faces of people who are: portraits with no model at all, and photos of the world with two small ones."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.conftest import shared

from knnife import Faces, Thing
from knnife.things.pixels import jpeg, pixels

pytest.importorskip("cv2", reason="OpenCV finds the faces")


def portraits(people: range, numbers: range) -> list[Thing]:
    folder = shared("faces/att_faces")
    return [Thing(f"s{who}/{n}", f"{folder}/s{who}/{n}.pgm", {"person": f"s{who}"}) for who in people for n in numbers]


def test_people_are_told_apart_without_any_model(tmp_path: Path) -> None:
    with Faces.open(tmp_path / "people.knnife") as people:
        people.add(portraits(range(1, 11), range(1, 5)))
        found = people.identify(portraits(range(1, 11), range(8, 10))).faces
        first = [face.candidates[0][0] == face.photo.split("/")[0] for face in found]
        assert sum(first) >= 18 == len(first) - 2
        assert all(face.person in {None, face.photo.split("/")[0]} for face in found)
        assert sum(face.person is not None for face in found) >= 2  # with so few people the line is high
        strangers = people.identify(portraits(range(30, 36), range(1, 3))).faces
        assert sum(face.person is not None for face in strangers) <= 1


def test_photos_of_the_world_with_two_models(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="runs the models")
    folder = shared("faces/deepface-tests")
    with (folder / "master.csv").open(newline="") as lines:
        rows = [row for row in csv.reader(lines) if all((folder / name).is_file() for name in row[:2])]
    same = [row for row in rows if row[2] == "Yes"][:3]
    other = [row for row in rows if row[2] == "No"][:3]
    model, detector = shared("models/mobilefacenet.onnx"), shared("models/yunet_n_dynamic.onnx")
    with Faces.open(tmp_path / "people.knnife", model=model, detector=detector) as people:
        assert [people.verify(folder / a, folder / b).same for a, b, _ in same + other] == [True] * 3 + [False] * 3


def test_half_a_face_is_not_kept_under_a_name_and_is_taken_without_one(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="runs the models")
    model, detector = shared("models/mobilefacenet.onnx"), shared("models/yunet_n_320_320.onnx")
    whole = pixels(str(shared("faces/att_faces") / "s1" / "1.pgm"))
    half = jpeg(whole[:, whole.shape[1] // 2 :], 95)
    with Faces.open(tmp_path / "people.knnife", model=model, detector=detector) as people:
        added = people.add(
            [Thing("half", half, {"person": "anna"}), Thing("whole", jpeg(whole, 95), {"person": "anna"})]
        )
        assert [name for name, _ in added.problems] == ["half"]
        assert "of the face is in it; expected a photo of the whole face" in added.problems[0][1]
        people.add([Thing("half", half)])
        (face,) = people.space.get(["half#1"])
        assert 0.3 < face.about["visible"] < 0.7
