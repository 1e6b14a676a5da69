"""Each delivery is answered once: retries, twins, restarts, Slack's failures, a stop."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from bot import posting, wording
from bot.incoming import read
from bot.ledger import Ledger, Taking
from bot.manifest import BOT_SCOPES
from bot.pieces import say
from bot.posting import Mark
from bot.replies import only
from bot.slack import web_client
from retrieval.archive import Archive
from retrieval.clock import label
from retrieval.model import Answer
from tests.slack_bot import REFUSED, RESIGN, UNANSWERED, quoted, running, walked
from tests.slack_payloads import message
from tests.slack_sent import Sent
from tests.slack_server import LoopbackSlack


def key(sent: Sent) -> str:
    """The key of a message's delivery."""
    return f"message {sent.channel} {sent.ts}"


def state(folder: Path, sent: Sent) -> str | None:
    """How far the ledger says that a message's delivery has come."""
    with closing(sqlite3.connect(folder / "ledger.db")) as connection:
        row = connection.execute("SELECT state FROM received WHERE key = ?", (key(sent),)).fetchone()
    return None if row is None else row[0]


def left(folder: Path, sent: Sent, *, sending: bool = False) -> None:
    """A run takes a delivery and dies over it."""
    incoming = read(sent.payload, None, time.time())
    assert incoming is not None
    assert incoming.key == key(sent)
    with closing(Ledger.open(folder / "ledger.db")) as ledger:
        assert ledger.inbox.take(incoming.key, incoming.to_json(), datetime.now(UTC)) is Taking.OURS
        if sending:
            ledger.inbox.posting(incoming.key)


def test_the_message_twin_of_a_mention_and_every_retry_are_answered_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1", also_message=True)
        slack.wait_for_posts(1)
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        command = slack.slash(RESIGN, "U1", "C1")
        slack.wait_for_posts(2)
        slack.redeliver(command).wait_acked()
        slack.settle()
    assert [post.via for post in slack.posts] == ["api", "response_url"]


