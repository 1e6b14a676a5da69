"""What is kept of an entry that was taken down: who, when, why, and keyed marks by which it is known again.

The digest of a short text can be guessed, so the marks are HMACs. Their key is a file beside the database: whoever
gets hold of the one without the other learns nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select

from retrieval import schema
from retrieval.errors import StoreError
from retrieval.files import disk, write_atomically
from retrieval.model import ReadEntry
from retrieval.rows import micros, moment

KEY_FILE = "takedown.key"
_KEY_BYTES = 32
_TELLING_WORDS = 8
"""A text of so many words is known again in any blog; a shorter one ("Goal!") may be published twice by chance."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tombstone:
    """One take-down: of a whole entry, or of one version (`version` is its number). `erased`: no byte is left."""

    key: int
    blog: str
    entry: str
    version: int | None
    reason: str
    by: str
    at: datetime
    erased: bool


class Marker:
    """Makes the keyed marks of one archive."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of(cls, folder: Path, *, make: bool = False) -> Marker:
        """The archive's marker; `make` its key where there is none yet. Raises StoreError, DiskError."""
        path = folder / KEY_FILE
        with disk(path):
            if make and not path.exists():
                write_atomically(path, secrets.token_bytes(_KEY_BYTES), mode=0o600)
            try:
                key = path.read_bytes()
            except FileNotFoundError:
                key = b""
        if len(key) != _KEY_BYTES:
            raise StoreError(
                f"{path} is missing or damaged: without it, what was taken down cannot be known again",
                "restore it from a backup",
            )
        return cls(key)

    def id(self, blog: str, entry: str) -> bytes:
        """The mark of an entry's own id."""
        return self._mark("id", f"{blog}/{entry}")

    def minute(self, blog: str, posted: datetime) -> bytes:
        """The mark of an entry's minute: a source that gives no ids may have it, too."""
        return self._mark("minute", f"{blog}/{posted.astimezone(UTC):%Y-%m-%dT%H:%M}")

    def words(self, text: str) -> set[bytes]:
        """The mark of a text that is long enough to be known by itself, in whatever blog; else none."""
        words = text.split()
        return {self._mark("words", " ".join(words))} if len(words) >= _TELLING_WORDS else set()

    def markup(self, raw: str) -> bytes:
        """The mark of a version's raw markup, in whatever blog: the same source may be read as another one."""
        return self._mark("markup", raw)

    def wording(self, blog: str, title: str | None, text: str) -> bytes:
        """The mark of a version's title and words, within its blog."""
        return self._mark("wording", f"{blog}/{title or ''}/{' '.join(text.split())}")

    def _mark(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256)


class Tombstones:
    """The take-downs that a reading has to respect. Raises StoreError where there are some and no key."""

    def __init__(self, connection: Connection, folder: Path) -> None:
        stones, marks = schema.tombstones.c, schema.tombstone_marks.c
        self._whole: set[bytes] = set()
        self._of_entry: dict[int, set[bytes]] = defaultdict(set)
        rows = connection.execute(
            select(stones.entry, stones.version, marks.mark).join_from(
                schema.tombstones, schema.tombstone_marks, marks.tombstone == stones.key
            )
        ).all()
        for row in rows:
            if row.version is None:
                self._whole.add(row.mark)
            else:
                self._of_entry[row.entry].add(row.mark)
        self._marker = Marker.of(folder) if rows else None

    def hold(self, blog: str, entry: ReadEntry) -> bool:
        """Whether a read entry was taken down: by its own id, its markup, or its words."""
        if self._marker is None:
            return False
        marks = {self._marker.markup(entry.raw), *self._marker.words(entry.text)}
        if entry.id is not None:
            marks.add(self._marker.id(blog, entry.id))
        return not marks.isdisjoint(self._whole)

    def hold_minute(self, blog: str, entry: ReadEntry) -> bool:
        """Whether an entry was taken down in this one's minute: where this one has no id of its own, it may be the
        same, corrected since."""
        return self._marker is not None and self._marker.minute(blog, entry.posted_at) in self._whole

    def hold_version(self, key: int, blog: str, entry: ReadEntry) -> bool:
        """Whether this wording of the stored entry `key` was taken down."""
        marks = self._of_entry.get(key)
        if self._marker is None or not marks:
            return False
        own = {self._marker.markup(entry.raw), self._marker.wording(blog, entry.title, entry.text)}
        return not marks.isdisjoint(own)


def lay(
    connection: Connection,
    *,
    entry: int,
    version: int | None,
    reason: str,
    by: str,
    now: datetime,
    marks: Iterable[bytes],
) -> int:
    """Set a tombstone with its marks; its key."""
    key: int = connection.execute(
        insert(schema.tombstones)
        .values(entry=entry, version=version, reason=reason, by=by, at=micros(now))
        .returning(schema.tombstones.c.key)
    ).scalar_one()
    connection.execute(
        insert(schema.tombstone_marks), [{"tombstone": key, "mark": mark} for mark in sorted(set(marks))]
    )
    return key


def all_tombstones(connection: Connection) -> list[Tombstone]:
    """Every take-down, the first one first."""
    stones, entries = schema.tombstones.c, schema.entries.c
    rows = connection.execute(
        select(
            stones.key, entries.blog, entries.id, stones.version, stones.reason, stones.by, stones.at, stones.erased
        )
        .join_from(schema.tombstones, schema.entries, stones.entry == entries.key)
        .order_by(stones.key)
    )
    return [
        Tombstone(
            key=row.key,
            blog=row.blog,
            entry=row.id,
            version=row.version,
            reason=row.reason,
            by=row.by,
            at=moment(row.at),
            erased=row.erased is not None,
        )
        for row in rows
    ]
