"""Entries in time order, of a matter or a time: exactly those that hold it, in the archive and in Slack's reply."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import render, wording
from bot.handlers import respond
from bot.replies import Request
from retrieval.archive import Archive
from retrieval.asking import Asking
from retrieval.embedding import Embedder
from retrieval.model import Answer, Order, Outcome, Question, SourceOptions
from tests.data_folder import SAMPLE
from tests.walk import Walk

COVERED = "Indexed: 33 entries, from 4.12pm GMT, Monday 3 February 2031 to 10.30am GMT, Tuesday 4 February 2031."
PUMP = ["18:48", "20:55", "21:58", "23:09", "08:12", "09:15", "10:30"]
"""The entries that hold the word, the first one first."""


def shown(answer: Answer) -> list[str]:
    return [one.passage.version.entry.posted_at.strftime("%H:%M") for one in answer.passages]


def said(archive: Archive, words: str, *, channel: str = "C1") -> list[str]:
    """The lines of the reply to a mention, walked."""
    request = Request(text=words, channel=channel, direct=False, private=False, trusted=True)
    response = respond(archive, request)
    text = render.slack_text(response.reply)
    Walk(versions=list(archive.store.live_versions())).message(text, render.blocks(response.reply))
    return text.split("\n")


@pytest.mark.parametrize(
    ("question", "order", "entries"),
    [
        ("When was the pump first mentioned?", Order.EARLIEST, PUMP[:3]),
        ("first mention of the pump", Order.EARLIEST, PUMP[:3]),
        ("timeline of the pump", Order.EARLIEST, PUMP),
        ("What is the latest on the pump?", Order.LATEST, PUMP[:-4:-1]),
        ("most recent update on the pump", Order.LATEST, PUMP[:-4:-1]),
        ("What is the latest on the pump before midnight?", Order.LATEST, ["23:09", "21:58", "20:55"]),
        ("When was the pump first mentioned as of 9pm?", Order.EARLIEST, ["18:48", "20:55"]),
        ("When was the dam first mentioned?", Order.EARLIEST, ["21:40"]),
        ("timeline of Corin Vastable", Order.EARLIEST, ["03:30", "04:55", "10:30"]),
        ("What is the latest on Corin Vastable?", Order.LATEST, ["10:30", "04:55", "03:30"]),
        ("most recent update on the missing man", Order.LATEST, ["03:30"]),
        ("When was Superintendent Niall Trevanick last mentioned?", Order.LATEST, ["03:30", "20:17"]),
        ("first mention of the budgerigar", Order.EARLIEST, ["21:26", "01:52"]),
    ],
)
def test_the_entries_that_hold_a_matter_in_order(
    sample_archive: Archive, question: str, order: Order, entries: list[str]
) -> None:
    answer = sample_archive.ask(question)
    assert (answer.outcome, answer.question.order, shown(answer)) == (Outcome.ANSWERED, order, entries)
    assert answer.nearest == ()
    assert answer.confidence > 0.5
    for one in answer.passages:
        [(start, end)] = one.highlights
        assert one.passage.start <= start < end <= one.passage.end


@pytest.mark.parametrize(
    "question",
    [
        "the latest on the unicorn",
        "When was the mayor of Harl first mentioned?",
        "timeline of the police unicorn inquiry",
        "What is the latest on the pump before 6pm?",
    ],
)
def test_silence_where_no_entry_holds_it(sample_archive: Archive, question: str) -> None:
    answer = sample_archive.ask(question)
    assert (answer.outcome, answer.passages, answer.confidence) == (Outcome.NOTHING_FOUND, (), 0.0)
    assert len(answer.nearest) == 3
    lines = said(sample_archive, question)
    assert lines[-1] == COVERED
    assert wording.NOTHING_FOUND in lines


def test_the_earliest_is_found_behind_any_number_that_fit_better(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    """A search tells of the 200 best passages; the first mention is in passing, and the second is too."""
    start = datetime(2031, 2, 3, 6, tzinfo=UTC)
    passing = "{} stalls stood on the green, the brass band played, and somebody spoke of the ferry as it rained."
    texts = [passing.format(count) for count in ("Forty", "Fifty")]
    texts += [f"Ferry {number}: the ferry Petrel sails." for number in range(240)]
    texts += ["The band went home."]
    rows = [
        {"id": f"e{number}", "time": (start + timedelta(minutes=number)).isoformat(), "text": text}
        for number, text in enumerate(texts)
    ]
    source = tmp_path / "fair.ndjson"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    archive = make_archive(source, options=SourceOptions(timezone="UTC"))
    first = archive.ask("When was the ferry first mentioned?")
    assert [one.passage.version.entry.id for one in first.passages] == ["e0", "e1", "e2"]
    last = archive.ask("the latest on the ferry", limit=2)
    assert [one.passage.version.entry.id for one in last.passages] == ["e241", "e240"]


def test_a_name_is_its_words_in_their_order(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    start = datetime(2031, 2, 3, 6, tzinfo=UTC)
    texts = [
        "Ada Marsh met Tom Quill at the mill.",
        "The mayor, Ada Quill, opened the mill.",
        "The miller is Quill. Ada is his dog.",
        "Mayor Quill left the mill.",
        "The mill has closed.",
    ]
    rows = [
        {"id": f"e{number}", "time": (start + timedelta(minutes=number)).isoformat(), "text": text}
        for number, text in enumerate(texts)
    ]
    source = tmp_path / "mill.ndjson"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    archive = make_archive(source, options=SourceOptions(timezone="UTC"))
    first = archive.ask("When was Ada Quill first mentioned?")
    assert [one.passage.version.entry.id for one in first.passages] == ["e1"]
    assert first.passages[0].passage.text == texts[1]
    mill = archive.ask("timeline of the mill")
    assert [one.passage.version.entry.id for one in mill.passages] == ["e0", "e1", "e3", "e4"]
    assert archive.ask("the latest on Ada Thrupp").outcome is Outcome.NOTHING_FOUND


def test_a_name_with_a_single_letter_is_no_other_word(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    texts = [
        "A child was seen by the weir. She was a witness.",
        "Every child was counted. The inspector calls the witness Child A.",
        "Child B left the hall.",
    ]
    source = tmp_path / "inquiry.ndjson"
    source.write_text(
        "\n".join(
            json.dumps({"id": str(n), "time": f"2031-02-03T1{n}:00:00+00:00", "text": text})
            for n, text in enumerate(texts)
        )
    )
    answer = make_archive(source, options=SourceOptions(timezone="UTC")).ask("When was Child A first mentioned?")
    assert [one.passage.version.entry.id for one in answer.passages] == ["1"]
    assert "Child A" in answer.passages[0].passage.text


@pytest.mark.parametrize(
    ("question", "since", "until", "entries"),
    [
        ("What was posted before 5pm?", None, "2031-02-03T17:00:00+00:00", ["16:12", "16:38"]),
        (
            "entries between 9 and 10pm",
            "2031-02-03T21:00:00+00:00",
            "2031-02-03T22:00:00+00:00",
            ["21:26", "21:40", "21:58", "21:58"],
        ),
        ("What happened after 9am?", "2031-02-04T09:00:00+00:00", None, ["09:15", "09:48", "10:30"]),
        (
            "What was posted on Tuesday after 9.30am?",
            "2031-02-04T09:30:00+00:00",
            "2031-02-05T00:00:00+00:00",
            ["09:48", "10:30"],
        ),
        (
            "What was posted at 9.58pm on Monday?",
            "2031-02-03T21:58:00+00:00",
            "2031-02-03T21:59:00+00:00",
            ["21:58"] * 2,
        ),
    ],
)
def test_the_entries_of_a_time(
    sample_archive: Archive, question: str, since: str | None, until: str | None, entries: list[str]
) -> None:
    answer = sample_archive.ask(question)
    found = [one and one.isoformat() for one in (answer.question.since, answer.question.until)]
    assert (answer.outcome, found, shown(answer)) == (Outcome.ANSWERED, [since, until], entries)
    assert answer.question.text == question


def test_a_matter_within_a_time_is_searched_without_the_words_of_time(sample_archive: Archive) -> None:
    answer = sample_archive.ask("What did Trevanick say after midnight?")
    assert answer.question.since == datetime(2031, 2, 4, tzinfo=UTC)
    assert shown(answer) == ["03:30"]
    without = sample_archive.ask("What did Trevanick say?", since=datetime(2031, 2, 4, tzinfo=UTC))
    assert [one.passage for one in answer.passages] == [one.passage for one in without.passages]
    assert answer.confidence == without.confidence


def test_the_wordings_of_a_past_moment_by_its_words(sample_archive: Archive) -> None:
    answer = sample_archive.ask("As of 9pm, how many homes were evacuated?")
    assert answer.question.as_of == datetime(2031, 2, 3, 21, tzinfo=UTC)
    found = [*answer.passages, *answer.nearest]
    assert found
    assert all(one.passage.version.entry.posted_at <= datetime(2031, 2, 3, 21, tzinfo=UTC) for one in found)
    latest = sample_archive.ask("What was the latest entry as of 5pm?")
    assert shown(latest) == ["16:38"]


def test_what_a_running_blog_posted_in_the_last_hour(sample_archive: Archive, embedder: Embedder) -> None:
    """By the clock of asking, which is handed in."""
    now = datetime(2031, 2, 4, 10, 35, tzinfo=UTC)
    store, snapshot = sample_archive.store, sample_archive.snapshot()
    question = Question(text="What was posted in the last hour?")
    answer = Asking(store).answer(question, store.stamp(now), snapshot, embedder, None, now)
    assert answer.question.since == now - timedelta(hours=1)
    assert shown(answer) == ["09:48", "10:30"]


def test_the_reply_says_what_was_understood(sample_archive: Archive) -> None:
    assert said(sample_archive, "What was posted before 5pm?")[:2] == [
        "Entries before 5.00pm GMT, Monday 3 February 2031.",
        wording.PUBLISHED,
    ]
    assert said(sample_archive, "What was posted between 9 and 10pm?")[0] == (
        "Entries from 9.00pm GMT, Monday 3 February 2031 to 10.00pm GMT, Monday 3 February 2031."
    )
    assert said(sample_archive, "entries since 9am")[0] == "Entries from 9.00am GMT, Tuesday 4 February 2031 on."
    assert said(sample_archive, "What was posted at 9.40pm?")[0] == "Entries of 9.40pm GMT, Monday 3 February 2031."
    assert said(sample_archive, "What is the latest on the pump before midnight?")[:2] == [
        "Entries before 12.00am GMT, Tuesday 4 February 2031.",
        "The latest indexed entries that hold words of the question, the newest first:",
    ]
    assert said(sample_archive, "When was the dam first mentioned?")[0] == (
        "The earliest indexed entry that holds words of the question:"
    )
    assert said(sample_archive, "first mention of the pump")[0] == (
        "The earliest indexed entries that hold words of the question, the oldest first:"
    )
    assert said(sample_archive, "the latest on the dam")[0] == (
        "The latest indexed entry that holds words of the question:"
    )
    assert said(sample_archive, "What is the latest entry?")[0] == "The latest indexed entry:"
    assert said(sample_archive, "the last three entries")[0] == "The latest indexed entries, the newest first:"
    assert said(sample_archive, "the first two entries")[0] == "The earliest indexed entries, the oldest first:"
    assert said(sample_archive, "What was posted at 9.40pm, as of 11pm?")[:2] == [
        "As the entries read at 11.00pm GMT, Monday 3 February 2031:",
        "Entries of 9.40pm GMT, Monday 3 February 2031.",
    ]
    named = said(sample_archive, "What was posted in the River Wend flood blog before 5pm?")
    assert named[:2] == [
        "Live blog: river wend flood.",
        "Entries before 5.00pm GMT, Monday 3 February 2031.",
    ]
    for question in ("timeline of the pump", "entries since 9am", "first mention of the pump"):
        assert said(sample_archive, question)[-1] == COVERED


def test_a_time_that_was_not_used_is_named(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    row = {"id": "1", "time": "2031-05-01T12:00:00+01:00", "text": "The pie fair has opened."}
    (tmp_path / "fair.ndjson").write_text(json.dumps(row), encoding="utf-8")
    archive = make_archive(SAMPLE, tmp_path / "fair.ndjson")
    answer = archive.ask("What was said about the pump before 9pm?")
    assert (answer.question.since, answer.question.until, answer.question.unread) == (None, None, True)
    lines = said(archive, "What was said about the pump before 9pm?")
    assert lines[0] == (
        "The time in the question was not used, as it may be of several days or time zones. Say which, or name the "
        "live blog."
    )
    told = archive.ask("What was said about the pump before 9pm on 3 February?")
    assert told.question.until == datetime(2031, 2, 3, 21, tzinfo=UTC)


def test_a_time_of_day_that_several_days_know(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    rows = [
        {"id": f"e{day}", "time": f"2031-05-0{day}T12:30:00+00:00", "text": f"Pie number {day} was judged."}
        for day in (1, 2, 3, 4)
    ]
    (tmp_path / "fair.ndjson").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    archive = make_archive(tmp_path / "fair.ndjson", options=SourceOptions(timezone="UTC"))
    every = archive.ask("What was posted at 12.30pm?")
    assert [one.passage.version.entry.id for one in every.passages] == ["e2", "e3", "e4"]
    assert (every.question.since, every.question.unread) == (None, False)
    one = archive.ask("What was posted at 12.30pm on 2 May?")
    assert [one.passage.version.entry.id for one in one.passages] == ["e2"]
    matter = archive.ask("What does the 12.30pm entry say about pie number 3?")
    assert (matter.question.since, matter.question.unread) == (None, True)


def test_a_blog_that_may_not_be_seen_cannot_be_named(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive(SAMPLE, options=SourceOptions(visibility=("C1",)))
    question = "What was posted in the River Wend flood blog before 5pm?"
    assert said(archive, question)[0] == "Live blog: river wend flood."
    hidden = said(archive, question, channel="C2")
    assert not any("wend" in line.lower() or "GMT" in line for line in hidden)
    blind = archive.ask(question, visible=frozenset())
    assert (blind.question.blog, blind.question.until, blind.passages, blind.nearest) == (None, None, (), ())


def test_a_blog_that_is_named_is_the_only_one_searched(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    row = {"id": "1", "time": "2031-02-03T19:00:00+00:00", "text": "The fair's pump has reached Tarrick Lane."}
    (tmp_path / "fair.ndjson").write_text(json.dumps(row), encoding="utf-8")
    archive = make_archive(SAMPLE, tmp_path / "fair.ndjson")
    answer = archive.ask("first mention of the pump in the fair blog")
    assert answer.question.blog == "fair-2031-02-03"
    assert [one.passage.version.entry.whole_id for one in answer.passages] == ["fair-2031-02-03/1"]
    other = archive.ask("Which pump has reached Tarrick Lane, in the River Wend flood blog?")
    assert {one.passage.version.entry.blog.id for one in (*other.passages, *other.nearest)} == {
        "river-wend-flood-2031-02-03"
    }
