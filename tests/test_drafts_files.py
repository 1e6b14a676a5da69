"""Drafts as files: plain text, Markdown and HTML, and what is refused by name. Word has a test of its own."""

from __future__ import annotations

import contextlib
import gzip
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.drafts import DRAFT_SUFFIXES, draft_of, from_plain, read_draft
from retrieval.drafts.finding import Draft
from retrieval.drafts.html import from_html, from_markdown
from retrieval.drafts.page import LONGEST_DRAFT, Page, PageWriter, Region
from retrieval.errors import SourceMissing, SourceRefused, StetError, UsageError
from tests.hostile import damaged

LIMIT = 10_000_000

SPOKEN = (
    "The harbour master of Wendmouth stood on the wall at noon and told the small crowd: “We will hold the wall for "
    "as long as it takes, whatever the sea may have in store for all of us who live below it.” Then he went home."
)


def draft(text: str, name: str) -> Draft:
    return draft_of(text.encode(), name, LIMIT)


def quotations(text: str, name: str) -> list[tuple[str, str, str | None]]:
    return [(one.kind.value, one.text, one.speaker_name) for one in draft(text, name).quotations]


def region(page: Page, kind: Region) -> list[str]:
    return [page.text[start:end] for start, end in page.spans(kind)]


def test_plain_text_is_a_paragraph_a_line() -> None:
    page = from_plain("One  line.\r\n\r\n\tAnother.\rA third.\n", "a.txt")
    assert page == Page(text="One line.\nAnother.\nA third.")


def test_lines_that_were_cut_at_a_width_are_one_paragraph() -> None:
    text = f"{textwrap.fill(SPOKEN, 70)}\n\n{textwrap.fill(SPOKEN, 70)}\n"
    page = from_plain(text, "a.txt")
    assert page.text == text.replace("\n\n", "\n").strip()
    assert len(page.soft) == 6
    (one, other) = draft(text, "a.txt").quotations
    assert one.text == other.text
    assert one.text.replace("\n", " ") == SPOKEN[SPOKEN.index("“") + 1 : SPOKEN.index("”")]


def test_lines_of_speech_are_paragraphs_of_their_own() -> None:
    text = "“We will hold the wall,” said Arden.\nThen she went.\n“We always did,” said Pell.\nAnd so did he.\n"
    assert from_plain(text, "a.txt").soft == frozenset()


MARKDOWN = """\
# The wall

> We will hold the wall
> for a **year**.
>
> — Nell Arden, mayor

Then *Arden* said “it is
late for us” and typed `print("hello there you")`.

```
echo "some code stands here"
```

| who | what |
|---|---|
| Tom Pell | “the wall is old” |

[“A link of words”](https://wend.example/ "with a title") and <q>a lifted quotation here</q>
&ldquo;and one more here&rdquo;

1. “In a list it stands”
"""


def test_markdown() -> None:
    found = draft(MARKDOWN, "a.md")
    assert [(one.kind.value, one.text, one.speaker_name) for one in found.quotations] == [
        ("block", "We will hold the wall for a year.", "Nell Arden"),
        ("marks", "it is late for us", None),
        ("marks", "the wall is old", None),
        ("marks", "A link of words", None),
        ("marks", "a lifted quotation here", None),
        ("marks", "and one more here", None),
        ("marks", "In a list it stands", None),
    ]
    assert [(one.reason.value, found.text[one.start : one.end]) for one in found.skipped] == [
        ("code", 'print("hello there you")'),
        ("code", 'echo "some code stands here"'),
    ]
    assert found.warnings == ()


def test_nested_block_quotes_are_one() -> None:
    assert quotations("> We hold it.\n>\n> > We always did.\n", "a.markdown") == [
        ("block", "We hold it.\nWe always did.", None)
    ]


def test_markdown_that_would_lose_words_is_refused() -> None:
    assert quotations(">" * 90 + " We hold it.", "a.md") == [("block", "We hold it.", None)]
    with pytest.raises(SourceRefused, match="nested 100 deep"):
        from_markdown(">" * 200 + " We hold it.", "a.md")


