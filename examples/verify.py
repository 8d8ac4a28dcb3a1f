"""Which photos show the same? Draws a scene, a cropped and darkened copy of it, and another scene; then compares."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import knnife
from knnife.things.pixels import jpeg


def drawn(seed: int) -> np.ndarray:
    """Discs of all sizes and colours, uint8 `(240, 320, 3)`."""
    chance = np.random.default_rng(seed)
    y, x = np.mgrid[0:240, 0:320]
    picture = np.full((240, 320, 3), 200.0)
    for _ in range(60):
        inside = np.hypot(x - chance.uniform(0, 320), y - chance.uniform(0, 240)) < chance.uniform(4, 25)
        picture[inside] = chance.uniform(0, 255, 3)
    return picture.astype(np.uint8)


def main() -> None:
    scene, other = drawn(1), drawn(2)
    copy = (scene[20:230, 30:300] * 0.8).astype(np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        for name, picture in (("scene", scene), ("copy", copy), ("other", other)):
            Path(folder, f"{name}.jpg").write_bytes(jpeg(picture))
        found = knnife.verify(f"{folder}/scene.jpg", [f"{folder}/copy.jpg", f"{folder}/other.jpg"])
        for row in found.rows():
            said = "a copy" if row["copy"] else "the same" if row["same"] else "another"
            print(f"{Path(row['id']).name:10} {said:8} {row['points']:3} points agree, evidence {row['evidence']:.0f}")
        found.show(f"{folder}/points.html")


if __name__ == "__main__":
    main()
