"""The archive of record: blogs, entries, append-only versions, vectors by digest, a numbered feed of changes.

The only place with text. All SQL is here and in `database`; what comes out are the types of `model`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import database, schema
from retrieval.database import mapped
from retrieval.errors import SourceRefused
from retrieval.files import disk
from retrieval.matching import Known, assign_ids
from retrieval.model import Blog, Cause, Filter, ReadBlog, ReadEntry, Status, Version, digest
from retrieval.rows import (
    Source,
    all_blogs,
    all_versions,
    chunks,
    current_versions,
    micros,
    moment,
    options_to_json,
    posted_at,
    to_source,
    to_version,
    within,
)
from retrieval.sources import STANDARD_INPUT


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What recording one source changed, in entries."""

    blog: str
    added: int
    edited: int
    unchanged: int


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


class Store:
    """One SQLite file. Safe to use from several threads; a writer holds the archive's lock besides."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._engine = database.engine_for(path)

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
            database.migrate(path, schema.SCHEMA)
        return cls(path)

    def close(self) -> None:
        self._engine.dispose()

    # ---------------------------------------------------------------- writing

    def record(self, *, blog_id: str, default_title: str, source: Source, read: ReadBlog, now: datetime) -> Recorded:
        """Take a read source into the archive, all of it or nothing.

        Unchanged entries make no version; changed markup makes an edit; unchanged markup that we now read
        otherwise makes a re-reading. Raises SourceRefused where another source owns the blog.
        """
        with mapped(self.path), self._writing() as connection:
            known = list(connection.execute(current_versions().where(schema.entries.c.blog == blog_id)))
            self._claim(connection, blog_id, source, read, known)
            self._keep_blog(connection, blog_id, default_title, source, read, now)
            rows = {row.id: row for row in known}
            added = edited = 0
            for entry, entry_id in zip(read.entries, _ids(read, known), strict=True):
                row = rows.get(entry_id)
                if row is None:
                    _add(connection, blog_id, entry, entry_id, now)
                    added += 1
                else:
                    edited += _revise(connection, row, entry, now)
            return Recorded(blog=blog_id, added=added, edited=edited, unchanged=len(read.entries) - added - edited)

    def _claim(
        self, connection: Connection, blog_id: str, source: Source, read: ReadBlog, known: Sequence[Row[Any]]
    ) -> None:
        """One source is authoritative for a blog. A second one may take over only what is plainly the same."""
        owner = connection.execute(select(schema.sources.c.locator).where(schema.sources.c.blog == blog_id)).scalar()
        piped = source.locator == STANDARD_INPUT
        if owner is None or (owner == source.locator and (not piped or source.options.blog == blog_id)):
            return
        held = {row.raw for row in known} | {(row.id, row.posted) for row in known if row.own_id}
        if held.isdisjoint(one for entry in read.entries for one in (entry.raw, (entry.id, micros(entry.posted_at)))):
            raise SourceRefused(
                f"the blog {blog_id} is read from {owner}, and {source.locator} shares no entry with it",
                "if it is another live blog, give it an id of its own with --blog",
            )

    def _keep_blog(
        self,
        connection: Connection,
        blog_id: str,
        default_title: str,
        source: Source,
        read: ReadBlog,
        now: datetime,
    ) -> None:
        options = source.options
        held = connection.execute(select(schema.blogs).where(schema.blogs.c.id == blog_id)).first()
        said: dict[str, object] = {
            "title": options.title or read.title,
            "url": options.url or read.url,
            "timezone": read.timezone,
            "language": options.language,
            "visibility": None if options.visibility is None else ",".join(options.visibility),
            "sensitive": options.sensitive,
            "embargo_until": micros(options.embargo_until),
        }
        values = {key: value for key, value in said.items() if value is not None}
        if held is None:
            values = {"title": default_title, "language": "en", "visibility": "", "sensitive": False} | values
            connection.execute(insert(schema.blogs).values(id=blog_id, updated=micros(now), **values))
        elif changed := {key: value for key, value in values.items() if held._mapping[key] != value}:
            connection.execute(
                update(schema.blogs).where(schema.blogs.c.id == blog_id).values(updated=micros(now), **changed)
            )
        row = {
            "locator": source.locator,
            "format": source.format,
            "sha256": source.sha256,
            "options": options_to_json(options),
            "read": micros(now),
        }
        connection.execute(
            upsert(schema.sources)
            .values(blog=blog_id, **row)
            .on_conflict_do_update(index_elements=["blog"], set_=row)
        )

    def keep_vectors(self, model: str, vectors: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep encoded vectors (digest, float32 bytes) of a model's fingerprint."""
        with mapped(self.path), self._writing() as connection:
            for chunk in chunks(vectors):
                connection.execute(
                    upsert(schema.vectors).on_conflict_do_nothing(),
                    [{"model": model, "digest": key, "vector": vector} for key, vector in chunk],
                )

    # ---------------------------------------------------------------- reading

    def vectors(self, model: str, digests: Iterable[bytes]) -> dict[bytes, bytes]:
        """The kept vectors among `digests`."""
        found: dict[bytes, bytes] = {}
        columns = schema.vectors.c
        with mapped(self.path), self._reading() as connection:
            for chunk in chunks(digests):
                rows = connection.execute(
                    select(columns.digest, columns.vector).where(columns.model == model, columns.digest.in_(chunk))
                )
                found.update((row.digest, row.vector) for row in rows)
        return found

    def live_versions(self) -> Iterator[Version]:
        """Every live entry's current version, the oldest entry first: what an index holds."""
        query = current_versions().where(schema.entries.c.status == Status.LIVE)
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            for row in connection.execute(query.order_by(schema.entries.c.posted, schema.entries.c.key)):
                yield to_version(row, blogs)

    def versions(self, keys: Iterable[int]) -> dict[int, Version]:
        """Versions by key, each with its entry's status as it is now."""
        found: dict[int, Version] = {}
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            for chunk in chunks(keys):
                for row in connection.execute(all_versions().where(schema.versions.c.key.in_(chunk))):
                    found[row.version_key] = to_version(row, blogs)
        return found

    def entries_in_order(self, wanted: Filter, limit: int, *, latest: bool) -> list[Version]:
        """The current versions of the earliest (or latest) live entries within a filter, in that order."""
        posted, key = schema.entries.c.posted, schema.entries.c.key
        order = (posted.desc(), key.desc()) if latest else (posted, key)
        query = current_versions().where(schema.entries.c.status == Status.LIVE, *within(wanted))
        with mapped(self.path), self._reading() as connection:
            blogs = all_blogs(connection)
            return [to_version(row, blogs) for row in connection.execute(query.order_by(*order).limit(limit))]

    def times(self, wanted: Filter) -> list[datetime]:
        """When the live entries within a filter were posted, the first one first."""
        entries = schema.entries.c
        query = select(entries.blog, entries.posted, entries.utc_offset).where(
            entries.status == Status.LIVE, *within(wanted)
        )
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

    def blogs(self) -> dict[str, Blog]:
        """All blogs by id."""
        with mapped(self.path), self._reading() as connection:
            return all_blogs(connection)

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
        ).where(entries.status == Status.LIVE, *within(wanted))
        with mapped(self.path), self._reading() as connection:
            blogs, count, first, last = connection.execute(query).one()
            zones = {one.id: one.timezone for one in all_blogs(connection).values()}
            ends = select(entries.blog, entries.posted, entries.utc_offset).where(
                entries.status == Status.LIVE, entries.posted.in_([first, last]), *within(wanted)
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
                        .where(entries.blog == row.blog, entries.status == Status.LIVE)
                        .order_by(order)
                        .limit(1)
                    ).first()
                    for order in (entries.posted.asc(), entries.posted.desc())
                ]
                first, last = (posted_at(end, blogs[row.blog].timezone) if end else None for end in ends)
                live = connection.execute(
                    select(func.count()).where(entries.blog == row.blog, entries.status == Status.LIVE)
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

    def last_change(self) -> int:
        """The number of the newest change in the feed; 0 where nothing ever changed."""
        with mapped(self.path), self._reading() as connection:
            return connection.execute(select(func.max(schema.changes.c.number))).scalar() or 0

    # ---------------------------------------------------------------- transactions

    def _writing(self) -> Any:
        return self._engine.execution_options(write=True).begin()

    def _reading(self) -> Any:
        return self._engine.begin()


def _ids(read: ReadBlog, known: Sequence[Row[Any]]) -> list[str]:
    """Each read entry's id: its own, or matched among the stored ones of the same minute."""
    made = [
        Known(id=row.id, posted_at=moment(row.posted), raw=row.raw, text=row.text) for row in known if not row.own_id
    ]
    without = [entry for entry in read.entries if entry.id is None]
    assigned = iter(assign_ids(without, made))
    return [next(assigned) if entry.id is None else entry.id for entry in read.entries]


def _add(connection: Connection, blog_id: str, entry: ReadEntry, entry_id: str, now: datetime) -> None:
    offset = entry.posted_at.utcoffset() or timedelta()
    key = connection.execute(
        insert(schema.entries)
        .values(
            blog=blog_id,
            id=entry_id,
            own_id=entry.id is not None,
            posted=micros(entry.posted_at),
            utc_offset=int(offset.total_seconds()),
            url=entry.url,
            status=Status.LIVE,
            current=1,
        )
        .returning(schema.entries.c.key)
    ).scalar_one()
    _append(connection, key, 1, entry, Cause.PUBLISHED, now)


def _revise(connection: Connection, row: Row[Any], entry: ReadEntry, now: datetime) -> bool:
    """Append a version where the entry changed; whether the source edited it, and not only our reading."""
    retimed: bool = micros(entry.posted_at) != row.posted
    if retimed or entry.url != row.url:
        offset = entry.posted_at.utcoffset() or timedelta()
        connection.execute(
            update(schema.entries)
            .where(schema.entries.c.key == row.key)
            .values(posted=micros(entry.posted_at), utc_offset=int(offset.total_seconds()), url=entry.url)
        )
    if (entry.title, entry.author, entry.text) == (row.title, row.author, row.text):
        if retimed:
            _announce(connection, row.key, row.number, "retimed", now)
        return retimed and entry.raw != row.raw
    cause = Cause.REREAD if entry.raw == row.raw else Cause.EDITED
    _append(connection, row.key, row.number + 1, entry, cause, now)
    connection.execute(update(schema.entries).where(schema.entries.c.key == row.key).values(current=row.number + 1))
    return cause is Cause.EDITED


def _append(
    connection: Connection, entry_key: int, number: int, entry: ReadEntry, cause: Cause, now: datetime
) -> None:
    connection.execute(
        insert(schema.versions).values(
            entry=entry_key,
            number=number,
            title=entry.title,
            author=entry.author,
            text=entry.text,
            sha256=digest(entry.text),
            raw=entry.raw,
            edited=micros(entry.edited_at),
            seen=micros(now),
            cause=cause,
        )
    )
    _announce(connection, entry_key, number, cause, now)


def _announce(connection: Connection, entry_key: int, number: int, kind: str, now: datetime) -> None:
    connection.execute(insert(schema.changes).values(at=micros(now), entry=entry_key, version=number, kind=kind))
