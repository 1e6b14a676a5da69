"""Take down, for good: an entry, or old versions of it, out of the tables, within the caller's transaction.

A take-down leaves the entry's row under a keyed id and a tombstone; every word of it goes. `erasing` does the rest.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from retrieval import phrase_index, schema
from retrieval.appending import announce
from retrieval.errors import UsageError
from retrieval.model import Cause, Status, digest
from retrieval.rows import chunks, micros, moment
from retrieval.tombstones import Marker, Tombstone, all_tombstones, lay
from retrieval.withholding import Target, announce_all, set_hold

TAKEN_DOWN_ID = "taken-down-"
_UNTIL_TAKEN_DOWN = schema.HELD_FOREVER + 1
"""`held_until` of an entry that a take-down hid: where the take-down fails, it stays hidden until it is released."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenDown:
    """A take-down: the entry's id from now on, and the versions that lost their words, by number and by key."""

    whole_id: str
    numbers: tuple[int, ...]
    versions: frozenset[int]


def hide(connection: Connection, whole_id: str, version: int | None, now: datetime) -> int | None:
    """Hide an entry that is to be taken down, or a version of it, until that is done; until when it was held before,
    as `held_until` says it. Raises UsageError where it cannot be taken down."""
    entry = _entry(connection, whole_id)
    _to_erase(connection, entry, version)
    held: int | None = entry.held_until
    if held is None or held < schema.HELD_FOREVER:
        aimed = Target(blog=entry.blog, entry=entry.id)
        set_hold(connection, aimed, _UNTIL_TAKEN_DOWN)
        announce_all(connection, aimed, "held", now)
    return None if held == _UNTIL_TAKEN_DOWN else held


def erasable(connection: Connection, whole_id: str, version: int | None) -> frozenset[int]:
    """The keys of the versions that a take-down would erase. Raises UsageError."""
    return frozenset(row.key for row in _to_erase(connection, _entry(connection, whole_id), version) if row.text)


def take_down(
    connection: Connection,
    whole_id: str,
    version: int | None,
    reason: str,
    by: str,
    marker: Marker,
    now: datetime,
    held_until: int | None = None,
) -> TakenDown:
    """Erase an entry, or the superseded versions of it that have one's words, from the tables; an entry that was
    hidden for that is held again as before, until `held_until`. Raises UsageError.

    The index's segments and the write-ahead log still hold bytes of it: the tombstones stay unfinished until they
    are gone."""
    entry = _entry(connection, whole_id)
    erased = _to_erase(connection, entry, version)
    if version is None:
        kept_id = _erase_entry(connection, entry, marker)
        lay(
            connection,
            entry=entry.key,
            version=None,
            reason=reason,
            by=by,
            now=now,
            marks=_marks(entry, erased, marker),
        )
        announce(connection, entry.key, entry.current, Cause.TAKEN_DOWN, now)
    else:
        kept_id = entry.id
        _hold_as_before(connection, entry, held_until, now)
        for row in erased:
            marks = {marker.markup(row.raw), marker.wording(entry.blog, row.title, row.text)}
            lay(connection, entry=entry.key, version=row.number, reason=reason, by=by, now=now, marks=marks)
            announce(connection, entry.key, row.number, Cause.TAKEN_DOWN, now)
    worded = [row for row in erased if row.cause not in (Cause.DELETED, Cause.TAKEN_DOWN)]
    phrase_index.forget(connection, [(row.key, row.title, row.text) for row in worded])
    _blank(connection, [row.key for row in erased])
    _erase_passages(connection, [row.key for row in erased])
    _forget_source(connection, entry.blog)
    return TakenDown(
        whole_id=f"{entry.blog}/{kept_id}",
        numbers=tuple(row.number for row in erased if row.text),
        versions=frozenset(row.key for row in erased),
    )


def gone(connection: Connection, slices: Collection[tuple[str, int]], marker: Marker) -> dict[tuple[str, int], str]:
    """Those of the versions, by whole id and number as they were before, that were taken down, or whose entries
    were; each with its entry's whole id from now on."""
    stones, marks, entries = schema.tombstones.c, schema.tombstone_marks.c, schema.entries.c
    whole = {
        row.mark: f"{row.blog}/{row.id}"
        for row in connection.execute(
            select(marks.mark, entries.blog, entries.id)
            .join_from(schema.tombstone_marks, schema.tombstones, marks.tombstone == stones.key)
            .join(schema.entries, stones.entry == entries.key)
            .where(stones.version.is_(None))
        )
    }
    single = {
        (f"{one.blog}/{one.entry}", one.version) for one in all_tombstones(connection) if one.version is not None
    }
    found = {}
    for whole_id, version in slices:
        blog, _, entry = whole_id.partition("/")
        if kept := whole.get(marker.id(blog, entry)):
            found[whole_id, version] = kept
        elif (whole_id, version) in single:
            found[whole_id, version] = whole_id
    return found


def finished(connection: Connection, tombstones: Sequence[int], now: datetime) -> None:
    """No byte is left of what these took down."""
    connection.execute(
        update(schema.tombstones).where(schema.tombstones.c.key.in_(tombstones)).values(erased=micros(now))
    )


