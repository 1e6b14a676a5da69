"""The asker's words → what of them is about times, order and blog, and what is the matter.

Only what cannot be meant otherwise is taken for one of these; all else is left to the search, since a filter that
nobody meant hides the answer. `windows` says which times narrow, `orders` which words order, `titles` how a blog is
named. Which moments the times are is for `interpreting` to find out: it knows the blogs and the clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time

from retrieval.errors import UsageError
from retrieval.model import LONGEST_QUESTION, Order, Span
from retrieval.questions import moments, titles, windows
from retrieval.questions.moments import Point
from retrieval.questions.orders import Ordered, only_of_entries, ordered
from retrieval.questions.windows import BESIDE, ENTRIES, Window

_VERB = r"(?P<verb>posted|published|added|said|reported|written)\b"
_TIME = (
    r"(?P<time>(?:(?P<word>noon|midday|midnight)\b"
    r"|(?P<hour>\d{1,2})(?:[.:](?P<minute>\d\d))?(?: ?(?P<half>[ap])\.?m\b)?(?(minute)|(?(half)|(?!)))"
    r"(?![.:]?\d| ?[ap]\.?m\b))(?:\.?(?-i: (?P<zone>[A-Z]{2,5}))\b)?)"
)
_NO_WINDOW = r"(?!\.?\s*(?:(?:to|until|till|and|or|onwards?)\b|[-–—]))"
_AT = (
    re.compile(rf"\b(?:{_VERB}|{ENTRIES}){BESIDE}\s+(?:at|of|from) {_TIME}{_NO_WINDOW}", re.IGNORECASE),
    re.compile(rf"\b(?:the|in|of) {_TIME} {ENTRIES}", re.IGNORECASE),
)
_JOINT = re.compile(r",? (?:on )?")
_ENDS = re.compile(r" ?(?=[?.!,;:]*$)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """What a question says of times, order and blog, and what else it says.

    `at`: the times of day that its entry's time may be (two where am or pm is not said), none where it names none;
    `zone`: the zone printed with it. `window`, `as_of`: times as they are said. `blog`: the id of the one it names.
    `matter`: the asker's words without those of times, order and blog, which is what is searched for. `lists`:
    nothing else is asked, so the entries themselves answer; `several`: more than one, and if
    it is said how many, `count`; `timeline`: as many as tell it.
    """

    order: Order = Order.RELEVANCE
    at: tuple[time, ...] = ()
    zone: str | None = None
    window: Window | None = None
    as_of: Point | None = None
    blog: str | None = None
    matter: str
    lists: bool = False
    several: bool = True
    timeline: bool = False
    count: int | None = None


def understand(text: str, blogs: Mapping[str, str] | None = None, *, times: bool = True) -> Understood:
    """Read a question. `blogs` are the titles, by id, of those that the asker may see: no other can be named. Without
    `times` no time of it narrows: they are left in the matter."""
    words = " ".join(text.split())
    blog, words = _blog(words, blogs or {})
    as_of, words = _as_of(words) if times else (None, words)
    found = next((match for form in _AT if (match := form.search(words))), None)
    if found is not None and (timed := _at_a_time(words, found, blog, as_of)) is not None:
        return timed
    window, words = _window(words) if times else (None, words)
    order = ordered(words, within_a_time=window is not None)
    if order is not None:
        return _in_order(order, words, window, as_of, blog)
    narrowed = window is not None or as_of is not None or blog is not None
    return Understood(window=window, as_of=as_of, blog=blog, matter=words, lists=narrowed and only_of_entries(words))


def _in_order(order: Ordered, words: str, window: Window | None, as_of: Point | None, blog: str | None) -> Understood:
    return Understood(
        order=order.order,
        window=window,
        as_of=as_of,
        blog=blog,
        matter=order.matter or words,
        lists=not order.matter,
        several=order.several,
        timeline=order.timeline,
        count=order.count,
    )


def _at_a_time(words: str, match: re.Match[str], blog: str | None, as_of: Point | None) -> Understood | None:
    hour = match["hour"] or ("00" if match["word"].lower() == "midnight" else "12")
    times = moments.times(hour, match["minute"], "p" if hour == "12" and match["word"] else match["half"])
    start, end = match.span("time")
    joint = _JOINT.match(words, end)
    day = moments.day(words, joint.end()) if joint else None
    rest = _without(words, (start, day[1] if day else end))
    alone = only_of_entries(rest)
    # A letter can be posted at 9.30am, too; an entry of 9.30am is an entry.
    meant = times if alone or match.re is _AT[1] or not match["verb"] else ()
    if not meant:
        return None
    window = Window(since=day[0], until=day[0], through=True) if day else None
    return Understood(at=meant, zone=match["zone"], window=window, as_of=as_of, blog=blog, matter=rest, lists=alone)


def _blog(words: str, blogs: Mapping[str, str]) -> tuple[str | None, str]:
    found = titles.named(words, blogs) if blogs else None
    return (None, words) if found is None else (found[0], _without(words, found[1]))


def _as_of(words: str) -> tuple[Point | None, str]:
    """A past moment is told by a clock time: "as of 26 August" may be the matter's."""
    for one in windows.phrases(words):
        if one.as_of is not None and one.as_of.clock is not None and one.as_of.plain:
            return one.as_of, _without(words, one.span)
    return None, words


def _window(words: str) -> tuple[Window | None, str]:
    for one in windows.phrases(words):
        if one.as_of is None and (found := windows.window(words, one)) is not None:
            return found, _without(words, one.span)
    return None, words


def _without(words: str, span: Span) -> str:
    """The words with some of them cut out, and no blank or comma left over."""
    before, after = words[: span[0]].rstrip(" ,("), words[span[1] :].lstrip(" ,:)")
    return _ENDS.sub("", f"{before} {after}".strip(), count=1)


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
