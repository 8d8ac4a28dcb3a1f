"""Compiled reading of words against the tokenizer itself, which gets each text whole, and a plain sum."""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.toys import no_compiled_code
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

from knnife import threads
from knnife.encoders import static, text_blocks, wordpiece
from knnife.encoders.static import StaticEncoder
from knnife.errors import BadInput

pytestmark = pytest.mark.skipif(wordpiece.KERNELS == "none", reason="knnife was installed without a compiler")

WORDS = ["[UNK]", *"abcdefgxyzéß東京!'.-²’각", *(f"##{c}" for c in "abcdexé東ᅡᆨ"), "the", "##ing", "abc", "##bcd", "ab"]
MARK = "\u302e"  # a combining mark which is no accent, so it survives, and may change places
CASES = {
    "plain": "The abc, bcd: abing! xyz",
    "unknown words": "qqq the qqq abq",
    "nothing": "",
    "white space of all kinds": "a\tb\nc\rd\x0be\x0cf\x85g\u00a0a\u2003b\u3000c\u2028d",
    "control characters join": "a\0b a\x07b a\x7fb a\ufffdb a\u200db a\ufeffb a\u00adb",
    "accents": "ÀBC E\u0301 é É\u0302\u0323a a\u0338b",
    "marks that survive": f"ab a{MARK}b a{MARK}\u0345b the {MARK}",
    "Chinese": "東京abc京 a東b \uf900 \U00020000東",
    "Korean": "각 가 \u1100\u1161\u11a8",
    "characters that become several": "İa ẞ ß ǰ ﬁ Ŀ",
    "characters that become punctuation": "a≠b a\u037eb a\u1fefb a\u2260\u0338b",
    "punctuation": "a’b “a” a–b…c a。b a‐b a$b a^b a|b a~b ¿a",
    "half surrogate pairs": "a\ud800b \udfff the",
    "as long as a word may be": "a" * 100 + " " + "b" * 101 + " " + "é" * 100 + " " + "é" * 101,
    "long, with what vanishes": "a" * 60 + "\0" * 100 + "a" * 40 + " " + "a\u0301" * 101,
    "a very long word": "ab" * 100_000,
    "many words without white space": "ab!the." * 10_000,
    "special tokens": "[UNK] [CLS] ##ing ##a",
}


def tokenizer(lowercase=True, accents=None, clean=True, chinese=True, longest=100) -> bytes:
    model = models.WordPiece({w: i for i, w in enumerate(WORDS)}, unk_token="[UNK]", max_input_chars_per_word=longest)
    made = Tokenizer(model)
    made.normalizer = normalizers.BertNormalizer(clean, chinese, accents, lowercase)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return made.to_str().encode()


def encoder(definition: bytes, dtype=np.int8, normalize=False, seed=0, rows=None) -> StaticEncoder:
    made = np.random.default_rng(seed)
    return StaticEncoder(
        made.integers(-127, 128, (rows or len(WORDS), 5)).astype(dtype),
        definition,
        weights=made.uniform(0.01, 1, len(WORDS)).astype(np.float32),
        mapping=made.integers(0, rows, len(WORDS)) if rows else None,
        config={"normalize": normalize},
    )


