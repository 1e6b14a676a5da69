"""Follow-ups, edited questions, threads without a mention, pages, private answers: asking as people ask in Slack."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import posting, wording
from bot.buttons import SHARE_ANSWER, SHOW_MORE
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from retrieval.archive import Archive
from tests.slack_bot import REFUSED, RESIGN, UNANSWERED, quoted, running, walked
from tests.slack_server import LoopbackSlack, Posted

PUMP = "What is known about the pump?"
FLOOD = "What was said about the river?"


def set_channel(folder: Path, **given: object) -> None:
    ledger = Ledger.open(folder / "ledger.db")
    ledger.channels.set(ChannelSettings(channel="C1", **given), "me", datetime.now(UTC))  # type: ignore[arg-type]
    ledger.close()


def actions(post: Posted) -> list[str]:
    return [
        element["action_id"] for block in post.blocks if block["type"] == "actions" for element in block["elements"]
    ]


def test_more_shows_the_passages_after_those_shown(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    whole = [one.passage.text for one in sample_archive.ask(FLOOD, limit=6).passages]
    assert len(whole) == 4
    with running(slack, sample_archive, tmp_path):
        first = slack.mention(FLOOD, "U1", "C1")
        [post] = slack.wait_for_posts(1)
        slack.mention("more please", "U1", "C1", thread_ts=first.ts)
        _, more = slack.wait_for_posts(2)
        slack.block_action(SHOW_MORE, None, "U2", post)
        *_, pressed = slack.wait_for_posts(3)
    for one, asked in ((post, ()), (more, ()), (pressed, (FLOOD,))):
        walked(sample_archive, one, *asked)
    assert quoted(post)[-1] != quoted(more)[-1]
    answers = [text for one in (post, more) for text in quoted(one) if text in whole]
    assert answers == whole
    assert more.text.startswith(wording.FURTHER)
    assert more.thread_ts == first.ts
    assert (pressed.user, pressed.via) == ("U2", "response_url")
    assert quoted(pressed) == quoted(more)


def test_a_question_without_more_has_no_such_button(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [post] = slack.wait_for_posts(1)
    assert len(sample_archive.ask(RESIGN, limit=4).passages) <= 3
    assert SHOW_MORE not in actions(post)


def test_earlier_and_later_narrow_the_question_before(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    given = sample_archive.ask(FLOOD, limit=4).passages[:3]
    times = sorted(one.passage.version.entry.posted_at for one in given)
    with running(slack, sample_archive, tmp_path):
        slack.direct_message(FLOOD, "U1")
        slack.wait_for_posts(1)
        slack.direct_message("earlier", "U1")
        slack.wait_for_posts(2)
        slack.direct_message(FLOOD, "U2")
        slack.wait_for_posts(3)
        slack.direct_message("anything later?", "U2")
        _, earlier, _, later = slack.wait_for_posts(4)
    before = sample_archive.ask(FLOOD, until=times[0], limit=4)
    assert quoted(earlier)[0] in [one.passage.text for one in (*before.passages, *before.nearest)] + [
        one.lead.text for one in (*before.passages, *before.nearest) if one.lead
    ]
    for one in (earlier, later):
        walked(sample_archive, one)
    assert earlier.text.startswith("Entries before ")
    assert later.text.startswith("Entries from ")


def test_only_before_a_time_refines_and_the_whole_entry_is_shown(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        first = slack.mention(FLOOD, "U1", "C1")
        slack.wait_for_posts(1)
        slack.mention("only before 6pm on 3 February", "U1", "C1", thread_ts=first.ts)
        _, narrowed = slack.wait_for_posts(2)
        slack.mention("show me the whole entry", "U1", "C1", thread_ts=first.ts)
        *_, whole = slack.wait_for_posts(3)
    walked(sample_archive, narrowed)
    walked(sample_archive, whole)
    narrowed_to = "Entries from 12.00am GMT, Monday 3 February 2031 to 6.00pm GMT, Monday 3 February 2031."
    assert narrowed.text.startswith(narrowed_to)
    assert whole.text.startswith(wording.WHOLE)
    [text] = quoted(whole)
    assert text in [version.text.strip() for version in sample_archive.store.live_versions()]


def test_a_follow_up_without_a_question_before_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention("more", "U1", "C1")
        [post] = slack.wait_for_posts(1)
    assert post.text == wording.NOTHING_BEFORE


def test_an_edited_question_is_answered_anew_in_place(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        direct = slack.direct_message(UNANSWERED, "U1")
        mention = slack.mention(UNANSWERED, "U1", "C1")
        slack.wait_for_posts(2)
        slack.edited_message(direct, RESIGN)
        slack.edited_mention(mention, RESIGN)
        slack.wait_for_posts(4)
        slack.settle()
    assert [one.method for one in slack.posts[2:]] == ["chat.update"] * 2
    for post in slack.posts[:2]:
        now = slack.message(post.channel, post.ts)
        assert now is not None
        walked(sample_archive, now)
        assert quoted(now)[0].startswith(REFUSED)


def test_an_edit_that_changes_no_word_is_let_pass(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(RESIGN, "U1")
        slack.wait_for_posts(1)
        slack.edited_message(asked, RESIGN).wait_acked()
        slack.settle()


def test_an_edit_waits_for_the_answer_whose_place_it_takes(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering._UNDER_WAY_SECONDS", 0.2)
    ask, held = sample_archive.ask, threading.Event()

    def slowly(text: str, **named: object) -> object:
        if text == UNANSWERED:
            assert held.wait(20)
        return ask(text, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_archive, "ask", slowly)
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(UNANSWERED, "U1", "C1")
        slack.edited_mention(asked, RESIGN).wait_acked()
        time.sleep(1)  # the new answer is made, and would be posted beside the first
        assert slack.posts == []
        held.set()
        slack.wait_for_posts(2)
        slack.settle()
    assert [one.method for one in slack.posts] == ["chat.postMessage", "chat.update"]
    now = slack.message("C1", slack.posts[0].ts)
    assert now is not None
    assert quoted(now)[0].startswith(REFUSED)


def test_who_may_see_it_changed_while_it_was_posted_so_it_is_looked_at_again(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No change of the feed tells of that, and the message was not kept yet when the rule changed."""
    post = posting.post

    def after_a_change(*given: Any) -> Any:
        with contextlib.closing(sqlite3.connect(sample_archive.home / "archive.db")) as other, other:
            other.execute("UPDATE blogs SET visibility = 'C9'")
        return post(*given)

    monkeypatch.setattr(posting, "post", after_a_change)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        first, second = slack.wait_for_posts(2)[:2]
    assert (quoted(first)[0].startswith(REFUSED), second.method) == (True, "chat.update")
    assert (first.ts, quoted(second)) == (second.ts, [])
    assert REFUSED not in second.text


def test_threads_are_followed_without_a_mention_where_the_channel_is_set_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        first = slack.mention(RESIGN, "U1", "C1")
        slack.wait_for_posts(1)
        slack.channel_message(UNANSWERED, "U2", "C1", thread_ts=first.ts).wait_acked()
        slack.settle()
        set_channel(tmp_path, threads=True)
        slack.channel_message("Thanks, that is what I needed.", "U2", "C1", thread_ts=first.ts).wait_acked()
        other = slack.channel_message("Lunch?", "U2", "C1")
        slack.channel_message("Where to?", "U3", "C1", thread_ts=other.ts).wait_acked()
        slack.settle()
        slack.channel_message(UNANSWERED, "U2", "C1", thread_ts=first.ts)
        _, post = slack.wait_for_posts(2)
        slack.settle()
    walked(sample_archive, post)
    assert (post.thread_ts, post.text.split("\n")[0]) == (first.ts, wording.NOTHING_FOUND)


def test_a_private_channels_answer_is_for_the_asker_and_may_be_shared(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    set_channel(tmp_path, private=True)
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        [private] = slack.wait_for_posts(1)
        slack.block_action(SHARE_ANSWER, None, "U1", private)
        _, shared, told = slack.wait_for_posts(3)
    walked(sample_archive, private, RESIGN)
    walked(sample_archive, shared)
    assert (private.method, private.user) == ("chat.postEphemeral", "U1")
    assert (shared.method, shared.channel, shared.user) == ("chat.postMessage", "C1", None)
    assert quoted(shared) == quoted(private)
    assert (told.user, told.text) == ("U1", wording.ANSWER_SHARED)


def test_a_channels_blogs_are_all_that_it_is_answered_from(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    set_channel(tmp_path, blogs=frozenset({"another"}))
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        slack.mention(RESIGN, "U1", "C2")
        posts = {post.channel: post for post in slack.wait_for_posts(2)}
    assert quoted(posts["C1"]) == []
    assert quoted(posts["C2"])[0].startswith(REFUSED)


def test_a_status_is_shown_in_the_messages_tab_while_it_takes_a_moment(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = sample_archive.ask

    def slowly(*args: object, **named: object) -> object:
        time.sleep(0.8)
        return ask(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_archive, "ask", slowly)
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(RESIGN, "U1")
        slack.wait_for_posts(1)
    [call] = slack.calls_to("assistant.threads.setStatus")
    assert call.args["channel_id"] == asked.channel
    assert (call.args["thread_ts"], call.args["status"]) == (asked.ts, wording.WORKING)
    posted = slack.calls_to("chat.postMessage")[0]
    assert call.at < posted.at


def test_a_workspace_without_statuses_is_asked_once_and_answered_all_the_same(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.status._AFTER", 0.0)
    slack.fail("assistant.threads.setStatus", error="unknown_method", times=5)
    ask = sample_archive.ask

    def slowly(*args: object, **named: object) -> object:
        time.sleep(0.2)
        return ask(*args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sample_archive, "ask", slowly)
    with running(slack, sample_archive, tmp_path):
        for number in (1, 2):
            slack.direct_message(RESIGN, "U1")
            slack.wait_for_posts(number)
    assert len(slack.calls_to("assistant.threads.setStatus")) == 1


def test_what_was_asked_long_ago_is_told_so(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    old = f"{int(time.time()) - 400}.000100"
    event = {"type": "message", "user": "U1", "channel": "D1", "channel_type": "im", "ts": old, "text": RESIGN}
    with running(slack, sample_archive, tmp_path):
        slack.event(event)
        [post] = slack.wait_for_posts(1)
        slack.settle()
    assert post.text.startswith("This was asked at ")
    assert quoted(post) == []


def test_no_text_of_a_question_is_kept_but_where_a_setting_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(PUMP, "U1", "C1")
        slack.wait_for_posts(1)
        slack.wait_until(lambda: asked.delivery.finished)
    ledger = Ledger.open(tmp_path / "ledger.db")
    [one] = ledger.learning.since(None)
    ledger.empty_log()
    ledger.close()
    assert (one.user, one.channel, one.way, one.text) == ("U1", "C1", "mention", None)
    assert b"known about the pump" not in (tmp_path / "ledger.db").read_bytes()


def test_each_answer_bears_its_delivery_in_its_metadata(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.mention(RESIGN, "U1", "C1")
        [post] = slack.wait_for_posts(1)
    assert post.metadata == {
        "event_type": "stet_reply",
        "event_payload": {"delivery": f"message C1 {asked.ts}", "part": 0},
    }
    assert json.loads(json.dumps(post.metadata)) == post.metadata
