"""Times as newsrooms print them, to and from aware datetimes.

A citation's time goes into print, so nothing here guesses: a label that contradicts the zone, or two printed
forms that disagree, is refused with both values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retrieval.errors import SourceRefused, UsageError

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH_NUMBERS = {name[:3].lower(): number for number, name in enumerate(_MONTHS, start=1)}

ZONE_OF_LABEL = {
    "GMT": "Europe/London", "BST": "Europe/London",
    "WEST": "Europe/Lisbon", "CET": "Europe/Paris", "CEST": "Europe/Paris",
    "EET": "Europe/Athens", "EEST": "Europe/Athens",
    "EST": "America/New_York", "EDT": "America/New_York", "ET": "America/New_York",
    "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles",
    "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
    "SAST": "Africa/Johannesburg", "JST": "Asia/Tokyo", "UTC": "UTC",
}  # fmt: skip
"""The zone that a printed label is taken for when the admin names none. Labels that several countries use
with different offsets (CST, IST) are left out: there the admin must say."""

_SEASONS = {"": "T", " time": "T", " standard time": "ST", " daylight time": "DT", " daylight saving time": "DT"}
_LABEL_OF_WORDS = {
    f"{region}{season}": f"{region[0].upper()}{short}"
    for region in ("eastern", "central", "mountain", "pacific")
    for season, short in _SEASONS.items()
} | {
    "british summer time": "BST", "greenwich mean time": "GMT",
    "central european time": "CET", "central european summer time": "CEST",
    "eastern european time": "EET", "eastern european summer time": "EEST",
    "australian eastern standard time": "AEST", "australian eastern daylight time": "AEDT",
}  # fmt: skip

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)
"""The days that are taken: far enough from those that `datetime` can hold for any zone's shift."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GENERIC = {"ET": ("EST", "EDT"), "CT": ("CST", "CDT"), "MT": ("MST", "MDT"), "PT": ("PST", "PDT")}


@dataclass(frozen=True, kw_only=True, slots=True)
class DateEvidence:
    """A date that a document or its name states, and the words that state it."""

    date: date
    words: str


def zone(name: str) -> tzinfo:
    """The zone of an IANA name, or of `UTC+01:00` as `fixed_zone_name` writes it. Raises UsageError."""
    if match := re.fullmatch(r"UTC([+-])([0-9]{2}):([0-5][0-9])", name):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
        if offset < timedelta(hours=24):
            return timezone(offset if match[1] == "+" else -offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"unknown time zone {name!r}", "give an IANA name such as Europe/London or America/New_York"
        ) from None


def fixed_zone_name(offset: timedelta) -> str:
    """`UTC`, or the likes of `UTC+01:00`: how an offset without a zone is stored."""
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    sign, minutes = ("+", minutes) if minutes > 0 else ("-", -minutes)
    return f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}"


def clock_time(moment: datetime) -> str:
    """`5.49pm BST`: hour and minute with the zone's abbreviation; without letters, `UTC+04`."""
    hour = moment.hour % 12 or 12
    half = "am" if moment.hour < 12 else "pm"
    return f"{hour}.{moment.minute:02}{half} {_abbreviation(moment)}"


def label(moment: datetime) -> str:
    """`5.49pm BST, Tuesday 26 August 2014`: a citation's time, always absolute, never in another language."""
    return f"{clock_time(moment)}, {day_label(moment)}"


def day_label(moment: datetime) -> str:
    """`Tuesday 26 August 2014`."""
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _abbreviation(moment: datetime) -> str:
    name = moment.tzname() or ""
    if name.isalpha():
        return name
    short = fixed_zone_name(moment.utcoffset() or timedelta())
    return short.removesuffix(":00")


def as_labelled(moment: datetime, printed: str | None) -> datetime | None:
    """A moment on the clock of a printed label (None: its own); None where that clock is not on the label then."""
    if printed is None or moment.tzname() == printed:
        return moment
    if printed in ("GMT", "UTC"):  # in use all the year round, whatever London's clocks do
        return moment.astimezone(UTC)
    there = moment.astimezone(zone(ZONE_OF_LABEL[printed])) if printed in ZONE_OF_LABEL else None
    return there if there is not None and there.tzname() == printed else None


def parse_moment(text: str, default: tzinfo | None, what: str) -> datetime:
    """An ISO 8601 moment `T` of the command line; without an offset it is in `default`. Raises UsageError."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{what}: {text!r} is no ISO 8601 time",
            "write it like 2014-08-26T17:00 or 2014-08-26T17:00+01:00",
        ) from None
    if moment.utcoffset() is not None:
        return moment
    if default is None:
        raise UsageError(
            f"{what}: {text!r} has no offset, and the blogs asked have several time zones or none",
            "add the offset, as in 2014-08-26T17:00+01:00, or name one blog with --blog",
        )
    return moment.replace(tzinfo=default)


def microseconds(moment: datetime) -> int:
    """Since 1970, UTC, exactly: how moments are stored and compared."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def twelve_hour(hour: int, minute: int, half: str) -> time | None:
    """The time of `5.49pm`; None where the figures are no time (13.00pm, 5.75pm)."""
    if not (1 <= hour <= 12 and 0 <= minute <= 59):
        return None
    return time(hour % 12 + (12 if half.lower() == "pm" else 0), minute)


