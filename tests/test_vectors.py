"""The exact engine, in memory and on the disk; and the lists, held to its answers."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from retrieval import vectors as engines
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.files import sha256
from retrieval.stored import Stored
from retrieval.vectors import Admitted, Ids, Scores, VectorIndex, index_in_memory, ivf, open_index, write_index
from retrieval.vectors.comparing import best, cosines

COUNT, DIMENSION = 50, 8
MANY, WIDE = 6_000, 24
TOPICS = 40


def units(seed: int, count: int = COUNT, dimension: int = DIMENSION) -> Scores:
    made = np.random.default_rng(seed).normal(size=(count, dimension))
    unit: Scores = (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
    return unit


def grouped(seed: int, count: int) -> Scores:
    """Vectors of topics; the topic of each is its number modulo `TOPICS`."""
    near = units(9, TOPICS, WIDE)[np.arange(count) % TOPICS] + 0.7 * units(seed, count, WIDE)
    unit: Scores = (near / np.linalg.norm(near, axis=1, keepdims=True)).astype(np.float32)
    return unit


VECTORS, MANY_VECTORS = units(1), grouped(1, MANY)
EVERY = np.ones(COUNT, dtype=np.bool_)


def only(*ids: int) -> Admitted:
    return Admitted(np.isin(np.arange(COUNT), ids))


def written(folder: Path, vectors: Scores) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    np.save(folder / "vectors.npy", vectors)
    return write_index(folder, vectors)


@pytest.fixture(params=["disk", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> VectorIndex:
    if request.param == "memory":
        return index_in_memory(VECTORS)
    return open_index(tmp_path, COUNT, DIMENSION, written(tmp_path, VECTORS))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Lists, and what was told of them."""
    folder = tmp_path_factory.mktemp("lists")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engines, "EXACT_UP_TO", MANY - 1)
        return folder, written(folder, MANY_VECTORS)


