"""The numbered feed of changes of real archives: it says what happened, in order. Every text here is made up."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import event

from retrieval.archive import Archive
from retrieval.feed import Change, Kind
from retrieval.index_records import HOLDS
from retrieval.model import Cause, SourceOptions
from retrieval.store import Store
from retrieval.takedown import TAKEN_DOWN_ID
from tests.test_store import LATER, NOW, entry, record
from tests.test_withholding import BLOG, LINES, quiet, write

AT = datetime(2031, 2, 4, 9, 0, tzinfo=UTC)
GAUGE, ARREST, SCHOOL = (line["id"] for line in LINES[:3])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "archive.db")
    yield opened
    opened.close()


def told(changes: list[Change]) -> list[tuple[int, str, int, str]]:
    """Number, the entry's id within its blog, version, kind."""
    return [(one.number, one.entry.partition("/")[2], one.version, one.kind) for one in changes]


def test_an_archive_s_feed_says_what_happened_in_order(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    source = write(tmp_path / "flood.ndjson", LINES[:3])
    archive = make_archive(source, options=SourceOptions(blog=BLOG))
    store = archive.store
    added = told(store.changes_after(0))
    assert added == [(1, GAUGE, 1, "published"), (2, ARREST, 1, "published"), (3, SCHOOL, 1, "published")]

    write(source, [LINES[0], {**LINES[1], "text": "Zebedee Quillfeather was released without charge."}, LINES[2]])
    archive.refresh(BLOG, AT, quiet)
    assert store.changes_after(3) == [Change(number=4, at=AT, entry=f"{BLOG}/{ARREST}", version=2, kind=Kind.EDITED)]
    write(source, [LINES[0], {**LINES[1], "text": "Zebedee Quillfeather was released without charge."}])
    archive.reindex(False, AT, lambda *_: None, accept_deletions=True)
    assert told(store.changes_after(4)) == [(5, SCHOOL, 2, "deleted")]

    archive.hold(f"{BLOG}/{GAUGE}", None, AT)
    archive.release(f"{BLOG}/{GAUGE}", AT)
    archive.hold(BLOG, "2031-02-13", AT)
    archive.release(BLOG, AT)
    assert told(store.changes_after(5)) == [
        (6, GAUGE, 1, "held"),
        (7, GAUGE, 1, "released"),
        (8, GAUGE, 1, "held"),
        (9, ARREST, 2, "held"),
        (10, SCHOOL, 1, "held"),  # deleted ones, too: their words may stand in what was posted
        (11, GAUGE, 1, "released"),
        (12, ARREST, 2, "released"),
        (13, SCHOOL, 1, "released"),
    ]

    archive.take_down(f"{BLOG}/{ARREST}", 1, "court-order", "admin", AT, quiet)
    assert told(store.changes_after(13)) == [
        (14, ARREST, 2, "held"),
        (15, ARREST, 2, "released"),
        (16, ARREST, 1, "taken_down"),
    ]
    down, _ = archive.take_down(f"{BLOG}/{ARREST}", None, "court-order", "admin", AT, quiet)
    kept = down.whole_id.partition("/")[2]
    assert kept.startswith(TAKEN_DOWN_ID)
    assert told(store.changes_after(16)) == [(17, kept, 2, "held"), (18, kept, 2, "taken_down")]


def test_an_entry_that_was_taken_down_has_its_new_id_in_all_its_changes(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    """The feed keeps nothing of an id that may be made of a name."""
    archive = make_archive(write(tmp_path / "flood.ndjson", LINES[:2]), options=SourceOptions(blog=BLOG))
    down, _ = archive.take_down(f"{BLOG}/{ARREST}", None, "court-order", "admin", AT, quiet)
    changes = archive.store.changes_after(0)
    assert [(one.entry, one.kind) for one in changes] == [
        (f"{BLOG}/{GAUGE}", "published"),
        (down.whole_id, "published"),
        (down.whole_id, "held"),
        (down.whole_id, "taken_down"),
    ]
    assert not re.search("zebedee|quillfeather", repr(changes))


def test_re_readings_revivals_and_other_times_have_kinds_of_their_own(store: Store) -> None:
    record(store, entry("One.", id_="1", raw="<p>One.</p>"), entry("Two.", id_="2"))
    record(store, entry("One!", id_="1", raw="<p>One.</p>"), entry("Two.", id_="2"), now=LATER)
    record(store, entry("One!", "18:00", id_="1", raw="<p>One.</p>"), entry("Two.", id_="2"), now=LATER)
    assert told(store.changes_after(2)) == [(3, "1", 2, "reread"), (4, "1", 2, "retimed")]
    [(_, source)] = store.sources()
    store.record_gone("flood", source, LATER)
    record(store, entry("Two.", id_="2"), now=LATER)
    *gone, revived = told(store.changes_after(4))
    assert sorted(one[1:] for one in gone) == [("1", 3, "deleted"), ("2", 2, "deleted")]
    assert revived == (7, "2", 3, "revived")


def test_every_kind_is_named() -> None:
    """Whatever makes a version, and what touches no wording."""
    assert set(Kind) == {*Cause, *HOLDS, "retimed"}


def test_from_a_cursor_only_what_is_newer_is_read(store: Store) -> None:
    record(store, *(entry(f"Number {number}.", id_=str(number)) for number in range(1, 8)))
    assert told(store.changes_after(5)) == [(6, "6", 1, "published"), (7, "7", 1, "published")]
    assert store.changes_after(7) == store.changes_after(99) == []
    assert [one.number for one in store.changes_after(-3)] == [1, 2, 3, 4, 5, 6, 7]
    record(store, entry("Number 7.", id_="7"), entry("Number 8.", id_="8"), now=LATER)
    assert store.changes_after(7) == [Change(number=8, at=LATER, entry="flood/8", version=1, kind=Kind.PUBLISHED)]
    assert store.last_change() == 8


def test_it_is_read_in_portions(store: Store) -> None:
    record(store, *(entry(f"Number {number}.", id_=str(number)) for number in range(1, 8)))
    cursor, portions = 0, []
    while portion := store.changes_after(cursor, limit=3):
        portions.append([one.number for one in portion])
        cursor = portion[-1].number
    assert portions == [[1, 2, 3], [4, 5, 6], [7]]
    for limit in (0, -1):
        with pytest.raises(ValueError, match="1 is the least"):
            store.changes_after(0, limit=limit)


def test_times_are_utc_and_an_empty_archive_has_no_change(store: Store) -> None:
    assert store.changes_after(0) == []
    record(store, entry("One.", id_="1"), now=NOW.astimezone().replace(microsecond=7))
    [change] = store.changes_after(0)
    assert (change.at.isoformat(), change.at.tzinfo) == ("2031-02-04T00:00:00.000007+00:00", UTC)


def test_it_is_looked_up_by_key_alone(store: Store) -> None:
    """Asked for every second, it must not read the whole table."""
    asked: list[tuple[str, object]] = []
    record(store, entry("One.", id_="1"))
    event.listen(store._engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    store.changes_after(0)
    statement, values = next(one for one in asked if one[0].startswith("SELECT"))
    with store._reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [row[3] for row in plan]
    assert len(steps) == 2
    assert all(step.startswith("SEARCH") and "INTEGER PRIMARY KEY" in step for step in steps)


def test_it_holds_entries_of_several_blogs(store: Store) -> None:
    """An entry's own id may hold a slash; the whole id is split at the first one."""
    one = entry("One.", id_="a/b")
    record(store, one, locator="/one.txt")
    record(store, one, blog="other", locator="/other.txt")
    assert [one.entry for one in store.changes_after(0)] == ["flood/a/b", "other/a/b"]