def test_markdown_that_would_take_long_is_refused() -> None:
    with pytest.raises(SourceRefused, match="too many square brackets in one paragraph"):
        from_markdown("[" * 20_000, "a.md")
    started = time.perf_counter()
    from_markdown("[" * 10_000, "a.md")
    assert time.perf_counter() - started < 10


HTML = [
    ("<p>“We <b>will</b> hold it,” said Tom Pell.", [("marks", "We will hold it,", "Tom Pell")]),
    ("<q>We will hold it</q>, said Tom Pell.", [("marks", "We will hold it", "Tom Pell")]),
    ("<p>“We told him <q>hold the wall</q> again”", [("marks", "We told him hold the wall again", None)]),
    ("<p>a <q>scare</q> quote", []),
    (
        "<blockquote><p>We hold it.</p><p>We do.</p><footer>Nell Arden</footer></blockquote>",
        [("block", "We hold it.\nWe do.", "Nell Arden")],
    ),
    (
        "<blockquote>“We hold it.”<cite>Nell Arden, mayor</cite></blockquote><blockquote>I do.</blockquote>",
        [("block", "We hold it.", "Nell Arden"), ("block", "I do.", None)],
    ),
    ("<blockquote>I read <cite>The Wall</cite> twice.</blockquote>", [("block", "I read The Wall twice.", None)]),
    ("<blockquote><q>We hold the wall</q></blockquote>", [("block", "We hold the wall", None)]),
    ("<p>“We will<br>hold it,” he said.", [("marks", "We will\nhold it,", None)]),
    ("<p>“We will.<br><br>He said “hold the wall”", [("marks", "hold the wall", None)]),
    ("<p>“We will hold.<br>“We always did,” he said", [("marks", "We will hold.\nWe always did,", None)]),
    ("<pre>“We will\nhold it,” he said.</pre>", [("marks", "We will\nhold it,", None)]),
    ("<table><tr><td>“We will hold<td>it all”</table>", []),
    ("<p>“We <ins>will</ins> <del>may</del>hold it”", [("marks", "We will hold it", None)]),
    ("<title>“In a title here”</title><script>“in a script it”</script><!-- “in a comment” --><p>x", []),
]


@pytest.mark.parametrize(("text", "expected"), HTML)
def test_html(text: str, expected: list[tuple[str, str, str | None]]) -> None:
    assert quotations(text, "a.html") == expected


def test_what_a_page_hides_or_embeds_is_named() -> None:
    text = (
        "<p>x <del>“gone it is”</del><del> </del><p hidden>“never shown here”</p><i style='display:none'>no</i>"
        "<iframe src=x></iframe><svg><text>“drawn it is”</text></svg><object>“in an object”</object>"
    )
    found = draft(text, "a.htm")
    assert found.quotations == ()
    assert found.warnings == (
        "left out: embedded pages (1)",
        "left out: drawings (1)",
        "left out: deleted passages (1)",
        "left out: hidden passages (2)",
        "left out: embedded documents (1)",
    )


def test_regions_of_a_page() -> None:
    page = from_html("<p>a <code>b c</code> d<blockquote> <p>e</p> <cite>f</cite> </blockquote><q> g </q>", "a.html")
    assert page.text == "a b c d\ne\nf\ng"
    assert region(page, Region.CODE) == ["b c"]
    assert region(page, Region.BLOCK) == ["e\nf"]
    assert region(page, Region.CREDIT) == ["f"]
    assert region(page, Region.QUOTED) == ["g"]


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("“We hold the wall”".encode(), "a.txt"),
        ("\ufeff“We hold the wall”".encode(), "a.TXT"),
        ("\ufeff“We hold the wall”".encode("utf-16-le"), "a.text"),
        ("\ufeff“We hold the wall”".encode("utf-16-be"), "a.md"),
        ("<meta charset=windows-1252><p>“We hold the wall”".encode("cp1252"), "a.html"),
    ],
)
def test_character_sets(data: bytes, name: str) -> None:
    assert [one.text for one in draft_of(data, name, LIMIT).quotations] == ["We hold the wall"]


