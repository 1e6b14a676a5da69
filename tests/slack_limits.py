"""What Slack refuses in a message or a view.

Slack checks every message and view against a schema and answers one that breaks it with the JSON pointer
of each fault. slack_sdk checks only what is built from its model classes, and not the number of blocks, so
a bot that builds plain dicts learns of a limit in production. These checks stand in for Slack's.

They are stricter than Slack in three ways, so that a test fails before a newsroom does: a block or element
that no rule here knows is refused, an empty `elements` list is refused, and the total size is held to the
smallest one at which Slack has been seen to refuse a message.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.slack_schema import (
    ANY_INTERACTIVE,
    BLOCKS,
    CHOICES,
    INPUTS,
    INTERACTIVE,
    LENGTHS,
    MAY_BE_EMPTY,
    RICH_CONTAINERS,
    RICH_LEAVES,
    STYLES,
    VIEW,
)

__all__ = [
    "BUDGET",
    "MESSAGE_LIMIT",
    "TEXT_LIMIT",
    "Problem",
    "Verdict",
    "characters",
    "check_message",
    "check_metadata",
    "check_view",
]

Surface = Literal["message", "modal", "home"]

TEXT_LIMIT: Final = 40_000
"""Characters of a message's top-level text."""
MESSAGE_LIMIT: Final = 11_300
"""Characters of text in a message's blocks from which `msg_blocks_too_long` has been seen; undocumented."""
BUDGET: Final = 9_000
"""Characters of text in its blocks that a message of ours may have: what is left is a margin."""
MARKDOWN_LIMIT: Final = 12_000
"""Characters of all `markdown` blocks of one message together, as documented."""
METADATA_LIMIT: Final = 8_000
"""Characters of a message's metadata as JSON; Slack's own limit is undocumented."""

