"""Bytes from somewhere → a `Document` whose text is known to be text."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import overload

from retrieval.errors import DiskError, NotALiveBlog, SourceMissing, UsageError
from retrieval.sources import gzipped
from retrieval.sources.visits import NotModified, Seen, is_address

STANDARD_INPUT = "-"

Mark = str | tuple[str, datetime]
"""What tells an entry from those of other blogs: its raw markup, or its own id and its time."""

StoredDays = Mapping[str, frozenset[date]]
"""By raw markup, the days on which entries are stored already, as the newsroom printed them."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a source handed over. `locator` says where it can be read again: an absolute path, an address, or `-`.

    `data` is what was within, where the source is gzip; `name` is then without its `.gz`. `given` is what the admin
    called it. Of a page from the web,
    `address` is where it was found after redirects, `etag` and `last_modified` what its server said of it.
    """

    locator: str
    name: str
    data: bytes
    given: str | None = field(default=None, compare=False)
    address: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @property
    def called(self) -> str:
        """What a message calls it: as the admin did, where that is known."""
        return self.given or self.name

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str:
        """The document's characters, a byte-order mark taken off. Raises NotALiveBlog where it is no UTF-8 text."""
        if not self.data.strip():
            raise NotALiveBlog(f"{self.called} is empty", "give a file that holds a live blog")
        if b"\0" in self.data:
            raise NotALiveBlog(
                f"{self.called} is a binary file (a NUL byte at offset {self.data.index(0)})",
                "give a live blog as text: a plain-text scrape or NDJSON, in UTF-8",
            )
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise NotALiveBlog(
                f"{self.called} is not UTF-8: byte 0x{self.data[error.start]:02x} at offset {error.start}, "
                f"line {line}",
                "save it as UTF-8 (it may be Latin-1 or Windows-1252 now)",
            ) from None


@overload
def load(source: str, size_limit: int, *, allow_local: bool = False) -> Document: ...


@overload
def load(source: str, size_limit: int, *, allow_local: bool = False, seen: Seen | None) -> Document | NotModified: ...


def load(
    source: str, size_limit: int, *, allow_local: bool = False, seen: Seen | None = None
) -> Document | NotModified:
    """Read a file, standard input or an address whole, at most `size_limit` bytes, decompressed where it is gzip.

    `allow_local` admits addresses of this machine and its network. Given what a server said of a page before
    (`seen`), the answer may be that it is unchanged; a file is always read. Raises UsageError, SourceMissing where
    it is not there, SourceRefused, and of an address NotALiveBlog and SourceUnreachable too."""
    if is_address(source):
        return _fetched(source, size_limit, allow_local, seen)
    if source == STANDARD_INPUT:
        data = _bounded(sys.stdin.buffer.read(size_limit + 1), source, size_limit)
        return Document(
            locator=STANDARD_INPUT, name="standard input", data=_unpacked(data, "standard input", size_limit)
        )
    path = Path(source)
    try:
        if not path.is_dir() and path.exists() and not path.is_file():
            raise UsageError(
                f"{source} is no regular file",
                "save what comes from it as a file, or hand it over on standard input and give - as the source",
            )
        with path.open("rb") as file:
            data = file.read(size_limit + 1)
        locator = str(path.resolve())
        locator.encode()
    except FileNotFoundError:
        raise SourceMissing(f"{source} does not exist", "check the path") from None
    except UnicodeEncodeError:
        shown = os.fsencode(source).decode("utf-8", "backslashreplace")
        raise UsageError(f"the name {shown} is not UTF-8", "rename the file") from None
    except PermissionError:
        raise UsageError(f"{source} may not be read", "give your user permission to read it") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{source} cannot be read: {error}", "check the path and the disk") from None
    packed = data.startswith(gzipped.MAGIC)
    return Document(
        locator=locator,
        given=source,
        name=path.stem if packed and path.suffix.lower() == ".gz" else path.name,
        data=_unpacked(_bounded(data, source, size_limit), source, size_limit),
    )


def locator_of(source: str) -> str:
    """What `load` would call a source: an absolute path, an address without its fragment, or `-`.

    What names nothing that can be read stays as it is."""
    if source == STANDARD_INPUT:
        return source
    if is_address(source):
        from retrieval.sources.addresses import normalised

        return normalised(source)
    try:
        return str(Path(source).resolve())
    except (OSError, ValueError, RuntimeError):
        return source


def printable(locator: str) -> str:
    """A locator as it may be printed: an address without the values in its query, any of which may be a secret."""
    if not is_address(locator):
        return locator
    from retrieval.sources.addresses import shown

    return shown(locator)


def _fetched(source: str, size_limit: int, allow_local: bool, seen: Seen | None) -> Document | NotModified:
    from retrieval.sources.addresses import shown
    from retrieval.sources.fetch import fetch  # the only source that needs a network

    found = fetch(source, size_limit, allow_local=allow_local, seen=seen)
    if isinstance(found, NotModified):
        return found
    return Document(
        locator=found.locator,
        given=shown(found.locator),
        name=found.name,
        data=found.data,
        address=found.address,
        etag=found.etag,
        last_modified=found.last_modified,
    )


def files_in(source: str) -> list[str] | None:
    """The files below a folder, sorted, hidden ones left out; None where `source` is no folder, as an address is.

    Raises DiskError where the folder, or one below it, may not be listed."""
    folder = Path(source)
    try:
        if source == STANDARD_INPUT or is_address(source) or not folder.is_dir():
            return None
        return sorted(_below(folder))
    except PermissionError as error:
        raise DiskError(
            f"the folder {error.filename} may not be read", "give your user permission to list it"
        ) from None
    except (OSError, ValueError) as error:
        raise DiskError(f"{source} cannot be read: {error}", "check the path and the disk") from None


def _below(folder: Path) -> list[str]:
    found: list[str] = []
    waiting = [folder]
    while waiting:
        for child in waiting.pop().iterdir():
            if child.name.startswith("."):
                continue
            if child.is_dir() and not child.is_symlink():
                waiting.append(child)
            elif child.is_file():
                found.append(str(child))
    return found


def _bounded(data: bytes, source: str, size_limit: int) -> bytes:
    if len(data) > size_limit:
        raise gzipped.too_large(source, size_limit)
    return data


def _unpacked(data: bytes, source: str, size_limit: int) -> bytes:
    return gzipped.gunzip(data, source, size_limit) if data.startswith(gzipped.MAGIC) else data
