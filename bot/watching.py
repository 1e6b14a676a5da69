"""Following running blogs: for `stet watch` until it is stopped, for the bot in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from bot import output
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed
from retrieval.following import Changed, Event, Follower, Pace, Recovered, Troubled, Warned
from retrieval.sources import STANDARD_INPUT

_STOP_SECONDS = 5

log = logging.getLogger(__name__)


class Watching:
    """A follower at work in the background."""

    def __init__(self, follower: Follower) -> None:
        self._follower = follower
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer; waits a moment for a reading that is being recorded."""
        self._stopped = True
        self._follower.stop()
        self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        try:
            for event in self._follower.follow():
                log.log(logging.WARNING if isinstance(event, Troubled | Warned) else logging.INFO, "%s", line(event))
        finally:
            if not self._stopped:  # the traceback is printed for the thread; this says what it means
                log.critical("running blogs are followed no longer")


def start(archive: Archive, every: float) -> Watching:
    """Follow all blogs of an archive, those added later too, and log what happens, until `stop`."""
    return Watching(_follower(archive, every))


def run(archive: Archive, every: float, as_json: bool) -> None:
    """Follow all blogs of an archive and print what happens, problems on standard error, until SIGTERM.

    Raises NothingIndexed where there is none to follow."""
    if sys.stderr is not None and sys.stderr.isatty():
        output.warn(f"following running blogs, each every {every:g} s; Ctrl-C ends it")
    for event in _events(archive, every):
        problem = isinstance(event, Troubled | Warned)
        if problem:
            output.warn(line(event))
        if as_json:
            output.say(output.json_line(as_object(event)))
        elif not problem:
            output.say(output.one_line(line(event)))


def _events(archive: Archive, every: float) -> Iterator[Event]:
    if not any(source.locator != STANDARD_INPUT for _, source in archive.store.sources()):
        raise NothingIndexed(
            "there is no live blog to follow", "add a file or an address first: stet add https://news.example/live"
        )
    follower = _follower(archive, every)
    with _stopped_by_sigterm(follower), contextlib.closing(follower.follow()) as following:
        yield from following


def _follower(archive: Archive, every: float) -> Follower:
    return Follower(archive, archive.store.sources, Pace(every=every))


@contextlib.contextmanager
def _stopped_by_sigterm(follower: Follower) -> Iterator[None]:
    before = signal.signal(signal.SIGTERM, lambda *_: follower.stop())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def line(event: Event) -> str:
    """An event on one line."""
    match event:
        case Changed():
            return f"{event.blog}: {event.added} added, {event.edited} edited, {event.deleted} deleted"
        case Troubled():
            return f"{event.blog or 'the archive'}: {event.problem} (next attempt in {event.again:.0f} s)"
        case Recovered():
            return f"{event.blog}: can be read again"
        case Warned():
            return f"warning: {event.blog}: {' | '.join(event.warnings)}"


def as_object(event: Event) -> dict[str, Any]:
    """An event of `stet watch --json`; times are UTC, `again` the seconds until the next attempt."""
    shared = {"blog": event.blog, "source": event.source or None, "at": event.at.isoformat(timespec="seconds")}
    match event:
        case Changed():
            return {
                "event": "changed",
                **shared,
                "added": event.added,
                "edited": event.edited,
                "deleted": event.deleted,
            }
        case Troubled():
            return {"event": "problem", **shared, "problem": event.problem, "again": round(event.again, 1)}
        case Recovered():
            return {"event": "recovered", **shared}
        case Warned():
            return {"event": "warning", **shared, "warnings": list(event.warnings)}
