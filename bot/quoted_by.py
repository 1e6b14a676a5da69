"""(archive, entry, messages) → which messages show it, for admins: when, how many of its slices, how each stands now,
and what it quoted where the entry reads otherwise now. Old wording is for admins alone, erased wording for nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot import wording
from bot.ledger.messages import Kept, Part
from bot.pieces import Line, Link, Quote, Role, Slice, Words, say, time
from bot.render import citation, length
from bot.replies import Request, Section, may_see
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.model import Cause, Passage, Status, Version

MOST = 20
"""Messages that are listed, the newest."""
_ROOM = 8_000
"""Characters of old wordings in one window."""
_LONGEST_ADDRESS = 3_000


def newest(messages: Iterable[Kept]) -> list[Kept]:
    """Those that are listed, the newest first."""
    return sorted(messages, key=lambda one: (one.at, one.key), reverse=True)[:MOST]


def listed(
    archive: Archive, request: Request, whole_id: str, messages: Sequence[Kept], links: Mapping[int, str]
) -> list[Section]:
    """The newest of the messages that show an entry, each with the address of `links` by its key. Raises
    StetError."""
    if not messages:
        return [Section(reply=(say(wording.QUOTED_BY_NONE),))]
    versions = _worded(archive, request, whole_id)
    sections = [Section(reply=(say(wording.QUOTED_BY, count=len(messages)),))]
    room, left_out = _ROOM, 0
    for message in newest(messages):
        lines = list(_lines(message, whole_id, links.get(message.key)))
        quotes: list[Line | Quote] = []
        for passage in _older(message, whole_id, versions):
            shown: list[Line | Quote] = [say(wording.QUOTED_THEN, Role.LEADS_IN), _whole(passage), citation(passage)]
            if length(shown) > room:
                left_out += 1
                continue
            room -= length(shown)
            quotes += shown
        sections.append(Section(reply=(*lines, *quotes)))
    foot = [
        say(phrase, Role.FOOT, count=count)
        for phrase, count in ((wording.QUOTED_LEFT_OUT, left_out), (wording.MORE_MESSAGES, len(messages) - MOST))
        if count > 0
    ]
    return [*sections, Section(reply=tuple(foot))] if foot else sections


def _lines(message: Kept, whole_id: str, link: str | None) -> Iterator[Line]:
    slices = sum(one.entry == whole_id for one in message.receipts)
    yield say(wording.QUOTED_AT, time=time(message.at), count=slices)
    state = Words(wording.MESSAGE_STATES[message.state])
    if link is not None and link.startswith("https://") and len(link) <= _LONGEST_ADDRESS:
        yield Line((state, Words(wording.SPACE), Link(link, wording.OPEN_MESSAGE)))
    else:
        yield Line((state,))


def _worded(archive: Archive, request: Request, whole_id: str) -> Mapping[int, Version]:
    """The versions whose words may be shown to an admin here, by number: none of an entry that is held, under
    embargo or taken down."""
    try:
        versions = archive.versions_of(whole_id)
    except UsageError:
        return {}
    entry = versions[0].entry
    if entry.status not in (Status.LIVE, Status.DELETED) or not may_see(entry.blog, request):
        return {}
    return {one.number: one for one in versions if one.cause not in (Cause.DELETED, Cause.TAKEN_DOWN)}


def _older(message: Kept, whole_id: str, versions: Mapping[int, Version]) -> Iterator[Passage]:
    """The slices of an entry that a message quoted and that do not stand in it any more, each once."""
    current = next((one.text for one in versions.values() if one.current), "")
    seen: set[tuple[int, int, int]] = set()
    for one in message.receipts:
        version = versions.get(one.version)
        place = (one.version, one.start, one.end)
        if one.entry != whole_id or one.part is Part.CITED or version is None or place in seen:
            continue
        seen.add(place)
        if one.proves(version.text) and version.text[one.start : one.end] not in current:
            yield Passage(version=version, start=one.start, end=one.end)


def _whole(passage: Passage) -> Quote:
    return Quote((Slice(passage, passage.span, bold=False),))
