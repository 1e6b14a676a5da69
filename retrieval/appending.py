"""Entries and their wordings → rows. Versions are only ever appended; a deletion is one, without words. Every change
gets its number in the feed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, func, insert, select, update

from retrieval import phrase_index, schema
from retrieval.model import Cause, ReadEntry, Status, digest
from retrieval.rows import chunks, micros


@dataclass(frozen=True, slots=True)
class _Wording:
    """A wording of an entry, by the entry's key, and its number."""

    entry: int
    number: int
    read: ReadEntry


def add_entries(connection: Connection, blog_id: str, new: Sequence[tuple[str, ReadEntry]], now: datetime) -> None:
    """Record entries with their ids, hundreds at once: one by one each took 2 ms."""
    for some in chunks(new):
        rows = [
            {
                "blog": blog_id,
                "id": entry_id,
                "own_id": entry.id is not None,
                "posted": micros(entry.posted_at),
                "utc_offset": utc_offset(entry),
                "url": entry.url,
                "status": Status.LIVE,
                "current": 1,
            }
            for entry_id, entry in some
        ]
        keys = _inserted(connection, schema.entries, rows)
        first = [_Wording(key, 1, entry) for key, (_, entry) in zip(keys, some, strict=True)]
        _append(connection, first, Cause.PUBLISHED, now)


def utc_offset(entry: ReadEntry) -> int:
    """Of the time as the source printed it, in seconds."""
    return int((entry.posted_at.utcoffset() or timedelta()).total_seconds())


def _inserted(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> Sequence[int]:
    """The keys of new rows, in their order."""
    query = insert(table).returning(table.c.key, sort_by_parameter_order=True)
    return connection.execute(query, rows).scalars().all()


def publish(connection: Connection, entry_key: int, entry: ReadEntry, cause: Cause, now: datetime) -> None:
    """Append a further wording and make it the one in force."""
    number = next_number(connection, entry_key)
    _append(connection, [_Wording(entry_key, number, entry)], cause, now)
    connection.execute(
        update(schema.entries).where(schema.entries.c.key == entry_key).values(current=number, status=Status.LIVE)
    )


def delete_entry(connection: Connection, entry_key: int, now: datetime) -> None:
    """Append a version without words: the source no longer has the entry. Its last wording stays the current one."""
    number = next_number(connection, entry_key)
    connection.execute(
        insert(schema.versions).values(
            entry=entry_key,
            number=number,
            text="",
            sha256=digest(""),
            raw="",
            seen=micros(now),
            cause=Cause.DELETED,
        )
    )
    connection.execute(update(schema.entries).where(schema.entries.c.key == entry_key).values(status=Status.DELETED))
    announce(connection, entry_key, number, Cause.DELETED, now)


def next_number(connection: Connection, entry_key: int) -> int:
    """The number of an entry's next version."""
    versions = schema.versions.c
    last = connection.execute(select(func.max(versions.number)).where(versions.entry == entry_key)).scalar()
    return (last or 0) + 1


def _append(connection: Connection, wordings: Sequence[_Wording], cause: Cause, now: datetime) -> None:
    """Keep wordings of entries, and announce them."""
    rows = [
        {
            "entry": one.entry,
            "number": one.number,
            "title": one.read.title,
            "author": one.read.author,
            "text": one.read.text,
            "sha256": digest(one.read.text),
            "raw": one.read.raw,
            "edited": micros(one.read.edited_at),
            "seen": micros(now),
            "cause": cause,
        }
        for one in wordings
    ]
    keys = _inserted(connection, schema.versions, rows)
    phrase_index.keep(
        connection, [(key, one.read.title, one.read.text) for key, one in zip(keys, wordings, strict=True)]
    )
    connection.execute(
        insert(schema.changes),
        [{"at": micros(now), "entry": one.entry, "version": one.number, "kind": cause} for one in wordings],
    )


def announce(connection: Connection, entry_key: int, number: int, kind: str, now: datetime) -> None:
    """Give a change of an entry its number in the feed."""
    connection.execute(insert(schema.changes).values(at=micros(now), entry=entry_key, version=number, kind=kind))
