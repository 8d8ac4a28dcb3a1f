from __future__ import annotations

import gzip
import os
import re

import pytest
from hypothesis import given, strategies as st

from knnife.errors import BadInput, BadRow
from knnife.things import read
from knnife.things.html import html
from knnife.things.markdown import markdown
from knnife.things.passages import GOAL, LONGEST, REST, Document, Section, passages

prose = st.lists(
    st.sampled_from(["word", "Another", "end.", "so?", "\n", "\n\n", "# not", "ünï", "漢字", "x" * 30, "a" * 3 + "。"]),
    max_size=900,
).map(" ".join)


def whole(text: str) -> Document:
    return Document("t", text, [Section((), 0, len(text))])


def sections(document: Document) -> list[tuple[str, str]]:
    return [(" > ".join(s.headings), document.text[s.start : s.end].strip()) for s in document.sections]


@given(prose)
def test_passages_stand_in_the_text_in_order_and_leave_nothing_out(text):
    at = 0
    for position, thing in enumerate(passages(whole(text), "d"), 1):
        start = thing.about["start"]
        assert not text[at:start].strip()
        assert text[start : start + len(thing.value)] == thing.value
        assert (thing.id, thing.part_of, thing.about["position"]) == (f"d#{position}", "d", position)
        at = start + len(thing.value)
    assert not text[at:].strip()


@given(prose)
def test_passages_never_cut_a_word_and_are_never_too_long(text):
    values = [thing.value for thing in passages(whole(text), "d")]
    if "。" not in text:  # where sentences end without a space
        assert [word for value in values for word in value.split()] == text.split()
    assert all(len(value.split()) <= LONGEST + REST for value in values)


def test_paragraphs_are_kept_together_up_to_the_longest_passage():
    paragraph = "word " * 60
    values = [t.value for t in passages(whole("\n\n".join([paragraph] * 7)), "d")]
    assert [len(value.split()) for value in values] == [180, 180, 60]


def test_a_long_paragraph_is_cut_between_sentences():
    sentence = "word " * 29 + "end. "
    values = [t.value for t in passages(whole(sentence * 20), "d")]
    assert all(value.endswith("end.") for value in values)
    assert all(GOAL <= len(value.split()) <= LONGEST for value in values[:-1])
    assert sum(len(value.split()) for value in values) == 600


def test_one_long_word_stays_whole():
    values = [t.value for t in passages(whole("x" * 1_000_000), "d")]
    assert values == ["x" * 1_000_000]


def test_a_small_rest_stays_with_the_passage_before():
    values = [t.value for t in passages(whole("word " * 199 + "end. Bye."), "d")]
    assert len(values) == 1


MARKDOWN = """---
title: "The guide"
---
Before.

# Guide #

Intro `code`.

```python
# a comment, no heading
```

## Install [it](http://x.y)
With pip.

Setext
======
Under setext.

- a list
---
~~~
# fenced
~~~
#hashtag
    # indented
### Deep
Deep text.
## Less deep ##
End.
"""


def test_markdown_headings_are_found_and_only_those():
    document = markdown(MARKDOWN, "file")
    assert document.title == "The guide"
    assert sections(document) == [
        ("", "Before."),
        ("Guide", "Intro `code`.\n\n```python\n# a comment, no heading\n```"),
        ("Guide > Install it", "With pip."),
        ("Setext", "Under setext.\n\n- a list\n---\n~~~\n# fenced\n~~~\n#hashtag\n    # indented"),
        ("Setext > Deep", "Deep text."),
        ("Setext > Less deep", "End."),
    ]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("# One\ntext", "One"),
        ("text", "file"),
        ("## Two\ntext", "file"),
        ("+++\ntitle = 'T'\n+++\nx", "T"),
        ("---\nx", "file"),
    ],
)
def test_the_title_is_named_in_front_or_the_first_heading_or_the_file(text, title):
    assert markdown(text, "file").title == title


@given(st.text("#=-`~ \n\tab>[](+", max_size=200))
def test_markdown_sections_are_in_order_and_lose_no_word_that_is_no_heading(text):
    document = markdown(text, "file")
    at = 0
    for section in document.sections:
        assert at <= section.start <= section.end <= len(text)
        at = section.end
    assert document.sections[-1].end == len(text)


@pytest.mark.parametrize("hostile", ["# " + "[" * 200_000, "# " + " " * 200_000 + "x", "`" * 200_000, "#" * 200_000])
def test_hostile_markdown_takes_no_time(hostile):
    assert markdown(hostile + "\nend", "file").text.endswith("end")


HTML = """<!doctype html><html><head><title>A  page</title><style>p {color: red}</style>
<script>var x = "<p>no</p>";</script></head><body><nav><ul><li>Home</ul></nav>
<p>Before &amp; after<br>line</p><h1>Big <em>news</em></h1><p>One
two</p><div><p>Three</div><h2>Small</h2><pre>a
  b</pre><footer>Copyright</footer><h1>Next</h1>last</body></html>"""


