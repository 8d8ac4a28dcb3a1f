"""Who is in these photos? Draws some people, learns their faces, and finds them, and a stranger, in other photos."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

import knnife
from knnife.things.pixels import jpeg

SIDE = 120
KNOWN = ["ann", "bob", "cleo", "dan", "eve", "finn", "gina", "hugo", "iris", "joe"]


def photo(person: str, number: int) -> bytes:
    """A face: the same for the same name, in another light each time."""
    own, chance = np.random.default_rng([*person.encode()]), np.random.default_rng([number, *person.encode()])
    y, x = np.mgrid[-1 : 1 : SIDE * 1j, -1 : 1 : SIDE * 1j] + chance.normal(0, 0.005, (2, 1, 1))
    picture = np.full((SIDE, SIDE, 3), 120.0)
    skin, hair = np.array([225, 180, 150]) * own.uniform(0.5, 1.1), np.array([110, 80, 50]) * own.uniform(0.2, 2)
    apart, eyes, mouth = own.uniform(0.24, 0.42), own.uniform(-0.25, -0.05), own.uniform(0.3, 0.5)
    ovals = [(0, -0.1, 0.8, 0.95, hair), (0, 0.05, own.uniform(0.5, 0.7), own.uniform(0.7, 0.85), skin)]
    for side in (-apart, apart):
        ovals += [(side, eyes - 0.17, 0.18, own.uniform(0.02, 0.06), hair), (side, eyes, 0.15, 0.07, 255 + 0 * skin)]
        ovals += [(side, eyes, 0.06, own.uniform(0.05, 0.08), 0 * skin)]
    ovals += [(0, 0.15, 0.06, 0.14, skin * 0.8), (0, mouth, own.uniform(0.15, 0.3), 0.05, skin * (0.8, 0.4, 0.4))]
    for across, down, width, height, colour in ovals:
        picture[np.hypot((x - across) / width, (y - down) / height) < 1] = colour
    return jpeg(
        np.clip(picture * chance.uniform(0.9, 1.1) + chance.normal(0, 5, (SIDE, SIDE, 1)), 0, 255).astype("uint8")
    )


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, knnife.Faces.open(Path(folder) / "people.knnife") as people:
        photos = [knnife.Thing(f"{name}-{i}.jpg", photo(name, i), {"person": name}) for name in KNOWN for i in range(4)]
        people.add(photos, whole=True)  # each photo is a face already, so that none is looked for
        asked = [knnife.Thing(f"{name}-9.jpg", photo(name, 9)) for name in ("ann", "joe", "stranger")]
        found = people.identify(asked)
        for face in found.faces:
            print(f"{face.photo:16} {face.person or 'unknown':8} likeness {face.likeness:.2f}")
        print(f"line at {found.decision.threshold:.2f}; strangers above it: {found.decision.false_matches:.1%}")
        same = people.verify(photo("ann", 7), photo("ann", 8))
        print("the same person" if same else "different people", f"(likeness {same.likeness:.2f})")


if __name__ == "__main__":
    main()
