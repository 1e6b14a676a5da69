"""An archive put back from a backup, so that what was taken down stays down.

All is made ready in a folder of its own within the archive's: the backup is unpacked there, what was taken down since
is erased from it, and its databases are written anew, without a page of the old ones. Only then is it switched in,
file by file, in an order that a kill may interrupt: first the key without which nothing can be read, then the index
goes, which would point into another archive, then what is beside the archive, and the archive itself last, at once.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from retrieval.backup import ARCHIVE, OWNERS_ALONE, Contents, Database, damage, read_backup, unpack
from retrieval.carrying import Carried, Withheld, carry, is_key_of, withheld
from retrieval.database import engine_for, mapped
from retrieval.errors import ForeignStore, StetError, UsageError
from retrieval.files import disk, sync_file, sync_folder, write_atomically, writers_lock
from retrieval.serving import serving_lock
from retrieval.store import Store
from retrieval.tombstones import KEY_FILE, Marker

LEFTOVER = ".restoring"
"""Where a backup is unpacked, within the archive's folder. It is there only while one is restored, or after that was
killed: then it may hold words that were taken down."""
_SECONDS = 5
_LOCK_SECONDS = 30
_MARGIN = 16_000_000
_KEY_BYTES = 32
_SIDE_FILES = ("-wal", "-shm", "-journal")

Withdraw = Callable[[Path, Store], object]
"""Takes what a store has taken down out of what is kept beside it in that folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """What was put back, and how many take-downs and holds of the archive before were carried over."""

    contents: Contents
    carried: Carried