def test_html_keeps_headings_and_text_and_drops_what_is_on_every_page():
    document = html(HTML, "file")
    assert document.title == "A page"
    assert sections(document) == [
        ("", "Before & after\nline"),
        ("Big news", "One two\n\nThree"),
        ("Big news > Small", "a\n  b"),
        ("Next", "last"),
    ]


@pytest.mark.parametrize(
    "page",
    [
        "<nav>menu<main>text</main>",
        "<h1>Open<p>text",
        "<p>text<h2",
        "text<br/><svg/>",
        "<svg/>text",
        "text</nav>",
    ],
)
def test_malformed_html_loses_no_text(page):
    document = html(page, "file")
    assert "text" in " ".join([document.text, *(h for s in document.sections for h in s.headings)])


@pytest.mark.parametrize(
    "opening", ["<p", "<!--", "<![x[", "<!", "<?", "<a b='", "</p", "<script>", "<nav>", "<h1>", "&"]
)
@pytest.mark.parametrize("end", ["", ">", "'>"])
def test_hostile_html_takes_no_time(opening, end):
    html(opening * 20_000 + end, "file")


def test_boilerplate_may_be_nested_and_left_open_inside():
    document = html("<nav>a<nav>b</nav>c<svg></nav>text<footer>x</footer> more", "file")
    assert document.text.split() == ["text", "more"]


def test_html_passages_start_in_the_extracted_text():
    document = html(HTML, "file")
    for thing in passages(document, "d"):
        body = thing.value.split("\n\n", 1)[-1] if thing.about["heading"] else thing.value
        assert document.text[thing.about["start"] :].startswith(body)


def test_a_passage_begins_with_the_headings_above_it(write):
    (thing,) = read(write("docs/a.md", "# Guide\n## Remove\nUse pip.\n"))
    assert thing.id == "docs/a.md#1"
    assert thing.value == "Guide > Remove\n\nUse pip."
    assert thing.part_of == "docs/a.md"
    assert thing.about == {"title": "Guide", "heading": "Guide > Remove", "position": 1, "start": 18}


def test_html_says_which_encoding_it_has(write):
    (thing,) = read(write("a.html", b"<meta charset='iso-8859-1'><p>caf\xe9"))
    assert thing.value == "caf\xe9"


def test_a_folder_is_read_in_order_and_what_is_no_document_is_passed_over(write):
    write("d/b.txt", "b")
    write("d/a/c.md", "# C\nc")
    write("d/a/z.html.gz", gzip.compress(b"<p>z"))
    write("d/picture.png", b"\x89PNG\0")
    write("d/.hidden/x.txt", "x")
    write("d/.x.txt", "x")
    os.symlink(os.path.abspath("d"), "d/a/loop")
    reading = read("d")
    things = list(reading)
    assert [(thing.id, thing.part_of) for thing in things] == [
        ("d/a/c.md#1", "d/a/c.md"),
        ("d/a/z.html.gz#1", "d/a/z.html.gz"),
        ("d/b.txt#1", "d/b.txt"),
    ]
    assert (things[0].about["heading"], things[2].about["heading"]) == ("C", None)
    assert (reading.skipped, reading.fraction) == (1, 1.0)


def test_the_fraction_of_a_folder_counts_files(write):
    for name in "abcd":
        write(f"d/{name}.txt", name)
    reading = read("d")
    assert [reading.fraction for _ in reading] == [0.0, 0.25, 0.5, 0.75]


def test_a_broken_document_is_one_fault_and_the_others_survive(write):
    write("d/a.txt", b"one\ntw\xff\n")
    write("d/b.txt", "fine")
    write("d/c.md", b"line\nn\0l")
    write("d/e.txt.gz", gzip.compress(b"x" * 1000)[:-12])
    write("d/f.txt", "utf-16".encode("utf-16"))
    reading = read("d", on_error="skip")
    assert [thing.value for thing in reading] == ["fine", "utf-16"]
    assert [(problem.source, problem.line) for problem in reading.problems] == [
        ("d/a.txt", 2),
        ("d/c.md", 2),
        ("d/e.txt.gz", None),
    ]
    with pytest.raises(BadRow, match=re.escape("d/a.txt, line 2: invalid UTF-8")):
        list(read("d"))


def test_a_document_too_large_for_memory_is_a_fault(write, monkeypatch):
    monkeypatch.setattr("knnife.things.documents.LARGEST", 10)
    with pytest.raises(BadRow, match="a document of more than"):
        list(read(write("a.md", "x" * 11)))


def test_a_folder_without_documents_is_an_error(write):
    write("d/a.csv", "text\nx\n")
    with pytest.raises(BadInput, match=r"no documents there.*\.md"):
        list(read("d"))
