"""An answer of the Guardian's Content API (`show-blocks=all`): `response.content` with `blocks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from retrieval.errors import SourceRefused
from retrieval.markup import parse_html
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import blocks, fields, guardian_web
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Row
from retrieval.text import from_html, from_plain, title_from_html

NAME = "guardian-capi"

_HINT = "ask the Content API with show-blocks=all; each block needs 'id', 'bodyHtml' and 'firstPublishedDate'"
_KEPT = ("id", "title", "bodyHtml", "contributors", "firstPublishedDate", "publishedDate")


def detect(document: Document) -> bool:
    """By `response.content` with blocks, or with a body that consists of them."""
    content = _content(document)
    return isinstance(content.get("blocks"), dict) or 'id="block-' in _body_html(content)


def marks(document: Document) -> frozenset[Mark]:
    """Each good block as JSON, and its id with its time."""
    return fields.marks_of(_entries(_content(document), None)[0])


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good block of the body as an entry; one that is not published counts as deleted. `stored` tells nothing
    here: every block states its moment. Raises SourceRefused where none is good."""
    content = _content(document)
    url = options.url or fields.address(content.get("webUrl"))
    found, refused, deleted = _entries(content, url)
    if not found:
        raise fields.none_good(document, refused, _HINT)
    zone_name, why = _office(content), "the office that produced it"
    if zone_name is None:
        zone_name, why = blocks.london(found), "the offsets of its times"
    entries, zone_name, notes = blocks.placed(found, options, zone_name, why)
    return ReadBlog(
        format=NAME,
        id=_words(content, "id"),
        title=options.title or title_from_html(_words(content, "webTitle") or ""),
        url=url,
        timezone=zone_name,
        entries=entries,
        listing=_listing(content, refused),
        deleted=tuple(deleted),
        language=_language(content),
        refused=tuple(refused),
        notes=notes,
    )


def _content(document: Document) -> Row:
    response = fields.outline(document).get("response")
    content = response.get("content") if isinstance(response, dict) else None
    return content if isinstance(content, dict) else {}


def _entries(content: Row, url: str | None) -> tuple[list[ReadEntry], list[Refusal], list[str]]:
    """The entries, the refusals, and the ids of the blocks that are not published."""
    if not isinstance(content.get("blocks"), dict):
        try:
            tree = parse_html(_body_html(content), "'fields.body'")
        except SourceRefused as reason:
            return [], [Refusal(entry="'fields.body'", reason=reason.message)], []
        found, refused, _ = guardian_web.entries_of(tree, url, None)
        return found, refused, []
    deleted: list[str] = []
    authors = _authors(content)
    found, refused = fields.collect(
        _rows(content), lambda row: _entry(fields.an_object(row), url, authors, deleted), newest_first=True
    )
    live = {one.id for one in found}
    return found, refused, [one for one in dict.fromkeys(deleted) if one not in live]


def _rows(content: Row) -> Iterator[tuple[str, object]]:
    """The blocks of the body; where only a range was asked for, of all the ranges, each once."""
    around = cast("Row", content["blocks"])
    ranges = around.get("requestedBodyBlocks")
    lists = [around.get("body"), *(ranges.values() if isinstance(ranges, dict) else ())]
    number, seen = 0, set()
    for rows in lists:
        for row in rows if isinstance(rows, list) else []:
            number += 1
            name = row.get("id") if isinstance(row, dict) else None
            known = isinstance(name, str) and name in seen and rows is not lists[0]
            if not known:
                yield blocks.name_of(name, number), row
            if isinstance(name, str):
                seen.add(name)


def _entry(row: Row, url: str | None, authors: Mapping[str, str], deleted: list[str]) -> ReadEntry | None:
    name = blocks.block_id(row.get("id"))
    if name is None:
        raise Refused("'id' is missing")
    if row.get("published") in (False, "false"):
        deleted.append(name)
        return None
    posted_at = fields.iso(row, "firstPublishedDate")
    if posted_at is None:
        raise Refused("'firstPublishedDate' is missing")
    markup = fields.string(row, "bodyHtml")
    if not markup:
        raise Refused(f"'bodyHtml' is {'missing' if markup is None else 'empty'}")
    text = from_html(markup)
    title = title_from_html(fields.string(row, "title") or _attribute(row, "title"))
    if not text:
        raise fields.wordless(title)
    return ReadEntry(
        id=name,
        posted_at=posted_at,
        title=title,
        author=_author(row, authors),
        url=blocks.permalink(url, name),
        text=text,
        raw=fields.slice_of(row, _KEPT),
        edited_at=blocks.edited_to_the_minute(posted_at, fields.iso(row, "publishedDate")),
    )


def _attribute(row: Row, key: str) -> str:
    attributes = row.get("attributes")
    return (fields.string(attributes, key) or "") if isinstance(attributes, dict) else ""


def _authors(content: Row) -> dict[str, str]:
    """The contributors' names by the ids of their tags."""
    names: dict[str, str] = {}
    for one in fields.members(content.get("tags")):
        name, title = one.get("id"), one.get("webTitle")
        if one.get("type") == "contributor" and isinstance(name, str) and isinstance(title, str):
            names[name] = from_plain(title)
    return names


def _author(row: Row, authors: Mapping[str, str]) -> str | None:
    listed = row.get("contributors")
    ids = [one.get("id") if isinstance(one, dict) else one for one in (listed if isinstance(listed, list) else [])]
    return ", ".join(authors[one] for one in ids if isinstance(one, str) and authors.get(one)) or None


def _listing(content: Row, refused: list[Refusal]) -> Listing:
    """All the body's blocks, unless they are a range, or the number of them that the answer states is another."""
    around = content.get("blocks")
    body = around.get("body") if isinstance(around, dict) else None
    if refused or not isinstance(around, dict) or not isinstance(body, list):
        return Listing.PART
    return Listing.WHOLE if around.get("totalBodyBlocks", len(body)) in (len(body), str(len(body))) else Listing.PART


def _fields_of(content: Row) -> Row:
    value = content.get("fields")
    return value if isinstance(value, dict) else {}


def _body_html(content: Row) -> str:
    value = _fields_of(content).get("body")
    return value if isinstance(value, str) else ""


def _office(content: Row) -> str | None:
    return blocks.ZONE_OF_EDITION.get((_words(_fields_of(content), "productionOffice") or "").upper())


def _language(content: Row) -> str | None:
    code = _words(_fields_of(content), "lang")
    return code.lower() if code and code.isascii() and code.isalpha() and len(code) in (2, 3) else None


def _words(row: Row, key: str) -> str | None:
    value = row.get(key)
    return from_plain(value) or None if isinstance(value, str) else None
