"""Encoding by several processes: the same as by one, whatever becomes of them, and none is left over."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import slack, wiring
from config.settings import Settings
from retrieval import frames, indexing, spreading
from retrieval.archive import Archive
from retrieval.contents import to_kept
from retrieval.encoding import Embedder, Encoded, Reading
from retrieval.errors import ModelError, StoreBusy
from retrieval.model import SourceOptions
from retrieval.spreading import LEAST, EncoderProcess, Processes, Spreading, paying
from retrieval.store import Store
from tests import converted_model
from tests.command import ROOT, Command, ndjson, start_python
from tests.made_up_embedder import Counting
from tests.test_ingest import NOW, line, take, write
from tests.test_serving import serving

READINGS = [
    Reading(
        title="The flood\n" if number % 3 else "",
        text=f"Pump {number} has failed. {'The water rose again. ' * (number % 7)}Nobody was hurt.",
        passages=((0, 19), (20, 41)),
    )
    for number in range(72)
]
BATCHES = [READINGS[:40], READINGS[40:41], READINGS[41:]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the converted model."""
    made = tmp_path_factory.mktemp("spreading")
    converted_model.give(made)
    return made


@pytest.fixture(scope="module")
def alone() -> Embedder:
    return converted_model.load()


@pytest.fixture(scope="module")
def right(alone: Embedder) -> list[Encoded]:
    return alone.encode(READINGS)


def told(home: Path, embedder: Embedder, **other: object) -> frames.Json:
    verified = str(home / "model.json")
    how = {"device": None, "encoder": "auto", "precision": "auto", "threads": 1}
    return {"name": embedder.name, "verified": verified, **how, **other}


@pytest.fixture
def processes(home: Path, alone: Embedder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Processes]:
    """Two, which are handed three readings at once."""
    monkeypatch.setattr(spreading, "_TEXTS", 3)
    with closing(Processes(alone, told(home, alone), 2, 1)) as made:
        yield made


def same(found: Iterable[Sequence[Encoded]], right: Sequence[Encoded]) -> None:
    batches = list(found)
    assert [len(one) for one in batches] == [40, 1, 31]
    for mine, wanted in zip([one for batch in batches for one in batch], right, strict=True):
        assert mine.owners.tolist() == wanted.owners.tolist()
        assert (mine.vectors * wanted.vectors).sum(axis=1).min() >= 0.999999
        assert (mine.tokens * wanted.tokens).sum(axis=1).min() >= 0.999999


