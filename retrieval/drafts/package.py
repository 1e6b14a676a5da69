"""A Word file (.docx) → its parts: a zip archive of XML, opened so that no file can keep us busy or eat the memory.

python-docx reads all parts of a package, each by way of another, and raises whatever meets it on the way. So the
archive is opened here, only the parts that are asked for are read, and python-docx's parser makes trees of them.
"""

from __future__ import annotations

import posixpath
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import unquote

from retrieval.errors import SourceRefused, UsageError
from retrieval.sources.gzipped import too_large

if TYPE_CHECKING:
    from lxml import etree

MOST_PARTS = 10_000
LARGEST_PART = 20_000_000
"""Bytes of XML. Word takes about twenty for a character of a draft that is much corrected."""

_ENTRY = b"PK\x01\x02"
_ENCRYPTED = 1
_PACKED_AS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, OverflowError, NotImplementedError,
    RuntimeError,
)  # fmt: skip
"""What zipfile raises on archives that are damaged, or made to mislead it."""
_DOCTYPES = tuple("<!DOCTYPE".encode(encoding) for encoding in ("ascii", "utf-16-le", "utf-16-be"))
_AGAIN = "open it in Word, and save it again as .docx"


@dataclass(frozen=True, slots=True)
class Related:
    """A part that another one names: `kind` is the last word of the relation's type ("footnotes"), `part` its name;
    None where it is no part of the file but a link."""

    kind: str
    part: str | None


class Package:
    """The parts of a Word file. Every method raises SourceRefused where the file is damaged."""

    def __init__(self, data: bytes, name: str, size_limit: int) -> None:
        """Raises UsageError where there is more within than `size_limit` bytes."""
        self.name = name
        if data.count(_ENTRY) > MOST_PARTS:
            raise SourceRefused(f"{name} has more than {MOST_PARTS} parts", _AGAIN)
        try:
            self._zip = zipfile.ZipFile(BytesIO(data))
        except _DAMAGED as error:
            raise self._damaged(error) from None
        parts = self._zip.infolist()
        if sum(part.file_size for part in parts) > size_limit:
            raise too_large(name, size_limit, " when it is decompressed")
        if any(part.flag_bits & _ENCRYPTED for part in parts):
            raise SourceRefused(f"{name} is encrypted", "take its password off, and save it again")
        if any(part.compress_type not in _PACKED_AS for part in parts):
            raise SourceRefused(f"{name} is packed in a way that Word does not know", _AGAIN)
        self._parts = {part.filename.lower(): part for part in parts}
        if len(self._parts) != len(parts):
            raise SourceRefused(f"{name} holds two parts of one name", _AGAIN)

    def main(self) -> str:
        """The name of the part that holds the document."""
        for related in self.related(""):
            if related.kind == "officeDocument" and related.part is not None:
                return related.part
        raise SourceRefused(f"{self.name} is a zip archive, but no Word document", _AGAIN)

    def related(self, part: str) -> Iterator[Related]:
        """What a part names, in its file's order; the package itself is ''."""
        folder, file = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{file}.rels")
        if listing.lower() not in self._parts:
            return
        for child in self.tree(listing):
            kind = (child.get("Type") or "").rpartition("/")[2]
            target = unquote(child.get("Target") or "")
            outside = (child.get("TargetMode") or "").lower() == "external"
            inside = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            yield Related(kind, None if outside else inside)

    def tree(self, part: str) -> etree._Element:
        """The root of a part's XML."""
        data = self._read(part)
        if any(mark in data for mark in _DOCTYPES):
            raise self._declares(part)
        root = self._parsed(part, data)
        if root.getroottree().docinfo.internalDTD is not None:
            raise self._declares(part)
        return root

    def _read(self, part: str) -> bytes:
        info = self._parts.get(part.lower())
        if info is None:
            raise SourceRefused(f"{self.name} lacks its part {part[:80]}", _AGAIN)
        if info.file_size > LARGEST_PART:
            raise SourceRefused(
                f"{self.name}: its part {part[:80]} is larger than {LARGEST_PART // 1_000_000} MB",
                "split it, and check the parts",
            )
        try:
            return self._zip.read(info)
        except _DAMAGED as error:
            raise self._damaged(error) from None

    def _parsed(self, part: str, data: bytes) -> etree._Element:
        try:
            from docx.oxml import parse_xml
            from lxml import etree
        except ImportError:
            raise UsageError(
                "to read Word files needs python-docx", "install it: pip install '.[docx]' in a checkout"
            ) from None
        try:
            return parse_xml(data)
        except (etree.LxmlError, ValueError) as error:
            raise SourceRefused(f"{self.name}: its part {part[:80]} is no XML: {str(error)[:120]}", _AGAIN) from None

    def _damaged(self, error: BaseException) -> SourceRefused:
        return SourceRefused(f"{self.name} is damaged: {str(error)[:120]}", "copy or download it again, whole")

    def _declares(self, part: str) -> SourceRefused:
        return SourceRefused(
            f"{self.name}: its part {part[:80]} declares a document type, as Word never does", _AGAIN
        )
