"""What a running bot answers after its source, or the admin beside it, changed something: at the next question."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from bot.ledger import WITHDRAWN, Ledger
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import Passage, SourceOptions
from tests.conftest import NOW
from tests.slack_bot import quoted, running
from tests.slack_server import LoopbackSlack

BLOG, RACE = "regatta", "Who won the veterans' race?"
LINES = {
    "start": "The regatta on the Wend begins at noon. Eleven crews are entered.",
    "race": "Cosmo Featherlegh has won the veterans' race by two lengths. He is eighty.",
    "lunch": "Lunch is served in the boathouse. There is trout, and a pudding of quinces.",
    "rain": "Rain has set in over the meadow. The band plays on under the trees.",
    "swan": "A swan has held up the third heat. Nobody dares to move it.",
}


def quiet(done: int, whole: int) -> None:
    """No progress is shown."""


def write(path: Path, texts: dict[str, str]) -> Path:
    rows = [
        {"id": name, "time": f"2031-06-14T12:0{number}:00+01:00", "text": text}
        for number, (name, text) in enumerate(texts.items())
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "regatta.ndjson", LINES)


@pytest.fixture
def bots(make_archive: Callable[..., Archive], source: Path) -> Archive:
    """The archive that the bot has open."""
    return make_archive(source, options=SourceOptions(blog=BLOG))


@pytest.fixture
def admins(bots: Archive, embedder: Embedder) -> Iterator[Archive]:
    """The same archive as another process has it open."""
    archive = Archive.open(bots.home, embedder.name, lambda: embedder)
    yield archive
    archive.close()


def test_edits_deletions_holds_and_take_downs_show_at_the_next_question(
    slack: LoopbackSlack, bots: Archive, admins: Archive, source: Path, tmp_path: Path
) -> None:
    posted = 0

    def answer() -> str:
        nonlocal posted
        posted += 1
        slack.mention(RACE, "U1", "C1")
        return " ".join(quoted(slack.wait_for_posts(posted)[-1]))

    with running(slack, bots, tmp_path):
        assert "won the veterans' race by two lengths" in answer()

        write(source, {**LINES, "race": "Cosmo Featherlegh has won the veterans' race by a canvas. He is eighty."})
        admins.refresh(BLOG, NOW, quiet)
        edited = answer()
        assert "by a canvas" in edited
        assert "two lengths" not in edited

        admins.hold(f"{BLOG}/race", None, NOW)
        assert "Featherlegh" not in answer()
        admins.release(f"{BLOG}/race", NOW)
        assert "by a canvas" in answer()

        write(source, {name: text for name, text in LINES.items() if name != "race"})
        assert admins.refresh(BLOG, NOW, quiet).sources[0].deleted == 1
        assert "Featherlegh" not in answer()
        write(source, LINES)
        assert admins.refresh(BLOG, NOW, quiet).sources[0].added == 1
        assert "two lengths" in answer()

        _, erased = admins.take_down(f"{BLOG}/race", None, "court-order", "admin", NOW, quiet)
        assert erased
        assert "Featherlegh" not in answer()


def test_an_answer_under_way_while_its_entry_is_taken_down_proves_nothing(
    slack: LoopbackSlack, bots: Archive, admins: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posted = Ledger.posted

    def late(self: Ledger, channel: str, ts: str, shown: Sequence[Passage], now: datetime) -> None:
        admins.take_down(f"{BLOG}/race", None, "court-order", "admin", NOW, quiet)
        posted(self, channel, ts, shown, now)

    monkeypatch.setattr(Ledger, "posted", late)
    with running(slack, bots, tmp_path):
        slack.mention(RACE, "U1", "C1")
        [post] = slack.wait_for_posts(1)
    [down] = admins.store.tombstones()
    ledger = Ledger.open(tmp_path / "ledger.db")
    proof, *_ = ledger.receipts("C1", post.ts)
    assert (proof.entry, proof.sha256) == (f"{BLOG}/{down.entry}", WITHDRAWN)
    ledger.close()
