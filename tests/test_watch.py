"""`stet watch`, and the same in the background of the bot, on a page that changes over a real socket."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import options, watching, wiring
from config.settings import Settings
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.errors import UsageError
from retrieval.following import Changed, Pace, Recovered, Troubled
from retrieval.model import SourceOptions
from tests.command import REGATTA, Command, Finished, Json, environment, finish, ndjson, start
from tests.web_server import Asked, WebServer, page

NOW = datetime(2031, 6, 14, 15, 40, tzinfo=UTC)
PATH = "/regatta.ndjson"


class Regatta:
    """A page of the regatta as it grows; it answers 304 where the asker has seen it."""

    def __init__(self, web: WebServer) -> None:
        self.rows: Sequence[Json] = REGATTA[:2]
        self.status = 200
        self.statuses: list[int] = []
        self.url = web.reply(PATH, self._reply)

    def _reply(self, asked: Asked) -> list[bytes]:
        body = "".join(json.dumps(row) + "\n" for row in self.rows).encode()
        tag = f'"{len(self.rows)}-{hash(body)}"'
        status = self.status if self.status != 200 else 304 if asked.headers.get("if-none-match") == tag else 200
        self.statuses.append(status)
        return [page(body if status == 200 else b"", status, {"ETag": tag})]

    def wait_for(self, status: int) -> None:
        """Until the page has been asked for once more and answered so."""
        already = len(self.statuses)
        until(lambda: status in self.statuses[already:])


def until(true: Callable[[], bool]) -> None:
    """Wait for what must come true within five seconds."""
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.005)


@pytest.fixture
def regatta() -> Iterator[Regatta]:
    with WebServer() as web:
        yield Regatta(web)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every source is read each twentieth of a second, whatever was said."""
    monkeypatch.setenv("STET_ALLOW_LOCAL_ADDRESSES", "true")
    monkeypatch.setattr(
        watching,
        "Pace",
        lambda *, every: Pace(every=every / 100, file_least=0.05, address_least=0.05, backed_off=0.1),
    )


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


def watched(stet: Command, meanwhile: Callable[[], None], *words: str) -> Finished:
    """`stet watch` while something happens, then SIGTERM."""
    happened, ended = threading.Event(), threading.Event()

    def happen() -> None:
        try:
            meanwhile()
            happened.set()
        finally:
            while not ended.wait(0.1):
                os.kill(os.getpid(), signal.SIGTERM)

    thread = threading.Thread(target=happen)
    before = signal.signal(signal.SIGTERM, lambda *_: None)  # where the command ends before it is told to
    thread.start()
    try:
        finished = stet("watch", "--every", "5", *words)
    finally:
        ended.set()
        thread.join()
        signal.signal(signal.SIGTERM, before)
    assert happened.is_set(), finished
    return finished


def add(stet: Command, regatta: Regatta) -> None:
    added = stet("add", regatta.url, "--timezone", "Europe/London")
    assert added.status == 0, added.err


def test_each_change_is_a_line_and_each_trouble_is_told_once(stet: Command, regatta: Regatta) -> None:
    add(stet, regatta)

    def meanwhile() -> None:
        regatta.wait_for(304)
        regatta.rows = REGATTA[:3]
        regatta.wait_for(304)
        regatta.status = 503
        regatta.wait_for(503)
        regatta.wait_for(503)
        regatta.status = 200
        regatta.rows = [REGATTA[0] | {"text": "The gates of the Quillhaven regatta opened at ten."}, *REGATTA[1:]]
        regatta.wait_for(304)

    finished = watched(stet, meanwhile)
    assert (finished.status, finished.out.splitlines()) == (
        0,
        [
            "regatta-2031-06-14: 1 added, 0 edited, 0 deleted",
            "regatta-2031-06-14: can be read again",
            "regatta-2031-06-14: 1 added, 1 edited, 0 deleted",
        ],
    )
    assert finished.err == (
        f"stet: regatta-2031-06-14: {regatta.url} cannot be read now: its server answers 503; try again later "
        "(next attempt in 0 s)\n"
    )
    shown = stet("show", "regatta-2031-06-14/r1", "--json").object()
    assert [one["number"] for one in shown["versions"]] == [1, 2]
    assert shown["versions"][1]["text"] == "The gates of the Quillhaven regatta opened at ten."


def test_json_is_a_line_for_each_event_and_nothing_else(stet: Command, regatta: Regatta) -> None:
    add(stet, regatta)

    def meanwhile() -> None:
        regatta.wait_for(304)
        regatta.rows = REGATTA
        regatta.wait_for(304)
        regatta.status = 404
        regatta.wait_for(404)
        regatta.status = 200
        regatta.wait_for(304)

    finished = watched(stet, meanwhile, "--json")
    changed, problem, recovered = finished.objects()
    shared = {"blog": "regatta-2031-06-14", "source": regatta.url}
    for one in (changed, problem, recovered):
        assert datetime.fromisoformat(one.pop("at")).utcoffset() is not None
    assert changed == {"event": "changed", **shared, "added": 2, "edited": 0, "deleted": 0}
    assert 0.04 < problem.pop("again") <= 0.2
    said = f"{regatta.url} is not there: its server answers 404; check the address"
    assert problem == {"event": "problem", **shared, "problem": said}
    assert recovered == {"event": "recovered", **shared}
    assert said in finished.err


