"""Following sources: each at its own pace, politely, none in the way of another, and an end that is prompt."""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import watching
from retrieval.errors import DiskError, SourceMissing, SourceUnreachable, StetError, StoreBusy, UsageError
from retrieval.following import Changed, Event, Follower, Pace, Recovered, Troubled, Warned
from retrieval.ingest import SourceReport
from retrieval.model import Refusal, SourceOptions
from retrieval.reports import Report
from retrieval.rows import Source

NOW = datetime(2031, 6, 14, 15, 40, tzinfo=UTC)
QUICK = Pace(every=0.02, file_least=0.02, address_least=0.02, backed_off=0.08, jitter=0)

Reading = Callable[[], Report]


def report(
    blog: str | None,
    added: int = 0,
    edited: int = 0,
    deleted: int = 0,
    refused: Sequence[str] = (),
    warnings: tuple[str, ...] = (),
) -> Report:
    one = SourceReport(
        source="x",
        blog=blog,
        format="ndjson",
        added=added,
        edited=edited,
        deleted=deleted,
        refused=tuple(Refusal(entry=f"line {number}", reason=why) for number, why in enumerate(refused, 1)),
        warnings=warnings,
    )
    return Report(sources=(one,), skipped=(), indexed=None, seconds=0.0)


def source(locator: str) -> Source:
    return Source(locator=locator, format="ndjson", sha256="", options=SourceOptions(), read_at=NOW)


class FakeArchive:
    """Gives for each blog one reading after the other, then unchanged ones; keeps when it was asked."""

    def __init__(self, **readings: Sequence[Report | BaseException | Reading]) -> None:
        self._readings = {blog: iter(given) for blog, given in readings.items()}
        self.asked: list[tuple[str, float]] = []
        self.locators = {blog: f"https://news.example/{blog}" for blog in readings}

    def refresh(self, blog: str, now: datetime, progress: object) -> Report:
        assert now.tzinfo is not None
        self.asked.append((blog, time.monotonic()))
        found = next(self._readings[blog], None)
        if isinstance(found, BaseException):
            raise found
        if callable(found):
            return found()
        return found or report(blog)

    def sources(self) -> list[tuple[str, Source]]:
        return [(blog, source(locator)) for blog, locator in self.locators.items()]

    def times(self, blog: str) -> list[float]:
        return [when for name, when in self.asked if name == blog]

    def waits(self, blog: str) -> list[float]:
        times = self.times(blog)
        return [later - earlier for earlier, later in itertools.pairwise(times)]


class Following:
    """A follower in a thread of its own, and what it told."""

    def __init__(self, archive: FakeArchive, pace: Pace = QUICK, *, workers: int = 8) -> None:
        self.follower = Follower(archive, archive.sources, pace, workers=workers, clock=lambda: NOW)
        self.events: list[Event] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for event in self.follower.follow():
            self.events.append(event)

    def __enter__(self) -> Following:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.follower.stop()
        self._thread.join(5)
        assert not self._thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    """Wait for what must come true within two seconds."""
    end = time.monotonic() + 2
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.002)


# ------------------------------------------------------------------------------------------------ the pace


@pytest.mark.parametrize(
    ("every", "failures", "file", "address"),
    [
        (30, 0, 30, 30),
        (0.5, 0, 1, 5),
        (2, 0, 2, 5),
        (30, 1, 60, 60),
        (30, 4, 480, 480),
        (30, 5, 900, 900),
        (30, 10_000, 900, 900),
        (3_600, 0, 3_600, 3_600),
        (3_600, 7, 3_600, 3_600),
    ],
)
def test_waits_double_up_to_a_quarter_of_an_hour(every: float, failures: int, file: float, address: float) -> None:
    pace = Pace(every=every)
    assert pace.wait("/srv/live.ndjson", failures) == file
    assert pace.wait("https://news.example/live", failures) == address


@given(st.floats(0.001, 86_400), st.integers(0, 10**9), st.booleans())
def test_no_wait_is_shorter_than_the_least_or_longer_than_it_should(every: float, failures: int, web: bool) -> None:
    waits = Pace(every=every).wait("https://news.example/" if web else "/live", failures)
    assert max(every, 5 if web else 1) <= waits <= max(every, 900)


