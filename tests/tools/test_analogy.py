"""Analogies: known geometry, a slow oracle, what is no answer, and where words may come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

from knnife import BadInput, NotFound, Space, Thing, WordVectors, analogy
from knnife.encoders import analogies
from knnife.encoders.word_table import Subwords, WordTable
from knnife.tools.analogy import _numbers

# male or female, royal or not, a person, a place
PLACES = {
    "man": (1, 0, 1, 0), "woman": (-1, 0, 1, 0), "king": (1, 1, 1, 0), "queen": (-1, 1, 1, 0),
    "kings": (0.2, 1.2, 1, 0), "castle": (0, 1, 0, 1), "hut": (0, -0.2, 0, 1),
}  # fmt: skip
WORDS, VECTORS = list(PLACES), np.array(list(PLACES.values()), np.float32)


def oracle(vectors: np.ndarray, a: int, b: int, c: int, method: str) -> list[int]:
    """All words but the three, best first, word by word as the papers have it."""
    points = [vector / np.linalg.norm(vector) for vector in vectors.astype(float)]
    scores = {}
    for row, point in enumerate(points):
        to_a, to_b, to_c = (float(point @ points[each]) for each in (a, b, c))
        if method == "add":
            scores[row] = to_b - to_a + to_c
        else:
            scores[row] = (to_b + 1) / 2 * (to_c + 1) / 2 / ((to_a + 1) / 2 + 0.001)
    return sorted(scores.keys() - {a, b, c}, key=lambda row: -scores[row])


@pytest.mark.parametrize("method", ["add", "mul"])
def test_the_queen_is_to_the_woman_as_the_king_is_to_the_man(method: str) -> None:
    found = analogy((WORDS, VECTORS), "man", "king", "woman", method=method, k=2)
    assert found.questions == [("man", "king", "woman")]
    assert found.words[0][0] == "queen"
    assert found.positions[0, 0] == WORDS.index("queen")
    assert found.scores[0, 0] > found.scores[0, 1]


def test_the_score_is_the_cosine_with_the_sum_or_the_quotient() -> None:
    unit = VECTORS / np.linalg.norm(VECTORS, axis=1, keepdims=True)
    man, woman, king, queen = unit[:4]
    aim = king - man + woman
    added = analogy((WORDS, VECTORS), "man", "king", "woman", k=1).scores[0, 0]
    assert added == pytest.approx(queen @ aim / np.linalg.norm(aim), abs=1e-6)
    quotient = (queen @ king + 1) / 2 * (queen @ woman + 1) / 2 / ((queen @ man + 1) / 2 + 0.001)
    multiplied = analogy((WORDS, VECTORS), "man", "king", "woman", k=1, method="mul").scores[0, 0]
    assert multiplied == pytest.approx(quotient, rel=1e-4)


@pytest.mark.parametrize("method", ["add", "mul"])
@pytest.mark.parametrize("k", [1, 3, 30])
def test_many_questions_are_answered_as_the_papers_say(method: str, k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FEW", "MANY"):  # several blocks of words, and of questions, have to be put together
        monkeypatch.setattr(analogies, name, 7)
    monkeypatch.setattr(analogies, "CHUNK_BYTES", 4 * 7 * 5)
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((30, 6)).astype(np.float32)
    words = [f"{number} " for number in range(30)]  # no plurals
    rows = np.array([rng.permutation(30)[:3] for _ in range(40)])
    a, b, c = ([words[row] for row in column] for column in rows.T)
    found = analogy((words, vectors), a, b, c, method=method, k=k)
    assert found.positions.tolist() == [oracle(vectors, *row, method)[:k] for row in rows.tolist()]
    assert found.words == [[words[row] for row in each] for each in found.positions.tolist()]
    assert (np.diff(found.scores, axis=1) <= 0).all()


@given(st.integers(0, 2**32 - 1), st.sampled_from(["add", "mul"]))
def test_one_question_is_answered_as_among_many(seed: int, method: str) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-2, 3, (8, 3)).astype(np.float32)  # some are zeros, some equal, some opposite
    words = list("αβγδεζηθ")
    a, b, c = (rng.choice(words, 5).tolist() for _ in range(3))
    many = analogy((words, vectors), a, b, c, method=method, k=3)
    assert np.isfinite(many.scores).all()
    for i, question in enumerate(zip(a, b, c, strict=True)):
        alone = analogy((words, vectors), *question, method=method, k=3)
        assert alone.scores[0] == pytest.approx(many.scores[i], rel=1e-4, abs=1e-5)
        assert not set(question) & set(alone.words[0])


def test_b_in_another_number_answers_only_where_it_can_be_right() -> None:
    words = [word for word in WORDS if word != "queen"]  # without her the kings are nearest
    vectors = np.array([PLACES[word] for word in words], np.float32)
    asked = (words, vectors)
    assert analogy(asked, "man", "king", "woman", plurals=True).words[0][0] == "kings"
    assert "kings" not in analogy(asked, "man", "king", "woman").words[0]
    assert "kings" not in analogy(asked, "man", "woman", "king").words[0]  # c in another number
    more = ([*words, "Men"], np.vstack([vectors, vectors[:1] + 0.1]))
    assert "kings" in analogy(more, "man", "king", "Men").words[0]  # a and c differ in number, so b and d may
    assert "kings" in analogy(more, "man", "Men", "king").words[0]


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("king", "kings"), ("box", "boxes"), ("lady", "ladies"), ("woman", "women"), ("child", "children"),
        ("princess", "princesses"), ("mouse", "mice"), ("horse", "horses"), ("potato", "potatoes"),
    ],
)  # fmt: skip
def test_what_is_another_number(one: str, many: str) -> None:
    assert many in _numbers(one)
    assert one in _numbers(many)


def test_the_princess_is_not_many_princes() -> None:
    assert "princess" not in _numbers("prince")
    assert "princes" not in _numbers("princess")


def test_the_words_of_the_built_in_model_know_the_queen() -> None:
    for method in ("add", "mul"):
        found = analogy(None, ["man", "he", "Dog"], ["king", "actor", "puppy"], ["woman", "she", "cat"], method=method)
        assert [each[0] for each in found.words] == ["queen", "actress", "kitten"]
    assert "kings" in analogy(None, "man", "king", "woman", plurals=True).words[0][:2]


def test_a_capital_leads_to_its_country() -> None:
    found = analogy(None, ["Paris", "Athens", "Berlin"], ["France", "Greece", "Germany"], ["Rome", "Oslo", "Tokyo"])
    assert [each[0] for each in found.words] == ["italy", "norway", "japan"]


def test_an_unknown_word_is_named_with_those_spelled_alike() -> None:
    with pytest.raises(NotFound, match="'quean'.*'queen'"):
        analogy((WORDS, VECTORS), "man", "king", "quean")


def test_an_unknown_word_does_not_end_the_other_questions() -> None:
    found = analogy((WORDS, VECTORS), ["man", "man", "quean"], ["king"] * 3, ["woman", "wuman", "man"], k=2)
    assert found.words[0] == analogy((WORDS, VECTORS), "man", "king", "woman", k=2).words[0]
    assert found.words[1:] == [[], []]
    assert (found.positions[1:] == -1).all()
    assert np.isnan(found.scores[1:]).all()
    assert list(found.missing) == ["wuman", "quean"]
    assert "perhaps 'woman'" in found.missing["wuman"]
    assert [row["c"] for row in found.rows()] == ["woman", "woman"]


def test_words_come_from_word_vectors_spaces_arrays_and_texts(tmp_path: Path) -> None:
    def answers(given: object, *question: str) -> list[str]:
        return list(analogy(given, *question, k=1).words[0])

    assert answers(WordVectors(WordTable(WORDS, VECTORS)), "man", "king", "woman") == ["queen"]
    assert answers(VECTORS, "0", "2", "1") == ["3"]
    with Space.open(tmp_path / "words.knnife") as space:
        space.add([Thing(word, None, vector=vector) for word, vector in PLACES.items()])
        assert answers(space, "man", "king", "woman") == ["queen"]
    assert answers(["man", "woman", "king", "queen", "bread"], "man", "king", "woman") == ["queen"]


def test_an_unseen_word_asks_by_its_subwords() -> None:
    buckets = np.tile(VECTORS[WORDS.index("king")], (10, 1))
    vectors = WordVectors(WordTable(WORDS, VECTORS, subwords=Subwords(3, 4, buckets)))
    assert analogy(vectors, "man", "kingly", "woman", plurals=True, k=2).words[0] == ["queen", "kings"]


def test_fewer_answers_where_fewer_words_are_left() -> None:
    assert analogy((["a", "b", "c", "d"], np.eye(4)), "a", "b", "c").words == [["d"]]
    none = analogy((["a", "b", "c"], np.eye(3)), "a", "b", "c")
    assert (none.words, none.positions.shape, list(none.rows())) == ([[]], (1, 0), [])
    assert analogy((WORDS, VECTORS), [], [], []).words == []


def test_rows_say_everything() -> None:
    row = next(analogy((WORDS, VECTORS), "man", "king", "woman").rows())
    assert row == {
        "a": "man", "b": "king", "c": "woman", "rank": 1, "word": "queen", "score": pytest.approx(row["score"]),
        "position": 3,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "question", "options", "part"),
    [
        ((WORDS, VECTORS), ("man", "king", "woman"), {"method": "sub"}, "expected one of add, mul"),
        ((WORDS, VECTORS), ("man", "king", "woman"), {"k": 0}, "k is 0"),
        ((WORDS, VECTORS), (["man", "king"], ["king"], ["woman"]), {}, "2, 1, 1 words"),
        ((WORDS, VECTORS[:2]), ("man", "king", "woman"), {}, "7 words were given with 2 vectors"),
        ((WORDS, VECTORS * np.nan), ("man", "king", "woman"), {}, "NaN"),
        (np.empty((0, 3)), ("man", "king", "woman"), {}, "no words"),
        ((WORDS, VECTORS), ("man", "king", 3), {}, "a word or a list of words"),
    ],
)
def test_what_cannot_be_asked_is_refused(given: object, question: tuple, options: dict, part: str) -> None:
    with pytest.raises(BadInput, match=part):
        analogy(given, *question, **options)
