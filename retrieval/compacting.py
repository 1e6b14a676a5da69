"""Compaction: what several changes left of an index is rewritten as one.

It takes minutes of a processor where an archive is large. A command does it last, when what is new is found already;
a bot, which has to answer meanwhile, has it done by `python -m retrieval.compacting HOME`, with the least priority.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from retrieval import indexing
from retrieval.errors import StetError
from retrieval.files import writers_lock
from retrieval.serving import take_least_priority
from retrieval.store import Store

_LOCK_SECONDS = 120
log = logging.getLogger(__name__)


def compact(home: Path, store: Store, now: datetime) -> bool:
    """Rewrite the segments of an archive's snapshot that had better be one; whether all is well now. Where it fails,
    the log says so, and the next change tries again: all is found without it."""
    try:
        indexing.compact(store, home / "index", lambda: writers_lock(home, _LOCK_SECONDS), now)
    except StetError as error:
        log.warning("the index in %s cannot be compacted now: %s", home, error)
        return False
    return True


def main() -> int:
    home = Path(sys.argv[1])
    take_least_priority()
    with contextlib.closing(Store.open(home / "archive.db")) as store:
        return 0 if compact(home, store, datetime.now(UTC)) else 1


if __name__ == "__main__":
    sys.exit(main())
