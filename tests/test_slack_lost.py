"""No answer is lost and none doubled: lost answers of Slack's, faults of every kind, a kill at the worst moment."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import wording
from bot.incoming import read
from bot.ledger import Ledger
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from tests.data_folder import SAMPLE
from tests.serving import key_of, replies
from tests.slack_bot import REFUSED, RESIGN, UNANSWERED, quoted, running
from tests.slack_sent import Sent
from tests.slack_server import LoopbackSlack

ALL_BUT_HISTORY = frozenset(
    "app_mentions:read assistant:write channels:read chat:write commands files:read files:write groups:read "
    "im:history im:write users:read".split()
)


def died_over(slack: LoopbackSlack, folder: Path, sent: Sent, *, posting: bool) -> None:
    """A bot took a question, began to post its reply or not, and was killed."""
    ledger = Ledger.open(folder / "ledger.db")
    incoming = read(sent.payload, slack.workspace.bot_user, 0.0)
    assert incoming is not None
    ledger.inbox.take(incoming.key, incoming.to_json(), datetime.now(UTC))
    if posting:
        ledger.inbox.posting(incoming.key)
    ledger.close()


@pytest.mark.parametrize("done", [False, True], ids=["not posted", "posted"])
@pytest.mark.parametrize("fault", ["cut", "fail"])
def test_an_answer_whose_acknowledgement_was_lost_stands_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, done: bool, fault: str
) -> None:
    if fault == "cut":
        slack.cut("chat.postMessage", done=done)
    else:
        slack.fail("chat.postMessage", status=503, done=done)
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        slack.wait_until(lambda: len(slack.calls_to("conversations.replies")) == 1)
        slack.wait_until(lambda: replies(slack.posts)[key_of(asked)] == 1)
        slack.wait_for_posts(2 if done else 1)
        slack.settle(1.0)
    assert [post.method for post in slack.posts] == ["chat.postMessage", *(["chat.update"] if done else [])]
    assert len(slack.calls_to("chat.postMessage")) == (1 if done else 2)


def test_what_a_killed_bot_had_posted_is_found_and_not_posted_again(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        mention, direct = slack.mention(RESIGN, "U1", "C1"), slack.direct_message(RESIGN, "U2")
        slack.wait_for_posts(2)
    (tmp_path / "ledger.db").unlink()  # it was killed before it could note anything
    died_over(slack, tmp_path, mention, posting=True)
    died_over(slack, tmp_path, direct, posting=True)
    with running(slack, sample_archive, tmp_path):
        slack.wait_for_posts(4)
        slack.settle(1.0)
        ledger = Ledger.open(tmp_path / "ledger.db")
        kept = [ledger.messages.at(post.channel, post.ts) for post in slack.posts[:2]]
        ledger.close()
    assert [post.method for post in slack.posts[2:]] == ["chat.update"] * 2
    assert replies(slack.posts) == {key_of(mention): 1, key_of(direct): 1}
    assert [bool(one and one.receipts) for one in kept] == [True, True]


@pytest.mark.parametrize("posting", [False, True])
def test_what_a_killed_bot_had_not_posted_is_answered_by_the_next(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, posting: bool
) -> None:
    asked = slack.mention(RESIGN, "U1", "C1")
    died_over(slack, tmp_path, asked, posting=posting)
    with running(slack, sample_archive, tmp_path):
        [post] = slack.wait_for_posts(1)
        slack.settle(0.5)
    assert quoted(post)[0].startswith(REFUSED)
    assert post.thread_ts == asked.ts


def test_a_command_of_before_a_restart_is_answered_to_its_address(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path) as bot:
        bot.answering.deliveries.stop()
        asked = slack.slash(RESIGN, "U1", "C1")
        slack.settle(0.2)
    ledger = Ledger.open(tmp_path / "ledger.db")
    incoming = read(asked.payload, None, datetime.now(UTC).timestamp())
    assert incoming is not None
    ledger.inbox.take(incoming.key, incoming.to_json(), datetime.now(UTC))
    ledger.close()
    with running(slack, sample_archive, tmp_path):
        [post] = slack.wait_for_posts(1)
    assert (post.user, post.via) == ("U1", "response_url")


def test_where_the_channel_may_not_be_read_an_uncertain_answer_is_given_rather_than_lost(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.scopes = ALL_BUT_HISTORY
    asked = slack.mention(RESIGN, "U1", "C1")
    died_over(slack, tmp_path, asked, posting=True)
    with running(slack, sample_archive, tmp_path):
        [post] = slack.wait_for_posts(1)
    assert quoted(post)[0].startswith(REFUSED)
    assert [call.error for call in slack.calls_to("conversations.replies")] == ["missing_scope"]


def test_in_bad_weather_each_question_gets_one_answer(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C0",)))
    slack.flaky(seed=3, rate=0.2, kinds=("429", "500", "drop"))
    with running(slack, archive, tmp_path):
        sent = [slack.mention(UNANSWERED, f"U{number}", f"C{number}") for number in range(20)]
        sent += [slack.direct_message(UNANSWERED, f"U{number}") for number in range(10)]
        slack.wait_until(lambda: len(replies(slack.posts)) == 30, 60)
        slack.steady()
        time.sleep(2)  # a reply whose fate was not known may still be looked for, and put into its own place again
    assert replies(slack.posts) == Counter({key_of(one): 1 for one in sent})


def test_more_than_can_be_answered_are_told_to_come_back(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(slack, sample_archive, tmp_path) as bot:
        monkeypatch.setattr(bot.answering._work, "_most", 3)
        for number in range(8):  # in one channel, a message a second
            slack.mention(UNANSWERED, f"U{number}", "C1").wait_acked()
        slack.wait_until(lambda: len(slack.posts) >= 8, 20)
    told = [post for post in slack.posts if post.text == wording.BUSY]
    assert 3 <= len(told) <= 5
    assert all(post.method == "chat.postEphemeral" for post in told)
    answers = [post for post in slack.posts if post.text.startswith(wording.NOTHING_FOUND)]
    assert len(answers) + len(told) == 8


def test_a_channel_gets_one_message_a_second(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    slack.pace(1.0, burst=1)
    with running(slack, sample_archive, tmp_path):
        for number in range(3):
            slack.mention(UNANSWERED, f"U{number}", "C1")
        slack.wait_for_posts(3, 15)
    at = [call.at for call in slack.calls_to("chat.postMessage")]
    assert all(later - sooner > 0.8 for sooner, later in itertools.pairwise(at))
