"""`stet report`, the gold that it writes and `stet forget`, over real ledgers of answers from the sample."""

from __future__ import annotations

import json
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import Bot
from bot.handlers import respond
from bot.incoming import Incoming, Way
from bot.keeping import Keeping
from bot.ledger import Ledger
from bot.ledger.learning import Asking
from bot.ledger.messages import Message
from bot.policy import Policy
from bot.replies import Request
from bot.reporting import Use, forget, gold_file, report
from bot.slack import web_client
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.evaluate import evaluate
from retrieval.gold import read_gold
from retrieval.model import Outcome
from tests.conftest import NOW
from tests.slack_bot import RESIGN, UNANSWERED
from tests.slack_server import LoopbackSlack

KEPT = Policy(keep_questions=timedelta(days=7))
USER = "U0FORGETME"
HOMES = "How many homes were evacuated?"
AT = datetime(2031, 2, 3, 21, 58, tzinfo=UTC)

Json = dict[str, Any]
Printed = pytest.CaptureFixture[str]


def quiet(done: int, whole: int) -> None:
    """No progress is shown."""


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


class Newsroom:
    """People who ask, and what the bot keeps of that."""

    def __init__(self, archive: Archive, ledger: Ledger) -> None:
        self._archive, self._ledger = archive, ledger
        self._asked = 0

    def ask(self, text: str, policy: Policy = KEPT, *, channel: str = "C1", user: str = "U1") -> int:
        """Ask in a channel; the question's key."""
        self._asked += 1
        ts = f"1000.{self._asked:06}"
        incoming = Incoming(
            key=f"message {channel} {ts}", way=Way.MENTION, user=user, channel=channel, at=1000.0, text=text, ts=ts
        )
        request = Request(text=text, channel=channel, direct=False, private=False, trusted=True)
        keeping = Keeping(self._archive, self._ledger, policy)
        response = keeping.noted(incoming, respond(self._archive, request))
        seen = keeping.seen()
        keeping.keep(incoming, response, request, ts=f"2000.{self._asked:06}", thread=ts, seen=seen)
        assert response.asked is not None
        return response.asked

    def say(self, key: int, user: str, good: bool, reason: str | None = None) -> None:
        self._ledger.learning.say(key, user, good=good, reason=reason, now=AT)


@pytest.fixture
def newsroom(sample_archive: Archive, ledger: Ledger) -> Newsroom:
    return Newsroom(sample_archive, ledger)


def note(ledger: Ledger, number: int, at: datetime, **more: Any) -> int:
    """A question as the ledger has it."""
    values: Json = {
        "channel": "C1",
        "user": "U1",
        "way": "mention",
        "outcome": "answered",
        "confidence": 0.5,
        "text": None,
        **more,
    }
    return ledger.learning.note(f"message C1 {number}", now=at, **values)


def printed_object(ledger: Ledger, capsys: Printed, **more: Any) -> Json:
    capsys.readouterr()
    report(ledger, **{"since": None, "as_json": True, **more})
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    found: Json = json.loads(out)
    return found


