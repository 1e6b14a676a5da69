"""What is shown where, what proves it, and what the manifest asks for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import render, wording
from bot.buttons import ASK_PRIVATELY, VERIFY_WORDS
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
    receipts = ledger.messages.receipts(posted.channel, posted.ts)
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
        slack.block_action(ASK_PRIVATELY, None, "U2", neutral)
        [_, private] = slack.wait_for_posts(2)
    walked(archive, neutral, RESIGN)
    assert (neutral.text, [block["type"] for block in neutral.blocks]) == (
        wording.SENSITIVE,
        ["rich_text", "actions"],
    )
    [button] = neutral.blocks[-1]["elements"]
    assert (button["action_id"], json.loads(button["value"])) == (
        ASK_PRIVATELY,
        {"c": "C1", "q": RESIGN, "s": None, "u": None, "n": 0},
    )
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
    assert [block["type"] for block in posted.blocks] == ["rich_text", "rich_text", "actions", "context_actions"]
    assert [one["action_id"] for one in posted.blocks[2]["elements"]] == [VERIFY_WORDS]


def test_the_manifest_asks_for_what_is_in_use_and_no_more(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    needed = {
        "app_mention": {"app_mentions:read"},
        "message.im": {"im:history"},
        "assistant.threads.setSuggestedPrompts": {"assistant:write"},
        "chat.postMessage": {"chat:write"},
        "users.info": {"users:read"},
        "conversations.info": {"channels:read", "groups:read"},
        "files-pri": {"files:read"},
        "files.getUploadURLExternal": {"files:write"},
        "files.completeUploadExternal": {"files:write"},
    }
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1", "G1")))
    seen_by_all = tmp_path / "fog.ndjson"
    seen_by_all.write_text('{"id": "1", "time": "2031-02-03T12:20:00+00:00", "title": "Fog", "text": "Fog came."}')
    archive.add([str(seen_by_all)], SourceOptions(), NOW, lambda *_: None)
    slack.scopes = frozenset(BOT_SCOPES)
    with running(slack, archive, tmp_path, lambda *_: "<p>a report</p>"):
        slack.mention(RESIGN, "U1", "C1")
        slack.mention(RESIGN, "U1", "G1")
        slack.slash(RESIGN, "U1", "C1")
        slack.home_opened("U1", "messages")
        slack.home_opened("U1", "home")
        draft = slack.host_file("draft.txt", b'"It rained and rained"', user="U1")
        slack.send_files([draft], "U1")
        slack.wait_until(lambda: slack.uploads)
        slack.wait_until(lambda: slack.views and slack.calls_to("assistant.threads.setSuggestedPrompts"))
        slack.wait_for_posts(4)
    assert [call.method for call in slack.calls if call.error == "missing_scope"] == []
    used = {scope for one in ({call.method for call in slack.calls} | {*BOT_EVENTS}) for scope in needed.get(one, ())}
    assert set(BOT_SCOPES) == used | {"commands", "im:write"}  # the latter: a person is called in a direct message
    made = manifest()
    assert made["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened", "app_mention", "message.im"]
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
