"""`knnife verify`, and `knnife near` with pictures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

pytest.importorskip("cv2")
pytest.importorskip("PIL")


def test_two_pictures_are_compared(knnife: Knnife, folder: Path) -> None:
    done = knnife("verify photos/beach.jpg photos/copies/beach-small.jpg photos/lake.jpg")
    assert done.code == 0
    first, second = (line.split("\t") for line in done.out.splitlines())
    assert first[:3] == ["photos/copies/beach-small.jpg", "True", "True"]
    assert second[:3] == ["photos/lake.jpg", "False", "False"]


def test_a_folder_is_looked_through_and_a_page_written(knnife: Knnife, folder: Path) -> None:
    done = knnife("verify photos/lake.jpg photos --mirrored --only-same --show points.html --json")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert [(row["id"], row["mirrored"]) for row in rows] == [
        ("photos/lake.jpg", False),
        ("photos/copies/lake-mirrored.jpg", True),
    ]
    page = (folder / "points.html").read_text()
    assert page.count("<section>") == 2
    told = knnife("verify photos/lake.jpg photos --show points.html")
    assert "1 of 14 show the same; see points.html" in told.err


def test_the_nearest_of_a_space_are_compared(knnife: Knnife, folder: Path) -> None:
    assert knnife("add own.knnife photos --encoder copies").code == 0
    done = knnife("verify photos/city.jpg own.knnife -k 3")
    assert len(done.out.splitlines()) == 3
    assert done.out.splitlines()[1].startswith("photos/copies/city-darker.jpg\tTrue\tTrue")
    done = knnife("verify photos/city.jpg own.knnife photos")
    assert done.code == 2
    assert "stands alone" in done.err


def test_a_picture_asks_a_space_for_what_is_near(knnife: Knnife, folder: Path) -> None:
    assert knnife("add own.knnife photos --encoder copies").code == 0
    (folder / "new.jpg").write_bytes((folder / "photos" / "copies" / "mountain-crop.jpg").read_bytes())
    plain = knnife("near own.knnife new.jpg -k 2")
    assert {line.split("\t")[2] for line in plain.out.splitlines()} == {
        "photos/copies/mountain-crop.jpg",
        "photos/mountain.jpg",
    }
    rows = [json.loads(line) for line in knnife("near own.knnife new.jpg -k 3 --verify --json").out.splitlines()]
    assert [row["same"] for row in rows] == [True, True, False]
    assert [row["rank"] for row in rows] == [1, 2, 3]
    assert rows[0]["id"] == "photos/copies/mountain-crop.jpg"
    assert {row["query"] for row in rows} == {"new.jpg"}
    inside = knnife("near own.knnife --id photos/city.jpg --id photos/beach.jpg --verify -k 1 --json")
    found = [(row["query"], row["id"]) for row in map(json.loads, inside.out.splitlines())]
    assert found == [
        ("photos/city.jpg", "photos/copies/city-darker.jpg"),
        ("photos/beach.jpg", "photos/copies/beach-small.jpg"),
    ]


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("verify photos/beach.jpg", 2, "missing argument"),
        ("verify none.jpg photos", 1, "none.jpg"),
        ("verify photos/beach.jpg none.jpg", 1, "none.jpg"),
        ("verify photos/beach.jpg films.csv", 1, "films.csv"),
        ("verify films.csv photos", 1, "films.csv"),
        ("verify photos/beach.jpg photos/lake.jpg -k 3", 2, "there is none"),
        ("verify photos/beach.jpg photos/beach.jpg --show no/such/page.html", 1, "cannot be written"),
        ("near points.knnife --vectors points.npy --verify", 2, "vectors are none"),
        ("near films.knnife heist --verify", 1, "heist"),
    ],
)
def test_what_cannot_be_compared_is_told_in_a_line(
    knnife: Knnife, folder: Path, line: str, code: int, why: str
) -> None:
    done = knnife(line)
    assert done.code == code
    assert why in done.err
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err
