"""What training reads: words, sentences, files of all kinds; and the numbers that it makes of them."""

from __future__ import annotations

import gzip
import json
import tracemalloc
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife import BadInput, BadRow, NotFound
from knnife.encoders._words import corpus as module
from knnife.encoders._words.corpus import END, Corpus, corpus, split, tokens
from knnife.encoders._words.item_sequences import histories
from knnife.encoders._words.numbered_corpus import NumberedCorpus
from knnife.encoders._words.training_vocabulary import Numbers, count, forget, join, settle


def sentences(read: Corpus) -> list[list[str]]:
    """The sentences that are not empty."""
    found: list[list[str]] = [[]]
    for block in read.blocks:
        for word in block:
            if word == END:
                found.append([])
            else:
                found[-1].append(word.decode())
    return [sentence for sentence in found if sentence]


def slowly(text: str) -> list[str]:
    """The rule, character by character."""
    text = unicodedata.normalize("NFC", text.lower()).replace("’", "'")
    cleaned = "".join(c if c.isalnum() or c == "'" or unicodedata.category(c)[0] == "M" else " " for c in text)
    words: list[str] = []
    for piece in cleaned.split(" "):
        parts = piece.split("'")
        run: list[str] = []
        for part in [*parts, ""]:
            if part:
                run.append(part)
            elif run:
                words.append("'".join(run))
                run = []
    return words


def test_words_are_runs_of_letters_and_digits_in_small_letters() -> None:
    assert tokens("Don't panic: it's 3.5 km!") == ["don't", "panic", "it's", "3", "5", "km"]
    assert tokens("The dogs' bowl, 'quoted', rock 'n' roll") == ["the", "dogs", "bowl", "quoted", "rock", "n", "roll"]
    assert tokens("“Café” — Ærø; It’s हिन्दी\u00a0Straße_x") == ["café", "ærø", "it's", "हिन्दी", "straße", "x"]
    assert split("In Paris\nIT'S") == ["In", "Paris", "IT'S"]
    assert tokens("cafe\u0301") == tokens("CAFÉ")
    assert tokens(" \n--''--\0") == []


TRICKY = (
    "aBΣ'’ é\n.0\0\u0301\u1100\u1161\u09be\u09c7\u212b\u2001\U0001d15f\u1fee"  # some change places or split under NFC
)


@given(st.text(alphabet=st.one_of(st.sampled_from(TRICKY), st.characters(exclude_categories=["Cs"]))))
def test_words_are_those_of_the_rule_spelled_out(text: str) -> None:
    assert tokens(text) == slowly(text)


