"""What a person typed, from what Slack sent: its escapes and markup undone, block quotes and code told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from retrieval.drafts.page import Page, PageWriter, Region
from retrieval.errors import SourceRefused

_MARKED_UP = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_ADDRESSED = re.compile(r"\s*(?:<[@!][^<>]*>[\s,:]*)+")
_QUOTE, _QUOTES_THE_REST, _FENCE = "&gt;", "&gt;&gt;&gt;", "```"
_SURROGATES = re.compile("[\ud800-\udfff]")
_REGIONS = {"rich_text_quote": Region.BLOCK, "rich_text_preformatted": Region.CODE}

_Stretch = tuple[Region | None, str]
"""Lines of a message, and what they are set as."""


def unmarked(text: str) -> str:
    """What a person typed, on one line: mentions gone, addresses and channels by their own words, `&amp;`, `&lt;`
    and `&gt;` undone once."""
    return " ".join(unescaped(_MARKED_UP.sub(_typed, text)).split())


def unescaped(text: str) -> str:
    """Undo Slack's three escapes, and no others: `&amp;lt;` was typed as `&lt;`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _typed(match: re.Match[str]) -> str:
    inside, words = match[1], match[2]
    if inside.startswith(("@", "!")):
        return " "
    return words or ("" if inside.startswith("#") else inside)


def page(text: str, blocks: object = (), attachments: object = ()) -> Page:
    """A message as its readers see it, without whom it addresses at its beginning.

    Where it has blocks they are what is seen; the text is where they hold no word, and attachments (a message that
    was passed on) where the text is empty, too. Anything may be given: what is not understood holds no words."""
    addressed = _ADDRESSED.match(text)
    text = text[addressed.end() :] if addressed else text
    for stretches in (_of_blocks(blocks), _of_text(text), _of_attachments(attachments)):
        found = _written(stretches)
        if found.text:
            return found
    return Page(text="")


def _written(stretches: Iterable[_Stretch]) -> Page:
    writer = PageWriter("message")
    try:
        for number, (region, text) in enumerate(stretches):
            if region is not None:
                writer.begin(region)
            words = _SURROGATES.sub("\ufffd", text)
            addressed = None if number else _ADDRESSED.match(words)
            for line in words[addressed.end() if addressed else 0 :].split("\n"):
                writer.words(line)
                writer.paragraph()
            if region is not None:
                writer.end(region)
    except SourceRefused:
        return Page(text="")  # longer than any message that Slack sends
    return writer.page()


# ------------------------------------------------------------------------------------------------ text


def _of_text(text: str) -> Iterator[_Stretch]:
    """Slack's own markup: lines behind `>` are block quotes, what stands between ``` is code."""
    parts = text.split(_FENCE)
    held: list[str] = []
    region: Region | None = None
    rest = False
    for number, part in enumerate(parts):
        is_code = number % 2 == 1 and number + 1 < len(parts)
        for line in part.split("\n"):
            rest = rest or (not is_code and line.startswith(_QUOTES_THE_REST))
            is_quoted = not is_code and (rest or line.startswith(_QUOTE))
            now = Region.CODE if is_code else Region.BLOCK if is_quoted else None
            if held and now is not region:
                yield region, "\n".join(held)
                held = []
            region = now
            held.append(_seen(_without_its_sign(line) if is_quoted else line))
    yield region, "\n".join(held)


def _without_its_sign(line: str) -> str:
    return line.removeprefix(_QUOTES_THE_REST).removeprefix(_QUOTE)


def _seen(text: str) -> str:
    return unescaped(_MARKED_UP.sub(_shown, text))


def _shown(match: re.Match[str]) -> str:
    """What stands in angle brackets as its readers see it; a mention without its words stays as it came."""
    inside, words = match[1], match[2]
    if words is None:
        return match[0] if inside.startswith(("@", "!", "#")) else inside
    return inside[0] + words.lstrip("@#") if inside.startswith(("@", "#")) else words


# ------------------------------------------------------------------------------------------------ blocks


def _of_blocks(blocks: object) -> Iterator[_Stretch]:
    for block in _objects(blocks):
        if block.get("type") == "rich_text":
            for part in _objects(block.get("elements")):
                yield from _of_rich_text(part)
        else:
            for one in (block, *_objects(block.get("fields")), *_objects(block.get("elements"))):
                yield from _of_text(_string(_object(one.get("text")).get("text", one.get("text"))))


def _of_rich_text(part: Mapping[str, Any]) -> Iterator[_Stretch]:
    if part.get("type") == "rich_text_list":
        for item in _objects(part.get("elements")):
            yield None, _leaves(item)
    else:
        yield _REGIONS.get(_string(part.get("type"))), _leaves(part)


def _leaves(part: Mapping[str, Any]) -> str:
    return "".join(map(_leaf, _objects(part.get("elements"))))


def _leaf(leaf: Mapping[str, Any]) -> str:
    match leaf.get("type"):
        case "user":
            return f"<@{_string(leaf.get('user_id'))}>"
        case "usergroup":
            return f"<!subteam^{_string(leaf.get('usergroup_id'))}>"
        case "channel":
            return f"<#{_string(leaf.get('channel_id'))}>"
        case "broadcast":
            return f"<!{_string(leaf.get('range'))}>"
        case "emoji":
            return f":{_string(leaf.get('name'))}:"
        case "date":
            return _string(leaf.get("fallback"))
    return _string(leaf.get("text")) or _string(leaf.get("url"))


# ------------------------------------------------------------------------------------------------ attachments


def _of_attachments(attachments: object) -> Iterator[_Stretch]:
    """Messages that were passed on, and what other apps attach."""
    for one in _objects(attachments):
        passed_on = [_object(message.get("message")).get("blocks") for message in _objects(one.get("message_blocks"))]
        found = [stretch for blocks in (*passed_on, one.get("blocks")) for stretch in _of_blocks(blocks)]
        if any(text.strip() for _, text in found):
            yield from found
        else:
            yield from _of_text(_string(one.get("text")) or _string(one.get("fallback")))


def _objects(given: object) -> list[Mapping[str, Any]]:
    return [one for one in given if isinstance(one, Mapping)] if isinstance(given, list | tuple) else []


def _object(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _string(given: object) -> str:
    return given if isinstance(given, str) else ""
