"""`knnife match`: pairs, one-to-one, labels and review, what is kept, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.interfaces.running import Knnife
from tests.interfaces.shops import SHARED


def found(out: str) -> list[tuple[int, int]]:
    return [(int(row["position_a"]), int(row["position_b"])) for row in map(json.loads, out.splitlines())]


def test_pairs_come_with_probability_and_what_decided(knnife: Knnife, folder: Path) -> None:
    outcome = knnife("match shop.csv catalogue.csv --one-to-one")
    assert outcome.code == 0
    fields = outcome.lines[0].split("\t")
    assert len(fields) == 4
    assert 0.5 <= float(fields[2]) <= 1
    assert "title" in outcome.out
    assert "matches among" in outcome.err


def test_planted_partners_are_found(knnife: Knnife, folder: Path) -> None:
    pairs = found(knnife("match shop.csv catalogue.csv --one-to-one --json").out)
    assert sum(a == b < SHARED for a, b in pairs) >= SHARED - 3
    assert len({a for a, _ in pairs}) == len(pairs)


def test_a_review_comes_back_as_labels(knnife: Knnife, folder: Path) -> None:
    assert knnife("match shop.csv catalogue.csv --review review.csv --borderline 20").code == 0
    with Path("review.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 20
    assert {"left title", "right title", "left price", "right price"} <= set(rows[0])
    waiting = knnife("match shop.csv catalogue.csv --labels review.csv --json")
    assert waiting.code == 0  # nothing is labelled yet: as without
    for row in rows:
        a, b = (int(row[side].partition("#")[2]) for side in "ab")
        row["match"] = str(int(a == b <= SHARED))
    with Path("review.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    learned = knnife("match shop.csv catalogue.csv --labels review.csv --save shop.matcher --json")
    assert learned.code == 0
    again = knnife("match shop.csv catalogue.csv --matcher shop.matcher --json")
    assert found(again.out) == found(learned.out)


def test_pairs_are_explained_in_words_match_or_not(knnife: Knnife, folder: Path) -> None:
    Path("left.csv").write_text("id,title\nl1,Kestrel monitor D240 2 GB black\nl2,Okami kettle\n")
    Path("right.csv").write_text("id,title\nr1,Kestrel monitor D240 16 GB black\nr2,Okami kettles\n")
    outcome = knnife("match left.csv right.csv --id id --pair l1 r1 --pair l1 r2")
    assert outcome.code == 0
    first, second = (line.split("\t") for line in outcome.lines)
    assert first[:2] == ["l1", "r1"]
    assert "title: 2 GB differs from 16 GB" in first[4]
    assert "title: only the left has" in second[4]
    explained = [json.loads(line) for line in knnife("match left.csv right.csv --id id --explain --json").lines]
    assert all(row["match"] and row["agrees"] for row in explained)
    assert knnife("match left.csv right.csv --id id --explain -o why.csv").code == 0
    assert Path("why.csv").read_text().splitlines()[0].endswith("agrees,differs")
    unknown = knnife("match left.csv right.csv --id id --pair l1 r9")
    assert unknown.code == 1
    assert "'r9' is not there" in unknown.err


@pytest.mark.parametrize("name", ["matches.csv", "matches.jsonl"])
def test_matches_are_written_to_a_file(knnife: Knnife, folder: Path, name: str) -> None:
    outcome = knnife(f"match shop.csv catalogue.csv -o {name}")
    assert (outcome.code, outcome.out) == (0, "")
    assert f"{name} written" in outcome.err
    text = Path(name).read_text(encoding="utf-8")
    assert "probability" in text.splitlines()[0]
    assert len(text.splitlines()) > SHARED - 5


def test_within_one_table_sets_are_shown(knnife: Knnife, folder: Path) -> None:
    Path("names.txt").write_text("Anna Karenina\nWar and Peace\nanna karennina\nThe Idiot\nMoby Dick\n")
    outcome = knnife("match names.txt --groups --threshold 0.2 --json")
    assert outcome.code == 0
    assert [json.loads(line)["ids"] for line in outcome.lines] == [["0", "2"]]


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("match shop.csv nowhere.csv", "nowhere.csv"),
        ("match shop.csv catalogue.csv --field colour", "colour"),
        ("match shop.csv catalogue.csv --labels shop.csv", "no column 'a'"),
        ("match shop.csv catalogue.csv --matcher shop.csv", "shop.csv"),
        ("match shop.csv catalogue.csv --groups", "one table"),
        ("match shop.csv catalogue.csv -o matches.xlsx", ".csv or .jsonl"),
        ("match shop.csv catalogue.csv --threshold 2", "2"),
        ("match films.knnife --id title", "a space"),
        ("match empty.txt", "no records"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(knnife: Knnife, folder: Path, line: str, part: str) -> None:
    Path("empty.txt").write_text("")
    outcome = knnife(line)
    assert outcome.code in (1, 2)
    assert part in outcome.err
    assert len(outcome.err.strip().splitlines()) == 1
    assert outcome.out == ""
