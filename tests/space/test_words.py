"""Search by words, held against BM25 written out in plain Python and against FTS5's own."""

import math
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from knnife.space.memory.words import MemoryWords
from knnife.space.records import Row
from knnife.space.sqlite import indexing, postings, words, words_memo
from knnife.space.sqlite.connection import Connection
from knnife.space.sqlite.tokens import tokens
from knnife.space.sqlite.words import SCHEMA, SqliteWords
from knnife.space.sqlite.words_memo import Memo

ANIMALS = [
    "the quick brown fox jumps over the lazy dog",
    "a dog and another dog, and a third dog",
    "foxes are quick",
    "the cat sleeps all day long on the warm window sill of the old house",
    "nothing to see here",
]


def index_of(texts):
    """A file with these texts at positions 1, 2, …, without knowing anything of spaces."""
    db = Connection(":memory:", isolation_level=None)
    db.execute("CREATE TABLE things (pos INTEGER PRIMARY KEY, value)")
    for statement in (SCHEMA + f"PRAGMA user_version = {indexing.PLAIN}").split(";\n"):
        db.execute(statement)
    insert(db, 0, texts)
    return db


def insert(db, before, texts):
    """Further texts behind the position `before`."""
    db.executemany("INSERT INTO things VALUES (?, ?)", enumerate(texts, before + 1))
    indexing.insert(db, before, [Row("", text, "{}", None, b"", None) for text in texts])


def words_of(db, memo=None):
    return SqliteWords(db, memo or Memo())


def remove(db, pos):
    last = db.execute("SELECT max(pos) FROM things").fetchone()[0]
    indexing.remove(db, db.execute("SELECT pos, value FROM things WHERE pos = ?", [pos]).fetchall(), last)
    db.execute("DELETE FROM things WHERE pos = ?", [pos])


def worth(word, times, texts):
    """The weight of a word of a query, where a word is a letter."""
    n, rows = sum(word in split for split in texts), len(texts)
    rarity = max(1e-6, math.log((rows - n + 0.5) / (n + 0.5))) if n else 0
    return rarity * (1 + (times - 1) * min(1, rarity / math.log(max(3, rows)))) * (1 / 3 if word == "a" else 1)


def bm25(texts, query):
    """The formula, word by word, for texts of plain lower-case words that stemming leaves alone, without names."""
    split = {pos: text.split() for pos, text in texts.items()}
    mean = sum(map(len, split.values())) / len(split)
    scores = {}
    for pos, held in split.items():
        for word, times in Counter(query.split()).items():
            f = held.count(word) + held[:16].count(word) / 2
            part = worth(word, times, split.values()) * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * len(held) / mean))
            scores[pos] = scores.get(pos, 0) + part
    return scores


plain = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=24).map(" ".join)


@settings(max_examples=60)
@given(st.lists(plain, min_size=1, max_size=12), plain, st.sets(st.integers(1, 12)))
def test_scores_are_those_of_the_formula_also_after_deletions(texts, query, gone):
    db = index_of(texts)
    kept = {pos: text for pos, text in enumerate(texts, 1) if pos not in gone}
    for pos in gone & set(range(1, len(texts) + 1)):
        remove(db, pos)
    expected = bm25(kept, query) if kept else {}
    found = words_of(db).find(query, 100)
    assert sorted(found.positions.tolist()) == sorted(pos for pos, value in expected.items() if value > 0)
    assert found.scores == pytest.approx([expected[pos] for pos in found.positions.tolist()], rel=1e-5)
    assert (np.diff(found.scores) <= 0).all()
    everywhere = np.array(sorted(kept), np.int64)
    assert words_of(db).score(found, everywhere) == pytest.approx(
        [expected[pos] for pos in everywhere.tolist()], rel=1e-5
    )


@settings(max_examples=30)
@given(st.lists(plain, min_size=1, max_size=12), plain)
def test_the_share_of_a_query_is_that_of_the_weights_of_its_words(texts, query):
    found = words_of(index_of(texts)).find(query, 100)
    splits = [text.split() for text in texts]
    weights = {word: worth(word, times, splits) for word, times in Counter(query.split()).items()}
    total = max(sum(weights.values()), 1e-6)
    expected = [sum(weights.get(word, 0) for word in {*split}) / total for split in splits]
    everywhere = np.arange(1, len(texts) + 1)
    shares = words_of(index_of(texts)).share(found, everywhere)
    assert shares == pytest.approx(expected, abs=1e-4)
    in_memory = MemoryWords(
        tokens, {pos: Row(str(pos), text, "{}", None, b"", None) for pos, text in enumerate(texts, 1)}
    )
    assert in_memory.share(in_memory.find(query, 100), everywhere) == pytest.approx(expected, abs=1e-4)


