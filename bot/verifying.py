"""(archive, request, quotations) → their checks, as a reply that fits into one message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bot import buttons, wording
from bot.buttons import Pressed
from bot.checked import checked
from bot.pieces import Asked, Given, Line, Part, Reply, Role, say
from bot.render import TEXT_BUDGET, length
from bot.replies import Button, Request, Response, Section, not_sensitive, only, visible
from bot.requested import Check, Wanted
from retrieval.archive import Archive
from retrieval.checking import Checking
from retrieval.errors import UsageError
from retrieval.verdicts import QuoteCheck

MOST_QUOTATIONS = 20
"""Quotations of one message that are checked."""
_LEAST = 400
"""Characters that a check among others gets at least: its verdict, how its quotation begins, and a short place."""
_BEGINNING = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A quotation and its check. `found` is None where it cannot be checked (no word, or too long), and where it
    must not be shown: then it is `sensitive`."""

    wanted: Wanted
    found: QuoteCheck | None
    sensitive: bool = False

    @property
    def passes(self) -> bool:
        return self.found is not None and self.found.passes


Look = Callable[[Wanted], Verified]


@contextmanager
def looking(archive: Archive, request: Request) -> Iterator[Look]:
    """Check any number of quotations against what may be seen where the reply will stand.

    In the open, verdicts, places and counts are of blogs that are not sensitive; where one that is would have shown
    something, the check is not shown at all."""
    blogs = archive.blogs()
    seen = visible(blogs, request)
    shown = seen if request.private else not_sensitive(blogs, seen)
    with ExitStack() as looks:
        open_look = looks.enter_context(archive.checking(visible=shown))
        whole_look = open_look if shown == seen else looks.enter_context(archive.checking(visible=seen))
        yield lambda wanted: _verified(wanted, open_look, whole_look)


def _verified(wanted: Wanted, open_look: Checking, whole_look: Checking) -> Verified:
    try:
        if whole_look is not open_look:
            whole = whole_look.check(wanted.quote, wanted.speaker)
            if any(one.version.entry.blog.sensitive for one in whole.matches):
                return Verified(wanted=wanted, found=None, sensitive=True)
        return Verified(wanted=wanted, found=open_look.check(wanted.quote, wanted.speaker))
    except UsageError:
        return Verified(wanted=wanted, found=None)


# ------------------------------------------------------------------------------------------------ replies


def check(
    archive: Archive, request: Request, asked: Check, *, shares: bool = False, thread: str | None = None
) -> Response:
    """The checks of a message's quotations. `shares`: with a button under each that shares it in the channel, or in
    the thread of the message at `thread`. Raises StetError."""
    with looking(archive, request) as look:
        results = [look(wanted) for wanted in asked.quotations[:MOST_QUOTATIONS]]
    extras = [_button(request, one, shares, thread) for one in results]
    head: list[Part] = []
    if len(results) > 1:
        head.append(say(wording.TALLY, count=len(results), passing=sum(one.passes for one in results)))
    foot = _foot(unchecked=len(asked.quotations) - len(results), skipped=asked.skipped)
    spare = length([*head, *foot, say(wording.OTHERS_LEFT_OUT, count=len(results))])
    lines = [(line,) if line else () for _, line in extras]
    replies = fitted(results, TEXT_BUDGET - spare, lines)
    if len(replies) < len(results):
        foot.insert(0, say(wording.OTHERS_LEFT_OUT, Role.FOOT, count=len(results) - len(replies)))
    sections = [
        Section(reply=replies[number], buttons=(button,) if (button := extras[number][0]) else ())
        for number in sorted(replies)
    ]
    return Response(sections=(*_section(head), *sections, *_section(foot)), kind="check")


def share(archive: Archive, request: Request, pressed: Pressed) -> Response:
    """A check for all to see; what must not stand in the open is said to the one who asked alone. Raises
    StetError."""
    with looking(archive, request) as look:
        one = look(pressed.wanted)
    if one.sensitive:
        return only(say(wording.SENSITIVE_NOT_SHARED), alone=True)
    if one.found is None:
        return only(say(wording.UNCHECKABLE), alone=True)
    reply = checked(one.found, TEXT_BUDGET, pressed.wanted.speaker)
    return Response(sections=(Section(reply=reply),), kind="check")


def _button(request: Request, one: Verified, shares: bool, thread: str | None) -> tuple[Button | None, Line | None]:
    """The button under a check; where there should be one and it cannot hold the quotation, a line instead."""
    if one.sensitive:
        button, instead = buttons.check_privately(request.channel, one.wanted), say(wording.CHECK_ALONE)
    elif one.found is not None and shares:
        button, instead = buttons.share(request.channel, thread, one.wanted), say(wording.NO_BUTTON, Role.FOOT)
    else:
        return None, None
    return button, None if button else instead


def _foot(*, unchecked: int, skipped: int) -> list[Part]:
    foot: list[Part] = []
    if unchecked > 0:
        foot.append(say(wording.UNCHECKED, Role.FOOT, count=unchecked))
    if skipped:
        foot.append(say(wording.LEFT_ALONE, Role.FOOT, count=skipped))
    return foot


def _section(parts: Sequence[Part]) -> list[Section]:
    return [Section(reply=tuple(parts))] if parts else []


# ------------------------------------------------------------------------------------------------ length


def fitted(results: Sequence[Verified], room: int, lines: Sequence[Reply] | None = None) -> Mapping[int, Reply]:
    """Replies to checks, by their number, that have no more than `room` characters together; `lines` are to stand
    under each.

    Those that do not pass come before others; what is short leaves its room to what is long."""
    under = lines or [()] * len(results)
    order = sorted(range(len(results)), key=lambda number: (results[number].passes, number))
    chosen = order[: max(1, room // _LEAST)]
    full = {number: (*_numbered(results, number, None), *under[number]) for number in chosen}
    replies: dict[int, Reply] = {}
    for left, number in zip(
        range(len(chosen), 0, -1), sorted(chosen, key=lambda one: length(full[one])), strict=True
    ):
        reply, share = full[number], room // left
        if length(reply) > share:
            reply = (*_numbered(results, number, share - length(under[number])), *under[number])
        if length(reply) <= room:
            replies[number] = reply
            room -= length(reply)
    return {number: replies[number] for number in order if number in replies}


def _numbered(results: Sequence[Verified], number: int, budget: int | None) -> Reply:
    """The reply to a check; among others it says which it is, in the words that it begins with where the whole
    quotation is too long to stand there."""
    one = results[number]
    if len(results) == 1:
        return _reply(one, budget)
    heading = say(wording.NUMBERED, number=number + 1, count=len(results))
    beginning = say(wording.BEGINNING, words=Asked(_beginning(one.wanted.quote)))
    opening = Line((*heading.pieces, *beginning.pieces))
    body = _reply(one, None if budget is None else budget - length([opening]))
    return (heading if any(isinstance(part, Given) for part in body) else opening, *body)


def _reply(one: Verified, budget: int | None) -> Reply:
    if one.found is not None:
        return checked(one.found, budget, one.wanted.speaker)
    return (say(wording.SENSITIVE if one.sensitive else wording.UNCHECKABLE),)


def _beginning(quote: str) -> str:
    words = " ".join(quote.split())
    return words if len(words) <= _BEGINNING else words[:_BEGINNING].rpartition(" ")[0] or words[:_BEGINNING]
