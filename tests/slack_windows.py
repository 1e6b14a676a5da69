"""A bot whose windows are opened on the loopback Slack: with admins and settings, and what its windows say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.app import Bot
from bot.buttons import ANSWER_CALL, CALL_PERSON
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from bot.policy import Policy
from bot.slack import web_client
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.slack_bot import ledger_in
from tests.slack_records import Posted, ShownView
from tests.slack_server import LoopbackSlack
from tests.walk import Walk

QUESTION = "When was it that the ferry Ragwort ran aground?"
AGROUND = "The ferry Ragwort ran aground on the Marl bank at noon."
BEFORE = "The fog came at ten. Skerrow light was dark. "
AFTER = " The lifeboat launched at once. Divers went down at two. The tide turned at four."
WHOLE = BEFORE + AGROUND + AFTER
CITED = "harbour, 12.20pm UTC, Monday 3 February 2031"
OTHER = json.dumps({"id": "z", "time": "2031-02-03T12:30:00+00:00", "text": "The tide turned."})
ADMIN = "U9"


@contextmanager
def windowed(
    slack: LoopbackSlack, archive: Archive, folder: Path, *settings: ChannelSettings
) -> Iterator[tuple[Bot, Ledger]]:
    """The bot, connected, with one admin and with settings of channels; its ledger in `folder`."""
    ledger = ledger_in(folder)
    for one in settings:
        ledger.channels.set(one, ADMIN, NOW)
    client = web_client(slack.api_url, slack.bot_token)
    bot = Bot(archive, ledger, client, policy=Policy(admins=frozenset({ADMIN})))
    bot.start()
    try:
        with slack.connected(bot.app):
            yield bot, ledger
    finally:
        bot.stop()
        ledger.close()


def harbour(make_archive: Callable[..., Archive], folder: Path, text: str = WHOLE, **options: Any) -> Archive:
    """An archive of one entry, `harbour/b`. It is made up."""
    write(folder, text)
    return make_archive(folder / "harbour.ndjson", options=SourceOptions(blog="harbour", **options))


def write(folder: Path, text: str) -> None:
    entry = {"id": "b", "time": "2031-02-03T12:20:00+00:00", "text": text}
    (folder / "harbour.ndjson").write_text(json.dumps(entry))


def delete(archive: Archive, folder: Path) -> None:
    """The source has another entry in the place of the one."""
    one, other = (folder / "harbour.ndjson").read_text(), OTHER
    for text in (f"{one}\n{other}", other):
        (folder / "harbour.ndjson").write_text(text)
        archive.reindex(False, NOW, lambda *_: None, accept_deletions=True)


def change(archive: Archive, folder: Path, text: str) -> None:
    write(folder, text)
    archive.reindex(False, NOW, lambda *_: None)


def answered(slack: LoopbackSlack, user: str = "U1", channel: str = "C1") -> Posted:
    """The answer to the question, asked in a channel."""
    slack.mention(QUESTION, user, channel)
    return slack.wait_until(lambda: [one for one in slack.messages_in(channel) if AGROUND in one.text])[0]


def window(slack: LoopbackSlack, number: int) -> ShownView:
    """The window that was shown, or changed, as the so-manieth, counted from 1."""
    slack.wait_until(lambda: len(slack.views) >= number)
    return slack.views[number - 1]


def told_alone(slack: LoopbackSlack, user: str, number: int = 1) -> str:
    """The text of the so-manieth message that one person alone saw, counted from 1."""

    def seen() -> list[Posted]:
        return [one for one in slack.posts if one.user == user]

    slack.wait_until(lambda: len(seen()) >= number)
    return seen()[number - 1].text


def lines(shown: ShownView) -> list[str]:
    """What a window says, line by line, quotations behind `> `."""
    said = []
    for block in shown.view["blocks"]:
        for element in block.get("elements", ()) if block["type"] == "rich_text" else ():
            quotes = element["type"] == "rich_text_quote"
            said.append(("> " if quotes else "") + "".join(map(_leaf, element["elements"])))
    return said


def _leaf(leaf: dict[str, Any]) -> str:
    if leaf["type"] == "text":
        return str(leaf["text"])
    return str(leaf["url"]) if leaf["type"] == "link" else f"<{leaf[leaf['type'] + '_id']}>"


def buttons_of(shown: ShownView) -> list[str]:
    """The actions of a window's buttons."""
    return [
        one["action_id"] for block in shown.view["blocks"] if block["type"] == "actions" for one in block["elements"]
    ]


def typed(block: str, text: str | None) -> dict[str, Any]:
    """The state of an input in which something was typed."""
    return {block: {block: {"type": "plain_text_input", "value": text}}}


def picked(block: str, value: str) -> dict[str, Any]:
    """The state of an input in which an option was chosen."""
    return {block: {block: {"type": "radio_buttons", "selected_option": {"value": value}}}}


def altered(shown: ShownView, **other: Any) -> str:
    """A window's metadata with something else in it, as whoever forges it would write it."""
    return json.dumps(json.loads(shown.view["private_metadata"]) | other)


def walked(slack: LoopbackSlack, archive: Archive, *asked: str, permalinks: tuple[str, ...] = ()) -> None:
    """Every leaf of every window that was shown is walked; each can be closed, and says in words what it is."""
    walk = Walk(versions=list(archive.store.all_wordings()), asked=asked, permalinks=permalinks)
    for shown in slack.views:
        if shown.view["type"] == "modal":
            walk.view(shown.view)
            assert shown.view["close"]["text"]
            assert 0 < len(shown.view["title"]["text"]) <= 24
            assert len(shown.view["private_metadata"]) <= 3_000


def actions_of(posted: Posted) -> list[str]:
    """The actions of a message's buttons."""
    return [one["action_id"] for block in posted.blocks if block["type"] == "actions" for one in block["elements"]]


# -- asking a person ------------------------------------------------------------------------------------------


def preview(slack: LoopbackSlack, posted: Posted, user: str = "U1") -> ShownView:
    """The window that shows what a person will be sent."""
    before = len(slack.views)
    slack.block_action(CALL_PERSON, None, user, posted)
    return window(slack, before + 1)


def sent(slack: LoopbackSlack, posted: Posted, place: str, user: str = "U1") -> Posted:
    """The message that a person was sent, once its asker was told so."""
    asks = preview(slack, posted, user)
    slack.view_submission(asks.id, {}, user).wait_finished()
    assert lines(slack.views[-1])[0].startswith("The question was sent to ")
    return slack.messages_in(place)[-1]


def answering(slack: LoopbackSlack, call: Posted, user: str = "U7") -> ShownView:
    """The window in which a person answers."""
    slack.block_action(ANSWER_CALL, None, user, call)
    return slack.wait_until(lambda: [one for one in slack.views if one.user == user])[0]


def changed(slack: LoopbackSlack, posted: Posted, words: str) -> Posted:
    """A message as it stands now, once it holds some words."""

    def stands() -> Posted | None:
        found = slack.message(posted.channel, posted.ts)
        return found if found is not None and words in found.text else None

    found = slack.wait_until(stands)
    assert found is not None
    return found


def every_leaf(slack: LoopbackSlack, archive: Archive, *asked: str) -> None:
    """Every leaf of every message and window is walked."""
    walked(slack, archive, *asked)
    walk = Walk(versions=list(archive.store.all_wordings()), asked=asked)
    for posted in slack.posts:
        walk.message(posted.text, posted.blocks)
