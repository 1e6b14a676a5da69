"""What a person asks in Slack, what they get for it, and which blogs may be seen where that will stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.followups import Turn
from bot.metrics import Kind
from bot.pieces import Line, Quote, Reply, Slice
from bot.render import quoted
from retrieval.model import Answer, Blog, Passage, Shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was asked in Slack, as Slack sent it. `private`: only the asker will see the reply.

    `trusted`: the asker is a member of this organisation, and so is everyone in the channel, as far as Slack
    says; else nothing is shown that is not public."""

    text: str
    channel: str
    direct: bool
    private: bool
    trusted: bool
    blocks: Sequence[Any] = ()
    attachments: Sequence[Any] = ()
    blogs: frozenset[str] | None = None
    """Only these, of those that may be seen there: what admins set for the channel (None: all)."""
    before: Turn | None = None
    """The question before, in the same conversation."""
    calls: bool = False
    """Whether there is a person to be called from here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button under a section: what pressing it does, its words, and what it hands back."""

    action: str
    label: str
    value: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Part of a reply, with the buttons that belong to it."""

    reply: Reply
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """The reply in its sections. `alone`: it is for the asker, wherever a reply was to stand; `given`: the answer
    that it shows, and `placed` which of its passages and in what form; `turn`: what a follow-up goes on from;
    `asked`: the key under which the question was noted, for whoever says whether the answer was any good."""

    sections: tuple[Section, ...]
    alone: bool = False
    given: Answer | None = None
    placed: tuple[tuple[Shown, Reply], ...] = ()
    turn: Turn | None = None
    asked: int | None = None
    kind: Kind = "notice"

    @property
    def reply(self) -> Reply:
        return tuple(part for section in self.sections for part in section.reply)

    @property
    def shown(self) -> tuple[Passage, ...]:
        """The passages that the reply shows: what it quotes, slices in its other lines that stand in none, and what
        it cites without its words: an entry that is cited and taken down must be found by its receipt."""
        whole = list(quoted(self.reply))
        for one in _in_lines(self.reply):
            if not any(_holds(passage, one) for passage in whole):
                whole.append(one)
        return tuple(whole)


def only(line: Line, *, alone: bool = False, kind: Kind = "notice") -> Response:
    """A response of one line."""
    return Response(sections=(Section(reply=(line,)),), alone=alone, kind=kind)


def _in_lines(reply: Reply) -> Iterator[Passage]:
    for part in reply:
        if not isinstance(part, Quote):
            for piece in part.pieces:
                if isinstance(piece, Slice):
                    yield Passage(version=piece.passage.version, start=piece.span[0], end=piece.span[1])
            if isinstance(part, Line) and part.cites is not None:
                yield part.cites


def _holds(passage: Passage, one: Passage) -> bool:
    return passage.version == one.version and passage.start <= one.start and one.end <= passage.end


def may_see(blog: Blog, request: Request) -> bool:
    """Whether a blog's entries may be shown where the reply will stand: public, or in one of its channels."""
    if request.blogs is not None and blog.id not in request.blogs:
        return False
    if not blog.visibility:
        return True
    return request.trusted and not request.direct and request.channel in blog.visibility


def visible(blogs: Mapping[str, Blog], request: Request) -> frozenset[str]:
    """The ids of the blogs whose entries may be shown where the reply will stand."""
    return frozenset(one.id for one in blogs.values() if may_see(one, request))


def not_sensitive(blogs: Mapping[str, Blog], ids: Iterable[str]) -> frozenset[str]:
    """Of some blogs those that may be quoted in the open."""
    return frozenset(one for one in ids if not blogs[one].sensitive)
