"""What stands around a passage, one click away, over the loopback Slack. Every text here is made up."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bot import buttons, handlers, render, wording
from bot.buttons import ASK_PRIVATELY, SHOW_AROUND, SHOW_ENTRY, VERIFY_WORDS, Placed
from bot.ledger import Ledger
from bot.replies import Request
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.slack_bot import quoted, running, walked, with_outsiders
from tests.slack_payloads import dm_channel
from tests.slack_server import LoopbackSlack, Posted

QUESTION = "When was it that the ferry Ragwort ran aground?"
AGROUND = "The ferry Ragwort ran aground on the Marl bank at noon."
BEFORE = "The fog came at ten. Skerrow light was dark. "
AFTER = " The lifeboat launched at once. Divers went down at two. The tide turned at four."
WHOLE = BEFORE + AGROUND + AFTER
EMBARGO = SourceOptions(blog="harbour", embargo_until=NOW.replace(year=2200))
CITED = "harbour, 12.20pm UTC, Monday 3 February 2031"


def entry(text: str, **more: Any) -> str:
    return json.dumps({"id": "b", "time": "2031-02-03T12:20:00+00:00", "text": text} | more)


def harbour(make_archive: Callable[..., Archive], folder: Path, text: str = WHOLE, **options: Any) -> Archive:
    source = folder / "harbour.ndjson"
    source.write_text(entry(text))
    return make_archive(source, options=SourceOptions(blog="harbour", **options))


def change(archive: Archive, folder: Path, text: str, now: datetime = NOW) -> None:
    (folder / "harbour.ndjson").write_text(entry(text))
    archive.reindex(False, now, lambda *_: None)


def places(posted: Posted) -> list[Any]:
    return [
        json.loads(one["value"])
        for block in posted.blocks
        if block["type"] == "actions"
        for one in block["elements"]
        if one["action_id"] == SHOW_AROUND
    ]


def bold(posted: Posted) -> list[str]:
    return [
        leaf["text"]
        for block in posted.blocks
        for element in block.get("elements", [])
        for leaf in element.get("elements", [])
        if leaf.get("style", {}).get("bold")
    ]


def pressed(archive: Archive, channel: str = "C1", user_is: str = "trusted", **other: Any) -> str:
    """What whoever presses a button for the passage gets; `other` is put in place of what the button holds."""
    start = WHOLE.index(AGROUND)
    held: dict[str, Any] = {
        "entry": "harbour/b",
        "version": 1,
        "start": start,
        "end": start + len(AGROUND),
        "past": False,
    } | other
    request = Request(text="", channel=channel, direct=channel[0] == "D", private=True, trusted=user_is == "trusted")
    return render.plain(handlers.around(archive, request, Placed(**held)).reply)


def test_in_a_channel_it_is_for_whoever_pressed_alone(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with running(slack, archive, tmp_path):
        slack.mention(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        slack.block_action(SHOW_AROUND, None, "U2", posted)
        [_, private] = slack.wait_for_posts(2)
    walked(archive, posted)
    start = WHOLE.index(AGROUND)
    assert places(posted) == [
        {"c": "C1", "e": "harbour/b", "v": 1, "s": start, "t": start + len(AGROUND), "p": False}
    ]
    walked(archive, private)
    assert (private.user, private.via, private.channel) == ("U2", "response_url", "C1")
    assert private.text == f"{wording.AROUND}\n&gt; {WHOLE}\n{CITED}"
    assert (quoted(private), bold(private)) == ([WHOLE], [AGROUND])
    assert private.args["replace_original"] is False


def test_in_a_direct_message_it_stands_in_the_conversation_with_its_receipt(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    with running(slack, archive, tmp_path) as bot:
        slack.direct_message(QUESTION, "U1")
        [posted] = slack.wait_for_posts(1)
        slack.block_action(SHOW_AROUND, None, "U1", posted)
        [_, shown] = slack.wait_for_posts(2)
        slack.settle()
        bot.stop()
    walked(archive, shown)
    assert (shown.user, shown.channel, shown.method) == (None, dm_channel("U1"), "chat.postMessage")
    assert quoted(shown) == [WHOLE]
    ledger = Ledger.open(tmp_path / "ledger.db")
    [receipt] = ledger.messages.receipts(shown.channel, shown.ts)
    ledger.close()
    assert (receipt.entry, receipt.start, receipt.end) == ("harbour/b", 0, len(WHOLE))


def test_under_the_command_and_a_sensitive_answer_it_stays_with_the_asker(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, sensitive=True)
    with running(slack, archive, tmp_path):
        slack.slash(QUESTION, "U1", "C1")
        [command] = slack.wait_for_posts(1)
        slack.block_action(SHOW_AROUND, None, "U1", command)
        slack.wait_for_posts(2)
        slack.mention(QUESTION, "U1", "C1")
        neutral = slack.wait_for_posts(3)[2]
        slack.block_action(ASK_PRIVATELY, None, "U2", neutral)
        shown = slack.wait_for_posts(4)[3]
        slack.block_action(SHOW_AROUND, None, "U2", shown)
        posts = slack.wait_for_posts(5)
    assert neutral.text == wording.SENSITIVE
    assert places(neutral) == []
    assert [posts[at].user for at in (1, 4)] == ["U1", "U2"]
    assert [quoted(posts[at]) for at in (1, 4)] == [[WHOLE], [WHOLE]]


def test_a_passage_that_is_the_whole_entry_has_no_button(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path, AGROUND)
    request = Request(text=QUESTION, channel="C1", direct=False, private=False, trusted=True)
    response = handlers.respond(archive, request)
    assert [one.text for one in response.shown] == [AGROUND]
    assert [[one.action for one in section.buttons] for section in response.sections] == [
        [],
        [SHOW_ENTRY],
        [VERIFY_WORDS],
    ]


def test_at_most_three_passages_have_a_button(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = harbour(make_archive, tmp_path)
    [one] = archive.ask(QUESTION).passages
    request = Request(text="", channel="C1", direct=False, private=False, trusted=True)
    sections = list(handlers._passages(request, [(one, tuple(render.passage(one)))] * 5, past=False))
    assert [[made.action for made in section.buttons] for section in sections] == [
        *[[SHOW_AROUND, SHOW_ENTRY]] * 3,
        [],
        [],
    ]
    [none] = handlers._passages(request, [(one, tuple(render.too_long(one.passage)))], past=False)
    assert [made.action for made in none.buttons] == [SHOW_ENTRY]


@pytest.mark.parametrize(
    ("channel", "user", "seen"),
    [("C1", "U1", True), ("C2", "U1", False), ("C1", "UGUEST", False), ("CSHARED", "U1", False)],
)
def test_who_may_see_it_is_looked_at_anew(
    slack: LoopbackSlack,
    make_archive: Callable[..., Archive],
    tmp_path: Path,
    channel: str,
    user: str,
    seen: bool,
) -> None:
    archive = harbour(make_archive, tmp_path)
    with_outsiders(slack)
    with running(slack, archive, tmp_path):
        slack.mention(QUESTION, user, channel)
        [posted] = slack.wait_for_posts(1)
        options = SourceOptions(blog="harbour", visibility=("C1", "CSHARED"))
        archive.add([str(tmp_path / "harbour.ndjson")], options, NOW, lambda *_: None)
        slack.block_action(SHOW_AROUND, None, user, posted)
        [_, private] = slack.wait_for_posts(2)
    assert quoted(posted)[-1] == AGROUND
    assert quoted(private) == ([WHOLE] if seen else [])
    assert (private.text == wording.NOT_SHOWN_NOW) is not seen


def test_what_is_held_or_under_embargo_is_not_shown(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = harbour(make_archive, tmp_path)
    assert WHOLE in pressed(archive)
    archive.hold("harbour/b", None, NOW)
    assert pressed(archive) == wording.NOT_SHOWN_NOW
    archive.release("harbour/b", NOW)
    assert WHOLE in pressed(archive)
    archive.add([str(tmp_path / "harbour.ndjson")], EMBARGO, NOW, lambda *_: None)
    assert pressed(archive) == wording.NOT_SHOWN_NOW


def test_a_deleted_entry_is_shown_as_of_a_past_moment_alone(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    (tmp_path / "harbour.ndjson").write_text(f"{entry(WHOLE)}\n{entry('The tide turned.', id='z')}")
    archive.reindex(False, NOW, lambda *_: None)
    assert WHOLE in pressed(archive)
    (tmp_path / "harbour.ndjson").write_text(entry("The tide turned.", id="z"))
    archive.reindex(False, NOW, lambda *_: None, accept_deletions=True)
    assert pressed(archive) == wording.NOT_SHOWN_NOW
    shown = pressed(archive, past=True).split("\n")
    assert shown == [wording.AROUND, f"> {WHOLE}", f"{CITED}, {wording.DELETED}"]
    assert pressed(archive, version=2, past=True) == wording.NOT_SHOWN_NOW


def test_what_was_taken_down_is_shown_to_nobody(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = harbour(make_archive, tmp_path)
    change(archive, tmp_path, f"{WHOLE} The mole held.")
    archive.take_down("harbour/b", 1, "legal", "desk", NOW, lambda *_: None)
    assert pressed(archive) == pressed(archive, past=True) == wording.NOT_SHOWN_NOW
    archive.take_down("harbour/b", None, "legal", "desk", NOW, lambda *_: None)
    assert pressed(archive, version=2) == wording.NOT_SHOWN_NOW


def test_of_an_entry_that_was_edited_the_same_words_are_shown_as_they_stand_now(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    now = f"Corrected. {BEFORE}{AGROUND} Nobody was hurt."
    change(archive, tmp_path, now)
    shown = pressed(archive).split("\n")
    assert shown[:2] == [wording.AROUND_NOW, f"> {now}"]
    assert shown[2].startswith(CITED)
    assert wording.SUPERSEDED not in shown[2]
    then = pressed(archive, past=True).split("\n")
    assert then[:2] == [wording.AROUND, f"> {WHOLE}"]
    assert then[2].endswith(wording.SUPERSEDED)
    for other in ("The ferry Ragwort did not run aground.", f"But soon {AGROUND}", f"{AGROUND[:-1]} yesterday."):
        change(archive, tmp_path, other)
        assert pressed(archive) == wording.CHANGED_SINCE


def test_an_answer_as_of_a_past_moment_shows_what_stood_around_it_then(
    make_archive: Callable[..., Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = harbour(make_archive, tmp_path)
    change(archive, tmp_path, "The ferry Ragwort did not run aground.", datetime(2031, 2, 3, 13, tzinfo=UTC))
    then = partial(archive.ask, as_of=datetime(2031, 2, 3, 12, 30, tzinfo=UTC))
    monkeypatch.setattr(archive, "ask", then)
    request = Request(text=QUESTION, channel="C1", direct=False, private=True, trusted=True)
    sections = handlers.respond(archive, request).sections
    button, whole = (one for one in sections[1].buttons)
    assert (button.action, whole.action) == (SHOW_AROUND, SHOW_ENTRY)
    assert json.loads(whole.value) == json.loads(button.value)
    placed = buttons.placed(button.value, "C1")
    assert placed is not None
    assert placed.past
    shown = render.plain(handlers.around(archive, request, placed).reply).split("\n")
    assert shown == [wording.AROUND, f"> {WHOLE}", f"{CITED}, {wording.SUPERSEDED}"]


@pytest.mark.parametrize(
    "other",
    [
        {"version": 2},
        {"entry": "harbour/zz"},
        {"entry": "harbour"},
        {"entry": ""},
        {"entry": "nowhere/b"},
        {"entry": "harbour/b\0"},
        {"start": len(WHOLE), "end": len(WHOLE) + 5},
        {"start": len(BEFORE) - 1, "end": len(BEFORE)},
    ],
)
def test_a_place_that_there_is_not_shows_nothing(
    make_archive: Callable[..., Archive], tmp_path: Path, other: dict[str, Any]
) -> None:
    assert pressed(harbour(make_archive, tmp_path), **other) == wording.NOT_SHOWN_NOW


def test_any_place_in_an_entry_shows_whole_sentences(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = harbour(make_archive, tmp_path, "The mole\nholds. 🙂 It\u2028is old. Fog came.")
    text = archive.versions_of("harbour/b")[0].text
    for start in range(len(text) - 1):
        for end in (start + 1, start + 2, start + 9, len(text), len(text) + 5):
            shown = pressed(archive, start=start, end=end)
            assert (shown == wording.NOT_SHOWN_NOW) == (not text[start:end].strip())
            if shown != wording.NOT_SHOWN_NOW:
                assert shown.startswith(f"{wording.AROUND}\n> The mole\n> holds. 🙂")
                assert "Fog came." in shown


def test_what_is_too_long_is_left_out_whole(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    long = "It was a day of " + "very " * 600 + "thick fog."
    archive = harbour(make_archive, tmp_path, f"{long} {AGROUND} {long}")
    start = len(long) + 1
    near = pressed(archive, start=start, end=start + 5).split("\n")
    assert near[1] == f"> {long} {AGROUND}"
    assert len("\n".join(near)) <= render.TEXT_BUDGET
    longer = harbour(make_archive, tmp_path, f"{AGROUND} {long[:-1]}, {long}")
    shown = pressed(longer, start=len(AGROUND) + 5, end=len(AGROUND) + 6).split("\n")
    assert shown == [wording.TOO_LONG_HERE, CITED]


def test_a_value_that_is_none_of_ours_is_said_to_be_not_valid(
    slack: LoopbackSlack, make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = harbour(make_archive, tmp_path)
    values = ["", "x", "{}", '{"c":"C1"}', "[" * 1_500, "null"]
    with running(slack, archive, tmp_path):
        slack.mention(QUESTION, "U1", "C1")
        [posted] = slack.wait_for_posts(1)
        for value in values:
            slack.block_action(SHOW_AROUND, value, "U1", posted)
        _, *private = slack.wait_for_posts(1 + len(values))
    assert [(one.user, one.text) for one in private] == [("U1", wording.NOT_VALID)] * len(values)