@pytest.fixture
def lists(made: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> VectorIndex:
    """Lists that are looked into however few are admitted."""
    monkeypatch.setattr(ivf, "_COMPARED", 0)
    monkeypatch.setattr(ivf, "_CANDIDATES", 200)
    return open_index(made[0], MANY, WIDE, made[1])


def exact(held: Scores, vector: Scores, limit: int, mask: Any) -> tuple[Ids, Scores]:
    admitted = np.flatnonzero(mask)
    cosines = held[admitted] @ vector
    nearest = np.argsort(-cosines, kind="stable")[:limit]
    return admitted[nearest], cosines[nearest]


# ------------------------------------------------------------------------------------------------ what is admitted


def test_what_is_admitted_is_told_in_every_form_and_stays() -> None:
    mask = np.array([True, False, False, True, False, False, False, False, True, False])
    admitted = Admitted(mask)
    mask[:] = False
    assert (admitted.count, admitted.ids.tolist(), admitted.bits.tolist()) == (3, [0, 3, 8], [9, 1])
    with pytest.raises(ValueError, match="read-only"):
        admitted.mask[1] = True
    none = Admitted(np.empty(0, np.bool_))
    assert (none.count, none.ids.tolist(), none.bits.tolist()) == (0, [], [])


@pytest.mark.parametrize(("limit", "wanted"), [(0, []), (1, [1]), (2, [1, 2]), (3, [1, 2, 4]), (9, [1, 2, 4, 7])])
def test_the_best_come_first_and_of_equal_ones_the_lower_id(limit: int, wanted: list[int]) -> None:
    ids, scores = np.array([7, 4, 2, 1]), np.array([0.1, 0.5, 0.5, 0.9], np.float32)
    assert best(ids, scores, limit)[0].tolist() == wanted or limit == 2  # which of two equal ones is cut is open
    assert best(ids, scores, limit)[1].tolist() == sorted(scores.tolist(), reverse=True)[:limit]


# ------------------------------------------------------------------------------------------------ the exact engine


@pytest.mark.parametrize("limit", [0, 1, 5, COUNT, COUNT + 1, 10_000])
@pytest.mark.parametrize(
    "admitted", [None, Admitted(EVERY), only(0), only(10, 11, 12), only(*range(0, COUNT, 7)), only(*range(3, COUNT))]
)
def test_the_nearest_are_the_nearest_within_a_filter(
    index: VectorIndex, limit: int, admitted: Admitted | None
) -> None:
    for vector in units(2, 5):
        ids, cosines = index.search(vector, limit, admitted)
        wanted = exact(VECTORS, vector, limit, EVERY if admitted is None else admitted.mask)
        assert ids.tolist() == wanted[0].tolist()
        np.testing.assert_allclose(cosines, wanted[1], atol=1e-6)


def test_a_filter_that_admits_nothing_finds_nothing(index: VectorIndex) -> None:
    ids, cosines = index.search(VECTORS[0], 5, only())
    assert (ids.tolist(), cosines.tolist()) == ([], [])


@pytest.mark.parametrize("dimension", [7, 33, 384])
def test_a_cosine_does_not_depend_on_what_lies_beside_it(dimension: int) -> None:
    many, vector = units(3, 200, dimension), units(4, 1, dimension)[0]
    together = cosines(many, vector)
    np.testing.assert_allclose(together, many @ vector, atol=1e-6)
    for place in range(0, 200, 13):
        elsewhere = np.empty(dimension + 1, np.float32)[1:]  # at another address, too
        elsewhere[:] = many[place]
        assert cosines(many[place : place + 3], vector)[0] == together[place]
        assert cosines(elsewhere[np.newaxis], vector)[0] == together[place]


def test_cosines_by_id_in_the_order_given(index: VectorIndex) -> None:
    ids = np.array([4, 0, 9, 4])
    np.testing.assert_allclose(index.cosines(VECTORS[4], ids), VECTORS[ids] @ VECTORS[4], atol=1e-6)
    assert index.cosines(VECTORS[4], ids)[0] == pytest.approx(1)
    assert index.cosines(VECTORS[0], np.empty(0, np.int64)).tolist() == []


@pytest.mark.parametrize("missing", [-1, COUNT])
def test_an_id_that_there_is_not_is_damage(index: VectorIndex, missing: int) -> None:
    with pytest.raises(DamagedSnapshot, match="lacks passages that the other tables name"):
        index.cosines(VECTORS[0], np.array([1, missing]))


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    facts = written(tmp_path, VECTORS[:0])
    for empty in (open_index(tmp_path, 0, DIMENSION, facts), index_in_memory(VECTORS[:0])):
        for admitted in (None, Admitted(np.empty(0, np.bool_))):
            ids, cosines = empty.search(VECTORS[0], 5, admitted)
            assert (ids.tolist(), cosines.tolist()) == ([], [])


def test_a_small_index_is_its_vectors_alone(tmp_path: Path) -> None:
    assert written(tmp_path, VECTORS) == {"kind": "exact"}
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]


# ------------------------------------------------------------------------------------------------ the lists


