"""Who is it: faces told apart with and without model files, on two sets of photos of known people.

orl         40 people, 10 pictures each; 5 known, 5 asked, drawn 10 times with fixed seeds: how many are named rightly
            by the nearest known picture, by our encoder trained on the known and by eigenfaces, PCA+LDA, LBP+PCA+LDA,
            all on the whole pictures; and by ours on what is cut out with the cascade, as `knnife faces` does. A
            picture in which no face is found counts as named wrongly there.
orl-model   the same with a network for faces (MobileFaceNet) and faces brought upright by YuNet's five points.
unknown     of 30 people 5 pictures are known, the other 10 people are strangers. The threshold is the one at which
            `knnife.Faces` states a false-match rate of 1%, measured on the 30 people known. Rows: strangers who are
            let in, known people who are turned away or named wrongly.
deepface    pairs of the tests of deepface: how many are right at the line that knnife takes for such a model where
            nobody is known; it was not chosen on these pairs.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.report import Report, options
from knnife.encoders.face_detection import find_faces, load_detector
from knnife.encoders.face_geometry import Face, FaceDetector, aligned, framed
from knnife.encoders.faces import FaceEncoder
from knnife.encoders.onnx_faces import OnnxFaceEncoder
from knnife.things.pixels import Pixels, jpeg, pixels
from knnife.tools._faces.error_rates import measure
from knnife.tools._faces.thresholds import advised

DATA = Path(__file__).parents[1] / ".." / "shared" / "data"
ORL = [DATA / f"faces/att_faces/s{person}/{number}.pgm" for person in range(1, 41) for number in range(1, 11)]
PEOPLE = np.repeat(np.arange(40), 10)
RATE = 0.01

Frame = Callable[[Pixels, Face], Pixels]
Learn = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]  # inputs, people -> inputs -> vectors


def split(seed: int, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each person 5 pictures that are known and 5 that are asked about."""
    draw = np.random.default_rng(seed)
    orders = [person * 10 + draw.permutation(10) for person in people]
    return np.concatenate([o[:5] for o in orders]), np.concatenate([o[5:] for o in orders])


def named(learn: Learn, inputs: np.ndarray, seeds: range) -> float:
    """The mean share that is named rightly by the nearest known picture."""
    shares = []
    for seed in seeds:
        known, asked = split(seed, np.arange(40))
        vectors = learn(inputs[known], PEOPLE[known])(inputs)
        nearest = known[(vectors[asked] @ vectors[known].T).argmax(axis=1)]
        shares.append(np.mean(PEOPLE[nearest] == PEOPLE[asked]))
    return float(np.mean(shares))


def unknown(learn: Learn, inputs: np.ndarray, seeds: range) -> tuple[float, float]:
    """At the threshold that the gallery tells: strangers let in, known people turned away or named wrongly."""
    let_in, lost = [], []
    for seed in seeds:
        people = np.random.default_rng(seed + 500).permutation(40)
        known, asked = split(seed, people[:30])
        strangers = np.flatnonzero(np.isin(PEOPLE, people[30:]))

        def taught(rows: np.ndarray | None, known: np.ndarray = known) -> np.ndarray:
            of = known if rows is None else known[rows]
            return learn(inputs[of], PEOPLE[of])(inputs[known])

        strangely = measure(PEOPLE[known], taught, trained=learn is ours).strangers
        assert strangely is not None  # 30 people are enough
        threshold = strangely.threshold(RATE)
        vectors = learn(inputs[known], PEOPLE[known])(inputs)
        scores = vectors[asked] @ vectors[known].T
        right = (PEOPLE[known[scores.argmax(axis=1)]] == PEOPLE[asked]) & (scores.max(axis=1) >= threshold)
        let_in.append(np.mean((vectors[strangers] @ vectors[known].T).max(axis=1) >= threshold))
        lost.append(1 - np.mean(right))
    return float(np.mean(let_in)), float(np.mean(lost))


