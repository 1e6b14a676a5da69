"""(archive, request) → reply. No Slack client and no settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot import buttons, entries, followups, neighbours, pages, render, requested, typed, verifying, wording
from bot.buttons import Placed, Pressed
from bot.followups import FollowUp, Wish
from bot.metrics import Kind
from bot.pages import Page
from bot.pieces import Asked, Line, Quote, Reply, Words, say
from bot.replies import Button, Request, Response, Section, only, visible
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, SourceError, StetError, UsageError
from retrieval.model import LONGEST_QUESTION, Answer, Outcome, Shown

_KINDS: dict[Outcome, Kind] = {
    Outcome.ANSWERED: "answered",
    Outcome.NOTHING_FOUND: "nothing_found",
    Outcome.NOTHING_IN_RANGE: "nothing_in_range",
}

log = logging.getLogger(__name__)


def respond(archive: Archive, request: Request) -> Response:
    """One clear reply to everything: an answer, checks, honest silence, help, or what is wrong."""
    return _guarded(lambda: _responded(archive, request))


def wish(archive: Archive, request: Request, wished: Wish | None) -> Response:
    """The answer to a button's question, or the passages after those shown, for whoever pressed it."""
    if wished is None:
        return only(say(wording.NOT_VALID), alone=True)
    return _guarded(lambda: _answered(archive, request, wished))


def share_answer(archive: Archive, request: Request, wished: Wish | None) -> Response:
    """An answer for all to see where its button was pressed; else, for whoever pressed it alone, why not."""
    if wished is None:
        return only(say(wording.NOT_VALID), alone=True)
    return _guarded(lambda: _shared(archive, request, wished), alone=True)


def verify(archive: Archive, request: Request, thread: str | None) -> Response:
    """The checks of all quotations in somebody's message; `thread` is the time of the message whose thread they may
    be shared in."""

    def verified() -> Response:
        asked = requested.quotations_in(typed.page(request.text, request.blocks, request.attachments))
        found = verifying.check(archive, request, asked, shares=True, thread=thread)
        if asked.quotations:
            return found
        return Response(sections=(*only(say(wording.NO_QUOTATIONS)).sections, *found.sections))

    return _guarded(verified)


def share(archive: Archive, request: Request, pressed: Pressed | None) -> Response:
    """A check for all to see where its button was pressed; else, for whoever pressed it alone, why there is none."""
    if pressed is None:
        return only(say(wording.NOT_VALID), alone=True)
    return _guarded(lambda: verifying.share(archive, request, pressed), alone=True)


def show(archive: Archive, request: Request, pressed: Pressed | None) -> Response:
    """A check for whoever pressed its button."""
    if pressed is None:
        return only(say(wording.NOT_VALID))
    asked = requested.Check(quotations=(pressed.wanted,))
    return _guarded(lambda: verifying.check(archive, request, asked))


def around(archive: Archive, request: Request, placed: Placed | None) -> Response:
    """What stands around the passage of a button, for whoever pressed it."""
    if placed is None:
        return only(say(wording.NOT_VALID))
    return _guarded(lambda: neighbours.show(archive, request, placed, datetime.now(UTC)))


def _guarded(answer: Callable[[], Response], *, alone: bool = False) -> Response:
    """The answer; or what is wrong, which with `alone` is for the asker."""
    try:
        return answer()
    except NothingIndexed:
        return only(say(wording.EMPTY_INDEX), alone=alone)
    except UsageError:
        return only(say(wording.HELP), alone=alone)
    except SourceError:
        return only(say(wording.TOO_MANY_MARKS), alone=alone)
    except StetError as error:
        log.error("not answered: %s", error)
        return only(say(wording.INDEX_TROUBLE), alone=alone, kind="trouble")


# ------------------------------------------------------------------------------------------------ messages


def _responded(archive: Archive, request: Request) -> Response:
    asked = requested.check_in(typed.page(request.text, request.blocks))
    if asked is not None:
        if not asked.quotations:
            return only(say(wording.CHECK_HELP))
        return verifying.check(archive, request, asked, shares=request.private and not request.direct)
    question = typed.unmarked(request.text)
    if not question:
        return only(say(wording.HELP))
    if len(question) > LONGEST_QUESTION:
        return only(say(wording.TOO_LONG_A_QUESTION, count=LONGEST_QUESTION))
    wanted = followups.read(question)
    if wanted is not None:
        return _followed(archive, request, wanted)
    return _answered(archive, request, Wish(text=question))


