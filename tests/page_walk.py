"""The leaf walk over a report's page: every text in it comes from somewhere that may be shown.

A text is the draft's (its paragraphs are the draft's own, character for character), a slice of a stored version, a
stored field, a number or a time, or a phrase of `bot.wording`. Published words stand before the citation of the
entry that they stand in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from bot.output import safe
from retrieval.clock import label
from retrieval.drafts.finding import Draft
from retrieval.model import Version
from tests.walk import phrases

_EMPTY = {"meta", "br", "hr", "img", "link", "input"}
_PHRASES = re.compile("(?:{})*".format("|".join(re.escape(one) for one in sorted(phrases(), key=len, reverse=True))))
_FIGURE = re.compile(
    r"\d{1,3}(?:,\d{3})*|(?:1[0-2]|[1-9])\.[0-5]\d[ap]m (?:[A-Z]{2,5}|UTC[+-]\d\d(?::\d\d)?), \w+day \d\d? \w+ \d{4}"
)


@dataclass
class Node:
    """An element, its attributes, and what stands in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    within: list[Node | str] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def text(self, leave_out: Callable[[Node], bool] = lambda _: False) -> str:
        return "".join(
            one if isinstance(one, str) else "" if leave_out(one) else one.text(leave_out) for one in self.within
        )

    def all(self, *names: str) -> Iterator[Node]:
        """The elements of some names below, in order."""
        for one in self.within:
            if isinstance(one, Node):
                if one.name in names:
                    yield one
                yield from one.all(*names)

    def of(self, kind: str) -> Iterator[Node]:
        """The elements of a class below, in order."""
        return (one for one in self.all(*{each.name for each in self.everything()}) if kind in one.kinds)

    def everything(self) -> Iterator[Node]:
        for one in self.within:
            if isinstance(one, Node):
                yield one
                yield from one.everything()


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {key: value or "" for key, value in attrs})
        self._open[-1].within.append(node)
        if tag not in _EMPTY:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag, tag

    def handle_data(self, data: str) -> None:
        self._open[-1].within.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")


def tree(page: str) -> Node:
    """A page's elements, all of them closed in order. Raises AssertionError."""
    parser = _Tree()
    parser.feed(page)
    parser.close()
    assert len(parser._open) == 1
    return parser.root


def is_heard(node: Node) -> bool:
    return "heard" in node.kinds


def paragraphs(page: Node) -> list[str]:
    """The draft's paragraphs as the page shows them, without the badges."""
    [shown] = page.of("text")
    return [one.text(lambda node: "badge" in node.kinds) for one in shown.all("p")]


@dataclass(frozen=True, kw_only=True)
class PageWalk:
    """What may be shown: the stored versions, the draft and its name."""

    versions: Sequence[Version]
    draft: Draft
    name: str

    def page(self, page: str) -> None:
        """Raises AssertionError with the text that comes from nowhere."""
        root = tree(page)
        assert paragraphs(root) == [safe(line) for line in self.draft.text.split("\n") if line.strip()]
        for number, (article, quotation) in enumerate(
            zip(root.all("article"), self.draft.quotations, strict=True), start=1
        ):
            assert article.attributes["id"] == f"f{number}"
            [given] = article.of("given")
            assert given.text(is_heard) == safe(quotation.text)
            for place in article.of("place"):
                self._place(place)
        [title] = root.all("title")
        assert title.text() == f"Stet: quotations of {safe(self.name)}"
        [body] = root.all("body")
        self._walk(body)

    def _place(self, place: Node) -> None:
        [cited] = [one.text() for one in place.of("citation")]
        standing = [one for one in self.versions if label(one.entry.posted_at) in cited]
        for quote in place.of("published"):
            words = quote.text(is_heard)
            assert any(words in safe(one.text) or words == safe(one.title or "") for one in standing), words

    def _walk(self, node: Node) -> None:
        for one in node.within:
            if isinstance(one, str):
                assert self._may_stand(one, node), (node.name, node.kinds, one)
            elif "text" not in one.kinds:
                self._walk(one)

    def _may_stand(self, words: str, node: Node) -> bool:
        if "figure" in node.kinds:
            return bool(_FIGURE.fullmatch(words))
        if node.name in ("bdi", "blockquote", "strong", "del", "ins") and not is_heard(node):
            return self._published(words) or words in self._fields() or words in self._asked()
        return not words.strip() or bool(_PHRASES.fullmatch(words))

    def _published(self, words: str) -> bool:
        return any(words in safe(one.text) or words in safe(one.title or "") for one in self.versions)

    def _fields(self) -> set[str]:
        fields = [field for one in self.versions for field in (one.title, one.author, one.entry.blog.title)]
        return {safe(one) for one in fields if one}

    def _asked(self) -> str:
        quotations = "\n\n".join(one.text for one in self.draft.quotations)
        return safe(f"{self.name}\n\n{self.draft.text}\n\n{quotations}")
