"""The stamp of an archive: what tells one state of it from another, for those who ask."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from retrieval import schema
from retrieval.database import mapped
from retrieval.model import Blog
from retrieval.rows import all_blogs, micros


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """The last number of the feed, the blogs as they are, and those of them and of the entries (by key) that are held
    back at the time. Where it is the same, so is what all other questions about the archive find."""

    change: int
    blogs: tuple[Blog, ...]
    held_blogs: frozenset[str]
    held_entries: frozenset[int]

    @property
    def by_id(self) -> dict[str, Blog]:
        """The blogs by id."""
        return {one.id: one for one in self.blogs}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """A stamp, the file's version before it was read, and from when to when it holds, in microseconds: a hold ends by
    itself."""

    version: int
    since: int
    until: int
    stamp: Stamp


class Stamping:
    """Reads a store's stamp again only where the file was changed, by whatever connection of whatever process, or a
    hold has ended: SQLite tells a connection whether others changed it in 10 µs, four queries take a millisecond."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path = path
        self._engine = engine
        self._lock = threading.Lock()
        self._own: Any = None  # a connection that changes nothing, or it would not see its own changes
        self._read: _Read | None = None

    def stamp(self, now: datetime) -> Stamp:
        """The stamp at present. Raises StoreError, DiskError."""
        at = micros(now) or 0
        with self._lock, mapped(self._path):
            if self._own is None:
                self._own = self._engine.raw_connection()
            (version,) = self._own.execute("PRAGMA data_version").fetchone()
            held = self._read
            if held is None or held.version != version or not held.since <= at < held.until:
                with self._engine.begin() as connection:
                    held = self._read = _read(connection, version, at)
            return held.stamp

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            if self._own is not None:
                self._own.close()
                self._own = None


def _read(connection: Connection, version: int, at: int) -> _Read:
    entries, blogs = schema.entries.c, schema.blogs.c
    of_blogs = {
        row.id: row.held_until
        for row in connection.execute(select(blogs.id, blogs.held_until).where(blogs.held_until > at))
    }
    of_entries = {
        row.key: row.held_until
        for row in connection.execute(select(entries.key, entries.held_until).where(entries.held_until > at))
    }
    return _Read(
        version=version,
        since=at,
        until=min([*of_blogs.values(), *of_entries.values()], default=schema.HELD_FOREVER),
        stamp=Stamp(
            change=connection.execute(select(func.max(schema.changes.c.number))).scalar() or 0,
            blogs=tuple(all_blogs(connection).values()),
            held_blogs=frozenset(of_blogs),
            held_entries=frozenset(of_entries),
        ),
    )
