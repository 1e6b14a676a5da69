"""Atom and RSS in which every item is a post: a time, and its content. A feed of separate articles looks the same.

Read with the standard library's expat: a parser that mends what it reads will not do where each character counts
(feedparser 6.0.14 turns a published `Ã©` into `é`, whatever its settings). A document type, which is where entities
are declared, is refused before any parser sees it.
"""

from __future__ import annotations

import copy
import email.utils
import io
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from retrieval.errors import SourceRefused
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused
from retrieval.text import from_html

NAME = "feed"

_DEEPEST = 200
"""Elements inside each other; feeds need about ten, and content as XHTML some more."""

# What may stand before the root element, and the root.
_PROLOG = re.compile(r"\s*(?:<\?(?:(?!\?>)[\s\S])*+\?>\s*+|<!--(?:(?!-->)[\s\S])*+-->\s*+)*+")
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,30}:)?(rss|feed|RDF)[\s>]")
_DOCTYPE = re.compile(r"<!DOCTYPE\s+(?!html\b)", re.IGNORECASE)
_ROOT_WITHIN = 100_000

_ATOM = "{http://www.w3.org/2005/Atom}"
_RSS1 = "{http://purl.org/rss/1.0/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

_CHANNELS = ("channel", f"{_RSS1}channel")
_ITEMS = ("item", f"{_RSS1}item", f"{_ATOM}entry")
_PUBLISHED = ("pubDate", f"{_ATOM}published", f"{_DC}date")
_UPDATED = (f"{_ATOM}updated",)
_BODIES = (_CONTENT, f"{_ATOM}content", "description", f"{_RSS1}description", f"{_ATOM}summary")
_TITLES = ("title", f"{_RSS1}title", f"{_ATOM}title")
_IDS = ("guid", f"{_ATOM}id")
_AUTHORS = (f"{_ATOM}author", f"{_DC}creator", "author")
_LINKS = ("link", f"{_RSS1}link", f"{_ATOM}link")
_KEPT = frozenset({*_PUBLISHED, *_UPDATED, *_BODIES, *_TITLES, *_IDS, *_AUTHORS, *_LINKS})
_PAGES = frozenset({"next", "previous", "prev", "next-archive", "prev-archive"})
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def detect(document: Document) -> bool:
    """By the root element, whatever stands before it."""
    text = document.text
    at = _prolog_end(text)
    if _DOCTYPE.match(text, at):
        return _ROOT.search(text, at, at + _ROOT_WITHIN) is not None
    return _ROOT.match(text, at) is not None


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its items, and their ids and times."""
    try:
        return fields.marks_of(_Feed(_root(document)).entries)
    except SourceRefused:
        return frozenset()


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every item as an entry, oldest first; `stored` tells nothing here. A feed lists all since its oldest item,
    unless it is one page of several or an item is refused. Raises SourceRefused where it is no well-formed XML,
    declares a document type, or no item is good."""
    root = _root(document)
    feed = _Feed(root)
    if not feed.entries:
        raise fields.none_good(document, feed.refused, "each item needs a time with its zone, and its content")
    head = root if root.tag == f"{_ATOM}feed" else next(iter(_children(root, _CHANNELS)), root)
    part = feed.refused or any(link.get("rel") in _PAGES for link in _children(head, (f"{_ATOM}link",)))
    return ReadBlog(
        format=NAME,
        id=None,
        title=options.title or fields.title_of(_title(head), ""),
        url=options.url or _link(head),
        timezone=options.timezone or fields.shared_zone(feed.entries),
        entries=tuple(feed.entries),
        listing=Listing.PART if part else Listing.SINCE_OLDEST,
        language=fields.language(
            _inner(head, ("language", f"{_DC}language")) or root.get("{http://www.w3.org/XML/1998/namespace}lang")
        ),
        refused=tuple(feed.refused),
        notes=feed.notes,
    )


def _prolog_end(text: str) -> int:
    match = _PROLOG.match(text)
    return match.end() if match else 0


def _root(document: Document) -> Element:
    """The root element. Raises SourceRefused."""
    text = document.text
    at = _prolog_end(text)
    if text.startswith("<!", at):
        raise SourceRefused(
            f"{document.called} declares a document type, in which entities may be hidden",
            "take the line <!DOCTYPE …> out of the feed",
        )
    depth = 0
    root: Element | None = None
    try:
        # from the root on, so that no encoding but the one the text was decoded with can be declared
        source = io.BytesIO(text[at:].encode())
        for event, element in ElementTree.iterparse(source, events=("start", "end")):  # noqa: S314 - no document type
            root = element if root is None else root
            depth += 1 if event == "start" else -1
            if depth > _DEEPEST:
                raise SourceRefused(
                    f"{document.called} is nested more than {_DEEPEST} elements deep",
                    "mend the feed and add it again",
                )
    except ElementTree.ParseError as error:
        raise SourceRefused(
            f"{document.called} is no well-formed XML: {error}", "mend the feed and add it again"
        ) from None
    if root is None:
        raise SourceRefused(f"{document.called} is no well-formed XML: no element found", "mend the feed")
    return root


