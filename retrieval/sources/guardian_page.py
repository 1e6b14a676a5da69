"""The data of a Guardian page: JSON with `blocks` of `elements`, alone or in a script of the page."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from retrieval import clock
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import blocks, fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Row
from retrieval.text import from_html, from_plain, title_from_html

NAME = "guardian-page"

_HINT = 'its blocks must be like {"id": "…", "blockFirstPublished": 1409071740000, "elements": [{"html": "…"}]}'
_SIGN = '"blockFirstPublished'
_SCRIPT = re.compile(r"<script\b[^<>]{0,2000}>", re.IGNORECASE)
_DEEPEST = 6  # objects around the page's own, in what pages are known to embed
_MOST = 10_000  # objects looked at in the search for it
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What a reader sees of an element is in these, in the order in which a page shows them; those that hold elements or
# parts of one stand last.
_WORDS = ("date", "label", "title", "mediaTitle", "html", "body", "description", "main", "attribution")
_PARTS = ("body", "main", "events", "timelineEvents", "sections", "keyTakeaways", "qAndAExplainers", "miniProfiles")
_BELOW = ("caption", "captionText", "credit")
# `elementId` and image sizes are made anew for every page.
_SHOWN = ("_type", *dict.fromkeys((*_WORDS, "prefix", "text", *_BELOW, "displayCredit", "data", *_PARTS)))
_FURNITURE = re.compile(r"\.(?:AdPlaceholder|StarRating|EmailSignUp|NewsletterSignup)\w*\Z")
# The title of these is that of a frame, which is spoken and not shown.
_FRAMES = re.compile(r"\.(?:Audio|Document|Embed|Instagram|Interactive|Map|Soundcloud|Spotify|Vimeo|Vine)\w*\Z")
_KNOWN = re.compile(
    r"(?:\A|\.)(?:Audio|Blockquote|Caption|Cartoon|Code|Comment|DCRSectionedTimeline|DCRTimeline|Disclaimer|Divider|"
    r"Document|Embed|GuideAtom|GuVideo|Guide|HighlightBlock|Image|Instagram|Interactive|ItemLink|KeyTakeaways|Map|"
    r"MediaAtom|MiniProfiles|MultiImage|ProfileAtom|Profile|Pullquote|QABlock|QA|QAndAExplainer|RichLink|Soundcloud|"
    r"Spotify|Subheading|Table|Text|Timeline|TimelineAtom|Tweet|Video|VideoFacebook|VideoVimeo|VideoYoutube|Vimeo|"
    r"Vine|YoutubeAtom|Youtube|YoutubeBlock)(?:BlockElement)?(?:V2)?\Z"
)


def detect(document: Document) -> bool:
    """By a list `blocks` of objects with the Guardian's name for their time."""
    return _SIGN in document.text and _page(document) is not None


def marks(document: Document) -> frozenset[Mark]:
    """Each good block as JSON, and its id with its time."""
    return fields.marks_of(_entries(_page(document) or {}, None, _Seen())[0])


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good block as an entry, those that are shown twice (pinned, key events) once. `stored` tells nothing
    here: every block states its moment. Raises SourceRefused where none is good."""
    page = _page(document) or {}
    url = options.url or fields.address(page.get("canonicalUrl")) or fields.address(page.get("webURL"))
    seen = _Seen()
    found, refused = _entries(page, url, seen)
    if not found:
        raise fields.none_good(document, refused, _HINT)
    zone_name, why = blocks.zone_of_labels(seen.labels), "the labels of the printed times"
    if zone_name is None:
        zone_name, why = blocks.ZONE_OF_EDITION.get(_words(page, "editionId") or ""), "the page's edition"
    entries, zone_name, notes = blocks.placed(found, options, zone_name, why)
    return ReadBlog(
        format=NAME,
        id=_words(page, "pageId") or blocks.page_id(url),
        title=options.title or _title(page),
        url=url,
        timezone=zone_name,
        entries=entries,
        listing=_listing(page, refused),
        refused=tuple(refused),
        notes=notes,
        warnings=seen.warnings,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What was met on the way: the labels of printed times; by unknown kind of element the blocks that hold it."""

    labels: set[str] = field(default_factory=set)
    unknown: dict[str, list[str]] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        return tuple(
            f"elements of the kind {fields.brief(kind)} are not known, and what they show may be missing: "
            f"{len(names)}, the first in block {names[0]}"
            for kind, names in self.unknown.items()
        )


def _page(document: Document) -> Row | None:
    """The object with the blocks, in a JSON document or in the scripts of a page."""
    if document.text.lstrip()[:1] == "{":
        return _found(fields.outline(document))
    return next((page for page in map(_found, _scripts(document.text)) if page is not None), None)


def _scripts(text: str) -> Iterator[object]:
    """The JSON in a page's scripts that may hold blocks: all of a script's content, or what a name is set to."""
    decoder = json.JSONDecoder()
    at = 0
    while (opened := _SCRIPT.search(text, at)) is not None:
        end = text.find("</script", opened.end())
        at = end if end >= 0 else len(text)
        if text.find(_SIGN, opened.end(), at) < 0:
            continue
        start = text.find("{", opened.end(), at)
        try:
            value, _ = decoder.raw_decode(text[start:at])
        except (ValueError, RecursionError):
            continue
        yield value


def _found(value: object) -> Row | None:
    """The outermost object whose `blocks` are a live blog's, breadth first."""
    level, looked = [value], 0
    for _ in range(_DEEPEST):
        below: list[object] = []
        for one in level:
            looked += 1
            if looked > _MOST or not isinstance(one, dict):
                continue
            if _are_blocks(one.get("blocks")):
                return cast("Row", one)
            below += one.values()
        level = below
    return None


