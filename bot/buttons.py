"""What a button hands back when it is pressed, and what to make of a value that anyone may have sent."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from bot import wording
from bot.replies import Button
from bot.requested import Wanted

ASK_PRIVATELY = "ask_privately"
CHECK_PRIVATELY = "check_privately"
SHARE_CHECK = "share_check"

_LONGEST_VALUE = 2_000
"""Characters that Slack takes, counted as its own clients do: one beyond U+FFFF is two."""
_LONGEST_NAME = 200
_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pressed:
    """A check that a button asks for anew; `thread` is the time of the message in whose thread it belongs."""

    wanted: Wanted
    thread: str | None


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


def _button(action: str, label: str, channel: str, thread: str | None, wanted: Wanted) -> Button | None:
    held = {"c": channel, "t": thread, "q": wanted.quote, "s": wanted.speaker}
    value = json.dumps(held, ensure_ascii=False, separators=(",", ":"))
    return None if pressed(value, channel) is None else Button(action=action, label=label, value=value)


def pressed(value: object, channel: str) -> Pressed | None:
    """What a button's value asks for; None where it is none of ours, or of another channel."""
    if not isinstance(value, str) or _length(value) > _LONGEST_VALUE:
        return None
    try:
        held = json.loads(value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or held.keys() != {"c", "t", "q", "s"} or held["c"] != channel:
        return None
    quote, speaker, thread = held["q"], held["s"], held["t"]
    if not _is_text(quote) or not (speaker is None or (_is_text(speaker) and 0 < len(speaker) <= _LONGEST_NAME)):
        return None
    if not (thread is None or (isinstance(thread, str) and _TS.fullmatch(thread))):
        return None
    return Pressed(wanted=Wanted(quote=quote, speaker=speaker), thread=thread)


def _is_text(given: object) -> bool:
    """Whether it is a string that can be written down: JSON may spell halves of characters."""
    return isinstance(given, str) and not any("\ud800" <= one <= "\udfff" for one in given)


def _length(value: str) -> int:
    return len(value) + sum(one > "\uffff" for one in value)
