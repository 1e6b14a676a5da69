"""The Slack app's manifest: the scopes and events that are in use, and no others."""

from __future__ import annotations

from typing import Any

COMMAND = "/stet"
VERIFY = "verify_quotations"
BOT_EVENTS = ("app_mention", "message.im")
BOT_SCOPES = (
    "app_mentions:read",  # app_mention
    "channels:read",  # conversations.info: is a channel shared with another organisation?
    "chat:write",  # chat.postMessage
    "commands",  # /stet, and the shortcut on a message
    "files:read",  # a document in a direct message
    "files:write",  # the report on it
    "groups:read",  # conversations.info of private channels
    "im:history",  # message.im
    "users:read",  # users.info: is the asker a guest?
)


def manifest() -> dict[str, Any]:
    """What `apps.manifest.create` and Slack's own form take, as JSON."""
    return {
        "display_information": {
            "name": "Stet",
            "description": "Answers from our live blogs, word for word, with the time of each entry.",
            "background_color": "#1d3557",
        },
        "features": {
            "agent_view": {
                "agent_description": "Ask what our live blogs published, and get the words with their time."
            },
            "app_home": {
                "home_tab_enabled": False,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Stet", "always_online": True},
            "shortcuts": [
                {
                    "name": "Verify quotations",
                    "type": "message",
                    "callback_id": VERIFY,
                    "description": "Check each quotation of a message, word for word",
                }
            ],
            "slash_commands": [
                {
                    "command": COMMAND,
                    "description": "Ask what our live blogs published, or check a quotation",
                    "usage_hint": "What role did taxi drivers play? or check “the words”",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": list(BOT_SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(BOT_EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }
