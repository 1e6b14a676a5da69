"""Pieces of known origin → HTML. All text and all values go through `text`: nothing that is shown can be markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from bot import wording
from bot.output import safe
from bot.pieces import Asked, Formatted, Given, Line, Link, Mark, Part, Piece, Quote, Role, Slice, Stored, Words

_UNFIT = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CAUTIONS = frozenset({*wording.CAUTIONS.values(), wording.INSERTED_FOR_NOTHING})


def text(words: str) -> str:
    """Words as HTML. Control characters are made visible; what no HTML may hold becomes U+FFFD."""
    return html.escape(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", safe(words)))


def element(name: str, within: str = "", /, **attributes: str | None) -> str:
    """An element around HTML. An attribute's name ends in `_` where Python has that word for itself; other
    underscores are hyphens; those that are None are left out."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{said}>{within}</{name}>"


def heard(words: str) -> str:
    """A phrase that is read out and not seen."""
    return element("span", text(words), class_="heard", lang="en")


def pieces(some: Iterable[Piece]) -> str:
    """Pieces of a line, each but Stet's own phrases in an element of its own."""
    return "".join(map(_piece, some))


def _piece(one: Piece) -> str:
    words = text(one.text)
    match one:
        case Words():
            return words
        case Mark():
            return ""
        case Link():
            return element("a", words, href=one.url, rel="noopener noreferrer")
        case Formatted():
            return element("span", words, class_="figure")
        case _:
            return _changed(one) or element("strong" if _is_bold(one) else "bdi", words)


def quoted(some: Iterable[Piece]) -> str:
    """Pieces that make a text together: plain ones stand in it as they are."""
    return "".join(
        _changed(one) or (element("strong", text(one.text)) if _is_bold(one) else text(one.text))
        for one in some
        if not isinstance(one, Mark)
    )


def _changed(one: Piece) -> str | None:
    """A piece that a quotation left out or put in, said as well as shown; None for any other."""
    if isinstance(one, Slice | Stored) and one.struck:
        return element("del", heard(wording.REMOVED) + text(one.text))
    if isinstance(one, Asked) and one.inserted:
        return element("ins", heard(wording.PUT_IN) + text(one.text))
    return None


def _is_bold(one: Piece) -> bool:
    return isinstance(one, Slice | Stored) and one.bold


def part(one: Part) -> str:
    """A line as a paragraph of its role; published or given words as a block quotation."""
    if isinstance(one, Quote):
        language = one.pieces[0].passage.version.entry.blog.language
        return element("blockquote", quoted(one.pieces), class_="published", lang=language, dir="auto")
    if isinstance(one, Given):
        return element("blockquote", quoted(one.pieces), class_="given", dir="auto")
    if one.pieces and all(isinstance(piece, Stored) for piece in one.pieces):
        return element("blockquote", quoted(one.pieces), class_="published", dir="auto")
    return element("p", pieces(one.pieces), class_=_class(one))


def _class(line: Line) -> str:
    is_caution = bool(line.pieces) and line.pieces[0].text in _CAUTIONS
    return "caution" if is_caution and line.role is Role.HEADING else line.role.value
