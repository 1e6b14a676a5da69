"""Which wording of each entry was valid at a past moment.

A version is valid from its edit time where the source gives one; the first from publication where it was never
edited; any other from when it was first seen. An edit time that is not later than the version before it tells
nothing of the change, so the time of seeing counts. A re-reading takes the place of the version that it re-reads; an
edit time that it has learnt counts for that place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from retrieval.model import Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """A version without its words (`worded`: it has some), and its entry's key, blog and time of posting. Times in
    microseconds since 1970, UTC."""

    version: int
    entry: int
    blog: str
    posted: int
    edited: int | None
    seen: int
    cause: Cause
    worded: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Past:
    """The wordings that were valid at a moment, the entry posted first on top; and one of each entry that existed
    then while its wording of then is not held."""

    valid: tuple[Wording, ...]
    unheld: tuple[Wording, ...]


def past(wordings: Iterable[Wording], at: int) -> Past:
    """What was valid at a moment. `wordings` are those of entries posted until then, each entry's together and in
    the order of their numbers."""
    valid: list[Wording] = []
    unheld: list[Wording] = []
    for _, group in groupby(wordings, key=lambda one: one.entry):
        versions = list(group)
        begun = [one for start, one in _starts(versions) if start <= at]
        if not begun:
            unheld.append(versions[0])  # first seen when it was edited already
        elif begun[-1].worded:
            valid.append(begun[-1])
        elif begun[-1].cause is Cause.TAKEN_DOWN:
            unheld.append(begun[-1])
    valid.sort(key=lambda one: (one.posted, one.entry))
    return Past(valid=tuple(valid), unheld=tuple(unheld))


def _starts(versions: Iterable[Wording]) -> list[tuple[int, Wording]]:
    """Each version with the moment from which on it was valid; a re-read one's in the place of that which it
    re-reads, whose edit time it may have learnt."""
    starts: list[tuple[int, Wording]] = []
    seen = 0
    for one in versions:
        if one.cause is Cause.REREAD and starts:
            held, _ = starts.pop()
            own = one.edited is not None
        else:
            held, own, seen = 0, True, one.seen
        starts.append((_start(one, seen, starts[-1][0] if starts else None) if own else held, one))
    return starts


def _start(one: Wording, seen: int, before: int | None) -> int:
    """From when on a version was valid that was first `seen` then; `before` is the start of the one before it. Words
    that stayed the same may have been edited later than they were seen: they were valid by then."""
    edited = None if one.edited is None else min(one.edited, seen)
    if before is None:
        return one.posted if edited is None else max(one.posted, edited)
    return edited if edited is not None and edited > before else max(seen, before)
