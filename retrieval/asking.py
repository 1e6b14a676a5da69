"""A question → an answer: what may be seen of the archive, now or as of a past moment, and what of it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from retrieval.admission import Blogs, admitted
from retrieval.answers import answer, entries_listed, looked_at
from retrieval.clock import as_labelled
from retrieval.confidence import Prefer
from retrieval.embedding import Embedder
from retrieval.interpreting import interpret
from retrieval.model import Answer, Blog, Filter, IndexState, Order, Outcome, Question, Version
from retrieval.ordering import in_time, ordered_answer
from retrieval.questions import Understood
from retrieval.reranking import Reranking
from retrieval.scenes import AsOf, Present, Scene
from retrieval.search import Searched, search
from retrieval.snapshot import Snapshot
from retrieval.stamping import Stamp
from retrieval.store import Store


class Asking:
    """Answers questions about a store; the present and the past moment that was asked about last are kept ready."""

    def __init__(
        self, store: Store, prefer: Prefer = Prefer.BALANCED, reranking: Callable[[], Reranking | None] = lambda: None
    ) -> None:
        """`reranking` is called for each question that ranks by relevance."""
        self._store = store
        self._prefer = prefer
        self._reranking = reranking
        self._now: tuple[object, Present] | None = None
        self._then: tuple[object, AsOf] | None = None

    def keep_only(self, snapshot: Snapshot) -> None:
        """Let go of what was laid over another snapshot: what it holds open must leave the disk."""
        if self._now is not None and self._now[1].snapshot is not snapshot:
            self._now = None
        if self._then is not None and self._then[1].snapshot is not snapshot:
            self._then = None

    def answer(
        self,
        question: Question,
        stamp: Stamp,
        snapshot: Snapshot,
        embedder: Embedder,
        visible: Blogs,
        now: datetime,
    ) -> Answer:
        """The passages that answer, or an honest nothing; `stamp` is the store's, not older than the snapshot. Raises
        UsageError, SnapshotError, ModelError."""
        meant = admitted(stamp.by_id, question.blog, visible)
        present = self._present(snapshot, stamp, now)
        scene: Scene = present if question.as_of is None else self._as_of(question.as_of, snapshot, stamp, now)
        blogs = {id_: one for id_, one in stamp.by_id.items() if meant is None or id_ in meant}
        read = interpret(question, blogs, scene.extent, now)
        if read.question.as_of != question.as_of and read.question.as_of is not None:
            scene = self._as_of(read.question.as_of, snapshot, stamp, now)
        question, named = read.question, read.question.blog
        within = Filter(since=question.since, until=question.until, blogs=frozenset({named}) if named else visible)
        state = present.state(visible)
        found = self._found(question, read.understood, scene, within, embedder, visible, stamp.by_id, state)
        return replace(found, unheld=scene.unheld(within))

    def _found(
        self,
        question: Question,
        understood: Understood,
        scene: Scene,
        within: Filter,
        embedder: Embedder,
        visible: Blogs,
        blogs: Mapping[str, Blog],
        state: IndexState,
    ) -> Answer:
        narrowed = question.as_of is not None or within != Filter(blogs=visible)
        if narrowed and state.entries and not scene.is_anything(within):
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
            return search(view, self._store, blogs, matter, encoded, narrower, scene.shows)

        if question.order is not Order.RELEVANCE:
            return ordered_answer(question, in_time(question, matter, searched, within), state)
        most = looked_at(question)
        found = search(view, self._store, blogs, matter, encoded, within, scene.shows, self._reranking(), most)
        return answer(question, found, state, self._prefer)

    def _present(self, snapshot: Snapshot, stamp: Stamp, now: datetime) -> Present:
        known = (snapshot.manifest.id, stamp)
        kept = self._now
        if kept is None or kept[0] != known:
            stale = self._store.stale_versions(snapshot.manifest.change)
            made = Present(self._store, snapshot, self._store.held_versions(now) | stale)
            kept = self._now = (known, made)
        return kept[1]

    def _as_of(self, moment: datetime, snapshot: Snapshot, stamp: Stamp, now: datetime) -> AsOf:
        known = (moment, snapshot.manifest.id, stamp)
        kept = self._then
        if kept is None or kept[0] != known:
            made = AsOf(
                store=self._store,
                snapshot=snapshot,
                past=self._store.past(moment, self._store.held_versions(now)),
                stale=self._store.stale_versions(snapshot.manifest.change),
            )
            kept = self._then = (known, made)
        return kept[1]


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
