"""The leaf walk: every string of a posted message comes from somewhere that may be shown.

A leaf is a slice of a stored version, a stored field, a formatted number or time, the asker's own words, or a
phrase of `bot.wording` (or the part of one between its slots). Quotations are slices and nothing else, each
followed by the citation of the entry that it stands in; what the asker gave to be checked stands behind a line that
says so, with slices struck out in it where it differs. The top-level text is the blocks' own leaves, escaped, with
signs around what the blocks strike out or put in.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import wording
from bot.buttons import SHOW_AROUND
from bot.render import escape
from retrieval.clock import label
from retrieval.model import Version

Json = Mapping[str, Any]

_LABEL = re.compile(
    r"(?:1[0-2]|[1-9])\.[0-5]\d[ap]m (?:[A-Z]{2,5}|UTC[+-]\d\d(?::\d\d)?), "
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day [1-9]\d? "
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
)
_GIVEN = {wording.GIVEN, wording.GIVEN_MARKED.format()}
_CHANGE = ". "
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*")


def phrases() -> set[str]:
    """Every constant of `wording`, whole and cut at its slots."""
    named = [value for name, value in vars(wording).items() if name.isupper()]
    constants = [value for value in named if isinstance(value, str)]
    constants += [value for table in named if isinstance(table, dict) for value in table.values()]
    parts = {words for constant in constants for words, *_ in string.Formatter().parse(constant) if words}
    return parts | set(constants)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What may be shown: the stored versions, and what the asker said."""

    versions: Sequence[Version]
    asked: Sequence[str] = ()

    def message(self, text: str, blocks: Sequence[Json]) -> None:
        """Raises AssertionError with the leaf that comes from nowhere."""
        lines: list[str] = []
        for block in blocks:
            if block["type"] == "actions":
                self._buttons(block)
                continue
            assert block["type"] == "rich_text", block["type"]
            elements = list(block["elements"])
            for number, element in enumerate(elements):
                if element["type"] == "rich_text_quote":
                    is_given = number > 0 and _joined(elements[number - 1]) in _GIVEN
                    if is_given:
                        self._given(element)
                    else:
                        self._quote(element, elements[number + 1 :])
                    lines += [f"&gt; {escape(line)}" for line in _signed(element, is_given).split("\n")]
                else:
                    assert element["type"] == "rich_text_section", element["type"]
                    before = ""
                    for leaf in element["elements"]:
                        self._leaf(leaf, before)
                        before = leaf["text"]
                    is_change = len(element["elements"]) > 2 and element["elements"][1]["text"] == _CHANGE
                    lines.append(escape(_signed(element, is_change)))
        assert text == "\n".join(lines)

    def _quote(self, element: Json, following: Sequence[Json]) -> None:
        words = _joined(element)
        standing = [version for version in self.versions if words in version.text]
        assert standing, f"not published: {words!r}"
        assert all(set(leaf) <= {"type", "text", "style"} for leaf in element["elements"])
        sections = [_joined(one) for one in following if one["type"] == "rich_text_section"]
        cited = next(section for section in sections if _LABEL.search(section))
        assert any(label(version.entry.posted_at) in cited for version in standing), f"wrongly cited: {words!r}"

    def _given(self, element: Json) -> None:
        """The asker's words, whole, and published ones struck out among them."""
        struck = [leaf["text"] for leaf in element["elements"] if _is(leaf, "strike")]
        assert all(map(self._published, struck)), struck
        given = "".join(leaf["text"] for leaf in element["elements"] if not _is(leaf, "strike"))
        assert given in self.asked, f"not asked: {given!r}"

    def _published(self, words: str) -> bool:
        return any(words in version.text or words in (version.title or "") for version in self.versions)

    def _leaf(self, leaf: Json, before: str) -> None:
        if leaf["type"] == "link":
            assert leaf["url"] in self._addresses(), leaf["url"]
            assert leaf["text"] in phrases(), leaf["text"]
            return
        assert leaf["type"] == "text", leaf["type"]
        text = leaf["text"]
        if _is(leaf, "strike") or before == wording.SAID_BY:
            assert self._published(text), f"not published: {text!r}"
            return
        if _is(leaf, "bold"):
            assert self._published(text) or any(text in one for one in self.asked), f"from nowhere: {text!r}"
            return
        known = text in phrases() or text in self._fields() or text in self.asked
        assert known or _LABEL.fullmatch(text) or _NUMBER.fullmatch(text), f"from nowhere: {text!r}"

    def _buttons(self, block: Json) -> None:
        for button in block["elements"]:
            assert button["text"]["text"] in phrases()
            if button["action_id"] == SHOW_AROUND:
                self._placed(json.loads(button["value"]))
            else:
                assert button["value"] in self.asked

    def _placed(self, held: Json) -> None:
        """A place in a stored version, and no words."""
        assert held.keys() == {"c", "e", "v", "s", "t", "p"}
        [version] = [one for one in self.versions if (one.entry.whole_id, one.number) == (held["e"], held["v"])]
        assert 0 <= held["s"] < held["t"] <= len(version.text)
        assert isinstance(held["p"], bool)

    def _fields(self) -> set[str]:
        return set(
            _present(field for one in self.versions for field in (one.title, one.author, one.entry.blog.title))
        )

    def _addresses(self) -> set[str]:
        return set(_present(url for one in self.versions for url in (one.entry.url, one.entry.blog.url)))


def _present(values: Iterable[str | None]) -> Iterator[str]:
    return (value for value in values if value is not None)


def _is(leaf: Json, style: str) -> bool:
    return bool(leaf.get("style", {}).get(style))


def _signed(element: Json, marks_changes: bool) -> str:
    """An element's text as the top-level text has it: with signs where its leaves are struck out or put in."""
    if not marks_changes:
        return _joined(element)
    signs = {"strike": wording.STRUCK, "bold": wording.INSERTED}
    words = ""
    for leaf in element["elements"]:
        opening, closing = next((pair for style, pair in signs.items() if _is(leaf, style)), ("", ""))
        words += f"{opening}{leaf['text']}{closing}"
    return words


def _joined(element: Json) -> str:
    return "".join(
        f"{leaf['text']}: {leaf['url']}" if leaf["type"] == "link" else leaf["text"] for leaf in element["elements"]
    )