_EVENT_TYPE: Final = re.compile(r"[A-Za-z0-9_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One fault: where it is (a JSON pointer) and what Slack says of it."""

    pointer: str
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} [json-pointer:{self.pointer}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What Slack answers: `error` is None for what it takes; `characters` is the text in all blocks."""

    error: str | None
    problems: tuple[Problem, ...]
    characters: int


def characters(blocks: object) -> int:
    """The characters in every `text` string at any depth: the measure that Slack's total is compared with."""
    if isinstance(blocks, Mapping):
        text = blocks.get("text")
        return (len(text) if isinstance(text, str) else 0) + sum(
            characters(value) for value in blocks.values() if isinstance(value, Mapping | list)
        )
    return sum(characters(item) for item in blocks) if isinstance(blocks, list | tuple) else 0


def check_message(message: Mapping[str, Any]) -> Verdict:
    """Judge the arguments of a call that posts or changes a message.

    A message needs text, blocks or attachments (`no_text`). Slack counts the total of the blocks apart from
    the top-level text, and exempts nothing but messages made of `markdown` blocks alone, which it has been
    seen to take up to their own, documented limit.
    """
    text, blocks = message.get("text") or "", message.get("blocks") or []
    if not isinstance(blocks, list):
        return _refused("invalid_blocks_format", "/blocks", "must be an array", 0)
    if not isinstance(text, str) or not (text.strip() or blocks or message.get("attachments")):
        return _refused("no_text", "/text", "a message needs text or blocks", 0)
    size = characters(blocks)
    checker = _Checker("message")
    checker.blocks(blocks, "/blocks", most=50)
    if checker.problems:
        return Verdict(error="invalid_blocks", problems=tuple(checker.problems), characters=size)
    if size >= MESSAGE_LIMIT and any(block["type"] != "markdown" for block in blocks):
        return _refused("msg_blocks_too_long", "/blocks", f"{size} characters in all blocks", size)
    if len(text) > TEXT_LIMIT:
        return _refused("msg_too_long", "/text", f"must be less than {TEXT_LIMIT + 1} characters", size)
    return Verdict(error=None, problems=(), characters=size)


def check_metadata(metadata: object) -> Verdict:
    """Judge a message's metadata: none, the empty object, or an `event_type` and an `event_payload`.

    Slack posts a message whose `event_type` has other characters than letters, digits and `_`, and drops the
    metadata in silence; here it is refused, so that a test learns of it.
    """
    if metadata in (None, "", {}):
        return Verdict(error=None, problems=(), characters=0)
    if not isinstance(metadata, Mapping):
        return _refused("invalid_metadata_format", "/metadata", "must be an object", 0)
    kind, payload = metadata.get("event_type"), metadata.get("event_payload")
    if not isinstance(kind, str) or not isinstance(payload, Mapping):
        return _refused("invalid_metadata_format", "/metadata", "must have an event_type and an event_payload", 0)
    if not _EVENT_TYPE.fullmatch(kind) or metadata.keys() != {"event_type", "event_payload"}:
        return _refused("invalid_metadata_schema", "/metadata", "must be of letters, digits and _, and no more", 0)
    size = len(json.dumps(metadata, ensure_ascii=False))
    if size > METADATA_LIMIT:
        return _refused("metadata_too_large", "/metadata", f"must be less than {METADATA_LIMIT + 1} characters", size)
    return Verdict(error=None, problems=(), characters=size)


def check_view(view: object) -> Verdict:
    """Judge a modal or a Home tab. Slack calls a bad view `invalid_arguments`, not `invalid_blocks`."""
    if not isinstance(view, Mapping) or view.get("type") not in ("modal", "home"):
        return _refused("invalid_arguments", "/view", "must be a modal or a home view", 0)
    checker = _Checker(view["type"])
    checker.view(view)
    error = "invalid_arguments" if checker.problems else None
    return Verdict(error=error, problems=tuple(checker.problems), characters=characters(view.get("blocks")))


def _refused(error: str, pointer: str, reason: str, size: int) -> Verdict:
    return Verdict(error=error, problems=(Problem(pointer=pointer, reason=reason),), characters=size)


class _Checker:
    """Walks one message or view and collects every fault, as Slack's answer lists them all."""

    def __init__(self, surface: Surface) -> None:
        self.problems: list[Problem] = []
        self._surface: Surface = surface

    def view(self, view: Mapping[str, Any]) -> None:
        self._fields(view, "/view", *VIEW)
        if self._surface == "modal" or "title" in view:
            self._text(view.get("title"), "/view/title", 24, plain=True)
        for name in ("submit", "close"):
            if name in view:
                self._text(view[name], f"/view/{name}", 24, plain=True)
        blocks = view.get("blocks")
        self.blocks(blocks, "/view/blocks", most=100)
        asks = isinstance(blocks, list) and any(isinstance(b, Mapping) and b.get("type") == "input" for b in blocks)
        if self._surface == "modal" and asks and "submit" not in view:
            self._refuse("/view", "missing required field: submit")

    def blocks(self, blocks: object, where: str, *, most: int) -> None:
        seen: set[str] = set()
        for at, block in self._items(blocks, where, most, least=0):
            kind = self._typed(block, at, BLOCKS, "block_id")
            if kind is None:
                continue
            if kind in ("markdown", "context_actions") and self._surface != "message":
                self._refuse(at, f"unsupported type: {kind}")
            name = block.get("block_id")
            if isinstance(name, str):
                if name in seen:
                    self._refuse(f"{at}/block_id", f"block_id already exists: {name[:40]}")
                seen.add(name)
            self._block(kind, block, at)
        if isinstance(blocks, list):
            self._markdown_total(blocks, where)

    def _markdown_total(self, blocks: Sequence[object], where: str) -> None:
        texts = [b.get("text") for b in blocks if isinstance(b, Mapping) and b.get("type") == "markdown"]
        if sum(len(text) for text in texts if isinstance(text, str)) > MARKDOWN_LIMIT:
            self._refuse(where, f"markdown must be less than {MARKDOWN_LIMIT + 1} characters")

    def _block(self, kind: str, block: Mapping[str, Any], at: str) -> None:
        match kind:
            case "section":
                if "text" not in block and "fields" not in block:
                    self._refuse(at, "must define either `text` or `fields`")
                if "text" in block:
                    self._text(block["text"], f"{at}/text", 3_000)
                if "fields" in block:
                    for place, field in self._items(block["fields"], f"{at}/fields", 10):
                        self._text(field, place, 2_000)
                if "accessory" in block:
                    self._element(block["accessory"], f"{at}/accessory", CHOICES | {"image"})
            case "header":
                self._text(block.get("text"), f"{at}/text", 150, plain=True)
            case "markdown":
                self._string(block.get("text"), f"{at}/text", MARKDOWN_LIMIT)
            case "context":
                for place, element in self._items(block.get("elements"), f"{at}/elements", 10):
                    if isinstance(element, Mapping) and element.get("type") == "image":
                        self._element(element, place, {"image"})
                    else:
                        self._text(element, place, 3_000)
            case "actions":
                self._elements(block.get("elements"), f"{at}/elements", 25, CHOICES)
            case "context_actions":
                self._elements(block.get("elements"), f"{at}/elements", 5, {"feedback_buttons", "icon_button"})
            case "input":
                self._text(block.get("label"), f"{at}/label", 2_000, plain=True)
                if "hint" in block:
                    self._text(block["hint"], f"{at}/hint", 2_000, plain=True)
                self._element(block.get("element"), f"{at}/element", INPUTS)
            case "image":
                self._image(block, at)
                if "title" in block:
                    self._text(block["title"], f"{at}/title", 2_000, plain=True)
            case "rich_text":
                for place, container in self._items(block.get("elements"), f"{at}/elements"):
                    self._rich_container(container, place, set(RICH_CONTAINERS))

    def _elements(self, elements: object, where: str, most: int, allowed: set[str]) -> None:
        seen: set[str] = set()
        for place, element in self._items(elements, where, most):
            self._element(element, place, allowed)
            name = element.get("action_id") if isinstance(element, Mapping) else None
            if isinstance(name, str):
                if name in seen:
                    self._refuse(f"{place}/action_id", f"action_id already exists: {name[:40]}")
                seen.add(name)

    def _element(self, element: object, at: str, allowed: set[str]) -> None:
        if "image" in allowed and isinstance(element, Mapping) and element.get("type") == "image":
            self._typed(element, at, {"image": ("alt_text", "image_url slack_file")})
            self._image(element, at)
            return
        schema = {kind: fields for kind, fields in INTERACTIVE.items() if kind in allowed}
        kind = self._typed(element, at, schema, ANY_INTERACTIVE)
        if kind is None or not isinstance(element, Mapping):
            return
        if "placeholder" in element:
            self._text(element["placeholder"], f"{at}/placeholder", 150, plain=True)
        match kind:
            case "button":
                self._text(element.get("text"), f"{at}/text", 75, plain=True)
                if element.get("style") not in (None, "primary", "danger"):
                    self._refuse(f"{at}/style", "must be primary or danger")
            case "icon_button":
                self._text(element.get("text"), f"{at}/text", 75, plain=True)
            case "feedback_buttons":
                for name in ("positive_button", "negative_button"):
                    self._fields(element.get(name), f"{at}/{name}", "text value", "accessibility_label")
                    if isinstance(element.get(name), Mapping):
                        self._text(element[name].get("text"), f"{at}/{name}/text", 75, plain=True)
        if "options" in element:
            most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(kind, 100)
            for place, option in self._items(element["options"], f"{at}/options", most):
                self._option(option, place)

    def _option(self, option: object, at: str) -> None:
        if self._fields(option, at, "text value", "description url") and isinstance(option, Mapping):
            self._text(option.get("text"), f"{at}/text", 75)
            self._string(option.get("value"), f"{at}/value", 150)

    def _image(self, image: Mapping[str, Any], at: str) -> None:
        if ("image_url" in image) == ("slack_file" in image):
            self._refuse(at, "must define either `image_url` or `slack_file`")

    def _rich_container(self, container: object, at: str, allowed: set[str]) -> None:
        """Sections, quotes and code hold leaves; a list holds sections and nothing else."""
        schema = {kind: fields for kind, fields in RICH_CONTAINERS.items() if kind in allowed}
        kind = self._typed(container, at, schema)
        if kind is None or not isinstance(container, Mapping):
            return
        if kind == "rich_text_list" and container.get("style") not in ("bullet", "ordered"):
            self._refuse(f"{at}/style", "must be bullet or ordered")
        for place, element in self._items(container.get("elements"), f"{at}/elements"):
            if kind == "rich_text_list":
                self._rich_container(element, place, {"rich_text_section"})
            else:
                self._rich_leaf(element, place)

    def _rich_leaf(self, leaf: object, at: str) -> None:
        """A leaf's text is taken as it is, without mrkdwn; an empty `text` is refused."""
        kind = self._typed(leaf, at, RICH_LEAVES)
        if kind is None or not isinstance(leaf, Mapping):
            return
        for name in " ".join(RICH_LEAVES[kind]).split():
            value = leaf.get(name)
            if name not in leaf:
                continue
            if name == "timestamp":
                if not isinstance(value, int) or isinstance(value, bool):
                    self._refuse(f"{at}/{name}", "must be an integer")
            elif name == "style":
                if not isinstance(value, Mapping) or not all(
                    key in STYLES and isinstance(on, bool) for key, on in value.items()
                ):
                    self._refuse(f"{at}/{name}", "must be an object of known styles")
            elif name not in ("unsafe", "skin_tone") and name not in LENGTHS:
                self._string(value, f"{at}/{name}", None)

    def _text(self, text: object, at: str, limit: int, *, plain: bool = False) -> None:
        """A text object: `verbatim` is mrkdwn's alone and `emoji` plain text's."""
        kinds = {"plain_text": ("text", "emoji")} | ({} if plain else {"mrkdwn": ("text", "verbatim")})
        if self._typed(text, at, kinds) and isinstance(text, Mapping):
            self._string(text.get("text"), f"{at}/text", limit)

    def _typed(self, thing: object, at: str, schema: Mapping[str, tuple[str, str]], also: str = "") -> str | None:
        """The thing's type if `schema` knows it and its fields are in order; what it lacks is reported."""
        kind = thing.get("type") if isinstance(thing, Mapping) else None
        if not isinstance(kind, str) or kind not in schema:
            self._refuse(at, f"unsupported type: {kind}")
            return None
        required, allowed = schema[kind]
        self._fields(thing, at, f"type {required}", f"{allowed} {also}")
        return kind

    def _fields(self, thing: object, at: str, required: str, allowed: str) -> bool:
        """Whether `thing` is an object; fields that are missing, unknown or too long are reported."""
        if not isinstance(thing, Mapping):
            self._refuse(at, "must be an object")
            return False
        for name in required.split():
            if name not in thing:
                self._refuse(at, f"missing required field: {name}")
        for name, value in thing.items():
            if name not in f"{required} {allowed}".split():
                self._refuse(at, f"invalid additional property: {name}")
            elif name in LENGTHS:
                least = 0 if name in MAY_BE_EMPTY else 1
                self._string(value, f"{at}/{name}", LENGTHS[name], least=least)
        return True

    def _items(self, items: object, where: str, most: int | None = None, *, least: int = 1) -> list[tuple[str, Any]]:
        if not isinstance(items, list):
            self._refuse(where, "must be an array")
            return []
        if most is not None and len(items) > most:
            self._refuse(where, f"no more than {most} items allowed")
        if len(items) < least:
            self._refuse(where, f"no less than {least} items allowed")
        return [(f"{where}/{number}", item) for number, item in enumerate(items)]

    def _string(self, value: object, at: str, limit: int | None, *, least: int = 1) -> None:
        if not isinstance(value, str):
            self._refuse(at, "must be a string")
        elif len(value) < least:
            self._refuse(at, f"must be more than {least - 1} characters")
        elif limit is not None and len(value) > limit:
            self._refuse(at, f"must be less than {limit + 1} characters")

    def _refuse(self, at: str, reason: str) -> None:
        self.problems.append(Problem(pointer=at, reason=reason))
