"""What waits to be answered: a bounded queue that paces each channel, and the threads that work on it."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.incoming import Incoming
from bot.pace import PACE, Pace

WORKERS = 12
"""Threads that answer: most of their time they wait for Slack, some 300 ms a message."""
MOST_WAITING = 600
"""Questions that wait at most: what comes in half a minute, while a bot is started anew, at 20 a second."""
_MOST_TOLD = 1_000
"""Further ones that are told that Stet is busy; beyond these Slack gets no acknowledgement and sends them again."""
_DRAIN_SECONDS = 20.0
"""How long a stop waits for what is queued; what is left is answered by the next run."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A delivery to be answered. `busy`: only told that there is too much to do; `uncertain`: an earlier attempt may
    have posted its reply; `tries`: how often it was tried; `since`: when it was first queued (monotonic seconds)."""

    incoming: Incoming
    busy: bool = False
    uncertain: bool = False
    tries: int = 0
    since: float = field(default_factory=time.monotonic)


class Work:
    """Safe to use from several threads. `handle` is called for each job, by one of the workers; it raises nothing."""

    def __init__(
        self, handle: Callable[[Job], None], *, workers: int = WORKERS, most: int = MOST_WAITING, pace: float = PACE
    ) -> None:
        self._handle = handle
        self._most, self._pace = most, Pace(pace)
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Job]] = []
        self._number = itertools.count()
        self._stopping = False
        self._under_way = 0
        self._threads = [
            threading.Thread(target=self._run, name=f"answer_{number}", daemon=True) for number in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def __len__(self) -> int:
        with self._changed:
            return len(self._heap)

    @property
    def alive(self) -> bool:
        """Whether its workers are at it."""
        return all(thread.is_alive() for thread in self._threads)

    def offer(self, job: Job) -> Job | None:
        """Queue a job, in its channel's pace, and return it: as one that is told to come back later where too many
        wait; None where even those are too many."""
        with self._changed:
            waiting = len(self._heap)
            if waiting < self._most:
                return self._push(job, self._turn(job.incoming))
            if waiting < self._most + _MOST_TOLD:
                told = Job(incoming=job.incoming, busy=True, since=job.since)
                return self._push(told, 0.0)  # before all others: it takes no time
            return None

    def again(self, job: Job, seconds: float) -> None:
        """Queue a job once more, after some seconds, whatever waits: it was taken."""
        with self._changed:
            self._push(job, time.monotonic() + seconds)

    def stop(self) -> None:
        """Finish what is under way and, for some seconds, what waits."""
        if self._stopping:
            return
        give_up = time.monotonic() + _DRAIN_SECONDS
        with self._changed:
            self._changed.wait_for(lambda: not self._heap and not self._under_way, give_up - time.monotonic())
            self._stopping = True
            self._changed.notify_all()
            left = len(self._heap)
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()) + 1.0)
        if left:
            log.warning("deliveries left for the next run: %s", left)

    def _turn(self, incoming: Incoming) -> float:
        """When the channel may have its next message; what goes to a reply's own address needs no turn."""
        return time.monotonic() if incoming.response_url else self._pace.turn(incoming.channel)

    def _push(self, job: Job, due: float) -> Job:
        heapq.heappush(self._heap, (due, next(self._number), job))
        self._changed.notify_all()
        return job

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._handle(job)
            except Exception:  # the outermost edge: the worker has to go on
                log.exception("a delivery was not answered")
            finally:
                with self._changed:
                    self._under_way -= 1
                    self._changed.notify_all()

    def _next(self) -> Job | None:
        """The next job that is due; None where the work is over."""
        with self._changed:
            while not self._stopping:
                if self._heap and self._heap[0][0] <= time.monotonic():
                    self._under_way += 1
                    return heapq.heappop(self._heap)[2]
                self._changed.wait(self._heap[0][0] - time.monotonic() if self._heap else None)
            return None
