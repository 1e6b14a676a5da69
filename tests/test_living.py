"""What was posted keeps up with its source: edits, deletions, holds, take-downs, and who may see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import render, wording
from bot.ledger import WITHDRAWN, Ledger
from bot.ledger.messages import Standing, State
from bot.present import Present
from retrieval.archive import Archive
from retrieval.clock import label
from retrieval.model import SourceOptions
from tests.slack_bot import quoted, running, walked
from tests.slack_server import LoopbackSlack, Posted

HURT = "How many people were hurt when the dam broke?"
DAM = "The dam at Harl broke at noon. Four people were hurt. Ada Orr, the mayor, said that all roads were closed."
OTHERS = (
    "Rain is expected until Friday, forecasters said.",
    "The school will stay shut for a week.",
    "Volunteers brought soup to the gym. It was warm.",
    "The river fell by a foot.",
    "Trains do not run between Harl and Wend.",
)
PASSAGE = "The dam at Harl broke at noon. Four people were hurt."


class Newsroom:
    """A live blog in a file, which is edited and read again."""

    def __init__(self, make_archive: Callable[..., Archive], folder: Path) -> None:
        self.source = folder / "dam.ndjson"
        self.folder = folder
        self.publish(DAM)
        self.archive = make_archive(self.source, options=SourceOptions(blog="dam", title="The dam"))

    def publish(self, dam: str | None, **more: Any) -> None:
        """Write the file with the first entry reading so, or without it."""
        texts = [dam, *OTHERS]
        rows = [
            {
                "id": str(number),
                "time": f"2031-02-03T1{number}:00:00+00:00",
                "text": text,
                **(more if not number else {}),
            }
            for number, text in enumerate(texts)
            if text is not None
        ]
        self.source.write_text("\n".join(map(json.dumps, rows)))

    def edit(self, dam: str | None, **more: Any) -> None:
        """Publish it, and read it again."""
        self.publish(dam, **more)
        self.archive.reindex(False, datetime.now(UTC), lambda *_: None)

    def kept(self, post: Posted) -> Any:
        """What the ledger keeps of a message."""
        ledger = Ledger.open(self.folder / "ledger.db")
        found = ledger.messages.at(post.channel, post.ts)
        ledger.close()
        return found


@pytest.fixture
def newsroom(make_archive: Callable[..., Archive], tmp_path: Path) -> Newsroom:
    return Newsroom(make_archive, tmp_path)


def asked(slack: LoopbackSlack, question: str = HURT) -> Posted:
    """A question in a channel, and its answer."""
    slack.mention(question, "U1", "C1")
    [post] = slack.wait_for_posts(1)
    return post


def now(slack: LoopbackSlack, post: Posted) -> Posted:
    """The message as it stands."""
    found = slack.message(post.channel, post.ts)
    assert found is not None
    return found


def test_an_edited_passage_is_shown_as_it_reads_now_and_its_asker_is_told(
    slack: LoopbackSlack, newsroom: Newsroom
) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        assert quoted(post) == [PASSAGE]
        newsroom.edit(DAM.replace("Four", "Five"))
        _, changed, told = slack.wait_for_posts(3)
        slack.wait_until(lambda: newsroom.kept(post).receipts[0].version == 2)
        slack.settle(1.5)
    walked(newsroom.archive, changed)
    assert (changed.method, changed.ts) == ("chat.update", post.ts)
    assert quoted(changed) == [PASSAGE.replace("Four", "Five")]
    seen = newsroom.archive.versions_of("dam/0")[1].seen_at
    assert f"edited after it was quoted here, seen {label(seen)}" in changed.text
    assert (told.method, told.thread_ts) == ("chat.postMessage", post.thread_ts)
    assert told.text == f"<@U1> {wording.TOLD['edited']}"
    [receipt] = newsroom.kept(post).receipts
    assert (receipt.version, receipt.standing, receipt.edited) == (2, Standing.EDITED, seen)
    assert receipt.proves(newsroom.archive.versions_of("dam/0")[1].text)


def test_an_edit_elsewhere_in_the_entry_moves_the_receipt_and_tells_nobody(
    slack: LoopbackSlack, newsroom: Newsroom
) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        newsroom.edit(f"Update, first thing. {DAM}")
        slack.wait_until(lambda: newsroom.kept(post).receipts[0].version == 2)
        slack.settle(1.5)
    assert [one.method for one in slack.posts] == ["chat.postMessage", "chat.update"]
    assert quoted(now(slack, post)) == [PASSAGE]
    [receipt] = newsroom.kept(post).receipts
    assert (receipt.start, receipt.standing) == (len("Update, first thing. "), Standing.STANDS)


def test_what_cannot_be_located_any_more_becomes_a_notice(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        newsroom.edit("This entry was written anew. Nothing is known of any casualties so far, officials insist.")
        slack.wait_for_posts(3)
        slack.settle(1.5)
    walked(newsroom.archive, now(slack, post))
    assert quoted(now(slack, post)) == []
    assert "the quoted words cannot be found in it any more" in now(slack, post).text.lower()
    assert "The dam, 10.00am UTC, Monday 3 February 2031" in now(slack, post).text
    assert slack.posts[-1].text == f"<@U1> {wording.TOLD['lost']}"


def test_a_deleted_entry_becomes_a_notice_and_comes_back_with_it(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        newsroom.edit(None)
        slack.wait_for_posts(3)
        deleted = now(slack, post)
        assert slack.posts[-1].text == f"<@U1> {wording.TOLD['deleted']}"
        newsroom.edit(DAM)
        slack.wait_until(lambda: quoted(now(slack, post)) == [PASSAGE])
        slack.settle(1.5)
    assert quoted(deleted) == []
    assert "The entry quoted here was deleted from its live blog, seen " in deleted.text
    assert len(slack.posts) == 4


def test_a_held_entry_vanishes_and_a_released_one_is_back(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        newsroom.archive.hold("dam/0", None, datetime.now(UTC))
        slack.wait_for_posts(3)
        held = now(slack, post)
        newsroom.archive.release("dam/0", datetime.now(UTC))
        slack.wait_until(lambda: quoted(now(slack, post)) == [PASSAGE])
        slack.settle(1.5)
    assert quoted(held) == []
    assert wording.NOT_SHOWN_AT_PRESENT in held.text
    assert "The dam, 10.00am" not in held.text
    assert [one.standing for one in newsroom.kept(post).receipts] == [Standing.STANDS]


def test_an_entry_that_is_taken_down_leaves_no_word_and_no_digest(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        newsroom.archive.take_down("dam/0", None, "court-order", "me", datetime.now(UTC), lambda *_: None)
        slack.wait_until(lambda: wording.TAKEN_DOWN in now(slack, post).text)
        slack.wait_until(lambda: slack.posts[-1].text == f"<@U1> {wording.TOLD['withdrawn']}")
        slack.wait_until(lambda: newsroom.kept(post).receipts[0].standing is Standing.WITHDRAWN)
    assert quoted(now(slack, post)) == []
    assert "The dam, 10.00am" not in now(slack, post).text
    [receipt] = newsroom.kept(post).receipts
    assert receipt.sha256 == WITHDRAWN
    assert receipt.entry.startswith("dam/taken-down-")


@pytest.mark.parametrize("version", [None, 1])
def test_what_was_taken_down_a_moment_ago_is_not_called_edited(
    slack: LoopbackSlack, newsroom: Newsroom, version: int | None
) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        slack.wait_until(lambda: newsroom.kept(post) is not None)
    if version is not None:
        newsroom.edit(DAM.replace("Four", "Five"))
    at = datetime.now(UTC)
    newsroom.archive.store.take_down("dam/0", version, "court-order", "admin", at)  # the ledger knows nothing yet
    found = Present(newsroom.archive, newsroom.kept(post), at).refreshed()
    assert found.worse == {Standing.WITHDRAWN}
    assert any(wording.TAKEN_DOWN in render.plain(one.reply) for one in found.response.sections)


def test_what_changed_while_the_bot_was_down_is_changed_when_it_is_back(
    slack: LoopbackSlack, newsroom: Newsroom
) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        slack.wait_until(lambda: newsroom.kept(post) is not None)
    newsroom.edit(DAM.replace("Four", "Five"))
    with running(slack, newsroom.archive, newsroom.folder):
        slack.wait_for_posts(3)
        slack.settle(1.5)
    assert quoted(now(slack, post)) == [PASSAGE.replace("Four", "Five")]


@pytest.mark.parametrize(
    "options",
    [
        SourceOptions(blog="dam", visibility=("C2",)),
        SourceOptions(blog="dam", sensitive=True),
        SourceOptions(blog="dam", embargo_until=datetime(2200, 1, 1, tzinfo=UTC)),
    ],
    ids=["visibility", "sensitive", "embargo"],
)
def test_a_blog_that_may_not_be_shown_there_any_more_vanishes(
    slack: LoopbackSlack, newsroom: Newsroom, options: SourceOptions
) -> None:
    with running(slack, newsroom.archive, newsroom.folder) as bot:
        post = asked(slack)
        bot.living.look()
        newsroom.archive.add([str(newsroom.source)], options, datetime.now(UTC), lambda *_: None)
        slack.wait_for_posts(3)
    assert quoted(now(slack, post)) == []
    assert wording.NOT_SHOWN_AT_PRESENT in now(slack, post).text


def test_a_check_whose_sentence_changed_is_called_void(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        slack.mention("check “Four people were hurt.”", "U1", "C1")
        [post] = slack.wait_for_posts(1)
        assert post.text.startswith(wording.VERDICTS["exact"])
        newsroom.edit(DAM.replace("Four", "Five"))
        slack.wait_for_posts(3)
    changed = now(slack, post)
    walked(newsroom.archive, changed)
    assert changed.text.startswith(wording.MAY_NOT_HOLD)
    assert wording.PASSES not in changed.text
    assert quoted(changed) == ["Five people were hurt."]


def test_an_answer_of_a_past_moment_stands_whatever_is_edited(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    newsroom.edit(DAM.replace("Four", "Five"), author="Nell Arden")
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack, f"As of 2 January 2026 at 11am, {HURT}")
        before = now(slack, post)
        newsroom.edit(DAM.replace("Four", "Six"))
        slack.settle(2.5)
    assert now(slack, post).text == before.text


def test_what_slack_does_not_change_is_tried_again_and_in_the_end_listed(
    slack: LoopbackSlack, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.living._MOST_DELAY", 0.01)
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        slack.fail("chat.update", error="edit_window_closed", times=8)
        newsroom.edit(DAM.replace("Four", "Five"))
        slack.wait_until(lambda: newsroom.kept(post).state is State.STUCK, 30)
    kept = newsroom.kept(post)
    assert (kept.tries, kept.problem) == (8, "edit_window_closed")
    assert quoted(now(slack, post)) == [PASSAGE]
    assert len(slack.calls_to("chat.update")) == 8


def test_a_rate_limit_is_waited_out(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        slack.rate_limit("chat.update", times=2, retry_after=1)
        newsroom.edit(DAM.replace("Four", "Five"))
        slack.wait_for_posts(3)
        slack.settle(1.5)
    assert quoted(now(slack, post)) == [PASSAGE.replace("Four", "Five")]
    assert len(slack.posts) == 3


def test_a_message_that_somebody_deleted_is_let_go(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        post = asked(slack)
        slack.deleted_message(post)
        newsroom.edit(DAM.replace("Four", "Five"))
        slack.wait_until(lambda: newsroom.kept(post).state is State.GONE)
        slack.settle(1.5)
    assert len(slack.calls_to("chat.update")) == 1


def test_what_one_person_alone_was_shown_is_left_alone(slack: LoopbackSlack, newsroom: Newsroom) -> None:
    with running(slack, newsroom.archive, newsroom.folder):
        slack.slash(HURT, "U1", "C1")
        slack.wait_for_posts(1)
        newsroom.edit(DAM.replace("Four", "Five"))
        slack.settle(2.5)
    assert len(slack.posts) == 1
