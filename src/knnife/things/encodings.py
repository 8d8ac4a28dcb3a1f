"""What a text is written in: marks at its beginning, the encoding that somebody states, and which one would fit.

Nothing is read by a guess: as cp1252, cp1250 and a dozen others nearly every file can be read, and only one of them is
right. A guess goes into the message, with a word as it would read, so that the user can say yes.
"""

from __future__ import annotations

import codecs
import io
import re
from typing import Any, Final

from knnife.errors import BadInput

MARKS: Final = (  # the longer ones first
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
UNMARKED: Final = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}  # as those are mostly that have no mark
LOOKED_AT: Final = 1 << 16  # bytes of lines that are not ASCII
PIECE: Final = 1 << 16
BROKEN: Final = "knnife.broken"  # the way to go on behind bytes that an encoding does not have
FITS: Final = 0.5  # of 1: below that, nothing is proposed

_KYRILLIC: Final = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфёъ"
_WESTERN: Final = "éäüöèàçñáóíêßåøãæâôúîûõœëïùÉÄÖÜÅØÇÑ’“”–°€£«»…§½"
_HANZI: Final = "的一是不了在人有我他这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小"
_OLD_HANZI: Final = _HANZI.translate(str.maketrans("这个们来时为说国着后会过对于学", "這個們來時為說國著後會過對於學"))
_KANA: Final = "".join(map(chr, [*range(0x3041, 0x3094), *range(0x30A1, 0x30F7), 0x30FC, 0x3001, 0x3002]))
_COMMON: Final = {  # encoding -> the characters that its texts have most, the most frequent first
    "cp1252": _WESTERN,
    "cp1250": "ąęłóśżćńźáéíčěřšýžůúňťďőűöüăîâşţđľĺô",
    "cp1254": "ıişğüöçâîûİŞĞÜÖÇ",
    "cp1251": _KYRILLIC,
    "koi8-r": _KYRILLIC,
    "cp1253": "αοιετσνηυρπκμλςωγδχθφάίέόήύώβξζψ",
    "cp1255": "יוהלאתרבשמנדכעחפקזגטסםןךץף",
    "cp1256": "اليمونتربعدسفكةقحهجشصطأىخذضإغزثظءئآؤ،",
    "gb18030": _HANZI,
    "cp932": _KANA + "日本人大年一国会中東上出見行月分後前生五間学",
    "euc_jp": _KANA + "日本人大年一国会中東上出見行月分後前生五間学",
    "big5": _OLD_HANZI,
    "cp949": "이다는에의가을를고하한지기도로사자인일대어그아나리서시수정해은안녕세요국람",
    "cp866": _KYRILLIC,
    "cp850": _WESTERN,
    "mac_roman": _WESTERN,
}
_FIRST_HANZI: Final = "\u3400"
_LATIN: Final = frozenset(("cp1252", "cp1250", "cp1254", "cp850", "mac_roman"))
_WORD: Final = re.compile(r"[^\W\d_]+")
_SHOWN: Final = 24  # characters of a word in a message

codecs.register_error(BROKEN, lambda error: ("\udcff", getattr(error, "end", 0)))  # which UTF-8 writes as no character


def marked(head: bytes) -> tuple[str | None, int]:
    """The encoding that a mark at the beginning tells, and the length of the mark; (None, 0) without one."""
    return next(((name, len(mark)) for mark, name in MARKS if head.startswith(mark)), (None, 0))


def known(encoding: str) -> str:
    """The name of an encoding of texts that somebody stated. Raises BadInput where Python has none of that name."""
    try:
        found = codecs.lookup(encoding)
        "a".encode(found.name)  # codecs such as hex and zip are none of texts
        codecs.getincrementaldecoder(found.name)(BROKEN).decode(b"", final=True)  # which idna and punycode cannot
    except (LookupError, TypeError, ValueError) as error:
        raise BadInput(
            f'encoding={encoding!r:.60}: there is no such encoding; expected a name such as "utf-8", "latin-1", '
            '"cp1252", "shift_jis" or "utf-16"'
        ) from error
    return UNMARKED.get(found.name, found.name)


class Recoded(io.RawIOBase):
    """A stream in some encoding as UTF-8. What the encoding does not have becomes the byte FF, as UTF-8 never does."""

    def __init__(self, stream: io.BufferedReader, encoding: str) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(BROKEN)
        self._ready, self._ended = b"", False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """As of any raw stream."""
        while not self._ready and not self._ended:
            piece = self._stream.read1(PIECE)
            self._ended = not piece
            self._ready = self._decoder.decode(piece, self._ended).encode("utf-8", "surrogateescape")
        data, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)


def fitting(data: bytes) -> tuple[str, str] | None:
    """The encoding in which some lines that are no UTF-8 would be a text, and a word as it reads there.

    None where none fits well, or where part of it is UTF-8: then the rest is damaged, and not written otherwise.
    """
    if data.count(0) > len(data) // 5:
        name = "utf-16-le" if data[1::2].count(0) >= data[::2].count(0) else "utf-16-be"
        return name, _shown(data.decode(name, "replace"), ascii_too=True)
    if _share_of_utf8(data) > 0.5:
        return None
    scores = {name: _score(data, name) for name in _COMMON}
    best = max(scores, key=scores.__getitem__)
    return (best, _shown(data.decode(best))) if scores[best] >= FITS else None


def advice(data: bytes) -> str:
    """What to do about bytes that are no UTF-8."""
    found = fitting(data)
    if found is None:
        return 'say what it is written in, as with encoding="latin-1" (--encoding latin-1), or save the file as UTF-8'
    name, word = found
    return f'in {name} it would read {word!r}: where that is right, say encoding="{name}" (--encoding {name})'


def _share_of_utf8(data: bytes) -> float:
    """How many of the bytes that are not ASCII belong to characters of UTF-8; some do by chance."""
    strange = len(data) - len(data.decode("ascii", "ignore"))
    good = data.decode("utf-8", "ignore")
    return (len(good.encode()) - len(good.encode("ascii", "ignore"))) / max(1, strange)


def _score(data: bytes, encoding: str) -> float:
    """How much the characters outside of ASCII are those of texts in an encoding, 0 to 1."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return 0.0
    common, latin = _COMMON[encoding], encoding in _LATIN
    weights = {character: 1 - place / len(common) / 2 for place, character in enumerate(common)}
    total = count = 0.0
    for word in re.findall(r"\w+|[^\w\s]", text):
        strange = [character for character in word if not character.isascii()]
        count += len(strange)
        # In a word with accents most letters are ASCII; in one of another script none is.
        if (len(strange) <= 2 or len(strange) < len(word) / 2) if latin else len(strange) == len(word):
            total += sum(weights.get(character, 0.5 if character > _FIRST_HANZI else 0.0) for character in strange)
    return total / count if count else 0.0


def _shown(text: str, ascii_too: bool = False) -> str:
    """A word that is not ASCII, to tell by it whether the encoding is right."""
    words = [word for word in _WORD.findall(text) if ascii_too or not word.isascii()]
    return max(words[:50], key=len, default=text.strip()[:_SHOWN])[:_SHOWN]
