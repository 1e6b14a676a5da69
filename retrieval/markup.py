"""HTML → a tree, in time and depth that no document can break.

The parser's time grows with the square of the nesting: 13 s for 100,000 nested `<div>`, and longer where unclosed
`<b>` are opened anew in every paragraph. So the tags are read through once before (linear): nesting is counted, and
every element that is left open is closed where the one around it ends, which makes the count the tree's true depth.
A document that is too deep is refused; a fragment loses the tags that stand too deep, never its words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from retrieval.errors import SourceRefused

DEEPEST = 400
"""Elements inside each other. Live blogs measured so far reach 25."""

BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p pre "
    "search section summary table tbody tfoot thead tr ul xmp".split()
)
"""Elements that a browser sets on lines of their own (HTML Living Standard, 15.3)."""

_MOST_FORMATTING = 16

# As the HTML Living Standard, 13.2.5, cuts characters into tags and comments: what looks like a tag inside a comment
# or an attribute is none. Possessive throughout, and a tag that never ends takes the rest, as it does in a browser.
_TOKEN = re.compile(
    r"<(?:"
    r"(?P<comment>!--(?:-?>|[\s\S]*?(?:--!?>|\Z)))"
    r"|(?P<doctype>!doctype[^>]*+(?:>|\Z))"
    r"|(?P<bogus>[!?][^>]*+(?:>|\Z)|/(?:[^a-z>][^>]*+)?(?:>|\Z))"
    r"|(?P<end>/?)(?P<name>[a-z][^\t\n\f\r />]*+)"
    r"(?:[\t\n\f\r /]++|=?[^\t\n\f\r />=]++"
    r"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"[^\"]*+\"|'[^']*+'|[^\t\n\f\r >\"'][^\t\n\f\r >]*+|(?=>)))?+"
    r"|=(?=[\t\n\f\r />=]))*+"
    r"(?P<close>>|[\s\S]*+)"
    r")",
    re.IGNORECASE | re.ASCII,
)

_VOID = frozenset("area base br col embed hr img input keygen link meta param source track wbr".split())
# Their end tags may be left out: what opens next ends them, so they nest only where a counted element does.
_ENDED_BY_THE_NEXT = frozenset("body caption colgroup dd dt head html li option p tbody td tfoot th thead tr".split())
_FORMATTING = frozenset("a b big code em font i nobr s small span strike strong tt u".split())
_TAGS_WITHOUT_USE = frozenset("frame frameset image math plaintext".split())
# No tag counts in these, up to their own end tag; those of the second row hold nothing that a page shows.
_RAW = frozenset("script textarea title xmp".split())
_CUT = frozenset("iframe noembed noframes noscript select style svg".split())

_RAW_CONTENT = {
    name: re.compile(rf"([\s\S]*?)</{name}(?=[\t\n\f\r />])[^>]*+>", re.IGNORECASE | re.ASCII) for name in _RAW | _CUT
}

# A slash that is no part of a value; of HTML's own elements none ends so, but a drawing is of another language.
_ENDS_ITSELF = re.compile(r"[<\s\"'][^\s\"'=<>]*/>\Z")

_NOTHING = "<!---->"
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def parse_html(text: str, name: str) -> LexborHTMLParser:
    """The tree of a document; `name` is for the message. Time grows with the length alone. Raises SourceRefused where
    elements stand more than `DEEPEST` deep."""
    balanced = _Balanced(text)
    if balanced.too_deep:
        raise SourceRefused(
            f"{name} is nested more than {DEEPEST} elements deep",
            "save the page again from a browser, or cut it down",
        )
    return _tree(balanced.markup, name)


def parse_fragment(markup: str) -> LexborNode:
    """The body that holds a piece of markup. It never raises: tags that stand more than `DEEPEST` deep go."""
    body = _tree("<!doctype html><body>" + _Balanced(markup).markup, "markup").body
    assert body is not None  # noqa: S101 - the parser makes one for any text
    return body


def attribute(node: LexborNode, name: str) -> str:
    """An attribute's value; empty where the element has none."""
    return node.attributes.get(name) or ""


def classes(node: LexborNode) -> frozenset[str]:
    """The names in an element's `class`."""
    return frozenset(attribute(node, "class").split())


def children_last_first(node: LexborNode) -> list[LexborNode]:
    """A node's children, text included, in the order in which a stack gives them back."""
    children = []
    child = node.last_child
    while child is not None:
        children.append(child)
        child = child.prev
    return children


