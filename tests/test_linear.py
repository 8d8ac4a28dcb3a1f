"""Every regular expression takes time in proportion to what it reads, whatever that is."""

from __future__ import annotations

import csv
import importlib
import io
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import knnife

SEEDS = (
    *"aA10 \n\t-.,_'\"`\\/@#<>[(é北\r\u00ad\u0301", "a1", "1.", "1,", ".1", "a.", "a_", "a-", "a'", "a ", "a\n", " \n",
    "1 ", "1:", "1-", "www.", "://", "a@", '."', "<a", "[a", "[]", "[](", "\\x", "a:", "e1", "1e", "//", "--", "/*",
    "\'\'", '""', "a\u0301",
)  # fmt: skip
TAILS = ("", "!", "x")
LENGTH = 600  # characters; twice as many come next
SLOW = 0.002  # seconds: what takes less is not compared


SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(knnife.__file__).parent.rglob("*.py"))


def patterns() -> Iterator[tuple[str, re.Pattern[str] | re.Pattern[bytes]]]:
    """Those of all modules; the few that are made on the spot are short, and meet short texts."""
    seen = set()
    for found in pkgutil.walk_packages(knnife.__path__, "knnife."):
        if "__main__" in found.name:
            continue
        for name, value in vars(importlib.import_module(found.name)).items():
            if isinstance(value, re.Pattern) and value not in seen:
                seen.add(value)
                yield f"{found.name}.{name}", value


def seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
        if best < SLOW:
            break
    return best


def ways(name: str) -> set[str]:
    """How the package applies a pattern."""
    last = name.rpartition(".")[2]
    return set(re.findall(rf"\b{last}\.(match|fullmatch|search|sub|split|findall|finditer)\b", SOURCE))


def used(pattern: re.Pattern, ways: set[str], text: str) -> Callable[[], object]:
    given = text if isinstance(pattern.pattern, str) else text.encode()
    work = [getattr(pattern, way) for way in ("match", "fullmatch", "search") if way in ways]
    if not work or ways & {"sub", "split", "findall", "finditer"}:
        work.append(lambda given: sum(1 for _ in pattern.finditer(given)))
    return lambda: [each(given) for each in work]


@pytest.mark.parametrize("named", [pytest.param(each, id=each[0]) for each in patterns()])
def test_twice_the_text_takes_less_than_three_times_as_long(named):
    check(*named, ways(named[0]))


def check(name: str, pattern: re.Pattern, applied: set[str]) -> None:
    for seed in SEEDS:
        for tail in TAILS:
            text = seed * (LENGTH // len(seed))
            after = seconds(used(pattern, applied, text * 2 + tail))
            if after >= SLOW:
                before = seconds(used(pattern, applied, text + tail))
                four = seconds(used(pattern, applied, text * 4 + tail))
                assert four < 9 * before, f"{name}: {seed!r} * n + {tail!r}"


@pytest.mark.parametrize(
    ("before", "way"),
    [
        (r"[+-]?((?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)", "fullmatch"),
        (r"\S*://\S+|\w+", "finditer"),
    ],
)
def test_the_test_notices_what_is_not_linear(before, way):
    with pytest.raises(AssertionError):
        check("before", re.compile(before), {way})


def words_of_typos(text: str) -> object:
    from knnife.spelling.texts import words

    return words(text)


def a_filter(text: str) -> object:
    from knnife.space.filters import parse_filter

    try:
        return parse_filter(f"year > {text}")
    except knnife.BadFilter as error:
        return error


def a_word_file(text: str) -> object:
    from knnife.encoders._words.word_rows import read_line

    return read_line(f"word {text} {text}".encode(), 2)


def a_page(text: str) -> object:
    from knnife.things.html import html

    return html(text, "a")


def a_document(text: str) -> object:
    from knnife.things.markdown import markdown
    from knnife.things.passages import passages

    return list(passages(markdown(text, "a"), "a"))


def a_table(text: str) -> object:
    from knnife.things.delimited import table_in
    from knnife.things.reading import Reading

    stream = io.BufferedReader(io.BytesIO(f"a,b\n{text}\n{text},{text}\n".encode()))
    with suppress(knnife.KnnifeError, csv.Error), table_in(stream, Reading("a.csv", lambda _: iter(()))) as table:
        return list(table.rows)


@pytest.mark.parametrize("read", [words_of_typos, a_filter, a_word_file, a_page, a_document, a_table])
@pytest.mark.parametrize(
    "seed", ["a", "1", "1x", "1.", "a@", "[", "<", "<a", "</", "<!", "&", "#", "a.", "'a", '"', "`"]
)
def test_what_meets_input_takes_time_by_its_length(read, seed):
    text = seed * (16_000 // len(seed))
    after = seconds(lambda: read(text * 2))
    if after > 5 * SLOW:
        assert seconds(lambda: read(text * 4)) < 9 * seconds(lambda: read(text))
