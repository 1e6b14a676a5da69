"""The Slack app's manifest: the scopes and events that are in use, and no others."""

from __future__ import annotations

import re
from typing import Any

from retrieval.errors import UsageError

COMMAND = "/stet"
VERIFY = "verify_quotations"
BOT_EVENTS = ("app_home_opened", "app_mention", "message.im")
BOT_SCOPES = (
    "app_mentions:read",  # app_mention
    "assistant:write",  # the status and the prompts in the Messages tab
    "channels:read",  # conversations.info: is a channel shared with another organisation?
    "chat:write",  # chat.postMessage
    "commands",  # /stet, and the shortcut on a message
    "files:read",  # a document in a direct message
    "files:write",  # the report on it
    "groups:read",  # conversations.info of private channels
    "im:history",  # message.im
    "im:write",  # conversations.open: a person is asked
    "users:read",  # users.info: is the asker a guest?
)
THREAD_EVENTS = ("message.channels", "message.groups")
"""What is read besides where threads are followed without a mention: every message of a channel that it is in."""
THREAD_SCOPES = ("channels:history", "groups:history")

_REQUEST_URL = re.compile(r"https://[^\s/?#@\\]+(?:/[^\s/?#\\]+)*/slack/events")
_LONGEST_URL = 1_000


def manifest(threads: bool = False, request_url: str | None = None) -> dict[str, Any]:
    """What `apps.manifest.create` and Slack's own form take, as JSON. `threads`: follow-ups in threads need no
    mention, where a channel is set so; `request_url`: Slack delivers there over HTTP, not by Socket Mode.

    Raises UsageError where the address is none that Slack and `stet serve` can agree on."""
    delivered_to = {} if request_url is None else {"request_url": _checked(request_url)}
    command_at = {} if request_url is None else {"url": request_url}
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
                "home_tab_enabled": True,
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
                    **command_at,
                    "description": "Ask what our live blogs published, or check a quotation",
                    "usage_hint": "What role did taxi drivers play? or check “the words”",
                    "should_escape": False,
                }
            ],
        },
        "oauth_config": {"scopes": {"bot": sorted((*BOT_SCOPES, *(THREAD_SCOPES if threads else ())))}},
        "settings": {
            "event_subscriptions": {
                **delivered_to,
                "bot_events": sorted((*BOT_EVENTS, *(THREAD_EVENTS if threads else ()))),
            },
            "interactivity": {"is_enabled": True, **delivered_to},
            "org_deploy_enabled": False,
            "socket_mode_enabled": request_url is None,
            "token_rotation_enabled": False,
        },
    }


def _checked(url: str) -> str:
    if len(url) > _LONGEST_URL or not _REQUEST_URL.fullmatch(url):
        raise UsageError(
            f"{url[:200]!r} is no request URL",
            "give the public address, such as https://stet.news.example/slack/events: https, no query",
        )
    return url
