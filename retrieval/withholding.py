"""Hold and release, reversibly: a hold is a moment until which an entry, or a whole blog, is shown nowhere.

All of it happens within the caller's transaction; `takedown` is for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urldefrag, urlsplit

from sqlalchemy import Connection, insert, literal, null, select, update

from retrieval import schema
from retrieval.clock import zone
from retrieval.errors import UsageError
from retrieval.model import Status
from retrieval.rows import micros, moment


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """What a word of the admin's names: one entry, or (where `entry` is None) a whole blog."""

    blog: str
    entry: str | None

    @property
    def whole_id(self) -> str:
        return self.blog if self.entry is None else f"{self.blog}/{self.entry}"


def target(connection: Connection, word: str) -> Target:
    """The entry `BLOG/ID`, the blog, or the entry or blog of an address. Raises UsageError."""
    blog, _, entry = word.partition("/")
    entries, blogs = schema.entries.c, schema.blogs.c
    found = connection.execute(select(entries.status).where(entries.blog == blog, entries.id == entry)).scalar()
    if found == Status.TAKEN_DOWN:
        raise UsageError(f"{word} is taken down", "nothing is left of it to hold or to release")
    if found is not None:
        return Target(blog=blog, entry=entry)
    if connection.execute(select(blogs.id).where(blogs.id == word)).first():
        return Target(blog=word, entry=None)
    if word.startswith(("https://", "http://")):
        return _addressed(connection, word)
    raise UsageError(
        f"there is no entry or blog {word!r}", "give BLOG/ID, a blog's id (see `stet status`), or its address"
    )


def _addressed(connection: Connection, url: str) -> Target:
    """By an entry's own address, or by a blog's; an address with another query or fragment means the same page."""
    found = _entries_of(connection, url)
    if not found and urldefrag(url).fragment:
        raise UsageError(f"there is no entry of the address {url}", "give BLOG/ID, or the page's address alone")
    found = found or _blogs_of(connection, url)
    if len(found) != 1:
        names = ", ".join(one.whole_id for one in found)
        raise UsageError(
            f"{len(found) or 'no'} entries or blogs have the address {url}" + (f": {names}" if found else ""),
            "give BLOG/ID or a blog's id",
        )
    return found[0]


def _entries_of(connection: Connection, url: str) -> list[Target]:
    """The entries of that very address; else those with its fragment on the same page."""
    entries = schema.entries.c
    query = select(entries.blog, entries.id, entries.url)
    rows = list(connection.execute(query.where(entries.url == url)))
    if not rows and (fragment := urldefrag(url).fragment):
        page = _page(url)
        alike = connection.execute(query.where(entries.url.endswith(f"#{fragment}", autoescape=True)))
        rows = [row for row in alike if _page(row.url) == page]
    return [Target(blog=row.blog, entry=row.id) for row in rows]


def _blogs_of(connection: Connection, url: str) -> list[Target]:
    """The blogs of that page, and those that are read from that address."""
    blogs, sources = schema.blogs.c, schema.sources.c
    page = _page(url)
    ids = [row.id for row in connection.execute(select(blogs.id, blogs.url)) if row.url and _page(row.url) == page]
    ids += connection.execute(select(sources.blog).where(sources.locator == url)).scalars()
    return [Target(blog=id_, entry=None) for id_ in dict.fromkeys(ids)]


def _page(url: str) -> tuple[str, str]:
    """Host and path of an address. Raises UsageError where it is none."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"{url!r} is no address: {error}", "give BLOG/ID or a blog's id") from None
    return (parts.hostname or "").lower(), parts.path.rstrip("/")


# ------------------------------------------------------------------------------------------------ hold, release


def hold(connection: Connection, word: str, until: datetime | None, now: datetime) -> tuple[Target, int]:
    """Hide an entry or a blog until then (None: until it is released); how many live entries that hides.

    Raises UsageError."""
    aimed = target(connection, word)
    value = schema.HELD_FOREVER if until is None else micros(until)
    if until is not None and until <= now:
        raise UsageError(f"--until {until.isoformat()} is past", "give a later time, or none")
    set_hold(connection, aimed, value)
    return aimed, announce_all(connection, aimed, "held", now)


def release(connection: Connection, word: str, now: datetime) -> tuple[Target, int]:
    """Show an entry or a blog again; how many live entries that shows. Raises UsageError where it is not held."""
    aimed = target(connection, word)
    row = connection.execute(_held(aimed)).one()
    if (row.held_until or 0) <= (micros(now) or 0):
        blog = connection.execute(_held(Target(blog=aimed.blog, entry=None))).one()
        hint = (
            f"its blog is: stet release {aimed.blog}"
            if (blog.held_until or 0) > (micros(now) or 0)
            else "nothing to do"
        )
        raise UsageError(f"{aimed.whole_id} is not held", hint)
    set_hold(connection, aimed, None)
    return aimed, announce_all(connection, aimed, "released", now)


def _held(aimed: Target) -> Any:
    entries, blogs = schema.entries.c, schema.blogs.c
    if aimed.entry is None:
        return select(blogs.held_until).where(blogs.id == aimed.blog)
    return select(entries.held_until).where(entries.blog == aimed.blog, entries.id == aimed.entry)


def set_hold(connection: Connection, aimed: Target, value: int | None) -> None:
    """Hold what is meant until `value`, in microseconds; None: not at all."""
    entries, blogs = schema.entries, schema.blogs
    if aimed.entry is None:
        connection.execute(update(blogs).where(blogs.c.id == aimed.blog).values(held_until=value))
    else:
        connection.execute(
            update(entries).where(entries.c.blog == aimed.blog, entries.c.id == aimed.entry).values(held_until=value)
        )


def announce_all(connection: Connection, aimed: Target, kind: str, now: datetime) -> int:
    """Give the change of every entry that is meant its number in the feed, of those that were deleted from their
    source, too: their words may stand in what was posted. How many live ones these are."""
    entries, changes = schema.entries.c, schema.changes
    counts = []
    for status in (Status.LIVE, Status.DELETED):
        meant = select(literal(micros(now)), entries.key, entries.current, literal(kind)).where(
            entries.blog == aimed.blog, entries.status == status
        )
        if aimed.entry is not None:
            meant = meant.where(entries.id == aimed.entry)
        columns = ["at", "entry", "version", "kind"]
        made = connection.execute(insert(changes).from_select(columns, meant.order_by(entries.key)))
        counts.append(made.rowcount)
    return counts[0]


def holds(connection: Connection, now: datetime) -> list[tuple[str, datetime | None]]:
    """Every blog and entry that is held at present, with the time until which, in its blog's zone (None: until it is
    released)."""
    entries, blogs = schema.entries.c, schema.blogs.c
    of_blogs = select(blogs.id.label("blog"), null().label("entry"), blogs.held_until, blogs.timezone)
    of_entries = select(entries.blog, entries.id.label("entry"), entries.held_until, blogs.timezone).join_from(
        schema.entries, schema.blogs, entries.blog == blogs.id
    )
    rows = [
        *connection.execute(of_blogs.where(blogs.held_until > micros(now))),
        *connection.execute(of_entries.where(entries.held_until > micros(now))),
    ]
    return sorted(
        (
            Target(blog=row.blog, entry=row.entry).whole_id,
            None
            if row.held_until >= schema.HELD_FOREVER
            else moment(row.held_until, zone(row.timezone) if row.timezone else UTC),
        )
        for row in rows
    )
