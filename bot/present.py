"""A message that was posted → how it reads now: each slice as its entry has it, or a notice in its place.

Looked up anew, as all that is shown: what was edited is shown as it reads now and called edited, what cannot be
located any more, was deleted, is held back or was taken down gives way to a line that says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import groupby

from bot import buttons, neighbours, records, render, wording
from bot.ledger.messages import WITHDRAWN, Kept, Kind, Part, Receipt, Standing, receipt
from bot.pieces import Line, Reply, Role, say, time
from bot.render import TEXT_BUDGET
from bot.replies import Button, Request, Response, Section, may_see
from retrieval.archive import Archive
from retrieval.model import Cause, Filter, IndexState, Passage, Shown, Span, Status, Version
from retrieval.relocating import relocated

SHOWN = frozenset({Standing.STANDS, Standing.EDITED})
_NO_WORDS = frozenset({Cause.DELETED, Cause.TAKEN_DOWN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Refreshed:
    """A message as it reads now, with the receipts of what it shows then; `worse`: how slices stand now that stood
    better when it was posted, or changed last."""

    response: Response
    receipts: tuple[Receipt, ...]
    worse: frozenset[Standing]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Now:
    """A receipt, how its slice stands, and the slice as its entry has it now, where it is shown."""

    before: Receipt
    standing: Standing
    passage: Passage | None = None
    highlights: tuple[Span, ...] = ()
    edited: datetime | None = None
    is_new_edit: bool = False

    @property
    def receipt(self) -> Receipt:
        if self.passage is None:
            return replace(self.before, standing=self.standing)
        return receipt(
            self.passage,
            place=self.before.place,
            part=self.before.part,
            highlights=self.highlights,
            standing=self.standing,
            edited=self.edited,
        )

    @property
    def is_worse(self) -> bool:
        """Whether it is to be told: it changed for the worse, or was edited once more."""
        if self.before.part in (Part.LEAD, Part.ALSO):
            return False
        if self.standing is Standing.EDITED:
            return self.is_new_edit
        return self.standing is not Standing.STANDS and self.standing is not self.before.standing


class Present:
    """One message as it reads at one moment. Raises StetError."""

    def __init__(self, archive: Archive, message: Kept, now: datetime, blogs: frozenset[str] | None = None) -> None:
        """`blogs`: only these are counted in the foot, as the channel is set (None: all that may be seen)."""
        self._blogs = blogs
        self._archive, self._message, self._when = archive, message, now
        self._read: dict[str, list[Version]] = {}

    def refreshed(self) -> Refreshed:
        """The message as it reads now."""
        answers = self._message.kind is Kind.ANSWER
        response = self._answer() if answers else self._notice()
        return Refreshed(
            response=response,
            receipts=tuple(one.receipt for one in self._all),
            worse=frozenset(one.standing for one in self._all if one.is_worse),
        )

    # ------------------------------------------------------------ how each slice stands

    @cached_property
    def _all(self) -> list[_Now]:
        return [self._now(one) for one in self._message.receipts]

    def _now(self, before: Receipt) -> _Now:
        if before.sha256 == WITHDRAWN:
            return _Now(before=before, standing=Standing.WITHDRAWN)
        versions = self._versions(before.entry)
        if not versions:  # what is taken down loses its id, and the ledger may not have heard of it yet
            down = self._archive.store.taken_down(before.entry) is not None
            return _Now(before=before, standing=Standing.WITHDRAWN if down else Standing.LOST)
        entry = versions[0].entry
        if entry.status is Status.TAKEN_DOWN:
            return _Now(before=before, standing=Standing.WITHDRAWN)
        if not self._may_be_shown(versions[0]):
            return _Now(before=before, standing=Standing.HIDDEN)
        shown = next((one for one in versions if one.number == before.version), None)
        if shown is not None and shown.cause is Cause.TAKEN_DOWN:
            return _Now(before=before, standing=Standing.WITHDRAWN)
        if shown is None or not before.proves(shown.text):
            return _Now(before=before, standing=Standing.LOST)
        passage = Passage(version=shown, start=before.start, end=before.end)
        if self._is_past or before.part is Part.PAST:
            return _Now(before=before, standing=Standing.STANDS, passage=passage, highlights=before.highlights)
        if entry.status is Status.DELETED:
            return _Now(before=before, standing=Standing.DELETED)
        return self._as_it_reads(before, passage, versions)

    def _as_it_reads(self, before: Receipt, passage: Passage, versions: Sequence[Version]) -> _Now:
        """A slice of an entry that is there, in its current version."""
        current = next(one for one in versions if one.current)
        if before.part is Part.CITED and before.start == 0 and before.end == len(passage.version.text):
            whole = Passage(version=current, start=0, end=len(current.text))
            return _Now(before=before, standing=Standing.STANDS, passage=whole)
        found = relocated(passage, current)
        if found is None:
            return _Now(before=before, standing=Standing.LOST)
        between = [one for one in versions if passage.version.number < one.number <= current.number]
        is_edit = not found.verbatim and any(one.cause not in (Cause.REREAD, *_NO_WORDS) for one in between)
        edited = _edited_at(passage, between) if is_edit else before.edited
        return _Now(
            before=before,
            edited=edited,
            is_new_edit=is_edit,
            standing=Standing.EDITED if edited else Standing.STANDS,
            passage=found.passage,
            highlights=tuple(_relit(passage.version, before.highlights, found.passage)),
        )

    def _versions(self, entry: str) -> list[Version]:
        if entry not in self._read:
            self._read[entry] = self._archive.store.versions_of(entry)
        return self._read[entry]

    def _may_be_shown(self, version: Version) -> bool:
        """Whether an entry may be shown where the message stands, now."""
        blog = version.entry.blog
        if version.entry.status is Status.HELD or blog.under_embargo(self._when):
            return False
        in_the_open = not self._request.private and blog.sensitive
        return not in_the_open and may_see(blog, self._request)

    @cached_property
    def _request(self) -> Request:
        """Who sees the message, as far as it was known when it was posted."""
        channel, frame = self._message.channel, self._message.frame or {}
        direct = channel.startswith("D")
        return Request(
            text="", channel=channel, direct=direct, private=direct, trusted=bool(frame.get("trusted", True))
        )

    @property
    def _is_past(self) -> bool:
        """Whether it shows wordings of a past moment: what was changed since does not change these."""
        return bool((self._message.frame or {}).get("as_of"))

    # ------------------------------------------------------------ how the message reads

    def _answer(self) -> Response:
        """The answer, its passages as they read now, and a line in the place of each that is not shown any more."""
        frame = self._message.frame or {}
        places = [list(group) for _, group in groupby(self._all, key=lambda one: one.before.place)]
        shown = {number: _shown(group) for number, group in enumerate(places)}
        standing = tuple(one for one in shown.values() if one is not None)
        given = records.answer(frame, standing, self._index)
        spare = sum(render.length(self._said(group[0])) for group in places)
        laid = render.laid_out(given, TEXT_BUDGET - spare, naming=True)
        replies = {id(one): reply for one, reply in laid.shown}
        sections = [Section(reply=laid.head)] if laid.head else []
        for number, group in enumerate(places):
            said, one = self._said(group[0]), shown[number]
            reply = () if one is None else replies.get(id(one), ())
            made = self._buttons(one) if one is not None and reply else ()
            if said or reply:
                sections.append(Section(reply=(*said, *reply), buttons=made))
        foot = (buttons.verify_words(self._message.channel),)
        return Response(
            sections=(*sections, Section(reply=laid.foot, buttons=foot)), given=given, asked=frame.get("asked")
        )

    def _said(self, one: _Now) -> tuple[Line, ...]:
        """What is said of a slice: nothing where it stands; else what became of it, and where it stood."""
        match one.standing:
            case Standing.STANDS:
                return ()
            case Standing.EDITED:
                return (say(wording.EDITED_SEEN, Role.LEADS_IN, time=time(self._on_its_clock(one))),)
            case Standing.WITHDRAWN:
                return (say(wording.TAKEN_DOWN),)
            case Standing.HIDDEN:
                return (say(wording.NOT_SHOWN_AT_PRESENT),)
        versions = self._versions(one.before.entry)
        if not versions:
            return (say(wording.NOT_SHOWN_AT_PRESENT),)
        last = versions[-1]
        phrase = wording.DELETED_SEEN if one.standing is Standing.DELETED else wording.LOST_SEEN
        where = say(wording.CITATION, Role.CITATION, blog=last.entry.blog.title, time=time(last.entry.posted_at))
        return say(phrase, Role.LEADS_IN, time=time(last.seen_at)), where

    def _on_its_clock(self, one: _Now) -> datetime:
        """When a slice was seen to read otherwise, in its blog's own zone."""
        last = self._versions(one.before.entry)[-1]
        return (one.edited or last.seen_at).astimezone(last.seen_at.tzinfo)

    def _buttons(self, shown: Shown) -> tuple[Button, ...]:
        made = (
            neighbours.button(self._request, shown.passage, past=self._is_past),
            buttons.whole_entry(self._message.channel, shown.passage, past=self._is_past),
        )
        return tuple(one for one in made if one is not None)

    def _notice(self) -> Response:
        """What stands in the place of a message that said more than its slices, a verdict for one: that it may not
        hold any more, and each slice as it reads now."""
        sections = [Section(reply=(say(wording.MAY_NOT_HOLD),))]
        room = TEXT_BUDGET - render.length(sections[0].reply) - len(wording.LEFT_OUT) - 10
        left_out = 0
        for one in self._all:
            passage = None
            if one.passage is not None:
                passage = render.passage(Shown(passage=one.passage, highlights=(), lead=None, score=0.0))
            reply: Reply = (*self._said(one), *(passage or ()))
            if not reply or any(reply == other.reply for other in sections):
                continue
            if render.length(reply) > room:
                left_out += 1
                continue
            room -= render.length(reply)
            sections.append(Section(reply=reply))
        if left_out:
            sections.append(Section(reply=(say(wording.LEFT_OUT, Role.FOOT, count=left_out),)))
        return Response(sections=tuple(sections))

    @cached_property
    def _index(self) -> IndexState:
        """What is indexed now, of what may be seen there."""
        blogs = self._archive.blogs()
        request = replace(self._request, blogs=self._blogs)
        visible = frozenset(one.id for one in blogs.values() if may_see(one, request))
        hidden = frozenset(one.id for one in blogs.values() if one.under_embargo(self._when))
        covered = self._archive.store.coverage(Filter(blogs=visible - hidden))
        return IndexState(
            blogs=covered.blogs,
            entries=covered.entries,
            passages=0,
            first=covered.first,
            last=covered.last,
            updated=self._when,
            snapshot="",
        )