def test_order_and_scores_equal_those_of_fts5(monkeypatch):
    """Where the first words of a text count as all others."""
    monkeypatch.setattr(postings, "TIMES", np.ones(3, np.float32))
    rng = np.random.default_rng(0)
    vocabulary = [f"word{i}" for i in range(300)]
    texts = [" ".join(rng.choice(vocabulary, size=rng.integers(3, 40))) for _ in range(500)]
    db = index_of(texts)
    for _ in range(20):
        query = " ".join(rng.choice(vocabulary, size=4, replace=False))
        sql = "SELECT rowid, -rank FROM words WHERE words MATCH ? ORDER BY rank, rowid LIMIT 20"
        expected = dict(db.execute(sql, [" OR ".join(query.split())]).fetchall())
        found = words_of(db).find(query, 20)
        assert found.scores == pytest.approx(list(expected.values()), rel=1e-5)
        assert len(set(found.positions.tolist()) & set(expected)) >= 19  # the last place may be a tie


def test_rare_words_weigh_more_and_shorter_texts_win():
    db = index_of(ANIMALS)
    assert words_of(db).find("quick fox", 5).positions.tolist() == [3, 1]
    assert words_of(db).find("dog sleeps", 5).positions.tolist()[0] in (2, 4)
    assert words_of(db).find("zebra", 5).positions.tolist() == []


def test_words_are_stemmed_and_accents_and_case_do_not_matter():
    db = index_of(["Cafés in Zürich", "jumping", "the rest"])
    assert words_of(db).find("CAFE", 5).positions.tolist() == [1]
    assert words_of(db).find("cafe\u0301s zurich", 5).positions.tolist() == [1]
    assert words_of(db).find("jumped", 5).positions.tolist() == [2]


def test_a_word_written_twice_counts_more_the_rarer_it_is():
    db = index_of(["red", "blue", "green", "black", *["grey"] * 40])
    assert words_of(db).find("red red blue", 4).positions.tolist() == [1, 2]

    def more(word):
        return words_of(db).find(f"{word} {word}", 1).scores[0] / words_of(db).find(word, 1).scores[0]

    assert 1.5 < more("red") < 2
    assert more("grey") == pytest.approx(1, abs=1e-3)
    assert words_of(db).find("reds red", 1).scores[0] == pytest.approx(words_of(db).find("red red", 1).scores[0])


def test_words_that_only_bind_others_count_little():
    texts = [f"number{i}" for i in range(100)] + ["within", "castle"]
    found = words_of(index_of(texts)).find("within castle", 2)
    assert found.positions.tolist() == [102, 101]
    assert found.scores[1] == pytest.approx(found.scores[0] / 3, rel=1e-5)


def test_the_first_words_of_a_text_count_more():
    rest = " ".join(f"word{i}" for i in range(40))
    found = words_of(index_of([f"{rest} castle", f"castle {rest}", rest, rest])).find("castle", 2)
    assert found.positions.tolist() == [2, 1]


def test_only_allowed_rows_are_found_and_the_limit_is_filled_from_them():
    texts = [f"apple number{i}" for i in range(1, 1001)]
    db = index_of(texts)
    allowed = np.arange(5, 1001, 100, dtype=np.int64)
    found = words_of(db).find("apple", 7, allowed)
    assert len(found.positions) == 7
    assert set(found.positions.tolist()) <= set(allowed.tolist())
    assert words_of(db).find("apple", 7, np.empty(0, np.int64)).positions.tolist() == []
    assert found.std == words_of(db).find("apple", 7).std  # a filter does not change what BM25's deviation is


def test_a_phrase_in_quotes_must_be_there_if_it_is_anywhere():
    db = index_of(["new york city", "york is new", "a new city", "old town"])
    assert set(words_of(db).find("new york", 9).positions.tolist()) == {1, 2, 3}
    assert words_of(db).find('"new york"', 9).positions.tolist() == [1]
    assert words_of(db).find('city "new york"', 9).positions.tolist() == [1]
    assert set(words_of(db).find('"york city new"', 9).positions.tolist()) == {1, 2, 3}  # nowhere: just words
    found = words_of(db).find('"new york"', 9)
    assert words_of(db).score(found, np.array([1, 2, 3, 4])).astype(bool).tolist() == [True, False, False, False]


