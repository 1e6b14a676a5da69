"""Which of a question's words ask for the first or the last that was published, and of what.

"First" and "last" are mostly of the matter: the last king, the first train, the latest figures. They order entries
only beside a word for entries ("the first post about the dam"), with "mentioned" ("When was the dam first
mentioned?", "the first mention of the dam"), in "the latest on the dam", and where we, or the blog, did it ("When did
we first report the leak?"). "When was the novel first published?" asks for an event of the matter. A timeline and a
chronology order from the earliest on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from retrieval.lexical import terms
from retrieval.model import Order
from retrieval.questions.windows import AND_SO, ENTRIES

_FIRST = r"first|earliest|oldest|opening"
_LAST = r"last|latest|newest|most recent|final"
_ORDER = rf"(?:(?P<first>{_FIRST})|(?P<last>{_LAST}))"
_ASKED = (
    rf"{AND_SO}(?:(?:what|which|when|where)(?: entry| post)?(?:['’]s| is| was| are| were| does| did| do)? "
    r"|(?:can you |could you )?(?:give|show|tell|send|find|list|make|get)(?: me| us)? |any |is there (?:a|any) )?"
    r"(?:the |a |an |our |your )?(?:very |full |short |brief |quick )?"
)
_ABOUT = r"(?:about|on|regarding|concerning|mentioning|(?:that |which )?mentions?|to mention)"
_SAYS = r"(?: say| says| about| posted| published)?"
_END = r"(?: here| (?:on|in) (?:the|this|our) (?:live )?(?:blog|archive|coverage))?[ ?.!…]*$"
_MATTER = r"(?P<matter>\S.{0,300}?)"
_NEWS = r"(?:news|information|info|word|coverage|developments?)"

_ENTRY_ABOUT = re.compile(
    rf"^{_ASKED}{_ORDER} (?:indexed |live |blog )*(?P<noun>{ENTRIES}) "
    rf"(?:{_ABOUT}|from|(?<!posts )(?<!post )(?:by|of|with)) {_MATTER}{_SAYS}{_END}",
    re.IGNORECASE,
)
_ENTRY_THAT = re.compile(
    rf"^{AND_SO}(?:which|what) (?P<noun>{ENTRIES}) {_ORDER} "
    rf"(?:mentioned|mentions?|named|names|referred to) {_MATTER}{_END}",
    re.IGNORECASE,
)
_LATEST = re.compile(
    rf"^{_ASKED}(?:(?P<last>latest)(?: {_NEWS})? (?:about|on|regarding|concerning|from|with|in)"
    rf"|(?P<last2>newest|most recent) {_NEWS} (?:about|on|regarding|concerning|from|with|of)) {_MATTER}{_END}",
    re.IGNORECASE,
)
_LATEST_NEWS = re.compile(rf"^{_ASKED}{_ORDER} {_MATTER} (?:news|developments){_END}", re.IGNORECASE)
_MENTIONED = re.compile(
    rf"^{AND_SO}(?:when|where) (?:was|were|is|are|did|has|have|had) {_MATTER}(?: been)? {_ORDER} "
    rf"(?:mentioned|brought up){_END}",
    re.IGNORECASE,
)
_MENTION_OF = re.compile(rf"^{_ASKED}{_ORDER} mentions? of {_MATTER}{_END}", re.IGNORECASE)
_WE_DID = re.compile(
    rf"^{AND_SO}when (?:did|do|have|had) (?:we|the (?:live )?blog|(?:our|this) (?:live )?blog) {_ORDER} "
    r"(?:mention|report|post|publish|cover|write|tell|say|quote|mentioned|reported|posted|published|covered|written)"
    rf"(?: (?:about|on|of|anything (?:about|on)|something (?:about|on)))? {_MATTER}{_END}",
    re.IGNORECASE,
)
_PUBLISHED = re.compile(
    rf"^{AND_SO}what (?:was|is|did we) (?:the )?{_ORDER}(?: thing)?(?: that was| that we| we)? "
    rf"(?:said|posted|published|reported|written|say|post|publish|report|write) {_ABOUT} {_MATTER}{_END}",
    re.IGNORECASE,
)
_TIMELINE = re.compile(
    rf"^{_ASKED}(?P<timeline>timeline|chronology) (?:of|for|on|about) {_MATTER}{_END}", re.IGNORECASE
)
_WITH_MATTER = (
    _TIMELINE, _ENTRY_ABOUT, _ENTRY_THAT, _LATEST, _LATEST_NEWS, _MENTIONED, _MENTION_OF, _WE_DID, _PUBLISHED,
)  # fmt: skip
_COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
_ALONE = re.compile(
    rf"\b{_ORDER}\s+(?:indexed\s+)?(?:(?:(?P<count>[1-9]\d?|{'|'.join(_COUNTS)})\s+)?(?P<noun>{ENTRIES})"
    r"|(?:thing (?:that was |we )?)?(?:posted|published|said|reported)\b)",
    re.IGNORECASE,
)
_WHAT_IS_NEW = re.compile(
    rf"^{AND_SO}(?:what(?:['’]s| is) (?:the latest(?: news)?|new)|"
    rf"(?:give|show|tell)(?: me| us)? the latest(?: news)?|any(?: more)? news|anything new)(?: here| so far)?{_END}",
    re.IGNORECASE,
)
_TIMELINE_ALONE = re.compile(rf"^{_ASKED}(?:timeline|chronology){_END}", re.IGNORECASE)

OF_ENTRIES = frozenset(
    terms("entry entries post posts posted update updates updated published blog live liveblog happened happening "
          "occurred reported written first earliest oldest opening last latest newest recent final most indexed "
          "timed thing anything something put appeared came new news show give list find else going gone know known "
          "summary recap write publish announced confirmed said say changed added development developments headlines "
          "events so far timeline chronology day coverage catch send exactly please tweeted")
)  # fmt: skip
"""What is asked of entries themselves, and of no matter."""


_NO_MATTER = re.compile(
    rf"(?<=\w) (?:[1-9]\d?|{'|'.join(_COUNTS)}) (?={ENTRIES})|\b(?:i|we) miss(?:ed)?\b", re.IGNORECASE
)
"""Beside words of entries: "the last three entries", "What did I miss?"."""
_REPORT = re.compile(
    r"\b(?:the|a|an|this|that|its|their|our|which|first|last|latest) (?:\w+ )?reports?\b", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ordered:
    """The order that is asked for, and of what: empty where of all entries. `several`: of more than one entry,
    and if it is said how many, `count`; `timeline`: of as many as tell it."""

    order: Order
    matter: str
    several: bool
    timeline: bool = False
    count: int | None = None


def ordered(words: str, *, within_a_time: bool = False) -> Ordered | None:
    """The order that a question asks for, where it asks for one. What is new `within_a_time` is all that is of it."""
    for form in _WITH_MATTER:
        if (match := form.match(words)) is not None and _is_matter(match["matter"]):
            return _ordered(match)
    if _TIMELINE_ALONE.match(words) or _TIMELINE.match(words):
        return (
            Ordered(order=Order.EARLIEST, matter="", several=True, timeline=True) if only_of_entries(words) else None
        )
    if _WHAT_IS_NEW.match(words):
        return None if within_a_time else Ordered(order=Order.LATEST, matter="", several=True)
    found = _ALONE.search(words)
    if found is None or not only_of_entries(words):
        return None
    order = Order.EARLIEST if found["first"] else Order.LATEST
    return Ordered(order=order, matter="", several=_plural(found), count=_count(found["count"]))


def _count(said: str | None) -> int | None:
    return None if said is None else _COUNTS.get(said.lower()) or int(said)


def only_of_entries(words: str) -> bool:
    """Whether words ask for entries themselves, and for no matter. A report is one: only "reported" is not."""
    return set(terms(_NO_MATTER.sub(" ", words))) <= OF_ENTRIES and not _REPORT.search(words)


def _ordered(match: re.Match[str]) -> Ordered:
    said = match.groupdict()
    if said.get("timeline"):
        return Ordered(order=Order.EARLIEST, matter=match["matter"], several=True, timeline=True)
    order = Order.EARLIEST if said.get("first") else Order.LATEST
    return Ordered(order=order, matter=match["matter"], several=said.get("noun") is None or _plural(match))


def _is_matter(words: str) -> bool:
    return bool(terms(words)) and not only_of_entries(words)


def _plural(match: re.Match[str]) -> bool:
    return (match["noun"] or "").lower().endswith(("s", "ies"))
