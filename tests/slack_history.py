"""What stands in the conversations of the loopback Slack, and the methods that read it.

What people write is told here by the helpers that write it; what the app posted is in the journal. Nothing that
one person alone sees is ever in a history.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from tests.slack_payloads import OF_A_MESSAGE, Workspace
from tests.slack_records import Journal, Posted
from tests.slack_refused import RefusedError

__all__ = ["History"]

Json = dict[str, Any]

_KEPT: Final = (*OF_A_MESSAGE, "edited", "metadata", "app_id", "username")
_MOST: Final = 1000
_HISTORY_PAGE: Final = 100
_THREAD_PAGE: Final = 1000


class History:
    """Told by any thread, asked in the server's loop."""

    def __init__(self, journal: Journal, space: Workspace) -> None:
        self._journal, self._space = journal, space
        self._people: dict[tuple[str, str], Json] = {}

    def hear(self, event: Mapping[str, Any]) -> None:
        """Keep what an event says of a message: that it was written, edited or deleted."""
        channel, subtype = str(event.get("channel", "")), event.get("subtype")
        if event.get("type") not in ("message", "app_mention"):
            return
        with self._journal.changed:
            if subtype == "message_deleted":
                self._people.pop((channel, event["deleted_ts"]), None)
                return
            message = event["message"] if subtype == "message_changed" else event
            place = channel, str(message.get("ts", ""))
            if all(place) and self._journal.message(*place) is None:
                self._people[place] = {key: message[key] for key in _KEPT if key in message} | {"type": "message"}

    def message(self, channel: str, ts: str) -> Json | None:
        """What a person, or another app, wrote there, as it stands now."""
        with self._journal.changed:
            return self._people.get((channel, ts))

    def own(self, posted: Posted) -> Json:
        """A message of the app's as Slack's answers describe it."""
        message: Json = {
            "type": "message",
            "user": self._space.bot_user,
            "bot_id": self._space.bot,
            "app_id": self._space.app,
            "team": self._space.team,
            "ts": posted.ts,
            "text": posted.text,
            "blocks": list(posted.blocks),
        }
        message |= {"thread_ts": posted.thread_ts} if posted.thread_ts else {}
        return message | ({"metadata": dict(posted.metadata)} if posted.metadata else {})

    def replies(self, args: Mapping[str, Any]) -> Json:
        """`conversations.replies`: the parent, then what replies to it, oldest first.

        A later page has replies alone. Of a reply's own ts, Slack answers that reply and no other message.
        """
        messages = self._standing(args["channel"])
        head = [message for message in messages if message["ts"] == args.get("ts")]
        thread = [message for message in messages if _parent(message) == args.get("ts")]
        if not head:
            raise RefusedError("thread_not_found")
        begin = _cursor(args)
        within = [one for one in thread if begin is None or _moment(one) >= begin]
        wanted = (head if begin is None else []) + _in_range(within, args)
        return _page(wanted, args, _THREAD_PAGE)

    def history(self, args: Mapping[str, Any]) -> Json:
        """`conversations.history`: what does not stand in a thread, newest first."""
        top = [message for message in self._standing(args["channel"]) if _parent(message) is None]
        begin = _cursor(args)
        within = [one for one in top if begin is None or _moment(one) <= begin]
        return _page(_in_range(within, args)[::-1], args, _HISTORY_PAGE) | {"pin_count": 0}

    def permalink(self, args: Mapping[str, Any]) -> Json:
        """`chat.getPermalink`; that of a message in a thread names the thread."""
        channel, ts = args["channel"], args.get("message_ts", "")
        message = next((one for one in self._standing(channel) if one["ts"] == ts), None)
        if message is None:
            raise RefusedError("message_not_found")
        link = f"https://{self._space.domain}.slack.com/archives/{channel}/p{ts.replace('.', '')}"
        thread = message.get("thread_ts")
        return {"channel": channel, "permalink": link + (f"?thread_ts={thread}&cid={channel}" if thread else "")}

    def _standing(self, channel: str) -> list[Json]:
        """Every message there, oldest first; parents know their replies, replies their parents.

        Where a parent is gone and replies stand, Slack leaves a tombstone.
        """
        with self._journal.changed:
            theirs = [dict(message) for (place, _), message in self._people.items() if place == channel]
        ours = [self.own(posted) for posted in self._journal.messages_in(channel)]
        by_ts = {message["ts"]: message for message in theirs + ours}
        threads: dict[str, list[Json]] = {}
        for message in sorted(by_ts.values(), key=_moment):
            if (parent := _parent(message)) is not None:
                threads.setdefault(parent, []).append(message)
        for ts, thread in threads.items():
            parent_message = by_ts.setdefault(ts, _tombstone(ts))
            for reply in thread:
                reply["parent_user_id"] = parent_message["user"]
            users = list(dict.fromkeys(reply["user"] for reply in thread if "user" in reply))
            parent_message |= {
                "thread_ts": ts,
                "reply_count": len(thread),
                "reply_users": users,
                "reply_users_count": len(users),
                "latest_reply": thread[-1]["ts"],
            }
        return sorted(by_ts.values(), key=_moment)