def test_a_file_is_followed_too(stet: Command, tmp_path: Path) -> None:
    file = ndjson(tmp_path / "regatta.ndjson", REGATTA[:1])
    assert stet("add", file, "--timezone", "Europe/London").status == 0

    def meanwhile() -> None:
        time.sleep(0.1)
        ndjson(file, REGATTA)
        with contextlib.closing(Archive.open(stet.home, "x", lambda: pytest.fail("no model is needed"))) as archive:
            until(lambda: archive.state().manifest.change == archive.store.last_change() > 3)  # type: ignore[union-attr]
        time.sleep(0.2)

    assert watched(stet, meanwhile).out == "regatta-2031-06-14: 3 added, 0 edited, 0 deleted\n"


def test_there_must_be_something_to_follow(stet: Command) -> None:
    said = "there is no live blog to follow; add a file or an address first: stet add https://news.example/live"
    assert stet("watch").refusal() == said
    spoken = "".join(json.dumps(row) + "\n" for row in REGATTA).encode()
    assert stet("add", "-", "--timezone", "Europe/London", stdin=spoken).status == 0
    assert stet("watch").refusal() == said


@pytest.mark.parametrize("value", ["0", "0.5", "-3", "86401", "1e3", "soon", "", "nan", "٣", "9" * 500])
def test_how_often_is_a_number_of_seconds(stet: Command, value: str) -> None:
    said = stet("watch", f"--every={value}").refusal()
    assert said == f"--every is {value[:80]!r}; give a number of seconds from 1 to 86400"
    with pytest.raises(UsageError):
        options.every(value)


def test_how_often_may_be_a_decimal() -> None:
    assert [options.every(one) for one in ("1", "2.5", "86400")] == [1.0, 2.5, 86_400.0]


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_signal_ends_it_at_once(stet: Command, regatta: Regatta, sent: signal.Signals, status: int) -> None:
    add(stet, regatta)
    already = len(regatta.statuses)
    process = start("--home", stet.home, "watch", env=environment(STET_ALLOW_LOCAL_ADDRESSES="true"))
    until(lambda: len(regatta.statuses) > already)
    time.sleep(0.1)
    began = time.monotonic()
    process.send_signal(sent)
    finished = finish(process)
    assert time.monotonic() - began < 2
    assert (finished.status, finished.out) == (status, "")
    stopped = "stet: stopped; what was stored is kept, and the same command goes on from there\n"
    assert finished.err == (stopped if status else "")


# ------------------------------------------------------------------------------------------------ in the background


def test_the_bot_follows_in_the_background_what_is_added_later_too(
    tmp_path: Path, embedder: Embedder, regatta: Regatta, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.watching")
    archive = Archive.open(tmp_path / "home", embedder.name, lambda: embedder, allow_local=True)
    following = watching.start(archive, 5)
    try:
        archive.add([regatta.url], SourceOptions(timezone="Europe/London"), NOW, lambda *_: None)
        regatta.wait_for(304)
        regatta.rows = REGATTA
        until(lambda: archive.snapshot().manifest.change == archive.store.last_change() and bool(caplog.messages))
        answer = archive.ask("Who has won the Quillhaven cup?")
        assert "The cutter Bramble has won" in answer.passages[0].passage.text
        regatta.status = 500
        until(lambda: len(caplog.messages) >= 2)
    finally:
        following.stop()
    count = len(regatta.statuses)
    time.sleep(0.2)
    assert len(regatta.statuses) == count
    assert [one.entries for one in archive.store.blog_states()] == [4]
    archive.close()
    assert caplog.messages[0] == "regatta-2031-06-14: 2 added, 0 edited, 0 deleted"
    assert "its server answers 500" in caplog.messages[1]
    assert [record.levelname for record in caplog.records if record.name == "bot.watching"] == ["INFO", "WARNING"]


def test_serve_is_told_to_watch_by_option_or_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().watch_every is None
    assert wiring.watched(Settings()).watch_every == 30.0
    monkeypatch.setenv("STET_WATCH_EVERY", "90")
    assert Settings().watch_every == 90.0
    assert wiring.watched(Settings()).watch_every == 90.0


def test_each_event_reads_as_one_line() -> None:
    shared = {"source": "https://news.example/live", "at": NOW}
    assert [
        watching.line(Changed(blog="flood", added=1, edited=2, deleted=3, **shared)),  # type: ignore[arg-type]
        watching.line(Troubled(blog="flood", problem="it is gone; wait", again=59.6, **shared)),  # type: ignore[arg-type]
        watching.line(Troubled(blog=None, problem="it is locked; wait", again=5, **shared)),  # type: ignore[arg-type]
        watching.line(Recovered(blog="flood", **shared)),  # type: ignore[arg-type]
    ] == [
        "flood: 1 added, 2 edited, 3 deleted",
        "flood: it is gone; wait (next attempt in 60 s)",
        "the archive: it is locked; wait (next attempt in 5 s)",
        "flood: can be read again",
    ]
