"""The queue of what is to be answered: order, pace, bounds, second tries, and a stop that finishes its work."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from bot.incoming import Incoming, Way
from bot.work import Job, Work

PATIENCE = 10.0


def job(number: int, channel: str = "C1", response_url: str | None = None) -> Job:
    return Job(
        incoming=Incoming(
            key=str(number), way=Way.MENTION, user="U1", channel=channel, at=0.0, response_url=response_url
        )
    )


class Seen:
    """What was handled, in order and when; `gate` holds every handler back until it is opened."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = threading.Semaphore(0)
        self.changed = threading.Condition()
        self.jobs: list[tuple[float, Job]] = []

    def __call__(self, job: Job) -> None:
        self.begun.release()
        assert self.gate.wait(PATIENCE)
        with self.changed:
            self.jobs.append((time.monotonic(), job))
            self.changed.notify_all()

    @property
    def keys(self) -> list[str]:
        return [job.incoming.key for _, job in self.jobs]

    def wait_for(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.jobs) >= count, PATIENCE), self.keys


@contextmanager
def working(handle: Callable[[Job], None], **more: float) -> Iterator[Work]:
    work = Work(handle, **more)  # type: ignore[arg-type]
    try:
        yield work
    finally:
        work.stop()


def held(seen: Seen, work: Work) -> None:
    """Give the only worker something to do until the gate opens."""
    seen.gate.clear()
    assert work.offer(job(0, "C0")) is not None
    assert seen.begun.acquire(timeout=PATIENCE)


# ------------------------------------------------------------------------------------------------ order, pace


def test_what_came_first_is_answered_first() -> None:
    seen = Seen()
    with working(seen, workers=1) as work:
        held(seen, work)
        for number in range(1, 30):
            work.offer(job(number, f"C{number}"))
        assert len(work) == 29
        seen.gate.set()
        seen.wait_for(30)
    assert seen.keys == [str(number) for number in range(30)]


def test_a_channel_gets_one_message_in_its_pace_and_others_do_not_wait_for_it() -> None:
    seen, pace = Seen(), 0.4
    with working(seen, pace=pace) as work:
        began = time.monotonic()
        for number in range(3):
            work.offer(job(number))
        for number in range(10, 15):
            work.offer(job(number, f"C{number}"))
        seen.wait_for(8)
    times = {job.incoming.key: at - began for at, job in seen.jobs}
    assert times["0"] < pace
    assert all(times[str(number)] < pace for number in range(10, 15))
    assert pace <= times["1"] < 2 * pace <= times["2"] < 3 * pace


def test_a_channel_that_was_quiet_has_its_turn_at_once() -> None:
    seen, pace = Seen(), 0.2
    with working(seen, pace=pace) as work:
        work.offer(job(0))
        seen.wait_for(1)
        time.sleep(2 * pace)
        began = time.monotonic()
        work.offer(job(1))
        seen.wait_for(2)
    assert seen.jobs[1][0] - began < pace


def test_what_goes_to_a_reply_s_own_address_needs_no_turn() -> None:
    seen = Seen()
    with working(seen, pace=60.0) as work:
        work.offer(job(0))
        for number in range(1, 6):
            work.offer(job(number, response_url="https://hooks.slack.test/1"))
        seen.wait_for(6)
    assert sorted(seen.keys) == [str(number) for number in range(6)]


def test_eight_are_at_it_at_once() -> None:
    together = threading.Barrier(8, timeout=PATIENCE)
    met = []

    def meet(job: Job) -> None:
        together.wait()
        met.append(job.incoming.key)

    with working(meet) as work:
        assert work.alive
        for number in range(8):
            work.offer(job(number, f"C{number}"))
    assert sorted(met) == [str(number) for number in range(8)]


# ------------------------------------------------------------------------------------------------ bounds


