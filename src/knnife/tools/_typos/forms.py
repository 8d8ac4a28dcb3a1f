"""Regular forms of known words: a list never has all of them, and a form of a known word is hardly a misspelling."""

from __future__ import annotations

from collections.abc import Container

ENDINGS = {  # of a form -> what stands in their place in the word it comes from
    "s": ("",), "es": ("", "e"), "ies": ("y",), "ed": ("", "e"), "ied": ("y",), "ing": ("", "e"), "er": ("", "e"),
    "ers": ("", "e"), "or": ("", "e"), "ors": ("", "e"), "est": ("", "e"), "ly": ("",), "ably": ("", "e", "able"),
    "ally": ("", "al"), "able": ("", "e"), "ness": ("",), "less": ("",), "like": ("",), "ism": ("", "e"),
    "ist": ("", "e"), "ists": ("", "e"), "wide": ("",), "ion": ("", "e"), "ions": ("", "e"), "ment": ("",),
    "ise": ("ize",), "ised": ("ized", "ize"), "ises": ("izes", "ize"), "ising": ("izing", "ize"),
    "isation": ("ization", "ize"), "our": ("or",), "re": ("er",), "lled": ("led", "l"), "lling": ("ling", "l"),
}  # fmt: skip
BEGINNINGS = (
    "un",
    "re",
    "non",
    "pre",
    "over",
    "under",
    "anti",
    "multi",
    "inter",
    "mis",
    "super",
    "sub",
    "co",
    "de",
    "dis",
)
SHORTEST = 3  # letters of the word that a form comes from


def is_form(key: str, known: Container[str]) -> bool:
    """Whether a word in small letters is a regular form of a known one: its plural, its past, with un-, in British."""
    for size in range(1, min(7, len(key) - 1) + 1):
        for stem in ENDINGS.get(key[-size:], ()):
            word = key[:-size] + stem
            if len(word) >= SHORTEST and (word in known or _doubled(key[:-size]) in known):
                return True
    return any(
        key.startswith(start) and len(key) - len(start) > SHORTEST and key[len(start) :] in known
        for start in BEGINNINGS
    )


def _doubled(stem: str) -> str:
    """A stem without the letter that was doubled before an ending (run, running); the stem where none was."""
    return stem[:-1] if stem[-2:-1] == stem[-1:] else stem
