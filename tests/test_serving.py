"""One bot at a time on an archive's folder, and whether there is one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from retrieval.errors import DiskError, StoreBusy
from retrieval.serving import is_served, serving_lock

_SERVING = """
import sys
from pathlib import Path
from retrieval.serving import serving_lock
with serving_lock(Path(sys.argv[1]), 0):
    print("serving", flush=True)
    sys.stdin.read()
"""


@contextmanager
def serving(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that serves from there."""
    with subprocess.Popen(
        [sys.executable, "-c", _SERVING, str(home)], cwd=Path(__file__).parents[1], stdin=-1, stdout=-1, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "serving\n"
        yield process


def test_nobody_serves_and_nothing_is_made(tmp_path: Path) -> None:
    assert not is_served(tmp_path)
    assert not is_served(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_another_process_that_serves_is_known_and_keeps_others_away(tmp_path: Path) -> None:
    with serving(tmp_path):
        assert is_served(tmp_path)
        with pytest.raises(StoreBusy) as refused, serving_lock(tmp_path, 0.05):
            pass
        assert str(refused.value) == f"a bot is serving from {tmp_path}; stop it first"
    assert not is_served(tmp_path)
    with serving_lock(tmp_path, 0):
        assert is_served(tmp_path)
    assert not is_served(tmp_path)


def test_who_waits_gets_it_when_the_other_ends(tmp_path: Path) -> None:
    with serving(tmp_path) as other:
        began = time.monotonic()
        other.kill()
        with serving_lock(tmp_path, 10):
            assert time.monotonic() - began < 5


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskError, match="file cannot be used"), serving_lock(tmp_path / "file", 0):
        pass


_GIVING_WAY = """
import os, sys
from pathlib import Path
from retrieval.serving import give_way
give_way(Path(sys.argv[1]))
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


def priority(home: Path) -> int:
    """Of a process that gives way to a bot that serves from there; the greater, the less."""
    command = [sys.executable, "-c", _GIVING_WAY, str(home)]
    said = subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True, text=True)
    return int(said.stdout)


def test_beside_a_bot_that_serves_others_have_the_least_priority(tmp_path: Path) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert priority(tmp_path) == own
    with serving(tmp_path):
        assert priority(tmp_path) == 19
