"""Word vectors: looking words up, asking them, encoding texts with them, keeping them."""

from __future__ import annotations

import numpy as np
import pytest
from tests import worded
from tests.conftest import shared

import knnife
from knnife import BadInput, EncoderMismatch, NotFound, Space, WordVectors, load_encoder
from knnife.encoders.word_table import Subwords, WordTable
from knnife.geometry import unit

FROM_GENSIM = {
    "kangarooo": [-0.1628955751657486, 0.08732757717370987, 0.08540361374616623],
    "Zürichx": [-0.4130367338657379, -0.17029090225696564, 0.15589235723018646],
}


@pytest.fixture(scope="module")
def wiki() -> WordVectors:
    return worded.wiki()


def cosines(wiki: WordVectors, vector: np.ndarray) -> np.ndarray:
    return unit(wiki.vectors) @ (vector / np.linalg.norm(vector))


def test_words_vectors_and_counts_stand_side_by_side(wiki):
    assert len(wiki) == len(wiki.words) == len(wiki.vectors) == len(wiki.counts) == len(worded.MEANINGS)
    assert wiki.dim == worded.DIM
    assert wiki.about["epochs"] == 5
    np.testing.assert_array_equal(wiki["king"], wiki.vectors[wiki.words.index("king")])


def test_a_word_is_looked_up_as_it_is_then_in_small_letters_then_as_a_phrase():
    vectors = np.eye(4, dtype=np.float32)
    words = WordVectors(WordTable(["Paris", "paris", "new_york", "USA"], vectors))
    assert words.rows_of(["Paris", "paris", "PARIS", "New York", "new_york", "USA", "usa"]).tolist() == [
        0,
        1,
        1,
        2,
        2,
        3,
        -1,
    ]
    assert "PARIS" in words
    assert "usa" not in words
    assert 3 not in words


@pytest.mark.parametrize("ask", [lambda w: w["kign"], lambda w: w.near("kign"), lambda w: w.similarity("king", "kign")])
def test_an_unknown_word_is_told_with_words_that_are_spelled_alike(wiki, ask):
    with pytest.raises(NotFound, match=r"no word 'kign' among the 30 words; perhaps 'king'"):
        ask(wiki)


def test_a_word_like_no_other_is_unknown_all_the_same(wiki):
    with pytest.raises(NotFound, match="no word 'żółw' among the 30 words; nothing is spelled like it"):
        wiki.vector("żółw")


def test_the_nearest_words_are_those_of_all_cosines_without_the_word_itself(wiki):
    found = wiki.near(["king", "lunch"], 4)
    for query, word in enumerate(["king", "lunch"]):
        scores = cosines(wiki, wiki[word])
        scores[wiki.words.index(word)] = -2
        order = np.argsort(-scores)[:4]
        assert found.words[query] == [wiki.words[row] for row in order]
        np.testing.assert_array_equal(found.positions[query], order)
        np.testing.assert_allclose(found.scores[query], scores[order], atol=1e-6)


def test_king_minus_man_plus_woman_is_queen(wiki):
    assert wiki.near("king", 1, plus=["woman"], minus=["man"]).words == [["queen"]]
    both = wiki.near(["king", "prince"], 1, plus="woman", minus="man")
    assert both.words == [["queen"], ["princess"]]


def test_a_sum_is_one_of_vectors_of_length_1(wiki):
    units = unit(wiki.vectors_of(["king", "woman", "man"]))
    expected = cosines(wiki, units[0] + units[1] - units[2])[wiki.words.index("queen")]
    assert wiki.near("king", 1, plus=["woman"], minus=["man"]).scores[0, 0] == pytest.approx(expected, abs=1e-6)


def test_vectors_are_asked_with_as_they_are_and_find_their_own_word(wiki):
    assert wiki.near(wiki["cat"], 1).words == [["cat"]]
    found = wiki.near(wiki.vectors_of(["cat", "dog"]) * 7, 2)
    assert [words[0] for words in found.words] == ["cat", "dog"]
    np.testing.assert_allclose(found.scores[:, 0], 1, atol=1e-6)
    with pytest.raises(BadInput, match="expected 60 dimensions, got 3"):
        wiki.near(np.ones(3))


def test_answers_are_no_longer_than_there_are_words(wiki):
    assert [len(words) for words in wiki.near(["king", "queen"], 100).words] == [29, 29]
    assert len(wiki.near("king", 100, minus=["man", "Man", "king"]).words[0]) == 28
    assert wiki.near([], 3).words == []


