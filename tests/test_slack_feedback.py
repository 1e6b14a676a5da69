"""Whether an answer was any good, said over the loopback Slack. All texts are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot import wording
from bot.buttons import FEEDBACK
from bot.ledger.learning import Said
from bot.windows import REASON
from retrieval.archive import Archive
from tests.slack_app import Json, button
from tests.slack_server import LoopbackSlack
from tests.slack_windows import altered, answered, harbour, lines, picked, told_alone, walked, window, windowed


def test_praise_is_noted_and_thanked_for(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):
        slack.press_feedback(answered(slack), True, "U2")
        assert told_alone(slack, "U2") == wording.THANKS
        [question] = ledger.learning.since(None)
    assert [(one.good, one.reason) for one in question.said] == [(True, None)]
    assert slack.views == []


def test_what_was_wrong_is_asked_and_the_last_word_counts(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):

        def noted() -> list[tuple[bool, str | None]]:
            said: tuple[Said, ...] = ledger.learning.since(None)[0].said
            return [(one.good, one.reason) for one in said]

        posted = answered(slack)
        slack.press_feedback(posted, True, "U2")
        told_alone(slack, "U2")
        slack.press_feedback(posted, False, "U2")
        asks = window(slack, 1)
        at_once = noted()
        [choice] = asks.view["blocks"]
        slack.view_submission(asks.id, picked(REASON, "outdated"), "U2")
        thanks = window(slack, 2)
        with_reason = noted()
        slack.press_feedback(posted, True, "U3")
        told_alone(slack, "U3")
        both = noted()
    assert at_once == [(False, None)]
    assert with_reason == [(False, "outdated")]
    assert both == [(False, "outdated"), (True, None)]
    assert {one["value"]: one["text"]["text"] for one in choice["element"]["options"]} == wording.REASONS
    assert (thanks.method, lines(thanks)) == ("ack:update", [wording.THANKS])
    walked(slack, archive)


@pytest.mark.parametrize("other", [{"a": 99}, {"c": "C2"}, {"g": None}, {"a": "1"}])
def test_forged_feedback_is_not_noted(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, other: Json
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):
        posted = answered(slack)
        held = {"c": "C1", "a": 1, "g": True} | other
        forged = [{"type": "actions", "elements": [button(action_id=FEEDBACK, value=json.dumps(held))]}]
        slack.block_action(FEEDBACK, None, "U2", replace(posted, blocks=tuple(forged)))
        assert told_alone(slack, "U2") == wording.NOT_VALID
        [question] = ledger.learning.since(None)
    assert question.said == ()


def test_feedback_on_a_question_of_another_channel_is_not_noted(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):
        posted = answered(slack, "U1", "C1")
        elsewhere = answered(slack, "U1", "C2")
        held = json.dumps({"c": "C2", "a": 1, "g": False})  # the question of C1
        forged = [{"type": "actions", "elements": [button(action_id=FEEDBACK, value=held)]}]
        slack.block_action(FEEDBACK, None, "U2", replace(elsewhere, blocks=tuple(forged)))
        assert told_alone(slack, "U2") == wording.NOT_VALID
        assert [one.said for one in ledger.learning.since(None)] == [(), ()]
    assert posted.channel == "C1"


@pytest.mark.parametrize(
    ("reason", "user", "forge"),
    [("nonsense", "U2", {}), ("other", "U3", {}), ("other", "U2", {"c": "C2"}), ("other", "U2", {"a": {"a": 2}})],
)
def test_a_reason_is_noted_of_the_window_that_asked_for_it_alone(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    reason: str,
    user: str,
    forge: Json,
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):
        slack.press_feedback(answered(slack), False, "U2")
        asks = window(slack, 1)
        sent = slack.view_submission(asks.id, picked(REASON, reason), user, private_metadata=altered(asks, **forge))
        response = sent.wait_finished().response
        [question] = ledger.learning.since(None)
    assert [(one.good, one.reason) for one in question.said] == [(False, None)]
    if reason == "nonsense":
        assert response == {"response_action": "errors", "errors": {REASON: wording.CHOOSE_A_REASON}}
    else:
        assert lines(slack.views[-1]) == [wording.NOT_YOUR_WINDOW]
