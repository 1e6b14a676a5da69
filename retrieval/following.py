"""Running blogs, read again and again: politely, each at its own pace, none in the way of another.

A source that fails is asked less and less often; one that hangs holds up a worker, not the others.
"""

from __future__ import annotations

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from retrieval.errors import SourceError, SourceUnreachable, StetError, UsageError
from retrieval.sources import STANDARD_INPUT, is_address

if TYPE_CHECKING:
    from retrieval.indexing import Progress
    from retrieval.ingest import SourceReport
    from retrieval.reports import Report
    from retrieval.rows import Source

_LISTED_EVERY = 5.0
_RACY_SECONDS = 2.0
"""A file that was written so lately may be written again within the same tick of its clock, unseen."""
_PATIENCE = 2.0

log = logging.getLogger(__name__)

Signature = tuple[int, int, int, int] | None


class Refreshing(Protocol):
    """What is followed with: `Archive` is one."""

    def refresh(self, blog: str, now: datetime, progress: Progress) -> Report:
        """Read one registered blog's source again and index what changed. Raises StetError."""


class Listing(Protocol):
    """What is followed: `Store.sources` is one."""

    def __call__(self) -> Sequence[tuple[str, Source]]:
        """Every registered source with its blog's id. Raises StetError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How often a source is read, in seconds. `every` holds unless it is less than what files and addresses are
    given at least; `retry_after` is the longest that a server may ask for; `jitter` is the part by which a wait
    varies, so that the sources of one server do not come all at once."""

    every: float = 30.0
    file_least: float = 1.0
    address_least: float = 5.0
    backed_off: float = 900.0
    retry_after: float = 86_400.0
    jitter: float = 0.1

    def wait(self, locator: str, failures: int = 0) -> float:
        """How long to wait after so many failures in a row: twice as long after each, up to `backed_off`."""
        usual = max(self.every, self.address_least if is_address(locator) else self.file_least)
        doubled = usual * 2.0 ** min(failures, 30)
        return max(usual, min(doubled, self.backed_off))


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A blog's source was read, and entries of it are new, edited or deleted."""

    blog: str
    source: str
    at: datetime
    added: int
    edited: int
    deleted: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Troubled:
    """A source cannot be read, or not all of it; told when it begins and when it turns into another trouble.

    `blog` is None where the archive itself cannot be read. `again`: the seconds until the next attempt."""

    blog: str | None
    source: str
    at: datetime
    problem: str
    again: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovered:
    """A source that could not be read can be read again."""

    blog: str
    source: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Warned:
    """A source was read, and there is something to know of it: what was withheld, or where it is read from now. Told
    when it begins and when it turns into something else."""

    blog: str
    source: str
    at: datetime
    warnings: tuple[str, ...]


Event = Changed | Troubled | Recovered | Warned