def test_rows_are_plain_values(wiki):
    found = wiki.near("king", 2)
    assert list(found.rows())[1] == {
        "query": 0,
        "rank": 2,
        "word": found.words[0][1],
        "score": float(found.scores[0, 1]),
        "position": wiki.words.index(found.words[0][1]),
    }


def test_vectors_of_zeros_are_similar_to_nothing():
    words = WordVectors(WordTable(["a", "b", "c"], np.zeros((3, 4), np.float32)))
    assert words.near("a", 2).scores.tolist() == [[0, 0]]
    assert words.similarity("a", "b") == 0
    assert not words.encode(["a b", "a"]).any()


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_a_number_of_words_that_is_none_is_refused(wiki, k):
    with pytest.raises(BadInput, match=f"k={k!r}: expected a whole number, 1 or more"):
        wiki.near("king", k)


@pytest.mark.parametrize(
    "ask",
    [
        lambda w: w.near(["king", 3]),
        lambda w: w.near(None),
        lambda w: w.near("king", plus=[3]),
        lambda w: w.near("king", minus=3),
        lambda w: w.near(np.full(60, np.nan)),
        lambda w: w.similarity(3, "king"),
        lambda w: w.odd_one_out(["king", "queen", 3]),
        lambda w: w.vectors_of("king"),
        lambda w: w[3],
    ],
)
def test_what_is_no_word_is_refused(wiki, ask):
    with pytest.raises(BadInput, match="expected|finite"):
        ask(wiki)


def test_similarity_of_two_of_pairs_and_of_one_with_many(wiki):
    one = wiki.similarity("king", "queen")
    assert isinstance(one, float)
    assert one == pytest.approx(cosines(wiki, wiki["king"])[wiki.words.index("queen")], abs=1e-6)
    np.testing.assert_allclose(wiki.similarity(["king", "cat"], ["queen", "dog"])[0], one, atol=1e-6)
    assert wiki.similarity("king", ["queen", "cat", "dog"]).shape == (3,)
    assert wiki.similarity(["queen", "cat"], "king")[0] == pytest.approx(one, abs=1e-6)
    with pytest.raises(BadInput, match="2 words and 3"):
        wiki.similarity(["king", "cat"], ["queen", "dog", "man"])


def test_the_odd_one_is_least_similar_to_the_others(wiki):
    found = wiki.odd_one_out(["breakfast", "cat", "lunch", "dinner"])
    assert found.word == "cat"
    others = [wiki.similarity("lunch", other) for other in ("breakfast", "cat", "dinner")]
    assert found.scores[2] == pytest.approx(np.mean(others), abs=1e-6)
    assert next(found.rows())["word"] == "cat"
    for few in ("king", ["king"], ["king", "queen"]):
        with pytest.raises(BadInput, match="three words or more"):
            wiki.odd_one_out(few)


