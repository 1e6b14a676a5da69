"""`stet audit` and `stet impact`, over answers that a real bot posted, real ledgers, and archives that were tampered
with."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bot.auditing import audit, impact
from bot.ledger import Ledger
from bot.ledger.messages import Kept, Kind, Message, Part, Standing, receipt
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.model import Passage, SourceOptions
from retrieval.tombstones import Marker
from tests.conftest import NOW
from tests.slack_bot import RESIGN, UNANSWERED, quoted, running
from tests.slack_server import LoopbackSlack

BLOG, RACE, LUNCH = "regatta", "regatta/race", "regatta/lunch"
WON = "Cosmo Featherlegh has won the veterans' race by two lengths."
LINES = {
    "race": f"{WON} He is eighty.",
    "lunch": "Lunch is served in the boathouse.\nThere is trout, and a \x1b[2Jpudding of quinces.",
}
AT = datetime(2031, 6, 14, 11, 5, tzinfo=UTC)

Json = dict[str, Any]
Printed = pytest.CaptureFixture[str]


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
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    return make_archive(source, options=SourceOptions(blog=BLOG))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def posted(archive: Archive, ledger: Ledger) -> Kept:
    """An answer that quotes the race's first sentence and cites the lunch as saying nearly the same."""
    [race], [lunch] = archive.store.versions_of(RACE), archive.store.versions_of(LUNCH)
    proofs = (
        receipt(Passage(version=race, start=0, end=len(WON))),
        receipt(Passage(version=lunch, start=0, end=len(LINES["lunch"])), part=Part.ALSO),
    )
    key = ledger.messages.keep(
        Message(channel="C1", ts="2000.000001", thread="1000.000001", kind=Kind.ANSWER, receipts=proofs), AT
    )
    found = ledger.messages.of(key)
    assert found is not None
    return found


def audited(archive: Archive, ledger: Ledger, capsys: Printed) -> tuple[bool, Json]:
    capsys.readouterr()
    passes = audit(archive, ledger, as_json=True)
    found: Json = json.loads(capsys.readouterr().out)
    assert found["passes"] is passes
    return passes, found


def counts(found: Json) -> tuple[int, int, int, int, int]:
    """Answers, receipts, proved, withdrawn, broken."""
    return found["answers"], found["receipts"], found["proved"], found["withdrawn"], len(found["broken"])


def touched(archive: Archive, ledger: Ledger, capsys: Printed, whole_id: str) -> Json:
    capsys.readouterr()
    impact(archive, ledger, whole_id, as_json=True)
    found: Json = json.loads(capsys.readouterr().out)
    return found


def tamper(archive: Archive, statement: str, *values: object) -> None:
    """Change the archive as nobody should."""
    connection = sqlite3.connect(archive.home / "archive.db")
    with connection:
        assert connection.execute(statement, values).rowcount > 0
    connection.close()


def take_down(archive: Archive, ledger: Ledger, whole_id: str, version: int | None = None) -> str:
    """Take an entry down, and withdraw its receipts as the command does; the id that is kept."""
    down, _ = archive.take_down(whole_id, version, "court-order", "admin", NOW, quiet)
    ledger.withdraw(archive.store.gone)
    return down.whole_id


# ------------------------------------------------------------------------------------------------ audit


