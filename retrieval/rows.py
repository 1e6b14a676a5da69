"""The archive's queries and rows, and the types that they become."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal_column, select, text
from sqlalchemy.dialects import sqlite

from retrieval import schema
from retrieval.clock import microseconds, zone
from retrieval.matching import Known
from retrieval.model import Blog, Cause, Entry, Filter, SourceOptions, Status, Version

_T = TypeVar("_T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PARAMETERS = 500
"""How many values one SQL statement binds at most; SQLite's own limit has been 999 and 32,766."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a blog is read from, and what the admin said of it."""

    locator: str
    format: str
    sha256: str
    options: SourceOptions
    read_at: datetime
    etag: str | None = None
    last_modified: str | None = None


@cache
def all_versions() -> Select[Any]:
    entries, versions = schema.entries.c, schema.versions.c
    return (
        select(
            versions.key.label("version_key"),
            versions.number,
            versions.title,
            versions.author,
            versions.text,
            versions.sha256,
            versions.edited,
            versions.seen,
            versions.cause,
            entries.key,
            entries.blog,
            entries.id,
            entries.posted,
            entries.utc_offset,
            entries.url,
            entries.status,
            entries.current,
            entries.held_until,
            schema.blogs.c.held_until.label("blog_held_until"),
        )
        .join_from(schema.versions, schema.entries, versions.entry == entries.key)
        .join(schema.blogs, entries.blog == schema.blogs.c.id)
    )


@cache
def versions_by_key() -> str:
    """All that is read of the versions whose keys one parameter lists, as JSON. In SQLite's own words, since
    SQLAlchemy takes longer to find what it compiled before than SQLite to read ten versions."""
    listed = all_versions().where(schema.versions.c.key.in_(text("SELECT value FROM json_each(:keys)")))
    return str(listed.compile(dialect=sqlite.dialect(paramstyle="qmark")))


@cache
def current_versions() -> Select[Any]:
    return all_versions().where(schema.versions.c.number == schema.entries.c.current)


def worded_entries(blog_id: str) -> Select[Any]:
    """Every entry of a blog that was not taken down, with its last wording and its markup."""
    entries = schema.entries.c
    marked_up = current_versions().add_columns(schema.versions.c.raw, entries.own_id)
    return marked_up.where(entries.blog == blog_id, entries.status != Status.TAKEN_DOWN)


def shown_now(now: datetime) -> list[ColumnElement[bool]]:
    """What is live and neither held back itself nor in a blog that is."""
    entries, blogs = schema.entries.c, schema.blogs.alias("held").c
    held_blogs = select(blogs.id).where(blogs.held_until > micros(now))
    return [
        entries.status == Status.LIVE,
        func.coalesce(entries.held_until, 0) <= micros(now),
        entries.blog.not_in(held_blogs),
    ]


def within(wanted: Filter) -> list[ColumnElement[bool]]:
    entries = schema.entries.c
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(entries.posted >= micros(wanted.since))
    if wanted.until is not None:
        conditions.append(entries.posted < micros(wanted.until))
    if wanted.blogs is not None:
        conditions.append(entries.blog.in_(sorted(wanted.blogs)))
    return conditions


def within_in_order(wanted: Filter) -> list[ColumnElement[bool]]:
    """As `within`, for the first or last few in order of time: of several blogs together these are found by the index
    of times, of one by its own. SQLite would sort all entries of several blogs; the sign keeps it from that."""
    entries = schema.entries.c
    if wanted.blogs is None or len(wanted.blogs) == 1:
        return within(wanted)
    several: ColumnElement[bool] = literal_column("+entries.blog", entries.blog.type).in_(sorted(wanted.blogs))
    return [*within(replace(wanted, blogs=None)), several]


def all_blogs(connection: Connection) -> dict[str, Blog]:
    return {
        row.id: Blog(
            id=row.id,
            title=row.title,
            url=row.url,
            timezone=row.timezone,
            language=row.language,
            visibility=tuple(filter(None, row.visibility.split(","))),
            sensitive=row.sensitive,
            embargo_until=None if row.embargo_until is None else moment(row.embargo_until),
        )
        for row in connection.execute(select(schema.blogs))
    }


def to_version(row: Row[Any], blogs: Mapping[str, Blog]) -> Version:
    blog = blogs[row.blog]
    where = zone(blog.timezone) if blog.timezone else UTC
    return Version(
        key=row.version_key,
        entry=Entry(
            key=row.key,
            blog=blog,
            id=row.id,
            posted_at=posted_at(row, blog.timezone),
            url=row.url,
            status=_status(row),
        ),
        number=row.number,
        title=row.title,
        author=row.author,
        text=row.text,
        sha256=row.sha256,
        edited_at=None if row.edited is None else moment(row.edited, where),
        seen_at=moment(row.seen, where),
        cause=Cause(row.cause),
        current=row.number == row.current and row.status == Status.LIVE,
    )


def _status(row: Row[Any]) -> Status:
    """As stored; or held, where the entry or its blog is held back at present, deleted from its source or not."""
    held = max(row.held_until or 0, row.blog_held_until or 0)
    if row.status != Status.TAKEN_DOWN and held > microseconds(datetime.now(UTC)):
        return Status.HELD
    return Status(row.status)


def posted_at(row: Row[Any], zone_name: str | None) -> datetime:
    """An entry's time in its blog's zone, else with the offset that it was printed with."""
    if zone_name:
        return moment(row.posted, zone(zone_name))
    return moment(row.posted, timezone(timedelta(seconds=row.utc_offset or 0)))


def to_known(row: Row[Any], zone_name: str | None) -> Known:
    """A stored entry as matching knows it, its time as it was printed."""
    return Known(
        id=row.id,
        posted_at=posted_at(row, zone_name if row.utc_offset is None else None),
        raw=row.raw,
        text=row.text,
        own_id=row.own_id,
        deleted=row.status == Status.DELETED,
    )


def to_source(row: Row[Any]) -> Source:
    return Source(
        locator=row.locator,
        format=row.format,
        sha256=row.sha256,
        options=options_from_json(row.options),
        read_at=moment(row.read),
        etag=row.etag,
        last_modified=row.last_modified,
    )


def options_to_json(options: SourceOptions) -> str:
    return json.dumps(
        {
            "title": options.title,
            "date": options.date and options.date.isoformat(),
            "timezone": options.timezone,
            "url": options.url,
            "blog": options.blog,
        }
    )


def options_from_json(text: str) -> SourceOptions:
    """What a re-reading needs; language, visibility and the like stay as the blog has them."""
    held = json.loads(text)
    return SourceOptions(
        title=held["title"],
        date=date.fromisoformat(held["date"]) if held["date"] else None,
        timezone=held["timezone"],
        url=held["url"],
        blog=held["blog"],
        remembered=True,
    )


def micros(moment: datetime | None) -> int | None:
    return None if moment is None else microseconds(moment)


def moment(micros: int, where: tzinfo = UTC) -> datetime:
    return (_EPOCH + timedelta(microseconds=micros)).astimezone(where)


def chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    chunk: list[_T] = []
    for value in values:
        chunk.append(value)
        if len(chunk) == _PARAMETERS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
