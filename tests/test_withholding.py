"""Held back, released, found: what is hidden is hidden everywhere, at once."""

from __future__ import annotations

import gc
import json
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from retrieval import withholding
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.files import writers_lock
from retrieval.model import Outcome, SourceOptions
from retrieval.schema import changes
from retrieval.segment import Hit
from retrieval.snapshot import View
from retrieval.store import Store
from retrieval.withholding import Target

NOW = datetime(2031, 2, 4, 9, 0, tzinfo=UTC)
BLOG = "flood"

LINES = [
    {
        "id": "gauge-reading",
        "time": "2031-02-03T08:01:00+00:00",
        "text": "The gauge at Wendbridge stands at four metres. The quay is under water.",
    },
    {
        "id": "zebedee-quillfeather-arrested",
        "time": "2031-02-03T08:02:00+00:00",
        "title": "Quillfeather questioned",
        "author": "Perpetua Inkersole",
        "text": "Zebedee Quillfeather was questioned about the sluice gate for nine hours. He denies everything.",
        "url": "https://news.example/live/flood#zebedee-quillfeather-arrested",
    },
    {
        "id": "school",
        "time": "2031-02-03T08:03:00+00:00",
        "text": "The school at Low Wend is closed until Thursday. Two hundred pupils stay at home.",
        "url": "https://news.example/live/flood#school",
    },
    {
        "id": "ferry",
        "time": "2031-02-03T08:04:00+00:00",
        "text": "The ferry to Marsh Island does not sail today. The harbour master expects no change.",
    },
]


def quiet(done: int, whole: int) -> None:
    """No progress is shown."""


def write(path: Path, lines: list[dict[str, str]]) -> Path:
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "flood.ndjson", LINES)


@pytest.fixture
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    return make_archive(source, options=SourceOptions(blog=BLOG, url="https://news.example/live/flood"))


def shown(archive: Archive, question: str = "Who was questioned about the sluice gate?") -> list[str]:
    """The ids of everything that an answer shows, nearest entries too."""
    answer = archive.ask(question)
    return [one.passage.version.entry.id for one in (*answer.passages, *answer.nearest)]


def bytes_of(home: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())


# ------------------------------------------------------------------------------------------------ hold, release


def test_a_held_entry_is_nowhere_and_comes_back(archive: Archive) -> None:
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    before = archive.ask("Who was questioned about the sluice gate?")
    assert before.outcome is Outcome.ANSWERED
    assert archive.hold(whole_id, None, NOW)[1] == 1
    assert "zebedee-quillfeather-arrested" not in shown(archive)
    after = archive.ask("Who was questioned about the sluice gate?")
    assert after.index.entries == 3
    assert archive.state().entries == 3
    assert archive.state().held == ((whole_id, None),)
    with pytest.raises(UsageError, match="is held back"):
        archive.versions_of(whole_id)
    assert "zebedee-quillfeather-arrested" not in shown(archive, "Show me the latest update")

    assert archive.release(whole_id, NOW)[1] == 1
    back = archive.ask("Who was questioned about the sluice gate?")
    assert [one.passage for one in back.passages] == [one.passage for one in before.passages]
    assert back.confidence == pytest.approx(before.confidence)
    assert back.index.entries == 4


def test_a_held_blog_hides_what_is_added_to_it_later(archive: Archive, source: Path) -> None:
    assert archive.hold(BLOG, None, NOW)[1] == 4
    write(source, [*LINES, {**LINES[0], "id": "late", "text": "The gauge fell to three metres at nine."}])
    archive.refresh(BLOG, NOW, quiet)
    answer = archive.ask("What does the gauge say?")
    assert (answer.passages, answer.nearest, answer.index.entries) == ((), (), 0)
    with pytest.raises(UsageError, match=f"is not held; its blog is: stet release {BLOG}"):
        archive.release(f"{BLOG}/late", NOW)
    archive.release(BLOG, NOW)
    assert archive.ask("What does the gauge say?").index.entries == 5


def test_a_hold_ends_by_itself(archive: Archive) -> None:
    now = datetime.now(UTC)
    archive.hold(f"{BLOG}/school", (now + timedelta(hours=1)).isoformat(), now)
    assert "school" not in shown(archive, "When is the school closed?")
    archive.store.hold(f"{BLOG}/school", now + timedelta(microseconds=1), now)
    assert "school" in shown(archive, "When is the school closed?")


@pytest.mark.parametrize(
    ("word", "whole_id", "entries"),
    [
        ("https://news.example/live/flood", BLOG, 4),
        ("https://NEWS.example/live/flood/?page=2", BLOG, 4),
        ("https://news.example/live/flood#school", f"{BLOG}/school", 1),
        ("https://news.example/live/flood?page=with:block-school#school", f"{BLOG}/school", 1),
    ],
)
def test_an_address_names_an_entry_or_its_blog(archive: Archive, word: str, whole_id: str, entries: int) -> None:
    target, hidden = archive.hold(word, None, NOW)
    assert (target.whole_id, hidden) == (whole_id, entries)


