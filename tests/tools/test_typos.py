"""What the speller suggests, corrects and leaves alone, in words, texts, columns and spaces."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import shared

import knnife
from knnife import BadInput, NotFound, Speller, Thing
from knnife.spelling.suggesting import reasons
from knnife.spelling.texts import is_form, places

COUNTS = {
    "the": 5_000_000, "I": 900_000, "you": 800_000, "a": 2_000_000, "lot": 40_000, "thank": 30_000, "their": 300_000,
    "receive": 40_000, "relieve": 2_000, "address": 30_000, "dress": 20_000, "friend": 50_000, "definitely": 9_000,
    "mail": 20_000, "accommodate": 900, "Paris": 9_000, "letter": 20_000, "from": 900_000, "my": 700_000, "cat": 9_000,
    "car": 30_000, "and": 3_000_000, "believe": 60_000, "people": 90_000, "John": 40_000, "seize": 4_000,
}  # fmt: skip


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(COUNTS)


def test_common_misspellings_are_corrected(speller: Speller) -> None:
    asked = ["recieve", "adress", "teh", "freind", "definately", "acommodate", "peopel", "beleive"]
    right = ["receive", "address", "the", "friend", "definitely", "accommodate", "people", "believe"]
    assert speller.correct(asked) == right
    assert [found[0] for found in speller.suggest(asked).words] == right
    assert speller.correct("recieve") == "receive"


def test_known_words_and_hopeless_ones_stay(speller: Speller) -> None:
    assert speller.correct(["dress", "Dress", "PARIS", "xqzzkwv", "", "42", "John's"]) == [
        "dress", "Dress", "PARIS", "xqzzkwv", "", "42", "John's",
    ]  # fmt: skip


def test_capitals_are_those_of_the_word(speller: Speller) -> None:
    assert speller.correct(["Recieve", "RECIEVE", "recieve", "pariss"]) == ["Receive", "RECEIVE", "receive", "Paris"]


def test_suggestions_are_ranked_by_probability(speller: Speller) -> None:
    found = speller.suggest(["recieve", "xqzzkwv"], k=3)
    assert len(found) == 2
    assert found.positions.shape == found.probabilities.shape == (2, 3)
    assert (np.diff(found.probabilities, axis=1) <= 0).all()
    assert 0.5 < found.probabilities[0].sum() <= 1
    assert found.words[1] == []
    assert found.positions[1].tolist() == [-1, -1, -1]
    rows = list(found.rows())
    assert rows[0] == rows[0] | {"word": "recieve", "rank": 1, "suggestion": "receive"}
    assert "e and i swapped" in rows[0]["reason"]
    assert "20 x as common as the next" in rows[0]["reason"]


def test_many_words_get_what_each_gets_alone(speller: Speller) -> None:
    asked = ["recieve", "adress", "zzz", "teh"] * 700  # several blocks, several threads
    together = speller.suggest(asked, k=2)
    for number in (0, 1, 2, 3, 1500, 2799):
        alone = speller.suggest(asked[number], k=2)
        assert alone.words[0] == together.words[number]
        assert alone.probabilities[0] == pytest.approx(together.probabilities[number], abs=1e-5)


def test_two_words_written_as_one_are_found(speller: Speller) -> None:
    found = speller.suggest(["alot", "thankyou"])
    assert "a lot" in found.words[0]
    assert "thank you" in found.words[1]
    assert -2 in found.positions[0]
    assert ["two words"] in [why[:1] for why in found.reasons()[1]]


@pytest.mark.parametrize(
    ("typed", "right", "told"),
    [
        ("adress", "address", ["one d left out", "sounds the same"]),
        ("recieve", "receive", ["e and i swapped", "sounds the same"]),
        ("cst", "cat", ["s for a, a neighbouring key"]),
        ("cpt", "cat", ["p for a"]),
        ("catq", "cat", ["q too many"]),
        ("alot", "a lot", ["two words"]),
        ("the", "the", ["in the vocabulary"]),
    ],
)
def test_reasons_say_what_happened(typed: str, right: str, told: list[str]) -> None:
    found = reasons([typed], [right])[0]
    assert found[: len(told)] == told or set(told[:1]) == set(found[:1])


def test_reasons_know_the_keyboard() -> None:
    assert reasons(["zes"], ["yes"], "qwerty")[0] == ["z for y"]
    assert reasons(["tes"], ["yes"], "qwerty")[0] == ["t for y, a neighbouring key"]
    assert reasons(["tes"], ["yes"], "qwertz")[0] == ["t for y"]


def test_a_text_keeps_all_but_its_misspelled_words(speller: Speller) -> None:
    text = "I recieve the   mail — from my Freind's adress (RECIEVE!).\n\tTeh cat, teh car…\r\n"
    mended = speller.text(text)
    assert mended.text == "I receive the   mail — from my Friend's address (RECEIVE!).\n\tThe cat, the car…\r\n"
    assert [word.word for word in mended.wrong] == ["recieve", "Freind's", "adress", "RECIEVE", "Teh", "teh"]
    for word in mended.wrong:
        assert text[word.position :].startswith(word.word)
        assert word.corrected
        assert word.probability > 0.5


@pytest.mark.parametrize(
    "text",
    [
        "https://recieve.adress/teh",
        "www.recieve.org and",
        "teh.freind@recieve.org",
        "recieve_teh(adress2)",
        "`recieve teh`",
        "the recieveTeh and TEH",
        "my mail recieve.txt",
        "/usr/recieve/teh",
        "C:\\recieve\\teh.doc",
        "#recieve @freind 3rd 2teh",
        "",
        "\n",
        "東京 🙂",
    ],
)
def test_code_addresses_and_numbers_are_left_alone(speller: Speller, text: str) -> None:
    assert speller.text(text).text == text


def test_a_capital_within_a_sentence_is_sooner_a_name(speller: Speller) -> None:
    small, name = (speller.text(f"the {word} and the").wrong[0] for word in ("frend", "Frend"))
    assert small.suggestion == "friend"
    assert name.probability < small.probability
    named = [place.start for place in places("Catt. Catt Catt: Catt\nCatt “Catt”, Catt") if place.named]
    assert named == [11, 35]


def test_a_form_of_a_known_word_is_sooner_right(speller: Speller) -> None:
    known = {"run", "write", "city", "realize", "friend", "like", "travel"}
    forms = ["runs", "running", "writing", "writer", "cities", "realise", "realised", "friendly", "unlike", "travelled"]
    assert [word for word in forms if not is_form(word, known)] == []
    assert not any(is_form(word, known) for word in ["frend", "riting", "citys'", "s", "ing", ""])


def test_texts_are_a_stream(speller: Speller) -> None:
    endless = speller.texts(f"teh {word}" for word in itertools.cycle(["car", "cat"]))
    assert [mended.text for mended in itertools.islice(endless, 3)] == ["the car", "the cat", "the car"]


def test_how_sure_decides_what_is_put_in(speller: Speller) -> None:
    assert speller.text("teh adress", sure=1.0).text == "teh adress"
    assert speller.text("teh adress", sure=0.0).text == "the address"


class Around:
    """Vectors of a few words: what goes with food, and what goes with roads."""

    words = ("dessert", "desert", "cake", "sand")
    vectors = np.array([[1, 0], [0, 1], [1, 0.1], [0.1, 1]], np.float32)
    dim = 2

    def rows_of(self, words):
        return np.array([self.words.index(word) if word in self.words else -1 for word in words], np.int64)


def test_the_words_around_decide_between_likely_words() -> None:
    speller = Speller({"dessert": 100, "desert": 100, "cake": 10, "sand": 10}, vectors=Around())
    found = speller.suggest(["deserrt", "deserrt", "deserrt"], contexts=["cake and cake", "sand", "nothing known"])
    assert found.words[0][0] == "dessert"
    assert found.words[1][0] == "desert"
    assert found.words[2][0] == "desert"  # the fewest edits
    assert found.probabilities[1, 0] > found.probabilities[2, 0]
    assert [speller.text(f"deserrt {word}").text for word in ("cake", "sand")] == ["dessert cake", "desert sand"]


def test_vocabularies_come_in_many_forms(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("the\nreceive\n\n", encoding="utf-8")
    (tmp_path / "counted.tsv").write_text("the\t50\nreceive\t3\n", encoding="utf-8")
    (tmp_path / "words.gz").write_bytes(gzip.compress("\ufeffthe 50\nreceive 3\n".encode()))
    (tmp_path / "texts.txt").write_text("the letter that I receive\nthe letter, I receive teh\n", encoding="utf-8")
    forms = [
        {"the": 50, "receive": 3},
        ["the", "receive", "the"],
        [("the", 50), ("receive", 3)],
        iter(["the", "receive"]),
        tmp_path / "plain.txt",
        str(tmp_path / "counted.tsv"),
        tmp_path / "words.gz",
        tmp_path / "texts.txt",
    ]
    for form in forms:
        speller = Speller(form)
        assert speller.correct("recieve") == "receive", form
        assert "the" in speller
        assert "teh" not in speller  # seen once in the texts
    assert len(Speller(["the", "receive"])) == 2


def test_a_space_is_a_vocabulary(words) -> None:
    words.add(["a receiver of letters", "the receiver of a letter", "letters to the receiver"])
    speller = Speller(words)
    assert speller.correct(["reciever", "leters"]) == ["receiver", "letters"]
    assert "hello" in speller  # the texts are English
    words.remove([thing.id for thing in words.things()])
    words.add(["ein Wörtbuch und noch ein Wörtbuch", "und ein Gegenstand"])
    speller = Speller(words)
    assert sorted(speller.vocabulary.words) == ["Wörtbuch", "ein", "und"]
    assert speller.correct("Wörtbuhc") == "Wörtbuch"


def test_english_ships() -> None:
    speller = Speller()
    assert len(speller) > 20_000
    assert speller.correct(["accomodation", "seperate", "occured"]) == ["accommodation", "separate", "occurred"]


def test_typos_tell_where_what_and_why(speller: Speller) -> None:
    found = knnife.typos([Thing("a", "teh mail"), Thing("b", "my adress"), Thing("c", "the xqzzkwv")], speller)
    assert found.mended == ["the mail", "my address", "the xqzzkwv"]
    assert len(found) == 2
    rows = list(found.rows())
    assert [(row["id"], row["position"], row["word"], row["suggestion"]) for row in rows] == [
        ("a", 0, "teh", "the"),
        ("b", 3, "adress", "address"),
    ]
    assert all(row["reason"] and 0.5 <= row["probability"] <= 1 for row in rows)
    assert [row["word"] for row in found.rows(unsure=True)] == ["teh", "adress", "xqzzkwv"]
    assert found.summary() == {"texts": 3, "changed": 2, "corrected": 2, "unknown": 1}


def test_typos_take_a_text_texts_a_space_and_a_column(speller: Speller, words) -> None:
    assert knnife.typos("teh mail", COUNTS).mended == ["the mail"]
    assert knnife.typos(["teh mail", "my adress"], speller).ids == ["0", "1"]
    table = [{"name": "teh mail", "n": 1}, {"name": None, "n": 2}, {"name": "adress", "n": 3}]
    assert knnife.typos(table, speller, column="name").mended == ["the mail", "", "address"]
    words.add([{"id": "note", "text": "teh mail from my freind"}])
    found = knnife.typos(words, speller)
    assert dict(zip(found.ids, found.mended, strict=True))["note"] == "the mail from my friend"


def test_what_texts_use_often_is_right(speller: Speller) -> None:
    texts = ["the lettr"] * 4
    assert knnife.typos(texts, speller).mended == ["the letter"] * 4
    assert knnife.typos([*texts, "lettr"], speller).mended == [*texts, "lettr"]
    assert knnife.typos([*texts, "lettr"], speller, often=6).mended[-1] == "letter"


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda speller: Speller([]), "empty"),
        (lambda speller: Speller({"a": float("nan")}), "nan"),
        (lambda speller: Speller([("a", 1, 2)]), "a word and its count"),
        (lambda speller: Speller(7), "int"),
        (lambda speller: Speller(COUNTS, keyboard="cyrillic"), "qwertz"),
        (lambda speller: speller.suggest([None]), "NoneType"),
        (lambda speller: speller.suggest(["a"], k=0), "1 or more"),
        (lambda speller: speller.suggest(["a"], contexts=["b", "c"]), "2 contexts for 1"),
        (lambda speller: speller.correct([1]), "int"),
        (lambda speller: list(speller.texts([b"teh"])), "bytes"),
        (lambda speller: knnife.typos("teh", speller, sure=1.5), "sure=1.5"),
        (lambda speller: knnife.typos("teh", speller, often=0), "often=0"),
        (lambda speller: knnife.typos("teh", speller, vectors=Around()), "already"),
        (lambda speller: knnife.typos([Thing("a", None)], speller), "no text"),
        (lambda speller: knnife.typos(7, speller), "int"),
    ],
)
def test_bad_input_is_told(speller: Speller, call, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        call(speller)


def test_what_is_missing_is_told(speller: Speller, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        Speller(tmp_path / "nowhere.txt")
    with pytest.raises(NotFound, match="nmae"):
        knnife.typos([{"name": "teh"}], speller, column="nmae")
    (tmp_path / "bad.gz").write_bytes(gzip.compress(b"the 5\n")[:-4])
    with pytest.raises(BadInput, match="damaged"):
        Speller(tmp_path / "bad.gz")
    (tmp_path / "once.txt").write_text("jedes Wort steht hier nur einmal drin", encoding="utf-8")
    with pytest.raises(BadInput, match="none of the 7 words of the texts is there twice"):
        Speller(tmp_path / "once.txt")


def test_huge_and_odd_words_are_no_trouble(speller: Speller) -> None:
    asked = ["a" * 100_000, "\0", "\ud800", "é" * 47, "recieve\n", "-"]
    assert len(speller.suggest(asked).words) == len(asked)
    assert speller.correct([]) == []
    assert len(speller.suggest([]).words) == 0


def test_most_misspellings_of_a_real_list_are_mended_first() -> None:
    lines = gzip.decompress(shared("typos/codespell-dictionary.txt.gz").read_bytes()).decode().splitlines()
    speller = Speller()
    pairs = [line.split("->") for line in lines[::300]]
    pairs = [(wrong, right) for wrong, right in pairs if "," not in right and right in speller and wrong not in speller]
    found = speller.suggest([wrong for wrong, _ in pairs])
    first = np.mean([right in words[:1] for words, (_, right) in zip(found.words, pairs, strict=True)])
    five = np.mean([right in words for words, (_, right) in zip(found.words, pairs, strict=True)])
    assert first > 0.8
    assert five > 0.92


def test_letters_that_were_held_down_are_put_right_in_lists_as_in_texts() -> None:
    speller = Speller()
    assert speller.correct(["helllo", "hEeeeelOo", "coooool", "heeeelp", "III"]) == [
        "hello",
        "hello",
        "cool",
        "help",
        "III",
    ]
    assert speller.text("helllo hEeeeelOo, that is coooool").text == "hello hello, that is cool"
    assert speller.suggest(["heeeelp", "recieve"], k=2).words[1] == speller.suggest("recieve", k=2).words[0]
