"""What files are that nobody reads: those in a folder of pictures or documents that are something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from knnife.things.files import format_of
from knnife.things.kinds import kind_of_file
from knnife.things.paths import real

PICTURE: Final = "picture"
DOCUMENT: Final = "document"
_NOT_READ: Final = {  # what it is -> its endings
    "sound file": ".aac .aif .aiff .amr .ape .flac .m4a .mid .midi .mp3 .oga .ogg .opus .wav .wma",
    "video": ".3gp .avi .flv .m2ts .m4v .mkv .mov .mp4 .mpeg .mpg .mts .webm .wmv",
    "JPEG 2000 picture": ".j2c .j2k .jp2 .jpf .jpm .jpx",
    "JPEG XL picture": ".jxl",
    "drawing": ".ai .eps .svg .svgz .psd .xcf",
    "raw picture of a camera": ".3fr .arw .cr2 .cr3 .dng .nef .orf .pef .raf .raw .rw2 .srw",
    "office document": ".doc .docx .epub .odp .ods .odt .pages .pdf .ppt .pptx .rtf .xls .xlsb",
    "table": ".csv .json .jsonl .ndjson .parquet .tsv .xlsx",
    DOCUMENT: ".htm .html .markdown .md .rst .text .txt .xhtml",
}
_BY_ENDING: Final = {ending: what for what, endings in _NOT_READ.items() for ending in endings.split()}
_ABOUT: Final = {  # what a user may want to know of them
    "sound file": "knnife reads no sound yet",
    "video": "knnife reads no videos yet",
    "JPEG 2000 picture": "not read: save them as JPEG or PNG",
    "JPEG XL picture": "not read: save them as JPEG or PNG",
    "drawing": "not read: export them as PNG",
    "raw picture of a camera": "not read: save them as JPEG",
    "office document": "not read: save the text in them, or the table as csv or xlsx",
    "table": "each is read by its own name",
    DOCUMENT: "--no-pictures takes these, and into another space",
    PICTURE: "--pictures takes these, and into another space",
}
_LIKE: Final = (  # how a file begins whose ending says nothing
    (b"\xff\xd8\xff", PICTURE),
    (b"\x89PNG\r\n\x1a\n", PICTURE),
    (b"GIF8", PICTURE),
    (b"ID3", "sound file"),
    (b"fLaC", "sound file"),
    (b"OggS", "sound file"),
    (b"\xff\x0a", "JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "JPEG XL picture"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000 picture"),
    (b"%PDF-", "office document"),
)
OTHER: Final = "other file"
LOOKED_INTO: Final = 1000  # files whose ending says nothing


def told_apart(names: Iterable[str]) -> Counter[str]:
    """How many of these files are what, by their endings, or by how they begin."""
    counts: Counter[str] = Counter()
    unknown = 0
    for name in names:
        what = PICTURE if kind_of_file(name) else _BY_ENDING.get(format_of(name))
        if what is None:
            unknown += 1
            what = _by_content(name) if unknown <= LOOKED_INTO else OTHER
        counts[what] += 1
    return counts


def sentences(passed_over: Mapping[str, int]) -> list[str]:
    """What was passed over, in words: "3 sound files (knnife reads no sound yet)"."""
    found = []
    for what, count in passed_over.items():
        about = f" ({_ABOUT[what]})" if what in _ABOUT else ""
        found.append(f"{count:,} {_plural(what) if count != 1 else what}{about}")
    return found


def _plural(what: str) -> str:
    first, _, rest = what.partition(" of ")
    return f"{first}s of {rest}" if rest else f"{what}s"


def _by_content(name: str) -> str:
    """What a file is by its first bytes; of a member of an archive nobody looks at them."""
    try:
        with open(real(name), "rb") as file:
            head = file.read(16)
    except OSError:
        return OTHER
    if not head:
        return "empty file"
    if head[4:8] == b"ftyp":
        return PICTURE if head[8:12] in (b"avif", b"heic", b"mif1") else "video"
    if head.startswith(b"RIFF"):
        return {b"WEBP": PICTURE, b"WAVE": "sound file"}.get(head[8:12], "video")
    return next((what for mark, what in _LIKE if head.startswith(mark)), OTHER)
