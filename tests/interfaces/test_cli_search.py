"""`knnife search`: the second reading, as the command line shows and keeps it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.interfaces.running import Knnife


def facts(knnife: Knnife) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in knnife("info films.knnife").lines)


def test_a_search_keeps_what_was_read_and_explains_it(knnife: Knnife, folder: Path) -> None:
    assert "reader minilm" not in facts(knnife)
    before = knnife("search films.knnife a heist goes wrong --explain").lines
    ranks = [line.split("\t")[4] for line in before]
    assert sorted(map(int, ranks)) == list(range(1, 9))
    told = facts(knnife)["reader minilm"]
    assert told.startswith("has read 8 of 8 things (100%): ")
    assert knnife("search films.knnife a heist goes wrong --explain").lines == before
    rows = [json.loads(line) for line in knnife("search films.knnife a heist goes wrong --json").lines]
    assert [str(row["reader_rank"]) for row in rows] == ranks
    assert "undamaged" in knnife("info films.knnife --check").out


def test_without_a_reader_nothing_is_read(knnife: Knnife, folder: Path) -> None:
    before = Path("films.knnife").read_bytes()
    for line in ("heist --reader none", "heist --by words", "heist --by meaning"):
        rows = [json.loads(row) for row in knnife(f"search films.knnife {line} --json").lines]
        assert rows
        assert all(row["reader_rank"] is None for row in rows)
    assert Path("films.knnife").read_bytes() == before


def test_everything_is_read_ahead_and_forgotten_again(knnife: Knnife, folder: Path) -> None:
    assert knnife("reencode films.knnife --reader").out.endswith(" texts read by minilm\n")
    assert json.loads(knnife("reencode films.knnife --reader minilm --json").out) == {"reader": "minilm", "texts": 0}
    assert facts(knnife)["reader minilm"].startswith("has read 8 of 8 things (100%): ")
    (row,) = json.loads(knnife("info films.knnife --json").out)["readers"]
    assert (row["name"], row["things"]) == ("minilm", 8)
    assert knnife("reencode films.knnife --drop minilm").out == "the vectors of minilm in films.knnife are gone\n"
    assert "reader minilm" not in facts(knnife)


def test_a_reader_that_is_not_there_is_told(knnife: Knnife, folder: Path) -> None:
    outcome = knnife("search films.knnife heist --reader minilmm")
    assert (outcome.code, outcome.err.count("\n")) == (1, 1)
    assert "no encoder 'minilmm': expected minilm" in outcome.err
    assert knnife("search films.knnife heist --by words --reader minilm").code == 1


def test_nearly_equal_things_take_one_place(knnife: Knnife, folder: Path) -> None:
    texts = {"io.open": "io.open\n\nOpen a file.", "_pyio.open": "_pyio.open\n\nOpen a file.", "close": "Close a file."}
    lines = [json.dumps({"id": id, "text": text}) for id, text in texts.items()]
    Path("docs.jsonl").write_text("\n".join(lines), "utf-8")
    knnife("add docs.knnife docs.jsonl")
    first, second = [json.loads(row) for row in knnife("search docs.knnife open --json").lines]
    assert (first["id"], first["also"], second["also"]) == ("io.open", ["_pyio.open"], [])
    assert '["_pyio.open"]' in knnife("search docs.knnife open --explain").lines[0]
    assert len(knnife("search docs.knnife open --apart").lines) == 3
