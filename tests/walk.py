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
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot import wording
from bot.buttons import (
    ANSWER_CALL,
    ASK_PRIVATELY,
    CALL_PERSON,
    CHECK_PRIVATELY,
    RESOLVE_CALL,
    SHARE_ANSWER,
    SHARE_CHECK,
    SHOW_AROUND,
    SHOW_ENTRY,
    SHOW_MORE,
    SHOW_REST,
    TAKE_CALL,
    VERIFY_WORDS,
    WHO_QUOTED,
)
from bot.render import escape
from retrieval.clock import label
from retrieval.model import Version

Json = Mapping[str, Any]

_LABEL = re.compile(
    r"(?:1[0-2]|[1-9])\.[0-5]\d[ap]m (?:[A-Z]{2,5}|UTC[+-]\d\d(?::\d\d)?), "
    r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day [1-9]\d? "
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}"
)
_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}")
_MENTIONS = {"user": "@", "channel": "#", "usergroup": "!subteam^"}
_WISHING = (ASK_PRIVATELY, CALL_PERSON, SHARE_ANSWER, SHOW_MORE)
_PLACING = (SHOW_AROUND, SHOW_ENTRY, SHOW_REST, WHO_QUOTED)
_HERE = (ANSWER_CALL, RESOLVE_CALL, TAKE_CALL, VERIFY_WORDS)
_GIVEN = {wording.GIVEN, wording.GIVEN_MARKED.format()}
_CHANGE = ". "
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*")


@cache
def phrases() -> frozenset[str]:
    """Every constant of `wording`, whole and cut at its slots."""
    named = [value for name, value in vars(wording).items() if name.isupper()]
    constants = [value for value in named if isinstance(value, str)]
    constants += [value for table in named if isinstance(table, dict) for value in table.values()]
    parts = {words for constant in constants for words, *_ in string.Formatter().parse(constant) if words}
    return frozenset(parts) | set(constants)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """What may be shown: the stored versions, what the asker said, and where messages of ours stand."""

    versions: Sequence[Version]
    asked: Sequence[str] = ()
    permalinks: Sequence[str] = ()

    def message(self, text: str, blocks: Sequence[Json]) -> None:
        """Raises AssertionError with the leaf that comes from nowhere."""
        lines: list[str] = []
        for block in blocks:
            if block["type"] == "actions":
                self._buttons(block)
                continue
            if block["type"] == "context_actions":
                self._feedback(block)
                continue
            lines += self._rich(block)
        assert text == "\n".join(lines)

    def view(self, view: Json) -> None:
        """A modal or a Home tab. Raises AssertionError as `message` does."""
        for block in view["blocks"]:
            if block["type"] == "rich_text":
                self._rich(block)
            elif block["type"] == "actions" and block["elements"][0]["action_id"] in _PLACING:
                self._buttons(block)
        for text in _plain_texts(view):
            assert text in phrases() or text in self._fields(), f"from nowhere: {text!r}"

    def _rich(self, block: Json) -> list[str]:
        """The lines of a block as the top-level text has them."""
        assert block["type"] == "rich_text", block["type"]
        lines: list[str] = []
        elements = list(block["elements"])
        for number, element in enumerate(elements):
            if element["type"] == "rich_text_quote":
                is_given = number > 0 and _joined(elements[number - 1]) in _GIVEN
                if is_given:
                    self._given(element)
                else:
                    self._quote(element, elements[number + 1 :])
                lines += [f"&gt; {line}" for line in _signed(element, is_given, escape).split("\n")]
            else:
                assert element["type"] == "rich_text_section", element["type"]
                before = ""
                for leaf in element["elements"]:
                    self._leaf(leaf, before)
                    before = leaf.get("text", "")
                is_change = len(element["elements"]) > 2 and element["elements"][1].get("text") == _CHANGE
                lines.append(_signed(element, is_change, escape))
        return lines

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
        if leaf["type"] in _MENTIONS:
            assert set(leaf) == {"type", f"{leaf['type']}_id"}
            assert _ID.fullmatch(leaf[f"{leaf['type']}_id"]), leaf
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
            if button["action_id"] in _PLACING:
                self._placed(json.loads(button["value"]))
            elif button["action_id"] in _WISHING:
                assert json.loads(button["value"]).keys() == {"c", "q", "s", "u", "n"}
            elif button["action_id"] in (CHECK_PRIVATELY, SHARE_CHECK):
                assert json.loads(button["value"]).keys() == {"c", "t", "q", "s"}
            elif button["action_id"] in _HERE:
                assert json.loads(button["value"]).keys() == {"c"}
            else:
                assert button["value"] in self.asked

    def _feedback(self, block: Json) -> None:
        [element] = block["elements"]
        assert element["type"] == "feedback_buttons"
        for name in ("positive_button", "negative_button"):
            assert element[name]["text"]["text"] in phrases()
            assert json.loads(element[name]["value"]).keys() == {"c", "a", "g"}

    def _placed(self, held: Json) -> None:
        """A place in a stored version, and no words."""
        assert held.keys() == {"c", "e", "v", "s", "t", "p"}
        texts = [one.text for one in self.versions if (one.entry.whole_id, one.number) == (held["e"], held["v"])]
        assert any(0 <= held["s"] < held["t"] <= len(text) for text in texts)
        assert isinstance(held["p"], bool)

    def _fields(self) -> set[str]:
        return set(
            _present(field for one in self.versions for field in (one.title, one.author, one.entry.blog.title))
        )

    def _addresses(self) -> set[str]:
        return set(_present(url for one in self.versions for url in (one.entry.url, one.entry.blog.url))) | set(
            self.permalinks
        )


def _present(values: Iterable[str | None]) -> Iterator[str]:
    return (value for value in values if value is not None)


def _plain_texts(held: object) -> Iterator[str]:
    """Every `plain_text` at any depth; none may be `mrkdwn`, which Slack would read markup in."""
    if isinstance(held, Mapping):
        assert held.get("type") != "mrkdwn", held
        if held.get("type") == "plain_text":
            yield held["text"]
    if isinstance(held, Mapping | list | tuple):
        for one in held.values() if isinstance(held, Mapping) else held:
            yield from _plain_texts(one)


def _is(leaf: Json, style: str) -> bool:
    return bool(leaf.get("style", {}).get(style))


def _signed(element: Json, marks_changes: bool, escaped: Callable[[str], str]) -> str:
    """An element's text as the top-level text has it: with signs where its leaves are struck out or put in."""
    if not marks_changes:
        return _joined(element, escaped)
    signs = {"strike": wording.STRUCK, "bold": wording.INSERTED}
    words = ""
    for leaf in element["elements"]:
        opening, closing = next((pair for style, pair in signs.items() if _is(leaf, style)), ("", ""))
        words += f"{opening}{leaf['text']}{closing}"
    return escaped(words)


def _joined(element: Json, escaped: Callable[[str], str] = str) -> str:
    return "".join(_leaf_text(leaf, escaped) for leaf in element["elements"])


def _leaf_text(leaf: Json, escaped: Callable[[str], str]) -> str:
    """A mention is the one thing that the text holds unescaped."""
    if leaf["type"] in _MENTIONS:
        return f"<{_MENTIONS[leaf['type']]}{leaf[leaf['type'] + '_id']}>"
    return escaped(f"{leaf['text']}: {leaf['url']}" if leaf["type"] == "link" else leaf["text"])