def taken_down(connection: Connection, whole_id: str, marker: Marker) -> Tombstone | None:
    """The take-down of the whole entry that had this id, or has it; None where there is none."""
    blog, _, entry = whole_id.partition("/")
    marks, stones = schema.tombstone_marks.c, schema.tombstones.c
    key = connection.execute(
        select(stones.key)
        .join_from(schema.tombstones, schema.tombstone_marks, marks.tombstone == stones.key)
        .where(marks.mark == marker.id(blog, entry), stones.version.is_(None))
    ).scalar()
    for one in all_tombstones(connection):
        if one.version is None and (one.key == key or (one.blog, one.entry) == (blog, entry)):
            return one
    return None


def _entry(connection: Connection, whole_id: str) -> Row[Any]:
    blog, _, entry = whole_id.partition("/")
    row = connection.execute(
        select(schema.entries).where(schema.entries.c.blog == blog, schema.entries.c.id == entry)
    ).first()
    if row is None:
        raise UsageError(
            f"there is no entry {whole_id!r}", "find it first: stet find TEXT; an entry's id is written BLOG/ID"
        )
    if row.status == Status.TAKEN_DOWN:
        raise UsageError(f"{whole_id} is taken down already", "nothing is left of it")
    return row


def _to_erase(connection: Connection, entry: Row[Any], version: int | None) -> list[Row[Any]]:
    """The rows of an entry's versions, or of those superseded ones that have the words of one: the same title and
    text, or the markup that either was read from. Raises UsageError where the last version has them."""
    versions = schema.versions.c
    rows = list(
        connection.execute(select(schema.versions).where(versions.entry == entry.key).order_by(versions.number))
    )
    if version is None:
        return rows
    named = _one_version(rows, entry, version)
    found, words = {named.key: named}, set(_words_of(named))
    while more := [row for row in rows if row.key not in found and not words.isdisjoint(_words_of(row))]:
        for row in more:
            found[row.key] = row
            words.update(_words_of(row))
    if any(row.number == entry.current for row in found.values()):
        raise UsageError(
            f"version {entry.current}, the last one, has the words of version {version} of {entry.blog}/{entry.id}",
            "take the whole entry down, without --version",
        )
    return [row for row in rows if row.key in found]


def _words_of(row: Row[Any]) -> list[tuple[str, ...]]:
    """By what a version has the same words as another: its title and text, or its markup; nothing for one without."""
    if row.cause in (Cause.DELETED, Cause.TAKEN_DOWN):
        return []
    wording = ("wording", row.title or "", " ".join(row.text.split()))
    return [wording, ("markup", row.raw)] if row.raw else [wording]


def _one_version(rows: Sequence[Row[Any]], entry: Row[Any], number: int) -> Row[Any]:
    row = next((one for one in rows if one.number == number), None)
    if row is None or row.cause in (Cause.DELETED, Cause.TAKEN_DOWN):
        raise UsageError(
            f"{entry.blog}/{entry.id} has no version {number} with words",
            "see `stet show --versions` for its versions",
        )
    if number == entry.current:
        raise UsageError(
            f"version {number} of {entry.blog}/{entry.id} is its last one",
            "take the whole entry down, without --version",
        )
    return row


def _erase_entry(connection: Connection, entry: Row[Any], marker: Marker) -> str:
    """Leave the entry's row without a word of the source's: its own id may be made of its title."""
    kept = TAKEN_DOWN_ID + marker.id(entry.blog, entry.id).hex()[:16] if entry.own_id else str(entry.id)
    connection.execute(
        update(schema.entries)
        .where(schema.entries.c.key == entry.key)
        .values(id=kept, url=None, status=Status.TAKEN_DOWN, held_until=None)
    )
    return kept


def _blank(connection: Connection, version_keys: Sequence[int]) -> None:
    """Leave the numbers of versions, without a word."""
    for chunk in chunks(version_keys):
        connection.execute(
            update(schema.versions)
            .where(schema.versions.c.key.in_(chunk))
            .values(title=None, author=None, text="", sha256=digest(""), raw="", cause=Cause.TAKEN_DOWN)
        )


def _marks(entry: Row[Any], erased: Sequence[Row[Any]], marker: Marker) -> set[bytes]:
    """By what an entry is known again: its id, its minute, and every markup and longer text that it had."""
    marks = {marker.id(entry.blog, entry.id), marker.minute(entry.blog, moment(entry.posted))}
    for row in erased:
        if row.text:
            marks |= {marker.markup(row.raw), *marker.words(row.text)}
    return marks


def _hold_as_before(connection: Connection, entry: Row[Any], held_until: int | None, now: datetime) -> None:
    if entry.held_until != _UNTIL_TAKEN_DOWN:
        return
    aimed = Target(blog=entry.blog, entry=entry.id)
    set_hold(connection, aimed, held_until)
    if (held_until or 0) <= (micros(now) or 0):
        announce_all(connection, aimed, "released", now)


def _erase_passages(connection: Connection, version_keys: Sequence[int]) -> None:
    """Forget the versions' passages, and all encodings that no passage has: some may be of words that were cut
    otherwise before, or that an indexing stopped over."""
    passages, encodings = schema.passages.c, schema.encodings.c
    for chunk in chunks(version_keys):
        connection.execute(delete(schema.passages).where(passages.version.in_(chunk)))
    connection.execute(delete(schema.encodings).where(~exists().where(passages.digest == encodings.digest)))


def _forget_source(connection: Connection, blog: str) -> None:
    """Keep no digest of the document, which holds the erased words: it is not keyed, and could be guessed from."""
    sources = schema.sources
    connection.execute(update(sources).where(sources.c.blog == blog).values(sha256="", etag=None))
