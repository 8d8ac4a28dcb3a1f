"""A tokenizer.json of somebody else: it is used, or a BadInput says why not; no panic, no growth, no endless time."""

from __future__ import annotations

import base64
import json
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from tests import networks

from knnife import BadInput, load_encoder
from knnife.encoders.static import english_folder
from knnife.encoders.tokenizing import encoded, tokenizer_of

TEXTS = ["a b aa é", "", "a" * 2_000, "\0", "𐍈 ﷺ"]
ONE = {"Sequence": {"id": "A", "type_id": 0}}


def definition(**parts: Any) -> bytes:
    """A tokenizer of two words, but for these parts."""
    return json.dumps(
        {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
            "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
            "model": {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1}, "unk_token": "[UNK]"},
            **parts,
        }
    ).encode()  # fmt: skip


def replacing(pattern: dict[str, str], content: str, **type: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": pattern, "content": content} | type


def precompiled(data: bytes) -> dict[str, Any]:
    return {"normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}}


def template(single: list[Any], **special: Any) -> dict[str, Any]:
    return {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": special}


def split(pattern: str) -> dict[str, Any]:
    return {"pre_tokenizer": {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False}}


TOKEN = {"SpecialToken": {"id": "X", "type_id": 0}}
PANICS = {  # of tokenizers 0.23.3, or errors that are raised only once a text comes
    "merges": {"model": {"type": "BPE", "vocab": {"a": 0, "b": 1}, "merges": ["a b"]}},
    "prefix": {
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"],
                  "continuing_subword_prefix": "####"}
    },
    "no unknown": {"model": {"type": "WordLevel", "vocab": {"a": 1}, "unk_token": "[UNK]"}},
    "unigram": {"model": {"type": "Unigram", "unk_id": None, "vocab": [["a", 0.0]]}},
    "table": precompiled(b"\xff" * 4 + b"1234"),
    "trie": precompiled(struct.pack("<I", 8) + b"\xff" * 8 + b"a\0"),
    "template": {"post_processor": template([TOKEN, ONE])},
    "second text": {"post_processor": template([{"Sequence": {"id": "B", "type_id": 0}}])},
    "pieces of nothing": {"pre_tokenizer": {"type": "FixedLength", "length": 0}},
    "no model": {"model": None},
}  # fmt: skip
GROWS = {
    "doubled": {"normalizer": {"type": "Sequence", "normalizers": [replacing({"String": "a"}, "aa")] * 30}},
    "nameless": {"normalizer": {"normalizers": [{"pattern": {"String": "a"}, "content": "aa"}] * 30}},
    "long": {"normalizer": replacing({"String": "a"}, "a" * 1000)},
    "expression": {"normalizer": replacing({"Regex": "."}, "a" * 1000)},
    "table": precompiled(struct.pack("<I", 8) + bytes(8) + b"a" * 100_000 + b"\0"),
    "before": {"normalizer": {"type": "Prepend", "prepend": "a" * 100_000}},
    "special": {
        "post_processor": template([TOKEN] * 1000 + [ONE], X={"id": "X", "ids": [0] * 1000, "tokens": ["X"] * 1000})
    },
    "templates": {"post_processor": {"type": "Sequence", "processors": [template([ONE] * 2)] * 30}},
    "words": {
        "model": {"type": "WordPiece", "vocab": {"[UNK]": 0}, "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                  "max_input_chars_per_word": 10**9}
    },
    "tokens": {"pre_tokenizer": None, "model": {"type": "Unigram", "unk_id": 0, "vocab": [["a" * 100_000, 0.0]]}},
    "repeats": split("(a+)+$"),
    "repeats in repeats": split("((a|b)*c*)*d"),
}  # fmt: skip


@pytest.mark.parametrize(
    "parts", [*PANICS.values(), *GROWS.values()], ids=[*PANICS, *(f"{each} grow" for each in GROWS)]
)
def test_what_panics_or_grows_is_refused_at_once(parts: dict[str, Any]) -> None:
    began = time.monotonic()
    with pytest.raises(BadInput, match=r"tokenizer\.json"):
        encoded(tokenizer_of(definition(**parts))[0], TEXTS)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("given", [b"", b"{", b"[]", b"3", b"\xff", b"{}", b"[" * 100_000])
def test_what_is_no_definition_is_refused(given: bytes) -> None:
    with pytest.raises(BadInput, match=r"tokenizer\.json"):
        tokenizer_of(given)


PATTERNS = [  # of GPT-2, Llama 3, GPT-4o, CLIP, DeepSeek
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{M}]*[\p{Ll}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|\s*[\r\n]+|\s+",
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r"[一-龥぀-ゟ゠-ヿ]+|\d{1,3}(?=(?:\d{3})*\b)| {2,}",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_patterns_of_well_known_models_are_taken(pattern: str) -> None:
    assert len(encoded(tokenizer_of(definition(**split(pattern)))[0], TEXTS)) == len(TEXTS)


def test_what_usual_normalizers_do_is_taken() -> None:
    spaces = [
        {"type": "NFKC"},
        {"type": "Prepend", "prepend": "▁"},
        replacing({"String": " "}, "▁"),
        replacing({"Regex": " {2,}"}, "▁"),
    ]
    tokenizer, parts = tokenizer_of(definition(normalizer={"type": "Sequence", "normalizers": spaces}))
    assert [len(each.ids) for each in encoded(tokenizer, ["a a"])] == [4]
    assert parts["model"]["unk_token"] == "[UNK]"
    tokenizer_of((english_folder() / "tokenizer.json").read_bytes())


def test_a_folder_with_such_a_file_is_refused_by_its_name(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason='needs the extra: pip install "knnife[onnx]"')
    folder = tmp_path / "model"
    networks.write(folder)
    (folder / "tokenizer.json").write_bytes(definition(**PANICS["template"]))
    with pytest.raises(BadInput, match=r"model.*tokenizer\.json: the package tokenizers cannot use it"):
        load_encoder(str(folder))
