"""`knnife duplicates`: what it shows, removes and writes, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.interfaces.running import Knnife

import knnife as package

COPY = """\
title,year,genre,watched,plot
Heat again,2001,crime,1,A DETECTIVE hunts a crew of bank robbers -- after a heist in Los Angeles
"""


@pytest.fixture
def films(folder: Path, knnife: Knnife) -> Path:
    (folder / "more.csv").write_text(COPY)
    assert knnife("add films.knnife more.csv --id title --text plot").code == 0
    return folder


def test_pairs_go_into_a_pipe_and_the_count_to_a_person(films: Path, knnife: Knnife) -> None:
    done = knnife("duplicates films.knnife")
    assert done.code == 0
    assert [line.split("\t")[:3] for line in done.lines] == [["Heat", "Heat again", "1"]]
    assert "1 pairs in 1 groups: 1 copies, 8 things without" in done.err
    assert "too few pairs" in done.err


def test_json_has_positions_and_everything_measured(films: Path, knnife: Knnife) -> None:
    done = knnife("duplicates films.knnife --json")
    row = json.loads(done.out)
    assert (row["a"], row["b"], row["position_a"], row["position_b"]) == ("Heat", "Heat again", 3, 8)
    assert (row["surface"], row["expected"]) == (1, 0)
    assert row["similarity"] > 0.9
    assert done.err == ""


def test_groups_say_who_is_kept(films: Path, knnife: Knnife) -> None:
    row = json.loads(knnife("duplicates films.knnife --groups --keep max:year --json").out)
    assert row == {"kept": "Heat again", "copies": ["Heat"], "position": 8, "positions": [3]}


def test_borderline_pairs_are_shown_instead(films: Path, knnife: Knnife) -> None:
    done = knnife("duplicates films.knnife --threshold 0.2 --borderline 3 --json")
    assert len(done.lines) == 2  # half of those within; nothing beyond was looked for


def test_copies_are_removed_only_when_asked(films: Path, knnife: Knnife) -> None:
    assert knnife("duplicates films.knnife").code == 0
    assert knnife("get films.knnife 'Heat again'").code == 0
    done = knnife("duplicates films.knnife --apply remove")
    assert done.code == 0
    assert done.out == "Heat again\tHeat\n"
    assert "1 removed from films.knnife" in done.err
    assert knnife("get films.knnife 'Heat again'").code != 0
    assert knnife("get films.knnife Heat").code == 0
    done = knnife("duplicates films.knnife --apply remove --json")
    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize("name", ["clean.jsonl", "clean.csv"])
def test_a_clean_file_is_written_as_export_writes_it(films: Path, knnife: Knnife, name: str) -> None:
    done = knnife(f"duplicates films.knnife -o {name}")
    assert done.code == 0
    assert f"8 written to {name}" in done.err
    knnife("remove films.knnife 'Heat again'")
    assert (films / name).read_text() == knnife(f"export films.knnife --format {name[6:]}").out


def test_two_spaces_are_compared(films: Path, knnife: Knnife) -> None:
    knnife("add test.knnife more.csv --id title --text plot")
    done = knnife("duplicates films.knnife --against test.knnife --json --apply remove")
    assert [json.loads(line) for line in done.lines] == [{"removed": id, "kept": None} for id in ("Heat", "Heat again")]
    assert knnife("duplicates films.knnife --against test.knnife").out == ""


def test_arrays_have_copies_too(films: Path, knnife: Knnife) -> None:
    points = np.random.default_rng(0).standard_normal((200, 8)).astype(np.float32)
    np.save(films / "v.npy", np.vstack([points, points[7:8]]))
    done = knnife("duplicates v.npy --false-pairs 0.01 -o clean.npy")
    assert "200 written" in done.err
    assert np.array_equal(np.load(films / "clean.npy"), points)
    assert knnife("duplicates v.npy").out.split("\t")[:2] == ["7", "200"]


def test_a_copy_that_others_are_parts_of_is_not_removed(folder: Path, knnife: Knnife) -> None:
    with package.Space.open("wholes.knnife") as space:
        space.add([package.Thing("a", "the same text"), package.Thing("b", "The same text!")])
        space.add([package.Thing("c", "something else", {}, "b")])
    done = knnife("duplicates wholes.knnife --apply remove")
    assert done.code == 1
    assert "'b' is a copy, and things that stay are parts of it" in done.err
    assert knnife("get wholes.knnife b").code == 0


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("films.knnife --threshold 0.9 --false-pairs 2", 2, "give one"),
        ("films.knnife --groups --borderline 3", 2, "give one"),
        ("points.npy --apply remove", 2, "nothing can be removed"),
        ("points.npy -o clean.csv", 2, "nothing but vectors"),
        ("films.knnife -o clean.txt", 2, "ends in .jsonl"),
        ("films.knnife -o films.knnife.jsonl --keep best", 1, "keep is 'best'"),
        ("nope.knnife", 1, "nope.knnife"),
        ("points.npy --by surface", 1, "not all of"),
        ("films.knnife --against points.npy", 1, "dimensions"),
        ("films.knnife --mirrored", 1, "no pictures"),
        ("films.knnife --sheet films.html", 1, "a sheet shows pictures"),
        ("films.csv", 1, "knnife add SPACE films.csv"),
        ("nothing.zip", 1, "nothing.zip"),
        ("photos --apply remove", 2, "no space"),
        ("photos --keep longest", 1, "max:width"),
        ("photos --sheet photos", 2, "is a directory"),
        ("photos --where 'width > 100'", 2, "photos is none"),
        ("photos --threshold 7", 1, "at most 1"),
        ("photos --keep max:stars", 1, "nothing has the field 'stars'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_line(
    folder: Path, knnife: Knnife, line: str, code: int, part: str
) -> None:
    done = knnife(f"duplicates {line}")
    assert (done.code, done.out) == (code, "")
    assert part in done.err
    assert "Traceback" not in done.err


COPIES = {
    "photos/beach.jpg": ["photos/copies/beach-small.jpg"],
    "photos/city.jpg": ["photos/copies/city-darker.jpg"],
    "photos/copies/mountain-crop.jpg": ["photos/mountain.jpg"],
}


def test_pictures_need_no_space(folder: Path, knnife: Knnife) -> None:
    done = knnife("duplicates photos/ --groups --json")
    assert done.code == 0
    assert {row["kept"]: row["copies"] for row in map(json.loads, done.lines)} == COPIES
    done = knnife("duplicates 'photos/**/*.*' --mirrored -o left.jsonl --keep max:bytes")
    assert done.code == 0
    assert "4 copies, 10 things without; 10 written" in done.err
    left = {json.loads(line)["id"] for line in (folder / "left.jsonl").read_text().splitlines()}
    assert left == {path.relative_to(folder).as_posix() for path in (folder / "photos").glob("*.*")}


def test_a_sheet_is_written_to_look_at(folder: Path, knnife: Knnife) -> None:
    done = knnife("duplicates photos --mirrored --sheet copies.html")
    assert (done.code, done.out) == (0, "")
    assert "4 pairs in 4 groups: 4 copies, 10 things without; look at copies.html" in done.err
    text = (folder / "copies.html").read_text(encoding="utf-8")
    assert text.count('<figure class="marked">') == text.count("<section>") == 4
    for name in ("photos/lake.jpg", "photos/copies/lake-mirrored.jpg"):
        assert name in text


def test_broken_pictures_are_skipped_and_told(folder: Path, knnife: Knnife) -> None:
    (folder / "photos" / "empty.png").touch()
    (folder / "photos" / "cut.jpg").write_bytes((folder / "photos" / "city.jpg").read_bytes()[:3000])
    (folder / "photos" / "drawing.png").write_text("<svg xmlns='http://www.w3.org/2000/svg'></svg>")
    done = knnife("duplicates photos --groups --json")
    assert done.code == 0
    assert {row["kept"]: row["copies"] for row in map(json.loads, done.lines)} == COPIES
    assert sorted(line.split()[1].strip(":,") for line in done.err.splitlines()) == [
        "photos/cut.jpg",
        "photos/drawing.png",
        "photos/empty.png",
    ]


def test_a_space_of_pictures_is_cleaned(folder: Path, knnife: Knnife) -> None:
    assert knnife("add album.knnife photos --encoder copies").code == 0
    done = knnife("duplicates album.knnife --mirrored --keep max:width --apply remove")
    assert done.code == 0
    assert len(done.lines) == 4
    assert knnife("duplicates album.knnife --mirrored").out == ""
    assert (
        knnife("duplicates photos/copies --against album.knnife --mirrored --groups").out.count("photos/copies/") == 4
    )


def test_the_space_is_not_written_over(films: Path, knnife: Knnife) -> None:
    (films / "link.jsonl").symlink_to("films.knnife")
    done = knnife("duplicates films.knnife -o link.jsonl")
    assert done.code == 1
    assert "is what is read" in done.err
