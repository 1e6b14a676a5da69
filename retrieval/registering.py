"""What is kept of a blog and of the source that it is read from, and who may be that source."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import schema
from retrieval.errors import SourceRefused
from retrieval.model import ReadBlog
from retrieval.rows import Source, micros, options_to_json
from retrieval.sources import STANDARD_INPUT, Mark
from retrieval.tombstones import Marker


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A blog was kept: whether it is new, and whether it is held back because another of the same place is."""

    new: bool
    held: bool = False


def claim(
    connection: Connection,
    blog_id: str,
    source: Source,
    read: ReadBlog,
    known: Sequence[Row[Any]],
    ids: Collection[str | None],
    *,
    taken_down: bool,
) -> str | None:
    """See that a source may tell of a blog; where it takes it over, the one that told of it before, else None.

    One source is authoritative for a blog. A second one may take over only what is plainly the same; and where the
    blog's own source is read and the blog is not named, an entry must be one that is held, corrected or not. `ids`
    are those of the read entries; `taken_down`: some of these were taken down, and so were some of the blog's.
    Raises SourceRefused."""
    owner = connection.execute(select(schema.sources.c.locator).where(schema.sources.c.blog == blog_id)).scalar()
    if owner is None or (owner == source.locator and source.options.blog == blog_id):
        return None
    made = {row.id for row in known if not row.own_id}
    if owner == source.locator != STANDARD_INPUT and not made.isdisjoint(ids):
        return None
    held = {row.raw for row in known} | {(row.id, row.posted) for row in known if row.own_id}
    marks = {one for entry in read.entries for one in (entry.raw, (entry.id, micros(entry.posted_at)))}
    if held.isdisjoint(marks) and not taken_down:
        raise SourceRefused(
            f"the blog {blog_id} is read from {owner}, and {source.locator} shares no entry with it",
            "if it is another live blog, give it an id of its own with --blog"
            + (f"; if it is the same, say --blog {blog_id}" if owner == source.locator else ""),
        )
    return None if owner == source.locator else str(owner)


def keep(
    connection: Connection, blog_id: str, default_title: str, source: Source, read: ReadBlog, now: datetime
) -> Kept:
    """Keep what is known of the blog and of its source, within the caller's transaction."""
    kept = _keep_blog(connection, blog_id, default_title, source, read, now)
    # a digest of what holds erased words would prove them; without any, the source is always read anew
    erased = has_tombstone(connection, blog_id)
    row = {
        "locator": source.locator,
        "format": source.format,
        "sha256": "" if erased else source.sha256,
        "options": options_to_json(source.options),
        "read": micros(now),
        "etag": None if erased else source.etag,
        "last_modified": None if erased else source.last_modified,
    }
    connection.execute(
        upsert(schema.sources).values(blog=blog_id, **row).on_conflict_do_update(index_elements=["blog"], set_=row)
    )
    return kept


def has_tombstone(connection: Connection, blog_id: str) -> bool:
    """Whether an entry of the blog, or a version of one, was taken down."""
    stones, entries = schema.tombstones.c, schema.entries.c
    of_blog = exists().where(stones.entry == entries.key, entries.blog == blog_id)
    return bool(connection.execute(select(of_blog)).scalar())


def taken_down_among(connection: Connection, blog_id: str, marks: Collection[Mark], marker: Marker) -> int:
    """How many of a document's marks are of entries of the blog that were taken down, or of versions of them."""
    stones, held, entries = schema.tombstones.c, schema.tombstone_marks.c, schema.entries.c
    query = (
        select(held.mark)
        .join_from(schema.tombstone_marks, schema.tombstones, held.tombstone == stones.key)
        .join(schema.entries, stones.entry == entries.key)
        .where(entries.blog == blog_id)
    )
    down = set(connection.execute(query).scalars())
    return sum((marker.markup(one) if isinstance(one, str) else marker.id(blog_id, one[0])) in down for one in marks)


def _keep_blog(
    connection: Connection, blog_id: str, default_title: str, source: Source, read: ReadBlog, now: datetime
) -> Kept:
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
    if held is not None:
        changed = {key: value for key, value in values.items() if held._mapping[key] != value}
        if changed:
            connection.execute(
                update(schema.blogs).where(schema.blogs.c.id == blog_id).values(updated=micros(now), **changed)
            )
        return Kept(new=False)
    language = read.language or "en"
    values = {"title": default_title, "language": language, "visibility": "", "sensitive": False} | values
    hold = _hold_of_place(connection, source.locator, now)
    connection.execute(insert(schema.blogs).values(id=blog_id, updated=micros(now), held_until=hold, **values))
    return Kept(new=True, held=hold is not None)


def _hold_of_place(connection: Connection, locator: str, now: datetime) -> int | None:
    """Until when the blogs that were read from a place before are held back, the longest hold of them: a file that is
    added under another name must not open what was hidden."""
    blogs, sources = schema.blogs.c, schema.sources.c
    if locator == STANDARD_INPUT:
        return None
    return connection.execute(
        select(func.max(blogs.held_until))
        .join_from(schema.blogs, schema.sources, sources.blog == blogs.id)
        .where(sources.locator == locator, blogs.held_until > micros(now))
    ).scalar()
