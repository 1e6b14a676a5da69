"""The bot over HTTP: a real uvicorn, a real slack_bolt app, and requests signed as Slack signs them."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families
from slack_bolt import Ack, App, BoltResponse
from slack_sdk import WebClient

from bot.metrics import Metrics
from bot.web import LARGEST, Part, Web
from retrieval.errors import StoreBusy, UsageError
from tests.slack_server import LoopbackSlack

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
QUESTION = "Will the council leader resign?"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


class Newsroom:
    """A real Bolt app, and what reached its middleware and its listeners."""

    def __init__(self, slack: LoopbackSlack, secret: str = SECRET) -> None:
        self.passed: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.went_on = threading.Event()
        self.app = App(
            client=WebClient(token=slack.bot_token, base_url=slack.api_url),
            signing_secret=secret,
            token_verification_enabled=False,
        )
        self.app.use(self._pass)
        self.app.event("app_mention")(self._on_mention)
        self.app.command("/slow")(self._on_slow)
        self.app.command("/held")(self._on_held)

    def _pass(self, body: dict[str, Any], next: Callable[[], BoltResponse]) -> BoltResponse:  # noqa: A002 (Bolt's name)
        self.passed.append(body)
        return next()

    def _on_mention(self, event: dict[str, Any]) -> None:
        self.asked.append(event["text"])

    def _on_slow(self, ack: Ack) -> None:
        time.sleep(0.5)
        ack("slowly")

    def _on_held(self, ack: Ack) -> None:
        self.went_on.wait(2.5)
        ack("let go")


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with LoopbackSlack() as slack:
        yield Newsroom(slack)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


@pytest.fixture
def web(newsroom: Newsroom, metrics: Metrics) -> Iterator[Web]:
    with served(metrics, app=newsroom.app) as running:
        yield running
    assert not running.running


def nothing() -> Sequence[Part]:
    return []


def served(
    metrics: Metrics | None = None,
    *,
    app: App | None = None,
    alive: Callable[[], bool] = lambda: True,
    waits_for: Callable[[], Sequence[Part]] = nothing,
    port: int = 0,
) -> Web:
    return Web(
        host="127.0.0.1",
        port=port,
        metrics=metrics or Metrics("1.2.3"),
        alive=alive,
        waits_for=waits_for,
        app=app,
    )


def mention(text: str = QUESTION) -> str:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.2", "text": text}
    return json.dumps({"type": "event_callback", "team_id": "T0NEWSROOM", "event_id": "Ev1", "event": event})


def command(name: str) -> str:
    return urlencode(
        {"command": name, "text": QUESTION, "team_id": "T0NEWSROOM", "user_id": "U1", "channel_id": "C1"}
    )


def signed(body: str, *, secret: str = SECRET, at: float | None = None, kind: str = JSON) -> dict[str, str]:
    """The headers that Slack sends with a body."""
    stamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{stamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return {"content-type": kind, "x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}


def send(web: Web, body: str | bytes, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{web.url}/slack/events", content=body, headers=headers, timeout=20)


def look(web: Web, path: str) -> tuple[int, Any]:
    answer = httpx.get(f"{web.url}/{path}", timeout=20)
    return answer.status_code, answer.json()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def raw(web: Web, *parts: bytes) -> bytes:
    """What the server says to bytes that no client of a library would send, until it hangs up."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=15) as connection:
        for part in parts:
            connection.sendall(part)
        said = b""
        while received := connection.recv(65_536):
            said += received
    return said


# ---------------------------------------------------------------- deliveries


def test_a_signed_delivery_reaches_its_listener(web: Web, newsroom: Newsroom) -> None:
    body = mention("Was „Über“ said? 🗞")
    answer = send(web, body, signed(body))
    assert (answer.status_code, answer.text) == (200, "")
    wait_until(lambda: newsroom.asked == ["Was „Über“ said? 🗞"])
    assert [one["event_id"] for one in newsroom.passed] == ["Ev1"]


