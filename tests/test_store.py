"""The archive of record, on real files."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from retrieval import schema
from retrieval.errors import SourceRefused
from retrieval.index_records import KeptEncoding
from retrieval.model import Cause, Filter, ReadBlog, ReadEntry, SourceOptions, Status
from retrieval.recording import Recorded
from retrieval.rows import Source, current_versions, within_in_order
from retrieval.store import Store

NOW = datetime(2031, 2, 4, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "archive.db")
    yield opened
    opened.close()


def entry(
    text: str, at: str = "17:00", id_: str | None = None, raw: str | None = None, title: str | None = None
) -> ReadEntry:
    return ReadEntry(
        id=id_,
        posted_at=datetime.fromisoformat(f"2031-02-03T{at}:00+01:00"),
        title=title,
        author=None,
        url=None,
        text=text,
        raw=text if raw is None else raw,
    )


def record(
    store: Store,
    *entries: ReadEntry,
    blog: str = "flood",
    locator: str = "/flood.txt",
    zone: str | None = "Europe/Paris",
    options: SourceOptions | None = None,
    now: datetime = NOW,
    may_retime: bool = True,
) -> Recorded:
    return store.record(
        blog_id=blog,
        default_title="Flood",
        source=Source(
            locator=locator, format="scrape", sha256="0" * 64, options=options or SourceOptions(), read_at=now
        ),
        read=ReadBlog(format="scrape", id=None, title=None, url=None, timezone=zone, entries=entries),
        now=now,
        may_retime=may_retime,
    )


def feed(store: Store) -> list[tuple[int, str, int, str]]:
    """The feed of changes: number, entry's id, version, kind."""
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        return list(
            connection.execute(
                "SELECT number, id, version, kind FROM changes JOIN entries ON key = entry ORDER BY number"
            )
        )


