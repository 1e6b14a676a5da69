"""The command stopped at many moments. `python -m tests.killing FOLDER` prints a line of JSON for each trial.

The model is loaded once; every run of the command is a fork of this process, stopped by a signal at a chosen moment
or by a limit on the size of its files. Another fork then looks at the archive and runs the same command again.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
import torch

from retrieval import building, segment_writer
from retrieval.embedding import BUNDLED, Embedder, SentenceTransformerEmbedder
from retrieval.growing import Written
from retrieval.lexical import LexicalWriter
from tests.command import ORCHARD, REGATTA, Command, Finished, Json, ndjson
from tests.data_folder import SAMPLE
from tests.once import made_once
from tests.remembering import Remembering

TRACTOR = "What happened to the tractor beside the cider press?"
CUP = "Who won the Quillhaven cup?"
PUMP = "Why was the No. 2 pump missing?"

_WATCHED = (
    "retrieval/archive.py",
    "retrieval/building.py",
    "retrieval/contents.py",
    "retrieval/database.py",
    "retrieval/files.py",
    "retrieval/growing.py",
    "retrieval/indexing.py",
    "retrieval/index_records.py",
    "retrieval/ingest.py",
    "retrieval/lexical.py",
    "retrieval/manifest.py",
    "retrieval/segment.py",
    "retrieval/segment_writer.py",
    "retrieval/snapshot.py",
    "retrieval/store.py",
    "retrieval/tables.py",
    "retrieval/vectors/__init__.py",
    "sqlalchemy/engine/default.py",
)
_KILLS, _INTERRUPTS, _DELAYS = 10, 4, 3
_LIMITS = (0, 16_000, 70_000, 100_000, 250_000, 400_000)
_WRITERS = (
    (np, "save"),
    (Written, "close"),
    (segment_writer, "write_index"),
    (LexicalWriter, "close"),
    (building, "write_atomically"),
)


class Moments:
    """Counts the calls that touch the store, the index or the disk, and does something at the n-th."""

    def __init__(self, at: int | None = None, then: Callable[[], None] = lambda: None) -> None:
        self.passed = 0
        self._at = at
        self._then = then

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "return", "c_call", "c_return") and frame.f_code.co_filename.endswith(_WATCHED):
            self.passed += 1
            if self.passed == self._at:
                self._then()


def forked(work: Callable[[], object], result: Path) -> tuple[int, Any]:
    """Do something in a fork; its exit status (negative: the signal) and what it left as JSON in `result`."""
    result.unlink(missing_ok=True)
    child = os.fork()
    if child == 0:
        status = 70
        try:
            made = work()
            result.write_text(json.dumps(made), encoding="utf-8")
            status = 0
        except BaseException:  # noqa: BLE001 (nothing of a child may get into its parent's code)
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    found = json.loads(result.read_text(encoding="utf-8")) if result.exists() else None
    return os.waitstatus_to_exitcode(ended), found


class Trials:
    """Every trial has a copy of the same home, and the same command."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self._folder = folder
        self._embedder = embedder
        self._result = folder / "result.json"
        self._number = 0

    def command(self, home: Path) -> Command:
        return Command(home, self._embedder, pytest.MonkeyPatch())

    def home(self, template: Path | None) -> Path:
        self._number += 1
        home = self._folder / f"home{self._number}"
        if template is not None:
            shutil.copytree(template, home)
        return home

    def moments(self, words: tuple[str, ...], template: Path | None) -> int:
        """How many moments the command has when it is left alone."""
        home = self.home(template)

        def count() -> int:
            moments = Moments()
            sys.setprofile(moments)
            finished = self.command(home)(*words)
            sys.setprofile(None)
            if finished.status != 0:
                raise RuntimeError(finished.err)
            return moments.passed

        _, passed = forked(count, self._result)
        return int(passed)

    def stopped(self, words: tuple[str, ...], home: Path, before: Callable[[], None], delay: float | None) -> Json:
        """Run the command in a fork that prepares its own end; what became of it."""

        def work() -> Json:
            before()
            finished = self.command(home)(*words)
            sys.setprofile(None)
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return told(finished)

        if delay is None:
            status, found = forked(work, self._result)
        else:
            with Killer(delay):
                status, found = forked(work, self._result)
        return {"signal": -status if status < 0 else 0, "run": found}

    def looked_at(self, words: tuple[str, ...], home: Path, asked: tuple[str, ...]) -> Json:
        """What the archive says afterwards, before and after the same command is run again."""

        def work() -> Json:
            stet = self.command(home)
            before = {question: told(stet("ask", "--json", question)) for question in asked}
            return {
                "status": told(stet("status", "--json")),
                "before": before,
                "again": told(stet(*words)),
                "after": {question: told(stet("ask", "--json", question)) for question in asked},
                "end": told(stet("status", "--json")),
                "left": sorted(path.name for path in (home / "index").rglob(".*")),
            }

        status, found = forked(work, self._result)
        return {"looked": status, **(found or {})}


