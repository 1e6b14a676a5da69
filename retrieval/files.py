"""Files written so that a crash leaves the old one or the new one, and the disk's errors mapped to ours."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from retrieval.errors import DiskError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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


def write_atomically(path: Path, data: bytes) -> None:
    """Write a whole file under its name at once, durably. Raises DiskError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    with disk(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
            sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


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
