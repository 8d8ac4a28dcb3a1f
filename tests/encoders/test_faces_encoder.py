"""Faces found, brought upright and encoded: known answers on drawn pictures, and real ones where they are here."""

from __future__ import annotations

import numpy as np
import pytest
from tests.conftest import shared

from knnife import BadInput, FaceEncoder, NotFound, load_encoder
from knnife.encoders._faces.face_descriptor import SIZE, described
from knnife.encoders.face_detection import find_faces, load_detector
from knnife.encoders.face_geometry import TEMPLATE, Face, aligned, distinct, framed, levelled, similarity
from knnife.encoders.faces import DIM, RIDGE, _whitening
from knnife.encoders.forms import restore
from knnife.errors import BadPictures
from knnife.things.pixels import jpeg, pixels


def drawn(person: int, take: int, side: int = 112) -> bytes:
    """A pattern that is a person's own, with light and noise that are of the picture."""
    own, of_take = np.random.default_rng(person), np.random.default_rng(1_000 * person + take + 1)
    waves = own.normal(size=(6, 4))
    y, x = np.mgrid[:side, :side] / side * 6
    face = sum(a * np.sin(b * x + c * y + 3 * d) for a, b, c, d in waves)
    face = 128 + 25 * face * of_take.uniform(0.8, 1.2) + of_take.uniform(-20, 20)
    noisy = np.clip(face + of_take.normal(0, 6, face.shape), 0, 255).astype(np.uint8)
    return jpeg(np.repeat(noisy[..., None], 3, axis=2), 95)


def test_the_similarity_is_the_one_that_was_applied() -> None:
    angle, scale, shift = 0.4, 1.7, np.array([12.0, -5.0])
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = similarity(TEMPLATE, TEMPLATE @ turn.T + shift)
    np.testing.assert_allclose(found, np.column_stack([turn, shift]), atol=1e-9)


def test_a_mirrored_face_is_turned_and_never_mirrored_back() -> None:
    found = similarity(TEMPLATE, TEMPLATE * (-1, 1))
    assert np.linalg.det(found[:, :2]) > 0


def test_five_points_in_one_place_do_not_break_it() -> None:
    assert np.isfinite(similarity(np.zeros((5, 2)), TEMPLATE)).all()


def test_the_eyes_alone_lay_the_other_points() -> None:
    np.testing.assert_allclose(levelled(3 * TEMPLATE[:2] + 7), 3 * TEMPLATE + 7, atol=1e-9)


@pytest.mark.parametrize("scale", [0.5, 1.0, 5.0])
def test_points_come_to_lie_where_the_models_expect_them(scale: float) -> None:
    picture = np.zeros((700, 700, 3), np.uint8)
    points = TEMPLATE * scale + 40
    for x, y in points:
        reach = max(2, round(2 * scale))
        picture[round(y) - reach : round(y) + reach + 1, round(x) - reach : round(x) + reach + 1] = 255
    upright = aligned(picture, Face((0, 0, 9, 9), points, 1.0))
    assert upright.shape == (112, 112, 3)
    for x, y in TEMPLATE:
        spot = upright[round(y) - 6 : round(y) + 7, round(x) - 6 : round(x) + 7, 0].astype(float)
        rows, columns = np.mgrid[: spot.shape[0], : spot.shape[1]] - 6
        assert abs((spot * columns).sum() / spot.sum() + round(x) - x) < 0.8
        assert abs((spot * rows).sum() / spot.sum() + round(y) - y) < 0.8


def test_a_face_half_outside_says_so_and_is_cut_out_all_the_same() -> None:
    picture = np.full((100, 100, 3), 200, np.uint8)
    face = Face((-50, 0, 100, 100), TEMPLATE - (50, 0), 0.9)
    assert face.visible(picture) == pytest.approx(0.5)
    assert (aligned(picture, face) == 200).all()