def look(home: Path, file: Path, beside: Sequence[Database]) -> Contents:
    """Read a backup through before anything is touched: see that it is whole, and that there is room for it twice.

    Raises ForeignStore, NewerStore, DiskError."""
    with disk(home):
        there = next(one for one in (home, *home.absolute().parents) if one.exists())
        free = shutil.disk_usage(there).free
    return read_backup(file, (*beside, ARCHIVE), max(0, (free - _MARGIN) // 2))


def restore(
    home: Path,
    file: Path,
    contents: Contents,
    beside: Sequence[Database],
    *,
    key: Path | None,
    withdraw: Withdraw,
    now: datetime,
) -> Restored:
    """Put the archive back from a backup of which `look` told the `contents`, in place of what is there. `key`: a
    copy of the `takedown.key` that the backup's archive had, where the folder has none.

    Until the last step the old archive is in force; the index is to be built anew afterwards. Raises StoreBusy where
    a bot serves or another stet has the archive open, UsageError where the key is missing or another, StoreError,
    DiskError."""
    given = _own_key(home) if key is None else _given_key(home, key)
    with disk(home):
        home.mkdir(parents=True, exist_ok=True)
    with serving_lock(home, _SECONDS):
        with _as_it_is(home):
            if (home / ARCHIVE.name).exists():
                Store.open(home / ARCHIVE.name).close()  # brings an older one up, under the writer's lock
        with writers_lock(home, _LOCK_SECONDS), disk(home), _aside(home) as folder:
            unpacked, whole = folder / "unpacked", folder / "whole"
            unpacked.mkdir()
            whole.mkdir()
            unpack(file, contents, unpacked)
            databases = [one for one in (*beside, ARCHIVE) if one.name in contents.members]
            carried = _without_what_is_down(home, file, unpacked, databases, given, withdraw, now)
            for one in databases:
                _write_anew(unpacked / one.name, whole / one.name)
            for name in contents.members.keys() - {one.name for one in databases}:
                (unpacked / name).replace(whole / name)
            shutil.rmtree(unpacked)  # what was erased is still to be read in it
            _switch(home, folder, whole, beside, given)
    return Restored(contents=contents, carried=carried)


@contextlib.contextmanager
def _as_it_is(home: Path) -> Iterator[None]:
    """Say of an archive that cannot be read what that means for its take-downs."""
    try:
        yield
    except ForeignStore as error:
        raise ForeignStore(
            f"{error.message}; so it cannot be known what was taken down in it",
            f"move it out of {home} and restore again, then take down again what was taken down since the backup",
        ) from error


@contextlib.contextmanager
def _aside(home: Path) -> Iterator[Path]:
    """A folder of the owner's alone within the archive's, gone afterwards; one that a kill left goes first."""
    folder = home / LEFTOVER
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# ------------------------------------------------------------------------------------------------ the key


def _own_key(home: Path) -> bytes | None:
    path = home / KEY_FILE
    with disk(path):
        return path.read_bytes() if path.exists() else None


def _given_key(home: Path, key: Path) -> bytes:
    """The bytes of a key that was given. Raises UsageError where it is none, or not the archive's own."""
    with disk(key), key.open("rb") as file:
        held = file.read(_KEY_BYTES + 1)
    if len(held) != _KEY_BYTES:
        raise UsageError(f"{key} is no takedown.key", "name the copy that was kept apart from the backup")
    if _own_key(home) not in (None, held):
        raise UsageError(
            f"{key} is another key than {home / KEY_FILE}",
            "leave it out, or restore into an empty folder with another --home",
        )
    return held


def _marker(key: bytes | None, home: Path, file: Path) -> Marker:
    """Raises UsageError where there is no key."""
    if key is None or len(key) != _KEY_BYTES:
        raise UsageError(
            f"{home / KEY_FILE} is missing or damaged: without it, what was taken down cannot be known again",
            f"give the copy that was kept apart from {file.name} with --key",
        )
    return Marker(key)


# ------------------------------------------------------------------------------------------------ what stays down


def _without_what_is_down(
    home: Path,
    file: Path,
    unpacked: Path,
    databases: Sequence[Database],
    key: bytes | None,
    withdraw: Withdraw,
    now: datetime,
) -> Carried:
    """Erase from what was unpacked what the archive that is there has taken down, and hold what it holds."""
    for one in databases:
        if harm := damage(unpacked / one.name):
            raise ForeignStore(f"the {one.name} in {file} is damaged: {harm}", "restore from another backup")
    found = _withheld(home, key, file, now)
    store = Store.open(unpacked / ARCHIVE.name)
    try:
        down = bool(found.stones or store.tombstones())
        marker = _marker(key, home, file) if down else None
        with _transaction(unpacked / ARCHIVE.name, write=True) as connection:
            _check_key(connection, marker, file)
            carried = carry(connection, found, marker, now)
        if key is not None:
            write_atomically(unpacked / KEY_FILE, key, OWNERS_ALONE)
        withdraw(unpacked, store)
        (unpacked / KEY_FILE).unlink(missing_ok=True)
    finally:
        store.close()
    return carried


def _withheld(home: Path, key: bytes | None, file: Path, now: datetime) -> Withheld:
    """What the archive that is there withholds."""
    path = home / ARCHIVE.name
    if not path.exists():
        return Withheld()
    with _as_it_is(home), _transaction(path, write=False) as connection:
        found = withheld(connection, now)
        if found.stones:
            _check_key(connection, _marker(key, home, file), path)
    return found


def _check_key(connection: Connection, marker: Marker | None, path: Path) -> None:
    if marker is not None and not is_key_of(connection, marker):
        raise UsageError(
            f"the key is not the one with which {path} knows again what was taken down",
            "give the takedown.key of the very archive that the backup is of",
        )


@contextlib.contextmanager
def _transaction(path: Path, *, write: bool) -> Iterator[Connection]:
    """One transaction on a database that is let go afterwards. Raises StoreError, DiskError."""
    engine = engine_for(path)
    try:
        with mapped(path), engine.execution_options(write=write).begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _write_anew(source: Path, target: Path) -> None:
    """Write a database into a new file, page by page of what it holds now: of what was erased nothing is in it."""
    with mapped(source), contextlib.closing(_connect(source)) as old:
        old.execute("VACUUM INTO ?", (str(target),))
    with mapped(target), contextlib.closing(_connect(target)) as new:
        _set_journal(new, "WAL")
    sync_file(target)


# ------------------------------------------------------------------------------------------------ switching in


def _switch(home: Path, folder: Path, whole: Path, beside: Sequence[Database], key: bytes | None) -> None:
    """Put what is ready in place, while nobody else has a database of the folder open."""
    with ExitStack() as alone:
        for one in beside:
            with contextlib.suppress(ForeignStore):  # a damaged one is nobody's
                alone.enter_context(_alone(home / one.name))
        alone.enter_context(_alone(home / ARCHIVE.name))
        if key is not None and not (home / KEY_FILE).exists():
            write_atomically(home / KEY_FILE, key, OWNERS_ALONE)
        if (home / "index").exists():
            (home / "index").rename(folder / "index")
        sync_folder(home)
        for one in beside:
            _put(home, whole, one.name)
        sync_folder(home)
        _put(home, whole, ARCHIVE.name)
        for path in whole.iterdir():
            path.replace(home / path.name)
        sync_folder(home)


def _put(home: Path, whole: Path, name: str) -> None:
    """Replace a database with the new one at once, or remove it where the backup has none."""
    path = home / name
    if path.exists() and (whole / name).exists():
        shutil.copymode(path, whole / name)
    for ending in _SIDE_FILES:  # of a file that was moved away: they would be read as part of the new one
        path.with_name(f"{name}{ending}").unlink(missing_ok=True)
    if (whole / name).exists():
        (whole / name).replace(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Have a database, where there is one, for oneself: leaving write-ahead mode needs that, and leaves no log behind
    that whoever closes it last would remove from beside the new one. Raises StoreBusy where another has it open."""
    if not path.exists():
        yield
        return
    try:
        with mapped(path), contextlib.closing(_connect(path)) as held:
            held.execute("PRAGMA locking_mode=EXCLUSIVE")
            _set_journal(held, "DELETE")
            held.execute("BEGIN EXCLUSIVE")
            yield
            held.execute("ROLLBACK")
    finally:
        with contextlib.suppress(StetError), mapped(path), contextlib.closing(_connect(path)) as left:
            _set_journal(left, "WAL")


def _connect(path: Path) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=_SECONDS, isolation_level=None)


def _set_journal(connection: sqlite3.Connection, mode: str) -> None:
    """Change the journal's mode. SQLite needs the file alone for that and does not wait for it; this does."""
    give_up = time.monotonic() + _SECONDS
    while True:
        try:
            connection.execute(f"PRAGMA journal_mode={mode}").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return
