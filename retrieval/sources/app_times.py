"""When the blocks of the Guardian's app were published: printed times, labels and block ids held against each other.

A bare time's day is that on which it comes first after the block was created, and the ids tell when that was: a
MongoDB ObjectId begins with the second of its creation. Nothing is published before it is created, so the ids also
bound the zone's offset. They are evidence for day and zone only, never the time itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import cast

from retrieval import clock
from retrieval.errors import SourceRefused
from retrieval.model import SourceOptions
from retrieval.sources import days
from retrieval.sources.blocks import Block
from retrieval.sources.days import Printed
from retrieval.sources.document import Document, StoredDays
from retrieval.sources.fields import Refused

CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_STATED = re.compile(
    r"(?P<time>[0-9]{1,2}:[0-9]{2})"
    r"(?:\s+(?P<label>[A-Z]{2,5})(?:(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?(?![0-9]))?)?"
    r"(?:\s+(?:[A-Z][a-z]{2,8},?\s+)?(?P<date>[0-9]{1,2} [A-Z][a-z]+ [0-9]{4}))?"
)
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_SLACK = timedelta(minutes=5)  # between the clock that makes the ids and the one that prints
_STEP, _FARTHEST = timedelta(minutes=30), timedelta(hours=14)  # of offsets
_LONG, _ENOUGH = timedelta(hours=2), 3  # so many blocks that all waited so long: the zone is wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class Post:
    """A block as it stands: its exact time or the printed one, and what its footer states of the last edit."""

    name: str | None
    block: Block
    text: str
    raw: str
    exact: datetime | None
    printed: time | None
    created: datetime | None
    footer: str

    @property
    def words(self) -> str:
        return f"block {self.name}"


def zone_of(
    document: Document, statements: Iterable[str], posts: Sequence[Post], options: SourceOptions
) -> tuple[str, list[str], list[str]]:
    """The zone's name, notes of what it was taken from, and warnings. Raises SourceRefused, UsageError."""
    stated = [match for words in statements if (match := _STATED.search(words)) and match["label"]]
    if options.timezone:
        clock.zone(options.timezone)
        return options.timezone, [], _contradictions(posts, options.timezone, stated)
    named = {zone: match[0] for match in reversed(stated) if (zone := _zone_of(match)) is not None}
    if len(named) > 1:
        listed = ", ".join(f"{zone} ({words!r})" for zone, words in sorted(named.items()))
        raise SourceRefused(
            f"the time zone of {document.called} is not certain: its times are of {listed}",
            "give --timezone, such as --timezone Europe/London",
        )
    if named:
        ((name, words),) = named.items()
        return name, [f"time zone {name} taken from {words!r}"], _contradictions(posts, name, [])
    bound = _offset_by_ids(posts)
    if bound is None:
        if all(one.exact for one in posts):
            return "UTC", [], []
        raise _no_zone(document, "no label says it, and its blocks' ids do not tell when they were created")
    london = clock.zone("Europe/London")
    if any(one.created and one.created.astimezone(london).utcoffset() != bound for one in posts if one.printed):
        raise _no_zone(document, f"by its blocks' ids it is {clock.fixed_zone_name(bound)} or west of it")
    return "Europe/London", ["time zone Europe/London taken from the times at which the block ids were made"], []


def _no_zone(document: Document, because: str) -> SourceRefused:
    return SourceRefused(
        f"the time zone of {document.called} is not certain: {because}",
        "give --timezone, such as --timezone Europe/London",
    )


def _zone_of(stated: re.Match[str]) -> str | None:
    """The zone of a stated time's label: London for `GMT`, `BST` and for a `GMT+1` that London was on that day."""
    if not stated["sign"]:
        return clock.ZONE_OF_LABEL.get(stated["label"])
    name, day = _fixed(stated), _date(stated)
    if name is None or day is None:
        return name
    noon = datetime.combine(day, time(12), UTC)
    offsets = {noon.astimezone(clock.zone(one)).utcoffset() for one in (name, "Europe/London")}
    return name if len(offsets) > 1 else "Europe/London"


def _date(stated: re.Match[str]) -> date | None:
    dates = clock.dates_in_text(stated["date"] or "")
    return dates[0].date if dates else None


def _fixed(stated: re.Match[str]) -> str | None:
    """`UTC+01:00` of `GMT+1` and `GMT+01:00`; None where no clock on earth is that far off."""
    offset = timedelta(hours=int(stated["hours"]), minutes=int(stated["minutes"] or 0))
    if offset > _FARTHEST:
        return None
    return clock.fixed_zone_name(-offset if stated["sign"] == "-" else offset)


def _offset_by_ids(posts: Sequence[Post]) -> timedelta | None:
    """The largest offset, in half hours, with which no block was published before it was created; None where no id
    tells. With a smaller one all of them would have waited."""
    ahead = [
        (datetime.combine(one.created.date(), one.printed, UTC) - one.created + _SLACK) % _DAY
        for one in posts
        if one.printed is not None and one.created is not None
    ]
    if not ahead:
        return None
    offset = min(ahead) // _STEP * _STEP
    return offset if offset <= _FARTHEST else offset - _DAY


