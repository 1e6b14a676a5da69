"""What the index asks of the archive of record. Every text here is made up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from retrieval import schema
from retrieval.clock import microseconds
from retrieval.database import empty_log
from retrieval.index_records import KeptEncoding, KeptPassage
from retrieval.model import SourceOptions
from retrieval.store import Store
from retrieval.tombstones import lay
from tests.test_ingest import NOW, line, take, write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Versions 1 and 5 of entry 1, 2 of entry 2, 3 of entry 3, 4 of entry 1 of another blog."""
    opened = Store.open(tmp_path / "archive.db")
    rows = line("1", "One.") + line("2", "Two.") + line("3", "Three.")
    take(opened, write(tmp_path / "flood.jsonl", rows), options=SourceOptions(blog="flood"))
    take(opened, write(tmp_path / "other.jsonl", line("1", "Other.")), options=SourceOptions(blog="other"))
    take(
        opened,
        write(tmp_path / "flood.jsonl", line("1", "Uno.") + line("2", "Two.") + line("3", "Three.")),
        options=SourceOptions(blog="flood"),
    )
    yield opened
    opened.close()


def said(store: Store, entry: int, **values: object) -> None:
    with store._writing() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.key == entry).values(**values))


def test_all_versions_of_what_changed_are_stale(store: Store) -> None:
    assert store.last_change() == 5
    assert store.stale_versions(5) == store.stale_versions(99) == frozenset()
    assert store.stale_versions(4) == {1, 5}
    assert store.stale_versions(3) == {1, 4, 5}
    assert store.stale_versions(0) == {1, 2, 3, 4, 5}
    with store._writing() as connection:
        connection.execute(insert(schema.changes).values(at=0, entry=2, version=1, kind="retimed"))
    assert store.stale_versions(5) == {2}


def test_what_is_held_back_until_then(store: Store) -> None:
    assert store.held_versions(NOW) == frozenset()
    said(store, 1, held_until=microseconds(NOW))
    assert store.held_versions(NOW) == frozenset()
    assert store.held_versions(NOW - timedelta(microseconds=1)) == {1, 5}
    said(store, 2, held_until=schema.HELD_FOREVER)
    assert store.held_versions(NOW + timedelta(days=9999)) == {2}
    with store._writing() as connection:
        connection.execute(
            update(schema.blogs).where(schema.blogs.c.id == "other").values(held_until=schema.HELD_FOREVER)
        )
    assert store.held_versions(NOW) == {2, 4}


def test_the_stamp_is_the_same_as_long_as_the_archive_is(store: Store) -> None:
    before = store.stamp(NOW)
    assert before == store.stamp(NOW) == store.stamp(NOW + timedelta(days=1))
    assert (before.change, sorted(before.by_id)) == (5, ["flood", "other"])
    said(store, 1, held_until=microseconds(NOW) + 1)
    assert store.stamp(NOW).held_entries == {1}
    assert store.stamp(NOW + timedelta(seconds=1)) == before  # over by itself, without a change
    with store._writing() as connection:
        connection.execute(
            update(schema.blogs).where(schema.blogs.c.id == "other").values(held_until=schema.HELD_FOREVER)
        )
    assert store.stamp(NOW + timedelta(seconds=1)).held_blogs == {"other"}
    with store._writing() as connection:
        connection.execute(
            update(schema.blogs).where(schema.blogs.c.id == "other").values(held_until=None, visibility="C1")
        )
    after = store.stamp(NOW + timedelta(seconds=1))
    assert (after == before, after.by_id["other"].visibility) == (False, ("C1",))


def test_what_was_taken_down(store: Store) -> None:
    assert store.erased_versions() == frozenset()
    with store._writing() as connection:
        for entry, version in ((1, 2), (4, None)):
            lay(connection, entry=entry, version=version, reason="r", by="b", now=NOW, marks=[b"mark"])
        connection.execute(update(schema.versions).where(schema.versions.c.key == 5).values(cause="taken_down"))
    assert store.erased_versions() == {5}
    said(store, 4, status="taken_down")
    assert store.erased_versions() == {4, 5}


def test_the_times_of_those_that_are_live(store: Store) -> None:
    assert store.posted_of_live([1, 2, 4, 99]).keys() == {2, 4}
    assert store.posted_of_live([]) == {}
    said(store, 2, status="deleted")
    said(store, 1, posted=77)
    assert store.posted_of_live(range(1, 6)) == {5: 77, **store.posted_of_live([3, 4])}
    assert store.posted_of_live([2]) == {}


def test_passages_are_kept_by_model_and_replaced(store: Store) -> None:
    one = KeptPassage(start=0, end=2, stretch=0, digest=b"a")
    two = KeptPassage(start=2, end=4, stretch=0, digest=b"a")
    three = KeptPassage(start=1, end=3, stretch=1, digest=b"c")
    assert [version.key for version in store.every_version()] == [1, 2, 3, 4, 5]
    assert [version.key for version in store.versions_without_passages("m")] == [1, 2, 3, 4, 5]
    store.keep_passages("m", {1: [two, one], 2: [one]})
    assert store.passages_of("m", [1, 2, 3]) == {1: [one, two], 2: [one]}
    assert store.passages_of("other", [1, 2, 3]) == {}
    assert [version.key for version in store.versions_without_passages("m")] == [3, 4, 5]
    assert [version.key for version in store.versions_without_passages("m", 2)] == [3, 4, 5]
    assert [version.key for version in store.versions_without_passages("m", 4)] == [5]
    assert list(store.versions_without_passages("m", 5)) == []
    store.keep_passages("m", {1: [three]})
    assert store.passages_of("m", [1]) == {1: [three]}
    store.keep_passages("m", {1: []})
    assert store.passages_of("m", [1, 2]) == {2: [one]}


def test_the_log_can_be_cut_while_every_version_is_read(store: Store) -> None:
    reading = store.every_version()
    first = next(reading)
    store.keep_passages("m", {first.key: [KeptPassage(start=0, end=2, stretch=0, digest=b"a")]})
    assert empty_log(store.path, 0)
    assert [version.key for version in reading] == [2, 3, 4, 5]


def test_encodings_are_kept_by_model_and_never_replaced(store: Store) -> None:
    made = {
        digest: KeptEncoding(vectors=digest * 8, tokens=digest * 3, owners=b"") for digest in (b"a", b"b", b"\0\xff")
    }
    store.keep_encodings("m", made)
    store.keep_encodings("m", {b"a": KeptEncoding(vectors=b"", tokens=b"", owners=b"")})
    assert store.encodings("m", [*made, b"none"]) == made
    assert store.encodings("m", [b"b"]) == {b"b": made[b"b"]}
    assert store.encoded("m", [b"a", b"none"]) == {b"a"}
    assert (store.encoded("other", made), store.encodings("other", made)) == (frozenset(), {})
    assert (store.encoded("m", []), store.encodings("m", [])) == (frozenset(), {})
