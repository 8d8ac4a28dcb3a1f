"""Makes the list of English words that ships with knnife, with how often each is used: spelling/english.txt.gz.

    python -m scripts.vocabulary        # a minute; reads ../shared/data/corpus

A line of it is a word and its count in 35,052 articles of the English Wikipedia (CC BY-SA 3.0) and 99 books (public
domain). What is hardly ever written small is a name, and keeps its capitals. What stands in three texts or fewer is
left out, which leaves out nearly all slips: of the 64,992 misspellings of codespell the list has 221, most of which are
words or names as well. (To look for slips among rare words that are a letter away from a frequent one was tried: it
found "hover" and "ejection" as often as slips.)

What stands in two texts or three is listed without counts in spelling/rare.txt.gz, less what codespell and
spell-errors have as misspellings: words that are not suggested, but hardly meant to be others.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from bench import typos as bench

from scripts import corpus

TARGET = Path(__file__).parents[1] / "src" / "knnife" / "spelling" / "english.txt.gz"
RARE = TARGET.with_name("rare.txt.gz")
TEXTS_WITH = 4  # a word must stand in so many articles and books
RARELY, SHORTEST = 2, 3  # a rare one in so many, and it has so many letters
ALONE = ("a", "i", "o")  # single letters that are words

SMALL = 0.1  # the share of its places where a word that is no name is written small, at the least

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")
_WITHIN = re.compile(rf"(?<=[a-z,;] ){_WORD.pattern}")  # a sentence; elsewhere a capital says nothing


def counted(texts: Iterable[corpus.Text]) -> tuple[dict[str, int], list[str]]:
    """How often each word is used that stands in enough of the texts, as it is mostly written; and the rare ones."""
    total, texts_with, forms = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
    for text in texts:
        plain = " ".join(text.paragraphs).replace("’", "'")
        here = Counter(_WORD.findall(plain.lower()))
        total.update(here)
        texts_with.update(here.keys())
        for form in _WITHIN.findall(plain):
            forms[form.lower()][form] += 1
    rare = [word for word, n in texts_with.items() if RARELY <= n < TEXTS_WITH and len(word) >= SHORTEST]
    return {
        _written(word, forms[word]): total[word]
        for word, n in texts_with.items()
        if n >= TEXTS_WITH and (len(word) > 1 or word in ALONE)
    }, rare


def _written(word: str, forms: Counter[str]) -> str:
    if forms[word] >= SMALL * forms.total():
        return word
    return min(forms, key=lambda form: (-forms[form], form))


def main() -> None:
    """Counts, and writes the list."""
    counts, rare = counted(corpus.read())
    ordered = sorted(counts.items(), key=lambda counted: (-counted[1], counted[0].lower()))
    lines = [f"{word} {count}" for word, count in ordered]
    TARGET.write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), 9, mtime=0))
    print(f"{len(lines):,} words, {TARGET.stat().st_size:,} bytes")
    wrong = {slip.typed for some in (*bench.codespell(), bench.spell_errors()) for slip in some}
    lines = sorted({*rare} - wrong)
    RARE.write_bytes(gzip.compress("\n".join([*lines, ""]).encode(), 9, mtime=0))
    print(f"{len(lines):,} rare words, {RARE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
