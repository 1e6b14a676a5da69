"""A draft's file → a `Draft`: plain text, Markdown, HTML or Word (.docx)."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path, PurePath

from retrieval.drafts.finding import Draft, find_quotations
from retrieval.drafts.page import Page, PageWriter, refuse_if_longer
from retrieval.errors import NotALiveBlog, SourceRefused, UsageError
from retrieval.sources import charset
from retrieval.sources.document import load
from retrieval.sources.gzipped import too_large
from retrieval.sources.visits import is_address

DRAFT_SUFFIXES = (".txt", ".text", ".md", ".markdown", ".html", ".htm", ".docx")
"""What the names of drafts end in, whatever the case; `.gz` may follow in a file's."""

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = ((b"%PDF-", "a PDF"), (b"{\\rtf", "rich text (RTF)"))
_HTML = re.compile(r"\s{0,1000}<(?:!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)

# A file whose lines a program has cut at a width: so many of them, at such a width, each too full for the next word.
_FEWEST_CUT_LINES, _NARROWEST, _WIDEST, _MOSTLY = 3, 50, 100, 0.9


def read_draft(path: Path, size_limit: int) -> Draft:
    """The quotations in a draft's file, decompressed where it is gzip; at most `size_limit` bytes.

    Raises SourceMissing where it is not there, UsageError where it may not be read, is too large or of a kind that is
    not read, SourceRefused where something in it cannot be read."""
    if is_address(str(path)) or str(path) == "-":
        raise UsageError(f"{path} is no file", "save the draft as a file, and name that")
    document = load(str(path), size_limit)
    return draft_of(document.data, document.name, size_limit)


def draft_of(data: bytes, name: str, size_limit: int) -> Draft:
    """As `read_draft`, of a file's bytes; `name` is its name, whose end tells the format."""
    if len(data) > size_limit:
        raise too_large(name, size_limit)
    return find_quotations(_page(data, name, size_limit))


def _page(data: bytes, name: str, size_limit: int) -> Page:
    suffix = PurePath(name).suffix.lower()
    _refuse_foreign(data, name, suffix)
    if suffix not in DRAFT_SUFFIXES:
        raise UsageError(
            f"{name} is of a kind that is not read", f"save it as one of these: {', '.join(DRAFT_SUFFIXES)}"
        )
    if suffix == ".docx":
        from retrieval.drafts.docx import from_docx  # its library is an extra

        return from_docx(data, name, size_limit)
    text = _text(data, name)
    if suffix in (".html", ".htm", ".md", ".markdown"):
        from retrieval.drafts.html import from_html, from_markdown

        return from_html(text, name) if suffix in (".html", ".htm") else from_markdown(text, name)
    if _HTML.match(text):
        raise SourceRefused(f"{name} is HTML, whatever its name says", "name it .html")
    return from_plain(text, name)


def _refuse_foreign(data: bytes, name: str, suffix: str) -> None:
    if data.startswith(_COMPOUND):
        if _ENCRYPTED in data:
            raise SourceRefused(f"{name} is encrypted", "open it in Word, take its password off, and save it again")
        raise SourceRefused(
            f"{name} is a document of Word 97 to 2003 (.doc)", "open it in Word, and save it as .docx"
        )
    for mark, kind in _FOREIGN:
        if data.startswith(mark):
            raise SourceRefused(f"{name} is {kind}", "save it from its own program as Word (.docx) or text (.txt)")
    if data.startswith(_ZIP) and suffix != ".docx":
        raise SourceRefused(f"{name} is a zip archive, as Word documents are", "if it is one, name it .docx")
    if not data.startswith(_ZIP) and suffix == ".docx":
        raise SourceRefused(f"{name} is no Word document, whatever its name says", "save it from Word as .docx")


def _text(data: bytes, name: str) -> str:
    """The characters of a text file: UTF-8, or what a byte-order mark or an HTML page's own words say."""
    try:
        data = charset.to_utf8(data, None, name)
    except NotALiveBlog as error:
        raise SourceRefused(error.message, "save it as UTF-8") from None
    if b"\0" in data:
        raise SourceRefused(f"{name} is a binary file (a NUL byte at offset {data.index(0)})", "save it as text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceRefused(
            f"{name} is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}, line {line}",
            "save it as UTF-8 (it may be Windows-1252 now)",
        ) from None


def from_plain(text: str, name: str) -> Page:
    """Plain text: each line is a paragraph, unless a program has cut the lines at a width; then a blank line ends
    one. Raises SourceRefused where it is longer than a draft may be."""
    refuse_if_longer(len(text), name)
    lines = [line.strip() for line in re.split(r"\r\n?|\n", text)]
    writer = PageWriter(name)
    end_line = writer.line if _are_cut(lines) else writer.paragraph
    for line in lines:
        writer.words(line)
        end_line()
    return writer.page()


def _are_cut(lines: list[str]) -> bool:
    width = max(map(len, lines))
    if not _NARROWEST <= width <= _WIDEST:
        return False
    followed = [(line, after) for line, after in pairwise(lines) if line and after]
    full = sum(len(line) + 1 + len(after.split(maxsplit=1)[0]) > width for line, after in followed)
    return len(followed) >= _FEWEST_CUT_LINES and full >= _MOSTLY * len(followed)