def dump(path: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


# ------------------------------------------------------------------------------------------ versions


def test_what_is_recorded_comes_back_character_for_character(store: Store) -> None:
    text = "“Quay”\n\0 e\u0301 \u202e🌊 '; DROP TABLE entries --\r\n\u2028"
    made = replace(
        entry(text, title="Title 🌊", raw="<p>"),
        author="Dora Finch",
        url="https://news.example/#1",
        edited_at=datetime(2031, 2, 3, 17, 30, tzinfo=UTC),
    )
    assert record(store, made) == Recorded(blog="flood", added=1, edited=0, unchanged=0)
    (version,) = store.versions_of("flood/2031-02-03T16:00Z-1")
    assert (version.text, version.title, version.author) == (text, "Title 🌊", "Dora Finch")
    assert version.sha256 == hashlib.sha256(text.encode()).hexdigest()
    assert (version.number, version.cause, version.current) == (1, Cause.PUBLISHED, True)
    assert version.entry.whole_id == "flood/2031-02-03T16:00Z-1"
    assert (version.entry.url, version.entry.status) == ("https://news.example/#1", Status.LIVE)
    assert version.entry.posted_at.isoformat() == "2031-02-03T17:00:00+01:00"
    assert str(version.edited_at) == "2031-02-03 18:30:00+01:00"
    assert version.seen_at == NOW
    assert version.entry.blog.title == "Flood"


def test_the_same_document_twice_changes_nothing(store: Store) -> None:
    entries = entry("One."), entry("Two."), entry("Three.", "18:00", title="T")
    assert record(store, *entries).added == 3
    before = feed(store)
    assert record(store, *entries, now=LATER) == Recorded(blog="flood", added=0, edited=0, unchanged=3)
    assert feed(store) == before
    assert [one[0] for one in before] == [1, 2, 3]
    assert store.last_change() == 3


def test_an_edit_makes_version_two_and_the_first_stays(store: Store) -> None:
    record(store, entry("The river rose by two feet."), entry("Other.", "18:00"))
    edited = record(store, entry("The river rose by ten feet."), entry("Other.", "18:00"), now=LATER)
    assert edited == Recorded(blog="flood", added=0, edited=1, unchanged=1)
    first, second = store.versions_of("flood/2031-02-03T16:00Z-1")
    assert (first.number, first.text, first.cause, first.current) == (
        1,
        "The river rose by two feet.",
        Cause.PUBLISHED,
        False,
    )
    assert (second.number, second.text, second.cause, second.current) == (
        2,
        "The river rose by ten feet.",
        Cause.EDITED,
        True,
    )
    assert (first.seen_at, second.seen_at) == (NOW, LATER)
    assert [one.text for one in store.live_versions()] == ["The river rose by ten feet.", "Other."]
    assert feed(store)[2:] == [(3, "2031-02-03T16:00Z-1", 2, "edited")]


ONE = entry("One.", id_="a", raw="new")


@pytest.mark.parametrize(
    "changed", [replace(ONE, title="New"), replace(ONE, author="Dora Finch"), replace(ONE, text="One. And more.")]
)
def test_a_changed_title_author_or_text_is_an_edit(store: Store, changed: ReadEntry) -> None:
    record(store, entry("One.", id_="a"))
    assert record(store, changed).edited == 1
    second = store.versions_of("flood/a")[1]
    assert (second.title, second.author, second.text) == (changed.title, changed.author, changed.text)
    assert second.cause is Cause.EDITED


def test_unchanged_markup_that_is_read_otherwise_is_a_re_reading_and_no_edit(store: Store) -> None:
    record(store, entry("points.About", raw="raw"))
    again = record(store, entry("points.\nAbout", raw="raw"), now=LATER)
    assert again == Recorded(blog="flood", added=0, edited=0, unchanged=1)
    first, second = store.versions_of("flood/2031-02-03T16:00Z-1")
    assert (first.number, second.number) == (1, 2)
    assert (second.cause, second.text, second.current) == (Cause.REREAD, "points.\nAbout", True)
    third = record(store, entry("points. About", raw="raw two"))
    assert third.edited == 1
    assert [one.number for one in store.versions_of("flood/2031-02-03T16:00Z-1")] == [1, 2, 3]
    assert [one[3] for one in feed(store)] == ["published", "reread", "edited"]


def test_ids_stay_when_entries_are_inserted_in_the_same_minute(store: Store) -> None:
    record(store, entry("The river rose."), entry("The gates opened."))
    record(store, entry("A new one."), entry("The river rose."), entry("Newer still."), entry("The gates opened."))
    assert {one.text: one.entry.id for one in store.live_versions()} == {
        "The river rose.": "2031-02-03T16:00Z-1",
        "The gates opened.": "2031-02-03T16:00Z-2",
        "A new one.": "2031-02-03T16:00Z-3",
        "Newer still.": "2031-02-03T16:00Z-4",
    }


def test_entries_missing_from_a_reading_are_not_deleted(store: Store) -> None:
    record(store, entry("One."), entry("Two.", "18:00"))
    record(store, entry("Two.", "18:00"))
    assert [one.text for one in store.live_versions()] == ["One.", "Two."]


def test_a_time_that_moves_moves_the_entry_and_makes_no_version(store: Store) -> None:
    # one entry besides is as it was: by an id alone, another live blog's might be taken for this one's
    other = entry("Two.", "18:00", id_="b")
    record(store, entry("One.", "17:00", id_="a"), other)
    assert record(store, entry("One.", "17:05", id_="a", raw="new"), other).edited == 1
    (version,) = store.versions_of("flood/a")
    assert version.entry.posted_at.isoformat() == "2031-02-03T17:05:00+01:00"
    assert feed(store)[1:] == [(2, "b", 1, "published"), (3, "a", 1, "retimed")]


def test_the_same_markup_given_another_day_keeps_its_entry(store: Store) -> None:
    record(store, entry("One."))
    moved = replace(entry("One."), posted_at=entry("One.").posted_at + timedelta(days=1))
    assert record(store, moved) == Recorded(blog="flood", added=0, edited=0, unchanged=1)
    (version,) = store.live_versions()
    assert version.entry.posted_at.isoformat() == "2031-02-04T17:00:00+01:00"
    assert [one[3] for one in feed(store)] == ["published", "retimed"]


def test_unless_a_time_is_said_the_same_markup_keeps_its_own(store: Store) -> None:
    record(store, entry("One."))
    before = dump(store.path)
    moved = replace(entry("One."), posted_at=entry("One.").posted_at + timedelta(days=1))
    with pytest.raises(SourceRefused) as caught:
        record(store, moved, may_retime=False)
    assert "2031-02-03T17:00:00+01:00" in caught.value.message
    assert "2031-02-04T17:00:00+01:00" in caught.value.message
    assert dump(store.path) == before


def test_an_id_is_split_at_the_first_slash(store: Store) -> None:
    record(store, entry("One.", id_="a/b"), entry("Two.", "18:00", id_="a"))
    assert [one.text for one in store.versions_of("flood/a/b")] == ["One."]
    assert [one.text for one in store.versions_of("flood/a")] == ["Two."]
    assert store.versions_of("flood") == store.versions_of("flood/") == store.versions_of("else/a") == []


# ------------------------------------------------------------------------------------------ sources


def test_a_second_source_for_a_blog_is_refused_and_changes_nothing(store: Store) -> None:
    record(store, entry("One."))
    before = dump(store.path)
    for options in (SourceOptions(), SourceOptions(blog="flood")):
        with pytest.raises(SourceRefused) as caught:
            record(store, entry("Two."), locator="/other.txt", options=options)
        assert (
            caught.value.message == "the blog flood is read from /flood.txt, and /other.txt shares no entry with it"
        )
        assert "--blog" in caught.value.hint
    assert dump(store.path) == before


def test_two_blogs_by_standard_input_are_not_taken_for_one(store: Store) -> None:
    record(store, entry("One."), locator="-")
    with pytest.raises(SourceRefused, match="shares no entry with it"):
        record(store, entry("Two."), locator="-")
    assert record(store, entry("One."), entry("Two."), locator="-").added == 1
    assert record(store, entry("Three."), locator="-", options=SourceOptions(blog="flood")).added == 1


def test_a_source_that_moved_is_accepted(store: Store) -> None:
    record(store, entry("One."), entry("Two.", "18:00"))
    moved = record(store, entry("Two.", "18:00"), entry("Three.", "19:00"), locator="/new/flood.txt")
    assert (moved.added, moved.unchanged) == (1, 1)
    assert [(blog, source.locator) for blog, source in store.sources()] == [("flood", "/new/flood.txt")]


def test_a_source_with_its_own_ids_may_move_and_change_its_markup(store: Store) -> None:
    record(store, entry("One.", id_="a", raw="{}"))
    assert record(store, entry("One!", id_="a", raw="{ }"), locator="/new").edited == 1
    with pytest.raises(SourceRefused):
        record(store, entry("One!", "18:00", id_="a", raw="{  }"), locator="/newest")


def test_what_the_admin_said_is_kept_until_something_else_is_said(store: Store) -> None:
    said = SourceOptions(
        title="The flood",
        language="cy",
        url="https://news.example/flood",
        visibility=("C01", "C02"),
        sensitive=True,
        embargo_until=NOW,
        timezone="Europe/Paris",
        date=NOW.date(),
    )
    record(store, entry("One."), options=said)
    record(store, entry("One."), options=SourceOptions(title="The great flood"))
    blog = store.blogs()["flood"]
    assert (blog.title, blog.language, blog.url) == ("The great flood", "cy", "https://news.example/flood")
    assert (blog.visibility, blog.sensitive, blog.embargo_until) == (("C01", "C02"), True, NOW)
    record(store, entry("One."), options=SourceOptions(visibility=(), sensitive=False))
    assert (store.blogs()["flood"].visibility, store.blogs()["flood"].sensitive) == ((), False)


def test_a_source_s_options_come_back(store: Store) -> None:
    said = SourceOptions(title="T", date=NOW.date(), timezone="Europe/Paris", url="https://x.example", blog="flood")
    record(store, entry("One."), options=said)
    assert store.sources()[0][1].options == said


# ------------------------------------------------------------------------------------------ reading


def test_the_first_and_last_of_many_blogs_are_found_by_their_times(store: Store) -> None:
    """And none of the entries between is looked at: of several blogs SQLite would sort them all."""
    for number in range(6):
        record(store, entry(f"{number}.", f"{12 + number}:00"), blog=f"b{number}", locator=f"/{number}.txt")
    plans: list[str] = []
    for blogs in (None, frozenset(["b1"]), frozenset(["b1", "b2", "b3"])):
        query = current_versions().where(*within_in_order(Filter(blogs=blogs))).order_by(schema.entries.c.posted)
        with store._reading() as connection:
            said = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {said}").all()
        plans.append(" | ".join(row[3] for row in rows))
    assert "entries_by_posted" in plans[0]
    assert "entries_by_time" in plans[1]
    assert "entries_by_posted" in plans[2]
    assert not any("TEMP B-TREE" in one for one in plans)


def test_filters_include_since_and_exclude_until(store: Store) -> None:
    record(store, entry("A.", "17:00"), entry("B.", "18:00"), entry("C.", "19:00"))
    record(store, entry("D.", "18:30"), blog="other", locator="/other.txt")

    def texts(wanted: Filter, *, latest: bool = False, limit: int = 9) -> str:
        return "".join(one.text for one in store.entries_in_order(wanted, limit, latest=latest))

    six, seven = (datetime.fromisoformat(f"2031-02-03T{hour}:00+01:00") for hour in ("18:00", "19:00"))
    assert texts(Filter()) == "A.B.D.C."
    assert texts(Filter(), latest=True) == "C.D.B.A."
    assert texts(Filter(), limit=2) == "A.B."
    assert texts(Filter(since=six, until=seven)) == "B.D."
    assert texts(Filter(since=six, blogs=frozenset(["flood"]))) == "B.C."
    both = frozenset(["flood", "other"])
    assert texts(Filter(blogs=both)) == "A.B.D.C."
    assert texts(Filter(blogs=both, until=seven), latest=True, limit=2) == "D.B."
    assert texts(Filter(blogs=frozenset())) == ""
    assert store.is_anything(Filter(since=six, until=seven, blogs=both))
    assert not store.is_anything(Filter(since=six, until=seven, blogs=frozenset(["another"])))
    store.hold("other", None, NOW)
    assert not store.is_anything(Filter(blogs=frozenset(["other"])))
    store.release("other", NOW)
    assert [f"{one:%H:%M}" for one in store.times(Filter(since=six))] == ["18:00", "18:30", "19:00"]
    covered = store.coverage(Filter(until=seven))
    assert (covered.blogs, covered.entries) == (2, 3)
    assert str(covered.first) == "2031-02-03 17:00:00+01:00"
    assert str(covered.last) == "2031-02-03 18:30:00+01:00"
    nothing = store.coverage(Filter(blogs=frozenset()))
    assert (nothing.blogs, nothing.entries, nothing.first, nothing.last) == (0, 0, None, None)


def test_without_a_zone_a_time_keeps_the_offset_it_was_printed_with(store: Store) -> None:
    other = replace(entry("B.", id_="b"), posted_at=datetime.fromisoformat("2031-02-03T12:00:00-05:00"))
    record(store, entry("A.", id_="a"), other, zone=None)
    assert [one.entry.posted_at.isoformat() for one in store.live_versions()] == [
        "2031-02-03T17:00:00+01:00",
        "2031-02-03T12:00:00-05:00",
    ]


def test_the_state_of_each_blog(store: Store) -> None:
    record(store, entry("The river rose."), entry("B.", "18:00"))
    record(store, entry("The river rose. So."), entry("B.", "18:00"), now=LATER)
    record(store, entry("D."), blog="another", locator="/other.txt")
    another, flood = store.blog_states()
    assert (another.blog.id, another.entries, another.versions) == ("another", 1, 1)
    assert (flood.blog.id, flood.entries, flood.versions) == ("flood", 2, 3)
    assert (str(flood.first), str(flood.last)) == ("2031-02-03 17:00:00+01:00", "2031-02-03 18:00:00+01:00")
    assert flood.updated == LATER


def test_an_empty_archive_says_so(store: Store) -> None:
    assert (store.last_change(), store.blogs(), store.sources(), store.blog_states()) == (0, {}, [], [])
    assert list(store.live_versions()) == []


def test_versions_and_encodings_by_the_thousand(store: Store) -> None:
    record(store, *(entry(f"Number {number}.", id_=str(number)) for number in range(1_200)))
    keys = {one.key: one.text for one in store.live_versions()}
    assert {key: one.text for key, one in store.versions(keys).items()} == keys
    made = {
        f"{number:032}".encode(): KeptEncoding(vectors=bytes([number % 251] * 8), tokens=b"t", owners=b"o")
        for number in range(1_200)
    }
    store.keep_encodings("model", made)
    assert store.encodings("model", [*made, b"unknown"]) == made
    assert store.encoded("model", [*made, b"unknown"]) == frozenset(made)


# ------------------------------------------------------------------------------------------ crashes

_KILLED = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from retrieval import appending as module
from retrieval.store import Store
from tests.test_store import entry, record

store = Store.open(Path(sys.argv[1]))
kept, left = module._append, [2]

def append(*arguments):
    kept(*arguments)
    left[0] -= 1
    if not left[0]:
        os._exit(9)

module._append = append
many = [entry(f"Number {number}.", id_=str(number)) for number in range(1_200)]
record(store, *many, blog="second", locator="/second")
"""


def test_killed_in_the_middle_of_a_write_the_archive_opens_and_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    store = Store.open(path)
    record(store, entry("One."))
    store.close()
    before = dump(path)
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(path)], cwd=Path(__file__).parents[1], check=False)
    assert killed.returncode == 9
    store = Store.open(path)
    assert [one.text for one in store.live_versions()] == ["One."]
    assert dump(path) == before
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert list(connection.execute("PRAGMA integrity_check")) == [("ok",)]
    entries = [entry(f"Number {number}.", id_=str(number)) for number in range(5)]
    assert record(store, *entries, blog="second", locator="/second").added == 5
    store.close()
