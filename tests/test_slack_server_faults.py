"""What goes wrong in the loopback Slack by chance or by pace, seen through the real slack_sdk."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tests.slack_app import error_of
from tests.slack_faults import Fault, Faults
from tests.slack_server import LoopbackSlack


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def befallen(slack: LoopbackSlack, calls: int, **weather: Any) -> list[tuple[object, ...]]:
    """Post so often, in such weather: what was seen of each call, and whether it was posted."""
    slack.flaky(rate=1.0, late=0.0, **weather)
    seen: list[tuple[object, ...]] = []
    headers = {"Authorization": f"Bearer {slack.bot_token}"}
    for number in range(calls):
        arguments = {"channel": "C1", "text": str(number)}
        try:
            answer = httpx.post(f"{slack.api_url}chat.postMessage", json=arguments, headers=headers)
        except httpx.RemoteProtocolError:
            outcome: tuple[object, ...] = (0, None)
        else:
            outcome = (answer.status_code, answer.json().get("error"))
        seen.append((*outcome, str(number) in [posted.text for posted in slack.posts]))
    return seen


def test_each_kind_of_fault(slack: LoopbackSlack) -> None:
    assert set(befallen(slack, 3, seed=1, kinds=["429"])) == {(429, "ratelimited", False)}
    slack.steady()
    fives = set(befallen(slack, 25, seed=1, kinds=["500"]))
    assert fives == {
        (500, "internal_error", True),
        (500, "internal_error", False),
        (503, "service_unavailable", True),
        (503, "service_unavailable", False),
    }


def test_a_dropped_connection_before_or_after_the_post(slack: LoopbackSlack) -> None:
    assert set(befallen(slack, 12, seed=1, kinds=["drop"])) == {(0, None, True), (0, None, False)}
    assert {call.status for call in slack.calls} == {0}
    assert slack.wait_until(lambda: len(slack.calls)) == 12


def test_a_rate_limit_says_how_long_to_wait(slack: LoopbackSlack, client: WebClient) -> None:
    slack.flaky(seed=1, rate=1.0, kinds=["429"])
    answer = httpx.post(f"{slack.api_url}auth.test", headers={"Authorization": f"Bearer {slack.bot_token}"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert client.apps_connections_open(app_token=slack.app_token)["ok"] is True


def test_a_late_answer(slack: LoopbackSlack, client: WebClient) -> None:
    slack.flaky(seed=1, rate=1.0, kinds=["slow"], late=0.25, methods=["chat.postMessage"])
    started = time.monotonic()
    client.auth_test()
    assert time.monotonic() - started < 0.25
    client.chat_postMessage(channel="C1", text="late")
    assert time.monotonic() - started > 0.25
    slack.steady()
    started = time.monotonic()
    client.chat_postMessage(channel="C1", text="soon")
    assert time.monotonic() - started < 0.25


def test_the_sdk_posts_again_what_a_cut_hid(slack: LoopbackSlack, client: WebClient) -> None:
    """Its own retry of a lost connection makes a second message of a first that was posted."""
    slack.cut("chat.postMessage", done=True)
    client.chat_postMessage(channel="C1", text="once")
    assert [posted.text for posted in slack.posts] == ["once", "once"]
    assert [(call.status, call.retry) for call in slack.calls] == [(0, False), (200, True)]
    slack.cut("chat.postMessage")
    client.chat_postMessage(channel="C1", text="twice")
    assert [posted.text for posted in slack.posts] == ["once", "once", "twice"]


def test_an_error_may_hide_what_was_done(slack: LoopbackSlack, client: WebClient) -> None:
    slack.fail("chat.postMessage", status=500, done=True)
    slack.fail("response_url", status=500, done=True)
    httpx.post(slack.slash("x", "U1", "C1").response_url, json={"text": "private"})
    assert error_of(lambda: client.chat_postMessage(channel="C1", text="open"))["error"] == "internal_error"
    assert [(posted.via, posted.text) for posted in slack.posts] == [("response_url", "private"), ("api", "open")]


@given(st.integers(), st.floats(0, 1), st.integers(0, 20))
def test_a_seed_makes_the_same_of_a_methods_calls(seed: int, rate: float, others: int) -> None:
    one, two = Faults(), Faults()
    for faults in (one, two):
        faults.flaky(seed=seed, rate=rate)
    for _ in range(others):
        two.next_fault("auth.test", {})
    assert [one.next_fault("chat.update", {}) for _ in range(20)] == [
        two.next_fault("chat.update", {}) for _ in range(20)
    ]


def test_the_rate_is_kept() -> None:
    faults = Faults()
    faults.flaky(seed=7, rate=0.3)
    seen = Counter(
        "none" if fault == Fault() else "drop" if fault.cut else "slow" if fault.delay else str(fault.status)[0]
        for fault in (faults.next_fault("chat.postMessage", {}) for _ in range(4000))
    )
    assert seen.keys() == {"none", "4", "5", "drop", "slow"}
    assert 4000 - seen["none"] == pytest.approx(1200, abs=120)
    assert all(seen[kind] == pytest.approx(300, abs=75) for kind in ("4", "5", "drop", "slow"))


@pytest.mark.parametrize(
    "weather", [{"rate": 1.1}, {"rate": -0.1}, {"rate": 1, "kinds": []}, {"rate": 1, "kinds": ["x"]}]
)
def test_weather_that_cannot_be(weather: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="rate"):
        Faults().flaky(seed=1, **weather)


def test_a_channel_has_its_pace(slack: LoopbackSlack, client: WebClient) -> None:
    def post(channel: str) -> str:
        answer = httpx.post(
            f"{slack.api_url}chat.postMessage",
            json={"channel": channel, "text": "x"},
            headers={"Authorization": f"Bearer {slack.bot_token}"},
        )
        return f"{answer.status_code} {answer.headers.get('retry-after', '')}".strip()

    slack.pace(0.01, burst=2)
    assert [post("C1") for _ in range(3)] == ["200", "200", "429 1"]
    assert [post(channel) for channel in ("D1", "U1", "D1")] == ["200", "200", "429 1"]
    ts = slack.posts[0].ts
    assert [client.chat_update(channel="C1", ts=ts, text=str(n))["ok"] for n in range(4)] == [True] * 4
    slack.steady()
    assert [post("C1") for _ in range(5)] == ["200"] * 5
    slack.pace(20.0, burst=1)
    for _ in range(3):
        assert post("C1") == "200"
        time.sleep(0.1)
    with pytest.raises(ValueError, match="burst"):
        slack.pace(1.0, burst=0)


def test_who_waits_as_told_is_let_in(slack: LoopbackSlack, client: WebClient) -> None:
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=3))
    slack.pace(0.7, burst=1)
    client.chat_postMessage(channel="C1", text="one")
    client.chat_postMessage(channel="C1", text="two")
    assert [posted.text for posted in slack.posts] == ["one", "two"]
    statuses = [call.status for call in slack.calls]
    assert (statuses[:2], statuses[-1]) == ([200, 429], 200)
