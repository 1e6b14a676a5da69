"""(archive, wish) → a page of an answer: three passages at a time, and whether there are more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.followups import Turn, Wish
from retrieval.archive import Archive
from retrieval.model import Answer, Shown

PAGE = 3
"""Passages that are shown at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """An answer with the passages of one page alone; `more`: others follow."""

    given: Answer
    more: bool


def page(archive: Archive, wish: Wish, visible: frozenset[str]) -> Page:
    """The passages after those that were shown. Raises UsageError, SnapshotError, NothingIndexed, ModelError."""
    end = wish.shown + PAGE
    probed = _ask(archive, wish, visible, end + 1)
    more = len(probed.passages) > end
    given = _ask(archive, wish, visible, end) if more and _is_listing(probed) else probed
    if not wish.shown:
        return Page(given=replace(given, passages=given.passages[:PAGE]), more=more)
    if _is_listing(given):  # which entries a listing holds may hang on how many it may hold
        known = {one.passage.version.key for one in _ask(archive, wish, visible, wish.shown).passages}
        fresh = tuple(one for one in given.passages if one.passage.version.key not in known)
    else:
        fresh = given.passages[wish.shown : end]
    return Page(given=replace(given, passages=fresh), more=more)


def turn(wish: Wish, given: Answer) -> Turn:
    """What a follow-up goes on from."""
    shown: Sequence[Shown] = given.passages or given.nearest
    times = [one.passage.version.entry.posted_at for one in shown]
    return Turn(
        wish=wish,
        shown=wish.shown + len(given.passages),
        entry=shown[0].passage.version.entry.whole_id if shown else None,
        first=min(times, default=None),
        last=max(times, default=None),
    )


def _ask(archive: Archive, wish: Wish, visible: frozenset[str], limit: int) -> Answer:
    return archive.ask(wish.text, since=wish.since, until=wish.until, limit=limit, visible=visible)


def _is_listing(given: Answer) -> bool:
    """Whether entries were asked for by their time or order alone: these have no highlights."""
    return bool(given.passages) and not any(one.highlights for one in given.passages)
