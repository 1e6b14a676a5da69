"""Take-downs and holds carried from one archive into another, within the caller's transaction.

A backup that was made before a take-down still holds the words. Before it takes the archive's place, the same entries
and versions are erased from it, and what was taken down stays known, so that no later reading brings it back. What is
held back at present is held there, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import phrase_index, schema
from retrieval.appending import announce, delete_entry, next_number
from retrieval.errors import UsageError
from retrieval.model import Cause, Status, digest
from retrieval.rows import micros, moment
from retrieval.takedown import erasable, take_down
from retrieval.tombstones import Marker, lay
from retrieval.withholding import Target, announce_all, set_hold

NEVER_HELD = 0
"""The number in a tombstone of a wording that the archive never had a version of: they are numbered from 1."""

_Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Stone:
    """A take-down with all that is needed to repeat it elsewhere: its blog's and entry's rows, and of one version
    alone (`version` is its number) the entry's last wording, which stays."""

    blog: _Values
    entry: _Values
    wording: _Values
    version: int | None
    reason: str
    by: str
    at: datetime
    marks: frozenset[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Withheld:
    """What an archive withholds: take-downs, the first one first; holds, with the moment until which (microseconds);
    and which entries it has the words of, by blog and id."""

    stones: tuple[Stone, ...] = ()
    holds: tuple[tuple[Target, int], ...] = ()
    worded: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """How many take-downs and holds an archive did not have, and has now."""

    takedowns: int = 0
    holds: int = 0


def withheld(connection: Connection, now: datetime) -> Withheld:
    """What an archive withholds at present."""
    entries, blogs, stones = schema.entries.c, schema.blogs.c, schema.tombstones.c
    of_blogs = select(blogs.id, blogs.held_until).where(blogs.held_until > micros(now))
    of_entries = select(entries.blog, entries.id, entries.held_until).where(entries.held_until > micros(now))
    worded = select(entries.blog, entries.id).where(entries.status != Status.TAKEN_DOWN)
    return Withheld(
        stones=tuple(
            _stone(connection, row) for row in connection.execute(select(schema.tombstones).order_by(stones.key))
        ),
        holds=(
            *((Target(blog=row.id, entry=None), row.held_until) for row in connection.execute(of_blogs)),
            *((Target(blog=row.blog, entry=row.id), row.held_until) for row in connection.execute(of_entries)),
        ),
        worded=frozenset((row.blog, row.id) for row in connection.execute(worded)),
    )


def _stone(connection: Connection, row: Row[Any]) -> Stone:
    entries, versions = schema.entries.c, schema.versions.c
    entry = connection.execute(select(schema.entries).where(entries.key == row.entry)).one()
    blog = connection.execute(select(schema.blogs).where(schema.blogs.c.id == entry.blog)).one()
    last = connection.execute(
        select(schema.versions).where(versions.entry == entry.key, versions.number == entry.current)
    ).one()
    return Stone(
        blog=dict(blog._mapping),
        entry=_without(entry, "key"),
        wording=_without(last, "key", "entry", "number"),
        version=row.version,
        reason=row.reason,
        by=row.by,
        at=moment(row.at),
        marks=_marks_of(connection, row.key),
    )


def _without(row: Row[Any], *names: str) -> _Values:
    return {name: value for name, value in row._mapping.items() if name not in names}


def _marks_of(connection: Connection, tombstone: int) -> frozenset[bytes]:
    marks = schema.tombstone_marks.c
    return frozenset(connection.execute(select(marks.mark).where(marks.tombstone == tombstone)).scalars())


def is_key_of(connection: Connection, marker: Marker) -> bool:
    """Whether an archive's take-downs may have been marked with a key: of each whole entry's, the minute is marked,
    and is known. Where only old versions were taken down, it cannot be told."""
    stones, entries = schema.tombstones.c, schema.entries.c
    whole = connection.execute(
        select(entries.blog, entries.posted, stones.key)
        .join_from(schema.tombstones, schema.entries, stones.entry == entries.key)
        .where(stones.version.is_(None))
    ).all()
    return not whole or any(
        marker.minute(row.blog, moment(row.posted)) in _marks_of(connection, row.key) for row in whole
    )


# ------------------------------------------------------------------------------------------------ carrying


def carry(connection: Connection, found: Withheld, marker: Marker | None, now: datetime) -> Carried:
    """Take down and hold back in this archive what the other one does; both have the one `marker`, None where neither
    has a take-down. The erasing is left unfinished, as by every take-down."""
    carried: list[Stone] = []
    if marker is not None:
        known = {marker.id(row.blog, row.id): f"{row.blog}/{row.id}" for row in _worded_entries(connection)}
        for stone in found.stones:
            if stone.version is None and _carry_whole(connection, stone, known, marker):
                carried.append(stone)
        _take_down_copies(connection, carried, found.worded, marker)
        for stone in found.stones:
            if stone.version is not None and _carry_version(connection, stone, marker, now):
                carried.append(stone)
    holds = sum(_carry_hold(connection, aimed, until, now) for aimed, until in found.holds)
    return Carried(takedowns=len(carried), holds=holds)


def _worded_entries(connection: Connection) -> list[Row[Any]]:
    entries = schema.entries.c
    return list(connection.execute(select(entries.blog, entries.id).where(entries.status != Status.TAKEN_DOWN)))


def _carry_whole(connection: Connection, stone: Stone, known: dict[bytes, str], marker: Marker) -> bool:
    """Take the same entry down, by its id's mark; where there is none, keep what it is known again by. Whether it was
    not down already."""
    same = next((known.pop(mark) for mark in stone.marks if mark in known), None)
    if same is not None:
        _repeat(connection, same, None, stone, marker)
        return True
    key = _key_of(connection, stone)
    if key is not None:
        for laid in _tombstones(connection, key, whole=True):
            _add_marks(connection, laid, stone.marks)
        return False
    blank = {"title": None, "author": None, "text": "", "sha256": digest(""), "raw": "", "cause": Cause.TAKEN_DOWN}
    key = _add_entry(connection, stone, {**stone.wording, **blank}, Status.TAKEN_DOWN)
    _lay(connection, key, None, stone)
    return True


def _take_down_copies(
    connection: Connection, carried: Iterable[Stone], elsewhere: Collection[tuple[str, str]], marker: Marker
) -> None:
    """Take down what has the markup or the words of what was carried, under another id, unless the other archive has
    that entry still: had it been read after the take-down, it would not have been recorded."""
    marked = {mark: stone for stone in carried for mark in stone.marks}
    if not marked:
        return
    entries, versions = schema.entries.c, schema.versions.c
    rows = connection.execute(
        select(entries.blog, entries.id, versions.raw, versions.text)
        .join_from(schema.versions, schema.entries, versions.entry == entries.key)
        .where(entries.status != Status.TAKEN_DOWN, versions.text != "")
    )
    copies: dict[str, Stone] = {}
    for row in rows:
        marks = marker.words(row.text) | ({marker.markup(row.raw)} if row.raw else set())
        if (row.blog, row.id) not in elsewhere and (same := marks & marked.keys()):
            copies[f"{row.blog}/{row.id}"] = marked[min(same)]
    for whole_id, stone in copies.items():
        take_down(connection, whole_id, None, stone.reason, stone.by, marker, stone.at)


def _carry_version(connection: Connection, stone: Stone, marker: Marker, now: datetime) -> bool:
    """Take down every version of the same entry that has the words of what was taken down; where there is none, keep
    what it is known again by. Whether that was not so already."""
    key = _key_of(connection, stone)
    if key is None:
        if _is_down(connection, marker.id(stone.entry["blog"], stone.entry["id"])):
            return False
        # not shown until its source is read, and then without the wording that was taken down
        key = _add_entry(connection, stone, stone.wording, Status.LIVE)
        delete_entry(connection, key, now)
    if any(stone.marks <= _marks_of(connection, laid) for laid in _tombstones(connection, key, whole=False)):
        return False
    numbers = list(_numbers_with(connection, key, stone, marker))
    if not numbers:
        _lay(connection, key, NEVER_HELD, stone)
    for number in numbers:
        _erase_version(connection, key, number, stone, marker)
    return True


def _numbers_with(connection: Connection, key: int, stone: Stone, marker: Marker) -> Iterator[int]:
    """The entry's versions that have the markup or the wording of what was taken down."""
    versions = schema.versions.c
    for row in connection.execute(select(schema.versions).where(versions.entry == key, versions.text != "")).all():
        marks = {marker.wording(stone.entry["blog"], row.title, row.text)}
        if row.raw:
            marks.add(marker.markup(row.raw))
        if not marks.isdisjoint(stone.marks):
            yield row.number


def _erase_version(connection: Connection, key: int, number: int, stone: Stone, marker: Marker) -> None:
    """Erase a version, unless it went with another; the last wording gives way to the other archive's last one."""
    entry = connection.execute(select(schema.entries).where(schema.entries.c.key == key)).one()
    versions = schema.versions.c
    words = connection.execute(select(versions.text).where(versions.entry == key, versions.number == number)).scalar()
    if not words:
        return
    whole_id = f"{entry.blog}/{entry.id}"
    try:
        erasable(connection, whole_id, number)
    except UsageError:
        wording = {**stone.wording, "cause": Cause.EDITED}
        _add_version(connection, key, next_number(connection, key), wording)
    try:
        _repeat(connection, whole_id, number, stone, marker, entry.held_until)
    except UsageError:  # the other archive's last wording shares words with it: nothing is left that may be shown
        _repeat(connection, whole_id, None, stone, marker)


def _repeat(
    connection: Connection,
    whole_id: str,
    version: int | None,
    stone: Stone,
    marker: Marker,
    held_until: int | None = None,
) -> None:
    """The same take-down, here; what it is known again by there, it is here, too."""
    last = connection.execute(select(func.max(schema.tombstones.c.key))).scalar() or 0
    take_down(connection, whole_id, version, stone.reason, stone.by, marker, stone.at, held_until)
    stones = schema.tombstones.c
    for laid in connection.execute(select(stones.key).where(stones.key > last)).scalars().all():
        _add_marks(connection, laid, stone.marks)


def _carry_hold(connection: Connection, aimed: Target, until: int, now: datetime) -> bool:
    """Hold what is held elsewhere at least as long; whether it is there and was not."""
    entries, blogs = schema.entries.c, schema.blogs.c
    if aimed.entry is None:
        query = select(blogs.held_until).where(blogs.id == aimed.blog)
    else:
        query = select(entries.held_until).where(
            entries.blog == aimed.blog, entries.id == aimed.entry, entries.status != Status.TAKEN_DOWN
        )
    row = connection.execute(query).first()
    if row is None or (row.held_until or 0) >= until:
        return False
    set_hold(connection, aimed, until)
    announce_all(connection, aimed, "held", now)
    return True


# ------------------------------------------------------------------------------------------------ rows


def _key_of(connection: Connection, stone: Stone) -> int | None:
    """The entry of the same blog and id as in the other archive; of one that is down, what stands in place of it."""
    entries = schema.entries.c
    return connection.execute(
        select(entries.key).where(entries.blog == stone.entry["blog"], entries.id == stone.entry["id"])
    ).scalar()


def _is_down(connection: Connection, mark: bytes) -> bool:
    """Whether a whole entry was taken down that has this mark."""
    stones, marks = schema.tombstones.c, schema.tombstone_marks.c
    query = select(marks.mark).join_from(schema.tombstones, schema.tombstone_marks, marks.tombstone == stones.key)
    return connection.execute(query.where(marks.mark == mark, stones.version.is_(None))).first() is not None


def _tombstones(connection: Connection, entry: int, *, whole: bool) -> list[int]:
    stones = schema.tombstones.c
    kind = stones.version.is_(None) if whole else stones.version.is_not(None)
    return list(connection.execute(select(stones.key).where(stones.entry == entry, kind)).scalars())


def _lay(connection: Connection, entry: int, version: int | None, stone: Stone) -> None:
    lay(
        connection,
        entry=entry,
        version=version,
        reason=stone.reason,
        by=stone.by,
        now=stone.at,
        marks=stone.marks,
    )


def _add_marks(connection: Connection, tombstone: int, marks: Collection[bytes]) -> None:
    rows = [{"tombstone": tombstone, "mark": mark} for mark in sorted(marks)]
    connection.execute(upsert(schema.tombstone_marks).on_conflict_do_nothing(), rows)


def _add_entry(connection: Connection, stone: Stone, wording: _Values, status: Status) -> int:
    """Add an entry that this archive lacks, with one version; and its blog, where that is not there either."""
    connection.execute(upsert(schema.blogs).values(**stone.blog).on_conflict_do_nothing())
    values = {**stone.entry, "status": status, "current": 1, "held_until": None}
    key: int = connection.execute(
        insert(schema.entries).values(**values).returning(schema.entries.c.key)
    ).scalar_one()
    _add_version(connection, key, 1, wording)
    return key


def _add_version(connection: Connection, key: int, number: int, wording: _Values) -> None:
    """Append a wording of the other archive's and make it the last one."""
    version: int = connection.execute(
        insert(schema.versions).values(entry=key, number=number, **wording).returning(schema.versions.c.key)
    ).scalar_one()
    if wording["text"] or wording["title"]:
        phrase_index.keep(connection, [(version, wording["title"], wording["text"])])
    connection.execute(update(schema.entries).where(schema.entries.c.key == key).values(current=number))
    announce(connection, key, number, wording["cause"], moment(wording["seen"]))
