"""Times and days as a question says them: `5pm`, `noon`, `26 August 2014`, `Tuesday`, `yesterday afternoon`.

What is read here is symbolic: which moment `5pm` is, only the blogs that are meant can tell. Every expression is
matched at one place and without nested repetition, so that reading is linear in the question's length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from retrieval.clock import ZONE_OF_LABEL, day_label, twelve_hour

_MONTHS = [day_label(datetime(2001, month, 1)).split()[2] for month in range(1, 13)]  # noqa: DTZ001
_WEEKDAYS = [day_label(datetime(2001, 1, day)).split()[0] for day in range(1, 8)]  # noqa: DTZ001
_LABELS = "|".join(sorted([*ZONE_OF_LABEL, "CST", "CDT", "CT", "MST", "MDT", "MT", "IST"], key=len, reverse=True))
_MONTH = "|".join(rf"{name}|{name[:3]}\b\.?" for name in _MONTHS) + r"|Sept\b\.?"
_WEEKDAY = "|".join(_WEEKDAYS)

_CLOCK = re.compile(
    r"(?:(?P<word>noon|midday|12 noon|midnight)\b"
    r"|(?P<hour>\d{1,2})(?:[.:](?P<minute>[0-5]\d))?(?![\d%]|[.:,]\d)"
    r"(?: ?(?P<half>[ap])(?:\.m\b\.?|m\b)| ?(?P<sharp>o['’]clock)\b)?(?!\w|-\D))"
    rf"(?: ?(?-i:(?P<zone>{_LABELS}))\b)?",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"(?:(?:{_WEEKDAY})\b,? )?(?:the )?(?:"
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})(?!\w)"
    r"(?:,? (?P<year>(?:19|20)\d\d)(?!\d|[.:]\d))?"
    rf"|(?P<month2>{_MONTH}) (?:the )?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?(?!\w|[.:]\d| ?[ap]\.?m\b)"
    r"(?:,? (?P<year2>(?:19|20)\d\d)(?!\d|[.:]\d))?"
    r"|(?P<year3>(?:19|20)\d\d)-(?P<month3>\d\d)-(?P<day3>\d\d)(?!\d))",
    re.IGNORECASE,
)
_MONTH_OF_YEAR = re.compile(rf"(?P<month>{_MONTH}),? (?P<year>(?:19|20)\d\d)(?![\w-]|[.:]\d)", re.IGNORECASE)
_SPOKEN = re.compile(
    r"(?:earlier |so far )?(?:(?P<ago>today|yesterday)(?: (?P<part>morning|afternoon|evening))?"
    r"|this (?P<this>morning|afternoon|evening)|(?P<night>tonight|last night)"
    rf"|(?:this )?(?P<weekday>{_WEEKDAY})(?: (?P<part2>morning|afternoon|evening))?)(?![\w'’-])",
    re.IGNORECASE,
)
_PART_OF = re.compile(r"(?:in )?the (?P<part>morning|afternoon|evening) of ", re.IGNORECASE)
_JOINT = re.compile(r",? (?:on |at |of )?", re.IGNORECASE)

Hours = tuple[int, int]
"""From which hour of a day to which; beyond 24 they are of the next day."""
_PARTS: dict[str, Hours] = {"morning": (0, 12), "afternoon": (12, 18), "evening": (17, 24)}
"""Wide rather than narrow, and the hours are shown: what is left out cannot be found."""
_NIGHT: Hours = (18, 30)


@dataclass(frozen=True, kw_only=True, slots=True)
class Clock:
    """A time of day. `readings` are two where am or pm is not said; `bare`: it is an hour alone, such as the 4 of
    "between 4 and 5pm"; `zone` is the label printed with it. Midnight is the day's end."""

    readings: tuple[time, ...]
    zone: str | None = None
    bare: bool = False
    midnight: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Dated:
    """A date; without a year it is the latest one that the blogs know."""

    day: int
    month: int
    year: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Weekday:
    """A day of the week: 0 is Monday."""

    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Ago:
    """Today, or so many days ago, by the clock of asking."""

    days: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """A month of a year."""

    month: int
    year: int


