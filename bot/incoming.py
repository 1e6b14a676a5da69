"""What comes in from Slack and wants a reply, as one type: read from a delivery's body, and kept as JSON until it has
its reply, so that a restart can go on from there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeGuard

from bot.buttons import REPLYING

_STILL_QUESTIONS = (None, "file_share", "thread_broadcast")
_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)
_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}", re.ASCII)
_LONGEST = 100_000
"""Characters of a delivery that are kept; Slack sends messages of up to 40,000."""


class Way(StrEnum):
    """How somebody asks."""

    MENTION = "mention"
    DIRECT = "direct"
    THREAD = "thread"  # in a thread of ours, without a mention
    COMMAND = "command"
    SHORTCUT = "shortcut"
    BUTTON = "button"


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """One delivery. `key` names it however often it comes; `ts` is the time of the message that asks, and `thread` of
    the one in whose thread it stands; `origin` the key of the question that was edited into this one; `message` and
    `message_thread` those of the message whose button was pressed; `at` when it was sent, seconds since 1970."""

    key: str
    way: Way
    user: str | None
    channel: str
    at: float
    text: str = ""
    ts: str | None = None
    thread: str | None = None
    origin: str | None = None
    blocks: list[Any] = field(default_factory=list)
    attachments: list[Any] = field(default_factory=list)
    files: list[Any] = field(default_factory=list)
    response_url: str | None = None
    action: str | None = None
    value: str | None = None
    message: str | None = None
    message_thread: str | None = None

    @property
    def direct(self) -> bool:
        return self.channel.startswith("D")

    @property
    def sent_at(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    @property
    def reply_thread(self) -> str | None:
        """The thread in which a reply stands: the message's own; in a direct message, only one that is there."""
        return self.thread or (None if self.direct else self.ts)

    def to_json(self) -> str:
        """As it is kept: in ASCII, as blocks may hold halves of characters, which no database takes."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, kept: str) -> Incoming:
        """From what was kept. Raises ValueError, TypeError where it is of another Stet."""
        held = json.loads(kept)
        return cls(**{**held, "way": Way(held["way"])})


def read(body: Mapping[str, Any], bot_user: str | None, now: float) -> Incoming | None:
    """What a delivery's body asks for; None where it asks for no reply, or is none that Slack sends.

    A mention comes as `app_mention` and, where channels are read, as `message` too: channel and time are theirs in
    common. Whether a plain message in a thread is for us hangs on the channel."""
    event = body.get("event")
    if isinstance(event, Mapping):
        return _of_event(event, bot_user)
    if isinstance(body.get("command"), str):
        return _of_command(body, now)
    if body.get("type") == "message_action":
        return _of_shortcut(body, now)
    if body.get("type") == "block_actions":
        return _of_button(body, now)
    return None


# ------------------------------------------------------------------------------------------------ events


def _of_event(event: Mapping[str, Any], bot_user: str | None) -> Incoming | None:
    if event.get("type") not in ("app_mention", "message"):
        return None
    if event.get("subtype") == "message_changed":
        return _of_edit(event, bot_user)
    edited = event.get("edited")
    if event.get("type") == "app_mention" and isinstance(edited, Mapping):
        return _of_message(event, event.get("channel"), bot_user, edited=_string(edited.get("ts")))
    return _of_message(event, event.get("channel"), bot_user)


def _of_edit(event: Mapping[str, Any], bot_user: str | None) -> Incoming | None:
    """An edited message, where its words changed: Slack tells of unfolded links as an edit, too."""
    message, before = event.get("message"), event.get("previous_message")
    if not isinstance(message, Mapping) or not isinstance(before, Mapping):
        return None
    edited = message.get("edited")
    if message.get("text") == before.get("text") or not isinstance(edited, Mapping):
        return None
    return _of_message(message, event.get("channel"), bot_user, edited=_string(edited.get("ts")))


def _of_message(
    message: Mapping[str, Any], channel: object, bot_user: str | None, edited: str | None = None
) -> Incoming | None:
    user, ts, thread = message.get("user"), message.get("ts"), message.get("thread_ts")
    if not (_is_id(channel) and _is_id(user) and _is_ts(ts) and (thread is None or _is_ts(thread))):
        return None
    if user == bot_user or message.get("bot_id") or message.get("subtype") not in _STILL_QUESTIONS:
        return None
    text, direct = _string(message.get("text")), channel.startswith("D")
    mentioned = message.get("type") == "app_mention" or (bot_user is not None and f"<@{bot_user}>" in text)
    if not (mentioned or direct or thread is not None):
        return None
    origin = f"message {channel} {ts}"
    return Incoming(
        key=origin if edited is None else f"edit {channel} {ts} {edited}",
        way=Way.DIRECT if direct else Way.MENTION if mentioned else Way.THREAD,
        user=user,
        channel=channel,
        at=float(edited) if _is_ts(edited) else float(ts),
        text=text[:_LONGEST],
        ts=ts,
        thread=thread,
        origin=None if edited is None else origin,
        blocks=_list(message.get("blocks")),
        files=_list(message.get("files")),
    )


# ------------------------------------------------------------------------------------------------ commands, buttons


def _of_command(body: Mapping[str, Any], now: float) -> Incoming | None:
    channel, user = body.get("channel_id"), body.get("user_id")
    if not (_is_id(channel) and _is_id(user)):
        return None
    return Incoming(
        key=f"trigger {_string(body.get('trigger_id'))}",
        way=Way.COMMAND,
        user=user,
        channel=channel,
        at=now,
        text=_string(body.get("text"))[:_LONGEST],
        response_url=_string(body.get("response_url")),
    )


def _of_shortcut(body: Mapping[str, Any], now: float) -> Incoming | None:
    channel, user, message = _id_of(body.get("channel")), _id_of(body.get("user")), body.get("message")
    if not (_is_id(channel) and _is_id(user) and isinstance(message, Mapping)):
        return None
    at = message.get("thread_ts") or body.get("message_ts") or message.get("ts")
    return Incoming(
        key=f"trigger {_string(body.get('trigger_id'))}",
        way=Way.SHORTCUT,
        user=user,
        channel=channel,
        at=now,
        text=_string(message.get("text"))[:_LONGEST],
        thread=at if _is_ts(at) else None,
        blocks=_list(message.get("blocks")),
        attachments=_list(message.get("attachments")),
        response_url=_string(body.get("response_url")),
        action=_string(body.get("callback_id")),
    )


def _of_button(body: Mapping[str, Any], now: float) -> Incoming | None:
    channel, user = _id_of(body.get("channel")), _id_of(body.get("user"))
    actions, message = _list(body.get("actions")), body.get("message")
    if not (_is_id(channel) and _is_id(user) and actions and isinstance(actions[0], Mapping)):
        return None
    action = actions[0].get("action_id")
    if not isinstance(action, str) or action not in REPLYING:
        return None
    standing = message if isinstance(message, Mapping) else {}  # of an ephemeral one Slack hands back nothing
    container = body.get("container")
    held = container if isinstance(container, Mapping) else {}
    ts, thread = standing.get("ts"), standing.get("thread_ts") or held.get("thread_ts")
    return Incoming(
        key=f"trigger {_string(body.get('trigger_id'))}",
        way=Way.BUTTON,
        user=user,
        channel=channel,
        at=now,
        response_url=_string(body.get("response_url")),
        action=action,
        value=_string(actions[0].get("value"))[:_LONGEST],
        message=ts if _is_ts(ts) else None,
        message_thread=thread if _is_ts(thread) else None,
    )


def _id_of(given: object) -> object:
    return given.get("id") if isinstance(given, Mapping) else None


def _is_id(given: object) -> TypeGuard[str]:
    return isinstance(given, str) and _ID.fullmatch(given) is not None


def _is_ts(given: object) -> TypeGuard[str]:
    return isinstance(given, str) and _TS.fullmatch(given) is not None


def _string(given: object) -> str:
    """A string that can be written down: JSON may spell halves of characters."""
    return given.encode(errors="replace").decode() if isinstance(given, str) else ""


def _list(given: object) -> list[Any]:
    return given if isinstance(given, list) else []
