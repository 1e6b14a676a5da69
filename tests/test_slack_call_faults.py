"""Asking a person, where Slack does not take it, or somebody forges it. All texts are made up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import wording
from bot.buttons import ANSWER_CALL, CALL_PERSON, RESOLVE_CALL, TAKE_CALL
from bot.helping import WORDS
from bot.ledger.calls import State
from bot.ledger.channels import ChannelSettings
from bot.manifest import BOT_SCOPES
from retrieval.archive import Archive
from tests.slack_app import Json
from tests.slack_payloads import dm_channel
from tests.slack_server import LoopbackSlack
from tests.slack_windows import (
    QUESTION,
    altered,
    answered,
    answering,
    changed,
    harbour,
    lines,
    preview,
    sent,
    told_alone,
    typed,
    walked,
    windowed,
)

TO_DESK = ChannelSettings(channel="C1", person="CDESK")
HELP = "Ask the harbour master."


# -- what goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ("not_in_channel", "Stet is no member of <CDESK>, so nothing was sent."),
        ("channel_not_found", "Stet is no member of <CDESK>, so nothing was sent."),
        ("is_archived", "<CDESK> is archived, so nothing was sent."),
        ("restricted_action", "Slack does not let Stet write to <CDESK>, so nothing was sent."),
        ("internal_error", "Slack did not say whether it took the message."),
        ("ratelimited", wording.CALL_NOT_NOW),
    ],
)
def test_what_slack_does_not_take_is_said_and_not_kept(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, error: str, line: str
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        asks = preview(slack, answered(slack))
        if error == "ratelimited":
            slack.rate_limit("chat.postMessage")
        else:
            slack.fail("chat.postMessage", error=error)
        delivery = slack.view_submission(asks.id, {}, "U1").wait_finished()
        assert delivery.response is not None
        assert delivery.response["response_action"] == "update"
        assert lines(slack.views[-1])[0].startswith(line)
        assert ledger.calls.unresolved() == 0
    assert slack.messages_in("CDESK") == []
    walked(slack, archive, QUESTION)


def test_a_message_whose_answer_was_lost_is_found_and_kept(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        asks = preview(slack, answered(slack))
        slack.cut("chat.postMessage", done=True)
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        [call] = slack.messages_in("CDESK")
        assert ledger.calls.at("CDESK", call.ts) is not None
        assert lines(slack.views[-1])[0].startswith("The question was sent to <CDESK>.")


def test_the_scopes_of_the_manifest_are_enough(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    slack.scopes = frozenset(BOT_SCOPES)
    to_person = ChannelSettings(channel="C1", person="U7")
    with windowed(slack, archive, tmp_path, to_person):
        call = sent(slack, answered(slack), dm_channel("U7"))
        asks = answering(slack, call)
        slack.view_submission(asks.id, typed(WORDS, HELP), "U7").wait_finished()
        slack.block_action(RESOLVE_CALL, None, "U7", call)
        changed(slack, call, "Resolved by <@U7>")
    assert [call.method for call in slack.calls if call.error] == []


def test_a_call_that_cannot_be_kept_is_taken_back(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        asks = preview(slack, answered(slack))
        with sqlite3.connect(tmp_path / "ledger.db") as file:
            file.execute("ALTER TABLE calls RENAME TO calls_elsewhere")
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        with sqlite3.connect(tmp_path / "ledger.db") as file:
            file.execute("ALTER TABLE calls_elsewhere RENAME TO calls")
        assert ledger.calls.unresolved() == 0
    assert lines(slack.views[-1]) == [wording.CALL_NOT_KEPT]
    assert slack.messages_in("CDESK") == []


def test_what_takes_long_says_so_and_is_done(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK):
        asks = preview(slack, answered(slack))
        slack.slow("chat.postMessage", 2.5)
        slack.view_submission(asks.id, {}, "U1").wait_acked()
        slack.wait_until(lambda: lines(slack.views[-1]) == [wording.STILL_SENDING])
        slack.wait_until(lambda: lines(slack.views[-1])[0].startswith("The question was sent to <CDESK>."))
    assert slack.missed_acks == []
    assert [one.method for one in slack.views][-2:] == ["ack:update", "views.update"]


def test_an_answer_that_slack_does_not_take_is_said(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        call = sent(slack, answered(slack), "CDESK")
        asks = answering(slack, call)
        empty = slack.view_submission(asks.id, typed(WORDS, "  "), "U7").wait_finished().response
        long = slack.view_submission(asks.id, typed(WORDS, "x" * 3_001), "U7").wait_finished().response
        slack.fail("chat.postMessage", error="is_archived")
        slack.view_submission(asks.id, typed(WORDS, HELP), "U7").wait_finished()
        kept = ledger.calls.at("CDESK", call.ts)
    assert empty == {"response_action": "errors", "errors": {WORDS: wording.NOTHING_TYPED}}
    assert long == {"response_action": "errors", "errors": {WORDS: "At most 3,000 characters are taken here."}}
    assert lines(slack.views[-1])[0].startswith("<C1> is archived, so nothing was sent.")
    assert kept is not None
    assert kept.state is State.OPEN


# -- what is forged -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [{"c": "C2"}, {"q": ""}, {"q": "x" * 2_001}, {"n": -1}, {"more": 1}])
def test_a_forged_button_hands_nothing_on(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, other: Json
) -> None:
    archive = harbour(make_archive, tmp_path)
    held = {"c": "C1", "q": QUESTION, "s": None, "u": None, "n": 0}
    with windowed(slack, archive, tmp_path, TO_DESK):
        slack.block_action(CALL_PERSON, json.dumps(held | other), "U1", answered(slack))
        assert told_alone(slack, "U1") == wording.NOT_VALID
    assert slack.views == []


@pytest.mark.parametrize(
    ("user", "forge"),
    [
        ("U2", {}),
        ("U1", {"c": "C2"}),
        ("U1", {"u": "U2"}),
        ("U1", {"k": "answer"}),
        ("U1", {"a": {"w": {"c": "C1", "q": "Another question?", "s": None, "u": None, "n": 0}, "t": None}}),
        ("U1", {"h": "f" * 32}),
    ],
)
def test_a_forged_window_hands_nothing_on(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, user: str, forge: Json
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        asks = preview(slack, answered(slack))
        slack.view_submission(asks.id, {}, user, private_metadata=altered(asks, **forge)).wait_finished()
        assert lines(slack.views[-1]) == [wording.NOT_YOUR_WINDOW]
        assert ledger.calls.unresolved() == 0
    assert slack.messages_in("CDESK") == []


@pytest.mark.parametrize("action", [ANSWER_CALL, TAKE_CALL, RESOLVE_CALL])
def test_the_buttons_of_a_call_are_good_under_its_own_message_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, action: str
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        call = sent(slack, answered(slack), "CDESK")
        views = len(slack.views)
        slack.block_action(action, json.dumps({"c": "C2"}), "U7", call)
        assert told_alone(slack, "U7", 1) == wording.NOT_VALID
        elsewhere = replace(call, channel="C2")
        slack.block_action(action, None, "U7", elsewhere)
        assert told_alone(slack, "U7", 2) == wording.NOT_VALID
        kept = ledger.calls.at("CDESK", call.ts)
    assert kept is not None
    assert (kept.state, len(slack.views)) == (State.OPEN, views)


def test_an_answer_is_taken_from_the_window_that_asked_for_it_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK):
        call = sent(slack, answered(slack), "CDESK")
        asks = answering(slack, call)
        before = slack.messages_in("C1")
        forgeries: list[tuple[str, dict[str, Any]]] = [("U8", {}), ("U7", {"a": {"k": 2}}), ("U7", {"c": "C1"})]
        for user, forge in forgeries:
            sent_off = slack.view_submission(
                asks.id, typed(WORDS, HELP), user, private_metadata=altered(asks, **forge)
            )
            sent_off.wait_finished()
            assert lines(slack.views[-1]) == [wording.NOT_YOUR_WINDOW]
        assert slack.messages_in("C1") == before
