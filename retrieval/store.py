"""The archive of record: blogs, entries, append-only versions, encodings by digest, a numbered feed of changes.

The only place with text. All SQL is here and in `database`; what comes out are the types of `model`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import func, literal, select

from retrieval import database, feed, registering, schema, takedown, withholding
from retrieval.database import mapped
from retrieval.feed import Change
from retrieval.files import disk
from retrieval.index_records import IndexRecords
from retrieval.looking import Looking, Sight
from retrieval.matching import Known
from retrieval.model import Blog, Cause, Filter, ReadBlog, Status, Version
from retrieval.recording import Recorded, record, record_gone
from retrieval.rows import (
    Source,
    all_blogs,
    all_versions,
    current_versions,
    moment,
    posted_at,
    shown_now,
    to_known,
    to_source,
    to_version,
    within,
    within_in_order,
    worded_entries,
)
from retrieval.sources import Mark
from retrieval.takedown import TakenDown
from retrieval.tombstones import Marker, Tombstone, all_tombstones
from retrieval.withholding import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class BlogState:
    """One blog's counts and its first and last entry, for `status`."""

    blog: Blog
    source: Source
    entries: int
    versions: int
    first: datetime | None
    last: datetime | None
    updated: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Coverage:
    """How many blogs and live entries there are, and the times of the first and last of these."""

    blogs: int
    entries: int
    first: datetime | None
    last: datetime | None