Day = Dated | Weekday | Ago | Month


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A clock time, a day, a part of a day, or a clock time of a day."""

    day: Day | None = None
    hours: Hours | None = None
    clock: Clock | None = None

    @property
    def plain(self) -> bool:
        """Whether it stands for one moment or day of itself, and not for an hour that may be anything."""
        return self.clock is None or not self.clock.bare


def point(text: str, at: int) -> tuple[Point, int] | None:
    """The point of time that is said at a place, and where it ends."""
    if (found := day(text, at)) is not None:
        joint = _JOINT.match(text, found[1])
        timed = _clock(text, joint.end()) if joint and found[0].hours is None else None
        if timed is not None and not timed[0].bare:
            return replace(found[0], clock=timed[0]), timed[1]
        return found
    timed = _clock(text, at)
    if timed is None:
        return None
    joint = _JOINT.match(text, timed[1])
    dated = day(text, joint.end()) if joint else None
    if dated is not None and not isinstance(dated[0].day, Month) and not timed[0].bare:
        return Point(day=dated[0].day, clock=timed[0]), dated[1]
    return Point(clock=timed[0]), timed[1]


def day(text: str, at: int) -> tuple[Point, int] | None:
    """The day, or the part of a day, that is said at a place, and where it ends."""
    begins = _PART_OF.match(text, at)
    if (match := _DATE.match(text, begins.end() if begins else at)) is not None:
        number = next(match[name] for name in ("day", "day2", "day3") if match[name])
        month = next(match[name] for name in ("month", "month2", "month3") if match[name])
        year = match["year"] or match["year2"] or match["year3"]
        dated = Dated(day=int(number), month=_month(month), year=int(year) if year else None)
        if _exists(dated):
            return Point(day=dated, hours=_PARTS[begins["part"].lower()] if begins else None), match.end()
    if begins is None and (match := _SPOKEN.match(text, at)) is not None:
        return _spoken(match), match.end()
    return None


def month(text: str, at: int) -> tuple[Point, int] | None:
    """The month of a year that is said at a place, and where it ends."""
    match = _MONTH_OF_YEAR.match(text, at)
    return match and (Point(day=Month(month=_month(match["month"]), year=int(match["year"]))), match.end())


def _spoken(match: re.Match[str]) -> Point:
    said = match["part"] or match["part2"] or match["this"]
    hours = _PARTS[said.lower()] if said else None
    if match["weekday"]:
        names = [name.lower() for name in _WEEKDAYS]
        return Point(day=Weekday(number=names.index(match["weekday"].lower())), hours=hours)
    if match["night"]:
        return Point(day=Ago(days=0 if match["night"].lower() == "tonight" else 1), hours=_NIGHT)
    return Point(day=Ago(days=1 if (match["ago"] or "").lower() == "yesterday" else 0), hours=hours)


def _clock(text: str, at: int) -> tuple[Clock, int] | None:
    match = _CLOCK.match(text, at)
    if match is None:
        return None
    if match["word"]:
        at_night = match["word"].lower() == "midnight"
        moment = time(0) if at_night else time(12)
        return Clock(readings=(moment,), zone=match["zone"], midnight=at_night), match.end()
    readings = times(match["hour"], match["minute"], match["half"])
    if not readings:
        return None
    bare = not (match["minute"] or match["half"] or match["sharp"])
    return Clock(readings=readings, zone=match["zone"], bare=bare), match.end()


def times(hour: str, minute: str | None, half: str | None) -> tuple[time, ...]:
    """5.07pm is 17:07, and so is 17:07; 5.07 may be either half of the day's. Empty where the figures are no time."""
    hours, minutes = int(hour), int(minute or 0)
    if half:
        found = [twelve_hour(hours, minutes, f"{half}m")]
    elif 1 <= hours <= 12 and not hour.startswith("0"):
        found = [twelve_hour(hours, minutes, one) for one in ("am", "pm")]
    else:
        found = [time(hours, minutes) if hours < 24 and minutes < 60 else None]
    return tuple(one for one in found if one is not None)


def between(first: Point, last: Point) -> tuple[Point, Point] | None:
    """The two ends of a span, each told by the other where it leaves something out: the 4.30 of "4.30 and 5pm" is in
    the afternoon, the 11 of "11 to 1pm" in the morning; a day that is said once is the day of both."""
    one, other = first.clock, last.clock
    if (one is None) != (other is None) and (first.day is None or last.day is None):
        return None
    if one is not None and other is not None:
        if one.bare and other.bare:
            return None
        first = replace(first, clock=replace(one, readings=_before(one, other), zone=one.zone or other.zone))
        last = replace(last, clock=replace(other, readings=_after(one, other), zone=other.zone or one.zone))
    shared = first.day or last.day
    if last.day is None and first.hours is None:
        last = replace(last, day=shared)
    if first.day is None and last.hours is None:
        first = replace(first, day=shared)
    return first, last


def _before(one: Clock, other: Clock) -> tuple[time, ...]:
    """The reading of a span's first end: the last one before the other end, where that is certain."""
    if len(one.readings) == 1 or len(other.readings) > 1:
        return one.readings
    earlier = [reading for reading in one.readings if reading < other.readings[0] or other.midnight]
    return tuple((earlier or one.readings)[-1:])


def _after(one: Clock, other: Clock) -> tuple[time, ...]:
    """The reading of a span's last end: the first one after the other end, where that is certain."""
    if len(other.readings) == 1 or len(one.readings) > 1:
        return other.readings
    later = [reading for reading in other.readings if reading > one.readings[0]]
    return tuple((later or other.readings)[:1])


def _month(said: str) -> int:
    if said.isdigit():
        return int(said)
    return [name[:3].lower() for name in _MONTHS].index(said[:3].lower()) + 1


def _exists(one: Dated) -> bool:
    try:
        date(one.year or 2000, one.month, one.day)
    except ValueError:
        return False
    return True


_LENGTHS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "half hour": timedelta(minutes=30),
    "half an hour": timedelta(minutes=30),
    "quarter of an hour": timedelta(minutes=15),
}
_COUNTS = {"one": 1, "two": 2, "couple of": 2, "three": 3, "four": 4, "five": 5, "six": 6, "ten": 10, "twelve": 12,
           "twenty": 20, "thirty": 30}  # fmt: skip
_LENGTH = re.compile(
    rf"(?:(?:(?P<count>\d{{1,3}})|(?P<word>{'|'.join(_COUNTS)})) )?"
    r"(?P<unit>half an hour|half hour|quarter of an hour|hour|minute)s?(?![\w-])",
    re.IGNORECASE,
)


def length(text: str, at: int) -> tuple[timedelta, int] | None:
    """The length of time that is said at a place ("hour", "30 minutes"), and where it ends."""
    match = _LENGTH.match(text, at)
    if match is None:
        return None
    count = int(match["count"]) if match["count"] else _COUNTS[(match["word"] or "one").lower()]
    return count * _LENGTHS[match["unit"].lower()], match.end()
