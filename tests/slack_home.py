"""A bot with two admins on the loopback Slack, for the tests of App Home: live blogs, and what a view says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.app import Bot
from bot.ledger import Ledger
from bot.policy import Policy
from bot.slack import web_client
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.slack_bot import ledger_in
from tests.slack_records import ShownView
from tests.slack_server import LoopbackSlack
from tests.walk import Walk

Json = dict[str, Any]
Make = Callable[..., Archive]


def add(archive: Archive, folder: Path, blog: str, *titles: str | None, **options: Any) -> None:
    """A live blog of one entry a title, a minute apart from 12.01pm on."""
    lines = [
        json.dumps({"id": str(n), "time": f"2031-02-03T12:{n:02}:00+00:00", "title": title, "text": f"{blog} {n}."})
        for n, title in enumerate(titles, start=1)
    ]
    source = folder / f"{blog}.ndjson"
    source.write_text("\n".join(lines))
    said = SourceOptions(blog=blog, title=f"The {blog} blog", **options)
    archive.add([str(source)], said, NOW, lambda *_: None)


@contextmanager
def running(slack: LoopbackSlack, archive: Archive, folder: Path) -> Iterator[Ledger]:
    """A bot with two admins, connected; its ledger."""
    ledger = ledger_in(folder)
    policy = Policy(admins=frozenset({"UADMIN", "UOTHER"}))
    bot = Bot(archive, ledger, web_client(slack.api_url, slack.bot_token), policy=policy)
    bot.start()
    try:
        with slack.connected(bot.app):
            yield ledger
    finally:
        bot.stop()
        ledger.close()


def shown(slack: LoopbackSlack, archive: Archive, number: int) -> ShownView:
    """The view that was shown as the so-manieth, once it is, every leaf of it walked."""
    slack.wait_until(lambda: len(slack.views) >= number)
    found = slack.views[number - 1]
    Walk(versions=list(archive.store.live_versions())).view(found.view)
    return found


def words(view: ShownView) -> str:
    """The text of a view's blocks, a line a section."""
    lines = []
    for block in view.view["blocks"]:
        if block["type"] == "header":
            lines.append(block["text"]["text"])
        for section in block["elements"] if block["type"] == "rich_text" else ():
            lines.append(
                "".join(leaf.get("text") or f"<{leaf[leaf['type'] + '_id']}>" for leaf in section["elements"])
            )
    return "\n".join(lines)
