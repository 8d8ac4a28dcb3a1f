"""Which class is it? From names alone, from a few examples, and from a head that is kept in a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import knnife

CLASSES = {"money": "banks, payments and prices", "food": "cooking, eating and recipes"}
EXAMPLES = [
    ("what does a transfer abroad cost", "money"),
    ("my card was charged twice", "money"),
    ("where is the next cash machine", "money"),
    ("how long do potatoes boil", "food"),
    ("a cake without eggs", "food"),
    ("is this bread vegan", "food"),
]
ASKED = ["can I pay by card", "how long does rice boil"]


def main() -> None:
    print("by names:   ", knnife.classify(None, [*ASKED, "the moon has no air"], labels=CLASSES).labels)
    texts, labels = zip(*EXAMPLES, strict=True)
    found = knnife.classify(texts, ASKED, labels=labels, names=CLASSES)
    for row in found.rows():
        decided = ", ".join(texts[int(why["id"])] if why["id"].isdigit() else why["id"] for why in row["because"][:2])
        print(f"{row['label']} {row['probability']:.2f}  {row['value']}  (because of: {decided})")
    with tempfile.TemporaryDirectory() as folder:
        knnife.Classifier.fit(texts, labels, names=CLASSES).save(Path(folder) / "kind.classifier")
        head = knnife.Classifier.load(Path(folder) / "kind.classifier")
        print("from a file:", knnife.classify(head, ASKED).labels)


if __name__ == "__main__":
    main()