def is_alive(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # one that nobody waited for


def all_end(ids: Sequence[int]) -> bool:
    """Within some seconds."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if not any(map(is_alive, ids)):
            return True
        time.sleep(0.05)
    return False


# ------------------------------------------------------------------------------------------------ the same


def test_it_is_what_one_process_makes_in_its_order(processes: Processes, right: list[Encoded]) -> None:
    same(processes.encode_each(BATCHES), right)
    same(processes.encode_each(BATCHES), right)
    assert list(processes.encode_each([])) == []
    processes.close()
    assert not any(map(is_alive, processes.ids))


def test_the_work_of_one_that_dies_is_done(
    processes: Processes, right: list[Encoded], caplog: pytest.LogCaptureFixture
) -> None:
    each = processes.encode_each(BATCHES)
    first = next(each)
    os.kill(processes.ids[0], signal.SIGKILL)
    same([first, *each], right)
    os.kill(processes.ids[1], signal.SIGKILL)
    same(processes.encode_each(BATCHES), right)
    warnings = [one.message for one in caplog.records if one.name == "retrieval.spreading"]
    assert len(warnings) == 2
    assert all("was ended by SIGKILL" in one and "its work is done by this one" in one for one in warnings)


def test_where_none_can_be_started_it_is_done_without(
    alone: Embedder, right: list[Encoded], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    with closing(Processes(alone, {}, 2, 1)) as processes:
        assert processes.ids == []
        same(processes.encode_each(BATCHES), right)
    assert caplog.text.count("a process that encodes cannot be started: [Errno 11]") == 2


def test_many_readings_are_handed_over_in_parts_and_none_is_lost() -> None:
    long = Reading(title="", text="x" * 30_000, passages=((0, 1),))
    given = [*READINGS, long, *READINGS, long]
    parts = list(spreading._parts(given))
    assert [one for part in parts for one in part] == given
    assert [len(part) for part in parts] == [32, 32, 8, 1, 32, 32, 8, 1]
    assert list(spreading._parts([])) == []


# ------------------------------------------------------------------------------------------------ refusals


def test_one_that_cannot_load_the_model_says_why_on_one_line(home: Path, alone: Embedder) -> None:
    with closing(Processes(alone, told(home, alone, device="cuda", encoder="openvino"), 2, 1)) as processes:
        with pytest.raises(ModelError) as caught:
            list(processes.encode_each(BATCHES))
        assert caught.value.message == (
            "a process that encodes failed: STET_ENCODER is openvino, which runs on the processor, and STET_DEVICE "
            "is cuda"
        )
        assert caught.value.hint == "unset STET_DEVICE, or set STET_ENCODER to torch; or set STET_PROCESSES to 1"
        assert "\n" not in str(caught.value)


def test_one_with_another_model_is_refused(home: Path, alone: Embedder) -> None:
    changed = copy.copy(alone)
    changed.fingerprint = "f" * 64
    process = EncoderProcess(changed, told(home, alone), 1)
    with pytest.raises(ModelError, match=f"its fingerprint is {alone.fingerprint}, and should be ffff"):
        process.encode(READINGS[:1])
    process.kill()
    process.close()


def test_one_that_fails_otherwise_leaves_its_last_words_and_no_more_than_it_may(home: Path, alone: Embedder) -> None:
    process = EncoderProcess(alone, {"name": "a" * 5_000}, 1)
    with pytest.raises(spreading.Ended, match=r"^a process that encodes ended with status 1: KeyError: 'verified'$"):
        process.encode(READINGS[:1])
    assert len(process._said) <= 2_000
    process.close()


def test_modules_come_from_no_folder_that_one_happens_to_be_in(
    home: Path, alone: Embedder, right: list[Encoded], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("json.py", "retrieval.py"):
        (tmp_path / name).write_text("raise SystemExit(9)")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)
    process = EncoderProcess(alone, told(home, alone), 1)
    [found] = process.encode(READINGS[:1])
    np.testing.assert_allclose(found.vectors, right[0].vectors, atol=1e-5)
    process.kill()
    process.close()


# ------------------------------------------------------------------------------------------------ none is left over

_PARENT = """
import json, os, sys, time
from contextlib import closing
from itertools import repeat
from pathlib import Path
from retrieval import encoders
from retrieval.encoding import Reading
from retrieval.spreading import Processes
told = json.loads(sys.argv[1])
os.nice(3)
own = encoders.load(told["name"], Path(told["verified"]))
with closing(Processes(own, told, 2, 1)) as processes:
    print(json.dumps([[one, os.getpriority(os.PRIO_PROCESS, one)] for one in processes.ids]), flush=True)
    readings = [Reading(title="", text="The river rose.", passages=((0, 15),))] * 64
    for number, _ in enumerate(processes.encode_each(repeat(readings))):
        if number == 0:
            print("going", flush=True)
"""


def started(home: Path, embedder: Embedder, **options: Any) -> tuple[subprocess.Popen[str], list[int]]:
    """A process that encodes for ever by two others, and these; all have its priority."""
    parent = start_python(_PARENT, json.dumps(told(home, embedder)), **options)
    assert parent.stdout is not None
    ids, priorities = zip(*json.loads(parent.stdout.readline()), strict=True)
    assert set(priorities) == {min(19, os.getpriority(os.PRIO_PROCESS, 0) + 3)}
    return parent, list(ids)


def test_they_end_with_a_parent_that_is_killed_whatever_they_are_at(home: Path, alone: Embedder) -> None:
    for loading in (True, False):
        parent, ids = started(home, alone)
        with parent:
            if not loading:
                assert parent.stdout is not None
                assert parent.stdout.readline() == "going\n"
            parent.kill()
        assert all_end(ids)


def test_ctrl_c_ends_all(home: Path, alone: Embedder) -> None:
    """It reaches every process of a terminal."""
    parent, ids = started(home, alone, start_new_session=True)
    assert parent.stdout is not None
    assert parent.stdout.readline() == "going\n"
    os.killpg(parent.pid, signal.SIGINT)
    try:
        _, said = parent.communicate(timeout=60)
    finally:
        parent.kill()
    assert not any(map(is_alive, ids))
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert said.count("Traceback") == 1
    assert "its work is done" not in said


# ------------------------------------------------------------------------------------------------ when, and how many


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Instead of starting processes: how many would be, and of how many threads."""
    made: list[tuple[int, int]] = []
    monkeypatch.setattr(spreading, "Processes", lambda *given: made.append(given[2:]))
    monkeypatch.setattr(spreading, "cores", lambda: 16)
    return made


def spread(home: Path, count: int | None) -> Spreading:
    verified = home / "model.json"
    return Spreading(home=home, verified=verified, device=None, encoder="auto", precision="auto", count=count)


def test_few_texts_start_none(home: Path, alone: Embedder, begun: list[tuple[int, int]]) -> None:
    for count in (None, 1, 4):
        spread(home, count).started(alone, LEAST - 1)
    spread(home, 1).started(alone, 1_000_000)
    assert begun == []
    spread(home, 3).started(alone, LEAST)
    spread(home, 64).started(alone, LEAST)
    spread(home, None).started(alone, LEAST)
    assert begun == [(3, 5), (64, 1), (8, 2)]


def test_beside_a_bot_on_a_gpu_and_with_an_embedder_of_another_kind_none_is_started_unasked(
    tmp_path: Path, alone: Embedder, begun: list[tuple[int, int]]
) -> None:
    on_gpu: Any = copy.copy(alone)
    on_gpu.on_processor = False
    for one in (on_gpu, Counting()):
        spread(tmp_path, None).started(one, LEAST)
    with serving(tmp_path):
        spread(tmp_path, None).started(alone, LEAST)
        assert begun == []
        spread(tmp_path, 2).started(alone, LEAST)
    spread(tmp_path, 2).started(on_gpu, LEAST)
    assert begun == [(2, 8), (2, 8)]


@pytest.mark.parametrize(("cores", "count"), [(1, 1), (2, 1), (3, 1), (4, 2), (6, 3), (16, 8), (128, 8)])
def test_how_many_pay(cores: int, count: int) -> None:
    assert paying(cores) == count


def test_a_bot_starts_none_whatever_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Settings] = []

    def refuse(read: Settings) -> Archive:
        opened.append(read)
        raise StoreBusy("that is enough", "")

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(slack, "_call", lambda *_: None)
    monkeypatch.setattr(wiring, "archive", refuse)
    monkeypatch.setenv("STET_PROCESSES", "8")
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-1")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-1")
    with pytest.raises(StoreBusy, match="that is enough"):
        slack.serve(wiring.settings(tmp_path))
    assert [one.processes for one in opened] == [1]


