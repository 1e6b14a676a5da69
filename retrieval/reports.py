"""What an archive tells of itself and of what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.indexing import Indexed
    from retrieval.ingest import SourceReport
    from retrieval.manifest import Manifest
    from retrieval.store import BlogState


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What `add` or `reindex` did."""

    sources: tuple[SourceReport, ...]
    skipped: tuple[str, ...]
    indexed: Indexed | None
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveState:
    """What is indexed."""

    blogs: tuple[BlogState, ...]
    entries: int
    manifest: Manifest | None
    bytes: int
    held: tuple[tuple[str, datetime | None], ...] = ()
    erasing: tuple[str, ...] = ()
