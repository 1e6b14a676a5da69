"""A backup: one gzipped tar file that holds the archive as of one moment, written and read with nothing left open.

    backup.json                what it holds: format, schemas, sizes and digests, counts, settings that are no secret
    ledger.db                  what was received and posted, where there is one
    archive.db                 the archive of record, and how its passages were encoded
    model.json, projection-*   what was verified and learned of the model

The index is not in it: it is built from the archive again, and nothing is embedded for that. Nor is `takedown.key`:
who gets hold of a backup must not be able to guess at what was taken down.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from retrieval import schema
from retrieval.database import check, mapped
from retrieval.errors import DiskError, ForeignStore, NewerStore, NothingIndexed, StoreError, UsageError
from retrieval.files import disk, sha256, sync_file, sync_folder

FORMAT = 1
OWNERS_ALONE = 0o600
_CONTENTS = "backup.json"
_MODEL = re.compile(r"model\.json|projection-[0-9a-f]{16}\.npy")
_MOST_CONTENTS = 1_000_000
_MOST_OF_MODEL = 64_000_000
_BLOCK = 512
_RECORD = 20 * _BLOCK
_PIECE = 1 << 20
_PAGES = 4096
_SQLITE = b"SQLite format 3\0"
_COUNTED = {"blogs": "blogs", "entries": "entries", "versions": "versions", "takedowns": "tombstones"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Database:
    """A database of Stet's in the archive's folder: its file's name, and how it is known to be ours."""

    name: str
    application_id: int
    schema: int


ARCHIVE = Database(name="archive.db", application_id=schema.APPLICATION_ID, schema=schema.SCHEMA)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One file of a backup: its size, and the digest of its bytes as 64 hexadecimal digits."""

    bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """What `backup.json` says: by which Stet and when it was made, the databases' schemas, the files in their order,
    how many blogs, entries, versions and take-downs there are, and the settings in force then."""

    stet: str
    made: datetime
    schemas: dict[str, int]
    members: dict[str, Member]
    counts: dict[str, int]
    settings: dict[str, Any]

    @property
    def bytes(self) -> int:
        """The size of all files, unpacked."""
        return sum(one.bytes for one in self.members.values())


# ------------------------------------------------------------------------------------------------ writing


def back_up(
    home: Path, file: Path, beside: Sequence[Database], now: datetime, *, stet: str, settings: Mapping[str, Any]
) -> Contents:
    """Write a backup of the archive in `home`, and of the databases `beside` it that are there, while others write;
    under its name it is whole or not there, and its owner alone may read it.

    What is beside the archive is copied first, so that it tells of nothing that the archive's copy lacks. Raises
    UsageError where it may not be written there, NothingIndexed where there is no archive, StoreError, DiskError."""
    target = _target(home, file)
    if not (home / ARCHIVE.name).exists():
        raise NothingIndexed(f"there is no archive in {home}", "add a live blog first: stet add FILE")
    databases = [one for one in (*beside, ARCHIVE) if (home / one.name).exists()]
    schemas = {one.name: check(home / one.name, one.application_id, one.schema) for one in databases}
    with disk(target), _aside(target) as folder:
        for one in databases:
            _copy(home / one.name, folder / one.name)
        for path in sorted(home.iterdir()):
            if _MODEL.fullmatch(path.name) and path.is_file() and path.stat().st_size <= _MOST_OF_MODEL:
                shutil.copyfile(path, folder / path.name)
        learned = sorted(path.name for path in folder.iterdir() if _MODEL.fullmatch(path.name))
        copied = [*(one.name for one in databases), *learned]
        contents = Contents(
            stet=stet,
            made=now,
            schemas=schemas,
            members={
                name: Member(bytes=(folder / name).stat().st_size, sha256=sha256(folder / name)) for name in copied
            },
            counts=_counts(folder / ARCHIVE.name),
            settings=dict(settings),
        )
        packed = folder / "packed"
        _pack(packed, folder, contents)
        packed.replace(target)
        sync_folder(target.parent)
    return contents


def _target(home: Path, file: Path) -> Path:
    """Where a backup is to be written; what stands there already must be one, which it replaces."""
    try:
        path = file.expanduser().resolve()
        inside = path.is_relative_to(home.resolve())
        there = path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{ascii(str(file))[:200]} cannot be used: {error}", "name another file") from None
    if inside:
        raise UsageError(f"{file} is in the archive's own folder", "name a file elsewhere, best on another disk")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", "make it, or name a file elsewhere")
    if path.is_dir():
        raise UsageError(f"{file} is a folder", "name a file in it, such as stet-backup.tar.gz")
    if there and not _is_backup(path):
        raise UsageError(f"{file} is there already, and is no backup of Stet's", "name another file")
    return path


def _is_backup(path: Path) -> bool:
    if not path.is_file():
        return False
    try:
        with _unpacked(path) as stream:
            _contents(path, stream)
    except NewerStore:
        return True
    except (StoreError, DiskError):
        return False
    return True


@contextlib.contextmanager
def _aside(target: Path) -> Iterator[Path]:
    """A folder of the owner's alone beside the target, gone afterwards; with it goes what a killed backup to the same
    name left."""
    folder = target.with_name(f".{target.name}.unpacked")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    """Copy a database as of one moment while others write. Raises StoreError."""
    with mapped(source), contextlib.closing(_reading(source)) as held:
        # one transaction for all steps: each step would begin anew where somebody wrote meanwhile
        held.execute("BEGIN")
        held.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with mapped(target), contextlib.closing(sqlite3.connect(target)) as copy:
            held.backup(copy, pages=_PAGES)
            copy.execute("PRAGMA journal_mode=DELETE").fetchone()
    if harm := damage(target):
        raise ForeignStore(f"{source} is damaged: {harm}", "restore it from an earlier backup")


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def damage(path: Path) -> str | None:
    """What SQLite's own quick check finds wrong with a database, in one line; None for nothing. Raises StoreError,
    DiskError."""
    with mapped(path), contextlib.closing(_reading(path)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    return None if found == ["ok"] else " ".join(" ".join(found).split())


def _counts(path: Path) -> dict[str, int]:
    """How many rows the tables have that are told of; an archive of an earlier Stet may lack one."""
    with mapped(path), contextlib.closing(_reading(path)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return {
            name: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] if table in tables else 0  # noqa: S608 (our own names)
            for name, table in _COUNTED.items()
        }


def _pack(path: Path, folder: Path, contents: Contents) -> None:
    """Write the tar file. Every header is one block: the names are short, and GNU's form has room for any size."""
    body = json.dumps({"format": FORMAT, **asdict(contents), "made": contents.made.isoformat()}, indent=1).encode()
    when = int(contents.made.timestamp())
    with (
        open(path, "wb", opener=lambda name, flags: os.open(name, flags, OWNERS_ALONE)) as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=3, mtime=when) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar,
    ):
        head = tarfile.TarInfo(_CONTENTS)
        head.size, head.mtime, head.mode = len(body), when, OWNERS_ALONE
        tar.addfile(head, io.BytesIO(body))
        for name, member in contents.members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = member.bytes, when, OWNERS_ALONE
            with (folder / name).open("rb") as file:
                tar.addfile(info, file)
    sync_file(path)


