"""The facts of catalogue.toml: each test would catch a slip that a person makes when adding a model."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from knnife.encoders.catalogue import BUILT_IN, COMMERCIAL, KINDS, NOT_YET, PERMISSIVE, _open_models, read_entries
from knnife.encoders.entry import EXTRAS, HUB
from knnife.errors import BadInput

ENTRIES = [*BUILT_IN, *_open_models()]
# What the makers say is wanted before a query and a passage; the name begins so.
PREFIXES = {
    "e5-": ("query: ", "passage: "),
    "multilingual-e5-": ("query: ", "passage: "),
    "bge-small": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-base": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-large": ("Represent this sentence for searching relevant passages: ", ""),
    "bge-m3": ("", ""),
    "mxbai-embed-large": ("Represent this sentence for searching relevant passages: ", ""),
    "nomic-embed-text": ("search_query: ", "search_document: "),
    "all-MiniLM": ("", ""),
    "potion": ("", ""),
}
MADE_BY = {"NC": ("jina-embeddings-v3", "MERT-v1-95M", "MobileCLIP-S2", "buffalo_l")}  # known to forbid business


def each(check):
    """The check of one entry over all of them, as one test: hundreds of small ones take long to report."""

    def test():
        for entry in ENTRIES:
            try:
                check(entry)
            except AssertionError as wrong:
                pytest.fail(f"{entry.name}: {wrong}")

    return test


def test_there_are_enough_of_every_kind():
    kinds = Counter(entry.kind for entry in ENTRIES)
    assert kinds["text"] >= 40
    assert all(kinds[kind] >= 3 for kind in KINDS)


def test_names_and_addresses_are_unique_and_fit_the_table():
    for values in ([entry.name for entry in ENTRIES], [entry.target for entry in ENTRIES if entry.target]):
        assert len(values) == len(set(values))
    assert all(re.fullmatch(r"[\w.-]{2,32}", entry.name) for entry in ENTRIES)


@each
def test_kind_dimension_and_size_are_sane(entry):
    assert entry.kind in KINDS
    assert entry.dim is None or 16 <= entry.dim <= 4096
    assert entry.size == 0 or 200_000 <= entry.size <= 5_000_000_000
    assert entry.max_tokens is None or 64 <= entry.max_tokens <= 32768
    assert entry.kind != "text" or entry.dim
    # A vector for each of a few ten thousand words at least, or a network: no text model is smaller than this.
    assert entry.kind != "text" or not entry.size or entry.size > 20_000 * entry.dim


@each
def test_an_entry_can_be_read(entry):
    assert 8 <= len(entry.what) <= 120
    assert not entry.what.endswith(".")
    assert 3 <= len(entry.good_at) <= 100
    assert entry.page or entry.target.startswith("knnife.")
    assert all(text == text.strip() for text in (entry.what, entry.good_at, entry.licence, entry.page))


@each
def test_a_licence_is_one_that_we_have_judged(entry):
    if not entry.licence:
        assert entry.commercial is None
    else:
        assert entry.commercial is COMMERCIAL[entry.licence]


def test_what_forbids_business_is_marked_so():
    assert all(COMMERCIAL[licence] for licence in PERMISSIVE)
    assert not any(allowed for licence, allowed in COMMERCIAL.items() if "-NC" in licence)
    for entry in ENTRIES:
        assert (entry.name in MADE_BY["NC"]) == (entry.commercial is False), entry.name


@each
def test_languages_are_codes_and_text_models_have_some(entry):
    assert all(re.fullmatch("[a-z]{2,3}", code) for code in entry.languages)
    assert len(entry.languages) == len(set(entry.languages))
    assert list(entry.languages) == sorted(entry.languages) or len(entry.languages) < 5
    assert entry.kind != "text" or entry.languages
    if "multilingual" in entry.name:
        assert {"de", "fr", "zh"} <= set(entry.languages)
    if entry.name.endswith(("-en", "-en-v1.5", "english", "-english-r2")):
        assert entry.languages == ("en",)


@each
def test_prefixes_are_those_that_the_makers_ask_for(entry):
    for start, prefixes in PREFIXES.items():
        if entry.name.startswith(start):
            assert (entry.query_prefix, entry.passage_prefix) == prefixes
    for prefix in (entry.query_prefix, entry.passage_prefix):
        assert not prefix or prefix.endswith((" ", ":")), "the text would stick to it"


def test_the_rules_for_prefixes_speak_of_models_that_are_there():
    for start in PREFIXES:
        assert any(entry.name.startswith(start) for entry in ENTRIES), start


@each
def test_every_score_says_where_it_is_from(entry):
    assert len({score.benchmark for score in entry.scores}) == len(entry.scores)
    for benchmark, value, source in entry.scores:
        assert re.fullmatch(r"https://[\w.-]+/\S+", source)
        assert len(benchmark) > 3
        assert " " in benchmark or benchmark.isupper(), "a key that [benchmarks] does not have"
        assert 0 < value <= 100


def test_scores_of_one_benchmark_are_on_one_scale():
    for benchmark in {score.benchmark for entry in ENTRIES for score in entry.scores}:
        values = [s.value for entry in ENTRIES for s in entry.scores if s.benchmark == benchmark]
        assert max(values) < 3 * min(values), benchmark


@each
def test_what_runs_it_is_known_or_why_nothing_does(entry):
    if entry.kind in NOT_YET:
        assert entry.blocked == NOT_YET[entry.kind]
    elif entry.target.startswith(HUB) and not entry.blocked:
        assert all(extra in EXTRAS for extra in (entry.extra or "").split(",") if extra)
        assert (entry.kind == "image") == (entry.extra == "onnx,pictures")
        assert re.fullmatch(r"hf:[\w.-]+/[\w.-]+", entry.target)
    assert entry.target or entry.blocked
    assert not entry.target.startswith(HUB) or entry.page == f"https://huggingface.co/{entry.target[3:]}"


def test_only_static_models_and_what_comes_along_need_nothing_to_run():
    light = {entry.name for entry in ENTRIES if entry.kind == "text" and entry.extra is None and not entry.blocked}
    assert all(name in ("english", "minilm", "topics") or name.startswith("potion-") for name in light)


@pytest.mark.parametrize(
    "text",
    ["model = 3", "[[model]]\nhub = 'a/b'", "[[model]]\nname = 'x'\nspeed = 9", "[[model", "[[model]]\nscores = [[1]]"],
)
def test_a_file_with_a_mistake_is_refused_by_name(tmp_path, text):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(BadInput, match=r"mine\.toml: expected \[\[model\]\] tables"):
        read_entries(file)
