"""What the loopback Slack lets a token do: the scope of each method, and what is said of a missing one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.slack_app import error_of, modal
from tests.slack_scopes import ALL_SCOPES
from tests.slack_server import LoopbackSlack

NEEDED: list[tuple[str, Callable[[WebClient], object]]] = [
    ("assistant:write", lambda c: c.assistant_threads_setStatus(channel_id="D1", thread_ts="1.0", status="x")),
    ("channels:history", lambda c: c.conversations_history(channel="C1")),
    ("channels:history", lambda c: c.conversations_replies(channel="C1", ts="1.0")),
    ("channels:read", lambda c: c.conversations_info(channel="C1")),
    ("chat:write", lambda c: c.chat_postMessage(channel="C1", text="x")),
    ("chat:write", lambda c: c.chat_postEphemeral(channel="C1", user="U1", text="x")),
    ("chat:write", lambda c: c.chat_update(channel="C1", ts="1.0", text="x")),
    ("chat:write", lambda c: c.chat_delete(channel="C1", ts="1.0")),
    ("files:write", lambda c: c.files_getUploadURLExternal(filename="a.txt", length=1)),
    ("groups:history", lambda c: c.conversations_history(channel="G1")),
    ("groups:history", lambda c: c.conversations_history(channel="CPRIVATE")),
    ("groups:read", lambda c: c.conversations_info(channel="G1")),
    ("im:history", lambda c: c.conversations_history(channel="D1")),
    ("im:read", lambda c: c.conversations_info(channel="D1")),
    ("im:write", lambda c: c.conversations_open(users="U1")),
    ("reactions:write", lambda c: c.reactions_add(channel="C1", timestamp="1.0", name="eyes")),
    ("usergroups:read", lambda c: c.usergroups_users_list(usergroup="S1")),
    ("usergroups:read", lambda c: c.usergroups_list()),
    ("users:read", lambda c: c.users_info(user="U1")),
]


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def refusal(call: Callable[[], object]) -> object:
    """Slack's word for what it refuses, None for what it does."""
    try:
        call()
    except SlackApiError as refused:
        return refused.response["error"]
    return None


@pytest.mark.parametrize(("scope", "call"), NEEDED)
def test_a_method_needs_its_scope(
    slack: LoopbackSlack, client: WebClient, scope: str, call: Callable[[WebClient], object]
) -> None:
    slack.channels["CPRIVATE"] = {"is_private": True}
    slack.scopes = frozenset({"commands", "app_mentions:read"})
    assert error_of(lambda: call(client)) == {
        "ok": False,
        "error": "missing_scope",
        "needed": scope,
        "provided": "app_mentions:read,commands",
    }
    assert slack.posts == []
    slack.scopes = frozenset({scope})
    assert refusal(lambda: call(client)) != "missing_scope"


def test_what_needs_no_scope(slack: LoopbackSlack, client: WebClient) -> None:
    slack.scopes = frozenset()
    asked = slack.channel_message("when?", "U1", "C1")
    assert client.auth_test()["user_id"] == "U0STET"
    assert client.chat_getPermalink(channel="C1", message_ts=asked.ts)["ok"] is True
    opened = client.views_open(trigger_id=slack.slash("", "U1", "C1").trigger_id, view=modal())
    client.views_update(view_id=opened["view"]["id"], view=modal())
    client.views_publish(user_id="U1", view={"type": "home", "blocks": []})
    assert client.apps_connections_open(app_token=slack.app_token)["ok"] is True


def test_a_wrong_token_is_told_before_a_missing_scope(slack: LoopbackSlack) -> None:
    slack.scopes = frozenset()
    wrong = WebClient(token="xoxb-wrong", base_url=slack.api_url)
    assert error_of(lambda: wrong.users_info(user="U1"))["error"] == "invalid_auth"


def test_a_file_is_opened_with_its_scope_alone(slack: LoopbackSlack) -> None:
    held = slack.host_file("draft.txt", b"words", user="U1")["url_private_download"]
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    slack.scopes = frozenset({"files:write"})
    assert httpx.get(held, headers=headers).status_code == 302
    slack.scopes = frozenset({"files:read"})
    assert httpx.get(held, headers=headers).content == b"words"


def test_every_answer_names_the_scopes() -> None:
    with LoopbackSlack(scopes=frozenset({"users:read", "chat:write"})) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)

        def named() -> object:
            return client.auth_test().headers["x-oauth-scopes"]

        assert named() == "chat:write,users:read"
        slack.fail("auth.test", status=500)
        assert httpx.post(f"{slack.api_url}auth.test").headers["x-oauth-scopes"] == "chat:write,users:read"
        slack.scopes = None
        assert named() == ",".join(sorted(ALL_SCOPES))
    assert {scope for scope, _ in NEEDED} | {"files:read"} == ALL_SCOPES


def test_the_members_of_a_group(slack: LoopbackSlack, client: WebClient) -> None:
    slack.usergroups["SDESK"] = ["U1", "U2"]
    assert client.usergroups_users_list(usergroup="SDESK")["users"] == ["U1", "U2"]
    assert [group["id"] for group in client.usergroups_list()["usergroups"]] == ["SDESK"]
    unknown = error_of(lambda: client.usergroups_users_list(usergroup="S9"))
    assert unknown["error"] == "no_such_subteam"
