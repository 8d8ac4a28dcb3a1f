"""Texts as numbers of tokens, against the package tokenizers with the same file, which is set to read as many."""

from __future__ import annotations

import random
import sys
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given, settings, strategies as st
from tests.encoders.test_kernels import CASES, LETTERS, tokenizer
from tests.toys import no_compiled_code
from tokenizers import Tokenizer

from knnife.encoders import wordpiece
from knnife.encoders.minilm import AROUND, LONGEST, folder
from knnife.encoders.token_ids import TokenReader

DEFINITION = (folder() / "tokenizer.json").read_bytes()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
SCRIPTS = {
    "Arabic": "السلام عليكم، كيف حالك؟ ١٢٣",
    "Hindi": "हिन्दी में लिखा हुआ, क्षत्रिय।",
    "Thai and Lao": "ภาษาไทยไม่มีช่องว่าง ພາສາລາວ",
    "Hebrew with points": "שָׁלוֹם עֲלֵיכֶם",
    "Korean in letters": "한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8",
    "Japanese": "日本語とカタカナ、ﾊﾝｶｸ",
    "Tibetan": "བོད་སྐད། ཀྵ",
    "Greek": "Ὀδυσσεύς Ἀθῆναι ΣΊΣΥΦΟΣ",
    "Cyrillic": "Ёжик в тумане; Ї й",
    "Vietnamese, taken apart": unicodedata.normalize("NFD", "Tiếng Việt ở Hà Nội"),
    "symbols": "🚗👨‍👩‍👧‍👦🏳️‍🌈 ½ ² € № ﷺ ﬃ \U0001d49c",
}


@pytest.fixture(scope="module")
def reader() -> TokenReader:
    return TokenReader(DEFINITION, AROUND, LONGEST)


@pytest.fixture(scope="module")
def plain() -> TokenReader:
    with no_compiled_code():
        made = TokenReader(DEFINITION, AROUND, LONGEST)
    assert made._words is None
    return made


@pytest.fixture(scope="module")
def theirs() -> Tokenizer:
    made = Tokenizer.from_buffer(DEFINITION)
    made.no_padding()
    made.no_truncation()
    return made


def compare(theirs: Tokenizer, readers: list[TokenReader], texts: list[str]) -> None:
    """The tokens of each, and how many there would be."""
    expected = [theirs.encode(text.encode("utf-8", "replace").decode()).ids for text in texts]
    for reader in readers:
        ids, starts, cut = reader.read(texts, whole=True)
        assert (ids.dtype, starts.dtype, starts[0], starts[-1]) == (np.int32, np.int64, 0, len(ids))
        for i, own in enumerate(expected):
            kept = own if len(own) <= LONGEST else [*own[: LONGEST - 1], own[-1]]
            assert ids[starts[i] : starts[i + 1]].tolist() == kept, texts[i][:80]
            assert cut[i] == len(own) - len(kept)
        again = reader.read(texts)
        assert (again.ids.tolist(), again.starts.tolist()) == (ids.tolist(), starts.tolist())
        assert ((again.cut > 0) == (cut > 0)).all()


@pytest.mark.skipif(wordpiece.KERNELS == "none", reason="knnife was installed without a compiler")
def test_the_compiled_way_is_taken(reader):
    assert reader._words is not None


@pytest.mark.parametrize("case", [*CASES, *SCRIPTS])
def test_a_text_has_the_tokens_that_the_tokenizer_gives(case, reader, plain, theirs):
    compare(theirs, [reader, plain], [{**CASES, **SCRIPTS}[case][:20_000]])


@pytest.mark.parametrize("n", [0, 1, 253, 254, 255, 256, 257, 5_000])
def test_256_tokens_are_read_and_the_last_of_them_ends_the_text(n, reader, plain, theirs):
    texts = ["car " * n, "car" * n, "!" * n, "car " * n + "\u302e", "東" * n]
    compare(theirs, [reader, plain], texts)
    ids, starts, _ = reader.read(texts)
    assert (ids[starts[:-1]] == AROUND[0]).all()
    assert (ids[starts[1:] - 1] == AROUND[1]).all()


def test_a_special_token_in_so_many_letters_is_one_as_for_the_tokenizer(reader, plain, theirs):
    texts = [
        f"{before}{token}{behind}" for token in SPECIAL for before in ("", "a ", "a") for behind in ("", "b", " b")
    ]
    compare(theirs, [reader, plain], [*texts, "[sep]", "[ SEP ]", "[SEP", "[[SEP]]" * 200, "no such token"])


def test_no_text_at_all(reader, plain):
    for each in (reader, plain):
        ids, starts, cut = each.read([])
        assert (ids.tolist(), starts.tolist(), cut.tolist()) == ([], [0], [])


