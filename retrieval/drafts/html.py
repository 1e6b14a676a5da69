"""A draft in HTML or Markdown → its words, its block quotes and its code."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborNode

from retrieval.drafts.page import Page, PageWriter, Region, refuse_if_longer
from retrieval.errors import SourceRefused
from retrieval.markup import BLOCKS, attribute, children_last_first, parse_html

_NOT_SHOWN = frozenset("base datalist frame head link meta param rp script source style template title track".split())
_NOT_READ = {
    "applet": "embedded programs",
    "audio": "sound",
    "embed": "embedded documents",
    "object": "embedded documents",
    "rt": "reading aids (ruby)",
    "video": "films",
}
# The parser's guard against deep nesting takes these out before there is a tree.
_CUT = {
    "iframe": "embedded pages",
    "noscript": "words for browsers without scripts",
    "select": "lists to choose from",
    "svg": "drawings",
}
_CUT_TAG = re.compile(rf"<({'|'.join(_CUT)})(?=[\s/>])", re.IGNORECASE)
_REGIONS = {
    "blockquote": Region.BLOCK,
    "q": Region.QUOTED,
    "code": Region.CODE,
    "kbd": Region.CODE,
    "samp": Region.CODE,
    "cite": Region.CREDIT,
    "footer": Region.CREDIT,
}
_CELLS = frozenset({"td", "th"})
_KEPT_LINES = frozenset({"pre", "listing", "xmp", "textarea"})
_UNSEEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)

_DEEPEST = 100
_MOST_BRACKET_WORK = 200_000_000
"""Each `[` makes markdown-it read its paragraph to the end: so many characters take it some seconds."""


def from_html(text: str, name: str) -> Page:
    """The words that a browser shows. Deleted, hidden and embedded ones are left out, and the warnings say so. Raises
    SourceRefused where the page is nested too deep, or longer than a draft may be."""
    writer = PageWriter(name)
    for found in _CUT_TAG.finditer(text):
        writer.leave_out(_CUT[found[1].lower()])
    root = parse_html(text, name).root
    waiting: list[LexborNode | tuple[str, Region | None]] = [] if root is None else [root]
    while waiting:
        one = waiting.pop()
        if isinstance(one, tuple):
            _leave(writer, *one)
        elif one.is_text_node:
            _write(writer, one)
        elif one.is_element_node and (reason := _left_out(one)) is None:
            tag = one.tag or ""
            region = _REGIONS.get(tag)
            _enter(writer, tag, region)
            waiting.append((tag, region))
            waiting += children_last_first(one)
        elif one.is_element_node and reason and (reason in _NOT_READ.values() or _holds_words(one)):
            writer.leave_out(reason)
    return writer.page()


def from_markdown(text: str, name: str) -> Page:
    """As `from_html`, of CommonMark with tables and struck-out words, in which HTML may stand. Raises SourceRefused
    where blocks are nested more than a hundred deep, since the parser would drop their words."""
    refuse_if_longer(len(text), name)
    paragraphs = re.split(r"\n[ \t]*\n", text)
    if sum(len(one) * one.count("[") for one in paragraphs) > _MOST_BRACKET_WORK:
        raise SourceRefused(f"{name} has too many square brackets in one paragraph", "take them out, or split it")
    reader = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable(["table", "strikethrough"])
    tokens = reader.parse(text)
    if any(token.level >= _DEEPEST - 1 for token in tokens):
        raise SourceRefused(
            f"{name} has block quotes and lists nested {_DEEPEST} deep", "take out the marks at the lines' begin"
        )
    return from_html(reader.renderer.render(tokens, reader.options, {}), name)


def _enter(writer: PageWriter, tag: str, region: Region | None) -> None:
    if tag in BLOCKS or tag in _CELLS:
        writer.paragraph()
    elif tag == "br":
        writer.line()
    if region is not None:
        writer.begin(region)


def _leave(writer: PageWriter, tag: str, region: Region | None) -> None:
    if region is not None:
        writer.end(region)
    if tag in BLOCKS or tag in _CELLS:
        writer.paragraph()


def _write(writer: PageWriter, node: LexborNode) -> None:
    text = node.text_content or ""
    parent = node.parent
    if parent is None or parent.tag not in _KEPT_LINES:
        writer.words(text)
        return
    for number, line in enumerate(text.split("\n")):
        if number:
            writer.line()
        writer.words(line)


def _left_out(node: LexborNode) -> str | None:
    """Why an element's words are not read: nothing where a page never shows them; None where they are read."""
    if node.tag in _NOT_SHOWN:
        return ""
    if node.tag in _NOT_READ:
        return _NOT_READ[node.tag]
    if node.tag == "del":
        return "deleted passages"
    attributes = node.attributes
    if "hidden" in attributes or ("style" in attributes and _UNSEEN.search(attribute(node, "style"))):
        return "hidden passages"
    return None


def _holds_words(node: LexborNode) -> bool:
    return bool(node.text().strip())