class Killer:
    """Kills the newest child of this process after a delay. It watches from a fork of its own."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._parent = os.getpid()
        self._watcher = 0

    def __enter__(self) -> None:
        self._watcher = os.fork()
        if self._watcher == 0:
            time.sleep(self._delay)
            children = Path(f"/proc/{self._parent}/task/{self._parent}/children").read_text(encoding="ascii").split()
            for child in map(int, children):
                if child != os.getpid():
                    os.kill(child, signal.SIGKILL)
            os._exit(0)

    def __exit__(self, *_: object) -> None:
        os.waitpid(self._watcher, 0)


def told(finished: Finished) -> Json:
    return {"exit": finished.status, "out": finished.out, "err": finished.err}


def at_moment(number: int, which: signal.Signals) -> Callable[[], None]:
    def prepare() -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.setprofile(Moments(number, lambda: os.kill(os.getpid(), which)))

    return prepare


def with_file_limit(size: int) -> Callable[[], None]:
    def prepare() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return prepare


def with_a_full_disk_from(owner: object, name: str) -> Callable[[], None]:
    """The first call of a function finds the disk full, and so does all that comes after."""
    write = getattr(owner, name)

    def fail(*given: object, **named: object) -> object:
        with_file_limit(0)()
        return write(*given, **named)

    return lambda: setattr(owner, name, fail)


def evenly(count: int, whole: int) -> list[int]:
    return [1 + number * (whole - 1) // (count - 1) for number in range(count)]


def main(folder: Path) -> None:
    """Run every trial and print it."""
    torch.set_num_threads(1)
    embedder = Remembering(SentenceTransformerEmbedder.load(BUNDLED, folder / "model.json"))
    orchard, regatta = ndjson(folder / "orchard.ndjson", ORCHARD), ndjson(folder / "regatta.ndjson", REGATTA)
    trials = Trials(folder, embedder)

    # In this process, once, so that every fork finds the encodings made.
    whole = trials.command(folder / "whole")
    for source in (orchard, regatta, SAMPLE):
        done = whole("add", source)
        if done.status != 0:
            raise RuntimeError(done.err)
    for question in (TRACTOR, CUP, PUMP):
        whole("ask", question)
    template = folder / "template"
    forked(lambda: trials.command(template)("add", str(orchard)).status, folder / "result.json")
    both = folder / "both"
    forked(lambda: trials.command(both)("add", str(orchard), str(regatta)).status, folder / "result.json")

    gc.freeze()  # or each fork's collector would touch, and so copy, all that was imported
    adding, rebuilding = ("add", "--json", str(regatta)), ("reindex", "--full", "--json")
    scenes: tuple[tuple[str, tuple[str, ...], Path | None, tuple[str, ...]], ...] = (
        ("first add", adding, None, (CUP,)),
        ("add", adding, template, (TRACTOR, CUP)),
        ("reindex", rebuilding, both, (TRACTOR, CUP)),
    )
    for name, words, start, asked in scenes:
        moments = trials.moments(words, start)
        plans: list[tuple[str, Callable[[], None], float | None]] = [
            *((f"kill {n}/{moments}", at_moment(n, signal.SIGKILL), None) for n in evenly(_KILLS, moments)),
            *((f"interrupt {n}/{moments}", at_moment(n, signal.SIGINT), None) for n in evenly(_INTERRUPTS, moments)),
            *((f"delay {n}", lambda: None, 0.02 + 0.04 * n) for n in range(_DELAYS)),
        ]
        for how, prepare, delay in plans:
            home = trials.home(start)
            ended = trials.stopped(words, home, prepare, delay)
            print(
                json.dumps({"scene": name, "how": how, **ended, **trials.looked_at(words, home, asked)}), flush=True
            )
    sample = ("add", "--json", str(SAMPLE))
    for limit in _LIMITS:
        home = trials.home(template)
        ended = trials.stopped(sample, home, with_file_limit(limit), None)
        looked = trials.looked_at(sample, home, (TRACTOR, PUMP))
        print(json.dumps({"scene": "full disk", "how": f"limit {limit}", **ended, **looked}), flush=True)
    for owner, writer in _WRITERS:
        home = trials.home(folder / "whole")
        ended = trials.stopped(rebuilding, home, with_a_full_disk_from(owner, writer), None)
        looked = trials.looked_at(rebuilding, home, (TRACTOR, CUP, PUMP))
        print(json.dumps({"scene": "full disk", "how": writer, **ended, **looked}), flush=True)
    print(json.dumps(two_at_once(trials, (orchard, regatta))), flush=True)


def two_at_once(trials: Trials, sources: tuple[Path, Path]) -> Json:
    """Two processes add, each a source of its own, to a home that is not there yet."""
    home = trials.home(None)
    results = [home.with_name(f"two{number}.json") for number in (1, 2)]
    gate = home.with_name("gate")
    children = []
    for source, result in zip(sources, results, strict=True):
        child = os.fork()
        if child == 0:
            while not gate.exists():
                time.sleep(0.001)
            result.write_text(json.dumps(told(trials.command(home)("add", "--json", str(source)))), encoding="utf-8")
            os._exit(0)
        children.append(child)
    gate.touch()
    for child in children:
        os.waitpid(child, 0)
    looked = trials.looked_at(("add", "--json", *map(str, sources)), home, (TRACTOR, CUP))
    runs = [json.loads(result.read_text(encoding="utf-8")) for result in results]
    return {"scene": "two at once", "how": "", "runs": runs, **looked}


if __name__ == "__main__":
    with made_once():
        main(Path(sys.argv[1]))
