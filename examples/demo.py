"""Five questions to a space of the documentation of Python's standard library.

`make demo` makes the space first, by `knnife add stdlib.knnife python:stdlib`. Everything happens on this machine: the
texts are what your own Python ships, the model is in the package.
"""

from __future__ import annotations

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

NEXT = """What to try next:
  {knnife} search {path} 'parse a date' --explain
  {knnife} near {path} --id json.dumps
  {knnife} search {path} 'read lines' --where 'kind = "method" and module contains "io"'
  {knnife} add docs.knnife docs README.md
  {knnife} search docs.knnife 'where does a new tool go?'"""


def main(path: str) -> None:
    with knnife.Space.open(path, create=False) as space:
        space.search("warm up")  # loads the model and the vectors, once
        for question in QUESTIONS:
            began = time.perf_counter()
            hits = space.search(question, k=3)
            took = 1000 * (time.perf_counter() - began)
            print(f"{question}?  ({took:.1f} ms)")
            for hit in hits:
                summary = str(hit.value).split("\n\n", 1)[-1].splitlines()[0]
                print(f"  {hit.score:5.2f}  {hit.id:<34}  {summary[:72]}")
            print()
    print(NEXT.format(path=path, knnife=".venv/bin/knnife" if ".venv" in sys.executable else "knnife"))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "stdlib.knnife")
