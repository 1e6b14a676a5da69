"""What the Guardian's formats share: a block's address, zone, title, words and markup."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

from selectolax.lexbor import LexborNode

from retrieval import clock
from retrieval.markup import attribute, children_last_first, classes, html_without
from retrieval.model import ReadEntry, SourceOptions
from retrieval.sources import fields
from retrieval.sources.fields import Refused
from retrieval.text import from_node

ZONE_OF_EDITION = {
    "UK": "Europe/London",
    "US": "America/New_York",
    "AU": "Australia/Sydney",
    "AUS": "Australia/Sydney",
}
"""The zone that the Guardian prints an edition's times in (`editionId`, `productionOffice`)."""

_HOSTS = ("theguardian.com", "www.theguardian.com")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")
_ON_THE_CLOCK = re.compile(r"([0-9]{1,2})[.:]([0-9]{2})\s*([ap]m)?\s*\b([A-Z]{2,5})\b")
_MINUTE = timedelta(minutes=1)


def block_id(value: object) -> str | None:
    """A block's own id, without the `block-` before it and the `-pinned` after it; None where it has none.
    Raises Refused."""
    name = fields.identifier({"id": value}, "id")
    if name is None:
        return None
    own = name.removeprefix("block-").removesuffix("-pinned")
    if not own.strip():
        raise Refused(f"'id' is {fields.brief(name)}, without a name of its own")
    return own


def name_of(value: object, number: int) -> str:
    """What a refusal calls a block: by its id, else by its place in the document."""
    try:
        name = block_id(value or None)
    except Refused:
        name = None
    return f"block {name or number}"


def created(block: str | None) -> datetime | None:
    """When a block was created: a MongoDB ObjectId begins with the second, in UTC, as eight hexadecimal digits."""
    if block is None or not _OBJECT_ID.fullmatch(block):
        return None
    moment = datetime.fromtimestamp(int(block[:8], 16), UTC)
    return moment if clock.EARLIEST <= moment.date() <= clock.LATEST else None


def permalink(url: str | None, block: str | None) -> str | None:
    """Where a page opens at a block; None where its address is not known."""
    if url is None or block is None:
        return None
    page = url.partition("#")[0].partition("?")[0]
    name = quote(block, safe="")
    return fields.address(f"{page}?page=with:block-{name}#block-{name}")


def page_id(url: str | None) -> str | None:
    """The Guardian's own id of the page at an address: its path."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    return parts.path.strip("/") or None if parts.netloc in _HOSTS else None


def edited_to_the_minute(posted_at: datetime, last: datetime | None) -> datetime | None:
    """The last edit, where it is of a later minute than the publication: a page shows both to the minute."""
    if last is None or last < posted_at.replace(second=0, microsecond=0) + _MINUTE:
        return None
    return last


def shown(moment: datetime, words: str) -> str | None:
    """The label of the time that is printed beside an exact one. Raises Refused where the two disagree."""
    match = _ON_THE_CLOCK.search(words)
    if match is None:
        return None
    hour, minute, half, label = int(match[1]), int(match[2]), match[3], match[4]
    there = clock.as_labelled(moment, label)
    if there is None:
        return None
    if half:
        printed = clock.twelve_hour(hour, minute, half)
        if printed is None:
            return None
        hour = printed.hour
    if (there.hour, there.minute) != (hour, minute):
        raise Refused(f"prints {' '.join(match[0].split())!r} beside {moment.isoformat()}: the two disagree")
    return label


def zone_of_labels(labels: Iterable[str]) -> str | None:
    """The one zone that all the labels belong to."""
    zones = {clock.ZONE_OF_LABEL.get(label) for label in labels}
    return zones.pop() if len(zones) == 1 else None


def placed(
    entries: Sequence[ReadEntry], options: SourceOptions, found: str | None, why: str
) -> tuple[tuple[ReadEntry, ...], str | None, tuple[str, ...]]:
    """Entries of exact times on the clock of their zone, the zone, and a note: the admin's, the one found, or the
    one that all their offsets share. Raises UsageError where the admin's is none."""
    name = options.timezone or found
    if name is None:
        return tuple(entries), fields.shared_zone(entries), ()
    where = clock.zone(name)
    moved = tuple(
        replace(
            one,
            posted_at=one.posted_at.astimezone(where),
            edited_at=one.edited_at and one.edited_at.astimezone(where),
        )
        for one in entries
    )
    return moved, name, () if options.timezone else (f"time zone {name} taken from {why}",)


