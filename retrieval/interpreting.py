"""A question, the blogs, and the clock → what is searched: moments, order, blog, and the words of the matter.

**Zones.** A clock time is on the blogs' own clocks, unless a zone is said with it. Where the blogs that are meant go
by clocks that do not agree on the moment, those have no say whose blogs posted nothing then. If the others do not
agree either, the time does not narrow: one filter cannot stand for both, and choosing a zone for the asker would hide
what another meant.

**Days.** "Today", "this morning" and "in the last hour" are told by the clock of asking. A date without a year is
the latest one on which the blogs have entries; a weekday is the one among their days, where they run for less than a
week, else the last one, if they still run. A clock time without a day is

- the one moment of that time between the first entry and the last, where there is one: a blog that ran from 4pm till
  the next morning knows one 5pm, and "before 5pm" is all before it;
- of blogs of a single day, that day's;
- where none lies between them, as it cuts nothing off: "since noon" is all since the noon before the first entry;
- of blogs of several days, today's, or else the last that has passed, where they still run: their last entry is of
  today or at most twelve hours old. Then "before 5pm" begins with that day;
- of blogs of several days that are over, none: any choice would hide the others, so the time does not narrow.

Where a time does not narrow it stays in the matter, and `unread` says so, for the asker to add a day, a zone or a
blog. Options narrow together with words: the later beginning, the earlier end. A blog and a past moment that options
name go before those of the words.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from retrieval.clock import ZONE_OF_LABEL, zone
from retrieval.model import Blog, Filter, Order, Question
from retrieval.questions import Understood, understand
from retrieval.questions.moments import Ago, Clock, Dated, Day, Month, Point
from retrieval.questions.windows import Window

MOST_LISTED = 10
"""Entries of a timeline or of a stretch of time, unless another number is asked for."""
_STILL_RUNS = timedelta(hours=12)
_WEEK = 7
_DAYS_TRIED = 4

Moments = tuple[datetime | None, datetime | None]
"""`[since, until)`."""
_OPEN: Moments = (None, None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Extent:
    """When the first and the last of some entries were posted, each on its blog's clock."""

    first: datetime
    last: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreted:
    """A question with its words' moments, order and blog in it, and how its words were understood."""

    question: Question
    understood: Understood


def interpret(
    question: Question,
    blogs: Mapping[str, Blog],
    extent: Callable[[Filter], Extent | None],
    now: datetime,
) -> Interpreted:
    """Read a question over the `blogs` that may be seen and are meant; `extent` tells when the entries within a
    filter were posted, None where there is none."""
    titles = {id_: blog.title for id_, blog in blogs.items()}
    understood = understand(question.text, titles)
    if understood.blog is not None and extent(Filter(blogs=frozenset({understood.blog}))) is None:
        titles = {}
        understood = understand(question.text)
    blog = question.blog or understood.blog
    meant = frozenset(blogs if blog is None else {blog})
    window, as_of, unread = _OPEN, None, False
    if understood.window is not None or understood.as_of is not None:
        held = extent(Filter(since=question.since, until=question.until, blogs=meant))
        told = None if held is None else _told(understood, Calendar(held, _zones(meant, blogs, extent), now, extent))
        if held is not None and (told is None or _is_history(understood.window, told[0], meant, extent)):
            understood, unread = understand(question.text, titles, times=False), told is None
        elif told is not None:
            window, as_of = told
    return Interpreted(
        question=replace(
            _narrowed(question, window),
            as_of=question.as_of or as_of,
            order=understood.order,
            blog=blog,
            limit=_limit(question, understood),
            unread=unread,
        ),
        understood=understood,
    )


def _told(understood: Understood, calendar: Calendar) -> tuple[Moments, datetime | None] | None:
    """The moments that the words say; None where one of them cannot be told."""
    window = _OPEN if understood.window is None else calendar.window(understood.window)
    as_of = None if understood.as_of is None else calendar.moment(understood.as_of)
    return None if window is None or (understood.as_of is not None and as_of is None) else (window, as_of)


def _limit(question: Question, understood: Understood) -> int:
    """How many entries are shown at most: a stretch of time and a timeline want more than an answer does."""
    if question.most is not None:
        return question.most
    is_stretch = understood.lists and understood.order is Order.RELEVANCE and not understood.at
    return MOST_LISTED if is_stretch or understood.timeline else understood.count or question.limit


def _is_history(
    window: Window | None,
    moments: Moments,
    meant: frozenset[str],
    extent: Callable[[Filter], Extent | None],
) -> bool:
    """Whether a day is the matter's: nothing was posted on it."""
    if window is None or not window.tentative:
        return False
    return extent(Filter(since=moments[0], until=moments[1], blogs=meant)) is None


