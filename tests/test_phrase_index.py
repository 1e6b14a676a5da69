"""The index of phrases: it keeps up with the archive, finds words in a row, and forgets what was taken down."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from retrieval.looking import Sight
from retrieval.model import Filter
from retrieval.store import Store
from tests.quoting import NOW, checked, published
from tests.test_database import first_archive

SAID = "Zebedee Quillfeather shut the sluice at dusk."


def words_of(path: Path) -> set[str]:
    """The index's own list of words."""
    with contextlib.closing(sqlite3.connect(path)) as bare:
        bare.execute("CREATE VIRTUAL TABLE temp.listed USING fts5vocab(main, phrases, row)")
        return {word for (word,) in bare.execute("SELECT term FROM listed")}


def keys(store: Store, *phrases: str, limit: int = 10, **sight: frozenset[str] | frozenset[int]) -> list[int]:
    with store.looking(Sight(now=NOW, **sight)) as looking:  # type: ignore[arg-type]
        return looking.holding([phrase.split() for phrase in phrases], limit)


def test_words_in_a_row_are_found_in_texts_and_titles(tmp_path: Path) -> None:
    store = published(tmp_path, SAID, "The sluice was shut.", "Nothing.", titles={2: "At dusk: the sluice"})
    assert keys(store, "the sluice") == [1, 2, 3]
    assert keys(store, "sluice the") == []
    assert keys(store, "the sluice", "dusk") == [1, 3]
    assert keys(store, "the sluice", limit=2) == [1, 2]
    assert keys(store, "dusk the sluice") == [3]
    assert keys(store, "the sluice", versions=frozenset({2, 3})) == [2, 3]
    assert keys(store, "the sluice", blogs=frozenset({"other"})) == []
    store.close()


def test_every_version_is_there_and_none_twice(tmp_path: Path) -> None:
    published(tmp_path, SAID).close()
    published(tmp_path, SAID.replace("dusk", "dawn"), now=NOW + timedelta(hours=1)).close()
    store = published(tmp_path, SAID.replace("dusk", "dawn"), now=NOW + timedelta(hours=2))
    assert keys(store, "sluice at dusk") == [1]
    assert keys(store, "sluice at dawn") == [2]
    store.close()


@pytest.mark.parametrize("version", [None, 1])
def test_no_word_of_what_was_taken_down_is_left(tmp_path: Path, version: int | None) -> None:
    published(tmp_path, SAID, "The ferry sails.", titles={0: "Inkersole asks"}).close()
    store = published(tmp_path, "A man shut the gate.", "The ferry sails.", now=NOW + timedelta(hours=1))
    assert {"zebedee", "quillfeather", "inkersole", "ferry"} <= words_of(store.path)
    store.take_down("flood/0", version, "court-order", "admin", NOW)
    assert store.finish_erasing([one.key for one in store.tombstones()], NOW, 5)
    left = words_of(store.path)
    assert {"ferry", "sails"} <= left
    assert {"zebedee", "quillfeather", "inkersole", "dusk"}.isdisjoint(left)
    assert ("gate" in left) is (version == 1)
    assert not [word for word in (b"quillfeather", b"inkersole") if word in store.path.read_bytes().lower()]
    assert checked(store, SAID).verdict.value == "not_found"
    store.close()


def test_a_deleted_entry_is_found_and_does_not_pass(tmp_path: Path) -> None:
    store = published(tmp_path, SAID)
    store.record_gone("flood", store.sources()[0][1], NOW)
    found = checked(store, SAID)
    assert (found.verdict.value, found.passes) == ("exact", False)
    assert found.matches[0].version.current is False
    store.close()


def test_an_older_archive_is_filled_when_it_is_migrated(tmp_path: Path) -> None:
    first_archive(tmp_path / "archive.db")
    store = Store.open(tmp_path / "archive.db")
    assert keys(store, "text 17") == [17]
    assert len(words_of(store.path)) == 301
    assert store.coverage(Filter()).entries == 300
    store.close()
