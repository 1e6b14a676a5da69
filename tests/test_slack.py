"""The bot over the loopback Slack, through the real slack_bolt and slack_sdk."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import render, wording
from bot.ledger import Ledger
from bot.manifest import BOT_EVENTS, BOT_SCOPES, manifest
from bot.slack import ASK_PRIVATELY, Bot, web_client
from retrieval.archive import Archive
from retrieval.model import Answer, SourceOptions, digest
from tests.conftest import NOW
from tests.data_folder import SAMPLE
from tests.slack_server import LoopbackSlack, Posted
from tests.walk import Walk

RESIGN = "Will the council leader resign?"
REFUSED = "Rosalind Thackwray has refused to resign as leader of the council."
UNANSWERED = "Who won the snooker final?"


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack() as server:
        yield server
        server.assert_clean()
        assert not server.over_budget


@contextmanager
def running(slack: LoopbackSlack, archive: Archive, folder: Path) -> Iterator[Bot]:
    """The bot, connected; its ledger in `folder`."""
    ledger = Ledger.open(folder / "ledger.db")
    bot = Bot(archive, ledger, web_client(slack.api_url, slack.bot_token))
    try:
        with slack.connected(bot.app):
            yield bot
    finally:
        bot.stop()
        ledger.close()


def walked(archive: Archive, posted: Posted, *asked: str) -> Posted:
    """The message, every leaf of it walked."""
    Walk(versions=list(archive.store.live_versions()), asked=asked).message(posted.text, posted.blocks)
    return posted


def quoted(posted: Posted) -> list[str]:
    return [
        "".join(leaf["text"] for leaf in element["elements"])
        for block in posted.blocks
        for element in block.get("elements", [])
        if element["type"] == "rich_text_quote"
    ]


# ------------------------------------------------------------------------------------------------ ways to ask


def test_the_customers_question_gets_the_words_of_the_entry(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], seed: Path, tmp_path: Path
) -> None:
    archive = make_archive(seed, options=SourceOptions(timezone="Europe/London"))
    question = "What role did taxi drivers play?"
    with running(slack, archive, tmp_path):
        asked = slack.mention(question, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    walked(archive, posted)
    assert posted.thread_ts == asked.ts
    assert "the prominent role of taxi drivers" in quoted(posted)[0]
    assert "5.19pm BST, Tuesday 26 August 2014" in posted.text
    assert quoted(posted) == [one.passage.text for one in archive.ask(question).passages]


def test_a_mention_is_answered_in_its_thread(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    with running(slack, sample_archive, tmp_path):
        first = slack.mention(RESIGN, "U1", "C1")
        slack.wait_for_posts(1)
        slack.mention(RESIGN, "U1", "C1", thread_ts=first.ts)
        posts = slack.wait_for_posts(2)
    assert [post.thread_ts for post in posts] == [first.ts, first.ts]
    for post in posts:
        walked(sample_archive, post)
        assert quoted(post)[0].startswith(REFUSED)
        assert post.args["unfurl_links"] in (False, "false", "0")
        assert post.args["unfurl_media"] in (False, "false", "0")


def test_a_direct_message_is_answered_in_place(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(RESIGN, "U1")
        [posted] = slack.wait_for_posts(1)
    walked(sample_archive, posted)
    assert (posted.channel, posted.thread_ts) == (asked.channel, None)
    assert quoted(posted)[0].startswith(REFUSED)


def test_a_command_is_answered_to_the_asker_alone(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.slash(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    walked(sample_archive, posted, RESIGN)
    assert (posted.via, posted.user) == ("response_url", "U1")
    assert posted.text.startswith(f"{wording.ASKED} {RESIGN}\n{wording.PUBLISHED}")
    assert quoted(posted)[0].startswith(REFUSED)


def test_slacks_escapes_are_undone_before_asking(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    source = tmp_path / "fair.ndjson"
    text = "Bakers & Sons <of Harl> won the pie prize, it says on fair.example."
    source.write_text(json.dumps({"id": "1", "time": "2031-02-03T10:00:00+00:00", "text": text}))
    archive = make_archive(source)
    with running(slack, archive, tmp_path):
        typed = "Did Bakers &amp; Sons &lt;of Harl&gt; win, says <http://fair.example|fair.example>?"
        slack.mention(typed, "U1", "C1", escaped=True)
        slack.slash("Did Bakers & Sons <of Harl> win?", "U1", "C1")
        private, posted = sorted(slack.wait_for_posts(2), key=lambda post: post.via == "api")
    walked(archive, posted)
    walked(archive, private, "Did Bakers & Sons <of Harl> win?")
    assert quoted(posted) == quoted(private) == [text]
    assert "&gt; Bakers &amp; Sons &lt;of Harl&gt; won" in posted.text


# ------------------------------------------------------------------------------------------------ silence and errors


def test_silence_names_itself_and_offers_the_nearest(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention(UNANSWERED, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    walked(sample_archive, posted)
    lines = posted.text.split("\n")
    assert lines[:2] == [wording.NOTHING_FOUND, wording.NEAREST]
    assert lines[-1] == (
        "Indexed: 33 entries, from 4.12pm GMT, Monday 3 February 2031 to 10.30am GMT, Tuesday 4 February 2031."
    )
    assert 1 <= sum("GMT" in line for line in lines[:-1]) <= 3


def test_an_empty_index_an_empty_question_and_a_long_one_get_a_reply(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    with running(slack, make_archive(), tmp_path):
        for text in (RESIGN, "  ", "long " * 500):
            slack.direct_message(text, "U1").wait_acked()
        posts = slack.wait_for_posts(3)
    assert {post.text for post in posts} == {
        wording.EMPTY_INDEX,
        wording.HELP,
        "The question is too long. At most 2,000 characters are taken.",
    }


def test_a_damaged_index_gets_one_clear_reply(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    (sample_archive.home / "index" / "manifest.json").write_text("{}")
    with running(slack, sample_archive, tmp_path):
        slack.slash(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.INDEX_TROUBLE


def test_an_error_that_nobody_foresaw_gets_a_reply(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> Answer:
        raise ZeroDivisionError("by chance")

    monkeypatch.setattr(sample_archive, "ask", fail)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.TROUBLE


def test_a_reply_that_slack_refuses_is_replaced_by_one_that_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.fail("chat.postMessage", error="msg_blocks_too_long", times=1)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    assert posted.text == wording.TROUBLE


def test_bots_and_plain_talk_are_not_answered(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.message_from_bot(f"<@{slack.workspace.bot_user}> {RESIGN}", "C1").wait_acked()
        slack.message_from_bot(RESIGN, "C1", own=True).wait_acked()
        slack.channel_message(RESIGN, "U1", "C1").wait_acked()
        asked = slack.direct_message(RESIGN, "U1")
        slack.wait_for_posts(1)
        slack.edited_message(asked, UNANSWERED).wait_acked()
        slack.settle()
    assert [post.channel for post in slack.posts] == [asked.channel]


# ------------------------------------------------------------------------------------------------ once


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
    assert died.take(f"message C2 {taken.ts}", datetime.now(UTC)) is True  # and then it died
    died.close()
    with running(slack, sample_archive, tmp_path):
        slack.redeliver(answered, retry_attempt=1).wait_acked()
        slack.redeliver(taken, retry_attempt=1).wait_acked()
        slack.wait_for_posts(2)
        slack.settle()
    assert [post.channel for post in slack.posts] == ["C1", "C2"]


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


# ---------------------------------------------------------------------------------------- proof and permission


def test_each_posted_answer_leaves_receipts_that_prove_it(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path) as bot:
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        bot.stop()
    ledger = Ledger.open(tmp_path / "ledger.db")
    receipts = ledger.receipts(posted.channel, posted.ts)
    ledger.close()
    proved = []
    for one in receipts:
        version = sample_archive.versions_of(one.entry)[one.version - 1]
        proved.append(version.text[one.start : one.end])
        assert digest(proved[-1]) == one.sha256
    assert proved == quoted(posted) != []


@pytest.mark.parametrize(
    ("channel", "user", "seen"),
    [
        ("C1", "U1", True),
        ("C2", "U1", False),
        ("C1", "UGUEST", False),
        ("C1", "UNOBODY", False),
        ("CSHARED", "U1", False),
    ],
)
def test_a_restricted_blog_is_shown_in_its_channels_to_members_alone(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    channel: str,
    user: str,
    seen: bool,
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1", "CSHARED")))
    slack.users["UGUEST"] = {"is_restricted": True}
    slack.users["UNOBODY"] = None
    slack.channels["CSHARED"] = {"is_ext_shared": True}
    with running(slack, archive, tmp_path):
        slack.mention(RESIGN, user, channel)
        slack.slash(RESIGN, user, channel)
        posts = slack.wait_for_posts(2)
    for post in posts:
        walked(archive, post, RESIGN)
        assert bool(quoted(post)) is seen
        assert ("33 entries" in post.text) is seen


def test_a_restricted_blog_is_never_shown_in_a_direct_message(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    with running(slack, archive, tmp_path):
        slack.direct_message(RESIGN, "U1")
        [posted] = slack.wait_for_posts(1)
    assert quoted(posted) == []
    assert "GMT" not in posted.text


def test_a_blog_under_embargo_is_shown_nowhere(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(embargo_until=NOW.replace(year=2200)))
    with running(slack, archive, tmp_path):
        slack.slash(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert quoted(posted) == []
    assert "GMT" not in posted.text
    assert archive.ask(RESIGN).passages == archive.ask(RESIGN).nearest == ()


def test_a_sensitive_blog_is_quoted_to_the_asker_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(sensitive=True))
    with running(slack, archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [neutral] = slack.wait_for_posts(1)
        slack.block_action(ASK_PRIVATELY, RESIGN, "U2", neutral)
        [_, private] = slack.wait_for_posts(2)
    walked(archive, neutral, RESIGN)
    assert neutral.text == wording.SENSITIVE
    walked(archive, private, RESIGN)
    assert (private.user, private.via) == ("U2", "response_url")
    assert quoted(private)[0].startswith(REFUSED)


# ------------------------------------------------------------------------------------------------ the manifest


def test_the_manifest_asks_for_what_is_in_use_and_no_more(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    needed = {
        "app_mention": "app_mentions:read",
        "message.im": "im:history",
        "chat.postMessage": "chat:write",
        "users.info": "users:read",
        "conversations.info": "channels:read",
        "command": "commands",
    }
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    with running(slack, archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        slack.slash(RESIGN, "U1", "C1")
        slack.wait_for_posts(2)
    called = {call.method for call in slack.calls} - {"auth.test", "apps.connections.open"}
    used = {needed[one] for one in called if one in needed} | {needed[one] for one in BOT_EVENTS} | {"commands"}
    assert set(BOT_SCOPES) == used | {"groups:read"}  # conversations.info of private channels
    made = manifest()
    assert made["settings"]["event_subscriptions"]["bot_events"] == ["app_mention", "message.im"]
    assert made["settings"]["socket_mode_enabled"] is True
    assert "agent_view" in made["features"]
    assert len(made["display_information"]["description"]) <= 140


def test_the_budget_keeps_a_message_within_slacks_limits(sample_archive: Archive) -> None:
    given = sample_archive.ask(RESIGN, limit=30)
    small = dataclasses.replace(given, passages=given.passages * 20)
    reply = render.answer(small, 900)
    assert render.length(reply) <= 900
    assert "Passages left out for length: " in render.plain(reply)