def _narrowed(question: Question, window: Moments) -> Question:
    since = max((one for one in (question.since, window[0]) if one is not None), default=None)
    until = min((one for one in (question.until, window[1]) if one is not None), default=None)
    return replace(question, since=since, until=until)


def _zones(
    meant: frozenset[str], blogs: Mapping[str, Blog], extent: Callable[[Filter], Extent | None]
) -> list[tuple[tzinfo, frozenset[str]]]:
    """The clocks that blogs go by, each with its blogs; one without a zone goes by the offsets of its times."""
    of_name: dict[str | None, set[str]] = defaultdict(set)
    for id_ in meant & blogs.keys():
        of_name[blogs[id_].timezone].add(id_)
    zones = [(zone(name), frozenset(ids)) for name, ids in sorted(of_name.items(), key=str) if name]
    own = extent(Filter(blogs=frozenset(of_name[None]))) if of_name[None] else None
    offsets = {} if own is None else dict.fromkeys(one.tzinfo or UTC for one in (own.last, own.first))
    return [*zones, *((one, frozenset(of_name[None])) for one in offsets)]


# ------------------------------------------------------------------------------------------------ moments


@dataclass(frozen=True, slots=True)
class Calendar:
    """What tells moments from words: when entries were posted, by which clocks, and the time of asking."""

    held: Extent
    zones: list[tuple[tzinfo, frozenset[str]]]
    now: datetime
    extent: Callable[[Filter], Extent | None]

    def window(self, said: Window) -> Moments | None:
        """The moments of a window; None where they cannot be told."""
        points = [one for one in (said.since, said.until) if one is not None]
        read = [(days.window(said), blogs) for days, blogs in self._clocks(points)]
        if len({moments for moments, _ in read}) > 1:  # a clock whose blogs posted nothing then has no say
            read = [one for one in read if one[0] is None or self._posted(*one)] or read[:1]
        return read[0][0] if len({moments for moments, _ in read}) == 1 else None

    def moment(self, said: Point) -> datetime | None:
        """The moment of a clock time; None where it cannot be told."""
        found = {days.moment(said) for days, _ in self._clocks([said])}
        return found.pop() if len(found) == 1 else None

    def _posted(self, moments: Moments | None, blogs: frozenset[str]) -> bool:
        since, until = moments or _OPEN
        return self.extent(Filter(since=since, until=until, blogs=blogs)) is not None

    def _clocks(self, points: list[Point]) -> list[tuple[_OneClock, frozenset[str]]]:
        printed = {one.clock.zone for one in points if one.clock is not None and one.clock.zone}
        everything = frozenset(id_ for _, ids in self.zones for id_ in ids)
        if not printed:
            zones = self.zones
        elif printed <= {"GMT", "UTC"}:  # in use all the year round, whatever London's clocks do
            zones = [(UTC, everything)]
        else:
            zones = [(zone(ZONE_OF_LABEL[one]), everything) for one in printed if one in ZONE_OF_LABEL]
            zones = zones if len(zones) == len(printed) == 1 else []
        return [(_OneClock(held=self.held, zone=one, now=self.now), ids) for one, ids in zones]


