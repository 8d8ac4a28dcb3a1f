"""Every kind of picture, as upright RGB; and what is none."""

from __future__ import annotations

import io
import pickle
import threading

import numpy as np
import pytest
from tests import drawn
from tests.conftest import shared

from knnife.errors import BadInput, BadPictures, MissingPackage, NotFound
from knnife.things import pixels as decoding
from knnife.things.pictures import PicturePath, content, picture_bytes
from knnife.things.pixels import described, each_picture, jpeg, pixels

Image = pytest.importorskip("PIL.Image")
SCENE = drawn.scene("city", 64, 48)


def saved(picture, format: str, **how) -> bytes:
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, format, **how)
    return file.getvalue()


def far(a, b) -> float:
    """The mean difference of two pictures, in levels of 255."""
    assert a.shape == b.shape
    assert a.dtype == np.uint8
    return float(np.abs(a.astype(int) - b.astype(int)).mean())


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM"])
def test_formats_without_loss_come_back_as_they_were(format):
    data = saved(SCENE, format)
    assert (pixels(data) == SCENE).all()
    assert described(data, "x")["format"] == {"PPM": "pnm"}.get(format, format.lower())


@pytest.mark.parametrize("format", ["JPEG", "WEBP"])
def test_formats_with_loss_come_back_nearly(format):
    assert far(pixels(saved(SCENE, format, quality=95)), SCENE) < 6


def test_a_picture_written_by_hand_is_read():
    data = b"P5 3 2 255\n" + bytes([0, 128, 255, 255, 128, 0])
    assert pixels(data)[..., 0].tolist() == [[0, 128, 255], [255, 128, 0]]


def test_heic_is_read():
    pytest.importorskip("pi_heif")
    found = pixels(drawn.HEIC)
    assert found.shape == (32, 48, 3)
    assert np.abs(found[[4, 4, 28], [2, 30, 30]].astype(int) - [[240] * 3, [220, 40, 40], [40, 60, 200]]).max() < 8
    about = described(drawn.HEIC, "x")
    assert (about["format"], about["taken"]) == ("heic", "2023-05-06T07:08:09")


@pytest.mark.parametrize("held", range(1, 9))
def test_every_way_to_hold_a_camera_is_turned_upright(held):
    back = {
        1: lambda p: p,
        2: np.fliplr,
        3: lambda p: np.rot90(p, 2),
        4: np.flipud,
        5: lambda p: p.swapaxes(0, 1),
        6: np.rot90,
        7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
        8: lambda p: np.rot90(p, 3),
    }
    exif = Image.Exif()
    exif[0x0112] = held
    data = saved(np.ascontiguousarray(back[held](SCENE)), "PNG", exif=exif)
    assert (pixels(data) == SCENE).all()
    assert {name: described(data, "x")[name] for name in ("width", "height")} == {"width": 64, "height": 48}


def test_what_printers_and_scanners_write_becomes_8_bits_of_rgb():
    cmyk = saved(Image.fromarray(SCENE).convert("CMYK"), "JPEG", quality=98)
    assert far(pixels(cmyk), SCENE) < 8
    grey = np.linspace(0, 65_535, 256).astype(np.uint16).reshape(16, 16)
    for format in ("PNG", "TIFF"):
        found = pixels(saved(grey, format))
        assert found.shape == (16, 16, 3)
        assert (found[..., 0].ravel() == np.arange(256)).all()
    assert (pixels(saved(Image.fromarray(grey > 30_000), "PNG"))[..., 0] == (grey > 30_000) * 255).all()
    real = (np.arange(256, dtype=np.float32) / 255).reshape(16, 16)
    assert (pixels(saved(Image.fromarray(real, "F"), "TIFF"))[..., 0].ravel() == np.arange(256)).all()


def test_palettes_are_looked_up():
    few = Image.fromarray(SCENE).convert("P", palette=Image.Palette.ADAPTIVE, colors=16)
    assert (pixels(saved(few, "PNG")) == np.asarray(few.convert("RGB"))).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_what_is_transparent_becomes_white(mode):
    picture = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    picture.paste((0, 0, 0, 255), (0, 0, 2, 4))
    if mode == "P":
        plain = Image.new("P", (4, 4), 1)
        plain.paste(0, (0, 0, 2, 4))
        plain.putpalette([0, 0, 0, 200, 0, 0])
        data = saved(plain, "PNG", transparency=1)
    else:
        data = saved(picture.convert(mode), "PNG")
    found = pixels(data)
    assert (found[:, :2] == 0).all()
    assert (found[:, 2:] == 255).all()


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_of_an_animated_picture_it_is_the_first_frame(format):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ((250, 0, 0), (0, 250, 0), (0, 0, 250))]
    found = pixels(saved(frames[0], format, save_all=True, append_images=frames[1:], duration=50))
    assert far(found, np.full((6, 8, 3), (250, 0, 0), np.uint8)) < 6