def test_a_command_is_answered_with_what_its_listener_acknowledges(web: Web) -> None:
    body = command("/slow")
    answer = send(web, body, signed(body, kind=FORM))
    assert (answer.status_code, answer.text) == (200, "slowly")
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"


def test_slacks_challenge_is_answered(web: Web, newsroom: Newsroom) -> None:
    body = json.dumps({"token": "t", "type": "url_verification", "challenge": "3eZbrw1aB1"})
    answer = send(web, body, signed(body))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "3eZbrw1aB1"})
    assert newsroom.passed == []
    assert send(web, body, {"content-type": JSON}).status_code == 401


BODY = mention()
UNSIGNED = {
    "without a signature": {"content-type": JSON},
    "without its time": {name: value for name, value in signed(BODY).items() if name != "x-slack-request-timestamp"},
    "signed with another secret": signed(BODY, secret="another"),
    "signed for another body": signed(mention("Something else?")),
    "signed with an old scheme": signed(BODY) | {"x-slack-signature": "v1=" + "0" * 64},
    "with an empty signature": signed(BODY) | {"x-slack-signature": ""},
    "with a signature that is no ASCII": signed(BODY) | {"x-slack-signature": "v0=\xe9"},
    "at no time": signed(BODY) | {"x-slack-request-timestamp": "yesterday"},
    "at a raised figure": signed(BODY) | {"x-slack-request-timestamp": "\xb2"},
    "at a time without end": signed(BODY) | {"x-slack-request-timestamp": "9" * 5_000},
    "at a time of another signature": signed(BODY) | {"x-slack-request-timestamp": str(int(time.time()) - 1_000)},
}


@pytest.mark.parametrize("headers", UNSIGNED.values(), ids=UNSIGNED)
def test_what_slack_has_not_signed_is_refused_and_nothing_is_done(
    web: Web, newsroom: Newsroom, headers: dict[str, str]
) -> None:
    latin = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    answer = httpx.post(f"{web.url}/slack/events", content=BODY, headers=latin)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid request"})
    assert (newsroom.passed, newsroom.asked) == ([], [])


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_what_is_refused_is_logged_without_its_words(caplog: pytest.LogCaptureFixture, level: int) -> None:
    caplog.set_level(level)  # before the app is made: Bolt's loggers take their level then
    with LoopbackSlack() as slack, served(app=Newsroom(slack).app) as web:
        assert send(web, BODY, signed(BODY, secret="another")).status_code == 401
    assert caplog.messages.count("a delivery without a valid signature was refused") == 1
    assert QUESTION not in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_true_signature_is_refused_more_than_five_minutes_off(web: Web, newsroom: Newsroom, minutes: int) -> None:
    off, near = (signed(BODY, at=time.time() + 60 * shift) for shift in (minutes, minutes * 0.8))
    assert send(web, BODY, off).status_code == 401
    assert newsroom.passed == []
    assert send(web, BODY, near).status_code == 200


def test_bolts_answer_to_a_certificate_check_passes_nothing_on(web: Web, newsroom: Newsroom) -> None:
    assert send(web, "ssl_check=1&token=t", {"content-type": FORM}).status_code == 200
    assert (newsroom.passed, newsroom.asked) == ([], [])


def test_nobody_starts_a_lazy_listener_by_a_header(web: Web, newsroom: Newsroom) -> None:
    lazy = {"x-slack-bolt-lazy-only": "1", "x-slack-bolt-lazy-function-name": "_on_mention"}
    assert send(web, BODY, signed(BODY) | lazy).status_code == 200
    wait_until(lambda: newsroom.asked == [QUESTION])


HOSTILE = {
    "not UTF-8": (b"\xff\xfe", JSON),
    "half an object": (b'{"type": ', JSON),
    "a list": (b"[1]", JSON),
    "null": (b"null", JSON),
    "a number": (b"7", JSON),
    "a list in a form": (b"payload=%5B%5D", FORM),
    "a text in a form": (b"payload=%22ssl_check%22", FORM),
    "lists without end": (b"[" * 200_000, JSON),
    "objects without end": (b'{"authorizations":[' * 30_000, JSON),
    "authorizations of another kind": (b'{"authorizations": [5]}', JSON),
    "a figure without end": (b'{"type": ' + b"9" * 10_000 + b"}", JSON),
}