def rows_of(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


# ------------------------------------------------------------------------------------------------ report


def a_week(ledger: Ledger) -> None:
    """Five questions in two days, with all that a report tells."""
    first = note(ledger, 1, AT, confidence=0.9)
    second = note(ledger, 2, AT + timedelta(minutes=1), confidence=0.7, channel="C2", way="command")
    third = note(ledger, 3, AT + timedelta(hours=3), confidence=0.8)
    silent = {"outcome": "nothing_found", "confidence": 0.1, "text": "Who won\nthe \x1b[31mcup?"}
    note(ledger, 4, AT + timedelta(hours=4), **silent)
    note(ledger, 5, AT + timedelta(hours=5), outcome="nothing_in_range", confidence=0.2)
    ledger.learning.say(first, "U1", good=True, reason=None, now=AT)
    ledger.learning.say(second, "U1", good=False, reason="wrong_entry", now=AT)
    ledger.learning.say(third, "U1", good=False, reason=None, now=AT)
    ledger.calls.open(asker="U1", channel="C1", thread=None, question="?", place="C9", ts="3.0", now=AT)
    key = ledger.messages.keep(Message(channel="C1", ts="2000.000001"), AT)
    ledger.messages.missed(key, "edit_window_closed", None)


def test_the_report_as_lines(ledger: Ledger, capsys: Printed) -> None:
    a_week(ledger)
    report(ledger, since=AT, as_json=False)
    assert capsys.readouterr().out == (
        "5 questions from 9.58pm UTC, Monday 3 February 2031 on\n"
        "answered: 3 (60.0 %), nothing found: 1 (20.0 %), nothing in range: 1 (20.0 %)\n"
        "confidence: median 0.700, quartiles 0.200 and 0.800\n"
        "\nby day (UTC):\n  2031-02-03  2\n  2031-02-04  3\n"
        "\nby way:\n  mention  4\n  command  1\n"
        "\nby channel:\n  C1  4\n  C2  1\n"
        "\n👍 1, 👎 2\n  no reason given: 1\n  It is about something else: 1\n"
        "\nquestions that nothing answered: 2\n"
        "  1.58am UTC, Tuesday 4 February 2031, C1: Who won the ␛[31mcup?\n"
        "  texts that are not kept: 1; STET_KEEP_QUESTIONS says for how many days they are\n"
        "\ncalls to a person, unresolved: 1\n"
        "1 message that Slack would not let Stet change:\n"
        "  C1, 2000.000001: edit_window_closed\n"
    )


def test_the_report_as_json(ledger: Ledger, capsys: Printed) -> None:
    a_week(ledger)
    silent = AT + timedelta(hours=4)
    assert printed_object(ledger, capsys) == {
        "since": None,
        "questions": 5,
        "by_day": {"2031-02-03": 2, "2031-02-04": 3},
        "by_way": {"mention": 4, "command": 1},
        "by_channel": {"C1": 4, "C2": 1},
        "outcomes": {
            "answered": {"count": 3, "share": 0.6},
            "nothing_found": {"count": 1, "share": 0.2},
            "nothing_in_range": {"count": 1, "share": 0.2},
        },
        "confidence": {"lower_quartile": 0.2, "median": 0.7, "upper_quartile": 0.8},
        "feedback": {"helpful": 1, "not_helpful": 2, "reasons": {"": 1, "wrong_entry": 1}},
        "unanswered": {
            "count": 2,
            "texts_kept": 1,
            "questions": [{"at": silent.isoformat(), "channel": "C1", "text": "Who won\nthe \x1b[31mcup?"}],
            "more": 0,
        },
        "calls": {"unresolved": 1},
        "stuck": [{"channel": "C1", "ts": "2000.000001", "reason": "edit_window_closed"}],
    }


def test_an_earlier_question_is_not_counted(ledger: Ledger, capsys: Printed) -> None:
    a_week(ledger)
    since = AT + timedelta(hours=4)
    found = printed_object(ledger, capsys, since=since)
    assert (found["since"], found["questions"]) == (since.isoformat(), 2)
    assert found["feedback"] == {"helpful": 0, "not_helpful": 0, "reasons": {}}


def test_a_ledger_without_a_question_is_reported(ledger: Ledger, capsys: Printed) -> None:
    found = printed_object(ledger, capsys)
    assert (found["questions"], found["by_day"], found["outcomes"]["answered"]["share"]) == (0, {}, None)
    assert found["confidence"] == {"lower_quartile": None, "median": None, "upper_quartile": None}
    report(ledger, since=None, as_json=False)
    assert capsys.readouterr().out == "0 questions\n\ncalls to a person, unresolved: 0\n"


def test_the_newest_fifty_unanswered_questions_are_listed_and_the_rest_counted(
    ledger: Ledger, capsys: Printed
) -> None:
    for number in range(53):
        at = AT + timedelta(minutes=number)
        note(ledger, number, at, outcome="nothing_found", text=f"Question {number}?", channel=f"C{number}")
    report(ledger, since=None, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    listed = [line.rpartition(": ")[2] for line in lines if "Question " in line]
    assert listed == [f"Question {number}?" for number in range(52, 2, -1)]
    assert "  and 3 more" in lines
    assert "  and 33 more, which --json lists" in lines
    unanswered = printed_object(ledger, capsys)["unanswered"]
    assert (len(unanswered["questions"]), unanswered["more"], unanswered["count"]) == (50, 3, 53)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_half_of_the_questions_are_on_either_side_of_the_median(values: list[float]) -> None:
    fields: Json = {"at": AT, "channel": "C1", "user": None, "way": "mention", "text": None, "posted": None}
    askings = tuple(Asking(key=1, outcome="answered", confidence=value, **fields) for value in values)
    quartiles = Use(since=None, askings=askings, unresolved=0, stuck=()).quartiles
    assert quartiles is not None
    lower, median, upper = quartiles
    assert min(values) <= lower <= median <= upper <= max(values)
    assert 2 * sum(value <= median for value in values) >= len(values)
    assert 2 * sum(value >= median for value in values) >= len(values)


# ------------------------------------------------------------------------------------------------ gold


def test_gold_of_helpful_answers_is_what_eval_reads(
    sample_archive: Archive, ledger: Ledger, newsroom: Newsroom, tmp_path: Path, capsys: Printed
) -> None:
    [refused] = {one.passage.version.entry.whole_id for one in sample_archive.ask(RESIGN).passages}
    first = newsroom.ask(RESIGN)
    newsroom.say(first, "U1", good=True)
    newsroom.say(newsroom.ask(f"  {RESIGN} "), "U2", good=True)
    newsroom.say(newsroom.ask(HOMES), "U1", good=True)
    disputed = newsroom.ask("Where is the shelter?")
    newsroom.say(disputed, "U1", good=True)
    newsroom.say(disputed, "U2", good=False)
    newsroom.ask("What did the engineer say?")
    newsroom.ask(UNANSWERED)
    path = gold_file(str(tmp_path / "gold.jsonl"), sample_archive.home)
    written = printed_object(ledger, capsys, gold=path)["gold"]
    assert written == {"file": str(path), "questions": 2, "helpful": 2}
    rows = rows_of(path)
    assert rows[0] == {"question": RESIGN, "entries": [refused], "times": [], "kind": "helpful"}
    assert [row["question"] for row in rows] == [RESIGN, HOMES]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    gold = read_gold(str(path), 1_000_000)
    first_read = gold.questions[0]
    assert (first_read.question, first_read.kind, first_read.entries) == (RESIGN, "helpful", (refused,))
    assert gold.notes == ()
    evaluated = evaluate(sample_archive, gold, quiet)
    assert evaluated.warnings == ()
    assert [(one.rank, one.right, one.outcome) for one in evaluated.results] == [(1, True, Outcome.ANSWERED)] * 2


def test_questions_without_an_answer_are_written_where_that_is_wanted(
    sample_archive: Archive, ledger: Ledger, newsroom: Newsroom, tmp_path: Path, capsys: Printed
) -> None:
    newsroom.say(newsroom.ask(RESIGN), "U1", good=True)
    newsroom.say(newsroom.ask(HOMES), "U1", good=False, reason="wrong_entry")
    newsroom.say(newsroom.ask(HOMES), "U2", good=True)
    newsroom.ask(UNANSWERED)
    newsroom.say(newsroom.ask(UNANSWERED), "U1", good=True)
    path = tmp_path / "gold.jsonl"
    report(ledger, since=None, as_json=False, gold=path, unanswered=True)
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"written, with the questions in it: {path} (helpful 1, not_helpful 1, unanswered 1)"
    assert [(row["question"], row["kind"], bool(row["entries"])) for row in rows_of(path)] == [
        (RESIGN, "helpful", True),
        (HOMES, "not_helpful", False),
        (UNANSWERED, "unanswered", False),
    ]
    results = evaluate(sample_archive, read_gold(str(path), 1_000_000), quiet).results
    assert [(one.answerable, one.answered) for one in results] == [(True, True), (False, True), (False, False)]


def test_gold_names_no_entry_that_was_taken_down(
    sample_archive: Archive, ledger: Ledger, newsroom: Newsroom, tmp_path: Path
) -> None:
    key = newsroom.ask(RESIGN)
    newsroom.say(key, "U1", good=True)
    newsroom.say(newsroom.ask(HOMES), "U1", good=True)
    for entry in next(one.entries for one in ledger.learning.since(None) if one.key == key):
        sample_archive.take_down(entry, None, "court-order", "admin", NOW, quiet)
    ledger.withdraw(sample_archive.store.gone)
    path = tmp_path / "gold.jsonl"
    report(ledger, since=None, as_json=True, gold=path)
    assert [row["question"] for row in rows_of(path)] == [HOMES]


def test_without_kept_texts_there_is_no_gold(ledger: Ledger, newsroom: Newsroom, tmp_path: Path) -> None:
    newsroom.say(newsroom.ask(RESIGN, Policy()), "U1", good=True)
    path = tmp_path / "gold.jsonl"
    with pytest.raises(UsageError, match="STET_KEEP_QUESTIONS"):
        report(ledger, since=None, as_json=False, gold=path)
    newsroom.ask(UNANSWERED)
    with pytest.raises(UsageError, match="--unanswered"):
        report(ledger, since=None, as_json=False, gold=path)
    assert not path.exists()


def test_gold_is_written_over_nothing_and_not_into_the_archive(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    reviewed = tmp_path / "reviewed.jsonl"
    reviewed.write_text("{}")
    for value, why in (
        (" ", "empty"),
        (str(reviewed), "which exists"),
        (str(tmp_path), "which exists"),
        (str(home / "gold.jsonl"), "archive's own folder"),
        (str(tmp_path / "none" / "gold.jsonl"), "there is no folder"),
        ("a\0b", "cannot be used"),
    ):
        with pytest.raises(UsageError, match=why):
            gold_file(value, home)
    assert gold_file(str(tmp_path / "new.jsonl"), home) == (tmp_path / "new.jsonl").resolve()


# ------------------------------------------------------------------------------------------------ forgetting


def bytes_of(ledger: Ledger) -> bytes:
    """Every byte of the ledger's file, its log and its shared memory."""
    return b"".join(one.read_bytes() for one in sorted(ledger.path.parent.glob(f"{ledger.path.name}*")))


def test_no_byte_of_a_forgotten_person_is_left(ledger: Ledger, newsroom: Newsroom, capsys: Printed) -> None:
    asked, waiting = {USER: "zebrafish", "U0STAYS": "axolotl"}, {USER: "quinces", "U0STAYS": "medlars"}
    for number in range(60):
        user = USER if number % 3 else "U0STAYS"
        newsroom.ask(f"Will Thackwray resign over the {asked[user]} {number}?", user=user)
        text = f"What of the {waiting[user]} {number}?"
        delivery = Incoming(key=f"message C1 {number}", way=Way.MENTION, user=user, channel="C1", at=9.9, text=text)
        ledger.inbox.take(delivery.key, delivery.to_json(), AT)
        call = ledger.calls.open(
            asker=user, channel="C1", thread=None, question=waiting[user], place="C9", ts=f"3.{number}", now=AT
        )
        ledger.calls.take(call, USER, AT)
        newsroom.say(number + 1, USER, good=True)
    theirs = [word.encode() for word in (USER, asked[USER], waiting[USER])]
    assert all(word in bytes_of(ledger) for word in theirs)
    capsys.readouterr()
    forget(ledger, USER, as_json=True)
    # 40 questions, each with its reply, its delivery and its call; 60 thumbs, and 60 calls that they took
    found = {"forgotten": USER, "records": 4 * 40 + 60 + 60, "erased": True}
    assert json.loads(capsys.readouterr().out) == found
    assert not any(word in bytes_of(ledger) for word in theirs)
    texts = {one.text for one in ledger.learning.since(None)}
    assert texts == {None} | {f"Will Thackwray resign over the axolotl {number}?" for number in range(0, 60, 3)}
    forget(ledger, USER, as_json=False)
    assert capsys.readouterr().out == f"{USER} is forgotten: 0 records named them\n"


def test_whoever_asked_over_slack_is_forgotten(slack: LoopbackSlack, sample_archive: Archive, ledger: Ledger) -> None:
    bot = Bot(sample_archive, ledger, web_client(slack.api_url, slack.bot_token), policy=KEPT)
    bot.start()
    try:
        with slack.connected(bot.app):
            slack.mention(RESIGN, USER, "C1")
            slack.slash(HOMES, USER, "C1")
            slack.wait_for_posts(2)
    finally:
        bot.stop()
    assert {one.text for one in ledger.learning.since(None)} == {RESIGN, HOMES}
    assert USER.encode() in bytes_of(ledger)
    waiting = Incoming(key="message C1 9.9", way=Way.MENTION, user=USER, channel="C1", at=9.9, text="The swan?")
    ledger.inbox.take(waiting.key, waiting.to_json(), AT)
    forget(ledger, USER, as_json=False)
    left = bytes_of(ledger)
    assert not any(one.encode() in left for one in (USER, RESIGN, HOMES, "The swan?"))


def test_what_a_reader_holds_is_told(
    ledger: Ledger, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setattr("bot.ledger._LOG_SECONDS", 0.1)
    monkeypatch.setattr("retrieval.database._BUSY_MS", 100)
    newsroom.ask(RESIGN, user=USER)
    reader = sqlite3.connect(ledger.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM asked").fetchone()
    forget(ledger, USER, as_json=True)
    told = capsys.readouterr()
    assert json.loads(told.out) == {"forgotten": USER, "records": 2, "erased": False}
    assert "say it again" in told.err
    reader.close()
    forget(ledger, USER, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"forgotten": USER, "records": 0, "erased": True}
    assert USER.encode() not in bytes_of(ledger)


@pytest.mark.parametrize(
    "user", ["", "u0forgetme", "C0CHANNEL", "U", "U0FORGETME\n", "U%", "@rosalind", "U" + "1" * 40]
)
def test_only_a_users_id_is_forgotten(ledger: Ledger, newsroom: Newsroom, user: str) -> None:
    newsroom.ask(RESIGN, user=USER)
    with pytest.raises(UsageError, match="is no user's id"):
        forget(ledger, user, as_json=False)
    assert [one.user for one in ledger.learning.since(None)] == [USER]
