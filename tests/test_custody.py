"""`stet find`, `hold`, `release` and `takedown` as the admin types them, and `show --versions`."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.ledger import WITHDRAWN, Ledger, receipt
from bot.ledger.messages import Message
from retrieval.embedding import Embedder
from retrieval.errors import ModelError
from retrieval.model import Passage
from retrieval.store import Store
from tests.command import Command

BLOG = "regatta"
LINES = [
    ("start", "The first heat of the Wend regatta begins at noon. Eleven crews are entered."),
    (
        "protest",
        "Cosmo Featherlegh has lodged a protest against the crew of Low Wend. He says they cut the last buoy.",
    ),
    ("lunch", "Lunch is served in the boathouse. There is trout, and a pudding of quinces."),
]
PROTEST = f"{BLOG}/protest"


def line(number: int, name: str, text: str) -> str:
    return json.dumps({"id": name, "time": f"2031-06-14T12:0{number}:00+01:00", "text": text}) + "\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "regatta.ndjson"
    path.write_text("".join(line(number, *one) for number, one in enumerate(LINES)))
    return path


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder, source: Path) -> Command:
    command = Command(tmp_path / "home", embedder, monkeypatch)
    assert command("add", source, "--blog", BLOG, "--timezone", "Europe/London").status == 0
    return command


def edit(source: Path, old: str, new: str) -> None:
    source.write_text(source.read_text().replace(old, new))


def asked(stet: Command, question: str = "Who has lodged a protest?") -> list[str]:
    answer = stet("ask", question, "--json").object()
    return [one["citation"]["entry"] for one in (*answer["passages"], *answer["nearest"])]


def keep(ledger: Ledger, passage: Passage) -> None:
    """A message that shows a passage."""
    message = Message(channel="C1", ts="1.1", receipts=(receipt(passage),))
    ledger.messages.keep(message, datetime(2031, 6, 15, tzinfo=UTC))


# ------------------------------------------------------------------------------------------------ find


def test_find_names_every_place_and_quotes_its_sentence(stet: Command) -> None:
    found = stet("find", "Featherlegh")
    assert found.status == 0
    assert found.out == (
        "regatta/protest, version 1, live, text, 12.01pm BST, Saturday 14 June 2031\n"
        "  Cosmo Featherlegh has lodged a protest against the crew of Low Wend.\n"
    )
    assert found.err == "stet: 1 place holds 'Featherlegh'\n"


def test_find_as_json(stet: Command, source: Path) -> None:
    edit(source, "Cosmo Featherlegh", "A rower")
    stet("reindex")
    stet("hold", PROTEST)
    [found] = stet("find", "Cosmo Featherlegh", "--json").objects()
    assert found == {
        "entry": PROTEST,
        "version": 1,
        "field": "text",
        "spans": [[0, 17]],
        "time": "2031-06-14T12:01:00+01:00",
        "label": "12.01pm BST, Saturday 14 June 2031",
        "status": "held",
        "current": False,
    }


def test_what_is_held_is_found_and_not_quoted(stet: Command) -> None:
    stet("hold", BLOG)
    found = stet("find", "Featherlegh")
    assert found.out == "regatta/protest, version 1, held, text, 12.01pm BST, Saturday 14 June 2031\n"


def test_nothing_found_is_said(stet: Command) -> None:
    found = stet("find", "Nobody")
    assert (found.status, found.out, found.err) == (0, "", "stet: nothing holds 'Nobody'\n")
    assert "nothing to find" in stet("find", " ").refusal()


# ------------------------------------------------------------------------------------------------ hold, release


def test_hold_and_release(stet: Command) -> None:
    assert PROTEST in asked(stet)
    held = stet("hold", PROTEST)
    assert (held.status, held.out) == (0, "regatta/protest is held: 1 entry is hidden\n")
    assert PROTEST not in asked(stet)
    assert f"held: {PROTEST}\n" in stet("status").out
    assert stet("show", PROTEST).refusal() == (
        "regatta/protest is held back; to show it again: stet release regatta/protest, or its blog"
    )
    assert stet("release", PROTEST, "--json").object() == {"released": PROTEST, "entries": 1}
    assert PROTEST in asked(stet)
    assert stet("release", PROTEST).refusal() == "regatta/protest is not held; nothing to do"


def test_a_blog_is_held_until_a_moment_in_its_zone(stet: Command) -> None:
    held = stet("hold", BLOG, "--until", "2199-01-01T12:00", "--json")
    assert held.object() == {"held": BLOG, "entries": 3}
    assert "held: regatta until 12.00pm GMT, Tuesday 1 January 2199\n" in stet("status").out
    answer = stet("ask", "Who has lodged a protest?", "--json").object()
    assert (answer["passages"], answer["nearest"], answer["index"]["entries"]) == ([], [], 0)


@pytest.mark.parametrize("words", [("hold", "none"), ("release", "regatta/none"), ("hold", BLOG, "--until", "soon")])
def test_wrong_words_are_refused_in_one_line(stet: Command, words: tuple[str, ...]) -> None:
    stet(*words).refusal()


# ------------------------------------------------------------------------------------------------ take down


def test_takedown_erases_and_keeps_who_when_and_why(stet: Command) -> None:
    done = stet("takedown", PROTEST, "--reason", "court-order", "--yes", "--json").object()
    assert {**done, "by": "", "at": "", "kept_as": ""} == {
        "entry": PROTEST,
        "version": None,
        "kept_as": "",
        "versions": 1,
        "reason": "court-order",
        "by": "",
        "at": "",
        "receipts": 0,
        "erased": True,
    }
    assert PROTEST not in asked(stet)
    assert "was taken down by" in stet("show", PROTEST).refusal()
    assert stet("find", "Featherlegh").out == ""
    again = stet("reindex", "--full")
    assert "was taken down and stands in the source still" in again.err
    assert PROTEST not in asked(stet)
    assert "erasing" not in stet("status", "--json").object()
    assert b"Featherlegh" not in b"".join(one.read_bytes() for one in stet.home.rglob("*") if one.is_file())


def test_takedown_asks_first(stet: Command) -> None:
    said = stet("takedown", PROTEST, "--reason", "court-order").refusal()
    assert said == "a take-down asks before it erases; say --yes, or run it on a terminal without --json"
    assert PROTEST in asked(stet)


@pytest.mark.parametrize("reason", ["", "two words", "-x", "x" * 65, "<b>"])
def test_a_reason_is_a_code(stet: Command, reason: str) -> None:
    assert "--reason" in stet("takedown", PROTEST, f"--reason={reason}", "--yes").refusal()
    assert "--reason" in stet("takedown", PROTEST, "--yes").refusal()


def test_one_version_is_taken_down(stet: Command, source: Path) -> None:
    edit(source, "Cosmo Featherlegh", "A rower")
    stet("reindex")
    assert "is its last one" in stet("takedown", PROTEST, "--version", "2", "--reason", "x", "--yes").refusal()
    done = stet("takedown", PROTEST, "--version", "1", "--reason", "x", "--yes")
    assert done.out == "regatta/protest is taken down (x), version 1; answers posted that showed it: 0\n"
    shown = stet("show", PROTEST, "--json").object()
    assert [one["text"][:7] for one in shown["versions"]] == ["", "A rower"]
    assert "version 1 of 2, taken down" in stet("show", PROTEST, "--versions").out


def test_receipts_of_what_is_taken_down_keep_nothing_to_be_guessed(stet: Command) -> None:
    store = Store.open(stet.home / "archive.db")
    [version] = store.versions_of(PROTEST)
    passage = Passage(version=version, start=0, end=20)
    store.close()
    ledger = Ledger.open(stet.home / "ledger.db")
    keep(ledger, passage)
    digest = passage.sha256.encode()
    assert digest in b"".join(one.read_bytes() for one in stet.home.glob("ledger.db*"))
    done = stet("takedown", PROTEST, "--reason", "x", "--yes", "--json").object()
    assert done["receipts"] == 1
    [receipt] = ledger.messages.receipts("C1", "1.1")
    assert (receipt.entry, receipt.sha256) == (done["kept_as"], WITHDRAWN)
    ledger.close()
    assert digest not in b"".join(one.read_bytes() for one in stet.home.glob("ledger.db*"))


def test_a_take_down_that_was_stopped_before_the_ledger_is_finished_when_it_is_said_again(stet: Command) -> None:
    store = Store.open(stet.home / "archive.db")
    [version] = store.versions_of(PROTEST)
    ledger = Ledger.open(stet.home / "ledger.db")
    keep(ledger, Passage(version=version, start=0, end=20))
    down = store.take_down(PROTEST, None, "x", "admin", datetime(2031, 6, 15, tzinfo=UTC))
    store.close()
    assert "was taken down by admin" in stet("takedown", PROTEST, "--reason", "x", "--yes").refusal()
    assert [(one.entry, one.sha256) for one in ledger.messages.receipts("C1", "1.1")] == [(down.whole_id, WITHDRAWN)]
    ledger.close()
    assert "erasing" not in stet("status", "--json").object()


def test_no_erasure_is_claimed_while_the_ledger_holds_a_digest(
    stet: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.ledger._LOG_SECONDS", 0.1)
    store = Store.open(stet.home / "archive.db")
    [version] = store.versions_of(PROTEST)
    store.close()
    passage = Passage(version=version, start=0, end=20)
    ledger = Ledger.open(stet.home / "ledger.db")
    keep(ledger, passage)
    reader = sqlite3.connect(ledger.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM receipts").fetchone()
    done = stet("takedown", PROTEST, "--reason", "x", "--yes", "--json").object()
    assert (done["receipts"], done["erased"]) == (1, False)
    assert stet("status", "--json").object()["erasing"] == [done["kept_as"]]
    reader.close()
    ledger.close()
    stet("reindex")
    assert "erasing" not in stet("status", "--json").object()
    assert passage.sha256.encode() not in b"".join(one.read_bytes() for one in stet.home.glob("ledger.db*"))


def test_receipts_of_a_version_are_withdrawn_though_the_index_cannot_be_rewritten(
    stet: Command, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(stet.home / "archive.db")
    [version] = store.versions_of(PROTEST)
    store.close()
    ledger = Ledger.open(stet.home / "ledger.db")
    keep(ledger, Passage(version=version, start=0, end=20))
    edit(source, "Cosmo Featherlegh", "A rower")
    stet("reindex")

    def full(*_: object, **__: object) -> None:
        raise ModelError("the model cannot be loaded", "set STET_MODEL")

    with monkeypatch.context() as patched:
        patched.setattr("retrieval.indexing.index", full)
        said = stet("takedown", PROTEST, "--version", "1", "--reason", "x", "--yes").refusal()
    assert said.startswith("the model cannot be loaded; regatta/protest: its words are erased from the archive")
    assert [(one.entry, one.sha256) for one in ledger.messages.receipts("C1", "1.1")] == [(PROTEST, WITHDRAWN)]
    ledger.close()


def test_a_user_without_a_name_is_named_by_number(stet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", nameless)
    done = stet("takedown", PROTEST, "--reason", "x", "--yes", "--json").object()
    assert done["by"] == f"uid {os.getuid()}"


def test_what_cannot_be_erased_is_refused_before_it_asks(stet: Command) -> None:
    assert "is its last one" in stet("takedown", PROTEST, "--version", "1", "--reason", "x").refusal()
    assert "has no version 99" in stet("takedown", PROTEST, "--version", "99", "--reason", "x").refusal()


# ------------------------------------------------------------------------------------------------ versions


def test_versions_are_shown_with_the_words_that_differ(stet: Command, source: Path) -> None:
    edit(source, "cut the last buoy", "passed inside the last buoy")
    assert "(0 added, 1 edited, 0 deleted, 2 unchanged)" in stet("reindex").out
    shown = stet("show", PROTEST, "--versions").out
    assert "regatta/protest, version 1 of 2, superseded\n" in shown
    assert "regatta/protest, version 2 of 2, live, seen " in shown
    assert "\n~ cut → passed inside\n" in shown


def test_a_deletion_needs_acceptance_and_comes_back(stet: Command, source: Path) -> None:
    whole = source.read_text()
    source.write_text("".join(whole.splitlines(keepends=True)[:2]))
    refused = stet("reindex")
    assert refused.status == 2
    assert "1 of the 3 entries of the blog regatta are gone from its source: nothing was recorded" in refused.err
    assert stet("reindex", "--accept-deletions", "--json").object()["sources"][0]["deleted"] == 1
    assert f"{BLOG}/lunch" not in asked(stet, "What is for lunch?")
    assert "version 2 of 2, deleted from its source, seen" in stet("show", f"{BLOG}/lunch", "--versions").out
    assert stet("show", f"{BLOG}/lunch", "--json").object()["status"] == "deleted"
    source.write_text(whole)
    assert stet("reindex", "--json").object()["sources"][0]["added"] == 1
    assert f"{BLOG}/lunch" in asked(stet, "What is for lunch?")


def test_a_source_that_is_gone_deletes_nothing_unless_that_is_accepted(stet: Command, source: Path) -> None:
    source.unlink()
    refused = stet("reindex")
    assert refused.status == 2
    assert f"{source} does not exist, but the blog regatta was read from it" in refused.err
    assert "--accept-deletions" in refused.err
    assert PROTEST in asked(stet)
    [report] = stet("reindex", "--accept-deletions", "--json").object()["sources"]
    assert (report["blog"], report["deleted"], report["refused"]) == (BLOG, 3, [])
    assert stet("status", "--json").object()["entries"] == 0


@pytest.mark.parametrize("text", ["", " \n", "<html><form>Sign in</form></html>"])
def test_a_source_that_holds_no_live_blog_any_more_deletes_nothing(stet: Command, source: Path, text: str) -> None:
    source.write_text(text)
    refused = stet("reindex")
    assert (refused.status, stet("status", "--json").object()["entries"]) == (2, 3)
    assert refused.err.count("\n") == 1
