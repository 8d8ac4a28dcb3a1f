"""The package tokenizers, held to what a tokenizer.json may do to a text and to this process.

Such a file comes with a model, from anywhere. The package trusts it: some files make it panic, which is no Exception,
and some let a text grow without end, by replacements of replacements or by special tokens around special tokens. So the
parts that make a text longer are bounded before the package sees them, and whatever it does wrong is a BadInput.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from tokenizers import Encoding, Tokenizer as Tokenizer

from knnife.errors import BadInput
from knnife.threads import quiet_forks

MOST_BYTES: Final = 200_000_000  # of a file; the largest that are published have 35 MB
MOST_GROWTH: Final = 64  # by how much replacements may lengthen a text, all together; usual are 1 to 12
MOST_SPECIAL: Final = 1_000  # tokens put around each text; usual are 2
LONGEST_WORD: Final = 10_000  # characters that WordPiece takes apart, in quadratic time; usual are 100
LONGEST_TOKEN: Final = 10_000  # characters, which Unigram tries at every place of a text; usual are 16
UNBOUNDED: Final = re.compile(r"(?:[*+]|\{\d+,\})[+?]?")  # behind a part of a regular expression
TRIAL: Final = ("a red car, 1 Ä\0é 東京\n", "", "ab" * 20)

Definition = dict[str, Any]


def tokenizer_of(definition: bytes) -> tuple[Tokenizer, Definition]:
    """The tokenizer that a tokenizer.json defines, set to read whole texts and tried on some; and what the file says.

    Raises BadInput where it is none, does too much to a text, or fails.
    """
    quiet_forks()
    parts = _checked(definition)
    try:
        tokenizer = Tokenizer.from_buffer(definition)
        tokenizer.no_truncation()
        tokenizer.no_padding()
        special = tokenizer.num_special_tokens_to_add(is_pair=False)
    except BaseException as error:
        raise _told(error) from None
    if special > MOST_SPECIAL:
        raise BadInput(
            f"tokenizer.json: {special:,} tokens are put around each text; expected {MOST_SPECIAL:,} at most"
        )
    encoded(tokenizer, TRIAL)
    return tokenizer, parts


def encoded(tokenizer: Tokenizer, texts: Sequence[str], *, special: bool = True) -> list[Encoding]:
    """The tokens of texts. Raises BadInput where the tokenizer fails; UnicodeError for half a surrogate pair."""
    try:
        return tokenizer.encode_batch_fast(texts, add_special_tokens=special)
    except (TypeError, UnicodeError):
        raise
    except BaseException as error:
        raise _told(error) from None


def _told(error: BaseException) -> BaseException:
    """What to raise: the package raises bare Exception, and panics are none."""
    if isinstance(error, Exception) or type(error).__name__ == "PanicException":
        return BadInput(f"tokenizer.json: the package tokenizers cannot use it: {error!s:.300}")
    return error


def _checked(definition: bytes) -> Definition:
    """What the file says. Raises BadInput for a definition by which a text could grow, or take, without bounds."""
    if len(definition) > MOST_BYTES:
        raise BadInput(f"tokenizer.json: {len(definition):,} bytes; expected {MOST_BYTES:,} at most")
    try:
        parts: Definition = json.loads(definition)
        growth = _growth(parts)
        _check_model(parts["model"])
        for each in _nodes(parts.get("post_processor")):
            _check_template(each)
        for each in (*_nodes(parts.get("normalizer")), *_nodes(parts.get("pre_tokenizer"))):
            _check_pattern(each.get("pattern"))
    except BadInput:
        raise
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error!s:.200}"
        raise BadInput(f"tokenizer.json: no definition of a tokenizer ({why})") from error
    if growth > MOST_GROWTH:
        raise BadInput(f"tokenizer.json: replacements make a text {growth:,} times as long; expected {MOST_GROWTH}")
    return parts


def _nodes(node: Any) -> Iterator[Definition]:
    """A part and all the parts in it: sequences hold others."""
    if isinstance(node, dict):
        yield node
        for name in ("normalizers", "pretokenizers", "processors"):
            for each in node.get(name) or ():
                yield from _nodes(each)


def _growth(parts: Definition) -> int:
    """By how much the replacements of the normalizer, one after another, may lengthen a text."""
    growth = 1
    for node in _nodes(parts.get("normalizer")):
        if "content" in node:  # what a part is called may be left out
            length, replaced = len(node["content"].encode()), len(node["pattern"].get("String", "").encode())
            growth *= max(1, -(-length // replaced)) if replaced else 1 + length  # an expression may match nothing
        elif "precompiled_charsmap" in node:
            data = base64.b64decode(node["precompiled_charsmap"])
            trie = int.from_bytes(data[:4], "little")
            if len(data) < 8 or trie % 4 or 4 + trie > len(data):
                raise ValueError("its precompiled_charsmap is damaged")
            growth *= max(1, max(map(len, data[4 + trie :].split(b"\0"))) // 3)  # U+FDFA: 33 bytes of 3
        elif len(node.get("prepend", "")) > MOST_SPECIAL:
            raise ValueError("a text is put before each that is longer than most")
    return growth


def _check_model(model: Definition) -> None:
    """Raises BadInput for a model that takes quadratic time, where it would be noticed."""
    word = model.get("max_input_chars_per_word", 0)
    if word > LONGEST_WORD:
        raise BadInput(
            f"tokenizer.json: words of {word:,} characters are taken apart; expected {LONGEST_WORD:,} at most"
        )
    if model.get("type") == "Unigram":
        longest = max((len(token) for token, _ in model["vocab"]), default=0)
        if longest > LONGEST_TOKEN:
            raise BadInput(f"tokenizer.json: a token has {longest:,} characters; expected {LONGEST_TOKEN:,} at most")


def _check_template(node: Definition) -> None:
    """Raises BadInput for a template that repeats the text."""
    if "single" in node:
        texts = sum("Sequence" in piece for piece in node["single"])
        if texts != 1:
            raise BadInput(f"tokenizer.json: its template holds each text {texts:,} times; expected once")


def _check_pattern(pattern: Any) -> None:
    """Raises BadInput for a regular expression that repeats a group which repeats something: exponential time."""
    text = pattern.get("Regex", "") if isinstance(pattern, dict) else ""
    repeating, place = [False], 0  # of each open group: is something in it repeated without bound?
    text = re.sub(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", "x", text, flags=re.S)  # escapes and sets are letters
    while place < len(text):
        found = UNBOUNDED.match(text, place)
        if text[place] == "(":
            repeating.append(False)
        elif text[place] == ")" and len(repeating) > 1:
            inner = repeating.pop()
            if inner and UNBOUNDED.match(text, place + 1):
                raise BadInput(f"tokenizer.json: its pattern {text[:60]!r} may take for ever: a repeated group repeats")
            repeating[-1] |= inner
        elif found and not (text[place - 1 : place] == "(" and place):
            repeating[-1] = True
        place += 1
