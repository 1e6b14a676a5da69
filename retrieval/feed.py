"""The numbered feed of changes: what happened to which entry, read from a cursor.

A change is numbered within the transaction that makes it, and transactions that write go one after the other, so
whoever has read up to a number misses nothing by asking for what comes after it. What happens without a transaction
is not in the feed: a hold or an embargo that ends by itself, and what the admin says anew of a blog's visibility.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, select

from retrieval import schema
from retrieval.rows import moment


class Kind(StrEnum):
    """What a change may be; `Change.version` says which version it is about."""

    PUBLISHED = "published"  # a new entry: its first version
    EDITED = "edited"  # the source changed it: a new version
    REREAD = "reread"  # our reading of it improved: a new version, but no edit, and nobody is told
    DELETED = "deleted"  # gone from its source: a new version, without words
    REVIVED = "revived"  # the source has it again: a new version
    RETIMED = "retimed"  # its time of publication is another one; no new version
    HELD = "held"  # a live one, hidden by the admin, itself or with its blog, or to be taken down; no new version
    RELEASED = "released"  # shown again; no new version
    TAKEN_DOWN = "taken_down"  # erased: the whole entry where the version is its last wording, else that one alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change: its number, when it was recorded (UTC), the entry's whole id as it is now (of one that was taken
    down, no longer what it was), the number of the version, and the kind, one of `Kind`."""

    number: int
    at: datetime
    entry: str
    version: int
    kind: str


def changes_after(connection: Connection, number: int, limit: int) -> list[Change]:
    """The changes after a number, in order, at most so many; none where there is no newer one. It costs as much as
    it finds: the number is the table's key. Raises ValueError where the limit is less than 1."""
    if limit < 1:
        raise ValueError(f"{limit} changes cannot be read: 1 is the least")
    changes, entries = schema.changes.c, schema.entries.c
    query = (
        select(changes.number, changes.at, changes.version, changes.kind, entries.blog, entries.id)
        .join_from(schema.changes, schema.entries, changes.entry == entries.key)
        .where(changes.number > number)
        .order_by(changes.number)
        .limit(limit)
    )
    return [
        Change(number=row.number, at=moment(row.at), entry=f"{row.blog}/{row.id}", version=row.version, kind=row.kind)
        for row in connection.execute(query)
    ]