# ------------------------------------------------------------------------------------------------ reading


def read_backup(file: Path, databases: Sequence[Database], room: int) -> Contents:
    """Read a backup through and see that it is one of ours, whole and of no later Stet; nothing is written. `room`:
    how many bytes may be unpacked of it.

    Raises ForeignStore, NewerStore, DiskError."""
    with _unpacked(file) as stream:
        contents = _contents(file, stream)
        if contents.bytes > room:
            raise DiskError(
                f"{file} holds {contents.bytes} bytes, and there is room for {room}", "free some space on the disk"
            )
        known = {one.name: one for one in databases}
        for name, member in contents.members.items():
            if name not in known and not _MODEL.fullmatch(name):
                raise _foreign(file, f"it holds {ascii(name)[:100]}")
            head = b""
            for piece in _pieces(file, stream, name, member):
                head = head or piece
            if name in known:
                _check_database(file, known[name], head)
        _check_end(file, stream)
    if ARCHIVE.name not in contents.members:
        raise _foreign(file, f"it holds no {ARCHIVE.name}")
    return contents


def unpack(file: Path, contents: Contents, folder: Path) -> None:
    """Write the files of a backup that was read into a folder, each for the owner alone; it is seen that they are
    those that were read. Raises ForeignStore, DiskError."""
    with _unpacked(file) as stream:
        if _contents(file, stream) != contents:
            raise _foreign(file, "it was changed while it was read")
        for name, member in contents.members.items():
            with open(folder / name, "xb", opener=lambda path, flags: os.open(path, flags, OWNERS_ALONE)) as out:
                for piece in _pieces(file, stream, name, member):
                    out.write(piece)


@contextlib.contextmanager
def _unpacked(file: Path) -> Iterator[gzip.GzipFile]:
    """A backup's bytes. What gzip finds wrong becomes one of our errors."""
    with disk(file):
        try:
            with gzip.open(file, "rb") as stream:
                yield stream
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise _foreign(file, str(error)) from error


