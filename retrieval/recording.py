"""One read source → entries, versions and changes of the archive, in one transaction."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update

from retrieval import schema
from retrieval.appending import add_entries, announce, delete_entry, publish, utc_offset
from retrieval.errors import SourceRefused
from retrieval.matching import assign_ids
from retrieval.model import Cause, Listing, ReadBlog, ReadEntry, Refusal, Status
from retrieval.registering import Kept, claim, has_tombstone, keep
from retrieval.rows import Source, micros, moment, to_known, worded_entries
from retrieval.tombstones import Tombstones

_MOST_DELETED = 0.2
"""The share of a blog's entries that one reading may delete; above it the source is more likely broken than the
entries gone."""
_KEPT_ID = "its id is what is kept of an entry that was taken down: it would have to have another"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """What recording one source changed, in entries. An entry that came back counts as added."""

    blog: str
    added: int
    edited: int
    unchanged: int
    deleted: int = 0
    new: bool = field(default=False, compare=False)
    """The blog itself was not there before."""
    refused: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()


class _Became(Enum):
    """What became of a read entry. One that is withheld and stored stays as it is, so it is unchanged."""

    ADDED = auto()
    EDITED = auto()
    UNCHANGED = auto()
    WITHHELD = auto()
    REFUSED = auto()


def record(
    connection: Connection,
    *,
    blog_id: str,
    default_title: str,
    source: Source,
    read: ReadBlog,
    now: datetime,
    may_retime: bool,
    accept_deletions: bool,
    folder: Path,
) -> Recorded:
    """Take a read source into the archive, within the caller's transaction.

    Unchanged entries make no version; changed markup makes an edit; unchanged markup that we now read otherwise
    makes a re-reading; what the listing proves gone makes a deletion, unless this source takes the blog over; what
    was taken down is left out. Raises SourceRefused where another source owns the blog, or another live blog stands
    there now; where unchanged markup would get another time and none was said (`may_retime` is false); and where
    over a fifth of the blog would be deleted, unless that is accepted. `folder` is the archive's.
    """
    known = list(connection.execute(worded_entries(blog_id)))
    kept_ids = _ids_taken_down(connection, blog_id)
    tombstones = Tombstones(connection, folder)
    down = [tombstones.hold(blog_id, entry) for entry in read.entries]
    ids = _ids(read, down, known, kept_ids)
    taken_down = any(down) and has_tombstone(connection, blog_id)
    owner = claim(connection, blog_id, source, read, known, ids, taken_down=taken_down)
    gone = [] if owner else _gone(read, known, ids)
    _refuse_many(blog_id, gone, known, accept_deletions)
    kept = keep(connection, blog_id, default_title, source, read, now)
    rows = {row.id: row for row in known}
    became: Counter[_Became] = Counter()
    new: list[tuple[str, ReadEntry]] = []
    refused: list[Refusal] = []
    warnings = _of_source(blog_id, owner, source, kept)
    for entry, entry_id, is_down in zip(read.entries, ids, down, strict=True):
        row = rows.get(entry_id)
        if withheld := _withheld(tombstones, blog_id, entry, row, is_down):
            warnings.append(withheld)
            became[_leave(connection, row, entry, now, is_down)] += 1
        elif row is not None:
            became[_renew(connection, row, _as_published(entry, row), now, may_retime)] += 1
        elif entry_id is None or entry_id in kept_ids:
            refused.append(Refusal(entry=str(entry_id), reason=_KEPT_ID))
            became[_Became.REFUSED] += 1
        else:
            new.append((entry_id, entry))
            became[_Became.ADDED] += 1
    add_entries(connection, blog_id, new, now)
    for row in gone:
        delete_entry(connection, row.key, now)
    return Recorded(
        blog=blog_id,
        added=became[_Became.ADDED],
        edited=became[_Became.EDITED],
        deleted=len(gone),
        unchanged=became[_Became.UNCHANGED],
        new=kept.new,
        refused=tuple(refused),
        warnings=tuple(warnings),
    )


def record_gone(connection: Connection, blog_id: str, source: Source, now: datetime) -> Recorded:
    """The blog's source is gone for good: every live entry of it is deleted, within the caller's transaction."""
    entries = schema.entries.c
    live = connection.execute(
        select(entries.key).where(entries.blog == blog_id, entries.status == Status.LIVE)
    ).scalars()
    keys = list(live)
    for key in keys:
        delete_entry(connection, key, now)
    connection.execute(
        update(schema.sources).where(schema.sources.c.blog == blog_id).values(read=micros(source.read_at))
    )
    return Recorded(blog=blog_id, added=0, edited=0, deleted=len(keys), unchanged=0)


def _of_source(blog_id: str, owner: str | None, source: Source, kept: Kept) -> list[str]:
    """What is to be known of the blog's source and of the blog itself."""
    warnings = []
    if owner:
        warnings.append(
            f"it was read from {owner} and is read from {source.locator} from now on; this time, nothing "
            "that the new source lacks was deleted"
        )
    if kept.held:
        warnings.append("it is held back, as a blog that was read from the same place before is")
    return warnings


