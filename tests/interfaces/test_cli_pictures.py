"""`knnife add` with pictures, and what other commands show of them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from tests import drawn

from knnife import Space
from knnife.things.pixels import pixels

pytest.importorskip("PIL")
pytest.importorskip("cv2")


def told(outcome) -> dict:
    return json.loads(outcome.lines[-1])


def test_a_folder_of_pictures_makes_a_space_that_learned_from_them(knnife, folder):
    done = knnife("add new.knnife photos/b*.jpg photos/copies")
    assert done.code == 0
    assert done.lines[0] == "photos/b*.jpg, photos/copies: learned from 6 pictures what tells them apart"
    assert done.lines[1].startswith("photos/b*.jpg: 2 added, 2 encoded")
    for again in ("", "--encoder scenes"):
        assert "4 unchanged" in knnife(f"add new.knnife photos/copies {again}").out
    view = json.loads(knnife("info new.knnife --json").out)["views"][0]
    assert (view["encoder"], view["kind"]) == ("scenes", "image")
    near = knnife("near new.knnife photos/copies/beach-small.jpg -k 2 --json").lines
    assert [json.loads(line)["id"] for line in near] == ["photos/copies/beach-small.jpg", "photos/beach.jpg"]


def test_files_named_one_by_one_are_one_source(knnife, folder):
    done = knnife("add new.knnife photos/beach.jpg photos/lake.jpg photos/city.jpg --encoder copies --json")
    assert (done.code, told(done)["source"], told(done)["added"]) == (0, "3 pictures", 3)


def test_the_encoder_may_be_named(knnife, folder):
    for _ in range(2):
        done = knnife("add new.knnife 'photos/**/*.jpg' --encoder copies --json")
        assert (done.code, done.err) == (0, "")
    assert (told(done)["unchanged"], told(done)["source"]) == (12, "photos/**/*.jpg")
    other = knnife("add films.knnife photos --encoder copies")
    assert other.code == 1
    assert "were made by english" in other.err


def test_scenes_are_not_learned_into_a_space_of_something_else(knnife, folder):
    done = knnife("add photos.knnife photos --encoder scenes")
    assert done.code == 1
    assert "the vectors of photos.knnife were made by copies; for scenes, put the pictures into a new space" in done.err
    done = knnife("add films.knnife photos")
    assert done.code == 1
    assert "photos/beach.jpg is a picture, and the encoder english takes text" in done.err


def test_one_picture_is_too_few_to_learn_from(knnife, folder):
    done = knnife("add new.knnife photos/beach.jpg")
    assert done.code == 1
    assert "takes 2 or more. With --encoder copies nothing is learned" in done.err
    assert not Path("new.knnife").exists()


def test_tables_and_archives_hold_pictures(knnife, folder):
    done = knnife("add new.knnife photos.csv --picture file --id name --encoder copies --json")
    assert (done.code, told(done)["added"]) == (0, 3)
    with Space.open("new.knnife", read_only=True) as space:
        (thing,) = space.get(["beach"])
    assert (thing.value, thing.about["place"], thing.about["width"]) == ("photos/beach.jpg", "water", 320)
    with zipfile.ZipFile("photos.zip", "w") as archive:
        archive.write("photos/beach.jpg", "beach.jpg")
    assert told(knnife("add new.knnife photos.zip --json"))["added"] == 1
    assert told(knnife("add new.knnife photos.csv --id name --json"))["unchanged"] == 3  # the space takes pictures


def test_broken_pictures_stop_or_are_skipped(knnife, folder):
    Path("photos/aa.png").write_bytes(drawn.png_head(50_000, 50_000))
    Path("photos/zz.jpg").write_bytes(Path("photos/lake.jpg").read_bytes()[:9_000])
    Path("photos/zz.svg").write_text("<svg/>")
    stopped = knnife("add new.knnife photos")
    assert stopped.code == 1
    assert "photos/aa.png: is too large to be decoded safely" in stopped.err
    assert "Nothing is stored; --on-error skip leaves such pictures out" in stopped.err
    assert not Path("new.knnife").exists()
    Path("photos/aa.png").unlink()
    stopped = knnife("add new.knnife photos --encoder copies")
    assert stopped.code == 1
    assert "photos/zz.jpg: is damaged, or no picture" in stopped.err
    assert "What came before it is stored" in stopped.err
    skipped = knnife("add new.knnife photos --on-error skip --json")
    assert (skipped.code, told(skipped)["broken"], told(skipped)["unchanged"]) == (0, 1, 14)
    first, last = skipped.err.splitlines()
    assert first.startswith("skipped photos/zz.jpg: is damaged, or no picture")
    assert last == "skipped 1 drawing (not read: export them as PNG)"


def test_a_folder_of_both_asks_which(knnife, folder):
    Path("photos/read-me.md").write_text("# Photos\n\nOf last summer.\n")
    done = knnife("add few.knnife photos --encoder copies --json")
    assert (done.code, told(done)["added"]) == (0, 14)
    assert "1 document (--no-pictures takes these, and into another space)" in done.err
    for i in range(4):
        Path(f"photos/{i}.md").write_text("# One more\n\nDocument.\n")
    asked = knnife("add new.knnife photos")
    assert (asked.code, "--pictures or --no-pictures" in asked.err) == (1, True)
    assert told(knnife("add new.knnife photos --no-pictures --json"))["added"] == 5
    assert told(knnife("add more.knnife photos --pictures --encoder copies --json"))["added"] == 14


def test_pictures_among_as_many_documents_are_passed_over_and_told(knnife, folder):
    Path("photos/copies/a.md").write_text("a")
    for name in ("lake-mirrored.jpg", "city-darker.jpg", "mountain-crop.jpg"):
        Path("photos/copies", name).unlink()
    done = knnife("add new.knnife photos/copies --json")
    assert (done.code, told(done)["added"]) == (0, 1)
    hint = "skipped 1 picture (--pictures takes these, and into another space)"
    assert hint in done.err


def test_thumbnails_are_kept_and_taken_out(knnife, folder):
    assert knnife("add photos.knnife photos --thumbnails 64").code == 0
    assert "thumbnails\t14" in knnife("info photos.knnife").lines
    done = knnife("get photos.knnife photos/beach.jpg --thumbnail small.jpg")
    assert done.code == 0
    assert pixels("small.jpg").shape == (48, 64, 3)
    none = knnife("get films.knnife Heat --thumbnail none.jpg")
    assert (none.code, Path("none.jpg").exists()) == (1, False)
    assert "Heat has no thumbnail: knnife add films.knnife SOURCE --thumbnails 256 keeps them" in none.err
    assert knnife("get photos.knnife photos/beach.jpg photos/lake.jpg --thumbnail small.jpg").code == 2


def test_pictures_are_exported_by_their_paths_and_come_back(knnife, folder):
    assert knnife("export photos.knnife -o photos.jsonl").code == 0
    assert told(knnife("add photos.knnife photos.jsonl --id id --picture value --json"))["unchanged"] == 14


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("add new.knnife photos.csv --picture file --text place", "leave out text="),
        ("add new.knnife photos.csv --picture file --row", "--picture cannot go with --row"),
        ("add new.knnife films.csv --picture title --id title --encoder copies", "no such picture: The Sting"),
        ("add new.knnife films.csv --pictures --encoder copies", "which column has the paths of the pictures"),
        ("add new.knnife photos --thumbnails 3 --encoder copies", "expected a side of 16 to 2,048 pixels, or 0"),
        ("add new.knnife 'none/*.jpg'", "no file matches the pattern none/*.jpg"),
    ],
)
def test_wrong_use_is_told(knnife, folder, line, why):
    done = knnife(line)
    assert done.code in (1, 2)
    assert why in done.err
    assert len(done.err.splitlines()) == 1
