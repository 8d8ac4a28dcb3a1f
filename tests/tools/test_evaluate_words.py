"""Evaluating word vectors: slow oracles beside the fast code, known answers, files of all kinds, and broken ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from tests.conftest import shared

from knnife import BadInput, BadRow, NotFound, WordVectors, evaluate_words
from knnife.encoders.word_table import Subwords, WordTable
from knnife.statistics.intervals import spearman_interval
from knnife.tools._evaluate_words.files import read_analogies, read_pairs

FAMILY = """\
: family
man woman king queen
King Queen MAN woman
man king woman queen
man woman uncle aunt
: gram8-plural
man men king kings
"""
WORDS = ["man", "woman", "king", "queen", "men", "kings", "King"]
VECTORS = np.array(
    [(1, 0, 1, 0), (-1, 0, 1, 0), (1, 1, 1, 0), (-1, 1, 1, 0), (1, 0, 1, 1), (1, 1, 1, 1), (1, 1.1, 1, 0)], np.float32
)


def put(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def solved(words: list[str], vectors: np.ndarray, questions: list[list[str]], common: int, method: str) -> list[bool]:
    """Which questions are answered rightly, of those that can be asked, by the rules of gensim and word by word."""
    words = words[:common]
    points = vectors[:common] / np.linalg.norm(vectors[:common], axis=1, keepdims=True)
    row_of = {word.upper(): row for row, word in reversed([*enumerate(words)])}
    answers = []
    for question in questions:
        spelled = [word.upper() for word in question]
        if not all(word in row_of for word in spelled):
            continue
        a, b, c = (points @ points[row_of[word]] for word in spelled[:3])
        scores = b - a + c if method == "add" else (b + 1) / 2 * (c + 1) / 2 / ((a + 1) / 2 + 0.001)
        best = next(row for row in np.argsort(-scores, kind="stable") if words[row].upper() not in spelled[:3])
        answers.append(words[best].upper() == spelled[3])
    return answers


def test_sections_and_sums_are_counted(tmp_path: Path) -> None:
    found = evaluate_words((WORDS, VECTORS), analogies=put(tmp_path, "questions.txt", FAMILY))
    told = [(each.section, each.right, each.asked, each.skipped) for each in found.analogies]
    assert told == [
        ("family", 3, 3, 1), ("gram8-plural", 1, 1, 0), ("semantic", 3, 3, 1), ("syntactic", 1, 1, 0), ("all", 4, 4, 1),
    ]  # fmt: skip
    assert (found.words, found.common, found.similarities) == (7, 7, [])
    rows = list(found.rows())
    assert [row["value"] for row in rows] == [1, 1, 1, 1, 1]
    assert rows[0] == {
        "file": str(tmp_path / "questions.txt"), "what": "family", "figure": "accuracy", "value": 1, "low": None,
        "high": None, "asked": 3, "skipped": 1, "right": 3,
    }  # fmt: skip


@pytest.mark.parametrize("method", ["add", "mul"])
@pytest.mark.parametrize("common", [40, 60])
def test_accuracy_is_that_of_every_question_on_its_own(tmp_path: Path, method: str, common: int) -> None:
    rng = np.random.default_rng(1)
    words = [f"w{number}" for number in range(50)]
    words += [word.upper() for word in words[:10]]  # the same words, written otherwise
    centres = rng.standard_normal((5, 4))
    vectors = (centres[np.arange(60) % 5] + 0.3 * rng.standard_normal((60, 4))).astype(np.float32)
    questions = [[words[row] for row in rng.permutation(60)[:4]] for _ in range(400)]
    path = put(tmp_path, "q.txt", "\n".join(" ".join(each) for each in questions))
    expected = solved(words, vectors, questions, common, method)
    (found,) = evaluate_words((words, vectors), analogies=path, common=common, method=method).analogies[-1:]
    assert (found.right, found.asked, found.skipped) == (sum(expected), len(expected), 400 - len(expected))
    assert found.right > 5  # else this shows nothing


def test_only_the_commonest_are_asked_and_answer(tmp_path: Path) -> None:
    path = put(tmp_path, "q.txt", "man king woman queen\nman men king kings\n")
    found = evaluate_words((WORDS, VECTORS), analogies=path, common=4).analogies
    assert [(each.section, each.asked, each.skipped) for each in found] == [("q", 1, 1), ("all", 1, 1)]
    assert evaluate_words((WORDS, VECTORS), analogies=path, common=None).analogies[0].asked == 2


def test_nothing_known_is_no_figure(tmp_path: Path) -> None:
    questions, pairs = put(tmp_path, "q.txt", "x y z w\n"), put(tmp_path, "p.txt", "x y 1\nz w 2\n")
    found = evaluate_words((WORDS, VECTORS), analogies=questions, similarities=pairs)
    assert [row["value"] for row in found.rows()] == [None, None, None]
    assert found.similarities[0].missing == ("x", "y", "z", "w")


def test_a_question_that_nobody_is_left_to_answer(tmp_path: Path) -> None:
    path = put(tmp_path, "q.txt", "a b c c\n")
    (found, _) = evaluate_words((["a", "b", "c"], np.eye(3)), analogies=path).analogies
    assert (found.right, found.asked) == (0, 1)


def test_similarities_are_put_in_the_order_of_people(tmp_path: Path) -> None:
    angles = np.deg2rad([0, 10, 30, 60, 100])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    pairs = "A b 9\na c 7\na d 5\na e 3\na lost 1\nlost nowhere 1\n"
    found = evaluate_words((list("abcde"), vectors), similarities=put(tmp_path, "pairs.txt", pairs)).similarities[0]
    assert (found.value, found.high, found.asked, found.skipped) == (pytest.approx(1), pytest.approx(1), 4, 2)
    assert (found.missing, found.column) == (("lost", "nowhere"), "column 3")


def test_words_never_seen_are_compared_by_their_subwords(tmp_path: Path) -> None:
    buckets = np.tile(VECTORS[0], (10, 1))
    vectors = WordVectors(WordTable(WORDS, VECTORS, subwords=Subwords(3, 4, buckets)))
    pairs = put(tmp_path, "pairs.txt", "manly man 9\nmanly woman 5\nman woman 4\nqueen man 1\n")
    found = evaluate_words(vectors, similarities=pairs).similarities[0]
    assert (found.by_subwords, found.missing, found.asked) == (("manly",), (), 4)
    assert found.value == pytest.approx(np.corrcoef([4, 3, 2, 1], [4, 2, 2, 2])[0, 1])


def slow_spearman(a: np.ndarray, b: np.ndarray) -> float:
    def ranks(values: np.ndarray) -> np.ndarray:
        return np.array([(values < v).sum() + ((values == v).sum() + 1) / 2 for v in values])

    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


SAMPLES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=12)


@given(SAMPLES.filter(lambda pairs: all(len(set(side)) > 1 for side in zip(*pairs, strict=True))))
def test_the_rank_correlation_has_equal_values_share_their_rank(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, float).T
    assert spearman_interval(a, b).value == pytest.approx(slow_spearman(a, b), abs=1e-9)


def test_the_interval_is_that_of_pairs_drawn_again() -> None:
    rng = np.random.default_rng(0)
    a = rng.integers(0, 8, 60).astype(float)
    b = a + rng.normal(0, 3, 60).round()
    drawn = (rng.integers(0, 60, 60) for _ in range(1000))
    low, high = np.quantile([slow_spearman(a[rows], b[rows]) for rows in drawn], [0.025, 0.975])
    found = spearman_interval(a, b)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.03), pytest.approx(high, abs=0.03))
    assert spearman_interval(a, b) == found != spearman_interval(a, b, seed=1)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    rho = 0.6
    truth = 6 / np.pi * np.arcsin(rho / 2)  # Spearman's of two normal variables
    held = 0
    for trial in range(200):
        a, noise = rng.standard_normal((2, 100))
        found = spearman_interval(a, rho * a + np.sqrt(1 - rho**2) * noise, seed=trial)
        held += found.low <= truth <= found.high
    assert 0.89 <= held / 200 <= 0.99


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("# about\n# a\tb\tmean\nold\tnew\t1.5\nsmart\tbright\t9\n", "column 3"),
        ("Word 1,Word 2,Human (mean),1,2\nold,new,1.5,1,2\nsmart,bright,9,8,10\n", "column 3 (Human (mean))"),
        ("old\tnew\tA\t1.5\tANTONYMS\r\nsmart\tbright\tA\t9\tSYNONYMS\r\n", "column 4"),
        ("word1;word2;POS;score\nold;new;A;1.5\nsmart;bright;A;9", "column 4 (score)"),
        ('old\tnew\t1.5\t"\nsmart\tbright\t9\t"', "column 3"),
        ("old   new 1.5 3 2\n\nsmart bright 9 8 10\n", "column 3"),
        ('"old",new,1.5\nsmart,"bright",9', "column 3"),
        ("\ufeffold new 1.5\nsmart bright 9", "column 3"),
    ],
)
def test_pairs_of_any_layout_are_read(tmp_path: Path, text: str, column: str) -> None:
    found = read_pairs(put(tmp_path, "pairs", text))
    assert (found.a, found.b, found.scores.tolist()) == (["old", "smart"], ["new", "bright"], [1.5, 9])
    assert found.column == column
    alone = read_pairs(put(tmp_path, "pairs", "old new 1.5"))
    assert (alone.a, alone.scores.tolist()) == (["old"], [1.5])


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("a b 1\nc d\n", 2, "no number behind two words"),
        ("a b 1\nc d 2\n\ne f x\n", 4, "a finite number in column 3"),
        ("a b 1\nc d 2\ne f\n", 3, "a finite number in column 3"),
        ("a b 1\nc d 2\ne f nan\n", 3, "a finite number in column 3"),
        ("a,b,1\nc,,2\n", 2, "expected two words"),
        (b"a b 1\nc \xff 2\n", 2, "invalid UTF-8"),
        ("a b", 1, "no number behind two words"),
        ("a,b,1\nc\rd,e,2\n", 2, "no row of a table"),
    ],
)
def test_a_broken_pair_is_named_by_its_line(tmp_path: Path, text: str | bytes, line: int, part: str) -> None:
    path = put(tmp_path, "pairs", text)
    with pytest.raises(BadRow, match=part) as told:
        evaluate_words((WORDS, VECTORS), similarities=path)
    assert (told.value.source, told.value.line) == (str(path), line)


def test_a_broken_analogy_is_named_by_its_line(tmp_path: Path) -> None:
    path = put(tmp_path, "q.txt", "// about\n: family\nman woman king queen\nman woman king\n")
    with pytest.raises(BadRow, match="3 words; expected four") as told:
        read_analogies(path)
    assert told.value.line == 4


@pytest.mark.parametrize(
    ("options", "error", "part"),
    [
        ({}, BadInput, "nothing to evaluate by"),
        ({"analogies": "nowhere.txt"}, NotFound, "no such file or folder: nowhere.txt"),
        ({"analogies": "empty"}, BadInput, "no analogies"),
        ({"similarities": "empty"}, BadInput, "no pairs"),
        ({"analogies": "q", "method": "sub"}, BadInput, "expected one of add, mul"),
        ({"analogies": "q", "common": 0}, BadInput, "common is 0"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    options: dict, error: type, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path, "empty", "# nothing\n")
    put(tmp_path, "q", "man woman king queen\n")
    with pytest.raises(error, match=part):
        evaluate_words((WORDS, VECTORS), **options)


def test_progress_is_told_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, float | None]] = []
    path = put(tmp_path, "q.txt", FAMILY)
    evaluate_words((WORDS, VECTORS), analogies=path, progress=lambda *each: told.append(each))
    assert told[-1] == (4, 1)


def test_the_files_that_everybody_uses_are_read() -> None:
    sections = read_analogies(shared("words/questions-words.txt"))
    assert (len(sections), sum(len(each.questions) for each in sections)) == (14, 19_544)
    counts = {"wordsim353.tsv": 353, "simlex999.txt": 999, "EN-RW-STANFORD.txt": 2034, "EN-SimVerb-3500.txt": 3500}
    for name, count in counts.items():
        assert len(read_pairs(shared(f"words/{name}")).a) == count


def test_the_built_in_words_agree_with_people() -> None:
    found = evaluate_words(None, similarities=[shared("words/wordsim353.tsv"), shared("words/simlex999.txt")])
    assert [each.value for each in found.similarities] == pytest.approx([0.818, 0.532], abs=0.01)
