"""What a running bot answers, and what becomes of its answers, after its source, or the admin beside it, changed
something."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from bot import wording
from bot.ledger import WITHDRAWN, Ledger
from bot.ledger.messages import Message, Messages
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import SourceOptions
from tests.conftest import NOW
from tests.slack_bot import quoted, running, walked
from tests.slack_server import LoopbackSlack, Posted

BLOG, RACE = "regatta", "Who won the veterans' race?"
LINES = {
    "start": "The regatta on the Wend begins at noon. Eleven crews are entered.",
    "race": "Cosmo Featherlegh has won the veterans' race by two lengths. He is eighty.",
    "lunch": "Lunch is served in the boathouse. There is trout, and a pudding of quinces.",
    "rain": "Rain has set in over the meadow. The band plays on under the trees.",
    "swan": "A swan has held up the third heat. Nobody dares to move it.",
}
EDITED = {**LINES, "race": "Cosmo Featherlegh has won the veterans' race by a canvas. He is eighty."}
WITHOUT = {name: text for name, text in LINES.items() if name != "race"}


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
    channels = (f"C{number}" for number in itertools.count(1))

    def answer() -> str:
        """What is quoted to a question, in a channel of its own: there is no need to wait for its turn."""
        channel = next(channels)
        slack.mention(RACE, "U1", channel)
        [first, *_] = slack.wait_until(lambda: [post for post in slack.posts if post.channel == channel])
        assert first.method == "chat.postMessage"
        return " ".join(quoted(first))

    with running(slack, bots, tmp_path):
        assert "won the veterans' race by two lengths" in answer()

        write(source, EDITED)
        admins.refresh(BLOG, NOW, quiet)
        edited = answer()
        assert "by a canvas" in edited
        assert "two lengths" not in edited

        admins.hold(f"{BLOG}/race", None, NOW)
        assert "Featherlegh" not in answer()
        admins.release(f"{BLOG}/race", NOW)
        assert "by a canvas" in answer()

        write(source, WITHOUT)
        assert admins.refresh(BLOG, NOW, quiet).sources[0].deleted == 1
        assert "Featherlegh" not in answer()
        write(source, LINES)
        assert admins.refresh(BLOG, NOW, quiet).sources[0].added == 1
        assert "two lengths" in answer()

        _, erased = admins.take_down(f"{BLOG}/race", None, "court-order", "admin", NOW, quiet)
        assert erased
        assert "Featherlegh" not in answer()


def test_a_posted_answer_is_changed_with_its_source_and_its_asker_told_in_the_thread(
    slack: LoopbackSlack, bots: Archive, admins: Archive, source: Path, tmp_path: Path
) -> None:
    def now(words: str) -> Posted:
        """The answer, as soon as it stands in Slack with these words."""

        def standing() -> Posted | None:
            found = slack.message("C1", answer.ts)
            return found if found is not None and words in found.text else None

        found = slack.wait_until(standing)
        assert found is not None
        return walked(admins, found)

    def told() -> list[str]:
        """What was said in the thread, after the answer."""
        return [post.text for post in slack.posts if post.method == "chat.postMessage" and post.ts != answer.ts]

    with running(slack, bots, tmp_path):
        asked = slack.mention(RACE, "U1", "C1")
        [answer] = slack.wait_for_posts(1)
        assert "two lengths" in quoted(answer)[0]

        write(source, EDITED)
        admins.refresh(BLOG, NOW, quiet)
        edited = now("by a canvas")
        assert "two lengths" not in edited.text
        assert wording.EDITED_SEEN.split(",")[0] in edited.text
        slack.wait_until(lambda: len(told()) == 1)

        admins.hold(f"{BLOG}/race", None, NOW)
        assert "Featherlegh" not in now(wording.NOT_SHOWN_AT_PRESENT).text
        slack.wait_until(lambda: len(told()) == 2)

        admins.release(f"{BLOG}/race", NOW)
        assert wording.NOT_SHOWN_AT_PRESENT not in now("by a canvas").text

        write(source, WITHOUT)
        admins.refresh(BLOG, NOW, quiet)
        assert "Featherlegh" not in now("was deleted from its live blog").text
        slack.wait_until(lambda: len(told()) == 3)

        write(source, LINES)
        admins.refresh(BLOG, NOW, quiet)
        now("two lengths")
        slack.wait_until(lambda: len(told()) == 4)

        admins.take_down(f"{BLOG}/race", None, "court-order", "admin", NOW, quiet)
        assert "Featherlegh" not in now(wording.TAKEN_DOWN).text
        slack.wait_until(lambda: told()[-1] == f"<@U1> {wording.TOLD['withdrawn']}")
        slack.settle(1.5)
    notices = [f"<@U1> {wording.TOLD[one]}" for one in ("edited", "hidden", "deleted", "edited", "withdrawn")]
    held_meanwhile = [*notices[:4], notices[1], notices[4]]  # a take-down hides first, which may be seen
    assert told() in (notices, held_meanwhile)
    assert {post.thread_ts for post in slack.posts} == {asked.ts}
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        proofs = ledger.messages.receipts("C1", answer.ts)
    [down] = admins.store.tombstones()
    assert [one.sha256 for one in proofs if one.entry == f"{BLOG}/{down.entry}"] == [WITHDRAWN]
    assert f"{BLOG}/race" not in {one.entry for one in proofs}


def test_what_changed_while_no_bot_ran_is_changed_by_the_next(
    slack: LoopbackSlack, bots: Archive, admins: Archive, source: Path, tmp_path: Path
) -> None:
    with running(slack, bots, tmp_path):
        slack.mention(RACE, "U1", "C1")
        [answer] = slack.wait_for_posts(1)
        slack.wait_until(lambda: kept(tmp_path, answer))
    write(source, EDITED)
    admins.refresh(BLOG, NOW, quiet)
    with running(slack, bots, tmp_path):
        _, changed, notice = slack.wait_for_posts(3)
        slack.settle(1.5)
    walked(admins, changed)
    assert (changed.method, changed.ts) == ("chat.update", answer.ts)
    assert "by a canvas" in quoted(changed)[0]
    assert (notice.method, notice.text) == ("chat.postMessage", f"<@U1> {wording.TOLD['edited']}")


def test_an_answer_under_way_while_its_entry_is_taken_down_proves_nothing(
    slack: LoopbackSlack, bots: Archive, admins: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Messages.keep

    def late(self: Messages, message: Message, now: datetime) -> int:
        admins.take_down(f"{BLOG}/race", None, "court-order", "admin", NOW, quiet)
        return keep(self, message, now)

    monkeypatch.setattr(Messages, "keep", late)
    with running(slack, bots, tmp_path):
        asked = slack.mention(RACE, "U1", "C1")
        post, changed, notice = slack.wait_for_posts(3)
        slack.settle(1.5)
    assert (changed.method, changed.ts) == ("chat.update", post.ts)
    assert wording.TAKEN_DOWN in changed.text
    assert "Featherlegh" not in changed.text
    assert (notice.thread_ts, notice.text) == (asked.ts, f"<@U1> {wording.TOLD['withdrawn']}")
    [down] = admins.store.tombstones()
    with closing(Ledger.open(tmp_path / "ledger.db")) as ledger:
        proof, *_ = ledger.messages.receipts("C1", post.ts)
    assert (proof.entry, proof.sha256) == (f"{BLOG}/{down.entry}", WITHDRAWN)


def kept(folder: Path, posted: Posted) -> bool:
    """Whether the ledger holds a message's receipts."""
    with closing(Ledger.open(folder / "ledger.db")) as ledger:
        return bool(ledger.messages.receipts(posted.channel, posted.ts))