def _foreign(file: Path, why: str) -> ForeignStore:
    return ForeignStore(f"{file} is no backup of Stet's, or is damaged: {why}", "restore from another backup")


def _contents(file: Path, stream: gzip.GzipFile) -> Contents:
    """What the first file of a backup says. Its form is checked, and names and sizes are within bounds."""
    name, size = _header(file, stream)
    if name != _CONTENTS or size > _MOST_CONTENTS:
        raise _foreign(file, f"it does not begin with {_CONTENTS}")
    body = _exactly(stream, size)
    _exactly(stream, -size % _BLOCK)
    try:
        said = json.loads(body)
        if said["format"] > FORMAT:
            raise NewerStore(
                f"{file} was made by a later Stet (format {said['format']}, this one knows {FORMAT})",
                "use that version of Stet",
            )
        return _said(said)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _foreign(file, f"its {_CONTENTS} cannot be read") from error


def _said(said: Any) -> Contents:
    """Raises ValueError, TypeError, KeyError, AttributeError for what is no such object."""
    members = {name: Member(bytes=one["bytes"], sha256=one["sha256"]) for name, one in said["members"].items()}
    numbers = [*said["schemas"].values(), *said["counts"].values(), *(one.bytes for one in members.values())]
    if not all(type(one) is int and one >= 0 for one in numbers) or not isinstance(said["settings"], dict):
        raise ValueError("not a number where one belongs")
    if said["format"] != FORMAT:
        raise ValueError("no format that there ever was")
    if any(_MODEL.fullmatch(name) and one.bytes > _MOST_OF_MODEL for name, one in members.items()):
        raise ValueError("too large")
    made = datetime.fromisoformat(said["made"])
    if made.tzinfo is None:
        raise ValueError("a time without its zone")
    counts = {name: said["counts"][name] for name in _COUNTED}
    return Contents(
        stet=str(said["stet"]),
        made=made,
        schemas=dict(said["schemas"]),
        members=members,
        counts=counts,
        settings=said["settings"],
    )


def _header(file: Path, stream: gzip.GzipFile) -> tuple[str, int]:
    """The name and size of the next file: a plain one, or the backup is refused."""
    try:
        info = tarfile.TarInfo.frombuf(_exactly(stream, _BLOCK), "utf-8", "strict")
    except (tarfile.TarError, ValueError) as error:
        raise _foreign(file, str(error)) from error
    if info.type not in (tarfile.REGTYPE, tarfile.AREGTYPE) or info.size < 0:
        raise _foreign(file, f"{ascii(info.name)[:100]} in it is no plain file")
    return info.name, info.size


def _pieces(file: Path, stream: gzip.GzipFile, name: str, member: Member) -> Iterator[bytes]:
    """The next file's bytes; it has to be the one that is named, of that size and digest."""
    found, size = _header(file, stream)
    if (found, size) != (name, member.bytes):
        raise _foreign(file, f"it holds {ascii(found)[:100]} of {size} bytes, not {ascii(name)[:100]}")
    whole, left = hashlib.sha256(), size
    while left:
        piece = _exactly(stream, min(left, _PIECE))
        left -= len(piece)
        whole.update(piece)
        yield piece
    _exactly(stream, -size % _BLOCK)
    if whole.hexdigest() != member.sha256:
        raise _foreign(file, f"its {ascii(name)[:100]} was changed after it was written")


def _exactly(stream: gzip.GzipFile, size: int) -> bytes:
    """Raises EOFError where there is less."""
    held = stream.read(size)
    if len(held) != size:
        raise EOFError("it ends too early")
    return held


def _check_end(file: Path, stream: gzip.GzipFile) -> None:
    """Nothing but zeros follows, up to a whole record; with the last byte gzip compares its own sum."""
    rest = stream.read(2 * _RECORD)
    if len(rest) < 2 * _BLOCK or len(rest) >= 2 * _RECORD or rest.strip(b"\0"):
        raise _foreign(file, "something follows its last file")


def _check_database(file: Path, database: Database, head: bytes) -> None:
    """Whose a database is, by the head of its file."""
    if len(head) < 100 or not head.startswith(_SQLITE):
        raise _foreign(file, f"its {database.name} is no database")
    schema_number, application = (int.from_bytes(head[at : at + 4], "big") for at in (60, 68))
    if application != database.application_id:
        raise _foreign(file, f"its {database.name} is a database of another program")
    if schema_number > database.schema:
        raise NewerStore(
            f"the {database.name} in {file} was written by a later Stet "
            f"(schema {schema_number}, this one knows {database.schema})",
            "use that version of Stet",
        )
