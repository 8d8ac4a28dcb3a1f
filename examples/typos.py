"""Mend a text, learn names and terms from one's own texts, and look at why something is suggested."""

from __future__ import annotations

import tempfile
from pathlib import Path

import knnife

LETTER = "I recieved teh accomodation voucher at https://example.org/recieve, but my adress is mispelled (see RECIEPT)."
NOTES = [
    "The Kubernetes cluster runs the scheduler, and the scheduler talks to etcd.",
    "Kubernetes keeps its state in etcd; the scheduler only reads it.",
]


def main() -> None:
    speller = knnife.Speller()  # the English words that ship
    for row in speller.suggest(["recieve", "definately", "thankyou"], k=2).rows():
        print(f"{row['word']:12} {row['suggestion']:12} {row['probability']:.2f}  {row['reason']}")

    mended = speller.text(LETTER)
    print(mended.text)

    with tempfile.TemporaryDirectory() as folder, knnife.Space.open(Path(folder) / "notes.knnife") as notes:
        notes.add(NOTES)
        own = knnife.Speller(notes)  # English, and the words that the notes have twice
    print(own.correct(["Kubernets", "schedular", "etdc"]))

    found = knnife.typos(["teh first note", "a seperate note"], speller)
    print(found.summary())
    for row in found.rows():
        print(row["id"], row["position"], row["word"], "->", row["suggestion"])


if __name__ == "__main__":
    main()
