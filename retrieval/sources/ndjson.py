"""NDJSON: one entry a line, `{"id", "time", "text"}` required, `title`, `author`, `url` optional."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import cast

from retrieval import clock
from retrieval.errors import SourceRefused
from retrieval.model import ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.text import from_plain

NAME = "ndjson"

_REQUIRED = ("id", "time", "text")
_OPTIONAL = ("title", "author", "url")
_LONGEST_ID = 200


class _Refused(Exception):
    """One line's reason for being refused."""


def detect(document: Document) -> bool:
    """By the name's ending, or by a first line that is a JSON object with one of our keys."""
    if document.name.endswith((".ndjson", ".jsonl")):
        return True
    first = document.text.lstrip().split("\n", 1)[0].strip()
    if not (first.startswith("{") and first.endswith("}")):
        return False
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and any(key in row for key in _REQUIRED)


def marks(document: Document) -> frozenset[Mark]:
    """Each good line as it stands, and its id with its time."""
    entries, _ = _entries(document)
    return frozenset(mark for one in entries for mark in (one.raw, (cast("str", one.id), one.posted_at)))


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good line as an entry, every other as a refusal that names its line and field. `stored` tells
    nothing here: every line states its day."""
    entries, refused = _entries(document)
    if not entries:
        because = f": {refused[0].entry}: {refused[0].reason}" if refused else ""
        raise SourceRefused(
            f"no live-blog entries found in {document.name}{because}",
            'each line must be one JSON object like {"id": "1", "time": "2014-08-26T17:49:00+01:00", "text": "…"}',
        )
    entries.sort(key=lambda entry: entry.posted_at)
    return ReadBlog(
        format=NAME,
        id=None,
        title=None,
        url=options.url,
        timezone=options.timezone or _shared_zone(entries),
        entries=tuple(entries),
        refused=tuple(refused),
    )


def _entries(document: Document) -> tuple[list[ReadEntry], list[Refusal]]:
    entries: list[ReadEntry] = []
    refused: list[Refusal] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(document.text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = _entry(line)
            if entry.id in seen:
                raise _Refused(f"the id {entry.id!r} stands on line {seen[entry.id]} already")
        except _Refused as reason:
            refused.append(Refusal(entry=f"line {number}", reason=str(reason)))
            continue
        seen[cast("str", entry.id)] = number
        entries.append(entry)
    return entries, refused


def _entry(line: str) -> ReadEntry:
    fields = _fields(line)
    text = from_plain(cast("str", fields["text"]))
    if not text:
        raise _Refused("'text' is empty")
    return ReadEntry(
        id=_id(cast("str", fields["id"])),
        posted_at=_time(cast("str", fields["time"])),
        title=from_plain(fields["title"] or "") or None,
        author=from_plain(fields["author"] or "") or None,
        url=_url(fields["url"]),
        text=text,
        raw=line.strip(),
    )


def _fields(line: str) -> dict[str, str | None]:
    try:
        row = json.loads(line, object_pairs_hook=_object)
    except RecursionError:
        raise _Refused("is nested too deep to be an entry") from None
    except ValueError as error:
        raise _Refused(f"is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise _Refused(f"is a JSON {type(row).__name__}, not an object")
    for key in _REQUIRED:
        if row.get(key) is None:
            raise _Refused(f"{key!r} is missing")
    fields: dict[str, str | None] = {}
    for key in (*_REQUIRED, *_OPTIONAL):
        value = row.get(key)
        if key == "id" and isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is not None and not isinstance(value, str):
            raise _Refused(f"{key!r} is {_brief(value)}, not a string")
        if value is not None and any("\ud800" <= character <= "\udfff" for character in value):
            raise _Refused(f"{key!r} holds half a surrogate pair, which is no character")
        fields[key] = value
    return fields


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Refused(f"{next(key for key in keys if keys.count(key) > 1)!r} stands there twice")
    return row


def _id(value: str) -> str:
    if not value.strip() or len(value) > _LONGEST_ID or any(ord(character) < 32 for character in value):
        raise _Refused(f"'id' is {_brief(value)}: 1 to {_LONGEST_ID} characters, without control characters")
    return value


def _time(value: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
        offset = moment.utcoffset()
    except ValueError:
        raise _Refused(f"'time' is {_brief(value)}, not ISO 8601 like 2014-08-26T17:49:00+01:00") from None
    if offset is None:
        raise _Refused(f"'time' is {_brief(value)}, without an offset such as +01:00")
    if offset % timedelta(minutes=1):
        raise _Refused(f"'time' is {_brief(value)}, whose offset is not in whole minutes")
    if not clock.EARLIEST <= moment.date() <= clock.LATEST:
        raise _Refused(f"'time' is {_brief(value)}, not between {clock.EARLIEST} and {clock.LATEST}")
    return moment


def _url(value: str | None) -> str | None:
    if value is None or value.startswith(("https://", "http://")):
        return value
    raise _Refused(f"'url' is {_brief(value)}, not an http or https address")


def _brief(value: object) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    return shown if len(shown) <= 60 else shown[:57] + "…"


def _shared_zone(entries: list[ReadEntry]) -> str | None:
    """The one fixed zone of all the entries' offsets, or None where they differ."""
    offsets = {entry.posted_at.utcoffset() or timedelta() for entry in entries}
    offset = offsets.pop()
    return None if offsets else clock.fixed_zone_name(offset)