def changed(message: Kept, fresh: Refreshed) -> bool:
    """Whether a message has to be changed in Slack. A check whose slices all stand as they stood is left alone, and
    so is a report, which says when it was made, until it quotes what may not be shown any more."""
    if message.kind is Kind.FILE:
        return any(one.standing in (Standing.HIDDEN, Standing.WITHDRAWN) for one in fresh.receipts)
    if message.kind is Kind.OTHER:
        before = [one.standing for one in message.receipts]
        return [one.standing for one in fresh.receipts] != before or Standing.EDITED in fresh.worse
    return fresh.receipts != message.receipts


def _shown(group: Sequence[_Now]) -> Shown | None:
    """A passage with its lead and its near-duplicates, as far as they stand; None where it is not shown any more."""
    main = next((one for one in group if one.before.part in (Part.PASSAGE, Part.CITED)), None)
    if main is None or main.passage is None:
        return None
    lead = next((one.passage for one in group if one.before.part is Part.LEAD), None)
    also = tuple(one.passage for one in group if one.before.part is Part.ALSO and one.passage is not None)
    return Shown(passage=main.passage, highlights=main.highlights, lead=lead, score=0.0, also=also)


def _edited_at(passage: Passage, between: Sequence[Version]) -> datetime:
    """When the first of the versions was seen in which a slice does not stand as it was."""
    for one in between:
        found = relocated(passage, one) if one.cause not in _NO_WORDS else None
        if found is None or not found.verbatim:
            return one.seen_at
    return between[-1].seen_at


def _relit(old: Version, highlights: Sequence[Span], passage: Passage) -> Iterator[Span]:
    """The highlighted sentences, where they stand in the passage now."""
    for start, end in highlights:
        found = relocated(Passage(version=old, start=start, end=end), passage.version)
        if found is not None and passage.start <= found.passage.start and found.passage.end <= passage.end:
            yield found.passage.span
