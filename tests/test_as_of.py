"""Questions as of a past moment: the wordings of then, and what is not held of them. Every text here is made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from retrieval import schema
from retrieval.archive import Archive
from retrieval.clock import microseconds
from retrieval.embedding import Embedder
from retrieval.manifest import read_manifest
from retrieval.model import Answer, Cause, Outcome, SourceOptions, digest
from retrieval.store import Store

DAY = datetime(2031, 2, 3, tzinfo=UTC)
BRIDGE = "When will the Quillhaven bridge close?"


def at(hour: int, minute: int = 0) -> datetime:
    return DAY + timedelta(hours=hour, minutes=minute)


ENTRIES = {
    "bridge": (at(10), "The Quillhaven bridge will close at noon."),
    "ferry": (at(11), "The ferry Petrel rammed the jetty at Cold Quay."),
    "pump": (at(14), "A second pump has reached the meadow."),
}


@pytest.fixture
def archive(tmp_path: Path, embedder: Embedder) -> Iterator[Archive]:
    opened = Archive.open(tmp_path / "home", embedder.name, lambda: embedder)
    rows = [{"id": one, "time": when.isoformat(), "text": text} for one, (when, text) in ENTRIES.items()]
    source = tmp_path / "flood.ndjson"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    opened.add([str(source)], SourceOptions(blog="flood", timezone="UTC"), at(16), lambda *_: None)
    yield opened
    opened.close()


def append(
    store: Store, entry: str, cause: Cause, text: str, *, edited: datetime | None = None, seen: datetime | None = None
) -> None:
    """A version as recording makes it: the next number, a change in the feed, the entry's status. Seen at its edit,
    if nothing else is said."""
    seen = seen or edited or DAY
    entries, versions = schema.entries.c, schema.versions.c
    with store._writing() as connection:
        key = connection.execute(select(entries.key).where(entries.id == entry)).scalar_one()
        numbers = connection.execute(select(versions.number).where(versions.entry == key)).scalars().all()
        number = max(numbers) + 1
        connection.execute(
            insert(schema.versions).values(
                entry=key,
                number=number,
                text=text,
                sha256=digest(text),
                raw=text,
                edited=None if edited is None else microseconds(edited),
                seen=microseconds(seen),
                cause=cause,
            )
        )
        said = {"current": number, "status": "live"} if text else {"status": "deleted"}
        connection.execute(update(schema.entries).where(entries.key == key).values(**said))
        connection.execute(
            insert(schema.changes).values(at=microseconds(seen), entry=key, version=number, kind=cause)
        )


def edited_before_seen(store: Store, entry: str, edited: datetime) -> None:
    """The first version of an entry was an edit already when it was first seen."""
    entries, versions = schema.entries.c, schema.versions.c
    with store._writing() as connection:
        key = select(entries.key).where(entries.id == entry).scalar_subquery()
        connection.execute(update(schema.versions).where(versions.entry == key).values(edited=microseconds(edited)))


def reindex(archive: Archive, full: bool = False) -> None:
    archive._index(at(23), lambda *_: None, full=full)


def best(answer: Answer) -> tuple[str, int, bool] | None:
    """Entry, version and whether it is current, of what is shown first."""
    found = (*answer.passages, *answer.nearest)
    if not found:
        return None
    version = found[0].passage.version
    return version.entry.id, version.number, version.current


def entries(answer: Answer) -> set[tuple[str, int]]:
    found = (*answer.passages, *answer.nearest)
    return {(one.passage.version.entry.id, one.passage.version.number) for one in found}


def test_an_edit_is_answered_as_it_stood(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", edited=at(12))
    reindex(archive)
    for indexed_again in (False, True):
        before = archive.ask(BRIDGE, as_of=at(11, 59))
        assert (before.outcome, best(before)) == (Outcome.ANSWERED, ("bridge", 1, False))
        assert before.passages[0].passage.text == "The Quillhaven bridge will close at noon."
        assert (before.question.as_of, before.unheld) == (at(11, 59), 0)
        after = archive.ask(BRIDGE, as_of=at(12))
        assert best(after) == ("bridge", 2, True)
        assert after.passages[0].passage.text == "The Quillhaven bridge will close at dusk."
        now = archive.ask(BRIDGE)
        assert (best(now), now.unheld, now.question.as_of) == (("bridge", 2, True), 0, None)
        if not indexed_again:
            reindex(archive, full=True)


def test_what_was_not_yet_posted_does_not_exist(archive: Archive) -> None:
    assert entries(archive.ask("What is the capital of Mongolia?", as_of=at(13))) == {("bridge", 1), ("ferry", 1)}
    assert entries(archive.ask("What is the capital of Mongolia?", as_of=at(10))) == {("bridge", 1)}
    early = archive.ask(BRIDGE, as_of=at(9, 59))
    assert (early.outcome, entries(early), early.unheld) == (Outcome.NOTHING_IN_RANGE, set(), 0)
    assert (early.index.entries, early.index.last) == (3, at(14))


def test_first_and_latest_and_a_minute_as_of_then(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.DELETED, "", seen=at(17))
    append(archive.store, "pump", Cause.EDITED, "A third pump.", seen=at(18))
    reindex(archive)
    assert best(archive.ask("What is the latest entry?", as_of=at(13))) == ("ferry", 1, True)
    assert best(archive.ask("What is the latest entry?", as_of=at(15))) == ("pump", 1, False)
    assert best(archive.ask("What is the latest entry?")) == ("pump", 2, True)
    assert best(archive.ask("What was the first entry?", as_of=at(15))) == ("bridge", 1, False)
    assert best(archive.ask("What was the first entry?", as_of=at(17))) == ("ferry", 1, True)
    assert best(archive.ask("What was the first entry?")) == ("ferry", 1, True)
    assert best(archive.ask("What was posted at 2pm?", as_of=at(15))) == ("pump", 1, False)
    assert best(archive.ask("What was posted at 10am?", as_of=at(15))) == ("bridge", 1, False)
    assert archive.ask("What was posted at 10am?", as_of=at(17)).outcome is Outcome.NOTHING_IN_RANGE
    assert archive.ask("What was posted at 2pm?", as_of=at(13)).outcome is Outcome.NOTHING_IN_RANGE


def test_a_deletion_and_a_revival(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.DELETED, "", seen=at(17))
    reindex(archive)
    assert best(archive.ask(BRIDGE, as_of=at(16, 59))) == ("bridge", 1, False)
    for gone in (archive.ask(BRIDGE, as_of=at(17)), archive.ask(BRIDGE)):
        assert "bridge" not in {one for one, _ in entries(gone)}
        assert gone.unheld == 0
    append(archive.store, "bridge", Cause.REVIVED, "The Quillhaven bridge will close at noon.", seen=at(19))
    reindex(archive)
    assert best(archive.ask(BRIDGE, as_of=at(16, 59))) == ("bridge", 1, False)
    assert "bridge" not in {one for one, _ in entries(archive.ask(BRIDGE, as_of=at(18)))}
    assert best(archive.ask(BRIDGE, as_of=at(19))) == ("bridge", 3, True)
    assert best(archive.ask(BRIDGE)) == ("bridge", 3, True)


def test_a_re_reading_is_what_was_published_all_along(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.REREAD, "The Quillhaven bridge will close at noon!", seen=at(17))
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", seen=at(18))
    append(archive.store, "bridge", Cause.REREAD, "The Quillhaven bridge will close at dusk!", seen=at(20))
    reindex(archive)
    for moment, number in ((at(10), 2), (at(17), 2), (at(17, 59), 2), (at(18), 4), (at(21), 4)):
        assert best(archive.ask(BRIDGE, as_of=moment)) == ("bridge", number, number == 4)


def test_a_wording_that_is_not_held_is_counted(archive: Archive) -> None:
    edited_before_seen(archive.store, "bridge", at(12))
    then = archive.ask(BRIDGE, as_of=at(11, 30))
    assert entries(then) == {("ferry", 1)}
    assert then.unheld == 1
    assert archive.ask(BRIDGE, as_of=at(12)).unheld == 0
    assert archive.ask(BRIDGE, as_of=at(11, 30), since=at(11)).unheld == 0
    assert archive.ask(BRIDGE, as_of=at(11, 30), until=at(11)).unheld == 1
    alone = archive.ask(BRIDGE, as_of=at(10, 30))
    assert (alone.outcome, alone.unheld) == (Outcome.NOTHING_IN_RANGE, 1)
    assert archive.ask("What is the latest entry?", as_of=at(11, 30)).unheld == 1
    assert archive.ask(BRIDGE).unheld == 0


def test_held_and_taken_down_entries_are_hidden_then_too(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", edited=at(12))
    reindex(archive)

    def said(**values: object) -> None:
        with archive.store._writing() as connection:
            connection.execute(update(schema.entries).where(schema.entries.c.id == "bridge").values(**values))

    said(held_until=schema.HELD_FOREVER)
    for moment in (at(11, 30), at(13)):
        answer = archive.ask(BRIDGE, as_of=moment)
        assert (entries(answer), answer.unheld) == ({("ferry", 1)}, 0)
    assert "bridge" not in {one for one, _ in entries(archive.ask(BRIDGE))}
    said(held_until=None)
    assert best(archive.ask(BRIDGE, as_of=at(11, 30))) == ("bridge", 1, False)
    said(status="taken_down")
    with archive.store._writing() as connection:
        connection.execute(insert(schema.changes).values(at=0, entry=1, version=2, kind="taken_down"))
    for moment in (at(11, 30), at(13)):
        answer = archive.ask(BRIDGE, as_of=moment)
        assert (entries(answer), answer.unheld) == ({("ferry", 1)}, 0)


def test_a_blog_that_may_not_be_seen_is_not_seen_then(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", edited=at(12))
    reindex(archive)
    hidden = archive.ask(BRIDGE, as_of=at(11, 30), visible=frozenset())
    assert (entries(hidden), hidden.unheld, hidden.outcome) == (set(), 0, Outcome.NOTHING_FOUND)


def test_an_answer_as_of_then_is_that_of_the_archive_of_then(
    archive: Archive, tmp_path: Path, make_archive: Callable[..., Archive]
) -> None:
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", edited=at(12))
    append(archive.store, "ferry", Cause.DELETED, "", seen=at(20))
    reindex(archive)
    rows = [{"id": one, "time": ENTRIES[one][0].isoformat(), "text": ENTRIES[one][1]} for one in ("bridge", "ferry")]
    source = tmp_path / "then.ndjson"
    source.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    then = make_archive(source, options=SourceOptions(blog="flood", timezone="UTC"))
    for question in (BRIDGE, "What did the ferry ram?", "What is the capital of Mongolia?"):
        left, right = archive.ask(question, as_of=at(11, 30)), then.ask(question)
        assert entries(left) == entries(right)
        assert left.confidence == pytest.approx(right.confidence, abs=1e-6)
        assert left.outcome is right.outcome


def test_wordings_that_changed_since_the_snapshot_are_answered_as_they_stood(archive: Archive) -> None:
    append(archive.store, "bridge", Cause.EDITED, "The Quillhaven bridge will close at dusk.", edited=at(12))
    assert read_manifest(archive.home / "index").change < archive.store.last_change()
    assert best(archive.ask(BRIDGE, as_of=at(11, 59))) == ("bridge", 1, False)
    assert "bridge" not in {one for one, _ in entries(archive.ask(BRIDGE))}  # not indexed as it stands now


def test_a_moment_without_a_zone_is_refused(archive: Archive) -> None:
    with pytest.raises(ValueError, match="as_of has no time zone"):
        archive.ask(BRIDGE, as_of=datetime(2031, 2, 3))  # noqa: DTZ001
