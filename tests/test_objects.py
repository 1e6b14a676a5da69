"""The JSON objects: the contract's fields and no others, in its types, with the stored values."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import objects
from bot.output import json_line
from retrieval.archive import Archive
from retrieval.ingest import SourceReport
from retrieval.model import (
    Answer,
    Blog,
    Cause,
    Entry,
    IndexState,
    Order,
    Outcome,
    Passage,
    Question,
    Refusal,
    Shown,
    Status,
    Version,
    digest,
)
from retrieval.reports import Report

WHEN = datetime.fromisoformat("2031-06-14T11:30:00+01:00")
SEEN = datetime(2031, 6, 15, tzinfo=UTC)
TEXT = "The schooner lost her mast. Nobody was hurt."

BLOG = Blog(
    id="regatta",
    title="Quillhaven regatta",
    url="https://news.example/regatta",
    timezone="Europe/London",
    language="en",
    visibility=(),
    sensitive=False,
    embargo_until=None,
)


def version(*, number: int = 1, text: str = TEXT, url: str | None = None, current: bool = True) -> Version:
    entry = Entry(key=1, blog=BLOG, id="2031-06-14T10:30Z-1", posted_at=WHEN, url=url, status=Status.LIVE)
    return Version(
        key=number,
        entry=entry,
        number=number,
        title="Mast breaks",
        author="Tamsin Orrell",
        text=text,
        sha256=digest(text),
        edited_at=None if number == 1 else SEEN,
        seen_at=SEEN,
        cause=Cause.PUBLISHED if number == 1 else Cause.EDITED,
        current=current,
    )


def test_a_passage_and_its_citation() -> None:
    one = version()
    opening, second = Passage(version=one, start=0, end=27), Passage(version=one, start=28, end=44)
    shown = Shown(passage=second, highlights=((28, 44),), lead=opening, score=0.93456, also=(opening,))
    cited = {
        "blog": "regatta",
        "blog_title": "Quillhaven regatta",
        "entry": "regatta/2031-06-14T10:30Z-1",
        "title": "Mast breaks",
        "time": "2031-06-14T11:30:00+01:00",
        "label": "11.30am UTC+01, Saturday 14 June 2031",
        "url": "https://news.example/regatta",
        "author": "Tamsin Orrell",
        "version": 1,
        "edited": None,
        "current": True,
    }
    assert objects.shown(shown) == {
        "text": "Nobody was hurt.",
        "start": 28,
        "end": 44,
        "highlights": [[28, 44]],
        "lead": {"text": "The schooner lost her mast.", "start": 0, "end": 27},
        "score": 0.9346,
        "also": [{**cited, "sha256": digest("The schooner lost her mast.")}],
        "citation": {**cited, "sha256": digest("Nobody was hurt.")},
    }


def test_an_entry_s_own_address_goes_before_the_blog_s() -> None:
    passage = Passage(version=version(url="https://news.example/regatta#1"), start=0, end=3)
    assert objects.citation(passage)["url"] == "https://news.example/regatta#1"


def test_an_answer() -> None:
    given = Answer(
        question=Question(text="Who?", since=WHEN, until=SEEN, order=Order.LATEST, blog="regatta"),
        outcome=Outcome.NOTHING_FOUND,
        confidence=0.123456,
        passages=(),
        nearest=(Shown(passage=Passage(version=version(), start=0, end=27), highlights=(), lead=None, score=1.0),),
        index=IndexState(blogs=1, entries=4, passages=9, first=WHEN, last=None, updated=SEEN, snapshot="4-abcdef01"),
        elapsed_ms=12.3456,
    )
    made = objects.answer(given)
    [nearest] = made.pop("nearest")
    assert nearest["lead"] is None
    assert made == {
        "question": "Who?",
        "outcome": "nothing_found",
        "confidence": 0.1235,
        "interpreted": {
            "since": "2031-06-14T11:30:00+01:00",
            "until": "2031-06-15T00:00:00+00:00",
            "as_of": None,
            "order": "latest",
            "blog": "regatta",
        },
        "passages": [],
        "index": {
            "blogs": 1,
            "entries": 4,
            "passages": 9,
            "first": "2031-06-14T11:30:00+01:00",
            "last": None,
            "updated": "2031-06-15T00:00:00+00:00",
            "snapshot": "4-abcdef01",
        },
        "elapsed_ms": 12.3,
    }


def test_an_entry_with_its_versions() -> None:
    old, new = version(current=False), version(number=2, text="The schooner lost both masts.")
    assert objects.entry([old, new]) == {
        "entry": "regatta/2031-06-14T10:30Z-1",
        "blog": "regatta",
        "time": "2031-06-14T11:30:00+01:00",
        "title": "Mast breaks",
        "url": "https://news.example/regatta",
        "status": "live",
        "versions": [
            {
                "number": 1,
                "title": "Mast breaks",
                "text": TEXT,
                "sha256": digest(TEXT),
                "edited": None,
                "seen": "2031-06-15T00:00:00+00:00",
            },
            {
                "number": 2,
                "title": "Mast breaks",
                "text": "The schooner lost both masts.",
                "sha256": digest("The schooner lost both masts."),
                "edited": "2031-06-15T00:00:00+00:00",
                "seen": "2031-06-15T00:00:00+00:00",
            },
        ],
    }


def test_a_report_of_a_refused_source() -> None:
    refused = SourceReport(
        source="x.txt", blog=None, format=None, refused=(Refusal(entry="x.txt", reason="x.txt is empty"),)
    )
    done = Report(sources=(refused,), skipped=("y.txt",), indexed=None, seconds=1.23456)
    assert objects.report(done) == {
        "sources": [
            {
                "source": "x.txt",
                "blog": None,
                "format": None,
                "entries": 0,
                "added": 0,
                "edited": 0,
                "deleted": 0,
                "unchanged": 0,
                "refused": [{"entry": "x.txt", "reason": "x.txt is empty"}],
            }
        ],
        "skipped": ["y.txt"],
        "passages_embedded": 0,
        "passages_reused": 0,
        "seconds": 1.235,
    }


def test_the_state_of_an_empty_archive(make_archive: Callable[..., Archive]) -> None:
    found = objects.state(make_archive().state())
    assert found.pop("bytes") > 0
    assert found == {"blogs": [], "entries": 0, "passages": 0, "snapshot": None, "model": None}


def test_the_state_of_an_archive(sample_archive: Archive, tmp_path: Path) -> None:
    found = objects.state(sample_archive.state())
    [blog] = found["blogs"]
    assert blog["id"] == "river-wend-flood-2031-02-03"
    assert (blog["format"], blog["timezone"], blog["language"], blog["visibility"]) == (
        "scrape",
        "Europe/London",
        "en",
        "public",
    )
    assert (blog["first"], blog["last"]) == ("2031-02-03T16:12:00+00:00", "2031-02-04T10:30:00+00:00")
    assert blog["entries"] == blog["versions"] == found["entries"] >= 25
    assert found["model"] == "all-MiniLM-L6-v2"
    assert found["bytes"] == sum(path.stat().st_size for path in sample_archive.home.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    "text", ["plain", "“curly” 10°", "\x1b[31m\x9b31m\x7f", "a\u2028b\u2029c\u0085d", "\ud83d", "🛶", "\r\n"]
)
def test_an_object_is_one_line_and_steers_no_terminal(text: str) -> None:
    line = json_line({"text": text})
    assert json.loads(line) == {"text": text}
    assert line.splitlines() == [line]
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in line)
