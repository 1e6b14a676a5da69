"""Opening a SQLite file that is ours: made, checked, migrated on a copy; its errors mapped to ours.

The one place where SQLAlchemy's and sqlite3's exceptions are known.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DBAPIError

from retrieval.errors import DiskError, ForeignStore, NewerStore, StetError, StoreBusy
from retrieval.files import disk, writers_lock

_BUSY_MS = 5_000
_PATIENT_MS = 60_000
"""How long a transaction waits that must not be refused, a hold, beside the recording of a large source."""
_LOCK_SECONDS = 120
_HEADER_BYTES = 100
_ALEMBIC_VERSION = (  # as Alembic itself makes it
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,"
    " CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def engine_for(path: Path) -> Engine:
    """An engine on one file: write-ahead log, foreign keys, erased pages overwritten, waits of at most 5 s.

    Transactions that write begin with the execution option `write=True`: a read transaction that upgrades
    fails at once, whatever the time-out, so they take the write lock at the start. With `patient=True` they wait
    for it up to a minute.
    """
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "secure_delete=ON", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("write", False):
            wait = _PATIENT_MS if options.get("patient", False) else _BUSY_MS
            connection.exec_driver_sql(f"PRAGMA busy_timeout={wait}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


@contextlib.contextmanager
def mapped(path: Path) -> Iterator[None]:
    """Turn what SQLite says of `path` into one of our errors. Raises StoreError, DiskError."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        raise _ours(path, str(getattr(error, "orig", error)).lower()) from error


def _ours(path: Path, said: str) -> StetError:
    if "locked" in said or "busy" in said:
        return StoreBusy(f"{path} is locked by another program", "wait until it is done, then try again")
    if "readonly" in said or "read-only" in said:
        return DiskError(f"{path} is read-only", "give your user permission to write it and its folder")
    if "full" in said or "i/o error" in said:
        return DiskError(
            f"{path} cannot be written: {said}",
            "free some space on the disk, then run the same command again",
        )
    if "unable to open" in said:
        return DiskError(f"{path} cannot be opened", "give your user permission to read and write its folder")
    if "not a database" in said or "malformed" in said:
        return ForeignStore(
            f"{path} is no database of Stet's, or is damaged",
            "restore it from a backup, or name another --home",
        )
    return ForeignStore(f"{path} cannot be used: {said}", "restore it from a backup, or name another --home")


def identity(path: Path) -> tuple[int, int]:
    """A file's `application_id` and `user_version`, read without touching it. Raises StoreError, DiskError."""
    application, schema, _ = _read(path)
    return application, schema


def _read(path: Path) -> tuple[int, int, int]:
    """A file's `application_id`, `user_version` and number of tables and indexes, all of one moment: another
    process may be making it."""
    with mapped(path), contextlib.closing(_connect(path, "ro")) as connection:
        connection.execute("BEGIN")
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (schema,) = connection.execute("PRAGMA user_version").fetchone()
        (held,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return application, schema, held


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True, timeout=_BUSY_MS / 1000)


def check(path: Path, application_id: int, schema: int) -> int:
    """Refuse a foreign or newer file; return its schema's number (0: an empty file). Raises StoreError."""
    with disk(path):
        if not path.is_file() or 0 < path.stat().st_size < _HEADER_BYTES:  # SQLite would take it for an empty one
            raise ForeignStore(f"{path} is no database of Stet's", "name another --home, or move it away")
    found, number, held = _read(path)
    if (found, number, held) == (0, 0, 0):
        return 0
    if found != application_id:
        raise ForeignStore(f"{path} is a database of another program", "name another --home, or move that file away")
    if number > schema:
        raise NewerStore(
            f"{path} was written by a later Stet (schema {number}, this one knows {schema})",
            "use that version of Stet, or name another --home",
        )
    return number


def create(path: Path, metadata: MetaData, application_id: int, schema: int) -> None:
    """Make the tables in one transaction, so that a crash leaves a blank file or a whole archive."""
    with mapped(path), contextlib.closing(_connect(path, "rwc")) as bare:
        _set_journal(bare, "WAL")
    engine = engine_for(path)
    with mapped(path), engine.connect().execution_options(write=True) as connection, connection.begin():
        if connection.exec_driver_sql("PRAGMA user_version").scalar_one() == 0:
            metadata.create_all(connection)
            connection.exec_driver_sql(_ALEMBIC_VERSION)
            connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (f"{schema:04}",))
            connection.exec_driver_sql(f"PRAGMA application_id={application_id}")
            connection.exec_driver_sql(f"PRAGMA user_version={schema}")
    engine.dispose()


def _set_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Change the journal's mode. SQLite needs the file alone for that and does not wait for it; this does."""
    give_up = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return


def empty_log(path: Path, seconds: float) -> bool:
    """Write the log's pages into the file and cut the log to nothing, so that no old page is left in either; whether
    that was done before the time was up: SQLite reports a reader as busy."""
    give_up = time.monotonic() + seconds
    while True:
        with mapped(path), contextlib.closing(_connect(path, "rw")) as connection:
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
        if time.monotonic() > give_up:
            return False
        time.sleep(0.05)


def migrate(path: Path, application_id: int, schema: int) -> None:
    """Bring an older archive up to `schema`, unless another process does so meanwhile. Raises StoreError, DiskError.

    The lock is that of the archive's writers: these open their store before they take it.
    """
    with writers_lock(path.parent, _LOCK_SECONDS):
        if check(path, application_id, schema) < schema:
            _migrate(path, schema)


def _migrate(path: Path, schema: int) -> None:
    """Upgrade a copy, then put it in the archive's place.

    The old file is closed to others first: leaving write-ahead mode needs it alone, and leaves no log behind
    that would be read as part of the new file. Raises StoreBusy where a bot has it open.
    """
    copy = path.with_name(f"{path.name}.migrating")
    journal = copy.with_name(f"{copy.name}-journal")
    try:
        with mapped(path), contextlib.closing(_connect(path, "rw")) as old:
            old.execute("PRAGMA locking_mode=EXCLUSIVE")
            _set_journal(old, "DELETE")
            old.execute("BEGIN EXCLUSIVE")
            with disk(copy):
                journal.unlink(missing_ok=True)  # of a copy that was given up: it would be played back
                shutil.copyfile(path, copy)
            with mapped(copy):
                _upgrade(copy, schema)
            with disk(path):
                copy.replace(path)
            old.execute("ROLLBACK")
        with mapped(path), contextlib.closing(_connect(path, "rw")) as connection:
            _set_journal(connection, "WAL")
    finally:
        copy.unlink(missing_ok=True)


def _upgrade(path: Path, schema: int) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    engine = engine_for(path)
    with engine.connect().execution_options(write=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, f"{schema:04}")
        connection.exec_driver_sql(f"PRAGMA user_version={schema}")
        broken: list[Any] = list(connection.exec_driver_sql("PRAGMA foreign_key_check"))
        if broken:
            raise ForeignStore(f"{path} breaks its own references: {broken[0]}", "restore it from a backup")
    engine.dispose()