def html_without(node: LexborNode, leave_out: Callable[[LexborNode], bool]) -> str:
    """A node's markup without the elements below it that are to be left out, and what they hold. Linear in time."""
    markup = node.html or ""
    pieces, at = [], 0
    waiting = children_last_first(node)
    while waiting:
        one = waiting.pop()
        if not one.is_element_node:
            continue
        if not leave_out(one):
            waiting += children_last_first(one)
            continue
        gone = one.html or ""
        found = markup.index(gone, at)  # those left out come in the markup's order, none inside another
        pieces.append(markup[at:found])
        at = found + len(gone)
    return "".join([*pieces, markup[at:]])


def _tree(markup: str, name: str) -> LexborHTMLParser:
    # A NUL is dropped by the standard; half a surrogate pair is no character and cannot be encoded.
    try:
        return LexborHTMLParser(_HALF_PAIR.sub("\ufffd", markup.replace("\0", "")))
    except SelectolaxError as error:
        raise SourceRefused(f"{name} cannot be parsed as HTML: {error}", "save the page again") from None


def _harmless(name: str, content: str) -> str:
    """`<!--` would let a script run past its own end tag; in JSON and JavaScript the escape is the same string."""
    return content.replace("<!--", "\\u003c!--") if name == "script" else content


class _Balanced:
    """Markup with every element closed inside the one around it, and whether it went too deep."""

    def __init__(self, markup: str) -> None:
        self.too_deep = False
        self._source = markup
        self._open: list[tuple[str, bool]] = []  # name, and whether its tag was let through
        self._places: dict[str, list[int]] = {}  # by name, where it stands in `_open`
        self._structure: list[int] = []  # where those stand that are no mere formatting
        self._passed = 0
        self._formatting = 0
        self._unended: set[str] = set()
        self.markup = "".join(self._pieces())

    def _pieces(self) -> Iterator[str]:
        at = 0
        while match := _TOKEN.search(self._source, at):
            yield self._source[at : match.start()]
            at = match.end()
            name = match["name"] or ""
            name = name.lower() if name.isascii() else name
            if match["doctype"]:
                yield match[0]
            elif not name or match["close"] != ">" or name in _TAGS_WITHOUT_USE:
                yield _NOTHING
            elif match["end"]:
                yield self._ended(name, match[0])
            elif name == "svg" and _ENDS_ITSELF.search(match[0]):
                yield _NOTHING
            elif name in _RAW or name in _CUT:
                content = self._raw_content(name, at)
                if content is None:
                    yield _NOTHING
                    continue
                at = content.end()
                yield _NOTHING if name in _CUT else f"{match[0]}{_harmless(name, content[1])}</{name}>"
            else:
                yield self._begun(name, match[0])
        yield self._source[at:]

    def _raw_content(self, name: str, at: int) -> re.Match[str] | None:
        """What stands before a raw element's end tag, and the tag; None where it never ends."""
        found = None if name in self._unended else _RAW_CONTENT[name].match(self._source, at)
        if found is None:
            self._unended.add(name)
        return found

    def _begun(self, name: str, tag: str) -> str:
        if name in _VOID or name in _ENDED_BY_THE_NEXT:
            return tag
        closed = self._ended(name, "</a>") if name == "a" and self._places.get("a") else ""
        formatting = name in _FORMATTING
        if formatting:
            passes = self._formatting < _MOST_FORMATTING
        else:
            passes = self._passed < DEEPEST
            self.too_deep = self.too_deep or not passes
            self._structure.append(len(self._open))
        self._places.setdefault(name, []).append(len(self._open))
        self._open.append((name, passes))
        self._count(name, passes)
        if passes:
            return closed + tag
        return closed + ("<br>" if name in BLOCKS else _NOTHING)

    def _ended(self, name: str, tag: str) -> str:
        """An end tag, after those of the elements inside that were left open. One that would end nothing, or a mere
        formatting one that would end a block, goes."""
        if name in _ENDED_BY_THE_NEXT or name == "br":
            return tag
        places = self._places.get(name)
        if not places or (name in _FORMATTING and self._structure and self._structure[-1] > places[-1]):
            return _NOTHING
        pieces = []
        to = places[-1]
        while len(self._open) > to:
            inner, passed = self._open.pop()
            self._places[inner].pop()
            if self._structure and self._structure[-1] == len(self._open):
                self._structure.pop()
            self._count(inner, passed, -1)
            if passed:
                pieces.append(f"</{inner}>")
            elif inner in BLOCKS:
                pieces.append("<br>")
        if pieces and pieces[-1].startswith("</"):
            pieces[-1] = tag
        return "".join(pieces) or _NOTHING

    def _count(self, name: str, passed: bool, step: int = 1) -> None:
        if passed and name in _FORMATTING:
            self._formatting += step
        elif passed:
            self._passed += step