def _followed(archive: Archive, request: Request, wanted: FollowUp) -> Response:
    before = request.before
    if before is None:
        return only(say(wording.NOTHING_BEFORE))
    if wanted.kind is followups.Kind.WHOLE:
        if before.entry is None:
            return only(say(wording.NOT_SHOWN_NOW))
        return entries.reply(archive, request, before.entry, datetime.now(UTC))
    return _answered(archive, request, followups.refined(before, wanted))


# ------------------------------------------------------------------------------------------------ answers


def _answered(archive: Archive, request: Request, wished: Wish) -> Response:
    found = pages.page(archive, wished, visible(archive.blogs(), request))
    given = found.given
    if not request.private:
        if any(_is_sensitive(one) for one in given.passages):
            return _neutral(request, wished, given)
        given = replace(given, nearest=tuple(one for one in given.nearest if not _is_sensitive(one)))
        found = replace(found, given=given)
    if wished.shown and not given.passages:
        return replace(only(say(wording.NO_MORE)), turn=pages.turn(wished, given))
    return _laid_out(request, wished, found)


def _shared(archive: Archive, request: Request, wished: Wish) -> Response:
    """The answer as all may see it where it will stand; for whoever shares it alone, why there is none."""
    response = _answered(archive, request, wished)
    if response.alone or response.given is None:
        return only(say(wording.SENSITIVE_ANSWER_NOT_SHARED), alone=True)
    if response.given.outcome is not Outcome.ANSWERED:
        return only(say(wording.NOTHING_TO_SHARE), alone=True)
    return response


def _neutral(request: Request, wished: Wish, given: Answer) -> Response:
    """What is said in the open of a sensitive blog; the passages are for whoever asks to see them, alone."""
    button = buttons.ask_privately(request.channel, wished)
    line = say(wording.SENSITIVE if button else wording.SENSITIVE_ALONE)
    return Response(sections=(Section(reply=(line,), buttons=_present(button)),), turn=pages.turn(wished, given))


def _laid_out(request: Request, wished: Wish, found: Page) -> Response:
    given = found.given
    head: list[Line] = []
    if request.private and not request.direct:
        head.append(Line((Words(wording.ASKED), Words(wording.SPACE), Asked(wished.text))))
    if wished.shown:
        head.append(say(wording.FURTHER))
    laid = render.laid_out(given, render.TEXT_BUDGET - render.length(head), naming=True)
    return Response(
        sections=(
            Section(reply=(*head, *laid.head)),
            *_passages(request, laid.shown, past=given.question.as_of is not None),
            Section(reply=laid.foot, buttons=_foot_buttons(request, wished, found)),
        ),
        given=given,
        placed=laid.shown,
        turn=pages.turn(wished, given),
        kind=_KINDS[given.outcome],
    )


def _passages(request: Request, shown: Sequence[tuple[Shown, Reply]], *, past: bool) -> Iterator[Section]:
    """Each passage, the first ones with buttons that show what stands around it, and its whole entry."""
    for number, (one, reply) in enumerate(shown):
        buttoned: tuple[Button, ...] = ()
        if number < neighbours.MOST_BUTTONS:
            quoted = any(isinstance(part, Quote) for part in reply)
            around = neighbours.button(request, one.passage, past=past) if quoted else None
            buttoned = _present(around, buttons.whole_entry(request.channel, one.passage, past=past))
        yield Section(reply=reply, buttons=buttoned)


def _foot_buttons(request: Request, wished: Wish, found: Page) -> tuple[Button, ...]:
    shown = wished.shown + len(found.given.passages)
    answered = found.given.outcome is Outcome.ANSWERED
    shares = request.private and not request.direct and answered
    return _present(
        buttons.more(request.channel, replace(wished, shown=shown)) if found.more else None,
        buttons.verify_words(request.channel),
        buttons.share_answer(request.channel, wished) if shares else None,
        buttons.call_person(request.channel, wished) if request.calls else None,
    )


def _present(*made: Button | None) -> tuple[Button, ...]:
    return tuple(one for one in made if one is not None)


def _is_sensitive(shown: Shown) -> bool:
    """Whether it shows or cites an entry of a sensitive blog."""
    return any(one.version.entry.blog.sensitive for one in (shown.passage, *shown.also))
