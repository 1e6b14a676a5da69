"""The snapshot in force, kept open between questions."""

from __future__ import annotations

import threading
from pathlib import Path

from retrieval.files import disk
from retrieval.manifest import read_manifest
from retrieval.snapshot import Snapshot

_Seen = tuple[int, int, int]


class Opened:
    """The snapshot of a folder, opened again only after a switch, by one thread: others go on with that before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held: tuple[_Seen | None, Snapshot] | None = None
        self._opening = threading.Lock()

    @property
    def held(self) -> Snapshot | None:
        """What was in force when it was asked for last."""
        return None if self._held is None else self._held[1]

    def current(self) -> Snapshot:
        """The snapshot in force. Raises SnapshotError, DiskError."""
        seen, held = self._seen(), self._held
        if held is not None and seen is not None and held[0] == seen:
            return held[1]
        if not self._opening.acquire(blocking=held is None):
            return held[1] if held is not None else self.current()
        try:
            return self._opened(seen)
        finally:
            self._opening.release()

    def _opened(self, seen: _Seen | None) -> Snapshot:
        newest = read_manifest(self._folder).id
        before = self.held
        found = before if before is not None and before.manifest.id == newest else Snapshot.open(self._folder, before)
        self._held = seen, found
        return found

    def _seen(self) -> _Seen | None:
        """What tells one manifest from another without reading it: each is a new file. It is looked at before the
        manifest is read, so that a switch between the two is noticed the next time. Raises DiskError."""
        path = self._folder / "manifest.json"
        with disk(path):
            try:
                found = path.stat()
            except FileNotFoundError:
                return None
        return found.st_ino, found.st_mtime_ns, found.st_size
