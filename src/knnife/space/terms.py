"""The words of a text in any script, as the full-text index can hold them.

The index knows words between spaces, and the accents of Latin. `as_indexed` writes a text so that these suffice: in one
form (Unicode NFKC, full case folding), without what is not seen (soft hyphens, zero-width characters, marks of
direction), and without what may be left out: accents of Latin and Greek, stress and ё of Cyrillic, Hebrew points,
Arabic vowel marks. Vowel signs of other scripts belong to their words, and become what the index takes for letters.

Han, kana, Hangul, Thai, Lao, Khmer and Burmese do not show where words begin, or which part of them is a particle. A
run of them is indexed as its overlapping pairs of units (characters with their marks), the last one paired with END, so
that each unit begins one term: ABC is AB, BC, C+END. It is found where its pairs stand one behind the other, a single
unit where a term begins with it. (Pairs: Nie et al., "On the use of words and n-grams for Chinese information
retrieval", IRAL 2000.)
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from knnife.things.folding import WITHOUT, without_unseen

END = "\ue000"  # for private use, which the index takes for a letter
MARKS = 0xF0000  # and a vowel sign is this many codes further on

# Of these the index makes the same by itself; most texts have no others.
_PLAIN = (
    "\x00-\xa9\xab\xac\xae-\xb1\xb4-\xb8\xbb\xbf-\xc5\xc7-\xcf\xd1-\xd7\xd9-\xdd\xe0-\xe5\xe7-\xef\xf1-\xf7\xf9-\xfd\xff"
    "\u0100-\u010f\u0112-\u0125\u0128-\u0130\u0134-\u013e\u0143-\u0148\u014a-\u0151\u0154-\u0165\u0168-\u017e\u01a0\u01a1\u01af"
    "\u01b0\u01cd-\u01dc\u0218-\u021b\u1e00-\u1e99\u1ea0-\u1ef9\u0391-\u03a9\u03b1-\u03c9\u0402-\u040c\u040e-\u044f\u0452-\u045c"
    "\u045e-\u0482\u048a-\u0527\u0531-\u0556\u0559-\u0586\u05be\u05d0-\u05ea\u060c\u061b\u061f\u0621\u0627\u0628\u062a-\u063a"
    "\u0641-\u0648\u064a\u067e\u0686\u0698\u06af\u06d4\u10d0-\u10fa\u2000-\u200a\u2010-\u2029\u202f-\u205f\u20a0-\u20bf\u20e3"
    "\u2116\u2122\u2190-\u23ff\u2500-\u2bff\u3000-\u3004\u3008-\u3020\u30fb\uff00-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\ufffd"
    "\U0001f300-\U0001faff"
)
_COMMON = "\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff"  # of what is not seen
_OTHER = re.compile(f"[^{_PLAIN}{_COMMON}]")
_HIDING = re.compile(f"[{_COMMON}]")
_WITHIN = re.compile(rf"\w[{_COMMON}]+\w")  # elsewhere it makes no difference

_HAN_KANA = (
    "\u3005-\u3007\u3021-\u3029\u3038-\u303c\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL = "\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\uac00-\ud7fb"
_STACKED = "\U000f17d2\U000f1039"  # the signs of Khmer and Burmese that put the next letter below
_SIGNS = "\U000f0e00-\U000f0eff\U000f1780-\U000f17ff\U000f1000-\U000f109f\U000fa9e0-\U000fa9ff\U000faa60-\U000faa7f"
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf\u1000-\u103f\u1050-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa76"
    "\uaa7a-\uaa7f\u1780-\u17d3\u17d7\u17dc"
)
_UNIT = re.compile(f"(?:[^{_SIGNS}]|^.)(?:[{_STACKED}][{_UNSPACED}]|[{_SIGNS}])*")
_RUN = re.compile(f"[{_HAN_KANA}]+|[{_HANGUL}]+|[{_UNSPACED}][{_UNSPACED}{_SIGNS}]*")

_WITHOUT = WITHOUT | {
    "ё": "е", "ѐ": "е", "ѝ": "и", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ٱ": "ا", "ـ": "", "ʼ": "'", "ʻ": "",
}  # fmt: skip
_VOICED = "\u3099\u309a"  # of kana of half width; they are composed with the kana before
_NUKTAS = "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0cbc"  # dots of Indic letters, mostly of foreign words
_FREE = ("LATIN", "GREEK", "ARABIC", "HEBREW")  # scripts whose marks may be left out
_MARKS_FREE = ("COMBINING", "ARABIC", "HEBREW", "CYRILLIC", "IDEOGRAPHIC", "HANGUL")


class _Forms(dict[int, str | None]):
    """What becomes of each character, worked out when it is first met."""

    def __missing__(self, code: int) -> str | None:
        self[code] = found = _form(chr(code))
        return found


def as_indexed(text: str) -> str:
    """A text as it is indexed; the text itself, where the index makes the same of it."""
    if text.isascii():
        return text
    if not _OTHER.search(text) and not (_HIDING.search(text) and _WITHIN.search(text)):
        return text
    forms = unicodedata.normalize("NFC", without_unseen(text)).translate(_FORMS)
    return _RUN.sub(_pairs, unicodedata.normalize("NFC", forms))


def _pairs(run: re.Match[str]) -> str:
    units = [*_UNIT.findall(run[0]), END]
    return f" {' '.join(map(''.join, pairwise(units)))} "


def _form(character: str) -> str | None:
    """What becomes of a character; None where it is left out."""
    category = unicodedata.category(character)
    if character == END or MARKS <= ord(character) < MARKS + 0x10000:  # ours
        return " "
    if category[0] == "M":
        return _mark(character)
    if "\u3200" <= character <= "\u33ff":  # ㎏, ㍿: words in one character
        return f" {unicodedata.normalize('NFKC', character).casefold()} "
    if "\u2e80" <= character <= "\u2fdf":  # radicals
        return unicodedata.normalize("NFKC", character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category[0] not in "LN":
        return character
    nfkc = partial(unicodedata.normalize, "NFKC")
    form = "".join(map(_bare, nfkc(nfkc(character).casefold())))
    return f" {form} " if "\u2044" in form else form  # 1½ is two numbers


def _mark(mark: str) -> str | None:
    if unicodedata.category(mark) == "Me":  # as of 1️⃣
        return mark
    if unicodedata.name(mark, "").startswith(_MARKS_FREE) or mark in _NUKTAS:
        return None
    return chr(MARKS + ord(mark)) if ord(mark) < 0x10000 else mark


def _bare(letter: str) -> str:
    """A letter without the marks that may be left out."""
    if unicodedata.category(letter)[0] == "M":
        return letter if letter in _VOICED else _mark(letter) or ""
    apart = unicodedata.normalize("NFD", letter)
    if len(apart) > 1 and unicodedata.name(apart[0]).startswith(_FREE):
        letter = apart[0]
    return _WITHOUT.get(letter, letter)


_FORMS = _Forms()


# --- queries ------------------------------------------------------------------------------------------------

_PARTICLES = "은는이가을를의에도로와과만서나랑야"  # of Korean, by the last syllable
_LONG = {"han": 4, "hangul": 4, "unspaced": 10}  # units that are likely one word
LONGEST = 64  # pairs that are looked for one behind the other


class Term(NamedTuple):
    """What is looked up: the stems that stand one behind the other; or, where `opening`, the start of a term.

    words: how the stems are written, for FTS5.
    """

    stems: tuple[str, ...]
    words: str
    opening: bool = False

    @property
    def key(self) -> str:
        """The term as one text."""
        if len(self.stems) == 1 and not self.opening:
            return self.stems[0]
        return " ".join(self.stems) + "*" * self.opening


class Asked(NamedTuple):
    """A word of a query, or a run of a script that does not show its words.

    shown: as it is told. whole: all of it. parts: the pairs it is made of, if more than one. alone: what it is likely
    is one word, so that its parts say nothing where a text has the whole.
    """

    shown: str
    whole: Term
    parts: tuple[Term, ...] = ()
    alone: bool = False


def wanted(query: Iterable[Asked], there: Callable[[Term], bool]) -> Counter[Term]:
    """What is looked up for a query, and how often it is asked. there: whether any text has it.

    Of a run that some text has as a whole, the whole; its pairs unless it is likely one word, or nowhere whole.
    """
    found: Counter[Term] = Counter()
    for each in query:
        if whole := not each.parts or there(each.whole):
            found[each.whole] += 1
        if not (whole and each.alone):
            found.update(each.parts)
    return found


def told(query: Iterable[Asked], holds: Callable[[Term], bool]) -> tuple[str, ...]:
    """What of the words and runs of a query a text holds: of runs, as much as stands together there."""
    return tuple(dict.fromkeys(part for each in query for part in _told(each, holds)))


def _told(each: Asked, holds: Callable[[Term], bool]) -> Iterator[str]:
    if holds(each.whole):
        yield each.shown
        return
    held = [holds(part) for part in each.parts]
    first = 0
    while first < len(held):
        stop = next((at for at in range(first, len(held)) if not held[at]), len(held))
        rest = each.parts[first:stop]
        count = bisect_left(range(len(rest)), True, key=lambda last: not holds(_together(rest[: last + 1])))
        if count:
            yield _shown(_joined([part.words for part in rest[:count]]))
        first += count or 1


def _together(parts: Sequence[Term]) -> Term:
    pairs = tuple(part.words for part in parts)
    return Term(pairs, " ".join(pairs))


def asked(tokens: Sequence[tuple[str, str]]) -> Iterator[Asked]:
    """The words and runs of a query, given its terms, each with its stem, in order."""
    pairs: list[str] = []
    for word, stem in tokens:
        if word.isascii():
            yield Asked(word, Term((stem,), word))
        elif word.endswith(END):
            yield from _runs(pairs, word.removesuffix(END))
            pairs = []
        elif _RUN.match(word):
            pairs.append(word)
        else:
            yield Asked(_shown(word), Term((stem,), word))


def _runs(pairs: Sequence[str], last: str) -> Iterator[Asked]:
    """A run, of which the pairs and the last unit are given; what is very long in parts."""
    if not pairs and last:
        yield Asked(_shown(last), Term((last,), last, opening=True))
    for first in range(0, len(pairs), LONGEST):
        parts = tuple(Term((pair,), pair) for pair in pairs[first : first + LONGEST])
        shown = _shown(_joined(pairs[first : first + LONGEST]))
        if len(parts) == 1:
            yield Asked(shown, parts[0])
        else:
            yield Asked(shown, _together(parts), parts, _is_one_word(shown, len(parts) + 1))


def _joined(pairs: Sequence[str]) -> str:
    """What overlapping pairs were made of."""
    return "".join(pair[: len(pair) - len(_UNIT.findall(pair)[-1])] for pair in pairs[:-1]) + pairs[-1]


def _is_one_word(run: str, units: int) -> bool:
    if re.fullmatch(f"[{_KATAKANA}]+", run):
        return True
    if re.match(f"[{_HANGUL}]", run):
        return units <= _LONG["hangul"] and run[-1] not in _PARTICLES
    return units <= _LONG["han" if re.match(f"[{_HAN_KANA}]", run) else "unspaced"]


def _shown(term: str) -> str:
    """A term as it is read: vowel signs as they are written."""
    return "".join(chr(ord(c) - MARKS) if MARKS <= ord(c) < MARKS + 0x10000 else c for c in term)
