"""Whether a bot is serving from an archive's folder, and the lock by which that is known.

The lock is the process's, so a bot that was killed holds it no longer.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from retrieval.errors import StoreBusy
from retrieval.files import disk

SERVING_LOCK = "serving.lock"
_LEAST = 19


@contextlib.contextmanager
def serving_lock(home: Path, seconds: float) -> Iterator[None]:
    """One bot at a time on an archive's folder, which must be there; who holds this keeps every bot away.

    Raises StoreBusy where another process has it still after `seconds`, DiskError."""
    path = home / SERVING_LOCK
    lock = FileLock(path, timeout=seconds)
    with disk(path):
        try:
            lock.acquire()
        except Timeout:  # an OSError, too
            raise StoreBusy(f"a bot is serving from {home}", "stop it first") from None
    try:
        yield
    finally:
        lock.release()


def give_way(home: Path) -> None:
    """Where a bot is serving from an archive's folder, let it go first: this process has the least priority from now
    on. Raises DiskError."""
    if is_served(home):
        take_least_priority()


def take_least_priority() -> None:
    """Let every other process go first. Where that is not allowed, as in some containers, all stays as it is: it is a
    courtesy."""
    with contextlib.suppress(PermissionError):
        os.nice(_LEAST)


def is_served(home: Path) -> bool:
    """Whether a bot is serving from an archive's folder; nothing is made where none ever did. Raises DiskError."""
    with disk(home):
        if not (home / SERVING_LOCK).exists():
            return False
    try:
        with serving_lock(home, 0):
            return False
    except StoreBusy:
        return True