def london(entries: Sequence[ReadEntry]) -> str | None:
    """`Europe/London`, where the offsets of all the entries are London's at those moments, one of them +01:00."""
    where = clock.zone("Europe/London")
    offsets = {one.posted_at.utcoffset() for one in entries}
    fits = all(one.posted_at.astimezone(where).utcoffset() == one.posted_at.utcoffset() for one in entries)
    return "Europe/London" if fits and timedelta(hours=1) in offsets else None


_TIMES = frozenset(("block__time", "block-time", "published-time"))
_UPDATES = frozenset(("block__updated", "block-updated", "updated-time"))
_TITLES = frozenset(("block__title", "block-title"))
_BYLINES = frozenset(("block__byline", "block-byline"))
_BODIES = frozenset(("block__body", "block-elements"))
_APART = _TIMES | _UPDATES | _BYLINES
_MOVING = frozenset(("ad-slot", "advert-slot", "js-ad-slot", "block__share", "block-share"))
_PROSE = frozenset("blockquote dd dt figcaption figure h1 h2 h3 h4 h5 h6 li p pre table".split())
_CONTAINERS = frozenset("article div main section".split())


class Block:
    """One block's markup, taken apart once: where it states its times, and its title, author and words.

    Where elements of a body's class hold its words, only what stands beside them, or right below one under a class of
    its own, is furniture: a time or a footer among the words is one of them. Where none does, the block itself is the
    body, and a bare `time` counts that is no part of a sentence. Blocks inside it, `inner`, are left out.
    """

    def __init__(self, node: LexborNode, inner: Iterable[LexborNode] = ()) -> None:
        self.published: list[LexborNode] = []
        """What states when it was published: elements of the class, and `time` elements."""
        self.updated: list[LexborNode] = []
        """What states when it was edited last, likewise."""
        self._node = node
        self._inner = tuple(inner)
        self._left_out = frozenset(one.mem_id for one in self._inner)
        self._titles: list[LexborNode] = []
        self._bylines: list[LexborNode] = []
        self._edges: list[LexborNode] = []
        self._bodies = self._outermost(_BODIES)
        self._take_apart()

    def _outermost(self, names: frozenset[str]) -> list[LexborNode]:
        """The elements of these classes, none inside another."""
        found = []
        waiting = children_last_first(self._node)
        while waiting:
            node = waiting.pop()
            if not node.is_element_node or node.mem_id in self._left_out:
                continue
            if classes(node).isdisjoint(names):
                waiting += children_last_first(node)
            else:
                found.append(node)
        return found

    def _take_apart(self) -> None:
        bodies = {one.mem_id for one in self._bodies}
        waiting = [(one, False) for one in children_last_first(self._node)]
        while waiting:
            node, in_update = waiting.pop()
            if not node.is_element_node or node.mem_id in self._left_out:
                continue
            if node.mem_id in bodies:
                named = (one for one in children_last_first(node) if not classes(one).isdisjoint(_APART))
                waiting += [(one, False) for one in named]
                continue
            in_update = self._noted(node, in_update)
            if bodies or not _is_sentence(node):
                waiting += [(one, in_update) for one in children_last_first(node)]
        if not self._titles:
            apart = {one.mem_id for one in (*self.published, *self.updated, *self._bylines, *self._inner)}
            self._titles = _opening_title(self._bodies[0] if self._bodies else self._node, apart)

    def _noted(self, node: LexborNode, in_update: bool) -> bool:
        """Take note of an element beside the words; whether it belongs to the update."""
        named = classes(node)
        in_update = in_update or node.tag == "footer" or not named.isdisjoint(_UPDATES)
        if in_update or attribute(node, "itemprop") == "dateModified":
            self.updated.append(node)
        elif node.tag == "time" or not named.isdisjoint(_TIMES):
            self.published.append(node)
        for names, found in ((_TITLES, self._titles), (_BYLINES, self._bylines)):
            if not named.isdisjoint(names):
                found.append(node)
        if node.tag in ("header", "footer") and node.parent is not None and node.parent.mem_id == self._node.mem_id:
            self._edges.append(node)
        return in_update

    @property
    def title(self) -> str | None:
        return from_node(self._titles[0]).replace("\n", " ") or None if self._titles else None

    @property
    def author(self) -> str | None:
        for byline in self._bylines:
            named = byline.css(".block__author, [itemprop=name]") or [byline]
            return from_node(named[0]).replace("\n", " ") or None
        return None

    @property
    def text(self) -> str:
        apart = (*self.published, *self.updated, *self._titles[:1], *self._bylines, *self._edges, *self._inner)
        bodies = self._bodies or [self._node]
        return "\n".join(words for words in (from_node(one, *apart) for one in bodies) if words)

    @property
    def raw(self) -> str:
        """The block's markup without what moves by itself: the times, which a page may print as `3h ago`, advertising
        and share buttons."""
        gone = {one.mem_id for one in self.published} | self._left_out
        return html_without(self._node, lambda one: one.mem_id in gone or not classes(one).isdisjoint(_MOVING))