def _gone(read: ReadBlog, known: Sequence[Row[Any]], ids: Collection[str | None]) -> list[Row[Any]]:
    """The live entries that the source calls deleted, or that its listing lacks and would hold."""
    listed, said, (after, before) = set(ids), set(read.deleted), _reach(read)
    return [
        row
        for row in known
        if row.status == Status.LIVE and row.id not in listed and (row.id in said or after < row.posted < before)
    ]


def _reach(read: ReadBlog) -> tuple[float, float]:
    """After and before which moments (microseconds) a reading would list every entry. One that refused some proves
    nothing: they may be there."""
    if read.refused or not read.entries or read.listing is Listing.PART:
        return math.inf, -math.inf
    times = [micros(entry.posted_at) or 0 for entry in read.entries]
    after = -math.inf if read.listing is Listing.WHOLE else min(times)
    return after, max(times) if read.listing is Listing.BETWEEN else math.inf


def _refuse_many(blog_id: str, gone: Sequence[object], known: Sequence[Row[Any]], accepted: bool) -> None:
    live = sum(row.status == Status.LIVE for row in known)
    if gone and not accepted and len(gone) > _MOST_DELETED * live:
        raise SourceRefused(
            f"{len(gone)} of the {live} entries of the blog {blog_id} are gone from its source: nothing was recorded",
            "if they are really deleted, run the same command with --accept-deletions",
        )


def _withheld(
    tombstones: Tombstones, blog_id: str, entry: ReadEntry, row: Row[Any] | None, is_down: bool
) -> str | None:
    """Why a read entry is left out: it was taken down, or may be what was. None where nothing speaks against it."""
    where = f"the entry of {entry.posted_at.isoformat()}"
    if is_down:
        return f"{where} was taken down and stands in the source still; it was not recorded"
    if row is not None:
        if not tombstones.hold_version(row.key, blog_id, entry):
            return None
        return f"{row.id}: its wording was taken down and stands in the source again; it was not recorded"
    if entry.id is None and tombstones.hold_minute(blog_id, entry):
        return (
            f"{where} was not recorded: one of that minute was taken down, and without an id of its own "
            "this may be the same, corrected; if it is another, give the source as NDJSON with ids"
        )
    return None


def _leave(connection: Connection, row: Row[Any] | None, entry: ReadEntry, now: datetime, is_down: bool) -> _Became:
    """Keep a withheld wording out. A stored entry of which it is one takes its time and address and stands on with
    its last wording that may be shown; of what `is_down` whole, the address may tell as much as the words."""
    if row is None:
        return _Became.WITHHELD
    retimed = _keep_place(connection, row, replace(entry, url=row.url) if is_down else entry)
    if row.status == Status.DELETED:
        edited = None if row.edited is None else moment(row.edited)
        last = replace(entry, title=row.title, author=row.author, text=row.text, raw=row.raw, edited_at=edited)
        publish(connection, row.key, last, Cause.REVIVED, now)
        return _Became.ADDED
    if retimed:
        announce(connection, row.key, row.number, "retimed", now)
    return _Became.UNCHANGED