def test_files_of_any_size_of_block_give_the_same_sentences(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [f"Zeile {n}: grüße, an'alle ’tis — {'ab ' * (n % 7)}naïve\r" for n in range(200)]
    (tmp_path / "a.txt").write_text("\n".join(lines), encoding="utf-8", newline="")
    expected = [tokens(line) for line in lines]
    for size in (16, 17, 64, 1000, 1 << 20):
        monkeypatch.setattr(module, "BLOCK", size)
        assert sentences(corpus(tmp_path / "a.txt")) == expected


def test_all_kinds_of_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("The first.\nThe second.")
    (tmp_path / "two.txt.gz").write_bytes(gzip.compress(b"The third.\n"))
    (tmp_path / "three.jsonl.gz").write_bytes(gzip.compress(json.dumps({"body": "The fourth.", "n": 1}).encode()))
    (tmp_path / "text8").write_text("no ending")
    (tmp_path / "page.md").write_text("# Title\n\nA paragraph.\n")
    first, second = ["the", "first"], ["the", "second"]
    assert sentences(corpus(str(tmp_path / "one.txt"))) == [first, second]
    assert sentences(corpus([tmp_path / "one.txt", tmp_path / "two.txt.gz"])) == [first, second, ["the", "third"]]
    assert sentences(corpus(tmp_path / "*.tx*")) == [first, second, ["the", "third"]]
    assert sentences(corpus(tmp_path / "three.jsonl.gz", text="body")) == [["the", "fourth"]]
    assert sentences(corpus(tmp_path / "text8")) == [["no", "ending"]]
    assert ["a", "paragraph"] in sentences(corpus(tmp_path / "page.md"))


def test_what_python_holds_is_read(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    assert sentences(corpus(["One two", "", "three\nFour"])) == [["one", "two"], ["three"], ["four"]]
    assert sentences(corpus(iter([["New York", "B"], [], ("c",)]))) == [["New York", "B"], ["c"]]
    assert sentences(corpus([{"text": "One", "n": 1}, {"text": "two", "n": 2}])) == [["one"], ["two"]]
    assert sentences(corpus(pandas.DataFrame({"plot": ["One two", "three"]}), text="plot")) == [
        ["one", "two"],
        ["three"],
    ]
    assert sentences(corpus(["It's  3.5\tKM"], split="spaces")) == [["It's", "3.5", "KM"]]
    assert sentences(corpus([])) == []


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (3, "expected the path of a text, texts, or sequences of items; got int"),
        ([b"bytes"], "got bytes"),
        (["a text", 3], "text 2 is no text but int"),
        ([["a"], "b"], "sequence 2 is str"),
        ([["a", 3]], "sequence 1 holds 3"),
        ([["a", ""]], "sequence 1 holds ''"),
        (["a \ud800 b"], "half a character"),
    ],
)
def test_what_is_no_corpus_is_refused(texts: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        sentences(corpus(texts))


def test_files_that_cannot_be_read_are_told_with_their_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.txt"
    broken.write_bytes(b"good line\nb\xe4d line\nanother\nNUL \0 here\nlast")
    with pytest.raises(BadRow, match=r"broken.txt, line 2: invalid UTF-8"):
        sentences(corpus(broken))
    read = corpus(broken, on_error="skip")
    assert sentences(read) == [["good", "line"], ["another"], ["last"]]
    assert read.broken() == 2
    (tmp_path / "wide.txt").write_text("text", encoding="utf-16")
    assert sentences(corpus(tmp_path / "wide.txt")) == [["text"]]
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(b"word " * 100_000)[:-20])
    with pytest.raises(BadInput, match="damaged"):
        sentences(corpus(tmp_path / "cut.txt.gz"))
    with pytest.raises(BadInput, match="is the name of a file, where texts were expected: write pathlib.Path"):
        corpus([str(broken)])
    for missing in ("none.txt", "none*.txt"):
        with pytest.raises(NotFound, match="none"):
            sentences(corpus(tmp_path / missing))


def numbered(
    read: Corpus, into: NumberedCorpus, min_count: int = 1, max_words: int | None = None
) -> tuple[list[str], list[Any]]:
    vocabulary = settle(count(read, into, lambda *_: None), into, min_count, max_words)
    return vocabulary.words, [*zip(vocabulary.words, vocabulary.counts.tolist(), strict=True)]


def spelled(into: NumberedCorpus, words: list[str]) -> str:
    return " ".join("/" if number < 0 else words[number] for number in into.part(0, into.length))


def test_the_frequent_words_are_numbered_and_the_rare_taken_out(tmp_path: Path) -> None:
    text = "b a a rare c\nb a lone\nseldom\na c b b"
    with NumberedCorpus(tmp_path) as into:
        words, counts = numbered(corpus([text]), into, min_count=2)
        assert counts == [("b", 4), ("a", 4), ("c", 2)]  # of equals, the one that came first
        assert spelled(into, words).strip("/ ") == "b a a c / b a / a c b b"
    with NumberedCorpus(tmp_path) as into:
        assert numbered(corpus([text]), into, max_words=2)[0] == ["b", "a"]
    assert not list(tmp_path.iterdir())


def test_counts_are_those_of_counter_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", 100)
    monkeypatch.setattr("knnife.encoders._words.numbered_corpus.AT_ONCE", 37)
    rng = np.random.default_rng(0)
    texts = [" ".join(f"w{n}" for n in rng.zipf(1.5, 30) % 500) for _ in range(50)]
    with NumberedCorpus(tmp_path) as into:
        words, counts = numbered(corpus(texts), into, min_count=3)
        expected = Counter(word for text in texts for word in text.split())
        assert dict(counts) == {word: times for word, times in expected.items() if times >= 3}
        kept = [" ".join(word for word in text.split() if expected[word] >= 3) for text in texts]
        assert spelled(into, words).strip("/ ") == " / ".join(text for text in kept if text)


def test_where_words_are_too_many_to_remember_the_rarest_are_forgotten() -> None:
    numbers = Numbers({END: -1})
    counts = np.array([5, 1, 1, 9, 1, 2])
    for word in (b"five", b"x", b"y", b"nine", b"z", b"two"):
        numbers[word]
    forget(numbers, counts)
    assert {*numbers} == {END, b"five", b"nine", b"two"}
    assert numbers[b"x"] == 6  # a new word now


