"""The snapshot in force is kept open, and noticed when it is another one. Every text here is made up."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retrieval import opening
from retrieval.errors import DamagedSnapshot, NoSnapshot
from retrieval.opening import Opened
from retrieval.snapshot import Snapshot
from tests.made_up_index import SECOND, build


def test_it_is_read_again_only_after_a_switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path)
    opened = Opened(tmp_path)
    first = opened.current()
    with monkeypatch.context() as patched:
        patched.setattr(opening, "read_manifest", None)
        assert opened.current() is first
    build(tmp_path, SECOND, 8)
    second = opened.current()
    assert (first.versions(), second.versions()) == (frozenset({1, 2, 3, 4}), frozenset({9}))
    assert opened.current() is second


def test_a_manifest_that_was_only_written_again_leaves_it_open(tmp_path: Path) -> None:
    build(tmp_path)
    opened = Opened(tmp_path)
    first = opened.current()
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes())))
    assert opened.current() is first


def test_what_is_damaged_or_gone_is_said_each_time(tmp_path: Path) -> None:
    opened = Opened(tmp_path)
    with pytest.raises(NoSnapshot):
        opened.current()
    build(tmp_path)
    opened.current()
    (tmp_path / "manifest.json").write_bytes(b"{")
    for _ in range(2):
        with pytest.raises(DamagedSnapshot):
            opened.current()
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(NoSnapshot):
        opened.current()


def test_one_thread_opens_it_and_the_others_go_on_with_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path)
    opened = Opened(tmp_path)
    first = opened.current()
    build(tmp_path, SECOND, 8)
    read, going, opens = Snapshot.open, threading.Event(), []

    def slowly(folder: Path, previous: Snapshot | None = None) -> Snapshot:
        opens.append(folder)
        assert going.wait(20)
        return read(folder, previous)

    monkeypatch.setattr(Snapshot, "open", slowly)
    with ThreadPoolExecutor(1) as threads:
        opening = threads.submit(opened.current)
        while not opens:
            time.sleep(0.01)
        assert opened.current() is first
        going.set()
        second = opening.result()
    assert (opened.current(), second.versions(), len(opens)) == (second, frozenset({9}), 1)


def test_threads_that_find_none_open_wait_for_the_one_that_opens_it(tmp_path: Path) -> None:
    build(tmp_path)
    opened = Opened(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: opened.current(), range(32)))
    assert found == {opened.current()}
