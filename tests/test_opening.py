"""The snapshot in force is kept open, and noticed when it is another one. Every text here is made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval import opening
from retrieval.errors import DamagedSnapshot, NoSnapshot
from retrieval.opening import Opened
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