@pytest.mark.parametrize("word", ["nobody", f"{BLOG}/none", "https://other.example/", "http://[", "", "/", "x\0"])
def test_what_names_nothing_is_refused(archive: Archive, word: str) -> None:
    with pytest.raises(UsageError):
        archive.hold(word, None, NOW)
    with pytest.raises(UsageError):
        archive.release(word, NOW)
    assert archive.state().held == ()


def test_a_hold_until_a_past_moment_is_refused(archive: Archive) -> None:
    with pytest.raises(UsageError, match="is past"):
        archive.hold(BLOG, "2001-01-01T00:00+00:00", NOW)


def test_a_hold_waits_for_no_other_writer(archive: Archive) -> None:
    whole_id = f"{BLOG}/school"
    with writers_lock(archive.home, 0):
        assert archive.hold(whole_id, None, NOW)[1] == 1
        assert archive.state().held == ((whole_id, None),)
        assert archive.release(whole_id, NOW)[1] == 1


def test_a_hold_waits_longer_than_others_for_the_database(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[int] = []
    held = withholding.hold

    def seen(connection: Connection, word: str, until: datetime | None, now: datetime) -> tuple[Target, int]:
        waits.append(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())
        return held(connection, word, until, now)

    monkeypatch.setattr(withholding, "hold", seen)
    archive.hold(BLOG, None, NOW)
    assert waits == [60_000]
    with archive.store._writing() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 5_000


def test_a_hold_while_an_answer_is_being_made_is_heeded(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_id = f"{BLOG}/zebedee-quillfeather-arrested"
    retrieve = View.retrieve

    def held_meanwhile(self: View, *of: Any) -> list[Hit]:
        found = retrieve(self, *of)
        archive.hold(whole_id, None, NOW)
        return found

    assert "zebedee-quillfeather-arrested" in shown(archive)
    monkeypatch.setattr(View, "retrieve", held_meanwhile)
    assert "zebedee-quillfeather-arrested" not in shown(archive)


def test_every_entry_of_a_held_blog_is_in_the_feed_of_changes(archive: Archive) -> None:
    before = archive.store.last_change()
    archive.hold(BLOG, None, NOW)
    archive.release(BLOG, NOW)
    with archive.store._reading() as connection:
        rows = connection.execute(
            select(changes.c.kind, changes.c.version).where(changes.c.number > before).order_by(changes.c.number)
        )
        assert rows.all() == [("held", 1)] * 4 + [("released", 1)] * 4


# ------------------------------------------------------------------------------------------------ as of


def test_a_past_moment_that_was_asked_about_keeps_no_file_of_an_older_index_open(archive: Archive) -> None:
    archive.ask("Who was questioned?", as_of=datetime(2031, 2, 3, 12, tzinfo=UTC))
    old = weakref.ref(archive.snapshot())
    other = Store.open(archive.home / "archive.db")
    other.take_down(f"{BLOG}/zebedee-quillfeather-arrested", None, "court-order", "admin", NOW)
    other.close()
    archive.reindex(False, NOW, quiet)
    archive.snapshot()
    gc.collect()
    assert old() is None


# ------------------------------------------------------------------------------------------------ find


def test_what_holds_the_words_is_found_in_texts_titles_and_names(archive: Archive) -> None:
    found = archive.find("Quillfeather")
    assert [(one.version.entry.id, one.field, one.spans) for one in found] == [
        ("zebedee-quillfeather-arrested", "text", ((8, 20),)),
        ("zebedee-quillfeather-arrested", "title", ((0, 12),)),
    ]
    assert [one.field for one in archive.find("Inkersole")] == ["author"]
    assert archive.find("quillfeather") == []


def test_superseded_deleted_and_held_versions_are_found_too(archive: Archive, source: Path) -> None:
    edited = {
        **LINES[1],
        "text": "A man was questioned for nine hours. He denies everything.",
        "title": "Questioning",
    }
    write(source, [LINES[0], edited, *LINES[2:]])
    archive.refresh(BLOG, NOW, quiet)
    [old] = [one for one in archive.find("Quillfeather") if one.field == "text"]
    assert (old.version.number, old.version.current, old.hidden) == (1, False, False)
    archive.hold(BLOG, None, NOW)
    assert {one.hidden for one in archive.find("Quillfeather")} == {True}


def test_a_name_is_found_however_its_accents_were_typed(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    decomposed = "The mayor, Zoë Čapek, spoke of Zoë’s bridge."
    lines = [{"id": "1", "time": "2031-02-03T08:01:00+00:00", "text": decomposed}]
    archive = make_archive(write(tmp_path / "a.ndjson", lines))
    [found] = archive.find("Zoë")
    assert [decomposed[start:end] for start, end in found.spans] == ["Zoë", "Zoë"]
    assert archive.find("Zoe") == []


def test_no_words_find_nothing(archive: Archive) -> None:
    with pytest.raises(UsageError):
        archive.find("  ")
