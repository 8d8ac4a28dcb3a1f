"""Doors of pictures and files: names that are no UTF-8, formats by content, what is passed over, archives that lie."""

from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from knnife import BadInput, NotFound, Space, read
from knnife.things.passing_over import sentences
from knnife.things.pictures import picture_bytes
from knnife.things.pixels import jpeg, pixels

Image = pytest.importorskip("PIL.Image")
RED = jpeg(np.full((6, 8, 3), (200, 0, 0), np.uint8))
BLUE = jpeg(np.full((6, 8, 3), (0, 0, 200), np.uint8))


def test_a_name_that_is_no_utf8_is_escaped_and_leads_to_its_file(write):
    write("d/good.jpg", RED)
    write("d/note.md", "")
    try:
        with open(b"d/caf\xe9\xff.jpg", "wb") as file:
            file.write(BLUE)
    except OSError:
        pytest.skip("this file system takes valid names only")
    odd = r"d/caf\xe9\xff.jpg"
    for source in ("d", "d/*", ["d/good.jpg", odd], ["d/good.jpg", os.fsdecode(b"d/caf\xe9\xff.jpg")]):
        reading = read(source, pictures=True)
        assert sorted(thing.id for thing in reading) == [odd, "d/good.jpg"]
    assert pixels(odd).shape == pixels("d/good.jpg").shape
    assert [thing.value for thing in read(odd)] == [odd]
    with Space.open("a.knnife", "copies") as space:
        space.add(read("d", pictures=True))
        assert space.near(odd, k=1).ids == [[odd]]


def test_a_name_that_has_backslashes_goes_before_one_that_is_escaped(write):
    write(r"d/caf\xe9.jpg", RED)
    assert picture_bytes(r"d/caf\xe9.jpg") == RED
    with pytest.raises(NotFound):
        picture_bytes(r"d/\xe9.jpg")


def test_documents_and_tables_have_such_names_too(write):
    write("d/good.txt", "good")
    try:
        for name, text in ((b"d/caf\xe9.txt", "odd"), (b"caf\xe9.csv", "text\nx\n"), (b"caf\xe9.txt", "line")):
            Path(os.fsdecode(name)).write_text(text)
    except OSError:
        pytest.skip("this file system takes valid names only")
    assert [(thing.part_of, thing.value) for thing in read("d")] == [(r"d/caf\xe9.txt", "odd"), ("d/good.txt", "good")]
    for name in (r"caf\xe9.csv", os.fsdecode(b"caf\xe9.csv")):
        assert [(thing.id, thing.value) for thing in read(name)] == [(r"caf\xe9.csv#1", "x")]
    assert [thing.id for thing in read(os.fsdecode(b"caf\xe9.txt"))] == [r"caf\xe9.txt#1"]


def test_a_few_documents_do_not_stop_an_album_and_what_is_passed_over_is_said(write):
    write("album/raw.cr2", b"?")
    for i in range(9):
        write(f"album/{i}.jpg", RED)
    for name in (
        "README.md",
        "notes.txt",
        "a.mp3",
        "b.wav",
        "c.MP4",
        "d.jxl",
        "e.jp2",
        "f.xyz",
        "g.csv",
        "h.pdf",
        "none",
    ):
        write(f"album/{name}", b"")
    write("album/i", RED)
    reading = read("album")
    assert (len(list(reading)), reading.pictures) == (9, True)
    assert dict(reading.passed_over) == {
        "document": 2, "sound file": 2, "video": 1, "JPEG XL picture": 1, "JPEG 2000 picture": 1, "table": 1,
        "office document": 1, "raw picture of a camera": 1, "empty file": 2, "picture": 1,
    }  # fmt: skip
    said = "; ".join(sentences(reading.passed_over))
    assert "2 sound files (knnife reads no sound yet)" in said
    assert "1 raw picture of a camera" in said


@pytest.mark.parametrize(
    ("ending", "form"), [("avif", "AVIF"), ("mpo", "MPO"), ("jfif", "JPEG"), ("png", "JPEG"), ("jpg", "AVIF")]
)
def test_formats_are_told_by_content(write, ending, form):
    file = io.BytesIO()
    Image.new("RGB", (30, 20), (200, 10, 10)).save(file, form, **({"save_all": True} if form == "MPO" else {}))
    name = write(f"d/a.{ending}", file.getvalue())
    (thing,) = read("d")
    assert (thing.id, thing.about["width"], thing.about["format"]) == (
        name, 30, {"MPO": "jpeg"}.get(form, form.lower())
    )  # fmt: skip
    assert pixels(name).shape == (20, 30, 3)


@pytest.mark.parametrize(
    ("data", "called"),
    [
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\xff\x0a" + bytes(20), "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51" + bytes(20), "JPEG 2000"),
        (b"ID3" + bytes(20), "a sound"),
        (b"RIFF\0\0\0\0WAVEfmt ", "sound or a video"),
        (b"\0\0\0\x18ftypmp42" + bytes(20), "a video"),
        (b"%PDF-1.4", "a PDF"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    ],
)
def test_what_is_called_a_picture_and_is_something_else_is_called_so(write, data, called):
    with pytest.raises(BadInput, match=called):
        list(read(write("a.jpg", data)))


@pytest.mark.parametrize(
    ("packing", "stated"),
    [
        (zipfile.ZIP_DEFLATED, 10),
        (zipfile.ZIP_DEFLATED, 90 << 20),
        (zipfile.ZIP_DEFLATED, 0xFFFFFFF0),
        (zipfile.ZIP_BZIP2, 90 << 20),
        (zipfile.ZIP_LZMA, 90 << 20),
    ],
)
def test_an_archive_that_lies_about_sizes_unpacks_no_more_than_is_allowed(write, packing, stated):
    with zipfile.ZipFile("x.zip", "w", packing) as archive:
        archive.writestr("a.jpg", bytes(100 << 20))
        archive.writestr("b.jpg", RED)
    data = bytearray(Path("x.zip").read_bytes())
    for mark, place in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        at = data.find(mark) + place
        data[at : at + 4] = stated.to_bytes(4, "little")
    write("x.zip", bytes(data))
    tracemalloc.start()
    reading = read("x.zip", on_error="skip")
    assert [thing.id for thing in reading] == ["x.zip/b.jpg"]
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 250 << 20
    assert "x.zip/a.jpg" in str(reading.problems[0])


@pytest.mark.parametrize("said", [True, False])
def test_members_whose_names_are_no_utf8_are_called_by_other_letters_and_read(write, said):
    with zipfile.ZipFile("x.zip", "w") as archive:
        archive.writestr("caf\u00e9x.jpg" if said else "cafxxx.jpg", RED)
        archive.writestr("good.jpg", BLUE)
    data = Path("x.zip").read_bytes().replace("caf\u00e9x".encode() if said else b"cafxxx", b"caf\xe9\xffx")
    reading = read(write("x.zip", data), on_error="skip")
    things = list(reading)
    assert [thing.id for thing in things][1:] == ["x.zip/good.jpg"]
    assert len(things) == 2
    assert not reading.problems
    assert picture_bytes(things[0].id) == RED