def test_what_is_told_of_lists_is_json_and_was_checked(made: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = made
    assert sorted(path.name for path in folder.iterdir()) == ["vectors.faiss", "vectors.npy"]
    assert {key: type(value) for key, value in facts.items()} == {
        "kind": str,
        "lists": int,
        "probes": int,
        "recall": float,
        "sha256": str,
    }
    assert facts["lists"] == 77
    assert facts["recall"] >= 0.998


@pytest.mark.parametrize("share", [None, 1, 2, 10, 100, 1_000])
def test_filters_of_every_kind_keep_the_recall(lists: VectorIndex, share: int | None) -> None:
    mask = np.random.default_rng(5).random(MANY) < 1 / (share or 1)
    admitted, held = None if share is None else Admitted(mask), 0
    wanted = 0
    for vector in grouped(3, 40):
        ids, cosines = lists.search(vector, 10, admitted)
        nearest = exact(MANY_VECTORS, vector, 10, mask)[0]
        assert len(set(ids.tolist())) == len(nearest)
        assert mask[ids].all()
        assert (np.diff(cosines) <= 0).all()
        np.testing.assert_allclose(cosines, MANY_VECTORS[ids] @ vector, atol=1e-6)
        held, wanted = held + len(np.intersect1d(ids, nearest)), wanted + len(nearest)
    assert held >= 0.99 * wanted


def test_a_filter_that_admits_what_lies_elsewhere_is_filled(
    lists: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question is of one topic, the filter admits another one only; whether or not all lists are tried first."""
    mask = np.arange(MANY) % TOPICS == 7
    vector = grouped(4, TOPICS)[21]
    wanted = exact(MANY_VECTORS, vector, 10, mask)[0].tolist()
    assert lists.search(vector, 10, Admitted(mask))[0].tolist() == wanted
    monkeypatch.setattr(ivf, "_IN_ALL_LISTS", 0)
    monkeypatch.setattr(lists, "probes", 0.01)
    assert lists.search(vector, 10, Admitted(mask))[0].tolist() == wanted


@pytest.mark.parametrize("limit", [0, 1, MANY // 4, MANY, MANY + 1])
def test_as_many_are_found_as_are_wanted(lists: VectorIndex, limit: int) -> None:
    ids, cosines = lists.search(MANY_VECTORS[5], limit, None)
    wanted = exact(MANY_VECTORS, MANY_VECTORS[5], limit, np.ones(MANY, dtype=np.bool_))
    assert len(set(ids.tolist())) == len(wanted[0])
    np.testing.assert_allclose(cosines, wanted[1], atol=1e-6)


def test_lists_give_cosines_by_id(lists: VectorIndex) -> None:
    ids = np.array([4_000, 7, 8, 9, 7])
    np.testing.assert_allclose(lists.cosines(MANY_VECTORS[7], ids), MANY_VECTORS[ids] @ MANY_VECTORS[7], atol=1e-6)
    with pytest.raises(DamagedSnapshot, match="lacks passages"):
        lists.cosines(MANY_VECTORS[7], np.array([MANY]))


def test_few_admitted_are_all_compared(made: tuple[Path, dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_index(made[0], MANY, WIDE, made[1])
    monkeypatch.setattr(opened, "_candidates", None)
    mask = np.arange(MANY) % 4 == 0
    ids, _ = opened.search(MANY_VECTORS[5], 10, Admitted(mask))
    assert ids.tolist() == exact(MANY_VECTORS, MANY_VECTORS[5], 10, mask)[0].tolist()


def test_threads_share_an_index_and_each_uses_one(lists: VectorIndex) -> None:
    asked = grouped(6, 64)
    alone = [lists.search(vector, 10, None)[0].tolist() for vector in asked]
    meet = threading.Barrier(4)

    def ask(number: int) -> tuple[list[list[int]], int]:
        meet.wait()
        return [lists.search(vector, 10, None)[0].tolist() for vector in asked], faiss.omp_get_max_threads()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [(alone, 1)] * 4


def test_the_vectors_of_lists_never_count_as_memory(made: tuple[Path, dict[str, Any]], lists: VectorIndex) -> None:
    for vector in grouped(6, 20):
        lists.search(vector, 100, None)
        lists.cosines(vector, np.arange(0, MANY, 3))
    assert str(made[0] / "vectors.npy") not in Path("/proc/self/maps").read_text()


def test_lists_are_the_same_whenever_they_are_made(
    made: tuple[Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "EXACT_UP_TO", 0)
    assert written(tmp_path, MANY_VECTORS) == made[1]


def test_more_lists_are_looked_into_until_the_recall_is_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vectors without topics lie in no list more than in another."""
    monkeypatch.setattr(engines, "EXACT_UP_TO", 0)
    monkeypatch.setattr(ivf, "_COMPARED", 0)
    facts = written(tmp_path, units(8, MANY, WIDE))
    assert facts["probes"] in (40, 77)
    assert facts["recall"] >= 0.998


def test_where_no_lists_reach_the_recall_all_vectors_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "EXACT_UP_TO", 0)
    monkeypatch.setattr(ivf, "_WANTED", 1.01)
    assert written(tmp_path, MANY_VECTORS[:3_000]) == {"kind": "exact"}
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]


