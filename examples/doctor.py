"""Are these vectors healthy? Makes a cloud that is not, asks what is wrong with it, and mends it."""

from __future__ import annotations

import numpy as np

import knnife


def main() -> None:
    random = np.random.default_rng(0)
    vectors = random.standard_normal((500, 32)) + 8 * np.eye(32)[0]  # they all point one way
    vectors[7] = np.nan
    found = knnife.doctor(vectors)
    for row in found.rows():
        if row["state"] in ("warning", "bad"):
            print(f"{row['state']}: {row['check']}: {row['means']}\n    {row['remedy']}")

    vectors = vectors[np.isfinite(vectors).all(axis=1)]
    vectors = vectors - vectors.mean(axis=0)
    print(f"before: {found.state}; after: {knnife.doctor(vectors).state}")


if __name__ == "__main__":
    main()