def compare(compiled: StaticEncoder, texts: list[str]) -> None:
    """Against the tokenizer: vectors to 1e-5 of the largest, numbers of tokens exactly."""
    assert compiled._words is not None
    counts = compiled.tokens(texts)
    vectors = compiled.encode(texts)
    for i, text in enumerate(texts):
        expected, known, unknown = oracle(compiled, text)
        assert (counts.read[i], counts.unknown[i]) == (known + unknown, unknown), (i, text[:80])
        np.testing.assert_allclose(vectors[i], expected, atol=1e-5 * max(1, np.abs(expected).max()))
    plain = twin(compiled)
    assert plain._words is None
    np.testing.assert_allclose(plain.encode(texts), vectors, atol=1e-5 * max(1, np.abs(vectors).max(initial=0)))
    for ours, theirs in zip(plain.tokens(texts), counts, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@lru_cache(maxsize=1)
def twin(compiled: StaticEncoder) -> StaticEncoder:
    """The same where nothing is compiled."""
    parts = {"weights": compiled._weight_of, "mapping": compiled._row_of, "config": compiled.config}
    with no_compiled_code():
        return StaticEncoder(compiled._rows, compiled._tokenizer_json, **parts)


def oracle(of: StaticEncoder, text: str) -> tuple[np.ndarray, int, int]:
    """The vector of a text, its tokens known and unknown: from one call of the tokenizer for each text in pieces."""
    ids = []
    for piece in text_blocks.pieces(text):
        ids += of._tokenizer.encode(piece.encode("utf-8", "replace").decode(), add_special_tokens=False).ids
    known = [i for i in ids if i != of._unknown]
    total = sum((float(of._weight_of[i]) * of._rows[of._row_of[i]].astype(np.float64) for i in known), np.zeros(of.dim))
    by = np.linalg.norm(total) if of.config["normalize"] else len(known)
    return total / (by or 1), len(known), len(ids) - len(known)


@pytest.fixture(scope="module")
def english() -> StaticEncoder:
    return static.english()


# the same as the tokenizer


@pytest.mark.parametrize("case", CASES)
def test_a_text_gives_what_the_tokenizer_gives(case, english):
    compare(encoder(tokenizer()), [CASES[case]])
    compare(english, [CASES[case][:20_000]])


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("accents", [True, False, None])
@pytest.mark.parametrize("clean", [True, False])
@pytest.mark.parametrize("chinese", [True, False])
def test_every_way_to_normalise_gives_what_the_tokenizer_gives(lowercase, accents, clean, chinese):
    texts = [text[:300] for text in CASES.values()]
    compare(encoder(tokenizer(lowercase, accents, clean, chinese)), texts)


@pytest.mark.parametrize("dtype", [np.int8, np.float16, np.float32, np.float64])
@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("rows", [None, 7])
def test_every_kind_of_rows_gives_what_the_tokenizer_gives(dtype, normalize, rows):
    compare(encoder(tokenizer(), dtype, normalize, rows=rows), ["The abc, bcd qqq abing!", "", "q", "a " * 700])


@pytest.mark.parametrize("longest", [0, 1, 2, 255])
def test_words_may_be_as_long_as_the_tokenizer_says(longest):
    compare(encoder(tokenizer(longest=longest)), ["a ab abc", "a" * 255 + " " + "é" * 256, "각 東東 a\u0301\u0301b"])


MARKS = ["\u0301", "\u0323", "\u0334", "\u0345", MARK]
LETTERS = st.sampled_from([*"abcdeéxyz '!.,-\t\n\0각東", "the", "ing", *MARKS])


@settings(max_examples=100)
@given(
    texts=st.lists(st.lists(LETTERS, max_size=40).map("".join), max_size=5),
    lowercase=st.booleans(),
    accents=st.sampled_from([True, False, None]),
)
def test_words_made_of_what_the_vocabulary_knows(texts, lowercase, accents):
    compare(encoder(tokenizer(lowercase, accents)), texts)


@settings(max_examples=100)
@given(texts=st.lists(st.text(st.characters(), max_size=30), max_size=4))
def test_any_unicode_at_all(english, texts):
    compare(english, texts)


@pytest.mark.parametrize("plane", [0, 1, 2, 14])
def test_every_character_between_others(english, plane):
    """Each assigned one of a plane between letters, then all in an order that nobody writes."""
    characters = [c for c in map(chr, range(0x10000 * plane, 0x10000 * (plane + 1))) if unicodedata.category(c) != "Cn"]
    some = characters if len(characters) < 2000 else random.Random(plane).sample(characters, 2000)
    texts = [" ".join(f"the{c}the" for c in some[i : i + 200]) for i in range(0, len(some), 200)]
    random.Random(1).shuffle(some)
    compare(english, [*texts, *("".join(some[i : i + 50]) for i in range(0, len(some), 50))])


# the same whatever happens beside


def test_a_batch_gives_the_bits_that_each_text_gives_alone_long_ones_too(english):
    random.seed(3)
    common = ["mountain", "river", "Ünïcödé", "東京", "the", "a", "zebra-crossing", "3.14"]
    texts = [" ".join(random.choices(common, k=k)) for k in [1, 5, 300, 5, 2000, 0, 40_000, 7, 20_000, 3]]
    together = english.encode(texts)
    for text, vector in zip(texts, together, strict=True):
        assert english.encode([text]).tobytes() == vector.tobytes()


@pytest.mark.parametrize("cores", [1, 2, 7])
def test_any_number_of_threads_gives_the_same_bits(english, monkeypatch, cores):
    texts = [f"mountain {i} river " * (1 + i % 50) for i in range(3000)] + ["sea " * 100_000]
    expected = english.encode(texts)
    monkeypatch.setattr(threads, "cores", lambda: cores)
    assert english.encode(texts).tobytes() == expected.tobytes()


def test_an_encoder_that_has_seen_much_gives_what_a_new_one_gives(english):
    texts = [chr(c) * 3 + " the" for c in range(0x100, 0x3000, 0x55)]
    fresh = static.english()
    assert fresh.encode(texts).tobytes() == english.encode(texts).tobytes()
    assert fresh.encode(texts).tobytes() == english.encode(texts).tobytes()


def test_an_error_in_one_thread_stops_the_others_and_comes_out(english):
    done = []

    def fail(block):
        done.append(block.first)
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        threads.on_all_cores(fail, text_blocks.blocks(["a" * 1000] * 100_000))
    assert len(done) <= threads.cores()


# other tokenizers


@pytest.mark.parametrize(
    "change",
    [
        {"normalizer": None},
        {"normalizer": {"type": "Lowercase"}},
        {"pre_tokenizer": {"type": "Whitespace"}},
        {"added_tokens": [{"id": 0, "content": "[UNK]", "special": True, "single_word": False, "lstrip": False,
                           "rstrip": False, "normalized": False}]},
    ],
)  # fmt: skip
def test_a_tokenizer_whose_texts_are_more_than_their_words_goes_the_plain_way(change):
    definition = json.loads(tokenizer())
    made = encoder(json.dumps({**definition, **change}).encode())
    assert made._words is None
    assert made.encode(["the abc [UNK]"]).any()


def test_a_token_numbered_beyond_the_rows_goes_the_plain_way_which_tells():
    made = encoder(tokenizer().replace(b'"the":', b'"the":9'))
    assert made._words is None
    assert made.encode(["abc"]).any()
    with pytest.raises(BadInput, match="do not belong together"):
        made.encode(["the"])


def test_vocabularies_that_the_tokenizer_refuses_are_refused():
    for number in (b"-1", b"1.5", b'"x"', b"99999999999"):
        with pytest.raises(BadInput, match=r"tokenizer\.json"):
            encoder(tokenizer().replace(b'"abc":', b'"abc":' + number + b',"abd":'))


# the vocabulary as it is written


TOKENS = st.text(st.characters(), max_size=8) | st.sampled_from(
    ["##", "##a", "a", "#", "a" * 1024, "é" * 513, "\0", '"']
)


def defined(vocabulary: str) -> bytes:
    """A tokenizer.json with this vocabulary."""
    before, _, behind = tokenizer().decode().partition('"vocab":')
    return f'{before}"vocab":{vocabulary}{behind[behind.index("}") + 1 :]}'.encode()


def both_ways(definition: bytes) -> tuple[object, object]:
    """What is made of a vocabulary as it is written, and of the dictionary of it."""
    _, read = wordpiece._parts(definition)
    return read, wordpiece._indexed(json.loads(definition)["model"])


@settings(max_examples=200)
@given(
    tokens=st.dictionaries(TOKENS, st.integers(0, 2**31 - 1), max_size=50),
    escapes=st.booleans(),
    indent=st.sampled_from([None, 1, "\t"]),
)
def test_a_vocabulary_as_it_is_written_gives_what_its_dictionary_gives(tokens, escapes, indent):
    surrogates = any(0xD800 <= ord(c) < 0xE000 for token in tokens for c in token)
    written = json.dumps({**tokens, "[UNK]": 7}, ensure_ascii=escapes or surrogates, indent=indent)
    if surrogates:
        assert wordpiece._parts(defined(written))[1] is None
        assert wordpiece.vocabulary(defined(written)) is None
    else:
        read, expected = both_ways(defined(written))
        assert read == (None if any(len(token.encode()) > 1024 for token in tokens) else expected)


@pytest.mark.parametrize(
    "written",
    [
        '{"[UNK]":0,"\\u00e9\\ud83d\\ude00\\n\\/\\"\\\\":1}',
        ' { "[UNK]" : 0 ,\r\n\t"##a" : 1 } ',
        '{"[UNK]":0,"":1}',
        '{"[UNK]":2147483647}',
    ],
)
def test_every_way_to_write_a_vocabulary_is_read(written):
    read, expected = both_ways(defined(written))
    assert read == expected


@pytest.mark.parametrize(
    "written",
    [
        "{}",
        '{"a":1}',
        '{"[UNK]":0,"a":1,"a":2}',
        '{"[UNK]":0,"a":1.0}',
        '{"[UNK]":0,"a":1e1}',
        '{"[UNK]":0,"a":-1}',
        '{"[UNK]":0,"a":2147483648}',
        '{"[UNK]":0,"a":01}',
        '{"[UNK]":0,"a":1,}',
        '{"[UNK]":0 "a":1}',
        '{"[UNK]":0,"a":null}',
        '{"[UNK]":0,"\\ud83d":1}',
        '{"[UNK]":0,"\\ude00":1}',
        '{"[UNK]":0,"\\ud83d\\u0041":1}',
        '{"[UNK]":0,"\\u00g0":1}',
        '{"[UNK]":0,"\\x":1}',
        '{"[UNK]":0,"a\nb":1}',
        '{"[UNK]":0,"a',
        '{"[UNK]":0,"a\\',
        '{"[UNK]":0,"a\\u00',
        '{"[UNK]":0',
        '[["[UNK]",0]]',
    ],
)
def test_a_vocabulary_that_is_not_as_plain_as_that_is_left_alone(written):
    definition = b'{"model":{"type":"WordPiece","vocab":' + written.encode()
    for start in [found.end() for found in wordpiece.VOCABULARY.finditer(definition)]:
        assert sys.modules["knnife._kernels"].read_vocabulary(definition, start, "##", "[UNK]") is None


def test_a_second_vocabulary_or_one_with_other_marks_is_read_as_all_else():
    plain = tokenizer()
    twice = plain.replace(b'"model":', b'"more":{"vocab":{"a":1}},"model":')
    marked = plain.replace(b'"continuing_subword_prefix":"##"', b'"continuing_subword_prefix":"@"')
    assert wordpiece._parts(plain)[1] is not None
    assert wordpiece._parts(twice) == (json.loads(twice), None)
    assert wordpiece._parts(marked) == (json.loads(marked), None)
    made = wordpiece.vocabulary(marked)
    assert made is not None
    assert made.size == len(WORDS)


@settings(max_examples=200)
@given(noise=st.binary(max_size=60), start=st.integers(-3, 70))
def test_no_bytes_of_a_vocabulary_do_harm(noise, start):
    read = sys.modules["knnife._kernels"].read_vocabulary
    for definition in (noise, b'{"[UNK]":0,' + noise, b'{"[UNK]":0,"' + noise + b'":1}'):
        assert (made := read(definition, start, "##", "[UNK]")) is None or 0 < made[-1] <= len(definition)
        assert (made := read(definition, 1, "##", "[UNK]")) is None or 0 < made[-1] <= len(definition)


# hostile arrays


def arguments(english: StaticEncoder, texts: tuple[str, ...]) -> list:
    inside = english._words
    assert inside is not None
    sums, counts = np.zeros((len(texts), english.dim), np.float32), np.zeros((len(texts), 2), np.int64)
    return [texts, np.arange(len(texts), dtype=np.uint32), inside._alphabet, inside._vocabulary.table, inside._model,
            sums, counts]  # fmt: skip


def test_arrays_that_do_not_fit_together_are_refused(english):
    kernels = sys.modules["knnife._kernels"]
    good = arguments(english, ("red", "car"))
    assert kernels.sum_words(*good) == b""
    slots, *others = good[3]
    row_of, weight_of, rows = good[4]
    spoilt = {
        1: [np.array([0, 2], np.uint32), np.zeros(1, np.uint32)],
        2: [(good[2][0][:-1], *good[2][1:])],
        3: [(slots[:-8], *others), (b"", *others)],
        4: [(row_of[:-1], weight_of, rows)],
        5: [good[5][:, :-1].copy()],
        6: [good[6][:1]],
    }
    for place, values in spoilt.items():
        for value in values:
            with pytest.raises(ValueError, match="fit together"):
                kernels.sum_words(*good[:place], value, *good[place + 1 :])


def test_what_is_no_text_is_refused_by_the_kernel_too(english):
    for texts in [(b"red",), (1,), (None,)]:
        with pytest.raises(TypeError):
            sys.modules["knnife._kernels"].sum_words(*arguments(english, texts))


@settings(max_examples=100)
@given(seed=st.integers(0, 2**32), text=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_tables_of_random_bytes_do_no_harm(english, seed, text):
    """Nothing to compare with: the numbers are noise. A process that still lives is the proof."""
    noise = np.random.default_rng(seed)
    good = arguments(english, (text, "red car " * 9))
    page_of = noise.integers(0, 4, wordpiece.PAGES).astype(np.uint16)
    page_of[0] = noise.integers(0, 4)
    entries = noise.integers(0, 2**32, (3, wordpiece.PAGE), dtype=np.uint32)
    if seed % 2:
        entries &= 0xFF | 0xFF << 8  # places that exist, lengths and kinds that do not fit
    table = (noise.bytes(8 * 64), noise.bytes(500), int(noise.integers(-(2**40), 2**40)), -1, 2**31 - 1)
    model = (noise.integers(-(2**31), 2**31, 9).astype(np.int32), np.ones(9, np.float32), good[4][2])
    alphabet = (page_of, entries, noise.integers(0, 256, 300).astype(np.uint8))
    kernels = sys.modules["knnife._kernels"]
    kernels.sum_words(*good[:2], alphabet, good[3], good[4], *good[5:])
    kernels.sum_words(*good[:3], table, good[4], *good[5:])
    kernels.sum_words(*good[:3], table, model, *good[5:])
    kernels.sum_words(*good[:2], alphabet, table, model, *good[5:])
