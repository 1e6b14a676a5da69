"""What is read of a delivery: each kind as Slack sends it, and whatever else anyone may send."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.buttons import FEEDBACK, REPLYING, SHOW_AROUND, SHOW_ENTRY
from bot.incoming import Incoming, Way, read
from bot.ledger import Ledger, Taking
from tests import slack_payloads
from tests.slack_payloads import Workspace

SPACE = Workspace()
BOT, TS, EDITED, THREAD = SPACE.bot_user, "1930000000.000100", "1930000009.000200", "1920000000.000300"
NOW = 1_930_000_100.5
ROOM: dict[str, Any] = {"user": "U1", "channel": "C1", "ts": TS, "thread_ts": None, "blocks": None}


def message(text: str, **more: Any) -> dict[str, Any]:
    """A `message` event."""
    return slack_payloads.message(SPACE, text, **(ROOM | more))


def told(event: dict[str, Any]) -> Incoming | None:
    """What is read of an event, wrapped as Slack sends it."""
    return read(slack_payloads.event_callback(SPACE, event, event_id="Ev1", at=1, ext_shared=False), BOT, NOW)


def pressed(action: str, value: Any = "v", **more: Any) -> dict[str, Any]:
    """The body of a pressed button under a message."""
    of: dict[str, Any] = {
        "channel": {"id": "C1", "name": "channel-c1"},
        "message": {"type": "message", "ts": TS, "thread_ts": THREAD},
        "container": {"type": "message", "message_ts": TS, "channel_id": "C1", "is_ephemeral": False},
        "response_url": "https://hooks.slack.test/1",
        "actions": [{"type": "button", "action_id": action, "value": value}],
    }
    return slack_payloads.interactive(SPACE, "block_actions", user="U1", trigger_id="12.34.abc", **(of | more))


# ------------------------------------------------------------------------------------------------ events


def test_a_mention_is_read_and_its_twin_has_the_same_key() -> None:
    blocks = [{"type": "rich_text", "elements": []}]
    event = message(f"<@{BOT}> Who won?", blocks=blocks)
    mention = told(slack_payloads.app_mention(event))
    assert mention == Incoming(
        key=f"message C1 {TS}",
        way=Way.MENTION,
        user="U1",
        channel="C1",
        at=float(TS),
        text=f"<@{BOT}> Who won?",
        ts=TS,
        blocks=blocks,
    )
    assert told(event) == mention
    assert (mention.reply_thread, mention.direct) == (TS, False)
    assert mention.sent_at == datetime.fromtimestamp(float(TS), UTC)


def test_a_mention_in_a_thread_is_answered_in_that_thread() -> None:
    found = told(slack_payloads.app_mention(message(f"<@{BOT}> Who won?", thread_ts=THREAD)))
    assert found is not None
    assert (found.way, found.thread, found.reply_thread) == (Way.MENTION, THREAD, THREAD)


@pytest.mark.parametrize(("thread", "stands"), [(None, None), (THREAD, THREAD)])
def test_a_direct_message_is_answered_where_it_stands(thread: str | None, stands: str | None) -> None:
    found = told(message("Who won?", channel="D1", thread_ts=thread))
    assert found is not None
    assert (found.way, found.direct, found.reply_thread) == (Way.DIRECT, True, stands)
    assert (found.key, found.text, found.origin) == (f"message D1 {TS}", "Who won?", None)


def test_talk_in_a_thread_may_be_for_us_and_other_talk_is_not() -> None:
    found = told(message("And later?", thread_ts=THREAD))
    assert found is not None
    assert (found.way, found.thread) == (Way.THREAD, THREAD)
    assert told(message("Who won?")) is None
    assert told(message("Who won, <@U9>?")) is None


def test_files_come_with_their_message() -> None:
    files = [{"id": "F1", "name": "draft.txt"}]
    found = told(message("", channel="D1") | {"subtype": "file_share", "files": files})
    assert found is not None
    assert (found.way, found.files, found.text) == (Way.DIRECT, files, "")


@pytest.mark.parametrize(
    "subtype", ["channel_join", "message_deleted", "bot_message", "message_replied", "me_message", "tombstone"]
)
def test_what_is_no_question_is_not_read(subtype: str) -> None:
    assert told(message(f"<@{BOT}> joined", channel="D1") | {"subtype": subtype}) is None


def test_a_thread_broadcast_is_read_as_what_it_says() -> None:
    found = told(message(f"<@{BOT}> Who won?", thread_ts=THREAD) | {"subtype": "thread_broadcast"})
    assert found is not None
    assert found.way is Way.MENTION


def test_bots_and_the_bot_itself_are_not_read() -> None:
    own: dict[str, Any] = {"channel": "D1", "ts": TS, "thread_ts": None}
    assert told(slack_payloads.bot_message("Who won?", bot="B1", bot_user="U9", **own)) is None
    assert told(message("Who won?", user=BOT, channel="D1")) is None


def test_an_edit_names_the_question_that_it_came_of() -> None:
    before = message("Who lost?", channel="D1", thread_ts=THREAD)
    edit = told(slack_payloads.message_changed(before, "Who won?", ts=EDITED))
    assert edit is not None
    assert (edit.key, edit.origin) == (f"edit D1 {TS} {EDITED}", f"message D1 {TS}")
    assert (edit.way, edit.user, edit.text, edit.ts, edit.thread) == (Way.DIRECT, "U1", "Who won?", TS, THREAD)
    assert edit.at == float(EDITED)


def test_an_edit_that_adds_a_mention_comes_twice_with_one_key() -> None:
    change = slack_payloads.message_changed(message("Who won?"), f"<@{BOT}> Who won?", ts=EDITED)
    mention = told(change["message"] | {"type": "app_mention", "channel": "C1", "event_ts": EDITED})
    assert mention is not None
    assert (mention.key, mention.origin) == (f"edit C1 {TS} {EDITED}", f"message C1 {TS}")
    assert told(change) == mention


def test_what_slack_itself_changes_in_a_message_is_no_edit() -> None:
    before = message("See https://wend.example", channel="D1")
    unfolded = slack_payloads.message_changed(before, before["text"], ts=EDITED)
    assert told(unfolded) is None
    replied = slack_payloads.message_changed(before, "other words", ts=EDITED)
    del replied["message"]["edited"]
    assert told(replied) is None
    own = message("Who won?", user=BOT, channel="D1") | {"bot_id": SPACE.bot}
    assert told(slack_payloads.message_changed(own, "changed", ts=EDITED)) is None


# ------------------------------------------------------------------------------------------------ commands, buttons


def test_a_command_is_read() -> None:
    body = slack_payloads.slash_command(
        SPACE, "/stet", "Who won?", user="U1", channel="C1", response_url="https://h.test/1", trigger_id="12.34.abc"
    )
    assert read(body, BOT, NOW) == Incoming(
        key="trigger 12.34.abc",
        way=Way.COMMAND,
        user="U1",
        channel="C1",
        at=NOW,
        text="Who won?",
        response_url="https://h.test/1",
    )


@pytest.mark.parametrize(("thread", "shared_in"), [(None, TS), (THREAD, THREAD)])
def test_a_shortcut_is_read_with_the_message_that_it_is_of(thread: str | None, shared_in: str) -> None:
    of = {"type": "message", "ts": TS, "text": "“Rain.”", "blocks": [{"type": "x"}], "attachments": [{"text": "y"}]}
    body = slack_payloads.interactive(
        SPACE,
        "message_action",
        user="U1",
        trigger_id="12.34.abc",
        callback_id="verify",
        channel={"id": "C1", "name": "channel-c1"},
        message=of | ({"thread_ts": thread} if thread else {}),
        message_ts=TS,
        response_url="https://h.test/1",
    )
    assert read(body, BOT, NOW) == Incoming(
        key="trigger 12.34.abc",
        way=Way.SHORTCUT,
        user="U1",
        channel="C1",
        at=NOW,
        text="“Rain.”",
        thread=shared_in,
        blocks=[{"type": "x"}],
        attachments=[{"text": "y"}],
        response_url="https://h.test/1",
        action="verify",
    )


@pytest.mark.parametrize("action", sorted(REPLYING))
def test_a_button_that_gets_a_reply_is_read(action: str) -> None:
    assert read(pressed(action), BOT, NOW) == Incoming(
        key="trigger 12.34.abc",
        way=Way.BUTTON,
        user="U1",
        channel="C1",
        at=NOW,
        response_url="https://hooks.slack.test/1",
        action=action,
        value="v",
        message=TS,
        message_thread=THREAD,
    )


def test_of_an_ephemeral_message_the_container_tells_the_thread() -> None:
    held = {"type": "message", "message_ts": TS, "thread_ts": THREAD, "is_ephemeral": True}
    found = read(pressed(SHOW_AROUND, message=None, container=held), BOT, NOW)
    assert found is not None
    assert (found.message, found.message_thread) == (None, THREAD)


@pytest.mark.parametrize("action", [SHOW_ENTRY, FEEDBACK, "of another app", "", None, 7, [], {}])
def test_a_button_that_opens_a_window_or_is_none_of_ours_is_left_to_others(action: Any) -> None:
    assert read(pressed(action), BOT, NOW) is None


# ------------------------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize(
    "other",
    [
        {"user": "<!channel>"}, {"user": ["U1"]}, {"user": None}, {"channel": "C1/../D1"}, {"channel": 7},
        {"ts": "1"}, {"ts": "1.2; DROP"}, {"ts": 1.5}, {"ts": None}, {"ts": "١.٢"}, {"thread_ts": "<@U1>"},
        {"thread_ts": {}}, {"subtype": {}}, {"subtype": ["file_share"]}, {"type": []}, {"type": "reaction_added"},
    ],
)  # fmt: skip
def test_ids_and_times_of_another_form_are_not_read(other: dict[str, Any]) -> None:
    event = message(f"<@{BOT}> Who won?", channel="D1")
    assert told(event) is not None
    assert told(event | other) is None


def test_text_and_values_are_bounded() -> None:
    long = told(message("x" * 200_000, channel="D1"))
    assert long is not None
    assert long.text == "x" * 100_000
    button = read(pressed(SHOW_AROUND, "x" * 200_000), BOT, NOW)
    assert button is not None
    assert button.value == "x" * 100_000


def test_halves_of_characters_do_not_get_into_a_question() -> None:
    found = told(json.loads(json.dumps(message("Who won \ud83d?", channel="D1"))))
    assert found is not None
    assert found.text == "Who won ??"
    assert told(message("Who won 🙂?", channel="D1") | {"blocks": ["\ud83d"]}) is not None


_SLACKS = ["U1", "C1", "D1", BOT, "B1", TS, EDITED, f"<@{BOT}> Who?", "message", "app_mention", "message_changed"]
_SLACKS += ["block_actions", "message_action", "event_callback", "file_share", "button", *REPLYING]
_NAMES = ["type", "subtype", "user", "channel", "ts", "thread_ts", "text", "edited", "message", "previous_message"]
_NAMES += ["bot_id", "blocks", "files", "attachments", "id", "event", "command", "channel_id", "user_id"]
_NAMES += ["trigger_id", "actions", "action_id", "value", "container", "response_url", "callback_id", "message_ts"]
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(_SLACKS)
_HALVES = st.characters(exclude_categories=())
"""Any character, and half of one, which JSON can spell."""
_LEAVES |= st.text(_HALVES, max_size=8)
_JSON = st.recursive(
    _LEAVES, lambda held: st.lists(held, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), held), max_leaves=15
)
_EVENT = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "app_mention"]), "channel": st.sampled_from(["C1", "D1"])},
    optional={name: _JSON for name in _NAMES if name not in ("type", "channel")}
    | {"user": st.sampled_from(["U1", BOT]), "ts": st.from_regex(r"\d{1,12}\.\d{1,6}", fullmatch=True)},
)
_PRESSED = st.fixed_dictionaries(
    {
        "type": st.just("block_actions"),
        "user": st.just({"id": "U1"}),
        "channel": st.just({"id": "C1"}),
        "actions": st.lists(st.fixed_dictionaries({}, optional={"action_id": _JSON, "value": _JSON}) | _JSON),
    },
    optional=dict.fromkeys(["message", "container", "response_url", "trigger_id"], _JSON),
)
_BODIES = (
    st.dictionaries(st.sampled_from(_NAMES), _JSON)
    | st.fixed_dictionaries({"event": _EVENT | _JSON})
    | _PRESSED
    | st.fixed_dictionaries({"type": st.just("message_action"), "user": st.just({"id": "U1"}), "message": _JSON})
    | st.fixed_dictionaries({"command": st.just("/stet"), "channel_id": st.just("C1"), "user_id": st.just("U1")})
)


def survives(found: Incoming | None) -> None:
    if found is not None:
        kept = found.to_json()
        kept.encode()
        assert Incoming.from_json(kept) == found
        assert found.key
        assert found.at >= 0
        assert isinstance(found.reply_thread, str | None)


@settings(max_examples=400)
@given(_BODIES)
def test_whatever_comes_is_read_or_not_and_what_is_read_can_be_kept(body: dict[str, Any]) -> None:
    survives(read(body, BOT, NOW))
    survives(read(body, None, NOW))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(_HALVES, max_size=20), _JSON)
def test_whatever_is_typed_the_ledger_takes_it_and_gives_it_back(tmp_path: Path, text: str, held: Any) -> None:
    found = told(message(text, channel="D1") | {"blocks": [held]})
    assert found is not None
    ledger = Ledger.open(tmp_path / "ledger.db")
    key = f"{time.monotonic()} {text!r}"
    assert ledger.inbox.take(key, found.to_json(), datetime.now(UTC)) is Taking.OURS
    ledger.inbox.run = "the next"
    [left] = ledger.inbox.adopt()
    ledger.inbox.settle(key, answered=True)
    ledger.close()
    assert Incoming.from_json(left.payload) == found


def test_blocks_nested_as_deep_as_json_may_be_can_be_kept() -> None:
    deep = json.loads("[" * 400 + "]" * 400)
    survives(told(message("Who won?", channel="D1") | {"blocks": deep}))


@pytest.mark.parametrize(
    "kept", ["", "no JSON", "[]", "7", "null", "{}", '{"way": "telepathy"}', '{"way": "mention"}']
)
def test_what_another_stet_kept_is_refused(kept: str) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Incoming.from_json(kept)
