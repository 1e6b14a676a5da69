"""The way in for documents. The formats are imported with the first one that is read, which takes a tenth of a
second: most commands read none."""

from __future__ import annotations

from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources.document import (
    STANDARD_INPUT,
    Document,
    Mark,
    StoredDays,
    files_in,
    load,
    locator_of,
    printable,
)
from retrieval.sources.visits import NotModified, Seen, is_address

__all__ = [
    "STANDARD_INPUT",
    "Document",
    "Mark",
    "NotModified",
    "Seen",
    "StoredDays",
    "files_in",
    "is_address",
    "load",
    "locator_of",
    "marks",
    "printable",
    "read",
]


def read(document: Document, options: SourceOptions, stored: StoredDays | None = None) -> ReadBlog:
    """Parse a document by the first format that recognises it. Raises NotALiveBlog, SourceRefused."""
    from retrieval.sources import formats

    return formats.read(document, options, stored)


def marks(document: Document) -> frozenset[Mark]:
    """What tells a document's entries from those of other blogs. Raises NotALiveBlog."""
    from retrieval.sources import formats

    return formats.marks(document)
