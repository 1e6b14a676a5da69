"""Files written so that a crash leaves the old one or the new one, and the disk's errors mapped to ours."""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import DiskError, StoreBusy

MODELS = "models"
"""The part of an archive's folder in which converted models are kept: it can be made anew at any time."""
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def sha256(path: Path) -> str:
    """The digest of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def disk(path: Path) -> Iterator[None]:
    """Turn an OSError about `path` into a DiskError that says what to do."""
    try:
        yield
    except OSError as error:
        raise disk_error(path, error) from error


def disk_error(path: Path, error: OSError) -> DiskError:
    """What an OSError about `path` means to the admin."""
    where = error.filename or path
    if error.errno in _FULL:
        return DiskError(
            f"no space is left to write {where}",
            "free some space on the disk, then run the same command again",
        )
    if isinstance(error, PermissionError) or error.errno == errno.EROFS:
        return DiskError(f"{where} may not be read or written", "give your user permission, or name another --home")
    return DiskError(f"{where} cannot be used: {error.strerror or error}", "check the path and the disk")


def write_atomically(path: Path, data: bytes, mode: int = 0o666) -> None:
    """Write a whole file under its name at once, durably, with the permissions of `mode` (less the process's mask)
    from its first byte on. Raises DiskError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with disk(path):
        _clear_leftovers(path)
        try:
            with open(temporary, "wb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


def _clear_leftovers(path: Path) -> None:
    """Remove what writers of `path` left behind that were killed."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*"):
        number = left.name.rpartition(".")[2]
        if number.isdecimal() and not _runs(int(number)):
            left.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


@contextlib.contextmanager
def writers_lock(folder: Path, seconds: float) -> Iterator[None]:
    """One writer at a time in an archive's folder. Raises StoreBusy after `seconds`, DiskError."""
    path = folder / "writer.lock"
    lock = FileLock(path, timeout=seconds)
    with disk(path):
        try:
            lock.acquire()
        except Timeout:  # an OSError, too
            raise StoreBusy(
                f"another stet is writing to {folder} since {seconds:.0f} seconds",
                "wait until it is done, then run the same command again",
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def locked_at_once(path: Path) -> Iterator[bool]:
    """Hold a lock that is had at once or not at all: whether it is. Raises OSError."""
    lock = FileLock(path, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def is_locked(path: Path) -> bool:
    """Whether a process holds a lock. Raises OSError."""
    with locked_at_once(path) as free:
        return not free


def sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable. Raises OSError."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make a file's bytes durable. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def bytes_below(folder: Path, besides: str | None = None) -> int:
    """The size of all files in a folder, without its part `besides`; what another process removes meanwhile counts
    nothing."""
    whole = 0
    for parent, parts, names in os.walk(folder):
        if besides is not None and parent == str(folder):
            parts[:] = [part for part in parts if part != besides]
        for name in names:
            with contextlib.suppress(OSError):
                whole += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118 (os.walk's own)
    return whole