def _is_sentence(node: LexborNode) -> bool:
    """Whether an element holds words, and not only a time or what has a class of its own."""
    if node.tag not in _PROSE or not classes(node).isdisjoint(_APART | _TITLES):
        return False
    times = node.css("time")
    return len(times) != 1 or from_node(times[0]) != from_node(node)


def _opening_title(body: LexborNode, apart: Container[int]) -> list[LexborNode]:
    """The heading that a body begins with, no words before it: one of the class, or, in templates without a class for
    titles, the one at its head or in the header there."""
    waiting = children_last_first(body)
    while waiting:
        node = waiting.pop()
        if node.mem_id in apart or not (node.is_element_node or node.is_text_node):
            continue
        at_the_head = node.parent is not None and node.parent.mem_id == body.mem_id
        if not classes(node).isdisjoint(_TITLES) or (at_the_head and node.tag == "h2"):
            return [node]
        if at_the_head and node.tag == "header":
            return node.css("h2")[:1]
        if node.tag in _CONTAINERS:
            waiting += children_last_first(node)
        elif (node.text_content or "").strip() if node.is_text_node else from_node(node):
            return []
    return []


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An element that is a block, its place among them, counted from 1, the blocks right inside it, and the one that
    it stands inside."""

    node: LexborNode
    number: int
    inner: tuple[LexborNode, ...]
    outer: LexborNode | None

    @property
    def name(self) -> str:
        return name_of(attribute(self.node, "id"), self.number)

    def block(self) -> Block:
        """It taken apart. Raises Refused where it stands inside another, whose time its words would have."""
        if self.outer is not None:
            raise Refused(f"it stands inside {name_of(attribute(self.outer, 'id'), 0)}")
        return Block(self.node, self.inner)


def innermost(nodes: Iterable[LexborNode], within: Iterable[LexborNode]) -> frozenset[int]:
    """Those of some elements, by `mem_id`, that are the innermost ones around one of the others; linear in time."""
    return frozenset(one.mem_id for one in map(_Around(nodes), within) if one is not None)


def found_in(
    nodes: Iterable[LexborNode], times: Iterable[LexborNode], is_one: Callable[[LexborNode], bool]
) -> list[Found]:
    """Which of the elements that may be blocks are, in the document's order; linear in time.

    A block is the innermost one around a time; or `is_one` says so, and it holds no other. One inside another without
    an id of its own is a part of that.
    """
    may_be = list(nodes)
    timed, holding = innermost(may_be, times), innermost(may_be, may_be)
    blocks = [one for one in may_be if one.mem_id in timed or (one.mem_id not in holding and is_one(one))]
    around = _Around(blocks)
    blocks = [one for one in blocks if not _is_part(one, around(one))]
    around = _Around(blocks)
    inner: dict[int, list[LexborNode]] = {}
    for one in blocks:
        if (outer := around(one)) is not None:
            inner.setdefault(outer.mem_id, []).append(one)
    return [
        Found(node=one, number=number, inner=tuple(inner.get(one.mem_id, ())), outer=around(one))
        for number, one in enumerate(blocks, start=1)
    ]


def _is_part(node: LexborNode, outer: LexborNode | None) -> bool:
    return outer is not None and attribute(node, "id") in ("", attribute(outer, "id"))


class _Around:
    """The innermost of some elements around a node; each way up is gone once."""

    def __init__(self, nodes: Iterable[LexborNode]) -> None:
        self._nodes = {one.mem_id: one for one in nodes}
        self._known: dict[int, LexborNode | None] = {}

    def __call__(self, node: LexborNode) -> LexborNode | None:
        way = []
        one = node.parent
        while one is not None and one.mem_id not in self._nodes and one.mem_id not in self._known:
            way.append(one.mem_id)
            one = one.parent
        found = None if one is None else self._nodes.get(one.mem_id) or self._known.get(one.mem_id)
        self._known.update(dict.fromkeys(way, found))
        return found
