"""Rows read from the disk are those that were written, whichever are asked for."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import DamagedSnapshot
from retrieval.stored import InMemory, Stored, gathered

BYTES = np.dtype("i1")
ROWS = np.random.default_rng(7).integers(-127, 128, size=(500, 6)).astype(BYTES)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("stored") / "tokens.npy"
    np.save(made, ROWS)
    return made


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 499), st.integers(0, 40)), max_size=8), st.sets(st.integers(0, 499)))
def test_any_runs_and_any_rows(path: Path, runs: list[tuple[int, int]], some: set[int]) -> None:
    stored = Stored(path, BYTES, ROWS.shape)
    starts = np.array([start for start, _ in runs], dtype=np.int64)
    counts = np.array([min(count, 500 - start) for start, count in runs], dtype=np.int64)
    expected = np.concatenate([ROWS[:0], *(ROWS[start : start + n] for start, n in zip(starts, counts, strict=True))])
    for held in (stored, InMemory(ROWS)):
        np.testing.assert_array_equal(held.runs(starts, counts), expected)
        assert held.shape == (500, 6)
    np.testing.assert_array_equal(gathered(ROWS, starts, counts), expected)
    ids = np.array(sorted(some), dtype=np.int64)
    np.testing.assert_array_equal(stored.at(ids), ROWS[ids])
    first, last = (min(some), max(some)) if some else (3, 3)
    np.testing.assert_array_equal(stored.between(first, last), ROWS[first:last])


def test_a_file_that_is_none_or_another_or_cut_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "tokens.npy"
    with pytest.raises(DamagedSnapshot, match=r"tokens\.npy cannot be read"):
        Stored(path, BYTES, ROWS.shape)
    np.save(path, ROWS)
    for kind, shape in ((np.dtype("u1"), (500, 6)), (BYTES, (499, 6)), (BYTES, (500, 7))):
        with pytest.raises(DamagedSnapshot, match="is not what the manifest says"):
            Stored(path, kind, shape)
    stored = Stored(path, BYTES, ROWS.shape)
    os.truncate(path, path.stat().st_size - 1)
    with pytest.raises(DamagedSnapshot, match="it is cut short"):
        stored.between(490, 500)
    np.testing.assert_array_equal(stored.between(0, 5), ROWS[:5])


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_its_file_is_let_go_with_it(path: Path) -> None:
    before = open_files()
    held = [Stored(path, BYTES, ROWS.shape) for _ in range(20)]
    assert open_files() == before + 20
    del held
    assert open_files() == before
