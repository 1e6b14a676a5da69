"""Which day a printed time is of: what a document of bare clock times shares, whatever its form.

The oldest entry's day is what the admin says, else what is stored of the same markup, else the one day that the
document or its name states; from there the days are walked.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from retrieval import clock
from retrieval.errors import SourceRefused, UsageError
from retrieval.model import SourceOptions
from retrieval.sources.document import Document, StoredDays


@dataclass(frozen=True, kw_only=True, slots=True)
class Printed:
    """One entry's time as printed: the words, the clock time they state, the zone's label, the entry's markup."""

    words: str
    moment: time
    label: str | None
    raw: str


def walked(oldest_first: Sequence[Printed], first: date, zone_name: str) -> list[date]:
    """The day of each printed time, given oldest first, when the oldest is of `first`."""
    return clock.days_walked(first, [(one.moment, one.label) for one in oldest_first], zone_name)


def runs_forward(times: Sequence[time]) -> bool:
    """Whether the document runs from old to new. Newest first is the format's order, and one rise in it is a
    midnight; so at least two steps must rise, and fewer fall."""
    steps = list(itertools.pairwise(times))
    rises = sum(before < after for before, after in steps)
    return rises >= 2 and rises > sum(before > after for before, after in steps)


def oldest_day(
    document: Document,
    oldest_first: Sequence[Printed],
    *,
    stated: str,
    labels: Iterable[str],
    stored: StoredDays,
    zone_name: str,
    options: SourceOptions,
) -> tuple[date, str | None]:
    """The oldest entry's day and a note of what it was taken from. `stated` is the part of the document whose dates
    are evidence; a date on which one of `labels` is not in use is none. Raises SourceRefused, UsageError."""
    return _stored(oldest_first, stored, zone_name, options) or _evident(document, stated, labels, zone_name, options)


def _stored(
    oldest_first: Sequence[Printed], stored: StoredDays, zone_name: str, options: SourceOptions
) -> tuple[date, str | None] | None:
    """The oldest entry's day such that every stored entry keeps its own; None where none is stored."""
    held = [stored.get(one.raw, frozenset()) for one in oldest_first]
    falls = [
        0,
        *itertools.accumulate(after.moment < before.moment for before, after in itertools.pairwise(oldest_first)),
    ]
    # or one day fewer: a fall may be the clocks going back
    firsts = {
        day - timedelta(days=steps)
        for days, fall in zip(held, falls, strict=True)
        for day in days
        for steps in (fall, max(fall - 1, 0))
    }
    if not firsts:
        return None
    walks = {first: walked(oldest_first, first, zone_name) for first in sorted(firsts)}
    misfits = {
        first: [index for index, day in enumerate(days) if held[index] and day not in held[index]]
        for first, days in walks.items()
    }
    fitting = [first for first, wrong in misfits.items() if not wrong]
    if len(fitting) == 1:
        note = f"date {fitting[0]} taken from the entries already stored"
        return fitting[0], None if fitting[0] == options.date else note
    if fitting:
        because = f"by the entries already stored the oldest may be of {fitting[0]} or {fitting[1]}"
    else:
        known = next(index for index, days in enumerate(held) if days)
        first = min(held[known]) - timedelta(days=falls[known])
        wrong = misfits[first][0]
        because = (
            f"{oldest_first[known].words} is stored as of {min(held[known])}, by which "
            f"{oldest_first[wrong].words} is of {walks[first][wrong]}, but it is stored as of {min(held[wrong])}"
        )
    raise SourceRefused(
        f"the day of the oldest entry is not certain: {because}",
        "put the document in order, or give another --date, or another --blog with its --date",
    )


def _evident(
    document: Document, stated: str, labels: Iterable[str], zone_name: str, options: SourceOptions
) -> tuple[date, str | None]:
    """The oldest entry's day: as given, else the one day that the name, the address or the document states."""
    if options.date:
        if not clock.EARLIEST <= options.date <= clock.LATEST:
            raise UsageError(f"the day {options.date} is out of range", "give the oldest entry's day")
        return options.date, None
    labels = set(labels)
    evidence = [
        *((one, f"the name {document.name}") for one in clock.dates_in_name(document.name)),
        *((one, f"the address {_shown(document)}") for one in clock.dates_in_name(document.address or "")),
        *((one, "the document") for one in clock.dates_in_text(stated)),
    ]
    possible = [(one, where) for one, where in evidence if clock.label_fits(one.date, labels, zone_name)]
    days = sorted({one.date for one, _ in possible})
    if len(days) == 1:
        one, where = possible[0]
        return days[0], f"date {days[0]} taken from {where} ({one.words!r})"
    unfit = sorted({one.date for one, _ in evidence} - set(days))
    if days:
        because = f"it and its name state {len(days)} dates ({_listed(days)})"
    elif unfit:
        because = f"{zone_name} is not on {', '.join(sorted(labels))} on any day that it states ({_listed(unfit)})"
    else:
        because = "neither it nor its name states one"
    raise SourceRefused(
        f"the day of {document.called} is not certain: {because}",
        "give the oldest entry's day, as in --date 2014-08-26",
    )


def _shown(document: Document) -> str:
    from retrieval.sources.addresses import shown  # only a page has an address, and then it is loaded

    return shown(document.address or "")


def _listed(days: Sequence[date]) -> str:
    return ", ".join(str(day) for day in days[:5]) + (", …" if len(days) > 5 else "")


def long_silences(oldest_first: Sequence[Printed], days: Sequence[date]) -> list[str]:
    """A fall of a few minutes steps the day on like any other, but is more likely a post out of order: a warning
    for each."""
    warnings = []
    for before, after, previous, on in zip(oldest_first, oldest_first[1:], days, days[1:], strict=False):
        earlier, later = before.moment, after.moment
        hours = earlier.hour - later.hour + (earlier.minute - later.minute) / 60
        if on != previous and 0 < hours < 6:
            warnings.append(
                f"{after.words} comes after {before.words}, so it was read as {on}; if the document is out "
                "of order, put it right and add it again"
            )
    return warnings


def grouped(warnings: Sequence[tuple[str, str]]) -> list[str]:
    """Warnings given as (printed time, warning), those that are the same told once."""
    printed: dict[str, list[str]] = {}
    for words, warning in warnings:
        printed.setdefault(warning, []).append(words)
    return [
        f"{words[0]}: {warning}" if len(words) == 1 else f"{len(words)} entries, the first {words[0]}: {warning}"
        for warning, words in printed.items()
    ]
