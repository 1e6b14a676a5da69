"""What stands around a passage that was shown, for whoever asks: looked up anew, as all that is shown."""

from __future__ import annotations

from datetime import datetime

from bot import buttons, wording
from bot.buttons import Placed
from bot.pieces import Part, Quote, say
from bot.render import TEXT_BUDGET, citation, length, marked, too_long
from bot.replies import Button, Request, Response, Section, may_see, only
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.model import Cause, Passage, Status, Version
from retrieval.showing import around, is_whole, whole_sentences

MOST_BUTTONS = 3
"""Passages of one answer that have a button."""


def button(request: Request, passage: Passage, *, past: bool) -> Button | None:
    """The button under a passage; None where nothing stands around it. `past`: it is shown as of a past moment."""
    return None if is_whole(passage) else buttons.around(request.channel, passage, past=past)


def show(archive: Archive, request: Request, asked: Placed, now: datetime) -> Response:
    """The sentences around a passage, if it may still be shown here. Of an entry that was changed since, those that
    stand around the same words now. Raises StetError."""
    versions = standing(archive, request, asked, now)
    meant = next((one for one in versions if one.number == asked.version), None)
    if meant is None or not meant.text[asked.start : asked.end].strip():
        return only(say(wording.NOT_SHOWN_NOW))
    passage = whole_sentences(meant, (asked.start, asked.end))
    if asked.past or meant.current:
        return _shown(passage, wording.AROUND)
    now_there = next((_found(passage.text, one) for one in versions if one.current), None)
    if now_there is None:
        return only(say(wording.CHANGED_SINCE))
    return _shown(now_there, wording.AROUND_NOW)


def standing(archive: Archive, request: Request, asked: Placed, now: datetime) -> list[Version]:
    """The versions of an entry that may be shown here; none of an entry that may not, whatever the reason. Raises
    StetError."""
    try:
        versions = archive.versions_of(asked.entry)
    except UsageError:  # unknown, held, under embargo or taken down: which of them is not for the asker
        return []
    entry = versions[0].entry
    shown = {Status.LIVE, Status.DELETED} if asked.past else {Status.LIVE}
    in_the_open = not request.private and entry.blog.sensitive
    if entry.status not in shown or entry.blog.under_embargo(now) or in_the_open or not may_see(entry.blog, request):
        return []
    return [one for one in versions if one.cause not in (Cause.DELETED, Cause.TAKEN_DOWN)]


def _found(words: str, version: Version) -> Passage | None:
    start = version.text.find(words)
    if start < 0:
        return None
    found = whole_sentences(version, (start, start + len(words)))
    return found if found.text == words else None


def _shown(passage: Passage, heading: str) -> Response:
    """What stands around a passage, the passage itself in bold; where even that is too long, its citation alone."""
    head, cited = say(heading), citation(passage)
    whole = around(passage, TEXT_BUDGET - length([head, cited]) - 1)
    parts: list[Part] = [head, Quote(tuple(marked(whole, (passage.span,)))), cited]
    if length(parts) > TEXT_BUDGET:
        parts = too_long(passage)
    return Response(sections=(Section(reply=tuple(parts)),))
