"""The exact engine; any other is to be held to its answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.vectors import index_in_memory, open_index, write_index
from retrieval.vectors.interface import Ids, Scores, VectorIndex

COUNT, DIMENSION = 50, 8


def units(seed: int, count: int = COUNT) -> Scores:
    made = np.random.default_rng(seed).normal(size=(count, DIMENSION))
    unit: Scores = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return unit


VECTORS = units(1)
IDS = np.arange(1_000, 1_000 + COUNT, dtype=np.int64)


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    write_index(tmp_path / "vectors.faiss", IDS, VECTORS)
    return open_index(tmp_path / "vectors.faiss", DIMENSION)


def exact(vector: Scores, limit: int, admitted: Ids) -> tuple[Ids, Scores]:
    cosines = VECTORS[admitted - 1_000] @ vector
    best = np.argsort(-cosines, kind="stable")[:limit]
    return admitted[best], cosines[best]


@pytest.mark.parametrize("limit", [1, 5, COUNT, COUNT + 1, 10_000])
@pytest.mark.parametrize("admitted", [None, IDS, IDS[:1], IDS[10:13], IDS[::7], np.append(IDS[:3], 7)])
def test_the_nearest_are_the_nearest_within_a_filter_and_never_padding(
    index: VectorIndex, limit: int, admitted: Ids | None
) -> None:
    for vector in units(2, 5):
        ids, cosines = index.search(vector, limit, admitted)
        wanted = exact(vector, limit, IDS if admitted is None else admitted[admitted >= 1_000])
        assert ids.tolist() == wanted[0].tolist()
        np.testing.assert_allclose(cosines, wanted[1], atol=1e-6)


@pytest.mark.parametrize("admitted", [np.empty(0, np.int64), np.array([1, 2], np.int64)])
def test_a_filter_that_admits_nothing_finds_nothing(index: VectorIndex, admitted: Ids) -> None:
    ids, cosines = index.search(VECTORS[0], 5, admitted)
    assert (ids.tolist(), cosines.tolist()) == ([], [])


def test_cosines_by_id(index: VectorIndex) -> None:
    ids = IDS[[4, 0, 9]]
    np.testing.assert_allclose(index.cosines(VECTORS[4], ids), VECTORS[[4, 0, 9]] @ VECTORS[4], atol=1e-6)
    assert index.cosines(VECTORS[4], ids)[0] == pytest.approx(1)
    assert index.cosines(VECTORS[0], np.empty(0, np.int64)).tolist() == []
    with pytest.raises(DamagedSnapshot, match="lacks passages of the word index"):
        index.cosines(VECTORS[0], np.array([7], np.int64))


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    write_index(tmp_path / "none.faiss", np.empty(0, np.int64), np.empty((0, DIMENSION), np.float32))
    ids, cosines = open_index(tmp_path / "none.faiss", DIMENSION).search(VECTORS[0], 5, None)
    assert (ids.tolist(), cosines.tolist()) == ([], [])


@pytest.mark.parametrize("data", [b"", b"garbage", b"IxMp" + b"\xff" * 100])
def test_what_is_no_index_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "bad.faiss").write_bytes(data)
    with pytest.raises(DamagedSnapshot, match=r"the vector index .*bad\.faiss cannot be read") as caught:
        open_index(tmp_path / "bad.faiss", DIMENSION)
    assert "stet reindex --full" in caught.value.hint
    assert "\n" not in str(caught.value)


def test_a_missing_one_and_one_cut_short_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSnapshot):
        open_index(tmp_path / "gone.faiss", DIMENSION)
    write_index(tmp_path / "short.faiss", IDS, VECTORS)
    whole = (tmp_path / "short.faiss").read_bytes()
    (tmp_path / "short.faiss").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DamagedSnapshot):
        open_index(tmp_path / "short.faiss", DIMENSION)


def test_another_dimension_is_refused_with_both(tmp_path: Path) -> None:
    write_index(tmp_path / "vectors.faiss", IDS, VECTORS)
    with pytest.raises(DamagedSnapshot, match="has 8 dimensions, its manifest says 384"):
        open_index(tmp_path / "vectors.faiss", 384)


def test_where_it_cannot_be_written_the_disk_is_named(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=r"vectors\.faiss cannot be written"):
        write_index(tmp_path / "gone" / "vectors.faiss", IDS, VECTORS)


def test_one_in_memory_answers_as_one_on_the_disk(index: VectorIndex) -> None:
    held = index_in_memory(VECTORS)
    for vector in units(3, 5):
        ids, cosines = held.search(vector, 7, np.arange(0, COUNT, 3))
        on_disk = index.search(vector, 7, IDS[::3])
        assert (ids + 1_000).tolist() == on_disk[0].tolist()
        np.testing.assert_allclose(cosines, on_disk[1], atol=1e-6)
    assert index_in_memory(VECTORS[:0]).search(VECTORS[0], 5, None)[0].tolist() == []
