"""`knnife faces …`: people added, asked for, grouped, renamed and removed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife

from knnife.interfaces.cli.faces import command as faces
from knnife.interfaces.cli.shared import ExampleCommand

pytest.importorskip("cv2", reason="OpenCV finds the faces")
WORDS = ("add", "identify", "verify", "cluster", "people", "rename", "remove")


def test_adding_tells_licences_and_counts(folder: Path, knnife: Knnife) -> None:
    done = knnife("faces add new.knnife people/anna people/bela --by-folder")
    assert done.code == 0
    assert done.out == "10 photos: 10 faces added, 0 updated, 0 unchanged; 10 faces of 2 people with names\n"
    assert "detector cascade, licence: " in done.err
    row = json.loads(knnife("faces add new.knnife album/two.jpg album/wall.jpg album/anna-5.jpg --json").out)
    assert (row["photos"], row["added"], row["faces"], row["people"]) == (3, 3, 13, 2)
    assert row["problems"] == [{"photo": "album/wall.jpg", "why": "no face was found in it"}]


def test_who_it_is(folder: Path, knnife: Knnife) -> None:
    done = knnife("faces identify people.knnife album/")
    assert done.code == 0
    rows = [line.split("\t") for line in done.lines]
    assert len(rows) == 7
    assert {row[0] for row in rows if "stranger" in row[3]} == {"unknown"}
    assert "skipped album/wall.jpg: no face was found in it" in done.err
    assert "1.00% of strangers reach that (95%: " in done.err
    assert "measured on 12 people" in done.err
    found = [json.loads(line) for line in knnife("faces identify people.knnife album/ --json").lines]
    assert [row["person"] for row in found if "stranger" in row["photo"]] == [None, None]
    assert len(found[0]["candidates"]) == 3
    named = knnife(
        "faces identify people.knnife album/anna-5.jpg album/bela-5.jpg album/stranger-1.jpg --anybody --json"
    )
    people = [json.loads(line)["person"] for line in named.lines]
    assert people[:2] == ["anna", "bela"]
    assert people[2] is not None


def test_the_same_or_not(folder: Path, knnife: Knnife) -> None:
    same = knnife("faces verify people.knnife people/anna/1.jpg album/anna-5.jpg")
    assert same.code == 0
    assert same.out.startswith("the same person\t")
    assert "of pairs of different people reach that" in same.err
    other = json.loads(knnife("faces verify people.knnife album/bela-5.jpg album/anna-5.jpg --json").out)
    assert other["same"] is False
    assert other["likeness"] < other["threshold"]
    assert (other["false_matches"], other["people"]) == (0.01, 12)


def test_an_album_and_its_sheet(folder: Path, knnife: Knnife) -> None:
    done = knnife("faces cluster album/ --known people.knnife --sheet album.html --json")
    assert done.code == 0
    rows = [json.loads(line) for line in done.lines]
    assert len(rows) == 7
    assert [row["group"] for row in rows] == sorted(row["group"] for row in rows)
    page = (folder / "album.html").read_text()
    assert page.count("<img") == 7
    assert "<script" not in page


def test_groups_get_names_that_can_be_changed(folder: Path, knnife: Knnife) -> None:
    assert knnife("faces add people.knnife album/stranger-1.jpg album/stranger-2.jpg").code == 0
    assert knnife("faces cluster people.knnife --keep --false-matches 0.05").code == 0
    people = {row["person"]: row for row in map(json.loads, knnife("faces people people.knnife --json").lines)}
    assert people["person 1"] == {"person": "person 1", "faces": 2, "photos": 2}
    assert knnife('faces rename people.knnife "person 1" Zoe').out == "2 faces of person 1 are called Zoe now\n"
    gone = knnife("faces remove people.knnife Zoe --yes")
    assert gone.out == "2 faces removed, 60 left; nothing of them stays in the file\n"
    missing = knnife("faces remove people.knnife Zoe --yes")
    assert missing.code == 1
    assert "nobody called 'Zoe' is known" in missing.err


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("faces add p.knnife album --person anna --by-folder", 2, "give one"),
        ("faces identify people.knnife album --anybody --false-matches 0.01", 2, "give one of the two"),
        ("faces identify people.knnife album --false-matches 0.5", 2, "0.5 is not in the range"),
        ("faces identify none.knnife album", 1, "there is no none.knnife"),
        ("faces identify films.knnife album", 1, "a space of other things than faces"),
        ("faces identify people.knnife missing.jpg", 1, "missing.jpg"),
        ("faces identify people.knnife films.csv", 1, "films.csv"),
        ("faces verify people.knnife album/wall.jpg album/anna-5.jpg", 1, "no face was found in it"),
        ("faces verify people.knnife album/two.jpg album/anna-5.jpg", 1, "2 faces are in it"),
        ("faces cluster album --keep", 2, "--keep"),
        ("faces cluster people.knnife --model x.onnx", 2, "are for photos"),
        ("faces add p.knnife album --model none.onnx", 1, "none.onnx"),
        ("faces add p.knnife album --detector none.onnx", 1, "none.onnx"),
        ("faces add p.knnife album/wall.jpg", 1, "no face could be added"),
        ("faces rename people.knnife nobody somebody", 1, "nobody called 'nobody'"),
        ('faces rename people.knnife anna ""', 1, "no name of a person"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(folder: Path, knnife: Knnife, line: str, code: int, said: str) -> None:
    done = knnife(line)
    assert done.code == code
    assert said in done.err
    assert "Traceback" not in done.err
    assert done.err.strip().splitlines()[-1].startswith("knnife: ")


@pytest.mark.parametrize("word", ["", *WORDS])
def test_every_command_teaches(folder: Path, knnife: Knnife, word: str) -> None:
    done = knnife(f"faces {word} --help")
    assert done.code == 0
    assert "Examples" in done.out
    command = faces.command_beside(word) if word else faces
    assert isinstance(command, ExampleCommand)
    for line in command.examples:
        ran = knnife(line.removeprefix("knnife "))
        assert ran.code == 0, f"{line}: {ran.err}"


@pytest.mark.parametrize("command", ["identify no.knnife album", "remove no.knnife anna --yes", "rename no.knnife a b"])
def test_a_file_of_people_that_is_not_there_is_told_with_what_makes_one(knnife, folder, command):
    outcome = knnife(f"faces {command}")
    assert outcome.code == 1
    assert "there is no no.knnife; `knnife faces add no.knnife PHOTOS --by-folder` makes one" in outcome.err


def test_the_bytes_of_a_face_are_never_written_to_the_output(knnife, folder):
    for line in ("near people.knnife people/anna/1.jpg -k 1", "near people.knnife people/anna/1.jpg -k 1 --json"):
        outcome = knnife(line)
        assert outcome.code == 0
        assert " bytes)" in outcome.out
        assert "JFIF" not in outcome.out
