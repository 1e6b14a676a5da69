"""What the index keeps in the archive of record and asks of it: passages, how they were encoded, and which versions
count, now or before.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select, delete, exists, insert, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import schema
from retrieval.clock import microseconds
from retrieval.database import mapped
from retrieval.history import Past, Wording, past
from retrieval.model import Blog, Cause, Status, Version
from retrieval.rows import all_blogs, all_versions, chunks, micros, to_version, versions_by_key
from retrieval.stamping import Stamp, Stamping

HOLDS = ("held", "released")
"""The kinds of change that touch no wording."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptPassage:
    """A passage of a version, `[start, end)`; where the stretch begins in which it is encoded, and the digest of all
    that is encoded of that."""

    start: int
    end: int
    stretch: int
    digest: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptEncoding:
    """How a stretch was encoded, as bytes: its passages' vectors (float32), its tokens' (a byte a number), and each
    token's passage (int32); all little endian."""

    vectors: bytes
    tokens: bytes
    owners: bytes


class IndexRecords:
    """The part of a store that serves the index."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._stamping = Stamping(path, engine)

    # ---------------------------------------------------------------- passages

    def keep_passages(self, model: str, kept: Mapping[int, Sequence[KeptPassage]]) -> None:
        """Keep the passages of versions by key, in place of those kept before, for a model's fingerprint."""
        columns = schema.passages.c
        with mapped(self.path), self._writing() as connection:
            for chunk in chunks(kept):
                connection.execute(delete(schema.passages).where(columns.model == model, columns.version.in_(chunk)))
            for rows in chunks(
                {"model": model, "version": key, **asdict(one)} for key, passages in kept.items() for one in passages
            ):
                connection.execute(insert(schema.passages), rows)

    def versions_without_passages(self, model: str, since_change: int = 0) -> Iterator[Version]:
        """Every version that has words and no passage kept for a model's fingerprint, superseded ones too, of the
        entries that changed after that number of the feed: to look through all of a large archive takes a second."""
        versions, columns = schema.versions.c, schema.passages.c
        held = exists().where(columns.model == model, columns.version == versions.key)
        query = all_versions().where(versions.text != "", ~held)
        return self._each(query.where(_changed(since_change)) if since_change else query)

    def every_version(self) -> Iterator[Version]:
        """Every version, superseded ones too."""
        return self._each(all_versions())

    def versions_of_blogs(self, blogs: Collection[str]) -> Iterator[Version]:
        """Every version of some blogs by id, superseded ones too."""
        if not blogs:
            return iter(())
        return self._each(all_versions().where(schema.entries.c.blog.in_(sorted(blogs))))

    def _each(self, query: Select[Any]) -> Iterator[Version]:
        """The versions that there are now, a chunk at a time: SQLite's log cannot be cut while one is reading, and
        who reads all of them writes what is made of each."""
        with mapped(self.path), self._reading() as connection:
            ordered = query.with_only_columns(schema.versions.c.key).order_by(schema.versions.c.key)
            keys = connection.execute(ordered).scalars().all()
        yield from self.versions_in_order(keys)

    def versions(self, keys: Iterable[int], blogs: Mapping[str, Blog] | None = None) -> dict[int, Version]:
        """Versions by key, each with its entry's status as it is now; `blogs` are those of the stamp, where it was
        read."""
        with mapped(self.path), self._reading() as connection:
            known = all_blogs(connection) if blogs is None else blogs
            rows = connection.exec_driver_sql(versions_by_key(), (json.dumps(list(keys)),))
            return {row.version_key: to_version(row, known) for row in rows}

    def versions_in_order(self, keys: Iterable[int]) -> Iterator[Version]:
        """Versions by their keys, in that order, a chunk at a time."""
        for chunk in chunks(keys):
            found = self.versions(chunk)
            yield from (found[key] for key in chunk)

    def passages_of(self, model: str, keys: Iterable[int]) -> dict[int, list[KeptPassage]]:
        """The kept passages of versions by key, in the order of the text; a version without any is left out."""
        found: dict[int, list[KeptPassage]] = {}
        columns = schema.passages.c
        with mapped(self.path), self._reading() as connection:
            for chunk in chunks(keys):
                query = select(columns.version, columns.start, columns.end, columns.stretch, columns.digest).where(
                    columns.model == model, columns.version.in_(chunk)
                )
                for row in connection.execute(query.order_by(columns.version, columns.start)):
                    passage = KeptPassage(start=row.start, end=row.end, stretch=row.stretch, digest=row.digest)
                    found.setdefault(row.version, []).append(passage)
        return found

    def keep_encodings(self, model: str, made: Mapping[bytes, KeptEncoding]) -> None:
        """Keep how stretches were encoded, by digest, for a model's fingerprint."""
        with mapped(self.path), self._writing() as connection:
            for chunk in chunks(made.items()):
                connection.execute(
                    upsert(schema.encodings).on_conflict_do_nothing(),
                    [{"model": model, "digest": digest, **asdict(one)} for digest, one in chunk],
                )

    def encoded(self, model: str, digests: Iterable[bytes]) -> frozenset[bytes]:
        """Those of the digests that are kept encoded."""
        found: set[bytes] = set()
        columns = schema.encodings.c
        with mapped(self.path), self._reading() as connection:
            for chunk in chunks(digests):
                query = select(columns.digest).where(columns.model == model, columns.digest.in_(chunk))
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def encodings(self, model: str, digests: Iterable[bytes]) -> dict[bytes, KeptEncoding]:
        """How stretches were encoded, as far as it is kept."""
        found: dict[bytes, KeptEncoding] = {}
        columns = schema.encodings.c
        with mapped(self.path), self._reading() as connection:
            for chunk in chunks(digests):
                query = select(schema.encodings).where(columns.model == model, columns.digest.in_(chunk))
                for row in connection.execute(query):
                    found[row.digest] = KeptEncoding(vectors=row.vectors, tokens=row.tokens, owners=row.owners)
        return found

    def stale_versions(self, since_change: int) -> frozenset[int]:
        """All versions of the entries that changed after that number of the feed; a hold changes no wording."""
        query = select(schema.versions.c.key).where(_changed(since_change))
        with mapped(self.path), self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def stamp(self, now: datetime) -> Stamp:
        """The state of the archive at present; see `stamping`."""
        return self._stamping.stamp(now)

    def held_versions(self, now: datetime) -> frozenset[int]:
        """All versions of entries and blogs that are held back now."""
        entries, blogs, at = schema.entries.c, schema.blogs.c, micros(now)
        held = select(entries.key).where(
            or_(entries.held_until > at, entries.blog.in_(select(blogs.id).where(blogs.held_until > at)))
        )
        query = select(schema.versions.c.key).where(schema.versions.c.entry.in_(held))
        with mapped(self.path), self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def erased_versions(self) -> frozenset[int]:
        """All versions whose words were taken down: each take-down left a tombstone."""
        entries, versions = schema.entries.c, schema.versions.c
        query = (
            select(versions.key)
            .join_from(schema.versions, schema.entries, versions.entry == entries.key)
            .where(
                versions.entry.in_(select(schema.tombstones.c.entry)),
                or_(versions.cause == Cause.TAKEN_DOWN, entries.status == Status.TAKEN_DOWN),
            )
        )
        with mapped(self.path), self._reading() as connection:
            return frozenset(connection.execute(query).scalars())

    def past(self, moment: datetime, hidden: frozenset[int]) -> Past:
        """What was valid at a past moment, without the versions that are `hidden` now and what was taken down."""
        entries, versions = schema.entries.c, schema.versions.c
        query = (
            select(
                versions.key,
                versions.entry,
                entries.blog,
                entries.posted,
                versions.edited,
                versions.seen,
                versions.cause,
                (versions.text != "").label("worded"),
            )
            .join_from(schema.versions, schema.entries, versions.entry == entries.key)
            .where(entries.posted <= micros(moment), entries.status.in_([Status.LIVE, Status.DELETED]))
            .order_by(versions.entry, versions.number)
        )
        with mapped(self.path), self._reading() as connection:
            wordings = [
                Wording(
                    version=row.key,
                    entry=row.entry,
                    blog=row.blog,
                    posted=row.posted,
                    edited=row.edited,
                    seen=row.seen,
                    cause=Cause(row.cause),
                    worded=bool(row.worded),
                )
                for row in connection.execute(query)
                if row.key not in hidden
            ]
        return past(wordings, microseconds(moment))

    def posted_of_live(self, keys: Iterable[int]) -> dict[int, int]:
        """Those of the versions that are live entries' current ones, with the entry's time in microseconds UTC."""
        entries, versions = schema.entries.c, schema.versions.c
        found: dict[int, int] = {}
        query = (
            select(versions.key, entries.posted)
            .join_from(schema.versions, schema.entries, versions.entry == entries.key)
            .where(entries.status == Status.LIVE, versions.number == entries.current)
        )
        with mapped(self.path), self._reading() as connection:
            for chunk in chunks(keys):
                rows = connection.execute(query.where(versions.key.in_(chunk)))
                found.update((row.key, row.posted) for row in rows)
        return found

    # ---------------------------------------------------------------- transactions

    def _writing(self) -> Any:
        return self._engine.execution_options(write=True).begin()

    def _writing_patiently(self) -> Any:
        return self._engine.execution_options(write=True, patient=True).begin()

    def _reading(self) -> Any:
        return self._engine.begin()


def _changed(since_change: int) -> ColumnElement[bool]:
    """Versions of the entries that changed after that number of the feed; a hold changes no wording."""
    changes = schema.changes.c
    changed = select(changes.entry).where(changes.number > since_change, changes.kind.not_in(HOLDS))
    return schema.versions.c.entry.in_(changed)
