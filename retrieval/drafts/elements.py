"""The elements of a Word file by short names, and what its styles say of paragraphs and words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_FAMILIES = {
    "wordprocessingml": "w",
    "drawingml": "a",
    "math": "m",
    "markup-compatibility": "mc",
    "diagram": "dgm",
    "chart": "c",
    "vml": "v",
}
"""By the last word of a namespace that tells it: Word's own, and those of "strict" files, which differ before it."""

_QUOTES = frozenset("quote intensequote blocktext blockquote blockquotation quotation quotations".split())
"""Styles of block quotes by their names, which Word stores in English whatever its language, and LibreOffice's."""

_MOST_BASES = 50
_OFF = frozenset({"0", "false", "off"})


@lru_cache(maxsize=1000)
def _family(namespace: str) -> str:
    words = [word for word in namespace.replace(":", "/").split("/") if not word.isdigit() and word != "main"]
    return _FAMILIES.get(words[-1], "") if words else ""


def kind(element: Element) -> str:
    """An element's name after the short form of its namespace: `w:p`; one of another namespace after nothing: `:p`.
    Empty for a comment."""
    tag = element.tag
    if not isinstance(tag, str):
        return ""
    namespace, _, name = tag.rpartition("}")
    return f"{_family(namespace[1:])}:{name}"


def child(element: Element | None, name: str) -> Element | None:
    """The first child of that name."""
    return None if element is None else next((one for one in element if kind(one) == name), None)


def value(element: Element | None, name: str = "val") -> str | None:
    """An attribute, whatever its namespace; None where there is none, or no element."""
    if element is None:
        return None
    return next((text for key, text in element.attrib.items() if key.rpartition("}")[2] == name), None)


def switch(properties: Element | None, name: str) -> bool | None:
    """Whether properties turn something on; None where they do not say."""
    element = child(properties, name)
    return None if element is None else (value(element) or "").lower() not in _OFF


def holds_words(element: Element) -> bool:
    """Whether there are words in an element, deleted ones included."""
    return any((one.text or "").strip() for one in element.iter() if kind(one) in ("w:t", "w:delText", "a:t", "m:t"))


@dataclass(frozen=True, slots=True)
class _Style:
    name: str
    based_on: str | None
    hides: bool | None


class Styles:
    """A Word file's styles by their ids; `root` is their part, None where it has none."""

    def __init__(self, root: Element | None) -> None:
        self._styles = {
            value(one, "styleId") or "": _Style(
                value(child(one, "w:name")) or "",
                value(child(one, "w:basedOn")),
                switch(child(one, "w:rPr"), "w:vanish"),
            )
            for one in (() if root is None else root)
            if kind(one) == "w:style"
        }

    def is_quote(self, style: str | None) -> bool:
        """Whether a paragraph's style is that of a block quote, or based on it."""
        if style is not None and style not in self._styles:
            return _plain(style) in _QUOTES
        return any(_plain(one.name) in _QUOTES for one in self._bases(style))

    def hides(self, style: str | None) -> bool | None:
        """Whether words in a style are not shown; None where it does not say."""
        return next((one.hides for one in self._bases(style) if one.hides is not None), None)

    def _bases(self, style: str | None) -> list[_Style]:
        """A style and those that it is based on."""
        bases: list[_Style] = []
        while style is not None and style in self._styles and len(bases) < _MOST_BASES:
            bases.append(self._styles[style])
            style = bases[-1].based_on
        return bases


def _plain(name: str) -> str:
    return name.lower().replace(" ", "")
