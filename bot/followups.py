"""What refines the question before it, in English: "more", "earlier", "later", "show the whole entry", "only before
5pm"."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from retrieval.model import LONGEST_QUESTION

_MOST_REMEMBERED = 2_000
"""Conversations whose last question is remembered, in memory alone."""

_MORE = re.compile(r"(?:(?:show|give)(?: me| us)? )?(?:any |some )?more(?: of (?:it|them|these))?(?: please)?", re.I)
_EARLIER = re.compile(
    r"(?:(?:show|give)(?: me| us)? )?(?:anything |something )?(?:earlier|before that)(?: please)?", re.I
)
_LATER = re.compile(r"(?:(?:show|give)(?: me| us)? )?(?:anything |something )?(?:later|after that)(?: please)?", re.I)
_WHOLE = re.compile(
    r"(?:(?:show|give|see)(?: me| us)? )?(?:the )?(?:whole|full|entire|complete) (?:entry|post|thing)(?: please)?",
    re.I,
)
_ONLY = re.compile(  # "Just after noon, who spoke?" is a question of its own
    r"(?!.*\b(?:what|who|whom|whose|which|where|why|how|did|do|does)\b)"
    r"(?:and )?(?:only|just) (?P<words>(?:before|after|since|until|till|from|between|on|at|in|during|by|yesterday"
    r"|today|this|last)\b.{0,200})",
    re.I | re.S,
)
_STOPS = " \t\n.!?…"


class Kind(StrEnum):
    """What a follow-up wants."""

    MORE = "more"
    EARLIER = "earlier"
    LATER = "later"
    WHOLE = "whole"
    ONLY = "only"


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowUp:
    """What is wanted; `words`: those that narrow the question."""

    kind: Kind
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A question with what follow-ups made of it: only entries in `[since, until)`, and of the passages that answer
    those after the first `shown`."""

    text: str
    since: datetime | None = None
    until: datetime | None = None
    shown: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A question that was answered: what was wished for, how many passages were shown by then, the whole id of the
    entry that was shown first, and when the first and the last entry shown were posted."""

    wish: Wish
    shown: int
    entry: str | None = None
    first: datetime | None = None
    last: datetime | None = None


def read(text: str) -> FollowUp | None:
    """What a message that refines the question before it wants; None where it is a question of its own."""
    words = text.strip(_STOPS)
    for kind, form in (
        (Kind.MORE, _MORE),
        (Kind.EARLIER, _EARLIER),
        (Kind.LATER, _LATER),
        (Kind.WHOLE, _WHOLE),
    ):
        if form.fullmatch(words):
            return FollowUp(kind=kind)
    only = _ONLY.fullmatch(words)
    return FollowUp(kind=Kind.ONLY, words=only["words"]) if only else None


def refined(before: Turn, wanted: FollowUp) -> Wish:
    """The question before, as a follow-up wants it."""
    wish = before.wish
    match wanted.kind:
        case Kind.MORE:
            return replace(wish, shown=before.shown)
        case Kind.EARLIER if before.first is not None:
            return replace(wish, until=before.first, since=None, shown=0)
        case Kind.LATER if before.last is not None:
            return replace(wish, since=before.last + timedelta(microseconds=1), until=None, shown=0)
        case Kind.ONLY:
            narrowed = f"{wish.text.rstrip(_STOPS)} {wanted.words}"
            return Wish(text=narrowed[:LONGEST_QUESTION])
    return replace(wish, shown=0)


class Conversations:
    """The last question of each conversation, the newest ones. Safe to use from several threads."""

    def __init__(self, most: int = _MOST_REMEMBERED) -> None:
        self._most = most
        self._lock = Lock()
        self._turns: OrderedDict[Hashable, Turn] = OrderedDict()

    def before(self, conversation: Hashable) -> Turn | None:
        """The question before, where it is remembered."""
        with self._lock:
            return self._turns.get(conversation)

    def remember(self, conversation: Hashable, turn: Turn) -> None:
        """Keep a question as the last one."""
        with self._lock:
            self._turns[conversation] = turn
            self._turns.move_to_end(conversation)
            while len(self._turns) > self._most:
                self._turns.popitem(last=False)

    def forget(self) -> None:
        """Remember nothing any more."""
        with self._lock:
            self._turns.clear()
