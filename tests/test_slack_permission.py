"""What is shown where, what proves it, and what the manifest asks for."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import render, wording
from bot.buttons import ASK_PRIVATELY
from bot.ledger import Ledger
from bot.manifest import BOT_EVENTS, BOT_SCOPES, VERIFY, manifest
from retrieval.archive import Archive
from retrieval.model import SourceOptions, digest
from tests.conftest import NOW
from tests.data_folder import SAMPLE
from tests.slack_bot import REFUSED, RESIGN, UNANSWERED, WHO_SEES, quoted, running, walked, with_outsiders
from tests.slack_server import LoopbackSlack


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


@pytest.mark.parametrize(("channel", "user", "seen"), WHO_SEES)
def test_a_restricted_blog_is_shown_in_its_channels_to_members_alone(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    channel: str,
    user: str,
    seen: bool,
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1", "CSHARED")))
    with_outsiders(slack)
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


def test_silence_says_nothing_of_a_sensitive_blog(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(sensitive=True))
    with running(slack, archive, tmp_path):
        slack.mention(UNANSWERED, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    walked(archive, posted)
    assert posted.text.split("\n")[0] == wording.NOTHING_FOUND
    assert len(posted.text.split("\n")) == 2
    assert posted.blocks[-1]["type"] == "rich_text"


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
        "files-pri": "files:read",
        "files.getUploadURLExternal": "files:write",
        "files.completeUploadExternal": "files:write",
    }
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    with running(slack, archive, tmp_path, lambda *_: "<p>a report</p>"):
        slack.mention(RESIGN, "U1", "C1")
        slack.slash(RESIGN, "U1", "C1")
        draft = slack.host_file("draft.txt", b'"It rained and rained"', user="U1")
        slack.send_files([draft], "U1")
        slack.wait_until(lambda: slack.uploads)
        slack.wait_for_posts(3)
    called = {call.method for call in slack.calls} - {"auth.test", "apps.connections.open"}
    used = {needed[one] for one in called if one in needed} | {needed[one] for one in BOT_EVENTS} | {"commands"}
    assert set(BOT_SCOPES) == used | {"groups:read"}  # conversations.info of private channels
    made = manifest()
    assert made["settings"]["event_subscriptions"]["bot_events"] == ["app_mention", "message.im"]
    assert made["settings"]["socket_mode_enabled"] is True
    assert "agent_view" in made["features"]
    assert made["features"]["shortcuts"] == [
        {
            "name": "Verify quotations",
            "type": "message",
            "callback_id": VERIFY,
            "description": "Check each quotation of a message, word for word",
        }
    ]
    assert len(made["features"]["shortcuts"][0]["name"]) <= 24
    assert len(made["display_information"]["description"]) <= 140


def test_the_budget_keeps_a_message_within_slacks_limits(sample_archive: Archive) -> None:
    given = sample_archive.ask(RESIGN, limit=30)
    small = dataclasses.replace(given, passages=given.passages * 20)
    reply = render.answer(small, 900)
    assert render.length(reply) <= 900
    assert "Passages left out for length: " in render.plain(reply)
