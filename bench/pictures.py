"""What kind of thing is on a picture, told from its nearest neighbour, by encoders that have learned no labels.

clothing: 150 photos of ten kinds of clothes are known, 372 are asked; cifar: 3,000 pictures of 32 pixels of ten kinds
are known, 1,000 asked. The figure is the share of those whose nearest known picture, by the cosine, is of their kind.
Ours without weights is trained on the known pictures; so are the rivals' words and scales. speed: pictures described in
a second, decoding included, on all cores.

Rivals: RootSIFT on a dense grid of 8 pixels, aggregated as VLAD over 64 words (Jegou et al. 2012); HOG of OpenCV on
64 x 64 pixels; a histogram of colours. VLAD is measured on clothing only, as it is slow, and not with --quick.
MobileNet v1 (uint8, 224 x 224, embedding of 1,024) runs by LiteRT as an encoder like any other, on the middle of
a picture, as it was trained: as it is, whitened by ours without labels, and with those of the known pictures.
"""

from __future__ import annotations

import os
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

os.environ["KNNIFE_CACHE"] = "off"

import numpy as np

from bench.report import Report, called, options
from bench.rivals import Rival
from knnife import SceneEncoder, WhitenedEncoder
from knnife.encoders.opencv import opencv
from knnife.geometry import similarity, top_k
from knnife.things.pixels import Pixels, each_picture, resized

DATA = Path(__file__).parents[2] / "shared" / "data"
MOBILENET = DATA / "models" / "mobilenet_v1_1.0_224_quant_embedding_extractor.tflite"
WORDS = 64  # of VLAD
Describe = Callable[[Pixels], np.ndarray]


class Split(NamedTuple):
    """Pictures that are known and pictures that are asked, each with its kind."""

    known: list[Any]
    kinds: np.ndarray
    asked: list[Any]
    right: np.ndarray


def clothing() -> Split:
    """Photos of clothes: paths."""
    known, asked = (sorted((DATA / "images" / "clothing" / part).glob("*/*.jpg")) for part in ("train", "test"))
    return Split(
        [str(path) for path in known],
        np.array([path.parent.name for path in known]),
        [str(path) for path in asked],
        np.array([path.parent.name for path in asked]),
    )


def cifar(*, quick: bool) -> Split:
    """The sample of CIFAR-10: bytes; quick: every fourth picture of it."""
    parts: dict[str, list[tuple[bytes, str]]] = {"train": [], "test": []}
    with zipfile.ZipFile(DATA / "images" / "cifar10-sample.zip") as archive:
        for name in sorted(archive.namelist()):
            if not name.endswith("/"):
                part, kind, _ = name.split("/")
                parts[part].append((archive.read(name), kind))
    step = 4 if quick else 1
    (known, kinds), (asked, right) = (zip(*parts[part][::step], strict=True) for part in ("train", "test"))
    return Split([*known], np.array(kinds), [*asked], np.array(right))


def accuracy(encoder: Any, split: Split) -> float:
    """The share of the asked whose nearest known picture is of their kind."""
    known, asked = encoder.encode(split.known), encoder.encode(split.asked)
    nearest, _ = top_k(similarity(asked, known), 1)
    return float(np.mean(split.kinds[nearest[:, 0]] == split.right))


def of_pictures(name: str, describe: Describe) -> Rival:
    """A function of pixels as an encoder."""

    def encode(values: Sequence[Any]) -> np.ndarray:
        return np.stack(each_picture([*values], describe, least=64)).astype(np.float32)

    return Rival(name, 0, encode, kind="image")


def hog(picture: Pixels) -> np.ndarray:
    """Histograms of oriented gradients, by OpenCV."""
    descriptor = opencv().HOGDescriptor((64, 64), (16, 16), (8, 8), (8, 8), 9)
    return np.asarray(descriptor.compute(resized(picture, 64, 64, "bilinear"))).ravel()


def colours(picture: Pixels) -> np.ndarray:
    """How much of the picture has each of 512 colours, as square roots."""
    red, green, blue = (resized(picture, 64, 64, "bilinear") >> 5).reshape(-1, 3).astype(int).T
    return np.sqrt(np.bincount(red * 64 + green * 8 + blue, minlength=512))


