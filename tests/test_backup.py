"""One file that holds an archive, and the archive put back from it: whole, without what was taken down since."""

from __future__ import annotations

import contextlib
import io
import sqlite3
import stat
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.backing_up import backup, restore
from bot.ledger import LEDGER_FILE, WITHDRAWN, Ledger
from retrieval.archive import Archive
from retrieval.backup import ARCHIVE, damage, read_backup
from retrieval.carrying import NEVER_HELD
from retrieval.embedding import Embedder, Encoded, Reading
from retrieval.errors import NothingIndexed, StoreBusy, StoreError, UsageError
from retrieval.model import Cause, SourceOptions, Status
from retrieval.restoring import LEFTOVER
from retrieval.serving import serving_lock
from retrieval.tombstones import KEY_FILE
from tests.data_folder import SAMPLE
from tests.remembering import Remembering
from tests.test_database import first_archive
from tests.test_takedown import ERASED, WHOLE_ID, take_down
from tests.test_withholding import BLOG, LINES, NOW, bytes_of, quiet, shown, write

LATER = datetime(2031, 2, 5, 10, 0, tzinfo=UTC)
QUESTION = "Who was questioned about the sluice gate?"


class Counting(Remembering):
    """Counts what it is asked to encode."""

    asked = 0

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        Counting.asked += len(readings)
        return super().encode(readings)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "flood.ndjson", LINES)


