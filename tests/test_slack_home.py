"""App Home over the loopback Slack: what the tabs show, and to whom. Every text here is made up."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import wording
from bot.home_views import CHANGE_CHANNEL, SET_CHANNEL
from bot.ledger.channels import ChannelSettings
from bot.ledger.messages import Message
from tests.conftest import NOW
from tests.slack_home import Make, add, running, shown, words
from tests.slack_server import LoopbackSlack

PROMPTS = "assistant.threads.setSuggestedPrompts"
FERRY = "Ferry Ragwort aground"
LONG = "The longest of all the titles that the harbour desk ever gave to an entry of its own"


# ------------------------------------------------------------------------------------------------ Messages


def test_the_messages_tab_offers_the_newest_titles_that_anyone_may_see(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path
) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", "Oldest", "Tide & <!channel>", None, LONG, FERRY, "Fog", FERRY, "Divers out")
    add(archive, tmp_path, "hidden", *[f"Hidden {n}" for n in range(9)], visibility=("C1",))
    add(archive, tmp_path, "delicate", *[f"Delicate {n}" for n in range(9)], sensitive=True)
    add(archive, tmp_path, "later", *[f"Later {n}" for n in range(9)], embargo_until=NOW.replace(year=2200))
    add(archive, tmp_path, "held", *[f"Held {n}" for n in range(9)])
    archive.hold("held", None, datetime.now(UTC))
    archive.hold("harbour/6", None, datetime.now(UTC))
    with running(slack, archive, tmp_path):
        slack.home_opened("U1", "messages")
        slack.wait_until(lambda: slack.calls_to(PROMPTS))
    [call] = slack.calls_to(PROMPTS)
    titles = ["Divers out", FERRY, "Tide & <!channel>", "Oldest"]
    assert call.args == {
        "channel_id": "D1",
        "prompts": [{"title": one, "message": f"What was published about {one}?"} for one in titles],
    }


def test_without_titles_nothing_is_offered(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", None, " ", LONG)
    with running(slack, archive, tmp_path):
        slack.home_opened("U1", "messages").wait_acked()
    assert slack.calls_to(PROMPTS) == []
    assert slack.views == []


@pytest.mark.parametrize(
    ("error", "tries"),
    [
        ("unknown_method", 1),
        ("missing_scope", 1),
        ("not_allowed_token_type", 1),
        ("access_denied", 1),
        ("channel_not_found", 2),
    ],
)
def test_a_workspace_that_lacks_prompts_is_asked_once(
    slack: LoopbackSlack,
    make_archive: Make,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    error: str,
    tries: int,
) -> None:
    caplog.set_level("INFO", "bot.home")
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    slack.fail(PROMPTS, error=error)
    with running(slack, archive, tmp_path):
        slack.home_opened("U1", "messages")
        slack.wait_until(lambda: f"no prompts are set: {error}" in caplog.messages)
        slack.home_opened("U1", "messages").wait_acked()
    assert len(slack.calls_to(PROMPTS)) == tries
    assert slack.posts == []


# ------------------------------------------------------------------------------------------------ Home


def test_home_says_what_may_be_seen_there_and_shows_admins_part_to_nobody_else(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path
) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY, "Fog", "Divers out")
    add(archive, tmp_path, "hidden", "a", "b", "c", "d", visibility=("C1",))
    add(archive, tmp_path, "later", "e", embargo_until=NOW.replace(year=2200))
    with running(slack, archive, tmp_path) as ledger:
        ledger.channels.set(ChannelSettings(channel="C1", person="U9"), "UADMIN", NOW)
        slack.home_opened("U1", "home")
        tab = shown(slack, archive, 1)
    assert (tab.method, tab.user) == ("views.publish", "U1")
    assert tab.view["type"] == "home"
    assert words(tab).endswith(
        "What is indexed\nOf what may be seen in a direct message, live blogs: 1.\n"
        "Indexed: 3 entries, from 12.01pm UTC, Monday 3 February 2031 to 12.03pm UTC, Monday 3 February 2031."
    )
    assert wording.HOME_ASK in words(tab)
    assert wording.CHECK_HELP in words(tab)
    assert not [block for block in tab.view["blocks"] if block["type"] == "actions"]


def test_home_of_an_empty_archive_says_so(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    with running(slack, archive, tmp_path):
        slack.home_opened("UADMIN", "home")
        tab = shown(slack, archive, 1)
    assert "live blogs: 0.\n" in words(tab)
    assert wording.HOME_NO_CHANNELS in words(tab)


def test_admins_see_the_channels_and_the_use(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    add(archive, tmp_path, "later", "e", embargo_until=NOW.replace(year=2200))
    now = datetime.now(UTC)
    with running(slack, archive, tmp_path) as ledger:
        ledger.channels.set(
            ChannelSettings(
                channel="C1",
                threads=True,
                private=True,
                blogs=frozenset({"harbour", "later", "gone"}),
                person="S7",
            ),
            "UADMIN",
            NOW,
        )
        ledger.channels.set(ChannelSettings(channel="G2"), "UADMIN", NOW)
        notes = [("a", "answered", 1), ("b", "answered", 6), ("c", "nothing_found", 2), ("d", "answered", 8)]
        keys = {
            name: ledger.learning.note(
                name,
                channel="C1",
                user="U1",
                way="mention",
                outcome=outcome,
                confidence=0.5,
                text=None,
                now=now - timedelta(days=days),
            )
            for name, outcome, days in notes
        }
        ledger.learning.say(keys["a"], "U1", good=False, reason=None, now=now)
        ledger.learning.say(keys["a"], "U2", good=False, reason=None, now=now)
        ledger.learning.say(keys["b"], "U1", good=True, reason=None, now=now)
        ledger.learning.say(keys["d"], "U1", good=False, reason=None, now=now)
        stuck = ledger.messages.keep(Message(channel="C1", ts="1.1"), now)
        ledger.messages.missed(stuck, "cant_update_message", None)
        slack.home_opened("UADMIN", "home")
        tab = shown(slack, archive, 1)
    lines = words(tab).split("\n")
    assert lines[lines.index("Channels") : lines.index("Use") + 1] == [
        "Channels",
        "<C1>",
        wording.FOLLOWS_THREADS,
        wording.FOR_ASKER_ALONE,
        "From these live blogs, where they may be seen: The harbour blog",
        "Live blogs that are not shown at present: 2.",
        "Whoever asks for a person is sent to <S7>.",
        "<G2>",
        wording.MENTIONS_ONLY,
        wording.FOR_ALL,
        wording.ALL_BLOGS,
        wording.NO_PERSON,
        "Use",
    ]
    assert lines[-2:] == [
        "Questions: 3. Answered: 2. Without an answer: 1. Called not helpful: 1.",
        "Messages that Slack did not let Stet change: 1.",
    ]
    pressed = [one for block in tab.view["blocks"] if block["type"] == "actions" for one in block["elements"]]
    assert [(one["action_id"], one["value"]) for one in pressed] == [
        (CHANGE_CHANNEL, "C1"),
        (CHANGE_CHANNEL, "G2"),
        (SET_CHANNEL, SET_CHANNEL),
    ]


def test_of_many_channels_twenty_are_listed(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    with running(slack, archive, tmp_path) as ledger:
        for number in range(1_000, 1_123):
            ledger.channels.set(ChannelSettings(channel=f"C{number}"), "UADMIN", NOW)
        slack.home_opened("UADMIN", "home")
        tab = shown(slack, archive, 1)
    assert words(tab).count("<C1") == 20
    assert "More channels that are set: 103." in words(tab)
    assert len(tab.view["blocks"]) <= 100


def test_what_cannot_be_read_is_said_and_the_rest_is_shown(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path
) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    with running(slack, archive, tmp_path) as ledger:
        tables = sqlite3.connect(ledger.path)
        tables.execute("DROP TABLE channels")
        tables.close()
        slack.home_opened("UADMIN", "home")
        tab = shown(slack, archive, 1)
    assert "Indexed: 1 entries" in words(tab)
    assert words(tab).endswith(wording.HOME_TROUBLE)
