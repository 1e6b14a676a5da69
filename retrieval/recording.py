"""One read source → entries, versions and changes of the archive, in one transaction.

Versions are only ever appended. Every change gets its number in the feed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import schema
from retrieval.errors import SourceRefused
from retrieval.matching import assign_ids
from retrieval.model import Cause, ReadBlog, ReadEntry, Status, digest
from retrieval.rows import (
    Source,
    current_versions,
    micros,
    moment,
    options_to_json,
    to_known,
)
from retrieval.sources import STANDARD_INPUT


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What recording one source changed, in entries."""

    blog: str
    added: int
    edited: int
    unchanged: int


def record(
    connection: Connection,
    *,
    blog_id: str,
    default_title: str,
    source: Source,
    read: ReadBlog,
    now: datetime,
    may_retime: bool,
) -> Recorded:
    """Take a read source into the archive, within the caller's transaction.

    Unchanged entries make no version; changed markup makes an edit; unchanged markup that we now read otherwise
    makes a re-reading. Raises SourceRefused where another source owns the blog, or another live blog stands there
    now; and where unchanged markup would get another time and none was said (`may_retime` is false).
    """
    known = list(connection.execute(current_versions().where(schema.entries.c.blog == blog_id)))
    ids = _ids(read, known)
    _claim(connection, blog_id, source, read, known, ids)
    _keep_blog(connection, blog_id, default_title, source, read, now)
    rows = {row.id: row for row in known}
    added = edited = 0
    for entry, entry_id in zip(read.entries, ids, strict=True):
        row = rows.get(entry_id)
        if row is None:
            _add(connection, blog_id, entry, entry_id, now)
            added += 1
        else:
            if not may_retime and entry.raw == row.raw:
                _refuse_retiming(row, entry)
            edited += _revise(connection, row, entry, now)
    return Recorded(blog=blog_id, added=added, edited=edited, unchanged=len(read.entries) - added - edited)


def _claim(
    connection: Connection,
    blog_id: str,
    source: Source,
    read: ReadBlog,
    known: Sequence[Row[Any]],
    ids: Sequence[str],
) -> None:
    """One source is authoritative for a blog. A second one may take over only what is plainly the same; and where
    the blog's own source is read and the blog is not named, an entry must be one that is held, corrected or not."""
    owner = connection.execute(select(schema.sources.c.locator).where(schema.sources.c.blog == blog_id)).scalar()
    if owner is None or (owner == source.locator and source.options.blog == blog_id):
        return
    made = {row.id for row in known if not row.own_id}
    if owner == source.locator != STANDARD_INPUT and not made.isdisjoint(ids):
        return
    held = {row.raw for row in known} | {(row.id, row.posted) for row in known if row.own_id}
    if held.isdisjoint(one for entry in read.entries for one in (entry.raw, (entry.id, micros(entry.posted_at)))):
        raise SourceRefused(
            f"the blog {blog_id} is read from {owner}, and {source.locator} shares no entry with it",
            "if it is another live blog, give it an id of its own with --blog"
            + (f"; if it is the same, say --blog {blog_id}" if owner == source.locator else ""),
        )


def _keep_blog(
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
        upsert(schema.sources).values(blog=blog_id, **row).on_conflict_do_update(index_elements=["blog"], set_=row)
    )


def _ids(read: ReadBlog, known: Sequence[Row[Any]]) -> list[str]:
    """Each read entry's id: its own, or matched among the stored ones of the same minute."""
    made = [to_known(row, None) for row in known if not row.own_id]
    without = [entry for entry in read.entries if entry.id is None]
    assigned = iter(assign_ids(without, made))
    return [next(assigned) if entry.id is None else entry.id for entry in read.entries]


def _refuse_retiming(row: Row[Any], entry: ReadEntry) -> None:
    if micros(entry.posted_at) != row.posted:
        held = moment(row.posted, entry.posted_at.tzinfo or UTC)
        raise SourceRefused(
            f"the entry {row.id} is unchanged and stored as of {held.isoformat()}, but would be read as of "
            f"{entry.posted_at.isoformat()} now",
            "if the stored time is wrong, give the oldest entry's day with --date",
        )


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
