"""Checks of quotations in Slack, over the loopback: the command, mentions, direct messages, the shortcut, buttons."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import wording
from bot.buttons import CHECK_PRIVATELY, SHARE_CHECK
from bot.ledger import Ledger
from bot.manifest import VERIFY
from retrieval.archive import Archive
from retrieval.model import SourceOptions, digest
from tests.conftest import NOW
from tests.data_folder import SAMPLE
from tests.slack_bot import WHO_SEES, quoted, running, walked, with_outsiders
from tests.slack_payloads import dm_channel
from tests.slack_server import LoopbackSlack, Posted

CANAL = "Millgate is a canal."
CITED = "river wend flood, 6.30am GMT, Tuesday 4 February 2031, “Dawn, and a count of the damage”"
CANAL_CHECKED = f"""{wording.VERDICTS["exact"]}
{wording.PASSES}
{wording.GIVEN}
&gt; {CANAL}
{wording.IN_ITS_SENTENCE}
&gt; {CANAL}
{wording.IN_OWN_WORDS}
{CITED}"""
SLOW = "This is a slow river tonight and it is not finished"
FAST = "“This is a fast river tonight and it is not finished,” she said."
CIRCUS = "The bridge was sold to a circus last night"


def value(channel: str, quote: str, *, thread: str | None = None, speaker: str | None = None) -> str:
    """What a button for a quotation holds."""
    return json.dumps(
        {"c": channel, "t": thread, "q": quote, "s": speaker}, ensure_ascii=False, separators=(",", ":")
    )


def buttons(posted: Posted) -> list[tuple[str, str, str]]:
    return [
        (one["action_id"], one["text"]["text"], one["value"])
        for block in posted.blocks
        if block["type"] == "actions"
        for one in block["elements"]
    ]


def proved(archive: Archive, folder: Path, posted: Posted) -> list[str]:
    """The slices that a message's receipts stand for, each proved."""
    ledger = Ledger.open(folder / "ledger.db")
    receipts = ledger.messages.receipts(posted.channel, posted.ts)
    ledger.close()
    slices = []
    for one in receipts:
        slices.append(archive.versions_of(one.entry)[one.version - 1].text[one.start : one.end])
        assert digest(slices[-1]) == one.sha256
    return slices


# -- the ways to ask ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"check “{CANAL}”",
        f'check: "{CANAL}"',
        f"CHECK : ‘{CANAL}’",
        f"Check\n«{CANAL}»",
        f"check: {CANAL}",
        f"check “{CANAL}",
        f"“{CANAL}”",
        f'  "{CANAL}"\n',
        f"„{CANAL}“",
        f"«{CANAL}»",
        f"'{CANAL}'",
    ],
)
def test_every_way_to_give_a_quotation_gets_its_check(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, text: str
) -> None:
    with running(slack, sample_archive, tmp_path):
        asked = slack.direct_message(text, "U1")
        [posted] = slack.wait_for_posts(1)
    walked(sample_archive, posted, CANAL)
    assert (posted.text, posted.channel, posted.thread_ts) == (CANAL_CHECKED, asked.channel, None)
    assert buttons(posted) == []


def test_a_mention_is_checked_in_its_thread_for_all_and_leaves_its_receipts(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path) as bot:
        asked = slack.mention(f"check: “{SLOW}”", "U1", "C1", also_message=True)
        [posted] = slack.wait_for_posts(1)
        slack.redeliver(asked, retry_attempt=1).wait_acked()
        slack.settle()
        bot.stop()
    walked(sample_archive, posted, SLOW)
    assert (posted.channel, posted.thread_ts, posted.user) == ("C1", asked.ts, None)
    assert posted.text.startswith(
        f"{wording.VERDICTS['altered']}\n{wording.FAILS}\n{wording.GIVEN_MARKED.format()}\n"
        "&gt; This is a [-fast-]{+slow+} river tonight and it is not finished\n"
        "1. words were replaced: [-fast-]{+slow+}\n"
    )
    assert proved(sample_archive, tmp_path, posted)[0] == FAST


