"""Which of a question's words say when the entries that are meant were posted.

A time in a question may be the asker's narrowing ("What was posted before 5pm?") or part of the matter ("Who was
arrested before 5pm?", "What happened before the 1997 election?"). A filter that nobody meant hides the answer, while
a time that is left in the question costs little, so a time narrows only

- beside a word for entries: "updates since noon about the fire", "the entry after 5pm", "entries about the fire
  between 4.30 and 5pm". But "updates on the 7 July bombings" are on the bombings;
- where the question asks what was posted, published, said or reported, or what we or the blog did so: "What was said
  about the fire before 5pm?", "What did we publish on Tuesday?"; and what somebody said: "What did police say before
  5pm?";
- where nothing else is asked: "What happened yesterday afternoon?", "Summary since noon". A live blog is about its
  day, so what happened then is what was posted then. "What happened to the boat before 5pm?" asks for an event;
- with the latest on something, and its timeline: "the latest on the fire since noon".

And even there it must be a clock time, a day or a month: "in 2005" never narrows. It must end the question, begin it,
or follow the word for posting or for entries at once; whatever else follows may be what it belongs to ("after 5pm
that day", "over the last ten minutes of the match"). A day that somebody said something on, on which something
happened, or that updates are on, is the blogs' day only where they have entries of it: else it is history, and
`tentative`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from retrieval.model import Span
from retrieval.questions import moments
from retrieval.questions.moments import Ago, Month, Point

_MOST_PHRASES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """From the beginning of `since` to the beginning of `until`, or with `through` to its end; or the time of
    `length` before the question is asked. `tentative`: only if entries were posted then."""

    since: Point | None = None
    until: Point | None = None
    through: bool = False
    length: timedelta | None = None
    tentative: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Phrase:
    """Words that say a time, where they stand, and what they say: a window, or with `as_of` a moment whose wordings
    are meant. `aspect`: words such as "since noon", which belong to a verb and not to a noun before them."""

    span: Span
    since: Point | None = None
    until: Point | None = None
    through: bool = False
    length: timedelta | None = None
    as_of: Point | None = None
    aspect: bool = False

    @property
    def points(self) -> list[Point]:
        return [one for one in (self.since, self.until) if one is not None]

    @property
    def timed(self) -> bool:
        """Whether it says a clock time, or the time up to now."""
        return self.length is not None or any(one.clock is not None for one in self.points)

    @property
    def recent(self) -> bool:
        """Whether it can be of no other days than the blogs' own, or those before the asking."""
        return all(one.day is None or isinstance(one.day, Ago) for one in self.points)

    def window(self, *, tentative: bool) -> Window:
        return Window(
            since=self.since, until=self.until, through=self.through, length=self.length, tentative=tentative
        )


# ------------------------------------------------------------------------------------------------ phrases

_LEAD = re.compile(
    r"(?<![\w.-])(?:(?P<as_of>as (?:of|at)|as (?:it|they) (?:stood|was|were|read) at)"
    r"|(?P<span>between|from)|(?P<until>before|until|till|up (?:to|until)|prior to|by|earlier than)"
    r"|(?P<since>since|after|later than)|(?P<length>(?:with)?in|over|during) the (?:last|past)"
    r"|(?P<on>on|during|in|for|of)"
    r"|(?P<bare>(?=(?:earlier|so far|today|yesterday|this|tonight|last)\b)))(?P<blank> ?)",
    re.IGNORECASE,
)
_AND = re.compile(r"(?: ?[-–—] ?| (?:and|to|until|till) )", re.IGNORECASE)
_ONWARDS = re.compile(r" (?:onwards?|on)(?![\w-])(?= *(?:$|[?.!,]))", re.IGNORECASE)
_COMMA = re.compile(r",? ", re.IGNORECASE)


def phrases(text: str) -> Iterator[Phrase]:
    """The words of a text that say a time, as far as they can be read whole; at most twelve places are tried."""
    for number, lead in enumerate(_LEAD.finditer(text)):
        if number == _MOST_PHRASES:
            return
        if (found := _phrase(text, lead)) is not None:
            yield found


