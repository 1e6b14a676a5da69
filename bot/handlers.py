"""(archive, request) → reply. No Slack client and no settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot import buttons, neighbours, render, requested, typed, verifying, wording
from bot.buttons import Placed, Pressed
from bot.render import Line, Quote, Reply
from bot.replies import Request, Response, Section, only, visible
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, SourceError, StetError, UsageError
from retrieval.model import LONGEST_QUESTION, Shown

log = logging.getLogger(__name__)


def respond(archive: Archive, request: Request) -> Response:
    """One clear reply to everything: an answer, checks, honest silence, help, or what is wrong."""
    return _guarded(lambda: _responded(archive, request))


def verify(archive: Archive, request: Request, thread: str) -> Response:
    """The checks of all quotations in somebody's message; `thread` is the time of the message whose thread they may
    be shared in."""

    def verified() -> Response:
        asked = requested.quotations_in(typed.page(request.text, request.blocks, request.attachments))
        found = verifying.check(archive, request, asked, shares=True, thread=thread)
        if asked.quotations:
            return found
        return Response(sections=(*only(render.say(wording.NO_QUOTATIONS)).sections, *found.sections))

    return _guarded(verified)


def share(archive: Archive, request: Request, pressed: Pressed | None) -> Response:
    """A check for all to see where its button was pressed; else, for whoever pressed it alone, why there is none."""
    if pressed is None:
        return only(render.say(wording.CHECK_HELP), alone=True)
    return _guarded(lambda: verifying.share(archive, request, pressed), alone=True)


def show(archive: Archive, request: Request, pressed: Pressed | None) -> Response:
    """A check for whoever pressed its button."""
    if pressed is None:
        return only(render.say(wording.CHECK_HELP))
    asked = requested.Check(quotations=(pressed.wanted,))
    return _guarded(lambda: verifying.check(archive, request, asked))


def around(archive: Archive, request: Request, placed: Placed | None) -> Response:
    """What stands around the passage of a button, for whoever pressed it."""
    if placed is None:
        return only(render.say(wording.NOT_SHOWN_NOW))
    return _guarded(lambda: neighbours.show(archive, request, placed, datetime.now(UTC)))


def _guarded(answer: Callable[[], Response], *, alone: bool = False) -> Response:
    """The answer; or what is wrong, which with `alone` is for the asker."""
    try:
        return answer()
    except NothingIndexed:
        return only(render.say(wording.EMPTY_INDEX), alone=alone)
    except UsageError:
        return only(render.say(wording.HELP), alone=alone)
    except SourceError:
        return only(render.say(wording.TOO_MANY_MARKS), alone=alone)
    except StetError as error:
        log.error("not answered: %s", error)
        return only(render.say(wording.INDEX_TROUBLE), alone=alone)


def _responded(archive: Archive, request: Request) -> Response:
    asked = requested.check_in(typed.page(request.text, request.blocks))
    if asked is not None:
        if not asked.quotations:
            return only(render.say(wording.CHECK_HELP))
        return verifying.check(archive, request, asked, shares=request.private and not request.direct)
    question = typed.unmarked(request.text)
    if not question:
        return only(render.say(wording.HELP))
    if len(question) > LONGEST_QUESTION:
        return only(render.say(wording.TOO_LONG_A_QUESTION, count=LONGEST_QUESTION))
    return _answered(archive, request, question)


def _answered(archive: Archive, request: Request, question: str) -> Response:
    given = archive.ask(question, visible=visible(archive.blogs(), request))
    if not request.private:
        if any(_is_sensitive(one) for one in given.passages):
            button = buttons.ask_privately(question)
            return Response(sections=(Section(reply=(render.say(wording.SENSITIVE),), button=button),))
        given = replace(given, nearest=tuple(one for one in given.nearest if not _is_sensitive(one)))
    asked: tuple[Line, ...] = ()
    if request.private and not request.direct:
        asked = (Line((render.Words(wording.ASKED), render.Words(wording.SPACE), render.Asked(question))),)
    laid = render.laid_out(given, render.TEXT_BUDGET - render.length(asked))
    return Response(
        sections=(
            Section(reply=(*asked, *laid.head)),
            *_passages(request, laid.shown, past=given.question.as_of is not None),
            Section(reply=laid.foot),
        )
    )


def _passages(request: Request, shown: Sequence[tuple[Shown, Reply]], *, past: bool) -> Iterator[Section]:
    """Each passage, the first ones with a button that shows what stands around it."""
    for number, (one, reply) in enumerate(shown):
        has_button = number < neighbours.MOST_BUTTONS and any(isinstance(part, Quote) for part in reply)
        button = neighbours.button(request, one.passage, past=past) if has_button else None
        yield Section(reply=reply, button=button)


def _is_sensitive(shown: Shown) -> bool:
    """Whether it shows or cites an entry of a sensitive blog."""
    return any(one.version.entry.blog.sensitive for one in (shown.passage, *shown.also))
