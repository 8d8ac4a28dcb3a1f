"""Copies among pictures: what is found however they were changed, what is expected by chance, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("PIL")
pytest.importorskip("cv2")

from tests import drawn

from knnife import BadInput, EncoderMismatch, Seen, Space, Thing, duplicates, load_encoder, read
from knnife.encoders.keypoints import keypoints
from knnife.things.pixels import jpeg, pixels
from knnife.tools._duplicates.picture_copies import alike
from knnife.tools._duplicates.picture_tails import PicturePairs, read_tail
from knnife.tools._duplicates.shortlist import CLOSE, FAR, FIRST, NEAREST, Poses, candidates

Pixels = np.ndarray


@cache
def scene(seed: int, side: int = 160) -> Pixels:
    """A picture like no other: a sky, a ground, and things that stand there."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    sky, ground = random.uniform(60, 255, (2, 3))
    made = np.where((y > random.uniform(0.3, 0.7) * side)[..., None], ground, sky)
    for _ in range(int(random.integers(20, 50))):
        left, top, wide, high = random.uniform(0, side, 4) * (1, 1, 0.12, 0.12) + (0, 0, 2, 2)
        far = np.maximum(abs(x - left) / wide, abs(y - top) / high)
        made[(far if random.random() < 0.5 else np.hypot((x - left) / wide, (y - top) / high)) < 1] = random.uniform(
            0, 255, 3
        )
    return np.clip(made + random.normal(0, 4, (side, side, 1)), 0, 255).astype(np.uint8)


def album(pictures: Sequence[Pixels], name: str = "") -> list[Thing]:
    return [Thing(f"{name}{number}", jpeg(picture, 90)) for number, picture in enumerate(pictures)]


def resized(picture: Pixels) -> Pixels:
    return np.clip(picture.reshape(80, 2, 80, 2, 3).mean(axis=(1, 3)), 0, 255).astype(np.uint8)


CHANGES = {
    "half the size": resized,
    "darker": lambda picture: (picture * 0.8).astype(np.uint8),
    "brighter": lambda picture: np.minimum(picture * 1.2, 255).astype(np.uint8),
    "cut": lambda picture: picture[10:, :-12],
    "grey": lambda picture: np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8),
    "with a bar": lambda picture: np.concatenate([picture[:-18], np.zeros_like(picture[:18])]),
}


def pairs(found: object) -> set[tuple[str, str]]:
    return {(row["a"], row["b"]) for row in found.rows()}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("album")
    drawn.write(folder)
    return folder / "photos"


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_is_found_and_nothing_else(change: str) -> None:
    originals = [scene(seed) for seed in range(8)]
    found = duplicates([*album(originals), *album([CHANGES[change](each) for each in originals[:4]], "copy")])
    assert pairs(found) == {(f"{number}", f"copy{number}") for number in range(4)}
    assert found.removed.tolist() == [8, 9, 10, 11]
    assert all(row["expected"] < 0.1 and row["surface"] > 0.3 for row in found.rows())


def test_every_copy_is_found_where_everything_has_one() -> None:
    originals = [scene(seed) for seed in range(16)]
    found = duplicates([*album(originals), *album([CHANGES["cut"](each) for each in originals], "copy")])
    assert pairs(found) == {(f"{number}", f"copy{number}") for number in range(16)}


def test_many_copies_of_each_picture_do_not_pass_for_pictures_that_are_none() -> None:
    random = np.random.default_rng(0)
    left, right = np.array([(5 * f + a, 5 * f + b) for f in range(40) for a in range(5) for b in range(a + 1, 5)]).T
    far = random.uniform(0.15, 0.45, len(left)).astype(np.float32)  # of all pairs compared most are copies
    others = np.arange(100), np.arange(100, 200)
    left, right = np.append(left, others[0]), np.append(right, others[1])
    every = np.append(far, np.ones(100, np.float32))
    copies = PicturePairs(np.arange(500), every, np.ones(500, bool), np.append(np.ones(400), np.zeros(100)))
    assert read_tail(copies, left, right, 200).tail.expected(far.max()) < 1
    forms = np.arange(len(far)) % 40, 40 + np.arange(len(far)) % 159  # of one print: as close, but all are connected
    print_ = PicturePairs(np.arange(400), far, np.ones(400, bool), np.ones(400, np.float32))
    assert read_tail(print_, *forms, 200).tail.expected(far.max()) > 100


def test_progress_tells_of_encoding_and_then_of_comparing() -> None:
    told: list[tuple[int, float | None]] = []
    duplicates(album([scene(seed) for seed in range(3)]), progress=lambda *each: told.append(each))
    assert told[0] == (3, None)
    assert told[-1][1] == 1
    assert None not in {share for _, share in told[1:]}