def _phrase(text: str, lead: re.Match[str]) -> Phrase | None:
    start, at = lead.span()
    if lead["as_of"]:
        found = moments.point(text, at)
        return found and Phrase(span=(start, found[1]), as_of=found[0])
    if lead["length"]:
        lasting = moments.length(text, at)
        return lasting and Phrase(span=(start, lasting[1]), length=lasting[0], aspect=True)
    if lead["on"] is not None or lead["bare"] is not None:
        return _of_a_day(text, start, at, lead)
    return _bounds(text, start, at, lead)


def _of_a_day(text: str, start: int, at: int, lead: re.Match[str]) -> Phrase | None:
    """A day, and what of it: "on Tuesday", "yesterday before noon", "this morning", "in August 2014"."""
    dated = moments.month(text, at) if (lead["on"] or "").lower() in ("in", "during") else None
    dated = dated or moments.day(text, at)
    if dated is None:
        return None
    one, end = dated
    comma = _COMMA.match(text, end)
    further = _LEAD.match(text, comma.end()) if comma else None
    if one.hours is None and further is not None and (further["span"] or further["until"] or further["since"]):
        within = _bounds(text, start, further.end(), further)
        if within is not None and all(each.day is None for each in within.points):
            return _on(one, within)
    return Phrase(span=(start, end), since=one, until=one, through=True, aspect=isinstance(one.day, Ago))


def _on(day: Point, within: Phrase) -> Phrase:
    """Clock times of a day; what is open ends with the day, or begins with it."""
    since, until = (one and Point(day=day.day, clock=one.clock) for one in (within.since, within.until))
    return Phrase(span=within.span, since=since or day, until=until or day, through=until is None)


def _bounds(text: str, start: int, at: int, lead: re.Match[str]) -> Phrase | None:
    first = moments.point(text, at)
    if first is None:
        return None
    one, end = first
    if lead["span"] and (joint := _AND.match(text, end)):
        other = moments.point(text, joint.end())
        ends = other and moments.between(one, other[0])
        if other is None or ends is None:
            return None
        return Phrase(span=(start, other[1]), since=ends[0], until=ends[1], through=ends[1].clock is None)
    if not one.plain or (lead["span"] or "").lower() == "between" or _AND.match(text, end):
        return None
    if lead["until"]:
        through = lead["until"].lower() not in ("before", "prior to", "earlier than") and one.clock is None
        if one.clock is not None and one.day is not None:
            return Phrase(span=(start, end), since=Point(day=one.day), until=one)
        return Phrase(span=(start, end), until=one, through=through)
    if onwards := _ONWARDS.match(text, end):
        end = onwards.end()
    aspect = (lead["since"] or "").lower() == "since"
    if one.clock is not None and one.day is not None and not aspect:
        return Phrase(span=(start, end), since=one, until=Point(day=one.day), through=True)
    if (lead["since"] or "").lower() in ("after", "later than") and one.clock is None:
        return None  # the day after, or the rest of the day
    return Phrase(span=(start, end), since=one, aspect=aspect)


# ------------------------------------------------------------------------------------------------ frames