def test_what_a_bot_posted_is_proved(
    slack: LoopbackSlack, sample_archive: Archive, tmp_path: Path, capsys: Printed
) -> None:
    with running(slack, sample_archive, tmp_path):
        slack.mention(RESIGN, "U1", "C1")
        slack.slash("How many homes were evacuated?", "U1", "C1")
        slack.mention(UNANSWERED, "U1", "C1")
        posts = slack.wait_for_posts(3)
    ledger = Ledger.open(tmp_path / "ledger.db")
    shown = [one for message in ledger.messages.every() for one in message.receipts]
    passes, found = audited(sample_archive, ledger, capsys)
    assert (passes, counts(found)) == (True, (3, len(shown), len(shown), 0, 0))
    assert len(shown) >= sum(len(quoted(post)) for post in posts) > 0
    [quote] = [post for post in posts if "refused to resign" in post.text]
    [entry] = {one.entry for one in ledger.messages.receipts("C1", quote.ts)}
    [answer] = [one for one in touched(sample_archive, ledger, capsys, entry)["answers"] if one["ts"] == quote.ts]
    assert (answer["channel"], answer["thread"], answer["state"]) == ("C1", quote.thread_ts, "standing")
    assert {one["text"] for one in answer["slices"] if one["text"]} == set(quoted(quote))
    ledger.close()


def test_an_edit_leaves_the_proof_of_the_old_wording(
    archive: Archive, ledger: Ledger, posted: Kept, source: Path, capsys: Printed
) -> None:
    write(source, {**LINES, "race": "Cosmo Featherlegh has won by a canvas."})
    archive.refresh(BLOG, NOW, quiet)
    assert counts(audited(archive, ledger, capsys)[1]) == (1, 2, 2, 0, 0)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE versions SET text = replace(text, 'two', 'ten') WHERE text LIKE 'Cosmo%'", "other characters"),
        ("UPDATE versions SET text = 'Cosmo' WHERE text LIKE 'Cosmo%'", "that version has 5 characters"),
        ("UPDATE versions SET text = '' WHERE text LIKE 'Cosmo%'", "that version has no words"),
        ("UPDATE versions SET number = 7 WHERE text LIKE 'Cosmo%'", "there is no such version"),
        ("UPDATE entries SET id = 'elsewhere' WHERE id = 'race'", "there is no such entry"),
    ],
)
def test_what_was_tampered_with_is_broken(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed, statement: str, fault: str
) -> None:
    tamper(archive, statement)
    passes, found = audited(archive, ledger, capsys)
    assert (passes, counts(found)) == (False, (1, 2, 1, 0, 1))
    [broken] = found["broken"]
    assert broken.pop("fault").startswith(fault)
    place = {"channel": "C1", "ts": "2000.000001"}
    assert broken == {**place, "entry": RACE, "version": 1, "start": 0, "end": len(WON)}
    assert not audit(archive, ledger, as_json=False)
    first, summary = capsys.readouterr().out.splitlines()
    assert first.startswith(f"broken: C1, 2000.000001: regatta/race, version 1, [0, {len(WON)}): {fault}")
    assert summary == "1 answer, 2 receipts: 1 proved, 0 withdrawn, 1 broken"