def test_an_odd_dimension_has_lists_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "EXACT_UP_TO", 0)
    held = units(3, 3_000, 7)
    opened = open_index(tmp_path, 3_000, 7, written(tmp_path, held))
    assert opened.search(held[11], 1, None)[0].tolist() == [11]


# ------------------------------------------------------------------------------------------------ damage


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x93NUMPY\x01\x00" + b"\xff" * 100])
def test_what_are_no_vectors_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "vectors.npy").write_bytes(data)
    with pytest.raises(DamagedSnapshot, match=r"vectors\.npy cannot be read") as caught:
        open_index(tmp_path, COUNT, DIMENSION, {"kind": "exact"})
    assert "stet reindex --full" in caught.value.hint


def test_missing_vectors_and_such_as_are_cut_short_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DamagedSnapshot, match="cannot be read"):
        open_index(tmp_path, COUNT, DIMENSION, {"kind": "exact"})
    written(tmp_path, VECTORS)
    os.truncate(tmp_path / "vectors.npy", 500)
    with pytest.raises(DamagedSnapshot, match="cannot be read"):
        open_index(tmp_path, COUNT, DIMENSION, {"kind": "exact"})


@pytest.mark.parametrize(
    "held", [VECTORS[:49], VECTORS[:, :7], VECTORS.astype(np.float64), np.asfortranarray(VECTORS)]
)
def test_vectors_of_another_kind_are_refused(tmp_path: Path, held: Any) -> None:
    np.save(tmp_path / "vectors.npy", held)
    with pytest.raises(DamagedSnapshot, match="is not what the manifest says"):
        open_index(tmp_path, COUNT, DIMENSION, {"kind": "exact"})
    with pytest.raises(DamagedSnapshot, match="the manifest says"):
        Stored(tmp_path / "vectors.npy", np.dtype(np.float32), (COUNT, DIMENSION))


@pytest.mark.parametrize(
    "facts",
    [{}, {"kind": "tree"}, {"kind": "ivf"}, {"kind": "ivf", "lists": "7", "probes": 1, "sha256": ""}],
)
def test_an_unknown_index_is_refused(tmp_path: Path, facts: dict[str, Any]) -> None:
    with pytest.raises(DamagedSnapshot, match="an unknown vector index"):
        open_index(tmp_path, COUNT, DIMENSION, facts)


def linked(made: tuple[Path, dict[str, Any]], folder: Path, data: bytes) -> dict[str, Any]:
    """The lists' folder again with other lists, and what its manifest would tell if they were as written."""
    (folder / "vectors.npy").hardlink_to(made[0] / "vectors.npy")
    (folder / "vectors.faiss").write_bytes(data)
    return made[1] | {"sha256": sha256(folder / "vectors.faiss")}


