"""NDJSON: one entry a line, `{"id", "time", "text"}` required, `title`, `author`, `url` optional."""

from __future__ import annotations

import itertools
import json
from datetime import datetime
from typing import cast

from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused
from retrieval.text import from_plain, is_visible

NAME = "ndjson"

_REQUIRED = ("id", "time", "text")
_FRONT, _LOOKED_AT = 1_000_000, 20


def detect(document: Document) -> bool:
    """By the name's ending `.ndjson`, or by a line near the front that holds two of the three fields that an entry
    needs: `.jsonl` is the ending of much else, too."""
    if document.name.endswith(".ndjson"):
        return True
    lines = document.text[:_FRONT].split("\n")
    whole = lines if len(document.text) <= _FRONT else lines[:-1]
    front = (line for line in whole if line.lstrip().startswith("{"))
    return any(_fields_in(line) >= 2 for line in itertools.islice(front, _LOOKED_AT))


def _fields_in(line: str) -> int:
    """How many of an entry's required fields a line holds; of one that is no JSON, by their names in quotes."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return sum(f'"{field}"' in line for field in _REQUIRED)
    return sum(field in row for field in _REQUIRED) if isinstance(row, dict) else 0


def marks(document: Document) -> frozenset[Mark]:
    """Each good line as it stands, and its id with its time."""
    entries, _ = _entries(document)
    return fields.marks_of(entries)


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good line as an entry, every other as a refusal that names its line and field. `stored` tells
    nothing here: every line states its day. A file lists its whole blog, unless a line is refused: that line's id
    may be any, so nothing that is missing counts as deleted."""
    entries, refused = _entries(document)
    if not entries:
        raise fields.none_good(
            document,
            refused,
            'each line must be one JSON object like {"id": "1", "time": "2014-08-26T17:49:00+01:00", "text": "…"}',
        )
    entries.sort(key=lambda entry: entry.posted_at)
    return ReadBlog(
        format=NAME,
        id=None,
        title=None,
        url=options.url,
        timezone=options.timezone or fields.shared_zone(entries),
        entries=tuple(entries),
        listing=Listing.PART if refused else Listing.WHOLE,
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
                raise Refused(f"the id {entry.id!r} stands on line {seen[entry.id]} already")
        except Refused as reason:
            refused.append(Refusal(entry=f"line {number}", reason=str(reason)))
            continue
        seen[cast("str", entry.id)] = number
        entries.append(entry)
    return entries, refused


def _entry(line: str) -> ReadEntry:
    row = _row(line)
    text = from_plain(cast("str", fields.string(row, "text")))
    if not is_visible(text):
        raise Refused("'text' is empty")
    return ReadEntry(
        id=fields.identifier(row, "id"),
        posted_at=cast("datetime", fields.iso(row, "time")),
        title=_line(row, "title"),
        author=_line(row, "author"),
        url=_url(fields.string(row, "url")),
        text=text,
        raw=line.strip(),
    )


def _row(line: str) -> dict[str, object]:
    """The line's object, in which no required key is missing."""
    try:
        row = json.loads(line, object_pairs_hook=_object)
    except RecursionError:
        raise Refused("it is nested too deep to be an entry") from None
    except ValueError as error:
        raise Refused(f"it is no JSON: {error}") from None
    if not isinstance(row, dict):
        raise Refused(f"it is a JSON {type(row).__name__}, not an object")
    for key in _REQUIRED:
        if row.get(key) is None:
            raise Refused(f"{key!r} is missing")
    return row


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    row = dict(pairs)
    if len(row) < len(pairs):
        keys = [key for key, _ in pairs]
        raise Refused(f"{next(key for key in keys if keys.count(key) > 1)!r} stands there twice")
    return row


def _line(row: fields.Row, key: str) -> str | None:
    """A title or a name, on one line."""
    lines = (line.strip() for line in (fields.string(row, key) or "").splitlines())
    words = " ".join(line for line in lines if line)
    return words if is_visible(words) else None


def _url(value: str | None) -> str | None:
    if value is None or fields.address(value) is not None:
        return value
    raise Refused(f"'url' is {fields.brief(value)}, not an http or https address")