def test_a_face_that_fills_its_picture_is_taken_with_all_of_it() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (112, 92, 3), dtype=np.uint8)
    for shift in (0, 5):
        np.testing.assert_array_equal(framed(picture, Face((10 + shift, 25, 70, 70), TEMPLATE, 1.0)), picture)


def test_a_face_in_a_larger_picture_is_framed_as_in_a_portrait() -> None:
    picture = np.zeros((600, 800, 3), np.uint8)
    picture[300:400, 500:600] = 255
    found = framed(picture, Face((500, 300, 100, 100), TEMPLATE, 1.0))
    rows, columns = np.nonzero(found[..., 0] > 127)
    high, wide = found.shape[:2]
    assert np.ptp(columns) + 1 == pytest.approx(wide / 1.23, abs=1.5)
    assert columns.mean() == pytest.approx((wide - 1) / 2, abs=0.6)
    assert wide < high
    assert rows.mean() == pytest.approx(high / 2 + 0.07 * wide / 1.23, abs=1)


def test_a_framed_face_at_the_edge_of_its_picture_goes_on_beyond_it() -> None:
    picture = np.full((400, 400, 3), 200, np.uint8)
    assert (framed(picture, Face((-50, -50, 100, 100), TEMPLATE, 1.0)) == 200).all()


def test_of_boxes_on_each_other_the_surest_stays() -> None:
    boxes = [(0, 0, 10, 10), (1, 1, 10, 10), (3, 3, 4, 4), (30, 30, 10, 10)]
    faces = [Face(box, TEMPLATE, sure) for box, sure in zip(boxes, (0.8, 0.9, 0.7, 0.6), strict=True)]
    assert [face.box for face in distinct(faces)] == [boxes[1], boxes[3]]
    assert distinct([]) == []


def test_no_face_is_found_where_there_is_none() -> None:
    pytest.importorskip("cv2")
    flat = np.full((200, 300, 3), 90, np.uint8)
    assert find_faces(flat, load_detector()) == []
    assert find_faces(np.zeros((1, 1, 3), np.uint8), load_detector()) == []


def test_a_detector_is_told_by_what_it_gives() -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(NotFound, match="there is no file"):
        load_detector("nowhere.onnx")
    with pytest.raises(BadInput, match="no face detector"):
        load_detector(shared("models/mobilefacenet.onnx"))


@pytest.mark.parametrize(
    "file", ["yunet_n_dynamic.onnx", "yunet_n_320_320.onnx", "ultraface-version-RFB-320.onnx", None]
)
def test_one_face_and_many_are_found(file: str | None) -> None:
    pytest.importorskip("onnxruntime")
    detector = load_detector(shared(f"models/{file}") if file else None)
    assert detector.licence
    one = pixels(str(shared("faces/deepface-tests/img51.jpg")))
    (face, *more) = find_faces(one, detector)
    assert not more
    eyes = face.points[:2]
    np.testing.assert_allclose(eyes, [[250, 171], [357, 166]], atol=32)
    assert len(find_faces(pixels(str(shared("faces/deepface-tests/selfie-many-people.jpg"))), detector)) >= 3


def test_a_tight_crop_and_a_mirror_are_described_exactly() -> None:
    picture = pixels(drawn(1, 1))
    straight, mirrored = described([jpeg(picture, 100), jpeg(np.ascontiguousarray(picture[:, ::-1]), 100)])
    assert straight.shape == (2, SIZE)
    assert np.abs(straight[0] - mirrored[1]).mean() < 0.02 < np.abs(straight[0] - straight[1]).mean()