def test_waits_vary_by_a_tenth() -> None:
    draws = iter([0.0, 0.5, 1.0])
    follower = Follower(FakeArchive(), FakeArchive().sources, Pace(), draw=lambda: next(draws))
    assert [follower._jittered(100) for _ in range(3)] == pytest.approx([90, 100, 110])


# ------------------------------------------------------------------------------------------------ what is told


def test_changes_are_told_and_nothing_where_nothing_changed() -> None:
    archive = FakeArchive(flood=[report("flood", added=2, edited=1), report("flood"), report("flood", deleted=3)])
    with Following(archive) as following:
        until(lambda: len(archive.asked) >= 6)
    url = "https://news.example/flood"
    assert following.events == [
        Changed(blog="flood", source=url, at=NOW, added=2, edited=1, deleted=0),
        Changed(blog="flood", source=url, at=NOW, added=0, edited=0, deleted=3),
    ]


def test_a_trouble_is_told_when_it_begins_when_it_changes_and_when_it_ends() -> None:
    archive = FakeArchive(
        flood=[
            SourceUnreachable("the server answers 503", "try again later"),
            SourceUnreachable("the server answers 502", "try again later"),
            SourceMissing("the page is gone", "check the address"),
            report("flood", added=1),
        ]
    )
    with Following(archive) as following:
        until(lambda: len(archive.asked) >= 6)
    assert [(type(one), getattr(one, "problem", None)) for one in following.events] == [
        (Troubled, "the server answers 503; try again later"),
        (Troubled, "the page is gone; check the address"),
        (Recovered, None),
        (Changed, None),
    ]


def test_refused_entries_are_told_once_for_as_long_as_they_are_the_same() -> None:
    bad = ("'text' is empty", "'time' is missing")
    archive = FakeArchive(
        flood=[
            report("flood", added=1, refused=bad),
            report("flood", refused=bad),
            report("flood"),
            report("flood", refused=bad),
            report("flood", refused=bad[:1]),
        ]
    )
    with Following(archive) as following:
        until(lambda: len(archive.asked) >= 7)
    assert [one.problem for one in following.events if isinstance(one, Troubled)] == [
        "refused: line 1: 'text' is empty (and 1 more)",
        "refused: line 1: 'text' is empty",
    ]
    assert not any(isinstance(one, Recovered) for one in following.events)


def test_a_source_that_is_refused_whole_is_a_trouble_that_backs_off() -> None:
    archive = FakeArchive(flood=[report(None, refused=["another live blog stands there"])] * 3)
    with Following(archive) as following:
        until(lambda: len(archive.asked) >= 5)
    assert [type(one) for one in following.events] == [Troubled, Recovered]
    assert [one.problem for one in following.events if isinstance(one, Troubled)] == [
        "refused: another live blog stands there"
    ]
    assert archive.waits("flood")[1] >= 0.08


def test_an_error_of_our_own_ends_one_reading_and_not_the_following(caplog: pytest.LogCaptureFixture) -> None:
    archive = FakeArchive(flood=[ZeroDivisionError("division by zero")], regatta=[])
    with Following(archive) as following:
        until(lambda: len(archive.times("flood")) >= 2 and len(archive.times("regatta")) >= 2)
    assert [getattr(one, "problem", None) for one in following.events] == [
        "an error of Stet's own: ZeroDivisionError: division by zero; please report it",
        None,
    ]
    assert "Traceback" in caplog.text


# ------------------------------------------------------------------------------------------------ politeness


def test_a_failing_source_is_asked_less_and_less_often_and_recovers_its_pace() -> None:
    down = [SourceUnreachable("the server answers 503", "try again later")] * 3
    archive = FakeArchive(flood=down, regatta=[])
    with Following(archive) as following:
        until(lambda: len(archive.times("flood")) >= 12)
    waits = archive.waits("flood")
    assert [wait >= least for wait, least in zip(waits, (0.04, 0.08, 0.08), strict=False)] == [True] * 3
    assert min(waits[3:]) < 0.04
    assert [one.again for one in following.events if isinstance(one, Troubled)] == [0.04]
    assert len(archive.times("regatta")) > len(archive.times("flood"))