def test_mirrored_and_turned_copies_are_found_when_asked_for() -> None:
    originals = [scene(seed) for seed in range(6)]
    changed = [originals[0][:, ::-1], np.rot90(originals[1]), np.rot90(originals[2], 2), originals[3][::-1]]
    things = [*album(originals), *album(changed, "copy")]
    every = {(f"{number}", f"copy{number}") for number in range(4)}
    assert {("0", "copy0")} <= pairs(duplicates(things, mirrored=True)) <= every
    assert {("1", "copy1"), ("2", "copy2")} == pairs(duplicates(things, turned=True))
    assert pairs(duplicates(things, mirrored=True, turned=True)) == every
    both = duplicates(album(originals), album(changed, "copy"), mirrored=True, turned=True)
    assert pairs(both) == every


def test_no_more_false_pairs_are_found_than_expected() -> None:
    """Two draws of pictures that are no copies, and a few that are: those make no difference."""
    counts: dict[float, list[int]] = {1.0: [], 10.0: []}
    right = {(f"{number}", f"copy{number}") for number in range(4)}
    for draw in range(2):
        originals = [scene(1000 * draw + seed, side=96) for seed in range(20)]
        found = duplicates([*album(originals), *album([each[6:] for each in originals[:4]], "copy")])
        for wanted, seen in counts.items():
            some = pairs(found.at(false_pairs=wanted))
            assert right <= some
            seen.append(len(some - right))
    for wanted, seen in counts.items():
        assert np.mean(seen) <= 1.5 * wanted


def test_a_caption_in_common_makes_no_copies() -> None:
    random = np.random.default_rng(5)
    bar = np.kron(random.integers(0, 2, (4, 40, 1)) * 255, np.ones((4, 4, 3))).astype(np.uint8)
    things = album([np.concatenate([scene(seed)[:-16], bar]) for seed in range(12)])
    assert len(duplicates(things)) == 0


def test_the_same_file_is_a_copy_for_certain_and_one_picture_is_looked_at_once() -> None:
    first, second = album([scene(0), scene(1)])
    things = [first, second, *[Thing(f"again{number}", first.value) for number in range(100)]]
    found = duplicates(things)
    assert len(found) == 100
    assert {(row["a"], row["surface"], row["expected"]) for row in found.rows()} == {("0", 1.0, 0.0)}
    (group,) = found.groups()
    assert (group.kept, len(group.copies)) == (0, 100)


@pytest.mark.parametrize("count", [0, 1])
def test_few_pictures_have_no_copies(count: int) -> None:
    assert len(duplicates(album([scene(0)] * count), encoder="copies")) == 0


def test_two_pictures_are_enough_for_a_copy_to_be_found() -> None:
    found = duplicates(album([scene(0), CHANGES["darker"](scene(0))]))
    assert pairs(found) == {("0", "1")}


def test_a_folder_is_read_and_broken_pictures_are_told(photos: Path, tmp_path: Path) -> None:
    for path in photos.rglob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "broken.jpg").write_bytes((photos / "lake.jpg").read_bytes()[:2000])
    reading = read(tmp_path, on_error="skip")
    found = duplicates(reading, mirrored=True, keep="max:width")
    groups = [[Path(found.things.ids[row]).name for row in (group.kept, *group.copies)] for group in found.groups()]
    assert groups == [
        ["beach.jpg", "beach-small.jpg"],
        ["city-darker.jpg", "city.jpg"],
        ["lake-mirrored.jpg", "lake.jpg"],
        ["mountain.jpg", "mountain-crop.jpg"],
    ]
    assert reading.broken == 1
    assert "broken.jpg" in str(reading.problems[0])


def test_a_space_is_asked_by_its_own_vectors_and_by_its_pictures(photos: Path, tmp_path: Path) -> None:
    expected = {"beach-small.jpg", "city-darker.jpg", "mountain-crop.jpg"}
    with Space.open(tmp_path / "p.knnife", "copies") as space:
        space.add(read(photos))
        for by in (None, "both", "surface"):
            found = duplicates(space, by=by, keep="max:width")
            assert {Path(thing.id or "").name for thing in found.things.take(found.removed).things} == expected
        assert len(duplicates(space, by="vectors", threshold=0.95)) == 2


class Mean:
    """The mean colour of a picture: another encoder of pictures."""

    name, dim, kind, fingerprint = "mean", 3, "image", "mean-1"

    def encode(self, values: Sequence[str | bytes]) -> np.ndarray:
        found = [pixels(value).mean(axis=(0, 1)) for value in values]
        return np.array(found, np.float32).reshape(-1, 3)


def test_the_vectors_of_another_encoder_are_used_beside_the_pictures(photos: Path, tmp_path: Path) -> None:
    with Space.open(tmp_path / "m.knnife", Mean()) as space, Space.open(tmp_path / "c.knnife", "copies") as other:
        space.add(read(photos))
        other.add(read(photos / "copies"))
        assert len(duplicates(space, by="surface")) == 3
        assert len(duplicates(space, by="vectors", threshold=0.99999)) >= 1
        with pytest.raises(EncoderMismatch):
            duplicates(space, other)
        assert len(duplicates(space, other, by="surface", mirrored=True)) == 8


