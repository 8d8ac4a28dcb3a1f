"""What becomes of a text that is copied: edits in sight of which the method was chosen, and others, held out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np

Edit = Callable[[str, np.random.Generator], str]

_MISREAD = [
    ("rn", "m"), ("m", "rn"), ("l", "1"), ("o", "0"), ("e", "c"), ("i", "l"), ("h", "b"), ("s", "5"), ("cl", "d"),
    ("u", "ii"), ("a", "o"), ("t", "f"), ("g", "q"), ("n", "ri"),
]  # fmt: skip
_TAGS = ["<b>", "</b>", "<br />", "<p>", "&nbsp;", "&amp;", "&quot;", '<span class="text">', '<div id="story">']
_OTHERS = [
    (" said ", " stated "), (" says ", " states "), (" percent", " pct"), (" will ", " is set to "),
    (" new ", " recent "), (" company", " firm"),
    (" after ", " following "), (" because ", " as "), (" more than ", " over "),
    (" about ", " on "), (" first ", " initial "), (" film", " movie"), (" young ", " youthful "), (" a ", " one "),
    (" must ", " has to "), (" who ", " that "), (" find", " discover"), (" get", " obtain"),
    (" how ", " in what way "),
]  # fmt: skip
_SENTENCES = [
    "Analysts said the move had been widely expected.",
    "More details were not immediately available.",
    "It was the third such announcement in as many months.",
    "Critics say that the decision came far too late.",
    "The full report can be found on our website.",
    "The figures were published earlier this week in London.",
]
_SIGNED = [
    "This message is confidential and meant for its addressee only.",
    "Sent from my phone.",
    "Copyright 2021, all rights reserved.",
    "Click here to unsubscribe.",
]
_SMALL = {"the", "a", "an", "of", "to", "in", "and", "is", "on", "for", "der", "die", "das", "ein", "eine", "und"}
_KEYS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"]


def _swapped(text: str, random: np.random.Generator) -> str:
    words = text.split()
    for place in range(len(words) - 1):
        if random.random() < 0.15:
            words[place], words[place + 1] = words[place + 1], words[place]
    return " ".join(words)


def _misread(text: str, random: np.random.Generator) -> str:
    made, place = [], 0
    while place < len(text):
        known = [pair for pair in _MISREAD if text[place : place + len(pair[0])].lower() == pair[0]]
        if known and random.random() < 0.08:
            right, wrong = known[int(random.integers(len(known)))]
            made.append(wrong)
            place += len(right)
        else:
            made.append(text[place])
            place += 1
    return "".join(made)


def _marked_up(text: str, random: np.random.Generator) -> str:
    made = ["<p>"]
    for word in text.split():
        if random.random() < 0.12:
            made.append(_TAGS[int(random.integers(len(_TAGS)))])
        made.append(word)
    return " ".join(made) + "</p>"


def _reworded(text: str, random: np.random.Generator) -> str:
    for word, other in _OTHERS:
        if random.random() < 0.8:
            text = text.replace(word, other)
    return text


def _inserted(text: str, random: np.random.Generator) -> str:
    return _placed(text, _SENTENCES[int(random.integers(len(_SENTENCES)))], random)


def _rewritten(text: str, random: np.random.Generator) -> str:
    parts = re.split(r"(?<=[,.])\s+", _reworded(text, random))
    if len(parts) > 2:
        place = int(random.integers(1, len(parts)))
        parts[place - 1], parts[place] = parts[place], parts[place - 1]
    if len(parts) > 4 and random.random() < 0.5:
        parts = parts[:-1]
    return "LONDON (Reuters) - " + " ".join(parts)


def _mistyped(text: str, random: np.random.Generator) -> str:
    made = []
    for letter in text.lower():
        row = next((row for row in _KEYS if letter in row), "")
        if row and random.random() < 0.05:
            letter = row[min(len(row) - 1, max(0, row.index(letter) + (1 if random.random() < 0.5 else -1)))]
        made.append(letter)
    return "".join(made)


def _hyphenated(text: str, random: np.random.Generator) -> str:
    words = text.split()
    return " ".join(
        f"{w[: len(w) // 2]}- {w[len(w) // 2 :]}" if len(w) > 5 and random.random() < 0.3 else w for w in words
    )


def _without_small_words(text: str, random: np.random.Generator) -> str:
    return " ".join(word for word in text.split() if word.lower() not in _SMALL or random.random() < 0.3)


def _signed(text: str, random: np.random.Generator) -> str:
    return f"{text} {_SIGNED[int(random.integers(len(_SIGNED)))]}"


def _cut_within(text: str, random: np.random.Generator) -> str:
    words = text.split()
    length = len(words) // 5
    place = int(random.integers(len(words) - length + 1))
    return " ".join(words[:place] + words[place + length :])


def _placed(text: str, sentence: str, random: np.random.Generator) -> str:
    parts = re.split(r"(?<=[.!?])\s+", text)
    parts.insert(int(random.integers(len(parts) + 1)), sentence)
    return " ".join(parts)


EDITS: Final[dict[str, dict[str, Edit]]] = {
    "chosen": {
        "words swapped": _swapped,
        "OCR": _misread,
        "HTML": _marked_up,
        "reworded": _reworded,
        "a sentence more": _inserted,
        "rewritten": _rewritten,
    },
    "held out": {
        "mistyped": _mistyped,
        "hyphens of a PDF": _hyphenated,
        "small words left out": _without_small_words,
        "signed": _signed,
        "cut within": _cut_within,
    },
}