def test_a_command_is_checked_for_the_asker_alone_and_shared_by_a_button(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    held = value("C1", CANAL)
    with running(slack, sample_archive, tmp_path) as bot:
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        pressed = slack.block_action(SHARE_CHECK, None, "U1", private)
        slack.wait_for_posts(3)
        slack.redeliver(pressed).wait_acked()
        slack.settle()
        bot.stop()
    [private, shared, told] = slack.posts
    walked(sample_archive, private, CANAL, held)
    walked(sample_archive, shared, CANAL)
    assert (private.via, private.user, private.text) == ("response_url", "U1", CANAL_CHECKED)
    assert buttons(private) == [(SHARE_CHECK, wording.SHARE_HERE, held)]
    assert (shared.channel, shared.thread_ts, shared.user, shared.text) == ("C1", None, None, CANAL_CHECKED)
    assert (told.user, told.text) == ("U1", wording.SHARED)
    assert proved(sample_archive, tmp_path, shared) == [CANAL]


def test_a_command_in_a_direct_message_offers_no_sharing(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", dm_channel("U1"))
        [posted] = slack.wait_for_posts(1)
    assert (posted.text, buttons(posted)) == (CANAL_CHECKED, [])


def test_check_alone_gets_help_and_a_question_with_a_quotation_in_it_an_answer(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        for text in ("check", "Check:", "check whether the leader will resign", "Who said “a straw in a bath”?"):
            slack.direct_message(text, "U1").wait_acked()
            slack.wait_for_posts(len(slack.deliveries))
    first, second, third, fourth = slack.posts
    assert (first.text, second.text) == (wording.CHECK_HELP, wording.CHECK_HELP)
    assert "Indexed: 33 entries" in third.text
    assert "Indexed: 33 entries" in fourth.text


def test_several_quotations_are_each_checked_and_a_speaker_is_taken_from_beside_one(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention(f"check “{CANAL}” — Effie Marlowe, and “{CIRCUS}” and “no one”", "U1", "C1")
        slack.mention(f"check “{CANAL}”\n— Effie Marlowe", "U1", "C1")
        several, one = sorted(slack.wait_for_posts(2), key=lambda post: -len(post.text))
    walked(sample_archive, several, CANAL, CIRCUS, "no one", "Effie Marlowe")
    lines = several.text.split("\n")
    assert lines[0] == "Quotations: 3. Passing: 1."
    assert [line for line in lines if line.startswith("Quotation ")] == [
        f"Quotation {number} of 3" for number in (1, 2, 3)
    ]
    assert [line for line in lines if line in wording.VERDICTS.values()] == [
        wording.VERDICTS[verdict] for verdict in ("exact", "not_found", "typographic")
    ]
    assert [block["type"] for block in several.blocks] == ["rich_text"] * 4
    walked(sample_archive, one, CANAL, "Effie Marlowe")
    assert one.text.split("\n")[2] == wording.SPEAKERS["unclear"].format(speaker="Effie Marlowe")


def test_slacks_escapes_and_addresses_are_undone_once(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    source = tmp_path / "fair.ndjson"
    text = "Bakers & Sons <of Harl> won the pie prize, it says on fair.example."
    source.write_text(json.dumps({"id": "1", "time": "2031-02-03T10:00:00+00:00", "text": text}))
    archive = make_archive(source)
    sent = "Bakers &amp; Sons &lt;of Harl&gt; won the pie prize, it says on <http://fair.example|fair.example>."
    with running(slack, archive, tmp_path):
        slack.direct_message(f"check: “{sent}”", "U1", escaped=True)
        slack.wait_for_posts(1)
        slack.direct_message(f"&gt; {sent}", "U1", escaped=True)
        slack.wait_for_posts(2)
        slack.slash(f"check “{text}”", "U1", "C1")
        slack.wait_for_posts(3)
        message = slack.channel_message(f"&gt; {sent}", "U2", "C1", escaped=True)
        slack.shortcut(VERIFY, "U1", message=message)
        slack.wait_for_posts(4)
        slack.direct_message("check: “Bakers &amp;amp; Sons”", "U1", escaped=True)
        slack.wait_for_posts(5)
    direct, question, command, shortcut, twice = slack.posts
    for posted in (direct, command, shortcut):
        assert posted.text.startswith(wording.VERDICTS["exact"])
        assert quoted(posted) == [text, text]
    assert question.text.startswith(wording.PUBLISHED)
    assert quoted(twice)[0] == "Bakers &amp; Sons"


# -- the shortcut -------------------------------------------------------------------------------------------


def test_the_shortcut_checks_each_quotation_of_a_message_for_the_one_who_asked(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    text = f"“{CANAL}” That is “grand”.\n> {CIRCUS}\nIt was a “so-called” flood."
    with running(slack, sample_archive, tmp_path) as bot:
        message = slack.channel_message(text.replace("\n> ", "\n&gt; "), "U2", "C1", escaped=True)
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
        pressed = slack.block_action(SHARE_CHECK, None, "U1", private, number=1)
        slack.wait_for_posts(3)
        slack.redeliver(pressed).wait_acked()
        slack.settle()
        bot.stop()
    [private, shared, told] = slack.posts
    held = [value("C1", quote, thread=message.ts) for quote in (CANAL, CIRCUS)]
    walked(sample_archive, private, CANAL, CIRCUS, *held)
    assert (private.user, private.channel, private.via) == ("U1", "C1", "response_url")
    assert buttons(private) == [(SHARE_CHECK, wording.SHARE_IN_THREAD, one) for one in held]
    lines = private.text.split("\n")
    assert lines[0] == "Quotations: 2. Passing: 1."
    assert lines[-1] == wording.LEFT_ALONE.format(count=2)
    walked(sample_archive, shared, CIRCUS)
    assert (shared.channel, shared.thread_ts, shared.user) == ("C1", message.ts, None)
    assert shared.text.startswith(
        f"{wording.VERDICTS['not_found']}\n{wording.FAILS}\n{wording.GIVEN}\n&gt; {CIRCUS}\n"
    )
    assert (told.user, told.text) == ("U1", wording.SHARED)
    words, proofs = quoted(shared)[1:], proved(sample_archive, tmp_path, shared)
    cited = [one.text for one in sample_archive.store.live_versions()]  # of what is too long, its entry alone is
    assert proofs[: len(words)] == words
    assert proofs[len(words) :] == [one for one in proofs if one in cited]


def test_a_message_in_a_thread_has_its_checks_shared_in_that_thread(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        first = slack.channel_message("Look.", "U2", "C1")
        message = slack.channel_message(f"“{CANAL}”", "U2", "C1", thread_ts=first.ts)
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
        slack.block_action(SHARE_CHECK, None, "U1", private)
        slack.wait_for_posts(3)
    assert slack.posts[1].thread_ts == first.ts


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [
            {"type": "text", "text": "Millgate is a "}, {"type": "text", "text": "canal.", "style": {"bold": True}}
        ]}]}]}, CANAL),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": f"&gt; {CANAL}"}}]}, CANAL),
        ({"attachments": [{"text": f"Read “{CANAL}”", "fallback": "nothing"}]}, CANAL),
        ({"attachments": [{"fallback": f"Read “{CANAL}”"}]}, CANAL),
        ({"attachments": [{"message_blocks": [{"message": {"blocks": [{"type": "rich_text", "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": f"“{CANAL}”"}]}
        ]}]}}]}]}, CANAL),
        ({}, None),
        ({"blocks": [{"type": "image"}], "attachments": [{"text": 3}]}, None),
    ],
)  # fmt: skip
def test_the_shortcut_reads_blocks_and_attachments_where_there_is_no_text(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, more: dict[str, Any], found: str | None
) -> None:
    with running(slack, sample_archive, tmp_path):
        message = slack.channel_message("", "U2", "C1", **more)
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
    assert private.text == (CANAL_CHECKED if found else wording.NO_QUOTATIONS)