def ours(inputs: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Our encoder, on descriptions that were made once."""
    return FaceEncoder.train_on(inputs, [str(person) for person in people]).project


def eigenfaces(inputs: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.decomposition import PCA

    model = PCA(100, whiten=True, random_state=0).fit(inputs)
    return lambda given: _unit(model.transform(given))


def pca_lda(inputs: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    pca = PCA(100, whiten=True, random_state=0).fit(inputs)
    lda = LinearDiscriminantAnalysis().fit(pca.transform(inputs), people)
    return lambda given: _unit(lda.transform(pca.transform(given)))


def lbp(pictures: list[np.ndarray]) -> np.ndarray:
    """Histograms of plain 8-neighbour patterns in 7 x 7 cells, `(n, 49 * 256)`."""
    rows = []
    for grey in pictures:
        middle = grey[1:-1, 1:-1]
        codes = np.zeros(middle.shape, int)
        places = [(0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0)]
        for bit, (y, x) in enumerate(places):
            codes |= (grey[y : y + middle.shape[0], x : x + middle.shape[1]] >= middle).astype(int) << bit
        cells = [c for row in np.array_split(codes, 7) for c in np.array_split(row, 7, axis=1)]
        rows.append(np.concatenate([np.bincount(c.ravel(), minlength=256) / c.size for c in cells]))
    return np.sqrt(np.array(rows, np.float32))


def cut(paths: list[Path], detector: FaceDetector, frame: Frame) -> list[bytes]:
    """The largest face of each picture; a grey square where there is none, which is nobody's."""
    found = []
    for path in paths:
        picture = pixels(str(path))
        faces = find_faces(picture, detector)
        found.append(jpeg(frame(picture, faces[0]) if faces else np.full((112, 112, 3), 128, np.uint8), 95))
    return found


def pairs(encoder: OnnxFaceEncoder, detector: FaceDetector) -> tuple[float, int]:
    """The share of pairs that are right at the line for such models, and how many there are."""
    folder = DATA / "faces/deepface-tests"
    with (folder / "master.csv").open(newline="") as lines:
        rows = [row for row in csv.reader(lines) if all((folder / name).is_file() for name in row[:2])]
    names = sorted({name for row in rows for name in row[:2]})
    vectors = dict(zip(names, encoder.encode(cut([folder / name for name in names], detector, aligned)), strict=True))
    scores = np.array([vectors[a] @ vectors[b] for a, b, _ in rows])
    same = np.array([decision == "Yes" for _, _, decision in rows])
    line = advised(encoder)
    assert line is not None  # a model has one
    return float(np.mean((scores >= line) == same)), len(rows)


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    arguments = options(__doc__ or "").parse_args()
    report = Report("faces", as_json=arguments.json)
    seeds = range(2 if arguments.quick else 10)
    described = FaceEncoder.describe([str(path) for path in ORL])
    pictures = [pixels(str(path))[..., 0] for path in ORL]
    flat = np.stack([picture.ravel() for picture in pictures]).astype(np.float32) / 255
    without: dict[str, tuple[Learn, np.ndarray]] = {
        "knnife": (ours, described),
        "eigenfaces": (eigenfaces, flat),
        "PCA+LDA": (pca_lda, flat),
        "LBP+PCA+LDA": (pca_lda, lbp(pictures)),
    }
    for who, (learn, inputs) in without.items():
        report.add("orl", who, named(learn, inputs, seeds), "named rightly")
    found = FaceEncoder.describe(cut(ORL, load_detector(), framed))
    report.add("orl", "knnife, cut out", named(ours, found, seeds), "named rightly")
    detector = load_detector(DATA / "models/yunet_n_dynamic.onnx")
    network = OnnxFaceEncoder.load(DATA / "models/mobilefacenet.onnx")
    vectors = network.encode(cut(ORL, detector, aligned))
    report.add("orl-model", "knnife", named(_as_they_are, vectors, seeds), "named rightly")
    for who, learn, inputs in (("without a model", ours, found), ("MobileFaceNet", _as_they_are, vectors)):
        let_in, lost = unknown(learn, inputs, seeds)
        report.add("unknown, strangers let in", f"knnife, {who}", let_in, "share, 0.01 stated")
        report.add("unknown, known people missed", f"knnife, {who}", lost, "share")
    right, count = pairs(network, detector)
    report.add("deepface", "knnife", right, f"of {count} pairs right")
    report.close()


def _as_they_are(inputs: np.ndarray, people: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    return lambda given: given


if __name__ == "__main__":
    main()
