"""Sums or products? Both ways to solve analogies, on those of one's own, and how similar words are to people."""

from __future__ import annotations

import tempfile
from pathlib import Path

import knnife

MADE_OF = {
    "capitals": ["paris france", "rome italy", "tokyo japan", "cairo egypt", "madrid spain", "vienna austria"],
    "gram: the past": ["walk walked", "play played", "open opened", "jump jumped", "look looked", "call called"],
}
PAIRS = """\
a,b,how similar
car,automobile,9
coast,shore,9
king,queen,8
cup,coffee,6.5
bread,butter,6
stock,jaguar,0.9
professor,cucumber,0.3
king,cabbage,0.2
"""


def main() -> None:
    lines = []
    for section, pairs in MADE_OF.items():
        lines += [f": {section}", *(f"{a} {b}" for a in pairs for b in pairs if a != b)]
    with tempfile.TemporaryDirectory() as folder:
        analogies, similarities = Path(folder) / "analogies.txt", Path(folder) / "pairs.csv"
        analogies.write_text("\n".join(lines), encoding="utf-8")
        similarities.write_text(PAIRS, encoding="utf-8")
        for method in ("add", "mul"):
            found = knnife.evaluate_words(None, analogies=analogies, method=method)
            for row in found.rows():
                print(f"{method}  {row['what']:15} {row['value']:.2f} of {row['asked']}")
        for row in knnife.evaluate_words(None, similarities=similarities).rows():
            print(f"in the order of people: {row['value']:.2f} ({row['low']:.2f} to {row['high']:.2f})")


if __name__ == "__main__":
    main()