def days_walked(first: date, printed: Sequence[tuple[time, str | None]], zone_name: str) -> list[date]:
    """The day of each printed time and label, given oldest first: `first` is the oldest one's, and where a time
    falls the day steps on; but not from 1.50am BST to 1.10am GMT, which is later."""
    days: list[date] = []
    day, before = first, None
    for one in printed:
        if before is not None and one[0] < before[0] and not _clocks_went_back(day, before, one, zone_name):
            day += timedelta(days=1)
        days.append(day)
        before = one
    return days


def _clocks_went_back(
    day: date, before: tuple[time, str | None], after: tuple[time, str | None], zone_name: str
) -> bool:
    where = zone(zone_name)
    earlier = datetime.combine(day, before[0], where)
    later = datetime.combine(day, after[0], where).replace(fold=1)
    return (
        earlier.utcoffset() != later.utcoffset()
        and earlier.astimezone(UTC) <= later.astimezone(UTC)
        and before[1] == _abbreviation(earlier)
        and after[1] == _abbreviation(later)
    )


def zone_label(words: str) -> str | None:
    """The label of a zone that is spelled out or abbreviated: `EST` of `Eastern Standard Time`, `ET` of `Eastern`,
    `EDT` of itself; None where the words name no zone that has one (`local`)."""
    named = " ".join(words.split())
    if re.fullmatch(r"[A-Z]{1,4}T|UTC", named):
        return named
    return _LABEL_OF_WORDS.get(named.lower())


def localise(day: date, moment: time, zone_name: str, printed: str | None) -> tuple[datetime, str | None]:
    """A printed local time as an aware datetime, and a warning or None.

    The printed label decides an hour that occurs twice at a clock change. A label of the zone's other season
    (EST in summer) is a warning; a label that the zone never uses, or an hour that a clock change skips, is
    refused. Raises SourceRefused.
    """
    where = zone(zone_name)
    naive = datetime.combine(day, moment)
    readings = [naive.replace(tzinfo=where, fold=fold) for fold in (0, 1)]
    if readings[0].astimezone(UTC).astimezone(where).replace(tzinfo=None) != naive:
        raise SourceRefused(
            f"{naive:%H:%M} on {day} does not exist in {zone_name}: the clocks went forward",
            "check the date and the time zone",
        )
    if printed is None:
        return readings[0], None
    wanted = _GENERIC.get(printed, (printed,))
    fitting = [reading for reading in readings if _abbreviation(reading) in wanted]
    if len({reading.utcoffset() for reading in fitting}) > 1:
        return readings[0], (
            f"{naive:%H:%M} on {day} occurs twice in {zone_name}, and {printed} fits both; the first was taken"
        )
    if fitting:
        return fitting[0], None
    if set(wanted) & _labels_of_year(where, day.year):
        return readings[0], (
            f"printed as {printed}, but {zone_name} is on {_abbreviation(readings[0])} then; taken as local time"
        )
    raise SourceRefused(
        f"the label {printed} contradicts the time zone {zone_name}, which is "
        f"{_abbreviation(readings[0])} at {naive:%H:%M} on {day}",
        _zone_hint(printed),
    )


def _zone_hint(printed: str) -> str:
    known = ZONE_OF_LABEL.get(printed)
    return f"give --timezone {known}" if known else "give the --timezone that the label belongs to"


def _labels_of_year(where: tzinfo, year: int) -> set[str]:
    return {_abbreviation(datetime(year, month, 1, 12, tzinfo=where)) for month in range(1, 13)}


def label_fits(day: date, printed: Iterable[str], zone_name: str) -> bool:
    """Whether every printed label is in use in the zone on that day or the next (a blog may run overnight)."""
    where = zone(zone_name)
    used = {
        _abbreviation(datetime(near.year, near.month, near.day, hour, tzinfo=where))
        for near in (day, day + timedelta(days=1))
        for hour in (0, 12, 23)
    }
    return all(set(_GENERIC.get(one, (one,))) & used for one in printed)


_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" if name != "May" else "May" for name in _MONTHS) + "|Sept"
# A date may be glued to the word before it, as in `pic.twitter.com/abcAugust 26, 2014`, never to a digit.
_DATES = (
    re.compile(rf"(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}}),? (?P<year>(?:19|20)\d\d)(?!\d)"),
    re.compile(rf"(?<!\d)(?P<day>\d{{1,2}}) (?P<month>{_MONTH})\.? (?P<year>(?:19|20)\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)(?!\d)"),
)
_NAME_DATES = (
    *_DATES,
    re.compile(r"(?<!\d)(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?!\d)"),
    re.compile(rf"(?i)(?<!\d)(?P<year>(?:19|20)\d\d)[/_-](?P<month>{_MONTH}|\d\d)[/_-](?P<day>\d\d)(?!\d)"),
)


def dates_in_text(text: str) -> list[DateEvidence]:
    """The full dates (day, month, year) that a text states, in order of position; impossible ones left out."""
    return _dates(text, _DATES)


def dates_in_name(name: str) -> list[DateEvidence]:
    """The full dates in a file's name or an address: `2014-08-26`, `20140826`, `2017/dec/07`."""
    return _dates(name, _NAME_DATES)


def _dates(text: str, forms: tuple[re.Pattern[str], ...]) -> list[DateEvidence]:
    found: list[tuple[int, DateEvidence]] = []
    for form in forms:
        for match in form.finditer(text):
            month = match["month"]
            number = int(month) if month.isdigit() else _MONTH_NUMBERS[month[:3].lower()]
            try:
                day = date(int(match["year"]), number, int(match["day"]))
            except ValueError:
                continue
            found.append((match.start(), DateEvidence(date=day, words=match[0])))
    found.sort(key=lambda pair: pair[0])
    return [evidence for _, evidence in found]