REFUSED = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.doc", r"Word 97 to 2003 \(\.doc\); open it in Word"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "a.docx", r"Word 97 to 2003 \(\.doc\); open it in Word"),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
        "a.docx",
        "a.docx is encrypted; .* take its password off",
    ),
    (b"%PDF-1.7", "a.pdf", r"is a PDF; save it from its own program as Word \(\.docx\)"),
    (b"{\\rtf1", "a.txt", r"is rich text \(RTF\)"),
    (b"PK\x03\x04....", "a.txt", r"is a zip archive, as Word documents are; if it is one, name it \.docx"),
    ("“text”".encode(), "a.docx", "no Word document, whatever its name says"),
    (b"", "a.docx", "no Word document, whatever its name says"),
    (b"<!doctype html><p>x", "a.txt", "is HTML, whatever its name says; name it .html"),
    (b"a\nb \x93c\x94", "a.txt", r"not UTF-8: byte 0x93 at offset 4, line 2; save it as UTF-8"),
    (b"a\0b", "a.md", r"binary file \(a NUL byte at offset 1\)"),
    (b"<meta charset=klingon>", "a.html", "'klingon', which is not known; save it as UTF-8"),
    (b"a" * (LONGEST_DRAFT + 1), "a.txt", "a.txt holds more than 1,000,000 characters; split it"),
    (b"a" * (LONGEST_DRAFT + 1), "a.html", "a.html holds more than 1,000,000 characters; split it"),
]


@pytest.mark.parametrize(("data", "name", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, name: str, message: str) -> None:
    with pytest.raises(SourceRefused, match=message):
        draft_of(data, name, LIMIT)


@pytest.mark.parametrize("name", ["a", "a.odt", "a.pages", "docx"])
def test_other_kinds_of_file_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"a kind that is not read; save it as one of these: \.txt, "):
        draft_of(b"x", name, LIMIT)


def test_a_draft_larger_than_the_limit_is_refused() -> None:
    with pytest.raises(UsageError, match=r"a\.txt is larger than 1 MB"):
        draft_of(b"x" * 1_000_001, "a.txt", 1_000_000)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("“We hold the wall,” said Nell Arden.")
    found = read_draft(path, LIMIT)
    assert found == draft("“We hold the wall,” said Nell Arden.", "a.txt")
    packed = tmp_path / "a.md.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_draft(packed, LIMIT) == found
    with pytest.raises(SourceMissing, match="does not exist"):
        read_draft(tmp_path / "b.txt", LIMIT)
    with pytest.raises(UsageError, match="cannot be read"):
        read_draft(tmp_path, LIMIT)


@pytest.mark.parametrize("name", ["-", "ftp:///x"])
def test_only_files_are_read(name: str) -> None:
    path = Path(name)
    with pytest.raises(StetError):
        read_draft(path, LIMIT)


def test_an_end_without_its_beginning_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="empty"):
        PageWriter("a").end(Region.BLOCK)


@given(st.binary(max_size=200), st.sampled_from(DRAFT_SUFFIXES))
def test_no_bytes_raise_anything_but_our_errors(data: bytes, suffix: str) -> None:
    with contextlib.suppress(StetError):
        found = draft_of(data, f"a{suffix}", LIMIT)
        assert all(found.text[start:end] for one in found.quotations for start, end in one.pieces)


@given(
    damaged(MARKDOWN.encode() + "\n".join(text for text, _ in HTML).encode()), st.sampled_from(DRAFT_SUFFIXES[:-1])
)
def test_no_damage_raises_anything_but_our_errors(data: bytes, suffix: str) -> None:
    with contextlib.suppress(StetError):
        found = draft_of(data, f"a{suffix}", LIMIT)
        assert all(found.text[start:end].strip() for one in found.quotations for start, end in one.pieces)