@pytest.mark.parametrize(("body", "kind"), HOSTILE.values(), ids=HOSTILE)
def test_a_body_that_cannot_be_read_is_refused(web: Web, newsroom: Newsroom, body: bytes, kind: str) -> None:
    assert send(web, body, {"content-type": kind}).status_code == 400
    assert look(web, "healthz") == (200, {"status": "ok"})
    assert newsroom.passed == []


@pytest.fixture(scope="module")
def standing() -> Iterator[tuple[Web, Newsroom]]:
    """One for many requests."""
    with LoopbackSlack() as slack:
        newsroom = Newsroom(slack)
        with served(app=newsroom.app) as web:
            yield web, newsroom


@given(body=st.binary(max_size=300), kind=st.sampled_from([JSON, FORM, "text/plain", ""]))
def test_no_unsigned_body_does_anything(standing: tuple[Web, Newsroom], body: bytes, kind: str) -> None:
    web, newsroom = standing
    assert send(web, body, {"content-type": kind}).status_code in (400, 401)
    assert (newsroom.passed, newsroom.asked) == ([], [])


def test_other_methods_and_other_routes_there_are_none(web: Web, newsroom: Newsroom) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert httpx.request(method, f"{web.url}/slack/events", headers=signed("")).status_code == 405
    for path in ("healthz", "readyz", "metrics"):
        assert httpx.post(f"{web.url}/{path}", content=BODY, headers=signed(BODY)).status_code == 405
    for path in ("", "slack", "slack/events/", "healthz/", "slack/install", "slack/oauth_redirect", "docs"):
        assert httpx.get(f"{web.url}/{path}").status_code == 404
    assert newsroom.passed == []


def test_without_an_app_there_are_no_deliveries() -> None:
    with served() as web:
        assert send(web, BODY, signed(BODY)).status_code == 404
        assert look(web, "healthz") == (200, {"status": "ok"})


