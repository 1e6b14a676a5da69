"""Files replaced at once, and one writer at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import DiskError, StoreBusy
from retrieval.files import bytes_below, write_atomically, writers_lock

_KILLED = """
import os, sys
from pathlib import Path
from retrieval import files
files.os.fsync = lambda *_: os._exit(9)
files.write_atomically(Path(sys.argv[1]), b"half")
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_a_killed_writer_left_behind_goes_with_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(path)], cwd=Path(__file__).parents[1], check=False)
    assert killed.returncode == 9
    assert len(names(tmp_path)) == 1
    write_atomically(path, b"whole")
    assert (names(tmp_path), path.read_bytes()) == (["manifest.json"], b"whole")


def test_what_another_is_writing_and_what_is_no_leftover_stays(tmp_path: Path) -> None:
    kept = [f".manifest.json.{os.getppid()}", ".manifest.json.bak", ".manifest.json.", ".other.json.999999999"]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
    (tmp_path / f".manifest.json.{2**70}").write_bytes(b"")
    write_atomically(tmp_path / "manifest.json", b"whole")
    assert names(tmp_path) == sorted([*kept, "manifest.json"])


def test_where_it_cannot_be_written_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"manifest\.json"):
        write_atomically(tmp_path / "gone" / "manifest.json", b"whole")


def test_a_second_writer_waits_and_is_told(tmp_path: Path) -> None:
    other = f"""
import sys
from pathlib import Path
from retrieval.files import writers_lock
with writers_lock(Path({str(tmp_path)!r}), 0):
    print("held", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", other], cwd=Path(__file__).parents[1], stdin=-1, stdout=-1, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusy, match=f"another stet is writing to {tmp_path}"), writers_lock(tmp_path, 0.05):
            pass
    with writers_lock(tmp_path, 0):
        pass


def test_the_size_of_a_folder_without_a_part_of_it(tmp_path: Path) -> None:
    for name, size in (("a", 3), ("models/x/b", 50), ("index/models/c", 7)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * size)
    assert (bytes_below(tmp_path), bytes_below(tmp_path, besides="models")) == (60, 10)
