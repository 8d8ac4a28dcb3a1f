"""Five questions to a space of the documentation of Python's standard library.

`make demo` makes the space first, by `knnife add stdlib.knnife python:stdlib`. Everything happens on this machine: the
texts are what your own Python ships, the models are in the package.
"""

from __future__ import annotations

import shutil
import sys
import time

import knnife

QUESTIONS = [
    "split a path into folder and file name",
    "wait for several threads to finish",
    "compare two texts and show the differences",
    "run a command and capture its output",
    "draw random elements from a list without repeating any",
]
ID = 32  # characters of a name that are shown

NEXT = """What to try next:
  {knnife} search {path} 'parse a date' --explain
  {knnife} near {path} --id json.dumps
  {knnife} search {path} 'read lines' --where 'kind = "method"'
  {knnife} add docs.knnife docs README.md
  {knnife} search docs.knnife 'where does a new tool go?'"""


def main(path: str) -> None:
    with knnife.Space.open(path, create=False) as space:
        space.search("warm up")  # loads the models and the vectors, once
        began = time.perf_counter()
        answers = [space.search(question, k=3, fold=True) for question in QUESTIONS]
        first = time.perf_counter() - began
        for question in QUESTIONS:
            space.search(question, k=3, fold=True)
        again = time.perf_counter() - began - first
    for question, hits in zip(QUESTIONS, answers, strict=True):
        print(f"{question}?")
        for hit in hits:
            print(line(hit.part_of or hit.id, str(hit.value)))
        print()
    each = 1000 / len(QUESTIONS)
    print(f"{first * each:.0f} ms a question; {again * each:.0f} ms when it is asked again: what it reads is kept.\n")
    print(NEXT.format(path=path, knnife=".venv/bin/knnife" if ".venv" in sys.executable else "knnife"))


def line(name: str, value: str) -> str:
    """An answer in one line of the terminal: its name, and the first sentence that is said of it."""
    said = " ".join("".join(value.split("\n\n")[1:2]).split())
    room = min(shutil.get_terminal_size().columns, 120) - ID - 4
    return f"  {cut(name, ID):<{ID}}  {cut(said, room)}"


def cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "stdlib.knnife")