def root_sift(picture: Pixels) -> np.ndarray:
    """SIFT on a dense grid, each with the square roots of its shares (Arandjelovic & Zisserman 2012): `(n, 128)`."""
    cv2 = opencv()
    scale = 256 / max(picture.shape[:2])
    height, width = (max(64, round(side * scale)) for side in picture.shape[:2])
    grey = cv2.cvtColor(resized(picture, width, height, "bilinear"), cv2.COLOR_RGB2GRAY)
    grid = [cv2.KeyPoint(x, y, 16.0) for y in range(8, height - 8, 8) for x in range(8, width - 8, 8)]
    found = cv2.SIFT_create().compute(grey, grid)[1]
    return np.asarray(np.sqrt(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-9)))


def vlad(known: Sequence[Any]) -> Rival:
    """Dense RootSIFT as VLAD, with words learned from the known pictures."""
    from sklearn.cluster import MiniBatchKMeans

    some = each_picture([*known[:300]], lambda picture: root_sift(picture)[::7], least=256)
    words = MiniBatchKMeans(WORDS, random_state=0, n_init=1).fit(np.concatenate(some)).cluster_centers_

    def describe(picture: Pixels) -> np.ndarray:
        features = root_sift(picture)
        nearest = np.argmin((words**2).sum(1) - 2 * features @ words.T, axis=1)
        sums = np.zeros_like(words)
        np.add.at(sums, nearest, features - words[nearest])
        sums /= np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
        flat = sums.ravel()
        return np.asarray(np.sign(flat) * np.sqrt(np.abs(flat)))

    return of_pictures("VLAD", describe)


def middle(picture: Pixels) -> Pixels:
    """The square in the middle, 87.5% of the shorter side wide, as 224 x 224 pixels."""
    side = round(0.875 * min(picture.shape[:2]))
    top, left = ((size - side) // 2 for size in picture.shape[:2])
    return resized(picture[top : top + side, left : left + side], 224, 224, "bilinear")


def mobilenet() -> Rival | None:
    """MobileNet v1 by LiteRT; None where that is not installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    network = Interpreter(str(MOBILENET), num_threads=os.cpu_count())
    network.allocate_tensors()
    given, made = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]

    def encode(values: Sequence[Any]) -> np.ndarray:
        vectors = []
        for picture in each_picture([*values], middle, least=256):
            network.set_tensor(given, picture[None])
            network.invoke()
            vectors.append(network.get_tensor(made).ravel().astype(np.float32))
        return np.stack(vectors)

    return Rival("mobilenet", 1024, encode, kind="image", fingerprint="mobilenet v1 1.0 224 uint8")


def speeds(report: Report, encoder: SceneEncoder, values: Sequence[Any], training: float) -> None:
    """How fast ours learns and encodes."""
    start = time.perf_counter()
    encoder.encode([*values])
    report.add("speed", "knnife scenes", len(values) / (time.perf_counter() - start), "pictures/s")
    report.add("training", "knnife scenes", training, f"s for {encoder.pictures:,} pictures")


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("pictures", as_json=arguments.json)
    network = mobilenet()
    for work, split in {"clothing": clothing(), "cifar": cifar(quick=arguments.quick)}.items():
        start = time.perf_counter()
        ours = SceneEncoder.train(split.known)
        training = time.perf_counter() - start
        who: dict[str, Any] = {
            "knnife scenes": ours,
            "HOG": of_pictures("HOG", hog),
            "colours": of_pictures("colours", colours),
        }
        if work == "clothing" and not arguments.quick:  # a fifth of a second for each picture
            who["dense RootSIFT VLAD"] = vlad(split.known)
        if network is not None and work == "clothing":
            runs_by = f"MobileNet v1, {called('ai-edge-litert')}"
            who[runs_by] = network
            who[f"{runs_by}, whitened by knnife"] = WhitenedEncoder.train(network, split.known)
            labelled = WhitenedEncoder.train(network, split.known, labels=split.kinds)
            who[f"{runs_by}, whitened by knnife with labels"] = labelled
        for name, encoder in who.items():
            report.add(work, name, accuracy(encoder, split), "accuracy")
        speeds(report, ours, split.asked, training)
    if network is None:
        report.note("MobileNet is left out: pip install ai-edge-litert")
    report.close()


if __name__ == "__main__":
    main()
