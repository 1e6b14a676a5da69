"""What the admin may do to entries, as the part of an archive that withholds: hold, release, find, take down.

A take-down goes in one order: hidden first, then erased from the tables, from what stands beside the archive, from
the index's files and from the database's log. Only when all of it is done is the entry called erased. What stops it
between is taken up by the next command that writes; `status` says so until then.
"""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import StetError, UsageError
from retrieval.model import Status, Version
from retrieval.store import Store

if TYPE_CHECKING:
    from retrieval.finding import Found
    from retrieval.indexing import Progress
    from retrieval.takedown import TakenDown
    from retrieval.withholding import Target

_SECONDS = 10
"""How long a take-down waits for readers to let go of old pages; a question takes milliseconds."""

Withdraw = Callable[[Store], bool]
"""Takes what was taken down out of what is kept beside the archive; whether nothing of it is left there."""


def nothing_beside(_: Store) -> bool:
    """Of an archive beside which nothing is kept."""
    return True


class Custody(ABC):
    """The part of an archive that withholds."""

    def __init__(self, home: Path, store: Store, withdraw: Withdraw) -> None:
        self.home = home
        self.store = store
        self._withdraw = withdraw

    @abstractmethod
    def moment(self, text: str, blog: str | None, what: str) -> datetime:
        """A moment of the command line."""

    @abstractmethod
    def _index(self, now: datetime, progress: Progress) -> object:
        """Bring the index up to date."""

    @abstractmethod
    def _writing(self, wait: float | None = None) -> AbstractContextManager[None]:
        """The writer's lock."""

    # ------------------------------------------------------------ hold, release

    def hold(self, word: str, until: str | None, now: datetime) -> tuple[Target, int]:
        """Hide an entry or blog everywhere, at once, until it is released or (a moment `T`) until then; how many
        entries that hides. It waits for no other writer. Raises UsageError, StoreError."""
        aimed = self.store.target(word)
        then = None if until is None else self.moment(until, aimed.blog, "--until")
        held = self.store.hold(word, then, now)
        self.finish_erasing(now)
        return held

    def release(self, word: str, now: datetime) -> tuple[Target, int]:
        """Show an entry or blog again; how many entries that shows. Raises UsageError, StoreError."""
        released = self.store.release(word, now)
        self.finish_erasing(now)
        return released

    # ------------------------------------------------------------ looking

    def find(self, words: str) -> list[Found]:
        """Every text, title and author's name that holds the words literally, in whatever version. Raises
        UsageError for no words."""
        from retrieval.finding import places

        if not words.strip():
            raise UsageError("there is nothing to find", 'give the words, as in: stet find "Rosalind Thackwray"')
        return list(places(self.store.all_wordings(), words, datetime.now(UTC)))

    def versions_of(self, whole_id: str) -> list[Version]:
        """All versions of an entry, the first one first. Raises UsageError where there is no such entry."""
        versions = self._versions(whole_id)
        blog = versions[0].entry.blog
        if blog.embargo_until is not None and blog.under_embargo(datetime.now(UTC)):
            raise UsageError(
                f"{whole_id} is under embargo until {blog.embargo_until.isoformat()}",
                "wait, or add its blog again with an earlier --embargo-until",
            )
        if versions[0].entry.status is Status.HELD:
            raise UsageError(f"{whole_id} is held back", f"to show it again: stet release {whole_id}, or its blog")
        return versions

    def _versions(self, whole_id: str) -> list[Version]:
        versions = self.store.versions_of(whole_id)
        gone = not versions or versions[0].entry.status is Status.TAKEN_DOWN
        if gone and (down := self.store.taken_down(whole_id)):
            raise UsageError(
                f"{whole_id} was taken down by {down.by} at {down.at.isoformat(timespec='seconds')} ({down.reason})",
                "nothing is left of it",
            )
        if not versions:
            raise UsageError(
                f"there is no entry {whole_id!r}", "an entry's id is written BLOG/ID, as `stet ask --json` shows it"
            )
        return versions

    # ------------------------------------------------------------ take down

    def erasable(self, whole_id: str, version: int | None) -> list[Version]:
        """The versions that a take-down would erase, whatever the entry's status. Raises UsageError."""
        versions = self._versions(whole_id)
        keys = self.store.erasable(whole_id, version)
        return [one for one in versions if one.key in keys]

    def take_down(
        self, whole_id: str, version: int | None, reason: str, by: str, now: datetime, progress: Progress
    ) -> tuple[TakenDown, bool]:
        """Erase an entry, or the superseded versions of it that have one's words, everywhere; and whether every byte
        is gone already.

        It is hidden from the first moment, and stays so whatever fails; an error says how far it came. Where a reader
        holds old pages, the rest is erased by the next command that writes, and `status` says so until then. Raises
        StetError."""
        before = self.store.hide(whole_id, version, now)
        so_far = f"{whole_id} is held back, nothing of it is erased"
        try:
            with self._writing():
                down = self.store.take_down(whole_id, version, reason, by, now, before)
                so_far = f"{whole_id}: its words are erased from the archive, the index may hold them still"
                return down, self._finish_erasing(now, progress)
        except StetError as error:
            raise type(error)(f"{error.message}; {so_far}", error.hint) from error

    def finish_erasing(self, now: datetime) -> None:
        """Erase what an earlier take-down left, where that can be done at once."""
        self._catch_up(now, lambda *_: None)

    def _catch_up(self, now: datetime, progress: Progress) -> None:
        """Whoever calls this has done their own work: where it fails, `status` goes on naming what is left, and what
        is there to write says why."""
        if self._pending():
            with contextlib.suppress(StetError), self._writing(0):
                self._finish_erasing(now, progress, seconds=0)

    def _finish_erasing(self, now: datetime, progress: Progress, seconds: float | None = None) -> bool:
        """Erase what a take-down had to leave, or was stopped before; whether nothing is left. Readers have some
        seconds to let go of old pages; the writer's lock is held. Raises StetError."""
        from retrieval.building import clear_away

        pending = self._pending()
        if not pending:
            return True
        withdrawn = self._withdraw(self.store)
        self._index(now, progress)  # rewrites the segments that hold its words
        cleared = clear_away(self.home / "index", compacting=True)
        wait = _SECONDS if seconds is None else seconds
        return withdrawn and cleared and self.store.finish_erasing(pending, now, wait)

    def _pending(self) -> list[int]:
        """The take-downs of which something is left."""
        return [one.key for one in self.store.tombstones() if not one.erased]