@dataclass(frozen=True, kw_only=True, slots=True)
class _OneClock:
    """The days of some entries by one clock."""

    held: Extent
    zone: tzinfo
    now: datetime

    @property
    def first(self) -> datetime:
        return self.held.first.astimezone(self.zone)

    @property
    def last(self) -> datetime:
        return self.held.last.astimezone(self.zone)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def runs(self) -> bool:
        return self.last.date() == self.today or timedelta() <= self.now - self.last <= _STILL_RUNS

    @property
    def end(self) -> datetime:
        return max(self.last, self.now.astimezone(self.zone)) if self.runs else self.last

    def window(self, said: Window) -> Moments | None:
        if said.length is not None:
            return self.now.astimezone(self.zone) - said.length, None
        if any(one.day is None for one in (said.since, said.until) if one is not None):
            return self._of_some_day(said)
        since = self._edge(said.since, end=False) if said.since else None
        until = self._edge(said.until, end=said.through, last=True) if said.until else None
        if (said.since and since is None) or (said.until and until is None):
            return None
        return since, until

    def moment(self, said: Point) -> datetime | None:
        """A time that lies on none of the blogs' days is that after their last entry, not that before the first.
        Midnight is the end of its day."""
        since, until = self.window(Window(since=said)), self.window(Window(until=said))
        if said.clock is not None and said.clock.midnight:
            return until and until[1]
        if said.day is None and since is not None and since[0] is not None and since[0] < self.first:
            is_one_day = self.first.date() == self.end.date()
            return since[0] if is_one_day else until and until[1]
        return since and since[0]

    # ------------------------------------------------------------ a day is said

    def _edge(self, said: Point, *, end: bool, last: bool = False) -> datetime | None:
        day = self._date(said.day) if said.day is not None else None
        if day is None:
            return None
        if said.clock is not None:
            readings = [self._at(day, reading, said.clock, last=last) for reading in said.clock.readings]
            fitting = [one for one in readings if self.first <= one <= self.end]
            readings = readings if len(readings) == 1 else fitting
            return readings[0] if len(readings) == 1 else None
        if isinstance(said.day, Month):
            return self._midnight((day + timedelta(days=31)).replace(day=1) if end else day)
        hours = said.hours or (0, 24)
        hour = hours[1] if end else hours[0]
        return datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), self.zone)

    def _date(self, day: Day) -> date | None:
        if isinstance(day, Ago):
            return self.today - timedelta(days=day.days)
        if isinstance(day, Month):
            return date(day.year, day.month, 1)
        if isinstance(day, Dated):
            return self._dated(day)
        first, last = self.first.date(), self.last.date()
        if (last - first).days < _WEEK:
            own = [first + timedelta(days=n) for n in range((last - first).days + 1)]
            if found := [one for one in own if one.weekday() == day.number]:
                return found[0]
        if 0 <= (self.today - last).days < _WEEK:
            return self.today - timedelta(days=(self.today.weekday() - day.number) % _WEEK)
        return None

    def _dated(self, said: Dated) -> date | None:
        if said.year is not None:
            return _made(said.year, said.month, said.day)
        first, last = self.first.date(), self.last.date()
        own = [_made(year, said.month, said.day) for year in range(last.year, first.year - 1, -1)]
        past = [_made(year, said.month, said.day) for year in range(self.today.year, self.today.year - 8, -1)]
        within = [one for one in own if one is not None and first <= one <= last]
        return next(iter([*within, *(one for one in past if one is not None and one <= self.today)]), None)

    # ------------------------------------------------------------ no day is said

    def _of_some_day(self, said: Window) -> Moments | None:
        tried = list(self._tried(said))
        within = [one for one in tried if self._is_within(one)]
        is_one_day = self.first.date() == self.end.date()
        if len(within) == 1 and self._all_tried:
            return within[0]
        if within and self.runs:
            since, until = max((one for one in within if _start(one) <= self.now), key=_start, default=(None, None))
            if since is None and until is not None:
                since = self._midnight(self._day_of((None, until)))
            return (since, until) if since is not None else None
        if within:
            return None
        if is_one_day:
            own = [one for one in tried if self._day_of(one) == self.first.date()]
            return own[0] if len(own) == 1 else None
        if said.until is None:
            return max((one for one in tried if _start(one) < self.first), key=_start, default=None)
        if said.since is None:
            return min((one for one in tried if _start(one) > self.end), key=_start, default=None)
        return None

    @property
    def _all_tried(self) -> bool:
        return (self.end.date() - self.first.date()).days < _DAYS_TRIED - 1

    def _tried(self, said: Window) -> Iterator[Moments]:
        """The window on each of the last days, and on the next one."""
        for back in range(-1, _DAYS_TRIED):
            day = self.end.date() - timedelta(days=back)
            ends = self._readings(said.until, day, last=True)
            if said.since is None:
                yield from ((None, until) for until in ends)
            for since in self._readings(said.since, day, last=False):
                yield since, min((self._next(until, since) for until in ends), default=None)

    def _next(self, until: datetime, since: datetime) -> datetime:
        return until if until > since else until + timedelta(days=1)

    def _readings(self, said: Point | None, day: date, *, last: bool) -> list[datetime]:
        if said is None or said.clock is None:
            return []
        return [self._at(day, reading, said.clock, last=last) for reading in said.clock.readings]

    def _is_within(self, moments: Moments) -> bool:
        since, until = moments
        if since is not None and until is not None:
            return since <= self.end and until > self.first
        return self.first <= _start(moments) <= self.end

    def _day_of(self, moments: Moments) -> date:
        """The day that a window is of: midnight as an end is of the day that it ends."""
        since, until = moments
        if since is None and until is not None:
            return (until - timedelta(microseconds=1)).date()
        return _start(moments).date()

    def _at(self, day: date, reading: time, clock: Clock, *, last: bool) -> datetime:
        """Midnight as an end is that after the day."""
        return datetime.combine(day + timedelta(days=clock.midnight and last), reading, self.zone)

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), self.zone)


def _start(moments: Moments) -> datetime:
    one = moments[0] or moments[1]
    if one is None:
        raise LookupError("a window without an end")
    return one


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
