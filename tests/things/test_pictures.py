"""Pictures read: files, folders, patterns, archives, lists, tables, standard input; and what is wrong with some."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests import drawn

from knnife import BadInput, BadRow, NotFound, Thing, read
from knnife.things import as_things, kind_within
from knnife.things.pictures import PicturePath, content, picture_bytes
from knnife.things.pixels import jpeg, pixels

pytest.importorskip("PIL")
RED = jpeg(np.full((6, 8, 3), (200, 0, 0), np.uint8))
BLUE = jpeg(np.full((6, 8, 3), (0, 0, 200), np.uint8))


@pytest.fixture
def album(write):
    write("album/b.jpg", RED)
    write("album/a/c.JPEG", BLUE)
    write("album/.hidden/x.jpg", RED)
    write("album/.x.jpg", RED)
    write("album/raw.cr2", b"?")
    os.symlink(os.path.abspath("album"), "album/a/loop")


def test_a_folder_of_pictures_is_read_in_the_order_of_paths(album):
    reading = read("album")
    things = list(reading)
    assert [thing.id for thing in things] == ["album/a/c.JPEG", "album/b.jpg"]
    assert [thing.value for thing in things] == ["album/a/c.JPEG", "album/b.jpg"]
    assert things[1].about == {"width": 8, "height": 6, "format": "jpeg", "bytes": len(RED)}
    assert (reading.pictures, reading.skipped, reading.fraction, reading.complete) == (True, 1, 1.0, False)
    assert isinstance(things[1].value, PicturePath)
    assert things[1].value.content == content(RED)


@pytest.mark.parametrize("source", ["album/*.jpg", "album/**/b.*", "album/b.jpg", ["album/b.jpg"], ["album/*.jpg"]])
def test_files_and_patterns_name_pictures(album, source):
    reading = read(source)
    assert [thing.id for thing in reading] == ["album/b.jpg"]
    assert reading.pictures


def test_a_pattern_of_documents_reads_documents(write):
    write("d/a.md", "# A\na")
    write("d/e/b.md", "# B\nb")
    reading = read("d/**/*.md")
    assert [thing.part_of for thing in reading] == ["d/a.md", "d/e/b.md"]
    assert (reading.pictures, reading.complete) == (False, True)


@pytest.mark.parametrize("source", ["d/*.xyz", "d/*.csv"])
def test_a_pattern_of_neither_is_an_error_and_no_empty_reading(write, source):
    write("d/a.xyz", "a")
    write("d/t.csv", "text\na\n")
    with pytest.raises(BadInput, match=r"no documents there.*tables are read by their own names"):
        list(read(source))


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(write):
    write("a[1].jpg", RED)
    write("a1.jpg", RED)
    assert [thing.id for thing in read("a[1].jpg")] == ["a[1].jpg"]
    assert [thing.id for thing in read("a[0-9].jpg")] == ["a1.jpg"]


def test_a_folder_of_documents_with_a_few_pictures_is_read_as_documents(album, write):
    write("album/a.txt", "a")
    write("album/b.md", "b")
    for source in ("album", "album/*"):
        reading = read(source)
        assert [thing.value for thing in reading] == ["a", "b"]
        assert (reading.pictures, reading.complete) == (False, True)
    assert (reading.skipped, reading.pictures_skipped) == (2, 1)  # by the pattern b.jpg and raw.cr2


def test_a_folder_of_more_pictures_than_documents_asks_which(album, write):
    write("album/read me.txt", "what is this")
    with pytest.raises(BadInput, match=r"pictures \(2\) and documents \(1\).*pictures=True.*--no-pictures"):
        read("album")
    assert len(list(read("album", pictures=True))) == 2
    assert [thing.value for thing in read("album", pictures=False)] == ["what is this"]


def test_an_archive_is_read_where_it_lies(album, write):
    with zipfile.ZipFile("x.zip", "w") as archive:
        for name in ("z/b.jpg", "a.jpg", "__MACOSX/z/b.jpg", "z/.b.jpg", "/etc/b.jpg", "notes.txt"):
            archive.writestr(name, RED)
        archive.writestr("z/cut.jpg", RED[:20])
        archive.mkdir("z/folder.jpg")
    reading = read("x.zip", on_error="skip")
    assert [(thing.id, thing.value) for thing in reading] == [("x.zip/a.jpg",) * 2, ("x.zip/z/b.jpg",) * 2]
    assert (reading.skipped, reading.broken) == (2, 1)
    assert pixels("x.zip/z/b.jpg").shape == (6, 8, 3)
    with pytest.raises(NotFound, match=r"z/none.jpg is not in x.zip"):
        pixels("x.zip/z/none.jpg")
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.writestr("other.jpg", BLUE)
    assert [thing.id for thing in read("x.zip")] == ["x.zip/other.jpg"]  # the file as it is now
    assert picture_bytes("x.zip/other.jpg") == BLUE


def test_what_is_no_archive_is_refused(write):
    with pytest.raises(BadInput, match=r"x.zip cannot be read out of a zip archive"):
        list(read(write("x.zip", b"PK\3\4 no")))
    with zipfile.ZipFile("y.zip", "w") as archive:
        archive.writestr("notes.txt", "a")
    reading = read("y.zip")
    with pytest.raises(BadInput, match=r"y.zip: no pictures there, expected files that end in .avif .bmp"):
        list(reading)
    assert reading.skipped == 1


def test_a_member_that_is_damaged_is_a_fault(write):
    with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", os.urandom(5_000))
        archive.writestr("b.jpg", RED)
    data = bytearray(Path("x.zip").read_bytes())
    data[500:600] = bytes(100)
    write("x.zip", bytes(data))
    reading = read("x.zip", on_error="skip")
    assert [thing.id for thing in reading] == ["x.zip/b.jpg"]
    assert "cannot be read out of a zip archive" in str(reading.problems[0])


def test_a_member_larger_than_any_picture_is_not_unpacked(write, monkeypatch):
    monkeypatch.setattr("knnife.things.pictures.LARGEST", 1 << 20)
    with zipfile.ZipFile("x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", bytes((1 << 20) + 1))
        archive.writestr("b.jpg", RED)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("it was unpacked"))
    with pytest.raises(BadInput, match="x.zip/a.jpg cannot be read out of a zip archive: it has more than 1 MB"):
        picture_bytes("x.zip/a.jpg")


def test_members_that_are_encrypted_or_lead_out_of_their_archive_are_left_alone(write):
    with zipfile.ZipFile("x.zip", "w") as archive:
        for name in ("../up.jpg", "/etc/b.jpg", "a/../../c.jpg", "b.jpg", "secret.jpg"):
            archive.writestr(name, RED)
    data = bytearray(Path("x.zip").read_bytes())
    data[data.rfind(b"PK\1\2") + 8] |= 1  # the bit that says encrypted, of the last one
    data[data.rfind(b"PK\3\4") + 6] |= 1
    write("x.zip", bytes(data))
    reading = read("x.zip", on_error="skip")
    assert [thing.id for thing in reading] == ["x.zip/b.jpg"]
    assert "x.zip/secret.jpg" in str(reading.problems[0])
    assert "encrypted" in str(reading.problems[0])


BAD = {
    "cut.png": drawn.png_head(50_000, 50_000),
    "drawing.jpg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "empty.jpg": b"",
    "text.gif": b"not a picture",
}


def test_broken_pictures_stop_or_are_skipped_with_a_report(write):
    for name, data in BAD.items():
        write(f"d/{name}", data)
    write("d/good.jpg", RED)
    with pytest.raises(BadRow, match=r"d/cut.png: is too large to be decoded safely"):
        list(read("d"))
    reading = read("d", on_error="skip")
    assert [thing.id for thing in reading] == ["d/good.jpg"]
    assert reading.broken == 4
    told = [str(problem) for problem in reading.problems]
    for line, why in zip(told, ["too large", "SVG", "is empty", "no picture that can be read"], strict=True):
        assert why in line
        assert line.count("d/") == 1  # each is named once


@pytest.mark.parametrize(
    ("source", "how", "why"),
    [
        ("none.jpg", {}, "no such file or folder: none.jpg"),
        ("none/*.jpg", {}, r"no file matches the pattern none/\*.jpg"),
        ("a.txt", {"picture": "file"}, "a.txt has no pictures"),
        ("python:json", {"pictures": True}, "has no pictures"),
        ("b.jpg", {"pictures": False}, "b.jpg holds pictures, and pictures=False"),
        ("b.jpg", {"id": "x"}, "b.jpg has no columns"),
        ("empty", {"pictures": True}, "empty: no pictures there"),
        (["b.jpg", "a.txt"], {}, "read takes a path, got list; of several, only pictures.*got 'a.txt'"),
        ([], {}, "got none at all"),
        ("t.csv", {"picture": "none"}, "t.csv has no column none"),
        ("t.csv", {"pictures": True}, r"which column has the paths of the pictures.*--picture.*are: name"),
        ("t.csv", {"picture": "name", "text": "name"}, "leave out text= and row="),
    ],
)
def test_what_holds_no_pictures_is_told(write, source, how, why):
    write("b.jpg", RED)
    write("a.txt", "a")
    write("t.csv", "name\nx\n")
    os.mkdir("empty")
    with pytest.raises((BadInput, NotFound), match=why):
        list(read(source, **how))


def test_a_table_names_pictures_relative_to_itself(write):
    write("d/p/a.jpg", RED)
    write(
        "d/t.csv",
        "name,photo,width,place\nfirst,p/a.jpg,9,home\nsecond,p/none.jpg,,\nthird,,,\nfourth,https://a.org/b.jpg,,\n",
    )
    reading = read("d/t.csv", picture="photo", id="name", on_error="skip")
    (thing,) = reading
    assert (thing.id, thing.value, reading.pictures) == ("first", "d/p/a.jpg", True)
    assert thing.about == {"width": 9, "height": 6, "format": "jpeg", "bytes": len(RED), "place": "home"}
    assert "line 3: no such picture: d/p/none.jpg" in str(reading.problems[0])
    assert "line 4: expected the path of a picture, or its bytes, found ''" in str(reading.problems[1])
    assert "line 5: https://a.org/b.jpg is an address; expected the path" in str(reading.problems[2])
    assert [thing.id for thing in read("d/t.csv", pictures=True, on_error="skip")] == ["d/t.csv#1"]  # a usual name


def test_a_parquet_file_holds_bytes_or_paths_and_bytes(write):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as parquet

    cells = {"id": ["a", "b"], "image": [RED, BLUE], "label": [1, 2]}
    parquet.write_table(pyarrow.table(cells), "t.parquet")
    cells["image"] = [{"bytes": RED, "path": "a.jpg"}, {"bytes": BLUE, "path": "b.jpg"}]
    parquet.write_table(pyarrow.table(cells), "u.parquet")
    for name in ("t.parquet", "u.parquet"):
        things = list(read(name, picture="image"))
        assert [(thing.id, thing.value, thing.about["label"]) for thing in things] == [("a", RED, 1), ("b", BLUE, 2)]


def test_paths_come_on_standard_input(write, monkeypatch):
    write("a b.jpg", RED)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a b.jpg\n\nnone.jpg\n")))
    reading = read("-", pictures=True, on_error="skip")
    assert [thing.id for thing in reading] == ["a b.jpg"]
    assert [str(problem) for problem in reading.problems] == ["none.jpg: no such picture: none.jpg"]


def test_what_python_holds_becomes_pictures_where_these_are_wanted(write):
    path = write("a.jpg", RED)
    given = [path, RED, {"id": "x", "image": path, "place": "home"}, Thing("y", path), Thing("z", path, vector=[1.0])]
    given += [Path(path), bytearray(RED)]
    things = list(as_things(given, pictures=True, picture="image"))
    assert [thing.id for thing in things] == [path, None, "x", "y", "z", path, None]
    assert [thing.value for thing in things] == [path, RED, path, path, path, path, RED]
    types = [PicturePath, bytes, PicturePath, PicturePath, str, PicturePath, bytes]
    assert [type(thing.value) for thing in things] == types
    assert things[2].about["place"] == "home"
    with pytest.raises(BadRow, match=r"row 1: no such picture: a long walk"):
        list(as_things(["a long walk"], pictures=True))
    with pytest.raises(BadRow, match="expected a path, bytes, a mapping or a Thing, found int"):
        list(as_things([3], pictures=True))


def test_pictures_are_told_from_other_things(write):
    path = write("a.jpg", RED)
    found = list(read(path))
    assert all(kind_within(each).in_files for each in [read(path), found, found[0], [RED], [Thing("x", RED)]])
    assert not any(
        kind_within(each).in_files
        for each in [[path], read(write("a.txt", "a")), [], "a.jpg", None, [Thing("x", path)], 3]
    )
