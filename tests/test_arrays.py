"""NumPy's files: read as they were written, one header at a time, and damage as what it is."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import arrays


@pytest.fixture
def path(tmp_path: Path) -> Path:
    np.save(tmp_path / "rows.npy", np.arange(6, dtype=np.int32).reshape(2, 3))
    return tmp_path / "rows.npy"


def test_an_array_is_read_and_mapped_as_it_was_written(path: Path) -> None:
    assert arrays.read(path).tolist() == arrays.mapped(path).tolist() == [[0, 1, 2], [3, 4, 5]]
    assert not arrays.mapped(path).flags.writeable


@pytest.mark.parametrize("body", [b"", b"\x93NUMPY\x01\x00", b"\x93NUMPY\x01\x00\x10\x00{'descr': (((((((\n", b"no"])
def test_damage_is_among_what_is_told(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    for read in (arrays.read, arrays.mapped):
        with pytest.raises(arrays.DAMAGED):
            read(path)


def test_two_threads_never_read_a_header_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone, met = threading.Lock(), []

    def noticing(read: Any) -> Any:
        def reading(*given: Any, **named: Any) -> Any:
            met.append(alone.acquire(blocking=False))
            time.sleep(0.01)
            if met[-1]:
                alone.release()
            return read(*given, **named)

        return reading

    for name in ("read_array", "open_memmap"):
        monkeypatch.setattr(np.lib.format, name, noticing(getattr(np.lib.format, name)))
    with ThreadPoolExecutor(4) as threads:
        found = [threads.submit(read, path) for read in (arrays.read, arrays.mapped) * 6]
    assert {str(one.result().tolist()) for one in found} == {"[[0, 1, 2], [3, 4, 5]]"}
    assert met == [True] * 12
