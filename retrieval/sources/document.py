"""Bytes from somewhere → a `Document` whose text is known to be text."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from retrieval.errors import DiskError, NotALiveBlog, UsageError

STANDARD_INPUT = "-"

Mark = str | tuple[str, datetime]
"""What tells an entry from those of other blogs: its raw markup, or its own id and its time."""

StoredDays = Mapping[str, frozenset[date]]
"""By raw markup, the days on which entries are stored already, as the newsroom printed them."""


@dataclass(frozen=True, kw_only=True)
class Document:
    """What a source handed over. `locator` says where it can be read again: an absolute path, an address, or `-`.

    Of a page from the web, `address` is where it was found after redirects, `etag` and `last_modified` what its
    server said of it.
    """

    locator: str
    name: str
    data: bytes
    address: str | None = None
    etag: str | None = None
    last_modified: str | None = None

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def text(self) -> str:
        """The document's characters, a byte-order mark taken off. Raises NotALiveBlog where it is no UTF-8 text."""
        if not self.data.strip():
            raise NotALiveBlog(f"{self.name} is empty", "give a file that holds a live blog")
        if b"\0" in self.data:
            raise NotALiveBlog(
                f"{self.name} is a binary file (a NUL byte at offset {self.data.index(0)})",
                "give a live blog as text: a plain-text scrape or NDJSON, in UTF-8",
            )
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = self.data.count(b"\n", 0, error.start) + 1
            raise NotALiveBlog(
                f"{self.name} is not UTF-8: byte 0x{self.data[error.start]:02x} at offset {error.start}, line {line}",
                "save it as UTF-8 (it may be Latin-1 or Windows-1252 now)",
            ) from None


def load(source: str, size_limit: int) -> Document:
    """Read a file or standard input whole, at most `size_limit` bytes. Raises UsageError."""
    if source == STANDARD_INPUT:
        return Document(
            locator=STANDARD_INPUT,
            name="standard input",
            data=_bounded(sys.stdin.buffer.read(size_limit + 1), source, size_limit),
        )
    path = Path(source)
    try:
        with path.open("rb") as file:
            data = file.read(size_limit + 1)
        locator = str(path.resolve())
        locator.encode()
    except FileNotFoundError:
        raise UsageError(f"{source} does not exist", "check the path") from None
    except UnicodeEncodeError:
        shown = os.fsencode(source).decode("utf-8", "backslashreplace")
        raise UsageError(f"the name {shown} is not UTF-8", "rename the file") from None
    except PermissionError:
        raise UsageError(f"{source} may not be read", "give your user permission to read it") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{source} cannot be read: {error}", "check the path and the disk") from None
    return Document(locator=locator, name=path.name, data=_bounded(data, source, size_limit))


def files_in(source: str) -> list[str] | None:
    """The files below a folder, sorted, hidden ones left out; None where `source` is no folder.

    Raises DiskError where the folder, or one below it, may not be listed."""
    folder = Path(source)
    try:
        if source == STANDARD_INPUT or not folder.is_dir():
            return None
        return sorted(_walk(folder))
    except PermissionError as error:
        raise DiskError(
            f"the folder {error.filename} may not be read", "give your user permission to list it"
        ) from None
    except (OSError, ValueError) as error:
        raise DiskError(f"{source} cannot be read: {error}", "check the path and the disk") from None


def _walk(folder: Path) -> list[str]:
    found: list[str] = []
    for child in folder.iterdir():
        if child.name.startswith("."):
            continue
        if child.is_dir() and not child.is_symlink():
            found += _walk(child)
        elif child.is_file():
            found.append(str(child))
    return found


def _bounded(data: bytes, source: str, size_limit: int) -> bytes:
    if len(data) > size_limit:
        raise UsageError(
            f"{source} is larger than {size_limit // 1_000_000} MB",
            "split it, or raise STET_SOURCE_SIZE_LIMIT",
        )
    return data
