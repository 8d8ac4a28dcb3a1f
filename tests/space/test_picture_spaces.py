"""Pictures in a space: what is encoded again and what is not, what is broken, and thumbnails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knnife import BadInput, BadRow, EncoderMismatch, NotFound, ReadOnly, Space, Thing, read
from knnife.encoders import vector_cache as remembering
from knnife.errors import BadPictures
from knnife.space import batching
from knnife.space.sample import sample
from knnife.things.pixels import each_picture, jpeg, pixels

pytest.importorskip("PIL")
COLOURS = {"red": (200, 0, 0), "green": (0, 200, 0), "blue": (0, 0, 200), "white": (250, 250, 250)}

CUT = jpeg(np.random.default_rng(0).integers(0, 255, (80, 80, 3), np.uint8))[:2_000]  # its head is whole


def file_of(colour: str, side: int = 16) -> bytes:
    return jpeg(np.full((side, 2 * side, 3), COLOURS[colour], np.uint8), 95)


class Colours:
    """A picture is its mean colour."""

    name, dim, kind, fingerprint = "colours", 3, "image", "colours-1"

    def __init__(self) -> None:
        self.seen: list[str | bytes] = []

    def encode(self, values):
        self.seen += values
        return np.array(each_picture(values, lambda picture: picture.mean(axis=(0, 1)) + 1), np.float32).reshape(-1, 3)


@pytest.fixture
def encoder():
    return Colours()


@pytest.fixture
def album(tmp_path, monkeypatch):
    """red, green and blue in album/, below the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("album").mkdir()
    for name in ("red", "green", "blue"):
        Path(f"album/{name}.jpg").write_bytes(file_of(name))
    return Path("album")


@pytest.fixture
def space(album, encoder):
    with Space.open("x.knnife", encoder) as opened:
        opened.add(read("album"))
        encoder.seen.clear()
        yield opened


def counts(added) -> tuple[int, ...]:
    return added.added, added.updated, added.unchanged, added.broken, added.encoded


def test_pictures_are_found_by_pictures_and_their_names_by_words(space):
    assert space.near(file_of("red", 99), k=1).ids == [["album/red.jpg"]]
    assert space.near("album/blue.jpg", k=1).ids == [["album/blue.jpg"]]
    assert space.near(ids=["album/red.jpg"], k=3, where="format = 'jpeg'").ids[0][:2]
    assert [hit.id for hit in space.search("green", by="words")] == ["album/green.jpg"]
    about = {"width": 32, "height": 16, "format": "jpeg", "bytes": len(file_of("red"))}
    assert space.get("album/red.jpg") == [Thing("album/red.jpg", "album/red.jpg", about)]


def test_what_changed_under_its_name_is_encoded_again_and_nothing_else(space, encoder, album):
    assert counts(space.add(read("album"))) == (0, 0, 3, 0, 0)
    (album / "red.jpg").write_bytes(file_of("white"))
    assert counts(space.add(read("album"))) == (0, 1, 2, 0, 1)
    assert encoder.seen == ["album/red.jpg"]
    np.testing.assert_allclose(space.vectors(["album/red.jpg"])[1], [[251, 251, 251]], atol=2)


def test_paths_bytes_and_things_are_the_same_pictures(space, encoder):
    assert counts(space.add(["album/red.jpg"])) == (0, 0, 1, 0, 0)
    assert counts(space.add([Thing("album/blue.jpg", "album/blue.jpg")])) == (0, 1, 0, 0, 0)  # it tells less of it
    assert counts(space.add([Thing("x", file_of("white")), {"id": "y", "file": "album/red.jpg"}])) == (2, 0, 0, 0, 2)
    assert counts(space.add(list(space))) == (0, 0, 5, 0, 0)  # what it gave comes back unchanged
    assert space.near(ids=["y"], k=1).ids == [["album/red.jpg"]]


def test_a_truncated_picture_stops_what_follows_and_keeps_the_others(space, album):
    (album / "cut.jpg").write_bytes(CUT)
    (album / "white.jpg").write_bytes(file_of("white"))
    with pytest.raises(BadRow, match=r"^album/cut.jpg: is damaged, or no picture"):
        space.add(read("album"))
    assert "album/white.jpg" in space
    assert "album/cut.jpg" not in space


