"""A question that is handed to a person → what they are sent: who asks, the question in the asker's own words, what
was found as far as it may be shown there, and how far the call has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import buttons, neighbours, pages, wording
from bot.buttons import ANSWER_CALL, RESOLVE_CALL, TAKE_CALL, Placed
from bot.followups import Wish
from bot.ledger.calls import State
from bot.ledger.messages import Receipt
from bot.pieces import Asked, Line, Mention, Part, Quote, Role, Slice, Words, say, time
from bot.render import TEXT_BUDGET, citation, length, too_long
from bot.replies import Button, Request, Response, Section, visible
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, UsageError
from retrieval.model import Passage
from retrieval.relocating import relocated

_SPARE = 200
"""Characters that are left for how far the call has come."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What was found of a question. `sensitive`: entries that must not be shown there."""

    passages: tuple[Passage, ...] = ()
    sensitive: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """A question for a person. `asker` and `question` are None where they are not kept any more; `channel` is where
    it was asked; `group` is who is called where that is a user group; `changed` when it came to its state."""

    asker: str | None
    channel: str
    question: str | None
    group: str | None
    found: Found
    state: State = State.OPEN
    helper: str | None = None
    changed: datetime | None = None


def found(archive: Archive, wish: Wish, asker: Request, there: Request) -> Found:
    """What answers a question, of what both the asker may see and everybody at the place where it is sent: the asker
    is shown what will be sent. Raises StetError."""
    blogs = archive.blogs()
    seen = visible(blogs, asker) & visible(blogs, there)
    try:
        given = pages.page(archive, replace(wish, shown=0), seen).given
    except (NothingIndexed, UsageError):
        return Found()
    passages = tuple(one.passage for one in given.passages)
    if not there.private and any(one.version.entry.blog.sensitive for one in passages):
        return Found(sensitive=True)
    return Found(passages=passages)


def standing(
    archive: Archive, proofs: Iterable[Receipt], there: Request, now: datetime
) -> list[tuple[Receipt, Passage | None]]:
    """Each slice that was sent, as it reads now; None where it does not stand any more, or may not be shown there
    now. Raises StetError."""
    return [(proof, _as_it_reads(archive, proof, there, now)) for proof in proofs]


def _as_it_reads(archive: Archive, proof: Receipt, there: Request, now: datetime) -> Passage | None:
    placed = Placed(entry=proof.entry, version=proof.version, start=proof.start, end=proof.end, past=False)
    versions = neighbours.standing(archive, there, placed, now)
    sent = next((one for one in versions if one.number == proof.version), None)
    current = next((one for one in versions if one.current), None)
    if sent is None or current is None or not proof.proves(sent.text):
        return None
    found = relocated(Passage(version=sent, start=proof.start, end=proof.end), current)
    return None if found is None else found.passage


# ------------------------------------------------------------------------------------------------ messages


def message(matter: Matter) -> Response:
    """What the person is sent, with the buttons for it."""
    head = [*_who(matter), _question(matter.question)]
    body = list(_found(matter.found, TEXT_BUDGET - _SPARE - length(head)))
    return Response(
        sections=(
            Section(reply=tuple(head)),
            Section(reply=tuple(body)),
            Section(reply=(_state(matter),), buttons=tuple(_buttons(matter))),
        )
    )


def _who(matter: Matter) -> Iterator[Line]:
    if matter.group is not None:
        yield say(wording.CALL_FOR, group=Mention(matter.group))
    if matter.asker is None:
        yield say(wording.CALL_FROM_SOMEBODY)
    elif matter.channel.startswith("D"):
        yield say(wording.CALL_FROM_DIRECT, asker=Mention(matter.asker))
    else:
        yield say(wording.CALL_FROM, asker=Mention(matter.asker), channel=Mention(matter.channel))


def _question(question: str | None) -> Line:
    if question is None:
        return say(wording.CALL_FORGOTTEN)
    return Line((Words(wording.CALL_QUESTION), Words(wording.SPACE), Asked(question)))


def _found(given: Found, room: int) -> Iterator[Part]:
    """Each passage with its citation, or its citation alone where it is too long; what does not fit is counted."""
    if given.sensitive:
        yield say(wording.CALL_SENSITIVE)
        return
    if not given.passages:
        yield say(wording.CALL_FOUND_NOTHING)
        return
    yield say(wording.CALL_FOUND)
    room -= len(wording.CALL_FOUND) + len(wording.LEFT_OUT) + 10
    left_out = 0
    for passage in given.passages:
        form = next((one for one in _forms(passage) if length(one) <= room), None)
        if form is None:
            left_out += 1
            continue
        room -= length(form)
        yield from form
    if left_out:
        yield say(wording.LEFT_OUT, Role.FOOT, count=left_out)


def _forms(passage: Passage) -> Iterator[Sequence[Part]]:
    yield Quote((Slice(passage, passage.span, bold=False),)), citation(passage)
    yield too_long(passage)


def _state(matter: Matter) -> Line:
    if matter.state is State.OPEN or matter.changed is None:
        return say(wording.CALL_OPEN)
    at = time(matter.changed)
    is_taken = matter.state is State.TAKEN
    if matter.helper is None:
        return say(wording.CALL_TAKEN_BY_SOMEBODY if is_taken else wording.CALL_RESOLVED_BY_SOMEBODY, time=at)
    return say(wording.CALL_TAKEN if is_taken else wording.CALL_RESOLVED, helper=Mention(matter.helper), time=at)


def _buttons(matter: Matter) -> Iterator[Button]:
    if matter.state is State.RESOLVED:
        return
    yield buttons.of_call(ANSWER_CALL, wording.CALL_ANSWER, matter.channel)
    if matter.state is State.OPEN:
        yield buttons.of_call(TAKE_CALL, wording.CALL_TAKE, matter.channel)
    yield buttons.of_call(RESOLVE_CALL, wording.CALL_RESOLVE, matter.channel)


# ------------------------------------------------------------------------------------------------ for the asker


def answer(helper: str, words: str, *, asker: str | None, question: str | None) -> Response:
    """A person's answer, as such. `asker` is mentioned where they would not hear of it otherwise; `question` stands
    before it where nothing else tells what it answers."""
    lines = [
        *_addressed(asker, question),
        say(wording.HELPER_ANSWERS, helper=Mention(helper)),
        Line((Asked(words),)),
        say(wording.HELPER_FOOT, Role.FOOT),
    ]
    return Response(sections=(Section(reply=tuple(lines)),))


def taken(helper: str, *, asker: str | None, question: str | None) -> Response:
    """That somebody has taken the question."""
    lines = [*_addressed(asker, question), say(wording.HELPER_TAKES, helper=Mention(helper))]
    return Response(sections=(Section(reply=tuple(lines)),))


def _addressed(asker: str | None, question: str | None) -> Iterator[Line]:
    if asker is not None:
        yield Line((Mention(asker),))
    if question is not None:
        yield _question(question)
