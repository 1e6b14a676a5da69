"""Several at once on one archive: two that add, one that follows, one that answers. Nothing is lost or locked out,
and what a followed source shows is answered from."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import watching
from retrieval import ingest
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.manifest import read_manifest
from retrieval.model import Outcome, SourceOptions
from retrieval.sources import load
from tests.web_server import WebServer

START = datetime(2031, 2, 3, 8, 0, tzinfo=UTC)
_ADDED = 6
_ENTRIES = 8
_PATIENCE = 60


def quiet(done: int, whole: int) -> None:
    """No progress is shown."""


def line(blog: str, number: int) -> str:
    moment = START + timedelta(minutes=number)
    return (
        json.dumps({"id": f"e{number}", "time": moment.isoformat(), "text": f"The {blog} gauge reads {number}."})
        + "\n"
    )


def write(path: Path, count: int) -> str:
    path.write_text("".join(line(path.stem, number) for number in range(count)))
    return str(path)


def row(id_: str, text: str, minute: int = 0) -> str:
    at = (START + timedelta(minutes=minute)).isoformat()
    return json.dumps({"id": id_, "time": at, "text": text}) + "\n"


def wordings(archive: Archive, whole_id: str) -> list[str]:
    return [one.text for one in archive.store.versions_of(whole_id)]


@pytest.fixture
def opened(tmp_path: Path, embedder: Embedder) -> Iterator[Callable[[], Archive]]:
    """Open the one archive once more, as another process would."""
    made: list[Archive] = []

    def again() -> Archive:
        made.append(Archive.open(tmp_path / "home", embedder.name, lambda: embedder))
        return made[-1]

    yield again
    for archive in made:
        archive.close()


def test_two_that_add_one_that_follows_and_one_that_answers(opened: Callable[[], Archive], tmp_path: Path) -> None:
    running = write(tmp_path / "running.ndjson", 1)
    opened().add([running], SourceOptions(blog="running"), START, quiet)
    following = watching.start(opened(), 1.0)
    done = threading.Event()

    def add(name: str) -> int:
        archive = opened()
        for number in range(_ADDED):
            source = write(tmp_path / f"{name}{number}.ndjson", _ENTRIES)
            [report] = archive.add([source], SourceOptions(blog=f"{name}{number}"), START, quiet).sources
            assert (report.added, report.refused) == (_ENTRIES, ())
        return _ADDED

    def grow() -> int:
        for count in range(2, 6):
            write(tmp_path / "running.ndjson", count)
            time.sleep(0.3)
        return count

    def ask() -> int:
        archive, asked = opened(), 0
        while not done.is_set():
            answer = archive.ask("What does the running gauge read?")
            assert answer.index.entries >= 1
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        asking = pool.submit(ask)
        work = [pool.submit(add, "north"), pool.submit(add, "south"), pool.submit(grow)]
        try:
            assert [one.result(_PATIENCE) for one in work] == [_ADDED, _ADDED, 5]
            archive = opened()
            give_up = time.monotonic() + _PATIENCE
            while len(archive.store.known("running")) < 5 and time.monotonic() < give_up:
                time.sleep(0.05)
        finally:
            done.set()
        assert asking.result(_PATIENCE) > 0
    following.stop()
    archive.reindex(False, START, quiet)
    state = archive.state()
    assert {one.blog.id: one.entries for one in state.blogs} == {
        "running": 5,
        **{f"{name}{number}": _ENTRIES for name in ("north", "south") for number in range(_ADDED)},
    }
    assert {version.number for version in archive.store.live_versions()} == {1}
    assert archive.snapshot().versions() == {version.key for version in archive.store.live_versions()}


def test_what_is_added_to_a_followed_file_is_answered_from_at_once(
    opened: Callable[[], Archive], tmp_path: Path
) -> None:
    source = Path(write(tmp_path / "running.ndjson", 3))
    opened().add([str(source)], SourceOptions(blog="running"), START, quiet)
    following, asking = watching.start(opened(), 1.0), opened()
    assert asking.ask("Which ferry sails to Marsh Island?").outcome is not Outcome.ANSWERED
    moment = (START + timedelta(hours=1)).isoformat()
    text = "The ferry Heron sails to Marsh Island at noon."
    with source.open("a") as file:
        file.write(json.dumps({"id": "ferry", "time": moment, "text": text}) + "\n")
    give_up = time.monotonic() + _PATIENCE
    while (answer := asking.ask("Which ferry sails to Marsh Island?")).outcome is not Outcome.ANSWERED:
        assert time.monotonic() < give_up
        time.sleep(0.05)
    following.stop()
    assert answer.passages[0].passage.text == text


# ------------------------------------------------------------------------------------------ who reads last


def before_the_lock(archive: Archive, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen between what an archive reads before the writer's lock and its taking it."""
    writing = archive._writing

    def later(wait: float | None = None) -> contextlib.AbstractContextManager[None]:
        monkeypatch.undo()
        happens()
        return writing(wait)

    monkeypatch.setattr(archive, "_writing", later)