def test_an_unseen_word_has_the_mean_of_its_ngrams():
    from knnife.encoders.word_table import ngrams_of

    grams = np.random.default_rng(0).standard_normal((100, 4)).astype(np.float32)
    words = WordVectors(WordTable(["king"], np.ones((1, 4), np.float32), None, Subwords(3, 4, grams)))
    _, ids = ngrams_of(["kings"], 3, 4, 100)
    np.testing.assert_allclose(words.vector("kings"), grams[ids].mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(words.vectors_of(["kings", "king"])[1], np.ones(4))
    assert words.near("kings", 1).words == [["king"]]
    np.testing.assert_allclose(words.encode(["Kings"])[0], words["kings"], atol=1e-6)
    assert "kings" not in words
    np.testing.assert_array_equal(words["KINGS"], words["kings"])  # there are no capitals in these words


def test_unseen_words_of_a_fasttext_file_have_the_vectors_that_gensim_gives_them():
    """Computed with gensim 4.4.0; the words of this file have capitals."""
    words = WordVectors.load(shared("models/gensim-test-vectors/lee_fasttext_new.bin"))
    for word, first in FROM_GENSIM.items():
        assert word not in words
        np.testing.assert_allclose(words[word][:3], first, atol=1e-6)


# --- files and spaces -------------------------------------------------------------------------------------------


def test_what_is_saved_is_loaded_again(wiki, tmp_path):
    wiki.save(tmp_path / "wiki.vectors")
    again = WordVectors.load(tmp_path / "wiki.vectors")
    assert again.words == wiki.words
    assert again.about == wiki.about
    assert again.fingerprint == wiki.fingerprint
    assert again.name == str(tmp_path / "wiki.vectors")
    np.testing.assert_array_equal(again.encode(["the king of france"]), wiki.encode(["the king of france"]))


def test_the_fingerprint_covers_words_vectors_counts_and_subwords(wiki):
    table = wiki.table
    grams = np.ones((5, worded.DIM), np.float32)
    others = [
        WordTable(["The", *table.words[1:]], table.vectors, table.counts),
        WordTable(table.words, table.vectors * np.float32(2), table.counts),
        WordTable(table.words, table.vectors, table.counts + 1),
        WordTable(table.words, table.vectors),
        WordTable(table.words, table.vectors, table.counts, Subwords(3, 6, grams)),
        WordTable(table.words, table.vectors, table.counts, Subwords(3, 5, grams)),
    ]
    assert len({wiki.fingerprint, *(WordVectors(other).fingerprint for other in others)}) == 7


def test_a_file_is_loaded_by_its_path_like_any_encoder(wiki, tmp_path, monkeypatch):
    wiki.save(tmp_path / "wiki.vectors")
    monkeypatch.chdir(tmp_path)
    assert load_encoder("wiki.vectors").fingerprint == wiki.fingerprint
    assert load_encoder(tmp_path / "wiki.vectors").name == str(tmp_path / "wiki.vectors")


def test_words_are_a_space_like_any_other(wiki, tmp_path):
    wiki.save(tmp_path / "wiki.vectors")
    vectors = WordVectors.load(tmp_path / "wiki.vectors")
    with Space.open(tmp_path / "words.knnife", vectors) as space:
        added = space.add(vectors.things())
        assert (added.added, added.encoded) == (len(vectors), 0)
    with Space.open(tmp_path / "words.knnife") as space:
        assert [space.near(ids=["king"], k=1).ids[0][0]] == wiki.near("king", 1).words[0]
        assert space.near("king", k=1).ids == [["king"]]
        assert space.near("king", k=1).scores[0, 0] == pytest.approx(1, abs=1e-5)
        assert space.get(["king"])[0].about == {"count": int(wiki.counts[wiki.words.index("king")])}
        assert space.info().views[0].encoder == str(tmp_path / "wiki.vectors")
        assert space.add(vectors.things()).unchanged == len(vectors)


def test_trained_vectors_are_kept_in_the_space_and_found_again_in_it(wiki, tmp_path):
    with Space.open(tmp_path / "s.knnife", wiki) as space:
        space.add([{"id": "a", "text": "the king of france"}, {"id": "b", "text": "breakfast and lunch"}])
    with Space.open(tmp_path / "s.knnife") as space:
        assert space.encoder.fingerprint == wiki.fingerprint
        assert space.near("dinner", k=1).ids == [["b"]]


def test_vectors_that_are_too_large_for_a_space_say_what_to_do(wiki, monkeypatch):
    monkeypatch.setattr("knnife.encoders.word_vectors.MOST_KEPT", 100)
    with pytest.raises(BadInput, match=r"vectors\.save\(path\)"):
        wiki.to_bytes()


def test_other_words_are_refused_by_a_space(wiki, tmp_path):
    with Space.open(tmp_path / "s.knnife", wiki) as space:
        space.add(wiki.things())
    other = WordVectors(WordTable(wiki.words, wiki.vectors + np.float32(1), wiki.counts))
    with pytest.raises(EncoderMismatch):
        Space.open(tmp_path / "s.knnife", other)


def test_bytes_that_were_damaged_are_refused(wiki):
    data = wiki.to_bytes()
    assert WordVectors.from_bytes(data).fingerprint == wiki.fingerprint
    for bad in (b"", b"{}", data[:-1], data[: len(data) // 2]):
        with pytest.raises(BadInput):
            WordVectors.from_bytes(bad)


@pytest.mark.parametrize(
    ("words", "vectors"),
    [([], np.empty((0, 3), np.float32)), (["a"], np.ones((2, 3), np.float32)), (["a"], np.ones(3, np.float32))],
)
def test_words_and_vectors_have_to_fit(words, vectors):
    with pytest.raises(BadInput, match="expected one for each"):
        WordVectors(WordTable(words, vectors))


def test_a_small_text_can_be_learned_from():
    lines = ["the cat eats the fish", "the dog eats the meat", "the king rules the land"] * 30
    words = WordVectors.train(lines, dim=8, min_count=1, epochs=1, seed=1, threads=1)
    assert words.dim == 8
    assert words.words[0] == "the"
    assert words.form == "words"
    assert words.counts[0] == 180
    assert knnife.WordVectors is WordVectors
