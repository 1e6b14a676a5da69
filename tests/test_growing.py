"""Rows that come one after the other make the file that numpy would have written."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.growing import Held, Written

PAIR = np.dtype([("version", "<i8"), ("start", "<i4")])
KINDS = [(np.dtype("<f4"), (384,)), (np.dtype("i1"), (96,)), (np.dtype("<u8"), ()), (PAIR, ())]


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(KINDS), st.lists(st.integers(0, 2_000), max_size=5))
def test_the_file_is_numpy_s_own(kind: tuple[np.dtype[np.generic], tuple[int, ...]], sizes: list[int]) -> None:
    type_, shape = kind
    parts = [
        np.frombuffer(np.random.default_rng(n).bytes(n * type_.itemsize * int(np.prod(shape))), type_) for n in sizes
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        written, held = Written(path, type_, shape), Held(type_, shape)
        for size, part in zip(sizes, parts, strict=True):
            written.extend(part.reshape(size, *shape))
            held.extend(part.reshape(size, *shape))
        written.close()
        found = np.load(path, allow_pickle=False)
    assert (found.dtype, found.shape, written.count) == (type_, (sum(sizes), *shape), sum(sizes))
    assert found.tobytes() == held.array().tobytes() == b"".join(part.tobytes() for part in parts)


def test_what_is_not_closed_has_no_rows(tmp_path: Path) -> None:
    written = Written(tmp_path / "rows.npy", np.dtype("<u8"))
    written.extend(np.arange(5, dtype="<u8"))
    written._file.flush()
    assert np.load(tmp_path / "rows.npy").shape == (0,)
    written.close()
    assert np.load(tmp_path / "rows.npy").tolist() == [0, 1, 2, 3, 4]


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "rows.npy").write_bytes(b"here")
    with pytest.raises(FileExistsError):
        Written(tmp_path / "rows.npy", np.dtype("<u8"))