def test_a_restart_answers_what_was_left_at_once_and_each_retry_of_it_never(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        answered = slack.mention(RESIGN, "U1", "C1")
        slack.wait_for_posts(1)
        slack.wait_until(lambda: answered.delivery.finished and state(tmp_path, answered) == "answered")
    taken, failed = slack.unsent_mention(UNANSWERED, "U2", "C2"), slack.unsent_mention(RESIGN, "U3", "C3")
    left(tmp_path, taken)
    left(tmp_path, failed)
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        ledger.inbox.settle(key(failed), answered=False)
    with running(slack, sample_archive, tmp_path):
        _, at_once = slack.wait_for_posts(2)
        for sent in (answered, taken):
            slack.redeliver(sent, retry_attempt=1).wait_acked()
        slack.settle()
        slack.redeliver(failed, retry_attempt=1).wait_acked()
        _, _, retried = slack.wait_for_posts(3)
        slack.settle()
    assert (at_once.channel, at_once.thread_ts) == ("C2", taken.ts)
    assert at_once.text.startswith(wording.NOTHING_FOUND)
    assert (retried.channel, retried.thread_ts) == ("C3", failed.ts)


@pytest.mark.parametrize("stands", [True, False])
def test_a_reply_that_was_on_its_way_when_the_bot_died_is_posted_if_it_does_not_stand(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, stands: bool
) -> None:
    asked = slack.mention(RESIGN, "U1", "C1")
    left(tmp_path, asked, sending=True)
    if stands:
        earlier = only(say(wording.PUBLISHED))
        posting.post(web_client(slack.api_url, slack.bot_token), "C1", asked.ts, earlier, Mark(delivery=key(asked)))
    with running(slack, sample_archive, tmp_path):
        slack.wait_until(lambda: state(tmp_path, asked) == "answered")
        slack.settle()
    assert [post.method for post in slack.posts] == ["chat.postMessage", *(["chat.update"] if stands else [])]
    posted = slack.posts[-1]  # what stood there was of before: it is what is kept that has to stand
    assert (posted.thread_ts, posted.metadata) == (asked.ts, Mark(delivery=key(asked)).metadata)
    assert quoted(posted)[0].startswith(REFUSED)


def test_what_a_stet_of_another_form_left_stays_without_a_reply(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        for number, payload in enumerate(
            ["no JSON", "[]", "{}", '{"way": "telepathy"}', '{"way": "mention", "x": 1}']
        ):
            ledger.inbox.take(f"message C1 {number}.000001", payload, datetime.now(UTC))
    with running(slack, sample_archive, tmp_path):
        slack.direct_message(RESIGN, "U1")
        slack.wait_for_posts(1)
        slack.settle()
    assert caplog.text.count("a delivery of another Stet cannot be read") == 5
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        assert list(ledger.inbox.adopt()) == []


def test_what_was_asked_long_ago_is_told_so(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    then = f"{time.time() - 400:.6f}"
    old = message(slack.workspace, RESIGN, user="U1", channel="D1", ts=then, thread_ts=None, blocks=None)
    with running(slack, sample_archive, tmp_path):
        slack.event(old).wait_acked()
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    asked_at = label(datetime.fromtimestamp(float(then), UTC))
    assert (posted.channel, posted.text) == ("D1", wording.TOO_OLD.format(time=asked_at))


# ------------------------------------------------------------------------------------------------ Slack's failures


def test_a_rate_limit_is_waited_out_and_posted_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.rate_limit("chat.postMessage", times=1, retry_after=1)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    limited, taken = slack.calls_to("chat.postMessage")
    assert taken.at - limited.at >= 1.0
    assert len(slack.posts) == 1


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    "fails",
    [
        partial(LoopbackSlack.fail, error="internal_error"),
        partial(LoopbackSlack.fail, error="internal_error", status=500),
        partial(LoopbackSlack.fail, error="service_unavailable", status=503),
        LoopbackSlack.cut,
    ],
)
def test_an_answer_that_slack_did_not_confirm_is_posted_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, fails: Callable[..., None], done: bool
) -> None:
    fails(slack, "chat.postMessage", done=done)
    fails(slack, "chat.postMessage", done=done, times=int(not done))
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        slack.wait_until(lambda: state(tmp_path, asked) == "answered")
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        slack.settle()
    assert [post.method for post in slack.posts] == ["chat.postMessage", *(["chat.update"] if done else [])]
    posted = slack.posts[-1]
    walked(sample_archive, posted)
    assert (posted.thread_ts, posted.metadata) == (asked.ts, Mark(delivery=key(asked)).metadata)
    assert len(slack.calls_to("chat.postMessage")) == (1 if done else 3)
    assert len(slack.calls_to("conversations.replies")) == (1 if done else 2)
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        assert ledger.messages.receipts("C1", posted.ts) != []


def test_in_a_direct_message_it_is_looked_for_in_the_conversation(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.cut("chat.postMessage", done=True)
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(RESIGN, "U1")
        slack.wait_until(lambda: state(tmp_path, asked) == "answered")
        slack.settle()
    assert [post.method for post in slack.posts] == ["chat.postMessage", "chat.update"]
    [looked] = slack.calls_to("conversations.history")
    assert (looked.args["channel"], looked.args["oldest"]) == (asked.channel, asked.ts)


def test_where_it_may_not_look_it_posts_again(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    slack.scopes = frozenset(BOT_SCOPES)
    slack.fail("chat.postMessage", error="internal_error")
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    [looked] = slack.calls_to("conversations.replies")
    assert looked.error == "missing_scope"


@pytest.mark.parametrize("error", ["restricted_action", "is_archived", "invalid_auth"])
def test_what_slack_will_not_take_is_left_to_its_next_delivery(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, error: str
) -> None:
    slack.fail("chat.postMessage", error=error)
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        slack.wait_until(lambda: state(tmp_path, asked) == "failed")
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    assert len(slack.calls_to("chat.postMessage")) == 2


def test_a_reply_is_given_up_after_a_time_and_left_to_its_next_delivery(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering._GIVE_UP", 0.0)
    slack.fail("chat.postMessage", error="internal_error")
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        slack.wait_until(lambda: state(tmp_path, asked) == "failed")
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        slack.wait_for_posts(1)
        slack.settle()
    assert len(slack.posts) == 1


# ------------------------------------------------------------------------------------------------ the bot's own life


def test_a_refreshed_connection_goes_on_answering(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        slack.wait_for_posts(1)
        slack.disconnect("refresh_requested")
        slack.wait_until(lambda: slack.connections_made >= 2)
        slack.mention(UNANSWERED, "U1", "C1")
        posts = slack.wait_for_posts(2)
        slack.settle()
    assert len(slack.posts) == 2
    assert posts[1].text.startswith(wording.NOTHING_FOUND)


def test_eight_askers_at_once_each_get_their_own_answer(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        for number in range(8):
            slack.slash(RESIGN if number % 2 else UNANSWERED, f"U{number}", "C1")
        posts = slack.wait_for_posts(8, timeout=20)
    assert sorted(str(post.user) for post in posts) == [f"U{number}" for number in range(8)]
    for post in posts:
        odd = int(str(post.user)[1:]) % 2
        assert (wording.PUBLISHED if odd else wording.NOTHING_FOUND) in post.text


def test_stopping_finishes_the_answer_that_is_under_way(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    answer = sample_archive.ask

    def slowly(*args: object, **named: object) -> Answer:
        begun.set()
        assert go_on.wait(10)
        return answer(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_archive, "ask", slowly)
    with running(slack, sample_archive, tmp_path) as bot:
        slack.mention(RESIGN, "U1", "C1")
        assert begun.wait(10)
        stopping = threading.Thread(target=bot.stop)
        stopping.start()
        slack.mention(UNANSWERED, "U2", "C2")
        go_on.set()
        stopping.join(10)
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    assert [post.channel for post in slack.posts] == ["C1"]
    assert all(not delivery.acked_after for delivery in slack.deliveries[1:])
