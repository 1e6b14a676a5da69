"""A question → an answer: what may be seen of the archive, now or as of a past moment, and what of it answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Protocol

from retrieval.answers import answer, entries_listed
from retrieval.clock import as_labelled, microseconds
from retrieval.confidence import Prefer
from retrieval.contents import indexed
from retrieval.embedding import Embedder
from retrieval.errors import UsageError
from retrieval.history import Past, Wording
from retrieval.interpreting import Extent, interpret
from retrieval.model import Answer, Cause, Filter, IndexState, Order, Outcome, Question, Status, Version
from retrieval.ordering import in_time, ordered_answer
from retrieval.questions import Understood
from retrieval.reranking import Reranking
from retrieval.search import Searched, search
from retrieval.segment import Segment
from retrieval.snapshot import Snapshot, View
from retrieval.store import Store

Blogs = frozenset[str] | None
"""Blogs by id; None: all."""


# ------------------------------------------------------------------------------------------------ who may see what


def visible_now(store: Store, visible: Blogs, now: datetime) -> Blogs:
    """The blogs that may be seen: never one under embargo."""
    blogs = store.blogs().values()
    under = {one.id for one in blogs if one.embargo_until is not None and one.embargo_until > now}
    if not under:
        return visible
    return (frozenset(one.id for one in blogs) if visible is None else visible) - under


def admitted(store: Store, blog: str | None, visible: Blogs) -> Blogs:
    """The blogs that a question is about. Raises UsageError where it names one that may not be seen."""
    if blog is None:
        return visible
    known = store.blogs() if visible is None else visible
    if blog not in known:
        raise UsageError(f"there is no blog {blog!r}", "see `stet status` for the blogs and their ids")
    return frozenset({blog})


# ------------------------------------------------------------------------------------------------ the moment meant


class Scene(Protocol):
    """The archive as it stands at the moment that a question means."""

    def view(self, visible: Blogs) -> View:
        """What may be searched."""

    def shows(self, version: Version) -> bool:
        """Whether a version that was found may be shown: its entry is read again from the store."""

    def in_order(self, within: Filter, limit: int, *, latest: bool) -> list[Version]:
        """The earliest (or latest) entries within a filter, in that order."""

    def times(self, within: Filter) -> list[datetime]:
        """When the entries within a filter were posted."""

    def extent(self, within: Filter) -> Extent | None:
        """When the first and the last of them were posted; None where there is none."""

    def unheld(self, within: Filter) -> int:
        """How many entries within a filter existed while their wording of then is not held."""


@dataclass(frozen=True, kw_only=True)
class Present:
    """The archive now: current versions only."""

    store: Store
    snapshot: Snapshot
    hidden: frozenset[int]

    def view(self, visible: Blogs) -> View:
        return self.snapshot.view(visible, self.hidden)

    def shows(self, version: Version) -> bool:
        return version.current and version.entry.status is Status.LIVE

    def in_order(self, within: Filter, limit: int, *, latest: bool) -> list[Version]:
        return self.store.entries_in_order(within, limit, latest=latest)

    def times(self, within: Filter) -> list[datetime]:
        return self.store.times(within)

    def extent(self, within: Filter) -> Extent | None:
        return _extent(self, within)

    def unheld(self, within: Filter) -> int:
        return 0


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


# ------------------------------------------------------------------------------------------------ asking


class Asking:
    """Answers questions about a store; the past moment that was asked about last is kept ready."""

    def __init__(
        self, store: Store, prefer: Prefer = Prefer.BALANCED, reranking: Callable[[], Reranking | None] = lambda: None
    ) -> None:
        """`reranking` is called for each question that ranks by relevance."""
        self._store = store
        self._prefer = prefer
        self._reranking = reranking
        self._last: tuple[object, AsOf] | None = None

    def keep_only(self, snapshot: Snapshot) -> None:
        """Let go of a past moment that was laid over another snapshot: what it holds open must leave the disk."""
        last = self._last
        if last is not None and last[1].snapshot is not snapshot:
            self._last = None

    def answer(
        self, question: Question, snapshot: Snapshot, embedder: Embedder, visible: Blogs, now: datetime
    ) -> Answer:
        """The passages that answer, or an honest nothing. Raises UsageError, SnapshotError, ModelError."""
        meant = admitted(self._store, question.blog, visible)
        present = Present(store=self._store, snapshot=snapshot, hidden=self._hidden(snapshot, now))
        state = self._state(present, visible)
        scene: Scene = present if question.as_of is None else self._as_of(question.as_of, snapshot, now)
        blogs = {id_: one for id_, one in self._store.blogs().items() if meant is None or id_ in meant}
        read = interpret(question, blogs, scene.extent, now)
        if read.question.as_of != question.as_of and read.question.as_of is not None:
            scene = self._as_of(read.question.as_of, snapshot, now)
        question, named = read.question, read.question.blog
        within = Filter(since=question.since, until=question.until, blogs=frozenset({named}) if named else visible)
        found = self._found(question, read.understood, scene, within, embedder, visible, state)
        return replace(found, unheld=scene.unheld(within))

    def _found(
        self,
        question: Question,
        understood: Understood,
        scene: Scene,
        within: Filter,
        embedder: Embedder,
        visible: Blogs,
        state: IndexState,
    ) -> Answer:
        narrowed = question.as_of is not None or not within.admits_all
        if narrowed and state.entries and not scene.in_order(within, 1, latest=False):
            return _nothing_in_range(question, state)
        matter = understood.matter
        if understood.at:
            minutes = _minutes(understood, scene.times(within))
            if understood.lists and not minutes:
                return _nothing_in_range(question, state)
            if understood.lists and len(minutes) > 1:
                return entries_listed(question, _of_minutes(minutes, scene, within, question.limit), state)
            if len(minutes) == 1:
                question = replace(question, since=minutes[0], until=minutes[0] + timedelta(minutes=1))
                within = replace(within, since=question.since, until=question.until)
            else:
                question, matter = replace(question, unread=True), question.text
        if understood.lists:
            return entries_listed(question, _listed(question, understood, scene, within), state)
        view, encoded = scene.view(visible), embedder.encode_question(matter)

        def searched(narrower: Filter) -> Searched:
            return search(view, self._store, matter, encoded, narrower, scene.shows)

        if question.order is not Order.RELEVANCE:
            return ordered_answer(question, in_time(question, matter, searched, within), state)
        found = search(view, self._store, matter, encoded, within, scene.shows, self._reranking())
        return answer(question, found, state, self._prefer)

    def _hidden(self, snapshot: Snapshot, now: datetime) -> frozenset[int]:
        """Versions that are held back now, or whose entries changed since the snapshot."""
        return self._store.held_versions(now) | self._store.stale_versions(snapshot.manifest.change)

    def _as_of(self, moment: datetime, snapshot: Snapshot, now: datetime) -> AsOf:
        held = self._store.held_versions(now)
        known = (moment, snapshot.manifest.id, self._store.last_change(), held)
        last = self._last
        if last is None or last[0] != known:
            made = AsOf(
                store=self._store,
                snapshot=snapshot,
                past=self._store.past(moment, held),
                stale=self._store.stale_versions(snapshot.manifest.change),
            )
            last = self._last = (known, made)
        return last[1]

    def _state(self, present: Present, visible: Blogs) -> IndexState:
        covered = self._store.coverage(Filter(blogs=visible))
        manifest = present.snapshot.manifest
        return IndexState(
            blogs=covered.blogs,
            entries=covered.entries,
            passages=present.view(visible).count(Filter()),
            first=covered.first,
            last=covered.last,
            updated=manifest.built_at,
            snapshot=manifest.id,
        )


def _minutes(understood: Understood, times: Sequence[datetime]) -> list[datetime]:
    """The minutes at which entries were posted that bear the time asked for, the first one first."""
    minutes = {
        posted.replace(second=0, microsecond=0)
        for posted in times
        if (bears := as_labelled(posted, understood.zone)) is not None
        and bears.time().replace(second=0, microsecond=0) in understood.at
    }
    return sorted({minute.astimezone(UTC): minute for minute in minutes}.values())


def _listed(question: Question, understood: Understood, scene: Scene, within: Filter) -> list[Version]:
    """The entries that are asked for, and nothing of them: the first or the last; or those of a time, the oldest on
    top, and of more than are listed those at its open end."""
    if question.order is not Order.RELEVANCE:
        limit = question.limit if understood.several else 1
        return scene.in_order(within, limit, latest=question.order is Order.LATEST)
    if understood.at:
        return scene.in_order(within, question.limit, latest=False)
    window = understood.window
    if window is not None and window.since is not None and window.until is not None:
        return scene.in_order(within, question.limit, latest=False)
    return scene.in_order(within, question.limit, latest=True)[::-1]


def _of_minutes(minutes: Sequence[datetime], scene: Scene, within: Filter, limit: int) -> list[Version]:
    """The entries of a time of day that several days know, those of the last days, the oldest on top."""
    found: list[Version] = []
    for minute in minutes[-limit:]:
        at = replace(within, since=minute, until=minute + timedelta(minutes=1))
        found += scene.in_order(at, limit, latest=False)
    return found[-limit:]


def _nothing_in_range(question: Question, state: IndexState) -> Answer:
    return Answer(
        question=question,
        outcome=Outcome.NOTHING_IN_RANGE,
        confidence=0.0,
        passages=(),
        nearest=(),
        index=state,
        elapsed_ms=0.0,
    )
