"""What a button hands back when it is pressed, and what to make of a value that anyone may have sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import wording
from bot.replies import Button
from bot.requested import Wanted
from retrieval.model import Passage

ASK_PRIVATELY = "ask_privately"
CHECK_PRIVATELY = "check_privately"
SHARE_CHECK = "share_check"
SHOW_AROUND = "show_around"

_LONGEST_VALUE = 2_000
"""Characters that Slack takes, counted as its own clients do: one beyond U+FFFF is two."""
_LONGEST_NAME = 200
_LARGEST = 2**53
_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """A check that a button asks for anew; `thread` is the time of the message in whose thread it belongs."""

    wanted: Wanted
    thread: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Placed:
    """A passage that a button stands for: `entry` by its whole id, `version` by its number, [start, end) of its text.
    `past`: it was shown as of a past moment, so that wording is meant, whatever the entry reads now."""

    entry: str
    version: int
    start: int
    end: int
    past: bool


def ask_privately(question: str) -> Button:
    """The button that asks a question again, for whoever presses it."""
    return Button(action=ASK_PRIVATELY, label=wording.SHOW_ME, value=question)


def check_privately(channel: str, wanted: Wanted) -> Button | None:
    """The button that checks again for whoever presses it; None where a button cannot hold the quotation."""
    return _button(CHECK_PRIVATELY, wording.SHOW_ME, channel, None, wanted)


def share(channel: str, thread: str | None, wanted: Wanted) -> Button | None:
    """The button that checks again for all in a channel, or in one of its threads; None as above."""
    label = wording.SHARE_HERE if thread is None else wording.SHARE_IN_THREAD
    return _button(SHARE_CHECK, label, channel, thread, wanted)


def around(channel: str, passage: Passage, *, past: bool) -> Button | None:
    """The button that shows what stands around a passage to whoever presses it; None where a button cannot hold the
    entry's id."""
    version = passage.version
    held = {
        "c": channel,
        "e": version.entry.whole_id,
        "v": version.number,
        "s": passage.start,
        "t": passage.end,
        "p": past,
    }
    value = _written(held)
    if placed(value, channel) is None:
        return None
    return Button(action=SHOW_AROUND, label=wording.SHOW_AROUND, value=value)


def _button(action: str, label: str, channel: str, thread: str | None, wanted: Wanted) -> Button | None:
    held = {"c": channel, "t": thread, "q": wanted.quote, "s": wanted.speaker}
    value = _written(held)
    return None if pressed(value, channel) is None else Button(action=action, label=label, value=value)


def pressed(value: object, channel: str) -> Pressed | None:
    """What a button's value asks for; None where it is none of ours, or of another channel."""
    held = _read(value, channel, {"c", "t", "q", "s"})
    if held is None:
        return None
    quote, speaker, thread = held["q"], held["s"], held["t"]
    if not _is_text(quote) or not (speaker is None or (_is_text(speaker) and 0 < len(speaker) <= _LONGEST_NAME)):
        return None
    if not (thread is None or (isinstance(thread, str) and _TS.fullmatch(thread))):
        return None
    return Pressed(wanted=Wanted(quote=quote, speaker=speaker), thread=thread)


def placed(value: object, channel: str) -> Placed | None:
    """The passage that a button's value stands for; None where it is none of ours, or of another channel."""
    held = _read(value, channel, {"c", "e", "v", "s", "t", "p"})
    if held is None:
        return None
    entry, version, start, end, past = held["e"], held["v"], held["s"], held["t"], held["p"]
    if not (_is_text(entry) and all(map(_is_place, (version, start, end))) and isinstance(past, bool)):
        return None
    if version < 1 or start >= end:
        return None
    return Placed(entry=entry, version=version, start=start, end=end, past=past)


def _written(held: Mapping[str, object]) -> str:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def _read(value: object, channel: str, keys: set[str]) -> dict[str, Any] | None:
    """What a button's value holds under these very keys; None where it holds others, or is of another channel."""
    if not isinstance(value, str) or _length(value) > _LONGEST_VALUE:
        return None
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or held.keys() != keys or held["c"] != channel:
        return None
    return held


def _is_place(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and 0 <= given < _LARGEST


def _is_text(given: object) -> bool:
    """Whether it is a string that can be written down: JSON may spell halves of characters."""
    return isinstance(given, str) and not any("\ud800" <= one <= "\udfff" for one in given)


def _length(value: str) -> int:
    return len(value) + sum(one > "\uffff" for one in value)
