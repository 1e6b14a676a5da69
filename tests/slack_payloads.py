"""Payloads as Slack sends them, built from what a person did. Pure functions; nothing here talks or waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

OF_A_MESSAGE = (
    "type",
    "subtype",
    "client_msg_id",
    "user",
    "bot_id",
    "ts",
    "thread_ts",
    "text",
    "team",
    "blocks",
    "attachments",
    "files",
)
"""What a message has wherever Slack tells of it: in an event, in a shortcut, in a history."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """Who is who: the ids that Slack puts into every payload."""

    team: str = "T0NEWSROOM"
    domain: str = "newsroom"
    app: str = "A0STET"
    bot_user: str = "U0STET"
    bot: str = "B0STET"
    bot_name: str = "stet"


def escape(text: str) -> str:
    """Text as Slack hands it to an app: `&`, `<` and `>` are escaped, and nothing else is."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def dm_channel(user: str) -> str:
    """The id of the direct-message channel with a user."""
    return f"D{user[1:]}"


def channel_info(channel: str, team: str) -> Json:
    """What `conversations.info` says of a channel by the first letter of its id: C, G (private) or D."""
    info: Json = {
        "id": channel,
        "context_team_id": team,
        "is_channel": channel.startswith("C"),
        "is_group": channel.startswith("G"),
        "is_im": channel.startswith("D"),
        "is_mpim": False,
        "is_private": not channel.startswith("C"),
        "is_archived": False,
        "is_shared": False,
        "is_ext_shared": False,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
    }
    if channel.startswith("D"):
        return info | {"user": f"U{channel[1:]}"}
    return info | {"name": f"channel-{channel.lower()}", "is_member": True}


def user_info(user: str, team: str) -> Json:
    """What `users.info` says of a full member."""
    name = f"user-{user.lower()}"
    return {
        "id": user,
        "team_id": team,
        "name": name,
        "real_name": name,
        "deleted": False,
        "tz": "Europe/London",
        "tz_offset": 0,
        "is_admin": False,
        "is_owner": False,
        "is_bot": False,
        "is_restricted": False,
        "is_ultra_restricted": False,
        "is_stranger": False,
        "profile": {"real_name": name, "display_name": name, "team": team},
    }


def channel_type(channel: str) -> str:
    return {"D": "im", "G": "group"}.get(channel[0], "channel")


def channel_name(channel: str) -> str:
    """What an interactive payload calls a channel."""
    return {"D": "directmessage", "G": "privategroup"}.get(channel[0], f"channel-{channel.lower()}")


def message(
    space: Workspace,
    text: str,
    *,
    user: str,
    channel: str,
    ts: str,
    thread_ts: str | None,
    blocks: list[Json] | None,
) -> Json:
    """A `message` event of a person's; `text` is escaped already."""
    event: Json = {
        "type": "message",
        "user": user,
        "ts": ts,
        "client_msg_id": f"00000000-0000-4000-8000-{ts.replace('.', '')[-12:]}",
        "text": text,
        "team": space.team,
        "channel": channel,
        "event_ts": ts,
        "channel_type": channel_type(channel),
    }
    if blocks is not None:
        event["blocks"] = blocks
    return event | ({"thread_ts": thread_ts} if thread_ts else {})


def app_mention(event: Mapping[str, Any]) -> Json:
    """The mention that goes with a message: the same but for its type, and without a channel type."""
    return {key: value for key, value in event.items() if key != "channel_type"} | {"type": "app_mention"}


def bot_message(text: str, *, channel: str, ts: str, bot: str, bot_user: str, thread_ts: str | None) -> Json:
    """A `message` event of an app's: it has a `bot_id`, and a `user` as well."""
    event: Json = {
        "type": "message",
        "user": bot_user,
        "bot_id": bot,
        "ts": ts,
        "text": text,
        "channel": channel,
        "event_ts": ts,
        "channel_type": channel_type(channel),
    }
    return event | ({"thread_ts": thread_ts} if thread_ts else {})


def message_changed(original: Mapping[str, Any], text: str, *, ts: str, blocks: list[Json] | None = None) -> Json:
    """The event of an edit: hidden, with the message as it is now and as it was; `blocks` None: as they were."""
    before = {key: value for key, value in original.items() if key not in ("channel", "channel_type", "event_ts")}
    before["type"] = "message"
    changed = {} if blocks is None else {"blocks": blocks}
    return {
        "type": "message",
        "subtype": "message_changed",
        "hidden": True,
        "channel": original["channel"],
        "channel_type": channel_type(original["channel"]),
        "ts": ts,
        "event_ts": ts,
        "message": before | {"text": text, "edited": {"user": original["user"], "ts": ts}} | changed,
        "previous_message": before,
    }


def message_deleted(message: Mapping[str, Any], channel: str, *, ts: str) -> Json:
    """The event of a deletion: hidden, with the message as it was."""
    before = {key: value for key, value in message.items() if key not in ("channel", "channel_type", "event_ts")}
    return {
        "type": "message",
        "subtype": "message_deleted",
        "hidden": True,
        "channel": channel,
        "channel_type": channel_type(channel),
        "ts": ts,
        "event_ts": ts,
        "deleted_ts": before["ts"],
        "previous_message": before | {"type": "message"},
    }


def event_callback(space: Workspace, event: Mapping[str, Any], *, event_id: str, at: int, ext_shared: bool) -> Json:
    """The wrapper of an Events API payload. A retry and a duplicate have the same `event_id`."""
    return {
        "token": "legacy-verification-token",
        "team_id": space.team,
        "context_team_id": space.team,
        "context_enterprise_id": None,
        "api_app_id": space.app,
        "event": dict(event),
        "type": "event_callback",
        "event_id": event_id,
        "event_time": at,
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": space.team,
                "user_id": space.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": ext_shared,
        "event_context": f"4-{event_id}",
    }


def slash_command(
    space: Workspace, command: str, text: str, *, user: str, channel: str, response_url: str, trigger_id: str
) -> Json:
    """Every value is a string, as in the form that Slack posts to an app without Socket Mode."""
    return {
        "token": "legacy-verification-token",
        "team_id": space.team,
        "team_domain": space.domain,
        "channel_id": channel,
        "channel_name": "directmessage" if channel.startswith("D") else f"channel-{channel.lower()}",
        "user_id": user,
        "user_name": f"user-{user.lower()}",
        "command": command,
        "text": text,
        "api_app_id": space.app,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def interactive(space: Workspace, kind: str, *, user: str, trigger_id: str, **more: object) -> Json:
    """What all interactive payloads share, and what `more` adds to it."""
    return {
        "type": kind,
        "team": {"id": space.team, "domain": space.domain},
        "user": {"id": user, "username": f"user-{user.lower()}", "team_id": space.team},
        "api_app_id": space.app,
        "token": "legacy-verification-token",
        "trigger_id": trigger_id,
        "enterprise": None,
        "is_enterprise_install": False,
        **more,
    }