def test_what_was_taken_down_is_withdrawn_only_where_nothing_is_left(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    kept_as = take_down(archive, ledger, RACE)
    assert kept_as != RACE
    passes, found = audited(archive, ledger, capsys)
    assert (passes, counts(found)) == (True, (1, 2, 1, 1, 0))
    tamper(archive, "UPDATE versions SET title = 'Featherlegh' WHERE cause = 'taken_down'")
    passes, found = audited(archive, ledger, capsys)
    assert (passes, counts(found)) == (False, (1, 2, 1, 0, 1))
    assert found["broken"][0]["fault"] == "it is withdrawn, and its words are stored still"


def test_one_version_that_was_taken_down_is_withdrawn(
    archive: Archive, ledger: Ledger, posted: Kept, source: Path, capsys: Printed
) -> None:
    write(source, {**LINES, "race": "A rower has won the veterans' race."})
    archive.refresh(BLOG, NOW, quiet)
    take_down(archive, ledger, RACE, 1)
    assert counts(audited(archive, ledger, capsys)[1]) == (1, 2, 1, 1, 0)


def test_a_receipt_that_outlived_its_entry_is_broken_until_it_is_withdrawn(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    archive.take_down(RACE, None, "court-order", "admin", NOW, quiet)
    passes, found = audited(archive, ledger, capsys)
    assert (passes, counts(found)) == (False, (1, 2, 1, 0, 1))
    assert found["broken"][0]["fault"].startswith("it was taken down, and the receipt is not withdrawn")
    ledger.withdraw(archive.store.gone)
    assert counts(audited(archive, ledger, capsys)[1]) == (1, 2, 1, 1, 0)


def test_a_take_down_in_the_middle_of_an_audit_breaks_nothing(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    came: list[str] = []

    def late(*_: object) -> None:
        if not came:
            came.append(RACE)
            take_down(archive, ledger, RACE)

    event.listen(ledger._engine, "commit", late)  # the audit's own reading of the ledger is the first
    passes, found = audited(archive, ledger, capsys)
    assert archive.store.taken_down(RACE) is not None
    assert (passes, counts(found)) == (True, (1, 2, 1, 1, 0))


def test_messages_that_slack_would_not_change_are_listed_and_fail_nothing(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    ledger.messages.missed(posted.key, "edit_window_closed", None)
    assert audit(archive, ledger, as_json=False)
    assert capsys.readouterr().out == (
        "1 answer, 2 receipts: 2 proved, 0 withdrawn, 0 broken\n"
        "1 message that Slack would not let Stet change:\n"
        "  C1, 2000.000001: edit_window_closed\n"
    )
    stuck = audited(archive, ledger, capsys)[1]["stuck"]
    assert stuck == [{"channel": "C1", "ts": "2000.000001", "reason": "edit_window_closed"}]


def test_each_entry_is_read_once(archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed) -> None:
    for number in range(2, 6):
        ledger.messages.keep(Message(channel="C1", ts=f"2000.00000{number}", receipts=posted.receipts), AT)
    read: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        read.append(statement)

    event.listen(archive.store._engine, "before_cursor_execute", note)
    assert counts(audited(archive, ledger, capsys)[1]) == (5, 10, 10, 0, 0)
    event.remove(archive.store._engine, "before_cursor_execute", note)
    assert sum("FROM versions JOIN entries" in one for one in read) == 2


def test_a_ledger_without_an_answer_passes(archive: Archive, ledger: Ledger, capsys: Printed) -> None:
    assert audit(archive, ledger, as_json=False)
    assert capsys.readouterr().out == "0 answers, 0 receipts: 0 proved, 0 withdrawn, 0 broken\n"


# ------------------------------------------------------------------------------------------------ impact


def test_the_answers_that_an_entry_stands_in(archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed) -> None:
    impact(archive, ledger, RACE, as_json=False)
    assert capsys.readouterr().out == (
        "regatta/race, live: 1 answer shows or cites it\n\n"
        "11.05am UTC, Saturday 14 June 2031, C1, 2000.000001, in the thread 1000.000001, answer: stands in Slack\n"
        f"  regatta/race, version 1, [0, {len(WON)}), passage, stands, proved\n"
        f"    {WON}\n"
    )
    [answer] = touched(archive, ledger, capsys, RACE)["answers"]
    assert answer == {
        "at": AT.isoformat(),
        "channel": "C1",
        "ts": "2000.000001",
        "thread": "1000.000001",
        "kind": "answer",
        "state": "standing",
        "problem": None,
        "slices": [
            {
                "version": 1,
                "start": 0,
                "end": len(WON),
                "part": "passage",
                "standing": "stands",
                "proof": "proved",
                "fault": None,
                "text": WON,
            }
        ],
    }


def test_the_wording_is_the_one_that_was_posted(
    archive: Archive, ledger: Ledger, posted: Kept, source: Path, capsys: Printed
) -> None:
    write(source, {**LINES, "race": "Cosmo Featherlegh has won by a canvas."})
    archive.refresh(BLOG, NOW, quiet)
    ledger.messages.renew(posted, [receipt(
        Passage(version=archive.store.versions_of(RACE)[0], start=0, end=len(WON)), standing=Standing.EDITED
    )], 2, None)  # fmt: skip
    ledger.messages.missed(posted.key, "cant_update_message", None)
    [answer] = touched(archive, ledger, capsys, RACE)["answers"]
    assert (answer["state"], answer["problem"]) == ("stuck", "cant_update_message")
    assert [(one["standing"], one["version"], one["text"]) for one in answer["slices"]] == [("edited", 1, WON)]
    impact(archive, ledger, RACE, as_json=False)
    assert "would not let it be changed (cant_update_message)\n" in capsys.readouterr().out


def test_words_that_were_cited_alone_are_not_printed(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    [answer] = touched(archive, ledger, capsys, LUNCH)["answers"]
    assert [(one["part"], one["proof"], one["text"]) for one in answer["slices"]] == [("also", "proved", None)]


def test_words_do_not_steer_the_terminal(archive: Archive, ledger: Ledger, capsys: Printed) -> None:
    [lunch] = archive.store.versions_of(LUNCH)
    ledger.messages.keep(
        Message(channel="C1", ts="", receipts=(receipt(Passage(version=lunch, start=0, end=len(lunch.text))),)), AT
    )
    impact(archive, ledger, LUNCH, as_json=False)
    out = capsys.readouterr().out
    assert ", C1, to one person alone, other: was shown to one person\n" in out
    assert out.endswith("    Lunch is served in the boathouse.\n    There is trout, and a ␛[2Jpudding of quinces.\n")


@pytest.mark.parametrize(("what", "status"), [("hold", "held"), ("embargo", "embargo")])
def test_of_what_is_hidden_only_where_it_stands_is_told(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed, what: str, status: str
) -> None:
    if what == "hold":
        archive.hold(BLOG, None, NOW)
    else:
        tamper(archive, "UPDATE blogs SET embargo_until = ?", 7_000_000_000_000_000)
    found = touched(archive, ledger, capsys, RACE)
    assert (found["status"], found["answers"][0]["ts"]) == (status, "2000.000001")
    assert [(one["proof"], one["text"]) for one in found["answers"][0]["slices"]] == [("proved", None)]
    impact(archive, ledger, RACE, as_json=False)
    out = capsys.readouterr().out
    assert "so its words are not shown: 1 answer shows or cites it\n" in out
    assert "Featherlegh" not in out


def test_an_entry_that_was_taken_down_is_found_by_either_id(
    archive: Archive, ledger: Ledger, posted: Kept, capsys: Printed
) -> None:
    archive.take_down(RACE, None, "court-order", "admin", NOW, quiet)
    early = touched(archive, ledger, capsys, RACE)
    assert [one["proof"] for one in early["answers"][0]["slices"]] == ["broken"]
    ledger.withdraw(archive.store.gone)
    found = touched(archive, ledger, capsys, RACE)
    kept_as = f"{BLOG}/taken-down-{Marker.of(archive.home).id(BLOG, 'race').hex()[:16]}"
    assert (found["kept_as"], found["status"]) == (kept_as, "taken_down")
    assert touched(archive, ledger, capsys, kept_as)["answers"] == found["answers"]
    [answer] = found["answers"]
    assert answer["ts"] == "2000.000001"
    assert [(one["proof"], one["text"]) for one in answer["slices"]] == [("withdrawn", None)]
    impact(archive, ledger, RACE, as_json=False)
    out = capsys.readouterr().out
    assert out.startswith("regatta/race, taken down: 1 answer shows or cites it\n")
    assert "Featherlegh" not in out


def test_an_entry_that_nobody_quoted_and_one_that_never_was(
    archive: Archive, ledger: Ledger, capsys: Printed
) -> None:
    impact(archive, ledger, RACE, as_json=False)
    assert capsys.readouterr().out == "regatta/race, live: 0 answers show or cite it\n"
    for whole_id in ("regatta/none", BLOG, "", "none/race"):
        with pytest.raises(UsageError, match="stet find TEXT"):
            impact(archive, ledger, whole_id, as_json=False)