ENTRIES = r"(?:entry|entries|posts?|updates?)(?![-’'\w])"
BESIDE = (
    r"(?:\s+(?:was|were|is|are|that|which|made|put|up|out|written|timed|posted|published|appeared|came|on|in|the|this|"
    r"live|blog|here|exactly))*"
)
"""Words that may stand between an entry and its time."""
_ABOUT = r"(?: (?:about|on|regarding|concerning|by|from|with|of|to|in|at) (?P<matter>.{1,300}))?"
AND_SO = r"(?:(?:and|so|but|ok|okay|please|hi|hello) )?"
"""What a question may begin with that asks nothing."""
_WHAT = rf"{AND_SO}what(?: else| all| exactly)?"
_MADE_PUBLIC = r"(?:posted|published|written|added|updated)"
_ONLINE = ("posted", "added", "updated")
"""What no book was."""
_SAID = r"(?:said|reported|announced|confirmed|tweeted|known|new|changed)"
_SAY = (
    r"(?:say|said|saying|tell|told|tweet|tweeted|announce|announced|report|reported|claim|claimed|state|stated|advise|"
    r"advised|warn|warned|confirm|confirmed|write|written|publish|published|post|posted|add|added)"
)
_OURS = r"(?:we|you|the (?:live )?blog|(?:our|this) (?:live )?blog|the (?:news)?desk|the newsroom|stet)"
_ENTRIES_BEFORE = re.compile(rf"\b{ENTRIES}{BESIDE}$", re.IGNORECASE)
_UPDATES_BEFORE = re.compile(rf"\bupdates?{BESIDE}$", re.IGNORECASE)
"""Which can be on a day, as on a matter; an entry on a day was posted then."""
_GOES_ON = re.compile(_ABOUT.removesuffix("?") + "$", re.IGNORECASE)
_TELLS = re.compile(
    rf"(?: (?:that|which))? (?:(?:mention|say|tell)(?:s|ed)?\b.{{0,300}}|said\b.{{0,300}}|told\b.{{0,300}}"
    rf"|(?:is|are|was|were){_ABOUT.removesuffix('?')})$| please$",
    re.IGNORECASE,
)
"""What entries do, with their time between: "Which entries since 3pm mention the pylon?"."""
_LISTED = re.compile(
    rf"^{AND_SO}(?:(?:show|give|list|find|get|tell|send)(?: me| us)? "
    r"|(?:what|which|where)(?:['’]s| is| are| were| was)? |(?:is|are|was|were) there |have (?:we|you) )?"
    rf"(?:(?:all|any|every|of|the|new|other|more|our|live|blog) )*"
    rf"(?:{ENTRIES}|news\b|developments\b|headlines\b|anything\b){_ABOUT}$",
    re.IGNORECASE,
)
_PUBLIC = re.compile(
    rf"^{_WHAT}(?: (?:was|were|is|has|have|had)|['’]s)(?: been)?(?: newly| already| first| last)? "
    rf"(?:(?P<posted>{_MADE_PUBLIC})|{_SAID})\b(?: here| on the (?:live )?blog)?{_ABOUT}$",
    re.IGNORECASE,
)
_WE = re.compile(
    rf"^{_WHAT} (?:did|do|does|have|has|had) (?:{_OURS}) (?:{_SAY}|have|know|known)\b{_ABOUT}$", re.IGNORECASE
)
_SOMEBODY = re.compile(
    rf"^{_WHAT} (?:did|does|do|has|have|had|was|were|is) (?P<subject>(?:[\w.’'-]+ ){{1,8}}){_SAY}\b{_ABOUT}$",
    re.IGNORECASE,
)
_ANYTHING = re.compile(
    rf"^{AND_SO}(?:did|does|do|has|have|had) (?P<subject>(?:[\w.’'-]+ ){{1,8}}){_SAY} "
    rf"(?:anything|something|any more|more)(?: else| new)?{_ABOUT}$",
    re.IGNORECASE,
)
_NOTHING_ELSE = re.compile(
    rf"^(?:{_WHAT}(?:['’]s| is| has| have| had| was)?(?: been)? "
    r"(?:happened|happening|happen|occurred|going on|gone on|new|changed|went on)"
    r"|what (?:was|is) (?:in|on) (?:the|this|our) (?:live )?blog|anything"
    r"|what did (?:i|we) miss|what have (?:i|we) missed|(?:the )?news|any ?thing new|any news|catch me up"
    r"|(?:(?:give|show|send)(?: me| us)? )?(?:a |the )?(?:quick |short |brief )?(?:summary|recap|round-?up))"
    r"(?: here| so far| on (?:the|this|our) (?:live )?blog| in (?:the|this|our) (?:live )?blog)?$",
    re.IGNORECASE,
)
_ORDERED = re.compile(
    rf"^{AND_SO}(?:what(?:['’]s| is| was| are) |(?:give|show|tell|send)(?: me| us)? )?(?:the |a )?(?:very )?"
    rf"(?:(?:latest|newest|most recent)(?: news| information| info| word| coverage| developments?| {ENTRIES})?"
    r"|timeline|chronology)"
    rf"{_ABOUT}$",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"\b(?:that|which|who|whom|whose|what|when|where|why|how|happen\w*|was|were|is|are|had|has|have|been|be|events?|"
    r"incidents?|arrests?|calls?|hours?|minutes?|night|day|\w{3,}ed|\w{3,}ing)\b",
    re.IGNORECASE,
)
_NO_SPEAKER = re.compile(
    r"\b(?:that|which|who|whom|whose|when|where|why|how|people|anyone|nobody|if)\b", re.IGNORECASE
)
_BLANKS = re.compile(r"\s+")