class _Feed:
    """The items of one feed, read."""

    def __init__(self, root: Element) -> None:
        self._only_updated = 0
        self.entries: list[ReadEntry]
        self.refused: list[Refusal]
        self.entries, self.refused = fields.collect(_named(root), self._entry)

    @property
    def notes(self) -> tuple[str, ...]:
        if not self._only_updated:
            return ()
        counted = fields.counted(self._only_updated, "item states", "items state")
        return (f"{counted} no publication; the time of update was taken",)

    def _entry(self, item: object) -> ReadEntry:
        if not isinstance(item, Element):
            raise Refused("it is no element")
        published = _time(item, _PUBLISHED)
        updated = _time(item, _UPDATED)
        posted_at = published or updated
        if posted_at is None:
            raise Refused("it states no time")
        text = next(filter(None, (_body(one) for one in _children(item, _BODIES))), "")
        title = fields.title_of(_title(item), text)
        if not text and not any(_holds_markup(one) for one in _children(item, _BODIES)):
            raise Refused("it has no content")
        if not text:
            raise fields.wordless(title)
        self._only_updated += published is None
        name = _inner(item, _IDS) or item.get(f"{_RDF}about")
        return ReadEntry(
            id=fields.identifier({"id": name}, "id") if name else None,
            posted_at=posted_at,
            title=title,
            author=_author(item),
            url=_link(item),
            text=text,
            raw=_raw(item),
            edited_at=fields.edited(posted_at, updated),
        )


def _named(root: Element) -> Iterator[tuple[str, object]]:
    containers = (root, *_children(root, _CHANNELS))
    for number, item in enumerate((one for each in containers for one in each if one.tag in _ITEMS), start=1):
        yield f"item {number}", item


def _children(parent: Element, tags: Sequence[str]) -> Iterator[Element]:
    """The children of these names, those of the first name first."""
    for tag in tags:
        yield from parent.findall(tag)


def _inner(parent: Element, tags: Sequence[str]) -> str | None:
    """The characters of the first child of these names that holds any, trimmed."""
    return next(filter(None, ("".join(one.itertext()).strip() for one in _children(parent, tags))), None)


def _time(item: Element, tags: Sequence[str]) -> datetime | None:
    value = _inner(item, tags)
    if value is None:
        return None
    return fields.moment(value, "the time") if re.match(r"\d{4}", value) else _rfc822(value)


def _rfc822(value: str) -> datetime:
    """`Tue, 26 Aug 2014 17:49:00 +0100`; its zone must be a number or one that RFC 822 names."""
    form = "a time like 2014-08-26T17:49:00+01:00 or Tue, 26 Aug 2014 17:49:00 +0100"
    try:
        read = email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        raise Refused(f"its time is {fields.brief(value)}, not {form}") from None
    if read.utcoffset() is None:
        raise Refused(
            f"its time is {fields.brief(value)}, without a zone that is certain; it would have to be {form}"
        )
    day = re.match(r"\s*([A-Za-z]{3})", value)
    if day and day[1].lower() != _WEEKDAYS[read.weekday()]:
        raise Refused(f"its time is {fields.brief(value)}, but that day is no {day[1]}")
    return fields.moment(read.isoformat(), "the time")


def _body(element: Element) -> str:
    """The words of a content element, by the type that it states; RSS has no types."""
    if not element.tag.startswith(_ATOM):
        return fields.words("".join(element.itertext()))
    kind = (element.get("type") or "text").lower()
    if kind in ("xhtml", "application/xhtml+xml"):
        return from_html(_markup(element))
    if kind in ("html", "text/html"):
        return from_html("".join(element.itertext()))
    return fields.plain("".join(element.itertext())) if kind in ("text", "text/plain") else ""


def _holds_markup(element: Element) -> bool:
    return len(element) > 0 or "<" in "".join(element.itertext())


def _title(item: Element) -> str:
    """The title's words: Atom states whether it holds markup; RSS may hold character references."""
    element = next(_children(item, _TITLES), None)
    return "" if element is None else _body(element)


def _author(item: Element) -> str | None:
    found: list[str] = []
    for element in _children(item, _AUTHORS):
        name = _inner(element, (f"{_ATOM}name",)) if element.tag.startswith(_ATOM) else "".join(element.itertext())
        if name and (named := re.fullmatch(r"\s*\S+@\S+\s*\((.{1,200})\)\s*", name)):
            name = named[1]
        if name and (name := " ".join(name.split())) and "@" not in name and name not in found:
            found.append(name)
    return ", ".join(found) or None


def _link(parent: Element) -> str | None:
    """The address of the page: an Atom link that is an alternate, or an RSS link's words."""
    for element in _children(parent, _LINKS):
        if element.get("rel", "alternate") == "alternate":
            address = fields.address(element.get("href") or "".join(element.itertext()).strip())
            if address:
                return address
    return None


def _raw(item: Element) -> str:
    """The item's markup, without what moves by itself, such as counts of comments."""
    kept = Element(item.tag, item.attrib)
    kept.extend(child for child in item if child.tag in _KEPT)
    return ElementTree.tostring(kept, encoding="unicode")


def _markup(element: Element) -> str:
    """XHTML content as HTML: its names without their namespace."""
    plain = copy.deepcopy(element)
    plain.tail = None
    for one in plain.iter():
        one.tag = one.tag.rpartition("}")[2]
    return ElementTree.tostring(plain, encoding="unicode", method="html")