def test_a_picture_gets_smaller_and_never_larger():
    assert pixels(jpeg(drawn.scene("lake")), 100).shape == (75, 100, 3)
    assert pixels(saved(SCENE, "PNG"), 1_000).shape == SCENE.shape
    small = pixels(jpeg(drawn.scene("lake"), 95), 40)
    mean = drawn.scene("lake").reshape(30, 8, 40, 8, 3).mean(axis=(1, 3))
    assert np.abs(small - mean).mean() < 6  # every pixel is the mean of those that fall into it


def test_when_it_was_taken_is_told_as_iso_with_the_zone_where_it_is_known():
    exif = Image.Exif()
    exif[0x0132] = "2020:01:01 00:00:00"
    block = exif.get_ifd(0x8769)
    block[0x9003], block[0x9011] = "2024:07:05 12:30:00", "+02:00"
    assert described(saved(SCENE, "JPEG", exif=exif), "x")["taken"] == "2024-07-05T12:30:00+02:00"
    block[0x9003], block[0x9011] = "0000:00:00 00:00:00", "?"
    assert described(saved(SCENE, "JPEG", exif=exif), "x")["taken"] == "2020-01-01T00:00:00"
    assert "taken" not in described(saved(SCENE, "JPEG"), "x")


BROKEN = {
    "empty": (b"", "empty"),
    "a head alone": (saved(SCENE, "JPEG")[:30], "damaged, or no picture|no picture that can be read"),
    "cut off": (saved(drawn.scene("city"), "JPEG")[:9_000], "damaged"),
    "a PNG cut off": (saved(drawn.scene("city"), "PNG")[:9_000], "damaged"),
    "too large": (
        drawn.png_head(50_000, 50_000),
        "too large to be decoded safely: 2,500,000,000 pixels; expected at most 150,000,000",
    ),
    "large enough to be refused here": (drawn.png_head(12_000, 12_600), r"12,000 x 12,600 pixels; expected at most"),
    "SVG": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG.*export it as PNG"),
    "a web page": (b"<!DOCTYPE html><html></html>", "a web page"),
    "text": (b"not a picture at all", "no picture that can be read"),
    "PostScript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # pytest makes errors of what we ignore
@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_picture_is_refused_by_its_name(name, tmp_path):
    data, why = BROKEN[name]
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=f"x.jpg.*({why})"):
        pixels(str(path))


def test_the_broken_picture_of_the_shared_data_is_refused():
    folder = shared("images/imagededup")
    (path,) = folder.rglob("*corrupt*.jpg")
    with pytest.raises(BadInput, match="corrupt"):
        pixels(str(path))


def test_what_is_out_of_reach_is_refused(tmp_path):
    with pytest.raises(NotFound, match="no such picture"):
        picture_bytes(str(tmp_path / "none.jpg"))
    for path, why in (("a\0b", "cannot be read"), (str(tmp_path), "no file"), ("x" * 5_000, "cannot be read")):
        with pytest.raises(BadInput, match=why) as raised:
            picture_bytes(path)
        assert len(str(raised.value)) < 400
    with pytest.raises(BadInput, match="a picture is a path or bytes, not int"):
        pixels(3)  # type: ignore[arg-type]


def test_all_pictures_are_tried_and_the_broken_ones_named():
    good = saved(SCENE, "PNG")
    with pytest.raises(BadPictures) as raised:
        each_picture([good, b"?", good, b""], len)
    assert sorted(raised.value.faults) == [1, 3]
    assert "1 more of 4 pictures" in str(raised.value)
    assert each_picture([good] * 3, lambda picture: picture.shape) == [SCENE.shape] * 3
    assert each_picture([], len) == []


def test_pictures_are_decoded_side_by_side(monkeypatch):
    monkeypatch.setattr(decoding, "cores", lambda: 2)
    both = threading.Barrier(2, timeout=300)  # neither goes on before the other is there
    assert len(each_picture([saved(SCENE, "PNG")] * 4, lambda _: both.wait())) == 4


def test_of_large_pictures_one_is_decoded_at_a_time(monkeypatch):
    running, most, locked, eight_bits = [], [], [], decoding._eight_bits

    def watched(picture):
        running.append(picture)
        most.append(len(running))
        locked.append(decoding._alone.locked())
        found = eight_bits(picture)
        running.remove(picture)
        return found

    monkeypatch.setattr(decoding, "LARGE", 100)
    monkeypatch.setattr(decoding, "_eight_bits", watched)
    monkeypatch.setattr(decoding, "cores", lambda: 4)
    assert len(each_picture([saved(SCENE, "PNG")] * 8, lambda picture: picture.shape)) == 8
    assert max(most) == 1
    assert all(locked)


def test_a_missing_package_is_one_fault(monkeypatch):
    def missing() -> None:
        raise MissingPackage("pillow", "pictures", "reading pictures")

    monkeypatch.setattr(decoding, "_pillow", missing)
    with pytest.raises(MissingPackage, match=r"knnife\[pictures\]"):
        each_picture([b"1", b"2"], len)


def test_a_path_knows_what_lies_behind_it(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(saved(SCENE, "PNG"))
    value = PicturePath.of(str(path), path.read_bytes())
    assert value == str(path)
    assert content(value) == content(str(path)) == content(path.read_bytes())
    again = pickle.loads(pickle.dumps(value))
    assert (again, again.content) == (value, value.content)
