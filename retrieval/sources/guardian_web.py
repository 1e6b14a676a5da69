"""A live blog's web page: blocks like `div.block#block-<id>` with a `time[datetime]`, the Guardian's and its like."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from urllib.parse import quote, urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from retrieval import clock
from retrieval.markup import attribute, classes, parse_html
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import blocks, fields
from retrieval.sources.blocks import Found
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused
from retrieval.text import from_node

NAME = "guardian-web"

_HINT = "its blocks must be like <div class='block' id='block-…'> with <time datetime='2014-08-26T16:49:00Z'> in each"

_BLOCK = re.compile(
    r"""<[a-z]+\s(?=[^<>]{0,2000}\b(?:id=["']?block-[0-9a-f]{24}\b|itemprop=["']?liveBlogUpdate\b))""", re.IGNORECASE
)
_PUBLISHED = re.compile(r"""\bclass=["']?(?:[^"'<>]{0,200}\s)?published-time(?=["'\s>])""", re.IGNORECASE)
_TIME = re.compile(r"<time\s[^<>]{0,500}?\bdatetime=", re.IGNORECASE)
_REACH = 4_000  # from a block's tag to its time: header, byline and avatar stand between them


def detect(document: Document) -> bool:
    """By a block whose id is the Guardian's, which says that it is a live blog's, or whose time is of its class; with
    the time soon after."""
    text = document.text
    signs = [_BLOCK, _PUBLISHED] if 'id="block-' in text else [_BLOCK]
    return any(_TIME.search(text, at.end(), at.end() + _REACH) for sign in signs for at in sign.finditer(text))


def marks(document: Document) -> frozenset[Mark]:
    """Each good block's markup, and its id with its time."""
    return fields.marks_of(entries_of(parse_html(document.text, document.called), None, None)[0])


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good block as an entry, every other as a refusal. `stored` tells nothing here: every block states its
    day. Raises SourceRefused where none is good."""
    tree = parse_html(document.text, document.called)
    url = options.url or canonical(tree) or fields.found_at(document)
    found, refused, labels = entries_of(tree, url, options.timezone)
    if not found:
        raise fields.none_good(document, refused, _HINT)
    entries, zone_name, notes = blocks.placed(found, options, blocks.zone_of_labels(labels), "the times' labels")
    return ReadBlog(
        format=NAME,
        id=blocks.page_id(url),
        title=options.title or headline(tree),
        url=url,
        timezone=zone_name,
        entries=entries,
        listing=_listing(document, tree, refused),
        language=language(tree),
        refused=tuple(refused),
        notes=notes,
    )


def entries_of(
    tree: LexborHTMLParser, url: str | None, zone_name: str | None
) -> tuple[list[ReadEntry], list[Refusal], set[str]]:
    """The entries of a tree's blocks, oldest first, the refusals, and the zones' labels printed beside the times.
    A time without an offset is in `zone_name`. Raises UsageError where that is no zone."""
    labels: set[str] = set()
    if zone_name is not None:
        clock.zone(zone_name)
    may_be = {one.mem_id: one for one in tree.css('[id^="block-"], [itemprop=liveBlogUpdate]')}.values()
    timed = blocks.innermost(may_be, tree.css(".published-time time"))
    sure = [one for one in may_be if _is_one(one) or ("block" in classes(one) and one.mem_id in timed)]
    own = blocks.found_in(sure, tree.css("time[datetime]"), _is_one)
    found, refused = fields.collect(
        [(one.name, one) for one in own], lambda one: _entry(one, url, zone_name, labels), newest_first=True
    )
    return found, refused, labels


def canonical(tree: LexborHTMLParser) -> str | None:
    """The address that a page gives as its own."""
    for selector, name in (("link[rel=canonical]", "href"), ('meta[property="og:url"]', "content")):
        for one in tree.css(selector):
            if address := fields.address(attribute(one, name)):
                return address
    return None


def headline(tree: LexborHTMLParser) -> str | None:
    """The page's headline; None where it is not certain which heading it is."""
    for one in (*tree.css("h1.headline, h1.the-minute__headline, h1[itemprop=headline]"), *_only(tree.css("h1"))):
        if title := from_node(one).replace("\n", " "):
            return title
    for one in tree.css('meta[property="og:title"]'):
        return " ".join(attribute(one, "content").split()) or None
    return None


def language(tree: LexborHTMLParser) -> str | None:
    """The code of the page's language, such as `en`."""
    for one in tree.css("html"):
        code = attribute(one, "lang").partition("-")[0].lower()
        return code if re.fullmatch(r"[a-z]{2,3}", code) else None
    return None


def _only(nodes: list[LexborNode]) -> list[LexborNode]:
    return nodes if len(nodes) == 1 else []


def _is_one(node: LexborNode) -> bool:
    """Whether an element is a live blog's block by its own word."""
    name = attribute(node, "id").removeprefix("block-")
    return blocks.created(name) is not None or "liveBlogUpdate" in attribute(node, "itemprop")


def _entry(found: Found, url: str | None, zone_name: str | None, labels: set[str]) -> ReadEntry:
    row, block = found.node, found.block()
    name = blocks.block_id(attribute(row, "id") or None)
    stated = _times(block.published)
    if not stated:
        raise Refused("no <time datetime=…> states when it was published")
    posted_at = _moment(stated[0], zone_name)
    label = blocks.shown(posted_at, from_node(stated[0]))
    if label:
        labels.add(label)
    text = block.text
    if not text:
        raise fields.wordless(block.title)
    updates = [_moment(one, zone_name) for one in _times(block.updated)]
    return ReadEntry(
        id=name,
        posted_at=posted_at,
        title=block.title,
        author=block.author,
        url=_link(row, stated[0], url, name),
        text=text,
        raw=block.raw,
        edited_at=blocks.edited_to_the_minute(posted_at, max(updates, default=None)),
    )


def _link(row: LexborNode, stated: LexborNode, url: str | None, name: str | None) -> str | None:
    """Where the page opens at a block: the link that its time is, else its anchor."""
    around = stated.parent
    for one in (around, stated.css_first("a")):
        if one is not None and one.tag == "a" and name and name in attribute(one, "href"):
            with contextlib.suppress(ValueError):
                return fields.address(urljoin(url or "", attribute(one, "href")))
    if blocks.page_id(url) is not None:
        return blocks.permalink(url, name)
    anchor = quote(attribute(row, "id"))
    return fields.address(f"{url.partition('#')[0]}#{anchor}") if url and anchor else None


def _times(nodes: list[LexborNode]) -> list[LexborNode]:
    return [one for one in nodes if one.tag == "time" and attribute(one, "datetime")]


def _moment(node: LexborNode, zone_name: str | None) -> datetime:
    value = attribute(node, "datetime").strip()
    try:
        naive = datetime.fromisoformat(value)
    except ValueError:
        naive = None
    if naive is not None and naive.tzinfo is None and zone_name is not None:
        value = naive.replace(tzinfo=clock.zone(zone_name)).isoformat()
    return fields.moment(value, "datetime")


def _listing(document: Document, tree: LexborHTMLParser, refused: list[Refusal]) -> Listing:
    """A page of several, or one that shows key events only, proves nothing about an entry that it has not."""
    parted = tree.css_first(
        '[class*="pagination"], [data-component*="pagination"], link[rel=next], link[rel=prev], '
        '[class*="more--live-blogs"], [class*="pinned"], [id*="pinned"]'
    )
    filtered = "filterKeyEvents=true" in (document.address or "")
    return Listing.PART if refused or filtered or parted is not None else Listing.BETWEEN
