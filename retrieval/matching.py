"""Which stored entry a read one is, where the source gives no id: same minute, then by text.

Ids so made are the UTC minute and an ordinal, `2014-08-26T15:42Z-1`, counted from the oldest of that minute.
They stay as they are when entries are added: a new entry of a known minute takes the next ordinal. An entry
whose markup is the same but whose time is now read otherwise (the admin gave another day) keeps its id too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from retrieval.model import ReadEntry

_SAME_ENTRY = 0.3
"""The share of words that two texts of one minute must have in common to be versions of one entry; below it
they are taken for two entries. Corrections change a few words; two posts of one minute share hardly any."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What matching needs to know of a stored entry."""

    id: str
    posted_at: datetime
    raw: str
    text: str
    own_id: bool = False


def minute_id(posted_at: datetime, ordinal: int) -> str:
    """`2014-08-26T15:42Z-1`."""
    return f"{posted_at.astimezone(UTC):%Y-%m-%dT%H:%MZ}-{ordinal}"


def assign_ids(read: Sequence[ReadEntry], known: Iterable[Known]) -> list[str]:
    """An id for each read entry (given oldest first): the known entry's that it is, or a new one."""
    known = list(known)
    by_minute: dict[datetime, list[Known]] = defaultdict(list)
    for one in known:
        by_minute[_minute(one.posted_at)].append(one)
    read_by_minute: dict[datetime, list[int]] = defaultdict(list)
    for index, entry in enumerate(read):
        read_by_minute[_minute(entry.posted_at)].append(index)
    ids = [""] * len(read)
    for minute, indexes in read_by_minute.items():
        for index, made in zip(indexes, _ids_of_minute([read[i] for i in indexes], by_minute[minute]), strict=True):
            ids[index] = made
    unmatched = {one.raw: one.id for one in known if one.id not in ids}
    stored = {one.id for one in known}
    return [made if made in stored else unmatched.pop(entry.raw, made) for entry, made in zip(read, ids, strict=True)]


def _ids_of_minute(read: Sequence[ReadEntry], known: Sequence[Known]) -> list[str]:
    ids: dict[int, str] = {}
    free = list(known)
    for rate in (_same_markup, _likeness):
        pairs = sorted(
            ((rate(entry, one), -index, one) for index, entry in enumerate(read) if index not in ids for one in free),
            key=lambda pair: pair[:2],
            reverse=True,
        )
        for score, negative, one in pairs:
            if score >= _SAME_ENTRY and -negative not in ids and one in free:
                ids[-negative] = one.id
                free.remove(one)
    ordinal = max((_ordinal(one.id) for one in known), default=0)
    for index, entry in enumerate(read):
        if index not in ids:
            ordinal += 1
            ids[index] = minute_id(entry.posted_at, ordinal)
    return [ids[index] for index in range(len(read))]


def _same_markup(entry: ReadEntry, one: Known) -> float:
    return float(entry.raw == one.raw or entry.text == one.text)


def _likeness(entry: ReadEntry, one: Known) -> float:
    """The share of words in common (Jaccard), 0 to 1."""
    ours, theirs = set(entry.text.lower().split()), set(one.text.lower().split())
    return len(ours & theirs) / (len(ours | theirs) or 1)


def _ordinal(made: str) -> int:
    tail = made.rpartition("-")[2]
    return int(tail) if tail.isdecimal() else 0


def _minute(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(second=0, microsecond=0)
