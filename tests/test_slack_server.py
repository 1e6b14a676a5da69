"""The loopback Slack, driven through the real slack_bolt and slack_sdk."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond, Say
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient
from websockets.exceptions import ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.slack_limits import BUDGET, MESSAGE_LIMIT, TEXT_LIMIT, characters, check_message, check_view
from tests.slack_server import LoopbackSlack

Json = dict[str, Any]


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def echo(client: WebClient) -> App:
    """An app that says again what it is told, in the ways that Stet has of being told something."""
    app = App(client=client)

    @app.event("app_mention")
    def mentioned(event: Json, say: Say) -> None:
        say(text=event["text"], thread_ts=event["ts"])

    @app.event("message")
    def told(event: Json, say: Say) -> None:
        if event["channel_type"] == "im":
            say(text=event["text"])

    @app.command("/stet")
    def commanded(ack: Ack, command: Json, respond: Respond) -> None:
        ack()
        respond(text=command["text"])

    return app


def told(websocket: ClientConnection) -> Json:
    frame: Json = json.loads(websocket.recv(timeout=5))
    return frame


def error_of(call: Callable[[], object]) -> Json:
    with pytest.raises(SlackApiError) as refused:
        call()
    data: Json = refused.value.response.data
    return data


# -- Socket Mode --------------------------------------------------------------------------------------------


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


def test_tokens(slack: LoopbackSlack) -> None:
    def auth(token: str | None) -> Json:
        return error_of(lambda: WebClient(token=token, base_url=slack.api_url).auth_test())

    anonymous = WebClient(base_url=slack.api_url)
    assert auth("xoxb-wrong")["error"] == "invalid_auth"
    assert auth(slack.app_token)["error"] == "not_allowed_token_type"
    assert error_of(lambda: anonymous.api_call("auth.test"))["error"] == "not_authed"
    assert error_of(lambda: anonymous.apps_connections_open(app_token="xapp-wrong"))["error"] == "invalid_auth"
    assert error_of(lambda: anonymous.api_call("chat.shout"))["error"] == "unknown_method"
    assert all("token" not in call.args for call in slack.calls)


def test_forms_and_json_say_the_same(slack: LoopbackSlack, client: WebClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "é & ü"}}]
    client.api_call("chat.postMessage", json={"channel": "C1", "text": "a", "blocks": blocks})
    form = {"channel": "C1", "text": "a", "blocks": '[{"type":"section","text":{"type":"mrkdwn","text":"é & ü"}}]'}
    client.api_call("chat.postMessage", params=form)
    assert [(p.channel, p.text, p.blocks) for p in slack.posts] == [("C1", "a", tuple(blocks))] * 2
    assert slack.calls[0].args == slack.calls[1].args


def test_people_and_channels(slack: LoopbackSlack, client: WebClient) -> None:
    slack.users |= {"U1": {"is_restricted": True}, "U9": None}
    slack.channels |= {"C1": {"is_ext_shared": True}, "C7": {"is_archived": True}, "C8": {"is_member": False}}
    slack.channels["C9"] = None
    assert client.users_info(user="U1")["user"]["is_restricted"] is True
    assert client.users_info(user="U2")["user"]["is_restricted"] is False
    assert client.conversations_info(channel="C1")["channel"]["is_ext_shared"] is True
    assert client.conversations_info(channel="G2")["channel"]["is_private"] is True
    assert client.conversations_open(users="U2")["channel"]["id"] == "D2"
    assert error_of(lambda: client.users_info(user="U9"))["error"] == "user_not_found"
    for channel, error in [("C7", "is_archived"), ("C8", "not_in_channel"), ("C9", "channel_not_found")]:
        assert error_of(lambda c=channel: client.chat_postMessage(channel=c, text="x"))["error"] == error  # type: ignore[misc]
    assert client.chat_postMessage(channel="U2", text="x")["channel"] == "D2"


def test_what_can_be_changed_afterwards(slack: LoopbackSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="one")["ts"]
    client.chat_update(channel="C1", ts=ts, text="two")
    first, second = slack.posts
    assert (first.text, second.text, second.method, second.ts) == ("one", "two", "chat.update", ts)
    assert slack.message("C1", ts) == second
    client.chat_delete(channel="C1", ts=ts)
    assert slack.message("C1", ts) is None
    assert error_of(lambda: client.chat_update(channel="C1", ts=ts, text="x"))["error"] == "message_not_found"
    hidden = client.chat_postEphemeral(channel="C1", user="U1", text="one")["message_ts"]
    assert slack.posts[-1].user == "U1"
    assert error_of(lambda: client.chat_delete(channel="C1", ts=hidden))["error"] == "message_not_found"
    asked = slack.mention("when?", "U1", "C1")
    assert error_of(lambda: client.chat_update(channel="C1", ts=asked.ts, text="x"))["error"] == "cant_update_message"
    client.reactions_add(channel="C1", timestamp=asked.ts, name="eyes")
    assert slack.reactions == [("C1", asked.ts, "eyes")]
    again = error_of(lambda: client.reactions_add(channel="C1", timestamp=asked.ts, name="eyes"))
    assert again["error"] == "already_reacted"


def test_a_trigger_is_good_once_and_not_for_long() -> None:
    with LoopbackSlack(trigger_lifetime=0.2) as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        trigger = slack.slash("", "U1", "C1").trigger_id
        client.views_open(trigger_id=trigger, view=modal())
        assert (
            error_of(lambda: client.views_open(trigger_id=trigger, view=modal()))["error"] == "exchanged_trigger_id"
        )
        late = slack.slash("", "U1", "C1").trigger_id
        time.sleep(0.25)
        assert error_of(lambda: client.views_open(trigger_id=late, view=modal()))["error"] == "expired_trigger_id"
        assert error_of(lambda: client.views_open(trigger_id="1", view=modal()))["error"] == "invalid_trigger_id"
        client.views_publish(user_id="U1", view={"type": "home", "blocks": []})
        assert [(shown.method, shown.user) for shown in slack.views] == [
            ("views.open", "U1"),
            ("views.publish", "U1"),
        ]


def test_assistant_methods(slack: LoopbackSlack, client: WebClient) -> None:
    prompt = {"title": "Ask", "message": "When did it start?"}
    client.assistant_threads_setStatus(channel_id="D1", thread_ts="1.0", status="is reading")
    client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts="1.0", prompts=[prompt] * 4)
    five = error_of(
        lambda: client.assistant_threads_setSuggestedPrompts(channel_id="D1", thread_ts="1.0", prompts=[prompt] * 5)
    )
    assert five["error"] == "invalid_arguments"
    assert [v.problem.pointer for v in slack.violations] == ["/prompts"]
    assert slack.calls[0].args == {"channel_id": "D1", "thread_ts": "1.0", "status": "is reading"}


# -- faults -------------------------------------------------------------------------------------------------


def test_a_rate_limited_call_is_made_again_and_posts_once(slack: LoopbackSlack, client: WebClient) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=2))
    slack.rate_limit("chat.postMessage", times=2, retry_after=0)
    started = time.monotonic()
    client.chat_postMessage(channel="C1", text="once")
    assert time.monotonic() - started < 5
    assert [posted.text for posted in slack.posts] == ["once"]
    assert [(call.status, call.error, call.retry) for call in slack.calls] == [
        (429, "ratelimited", False),
        (429, "ratelimited", True),
        (200, None, True),
    ]


def test_without_a_handler_a_rate_limit_reaches_the_caller(slack: LoopbackSlack, client: WebClient) -> None:
    slack.rate_limit("chat.postMessage", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="once")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "7"
    assert refused.value.response["error"] == "ratelimited"


def test_failures(slack: LoopbackSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", error="fatal_error")
    slack.fail("chat.postMessage", status=500)
    assert error_of(lambda: client.chat_postMessage(channel="C1", text="x"))["error"] == "fatal_error"
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel="C1", text="x")
    assert refused.value.response.status_code == 500
    assert client.chat_postMessage(channel="C1", text="x")["ok"] is True
    assert len(slack.posts) == 1


def test_a_slow_answer_hides_a_message_that_was_posted(slack: LoopbackSlack) -> None:
    slack.slow("chat.postMessage", 0.6)
    hasty = WebClient(token=slack.bot_token, base_url=slack.api_url, timeout=0.2)  # type: ignore[arg-type]
    with pytest.raises(TimeoutError):
        hasty.chat_postMessage(channel="C1", text="x")
    assert [posted.text for posted in slack.posts] == ["x"]


# -- waiting ------------------------------------------------------------------------------------------------


def test_waiting(slack: LoopbackSlack, client: WebClient) -> None:
    slack.settle(0.05)
    timer = threading.Timer(0.1, lambda: client.chat_postMessage(channel="C1", text="late"))
    timer.start()
    with pytest.raises(AssertionError, match="late"):
        slack.settle(5.0)
    timer.join()
    with pytest.raises(TimeoutError, match="in vain"):
        slack.wait_for_posts(2, timeout=0.1)


def test_it_stops_at_once_and_may_be_started_again(slack: LoopbackSlack) -> None:
    started = time.monotonic()
    with LoopbackSlack() as other:
        assert other.url != slack.url
    assert time.monotonic() - started < 2


# -- limits -------------------------------------------------------------------------------------------------


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def modal(**more: Any) -> Json:
    return {"type": "modal", "callback_id": "checked", "title": plain("Check"), "blocks": []} | more


def button(n: int = 0, **more: Any) -> Json:
    return {"type": "button", "action_id": f"a{n}", "text": plain("Go")} | more


def actions(*elements: Json) -> list[Json]:
    return [{"type": "actions", "elements": list(elements)}]


def icon(n: int) -> Json:
    return {"type": "icon_button", "action_id": f"a{n}", "icon": "trash", "text": plain("Delete")}


def quote(*leaves: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": list(leaves)}]}]


def feedback(text: str = "Good", value: str = "1") -> list[Json]:
    choice = {"text": plain(text), "value": value}
    element = {"type": "feedback_buttons", "action_id": "f", "positive_button": choice, "negative_button": choice}
    return [{"type": "context_actions", "elements": [element]}]


def markdown(size: int) -> Json:
    return {"type": "markdown", "text": "x" * size}


DIVIDER: Json = {"type": "divider"}

MESSAGE_LIMITS: list[tuple[str, int, str, Callable[[int], list[Json]]]] = [
    ("blocks", 50, "/blocks", lambda n: [DIVIDER] * n),
    ("section text", 3000, "/blocks/0/text/text", lambda n: [{"type": "section", "text": mrkdwn("x" * n)}]),
    ("fields", 10, "/blocks/0/fields", lambda n: [{"type": "section", "fields": [mrkdwn("x")] * n}]),
    ("field", 2000, "/blocks/0/fields/0/text", lambda n: [{"type": "section", "fields": [mrkdwn("x" * n)]}]),
    ("header", 150, "/blocks/0/text/text", lambda n: [{"type": "header", "text": plain("x" * n)}]),
    ("button text", 75, "/blocks/0/elements/0/text/text", lambda n: actions(button(text=plain("x" * n)))),
    ("button value", 2000, "/blocks/0/elements/0/value", lambda n: actions(button(value="x" * n))),
    ("button url", 3000, "/blocks/0/elements/0/url", lambda n: actions(button(url="x" * n))),
    ("action_id", 255, "/blocks/0/elements/0/action_id", lambda n: actions(button(action_id="x" * n))),
    ("block_id", 255, "/blocks/0/block_id", lambda n: [{"type": "divider", "block_id": "x" * n}]),
    ("context", 10, "/blocks/0/elements", lambda n: [{"type": "context", "elements": [mrkdwn("x")] * n}]),
    ("actions", 25, "/blocks/0/elements", lambda n: actions(*map(button, range(n)))),
    (
        "context_actions",
        5,
        "/blocks/0/elements",
        lambda n: [{"type": "context_actions", "elements": [icon(i) for i in range(n)]}],
    ),
    ("feedback text", 75, "/blocks/0/elements/0/positive_button/text/text", lambda n: feedback(text="x" * n)),
    ("feedback value", 2000, "/blocks/0/elements/0/positive_button/value", lambda n: feedback(value="x" * n)),
    ("markdown", 12_000, "/blocks", lambda n: [markdown(n - 9), markdown(9)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "pointer", "blocks"), [row[1:] for row in MESSAGE_LIMITS], ids=[row[0] for row in MESSAGE_LIMITS]
)
def test_a_message_limit(limit: int, pointer: str, blocks: Callable[[int], list[Json]]) -> None:
    assert check_message({"blocks": blocks(limit)}).error is None
    verdict = check_message({"blocks": blocks(limit + 1)})
    assert verdict.error == "invalid_blocks"
    assert verdict.problems[0].pointer == pointer
    assert str(limit) in verdict.problems[0].reason or str(limit + 1) in verdict.problems[0].reason


VIEW_LIMITS: list[tuple[str, int, str, Callable[[int], Json]]] = [
    ("blocks", 100, "/view/blocks", lambda n: modal(blocks=[DIVIDER] * n)),
    ("title", 24, "/view/title/text", lambda n: modal(title=plain("x" * n))),
    ("submit", 24, "/view/submit/text", lambda n: modal(submit=plain("x" * n))),
    ("private_metadata", 3000, "/view/private_metadata", lambda n: modal(private_metadata="x" * n)),
    ("callback_id", 255, "/view/callback_id", lambda n: modal(callback_id="x" * n)),
]


@pytest.mark.parametrize(
    ("limit", "pointer", "view"), [row[1:] for row in VIEW_LIMITS], ids=[row[0] for row in VIEW_LIMITS]
)
def test_a_view_limit(limit: int, pointer: str, view: Callable[[int], Json]) -> None:
    assert check_view(view(limit)).error is None
    verdict = check_view(view(limit + 1))
    assert verdict.error == "invalid_arguments"
    assert [problem.pointer for problem in verdict.problems] == [pointer]


LEAF = "/blocks/0/elements/0/elements/0"


@pytest.mark.parametrize(
    ("blocks", "pointer"),
    [
        (quote({"type": "text", "text": ""}), f"{LEAF}/text"),
        (quote({"type": "text", "text": "x", "bold": True}), LEAF),
        (quote({"type": "text", "text": "x", "style": {"loud": True}}), f"{LEAF}/style"),
        (quote({"type": "text", "text": "x", "style": {"bold": "yes"}}), f"{LEAF}/style"),
        (quote({"type": "link", "text": "x"}), LEAF),
        (quote({"type": "link", "url": "", "text": "x"}), f"{LEAF}/url"),
        (quote({"type": "date", "timestamp": "1409072940", "format": "{date_num}"}), f"{LEAF}/timestamp"),
        (quote({"type": "date", "timestamp": 1409072940}), LEAF),
        (quote({"type": "mrkdwn", "text": "x"}), LEAF),
        (quote(), "/blocks/0/elements/0/elements"),
        ([{"type": "rich_text", "elements": [{"type": "text", "text": "x"}]}], "/blocks/0/elements/0"),
        ([{"type": "rich_text", "elements": []}], "/blocks/0/elements"),
        ([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}], "/blocks/1/block_id"),
        (actions(button(1), button(1)), "/blocks/0/elements/1/action_id"),
        (actions(button(style="loud")), "/blocks/0/elements/0/style"),
        (actions(button(text=mrkdwn("x"))), "/blocks/0/elements/0/text"),
        ([{"type": "section"}], "/blocks/0"),
        ([{"type": "section", "text": mrkdwn("")}], "/blocks/0/text/text"),
        ([{"type": "section", "text": "bare"}], "/blocks/0/text"),
        ([{"type": "header", "text": mrkdwn("x")}], "/blocks/0/text"),
        ([{"type": "image", "alt_text": "x"}], "/blocks/0"),
        ([{"type": "marquee"}], "/blocks/0"),
        (["text"], "/blocks/0"),
    ],
)
def test_a_malformed_block(blocks: list[Json], pointer: str) -> None:
    verdict = check_message({"text": "x", "blocks": blocks})
    assert verdict.error == "invalid_blocks"
    assert [problem.pointer for problem in verdict.problems] == [pointer]


def test_a_well_made_answer_is_taken() -> None:
    leaves: list[Json] = [
        {"type": "text", "text": "<b> & all", "style": {"bold": True}},
        {"type": "link", "url": "https://example.org/live#block-1", "text": "5.49pm"},
        {"type": "date", "timestamp": 1409072940, "format": "{date_num}", "fallback": "26 August 2014"},
        {"type": "emoji", "name": "eyes"},
    ]
    section = {"type": "rich_text_section", "elements": leaves}
    bullets = {"type": "rich_text_list", "style": "bullet", "indent": 0, "elements": [section]}
    blocks = [*quote(*leaves), {"type": "rich_text", "elements": [section, bullets]}, *feedback()]
    verdict = check_message({"text": "x", "blocks": blocks})
    assert (verdict.error, verdict.problems) == (None, ())
    assert verdict.characters == characters(blocks) == 3 * len("<b> & all" + "5.49pm") + 2 * len("Good")


def long_quote(size: int) -> list[Json]:
    return quote({"type": "text", "text": "x" * size})


@pytest.mark.parametrize(
    ("message", "error", "problems"),
    [
        ({}, "no_text", 1),
        ({"text": " "}, "no_text", 1),
        ({"blocks": "not json"}, "invalid_blocks_format", 1),
        ({"text": "x" * TEXT_LIMIT}, None, 0),
        ({"text": "x" * (TEXT_LIMIT + 1)}, "msg_too_long", 1),
        ({"blocks": long_quote(MESSAGE_LIMIT - 1)}, None, 0),
        ({"blocks": long_quote(MESSAGE_LIMIT)}, "msg_blocks_too_long", 1),
        ({"attachments": [{"fallback": "x"}]}, None, 0),
    ],
)
def test_a_whole_message(message: Json, error: str | None, problems: int) -> None:
    verdict = check_message(message)
    assert (verdict.error, len(verdict.problems)) == (error, problems)


def test_a_violation_is_answered_and_recorded(slack: LoopbackSlack, client: WebClient) -> None:
    blocks = [{"type": "section", "text": mrkdwn("x" * 3001)}]
    answer = error_of(lambda: client.chat_postMessage(channel="C1", text="x", blocks=blocks))
    fault = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [fault],
        "response_metadata": {"messages": [f"[ERROR] {fault}"]},
    }
    assert slack.posts == []
    assert [(v.method, v.error, str(v.problem)) for v in slack.violations] == [
        ("chat.postMessage", "invalid_blocks", fault)
    ]
    view = error_of(lambda: client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks}))
    assert view["error"] == "invalid_arguments"
    with pytest.raises(AssertionError, match="3001"):
        slack.assert_clean()


def test_over_budget_is_recorded_and_posted(slack: LoopbackSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", blocks=long_quote(BUDGET))
    assert slack.over_budget == []
    client.chat_postMessage(channel="C1", text="x", blocks=long_quote(BUDGET + 1))
    assert [(over.method, over.characters) for over in slack.over_budget] == [("chat.postMessage", BUDGET + 1)]
    assert (len(slack.posts), slack.violations) == (2, [])