def test_where_too_many_wait_the_next_are_told_so_before_the_others_and_then_none_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.work._MOST_TOLD", 2)
    seen = Seen()
    with working(seen, workers=1, most=3) as work:
        held(seen, work)
        taken = [work.offer(job(number, f"C{number}")) for number in range(1, 4)]
        told = [work.offer(job(number, f"C{number}")) for number in range(4, 6)]
        assert work.offer(job(6, "C6")) is None
        assert len(work) == 5
        seen.gate.set()
        seen.wait_for(6)
    assert [one.busy for one in taken if one] == [False] * 3
    assert [(one.busy, one.incoming.key) for one in told if one] == [(True, "4"), (True, "5")]
    assert seen.keys == ["0", "4", "5", "1", "2", "3"]
    assert [done.busy for _, done in seen.jobs] == [False, True, True, False, False, False]


def test_there_is_room_again_when_the_queue_was_worked_off() -> None:
    seen = Seen()
    with working(seen, workers=1, most=1) as work:
        held(seen, work)
        work.offer(job(1, "C1"))
        busy = work.offer(job(2, "C2"))
        assert busy is not None
        assert busy.busy
        seen.gate.set()
        seen.wait_for(3)
        again = work.offer(job(3, "C3"))
        assert again is not None
        assert not again.busy


# ------------------------------------------------------------------------------------------------ again


def test_a_job_is_tried_again_after_its_time_whatever_waits() -> None:
    seen = Seen()
    with working(seen, workers=1, most=0) as work:
        began = time.monotonic()
        work.again(job(1), 0.4)
        work.again(job(2), 0.1)
        work.again(job(3), 0.0)
        seen.wait_for(3)
    assert seen.keys == ["3", "2", "1"]
    assert [at - began >= due for (at, _), due in zip(seen.jobs, (0.0, 0.1, 0.4), strict=True)] == [True] * 3


def test_a_job_may_queue_itself_again_and_knows_when_it_was_first_queued() -> None:
    tries: list[Job] = []

    def fails_twice(one: Job) -> None:
        tries.append(one)
        if one.tries < 2:
            work.again(Job(incoming=one.incoming, tries=one.tries + 1, uncertain=True, since=one.since), 0.0)

    with working(fails_twice, workers=1) as work:
        work.offer(job(1))
        deadline = time.monotonic() + PATIENCE
        while len(tries) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert [(one.tries, one.uncertain) for one in tries] == [(0, False), (1, True), (2, True)]
    assert len({one.since for one in tries}) == 1


# ------------------------------------------------------------------------------------------------ life


def test_a_stop_finishes_what_waits_and_what_is_under_way() -> None:
    seen = Seen()
    work = Work(seen, workers=2, pace=0.1)
    held(seen, work)
    for number in range(1, 6):
        work.offer(job(number))
    threading.Timer(0.2, seen.gate.set).start()
    work.stop()
    assert sorted(seen.keys) == [str(number) for number in range(6)]
    assert (len(work), work.alive) == (0, False)
    work.stop()  # and once more


def test_a_stop_leaves_what_takes_too_long_to_the_next_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.work._DRAIN_SECONDS", 0.2)
    seen = Seen()
    work = Work(seen, workers=1, pace=30.0)
    for number in range(3):
        work.offer(job(number))
    with caplog.at_level(logging.WARNING, "bot.work"):
        began = time.monotonic()
        work.stop()
    assert time.monotonic() - began < 5.0
    assert (seen.keys, work.alive) == (["0"], False)
    assert "deliveries left for the next run: 2" in caplog.text


def test_a_handler_that_fails_stops_no_worker(caplog: pytest.LogCaptureFixture) -> None:
    seen = Seen()

    def handle(one: Job) -> None:
        if int(one.incoming.key) % 2:
            raise ZeroDivisionError("by chance")
        seen(one)

    with working(handle, workers=1) as work:
        for number in range(6):
            work.offer(job(number, f"C{number}"))
        seen.wait_for(3)
        assert work.alive
    assert seen.keys == ["0", "2", "4"]
    assert caplog.text.count("a delivery was not answered") == 3


def test_it_may_be_offered_to_from_many_threads() -> None:
    seen = Seen()
    with working(seen, pace=0.0) as work:
        threads = [
            threading.Thread(
                target=lambda first=first: [work.offer(job(n, f"C{n}")) for n in range(first, first + 20)]
            )
            for first in range(0, 160, 20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seen.wait_for(160)
    assert sorted(map(int, seen.keys)) == list(range(160))
