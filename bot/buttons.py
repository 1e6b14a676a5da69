"""What a button hands back when it is pressed, and what to make of a value that anyone may have sent."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot import wording
from bot.followups import Wish
from bot.replies import Button
from bot.requested import Wanted
from retrieval.clock import microseconds
from retrieval.model import LONGEST_QUESTION, Passage
from retrieval.rows import moment

# What gets a reply of its own
ASK_PRIVATELY = "ask_privately"
CHECK_PRIVATELY = "check_privately"
SHARE_CHECK = "share_check"
SHOW_AROUND = "show_around"
SHOW_MORE = "show_more"
SHARE_ANSWER = "share_answer"
REPLYING = frozenset({ASK_PRIVATELY, CHECK_PRIVATELY, SHARE_CHECK, SHOW_AROUND, SHOW_MORE, SHARE_ANSWER})

# What opens a window, or is noted
SHOW_ENTRY = "show_entry"
VERIFY_WORDS = "verify_words"
CALL_PERSON = "call_person"
FEEDBACK = "feedback"

# What stands in a window, or under a question that was handed to a person
SHOW_REST = "show_rest"
WHO_QUOTED = "who_quoted"
ANSWER_CALL = "answer_call"
TAKE_CALL = "take_call"
RESOLVE_CALL = "resolve_call"

_LONGEST_VALUE = 2_000
"""Characters that Slack takes, counted as its own clients do: one beyond U+FFFF is two."""
_LONGEST_NAME = 200
_LARGEST = 2**53
_MOST_SHOWN = 60
"""Passages of one question that are shown, page by page."""
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


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question that was noted, and what its asker says of the answer (None: nothing yet)."""

    key: int
    good: bool | None = None


def more(channel: str, wish: Wish) -> Button | None:
    """The button that shows the passages after those shown; None where a button cannot hold the question."""
    return _wishing(SHOW_MORE, wording.MORE, channel, wish)


def share_answer(channel: str, wish: Wish) -> Button | None:
    """The button that answers again for all in a channel; None as above."""
    return _wishing(SHARE_ANSWER, wording.SHARE_HERE, channel, wish)


def call_person(channel: str, wish: Wish) -> Button | None:
    """The button that asks a person; None as above."""
    return _wishing(CALL_PERSON, wording.ASK_A_PERSON, channel, wish)


def verify_words(channel: str) -> Button:
    """The button that opens a window for a quotation."""
    return Button(action=VERIFY_WORDS, label=wording.VERIFY_A_QUOTATION, value=_written({"c": channel}))


def whole_entry(channel: str, passage: Passage, *, past: bool) -> Button | None:
    """The button that opens the whole entry of a passage; None where a button cannot hold its id."""
    return _placing(SHOW_ENTRY, wording.WHOLE_ENTRY, channel, passage, past)


def rest_of_entry(channel: str, rest: Passage, *, past: bool) -> Button | None:
    """The button that goes on with an entry, which `rest` is what is left of; None as above."""
    return _placing(SHOW_REST, wording.THE_REST, channel, rest, past)


def who_quoted(value: str) -> Button:
    """The button that lists the messages that show an entry; `value` is that of a button that stands for it."""
    return Button(action=WHO_QUOTED, label=wording.WHO_QUOTED, value=value)


def of_call(action: str, label: str, channel: str) -> Button:
    """A button under a question that was handed to a person; `channel` is where it was asked."""
    return Button(action=action, label=label, value=_written({"c": channel}))


def feedback(channel: str, key: int, *, good: bool) -> str:
    """What a feedback button hands back."""
    return _written({"c": channel, "a": key, "g": good})


def ask_privately(channel: str, wish: Wish) -> Button | None:
    """The button that asks a question again, for whoever presses it; None where a button cannot hold it."""
    return _wishing(ASK_PRIVATELY, wording.SHOW_ME, channel, wish)


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
    return _placing(SHOW_AROUND, wording.SHOW_AROUND, channel, passage, past)


def _placing(action: str, label: str, channel: str, passage: Passage, past: bool) -> Button | None:
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
    return None if placed(value, channel) is None else Button(action=action, label=label, value=value)


def _wishing(action: str, label: str, channel: str, wish: Wish) -> Button | None:
    ends = {name: None if one is None else microseconds(one) for name, one in (("s", wish.since), ("u", wish.until))}
    value = _written({"c": channel, "q": wish.text, **ends, "n": wish.shown})
    return None if wished(value, channel) is None else Button(action=action, label=label, value=value)


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


def wished(value: object, channel: str) -> Wish | None:
    """The question of a button's value; None where it is none of ours, or of another channel."""
    held = _read(value, channel, {"c", "q", "s", "u", "n"})
    if held is None or not _is_text(held["q"]) or not held["q"].strip() or len(held["q"]) > LONGEST_QUESTION:
        return None
    ends = held["s"], held["u"]
    if not all(one is None or _is_place(one) for one in ends) or not (
        _is_place(held["n"]) and held["n"] <= _MOST_SHOWN
    ):
        return None
    since, until = (None if one is None else moment(one) for one in ends)
    return Wish(text=held["q"], since=since, until=until, shown=held["n"])


def asked(value: object, channel: str) -> Asked | None:
    """The question of a feedback button's value; None as above."""
    held = _read(value, channel, {"c", "a", "g"})
    if held is None or not _is_place(held["a"]) or not isinstance(held["g"], bool):
        return None
    return Asked(key=held["a"], good=held["g"])


def here(value: object, channel: str) -> bool:
    """Whether a value that names nothing but its channel is of this one."""
    return _read(value, channel, {"c"}) is not None


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
