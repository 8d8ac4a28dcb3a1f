"""`knnife models`: the list, one entry, a search, and fetching."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest
from tests.interfaces.running import Knnife

import knnife as package
from knnife.encoders.catalogue import KINDS
from knnife.interfaces.cli import models


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output is a terminal of 80 columns."""
    monkeypatch.setattr("knnife.interfaces.cli.output.for_people", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("KNNIFE_OFFLINE", "1")


def rows(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_choices_are_those_of_the_library() -> None:
    assert models.KINDS == KINDS


def test_the_list_as_json_is_complete(knnife: Knnife) -> None:
    listed = rows(knnife("models --json").out)
    assert listed == [entry.row() for entry in package.models()]
    assert {"name", "kind", "dim", "size", "licence", "commercial", "languages", "scores", "here", "needs"} <= set(
        listed[0]
    )


def test_the_list_in_a_pipe_is_a_line_each_with_plain_numbers(knnife: Knnife) -> None:
    lines = knnife("models").lines
    assert len(lines) == len(package.models())
    assert all(line.count("\t") == len(models.PIPED) - 1 for line in lines)
    assert lines[0].startswith("english\ttext\t256\t")


def test_the_list_fits_80_columns_and_marks_what_matters(knnife: Knnife, wide: None) -> None:
    lines = knnife("models").lines
    assert len(lines) == 1 + len(package.models())
    assert max(map(len, lines)) <= 80
    table = {line.split()[0]: line for line in lines}
    assert "built in" in table["english"]
    assert "non-commercial" in table["buffalo_l"]
    assert "no loader" in table["yamnet"]
    assert "no loader" not in table["clip-ViT-B-32"]
    assert re.search(r" 2\.3 GB ", table["bge-m3"])


def test_show_tells_everything_with_the_sources_of_scores(knnife: Knnife, wide: None) -> None:
    out = knnife("models show bge-small-en-v1.5").out
    for part in ("384", "133 MB", "512 tokens", "MIT", "allowed", "62.17", "hf:BAAI/bge-small-en-v1.5", "models get"):
        assert part in out
    assert "'Represent this sentence" in out
    assert "https://github.com/FlagOpen" in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["bge-m3", "BAAI/bge-m3", "hf:BAAI/bge-m3"])
def test_show_understands_names_and_addresses(knnife: Knnife, name: str) -> None:
    assert rows(knnife(f"models show {name} --json").out)[0]["name"] == "bge-m3"


def test_show_says_when_something_is_not_allowed_or_not_known(knnife: Knnife) -> None:
    assert "commercial use\tnot allowed\n" in knnife("models show buffalo_l").out
    assert "commercial use\tnot stated\n" in knnife("models show facenet-vggface2").out
    assert "needs\tcannot be loaded yet: " in knnife("models show yamnet").out


def test_search_of_the_page_finds_what_it_says(knnife: Knnife) -> None:
    found = rows(
        knnife("models search text --max-size 200MB --licence permissive --language de --kind text --json").out
    )
    assert found
    for row in found:
        assert row["kind"] == "text"
        assert 0 < row["size"] <= 200_000_000
        assert "de" in row["languages"]
        assert row["commercial"]


def test_search_takes_every_filter(knnife: Knnife, wide: None) -> None:
    assert [row["name"] for row in rows(knnife("models search --cached --max-dim 256 --commercial --json").out)] == [
        "english",
        "topics",
    ]
    assert knnife("models search no such thing").out == "nothing found\n"
    assert "MERT" in knnife("models search music --kind audio").out


@pytest.mark.parametrize(
    ("text", "size"),
    [("200MB", 2e8), ("1.5GB", 1.5e9), ("1.5 gb", 1.5e9), ("30k", 3e4), ("800000", 8e5), ("7 bytes", 7), ("2M", 2e6)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: float) -> None:
    assert models.in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "big", "-3MB", "1.GB", "1e9", "3TBs", "10 MB of"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="expected one such as 200MB"):
        models.in_bytes(text)


@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("models shwo english", 2, "Did you mean 'show'"),
        ("models --json show english", 2, "--json goes behind show"),
        ("models show", 2, "missing argument 'NAME'"),
        ("models search --max-size big", 2, "200MB or 1.5GB"),
        ("models search --kind video", 2, "video"),
        ("models search --language German", 1, "such as 'de'"),
        ("models show englisch", 1, "did you mean english"),
        ("models get nope", 1, "no encoder 'nope'"),
        ("models get yamnet", 1, "no loader for sound"),
        ("models get potion-base-2M", 1, "KNNIFE_OFFLINE"),
    ],
)
def test_mistakes_are_told_in_one_line(knnife: Knnife, line: str, code: int, part: str) -> None:
    outcome = knnife(line)
    assert (outcome.code, outcome.out) == (code, "")
    assert part in outcome.err
    assert outcome.err.startswith("knnife: ")
    assert outcome.err.count("\n") == 1


def test_get_of_what_is_here_needs_no_network(knnife: Knnife) -> None:
    assert knnife("models get english").out == "english is here: text, 256 dimensions\n"
    assert rows(knnife("models get english --json").out) == [{"name": "english", "kind": "text", "dim": 256}]


def test_get_downloads_and_reports_in_megabytes(knnife: Knnife, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, float | None]] = []

    class Bar:
        def __init__(self, what: str) -> None:
            assert what == "fetching hf:some/model, MB:"

        def __enter__(self) -> object:
            return lambda size, fraction: told.append((size, fraction))

        def __exit__(self, *_: object) -> None: ...

    def load_encoder(name: str, *, download: bool, progress: object) -> object:
        assert (name, download) == ("hf:some/model", True)
        progress(3_000_000, 0.5)  # type: ignore[operator]
        return original("english")

    original = package.load_encoder
    monkeypatch.setattr("knnife.load_encoder", load_encoder)
    monkeypatch.setattr(models, "progress_bar", Bar)
    assert knnife("models get hf:some/model").code == 0
    assert told == [(3, 0.5)]


@pytest.mark.parametrize("name", ["show", "search", "get"])
def test_help_of_each_has_examples_and_those_that_need_no_network_run(knnife: Knnife, name: str) -> None:
    outcome = knnife(f"models {name} --help")
    assert outcome.code == 0
    assert "--json" in outcome.out
    examples = models.command.commands[name].examples  # type: ignore[attr-defined]
    for line in examples:
        assert f"  {line}\n" in outcome.out
        if "hf:" not in line:
            ran = knnife(line.removeprefix("knnife "))
            assert ran.code == 0, ran.err
