"""Take-downs carried from one archive into another: known by the id, else by the words, and carried once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from retrieval.carrying import Carried, carry, is_key_of, withheld
from retrieval.database import engine_for
from retrieval.model import Listing, ReadBlog, ReadEntry, SourceOptions, Status
from retrieval.rows import Source
from retrieval.store import Store
from retrieval.tombstones import KEY_FILE, Marker
from tests.test_withholding import NOW

LATER = NOW + timedelta(days=1)
WORDS = "Zebedee Quillfeather was questioned about the sluice gate for nine hours."
Text = tuple[str, str]
Make = Callable[..., Store]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make an archive of record in which a blog's entries (id, text) are read one set after the other."""
    made: list[Store] = []

    def make(name: str, *readings: tuple[Text, ...], blog: str = "flood") -> Store:
        (tmp_path / name).mkdir(exist_ok=True)
        store = Store.open(tmp_path / name / "archive.db")
        made.append(store)
        for reading in readings:
            read(store, blog, *reading)
        return store

    yield make
    for store in made:
        store.close()


def read(store: Store, blog: str, *texts: Text) -> list[str]:
    """Read a blog's entries; the warnings."""
    entries = tuple(
        ReadEntry(
            id=entry,
            posted_at=datetime(2031, 2, 3, 8, minute, tzinfo=UTC),
            title=None,
            author=None,
            url=None,
            text=text,
            raw=f"<p>{text}</p>",
        )
        for minute, (entry, text) in enumerate(texts)
    )
    source = Source(locator=f"/{blog}", format="t", sha256="0", options=SourceOptions(blog=blog), read_at=NOW)
    listed = ReadBlog(format="t", id=None, title=None, url=None, timezone=None, entries=entries, listing=Listing.PART)
    done = store.record(blog_id=blog, default_title=blog, source=source, read=listed, now=NOW)
    return list(done.warnings)


@contextmanager
def writing(store: Store) -> Iterator[Connection]:
    engine = engine_for(store.path)
    with engine.execution_options(write=True).begin() as connection:
        yield connection
    engine.dispose()


def carried(before: Store, after: Store) -> Carried:
    """Carry what the one withholds into the other, which gets its key."""
    key = before.path.with_name(KEY_FILE)
    if key.exists():
        after.path.with_name(KEY_FILE).write_bytes(key.read_bytes())
    with writing(before) as connection:
        found = withheld(connection, LATER)
    with writing(after) as connection:
        marker = Marker.of(before.path.parent) if found.stones else None
        return carry(connection, found, marker, LATER)


def words(store: Store) -> list[str]:
    return [one.text for one in store.all_wordings()]


def test_a_copy_under_another_id_goes_unless_it_stands_in_the_other_archive(make: Make) -> None:
    before = make("before", (("a", WORDS), ("kept", f"{WORDS}")))
    before.take_down("flood/a", None, "court-order", "admin", NOW)
    after = make("after", (("b", WORDS), ("kept", WORDS), ("c", "The ferry does not sail.")))
    assert carried(before, after) == Carried(takedowns=1)
    assert words(after) == [WORDS, "The ferry does not sail."]
    assert sorted(one.reason for one in after.tombstones()) == ["court-order", "court-order"]
    assert after.gone([("flood/a", 1), ("flood/b", 1), ("flood/kept", 1)]).keys() == {("flood/a", 1), ("flood/b", 1)}


def test_what_was_carried_is_not_carried_again(make: Make) -> None:
    before = make("before", (("a", "Quill."), ("b", "Mild.")), (("a", "Quill."), ("b", "Milder.")))
    before.take_down("flood/a", None, "court-order", "admin", NOW)
    before.take_down("flood/b", 1, "libel", "editor", NOW)
    before.hold("flood/b", None, NOW)
    after = make("after", (("a", "Quill."), ("b", "Mild.")))
    assert carried(before, after) == Carried(takedowns=2, holds=1)
    stones = after.tombstones()
    assert [(one.reason, one.by, one.at) for one in stones] == [
        ("court-order", "admin", NOW),
        ("libel", "editor", NOW),
    ]
    assert words(after) == ["Milder."]
    assert carried(before, after) == Carried()
    assert after.tombstones() == stones
    assert carried(after, make("third", (("a", "Quill."), ("b", "Mild.")))) == Carried(takedowns=2, holds=1)


def test_every_old_version_with_the_words_goes_and_the_rest_stays(make: Make) -> None:
    before = make("before", (("a", "Quill."),), (("a", "Mild."),), (("a", "Milder."),))
    before.take_down("flood/a", 1, "libel", "admin", NOW)
    after = make("after", (("a", "First."),), (("a", "Quill."),), (("a", "Third."),), (("a", "Quill."),))
    assert carried(before, after) == Carried(takedowns=1)
    assert [one.text for one in after.versions_of("flood/a")] == ["First.", "", "Third.", "", "Milder."]
    assert after.versions_of("flood/a")[-1].current
    assert {one.version for one in after.tombstones()} == {2, 4}
    assert read(after, "flood", ("a", "Quill.")) != []
    assert words(after) == ["First.", "Third.", "Milder."]


def test_later_corrections_are_known_again_too(make: Make) -> None:
    before = make("before", (("a", WORDS),), (("a", f"{WORDS} He denies everything."),))
    before.take_down("flood/a", None, "court-order", "admin", NOW)
    after = make("after", (("a", WORDS),))
    carried(before, after)
    assert len(read(after, "copy", ("x", f"{WORDS} He denies everything."))) == 1
    assert words(after) == []


def test_of_a_blog_that_is_not_there_it_stays_known(make: Make) -> None:
    before = make("before", (("a", "Quill."), ("b", "Mild.")), (("a", "Quill."), ("b", "Milder.")), blog="late")
    before.take_down("late/a", None, "court-order", "admin", NOW)
    before.take_down("late/b", 1, "libel", "admin", NOW)
    after = make("after", (("c", "The ferry does not sail."),))
    assert carried(before, after) == Carried(takedowns=2)
    assert after.versions_of("late/b")[0].entry.status is Status.DELETED
    assert [one.blog.id for one in after.blog_states()] == ["flood"]
    assert len(read(after, "late", ("a", "Quill."), ("b", "Mild."))) == 2
    assert sorted(set(words(after))) == ["Milder.", "The ferry does not sail."]


def test_another_key_is_known_by_the_minute(make: Make) -> None:
    store = make("one", (("a", "Quill."), ("b", "Mild.")))
    store.take_down("flood/a", None, "court-order", "admin", NOW)
    with writing(store) as connection:
        assert is_key_of(connection, Marker.of(store.path.parent))
        assert not is_key_of(connection, Marker(bytes(32)))
