"""The asker's words → what of them is about times and order, and what is the matter.

Only what cannot be meant otherwise is taken for a time or an order: an entry that is asked for by the time on
its header, and the first or last entry. A time that is part of the matter is left to the search.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time

from retrieval.clock import twelve_hour
from retrieval.errors import UsageError
from retrieval.lexical import terms
from retrieval.model import LONGEST_QUESTION, Order

_NOUN = r"(?:entry|entries|posts?|updates?)(?![-’'\w])"
_VERB = r"(?P<verb>posted|published)\b"
_BETWEEN = (
    r"(?:\s+(?:was|were|is|are|that|which|made|put|up|out|written|timed|posted|published|appeared|came|on|in|the|this|"
    r"live|blog|here|exactly))*"
)
_TIME = (
    r"(?P<time>(?P<hour>\d{1,2})(?:[.:](?P<minute>\d\d))?(?: ?(?P<half>[ap])\.?m\b)?(?(minute)|(?(half)|(?!)))"
    r"(?![.:]?\d)(?:\.?(?-i: (?P<zone>[A-Z]{2,5}))\b)?)"
)
_NO_WINDOW = r"(?!\.?\s*(?:(?:to|until|till|and|or|onwards?)\b|[-–—]))"
_AT = (
    re.compile(rf"\b(?:{_VERB}|{_NOUN}){_BETWEEN}\s+(?:at|of|from) {_TIME}{_NO_WINDOW}", re.IGNORECASE),
    re.compile(rf"\b(?:the|in|of) {_TIME} {_NOUN}", re.IGNORECASE),
)
_ENTRY = rf"(?:{_NOUN}|(?:posted|published)\b)"
_FIRST = re.compile(rf"\b(?:first|earliest|oldest|opening)\s+(?:indexed\s+)?{_ENTRY}", re.IGNORECASE)
_LAST = re.compile(rf"\b(?:last|latest|newest|most recent|final)\s+(?:indexed\s+)?{_ENTRY}", re.IGNORECASE)
_OF_ENTRIES = frozenset(
    terms("entry entries post posts posted update updates published blog live liveblog happened reported written "
          "first earliest oldest opening last latest newest recent final most indexed timed put appeared came")
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """What a question says of times and order.

    `at`: the times of day that its time may be (two where am or pm is not said), none where it names none; `zone`:
    the zone printed with it. `lists`: nothing else is asked, so the entry itself answers.
    """

    order: Order
    at: tuple[time, ...]
    zone: str | None
    lists: bool


def understand(text: str) -> Understood:
    """Read a question's time and order."""
    match = next((found for form in _AT if (found := form.search(text))), None)
    if match is not None:
        at = _times(match)
        alone = _only_of_entries(text[: match.start("time")] + text[match.end("time") :])
        # A letter can be posted at 9.30am, too; an entry of 9.30am is an entry.
        meant = at if alone or match.re is _AT[1] or not match["verb"] else ()
        return Understood(order=Order.RELEVANCE, at=meant, zone=match["zone"], lists=alone and bool(at))
    order = Order.EARLIEST if _FIRST.search(text) else Order.LATEST if _LAST.search(text) else Order.RELEVANCE
    lists = order is not Order.RELEVANCE and _only_of_entries(text)
    return Understood(order=order if lists else Order.RELEVANCE, at=(), zone=None, lists=lists)


def _only_of_entries(matter: str) -> bool:
    return set(terms(matter)) <= _OF_ENTRIES


def _times(match: re.Match[str]) -> tuple[time, ...]:
    """5.07pm is 17:07, and so is 17:07; 5.07 may be either half of the day's."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    if match["half"]:
        found = [twelve_hour(hour, minute, f"{match['half']}m")]
    elif 1 <= hour <= 12 and not match["hour"].startswith("0"):
        found = [twelve_hour(hour, minute, half) for half in ("am", "pm")]
    else:
        found = [time(hour, minute) if hour < 24 and minute < 60 else None]
    return tuple(one for one in found if one is not None)


def worded(text: str) -> str:
    """A question as it is asked, without white space around it. Raises UsageError where it is empty or too long."""
    words = text.strip()
    if not words:
        raise UsageError("the question is empty", 'ask something, as in: stet ask "What role did taxi drivers play?"')
    if len(words) > LONGEST_QUESTION:
        raise UsageError(
            f"the question has {len(words)} characters, at most {LONGEST_QUESTION} are taken", "ask it shorter"
        )
    return words.encode("utf-8", "replace").decode()
