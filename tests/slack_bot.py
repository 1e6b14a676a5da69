"""A bot on the loopback Slack, for the tests of `bot.slack`: running, and what it posted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot import report
from bot.answering import Bot
from bot.documents import Page
from bot.ledger import Ledger
from bot.slack import web_client
from retrieval.archive import Archive
from tests.slack_server import LoopbackSlack, Posted
from tests.walk import Walk

RESIGN = "Will the council leader resign?"
REFUSED = "Rosalind Thackwray has refused to resign as leader of the council."
UNANSWERED = "Who won the snooker final?"


@contextmanager
def running(slack: LoopbackSlack, archive: Archive, folder: Path, page: Page = report.page) -> Iterator[Bot]:
    """The bot, connected; its ledger in `folder`; `page` makes the report on a document."""
    ledger = Ledger.open(folder / "ledger.db")
    bot = Bot(archive, ledger, web_client(slack.api_url, slack.bot_token), page)
    try:
        with slack.connected(bot.app):
            yield bot
    finally:
        bot.stop()
        ledger.close()


def walked(archive: Archive, posted: Posted, *asked: str) -> Posted:
    """The message, every leaf of it walked."""
    Walk(versions=list(archive.store.live_versions()), asked=asked).message(posted.text, posted.blocks)
    return posted


def quoted(posted: Posted) -> list[str]:
    return [
        "".join(leaf["text"] for leaf in element["elements"])
        for block in posted.blocks
        for element in block.get("elements", [])
        if element["type"] == "rich_text_quote"
    ]