def _ids_taken_down(connection: Connection, blog_id: str) -> set[str]:
    """The ids under which rows are kept of which nothing else is left."""
    entries = schema.entries.c
    query = select(entries.id).where(entries.blog == blog_id, entries.status == Status.TAKEN_DOWN)
    return set(connection.execute(query).scalars())


def _ids(
    read: ReadBlog, down: Sequence[bool], known: Sequence[Row[Any]], kept_ids: Collection[str]
) -> list[str | None]:
    """Each read entry's id: its own, or matched among the stored ones of the same minute. What was taken down is
    matched with nothing, lest it be taken for an edit of its neighbour."""
    made = [to_known(row, None) for row in known if not row.own_id]
    own = {entry.id for entry in read.entries if entry.id is not None} | {row.id for row in known if row.own_id}
    without = [entry for entry, is_down in zip(read.entries, down, strict=True) if entry.id is None and not is_down]
    assigned = iter(assign_ids(without, made, own.union(kept_ids)))
    return [
        next(assigned) if entry.id is None and not is_down else entry.id
        for entry, is_down in zip(read.entries, down, strict=True)
    ]


def _refuse_retiming(row: Row[Any], entry: ReadEntry) -> None:
    if micros(entry.posted_at) != row.posted:
        held = moment(row.posted, entry.posted_at.tzinfo or UTC)
        raise SourceRefused(
            f"the entry {row.id} is unchanged and stored as of {held.isoformat()}, but would be read as of "
            f"{entry.posted_at.isoformat()} now",
            "if the stored time is wrong, give the oldest entry's day with --date",
        )


def _as_published(entry: ReadEntry, row: Row[Any]) -> ReadEntry:
    """An entry of which an edit alone is told keeps the publication that is stored, if that is earlier."""
    if not entry.published_by_then or row.posted >= (micros(entry.posted_at) or 0):
        return entry
    return replace(entry, posted_at=moment(row.posted), edited_at=entry.edited_at or entry.posted_at)


def _renew(connection: Connection, row: Row[Any], entry: ReadEntry, now: datetime, may_retime: bool) -> _Became:
    """Bring a stored entry up to what was read."""
    if not may_retime and entry.raw == row.raw:
        _refuse_retiming(row, entry)
    if row.status == Status.DELETED:
        _keep_place(connection, row, entry)
        publish(connection, row.key, entry, Cause.REVIVED, now)
        return _Became.ADDED
    return _Became.EDITED if _revise(connection, row, entry, now) else _Became.UNCHANGED


def _revise(connection: Connection, row: Row[Any], entry: ReadEntry, now: datetime) -> bool:
    """Append a version where the entry changed; whether the source edited it, and not only our reading."""
    retimed = _keep_place(connection, row, entry)
    if (entry.title, entry.author, entry.text) == (row.title, row.author, row.text):
        _learn(connection, row, entry)
        if retimed:
            announce(connection, row.key, row.number, "retimed", now)
        return retimed and entry.raw != row.raw
    cause = Cause.REREAD if entry.raw == row.raw else Cause.EDITED
    publish(connection, row.key, entry, cause, now)
    return cause is Cause.EDITED


def _learn(connection: Connection, row: Row[Any], entry: ReadEntry) -> None:
    """Keep what is new of a version whose words are the same: its markup, so that a later, better reading of it is
    no edit either, and an edit time that was not told before."""
    learnt: dict[str, object] = {}
    if entry.raw != row.raw:
        learnt["raw"] = entry.raw
    if row.edited is None and entry.edited_at is not None:
        learnt["edited"] = micros(entry.edited_at)
    if learnt:
        connection.execute(update(schema.versions).where(schema.versions.c.key == row.version_key).values(**learnt))


def _keep_place(connection: Connection, row: Row[Any], entry: ReadEntry) -> bool:
    """The entry's time and address, where they changed: they are the entry's, not a version's. Whether the time
    did."""
    retimed: bool = micros(entry.posted_at) != row.posted
    if retimed or entry.url != row.url:
        connection.execute(
            update(schema.entries)
            .where(schema.entries.c.key == row.key)
            .values(posted=micros(entry.posted_at), utc_offset=utc_offset(entry), url=entry.url)
        )
    return retimed
