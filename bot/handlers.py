"""(archive, request) → reply. No Slack client and no settings."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, replace

from bot import render, wording
from bot.render import Line, Quote
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, StetError, UsageError
from retrieval.model import LONGEST_QUESTION, Blog, Passage, Shown

log = logging.getLogger(__name__)

_MARKED_UP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A question from Slack, its text as Slack sent it. `private`: only the asker will see the reply.

    `trusted`: the asker is a member of this organisation, and so is everyone in the channel, as far as Slack
    says; else nothing is shown that is not public."""

    text: str
    channel: str
    direct: bool
    private: bool
    trusted: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The reply, and the passages that it shows. `offer`: a question to be asked again in private, or None."""

    reply: tuple[Line | Quote, ...]
    shown: tuple[Passage, ...] = ()
    offer: str | None = None


def respond(archive: Archive, request: Request) -> Response:
    """One clear reply to everything: an answer, honest silence, help, or what is wrong."""
    question = unmarked(request.text)
    if not question:
        return Response(reply=(render.say(wording.HELP),))
    if len(question) > LONGEST_QUESTION:
        return Response(reply=(render.say(wording.TOO_LONG_A_QUESTION, count=LONGEST_QUESTION),))
    try:
        return _answered(archive, request, question)
    except NothingIndexed:
        return Response(reply=(render.say(wording.EMPTY_INDEX),))
    except UsageError:
        return Response(reply=(render.say(wording.HELP),))
    except StetError as error:
        log.error("not answered: %s", error)
        return Response(reply=(render.say(wording.INDEX_TROUBLE),))


def _answered(archive: Archive, request: Request, question: str) -> Response:
    blogs = archive.blogs()
    visible = frozenset(one.id for one in blogs.values() if may_see(one, request))
    given = archive.ask(question, visible=visible)
    if not request.private:
        if any(_blog(one).sensitive for one in given.passages):
            return Response(reply=(render.say(wording.SENSITIVE),), offer=question)
        given = replace(given, nearest=tuple(one for one in given.nearest if not _blog(one).sensitive))
    asked: tuple[Line, ...] = ()
    if request.private and not request.direct:
        asked = (Line((render.Words(wording.ASKED), render.Words(wording.SPACE), render.Asked(question))),)
    reply = (*asked, *render.answer(given, render.TEXT_BUDGET - render.length(asked)))
    return Response(reply=reply, shown=tuple(render.quoted(reply)))


def may_see(blog: Blog, request: Request) -> bool:
    """Whether a blog's entries may be shown where the reply will stand: public, or in one of its channels."""
    if not blog.visibility:
        return True
    return request.trusted and not request.direct and request.channel in blog.visibility


def _blog(shown: Shown) -> Blog:
    return shown.passage.version.entry.blog


def unmarked(text: str) -> str:
    """What a person typed, from what Slack sent: mentions gone, addresses and channels by their own words,
    `&amp;`, `&lt;` and `&gt;` undone once."""
    return " ".join(unescaped(_MARKED_UP.sub(_typed, text)).split())


def unescaped(text: str) -> str:
    """Undo Slack's three escapes, and no others: `&amp;lt;` was typed as `&lt;`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _typed(match: re.Match[str]) -> str:
    inside, words = match[1], match[2]
    if inside.startswith(("@", "!")):
        return " "
    return words or ("" if inside.startswith("#") else inside)