def test_a_server_s_wish_for_rest_is_honoured_up_to_a_day() -> None:
    def busy(seconds: float) -> SourceUnreachable:
        return SourceUnreachable("the server answers 429", "try again later", retry_after=seconds)

    archive = FakeArchive(flood=[busy(0.3)], regatta=[busy(10**9)])
    with Following(archive) as following:
        until(lambda: len(archive.times("flood")) >= 2)
    assert archive.waits("flood")[0] >= 0.3
    assert {one.blog: one.again for one in following.events if isinstance(one, Troubled)} == {
        "flood": 0.3,
        "regatta": 86_400.0,
    }


def test_a_source_that_hangs_holds_up_no_other_and_is_not_asked_twice_at_once() -> None:
    release = threading.Event()

    def hang() -> Report:
        release.wait(3)
        return report("slow", added=1)

    archive = FakeArchive(slow=[hang], flood=[])
    with Following(archive, workers=2) as following:
        until(lambda: len(archive.times("flood")) >= 5)
        assert len(archive.times("slow")) == 1
        release.set()
        until(lambda: bool(following.events))
    assert [one.blog for one in following.events] == ["slow"]


def test_more_sources_than_workers_are_all_read() -> None:
    archive = FakeArchive(**{f"blog{number}": [] for number in range(20)})
    with Following(archive, workers=2):
        until(lambda: {blog for blog, _ in archive.asked} == set(archive.locators))


def test_stop_is_prompt_even_with_a_long_interval_and_a_source_that_hangs() -> None:
    release = threading.Event()

    def hang() -> Report:
        release.wait(10)
        return report("slow")

    archive = FakeArchive(flood=[])
    with Following(archive, Pace(every=3_600)):
        until(lambda: bool(archive.asked))
        began = time.monotonic()
    assert time.monotonic() - began < 1
    archive = FakeArchive(slow=[hang])
    with Following(archive):
        until(lambda: bool(archive.asked))
        began = time.monotonic()
    assert time.monotonic() - began < 2.5
    release.set()


def test_stop_before_it_begins() -> None:
    archive = FakeArchive(flood=[])
    follower = Follower(archive, archive.sources, QUICK)
    follower.stop()
    assert list(follower.follow()) == []
    assert archive.asked == []


# ------------------------------------------------------------------------------------------------ which sources


def test_sources_come_and_go_while_it_runs_and_standard_input_is_left_out() -> None:
    archive = FakeArchive(flood=[], regatta=[], spoken=[])
    archive.locators = {"flood": "https://news.example/flood", "spoken": "-"}
    with Following(archive):
        until(lambda: len(archive.times("flood")) >= 2)
        archive.locators = {"regatta": "https://news.example/regatta", "spoken": "-"}
        until(lambda: len(archive.times("regatta")) >= 3)
        count = len(archive.times("flood"))
        until(lambda: len(archive.times("regatta")) >= 6)
        assert len(archive.times("flood")) == count
    assert archive.times("spoken") == []


def test_what_is_found_of_a_source_that_is_gone_is_not_told() -> None:
    release = threading.Event()

    def late() -> Report:
        release.wait(2)
        return report("flood", added=1)

    archive = FakeArchive(flood=[late], regatta=[])
    with Following(archive) as following:
        until(lambda: len(archive.times("flood")) == 1)
        del archive.locators["flood"]
        count = len(archive.times("regatta"))
        until(lambda: len(archive.times("regatta")) >= count + 4)
        release.set()
        count = len(archive.times("regatta"))
        until(lambda: len(archive.times("regatta")) >= count + 3)
    assert following.events == []