def _contradictions(posts: Sequence[Post], zone_name: str, stated: Sequence[re.Match[str]]) -> list[str]:
    """Warnings where labels or ids speak against a zone; SourceRefused where the two cannot both be right."""
    warnings = []
    for one in stated:
        day, printed = _date(one), CLOCK.fullmatch(one["time"])
        if not (day and printed):
            continue
        moment = time(int(printed[1]), int(printed[2]))
        local, warning = clock.localise(day, moment, zone_name, None if one["sign"] else one["label"])
        warnings.append(warning)
        offset = clock.fixed_zone_name(local.utcoffset() or timedelta())
        if one["sign"] and _fixed(one) not in (None, offset):
            raise SourceRefused(
                f"{one[0]!r} contradicts the time zone {zone_name}, which is {offset} then",
                "give the --timezone that the times are printed in",
            )
    where = clock.zone(zone_name)
    both = [(one.printed, one.created) for one in posts if one.printed and one.created]
    firsts = [(_first(printed, created, where), created) for printed, created in both]
    waits = [first - created for first, created in firsts if first]
    if waits and min(waits) >= _LONG:
        because = (
            f"by the time zone {zone_name} every block was published {min(waits) // timedelta(hours=1)} hours or "
            f"more after it was created; by the block ids the zone is {_named(posts)}"
        )
        if len(waits) >= _ENOUGH:
            raise SourceRefused(because, "give the --timezone that the times are printed in")
        warnings.append(because)
    return list(dict.fromkeys(warning for warning in warnings if warning))


def _named(posts: Sequence[Post]) -> str:
    bound = _offset_by_ids(posts)
    return "not certain" if bound is None else f"{clock.fixed_zone_name(bound)} or a little west of it"


def _first(printed: time, created: datetime, where: tzinfo) -> datetime | None:
    """The first moment after a block's creation at which the zone's clock shows the printed time, within two days."""
    earliest = created.replace(second=0, microsecond=0) - _SLACK
    day = earliest.astimezone(where).date()
    readings = [
        datetime.combine(day + shift, printed, where).replace(fold=fold)
        for shift in (timedelta(), _DAY)
        for fold in (0, 1)
    ]
    real = [one for one in readings if one.astimezone(UTC).astimezone(where).time() == printed]
    return min(
        (one for one in real if one.astimezone(UTC) >= earliest), key=lambda one: one.astimezone(UTC), default=None
    )


Moments = list[datetime | Refused]


def moments_of(
    document: Document, posts: Sequence[Post], zone_name: str, options: SourceOptions, stored: StoredDays
) -> tuple[Moments, list[str], list[str]]:
    """Each post's moment, or why it has none; notes; warnings. Raises SourceRefused, UsageError."""
    where = clock.zone(zone_name)
    bare = [one for one in posts if one.printed is not None]
    if options.date is not None or any(one.created is None for one in bare):
        walked, notes, warnings = _walked(document, bare, zone_name, options, stored)
    else:
        walked = {one.words: _by_id(one, where) for one in bare}
        notes = ["the days are those on which the block ids were made"] if bare else []
        warnings = []
    return [one.exact.astimezone(where) if one.exact else walked[one.words] for one in posts], notes, warnings


def _by_id(post: Post, where: tzinfo) -> datetime | Refused:
    moment = _first(post.printed, post.created, where) if post.printed and post.created else None
    return moment or Refused(f"{post.printed:%H:%M} does not exist on its day: the clocks went forward")


def _walked(
    document: Document, bare: Sequence[Post], zone_name: str, options: SourceOptions, stored: StoredDays
) -> tuple[dict[str, datetime | Refused], list[str], list[str]]:
    """The moments of printed times by the day given or found for the oldest, held against the ids."""
    times = [cast("time", one.printed) for one in bare]
    posts = bare if days.runs_forward(times) else bare[::-1]
    printed = [Printed(words=one.words, moment=cast("time", one.printed), label=None, raw=one.raw) for one in posts]
    first, note = days.oldest_day(
        document, printed, stated="", labels=(), stored=stored, zone_name=zone_name, options=options
    )
    moments: dict[str, datetime | Refused] = {}
    warnings = days.long_silences(printed, on := days.walked(printed, first, zone_name))
    for post, one, day in zip(posts, printed, on, strict=True):
        try:
            moment = clock.localise(day, one.moment, zone_name, None)[0]
        except SourceRefused as reason:
            moments[one.words] = Refused(str(reason))
            continue
        if post.created is not None and moment + _MINUTE + _SLACK < post.created:
            moments[one.words] = Refused(
                f"would be of {moment:%Y-%m-%d %H:%M}, but by its id it was created at "
                f"{post.created.astimezone(clock.zone(zone_name)):%Y-%m-%d %H:%M}: give another --date"
            )
            continue
        if post.created is not None and moment - post.created >= _DAY:
            warnings.append(
                f"{one.words} is read as of {day}, but by its id it was created on "
                f"{post.created.astimezone(clock.zone(zone_name)):%Y-%m-%d}"
            )
        moments[one.words] = moment
    return moments, [note] if note else [], warnings


def last_edit(footer: str, posted_at: datetime, zone_name: str) -> datetime | None:
    """The time of `Last Updated: 10:21 GMT+1 Tuesday, 28 June 2016`; without a date, on the entry's day, or the next
    where the time has fallen."""
    stated = _STATED.search(footer)
    if stated is None or (printed := CLOCK.fullmatch(stated["time"])) is None:
        return None
    moment = time(int(printed[1]), int(printed[2]))
    dates = clock.dates_in_text(stated["date"] or "")
    day = dates[0].date if dates else posted_at.date() + (_DAY if moment < posted_at.time() else timedelta())
    name = _fixed(stated) if stated["sign"] else zone_name
    if name is None or (stated["date"] and not dates):
        return None
    label = None if stated["sign"] else stated["label"]
    try:
        return clock.localise(day, moment, name, label)[0].astimezone(clock.zone(zone_name))
    except SourceRefused:
        return None