def test_matched_tells_the_words_of_the_query_in_its_order():
    db = index_of(ANIMALS)
    assert words_of(db).matched("Dôgs, FOXES! dogs zebra", [1, 3, 4]) == [("dogs", "foxes"), ("foxes",), ()]
    assert words_of(db).matched("the lazy dog", [1]) == [("the", "lazy", "dog")]
    assert words_of(db).matched("?", [1]) == [()]
    assert words_of(db).matched("dog", []) == []


HOSTILE = [
    "",
    "   ",
    "?!… --- ***",
    '"',
    '""',
    '"unbalanced',
    'dog" OR "cat',
    "dog AND NOT cat OR",
    "NEAR(dog cat, 3)",
    "value: dog",
    "^dog + cat*",
    "{value}: dog",
    "dog'); DROP TABLE things; --",
    "dog\0cat",
    '"dog\0cat"',
    "\ud800 dog",
    '"\ud800"',
    "日本語のテキスト",
    "😀 🐕‍🦺",
    "हिन्दी",
    "_ __ dog_cat",
    "dog " * 20_000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: ascii(query[:20]))
def test_any_text_is_a_query(query):
    db = index_of(ANIMALS)
    found = words_of(db).find(query, 3)
    expected = {2, 1} if "dog" in query else {4} if "cat" in query else set()
    assert expected <= {*found.positions.tolist(), *([1] if "AND" in query else [])} or '"' in query
    assert len(words_of(db).score(found, np.array([1, 2, 99]))) == 3
    assert len(words_of(db).matched(query, [1, 2])) == 2
    assert db.execute("SELECT count(*) FROM things").fetchone() == (5,)


def test_a_query_of_ten_megabytes_takes_no_time():
    db = index_of(ANIMALS)
    assert words_of(db).find("fox " + "x y z " * 1_700_000, 3).positions.tolist() == [3, 1]


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=60))
def test_unicode_queries_never_fail_and_find_the_text_that_they_are(query):
    db = index_of([query.encode("utf-8", "replace").decode(), "something else", "and more"])
    found = words_of(db).find(query, 3)
    holds = words_of(db).matched(query, [1])
    if re.search("[a-zA-Z0-9]", query):
        assert 1 in found.positions.tolist()
        assert holds != [()]


def test_an_empty_index_finds_nothing():
    found = words_of(index_of([])).find("dog", 5)
    assert found.positions.tolist() == []
    assert words_of(index_of([])).score(found, np.array([1])).tolist() == [0.0]


def test_positions_far_apart_and_texts_of_many_words():
    db = index_of([])
    rows = [(7, "dog"), (3_000_000, "dog " * 40_000 + "cat")]
    for pos, text in rows:
        insert(db, pos - 1, [text])
    found = words_of(db).find("dog cat", 5)
    expected = bm25(dict(rows), "dog cat")
    assert dict(zip(found.positions.tolist(), found.scores.tolist(), strict=True)) == pytest.approx(expected, rel=1e-4)


def test_a_memo_changes_nothing_but_the_time(monkeypatch):
    db, memo = index_of(ANIMALS * 50), Memo()
    for query in ("quick dog", "the dog", "quick cat dog", "the dog"):
        fresh, remembered = words_of(db, memo).find(query, 9), words_of(db).find(query, 9)
        assert fresh.positions.tolist() == remembered.positions.tolist()
        assert fresh.scores.tolist() == remembered.scores.tolist()
    assert set(memo.postings) == {"quick", "dog", "the", "cat"}
    monkeypatch.setattr(words_memo, "MOST_REMEMBERED", 60)
    words_of(db, memo).find("lazy fox", 9)
    assert len(memo.postings) < 4  # it forgot


def test_in_large_spaces_words_of_half_the_rows_are_left_out_unless_alone(monkeypatch):
    monkeypatch.setattr(words, "COUNTED", 50)
    texts = [f"the {'dog' if i % 4 == 0 else 'cat'} number{i % 97}" for i in range(2_000)]
    db = index_of(texts)
    held = [len(postings.positions) for _, postings in words_of(db).find("the dog number5", 10).terms]
    assert held == [21, 500]
    assert len(words_of(db).find("the", 10).positions) == 10
    rest = words_of(db).find("dog number5", 10)
    assert words_of(db).find("the dog number5", 10).positions.tolist() == rest.positions.tolist()


def test_the_lists_of_one_query_are_limited_rarest_first(monkeypatch):
    monkeypatch.setattr(words, "COUNTED", 50)
    monkeypatch.setattr(words, "MOST_ROWS", 300)
    texts = [f"{'dog' if i % 4 == 0 else 'cat'} {'red' if i % 10 == 0 else 'blue'}" for i in range(2_000)]
    held = [len(postings.positions) for _, postings in words_of(index_of(texts)).find("dog red", 10).terms]
    assert held == [200]
