"""Where words stand, in what one asker may see: the archive's index of phrases, asked within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, text

from retrieval import schema
from retrieval.model import Blog, Status, Version
from retrieval.phrase_index import phrase
from retrieval.rows import all_blogs, all_versions, chunks, micros, to_version

_HOLDING = text(
    "SELECT phrases.rowid, entries.blog FROM phrases"
    " JOIN versions ON versions.key = phrases.rowid"
    " JOIN entries ON entries.key = versions.entry"
    " JOIN blogs ON blogs.id = entries.blog"
    " WHERE phrases MATCH :wanted AND entries.status IN (:live, :deleted)"
    " AND coalesce(entries.held_until, 0) <= :now AND coalesce(blogs.held_until, 0) <= :now"
    " AND coalesce(blogs.embargo_until, 0) <= :now"
)


_REMEMBERED = 1_000
"""Versions that one look keeps at hand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What may be seen: the blogs (None: all), at a moment, and of the versions only some (None: all). What is held
    back or under embargo then is never seen."""

    now: datetime
    blogs: frozenset[str] | None = None
    versions: frozenset[int] | None = None


class Looking:
    """One look at an archive: all that it finds is of one moment."""

    def __init__(self, connection: Connection, sight: Sight) -> None:
        self._connection = connection
        self._sight = sight
        self._seen: dict[int, Version] = {}
        self._known: dict[str, Blog] | None = None

    def holding(self, phrases: Sequence[Sequence[str]], limit: int) -> list[int]:
        """The versions, by key, that hold all of some rows of words, the first recorded first; at most `limit`."""
        wanted = " AND ".join(phrase(words) for words in phrases)
        rows = self._connection.execute(
            _HOLDING,
            {"wanted": wanted, "live": Status.LIVE, "deleted": Status.DELETED, "now": micros(self._sight.now)},
        )
        with rows:
            return list(islice(self._visible((row[0], row[1]) for row in rows), limit))

    def _visible(self, rows: Iterable[tuple[int, str]]) -> Iterator[int]:
        blogs, versions = self._sight.blogs, self._sight.versions
        for key, blog in rows:
            if (blogs is None or blog in blogs) and (versions is None or key in versions):
                yield key

    def versions(self, keys: Iterable[int]) -> list[Version]:
        """Versions by key, in that order."""
        wanted = list(keys)
        if len(self._seen) > _REMEMBERED:
            self._seen.clear()
        for chunk in chunks(key for key in wanted if key not in self._seen):
            rows = self._connection.execute(all_versions().where(schema.versions.c.key.in_(chunk)))
            self._seen.update((row.version_key, to_version(row, self._blogs)) for row in rows)
        return [self._seen[key] for key in wanted if key in self._seen]

    @property
    def _blogs(self) -> dict[str, Blog]:
        if self._known is None:
            self._known = all_blogs(self._connection)
        return self._known