def _are_blocks(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) and "blockFirstPublished" in one for one in value)


def _entries(page: Row, url: str | None, seen: _Seen) -> tuple[list[ReadEntry], list[Refusal]]:
    return fields.collect(_rows(page), lambda row: _entry(fields.an_object(row), url, seen), newest_first=True)


def _rows(page: Row) -> Iterator[tuple[str, object]]:
    """Every block once: one that is pinned or a key event repeats there, and may stand on another page itself."""
    seen: set[str] = set()
    for number, row in enumerate(_listed(page, "blocks"), start=1):
        name = _name(row)
        seen |= {name} if name else set()
        yield blocks.name_of(row.get("id") if isinstance(row, dict) else None, number), row
    for row in [*_listed(page, "keyEvents"), page.get("pinnedPost")]:
        name = _name(row)
        if name and name not in seen:
            seen.add(name)
            yield f"block {name}", row


def _listed(page: Row, key: str) -> list[object]:
    value = page.get(key)
    return value if isinstance(value, list) else []


def _name(row: object) -> str | None:
    """A block's id, for a reason to name it; None where it has no good one."""
    try:
        return blocks.block_id(row.get("id")) if isinstance(row, dict) else None
    except Refused:
        return None


def _entry(row: Row, url: str | None, seen: _Seen) -> ReadEntry:
    name = blocks.block_id(row.get("id"))
    if name is None:
        raise Refused("'id' is missing")
    posted_at = _milliseconds(row, "blockFirstPublished")
    if posted_at is None:
        raise Refused("'blockFirstPublished' is missing")
    label = blocks.shown(posted_at, fields.string(row, "blockFirstPublishedDisplay") or "")
    elements = [one for one in _elements(row) if not _FURNITURE.search(_words(one, "_type") or "")]
    for kind in filter(None, (_words(one, "_type") for one in elements)):
        if not _KNOWN.search(kind):
            seen.unknown.setdefault(kind, []).append(name)
    text = "\n".join(words for words in map(_text, elements) if words)
    title = title_from_html(fields.string(row, "title") or "")
    if not text:
        raise fields.wordless(title)
    if label:
        seen.labels.add(label)
    return ReadEntry(
        id=name,
        posted_at=posted_at,
        title=title,
        author=_author(row),
        url=blocks.permalink(url, name),
        text=text,
        raw=_raw(row, elements),
        edited_at=blocks.edited_to_the_minute(posted_at, _milliseconds(row, "blockLastUpdated")),
    )


def _elements(row: Row) -> list[Row]:
    value = row.get("elements")
    if not isinstance(value, list):
        raise Refused(f"'elements' is {fields.brief(value)}, not a list")
    return [fields.an_object(one) for one in value]


def _text(element: Row) -> str:
    """What a page shows of an element: its words and those of its parts, a link card's words, a caption, a credit."""
    pieces: list[str] = []
    waiting: list[Row | str] = [element]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
        elif not _FURNITURE.search(_words(one, "_type") or ""):
            waiting += reversed([*_shown(one)])
    return "\n".join(piece for piece in pieces if piece)


def _shown(element: Row) -> Iterator[Row | str]:
    for key in _WORDS:
        value = element.get(key)
        spoken = key == "title" and _FRAMES.search(_words(element, "_type") or "")
        if isinstance(value, str) and not spoken:
            words = fields.whole(value, key)
            yield from_plain(words) if key == "attribution" else from_html(words)
        elif key in ("html", "attribution"):
            _string(element, key)
    if "url" in element:
        yield from_html(f"{_string(element, 'prefix')}{_string(element, 'text')}")
    for key in _PARTS:
        if isinstance(element.get(key), list):
            yield from fields.members(element[key])
    data = element.get("data")
    captioned = data if isinstance(data, dict) else element
    for key in _BELOW:
        if key != "credit" or element.get("displayCredit") is not False:
            yield from_html(_string(captioned, key))


def _string(row: Row, key: str) -> str:
    return fields.string(row, key) or ""


def _author(row: Row) -> str | None:
    names = [from_plain(fields.string(one, "name") or "") for one in fields.members(row.get("contributors"))]
    return ", ".join(name for name in names if name) or None


def _raw(row: Row, elements: list[Row]) -> str:
    shown = [{key: one[key] for key in _SHOWN if key in one} for one in elements]
    return fields.slice_of({**row, "elements": shown}, ("id", "title", "contributors", "elements"))


def _milliseconds(row: Row, key: str) -> datetime | None:
    """Milliseconds since 1970, UTC, as a number or its digits; None where there is none. Raises Refused."""
    value = row.get(key)
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,15}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(f"{key!r} is {fields.brief(value)}, not milliseconds since 1970 like 1409071740000")
    try:
        moment = _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        moment = None
    if moment is None or not clock.EARLIEST <= moment.date() <= clock.LATEST:
        raise Refused(f"{key!r} is {fields.brief(value)}, not between {clock.EARLIEST} and {clock.LATEST}")
    return moment


def _words(page: Row, key: str) -> str | None:
    value = page.get(key)
    return from_plain(value) or None if isinstance(value, str) else None


def _title(page: Row) -> str | None:
    return title_from_html(_words(page, "headline") or _words(page, "webTitle") or "")


def _listing(page: Row, refused: list[Refusal]) -> Listing:
    """A page that says that it is the only one lists the whole blog."""
    pages = page.get("pagination")
    total = pages.get("totalPages") if isinstance(pages, dict) else None
    alone = total == 1 and total is not True and not page.get("filterKeyEvents")
    return Listing.WHOLE if alone and not refused else Listing.PART
