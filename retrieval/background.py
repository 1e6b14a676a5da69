"""What an archive has done in the background, by a process of its own: compaction."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.manifest import Manifest

log = logging.getLogger(__name__)


class Compactor:
    """Has an archive's index compacted, by one process at a time; see `compacting`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, manifest: Manifest) -> None:
        """Begin, where a snapshot needs it and none is at it."""
        from retrieval.building import to_compact

        if not to_compact(manifest) or (self._process is not None and self._process.poll() is None):
            return
        command = [sys.executable, "-m", "retrieval.compacting", str(self._home)]
        try:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)  # noqa: S603 (our own module)
        except OSError as error:
            log.warning("the index cannot be compacted now: %s", error)

    def stop(self) -> None:
        """End it; what it wrote is cleared away by the next change."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
