"""The stamp is read again when something changed it, and only then. Every text here is made up."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from retrieval import stamping
from retrieval.model import SourceOptions
from retrieval.stamping import Stamp
from retrieval.store import Store
from tests.test_ingest import NOW, line, take, write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "archive.db")
    take(opened, write(tmp_path / "a.jsonl", line("1", "One.") + line("2", "Two.")), options=SourceOptions(blog="a"))
    yield opened
    opened.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Stamp]:
    """The stamps that are read from the tables from now on."""
    found: list[Stamp] = []
    read = stamping._read

    def noted(*given: object) -> object:
        one = read(*given)  # type: ignore[arg-type]
        found.append(one.stamp)
        return one

    monkeypatch.setattr(stamping, "_read", noted)
    return found


def test_it_is_read_once_as_long_as_nothing_changes(store: Store, reads: list[Stamp]) -> None:
    store._stamping.close()
    store._stamping._read = None
    assert store.stamp(NOW) == store.stamp(NOW + timedelta(days=1)) == reads[0]
    assert (reads[0].change, list(reads[0].by_id)) == (2, ["a"])
    assert len(reads) == 1
    assert (store.last_change(), list(store.blogs())) == (2, ["a"])


def test_a_change_by_this_process_or_another_is_noticed(store: Store, reads: list[Stamp], tmp_path: Path) -> None:
    before = store.stamp(NOW)
    store.hold("a/1", None, NOW)
    held = store.stamp(NOW)
    assert (held.change, held.held_entries) == (before.change + 1, frozenset({1}))
    with contextlib.closing(sqlite3.connect(tmp_path / "archive.db")) as other, other:
        other.execute("UPDATE blogs SET visibility = 'C1'")
    assert store.stamp(NOW).by_id["a"].visibility == ("C1",)
    assert len(reads) == 2


def test_a_hold_that_ends_by_itself_is_noticed(store: Store, reads: list[Stamp]) -> None:
    before = store.stamp(NOW)
    store.hold("a", NOW + timedelta(hours=1), NOW)
    assert store.stamp(NOW + timedelta(minutes=59)).held_blogs == {"a"}
    after = store.stamp(NOW + timedelta(hours=1))
    assert (after.held_blogs, after.by_id) == (frozenset(), before.by_id)
    assert store.stamp(NOW + timedelta(minutes=59)).held_blogs == {"a"}  # a clock that was set back
    assert len(reads) == 3


def test_it_goes_on_after_it_was_closed(store: Store) -> None:
    before = store.stamp(NOW)
    store._stamping.close()
    store.hold("a/2", None, NOW)
    assert store.stamp(NOW).held_entries == {2}
    assert store.stamp(NOW) != before
