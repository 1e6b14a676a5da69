"""Every error that leaves `retrieval`, as a tree.

    StetError                     one message, one hint: what is wrong where, and what to do
    ├── UsageError                a value that the caller gave is not usable
    ├── SourceError               a document cannot be taken
    │   ├── NotALiveBlog          no format recognises it; in a folder it is skipped
    │   ├── SourceRefused         there, but taking it would risk a false citation, or the network it is read from
    │   ├── SourceMissing         the file or page is not there, or not any more
    │   └── SourceUnreachable     the server does not answer, or not now: to be tried again later
    ├── StoreError                the archive of record cannot be used
    │   ├── ForeignStore          a database that is not ours, or damaged
    │   ├── NewerStore            written by a later Stet
    │   └── StoreBusy             another process holds it
    ├── SnapshotError             the index cannot be used; the store is whole
    │   ├── NoSnapshot            there is none yet
    │   ├── DamagedSnapshot       its files are not what its manifest says
    │   └── ForeignSnapshot       it was made with another model, or by a later Stet
    │       └── OlderSnapshot     it was made by an earlier Stet; what indexes makes it anew
    ├── ModelError                a model cannot be loaded, or is not the one expected
    ├── DiskError                 the disk is full, or a file may not be read or written
    └── NothingIndexed            the archive holds no entry yet

Errors of libraries are mapped to these once, at the module that calls the library.
"""

from __future__ import annotations

__all__ = [
    "DamagedSnapshot",
    "DiskError",
    "ForeignSnapshot",
    "ForeignStore",
    "ModelError",
    "NewerStore",
    "NoSnapshot",
    "NotALiveBlog",
    "NothingIndexed",
    "OlderSnapshot",
    "SnapshotError",
    "SourceError",
    "SourceMissing",
    "SourceRefused",
    "SourceUnreachable",
    "StetError",
    "StoreBusy",
    "StoreError",
    "UsageError",
]


class StetError(Exception):
    """The root. `str()` gives the message and the hint on one line."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}"


class UsageError(StetError):
    """A value that the caller gave is not usable."""


class SourceError(StetError):
    """A document cannot be taken."""


class NotALiveBlog(SourceError):
    """No format recognises the document; in a folder it is skipped."""


class SourceRefused(SourceError):
    """There, but taking it would risk a false citation, or the network that Stet runs in."""


class SourceMissing(SourceError):
    """The file or page is not there, or not any more."""


class SourceUnreachable(SourceError):
    """The server does not answer, or not now. `retry_after`: in how many seconds it wants to be asked again, where
    it says so."""

    def __init__(self, message: str, hint: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class StoreError(StetError):
    """The archive of record cannot be used."""


class ForeignStore(StoreError):
    """A database that is not ours, or that is damaged."""


class NewerStore(StoreError):
    """A database written by a later Stet."""


class StoreBusy(StoreError):
    """Another process holds the database or the writer's lock."""


class SnapshotError(StetError):
    """The index cannot be used; the store is whole."""


class NoSnapshot(SnapshotError):
    """There is no index yet."""


class DamagedSnapshot(SnapshotError):
    """The index's files are not what its manifest says."""


class ForeignSnapshot(SnapshotError):
    """The index was made with another model, or by a later Stet."""


class OlderSnapshot(ForeignSnapshot):
    """The index was made by an earlier Stet."""


class ModelError(StetError):
    """A model cannot be loaded, or is not the one expected."""


class DiskError(StetError):
    """The disk is full, or a file may not be read or written."""


class NothingIndexed(StetError):
    """The archive holds no entry yet."""