def test_people_are_told_apart_after_training() -> None:
    crops = [drawn(person, take) for person in range(8) for take in range(4)]
    people = [str(i // 4) for i in range(32)]
    encoder = FaceEncoder.train([c for i, c in enumerate(crops) if i % 4], [p for i, p in enumerate(people) if i % 4])
    vectors = encoder.encode(crops)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    known = [i for i in range(32) if i % 4]
    asked = [i for i in range(32) if not i % 4]
    nearest = (vectors[asked] @ vectors[known].T).argmax(axis=1)
    assert [people[known[i]] for i in nearest] == [people[i] for i in asked]


@pytest.mark.parametrize("names", [["Anna"], [None], ["Anna", None, "Ben"], ["Anna", "Anna"]])
def test_it_learns_from_as_little_as_one_face(names: list[str | None]) -> None:
    crops = [drawn(1, take) for take in range(len(names))]
    encoder = FaceEncoder.train(crops, names)
    same, other = encoder.encode([crops[0], drawn(1, 9)]), encoder.encode([drawn(5, 0)])
    assert same[0] @ same[1] > same[0] @ other[0]


def test_what_differs_within_a_person_counts_less_as_the_plain_covariance_says() -> None:
    draw = np.random.default_rng(0)
    short = np.asarray(draw.normal(size=(12, 2, DIM)), np.float32)
    people = ["a"] * 4 + ["b"] * 5 + ["c", None, None]
    means = short.mean(axis=1).astype(np.float64)
    apart = np.concatenate([means[:4] - means[:4].mean(axis=0), means[4:9] - means[4:9].mean(axis=0)])
    within = apart.T @ apart
    values, axes = np.linalg.eigh(within + RIDGE * np.trace(within) / DIM * np.eye(DIM))
    slow = (axes * np.sqrt(values[0] / values)) @ axes.T
    np.testing.assert_allclose(_whitening(short, people), slow, atol=1e-5)


def test_it_is_kept_and_comes_back_the_same() -> None:
    crops = [drawn(i // 2, i) for i in range(6)]
    encoder = FaceEncoder.train(crops, list("aabbcc"))
    again = restore(encoder.form, encoder.to_bytes())
    assert again.fingerprint == encoder.fingerprint
    np.testing.assert_array_equal(again.encode(crops), encoder.encode(crops))
    assert FaceEncoder.train(crops, list("aabbcc"), seed=7).fingerprint == encoder.fingerprint
    assert FaceEncoder.train(crops, list("aabbcd")).fingerprint != encoder.fingerprint
    np.testing.assert_array_equal(encoder.project(encoder.describe(crops)), encoder.encode(crops))


def test_what_it_cannot_use_is_refused() -> None:
    with pytest.raises(BadInput, match="1 faces and 0 names"):
        FaceEncoder.train([drawn(1, 1)], [])
    with pytest.raises(BadInput):
        FaceEncoder.train([], [])
    with pytest.raises(BadPictures):
        FaceEncoder.train([b"no picture"], ["Anna"])
    encoder = FaceEncoder.train([drawn(1, 1)], ["Anna"])
    with pytest.raises(BadInput, match="write"):
        encoder.encode("face.jpg")
    assert encoder.encode([]).shape == (0, encoder.dim)
    for damaged in (b"", b"nonsense", encoder.to_bytes()[:-9], encoder.to_bytes().replace(b"mean", b"naem")):
        with pytest.raises(BadInput, match="damaged"):
            FaceEncoder.from_bytes(damaged)


def test_a_network_for_faces_is_loaded_by_its_file_and_tells_people_apart() -> None:
    pytest.importorskip("onnxruntime")
    path = shared("models/mobilefacenet.onnx")
    encoder, detector = load_encoder(str(path)), load_detector(shared("models/yunet_n_dynamic.onnx"))
    assert (encoder.kind, encoder.dim) == ("face", 128)
    assert load_encoder(encoder.name).fingerprint == encoder.fingerprint
    crops = []
    for name in ("img20.jpg", "img21.jpg", "img16.jpg", "img17.jpg"):
        picture = pixels(str(shared(f"faces/deepface-tests/{name}")))
        crops.append(jpeg(aligned(picture, find_faces(picture, detector)[0]), 95))
    alike = encoder.encode(crops) @ encoder.encode(crops).T
    assert min(alike[0, 1], alike[2, 3]) > 0.5 > 0.4 > alike[:2, 2:].max()
