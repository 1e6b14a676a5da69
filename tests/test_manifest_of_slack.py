"""The Slack app's manifest: what it asks for is what the bot calls and is told, and no more."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from slack_sdk import WebClient

from bot.manifest import BOT_EVENTS, BOT_SCOPES, COMMAND, THREAD_EVENTS, THREAD_SCOPES, manifest
from retrieval.errors import UsageError
from tests.slack_scopes import Kind, needed_scope

BOT = Path(__file__).parents[1] / "bot"
URL = "https://stet.news.example/slack/events"

IN_CHANNELS: tuple[Kind, ...] = ("channels", "groups")
METHODS: dict[str, tuple[str, tuple[Kind, ...]]] = {
    "assistant_threads_setStatus": ("assistant.threads.setStatus", ("im",)),
    "assistant_threads_setSuggestedPrompts": ("assistant.threads.setSuggestedPrompts", ("im",)),
    "auth_test": ("auth.test", ("im",)),
    "apps_connections_open": ("apps.connections.open", ("im",)),
    "chat_delete": ("chat.delete", ("im",)),
    "chat_getPermalink": ("chat.getPermalink", ("im",)),
    "chat_postEphemeral": ("chat.postEphemeral", ("im",)),
    "chat_postMessage": ("chat.postMessage", ("im",)),
    "chat_update": ("chat.update", ("im",)),
    # in channels a reply is looked for only where the app may read them
    "conversations_history": ("conversations.history", ("im",)),
    "conversations_info": ("conversations.info", IN_CHANNELS),
    "conversations_open": ("conversations.open", ("im",)),
    "conversations_replies": ("conversations.replies", ("im",)),
    "files_delete": ("files.delete", ("im",)),
    "files_upload_v2": ("files.completeUploadExternal", ("im",)),
    "users_info": ("users.info", ("im",)),
    "views_open": ("views.open", ("im",)),
    "views_publish": ("views.publish", ("im",)),
    "views_push": ("views.push", ("im",)),
    "views_update": ("views.update", ("im",)),
}
"""Each method of the SDK's that the bot may call: Slack's name, and of which conversations it is called."""
EVENTS = {
    "app_home_opened": set[str](),
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
}
BESIDES = {
    "commands",  # the slash command and the shortcut
    "files:read",  # a document is fetched from its own address
    "im:write",  # a person who is called gets a direct message
}


def called() -> set[str]:
    """The Web API's methods that the bot calls, by the SDK's names."""
    methods = {name for name in vars(WebClient) if "_" in name and not name.startswith("_")}
    found = set()
    for path in BOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in methods:
                found.add(node.attr)
    return found


def needed(methods: set[str]) -> set[str]:
    found = {needed_scope(METHODS[one][0], kind) for one in methods for kind in METHODS[one][1]}
    return {one for one in found if one is not None}


def test_the_scopes_are_those_that_calls_and_events_need() -> None:
    methods = called()
    assert {"chat_postMessage", "views_publish", "assistant_threads_setSuggestedPrompts"} <= methods
    assert methods <= METHODS.keys()
    used = needed(methods) | {scope for event in BOT_EVENTS for scope in EVENTS[event]} | BESIDES
    assert set(BOT_SCOPES) == used
    assert set(THREAD_SCOPES) == {scope for event in THREAD_EVENTS for scope in EVENTS[event]}
    assert len(set(BOT_SCOPES)) == len(BOT_SCOPES)


def test_the_manifest_by_default() -> None:
    made = manifest()
    assert made["oauth_config"] == {"scopes": {"bot": sorted(BOT_SCOPES)}}
    assert made["settings"] == {
        "event_subscriptions": {"bot_events": ["app_home_opened", "app_mention", "message.im"]},
        "interactivity": {"is_enabled": True},
        "org_deploy_enabled": False,
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    }
    assert made["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }
    assert "agent_view" in made["features"]
    assert "assistant_view" not in made["features"]
    assert "url" not in made["features"]["slash_commands"][0]


def test_threads_read_channels_besides() -> None:
    made = manifest(threads=True)
    assert made["oauth_config"]["scopes"]["bot"] == sorted((*BOT_SCOPES, "channels:history", "groups:history"))
    assert made["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "app_mention",
        "message.channels",
        "message.groups",
        "message.im",
    ]
    assert {**made, "oauth_config": None, "settings": None} == {**manifest(), "oauth_config": None, "settings": None}


def test_with_an_address_slack_delivers_there_and_nowhere_else() -> None:
    made = manifest(request_url=URL)
    assert made["settings"]["socket_mode_enabled"] is False
    assert made["settings"]["event_subscriptions"]["request_url"] == URL
    assert made["settings"]["event_subscriptions"]["bot_events"] == sorted(BOT_EVENTS)
    assert made["settings"]["interactivity"] == {"is_enabled": True, "request_url": URL}
    [command] = made["features"]["slash_commands"]
    assert (command["command"], command["url"]) == (COMMAND, URL)
    assert (
        manifest(request_url="https://news.example:8443/a/b/slack/events")["settings"]["socket_mode_enabled"] is False
    )


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://stet.news.example/slack/events",
        "https://stet.news.example/",
        "https://stet.news.example/slack/events/",
        "https://stet.news.example/slack/events?team=1",
        "https://stet.news.example/slack/events#top",
        "https://user:word@stet.news.example/slack/events",
        "https:///slack/events",
        "https://stet.news.example/a b/slack/events",
        "https://stet.news.example/slack/events\n",
        f"https://{'a' * 1_000}.example/slack/events",
    ],
)
def test_an_address_that_slack_could_not_reach_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="is no request URL"):
        manifest(request_url=url)