def test_pictures_that_are_gone_are_told_with_what_can_be_done(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(scene(number)))
    with Space.open(tmp_path / "p.knnife", "copies") as space:
        space.add(read(tmp_path / "*.jpg"))
        (tmp_path / "1.jpg").unlink()
        with pytest.raises(BadInput, match=r"1\.jpg.*by='vectors'"):
            duplicates(space)
        assert len(duplicates(space, by="vectors")) == 0


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    things = album([scene(0), scene(1)])
    with pytest.raises(BadInput, match="no pictures"):
        duplicates(["a text", "another"], mirrored=True)
    with pytest.raises(BadInput, match="no pictures"):
        duplicates(np.eye(4), turned=True)
    with pytest.raises(BadInput, match="leave by= out"):
        duplicates(things, mirrored=True, by="vectors")
    with pytest.raises(BadInput, match="max:bytes"):
        duplicates(things, keep="longest")
    with pytest.raises(BadInput, match="nothing has the field 'stars'"):
        duplicates(things, keep="max:stars")
    assert duplicates([], keep="max:width", encoder="copies").groups() == []
    for wrong in (7, float("nan"), "much"):
        with pytest.raises(BadInput, match="at most 1"):
            duplicates(things, threshold=wrong)
    with pytest.raises(BadInput, match="a sheet shows pictures"):
        duplicates(["a text", "another"]).sheet(tmp_path / "s.html")
    with pytest.raises(BadInput, match="by='vectors'"):
        Seen(things)


def test_one_at_a_time_is_by_vectors() -> None:
    things = album([scene(seed) for seed in range(6)])
    seen = Seen(things, by="vectors", threshold=0.9, encoder="copies")
    assert [copy.id for copy in seen.copies(jpeg(CHANGES["darker"](scene(2)), 80))] == ["2"]
    assert seen.take(jpeg(scene(17))) == []


def test_the_groups_are_shown_on_a_sheet(photos: Path, tmp_path: Path) -> None:
    found = duplicates(read(photos), mirrored=True)
    assert found.sheet(tmp_path / "all.html") == 4
    text = (tmp_path / "all.html").read_text(encoding="utf-8")
    assert text.count("<figure") == 8
    assert text.count('<figure class="marked">') == 4
    assert "320 x 240" in text
    across = duplicates(read(photos / "copies"), read(photos / "city.jpg"))
    assert across.sheet(tmp_path / "one.html") == 1
    assert (tmp_path / "one.html").read_text(encoding="utf-8").count('<figure class="marked">') == 1


def test_candidates_are_the_nearest_in_every_pose() -> None:
    encoder = load_encoder("copies")
    pictures = [scene(seed) for seed in range(15)]
    vectors = encoder.encode([jpeg(each) for each in [*pictures, np.rot90(pictures[3]), pictures[4][:, ::-1]]])
    posed = encoder.variants(vectors)
    for poses, wanted in ((Poses(), [0]), (Poses(True, False), [0, 4]), (Poses(True, True), range(8))):
        slow = set()
        for variant in wanted:
            scores = posed[variant] @ vectors.T
            for row, order in enumerate(np.argsort(-scores, axis=1)[:, : NEAREST + 1]):
                least = [FAR if rank <= FIRST else CLOSE for rank in range(len(order))]
                near = [int(o) for o, limit in zip(order, least, strict=True) if scores[row, o] >= limit and o != row]
                slow |= {(min(row, other), max(row, other), variant >= 4) for other in near}
        quick = candidates(vectors, None, poses, encoder)
        assert {(int(a), int(b), bool(m)) for a, b, m in zip(*quick, strict=True)} == slow
        left, right, mirrored = candidates(vectors[:9], vectors[9:], poses, encoder)
        assert {(int(a), int(b) + 9, bool(m)) for a, b, m in zip(left, right, mirrored, strict=True)} <= {
            (a, b, m) for a in range(9) for b in range(9, 17) for m in (False, True)
        }
    assert {(3, 15, False), (4, 16, True)} <= slow


def test_how_much_is_found_again_is_high_for_copies_and_nothing_for_others() -> None:
    points = [keypoints(scene(seed)) for seed in range(6)]
    assert min(alike(each, each).share for each in points) > 0.9
    assert max(alike(a, b).share for a in points for b in points if a is not b) < 0.3
    assert alike(points[0].mirrored(), keypoints(np.ascontiguousarray(scene(0)[:, ::-1]))).share > 0.5
    blank = keypoints(np.full((64, 64, 3), 200, np.uint8))
    assert alike(blank, blank).share == 0
