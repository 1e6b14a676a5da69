"""A whole entry, for whoever asks: looked up anew, as all that is shown, in whole sentences as far as they fit."""

from __future__ import annotations

from datetime import datetime

from bot import wording
from bot.buttons import Placed
from bot.neighbours import standing
from bot.pieces import Line, Part, Quote, Role, Slice, say
from bot.render import TEXT_BUDGET, citation, length
from bot.replies import Request, Response, Section, may_see, only
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.model import Passage, Status, Version
from retrieval.showing import stretch


def version_of(archive: Archive, request: Request, asked: Placed, now: datetime) -> Version | None:
    """The version that is meant, or the one that took its place; None where it may not be shown here now."""
    versions = standing(archive, request, asked, now)
    meant = next((one for one in versions if one.number == asked.version), None)
    if meant is None or asked.past or meant.current:
        return meant
    return next((one for one in versions if one.current), None)


def current(archive: Archive, request: Request, whole_id: str, now: datetime) -> Version | None:
    """An entry's current version; None where it may not be shown here now."""
    try:
        versions = archive.versions_of(whole_id)
    except UsageError:  # unknown, held, under embargo or taken down: which of them is not for the asker
        return None
    entry = versions[0].entry
    in_the_open = not request.private and entry.blog.sensitive
    if entry.status is not Status.LIVE or in_the_open or not may_see(entry.blog, request):
        return None
    return next((one for one in versions if one.current), None)


def part(version: Version, at: int, most: int) -> tuple[list[Part], int | None]:
    """Whole sentences of an entry from offset `at` on, with its citation, in about `most` characters; and where the
    next part begins (None: nowhere)."""
    cited = citation(Passage(version=version, start=0, end=len(version.text)))
    shown = stretch(version, at, most - length([cited]) - len(wording.PART_OF_ENTRY) - 100)
    if shown is None:
        return [say(wording.NOT_SHOWN_NOW)], None
    quote = Quote((Slice(shown, shown.span, bold=False),))
    left = len(version.text.rstrip()) - shown.end
    return [_heading(version, shown, left), quote, cited], shown.end if left > 0 else None


def _heading(version: Version, shown: Passage, left: int) -> Line:
    if left <= 0 and not version.text[: shown.start].strip():
        return say(wording.WHOLE)
    return say(wording.PART_OF_ENTRY, first=shown.start + 1, last=shown.end, count=len(version.text))


def reply(archive: Archive, request: Request, whole_id: str, now: datetime) -> Response:
    """An entry in a message, as far as one holds it. Raises StetError."""
    version = current(archive, request, whole_id, now)
    if version is None:
        return only(say(wording.NOT_SHOWN_NOW))
    parts, rest = part(version, 0, TEXT_BUDGET)
    if rest is not None:
        parts.append(say(wording.REST_OF_ENTRY, Role.FOOT, count=len(version.text) - rest))
    return Response(sections=(Section(reply=tuple(parts)),), turn=request.before)
