"""Each delivery is answered once: retries, twins, restarts, rate limits, a stop."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import wording
from bot.ledger import Ledger, Taking
from retrieval.archive import Archive
from retrieval.model import Answer
from tests.slack_bot import RESIGN, UNANSWERED, running, walked
from tests.slack_server import LoopbackSlack


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


def test_a_retry_after_a_restart_is_answered_once_and_only_if_it_was_not(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        answered = slack.mention(RESIGN, "U1", "C1")
        slack.wait_for_posts(1)
        slack.wait_until(lambda: answered.delivery.finished)
    died = Ledger.open(tmp_path / "ledger.db")
    taken = slack.mention(UNANSWERED, "U2", "C2")
    recent = slack.mention(UNANSWERED, "U3", "C3")
    now = datetime.now(UTC)
    assert died.take(f"message C2 {taken.ts}", now - timedelta(minutes=1)) is Taking.OURS  # and then it died
    assert died.take(f"message C3 {recent.ts}", now) is Taking.OURS  # it may be at it still
    died.close()
    with running(slack, sample_archive, tmp_path):
        slack.redeliver(answered, retry_attempt=1).wait_acked()
        slack.redeliver(taken, retry_attempt=1).wait_acked()
        unacknowledged = slack.redeliver(recent, retry_attempt=1)
        slack.wait_for_posts(2)
        slack.settle()
    assert [post.channel for post in slack.posts] == ["C1", "C2"]
    assert unacknowledged.delivery.acked_after is None


def test_a_rate_limit_is_waited_out_and_posted_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.rate_limit("chat.postMessage", times=1, retry_after=1)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    assert len(slack.calls_to("chat.postMessage")) == 2
    assert len(slack.posts) == 1


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