def test_a_file_that_changed_while_the_lock_was_awaited_is_read_as_it_is(
    opened: Callable[[], Archive], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "flood.ndjson"
    source.write_text(row("a", "The quay is dry."))
    first, second = opened(), opened()
    first.add([str(source)], SourceOptions(blog="flood"), START, quiet)
    source.write_text(row("a", "The quay is wet."))

    def newer() -> None:
        source.write_text(row("a", "The quay is under water.") + row("b", "The ferry waits.", 5))
        first.add([str(source)], SourceOptions(blog="flood"), START, quiet)

    before_the_lock(second, monkeypatch, newer)
    [report] = second.refresh("flood", START, quiet).sources
    assert (report.added, report.edited, report.deleted, report.unchanged) == (0, 0, 0, 2)
    assert wordings(first, "flood/a") == ["The quay is dry.", "The quay is under water."]


@pytest.mark.parametrize("how", ["add", "reindex", "refresh"])
def test_a_page_that_another_read_meanwhile_is_fetched_again(
    opened: Callable[[], Archive], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    with WebServer() as web:
        page = web.answer("/flood.ndjson", row("a", "The quay is dry."))
        first, second = opened(), opened()
        first._allow_local = second._allow_local = True
        first.add([page], SourceOptions(blog="flood"), START, quiet)
        web.answer("/flood.ndjson", row("a", "The quay is wet."))

        def newer() -> None:
            web.answer("/flood.ndjson", row("a", "The quay is under water."))
            first.refresh("flood", START + timedelta(minutes=1), quiet)

        before_the_lock(second, monkeypatch, newer)
        later = START + timedelta(minutes=2)
        if how == "add":
            [report] = second.add([page], SourceOptions(blog="flood"), later, quiet).sources
        elif how == "reindex":
            [report] = second.reindex(False, later, quiet).sources
        else:
            [report] = second.refresh("flood", later, quiet).sources
        assert (report.edited, report.unchanged, report.refused) == (0, 1, ())
        assert wordings(first, "flood/a") == ["The quay is dry.", "The quay is under water."]


def test_what_was_recorded_and_not_indexed_is_indexed_by_a_refresh_of_what_is_unchanged(
    opened: Callable[[], Archive], tmp_path: Path
) -> None:
    source, archive = tmp_path / "flood.ndjson", opened()
    source.write_text(row("a", "The quay is dry."))
    archive.add([str(source)], SourceOptions(blog="flood"), START, quiet)
    source.write_text(row("a", "The quay is dry.") + row("b", "The ferry Heron waits at Marsh Island.", 5))
    options = SourceOptions(blog="flood")
    ingest.take_all(archive.store, [str(source)], options, lambda one: load(one, 1_000_000), START)  # and was killed
    assert archive.snapshot().manifest.change < archive.store.last_change()
    assert archive.refresh("flood", START, quiet).sources[0].unchanged == 2
    assert read_manifest(archive.home / "index").change == archive.store.last_change()
    assert archive.ask("Where does the ferry Heron wait?").passages[0].passage.version.entry.id == "b"
    assert archive.refresh("flood", START, quiet).indexed is None


def test_two_blogs_of_one_source_are_both_read_again(opened: Callable[[], Archive], tmp_path: Path) -> None:
    source, archive = tmp_path / "flood.ndjson", opened()
    source.write_text(row("a", "One.") + row("b", "Two.", 5))
    for blog in ("north", "south"):
        archive.add([str(source)], SourceOptions(blog=blog), START, quiet)
    source.write_text(row("a", "One more.") + row("b", "Two.", 5))
    assert [(one.blog, one.edited) for one in archive.reindex(False, START, quiet).sources] == [
        ("north", 1),
        ("south", 1),
    ]
    source.write_text(row("a", "One more.") + row("b", "Two more.", 5))
    for blog in ("south", "north"):
        assert [(one.blog, one.edited) for one in archive.refresh(blog, START, quiet).sources] == [(blog, 1)]
        assert [(one.blog, one.edited) for one in archive.refresh(blog, START, quiet).sources] == [(blog, 0)]


@pytest.mark.parametrize("named", [True, False])
def test_a_blog_whose_only_entry_was_taken_down_stays_empty(
    opened: Callable[[], Archive], tmp_path: Path, named: bool
) -> None:
    source, archive = tmp_path / "wend-flood.ndjson", opened()
    source.write_text(row("a", "Zebedee Quillfeather stole the money."))
    options = SourceOptions(blog="flood" if named else None)
    [blog] = {str(one.blog) for one in archive.add([str(source)], options, START, quiet).sources}
    archive.take_down(f"{blog}/a", None, "legal", "ann", START, quiet)
    for reports in (
        archive.reindex(True, START, quiet).sources,
        archive.refresh(blog, START, quiet).sources,
        archive.add([str(source)], SourceOptions(), START, quiet).sources,
    ):
        assert [(one.blog, one.added, one.refused, len(one.warnings)) for one in reports] == [(blog, 0, (), 1)]
    # not even what took its place in the source makes another blog
    source.write_text(row("c", "The geese are back.", 7))
    assert [(one.blog, one.added) for one in archive.reindex(True, START, quiet).sources] == [(blog, 1)]
    assert list(archive.blogs()) == [blog]
    assert [one.text for one in archive.store.all_wordings()] == ["The geese are back."]
