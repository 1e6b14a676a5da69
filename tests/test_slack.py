"""The bot over the loopback Slack, through the real slack_bolt and slack_sdk: ways to ask, silence, errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from bot import wording
from bot.ledger.part import LedgerPart
from retrieval.archive import Archive
from retrieval.errors import DiskError, StoreBusy
from retrieval.model import Answer, SourceOptions
from tests.data_folder import SAMPLE
from tests.slack_bot import REFUSED, RESIGN, UNANSWERED, quoted, running, walked
from tests.slack_server import LoopbackSlack


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


@pytest.mark.parametrize("error", ["msg_blocks_too_long", "msg_too_long", "invalid_blocks", "invalid_arguments"])
def test_a_reply_whose_form_slack_refuses_is_sent_without_its_buttons(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, error: str
) -> None:
    slack.fail("chat.postMessage", error=error, times=1)
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    assert [block["type"] for block in posted.blocks] == ["rich_text"] * len(posted.blocks)
    assert quoted(posted) == [one.passage.text for one in sample_archive.ask(RESIGN).passages]
    refused, taken = slack.calls_to("chat.postMessage")
    assert {block["type"] for block in refused.args["blocks"]} == {"rich_text", "actions", "context_actions"}
    assert taken.args["text"] == refused.args["text"]
    assert (posted.thread_ts, taken.args["metadata"]) == (asked.ts, refused.args["metadata"])


def test_a_reply_that_slack_refuses_in_every_form_is_replaced_by_one_that_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.fail("chat.postMessage", error="msg_blocks_too_long", times=2)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted)
    assert posted.text == wording.TROUBLE
    assert len(slack.calls_to("chat.postMessage")) == 3


@pytest.mark.parametrize("method", ["users.info", "conversations.info"])
def test_a_failing_look_up_hides_what_is_restricted_and_answers_the_rest(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, method: str
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    slack.fail(method, status=500, times=5)
    with running(slack, archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text.startswith(wording.NOTHING_FOUND)
    assert quoted(posted) == []


def test_a_locked_archive_gets_one_clear_reply(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> NoReturn:
        raise StoreBusy("archive.db is locked by another program", "wait until it is done, then try again")

    monkeypatch.setattr(sample_archive, "blogs", locked)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        slack.slash(RESIGN, "U1", "C1")
        posts = slack.wait_for_posts(2)
    assert [post.text for post in posts] == [wording.INDEX_TROUBLE] * 2


def test_a_ledger_that_cannot_be_written_still_lets_each_question_be_answered_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: LedgerPart) -> NoReturn:
        raise DiskError("no space is left to write ledger.db", "free some space on the disk")

    with running(slack, sample_archive, tmp_path):
        monkeypatch.setattr(LedgerPart, "_writing", full)
        asked = slack.mention(RESIGN, "U1", "C1", also_message=True)
        [posted] = slack.wait_for_posts(1)
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        slack.settle()
    walked(sample_archive, posted)
    assert quoted(posted)[0].startswith(REFUSED)
    assert [block["type"] for block in posted.blocks].count("context_actions") == 0  # nothing was noted to be rated


def test_a_private_reply_whose_form_slack_refuses_is_sent_without_its_buttons(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.fail("response_url", status=400, times=1)
    with running(slack, sample_archive, tmp_path):
        slack.slash(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    walked(sample_archive, posted, RESIGN)
    assert {block["type"] for block in posted.blocks} == {"rich_text"}
    assert quoted(posted)[0].startswith(REFUSED)


def test_a_private_reply_that_slack_refuses_in_every_form_is_replaced_by_one_that_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.fail("response_url", status=400, times=2)
    with running(slack, sample_archive, tmp_path):
        slack.slash(RESIGN, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    assert (posted.text, posted.user) == (wording.TROUBLE, "U1")


def test_bots_and_plain_talk_are_not_answered(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.message_from_bot(f"<@{slack.workspace.bot_user}> {RESIGN}", "C1").wait_acked()
        slack.message_from_bot(RESIGN, "C1", own=True).wait_acked()
        slack.channel_message(RESIGN, "U1", "C1").wait_acked()
        asked = slack.direct_message(RESIGN, "U1")
        slack.wait_for_posts(1)
        slack.settle()
    assert [post.channel for post in slack.posts] == [asked.channel]


def test_an_edited_question_is_answered_anew_in_the_place_of_its_first_answer(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(UNANSWERED, "U1")
        [first] = slack.wait_for_posts(1)
        edit = slack.edited_message(asked, RESIGN)
        _, second = slack.wait_for_posts(2)
        slack.redeliver(edit, retry_attempt=1).wait_acked()
        slack.edited_message(asked, RESIGN).wait_acked()  # an edit that leaves the words as they are
        slack.settle()
    assert first.text.startswith(wording.NOTHING_FOUND)
    walked(sample_archive, second)
    assert (second.method, second.channel, second.ts) == ("chat.update", first.channel, first.ts)
    assert quoted(second)[0].startswith(REFUSED)


def test_an_edited_mention_is_answered_anew_once_in_its_thread(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(UNANSWERED, "U1", "C1")
        [first] = slack.wait_for_posts(1)
        slack.edited_mention(asked, RESIGN, also_message=True)
        _, second = slack.wait_for_posts(2)
        slack.settle()
    walked(sample_archive, second)
    assert (second.method, second.ts, second.thread_ts) == ("chat.update", first.ts, asked.ts)
    assert quoted(second)[0].startswith(REFUSED)


def test_a_message_that_is_edited_into_a_mention_gets_its_first_answer(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.channel_message(RESIGN, "U1", "C1")
        asked.wait_acked()
        slack.edited_mention(asked, RESIGN, also_message=True)
        [posted] = slack.wait_for_posts(1)
        slack.settle()
    assert (posted.method, posted.thread_ts) == ("chat.postMessage", asked.ts)
    assert quoted(posted)[0].startswith(REFUSED)
