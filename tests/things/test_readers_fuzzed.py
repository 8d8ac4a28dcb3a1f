"""Whatever bytes a file has: things, or an error of knnife's own; soon, and in little memory.

The examples are the same in every run; `make nightly` looks for others, and for more of them.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tempfile
import time
import tracemalloc
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from knnife import KnnifeError, read
from knnife.encoders._words.word_files import read_words
from knnife.tools._evaluate_words.files import read_analogies, read_pairs

EXAMPLES = 60
MANY = 3_000
SLOWEST = 10  # seconds
MOST = 500 << 20  # bytes

PIECES = st.sampled_from(
    [
        b",",
        b";",
        b"\t",
        b"|",
        b'"',
        b'""',
        b"\n",
        b"\r\n",
        b"\r",
        b"\0",
        b" ",
        b"id",
        b"text",
        b"sep=;",
        b"#",
        b"{",
        b"}",
        b"[",
        b"]",
        b":",
        b'{"id": 1, "text": "a"}',
        b'"text"',
        b"\\ud83d",
        b"\\u0000",
        b"\\",
        b"1",
        b"-1.5e999",
        b"1e400",
        b"nan",
        b"true",
        b"null",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xff\xfe\0\0",
        b"\x1f\x8b",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0",
        b"\x28\xb5\x2f\xfd",
        b"PK\3\4",
        b"PAR1",
        b"\xe9",
        b"caf\xe9",
        "é北😀".encode(),
        "\u200b\u00ad\u0301".encode(),
        b"\x80\xff",
        b"<p>",
        b"<",
        b"</",
        b"<!--",
        b"<meta charset=",
        b"utf-16",
        b"klingon",
        b"&#",
        b"&amp;",
        b"# h\n",
        b"---\n",
        b"```\n",
        b"% ",
        b"\x93NUMPY",
        b"2 3\n",
        b"a 1 2 3\n",
        b": capital\n",
        b"a b c d\n",
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff",
        b"GIF89a",
        b"RIFF",
        b"\0\0\0\x18ftypavif",
        b"P6 9 9 255\n",
        b"9" * 400,
        b"[" * 200,
        b"\xf0\x9f",
    ]
)
BYTES = st.one_of(
    st.lists(PIECES | st.binary(max_size=6), max_size=40).map(b"".join),
    st.text(max_size=200).flatmap(
        lambda text: st.sampled_from(
            ["utf-8-sig", "utf-16", "utf-32", "utf-16-le", "cp1252", "gb18030", "shift_jis"]
        ).map(lambda encoding: text.encode(encoding, "ignore"))
    ),
)


def tables() -> dict[str, bytes]:
    """A sound file of each kind, to be changed here and there."""
    import openpyxl
    import pyarrow as pa
    import pyarrow.parquet
    from PIL import Image

    rows = [{"id": str(i), "text": f"a text {i}", "n": i} for i in range(30)]
    found = {"a.csv": b"id,text,n\n" + b"".join(b"%d,a text,%d\n" % (i, i) for i in range(30)),
             "a.jsonl": b"".join(b'{"id": %d, "text": "a"}\n' % i for i in range(30))}  # fmt: skip
    found["a.json"] = b"[" + b",".join(found["a.jsonl"].splitlines()) + b"]"
    file = io.BytesIO()
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), file)
    found["a.parquet"] = file.getvalue()
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row.values()))
    file = io.BytesIO()
    book.save(file)
    found["a.xlsx"] = file.getvalue()
    for form in ("png", "jpeg", "gif", "webp", "bmp", "tiff", "avif", "ppm"):
        file = io.BytesIO()
        Image.radial_gradient("L").resize((40, 30)).convert("RGB").save(file, form)
        found[f"a.{form}"] = file.getvalue()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.png", found["a.png"])
        archive.writestr("c.jpg", found["a.jpeg"])
    found["a.zip"] = file.getvalue()
    return found


NAMES = ("a.csv", "a.tsv", "a.jsonl", "a.json", "a.txt", "a.md", "a.html", "a.parquet", "a.xlsx", "a.png", "a.zip")
PACKINGS = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


def survives(name: str, data: bytes, **asked) -> None:
    """Reads a file to its end, or to an error of knnife's own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        begun = time.process_time()
        for on_error in ("skip", "stop"):
            with suppress(KnnifeError):
                things = list(read(path, on_error=on_error, **asked))
                assert all(thing.id is None or thing.id.encode() for thing in things)
        assert time.process_time() - begun < SLOWEST


def check_bytes(name: str, packing: str, data: bytes, cut: int) -> None:
    packed = PACKINGS[packing](data)
    asked = {"row": True} if cut % 3 == 0 and name not in ("a.txt", "a.md", "a.html", "a.png", "a.zip") else {}
    survives(name + packing if name not in ("a.png", "a.zip") else name, packed[: len(packed) - cut], **asked)


def check_changed(name: str, places: list[tuple[int, int]], cut: int) -> None:
    data = bytearray(SOUND[name])
    for place, value in places:
        data[place % len(data)] = value
    survives(name, bytes(data[: len(data) - cut]), **({"row": True} if name == "a.xlsx" else {}))


SOUND = tables()
ANY = (st.sampled_from(NAMES), st.sampled_from(list(PACKINGS)), BYTES, st.sampled_from([0, 0, 0, 1, 8, 30]))
CHANGED = (
    st.sampled_from(sorted(SOUND)),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6),
    st.sampled_from([0, 0, 0, 1, 20, 200]),
)


@settings(max_examples=4 * EXAMPLES)
@given(*ANY)
def test_any_bytes_are_read_or_refused(name, packing, data, cut):
    check_bytes(name, packing, data, cut)


@settings(max_examples=4 * EXAMPLES)
@given(*CHANGED)
def test_sound_files_with_changes_are_read_or_refused(name, places, cut):
    check_changed(name, places, cut)


@pytest.mark.nightly
@settings(max_examples=MANY)
@given(*ANY)
def test_many_bytes_are_read_or_refused(name, packing, data, cut):
    check_bytes(name, packing, data, cut)


@pytest.mark.nightly
@settings(max_examples=MANY)
@given(*CHANGED)
def test_many_changes_are_read_or_refused(name, places, cut):
    check_changed(name, places, cut)


@settings(max_examples=EXAMPLES)
@given(BYTES, st.sampled_from(["latin-1", "utf-16", "shift_jis", "ascii", "utf-8", "cp1252", "utf-7", "utf-32"]),
       st.sampled_from([";", "tab", "|", "é", " ", "x"]))  # fmt: skip
def test_whatever_is_said_of_a_file_it_is_read_or_refused(data, encoding, delimiter):
    survives("a.csv", data, encoding=encoding, delimiter=delimiter, row=True)
    survives("a.html", data, encoding=encoding)


@settings(max_examples=2 * EXAMPLES)
@given(BYTES)
def test_word_files_of_any_bytes_are_read_or_refused(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "words.txt")
        path.write_bytes(data)
        for reader in (read_words, read_analogies, read_pairs):
            with suppress(KnnifeError):
                reader(path)


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        *((name, gzip.compress) for name in ("a.csv", "a.jsonl", "a.json", "a.txt", "a.md", "a.html")),
        pytest.param("a.csv", bz2.compress, marks=pytest.mark.nightly),
        pytest.param("a.md", lzma.compress, marks=pytest.mark.nightly),
    ],
)
def test_a_bomb_takes_little_memory(name, pack):
    packed = pack(bytes(70 << 20))
    tracemalloc.start()
    survives(name, packed)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < MOST
