"""Source → a version's text, made once, at ingest; after that no code alters it."""

from __future__ import annotations

import re

from selectolax.lexbor import LexborNode

from retrieval.markup import BLOCKS, attribute, children_last_first, classes, parse_fragment

_SPACES = re.compile(r"[ \t\n\f\r]+")
_BLANKS = re.compile(r" {2,}")
# Nothing to see: white space of every kind, and characters without a form of their own.
_NOTHING_TO_SEE = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]*+\Z")

# Of what goes by an ambiguous name: a row of buttons, a label. More is text that a newsroom has given such a class.
_LISTS = ("ul", "ol", "dl")
_FEW_WORDS, _FEW_LINKED, _FEW_NODES = 8, 30, 200

_NOT_TEXT = frozenset(
    "applet audio base button canvas datalist embed form head iframe input link meta meter noembed noframes noscript "
    "object param progress rp script select source style svg template textarea title track video".split()
)
"""Elements that show no words of the entry: code, players and their fallbacks, controls."""

# By a whole name in `class`, each seen on live-blog pages: advertising, share buttons, star ratings, update footers,
# comment counters, words for screen readers only. A part of a name proves nothing: `shared-flat`, `adviser`.
_FURNITURE = frozenset(
    "ad-slot advert-slot adsbygoogle js-ad-slot share-buttons block-share block__share "
    "block__sharing sharedaddy sd-sharing jp-relatedposts addtoany_share_save_container addtoany_content "
    "updated-time block-updated block__updated block-time block__time "
    "liveblog-entry-tools liveblog-meta touchpoint touchpoint__button touchpoint__label "
    "screen-readable screen-reader-text screen-reader-only screenreader-only sr-only visually-hidden visuallyhidden "
    "u-h u-vh is-visually-hidden a11y-hidden".split()
)
# The same, but these may be a newsroom's words for something else: they count only where there is little in them.
_PERHAPS_FURNITURE = frozenset(
    "ad ads advert advertisement share sharing share-links social social-share social-links rating star-rating stars "
    "u-stars".split()
)
_UNSEEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)

_LINE, _CELL = "\n", " "


def from_plain(text: str) -> str:
    """Plain text from a structured source: every line end as one `\n`, white space at both ends off."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def is_visible(text: str) -> bool:
    """Whether there is anything to see in a text."""
    return not _NOTHING_TO_SEE.match(text)


def from_html(markup: str) -> str:
    """The words that a browser shows of a piece of markup, one line a block; any string will do.

    Tags go and character references are decoded. A block's boundary or a `<br>` becomes one line break, cells of a
    table's row are a space apart, and white space in a line collapses as a browser would; no-break spaces stay.
    Scripts, controls, players, advertising, share buttons, star ratings and hidden elements go. Linear in time.
    """
    return from_node(parse_fragment(markup))


def title_from_html(markup: str) -> str | None:
    """The words of a title's markup on one line; None where it holds none."""
    return from_html(markup).replace("\n", " ") or None


def from_node(node: LexborNode, *without: LexborNode) -> str:
    """As `from_html`, of an element's content, leaving out the elements in `without` and what they hold."""
    left_out = frozenset(one.mem_id for one in without)
    pieces: list[str] = []
    waiting: list[LexborNode | str] = [*children_last_first(node)]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            pieces.append(one)
        elif one.is_text_node:
            pieces.append(_words(one))
        elif one.is_element_node and one.mem_id not in left_out and not _is_furniture(one):
            edge = _edge(one)
            pieces.append(edge)
            waiting.append(edge)
            waiting += children_last_first(one)
    return _lines("".join(pieces))


def _words(node: LexborNode) -> str:
    text = node.text_content or ""
    parent = node.parent
    if parent is not None and parent.tag in ("pre", "listing", "xmp"):
        return text
    return _SPACES.sub(" ", text)


def _edge(node: LexborNode) -> str:
    if node.tag in BLOCKS or node.tag == "br":
        return _LINE
    return _CELL if node.tag in ("td", "th") else ""


def _is_furniture(node: LexborNode) -> bool:
    if node.tag in _NOT_TEXT:
        return True
    attributes = node.attributes
    if not attributes:
        return False
    named = classes(node)
    return (
        "hidden" in attributes
        or not _FURNITURE.isdisjoint(named)
        or (not _PERHAPS_FURNITURE.isdisjoint(named) and _is_little(node))
        or ("style" in attributes and _UNSEEN.search(attribute(node, "style")) is not None)
    )


def _is_little(node: LexborNode) -> bool:
    """Whether an element holds no paragraph, quotation or list, but for one of links, and few words."""
    words = linked = seen = 0
    lists = node.tag in _LISTS
    waiting = [(one, node.tag == "a") for one in children_last_first(node)]
    while waiting and seen <= _FEW_NODES:
        one, in_link = waiting.pop()
        seen += 1
        if one.is_text_node:
            count = len((one.text_content or "").split())
            words, linked = (words, linked + count) if in_link else (words + count, linked)
        elif one.is_element_node and one.tag not in _NOT_TEXT:
            if one.tag in ("p", "blockquote"):
                return False
            lists = lists or one.tag in _LISTS
            waiting += [(child, in_link or one.tag == "a") for child in children_last_first(one)]
    few = words <= (0 if lists else _FEW_WORDS) and linked <= _FEW_LINKED
    return few and seen <= _FEW_NODES


def _lines(text: str) -> str:
    lines = (_BLANKS.sub(" ", line).strip(" \t\f\r") for line in text.split("\n"))
    return "\n".join(line for line in lines if not _NOTHING_TO_SEE.match(line))
