"""Whether the word that was meant comes first, or within five, and how many words a second are corrected.

`testset1`: 270 misspellings (Norvig, "How to write a spelling corrector"), `codespell`: 5,000 lines drawn at random
from codespell's list of what was misspelled in real code and documentation. The misspelling is given alone, in small
letters. A suggestion is right if it is the word listed, or one of those listed; a word that no dictionary has counts as
missed, for everybody. All use the English dictionary of symspellpy, 82,765 words with counts. `--file` measures on
another list, in either format. `misspelled` is something else: how much of their score misspelled questions to spaces
keep (bench/misspelled.py). Speed is the median of up to five repeats. knnife answers on as many threads as it
likes, the others on one, which is all they use.
"""

from __future__ import annotations

import ast
import gzip
import random
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from bench.misspelled import measure as measure_questions
from bench.report import Report, called, options

TYPOS = Path(__file__).parents[1] / ".." / "shared" / "data" / "typos"
LINES, SEED = 5_000, 0  # of codespell's list that are the test; scripts/spelling.py learns from the others
DICTIONARY = "frequency_dictionary_en_82_765.txt"
FIVE = 5
REPEATS, LONG = 5, 5.0  # at most so many of one list, unless they take so many seconds
MISSPELLED = "misspelled"
QUICK = 100  # misspellings of a list with --quick

Suggests = Callable[[Sequence[str]], list[list[str]]]  # up to five words for each, the likeliest first


class Slip(NamedTuple):
    """A misspelling and the words that may have been meant, in small letters."""

    typed: str
    right: frozenset[str]


def norvig(path: Path = TYPOS / "spell-testset1.txt") -> list[Slip]:
    """The set of Norvig's essay: `tests1 = {"right": "wrong wrong", ...}`."""
    text = path.read_text("utf-8")
    listed = ast.literal_eval(text[text.index("{") :])
    return [_slip(typed, [right]) for right, all_typed in listed.items() for typed in all_typed.split()]


def codespell(path: Path = TYPOS / "codespell-dictionary.txt.gz") -> tuple[list[Slip], list[Slip]]:
    """The lines `wrong->right, right` of codespell's list: those of the test, and all others."""
    slips = _arrows(_lines(path))
    drawn = set(random.Random(SEED).sample(range(len(slips)), LINES))
    return [slips[i] for i in sorted(drawn)], [slip for i, slip in enumerate(slips) if i not in drawn]


def spell_errors(path: Path = TYPOS / "spell-errors.txt.gz") -> list[Slip]:
    """The lines `right: wrong, wrong*times` of spell-errors."""
    return _colons(_lines(path))


def of_file(path: Path) -> list[Slip]:
    """A list in any of the three formats."""
    lines = _lines(path)
    if any("->" in line for line in lines[:50]):
        return _arrows(lines)
    return norvig(path) if any("{" in line for line in lines[:50]) else _colons(lines)


def dictionary() -> dict[str, int]:
    """The words of symspellpy with their counts."""
    text = (resources.files("symspellpy") / DICTIONARY).read_text("utf-8-sig")
    return {word: int(count) for word, count in map(str.split, text.splitlines())}


def contenders(words: dict[str, int], report: Report) -> dict[str, Suggests]:
    """Who can be measured here."""
    found = {"knnife": _knnife(words)}
    for package, make in (("symspellpy", _symspell), ("pyspellchecker", _pyspellchecker)):
        if name := called(package):
            found[name] = make(words)
        else:
            report.note(f"{package} is not installed")
    return found


def _knnife(words: dict[str, int]) -> Suggests:
    from knnife import Speller

    speller = Speller(words)
    speller.suggest(["warm"], FIVE)  # tables are made when first needed
    return lambda typed: speller.suggest(typed, FIVE).words


def _symspell(words: dict[str, int]) -> Suggests:
    from symspellpy import SymSpell, Verbosity

    speller = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
    for word, count in words.items():
        speller.create_dictionary_entry(word, count)
    return lambda typed: [[found.term for found in speller.lookup(word, Verbosity.ALL, 2)[:FIVE]] for word in typed]


def _pyspellchecker(words: dict[str, int]) -> Suggests:
    from spellchecker import SpellChecker

    speller = SpellChecker(language=None, distance=2)
    speller.word_frequency.load_json(words)

    def suggest(typed: Sequence[str]) -> list[list[str]]:
        found = [speller.candidates(word) or set() for word in typed]
        return [sorted(some, key=lambda word: (-words.get(word, 0), word))[:FIVE] for some in found]

    return suggest


def measure(report: Report, work: str, slips: Sequence[Slip], who: dict[str, Suggests], words: dict[str, int]) -> None:
    """Rows of one list for all."""
    known = sum(not slip.right.isdisjoint(words) for slip in slips)
    report.note(f"{work}: {len(slips):,} misspellings; the dictionary has the right word of {known:,}")
    typed = [slip.typed for slip in slips]
    for name, suggest in who.items():
        taken: list[float] = []
        while sum(taken) < LONG and len(taken) < REPEATS:
            began = time.perf_counter()
            suggested = suggest(typed)
            taken.append(time.perf_counter() - began)
        for figure, within in (("first", 1), ("within five", FIVE)):
            hits = sum(not slip.right.isdisjoint(some[:within]) for slip, some in zip(slips, suggested, strict=True))
            report.add(work, name, hits / len(slips), f"{figure} right")
        report.add(work, name, len(slips) / statistics.median(taken), "words/s")


def _lines(path: Path) -> list[str]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [line.strip() for line in text.decode().splitlines() if line.strip()]


def _arrows(lines: Sequence[str]) -> list[Slip]:
    pairs = [line.split("->", 1) for line in lines]
    return [_slip(typed, right.split(",")) for typed, right in pairs]


def _colons(lines: Sequence[str]) -> list[Slip]:
    pairs = [line.split(":", 1) for line in lines if ":" in line]
    return [_slip(typed.split("*")[0], [right]) for right, all_typed in pairs for typed in all_typed.split(",")]


def _slip(typed: str, right: Sequence[str]) -> Slip:
    plain = [word.replace("_", " ").strip().lower() for word in (typed, *right)]
    return Slip(plain[0], frozenset(word for word in plain[1:] if word))


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("works", nargs="*", metavar="WORK", help="testset1, codespell, misspelled (default: all)")
    parser.add_argument("--file", type=Path, action="append", default=[], help="another list, in the format of either")
    arguments = parser.parse_args()
    works = {"testset1": norvig, "codespell": lambda: codespell()[0]}
    if unknown := set(arguments.works) - {*works, MISSPELLED}:
        parser.error(f"no work {', '.join(sorted(unknown))}; there are {', '.join(works)}, {MISSPELLED}")
    report = Report("typos", as_json=arguments.json)
    chosen = arguments.works or ([] if arguments.file else [*works, MISSPELLED])
    if MISSPELLED in chosen:
        chosen.remove(MISSPELLED)
        measure_questions(report, quick=arguments.quick)
    lists = {work: works[work]() for work in chosen} | {path.name: of_file(path) for path in arguments.file}
    words = dictionary() if lists else {}
    who = contenders(words, report) if lists else {}
    for work, slips in lists.items():
        some = random.Random(SEED).sample(slips, min(QUICK, len(slips))) if arguments.quick else slips
        measure(report, work, some, who, words)
    report.close()


if __name__ == "__main__":
    main()