class Store(IndexRecords):
    """One SQLite file. Safe to use from several threads; a writer holds the archive's lock besides."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, database.engine_for(path))

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open, make or migrate the archive's database. Raises StoreError, DiskError."""
        with disk(path):
            exists = path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
        found = database.check(path, schema.APPLICATION_ID, schema.SCHEMA) if exists else 0
        if not found:
            database.create(path, schema.metadata, schema.APPLICATION_ID, schema.SCHEMA)
        elif found < schema.SCHEMA:
            database.migrate(path, schema.APPLICATION_ID, schema.SCHEMA)
        return cls(path)

    def close(self) -> None:
        self._stamping.close()
        self._engine.dispose()

    # ---------------------------------------------------------------- writing

    def record(
        self,
        *,
        blog_id: str,
        default_title: str,
        source: Source,
        read: ReadBlog,
        now: datetime,
        may_retime: bool = True,
        accept_deletions: bool = False,
    ) -> Recorded:
        """Take a read source into the archive, all of it or nothing; see `recording`. Raises SourceRefused."""
        with mapped(self.path), self._writing() as connection:
            return record(
                connection,
                blog_id=blog_id,
                default_title=default_title,
                source=source,
                read=read,
                now=now,
                may_retime=may_retime,
                accept_deletions=accept_deletions,
                folder=self.path.parent,
            )

    def record_gone(self, blog_id: str, source: Source, now: datetime) -> Recorded:
        """The blog's source is gone for good: every live entry of it is deleted."""
        with mapped(self.path), self._writing() as connection:
            return record_gone(connection, blog_id, source, now)

    def hold(self, word: str, until: datetime | None, now: datetime) -> tuple[Target, int]:
        """Hide an entry or blog; see `withholding`. Raises UsageError."""
        with mapped(self.path), self._writing_patiently() as connection:
            return withholding.hold(connection, word, until, now)

    def release(self, word: str, now: datetime) -> tuple[Target, int]:
        """Show an entry or blog again; see `withholding`. Raises UsageError."""
        with mapped(self.path), self._writing_patiently() as connection:
            return withholding.release(connection, word, now)

    def hide(self, whole_id: str, version: int | None, now: datetime) -> int | None:
        """Hide an entry that is to be taken down; until when it was held before. Raises UsageError."""
        with mapped(self.path), self._writing_patiently() as connection:
            return takedown.hide(connection, whole_id, version, now)

    def take_down(
        self, whole_id: str, version: int | None, reason: str, by: str, now: datetime, held_until: int | None = None
    ) -> TakenDown:
        """Erase an entry, or a version of it, from the tables; see `takedown`. Raises UsageError, StoreError."""
        marker = Marker.of(self.path.parent, make=not self.tombstones())
        with mapped(self.path), self._writing() as connection:
            return takedown.take_down(connection, whole_id, version, reason, by, marker, now, held_until)

    def finish_erasing(self, tombstones: Sequence[int], now: datetime, seconds: float) -> bool:
        """Empty the write-ahead log, where old pages stand, and note that no byte is left; whether that was done
        in the time: a reader who is in the middle of a query holds the log."""
        if not database.empty_log(self.path, seconds):
            return False
        with mapped(self.path), self._writing() as connection:
            takedown.finished(connection, tombstones, now)
        return database.empty_log(self.path, seconds)

    # ---------------------------------------------------------------- reading

    @contextmanager
    def looking(self, sight: Sight) -> Iterator[Looking]:
        """Look for words, all within one moment of the archive."""
        with mapped(self.path), self._reading() as connection:
            yield Looking(connection, sight)

    def live_versions(self) -> Iterator[Version]:
        """Every live entry's current version, the oldest entry first: what an index holds."""
        query = current_versions().where(schema.entries.c.status == Status.LIVE)
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            for row in connection.execute(query.order_by(schema.entries.c.posted, schema.entries.c.key)):
                yield to_version(row, blogs)

    def entries_in_order(self, wanted: Filter, limit: int, *, latest: bool) -> list[Version]:
        """The current versions of the earliest (or latest) live entries within a filter, in that order."""
        posted, key = schema.entries.c.posted, schema.entries.c.key
        order = (posted.desc(), key.desc()) if latest else (posted, key)
        query = current_versions().where(*shown_now(_now()), *within_in_order(wanted))
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            return [to_version(row, blogs) for row in connection.execute(query.order_by(*order).limit(limit))]

    def is_anything(self, wanted: Filter) -> bool:
        """Whether there is a live entry within a filter."""
        query = select(literal(1)).select_from(schema.entries).where(*shown_now(_now()), *within(wanted)).limit(1)
        with mapped(self.path), self._reading() as connection:
            return connection.execute(query).first() is not None

    def times(self, wanted: Filter) -> list[datetime]:
        """When the live entries within a filter were posted, the first one first."""
        entries = schema.entries.c
        query = select(entries.blog, entries.posted, entries.utc_offset).where(*shown_now(_now()), *within(wanted))
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            rows = connection.execute(query.order_by(entries.posted))
            return [posted_at(row, blogs[row.blog].timezone) for row in rows]

    def versions_of(self, whole_id: str) -> list[Version]:
        """All versions of the entry `BLOG/ID`, the first one first; empty where there is no such entry."""
        blog, _, entry = whole_id.partition("/")
        query = all_versions().where(schema.entries.c.blog == blog, schema.entries.c.id == entry)
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            rows = connection.execute(query.order_by(schema.versions.c.number))
            return [to_version(row, blogs) for row in rows]

    def all_wordings(self) -> Iterator[Version]:
        """Every version that has words, whatever its entry's status, by blog, time and number."""
        entries, versions = schema.entries.c, schema.versions.c
        query = all_versions().where(versions.cause.not_in([Cause.DELETED, Cause.TAKEN_DOWN]))
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            for row in connection.execute(query.order_by(entries.blog, entries.posted, entries.key, versions.number)):
                yield to_version(row, blogs)

    def blogs(self) -> dict[str, Blog]:
        """All blogs by id."""
        return self.stamp(_now()).by_id

    def sources(self) -> list[tuple[str, Source]]:
        """Every registered source with its blog's id, in the order of their first reading."""
        with mapped(self.path), self._reading() as connection:
            rows = connection.execute(select(schema.sources).order_by(schema.sources.c.key))
            return [(row.blog, to_source(row)) for row in rows]

    def coverage(self, wanted: Filter) -> Coverage:
        """What of the archive is live within a filter."""
        entries = schema.entries.c
        query = select(
            func.count(entries.blog.distinct()),
            func.count(),
            func.min(entries.posted),
            func.max(entries.posted),
        ).where(*shown_now(_now()), *within(wanted))
        with mapped(self.path), self._reading() as connection:
            blogs, count, first, last = connection.execute(query).one()
            zones = {one.id: one.timezone for one in all_blogs(connection).values()}
            ends = select(entries.blog, entries.posted, entries.utc_offset).where(
                *shown_now(_now()), entries.posted.in_([first, last]), *within(wanted)
            )
            shown = {row.posted: posted_at(row, zones[row.blog]) for row in connection.execute(ends)}
        return Coverage(blogs=blogs, entries=count, first=shown.get(first), last=shown.get(last))

    def blog_states(self) -> list[BlogState]:
        """Each blog with its counts, by id."""
        states = []
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            entries, versions = schema.entries.c, schema.versions.c
            counted = {
                row.blog: row.count
                for row in connection.execute(
                    select(entries.blog, func.count().label("count"))
                    .join_from(schema.versions, schema.entries, versions.entry == entries.key)
                    .group_by(entries.blog)
                )
            }
            for row in connection.execute(select(schema.sources).order_by(schema.sources.c.blog)):
                ends = [
                    connection.execute(
                        select(entries.blog, entries.posted, entries.utc_offset)
                        .where(entries.blog == row.blog, *shown_now(_now()))
                        .order_by(order)
                        .limit(1)
                    ).first()
                    for order in (entries.posted.asc(), entries.posted.desc())
                ]
                first, last = (posted_at(end, blogs[row.blog].timezone) if end else None for end in ends)
                live = connection.execute(
                    select(func.count()).where(entries.blog == row.blog, *shown_now(_now()))
                ).scalar_one()
                states.append(
                    BlogState(
                        blog=blogs[row.blog],
                        source=to_source(row),
                        entries=live,
                        versions=counted.get(row.blog, 0),
                        first=first,
                        last=last,
                        updated=moment(row.read),
                    )
                )
        return states

    def target(self, word: str) -> Target:
        """The entry or blog that a word of the admin's names. Raises UsageError."""
        with mapped(self.path), self._reading() as connection:
            return withholding.target(connection, word)

    def holds(self, now: datetime) -> list[tuple[str, datetime | None]]:
        """What is held at present, with the time until which."""
        with mapped(self.path), self._reading() as connection:
            return withholding.holds(connection, now)

    def tombstones(self) -> list[Tombstone]:
        """Every take-down, the first one first."""
        with mapped(self.path), self._reading() as connection:
            return all_tombstones(connection)

    def taken_down(self, whole_id: str) -> Tombstone | None:
        """The take-down of the whole entry that has, or had, this id. Raises StoreError."""
        if not self.tombstones():
            return None
        marker = Marker.of(self.path.parent)
        with mapped(self.path), self._reading() as connection:
            return takedown.taken_down(connection, whole_id, marker)

    def erasable(self, whole_id: str, version: int | None) -> frozenset[int]:
        """The keys of the versions that a take-down would erase. Raises UsageError."""
        with mapped(self.path), self._reading() as connection:
            return takedown.erasable(connection, whole_id, version)

    def gone(self, slices: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        """Those of the versions, by whole id and number, that were taken down, each with its entry's whole id from
        now on. Raises StoreError."""
        if not slices or not self.tombstones():
            return {}
        marker = Marker.of(self.path.parent)
        with mapped(self.path), self._reading() as connection:
            return takedown.gone(connection, slices, marker)

    def known(self, blog_id: str) -> list[Known]:
        """Every entry of a blog as it is stored now, unless taken down; its time as it was printed."""
        with mapped(self.path), self._reading() as connection:
            blog = all_blogs(connection).get(blog_id)
            rows = connection.execute(worded_entries(blog_id))
            return [to_known(row, blog.timezone if blog else None) for row in rows]

    def has_tombstone(self, blog_id: str) -> bool:
        """Whether an entry of the blog, or a version of one, was taken down."""
        with mapped(self.path), self._reading() as connection:
            return registering.has_tombstone(connection, blog_id)

    def taken_down_among(self, blog_id: str, marks: Collection[Mark]) -> int:
        """How many of a document's marks are of entries of the blog that were taken down. Raises StoreError."""
        if not marks or not self.has_tombstone(blog_id):
            return 0
        marker = Marker.of(self.path.parent)
        with mapped(self.path), self._reading() as connection:
            return registering.taken_down_among(connection, blog_id, marks, marker)

    def last_change(self) -> int:
        """The number of the newest change in the feed; 0 where nothing ever changed."""
        return self.stamp(_now()).change

    def changes_after(self, number: int, limit: int = 1_000) -> list[Change]:
        """The changes after that number of the feed, in order, at most so many; see `feed`."""
        with mapped(self.path), self._reading() as connection:
            return feed.changes_after(connection, number, limit)


def _now() -> datetime:
    return datetime.now(UTC)
