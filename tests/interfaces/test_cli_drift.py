"""`knnife drift`: its exit codes, its lines, and its picture."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.encoders.tables import payments
from tests.interfaces.running import Knnife

OLD = ["the river is {} and calm", "birds sing in the {} tree", "a {} meadow after the rain"]
NEW = ["the rocket burns {} fuel", "a {} engine in orbit", "the {} probe leaves for Mars"]
KINDS = ["old", "new", "green", "grey", "wide", "small", "quiet", "bright", "cold", "warm"]


def lines(patterns: list[str]) -> str:
    return "".join(pattern.format(kind) + "\n" for pattern in patterns for kind in KINDS)


@pytest.fixture
def spaces(knnife: Knnife, folder: Path) -> None:
    Path("old.txt").write_text(lines(OLD))
    Path("new.txt").write_text(lines(NEW))
    assert knnife("add old.knnife old.txt").code == 0
    assert knnife("add new.knnife new.txt").code == 0


@pytest.mark.parametrize("new", ["new.knnife", "new.txt"])
def test_drift_is_exit_code_one_and_says_what_changed(knnife: Knnife, spaces: None, new: str) -> None:
    outcome = knnife(f"drift old.knnife {new} --json")
    assert (outcome.code, outcome.err) == (1, "")
    rows = [json.loads(line) for line in outcome.lines]
    assert rows[0]["found"] == "drift"
    assert rows[0]["p_value"] <= 0.05
    assert rows[0]["sizes"] == {"reference": 30, "new": 30}
    assert {"region", "new", "vanished", "mark"} & {row["found"] for row in rows[1:]}
    for options in ("", "--all"):
        told = knnife(f"drift old.knnife {new} {options}")
        assert {len(line.split("\t")) for line in told.lines} == {5}


def test_no_drift_is_exit_code_zero(knnife: Knnife, spaces: None) -> None:
    outcome = knnife("drift old.knnife old.txt --seed 1")
    assert (outcome.code, outcome.lines[0].split("\t")[0]) == (0, "no drift")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("drift nowhere.knnife new.txt", "nowhere.knnife"),
        ("drift old.knnife nowhere.txt", "nowhere.txt"),
        ("drift films.knnife old.knnife", "8 things; drift needs 10"),
        ("drift old.knnife new.txt --rate 2", "rate is 2"),
        ("drift old.knnife new.txt --plot nowhere/drift.svg", "nowhere/drift.svg"),
        ("drift points.npy new.txt", "an array is compared with an array"),
        ("drift old.knnife", "missing"),
    ],
)
def test_every_error_is_exit_code_two_and_one_line(knnife: Knnife, spaces: None, line: str, said: str) -> None:
    outcome = knnife(line)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1


def test_arrays_are_compared_too_and_drawn(knnife: Knnife, folder: Path) -> None:
    random = np.random.default_rng(0)
    np.save("a.npy", random.standard_normal((50, 3)))
    np.save("b.npy", random.standard_normal((50, 3)) + 2)
    assert knnife("drift a.npy b.npy --metric euclidean --plot drift.svg").code == 1
    assert Path("drift.svg").read_text().startswith("<svg ")


def test_fields_hold_labels_and_filters_part_a_space(knnife: Knnife, folder: Path) -> None:
    rows = [{"text": text, "kind": i % 2, "half": i // 15} for i, text in enumerate(lines(OLD).splitlines())]
    Path("kinds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert knnife("add kinds.knnife kinds.jsonl --text text").code == 0
    outcome = knnife(
        "drift kinds.knnife kinds.knnife --where 'half = 0' --new-where 'half = 1' --json",
        *("--labels", "kind", "--predictions", "kind"),
    )
    told = {row["found"]: row for row in map(json.loads, outcome.lines)}
    assert told["accuracy"]["reference"] == 1.0
    assert told["accuracy"]["by"] == "predictions"


def test_a_monitor_goes_on_from_run_to_run_and_its_alarm_stays(knnife: Knnife, folder: Path) -> None:
    random = np.random.default_rng(0)
    np.save("reference.npy", random.standard_normal((400, 3)))
    codes, rows = [], []
    for day in range(12):
        np.save("today.npy", random.standard_normal((30, 3)) + (2 if 5 <= day < 10 else 0))
        outcome = knnife("drift reference.npy today.npy --metric euclidean --monitor watch --json")
        codes.append(outcome.code)
        rows.append(json.loads(outcome.out))
    assert codes[:5] == [0] * 5
    assert codes[-3:] == [1] * 3
    assert [(row["seen"], row["looks"]) for row in rows] == [(30 * day, day) for day in range(1, 13)]
    assert {row["rate"] for row in rows} == {0.05}
    assert [path.name for path in Path().glob("watch*") if path.suffix != ".csv"] == ["watch"]
    line = knnife("drift reference.npy today.npy --metric euclidean --monitor watch").lines[0].split("\t")
    assert line[:3] == ["drift", "390", "13"]


def test_a_monitor_watches_texts_for_a_space(knnife: Knnife, spaces: None, folder: Path) -> None:
    Path("more.txt").write_text(lines([*OLD, "a {} boat on the lake", "the {} hills"]))
    assert knnife("add more.knnife more.txt").code == 0
    assert knnife("drift more.knnife old.txt --monitor watch").code == 0
    for _ in range(5):
        outcome = knnife("drift more.knnife new.knnife --monitor watch")
    assert (outcome.code, outcome.lines[0].split("\t")[:3]) == (1, ["drift", "180", "6"])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--monitor watch --rate 0.01", "watch keeps a rate of 0.05 over all looks, and --rate is 0.01 now"),
        ("--monitor watch --metric manhattan", "watch was made of another reference"),
        ("--monitor watch --block 5", "--monitor has no use for --block"),
        ("--monitor watch --plot a.svg --most 100", "no use for --most, --plot"),
        ("--monitor nowhere/watch", "nowhere"),
        ("--monitor other", "other: expected a monitor of the format knnife-drift-monitor-1"),
    ],
)
def test_what_a_monitor_cannot_do_is_exit_code_two(knnife: Knnife, folder: Path, options: str, said: str) -> None:
    random = np.random.default_rng(0)
    np.save("a.npy", random.standard_normal((50, 3)))
    Path("other").write_text("no monitor")
    assert knnife("drift a.npy a.npy --monitor watch --rate 0.05").code == 0
    kept = Path("watch").read_bytes()
    outcome = knnife(f"drift a.npy a.npy {options}")
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert Path("watch").read_bytes() == kept


def test_tables_are_told_in_their_own_units(knnife: Knnife, folder: Path) -> None:
    def write(name: str, rate: float, columns: list[str]) -> None:
        with Path(name).open("w", newline="") as file:
            table = csv.DictWriter(file, columns, extrasaction="ignore")
            table.writeheader()
            for row in payments(200, seed=len(name)):
                table.writerow({**row, "amount": round(row["amount"] * rate, 2)})

    columns = ["number", "amount", "country", "fraud"]
    write("march.csv", 1, columns)
    write("april.csv", 3, columns[:-1])  # the label is not known yet
    assert knnife("add march.knnife march.csv --row --id number --leave-out fraud").code == 0
    assert knnife("drift march.knnife april.csv --id number").lines[1].startswith("reason\tamount is higher: median ")
    outcome = knnife("drift march.knnife april.csv --id number --all")
    assert outcome.code == 1, outcome.err
    marks = [line.split("\t") for line in outcome.lines if line.startswith("mark")]
    assert [line[1] for line in marks] == ["amount, median"]
    assert float(marks[0][3]) > 2 * float(marks[0][2]) > 20
    assert knnife("drift march.knnife april.csv --id number --monitor watch").code in {0, 1}
    assert knnife("drift march.knnife april.csv --id number --monitor watch").code == 1
