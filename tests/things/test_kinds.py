"""The kinds of things: every kind answers every question, hashes stay what they are, unknown kinds are met halfway."""

from __future__ import annotations

import dataclasses
import sqlite3
from hashlib import blake2b
from types import SimpleNamespace

import numpy as np
import pytest

import knnife
from knnife.encoders.protocol import check_values, encode_text, reading_for
from knnife.errors import BadInput, NotFound
from knnife.things import Thing
from knnife.things.kinds import KINDS, Kind, hashed, kind, kind_of, kind_of_file
from knnife.things.pictures import PicturePath

PATH = PicturePath("a/b.jpg", bytes(range(16)))
JPEG = b"\xff\xd8x"


def digest(hashed: tuple[bytes, bytes]) -> str:
    data, person = hashed
    return blake2b(data, digest_size=16, person=person).hexdigest()


def encoder(of: str) -> SimpleNamespace:
    return SimpleNamespace(name="mine", kind=of, dim=2, encode=lambda values: np.ones((len(values), 2), np.float32))


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_answers_every_question(name):
    found = kind(name)
    assert found.name == name
    assert found.noun
    assert found.shares_values(found)
    for each in dataclasses.fields(Kind):
        assert getattr(found, each.name) is not None, each.name
    assert found.in_files == bool(found.endings)
    assert found.default_encoder or found.encoders or found.whole_rows  # or nobody could tell what to do


def test_what_encoders_of_each_kind_take():
    values = {"text": "a car", "row": {"a": 1}, "path": PATH, "bytes": JPEG, "number": 3}
    taken = {name: {each for each, value in values.items() if kind(name).takes(value)} for name in [*KINDS, "sound"]}
    assert taken == {
        "text": {"text"},
        "row": {"text", "row"},
        "image": {"text", "path", "bytes"},
        "face": {"text", "path", "bytes"},
        "history": {"row"},
        "sound": {"row", "path", "bytes", "number"},
    }


def test_how_things_of_each_kind_are_read():
    assert {name: reading_for(encoder(name)) for name in [*KINDS, "sound"]} == {
        "text": {},
        "row": {"row": True, "leave_out": ()},
        "image": {"pictures": True},
        "face": {"pictures": True},
        "history": {},
        "sound": {},
    }


def test_which_kinds_share_their_values():
    pairs = {(a, b) for a in [*KINDS, "sound"] for b in KINDS if kind(a).shares_values(kind(b))}
    groups = ("text", "row", "sound"), ("image", "face"), ("history",)
    assert pairs == {(a, b) for group in groups for a in group for b in group if b != "sound"}


def test_faces_and_histories_are_not_cached_and_other_things_are():
    assert [name for name in [*KINDS, "sound"] if not kind(name).cached] == ["face", "history"]


def test_the_kind_of_a_value():
    values = ["a car", {"a": 1}, PATH, JPEG, "a/b.jpg", None, 3]
    assert [kind_of(value).name for value in values] == ["text", "row", "image", "image", "text", "", ""]


def test_the_kind_of_a_file():
    assert kind_of_file("photos/Beach.JPG") is kind("image")
    assert kind_of_file("films.csv") is kind_of_file("a jpg") is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a text", "bbabfebc6b3011df8ca2bb8429a6eb14"),
        ("Grüße", "ce7ddacff05b42a5ff4312dc7ee6f6f1"),
        (PATH, "dec50d08c74c564f2f7a55048c52ea22"),
        (JPEG, "925326221f249f7932418c171f4f65ad"),
        (bytearray(JPEG), "925326221f249f7932418c171f4f65ad"),
    ],
)
def test_content_hashes_are_those_of_every_space_there_is(value, expected):
    assert digest(hashed(value)) == expected


def test_the_same_hashes_stand_in_the_file_of_a_space(tmp_path):
    with knnife.Space.open(tmp_path / "a.knnife") as space:
        space.add([Thing("a", "a text", vector=[1.0]), Thing("b", None, vector=[1.0]), Thing("c", PATH, vector=[1.0])])
    with sqlite3.connect(tmp_path / "a.knnife") as db:
        found = {id: content.hex() for id, content in db.execute("SELECT id, content FROM things")}
    assert found == {
        "a": "332712ac45b9aaeaed6307949bd7a388",
        "b": "9acb8a51f59721edfafbe938e298e33d",
        "c": "dc03b3be916663f145c8c08426430709",
    }


def test_what_the_cache_knows_values_by(tmp_path):
    (tmp_path / "a.jpg").write_bytes(JPEG)
    path = str(tmp_path / "a.jpg")
    assert kind("text").cache_key("a\ud800") == kind("row").cache_key("a\ud800") == (b"a\xed\xa0\x80", b"text")
    assert kind("sound").cache_key(b"x") == (b"x", b"bytes")
    keys = [kind("image").cache_key(value) for value in (path, JPEG, PicturePath.of("elsewhere", JPEG))]
    assert set(keys) == {(blake2b(JPEG, digest_size=16, person=b"picture").digest(), b"picture")}
    with pytest.raises(NotFound):
        kind("image").cache_key("nowhere.jpg")


def test_a_kind_of_somebody_else_is_taken_as_it_comes():
    mine = encoder("sound")
    check_values(mine, [JPEG, PATH, 3])
    assert encode_text(mine, ["a song"]) is None
    with pytest.raises(BadInput, match="encoder mine takes sound, not str: 'a song'"):
        check_values(mine, ["a song"])
    assert kind("sound").name == "sound"
    assert not kind(None).in_files


def test_what_is_no_name_is_no_kind():
    with pytest.raises(BadInput, match=r"such as text, row, image, face, history; got list: \['image'\]"):
        kind(["image"])  # type: ignore[arg-type]