def _parent(message: Mapping[str, Any]) -> str | None:
    """The ts of the message that this one replies to."""
    thread = message.get("thread_ts")
    return thread if thread and thread != message["ts"] else None


def _tombstone(ts: str) -> Json:
    return {
        "type": "message",
        "subtype": "tombstone",
        "hidden": True,
        "user": "USLACKBOT",
        "text": "This message was deleted.",
        "ts": ts,
    }


def _moment(message: Mapping[str, Any]) -> Decimal:
    return Decimal(message["ts"])


def _in_range(messages: Sequence[Json], args: Mapping[str, Any]) -> list[Json]:
    """Those after `oldest` and before `latest`, with `inclusive` those at them too."""
    oldest, latest, inclusive = _bound(args, "oldest"), _bound(args, "latest"), _truth(args.get("inclusive"))
    return [
        message
        for message in messages
        if (oldest is None or _moment(message) > oldest or (inclusive and _moment(message) == oldest))
        and (latest is None or _moment(message) < latest or (inclusive and _moment(message) == latest))
    ]


def _page(messages: Sequence[Json], args: Mapping[str, Any], usual: int) -> Json:
    """The first messages, as many as asked for, and the cursor of the next; metadata only where it is asked for."""
    limit = str(args.get("limit") or usual)
    if not limit.isdigit() or not 1 <= int(limit) <= _MOST:
        raise RefusedError("invalid_limit")
    shown, rest = messages[: int(limit)], messages[int(limit) :]
    hidden = set() if _truth(args.get("include_all_metadata")) else {"metadata"}
    page: Json = {
        "messages": [{key: value for key, value in one.items() if key not in hidden} for one in shown],
        "has_more": bool(rest),
    }
    if rest:
        cursor = base64.b64encode(f"next_ts:{rest[0]['ts']}".encode()).decode()
        page["response_metadata"] = {"next_cursor": cursor}
    return page


def _cursor(args: Mapping[str, Any]) -> Decimal | None:
    """The ts at which a page begins."""
    if not (cursor := args.get("cursor")):
        return None
    try:
        word, _, ts = base64.b64decode(cursor, validate=True).decode().partition(":")
        if word == "next_ts":
            return Decimal(ts)
    except (binascii.Error, UnicodeDecodeError, InvalidOperation):
        pass
    raise RefusedError("invalid_cursor")


def _bound(args: Mapping[str, Any], name: str) -> Decimal | None:
    value = args.get(name)
    if value in (None, ""):
        return None
    try:
        bound = Decimal(str(value))
    except InvalidOperation:
        raise RefusedError(f"invalid_ts_{name}") from None
    if not bound.is_finite():
        raise RefusedError(f"invalid_ts_{name}")
    return bound


def _truth(value: object) -> bool:
    """A flag as JSON or a form gives it."""
    return value in (True, 1, "1", "true", "True")
