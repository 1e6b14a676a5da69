"""Which stored entry a read one is, where the source gives no id: same minute, then by text.

Ids so made are the UTC minute and an ordinal, `2014-08-26T15:42Z-1`, counted from the oldest of that minute.
They stay as they are when entries are added: a new entry of a known minute takes the next ordinal. An entry
whose markup is the same but whose time is now read otherwise (the admin gave another day) keeps its id too.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter

from retrieval.model import ReadEntry

_SAME_ENTRY = 0.3
"""The share of words that two texts of one minute must have in common to be versions of one entry; below it
they are taken for two entries. Corrections change a few words; two posts of one minute share hardly any."""

_MOST_COMPARED = 40_000
"""Pairs of texts of one minute whose words are compared: 200 by 200. No newsroom posts as much; a feed whose times
are all the same may, and there only the same markup or text counts."""
_ORDINAL = re.compile(r"[0-9]{1,9}")
"""Of an id that we made; a source's own may look alike and be longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What matching needs to know of a stored entry."""

    id: str
    posted_at: datetime
    raw: str
    text: str
    own_id: bool = False
    deleted: bool = False


def minute_id(posted_at: datetime, ordinal: int) -> str:
    """`2014-08-26T15:42Z-1`."""
    return f"{posted_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}-{ordinal}"


def assign_ids(read: Sequence[ReadEntry], known: Iterable[Known], taken: Iterable[str] = ()) -> list[str]:
    """An id for each read entry (given oldest first): the known entry's that it is, or a new one, which is none of
    the known ones' and of those `taken` by others."""
    known = list(known)
    by_minute: dict[datetime, list[Known]] = defaultdict(list)
    for one in known:
        by_minute[_minute(one.posted_at)].append(one)
    read_by_minute: dict[datetime, list[int]] = defaultdict(list)
    for index, entry in enumerate(read):
        read_by_minute[_minute(entry.posted_at)].append(index)
    ids: dict[int, str] = {}
    for minute, indexes in read_by_minute.items():
        for place, made in _matched([read[index] for index in indexes], by_minute[minute]).items():
            ids[indexes[place]] = made
    matched = set(ids.values())
    # one that was deleted and is posted anew at another time is another entry
    moved = {one.raw: one.id for one in known if one.id not in matched and not one.deleted}
    new = _New({*taken, *(one.id for one in known)})
    return [ids.get(index) or moved.pop(entry.raw, None) or new.id(entry) for index, entry in enumerate(read)]


def _matched(read: Sequence[ReadEntry], known: Sequence[Known]) -> dict[int, str]:
    """The ids of those of one minute's read entries that are known, by their place."""
    ids: dict[int, str] = {}
    free = {one.id: one for one in known}
    for same in (attrgetter("raw"), attrgetter("text")):
        held: dict[str, deque[str]] = defaultdict(deque)
        for one in free.values():
            held[same(one)].append(one.id)
        for place, entry in enumerate(read):
            if place not in ids and held[same(entry)]:
                ids[place] = held[same(entry)].popleft()
                del free[ids[place]]
    return ids | _alike({place: entry for place, entry in enumerate(read) if place not in ids}, list(free.values()))


def _alike(read: Mapping[int, ReadEntry], known: Sequence[Known]) -> dict[int, str]:
    """The ids of those that share words enough, the likest first; none where there are too many to compare."""
    if len(read) * len(known) > _MOST_COMPARED:
        return {}
    words = [(one.id, _words(one.text)) for one in known]
    scored = [
        (score, -place, id_)
        for place, ours in ((place, _words(entry.text)) for place, entry in read.items())
        for id_, theirs in words
        if (score := len(ours & theirs) / (len(ours | theirs) or 1)) >= _SAME_ENTRY
    ]
    ids: dict[int, str] = {}
    matched: set[str] = set()
    for _, negative, id_ in sorted(scored, key=lambda one: one[:2], reverse=True):
        if -negative not in ids and id_ not in matched:
            ids[-negative] = id_
            matched.add(id_)
    return ids


def _words(text: str) -> frozenset[str]:
    return frozenset(text.lower().split())


class _New:
    """Makes ids that nothing has yet: in each minute the ordinals go on from the last one given there."""

    def __init__(self, taken: set[str]) -> None:
        self._last: dict[str, int] = defaultdict(int)
        for one in taken:
            minute, _, ordinal = one.rpartition("-")
            if _ORDINAL.fullmatch(ordinal):
                self._last[minute] = max(self._last[minute], int(ordinal))

    def id(self, entry: ReadEntry) -> str:
        minute = minute_id(entry.posted_at, 0).rpartition("-")[0]
        self._last[minute] += 1
        return minute_id(entry.posted_at, self._last[minute])


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
