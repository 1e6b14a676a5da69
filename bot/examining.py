"""What `stet doctor` looks at in the archive's folder. Nothing is changed in it, whatever state it is in."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.ledger import LEDGER_FILE
from bot.ledger.tables import APPLICATION_ID, SCHEMA
from bot.terminal import counted
from retrieval import database
from retrieval.backup import ARCHIVE, Database, damage
from retrieval.encoding import PooledEmbedder
from retrieval.errors import DamagedSnapshot, NoSnapshot, OlderSnapshot
from retrieval.files import sha256
from retrieval.manifest import REBUILD, SegmentMark, read_manifest
from retrieval.restoring import LEFTOVER
from retrieval.serving import is_served
from retrieval.sources import STANDARD_INPUT, is_address, printable
from retrieval.store import BlogState, Store
from retrieval.tables import check_files
from retrieval.tombstones import KEY_FILE, Marker

if TYPE_CHECKING:
    from retrieval.embedding import Embedder

_LEDGER = Database(name=LEDGER_FILE, application_id=APPLICATION_ID, schema=SCHEMA)
_LEAST_FREE = 200_000_000
_RUNNING = timedelta(days=1)
"""A live blog whose last entry is not older than this is taken to be running."""
_MOST_NAMED = 5
_ADD_FIRST = "add a live blog first: stet add FILE"


class State(StrEnum):
    """What came of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One thing that was looked at: what was found, in one line, and how to mend it where there is something to."""

    name: str
    state: State
    found: str
    mend: str | None = None


def fine(name: str, found: str) -> Check:
    """A check that passed."""
    return Check(name=name, state=State.OK, found=found)


def warning(name: str, found: str, mend: str) -> Check:
    """Something to know, that keeps nothing from working."""
    return Check(name=name, state=State.WARNING, found=found, mend=mend)


def failed(name: str, found: str, mend: str) -> Check:
    """Something that has to be mended."""
    return Check(name=name, state=State.FAILED, found=found, mend=mend)


# ------------------------------------------------------------------------------------------------ the folder


def permissions(home: Path) -> Check:
    """May we read and write what we must, and nobody else what they must not?"""
    name = "permissions"
    if not home.exists():
        return warning(name, f"there is no folder {home} yet", _ADD_FIRST)
    files = [path for path in (home / ARCHIVE.name, home / LEDGER_FILE, home / KEY_FILE) if path.exists()]
    barred = [path for path in files if not os.access(path, os.R_OK | os.W_OK)]
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        barred.insert(0, home)
    if barred:
        return failed(
            name, f"{_listed(barred)} may not be read and written", "give the user that runs stet permission"
        )
    if home.stat().st_mode & stat.S_IWOTH:
        return failed(name, f"anybody may write in {home}", f"chmod o-w {home}")
    key = home / KEY_FILE
    if key.exists() and key.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return failed(name, f"{key} is open to others than its owner", f"chmod 600 {key}")
    return fine(name, f"{home} and its {len(files)} files may be read and written")


def disk(home: Path) -> Check:
    """Is there room to write the archive once more, as a migration or a restore does?"""
    name, archive = "disk", home / ARCHIVE.name
    there = next(one for one in (home, *home.absolute().parents) if one.exists())
    free = shutil.disk_usage(there).free
    size = archive.stat().st_size if archive.exists() else 0
    wanted = max(size, _LEAST_FREE)
    found = f"{free / 1e6:.0f} MB are free, the archive's database has {size / 1e6:.1f} MB"
    if free < wanted:
        return failed(name, found, f"free some space: {wanted / 1e6:.0f} MB are needed to be safe")
    return fine(name, found)


def whole(home: Path, name: str) -> Check:
    """Is the `archive` or the `ledger` ours, of a schema that we know, and whole? Raises StoreError, DiskError."""
    one = ARCHIVE if name == "archive" else _LEDGER
    path = home / one.name
    if not path.exists():
        return (
            warning(name, f"there is no {path} yet", _ADD_FIRST)
            if one is ARCHIVE
            else fine(name, f"there is no {path} yet: a bot makes it")
        )
    found = database.check(path, one.application_id, one.schema)
    if harm := damage(path):
        return failed(name, f"{path} is damaged: {harm}", "stop the bot, move it away, and stet restore a backup")
    if found < one.schema:
        return warning(
            name, f"{path} is of an earlier Stet (schema {found})", "the next command that writes brings it up"
        )
    return fine(name, f"{path} is whole (schema {found})")


@contextmanager
def _store(home: Path) -> Iterator[Store | None]:
    """The archive of record, opened as it is; None where there is none, or one of an earlier Stet. Raises StoreError,
    DiskError."""
    path = home / ARCHIVE.name
    if not path.exists() or database.check(path, ARCHIVE.application_id, ARCHIVE.schema) < ARCHIVE.schema:
        yield None
        return
    with closing(Store(path)) as store:
        yield store


# ------------------------------------------------------------------------------------------------ the index


def index(home: Path, model: str) -> Check:
    """Does the index cover all that is recorded, and is it of the model that is set? Raises StetError."""
    name = "index"
    with _store(home) as store:
        recorded = 0 if store is None else store.last_change()
        if store is None and (home / ARCHIVE.name).exists():
            return warning(name, "not compared: the archive is of an earlier Stet", "run `stet reindex`")
    try:
        manifest = read_manifest(home / "index")
    except NoSnapshot:
        if not recorded:
            return fine(name, "there is nothing to index yet")
        return warning(name, "there is no index", "run `stet reindex`, or ask: the next question makes it")
    except OlderSnapshot as error:
        return warning(name, error.message, error.hint)
    if manifest.model.name != model:
        return failed(
            name,
            f"it was made with the model {manifest.model.name}, now it is {model}",
            "run `stet reindex --full`, or set STET_MODEL back",
        )
    if manifest.change > recorded:
        return failed(name, "it is of another archive than the one beside it", REBUILD)
    if manifest.change < recorded:
        return warning(
            name, f"it is {counted(recorded - manifest.change, 'change', 'changes')} behind", "run `stet reindex`"
        )
    return fine(name, f"{manifest.passages} passages of {manifest.entries} entries, up to the last change")


def digests(home: Path) -> Check:
    """Is every file of the index what was written? All are read through. Raises SnapshotError, OSError."""
    name, folder = "index files", home / "index"
    try:
        manifest = read_manifest(folder)
    except (NoSnapshot, OlderSnapshot):
        return fine(name, "there are none")
    while True:
        try:
            for one in manifest.segments:
                _compare(folder / "segments" / one.id, one)
        except (DamagedSnapshot, FileNotFoundError):
            newer = read_manifest(folder)
            if newer.id == manifest.id:
                raise
            manifest = newer  # switched in while the old one was read
        else:
            files = sum(len(one.files) for one in manifest.segments)
            return fine(name, f"{files} files, {manifest.bytes / 1e6:.1f} MB, each with the digest that it was given")


def _compare(folder: Path, mark: SegmentMark) -> None:
    check_files(folder, mark)
    for name, file in mark.files.items():
        if sha256(folder / name) != file["sha256"]:
            raise DamagedSnapshot(f"{folder / name} was changed after it was written", REBUILD)


# ------------------------------------------------------------------------------------------------ what is in it


def sources(home: Path, unread: timedelta, now: datetime) -> Iterator[Check]:
    """Are the sources there still, and read as often as a running live blog wants? Raises StoreError."""
    name = "sources"
    with _store(home) as store:
        states = [] if store is None else store.blog_states()
    gone = [one for one in states if _is_gone(one.source.locator)]
    stale = [one for one in states if one not in gone and _is_stale(one, unread, now)]
    if gone:
        yield failed(
            name,
            f"not there any more: {_listed(printable(one.source.locator) for one in gone)}",
            "put it back, or add its live blog from where it is now: stet add FILE --blog ID",
        )
    if stale:
        hours = unread.total_seconds() / 3600
        yield warning(
            name,
            f"running, and nothing new was read for over {hours:g} hours: {_listed(one.blog.id for one in stale)}",
            "follow it with `stet watch` or `stet serve --watch`, or run `stet reindex`",
        )
    if not gone and not stale:
        yield fine(name, f"{counted(len(states), 'live blog', 'live blogs')}, each with its source")


def _is_gone(locator: str) -> bool:
    return locator != STANDARD_INPUT and not is_address(locator) and not Path(locator).exists()


def _is_stale(state: BlogState, unread: timedelta, now: datetime) -> bool:
    running = state.last is not None and now - state.last <= _RUNNING
    return running and state.source.locator != STANDARD_INPUT and now - state.source.read_at > unread


def takedowns(home: Path) -> Iterator[Check]:
    """Is all erased that was taken down, and will it be known again? Raises StoreError, DiskError."""
    name = "take-downs"
    if (home / LEFTOVER).exists():
        yield failed(
            name,
            f"a restore was stopped: {home / LEFTOVER} may hold words that were taken down",
            "run the same `stet restore` again, or remove that folder",
        )
    with _store(home) as store:
        stones = [] if store is None else store.tombstones()
    if stones:
        Marker.of(home)
    left = [f"{one.blog}/{one.entry}" for one in stones if not one.erased]
    if left:
        yield failed(
            name, f"not all bytes are gone yet of {_listed(left)}", "stop what reads old pages, run `stet reindex`"
        )
    else:
        yield fine(name, f"{counted(len(stones), 'take-down', 'take-downs')}, and every byte is gone")


def messages(stuck: int) -> Check:
    """Could every posted answer be changed whose source was?"""
    name = "messages"
    if stuck:
        return warning(
            name,
            f"{stuck} posted that Slack would not let us change",
            "delete them in Slack: they show what was changed or taken down since",
        )
    return fine(name, "none is left that Slack would not let us change")


def serving(home: Path) -> Check:
    """Is a bot running? Either is well. Raises DiskError."""
    return fine("serving", f"a bot is serving from {home}" if is_served(home) else "no bot is serving")


def loaded(home: Path, load: Callable[[Path], Embedder]) -> Check:
    """Can the model be loaded, and is it the one that the index was made with? It takes seconds. Raises ModelError,
    SnapshotError, DiskError."""
    name = "model"
    with ExitStack() as leaving:
        # what is verified is noted down; in a folder that is not there, or not ours to write, nothing is made
        kept = home if os.access(home, os.W_OK) else Path(leaving.enter_context(TemporaryDirectory()))
        embedder = load(kept / "model.json")
    loads = (
        f"{embedder.name} loads ({embedder.how})"
        if isinstance(embedder, PooledEmbedder)
        else f"{embedder.name} loads"
    )
    try:
        manifest = read_manifest(home / "index")
    except (NoSnapshot, OlderSnapshot):
        return fine(name, f"{loads}; there is no index to compare it with")
    if embedder.fingerprint != manifest.model.fingerprint:
        return failed(
            name,
            f"{embedder.name} is not what the index was made with, {manifest.model.name}: another fingerprint",
            "run `stet reindex --full`, or set STET_MODEL back",
        )
    return fine(name, f"{loads}, and is what the index was made with")


def _listed(names: Iterable[object]) -> str:
    """At most five names, and how many more there are."""
    every = [str(one) for one in names]
    more = f" and {len(every) - _MOST_NAMED} more" if len(every) > _MOST_NAMED else ""
    return ", ".join(every[:_MOST_NAMED]) + more
