"""The archive as it stands at the moment that a question means: now, or in the past. What does not depend on the
question is made once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Protocol

from retrieval.admission import Blogs
from retrieval.clock import microseconds
from retrieval.contents import indexed
from retrieval.history import Past, Wording
from retrieval.interpreting import Extent
from retrieval.memo import Memo
from retrieval.model import Cause, Filter, IndexState, Status, Version
from retrieval.segment import Segment
from retrieval.snapshot import Snapshot, View
from retrieval.store import Store

_ASKERS = 32
"""Sets of blogs that may be seen, and filters, for which what was made is kept: those of some channels."""


class Scene(Protocol):
    """The archive as it stands at the moment that a question means."""

    def view(self, visible: Blogs) -> View:
        """What may be searched."""

    def shows(self, version: Version) -> bool:
        """Whether a version that was found may be shown: its entry is read again from the store."""

    def in_order(self, within: Filter, limit: int, *, latest: bool) -> list[Version]:
        """The earliest (or latest) entries within a filter, in that order."""

    def is_anything(self, within: Filter) -> bool:
        """Whether there is an entry within a filter."""

    def times(self, within: Filter) -> list[datetime]:
        """When the entries within a filter were posted."""

    def extent(self, within: Filter) -> Extent | None:
        """When the first and the last of them were posted; None where there is none."""

    def unheld(self, within: Filter) -> int:
        """How many entries within a filter existed while their wording of then is not held."""


class Present:
    """The archive now: current versions only. `hidden` are versions that are held back, or whose entries changed
    since the snapshot. It holds as long as the store's stamp and the snapshot do."""

    def __init__(self, store: Store, snapshot: Snapshot, hidden: frozenset[int]) -> None:
        self.snapshot = snapshot
        self._store = store
        self._hidden = hidden
        self._views: Memo[Blogs, View] = Memo(_ASKERS)
        self._extents: Memo[Filter, Extent | None] = Memo(_ASKERS)
        self._states: Memo[Blogs, IndexState] = Memo(_ASKERS)

    def view(self, visible: Blogs) -> View:
        return self._views.get(visible, lambda: self.snapshot.view(visible, self._hidden))

    def shows(self, version: Version) -> bool:
        return version.current and version.entry.status is Status.LIVE

    def in_order(self, within: Filter, limit: int, *, latest: bool) -> list[Version]:
        return self._store.entries_in_order(within, limit, latest=latest)

    def is_anything(self, within: Filter) -> bool:
        return self._store.is_anything(within)

    def times(self, within: Filter) -> list[datetime]:
        return self._store.times(within)

    def extent(self, within: Filter) -> Extent | None:
        return self._extents.get(within, lambda: _extent(self, within))

    def unheld(self, within: Filter) -> int:
        return 0

    def state(self, visible: Blogs) -> IndexState:
        """What the index covers of what may be seen."""
        return self._states.get(visible, lambda: self._covered(visible))

    def _covered(self, visible: Blogs) -> IndexState:
        covered = self._store.coverage(Filter(blogs=visible))
        return IndexState(
            blogs=covered.blogs,
            entries=covered.entries,
            passages=self.view(visible).count(Filter()),
            first=covered.first,
            last=covered.last,
            updated=self.snapshot.manifest.built_at,
            snapshot=self.snapshot.manifest.id,
        )


@dataclass(frozen=True, kw_only=True)
class AsOf:
    """The archive as of a past moment: the snapshot without what was not valid then, and beside it, in memory, the
    wordings of then that it does not hold. `stale` are versions that the snapshot holds as they were before."""

    store: Store
    snapshot: Snapshot
    past: Past
    stale: frozenset[int]

    @cached_property
    def _valid(self) -> dict[int, Wording]:
        return {one.version: one for one in self.past.valid}

    @cached_property
    def _superseded(self) -> Segment:
        """The wordings of then that the snapshot does not hold, as far as they were ever indexed."""
        model = self.snapshot.manifest.model
        keys = sorted(self._valid.keys() - (self.snapshot.versions() - self.stale))
        versions = self.store.versions(keys)
        return Segment.in_memory(indexed(self.store, model, [versions[key] for key in sorted(versions)]), model)

    @cached_property
    def _gone(self) -> frozenset[int]:
        return self.stale | (self.snapshot.versions() - self._valid.keys())

    def view(self, visible: Blogs) -> View:
        return self.snapshot.view(visible, self._gone, [self._superseded])

    def shows(self, version: Version) -> bool:
        there = version.entry.status in (Status.LIVE, Status.DELETED) and version.cause is not Cause.TAKEN_DOWN
        return there and version.key in self._valid

    def in_order(self, within: Filter, limit: int, *, latest: bool) -> list[Version]:
        found = [one.version for one in _within(self.past.valid, within)]
        wanted = (found[::-1] if latest else found)[:limit]
        versions = self.store.versions(wanted)
        return [versions[key] for key in wanted if key in versions and self.shows(versions[key])]

    def is_anything(self, within: Filter) -> bool:
        return bool(self.in_order(within, 1, latest=False))

    def times(self, within: Filter) -> list[datetime]:
        versions = self.store.versions(one.version for one in _within(self.past.valid, within))
        return sorted(one.entry.posted_at for one in versions.values())

    def extent(self, within: Filter) -> Extent | None:
        return _extent(self, within)

    def unheld(self, within: Filter) -> int:
        return len(_within(self.past.unheld, within))


def _extent(scene: Scene, within: Filter) -> Extent | None:
    ends = [one for latest in (False, True) for one in scene.in_order(within, 1, latest=latest)]
    return Extent(first=ends[0].entry.posted_at, last=ends[-1].entry.posted_at) if ends else None


def _within(wordings: Sequence[Wording], within: Filter) -> list[Wording]:
    since = None if within.since is None else microseconds(within.since)
    until = None if within.until is None else microseconds(within.until)
    return [
        one
        for one in wordings
        if (since is None or one.posted >= since)
        and (until is None or one.posted < until)
        and (within.blogs is None or one.blog in within.blogs)
    ]
