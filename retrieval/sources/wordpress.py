"""An answer of the WordPress plugin Liveblog: `entries[]` of type `new`, `update` or `delete`.

An update carries the id of the entry that it replaces, and as `timestamp` the time of the edit. Newer versions of the
plugin state the first publication beside it, as `entry_time`; older ones shifted that by the site's offset
from UTC, so it is taken only where it equals the timestamp of every new entry beside it.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Row, Wordless
from retrieval.text import from_html

NAME = "wordpress"

_TYPES = ("new", "update", "delete")
_MARKUP = ("render", "content", "html")
# What the plugin's edit links carry, and what differs from one answer to the next.
_NONCE = re.compile(r"nonce([\"']?\s{0,3}[=:]\s{0,3}[\"']?)[0-9A-Za-z]{6,40}")


def detect(document: Document) -> bool:
    """By a list of entries one of which has a timestamp and one of the plugin's types."""
    if '"entries"' not in document.text:
        return False
    return any(
        "timestamp" in row and row.get("type") in _TYPES
        for row in fields.members(fields.outline(document).get("entries"))
    )


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its entries, and their ids and times."""
    return fields.marks_of(_Answer(document).entries)


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every entry as it stands after the last update, oldest first; `stored` tells nothing here. An answer holds what
    changed in a stretch of time, so an entry that is missing proves nothing; it may hold deletions alone. Raises
    SourceRefused where no entry is good."""
    answer = _Answer(document)
    if not answer.entries and not answer.deleted:
        raise fields.none_good(document, answer.refused, "give an answer that holds entries")
    return ReadBlog(
        format=NAME,
        id=None,
        title=options.title,
        url=options.url,
        timezone=options.timezone or fields.shared_zone(answer.entries),
        entries=tuple(answer.entries),
        listing=Listing.PART,
        deleted=tuple(answer.deleted),
        refused=tuple(answer.refused),
        warnings=tuple(answer.warnings),
    )


class _Answer:
    """The entries of one answer, each put together from its rows."""

    def __init__(self, document: Document) -> None:
        self.deleted: list[str] = []
        self.refused: list[Refusal] = []
        self._undated: list[str] = []
        self._told: dict[str, list[_Told]] = defaultdict(list)
        rows = fields.outline(document).get("entries")
        for number, row in enumerate(rows if isinstance(rows, list) else [], start=1):
            try:
                self._take(_told(number, row))
            except Refused as reason:
                self.refused.append(Refusal(entry=f"entry {number}", reason=str(reason)))
        self._entry_time_holds = _entry_time_holds(one for told in self._told.values() for one in told)
        self.entries: list[ReadEntry]
        self.entries, refused = fields.collect(((repr(name), name) for name in self._told), self._entry)
        self.refused += refused

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self._undated:
            return ()
        counted = fields.counted(len(self._undated), "update is of an entry", "updates are of entries")
        warning = (
            f"{counted} whose publication the answer does not hold, the first of {self._undated[0]}; the time of the "
            "edit was taken"
        )
        return (warning,)

    def _take(self, told: _Told) -> None:
        first = next((one for one in self._told[told.id] if one.type == told.type == "new"), None)
        if first is None:
            self._told[told.id].append(told)
        elif (first.at, first.markup) != (told.at, told.markup):
            raise Refused(f"the id {told.id!r} stands at entry {first.number} already")

    def _entry(self, name: object) -> ReadEntry | None:
        told = sorted(self._told[cast("str", name)], key=lambda one: (one.at, _TYPES.index(one.type)))
        last = told[-1]
        if last.type == "delete":
            self.deleted.append(last.id)
            return None
        text = from_html(last.markup)
        if not last.markup:
            raise Refused("it has no text")
        if not text:
            raise Wordless
        posted_at, published = self._posted_at(told)
        author = fields.names(last.row.get("authors"))
        return ReadEntry(
            id=last.id,
            posted_at=posted_at,
            title=None,
            author=author,
            url=fields.address(last.row.get("share_link")),
            text=text,
            raw=json.dumps(
                {
                    "id": last.id,
                    "timestamp": posted_at.isoformat(),
                    "edited": last.at.isoformat(),
                    "render": _NONCE.sub(r"nonce\1", last.markup),
                    "author": author,
                },
                ensure_ascii=False,
            ),
            edited_at=fields.edited(posted_at, last.at),
            published_by_then=not published,
        )

    def _posted_at(self, told: Sequence[_Told]) -> tuple[datetime, bool]:
        """The time of publication; or that of the first edit told of, and that it is no more."""
        published = next((one.at for one in told if one.type == "new"), None)
        if published is not None:
            return published, True
        stated = told[-1].entry_time if self._entry_time_holds else None
        if stated is not None and stated <= told[0].at:
            return stated, True
        self._undated.append(repr(told[-1].id))
        return told[0].at, False


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """One row: what was done to an entry, and when."""

    number: int
    id: str
    type: str
    at: datetime
    entry_time: datetime | None
    markup: str
    row: Row


def _told(number: int, value: object) -> _Told:
    row = fields.an_object(value)
    name = fields.identifier(row, "id")
    if name is None:
        raise Refused("'id' is missing")
    kind = row.get("type")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise Refused(f"'type' is {fields.brief(kind)}, not new, update or delete")
    at = fields.unix(row, "timestamp")
    markup = next(filter(None, (fields.string(row, key) for key in _MARKUP)), "")
    entry_time = fields.unix(row, "entry_time") if row.get("entry_time") is not None else None
    return _Told(number=number, id=name, type=kind, at=at, entry_time=entry_time, markup=markup, row=row)


def _entry_time_holds(told: Iterable[_Told]) -> bool:
    """Whether a new entry is there, and every one states its timestamp as `entry_time`."""
    new = [one for one in told if one.type == "new"]
    return bool(new) and all(one.entry_time == one.at for one in new)