def joined(texts: list[str], folder: Path, passes: int = 1, threshold: float = 10, min_count: int = 2) -> str:
    with NumberedCorpus(folder) as into:
        counted = count(corpus(texts), into, lambda *_: None)
        for each in range(passes):
            counted = join(counted, into, threshold / 2**each, min_count)
        vocabulary = settle(counted, into, 1, None)
        text = spelled(into, vocabulary.words)
        assert Counter(text.replace("/", " ").split()) == dict(zip(vocabulary.words, vocabulary.counts, strict=True))
        return text


def test_words_that_belong_together_become_one(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    filler = [f"f{n}" for n in range(50)]
    texts = [" ".join([*rng.choice(filler, 6), "new", "york", *rng.choice(filler, 5)]) for _ in range(100)]
    texts += ["a new start", "york minster", "new\nyork"]
    found = joined(texts, tmp_path)
    assert found.count("new_york") == 100
    assert "a new start / york minster / new / york" in found  # not across the end of a sentence
    assert sum("_" in word for word in {*found.split()}) == 1
    assert "new_york" not in joined(texts, tmp_path, threshold=1e6)
    times = [text.replace("new york", "new york times") for text in texts]
    assert joined(times, tmp_path, passes=2).count("new_york_times") == 100


def test_phrases_are_taken_from_the_left_and_do_not_share_words(tmp_path: Path) -> None:
    texts = ["a b a b b a x", *["p q r s t u v w"] * 30]
    assert joined(["ha ha ha ha ha", *texts, *["ha ha"] * 9], tmp_path, threshold=3).startswith("ha_ha ha_ha ha / ")


def test_rows_become_the_items_of_each_group_in_order(tmp_path: Path) -> None:
    table = "user,film,when\n1,Heat,3\n2,Up,1\n1,The Sting,10\n2,Alien,0\n1,Up,2\n"
    (tmp_path / "ratings.csv").write_text(table)
    by_row = [["Heat", "The Sting", "Up"], ["Up", "Alien"]]
    assert sentences(histories(tmp_path / "ratings.csv", items="film", by="user")) == by_row
    ordered = [["Up", "Heat", "The Sting"], ["Alien", "Up"]]  # 10 behind 3: numbers
    assert sentences(histories(tmp_path / "ratings.csv", items="film", by="user", order="when")) == ordered
    rows = [{"user": "u", "film": "b", "day": "2024-05-17"}, {"user": "u", "film": "a", "day": "2024-02-01"}]
    assert sentences(histories(rows, items="film", by="user", order="day")) == [["a", "b"]]


def test_a_column_of_numbers_and_texts_is_sorted_as_text_and_said_so() -> None:
    rows = [{"user": "u", "film": str(time), "time": time} for time in (9, 10, "2024-05-17")]
    with pytest.warns(UserWarning, match="numbers and others, such as '2024-05-17': all is sorted as text"):
        assert sentences(histories(rows, items="film", by="user", order="time")) == [["10", "2024-05-17", "9"]]


def test_columns_that_readers_take_for_ids_can_be_grouped_by(tmp_path: Path) -> None:
    (tmp_path / "r.csv.gz").write_bytes(gzip.compress(b"id,film\n1,007\n2,x\n1,y\n"))
    assert sentences(histories(tmp_path / "r.csv.gz", items="film", by="id")) == [["007", "y"], ["x"]]


def test_rows_that_lack_a_column_are_told(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("user,film\n1,Heat\n,Up\n1,Alien\n")
    with pytest.raises(BadRow, match="row 2: nothing in column 'user'; the columns are: user, film"):
        sentences(histories(tmp_path / "r.csv", items="film", by="user"))
    read = histories(tmp_path / "r.csv", items="film", by="user", on_error="skip")
    assert sentences(read) == [["Heat", "Alien"]]
    assert read.broken() == 1


def test_memory_does_not_grow_with_the_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knnife.encoders._words.numbered_corpus.AT_ONCE", 10_000)

    def peak(lines: int) -> int:
        def texts() -> Iterator[str]:
            for number in range(lines):
                yield f"word{number % 100} and word{number % 77} " * 20

        with NumberedCorpus(tmp_path) as into:
            tracemalloc.start()
            numbered(corpus(texts()), into, min_count=2)
            found = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert into.length > 60 * lines
        return found

    peak(1_000)  # what is loaded once
    assert peak(8_000) < 1.2 * peak(1_000)