def test_a_message_of_scare_quotes_alone_is_said_to_hold_no_quotation(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        message = slack.channel_message("The “reform” is the workers’ idea of ‘fun’.", "U2", "C1")
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
    assert private.text.split("\n") == [wording.NO_QUOTATIONS, wording.LEFT_ALONE.format(count=2)]


def test_a_quotation_that_no_button_can_hold_has_none_and_the_reply_says_so(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    long = "The water rose and rose again. " * 70
    with running(slack, sample_archive, tmp_path):
        message = slack.channel_message(f"“{long.strip()}”", "U2", "C1")
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
    assert buttons(private) == []
    assert private.text.split("\n")[-1] == wording.NO_BUTTON


# -- sharing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("not_in_channel", wording.NOT_A_MEMBER),
        ("channel_not_found", wording.NOT_A_MEMBER),
        ("is_archived", wording.CANNOT_POST),
        ("restricted_action", wording.CANNOT_POST),
    ],
)
def test_where_the_bot_may_not_post_that_is_told_in_private(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, error: str, said: str
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        slack.fail("chat.postMessage", error=error)
        slack.block_action(SHARE_CHECK, None, "U1", private)
        [_, told] = slack.wait_for_posts(2)
        slack.settle()
    assert (told.user, told.text) == ("U1", said)


def test_what_slack_failed_to_share_is_shared_once(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        slack.fail("chat.postMessage", error="internal_error")
        slack.block_action(SHARE_CHECK, None, "U1", private)
        [_, shared, told] = slack.wait_for_posts(3)
        slack.settle()
    assert (shared.channel, shared.user, shared.text) == ("C1", None, CANAL_CHECKED)
    assert (told.user, told.text) == ("U1", wording.SHARED)
    assert len(slack.calls_to("chat.postMessage")) == 2


def test_in_a_channel_without_the_bot_the_shortcut_answers_and_sharing_says_what_to_do(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    slack.channels["C1"] = {"is_member": False}
    with running(slack, sample_archive, tmp_path):
        message = slack.channel_message(f"“{CANAL}”", "U2", "C1")
        slack.shortcut(VERIFY, "U1", message=message)
        [private] = slack.wait_for_posts(1)
        slack.block_action(SHARE_CHECK, None, "U1", private)
        [_, told] = slack.wait_for_posts(2)
    assert private.text == CANAL_CHECKED
    assert told.text == wording.NOT_A_MEMBER


FORGED = [
    "",
    "check",
    "[]",
    "{",
    "[" * 1_900,
    "null",
    '{"c":"C1","t":null,"q":"x"}',
    '{"c":"C1","t":null,"q":7,"s":null}',
    '{"c":"C1","t":null,"q":"x","s":""}',
    '{"c":"C1","t":null,"q":"x","s":"' + "y" * 201 + '"}',
    '{"c":"C1","t":"<!channel>","q":"x","s":null}',
    '{"c":"C1","t":12.5,"q":"x","s":null}',
    '{"c":"C1","t":null,"q":"\\ud800","s":null}',
    '{"c":"C1","t":null,"q":"x","s":null,"z":1}',
    value("C2", CANAL),
    value("C1", CANAL * 200),
]


@pytest.mark.parametrize("action", [SHARE_CHECK, CHECK_PRIVATELY])
def test_a_button_s_value_that_is_none_of_ours_is_said_to_be_not_valid(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, action: str
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        forged = dict(private.blocks[-1]["elements"][0], action_id=action)
        seen = Posted(
            channel="C1", ts=private.ts, thread_ts=None, text="", user="U1", method="", via="api", args={},
            blocks=({"type": "actions", "elements": [forged]},),
        )  # fmt: skip
        for count, given in enumerate(FORGED, start=2):
            slack.block_action(action, given, "U1", seen)
            told = slack.wait_for_posts(count)[-1]
            assert (told.user, told.text) == ("U1", wording.NOT_VALID), given
        slack.settle(0.1)


def test_a_check_that_fails_in_a_way_nobody_foresaw_is_shared_with_nobody(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> object:
        raise ZeroDivisionError("by chance")

    with running(slack, sample_archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        monkeypatch.setattr(sample_archive, "checking", fail)
        slack.block_action(SHARE_CHECK, None, "U1", private)
        [_, told] = slack.wait_for_posts(2)
        slack.settle()
    assert (told.user, told.text) == ("U1", wording.TROUBLE)


# -- what may be seen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "user", "seen"), WHO_SEES)
def test_a_restricted_blog_is_checked_against_in_its_channels_by_members_alone(
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
        slack.mention(f"check “{CANAL}”", user, channel)
        slack.slash(f"check “{CANAL}”", user, channel)
        slack.shortcut(VERIFY, user, message=slack.channel_message(f"“{CANAL}”", "U2", channel))
        slack.wait_for_posts(3)
        slack.block_action(SHARE_CHECK, None, user, next(post for post in slack.posts if post.user))
        slack.wait_for_posts(5)
    unseen = f"{wording.VERDICTS['not_found']}\n{wording.FAILS}\n{wording.GIVEN}\n&gt; {CANAL}"
    checks = [post.text for post in slack.posts if post.text != wording.SHARED]
    assert checks == [CANAL_CHECKED if seen else unseen] * 4


def test_what_a_member_shares_is_checked_with_what_whoever_presses_may_show_there(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    slack.users["UGUEST"] = {"is_ultra_restricted": True}
    with running(slack, archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [private] = slack.wait_for_posts(1)
        slack.block_action(SHARE_CHECK, None, "UGUEST", private)
        [_, shared, _] = slack.wait_for_posts(3)
    assert private.text == CANAL_CHECKED
    assert quoted(shared) == [CANAL]  # the asker's own words
    assert shared.text.startswith(wording.VERDICTS["not_found"])


def test_a_restricted_blog_is_checked_against_in_no_direct_message(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    with running(slack, archive, tmp_path):
        slack.direct_message(f"check “{CANAL}”", "U1")
        slack.slash(f"check “{CANAL}”", "U1", dm_channel("U1"))
        posts = slack.wait_for_posts(2)
    assert all(post.text.startswith(wording.VERDICTS["not_found"]) and "GMT" not in post.text for post in posts)


def test_a_blog_under_embargo_is_checked_against_nowhere(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(embargo_until=NOW.replace(year=2200)))
    with running(slack, archive, tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text.startswith(wording.VERDICTS["not_found"])
    assert "GMT" not in posted.text


def test_a_sensitive_blog_is_shown_to_whoever_asks_for_themselves_and_never_shared(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(sensitive=True))
    held = value("C1", CANAL)
    with running(slack, archive, tmp_path):
        slack.mention(f"check “{CANAL}”", "U1", "C1")
        [neutral] = slack.wait_for_posts(1)
        slack.block_action(CHECK_PRIVATELY, None, "U2", neutral)
        [_, private] = slack.wait_for_posts(2)
        slack.slash(f"check “{CANAL}”", "U3", "C1")
        command = slack.wait_for_posts(3)[2]
        slack.block_action(SHARE_CHECK, None, "U3", command)
        refused = slack.wait_for_posts(4)[3]
        slack.settle()
    walked(archive, neutral, held)
    assert (neutral.text, neutral.user) == (wording.SENSITIVE, None)
    assert buttons(neutral) == [(CHECK_PRIVATELY, wording.SHOW_ME, held)]
    assert (private.user, private.via, private.text) == ("U2", "response_url", CANAL_CHECKED)
    assert buttons(private) == []
    assert (command.user, command.text) == ("U3", CANAL_CHECKED)
    assert (refused.user, refused.text) == ("U3", wording.SENSITIVE_NOT_SHARED)


def test_silence_in_the_open_says_nothing_of_a_sensitive_blog(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(sensitive=True))
    with running(slack, archive, tmp_path):
        slack.mention(f"check “{CIRCUS}”", "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == f"{wording.VERDICTS['not_found']}\n{wording.FAILS}\n{wording.GIVEN}\n&gt; {CIRCUS}"


def test_a_sensitive_check_too_long_for_a_button_names_the_command(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    source = tmp_path / "long.ndjson"
    text = " ".join(f"The gauge stood at {number} metres." for number in range(100, 190))
    source.write_text(json.dumps({"id": "1", "time": "2031-02-03T10:00:00+00:00", "text": text}))
    archive = make_archive(source, options=SourceOptions(sensitive=True))
    with running(slack, archive, tmp_path):
        slack.mention(f"check “{text}”", "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text.split("\n") == [wording.SENSITIVE, wording.CHECK_ALONE]
    assert buttons(posted) == []


# -- bounds and faults --------------------------------------------------------------------------------------


def test_many_quotations_are_checked_up_to_a_bound_and_fit_into_one_message(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    text = " ".join(f"“The mayor counted {number} ducks upon the river”" for number in range(100, 130))
    with running(slack, sample_archive, tmp_path):
        slack.mention(f"check {text} “{CANAL}”", "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    lines = posted.text.split("\n")
    shown = sum(line.startswith("Quotation ") for line in lines)
    assert lines[0] == "Quotations: 20. Passing: 0."
    assert 8 <= shown <= 9
    assert lines[-2:] == [wording.OTHERS_LEFT_OUT.format(count=20 - shown), wording.UNCHECKED.format(count=11)]
    assert len(posted.text) <= 4_000
    assert len(posted.blocks) <= 50


def test_what_cannot_be_checked_says_so(slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.direct_message("check “…”", "U1").wait_acked()
        slack.wait_for_posts(1)
        slack.direct_message(f"check: {'rain ' * 2_500}", "U1").wait_acked()
        slack.wait_for_posts(2)
    assert [post.text for post in slack.posts] == [wording.UNCHECKABLE] * 2


def test_a_message_of_nothing_but_marks_is_told_to_be_split(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path
) -> None:
    text = "“rain and rain” " * 2_100
    with running(slack, sample_archive, tmp_path):
        slack.direct_message(f"check {text}", "U1").wait_acked()
        slack.shortcut(VERIFY, "U1", message=slack.channel_message(text, "U2", "C1"))
        posts = slack.wait_for_posts(2)
    assert [post.text for post in posts] == [wording.TOO_MANY_MARKS] * 2


def test_an_empty_index_gets_a_reply(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    with running(slack, make_archive(), tmp_path):
        slack.slash(f"check “{CANAL}”", "U1", "C1")
        [posted] = slack.wait_for_posts(1)
    assert posted.text == wording.EMPTY_INDEX


def test_no_quotation_gets_into_the_log(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.DEBUG, logger="bot")
    with running(slack, sample_archive, tmp_path):
        slack.mention(f"check “{CANAL}” and “{CIRCUS}”", "U1", "C1")
        slack.shortcut(VERIFY, "U1", message=slack.channel_message(f"“{CIRCUS}”", "U2", "C1"))
        slack.wait_for_posts(2)
        slack.fail("chat.postMessage", error="not_in_channel")
        private = next(post for post in slack.posts if post.user)
        slack.block_action(SHARE_CHECK, None, "U1", private)
        slack.wait_for_posts(3)
    assert CANAL not in caplog.text
    assert "circus" not in caplog.text
    assert "not_in_channel" in caplog.text