@dataclass(kw_only=True, slots=True)
class _Followed:
    """One source and how it has fared."""

    blog: str
    locator: str
    due: float
    failures: int = 0
    trouble: object = None
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    running: bool = False
    read: bool = False
    signature: Signature = field(default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Done:
    """What a worker hands back."""

    one: _Followed
    at: datetime
    report: Report | None
    error: StetError | None


class Follower:
    """Follows the sources that `listing` names, until it is stopped. One thread calls `follow`, any may `stop`."""

    def __init__(
        self,
        archive: Refreshing,
        listing: Listing,
        pace: Pace,
        *,
        workers: int = 8,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        draw: Callable[[], float] = random.random,
    ) -> None:
        self._archive = archive
        self._listing = listing
        self._pace = pace
        self._workers = workers
        self._clock = clock
        self._draw = draw
        self._stopped = False
        self._due: SimpleQueue[_Followed | None] = SimpleQueue()
        self._done: SimpleQueue[_Done | None] = SimpleQueue()
        self._followed: dict[str, _Followed] = {}
        self._listed_at = float("-inf")
        self._listing_trouble = False

    def stop(self) -> None:
        """End `follow` soon. May be called from any thread and from a signal's handler."""
        self._stopped = True  # no lock is taken: a handler may have interrupted whoever holds it
        self._done.put(None)

    def follow(self) -> Generator[Event, None, None]:
        """What happens, as it happens, until `stop`. Workers that are still reading then are given two seconds;
        one that hangs on a server is left behind, and what it had stored is kept."""
        threads = [
            threading.Thread(target=self._work, name=f"follow-{number}", daemon=True)
            for number in range(self._workers)
        ]
        for thread in threads:
            thread.start()
        try:
            while not self._stopped:
                yield from self._list()
                self._hand_out()
                with contextlib.suppress(Empty):
                    done = self._done.get(timeout=self._pause())
                    if done is not None:
                        yield from self._settle(done)
        finally:
            self._stopped = True
            for _ in threads:
                self._due.put(None)
            until = time.monotonic() + _PATIENCE
            for thread in threads:
                thread.join(max(0.0, until - time.monotonic()))

    # ------------------------------------------------------------ the schedule

    def _list(self) -> Iterator[Event]:
        """Take in sources that are new, let go of those that are gone."""
        if time.monotonic() < self._listed_at + min(self._pace.every, _LISTED_EVERY):
            return
        self._listed_at = time.monotonic()
        try:
            listed = {blog: source.locator for blog, source in self._listing() if source.locator != STANDARD_INPUT}
        except StetError as error:
            if not self._listing_trouble:
                yield Troubled(blog=None, source="", at=self._clock(), problem=str(error), again=_LISTED_EVERY)
            self._listing_trouble = True
            return
        self._listing_trouble = False
        for blog, locator in listed.items():
            held = self._followed.get(blog)
            if held is None or held.locator != locator:
                self._followed[blog] = _Followed(blog=blog, locator=locator, due=time.monotonic())
        for gone in self._followed.keys() - listed.keys():
            del self._followed[gone]

    def _hand_out(self) -> None:
        now = time.monotonic()
        for one in self._followed.values():
            if one.running or one.due > now:
                continue
            if self._as_it_was(one):
                one.due = now + self._jittered(self._pace.wait(one.locator))
                continue
            one.running = True
            self._due.put(one)

    def _pause(self) -> float:
        """The seconds until something is due."""
        dues = [one.due for one in self._followed.values() if not one.running]
        next_due = min([*dues, self._listed_at + min(self._pace.every, _LISTED_EVERY)])
        return max(0.001, next_due - time.monotonic())

    def _jittered(self, seconds: float) -> float:
        return seconds * (1 + self._pace.jitter * (2 * self._draw() - 1))

    @staticmethod
    def _as_it_was(one: _Followed) -> bool:
        """A file that is as it was when it was read last, well or in vain, needs no reading."""
        return one.read and not is_address(one.locator) and _signature(one.locator) == one.signature

    # ------------------------------------------------------------ reading

    def _work(self) -> None:
        while (one := self._due.get()) is not None and not self._stopped:
            before = None if is_address(one.locator) else _signature(one.locator)
            report, error = None, None
            try:
                report = self._archive.refresh(one.blog, self._clock(), lambda *_: None)
            except StetError as raised:
                error = raised
            except Exception as raised:  # the outermost edge of this thread: one source must not end the others
                log.exception("following %s failed", one.blog)
                error = StetError(f"an error of Stet's own: {type(raised).__name__}: {raised}", "please report it")
            one.signature = before
            one.read = (error is None or _of_the_source(error)) and not _racy(before)
            self._done.put(_Done(one=one, at=self._clock(), report=report, error=error))

    def _settle(self, done: _Done) -> Iterator[Event]:
        one = done.one
        one.running = False
        trouble, problem = _trouble(done)
        resting = not is_address(one.locator) and (done.error is None or _of_the_source(done.error))
        one.failures = 0 if trouble is None or resting else one.failures + 1
        asked = done.error.retry_after if isinstance(done.error, SourceUnreachable) else None
        wait = max(
            self._jittered(self._pace.wait(one.locator, one.failures)), min(asked or 0.0, self._pace.retry_after)
        )
        one.due = time.monotonic() + wait
        if self._followed.get(one.blog) is not one:  # no longer registered
            return
        before, one.trouble = one.trouble, trouble
        if trouble is not None:
            if trouble != before:
                yield Troubled(blog=one.blog, source=one.locator, at=done.at, problem=problem, again=wait)
            return
        if before is not None:
            yield Recovered(blog=one.blog, source=one.locator, at=done.at)
        yield from self._told(one, done, wait)

    @staticmethod
    def _told(one: _Followed, done: _Done, wait: float) -> Iterator[Event]:
        """What a report says: changes, and refusals and warnings that were not told before."""
        for report in done.report.sources if done.report is not None else ():
            if report.added or report.edited or report.deleted:
                yield Changed(
                    blog=one.blog,
                    source=one.locator,
                    at=done.at,
                    added=report.added,
                    edited=report.edited,
                    deleted=report.deleted,
                )
            refused = _refused(report)
            if refused and refused != one.refused:  # an unchanged page reports none: that is no end of them
                one.refused = refused
                yield Troubled(blog=one.blog, source=one.locator, at=done.at, problem=_first_of(refused), again=wait)
            if report.warnings and report.warnings != one.warned:  # nor does it report a warning
                one.warned = report.warnings
                yield Warned(blog=one.blog, source=one.locator, at=done.at, warnings=report.warnings)


def _trouble(done: _Done) -> tuple[object, str]:
    """What keeps a source from being read, so that it can be told from another trouble, and in words; or None.

    Of an error its kind counts: its words may differ from round to round."""
    if done.error is not None:
        return type(done.error), str(done.error)
    whole = [one for one in (done.report.sources if done.report else ()) if one.blog is None]
    if whole:
        reasons = tuple(refusal.reason for one in whole for refusal in one.refused)
        return reasons, _first_of(reasons)
    return None, ""


def _refused(report: SourceReport) -> tuple[str, ...]:
    return tuple(f"{refusal.entry}: {refusal.reason}" for refusal in report.refused)


def _first_of(reasons: Sequence[str]) -> str:
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    return f"refused: {reasons[0] if reasons else 'no reason given'}{more}"


def _of_the_source(error: StetError) -> bool:
    """Does an error lie in the source as it stands, so that reading it again changes nothing?"""
    return isinstance(error, SourceError | UsageError)


def _signature(locator: str) -> Signature:
    """A file's size, times of change and inode; None where it cannot be looked at."""
    try:
        found = Path(locator).stat()
    except (OSError, ValueError):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino


def _racy(signature: Signature) -> bool:
    return signature is not None and abs(time.time() - signature[1] / 1e9) < _RACY_SECONDS
