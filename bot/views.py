"""A reply → a window of Slack's, with what it holds for whoever opened it, sealed.

A window says nothing of the channel that it was opened from, so it carries that itself, in its private metadata,
with the one who opened it and what it is about. The seal proves that the metadata is ours, whole, and of this very
kind of window: it is made with the bot's token, which nobody else has and every process of the bot does.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import render, wording
from bot.pieces import Line
from bot.replies import Button, Section

LONGEST_TYPED = 3_000
"""Characters that Slack takes in an input."""
_LONGEST_METADATA = 3_000
_SEAL_DIGITS = 32

View = dict[str, Any]
Block = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """What a window holds: its kind, who opened it, in which channel, and what it is about, as JSON has it."""

    kind: str
    user: str
    channel: str
    about: Mapping[str, Any]


class Seal:
    """Writes and reads the metadata of windows. `secret` is the bot's alone."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(f"windows:{secret}".encode()).digest()

    def written(self, held: Held) -> str:
        """The metadata. Raises ValueError where it would be longer than Slack takes."""
        body = {"k": held.kind, "u": held.user, "c": held.channel, "a": held.about}
        metadata = _json({**body, "h": self._of(body)})
        if _length(metadata) > _LONGEST_METADATA:
            raise ValueError("private_metadata")
        return metadata

    def read(self, metadata: object, kind: str, user: str) -> Held | None:
        """What a window of this kind holds; None where it is none of ours, was altered, or opened by another."""
        if not isinstance(metadata, str) or _length(metadata) > _LONGEST_METADATA:
            return None
        try:
            held = json.loads(metadata)
        except (ValueError, RecursionError):
            return None
        if not isinstance(held, dict) or held.keys() != {"k", "u", "c", "a", "h"}:
            return None
        seal = held.pop("h")
        ours = self._of(held)
        if not isinstance(seal, str) or not hmac.compare_digest(seal.encode("utf-8", "replace"), ours.encode()):
            return None
        if held["k"] != kind or held["u"] != user:
            return None
        return Held(kind=kind, user=user, channel=held["c"], about=held["a"])

    def _of(self, body: Mapping[str, Any]) -> str:
        written = json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
        return hmac.new(self._key, written, hashlib.sha256).hexdigest()[:_SEAL_DIGITS]


# ------------------------------------------------------------------------------------------------ windows


def window(
    title: str,
    sections: Sequence[Section],
    *,
    kind: str = "notice",
    metadata: str = "",
    inputs: Sequence[Block] = (),
    submit: str | None = None,
    close: str = wording.CLOSE,
) -> View:
    """A window; `inputs` stand under what it says, and want a button to `submit` them."""
    made: View = {
        "type": "modal",
        "callback_id": kind,
        "private_metadata": metadata,
        "title": _plain(title),
        "close": _plain(close),
        "blocks": [*_blocks(sections), *inputs],
    }
    return made if submit is None else {**made, "submit": _plain(submit)}


def notice(title: str, *lines: Line) -> View:
    """A window that only says something."""
    return window(title, [Section(reply=lines)])


def text_input(name: str, label: str, *, most: int, multiline: bool = False, optional: bool = False) -> Block:
    """An input for text of at most `most` characters; `name` is the id of its block and of what is typed."""
    element = {"type": "plain_text_input", "action_id": name, "max_length": most, "multiline": multiline}
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element, "optional": optional}


def choice(name: str, label: str, options: Mapping[str, str]) -> Block:
    """An input for one of some options, each a label by its value."""
    listed = [{"text": _plain(text), "value": value} for value, text in options.items()]
    element = {"type": "radio_buttons", "action_id": name, "options": listed}
    return {"type": "input", "block_id": name, "label": _plain(label), "element": element}


def _blocks(sections: Sequence[Section]) -> list[Block]:
    made: list[Block] = []
    for section in sections:
        if section.reply:
            made += render.blocks(section.reply)
        if section.buttons:
            made.append({"type": "actions", "elements": [_button(one) for one in section.buttons]})
    return made


def _button(button: Button) -> Block:
    return {
        "type": "button",
        "action_id": button.action,
        "text": _plain(button.label),
        "value": button.value,
    }


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text}


def _json(held: Mapping[str, Any]) -> str:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def _length(text: str) -> int:
    """Characters as Slack's clients count them: one beyond U+FFFF is two."""
    return len(text) + sum(one > "\uffff" for one in text)
