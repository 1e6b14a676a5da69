"""Asking a person, over the loopback Slack: what they are sent, answer and take. All texts are made up."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import wording
from bot.buttons import ANSWER_CALL, CALL_PERSON, RESOLVE_CALL, TAKE_CALL
from bot.helping import WORDS
from bot.ledger.calls import State
from bot.ledger.channels import ChannelSettings
from retrieval.archive import Archive
from tests.conftest import NOW
from tests.slack_bot import quoted, with_outsiders
from tests.slack_payloads import dm_channel
from tests.slack_server import LoopbackSlack
from tests.slack_windows import (
    AGROUND,
    CITED,
    QUESTION,
    actions_of,
    answered,
    answering,
    change,
    changed,
    every_leaf,
    harbour,
    lines,
    preview,
    sent,
    told_alone,
    typed,
    windowed,
)

TO_DESK = ChannelSettings(channel="C1", person="CDESK")
TO_PERSON = ChannelSettings(channel="C1", person="U7")
TO_GROUP = ChannelSettings(channel="C1", person="S7")
HELP = "Ask <!channel> & the harbour master: <https://example.org|here>."


# -- what a person is sent ------------------------------------------------------------------------------------


def test_the_asker_sees_what_will_be_sent_and_it_is_sent(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        posted = answered(slack)
        asks = preview(slack, posted)
        assert slack.messages_in("CDESK") == []
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        [call] = slack.messages_in("CDESK")
        assert told_alone(slack, "U1") == "The question was sent to <#CDESK>. The answer comes as a message."
        kept = ledger.calls.at("CDESK", call.ts)
        message = ledger.messages.at("CDESK", call.ts)
    assert (asks.method, asks.view["submit"]["text"], asks.view["close"]["text"]) == ("views.open", "Send", "Cancel")
    assert lines(asks)[0] == "This is what <CDESK> will be sent:"
    assert call.text.replace("&gt; ", "> ").replace("<@", "<").replace("<#", "<").split("\n") == lines(asks)[1:]
    who, question, found = lines(asks)[1:4]
    assert (who, question) == ("<U1> asks a person, from <C1>.", f"The question: {QUESTION}")
    assert found == wording.CALL_FOUND
    assert quoted(call) == [AGROUND]
    assert CITED in call.text
    assert call.text.endswith(wording.CALL_OPEN)
    assert actions_of(call) == [ANSWER_CALL, TAKE_CALL, RESOLVE_CALL]
    assert kept is not None
    assert (kept.asker, kept.channel, kept.thread) == ("U1", "C1", posted.thread_ts)
    assert (kept.question, kept.state) == (QUESTION, State.OPEN)
    assert message is not None
    assert [(one.entry, one.version) for one in message.receipts] == [("harbour/b", 1)]
    shown = slack.views[-1]
    assert (shown.method, shown.id) == ("ack:update", asks.id)
    every_leaf(slack, archive, QUESTION)


def test_a_person_is_written_to_directly(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_PERSON) as (_, ledger):
        call = sent(slack, answered(slack), dm_channel("U7"))
        slack.block_action(TAKE_CALL, None, "U7", call)
        changed(slack, call, "Taken by <@U7>")
        kept = ledger.calls.at(dm_channel("U7"), call.ts)
    assert (call.channel, quoted(call) != []) == (dm_channel("U7"), True)
    assert kept is not None
    assert (kept.state, kept.helper) == (State.TAKEN, "U7")
    every_leaf(slack, archive, QUESTION)


def test_a_user_group_is_called_in_the_askers_thread(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_GROUP):
        posted = answered(slack)
        asks = preview(slack, posted)
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        call = slack.messages_in("C1")[-1]
        slack.block_action(RESOLVE_CALL, None, "U5", call)
        resolved = changed(slack, call, "Resolved by <@U5>")
    assert lines(asks)[0].startswith("This is what <S7> will be sent, in the thread of the answer")
    assert (call.channel, call.thread_ts) == ("C1", posted.thread_ts)
    assert call.text.startswith("For <!subteam^S7>.\n<@U1> asks a person, from <#C1>.")
    assert resolved.text.startswith("For <!subteam^S7>.")
    every_leaf(slack, archive, QUESTION)


def test_a_user_group_is_called_for_all_where_the_question_was_asked_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_GROUP):
        slack.slash(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        asks = preview(slack, posted)
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        [call] = slack.messages_in("C1")
    assert lines(asks)[0] == "This is what <S7> will be sent, in this channel, for all there to read:"
    assert (call.thread_ts, quoted(call)) == (None, [AGROUND])


def test_a_group_is_not_called_from_a_direct_message_and_nobody_where_nobody_is_named(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    direct = dm_channel("U1")
    with windowed(slack, archive, tmp_path, ChannelSettings(channel=direct, person="S7"), TO_DESK) as (_, ledger):
        slack.direct_message(QUESTION, "U1")
        posted = slack.wait_until(lambda: slack.messages_in(direct))[0]
        slack.block_action(CALL_PERSON, None, "U1", posted)
        assert told_alone(slack, "U1", 1) == wording.CALL_NO_PERSON
        in_channel = answered(slack)
        asks = preview(slack, in_channel)
        ledger.channels.reset("C1")
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        assert lines(slack.views[-1]) == [wording.CALL_NO_PERSON]
        slack.block_action(CALL_PERSON, None, "U1", in_channel)
        assert told_alone(slack, "U1", 2) == wording.CALL_NO_PERSON
    assert slack.messages_in("CDESK") == []


# -- what may be seen there -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("visibility", "person", "channel", "user", "seen"),
    [
        (("C1", "CDESK"), "CDESK", "C1", "U1", True),
        (("C1",), "CDESK", "C1", "U1", False),  # the desk may not see it
        (("CDESK",), "CDESK", "C1", "U1", False),  # the asker may not, who is shown what will be sent
        (("C1", "CDESK"), "CDESK", "C1", "UGUEST", False),
        (("C1", "CSHARED"), "CSHARED", "C1", "U1", False),
        (("C1",), "U7", "C1", "U1", False),
        (("C1",), "S7", "C1", "U1", True),
    ],
)
def test_only_what_may_be_seen_there_is_sent(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    visibility: tuple[str, ...],
    person: str,
    channel: str,
    user: str,
    seen: bool,
) -> None:
    archive = harbour(make_archive, tmp_path, visibility=visibility)
    with_outsiders(slack)
    with windowed(slack, archive, tmp_path, ChannelSettings(channel="C1", person=person)):
        slack.mention(QUESTION, user, channel)
        posted = slack.wait_until(lambda: slack.messages_in(channel))[0]
        place = {"U": dm_channel(person), "S": channel}.get(person[0], person)
        asks = preview(slack, posted, user)
        slack.view_submission(asks.id, {}, user).wait_finished()
        call = slack.messages_in(place)[-1]
    assert bool(quoted(call)) is seen
    assert (AGROUND in call.text) is seen
    assert (AGROUND in json.dumps(asks.view)) is seen
    assert (wording.CALL_FOUND_NOTHING in call.text) is not seen
    every_leaf(slack, archive, QUESTION)


@pytest.mark.parametrize(("person", "place", "seen"), [("CDESK", "CDESK", False), ("U7", dm_channel("U7"), True)])
def test_words_of_a_sensitive_blog_stand_in_no_channel(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    person: str,
    place: str,
    seen: bool,
) -> None:
    archive = harbour(make_archive, tmp_path, sensitive=True)
    with windowed(slack, archive, tmp_path, ChannelSettings(channel="C1", person=person)):
        slack.slash(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        call = sent(slack, posted, place)
        slack.block_action(TAKE_CALL, None, "U7", call)
        taken = changed(slack, call, "Taken by <@U7>")
    for one in (call, taken):
        assert (AGROUND in one.text) is seen
        assert (wording.CALL_SENSITIVE in one.text) is not seen
    every_leaf(slack, archive, QUESTION)


def test_what_changed_since_the_window_was_opened_is_shown_before_it_is_sent(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK):
        asks = preview(slack, answered(slack))
        archive.hold("harbour/b", None, NOW)
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        again = slack.views[-1]
        assert slack.messages_in("CDESK") == []
        slack.view_submission(asks.id, {}, "U1").wait_finished()
        [call] = slack.messages_in("CDESK")
    assert lines(again)[0] == wording.CALL_CHANGED
    assert AGROUND not in json.dumps(again.view)
    assert AGROUND not in call.text
    assert wording.CALL_FOUND_NOTHING in call.text


def test_a_long_question_and_a_long_passage_fit(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    long = "The ferry Ragwort ran aground on the Marl bank at noon " + "and the fog was thick " * 120 + "by then."
    archive = harbour(make_archive, tmp_path, long)
    question = ("When did the ferry Ragwort run aground \\ “on the bank”? " * 30)[:1_500].strip()
    with windowed(slack, archive, tmp_path, TO_DESK):
        slack.mention(question, "U1", "C1")
        posted = slack.wait_until(lambda: slack.messages_in("C1"))[0]
        call = sent(slack, posted, "CDESK")
    assert f"The question: {question}" in call.text
    assert wording.TOO_LONG_HERE in call.text
    assert len(call.text) <= 4_000


# -- at the other end -----------------------------------------------------------------------------------------


def test_a_persons_answer_stands_in_the_askers_thread_as_their_own_words(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        posted = answered(slack)
        call = sent(slack, posted, "CDESK")
        asks = answering(slack, call)
        slack.view_submission(asks.id, typed(WORDS, f"  {HELP} "), "U7").wait_finished()
        answer = slack.messages_in("C1")[-1]
        after = changed(slack, call, "Taken by <@U7>")
        kept = ledger.calls.at("CDESK", call.ts)
    assert (answer.channel, answer.thread_ts) == ("C1", posted.thread_ts)
    assert answer.text.split("\n") == [
        "<@U1>",
        "<@U7> answers, in their own words:",
        "Ask &lt;!channel&gt; &amp; the harbour master: &lt;https://example.org|here&gt;.",
        wording.HELPER_FOOT,
    ]
    assert quoted(answer) == []
    assert lines(slack.views[-1]) == [wording.HELPER_SENT]
    assert f"The question: {QUESTION}" in after.text
    assert quoted(after) == quoted(call)
    assert kept is not None
    assert (kept.state, kept.helper) == (State.TAKEN, "U7")
    every_leaf(slack, archive, QUESTION, HELP)


@pytest.mark.parametrize("way", ["slash", "direct"])
def test_whoever_asked_alone_is_answered_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, way: str
) -> None:
    archive = harbour(make_archive, tmp_path)
    direct = dm_channel("U1")
    with windowed(slack, archive, tmp_path, TO_DESK, ChannelSettings(channel=direct, person="CDESK")):
        if way == "slash":
            slack.slash(QUESTION, "U1", "C1")
        else:
            slack.direct_message(QUESTION, "U1")
        [posted] = slack.wait_for_posts(1)
        call = sent(slack, posted, "CDESK")
        asks = answering(slack, call)
        slack.view_submission(asks.id, typed(WORDS, HELP), "U7").wait_finished()
        answer = slack.messages_in(direct)[-1]
    assert (answer.channel, answer.thread_ts) == (direct, None)
    assert answer.text.split("\n")[:2] == [f"The question: {QUESTION}", "<@U7> answers, in their own words:"]
    assert [one.channel for one in slack.messages_in("C1")] == []
    assert ("from a direct message" in call.text) is (way == "direct")
    every_leaf(slack, archive, QUESTION, HELP)


def test_a_question_is_taken_once_and_the_asker_told_once(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK):
        posted = answered(slack)
        call = sent(slack, posted, "CDESK")
        slack.block_action(TAKE_CALL, None, "U7", call)
        taken = changed(slack, call, "Taken by <@U7>")
        slack.block_action(TAKE_CALL, None, "U8", call)
        told = told_alone(slack, "U8")
        slack.settle()
    assert told == "<@U7> has it already."
    assert actions_of(taken) == [ANSWER_CALL, RESOLVE_CALL]
    assert "Taken by <@U7>" in changed(slack, call, "Taken by").text
    in_thread = [one.text for one in slack.messages_in("C1") if one.ts != posted.ts]
    assert in_thread == ["<@U1>\n<@U7> has taken the question."]
    every_leaf(slack, archive, QUESTION)


def test_a_resolved_question_keeps_its_message_and_loses_its_text_in_the_ledger(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (_, ledger):
        call = sent(slack, answered(slack), "CDESK")
        slack.block_action(RESOLVE_CALL, None, "U7", call)
        resolved = changed(slack, call, "Resolved by <@U7>")
        kept = ledger.calls.at("CDESK", call.ts)
        for number, action in enumerate((TAKE_CALL, RESOLVE_CALL, ANSWER_CALL), start=1):
            slack.block_action(action, None, "U8", call)
            assert told_alone(slack, "U8", number) == wording.HELPER_RESOLVED
        unresolved = ledger.calls.unresolved()
    assert kept is not None
    assert (kept.state, kept.question, unresolved) == (State.RESOLVED, None, 0)
    assert f"The question: {QUESTION}" in resolved.text
    assert actions_of(resolved) == []
    with sqlite3.connect(tmp_path / "ledger.db") as file:
        assert file.execute("SELECT count(*) FROM calls WHERE question IS NOT NULL").fetchone() == (0,)
    every_leaf(slack, archive, QUESTION)


def test_what_was_taken_down_since_is_gone_at_the_next_step(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (bot, _):
        call = sent(slack, answered(slack), "CDESK")
        bot.living.stop()
        archive.take_down("harbour/b", None, "legal", "the editor", NOW, lambda *_: None)
        slack.block_action(TAKE_CALL, None, "U7", call)
        taken = changed(slack, call, "Taken by <@U7>")
    assert quoted(call) != []
    assert AGROUND not in taken.text
    assert f"The question: {QUESTION}\n{wording.CALL_FOUND_NOTHING}" in taken.text


def test_a_message_keeps_up_with_its_source_while_nobody_presses_anything(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK):
        call = sent(slack, answered(slack), "CDESK")
        archive.take_down("harbour/b", None, "legal", "the editor", NOW, lambda *_: None)
        slack.wait_until(lambda: AGROUND not in slack.messages_in("CDESK")[0].text)
    assert AGROUND in call.text


def test_what_was_held_for_a_while_comes_back(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path, TO_DESK) as (bot, _):
        call = sent(slack, answered(slack), "CDESK")
        bot.living.stop()
        archive.hold("harbour/b", None, NOW)
        slack.block_action(TAKE_CALL, None, "U7", call)
        held = changed(slack, call, "Taken by <@U7>")
        archive.release("harbour/b", NOW)
        slack.block_action(RESOLVE_CALL, None, "U7", call)
        released = changed(slack, call, "Resolved by <@U7>")
    assert quoted(held) == []
    assert quoted(released) == [AGROUND]


def test_what_was_changed_since_reads_as_it_does_now(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, AGROUND)
    with windowed(slack, archive, tmp_path, TO_DESK) as (bot, ledger):
        call = sent(slack, answered(slack), "CDESK")
        bot.living.stop()
        change(archive, tmp_path, AGROUND.replace("noon", "one"))
        slack.block_action(TAKE_CALL, None, "U7", call)
        taken = changed(slack, call, "Taken by <@U7>")
        [proof] = slack.wait_until(
            lambda: [one for one in ledger.messages.receipts("CDESK", call.ts) if one.version == 2]
        )
    assert quoted(taken) == [AGROUND.replace("noon", "one")]
    assert proof.entry == "harbour/b"