@pytest.mark.parametrize("change", ["cut", "foreign", "flipped"])
def test_lists_that_were_changed_are_never_read(
    made: tuple[Path, dict[str, Any]], tmp_path: Path, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (made[0] / "vectors.faiss").read_bytes()
    data = {"cut": whole[:-9], "foreign": b"IwPf" + b"\xff" * 99, "flipped": whole[:-1] + bytes([whole[-1] ^ 1])}
    linked(made, tmp_path, data[change])
    monkeypatch.setattr(faiss, "read_index", None)
    with pytest.raises(DamagedSnapshot, match="was changed after it was written") as caught:
        open_index(tmp_path, MANY, WIDE, made[1])
    assert "stet reindex --full" in caught.value.hint


def test_lists_that_are_not_there_or_none_are_refused(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    facts = linked(made, tmp_path, b"garbage")
    with pytest.raises(DamagedSnapshot, match=r"the vector index .*vectors\.faiss cannot be read") as caught:
        open_index(tmp_path, MANY, WIDE, facts)
    assert "\n" not in str(caught.value)
    (tmp_path / "vectors.faiss").unlink()
    with pytest.raises(DamagedSnapshot, match=r"the vector index .*vectors\.faiss cannot be read"):
        open_index(tmp_path, MANY, WIDE, facts)


def as_file(index: Any) -> bytes:
    return bytes(faiss.serialize_index(index))


def test_an_index_of_another_kind_or_size_is_refused(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    flat = faiss.IndexFlatIP(WIDE)
    flat.add(MANY_VECTORS)
    facts = linked(made, tmp_path, as_file(flat))
    with pytest.raises(DamagedSnapshot, match="it is of another kind"):
        open_index(tmp_path, MANY, WIDE, facts)
    more = faiss.read_index(str(made[0] / "vectors.faiss"))
    more.add(MANY_VECTORS[:1])
    (tmp_path / "vectors.faiss").write_bytes(as_file(more))
    facts["sha256"] = sha256(tmp_path / "vectors.faiss")
    with pytest.raises(DamagedSnapshot, match="has 6001 vectors of 24 dimensions, its manifest says 6000 of 24"):
        open_index(tmp_path, MANY, WIDE, facts)


@pytest.mark.parametrize("wrong", [MANY, -1, 0])
def test_ids_out_of_range_or_twice_are_refused(made: tuple[Path, dict[str, Any]], tmp_path: Path, wrong: int) -> None:
    index: Any = faiss.read_index(str(made[0] / "vectors.faiss"))
    number = next(one for one in range(index.nlist) if index.invlists.list_size(one))
    ids = faiss.rev_swig_ptr(index.invlists.get_ids(number), index.invlists.list_size(number))
    ids[0] = wrong if ids[0] != wrong else 1
    facts = linked(made, tmp_path, as_file(index))
    with pytest.raises(DamagedSnapshot, match="is not what its manifest says"):
        open_index(tmp_path, MANY, WIDE, facts)


@pytest.mark.parametrize("fact", [{"lists": 78}, {"probes": 0}, {"probes": 78}])
def test_lists_that_the_manifest_tells_otherwise_are_refused(
    made: tuple[Path, dict[str, Any]], fact: dict[str, int]
) -> None:
    with pytest.raises(DamagedSnapshot, match="is not what its manifest says"):
        open_index(made[0], MANY, WIDE, made[1] | fact)


def test_vectors_cut_while_they_are_open_are_told_of(made: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    facts = linked(made, tmp_path, (made[0] / "vectors.faiss").read_bytes())
    (tmp_path / "vectors.npy").unlink()
    np.save(tmp_path / "vectors.npy", MANY_VECTORS)
    opened = open_index(tmp_path, MANY, WIDE, facts)
    os.truncate(tmp_path / "vectors.npy", 200)
    with pytest.raises(DamagedSnapshot, match="it is cut short"):
        opened.search(MANY_VECTORS[0], 10, None)
    with pytest.raises(DamagedSnapshot, match="it is cut short"):
        Stored.between(opened._rows, 0, MANY)  # type: ignore[attr-defined]


def test_where_lists_cannot_be_written_the_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "EXACT_UP_TO", 0)
    (tmp_path / "vectors.faiss").mkdir()
    with pytest.raises(DiskError, match=r"vectors\.faiss cannot be written"):
        written(tmp_path, MANY_VECTORS[:3_000])


def test_of_equal_vectors_those_first_in_line_are_found() -> None:
    index = index_in_memory(np.repeat(np.eye(4, dtype=np.float32), 25, axis=0))
    ids, scores = index.search(np.eye(4, dtype=np.float32)[2], 3, None)
    assert (ids.tolist(), scores.tolist()) == ([50, 51, 52], [1, 1, 1])
    ids, scores = index.search(np.eye(4, dtype=np.float32)[2], 27, None)
    assert ids.tolist() == [*range(50, 75), 0, 1]
