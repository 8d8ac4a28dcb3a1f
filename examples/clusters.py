"""What are these complaints about? Groups them without being told how many groups there are, and names them."""

from __future__ import annotations

import numpy as np

import knnife

PARTS = {
    "the parcel came late": "delivery parcel late courier waited post package driver door weeks shipping arrive",
    "the money is missing": "refund money charged card twice bank payment account invoice price paid balance",
    "it does not work": "screen broken battery charger repair dead button cable power switch crash noise",
}


def main() -> None:
    random = np.random.default_rng(0)
    texts = [
        f"{start}: {' '.join(random.permutation(words.split())[:5])}"
        for start, words in PARTS.items()
        for _ in range(50)
    ]
    found = knnife.clusters([texts[i] for i in random.permutation(len(texts))])
    for row in found.rows():
        print(f"{row['size']:4d} things, stability {row['stability']:.2f}: {row['name']}")
    print("also worth a look:", found.levels)


if __name__ == "__main__":
    main()
