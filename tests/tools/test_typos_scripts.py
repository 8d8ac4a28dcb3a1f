"""Words with accents, in other scripts, and with what is no letter: left as they are, or put right in their own way."""

import time
import unicodedata

import pytest
from hypothesis import given, strategies as st

from knnife import Speller
from knnife.things.folding import without_accents

FORMS = ("NFC", "NFD")
ACCENTED = [
    "naïve", "entrée", "garçon", "touché", "passé", "crème", "château", "façade", "rosé", "première",
    "fiancée", "risqué", "Renée", "Köln", "résumé", "jalapeño", "smörgåsbord", "doppelgänger", "Zürich",
    "São", "Łódź", "Straße", "Møller", "Æsop", "œuvre", "Dvořák", "naïveté", "voilà", "coöperate",
    "reëlect", "Brontë", "Häagen", "Nestlé", "Akpınar",
]  # fmt: skip
ELSEWHERE = [
    "Москва", "привет", "Αθήνα", "北京", "東京", "서울", "สวัสดี", "हिन्दी", "مرحبا", "שלום", "ﬁsh", "oﬃce",
    "Ｔｏｋｙｏ",
]  # fmt: skip
KEPT = [
    "o'clock", "'twas", "fo'c'sle", "ma'am", "O'Brien", "aujourd'hui", "it’s", "dogs’", "don’t",
    "'cause", "wi-fi", "e-mail", "x-ray", "vis-à-vis", "tête-à-tête", "re-enter", "mother-in-law",
    "#recieve", "#naïve", "＃recieve", "@recieve", "recieve.py", "https://recieve.org/teh",
    "recieve@teh.org", "www.recieve.org/teh?recieve=teh", "recieve/teh", "snake_caes", "camelCaes",
    "HTTPServr", "5kmh", "x²", "v2beta", "`recieve`", "$recieve",
    "Qur'an", "北京recieve", "recieve北京", "co\u00adoperate",
    "the\u200b", "💡", "",
]  # fmt: skip


@pytest.fixture(scope="module")
def english():
    return Speller()


@pytest.mark.parametrize("form", FORMS)
def test_words_with_accents_and_of_other_scripts_stay_as_they_are(english, form):
    words = [unicodedata.normalize(form, word) for word in ACCENTED + ELSEWHERE]
    assert english.correct(words) == words
    texts = [f"We saw the {word} there yesterday." for word in words]
    assert [mended.text for mended in english.texts(texts)] == texts
    assert not any(mended.wrong for mended in english.texts(texts))
    assert unicodedata.normalize(form, "naïve") in english


def test_apostrophes_hyphens_tags_and_code_stay(english):
    assert english.correct(KEPT) == KEPT
    assert [mended.text for mended in english.texts(KEPT)] == KEPT


def test_what_stands_around_a_misspelled_word_stays(english):
    right = {
        "dosen’t": "doesn’t",
        "freind’s": "friend’s",
        "well-knwon": "well-known",
        "state-of-teh-art": "state-of-the-art",
        "recieve…": "receive…",
        "“recieve”": "“receive”",
        "ok👍recieve": "ok👍receive",
        "teh\u200b": "the\u200b",
        "naïve teh": "naïve the",
        "#tag recieve": "#tag receive",
    }
    assert english.correct([*right]) == [*right.values()]
    assert [mended.text for mended in english.texts(right)] == [*right.values()]


def test_an_own_vocabulary_is_corrected_in_its_own_script_alone():
    russian = Speller(["привет", "ёлка", "который", "хорошо", "собака"])
    asked = ["превет", "каторый", "Превет", "елка", "hello", "recieve", "собака\u0301"]
    assert russian.correct(asked) == ["привет", "который", "Привет", "ёлка", "hello", "recieve", "собака\u0301"]
    greek = Speller(["καλημέρα", "θάλασσα"])
    assert greek.correct(["θαλασα", "hello", "καλημερα"]) == ["θάλασσα", "hello", "καλημέρα"]
    hindi = Speller(["हिन्दी", "नमस्ते"])
    assert hindi.text("यह हिन्दि है").text == "यह हिन्दी है"
    chinese = Speller(["北京"])
    assert chinese.correct(["北京", "北平", "hello"]) == ["北京", "北平", "hello"]


def test_accents_that_the_vocabulary_has_are_restored_before_all_else():
    french = Speller({"café": 1, "élève": 1, "réélégué": 1, "œuvre": 1, "cage": 100, "case": 100, "naif": 1})
    asked = ["cafe", "Eleve", "CAFE", "reelegue", "oeuvre", "cage", "cafe\u0301", "naïf", "Köln"]
    right = ["café", "Élève", "CAFÉ", "réélégué", "œuvre", "cage", "cafe\u0301", "naïf", "Köln"]
    assert french.correct(asked) == right
    assert french.suggest("cafe").words[0][0] == "café"
    assert french.suggest("cafe").probabilities[0, 0] > 0.99


def test_rare_letters_of_a_large_vocabulary_are_not_its_own():
    plain = [f"{a}{b}{c}ing" for a in "bcdfghklmn" for b in "aeiou" for c in "bcdfghklmnprstvz"] * 2
    speller = Speller([*plain, *(f"{word}s" for word in plain), "Köln"])
    assert speller.correct(["Köhn", "Koln", "bading", "badding"]) == ["Köhn", "Köln", "bading", "bading"]


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Łódź Ærø Straße", "Łodz Æro Strasse"),
        ("łódź ærø ıı", "lodz aero ii"),
        ("élan e\u0301", "elan e"),
        ("Σίσυφος", "Σισυφος"),
        ("за\u0301мок", "замок"),
        ("مُحَمَّد", "محمد"),
        ("שָׁלוֹם", "שלום"),
        ("서울 हिन्दी กิน", "서울 हिन्दी กิน"),
    ],
)
def test_accents_are_taken_away_where_they_may_be_left_out(text, bare):
    assert without_accents(text) == bare


@given(st.text(max_size=30))
def test_correcting_any_text_changes_nothing_that_is_not_latin(english, text):
    mended = english.text(text)
    position = 0
    for word in mended.wrong:
        assert text[word.position :].startswith(word.word)
        assert word.position >= position
        position = word.position + len(word.word)
        assert unicodedata.normalize("NFKC", word.word).replace("’", "'").isascii() or not word.corrected


@pytest.mark.parametrize(
    "piece", ["a-", "a.", "a_", "a'", "a/", "`", "@", "é", "e\u0301", "\u200b", "www.", "://", "x²", "aé北"]
)
def test_the_words_of_a_text_are_found_in_one_reading(english, piece):
    began = time.process_time()
    english.text(piece * 80_000)
    assert time.process_time() - began < 2
