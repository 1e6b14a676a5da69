"""Opening a database: made, migrated, refused, locked, read-only."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlalchemy.exc import OperationalError

from retrieval import database, schema
from retrieval.errors import DiskError, ForeignStore, NewerStore, StetError, StoreBusy
from retrieval.store import Store
from tests.test_store import NOW, dump, entry, record

TABLES = ("blogs", "sources", "entries", "versions", "changes")
COLUMNS_OF_OLD = {
    "blogs": "id, title, url, timezone, language, visibility, sensitive, embargo_until, updated",
    "sources": "key, blog, locator, format, sha256, options, read",
    "entries": "key, blog, id, own_id, posted, url, status, current",
}


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    columns = COLUMNS_OF_OLD.get(table, "*")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return list(connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1"))


def shape(path: Path) -> dict[str, object]:
    """Columns, keys, references and indexes of every table, however their SQL is spelled."""
    found: dict[str, object] = {}
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for (table,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall():
            indexes = connection.execute(f"PRAGMA index_list({table})").fetchall()
            found[table] = (
                sorted(row[1:] for row in connection.execute(f"PRAGMA table_info({table})")),
                sorted(row[2:] for row in connection.execute(f"PRAGMA foreign_key_list({table})")),
                sorted(
                    (row[2], row[3], *(part[2] for part in connection.execute(f"PRAGMA index_info('{row[1]}')")))
                    for row in indexes
                ),
            )
    return found


def first_archive(path: Path) -> None:
    """An archive as the first schema left it, filled."""
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    engine = database.engine_for(path)
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
        connection.exec_driver_sql("PRAGMA user_version=1")
    engine.dispose()
    with contextlib.closing(sqlite3.connect(path)) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("INSERT INTO blogs VALUES ('flood', 'Flood', NULL, 'Europe/Paris', 'en', '', 0, NULL, 1)")
        bare.execute("INSERT INTO sources VALUES (1, 'flood', '/flood.txt', 'scrape', 'x', '{}', 1)")
        for key in range(1, 301):
            bare.execute(
                "INSERT INTO entries VALUES (?, 'flood', ?, 1, ?, NULL, 'live', 1)",
                (key, f"id{key}", key * 60_000_000),
            )
            bare.execute(
                "INSERT INTO versions VALUES (?, ?, 1, NULL, NULL, ?, 'x', 'raw', NULL, 1, 'published')",
                (key, key, f"Text {key} “🌊”."),
            )
            bare.execute("INSERT INTO changes VALUES (?, 1, ?, 1, 'published')", (key, key))
            bare.execute("INSERT INTO vectors VALUES ('model', ?, ?)", (bytes([key % 256, key // 256]), b"\1\2"))
        bare.commit()


def test_an_older_archive_is_migrated_with_all_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    before = {table: rows(path, table) for table in TABLES}
    assert [len(held) for held in before.values()] == [1, 1, 300, 300, 300]
    store = Store.open(path)
    assert {table: rows(path, table) for table in TABLES} == before
    assert database.identity(path) == (schema.APPLICATION_ID, schema.SCHEMA)
    last = list(store.live_versions())[-1]
    assert (last.text, last.entry.posted_at.isoformat()) == ("Text 300 “🌊”.", "1970-01-01T06:00:00+01:00")
    assert store.last_change() == 300
    store.close()
    assert [one.name for one in tmp_path.iterdir() if "migrating" in one.name] == []
    with contextlib.closing(sqlite3.connect(path)) as bare:
        assert bare.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_what_an_earlier_stet_encoded_is_to_be_encoded_anew(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    assert len(rows(path, "vectors")) == 300
    store = Store.open(path)
    assert rows(path, "passages") == rows(path, "encodings") == []
    assert len(list(store.versions_without_passages("model"))) == 300
    store.close()


def test_a_migrated_archive_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    first_archive(tmp_path / "old.db")
    for name in ("old.db", "new.db"):
        Store.open(tmp_path / name).close()
    assert shape(tmp_path / "old.db") == shape(tmp_path / "new.db")
    assert rows(tmp_path / "old.db", "alembic_version") == rows(tmp_path / "new.db", "alembic_version")


def test_a_migration_that_fails_leaves_the_old_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    before = dump(path)

    def fail(*_: object) -> None:
        raise OperationalError("ALTER", {}, sqlite3.OperationalError("database or disk is full"))

    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", fail)
        with pytest.raises(DiskError, match="free some space"):
            Store.open(path)
    assert dump(path) == before
    assert not list(tmp_path.glob("*.migrating*"))
    Store.open(path).close()
    assert database.identity(path)[1] == schema.SCHEMA


def test_what_a_given_up_migration_left_behind_is_not_played_back(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    journal = tmp_path / "archive.db.migrating-journal"
    (tmp_path / "archive.db.migrating").write_bytes(b"half a copy")
    journal.write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)
    Store.open(path).close()
    assert len(rows(path, "entries")) == 300
    assert not journal.exists()


def test_an_archive_in_use_is_not_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 50)
    path = tmp_path / "archive.db"
    first_archive(path)
    with contextlib.closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM blogs").fetchone()
        with pytest.raises(StoreBusy, match="is locked by another program"):
            Store.open(path)
    Store.open(path).close()


_OPEN = """
import sys, time
from pathlib import Path
from retrieval.store import Store
print("ready", flush=True)
sys.stdin.readline()
Store.open(Path(sys.argv[1])).close()
"""


def opened_at_once(path: Path, processes: int = 4) -> None:
    """Open an archive in several processes, as nearly at once as they can. Raises AssertionError where one fails."""
    command = [sys.executable, "-c", _OPEN, str(path)]
    started = [
        subprocess.Popen(
            command,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    assert [(process.communicate(timeout=60)[1], process.returncode) for process in started] == [("", 0)] * processes


def test_several_that_open_a_new_home_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(3):
        opened_at_once(tmp_path / f"home{number}" / "archive.db")
        assert database.identity(tmp_path / f"home{number}" / "archive.db")[1] == schema.SCHEMA


def test_several_threads_that_make_an_archive_at_once_all_succeed(tmp_path: Path) -> None:
    for number in range(10):
        with ThreadPoolExecutor(8) as pool:
            opened = [pool.submit(Store.open, tmp_path / f"{number}.db") for _ in range(8)]
        for one in opened:
            one.result().close()


def test_several_that_open_an_older_archive_at_once_all_succeed(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    opened_at_once(path)
    assert database.identity(path)[1] == schema.SCHEMA
    assert len(rows(path, "entries")) == 300
    assert not list(tmp_path.glob("*.migrating*"))


def test_a_migration_waits_for_the_writer_and_leaves_what_that_one_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "archive.db"
    first_archive(path)
    with ThreadPoolExecutor(1) as pool, FileLock(tmp_path / "writer.lock"):
        second = pool.submit(Store.open, path)
        time.sleep(0.2)
        assert not second.done()
        database._migrate(path, schema.SCHEMA)
        before = path.stat().st_ino
        monkeypatch.setattr(database, "_migrate", pytest.fail)
    second.result().close()
    assert path.stat().st_ino == before


def test_a_migration_that_waits_in_vain_is_busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.05)
    path = tmp_path / "archive.db"
    first_archive(path)
    before = dump(path)
    with ThreadPoolExecutor(1) as pool, FileLock(tmp_path / "writer.lock"):
        opening = pool.submit(Store.open, path)
        with pytest.raises(StoreBusy, match=r"another stet is writing to .* since 0 seconds"):
            opening.result()
    assert dump(path) == before


def test_a_newer_archive_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    Store.open(path).close()
    with contextlib.closing(sqlite3.connect(path)) as bare:
        bare.execute(f"PRAGMA user_version={schema.SCHEMA + 1}")
    before = dump(path)
    with pytest.raises(NewerStore, match=rf"written by a later Stet \(schema {schema.SCHEMA + 1}, this one knows"):
        Store.open(path)
    assert dump(path) == before


def test_another_program_s_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with contextlib.closing(sqlite3.connect(path)) as bare:
        bare.execute("CREATE TABLE notes (words TEXT)")
    before = path.read_bytes()
    with pytest.raises(ForeignStore, match="is a database of another program"):
        Store.open(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("data", [b"garbage" * 1_000, b"x", b"SQLite format 3\0" + b"\xff" * 5_000])
def test_what_is_no_database_is_refused_untouched(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(data)
    with pytest.raises(ForeignStore) as caught:
        Store.open(path)
    assert str(path) in caught.value.message
    assert path.read_bytes() == data


def test_an_empty_file_becomes_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.touch()
    Store.open(path).close()
    assert database.identity(path) == (schema.APPLICATION_ID, schema.SCHEMA)


@pytest.mark.parametrize("name", ["a b", "per%cent", "what?", "hash#", "é", "a;b", "+"])
def test_a_folder_s_name_is_taken_literally(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "archive.db"
    store = Store.open(path)
    record(store, entry("One."))
    store.close()
    assert [one.name for one in tmp_path.iterdir()] == [name]
    assert len(rows(path, "entries")) == 1


def test_a_folder_in_the_database_s_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive.db").mkdir()
    with pytest.raises(ForeignStore, match=r"archive\.db is no database of Stet's; name another --home"):
        Store.open(tmp_path / "archive.db")


def test_a_locked_database_is_busy_within_the_time_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 100)
    store = Store.open(tmp_path / "archive.db")
    with contextlib.closing(sqlite3.connect(store.path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.perf_counter()
        with pytest.raises(StoreBusy, match="is locked by another program; wait until it is done"):
            record(store, entry("One."))
        assert 0.05 < time.perf_counter() - began < 3
    assert record(store, entry("One.")).added == 1
    store.close()


def test_readers_go_on_while_one_writes(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "archive.db")
    record(store, entry("One."))
    with contextlib.closing(sqlite3.connect(store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert [one.text for one in store.live_versions()] == ["One."]
    store.close()


def test_a_read_only_database_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    Store.open(path).close()
    bare = sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)
    with pytest.raises(DiskError, match=r"archive\.db is read-only; give your user"), database.mapped(path):
        bare.execute("DELETE FROM blogs")
    bare.close()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("database is locked", StoreBusy),
        ("database table is locked", StoreBusy),
        ("attempt to write a readonly database", DiskError),
        ("database or disk is full", DiskError),
        ("disk I/O error", DiskError),
        ("unable to open database file", DiskError),
        ("file is not a database", ForeignStore),
        ("database disk image is malformed", ForeignStore),
        ("no such table: blogs", ForeignStore),
    ],
)
def test_what_sqlite_says_becomes_an_error_of_ours(said: str, kind: type[StetError]) -> None:
    for error in (sqlite3.OperationalError(said), OperationalError("SELECT", {}, sqlite3.OperationalError(said))):
        with pytest.raises(kind, match=r"/home/archive\.db") as caught, database.mapped(Path("/home/archive.db")):
            raise error
        assert caught.value.hint


def test_a_failed_write_is_undone_whole(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "archive.db")
    before = dump(store.path)
    with pytest.raises(ForeignStore, match="constraint"):
        record(store, entry("One.", id_="a"), entry("Two.", id_="a"), now=NOW)
    assert dump(store.path) == before
    store.close()
