"""A bot on the loopback Slack, for the tests of `bot.slack`: running, and what it posted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot import report
from bot.app import Bot
from bot.documents import Page
from bot.ledger import Ledger
from bot.policy import Policy
from bot.slack import web_client
from retrieval.archive import Archive
from tests.slack_server import LoopbackSlack, Posted
from tests.walk import Walk

RESIGN = "Will the council leader resign?"
REFUSED = "Rosalind Thackwray has refused to resign as leader of the council."
UNANSWERED = "Who won the snooker final?"
WHO_SEES = [
    ("C1", "U1", True),
    ("C2", "U1", False),
    ("C1", "UGUEST", False),
    ("C1", "UNOBODY", False),
    ("CSHARED", "U1", False),
]
"""Channel, user, and whether they see a blog that C1 and CSHARED alone may see."""


def with_outsiders(slack: LoopbackSlack) -> None:
    """A guest, somebody whom Slack does not know, and a channel that is shared with another organisation."""
    slack.users["UGUEST"] = {"is_restricted": True}
    slack.users["UNOBODY"] = None
    slack.channels["CSHARED"] = {"is_ext_shared": True}


@cache
def _blank() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        Ledger.open(path).close()
        return path.read_bytes()


def ledger_in(folder: Path) -> Ledger:
    """The ledger in a folder; a copy of an empty one where there is none. Making its tables takes longer than most
    tests of the bot use it; that they are made is for the tests of the ledger."""
    path = folder / "ledger.db"
    if not path.exists():
        path.write_bytes(_blank())
    return Ledger.open(path)


@contextmanager
def running(
    slack: LoopbackSlack,
    archive: Archive,
    folder: Path,
    page: Page = report.page,
    *,
    policy: Policy | None = None,
) -> Iterator[Bot]:
    """The bot, connected; its ledger in `folder`; `page` makes the report on a document."""
    ledger = ledger_in(folder)
    bot = Bot(archive, ledger, web_client(slack.api_url, slack.bot_token), page, policy=policy)
    bot.start()
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