# ------------------------------------------------------------------------------------------------ indexing


class Noted:
    """Encodes as another does, and notes what it was given, and its end."""

    def __init__(self, own: Embedder) -> None:
        self._own = own
        self.given: list[int] = []
        self.closed = 0

    def encode_each(self, batches: Iterable[Sequence[Reading]]) -> Iterator[list[Encoded]]:
        for batch in batches:
            self.given.append(len(batch))
            yield self._own.encode(batch)

    def close(self) -> None:
        self.closed += 1


def test_a_run_starts_them_once_and_ends_them_whatever_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 4)
    monkeypatch.setattr(indexing, "_WINDOW", 10)
    embedder, asked = Counting(), []
    noted = Noted(embedder)

    def start(given: Embedder, texts: int) -> Any:
        assert given is embedder
        asked.append(texts)
        return noted

    with closing(Store.open(tmp_path / "archive.db")) as store:
        rows = "".join(line(str(one), f"Pump {one} arrived.") for one in range(13))
        take(store, write(tmp_path / "a.jsonl", rows), options=SourceOptions(blog="a"))

        def index() -> int:
            return indexing.index(
                store, tmp_path / "index", "counting", lambda: embedder, NOW, lambda *_: None, spread=start
            ).embedded

        embedder.fail_after = 6
        with pytest.raises(KeyboardInterrupt):
            index()
        assert (asked, noted.given, noted.closed) == ([10], [4, 4], 1)
        embedder.fail_after = None
        noted.given.clear()
        assert index() == 9  # four were kept
        assert (asked, noted.given, noted.closed) == ([10, 6], [4, 2, 3], 2)
        assert index() == 0
        assert (len(asked), noted.closed) == (2, 2)


def test_add_by_two_processes_stores_what_one_does(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch, alone: Embedder
) -> None:
    monkeypatch.setattr(spreading, "LEAST", 4)
    monkeypatch.setenv("STET_PROCESSES", "2")
    made: list[Processes] = []
    start = Spreading.started

    def started(self: Spreading, *given: Any) -> Processes | None:
        processes = start(self, *given)
        made.extend(filter(None, [processes]))
        return processes

    monkeypatch.setattr(Spreading, "started", started)
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    converted_model.give(stet.home)
    texts = [f"Gauge {one} stands at {one} feet." for one in range(6)]
    rows = [{"id": str(one), "time": f"2031-06-14T09:0{one}:00Z", "text": text} for one, text in enumerate(texts)]
    assert stet("add", ndjson(tmp_path / "gauges.ndjson", rows)).status == 0
    assert [len(one.ids) for one in made] == [2]
    assert not any(map(is_alive, made[0].ids))
    whole = [Reading(title="", text=text, passages=((0, len(text)),)) for text in texts]
    wanted = {np.frombuffer(to_kept(one).vectors, "<f4").round(4).tobytes() for one in alone.encode(whole)}
    with closing(Store.open(stet.home / "archive.db")) as store:
        versions = list(store.live_versions())
        kept = store.passages_of(alone.fingerprint, [one.key for one in versions])
        digests = {passage.digest for of_version in kept.values() for passage in of_version}
        held = store.encodings(alone.fingerprint, digests).values()
        assert {np.frombuffer(one.vectors, "<f4").round(4).tobytes() for one in held} == wanted
