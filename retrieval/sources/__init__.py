"""The way in for documents: one module a format, tried in the order of `FORMATS`.

A new format is one module with `NAME`, `detect` and `parse`, and its name in the tuple.
"""

from __future__ import annotations

from typing import Protocol

from retrieval.errors import NotALiveBlog
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources import ndjson, scrape
from retrieval.sources.document import STANDARD_INPUT, Document, Mark, StoredDays, files_in, load

__all__ = [
    "FORMATS",
    "STANDARD_INPUT",
    "Document",
    "Format",
    "Mark",
    "StoredDays",
    "files_in",
    "load",
    "marks",
    "read",
]


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


FORMATS: tuple[Format, ...] = (ndjson, scrape)


def read(document: Document, options: SourceOptions, stored: StoredDays | None = None) -> ReadBlog:
    """Parse a document by the first format that recognises it. Raises NotALiveBlog, SourceRefused."""
    return _format(document).parse(document, options, stored or {})


def marks(document: Document) -> frozenset[Mark]:
    """What tells a document's entries from those of other blogs. Raises NotALiveBlog."""
    return _format(document).marks(document)


def _format(document: Document) -> Format:
    for candidate in FORMATS:
        if candidate.detect(document):
            return candidate
    names = ", ".join(candidate.NAME for candidate in FORMATS)
    raise NotALiveBlog(
        f"no live-blog entries found in {document.name}",
        f"it would have to be one of: {names}; a scrape's entries each begin like '5.49pm BST17:49'",
    )
