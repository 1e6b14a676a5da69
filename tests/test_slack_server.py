"""The loopback Slack, driven through the real slack_bolt and slack_sdk."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import connect

from tests.slack_app import Json, echo, modal, plain, told
from tests.slack_server import LoopbackSlack


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def test_a_mention_is_acknowledged_and_answered(slack: LoopbackSlack, client: WebClient) -> None:
    with slack.connected(echo(client)):
        sent = slack.mention("Q&A: is <b> ok?", "U1", "C1")
        delivery = sent.wait_acked()
        [posted] = slack.wait_for_posts(1)
    assert posted.text == "<@U0STET> Q&amp;A: is &lt;b&gt; ok?"
    assert (posted.channel, posted.thread_ts, posted.via, posted.user) == ("C1", sent.ts, "api", None)
    assert (delivery.kind, delivery.attempts, delivery.missed) == ("events_api", 1, False)
    assert delivery.acked_after is not None
    assert 0 < delivery.acked_after < 1.0
    assert slack.deliveries == [sent.wait_finished()]
    assert slack.connections_made == 1
    assert [call.error for call in slack.calls] == [None] * len(slack.calls)
    slack.assert_clean()


def test_a_mention_comes_as_a_message_too(slack: LoopbackSlack, client: WebClient) -> None:
    seen: list[Json] = []
    app = App(client=client)
    app.event("app_mention")(lambda body: seen.append(body))
    app.event("message")(lambda body: seen.append(body))
    with slack.connected(app):
        sent = slack.mention("when?", "U1", "C1", thread_ts="1.000001", also_message=True)
        sent.wait_acked()
        slack.wait_until(lambda: len(seen) == 2)
    by_type = {body["event"]["type"]: body for body in seen}
    assert by_type.keys() == {"app_mention", "message"}
    mention, message = by_type["app_mention"], by_type["message"]
    assert mention["event_id"] != message["event_id"]
    for name in ("channel", "ts", "text", "user", "thread_ts"):
        assert mention["event"][name] == message["event"][name]
    assert message["event"]["channel_type"] == "channel"
    assert sent.twin is not None
    assert (sent.event_id, sent.twin.event_id) == (mention["event_id"], message["event_id"])
    assert mention["authorizations"][0]["user_id"] == client.auth_test()["user_id"]


def test_an_event_without_an_ack_in_time_comes_again(client: WebClient) -> None:
    headers: list[tuple[str, str]] = []
    with LoopbackSlack(ack_timeout=0.2, retry_delays=(0.0, 0.1)) as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))

        @app.middleware
        def late(req: Any, next: Callable[[], None]) -> None:  # noqa: A002
            headers.append((req.headers["x-slack-retry-num"][0], req.headers["x-slack-retry-reason"][0]))
            if len(headers) == 1:
                time.sleep(0.5)
            next()

        app.event("app_mention")(lambda: None)
        with slack.connected(app):
            delivery = slack.mention("when?", "U1", "C1").wait_finished()
            slack.wait_until(lambda: slack.deliveries[0].latencies[0] is not None)
            [delivery_with_late_ack] = slack.missed_acks
    assert headers == [("0", ""), ("1", "timeout")]
    assert delivery.attempts == 2
    assert len(set(delivery.envelope_ids)) == 2
    assert delivery.acked_after == delivery.latencies[1]
    assert delivery_with_late_ack.latencies[0] == pytest.approx(0.5, abs=0.15)


def test_an_event_that_no_listener_takes_is_never_acknowledged(client: WebClient) -> None:
    with LoopbackSlack(ack_timeout=0.1, retry_delays=(0.0, 0.05, 0.05)) as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
        with slack.connected(app):
            delivery = slack.mention("when?", "U1", "C1").wait_finished()
    assert (delivery.attempts, delivery.acked_after, delivery.missed) == (4, None, True)


def test_a_command_is_not_sent_again() -> None:
    with LoopbackSlack(ack_timeout=0.1, retry_delays=(0.0,)) as slack:
        delivery = slack.slash("when?", "U1", "C1").wait_finished()
    assert (delivery.attempts, delivery.acked_after) == (1, None)


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "too_many_websockets", "link_disabled"])
def test_after_a_disconnect_the_client_comes_back(slack: LoopbackSlack, client: WebClient, reason: Any) -> None:
    with slack.connected(echo(client)):
        slack.disconnect(reason)
        sent = slack.direct_message("still there?", "U1")
        sent.wait_acked()
        [posted] = slack.wait_for_posts(1)
        assert slack.connections == 1
    assert (posted.channel, posted.text) == ("D1", "still there?")
    assert slack.connections_made == 2


@pytest.mark.parametrize("reset", [True, False])
def test_after_a_cut_the_client_comes_back(slack: LoopbackSlack, client: WebClient, reset: bool) -> None:
    with slack.connected(echo(client), ping_interval=0.2):
        slack.drop_connection(reset=reset)
        slack.wait_until(lambda: slack.connections_made == 2)
        slack.direct_message("still there?", "U1").wait_acked()
        assert [posted.text for posted in slack.wait_for_posts(1)] == ["still there?"]


def test_any_connection_gets_a_payload(slack: LoopbackSlack, client: WebClient) -> None:
    counts = {"one": 0, "two": 0}

    def counting(name: str) -> App:
        app = App(client=client)

        @app.event("app_mention")
        def count() -> None:
            counts[name] += 1

        return app

    with slack.connected(counting("one")), slack.connected(counting("two")):
        assert slack.connections == 2
        for sent in [slack.mention("when?", "U1", "C1") for _ in range(4)]:
            sent.wait_acked()
        slack.wait_until(lambda: counts == {"one": 2, "two": 2})


def test_what_a_socket_is_told() -> None:
    with LoopbackSlack(max_connections=1) as slack:
        client = WebClient(base_url=slack.api_url)

        def ticket() -> str:
            return str(client.apps_connections_open(app_token=slack.app_token)["url"])

        first = ticket()
        with connect(first) as one:
            assert told(one) == {
                "type": "hello",
                "num_connections": 1,
                "debug_info": {"host": "loopback", "build_number": 1, "approximate_connection_time": 18060},
                "connection_info": {"app_id": "A0STET"},
            }
            with connect(ticket()) as another:
                assert told(another)["reason"] == "too_many_websockets"
            with pytest.raises(InvalidStatus, match="403"):
                connect(first)  # a ticket is good once
            sent = slack.slash("when?", "U1", "C1")
            envelope = told(one)
            assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
            assert "retry_attempt" not in envelope
            assert envelope["payload"] == sent.payload
            one.send(json.dumps({"envelope_id": "another's"}))
            one.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "found"}}))
            assert sent.wait_acked().response == {"text": "found"}
            slack.disconnect("link_disabled")
            assert told(one) == {
                "type": "disconnect",
                "reason": "link_disabled",
                "debug_info": {"host": "loopback"},
            }
            with pytest.raises(ConnectionClosedOK):
                one.recv(timeout=5)
        slack.wait_until(lambda: slack.connections == 0)
        assert slack.connections_made == 1
        with pytest.raises(LookupError):
            slack.disconnect()


def test_a_duplicate_has_the_same_event_id(slack: LoopbackSlack, client: WebClient) -> None:
    seen: list[tuple[str, str]] = []
    app = App(client=client)
    app.event("app_mention")(lambda body, req: seen.append((body["event_id"], req.headers["x-slack-retry-num"][0])))
    with slack.connected(app):
        sent = slack.mention("when?", "U1", "C1")
        sent.wait_acked()
        again = slack.redeliver(sent, retry_attempt=1)
        again.wait_acked()
        slack.wait_until(lambda: len(seen) == 2)
    assert seen == [(sent.event_id, "0"), (sent.event_id, "1")]
    assert again.delivery.envelope_id != sent.delivery.envelope_id


# -- what people do -----------------------------------------------------------------------------------------


def test_bot_messages_edits_and_the_messages_tab(slack: LoopbackSlack, client: WebClient) -> None:
    seen: list[Json] = []
    app = App(client=client)
    app.event("message")(lambda event: seen.append(event))
    app.event("app_home_opened")(lambda event: seen.append(event))
    with slack.connected(app):
        written = slack.channel_message("first", "U1", "C1")
        written.wait_acked()
        slack.edited_message(written, "a < b").wait_acked()
        slack.message_from_bot("beep", "C1").wait_acked()
        slack.message_from_bot("myself", "C1", own=True)  # Bolt ignores it, and acknowledges it
        slack.home_opened("U1").wait_acked()
        slack.wait_until(lambda: len(seen) == 4)
    first, edit, bot, home = sorted(seen, key=lambda event: event["event_ts"])
    assert (first["text"], first["ts"]) == ("first", written.ts)
    assert (edit["subtype"], edit["message"]["text"], edit["previous_message"]["text"]) == (
        "message_changed",
        "a &lt; b",
        "first",
    )
    assert (edit["message"]["ts"], edit["message"]["edited"]["user"]) == (written.ts, "U1")
    assert (bot["text"], bot["bot_id"]) == ("beep", "B0OTHER")
    assert (home["tab"], home["channel"]) == ("messages", "D1")


def test_a_command_is_answered_through_its_response_url(slack: LoopbackSlack, client: WebClient) -> None:
    with slack.connected(echo(client)):
        sent = slack.slash("check <this>", "U1", "C1")
        sent.wait_acked()
        [posted] = slack.wait_for_posts(1)
    assert (posted.via, posted.user, posted.channel, posted.text) == (
        "response_url",
        "U1",
        "C1",
        "check &lt;this&gt;",
    )
    hook = WebhookClient(sent.response_url)
    answers = [hook.send(text=f"answer {n}", response_type="in_channel") for n in range(2, 7)]
    assert [(a.status_code, a.body) for a in answers[:4]] == [(200, "ok")] * 4
    assert (answers[4].status_code, answers[4].body) == (404, '{"ok":false,"error":"used_url"}')
    assert [(p.text, p.user) for p in slack.posts[1:]] == [(f"answer {n}", None) for n in range(2, 6)]


def test_a_response_url_expires_and_refuses() -> None:
    with LoopbackSlack(response_url_lifetime=0.2) as slack:
        hook = WebhookClient(slack.slash("", "U1", "C1").response_url)
        refused = hook.send(blocks=[{"type": "header"}])
        time.sleep(0.25)
        expired = hook.send(text="late")
    assert (refused.status_code, refused.body) == (400, "invalid_blocks")
    assert (expired.status_code, expired.body) == (404, '{"ok":false,"error":"expired_url"}')
    assert slack.posts == []


def test_an_ack_with_a_message_is_shown(slack: LoopbackSlack, client: WebClient) -> None:
    app = App(client=client)
    app.command("/stet")(lambda ack: ack("working on it"))
    with slack.connected(app):
        delivery = slack.slash("when?", "U1", "C1").wait_acked()
        [posted] = slack.wait_for_posts(1)
    assert delivery.response == {"text": "working on it"}
    assert (posted.via, posted.user, posted.text) == ("ack", "U1", "working on it")


def test_a_button_a_shortcut_and_a_modal(slack: LoopbackSlack, client: WebClient) -> None:
    actions: list[Json] = []
    app = App(client=client)
    button = {"type": "button", "action_id": "share", "value": "42", "text": plain("Share")}

    @app.action("share")
    def share(ack: Ack, body: Json, respond: Respond) -> None:
        ack()
        actions.append(body)
        respond(delete_original=True)

    @app.shortcut("verify")
    def verify(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata=body["message_ts"]))

    @app.view("checked")
    def checked(ack: Ack, view: Json) -> None:
        ack(response_action="clear")
        actions.append(view["state"]["values"])

    with slack.connected(app):
        client.chat_postEphemeral(
            channel="C1", user="U1", text="mine", blocks=[{"type": "actions", "elements": [button]}]
        )
        [posted] = slack.posts
        slack.block_action("share", None, "U1", posted).wait_acked()
        written = slack.channel_message("the words", "U2", "C1")
        slack.shortcut("verify", "U1", message=written).wait_acked()
        [shown] = slack.wait_until(lambda: slack.views)
        submitted = slack.view_submission(shown.id, {"b": {"a": {"value": "x"}}}, "U1").wait_acked()
        slack.wait_until(lambda: len(actions) == 2)
        slack.wait_until(lambda: slack.calls_to("response_url"))
    assert actions[0]["actions"][0]["value"] == "42"
    assert "message" not in actions[0]
    assert actions[0]["container"]["is_ephemeral"] is True
    assert (shown.user, shown.view["private_metadata"]) == ("U1", written.ts)
    assert submitted.response == {"response_action": "clear"}
    assert actions[1] == {"b": {"a": {"value": "x"}}}
    with pytest.raises(LookupError, match="other"):
        slack.block_action("other", None, "U1", posted)


# -- the Web API --------------------------------------------------------------------------------------------