@pytest.mark.parametrize("gap", [" ", "  \n", "\t", ""])
def test_of_a_long_text_no_more_is_read_than_has_to_be(gap, reader, plain, theirs):
    texts = [f"{word}{gap}" * (40_000 // len(word)) + "\u302e" for word in ("car", "[SEP]", "東", "é" * 90, "\0" * 90)]
    texts += ["\u200b" * 20_000 + gap + "car " * 300 + "\u302e", gap * 20_000 + "car\u302e"]
    compare(theirs, [reader, plain], texts)


@settings(max_examples=100)
@given(texts=st.lists(st.lists(LETTERS | st.sampled_from(SPECIAL), max_size=40).map("".join), max_size=5))
def test_words_made_of_what_the_vocabulary_knows(reader, plain, theirs, texts):
    compare(theirs, [reader, plain], texts)


@settings(max_examples=100)
@given(texts=st.lists(st.text(st.characters(), max_size=300), max_size=4))
@example(texts=["\ud800", "a\udfff car", "\0"])
def test_any_unicode_at_all(reader, plain, theirs, texts):
    compare(theirs, [reader, plain], texts)


@pytest.mark.parametrize("plane", [0, 1, 2, 14])
def test_every_character_between_others(reader, theirs, plane):
    characters = [c for c in map(chr, range(0x10000 * plane, 0x10000 * (plane + 1))) if unicodedata.category(c) != "Cn"]
    some = characters if len(characters) < 2000 else random.Random(plane).sample(characters, 2000)
    texts = [" ".join(f"the{c}the" for c in some[i : i + 50]) for i in range(0, len(some), 50)]
    random.Random(1).shuffle(some)
    compare(theirs, [reader], [*texts, *("".join(some[i : i + 50]) for i in range(0, len(some), 50))])


# another vocabulary, and hostile arrays


def test_a_tokenizer_of_another_kind_goes_the_plain_way():
    made = TokenReader(tokenizer().replace(b"BertPreTokenizer", b"Whitespace"), (0, 1), 5)
    assert made._words is None
    assert made.read(["the abc the abc the"]).ids.tolist()[::4] == [0, 1]


def arguments(reader: TokenReader, texts: tuple[str, ...], room: int = 6) -> list:
    inside = reader._words
    assert inside is not None
    n = len(texts)
    return [texts, inside._alphabet, inside._vocabulary.table, (101, 102), room, True,
            np.zeros(n * (room + 2), np.int32), np.zeros(n + 1, np.int64), np.zeros(n, np.int64)]  # fmt: skip


@pytest.mark.skipif(wordpiece.KERNELS == "none", reason="knnife was installed without a compiler")
def test_arrays_that_do_not_fit_together_are_refused(reader):
    number_words = sys.modules["knnife._kernels"].number_words
    good = arguments(reader, ("red", "car"))
    assert number_words(*good) == b""
    assert good[6][:6].tolist() == [101, 2417, 102, 101, 2482, 102]
    slots, *others = good[2]
    spoilt = {
        1: [(good[1][0][:-1], *good[1][1:])],
        2: [(slots[:-8], *others), (b"", *others)],
        4: [7, -1, 2**62],
        6: [good[6][:-1].copy(), good[6][:0].copy()],
        7: [good[7][:-1].copy(), np.zeros(9, np.int64)],
        8: [good[8][:-1].copy(), np.zeros(9, np.int64)],
    }
    for place, values in spoilt.items():
        for value in values:
            with pytest.raises(ValueError, match="fit together"):
                number_words(*good[:place], value, *good[place + 1 :])
    for texts in [(b"red", "car"), (1, "car"), ("red", None)]:
        with pytest.raises(TypeError):
            number_words(texts, *good[1:])


@pytest.mark.skipif(wordpiece.KERNELS == "none", reason="knnife was installed without a compiler")
@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), text=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_tables_of_random_bytes_do_no_harm(reader, seed, text):
    """Nothing to compare with: the numbers are noise. That all stay in their places is what is to be seen."""
    noise = np.random.default_rng(seed)
    good = arguments(reader, (text, "red car " * 9))
    page_of = noise.integers(0, 4, wordpiece.PAGES).astype(np.uint16)
    entries = noise.integers(0, 2**32, (3, wordpiece.PAGE), dtype=np.uint32)
    if seed % 2:
        entries &= 0xFF | 0xFF << 8
    alphabet = (page_of, entries, noise.integers(0, 256, 300).astype(np.uint8))
    table = (noise.bytes(8 * 64), noise.bytes(500), int(noise.integers(-(2**40), 2**40)), -1, 2**31 - 1)
    for own in ([alphabet, good[2]], [good[1], table], [alphabet, table]):
        sys.modules["knnife._kernels"].number_words(good[0], *own, *good[3:])
        assert 0 <= good[7][-1] <= len(good[6])
