"""Faces of people who are: portraits with no model at all, and photos of the world with two small ones."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from tests.conftest import shared

from knnife import Faces, Thing

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
        assert sum(face.person is not None for face in found) >= 5  # with so few people the line is high
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
