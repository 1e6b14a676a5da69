"""The way in for documents: one module a format, tried in the order of `FORMATS`.

A new format is one module with `NAME`, `detect` and `parse`, and its name in the tuple.
"""

from __future__ import annotations

from typing import Protocol

from retrieval.errors import NotALiveBlog
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources import ndjson, scrape
from retrieval.sources.document import STANDARD_INPUT, Document, files_in, load

__all__ = ["FORMATS", "STANDARD_INPUT", "Document", "Format", "files_in", "load", "read"]


class Format(Protocol):
    """What a module of this package offers."""

    NAME: str

    def detect(self, document: Document) -> bool:
        """Is this document of our kind? Cheap, and sure enough that a refusal may follow from `parse`."""

    def parse(self, document: Document, options: SourceOptions) -> ReadBlog:
        """The document's entries, oldest first. Raises SourceError where none may be taken."""


FORMATS: tuple[Format, ...] = (ndjson, scrape)


def read(document: Document, options: SourceOptions) -> ReadBlog:
    """Parse a document by the first format that recognises it. Raises NotALiveBlog, SourceRefused."""
    for candidate in FORMATS:
        if candidate.detect(document):
            return candidate.parse(document, options)
    names = ", ".join(candidate.NAME for candidate in FORMATS)
    raise NotALiveBlog(
        f"no live-blog entries found in {document.name}",
        f"it would have to be one of: {names}; a scrape's entries each begin like '5.49pm BST17:49'",
    )
