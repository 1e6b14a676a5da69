"""A live blog as the Guardian's app shows it: `div.block#block-<id>` with `p.block__time title="10:19"`.

The title holds a local time or an ISO one; what is printed may be `3h ago` and tells nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time

from selectolax.lexbor import LexborHTMLParser, LexborNode

from retrieval.markup import attribute, parse_html
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import blocks, fields, guardian_web
from retrieval.sources.app_times import CLOCK, Post, last_edit, moments_of, zone_of
from retrieval.sources.blocks import Block
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.fields import Refused, Wordless
from retrieval.text import from_node

NAME = "guardian-app"

_HINT = 'its blocks must be like <div class="block" id="block-…"> with <p class="block__time" title="10:19"> in each'

_STAMPS = ".block__time, .block-time, .published-time, time"
_TIME_TAG = re.compile(r"<p\s([^<>]{0,500})>", re.IGNORECASE)
_OF_A_BLOCK = re.compile(r"""\bclass=["']?(?:[^"'<>]*\s)?block(?:__|-)time(?=["'\s]|\Z)""")
_PAGE = re.compile(r"[a-z0-9-]+(?:/[a-z0-9-]+){2,12}")


def detect(document: Document) -> bool:
    """By a paragraph of the class of a block's time that has a title."""
    text = document.text
    if "block__time" not in text and "block-time" not in text:
        return False
    tags = (match[1] for match in _TIME_TAG.finditer(text))
    return any("title=" in tag and _OF_A_BLOCK.search(tag) for tag in tags)


def marks(document: Document) -> frozenset[Mark]:
    """The markup of its blocks, and the ids of those with an exact time."""
    posts = _good(_rows(parse_html(document.text, document.called)))
    known = {(one.name, one.exact) for one in posts if one.name is not None and one.exact is not None}
    return frozenset({one.raw for one in posts} | known)


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """Every good block as an entry, oldest first. Raises SourceRefused where none is good, or where the zone or the
    day is not certain."""
    tree = parse_html(document.text, document.called)
    rows = _rows(tree)
    posts = _good(rows)
    if not posts:
        raise fields.none_good(document, _taken(rows, {}, None, "")[1], _HINT)
    page = _page_id(tree)
    url = options.url or (f"https://www.theguardian.com/{page}" if page else None)
    zone_name, notes, warnings = zone_of(document, _statements(tree, posts), posts, options)
    moments, day_notes, doubts = moments_of(document, posts, zone_name, options, stored)
    found, refused = _taken(rows, dict(zip((one.words for one in posts), moments, strict=True)), url, zone_name)
    if not found:
        raise fields.none_good(document, refused, _HINT)
    if page and options.url is None:
        notes.append("the address is made of the page's own id")
    return ReadBlog(
        format=NAME,
        id=page,
        title=options.title or guardian_web.headline(tree),
        url=url,
        timezone=zone_name,
        entries=tuple(found),
        listing=Listing.PART if refused or _has_more(tree) else Listing.BETWEEN,
        language=guardian_web.language(tree),
        refused=tuple(refused),
        notes=(*notes, *day_notes),
        warnings=(*warnings, *doubts),
    )


_Row = Post | Refused


def _rows(tree: LexborHTMLParser) -> list[tuple[str, _Row]]:
    """The blocks with a time by name, as they stand or why they are refused, in the document's order; pinned copies
    of another left out."""
    rows: list[tuple[str, _Row]] = []
    seen: dict[str | None, tuple[tuple[str, int], Post]] = {}
    for found in blocks.found_in(tree.css('div.block[id^="block-"]'), tree.css(_STAMPS), lambda _: False):
        try:
            block = found.block()
            if not block.published:
                continue
            post = _post(found.node, block)
        except Wordless:
            continue
        except Refused as reason:
            rows.append((found.name, reason))
            continue
        place = (found.name, found.number)
        first, known = seen.setdefault(post.name, (place, post))
        if known is post:
            rows.append((found.name, post))
        elif known.raw != post.raw:
            twice = fields.taken(post.name, first, place)
            rows.append((twice.entry, Refused(twice.reason)))
    return rows


def _good(rows: Iterable[tuple[str, _Row]]) -> list[Post]:
    return [row for _, row in rows if isinstance(row, Post)]


def _taken(
    rows: Iterable[tuple[str, _Row]], moments: Mapping[str, datetime | Refused], url: str | None, zone_name: str
) -> tuple[list[ReadEntry], list[Refusal]]:
    return fields.collect(rows, lambda row: _entry(row, moments, zone_name, url), newest_first=True)


def _post(node: LexborNode, block: Block) -> Post:
    name = blocks.block_id(attribute(node, "id"))
    states = [attribute(one, "title").strip() for one in block.published if attribute(one, "title")]
    if not states:
        raise Refused(f"its time is given as {fields.brief(from_node(block.published[0]))} only")
    printed = CLOCK.fullmatch(states[0])
    text = block.text
    if not text:
        raise fields.wordless(block.title)
    return Post(
        name=name,
        block=block,
        text=text,
        raw=block.raw,
        exact=None if printed else _exact(states[0]),
        printed=time(int(printed[1]), int(printed[2])) if printed else None,
        created=blocks.created(name),
        footer=" ".join(from_node(one) for one in block.updated[:1]),
    )


def _exact(value: str) -> datetime:
    try:
        return fields.moment(value, "title")
    except Refused:
        if fields.is_no_day(value):
            raise Refused(f"its time is {fields.brief(value)}, no date that exists") from None
        raise Refused(f"its time is {fields.brief(value)}, neither like 10:19 nor ISO 8601 with an offset") from None


def _entry(post: _Row, moments: Mapping[str, datetime | Refused], zone_name: str, url: str | None) -> ReadEntry:
    if isinstance(post, Refused):
        raise post
    moment = moments[post.words]
    if isinstance(moment, Refused):
        raise moment
    return ReadEntry(
        id=post.name,
        posted_at=moment,
        title=post.block.title,
        author=post.block.author,
        url=blocks.permalink(url, post.name),
        text=post.text,
        raw=post.raw,
        edited_at=blocks.edited_to_the_minute(moment, last_edit(post.footer, moment, zone_name)),
    )


def _statements(tree: LexborHTMLParser, posts: Sequence[Post]) -> Iterator[str]:
    """What states a time with its zone: the page's own date line, then the footers."""
    for one in tree.css("#published-date, .meta__pubdate")[:4]:
        yield from_node(one)
    yield from (one.footer for one in posts)


def _page_id(tree: LexborHTMLParser) -> str | None:
    """The page's path on the Guardian's site, as its app's template states it."""
    for body in tree.css("body[data-page-id]"):
        name = attribute(body, "data-page-id").strip("/")
        return name if _PAGE.fullmatch(name) else None
    return None


def _has_more(tree: LexborHTMLParser) -> bool:
    """Is there a button for older blocks, or one that stands on top out of its turn?"""
    pinned = tree.css_first('[class*="pinned"] .block')
    return pinned is not None or tree.css_first(".more--live-blogs") is not None