def test_broken_pictures_are_skipped_and_counted(space, encoder, album):
    for name in ("cut1", "cut2"):
        (album / f"{name}.jpg").write_bytes(CUT)
    (album / "empty.jpg").write_bytes(b"")
    (album / "white.jpg").write_bytes(file_of("white"))
    reading = read("album", on_error="skip")
    assert counts(space.add(reading)) == (1, 0, 3, 3, 1)
    assert [str(problem).split(":")[0] for problem in reading.problems] == [
        "album/empty.jpg",
        "album/cut1.jpg",
        "album/cut2.jpg",
    ]
    assert space.info(check=True).faults == ()


def test_broken_pictures_that_were_not_read_are_an_error_after_the_others(space):
    with pytest.raises(BadPictures, match="damaged"):
        space.add([Thing("a", file_of("white")), Thing("b", CUT), Thing("c", file_of("red"))])
    assert ("a" in space, "b" in space, "c" in space) == (True, False, True)


def test_vectors_are_remembered_by_what_is_in_a_picture(album, encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    with Space.open("a.knnife", encoder) as one:
        one.add(read("album"))
        (album / "red.jpg").rename(album / "rouge.jpg")
        (album / "copy.jpg").write_bytes(file_of("blue"))
        (album / "green.jpg").write_bytes(file_of("white"))
        encoder.seen.clear()
        with pytest.warns(UserWarning, match=r"gone from album .*red.jpg"):
            one.add(read("album"))
        assert encoder.seen == ["album/green.jpg"]
        assert one.near(ids=["album/copy.jpg"], k=1).scores[0, 0] == pytest.approx(1)
    with Space.open("b.knnife", encoder) as other:
        other.add([file_of("red")])
    assert encoder.seen == ["album/green.jpg"]


def test_what_is_remembered_tells_which_pictures_are_broken(encoder, tmp_path, monkeypatch):
    monkeypatch.setenv("KNNIFE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remembering, "PIECE", 3)
    good, bad = file_of("red"), b"broken"
    values = [good, good, bad, good, file_of("blue"), bad, bad, file_of("green")]
    with pytest.raises(BadPictures) as raised:
        remembering.encode(encoder, values)
    assert sorted(raised.value.faults) == [2]  # the first piece stops
    with pytest.raises(BadPictures) as raised:
        remembering.encode(encoder, values[3:])
    assert sorted(raised.value.faults) == [2]
    with pytest.raises(BadPictures, match="no such picture: none.jpg") as raised:
        remembering.encode(encoder, [good, good, good, good, "none.jpg"])
    assert sorted(raised.value.faults) == [4]


def test_pictures_want_an_encoder_of_pictures(album, encoder, tmp_path):
    with (
        Space.open("texts.knnife") as texts,
        pytest.raises(BadInput, match=r'album/blue.jpg is a picture, and the encoder english takes text.*"copies"'),
    ):
        texts.add(read("album"))
    with Space.open("x.knnife", encoder) as pictures, pytest.raises(BadRow, match="no such picture: a text"):
        pictures.add(["a text"])
    with pytest.raises(BadInput, match=r'things: which encoder is meant, encoder=…\? .*"copies".*SceneEncoder'):
        sample(read("album"))


def test_tools_are_asked_about_pictures_that_were_read(album, encoder):
    (album / "cut.jpg").write_bytes(CUT)
    reading = read("album", on_error="skip")
    found = sample(reading, encoder=encoder)
    assert found.ids == ["album/blue.jpg", "album/green.jpg", "album/red.jpg"]
    assert (found.vectors.shape, reading.broken) == ((3, 3), 1)
    with pytest.raises(BadRow, match="album/cut.jpg: is damaged"):
        sample(read("album"), encoder=encoder)
    with pytest.raises(BadPictures):
        sample(list(read("album")), encoder=encoder)


def test_vectors_that_are_brought_along_need_no_decoding(album):
    with Space.open("v.knnife") as space:
        added = space.add(read("album"), np.eye(3))
        assert (added.added, added.encoded) == (3, 0)
        assert space.near(np.eye(3)[1], k=1).ids == [["album/green.jpg"]]


def test_large_values_make_small_batches(monkeypatch):
    monkeypatch.setattr(batching, "LARGEST_BYTES", 100)
    things = [Thing(str(n), bytes(60)) for n in range(5)] + [Thing("t", "text")]
    assert [len(batch) for batch in batching.batches_of(enumerate(things, 1))] == [2, 2, 2]


# --- thumbnails -------------------------------------------------------------------------------------------------


def shape(space: Space, id: str) -> tuple[int, ...] | None:
    small = space.thumbnail(id)
    return None if small is None else pixels(small).shape


def test_thumbnails_come_and_go_with_their_things(space, album):
    assert space.thumbnail("album/red.jpg") is None
    space.add(read("album"), thumbnails=16)  # what was there already gets one, too
    assert shape(space, "album/red.jpg") == (8, 16, 3)
    assert np.abs(pixels(space.thumbnail("album/red.jpg")).mean(axis=(0, 1)) - COLOURS["red"]).max() < 5
    (album / "red.jpg").write_bytes(file_of("white"))
    space.add(read("album"))  # asked for once is asked for later additions
    assert pixels(space.thumbnail("album/red.jpg")).min() > 240
    assert space.info().thumbnails == 3
    space.remove("album/red.jpg")
    assert (space.info().thumbnails, space.info(check=True).faults) == (2, ())
    with pytest.raises(NotFound):
        space.thumbnail("album/red.jpg")
    space.add(read("album"), thumbnails=0)
    assert shape(space, "album/red.jpg") is None
    assert shape(space, "album/blue.jpg") == (8, 16, 3)


def test_a_picture_that_has_a_thumbnail_gets_no_other(space, monkeypatch):
    space.add(read("album"), thumbnails=16)
    monkeypatch.setattr("knnife.things.pixels.each_picture", None)
    assert counts(space.add(read("album"))) == (0, 0, 3, 0, 0)


def test_thumbnails_are_made_of_pictures_that_bring_their_vectors(album):
    with Space.open("v.knnife") as space:
        (album / "cut.jpg").write_bytes(CUT)
        things = [thing._replace(vector=[1.0, 2.0]) for thing in read("album")] + [Thing("t", "a text", vector=[0, 1])]
        with pytest.raises(BadPictures, match="^album/cut.jpg is damaged"):
            space.add(things, thumbnails=32)
        assert space.info().thumbnails == 3
        assert (space.thumbnail("t"), "album/cut.jpg" in space) == (None, False)


def test_thumbnails_are_there_or_not_with_their_transaction(space, album, monkeypatch):
    (album / "white.jpg").write_bytes(file_of("white"))
    monkeypatch.setattr("knnife.space.sqlite.writer.SqliteWriter.end", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        space.add(read("album"), thumbnails=16)
    monkeypatch.undo()
    assert (space.info().thumbnails, "album/white.jpg" in space) == (0, False)


@pytest.mark.parametrize("side", [3, 5_000, -1, 1.5, "large"])
def test_sides_of_thumbnails_are_checked(space, side):
    with pytest.raises(BadInput, match=r"thumbnails=.*expected a side of 16 to 2,048 pixels, or 0"):
        space.add([], thumbnails=side)


def test_what_a_foreign_hand_kept_of_thumbnails_is_refused(space):
    space.add(read("album"), thumbnails=16)
    with space._store.write() as writer:
        db = writer._db
        db.execute("UPDATE thumbnails SET picture = 10000000000")
        db.execute("UPDATE settings SET value = 'large' WHERE name = 'thumbnails'")
    assert space.thumbnail("album/red.jpg") is None
    with pytest.raises(BadInput, match=r"the file .*x.knnife says thumbnails='large': expected a side"):
        space.add([])


def test_a_space_without_thumbnails_has_no_table_for_them(space):
    with space._store.read() as snapshot:
        assert snapshot._db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'thumbnails'").fetchone() == (0,)
    with Space.open("x.knnife", read_only=True) as reader, pytest.raises(ReadOnly):
        reader.add([], thumbnails=16)


def test_another_encoder_is_refused_and_reencoding_reads_the_pictures_again(space, encoder):
    other = Colours()
    other.fingerprint = "colours-2"
    with pytest.raises(EncoderMismatch):
        Space.open("x.knnife", other)
    assert space.reencode(other).encoded == 3
    assert sorted(other.seen) == ["album/blue.jpg", "album/green.jpg", "album/red.jpg"]


def test_paths_of_pictures_are_not_encoded_as_texts_nor_texts_as_pictures(space, encoder):
    with pytest.raises(BadInput, match=r'were encoded as image, and the encoder english takes text: .*"copies"'):
        space.reencode("english")
    assert [view.name for view in space.info().views] == [encoder.name]
    with Space.open("texts.knnife") as texts:
        texts.add(["a text"])
        with pytest.raises(BadInput, match="were encoded as text, and the encoder colours takes image"):
            texts.reencode(encoder)