@pytest.fixture
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    return make_archive(source, options=SourceOptions(blog=BLOG, url="https://news.example/live/flood"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "stet.tar.gz"


def back_up(home: Path, file: Path) -> None:
    backup(home, file, NOW, {"STET_MODEL": "all-MiniLM-L6-v2"}, as_json=False)


def put_back(archive: Archive | Path, file: Path, key: Path | None = None) -> None:
    home = archive if isinstance(archive, Path) else archive.home
    if isinstance(archive, Archive):
        archive.close()
    assert restore(home, file, LATER, key=key, yes=True, as_json=False)
    assert not (home / LEFTOVER).exists()


@contextlib.contextmanager
def opened(home: Path, embedder: Embedder) -> Iterator[Archive]:
    """The archive as it is after a restore, its index made anew."""
    archive = Archive.open(home, embedder.name, lambda: embedder)
    try:
        archive.ensure_indexed(LATER, quiet)
        yield archive
    finally:
        archive.close()


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as bare:
        return bare.execute(sql).fetchall()


def left_of(home: Path) -> list[str]:
    held = bytes_of(home)
    return [word for word in (*ERASED, "zebedee", "quillfeather") if word.encode() in held]


# ------------------------------------------------------------------------------------------------ writing


def test_a_backup_is_of_one_moment_though_others_write(archive: Archive, source: Path, tmp_path: Path) -> None:
    over, count = threading.Event(), 0

    def writes() -> None:
        nonlocal count
        while not over.is_set():
            count += 1
            lines = [*LINES, *({**LINES[0], "id": f"more-{number}"} for number in range(count))]
            archive.store.hold(f"{BLOG}/ferry", None, NOW)
            write(source, lines)
            archive.reindex(False, NOW, quiet)

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for number in range(4):
            file = tmp_path / f"backup-{number}.tar.gz"
            before = count
            back_up(archive.home, file)
            with tarfile.open(file) as tar:
                tar.extract(ARCHIVE.name, tmp_path / f"out-{number}", filter="data")
            copy = tmp_path / f"out-{number}" / ARCHIVE.name
            assert damage(copy) is None
            [(entries,)] = rows(copy, "SELECT count(*) FROM entries")
            assert entries >= len(LINES) + before - 1
            assert rows(copy, "SELECT count(*) FROM versions") == [(entries,)]
            assert rows(copy, "SELECT count(*) FROM changes WHERE kind = 'published'") == [(entries,)]
    finally:
        over.set()
        writer.join()


def test_what_is_in_it_and_what_is_not(archive: Archive, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger.open(archive.home / LEDGER_FILE).close()
    (archive.home / "model.json").write_text("{}")
    take_down(archive, WHOLE_ID)
    back_up(archive.home, file)
    with tarfile.open(file) as tar:
        assert tar.getnames() == ["backup.json", LEDGER_FILE, ARCHIVE.name, "model.json"]
    contents = read_backup(file, [ARCHIVE, replace(ARCHIVE, name=LEDGER_FILE, application_id=0x5354454C)], 10**9)
    assert contents.counts == {"blogs": 1, "entries": 4, "versions": 4, "takedowns": 1}
    assert (contents.made, contents.settings) == (NOW, {"STET_MODEL": "all-MiniLM-L6-v2"})
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.glob(".*")] == []
    said = capsys.readouterr()
    assert said.out.startswith(f"{file}: 1 live blog, 4 entries, 4 versions, 1 take-down, ")
    assert said.err == (
        "stet: takedown.key is left out on purpose, and without it this backup cannot be restored: keep a copy of "
        f"{archive.home / KEY_FILE} apart from it\n"
    )


def test_where_it_may_not_be_written(archive: Archive, tmp_path: Path, file: Path) -> None:
    before = bytes_of(archive.home)
    (tmp_path / "draft.txt").write_text("a draft")
    (tmp_path / "link").symlink_to(archive.home)
    for wrong, said in (
        (archive.home / "backup.tar.gz", "is in the archive's own folder"),
        (tmp_path / "link" / "backup.tar.gz", "is in the archive's own folder"),
        (tmp_path, "is a folder|is in the archive's own folder"),
        (tmp_path / "none" / "backup.tar.gz", "there is no folder"),
        (tmp_path / "draft.txt", "is no backup of Stet's"),
    ):
        with pytest.raises(UsageError, match=said):
            back_up(archive.home, wrong)
    assert (tmp_path / "draft.txt").read_text() == "a draft"
    with pytest.raises(NothingIndexed, match="there is no archive in"):
        back_up(tmp_path / "none", file)
    assert bytes_of(archive.home) == before
    back_up(archive.home, file)
    back_up(archive.home, file)


# ------------------------------------------------------------------------------------------------ putting back


def test_into_an_empty_folder_nothing_is_embedded_again(
    make_archive: Callable[..., Archive], embedder: Embedder, tmp_path: Path, file: Path
) -> None:
    archive = make_archive(SAMPLE)
    back_up(archive.home, file)
    put_back(tmp_path / "new" / "home", file)
    Counting.asked = 0
    with opened(tmp_path / "new" / "home", Counting(embedder)) as again:
        told = [
            [(one.passage.version.entry.whole_id, one.passage.start, one.passage.text) for one in answer.passages]
            for answer in (one.ask("Will the council leader resign?") for one in (archive, again))
        ]
        assert told[0] == told[1] != []
        assert [one.entries for one in again.state().blogs] == [one.entries for one in archive.state().blogs]
    assert Counting.asked == 0
    assert rows(tmp_path / "new" / "home" / ARCHIVE.name, "PRAGMA journal_mode") == [("wal",)]


def test_over_a_changed_archive(archive: Archive, embedder: Embedder, source: Path, file: Path) -> None:
    back_up(archive.home, file)
    write(source, [{**LINES[0], "text": "The gauge at Wendbridge fell."}, *LINES[1:3]])
    archive.reindex(False, NOW, quiet, accept_deletions=True)
    Ledger.open(archive.home / LEDGER_FILE).close()
    put_back(archive, file)
    assert not (archive.home / LEDGER_FILE).exists()
    with opened(archive.home, embedder) as again:
        assert [one.text for one in again.versions_of(f"{BLOG}/gauge-reading")] == [LINES[0]["text"]]
        assert again.versions_of(f"{BLOG}/ferry")[0].entry.status is Status.LIVE
        assert shown(again)[0] == "zebedee-quillfeather-arrested"


def test_an_archive_of_an_earlier_stet_is_brought_up(tmp_path: Path, file: Path) -> None:
    (tmp_path / "old").mkdir()
    first_archive(tmp_path / "old" / ARCHIVE.name)
    entries = rows(tmp_path / "old" / ARCHIVE.name, "SELECT count(*) FROM entries")
    back_up(tmp_path / "old", file)
    put_back(tmp_path / "home", file)
    assert rows(tmp_path / "home" / ARCHIVE.name, "PRAGMA user_version") == [(ARCHIVE.schema,)]
    assert rows(tmp_path / "home" / ARCHIVE.name, "SELECT count(*) FROM entries") == entries != [(0,)]


# ------------------------------------------------------------------------------------------------ what was taken down


def test_what_was_taken_down_since_does_not_come_back(archive: Archive, embedder: Embedder, file: Path) -> None:
    home = archive.home
    Ledger.open(home / LEDGER_FILE).close()
    with contextlib.closing(sqlite3.connect(home / LEDGER_FILE)) as bare, bare:
        bare.execute("INSERT INTO posted (key, channel, ts, at, kind) VALUES (1, 'C1', '1.0', 1, 'answer')")
        for number, entry in enumerate((WHOLE_ID, f"{BLOG}/ferry")):
            bare.execute(
                'INSERT INTO receipts (posted, number, entry, version, start, "end", sha256) '
                "VALUES (1, ?, ?, 1, 0, 5, 'abcdefabcdef')",
                (number, entry),
            )
    back_up(home, file)
    kept = take_down(archive, WHOLE_ID)
    [stone] = archive.store.tombstones()
    put_back(archive, file)
    assert left_of(home) == []
    assert rows(home / LEDGER_FILE, "SELECT entry, sha256 FROM receipts ORDER BY number") == [
        (kept, WITHDRAWN),
        (f"{BLOG}/ferry", "abcdefabcdef"),
    ]
    with opened(home, embedder) as again:
        assert left_of(home) == []
        assert again.store.gone([(WHOLE_ID, 1), (f"{BLOG}/ferry", 1)]) == {(WHOLE_ID, 1): kept}
        assert again.store.tombstones() == [replace(stone, key=1)]
        assert again.state().erasing == ()
        [report] = again.reindex(True, LATER, quiet).sources
        assert (report.added, report.edited, len(report.warnings)) == (0, 0, 1)
        assert left_of(home) == []


def test_what_came_and_was_taken_down_since_stays_away(
    archive: Archive, embedder: Embedder, source: Path, tmp_path: Path, file: Path
) -> None:
    write(source, [LINES[0], LINES[2], LINES[3]])
    early = Archive.open(tmp_path / "early", embedder.name, lambda: embedder)
    early.add([str(source)], SourceOptions(blog=BLOG), NOW, quiet)
    early.close()
    back_up(tmp_path / "early", file)
    write(source, LINES)
    take_down(archive, WHOLE_ID)
    put_back(archive, file)
    with opened(archive.home, embedder) as again:
        assert [one.warnings != () for one in again.reindex(True, LATER, quiet).sources] == [True]
        assert [one.text for one in again.store.all_wordings()] == [LINES[number]["text"] for number in (0, 2, 3)]
        assert again.store.gone([(WHOLE_ID, 1)]) != {}
    assert left_of(archive.home) == []


def test_of_a_wording_taken_down_since_the_one_after_it_stands(
    archive: Archive, embedder: Embedder, source: Path, file: Path
) -> None:
    back_up(archive.home, file)
    edited = {"id": LINES[1]["id"], "time": LINES[1]["time"], "text": "A man was heard for nine hours."}
    write(source, [LINES[0], edited, *LINES[2:]])
    archive.refresh(BLOG, NOW, quiet)
    take_down(archive, WHOLE_ID, 1)
    put_back(archive, file)
    assert [word for word in ("Quillfeather", "sluice", "Inkersole") if word.encode() in bytes_of(archive.home)] == []
    with opened(archive.home, embedder) as again:
        first, second = again.versions_of(WHOLE_ID)
        assert (first.text, first.cause, second.text, second.current) == ("", Cause.TAKEN_DOWN, edited["text"], True)
        assert [(one.version, one.by, one.at) for one in again.store.tombstones()] == [(1, "admin", NOW)]
        write(source, LINES)
        [report] = again.reindex(True, LATER, quiet).sources
        assert "its wording was taken down" in report.warnings[0]
        assert [one.text for one in again.versions_of(WHOLE_ID)] == ["", edited["text"]]


def test_a_wording_that_the_backup_never_had_stays_away(
    archive: Archive, embedder: Embedder, source: Path, tmp_path: Path, file: Path
) -> None:
    mild = {"id": LINES[1]["id"], "time": LINES[1]["time"], "text": "A man was heard for nine hours."}
    for lines in ([LINES[0], LINES[2], LINES[3]], [LINES[0], mild, *LINES[2:]]):
        write(source, lines)
        early = Archive.open(tmp_path / f"early{len(lines)}", embedder.name, lambda: embedder)
        early.add([str(source)], SourceOptions(blog=BLOG), NOW, quiet)
        early.close()
    archive.reindex(False, NOW, quiet)
    take_down(archive, WHOLE_ID, 1)
    archive.close()
    for early_home, statuses in ((tmp_path / "early3", [Status.DELETED]), (tmp_path / "early4", [Status.LIVE])):
        back_up(early_home, file)
        put_back(archive.home, file)
        with opened(archive.home, embedder) as again:
            assert [one.version for one in again.store.tombstones()] == [NEVER_HELD]
            versions = again.versions_of(WHOLE_ID)
            assert (versions[0].text, [versions[0].entry.status]) == (mild["text"], statuses)
            write(source, LINES)
            again.reindex(True, LATER, quiet)
            assert "Quillfeather" not in " ".join(one.text for one in again.versions_of(WHOLE_ID))
            assert again.versions_of(WHOLE_ID)[0].entry.status is Status.LIVE


def test_what_is_held_now_is_held_afterwards(archive: Archive, embedder: Embedder, file: Path) -> None:
    back_up(archive.home, file)
    archive.hold(WHOLE_ID, None, NOW)
    put_back(archive, file)
    with opened(archive.home, embedder) as again:
        assert again.state().held == ((WHOLE_ID, None),)
        assert "zebedee-quillfeather-arrested" not in shown(again)


def test_take_downs_of_the_backup_need_their_key(
    archive: Archive, embedder: Embedder, tmp_path: Path, file: Path
) -> None:
    take_down(archive, WHOLE_ID)
    back_up(archive.home, file)
    key, other, none = archive.home / KEY_FILE, tmp_path / "other.key", tmp_path / "new"
    for wrong, said in (
        (None, "is missing or damaged: without it, what was taken down cannot be known again; give the copy"),
        (b"short", "is no takedown.key"),
        (bytes(32), "the key is not the one with which"),
    ):
        if wrong is not None:
            other.write_bytes(wrong)
        with pytest.raises(UsageError, match=said):
            put_back(none, file, None if wrong is None else other)
        assert not (none / ARCHIVE.name).exists()
        assert not (none / KEY_FILE).exists()
    put_back(none, file, key)
    assert (none / KEY_FILE).read_bytes() == key.read_bytes()
    assert stat.S_IMODE((none / KEY_FILE).stat().st_mode) == 0o600
    with opened(none, embedder) as again:
        assert again.store.taken_down(WHOLE_ID) is not None
    with pytest.raises(UsageError, match="is another key than"):
        put_back(none, file, other)


# ------------------------------------------------------------------------------------------------ refused


def test_nobody_else_may_have_it_open(archive: Archive, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.restoring._SECONDS", 0.1)
    back_up(archive.home, file)
    archive.hold(WHOLE_ID, None, NOW)
    with serving_lock(archive.home, 0), pytest.raises(StoreBusy, match=r"a bot is serving from .*; stop it first"):
        restore(archive.home, file, LATER, key=None, yes=True, as_json=False)
    with pytest.raises(StoreBusy, match="is locked by another program"):
        restore(archive.home, file, LATER, key=None, yes=True, as_json=False)
    assert archive.state().held == ((WHOLE_ID, None),)
    assert shown(archive, "When does the ferry sail?")[0] == "ferry"
    assert not (archive.home / LEFTOVER).exists()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_asks_before_it_replaces(
    archive: Archive, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    back_up(archive.home, file)
    before = bytes_of(archive.home)
    with pytest.raises(UsageError, match="a restore asks before it replaces"):
        restore(archive.home, file, LATER, key=None, yes=False, as_json=False)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    assert not restore(archive.home, file, LATER, key=None, yes=False, as_json=False)
    assert bytes_of(archive.home) == before
    said = capsys.readouterr().err
    assert ("Replace it? [y/N]:" in said, said.endswith("stet: nothing was changed\n")) == (True, True)
    archive.close()
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert restore(archive.home, file, LATER, key=None, yes=False, as_json=False)


def test_an_archive_that_cannot_be_read_is_not_replaced(archive: Archive, file: Path) -> None:
    back_up(archive.home, file)
    archive.close()
    path = archive.home / ARCHIVE.name
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="cannot be known what was taken down in it; move it out of"):
        put_back(archive, file)
    path.unlink()
    put_back(archive, file)
    assert damage(path) is None
