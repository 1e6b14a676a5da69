"""What Slack says of a button that was pressed and of a window that was submitted, read from a delivery's body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[A-Z][A-Z0-9]{1,30}", re.ASCII)
_TS = re.compile(r"\d{1,12}\.\d{1,6}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Press:
    """A button, under a message or in a window. `channel` is None in a window, `view` under a message; `message` is
    the time of the message, None of one that its reader alone sees, and `thread` that of the thread it stands in."""

    user: str
    value: str
    trigger: str
    channel: str | None = None
    response_url: str = ""
    message: str | None = None
    thread: str | None = None
    view: str | None = None
    metadata: str = ""

    @property
    def reply_thread(self) -> str | None:
        """The thread in which everybody who saw the message sees a reply to it; None where there is none."""
        if self.message is None or self.channel is None or self.channel.startswith("D"):
            return self.thread if self.message is not None else None
        return self.thread or self.message


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """A window that was sent off, with what was typed and chosen in it."""

    user: str
    view: str
    metadata: str
    values: Mapping[str, Any]

    def typed(self, block: str) -> str:
        """What was typed in the one input of a block."""
        return _string(_element(self.values, block).get("value"))

    def chosen(self, block: str) -> str | None:
        """The value of the option that was chosen in the one input of a block."""
        option = _mapping(_element(self.values, block).get("selected_option"))
        return option.get("value") if isinstance(option.get("value"), str) else None


def pressed(body: Mapping[str, Any]) -> Press | None:
    """A pressed button; None where the body is none that Slack sends."""
    user, channel = _id(_mapping(body.get("user")).get("id")), _id(_mapping(body.get("channel")).get("id"))
    view, actions = _mapping(body.get("view")), body.get("actions")
    if user is None or not isinstance(actions, list) or not actions or not isinstance(actions[0], Mapping):
        return None
    view_id = _string(view.get("id")) or None
    if (channel is None) == (view_id is None):
        return None
    container, message = _mapping(body.get("container")), _mapping(body.get("message"))
    return Press(
        user=user,
        value=_string(actions[0].get("value")),
        trigger=_string(body.get("trigger_id")),
        channel=channel,
        response_url=_string(body.get("response_url")),
        message=None if container.get("is_ephemeral") else _ts(message.get("ts")),
        thread=_ts(message.get("thread_ts")) or _ts(container.get("thread_ts")),
        view=view_id,
        metadata=_string(view.get("private_metadata")),
    )


def submitted(body: Mapping[str, Any]) -> Submission | None:
    """A submitted window; None where the body is none that Slack sends."""
    user, view = _id(_mapping(body.get("user")).get("id")), _mapping(body.get("view"))
    if user is None or not _string(view.get("id")):
        return None
    return Submission(
        user=user,
        view=_string(view.get("id")),
        metadata=_string(view.get("private_metadata")),
        values=_mapping(_mapping(view.get("state")).get("values")),
    )


def _element(values: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    return _mapping(_mapping(values.get(block)).get(block))


def _mapping(given: object) -> Mapping[str, Any]:
    return given if isinstance(given, Mapping) else {}


def _string(given: object) -> str:
    return given if isinstance(given, str) else ""


def _id(given: object) -> str | None:
    return given if isinstance(given, str) and _ID.fullmatch(given) else None


def _ts(given: object) -> str | None:
    return given if isinstance(given, str) and _TS.fullmatch(given) else None
