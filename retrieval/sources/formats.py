"""The formats, one module each, tried in the order of `FORMATS`.

A new format is one module with `NAME`, `detect`, `marks` and `parse`, and its name in the tuple.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from retrieval.errors import NotALiveBlog
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources import (
    ap,
    feed,
    fields,
    guardian_app,
    guardian_capi,
    guardian_page,
    guardian_web,
    jsonld,
    ndjson,
    scrape,
    superdesk,
    wordpress,
)
from retrieval.sources.document import Document, Mark, StoredDays


class Format(Protocol):
    """What a module of this package offers."""

    NAME: str

    def detect(self, document: Document) -> bool:
        """Is this document of our kind? Cheap, and sure enough that a refusal may follow from `parse`."""

    def marks(self, document: Document) -> frozenset[Mark]:
        """What tells its entries from those of other blogs, whatever the options."""

    def parse(self, document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
        """The document's entries, oldest first; those whose markup is stored keep their day. Raises SourceError
        where none may be taken."""


FORMATS: tuple[Format, ...] = (
    guardian_capi,
    guardian_page,
    ndjson,
    wordpress,
    superdesk,
    guardian_app,
    guardian_web,
    jsonld,
    feed,
    ap,
    scrape,
)


def read(document: Document, options: SourceOptions, stored: StoredDays | None = None) -> ReadBlog:
    """Parse a document by the first format that recognises it. Raises NotALiveBlog, SourceRefused."""
    blog = _format(document).parse(document, options, stored or {})
    return replace(blog, warnings=(*blog.warnings, *fields.struck(blog.entries)))


def marks(document: Document) -> frozenset[Mark]:
    """What tells a document's entries from those of other blogs. Raises NotALiveBlog."""
    return _format(document).marks(document)


def _format(document: Document) -> Format:
    for candidate in FORMATS:
        if candidate.detect(document):
            return candidate
    front = document.text.lstrip()[:1]
    in_lines = front == "{" and isinstance(fields.parsed(document.text.lstrip().partition("\n")[0]), dict)
    if front in ("{", "[") and not in_lines and (fault := fields.fault(document.text)):
        raise NotALiveBlog(
            f"no live-blog entries found in {document.called}: it looks like JSON, but {fault}",
            "mend it, or save it again whole",
        )
    looks = "JSON" if front in ("{", "[") else "HTML or XML" if front == "<" else "plain text"
    raise NotALiveBlog(
        f"no live-blog entries found in {document.called}, which looks like {looks}",
        'what is read, and how it must look, is listed in the README under "Sources"; a scrape\'s entries each begin '
        "like '5.49pm BST17:49'",
    )
