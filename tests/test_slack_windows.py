"""The windows over the loopback Slack: a whole entry, what quoted it, a check, feedback. All texts are made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import wording
from bot.buttons import SHOW_ENTRY, SHOW_REST, VERIFY_WORDS, WHO_QUOTED
from bot.ledger.messages import Message, Receipt
from bot.windows import QUOTE, SPEAKER
from retrieval.archive import Archive
from retrieval.model import digest
from tests.conftest import NOW
from tests.slack_app import Json, button
from tests.slack_bot import with_outsiders
from tests.slack_server import LoopbackSlack
from tests.slack_windows import (
    ADMIN,
    AGROUND,
    CITED,
    QUESTION,
    WHOLE,
    altered,
    answered,
    buttons_of,
    change,
    delete,
    harbour,
    lines,
    told_alone,
    typed,
    walked,
    window,
    windowed,
)

LONG = " ".join([AGROUND, *(f"Buoy {number} was seen from the quay in the fog." for number in range(1, 420))])


# -- a whole entry --------------------------------------------------------------------------------------------


def test_an_entry_is_shown_whole_to_whoever_pressed(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        slack.block_action(SHOW_ENTRY, None, "U2", answered(slack))
        shown = window(slack, 1)
    assert (shown.method, shown.user) == ("views.open", "U2")
    assert lines(shown) == [wording.WHOLE, f"> {WHOLE}", CITED]
    assert buttons_of(shown) == []
    walked(slack, archive)


def test_a_long_entry_is_shown_part_by_part_and_nothing_of_it_is_left_out(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, LONG)
    with windowed(slack, archive, tmp_path):
        slack.block_action(SHOW_ENTRY, None, "U2", answered(slack))
        parts = [window(slack, 1)]
        while SHOW_REST in buttons_of(parts[-1]):
            slack.view_action(parts[-1].id, SHOW_REST, "U2")
            parts.append(window(slack, len(parts) + 1))
    walked(slack, archive)
    words = [line.removeprefix("> ") for part in parts for line in lines(part) if line.startswith("> ")]
    assert len(words) == len(parts) == 3
    assert " ".join(words) == LONG
    assert all(len(one) <= 9_000 for one in words)
    assert [part.method for part in parts] == ["views.open", "views.update", "views.update"]
    assert lines(parts[0])[0] == f"Part of the entry, from character 1 to {len(words[0]):,} of {len(LONG):,}:"
    assert lines(parts[2])[2] == CITED


@pytest.mark.parametrize("way", ["held", "deleted", "taken down"])
def test_what_must_not_be_shown_any_more_is_not(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, way: str
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack)
        if way == "held":
            archive.hold("harbour/b", None, NOW)
        elif way == "deleted":
            delete(archive, tmp_path)
        else:
            archive.take_down("harbour/b", None, "legal", "the editor", NOW, lambda *_: None)
        slack.block_action(SHOW_ENTRY, None, "U2", posted)
        assert lines(window(slack, 1)) == [wording.NOT_SHOWN_NOW]
    walked(slack, archive)


def test_an_entry_that_was_changed_is_shown_as_it_reads_now(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack)
        change(archive, tmp_path, "The ferry Ragwort is afloat again.")
        slack.block_action(SHOW_ENTRY, None, "U2", posted)
        shown = window(slack, 1)
    assert lines(shown)[:3] == [wording.AROUND_NOW, wording.WHOLE, "> The ferry Ragwort is afloat again."]
    walked(slack, archive)


def test_who_may_not_see_an_entry_in_a_channel_does_not(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, visibility=("C1",))
    with_outsiders(slack)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack)
        slack.block_action(SHOW_ENTRY, None, "UGUEST", posted)
        assert lines(window(slack, 1)) == [wording.NOT_SHOWN_NOW]
        slack.block_action(SHOW_ENTRY, None, "U2", posted)
        assert lines(window(slack, 2))[1] == f"> {WHOLE}"


def test_an_entry_of_a_sensitive_blog_is_shown_to_one_person(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, sensitive=True)
    with windowed(slack, archive, tmp_path):
        slack.slash(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.block_action(SHOW_ENTRY, None, "U1", posted)
        assert lines(window(slack, 1))[1] == f"> {WHOLE}"


@pytest.mark.parametrize(
    "other", [{"c": "C2"}, {"v": 0}, {"e": 7}, {"s": 9, "t": 9}, {"p": "no"}, {"x": 1}, {"e": "x" * 2_001}]
)
def test_a_forged_button_opens_nothing(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, other: Json
) -> None:
    archive = harbour(make_archive, tmp_path)
    held = {"c": "C1", "e": "harbour/b", "v": 1, "s": 0, "t": 5, "p": False}
    with windowed(slack, archive, tmp_path):
        slack.block_action(SHOW_ENTRY, json.dumps(held | other), "U2", answered(slack))
        assert told_alone(slack, "U2") == wording.NOT_VALID
    assert slack.views == []


def test_a_window_obeys_nobody_but_who_opened_it(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, LONG)
    with windowed(slack, archive, tmp_path):
        slack.block_action(SHOW_ENTRY, None, "U2", answered(slack))
        slack.view_action(window(slack, 1).id, SHOW_REST, "U3")
        refused = window(slack, 2)
        slack.view_action(window(slack, 1).id, SHOW_REST, "U2", json.dumps({"c": "C2"}))
        invalid = window(slack, 3)
    assert (refused.method, lines(refused)) == ("views.push", [wording.NOT_YOUR_WINDOW])
    assert (invalid.method, lines(invalid)) == ("views.push", [wording.NOT_VALID])


def test_a_window_that_slack_does_not_open_is_told_of(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack)
        slack.fail("views.open", error="expired_trigger_id")
        slack.block_action(SHOW_ENTRY, None, "U2", posted)
        assert told_alone(slack, "U2") == wording.WINDOW_LATE


# -- what quoted it -------------------------------------------------------------------------------------------


def test_an_admin_sees_which_messages_quoted_an_entry_and_what_it_read_then(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (bot, ledger):
        bot.living.stop()  # so that the message is still as it was posted
        posted = answered(slack)
        slack.wait_until(lambda: ledger.messages.quoting("harbour/b"))
        at = ledger.messages.quoting("harbour/b")[0].at
        change(archive, tmp_path, "The ferry Ragwort is afloat again.")
        slack.block_action(SHOW_ENTRY, None, ADMIN, posted)
        assert buttons_of(window(slack, 1)) == [WHO_QUOTED]
        slack.view_action(window(slack, 1).id, WHO_QUOTED, ADMIN)
        listed = window(slack, 3)
        link = f"https://{slack.workspace.domain}.slack.com/archives/C1/p{posted.ts.replace('.', '')}"
    assert [one.method for one in slack.views] == ["views.open", "views.push", "views.update"]
    assert lines(window(slack, 2)) == [wording.LOOKING]
    said = lines(listed)
    assert said[0] == "Messages that show or cite this entry: 1. The newest first:"
    assert said[1].endswith(f"UTC, {at:%A} {at.day} {at:%B} {at.year}, slices of the entry: 2.")
    assert said[2].startswith(f"{wording.MESSAGE_STATES['standing']} {link}")
    assert said[3] == wording.QUOTED_THEN
    assert AGROUND in said[4]
    assert "this wording was changed later" in said[5]
    permalinks = tuple(call.args["message_ts"] for call in slack.calls_to("chat.getPermalink"))
    assert permalinks == (posted.ts,)
    walked(slack, archive, permalinks=(said[2].rpartition(" ")[2],))


def test_of_what_is_held_or_taken_down_no_old_wording_is_shown(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path) as (_, ledger):
        posted = answered(slack)
        slack.wait_until(lambda: ledger.messages.quoting("harbour/b"))
        change(archive, tmp_path, "The ferry Ragwort is afloat again.")
        archive.hold("harbour/b", None, NOW)
        slack.block_action(SHOW_ENTRY, None, ADMIN, posted)
        slack.view_action(window(slack, 1).id, WHO_QUOTED, ADMIN)
        held = lines(window(slack, 3))
        archive.take_down("harbour/b", None, "legal", "the editor", NOW, lambda *_: None)
        slack.wait_until(lambda: not ledger.messages.quoting("harbour/b"))
        slack.view_action(window(slack, 1).id, WHO_QUOTED, ADMIN)
        down = lines(window(slack, 5))
    assert held[0] == "Messages that show or cite this entry: 1. The newest first:"
    assert [one for one in held if one.startswith("> ")] == []
    assert down == [wording.QUOTED_BY_NONE]


def test_the_newest_twenty_messages_are_listed_and_the_others_counted(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    proof = Receipt(entry="harbour/b", version=1, start=0, end=4, sha256=digest(WHOLE[:4]))
    with windowed(slack, archive, tmp_path) as (_, ledger):
        for number in range(23):
            ledger.messages.keep(Message(channel="C1", ts="", receipts=(proof,)), NOW + timedelta(minutes=number))
        slack.block_action(SHOW_ENTRY, None, ADMIN, answered(slack))
        slack.wait_until(lambda: len(ledger.messages.quoting("harbour/b")) == 24)
        slack.view_action(window(slack, 1).id, WHO_QUOTED, ADMIN)
        said = lines(window(slack, 3))
    assert said[0] == "Messages that show or cite this entry: 24. The newest first:"
    assert said.count(wording.MESSAGE_STATES["alone"]) == 19
    assert said[-1] == "Earlier messages that show or cite it: 4"
    assert f"3.26am UTC, {NOW:%A} {NOW.day} January {NOW.year}, slices of the entry: 1." in said
    assert len(slack.calls_to("chat.getPermalink")) == 1


def test_nobody_but_admins_learns_what_quoted_an_entry(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack)
        held = json.dumps({"c": "C1", "e": "harbour/b", "v": 1, "s": 0, "t": 5, "p": False})
        forged = [{"type": "actions", "elements": [button(action_id=WHO_QUOTED, value=held)]}]
        slack.block_action(WHO_QUOTED, None, "U2", replace(posted, blocks=tuple(forged)))
        assert told_alone(slack, "U2") == wording.ADMINS_ALONE
        slack.block_action(SHOW_ENTRY, None, ADMIN, posted)
        slack.view_action(window(slack, 1).id, WHO_QUOTED, "U2")
        assert lines(window(slack, 2)) == [wording.ADMINS_ALONE]
    assert slack.calls_to("chat.getPermalink") == []


# -- words to check -------------------------------------------------------------------------------------------


def opened(slack: LoopbackSlack, user: str = "U2", channel: str = "C1") -> Any:
    slack.block_action(VERIFY_WORDS, None, user, answered(slack, user, channel))
    return window(slack, 1)


def test_words_are_checked_in_their_window(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        asks = opened(slack)
        assert asks.view["title"]["text"] == wording.VERIFY_A_QUOTATION
        slack.view_submission(asks.id, typed(QUOTE, f"“{AGROUND}”") | typed(SPEAKER, "Ada Quill"), "U2")
        shown = window(slack, 2)
    assert (shown.method, shown.id, shown.user) == ("ack:update", asks.id, "U2")
    assert lines(shown)[:2] == [wording.VERDICTS["exact"], wording.PASSES]
    assert "Ada Quill" in lines(shown)[2]
    assert f"> {AGROUND}" in lines(shown)
    assert CITED in lines(shown)
    walked(slack, archive, AGROUND, "Ada Quill")


def test_changed_words_are_struck_out_and_put_in(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    false = AGROUND.replace("noon", "dusk")
    with windowed(slack, archive, tmp_path):
        asks = opened(slack)
        slack.view_submission(asks.id, typed(QUOTE, false) | typed(SPEAKER, None), "U2")
        shown = window(slack, 2)
    assert lines(shown)[:2] == [wording.VERDICTS["altered"], wording.FAILS]
    walked(slack, archive, false)


@pytest.mark.parametrize(
    ("quote", "speaker", "errors"),
    [
        ("  \n ", None, {QUOTE: wording.NOTHING_TYPED}),
        (None, None, {QUOTE: wording.NOTHING_TYPED}),
        ("x" * 3_001, None, {QUOTE: "At most 3,000 characters are taken here."}),
        ("… — !", None, {QUOTE: wording.NO_WORD_TO_CHECK}),
        (AGROUND, "A" * 201, {SPEAKER: "At most 200 characters are taken here."}),
    ],
)
def test_what_cannot_be_checked_is_said_under_its_input(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    quote: str | None,
    speaker: str | None,
    errors: Json,
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        asks = opened(slack)
        sent = slack.view_submission(asks.id, typed(QUOTE, quote) | typed(SPEAKER, speaker), "U2")
        delivery = sent.wait_finished()
    assert delivery.response == {"response_action": "errors", "errors": errors}


def test_a_check_sees_what_may_be_seen_where_its_window_was_opened(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, visibility=("C1",))
    with_outsiders(slack)
    with windowed(slack, archive, tmp_path):
        posted = answered(slack, "U1")
        for number, user in ((1, "UGUEST"), (3, "U2")):
            slack.block_action(VERIFY_WORDS, None, user, posted)
            slack.view_submission(window(slack, number).id, typed(QUOTE, AGROUND), user)
            window(slack, number + 1)
    assert lines(slack.views[1])[0] == wording.VERDICTS["not_found"]
    assert lines(slack.views[3])[0] == wording.VERDICTS["exact"]


@pytest.mark.parametrize(
    "forge",
    [
        lambda shown: altered(shown, c="C1"),
        lambda shown: altered(shown, u="U3"),
        lambda shown: altered(shown, k="reasons"),
        lambda shown: altered(shown, h="0" * 32),
        lambda shown: altered(shown, h=None),
        lambda shown: altered(shown, more=1),
        lambda _: "{",
        lambda _: "[]",
        lambda _: "",
        lambda _: "[" * 2_900,
    ],
)
def test_a_forged_window_does_nothing(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path, forge: Callable[[Any], str]
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        asks = opened(slack, "U2", "C2")
        slack.view_submission(asks.id, typed(QUOTE, AGROUND), "U2", private_metadata=forge(asks))
        shown = window(slack, 2)
    assert lines(shown) == [wording.NOT_YOUR_WINDOW]


def test_a_window_is_not_submitted_by_another_than_who_opened_it(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with windowed(slack, archive, tmp_path):
        asks = opened(slack)
        slack.view_submission(asks.id, typed(QUOTE, AGROUND), "U3")
        assert lines(window(slack, 2)) == [wording.NOT_YOUR_WINDOW]