def window(text: str, found: Phrase) -> Window | None:
    """What a phrase narrows, or None where it may be part of the matter."""
    before = _BLANKS.sub(" ", text[: found.span[0]]).strip(" ,(")
    after = _BLANKS.sub(" ", text[found.span[1] :]).strip(" ,)?!.…;:")
    if _ENTRIES_BEFORE.search(before):
        return _of_entries(before, after, found)
    if found.points and any(isinstance(one.day, Month) for one in found.points):
        return None
    if before and after:
        return _inside(before, after, found)
    return _whole(before or after, found)


def _of_entries(before: str, after: str, found: Phrase) -> Window | None:
    """The time follows the word for entries at once: "updates since noon about the dam"."""
    if after and not _matter_follows(after, found) and not _TELLS.match(f" {after}"):
        return None
    may_be_matter = bool(after) or _UPDATES_BEFORE.search(before) is not None
    return found.window(tentative=may_be_matter and not found.recent)


def _matter_follows(after: str, found: Phrase) -> bool:
    """Whether the matter begins after the time. What a length is of is what it belongs to: "the last hour of the
    siege"."""
    is_owned = found.length is not None and re.match(r"of\b", after, re.IGNORECASE) is not None
    return not is_owned and _GOES_ON.match(f" {after}") is not None


def _inside(before: str, after: str, found: Phrase) -> Window | None:
    """The time follows the word for posting at once: "What did we publish before 5pm about the dam?"."""
    if not _matter_follows(after, found):
        return None
    for form in (_PUBLIC, _WE, _SOMEBODY, _ANYTHING, _ORDERED):
        if (match := form.match(before)) and match["matter"] is None and _speaks(match):
            return found.window(tentative=_may_be_history(form, match, found))
    return None


def _whole(question: str, found: Phrase) -> Window | None:
    """The time ends the question, or begins it."""
    if _NOTHING_ELSE.match(question):
        return found.window(tentative=not found.recent)
    for form in (_LISTED, _PUBLIC, _WE, _SOMEBODY, _ANYTHING, _ORDERED):
        match = form.match(question)
        if match is None or not _speaks(match):
            continue
        if match["matter"] is None or _clearly_of_the_verb(match, found):
            return found.window(tentative=_may_be_history(form, match, found))
    return None


def _speaks(match: re.Match[str]) -> bool:
    subject = match.groupdict().get("subject")
    return subject is None or not _NO_SPEAKER.search(subject)


def _clearly_of_the_verb(match: re.Match[str], found: Phrase) -> bool:
    """Whether a time that stands after the matter cannot belong to it: "about the fire on Tuesday" may tell of
    Tuesday's fire, and "about the arrests after 5pm" of when they were made."""
    if _EVENT.search(match["matter"]):
        return False
    return found.aspect or found.timed or bool(match.groupdict().get("posted")) or match.re is _WE


def _may_be_history(form: re.Pattern[str], match: re.Match[str], found: Phrase) -> bool:
    if found.recent:
        return False
    return form in (_SOMEBODY, _ANYTHING) or (form is _PUBLIC and (match["posted"] or "").lower() not in _ONLINE)