@pytest.mark.parametrize("secret", ["", " "])
def test_an_app_that_verifies_nothing_is_refused(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    with LoopbackSlack() as slack:
        app = Newsroom(slack, secret).app
        level = app.logger.level
        with pytest.raises(UsageError, match="does not verify who sends its deliveries; set SLACK_SIGNING_SECRET"):
            served(app=app)
    assert app.logger.level == level
    assert "Traceback" not in caplog.text


def test_an_app_that_leaves_verification_out_is_refused() -> None:
    with LoopbackSlack() as slack:
        client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        app = App(
            client=client,
            signing_secret=SECRET,
            request_verification_enabled=False,
            token_verification_enabled=False,
        )
        with pytest.raises(UsageError):
            served(app=app)


# ---------------------------------------------------------------- bounds


def test_a_body_of_the_largest_size_is_taken_and_one_byte_more_is_not(web: Web, newsroom: Newsroom) -> None:
    room = LARGEST - len(mention("").encode())
    body = mention("x" * room)
    assert len(body) == LARGEST
    assert send(web, body, signed(body)).status_code == 200
    wait_until(lambda: [len(text) for text in newsroom.asked] == [room])
    over = body + " "
    head = f"POST /slack/events HTTP/1.1\r\nHost: stet\r\nContent-Length: {len(over)}\r\n\r\n"
    said = raw(web, head.encode())  # not a byte of it was sent: none was waited for
    assert said.startswith(b"HTTP/1.1 413 ")
    assert len(newsroom.passed) == 1


def test_a_body_of_no_stated_length_is_read_no_further_than_the_largest(web: Web, newsroom: Newsroom) -> None:
    head = b"POST /slack/events HTTP/1.1\r\nHost: stet\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"x" * (LARGEST + 1)
    said = raw(web, head, f"{len(chunk) * 10:x}\r\n".encode(), chunk)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert newsroom.passed == []


def test_a_body_that_does_not_come_is_not_waited_for(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web._BODY_SECONDS", 0.3)
    said = raw(web, b"POST /slack/events HTTP/1.1\r\nHost: stet\r\nContent-Length: 100\r\n\r\n", b'{"type')
    assert said.startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HT", b"GET /healthz HTTP/1.1\r\nHost: st"])
def test_a_head_that_does_not_come_is_not_waited_for(web: Web, monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr("bot.web._HEAD_SECONDS", 0.3)
    started = time.monotonic()
    assert raw(web, begun) == b""
    assert 0.2 < time.monotonic() - started < 5


def test_what_is_no_http_is_refused(web: Web) -> None:
    assert raw(web, b"\x16\x03\x01\x02\x00\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_beyond_the_most_at_a_time_slack_is_to_come_again(
    web: Web, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web._MOST_UNDER_WAY", 2)
    body = command("/held")
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(send, web, body, signed(body, kind=FORM)) for _ in range(2)]
        wait_until(lambda: len(newsroom.passed) == 2)
        assert send(web, BODY, signed(BODY)).status_code == 503
        newsroom.went_on.set()
        assert [one.result().text for one in held] == ["let go", "let go"]
    assert send(web, BODY, signed(BODY)).status_code == 200


# ---------------------------------------------------------------- how the bot does


def test_health_is_that_of_the_bots_loops() -> None:
    working = [True]
    with served(alive=lambda: working[0]) as web:
        assert look(web, "healthz") == (200, {"status": "ok"})
        working[0] = False
        assert look(web, "healthz") == (503, {"status": "not alive"})
        assert look(web, "readyz") == (200, {"status": "ok"})


def test_it_is_ready_when_nothing_is_waited_for() -> None:
    parts: list[Part] = ["index", "slack"]
    with served(waits_for=lambda: tuple(parts)) as web:
        assert look(web, "readyz") == (503, {"status": "not ready", "waits_for": ["index", "slack"]})
        parts.remove("index")
        assert look(web, "readyz") == (503, {"status": "not ready", "waits_for": ["slack"]})
        parts.clear()
        assert look(web, "readyz") == (200, {"status": "ok"})


def test_a_look_that_fails_or_hangs_is_no_good_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web._LOOK_SECONDS", 0.3)
    go_on = threading.Event()
    looks: list[str] = []

    def hangs() -> bool:
        looks.append("alive")
        return go_on.wait(20)

    def busy() -> Sequence[Part]:
        raise StoreBusy("the archive is in use", "try again")

    with served(alive=hangs, waits_for=busy) as web:
        with ThreadPoolExecutor(10) as pool:
            hung = list(pool.map(lambda _: look(web, "healthz"), range(30)))
        assert hung == [(503, {"status": "not alive"})] * 30
        assert looks == ["alive"]
        assert look(web, "readyz") == (503, {"status": "unknown"})
        assert httpx.get(f"{web.url}/metrics").status_code == 200
        go_on.set()
        wait_until(lambda: look(web, "healthz") == (200, {"status": "ok"}))


def test_metrics_are_exposed_and_acknowledgements_among_them(web: Web, metrics: Metrics) -> None:
    metrics.delivered("mention")
    assert send(web, BODY, signed(BODY)).status_code == 200
    assert send(web, BODY, {"content-type": JSON}).status_code == 401
    answer = httpx.get(f"{web.url}/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    counted = {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if not sample.labels or sample.labels == {"way": "mention"}
    }
    assert (counted["stet_deliveries_total"], counted["stet_ack_seconds_count"]) == (1, 1)
    assert 0 < counted["stet_ack_seconds_sum"] < 3
    assert not any(word in answer.text for word in (QUESTION, "U1", "C1", SECRET))


@pytest.mark.parametrize("path", ["healthz", "readyz", "metrics", "slack/events", "nowhere"])
def test_every_answer_has_its_headers_and_none_names_the_server(web: Web, path: str) -> None:
    headers = httpx.get(f"{web.url}/{path}").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["connection"] == "close"
    assert "server" not in headers


def test_no_request_is_logged(web: Web, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    send(web, BODY, signed(BODY))
    look(web, "healthz")
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
    assert QUESTION not in caplog.text


# ---------------------------------------------------------------- time


def test_slow_listeners_hold_up_nobody(web: Web, newsroom: Newsroom) -> None:
    body = command("/slow")
    with ThreadPoolExecutor(20) as pool:
        slow = [pool.submit(send, web, body, signed(body, kind=FORM)) for _ in range(20)]
        wait_until(lambda: len(newsroom.passed) >= 10)
        waits = []
        while not all(one.done() for one in slow):
            started = time.monotonic()
            assert look(web, "healthz") == (200, {"status": "ok"})
            waits.append(time.monotonic() - started)
        answers = [one.result() for one in slow]
    assert [(one.status_code, one.text) for one in answers] == [(200, "slowly")] * 20
    assert len(waits) >= 3
    assert median(waits) < 0.25


def test_an_acknowledgement_takes_a_moment(web: Web, newsroom: Newsroom) -> None:
    """Slack gives 3 seconds. Of 40, the slowest included."""
    times = []
    for number in range(40):
        body = mention(f"Question {number}?")
        headers = signed(body)
        started = time.monotonic()
        assert send(web, body, headers).status_code == 200
        times.append(time.monotonic() - started)
    wait_until(lambda: len(newsroom.asked) == 40)
    assert median(times) < 0.25
    assert max(times) < 1.5


# ---------------------------------------------------------------- the port, the end


def test_a_port_in_use_is_named_with_what_to_do() -> None:
    with served() as web, pytest.raises(UsageError) as refused:
        served(port=web.port)
    assert str(refused.value) == (
        f"port {web.port} of 127.0.0.1 is in use; stop what listens there, or name another with --port"
    )


def test_a_free_port_is_taken_and_told() -> None:
    with served() as one, served() as other:
        assert one.port != other.port
        assert one.url == f"http://127.0.0.1:{one.port}"
        assert look(other, "healthz") == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("host", "port", "said"),
    [
        ("127.0.0.1", 65_536, "65536 is no port; name one from 1 to 65535 with --port"),
        ("192.0.2.1", 0, "port 0 of 192.0.2.1 cannot be listened on: "),
        ("nowhere.invalid", 0, "port 0 of nowhere.invalid cannot be listened on: "),
    ],
)
def test_an_address_that_cannot_be_had_is_named(host: str, port: int, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        Web(host=host, port=port, metrics=Metrics("1.2.3"), alive=lambda: True, waits_for=nothing)
    assert str(refused.value).startswith(said)


def test_what_is_under_way_is_finished_and_then_nobody_listens(newsroom: Newsroom) -> None:
    web = served(app=newsroom.app)
    body = command("/slow")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(send, web, body, signed(body, kind=FORM))
        wait_until(lambda: len(newsroom.passed) == 1)
        web.stop()
        assert asked.result().text == "slowly"
    assert not web.running
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{web.url}/healthz")


def test_what_takes_too_long_is_not_waited_for_at_the_end(
    newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.web._GRACE_SECONDS", 1)
    web = served(app=newsroom.app)
    body = command("/held")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(send, web, body, signed(body, kind=FORM))
        wait_until(lambda: len(newsroom.passed) == 1)
        started = time.monotonic()
        web.stop()
        took = time.monotonic() - started
        newsroom.went_on.set()
        assert asked.exception() is not None or asked.result().status_code == 500
    assert not web.running
    assert 0.9 < took < 2.2


def test_whoever_neither_speaks_nor_hangs_up_does_not_hold_up_the_end() -> None:
    web = served()
    with socket.create_connection(("127.0.0.1", web.port)), socket.create_connection(("127.0.0.1", web.port)) as slow:
        slow.sendall(b"GET /healthz HTTP/1.1\r\n")
        started = time.monotonic()
        web.stop()
    assert not web.running
    assert time.monotonic() - started < 6
