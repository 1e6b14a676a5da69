"""The loopback Slack over HTTP: signatures, acks, retries and responses, with the real slack_bolt behind a server."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_bolt import Ack, App, BoltResponse
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier

from tests.slack_app import Json, actions, button, listening, modal, plain
from tests.slack_server import LoopbackSlack

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
GREETING: Json = {"type": "url_verification", "challenge": "x1", "token": "t"}


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def app(client: WebClient) -> App:
    return App(client=client, signing_secret=SECRET)


def test_every_way_of_asking_comes_over_http(slack: LoopbackSlack, app: App, client: WebClient) -> None:
    seen: list[tuple[str, str]] = []

    @app.event("app_mention")
    def mentioned(event: Json, say: Callable[..., object]) -> None:
        say(text=event["text"], thread_ts=event["ts"])

    @app.command("/stet")
    def commanded(ack: Ack, command: Json) -> None:
        seen.append(("command", command["text"]))
        ack("working on it")

    @app.action("a0")
    def pressed(ack: Ack, body: Json) -> None:
        ack()
        seen.append(("action", body["actions"][0]["value"]))

    with listening(app) as url, slack.http(url, SECRET):
        sent = slack.mention("Q&A: “is” <b> ok?", "U1", "C1")
        delivery = sent.wait_acked()
        [posted] = slack.wait_for_posts(1)
        command = slack.slash("check “a & b”", "U1", "C1").wait_finished()
        client.chat_postMessage(channel="C1", text="x", blocks=actions(button(value="é=&")))
        action = slack.block_action("a0", None, "U1", slack.posts[-1]).wait_finished()
    assert posted.text == "<@U0STET> Q&amp;A: “is” &lt;b&gt; ok?"
    assert (delivery.attempts, delivery.missed, slack.connections_made) == (1, False, 0)
    assert command.response == {"text": "working on it"}
    assert [(p.via, p.user, p.text) for p in slack.posts if p.via == "ack"] == [("ack", "U1", "working on it")]
    assert seen == [("command", "check “a &amp; b”"), ("action", "é=&")]
    assert (action.response, action.missed) == (None, False)


def test_a_submitted_modal_is_answered_in_the_body(slack: LoopbackSlack, app: App, client: WebClient) -> None:
    next_view = modal(title=plain("Next"))
    app.view("checked")(lambda ack: ack(response_action="update", view=next_view))
    with listening(app) as url, slack.http(url, SECRET):
        view = client.views_open(trigger_id=slack.slash("", "U1", "C1").trigger_id, view=modal())["view"]
        delivery = slack.view_submission(view["id"], {}, "U1").wait_finished()
    assert delivery.response == {"response_action": "update", "view": next_view}
    assert (slack.views[-1].method, slack.views[-1].view["title"]) == ("ack:update", plain("Next"))


def test_what_is_signed_wrongly_is_refused(slack: LoopbackSlack, app: App) -> None:
    with listening(app) as url, slack.http(url, SECRET):
        mention = slack.mention("when?", "U1", "C1").payload
        statuses = {
            signature: slack.http_post("events_api", GREETING, signature=signature)
            for signature in ("good", "wrong", "none", "stale")
        }
        command = slack.http_post("slash_commands", slack.slash("x", "U1", "C1").payload, signature="wrong")
        interaction = slack.http_post("interactive", {"type": "shortcut"}, signature="stale")
        unheard = slack.http_post("events_api", mention)
    assert statuses == {"good": 200, "wrong": 401, "none": 401, "stale": 401}
    assert (command, interaction, unheard) == (401, 401, 404)
    with pytest.raises(RuntimeError, match="request URL"):
        slack.http_post("events_api", GREETING)


def test_an_event_that_is_refused_comes_again_with_the_reason(slack: LoopbackSlack, app: App) -> None:
    headers: list[tuple[str | None, str | None]] = []

    @app.middleware
    def refusing(req: Any, next: Callable[[], Any]) -> Any:  # noqa: A002
        number, reason = (req.headers.get(f"x-slack-retry-{name}", [None])[0] for name in ("num", "reason"))
        headers.append((number, reason))
        return BoltResponse(status=503, body="") if len(headers) < 3 else next()

    app.event("app_mention")(lambda: None)
    with listening(app) as url, slack.http(url, SECRET):
        delivery = slack.mention("when?", "U1", "C1").wait_finished()
    assert headers == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert (delivery.attempts, delivery.missed, delivery.latencies[:2]) == (3, True, (None, None))
    assert delivery.acked_after == delivery.latencies[2]


def test_an_event_that_is_late_comes_again_with_the_reason(client: WebClient) -> None:
    reasons: list[str | None] = []
    with LoopbackSlack(ack_timeout=0.6, retry_delays=(0.0,)) as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url), signing_secret=SECRET)

        @app.middleware
        def late(req: Any, next: Callable[[], Any]) -> Any:  # noqa: A002
            reasons.append(req.headers.get("x-slack-retry-reason", [None])[0])
            if len(reasons) == 1:
                time.sleep(1.0)
            return next()

        app.event("app_mention")(lambda: None)
        with listening(app) as url, slack.http(url, SECRET):
            delivery = slack.mention("when?", "U1", "C1").wait_finished()
    assert reasons == [None, "http_timeout"]
    assert (delivery.attempts, delivery.latencies[0]) == (2, None)


def test_an_app_may_forbid_retries(slack: LoopbackSlack, app: App) -> None:
    @app.middleware
    def refusing() -> BoltResponse:
        return BoltResponse(status=500, body="", headers={"x-slack-no-retry": "1"})

    with listening(app) as url, slack.http(url, SECRET):
        delivery = slack.mention("when?", "U1", "C1").wait_finished()
    assert (delivery.attempts, delivery.acked_after) == (1, None)


def test_commands_are_not_sent_again_and_a_dead_url_takes_nothing(slack: LoopbackSlack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with slack.http(f"http://127.0.0.1:{port}/", SECRET):
        command = slack.slash("x", "U1", "C1").wait_finished()
        event = slack.mention("when?", "U1", "C1")
        delivery = event.wait_finished()
    assert (command.attempts, command.acked_after) == (1, None)
    assert (delivery.attempts, event.trouble) == (4, "connection_failed")


def test_a_redelivery_is_numbered(slack: LoopbackSlack, app: App) -> None:
    seen: list[tuple[str, str | None]] = []

    @app.event("app_mention")
    def mentioned(body: Json, req: Any) -> None:
        seen.append((body["event_id"], req.headers.get("x-slack-retry-num", [None])[0]))

    with listening(app) as url, slack.http(url, SECRET):
        sent = slack.mention("when?", "U1", "C1")
        sent.wait_acked()
        slack.redeliver(sent, retry_attempt=1).wait_acked()
        slack.wait_until(lambda: len(seen) == 2)
    assert sorted(seen, key=lambda pair: pair[1] or "") == [(sent.event_id, None), (sent.event_id, "1")]


def test_what_is_on_the_wire(slack: LoopbackSlack) -> None:
    """Slack's own verifier takes the signature, and each kind has its encoding."""
    got: list[tuple[dict[str, str], str]] = []

    def serve(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        headers = {key[5:].replace("_", "-").title(): value for key, value in environ.items() if key[:5] == "HTTP_"}
        got.append((headers | {"Content-Type": environ["CONTENT_TYPE"]}, body))
        start_response("200 OK", [])
        return [b""]

    with listening(serve) as url, slack.http(url, SECRET):
        event = slack.mention("é", "U1", "C1")
        event.wait_finished()
        command = slack.slash("a & b", "U1", "C1")
        command.wait_finished()
        shortcut = slack.shortcut("verify", "U1")
        shortcut.wait_finished()
    verifier = SignatureVerifier(SECRET)
    for headers, body in got:
        assert verifier.is_valid(body, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])
        assert not verifier.is_valid(body + " ", headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])
    assert [headers["Content-Type"] for headers, _ in got] == [
        "application/json",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded",
    ]
    assert json.loads(got[0][1]) == event.payload
    assert {key: value for key, [value] in parse_qs(got[1][1]).items()} == command.payload
    assert json.loads(parse_qs(got[2][1])["payload"][0]) == shortcut.payload
    assert all("X-Slack-Retry-Num" not in headers for headers, _ in got)


def test_after_http_it_is_socket_mode_again(slack: LoopbackSlack, app: App) -> None:
    app.event("app_mention")(lambda: None)
    with slack.connected(app):
        with listening(app) as url, slack.http(url, SECRET):
            slack.mention("one", "U1", "C1").wait_acked()
        assert slack.mention("two", "U1", "C1").wait_acked().attempts == 1