def test_an_archive_that_cannot_be_read_is_told_once_and_tried_again() -> None:
    archive = FakeArchive(flood=[])
    broken = [True]

    def listing() -> list[tuple[str, Source]]:
        if broken[0]:
            raise StoreBusy("the archive is locked", "wait")
        return archive.sources()

    follower = Follower(archive, listing, QUICK, clock=lambda: NOW)
    events = follower.follow()
    first = next(events)
    assert first == Troubled(blog=None, source="", at=NOW, problem="the archive is locked; wait", again=5.0)
    thread = threading.Thread(target=lambda: list(events))
    thread.start()
    broken[0] = False
    until(lambda: bool(archive.asked))
    follower.stop()
    thread.join(2)
    assert not thread.is_alive()


# ------------------------------------------------------------------------------------------------ files


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that was written a while ago."""
    path = tmp_path / "flood.ndjson"
    path.write_text("one")
    age(path, 60)
    return path


def age(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def settled(archive: FakeArchive) -> int:
    """How often the file was asked for once ten rounds have gone by."""
    time.sleep(0.25)
    return len(archive.times("flood"))


def test_a_file_is_read_again_only_where_it_changed(file: Path) -> None:
    archive = FakeArchive(flood=[report("flood", added=1), report("flood", edited=1)])
    archive.locators["flood"] = str(file)
    with Following(archive) as following:
        until(lambda: len(following.events) == 1)
        assert settled(archive) == 1
        file.write_text("two")
        age(file, 50)
        until(lambda: len(following.events) == 2)
        assert settled(archive) <= 3  # once more where it was caught between the writing and the ageing


def test_a_file_that_was_written_just_now_is_read_until_its_clock_has_moved_on(file: Path) -> None:
    archive = FakeArchive(flood=[])
    archive.locators["flood"] = str(file)
    age(file, 0)
    with Following(archive):
        until(lambda: len(archive.asked) >= 4)


@pytest.mark.parametrize(
    "error", [SourceMissing("flood does not exist", "check the path"), UsageError("flood may not be read", "x")]
)
def test_a_file_that_is_wrong_is_tried_again_when_it_changes_at_its_usual_pace(file: Path, error: StetError) -> None:
    archive = FakeArchive(flood=[error, report("flood", added=1)])
    archive.locators["flood"] = str(file)
    if isinstance(error, SourceMissing):
        file.unlink()
    with Following(archive) as following:
        until(lambda: len(following.events) == 1)
        assert settled(archive) == 1
        file.write_text("two")
        age(file, 40)
        until(lambda: len(following.events) == 3)
    assert [type(one) for one in following.events] == [Troubled, Recovered, Changed]


def test_a_trouble_that_is_not_the_file_s_is_tried_again_without_a_change(file: Path) -> None:
    full = DiskError("no space is left", "free some")
    archive = FakeArchive(flood=[full, full, report("flood", added=1)])
    archive.locators["flood"] = str(file)
    with Following(archive) as following:
        until(lambda: len(following.events) == 3)
    assert [type(one) for one in following.events] == [Troubled, Recovered, Changed]
    assert archive.waits("flood")[1] >= 0.08


def test_a_warning_is_told_once_and_again_when_it_changes() -> None:
    one, two = "flood/e1: withheld", "flood/e2: withheld"
    archive = FakeArchive(
        a=[report("a", warnings=given) for given in [(one,), (one,), (), (one,), (one, two), (one, two)]]
    )
    with Following(archive) as following:
        until(lambda: len(archive.asked) >= 7)
    assert following.events == [
        Warned(blog="a", source=archive.locators["a"], at=NOW, warnings=given) for given in [(one,), (one, two)]
    ]


def test_a_warning_is_told_on_one_line_and_as_an_object() -> None:
    event = Warned(blog="a", source="/a", at=NOW, warnings=("a/1: withheld", "a/2: withheld"))
    assert watching.line(event) == "warning: a: a/1: withheld | a/2: withheld"
    assert watching.as_object(event) == {
        "event": "warning",
        "blog": "a",
        "source": "/a",
        "at": "2031-06-14T15:40:00+00:00",
        "warnings": ["a/1: withheld", "a/2: withheld"],
    }
