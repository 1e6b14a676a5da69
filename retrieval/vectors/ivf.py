"""FAISS, inverted lists of 4-bit product codes in memory; what they find is compared exactly from `vectors.npy`.

A code takes half a byte for every 2 dimensions, so that a million vectors of 384 take 107 MB with their ids.
Measured on a million vectors made from those of SQuAD 2.0 dev (see `tests.benchmarks.vectors`), one thread, with its
questions: 64 of 1,024 lists and 400 candidates took 1.2 ms and held .990 of the ten nearest, 128 took 2.6 ms and held
.9995; half the bits a dimension needed four times the candidates. Without lists, these codes took 12 ms for a million
and know no filter; for 100,000, they took 1.0 ms, RaBitQ's single bits 1.1 ms and found less, RaBitQ's four bits
10 ms, codes of 8 bits 7 ms in four times the memory, and the vectors themselves 13 ms. To compare 800 candidates
exactly takes 1.3 to 2.2 ms more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.files import disk, sha256
from retrieval.manifest import REBUILD
from retrieval.stored import Stored
from retrieval.vectors.comparing import best, cosines_of
from retrieval.vectors.flat import check
from retrieval.vectors.interface import Admitted, Ids, Scores

FILE = "vectors.faiss"
_THREADS = 1
"""Two threads on a busy machine took 16 ms where one took 0.3. It holds for the thread that sets it only."""
_WANTED = 0.998
"""Recall@10 that a build must reach on made-up questions, so that it is .99 on real ones: where .995 was enough, real
ones had .980 among 100,000."""
_NEAREST = 10
_LEARNED_FROM = 64
"""Vectors that each list is learned from: FAISS wants 39 at least."""
_AT_ONCE = 16_384
"""Vectors that are coded or compared at once when building: 25 MB of 384 dimensions."""
_FIRST_SHARE = 1 / 8
"""The share of the lists that a build tries to make do with; it doubles it until the recall is reached."""
_CANDIDATES, _CANDIDATES_EACH = 400, 4
"""Vectors that are compared exactly: so many at least, and so many for each that is wanted. Of a million vectors'
200 nearest, 800 candidates held .996."""
_COMPARED = 2_000
"""Up to so many admitted vectors are all compared exactly: as long as reading them takes no longer than all lists."""
_IN_ALL_LISTS = 100_000
"""Up to so many admitted vectors, all lists are looked into: a filter may admit just what lies in few of them."""
_QUESTIONS = 200
_LIKENESS = 0.5
_DIFFERENCES = 16
"""Made-up questions have this cosine to a vector, and go off it by the sum of so many differences of others. Real
ones have .64 in SQuAD 2.0 dev, but are harder than that: of 20,000, 100,000 and 1,000,000 vectors, an eighth of the
lists held .968, .998 and 1.000 of the nearest to real questions, .967, .987 and 1.000 of those to such; with .64 and
one difference, .993, 1.000 and 1.000."""
_SEED = 20140826


def write(folder: Path, rows: Stored) -> dict[str, Any] | None:
    """Write the lists of `rows` into `folder`, and return what is to be known of them; None, and nothing written,
    where even all lists do not reach the recall. Raises DiskError, DamagedSnapshot."""
    import faiss

    faiss.omp_set_num_threads(_THREADS)
    count = rows.shape[0]
    index = _learned(rows, round(math.sqrt(count)))
    for start in range(0, count, _AT_ONCE):
        index.add(rows.between(start, min(start + _AT_ONCE, count)))
    probes, recall = _probes(index, rows)
    if recall < _WANTED:
        return None
    path = folder / FILE
    try:
        faiss.write_index(index, str(path))
    except RuntimeError as error:
        raise DiskError(
            f"{path} cannot be written: the disk may be full",
            "free some space on the disk, then run the same command again",
        ) from error
    with disk(path):
        digest = sha256(path)
    return {"kind": "ivf", "lists": index.nlist, "probes": probes, "recall": round(recall, 4), "sha256": digest}


def _learned(rows: Stored, lists: int) -> Any:
    """Empty lists, learned from evenly spaced vectors. FAISS's own seeds do not change from run to run."""
    import faiss

    count, dimension = rows.shape
    codes = dimension // 2 if dimension % 2 == 0 else dimension
    index: Any = faiss.index_factory(dimension, f"IVF{lists},PQ{codes}x4fs", faiss.METRIC_INNER_PRODUCT)
    index.train(rows.at(_spaced(count, _LEARNED_FROM * lists)))
    return index


def _spaced(count: int, wanted: int) -> Ids:
    """So many ids of 0 to count - 1, evenly spaced; all where there are fewer."""
    wanted = min(count, wanted)
    return np.arange(wanted, dtype=np.int64) * count // max(wanted, 1)


# ------------------------------------------------------------------------------------------------ how many lists


def _probes(index: Any, rows: Stored) -> tuple[int, float]:
    """The fewest lists tried that reach the recall, and the recall; all lists, where they do not."""
    questions = _questions(rows)
    least = _exact(rows, questions)
    held = IvfIndex(index, rows, 0)
    probes = max(1, math.ceil(_FIRST_SHARE * index.nlist))
    while True:
        held.probes = probes
        recall = float(np.mean([_recall(held, *pair) for pair in zip(questions, least, strict=True)]))
        if recall >= _WANTED or probes == index.nlist:
            return probes, recall
        probes = min(2 * probes, index.nlist)


def _questions(rows: Stored) -> Scores:
    """Made-up questions, shape (questions, dimension): the index is written before any is asked.

    Each goes off a vector in a direction drawn as vectors differ, until it is as hard to answer as questions are.
    """
    drawn = np.random.default_rng(_SEED)
    held, others = (rows.at(_spaced(rows.shape[0], some)) for some in (_QUESTIONS, _QUESTIONS * _DIFFERENCES))
    one, other = (others[drawn.integers(len(others), size=(len(held), _DIFFERENCES))].sum(axis=1) for _ in range(2))
    moves = one - other
    moves -= (moves * held).sum(axis=1, keepdims=True) * held
    made: Scores = (_LIKENESS * held + math.sqrt(1 - _LIKENESS**2) * _unit(moves)).astype(np.float32)
    return made


def _unit(vectors: Scores) -> Scores:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: Scores = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def _exact(rows: Stored, questions: Scores) -> Scores:
    """The cosines of each question's nearest vectors, shape (questions, nearest)."""
    found = np.full((len(questions), _NEAREST), -np.inf, np.float32)
    for start in range(0, rows.shape[0], _AT_ONCE):
        cosines = questions @ rows.between(start, min(start + _AT_ONCE, rows.shape[0])).T
        found = -np.partition(-np.hstack([found, cosines]), _NEAREST - 1, axis=1)[:, :_NEAREST]
    return found


def _recall(index: IvfIndex, question: Scores, exact: Scores) -> float:
    """Which share of the nearest is found: by cosine, as vectors of the same text are worth the same."""
    _, cosines = index.search(question, len(exact), None)
    return float((cosines >= exact.min() - 1e-6).sum() / len(exact))


# ------------------------------------------------------------------------------------------------ searching


class IvfIndex:
    """Lists of codes in memory, the vectors on the disk. Without a filter, `probes` lists are looked into."""

    def __init__(self, index: Any, rows: Stored, probes: int) -> None:
        self._index = index
        self._rows = rows
        self.probes = probes

    @classmethod
    def open(cls, folder: Path, rows: Stored, facts: Mapping[str, Any]) -> IvfIndex:
        """Open lists of `rows`; `facts` are what `write` told. Raises DamagedSnapshot."""
        import faiss

        path = folder / FILE
        try:
            # FAISS takes sizes and codes as they stand, so that a foreign file may end the process: none is read
            if sha256(path) != facts["sha256"]:
                raise DamagedSnapshot(f"the vector index {path} was changed after it was written", REBUILD)
            index = faiss.read_index(str(path))
        except OSError as error:
            raise _unreadable(path, error.strerror or "") from error
        except (RuntimeError, MemoryError) as error:
            raise _unreadable(path, str(error).strip().split("\n")[0]) from error
        if not isinstance(index, faiss.IndexIVFPQFastScan):
            raise _unreadable(path, "it is of another kind")
        count, dimension = rows.shape
        if (index.ntotal, index.d) != (count, dimension):
            raise DamagedSnapshot(
                f"the vector index {path} has {index.ntotal} vectors of {index.d} dimensions, its manifest says "
                f"{count} of {dimension}",
                REBUILD,
            )
        if index.nlist != facts["lists"] or not 1 <= facts["probes"] <= index.nlist or not _whole(index, count):
            raise DamagedSnapshot(f"the vector index {path} is not what its manifest says", REBUILD)
        return cls(index, rows, facts["probes"])

    def search(self, vector: Scores, limit: int, admitted: Admitted | None) -> tuple[Ids, Scores]:
        whole = self._rows.shape[0]
        count = whole if admitted is None else admitted.count
        limit = min(limit, count)
        wanted = max(_CANDIDATES, _CANDIDATES_EACH * limit)
        if limit == 0 or count <= max(wanted, _COMPARED):
            ids = np.arange(whole, dtype=np.int64) if admitted is None else admitted.ids
            return best(ids, self._of(vector, ids), limit)
        lists = self._index.nlist
        if count < whole and count <= _IN_ALL_LISTS:
            probes = lists
        else:
            probes = min(lists, math.ceil(self.probes * whole / count))
        found = self._candidates(vector, wanted, probes, admitted)
        if found.size < wanted and probes < lists:  # what is admitted lies elsewhere
            found = self._candidates(vector, wanted, lists, admitted)
        return best(found, self._of(vector, found), limit)

    def cosines(self, vector: Scores, ids: Ids) -> Scores:
        check(ids, self._rows.shape[0])
        order = np.argsort(ids, kind="stable")
        found = np.empty(ids.size, np.float32)
        found[order] = self._of(vector, ids[order])
        return found

    def _candidates(self, vector: Scores, wanted: int, probes: int, admitted: Admitted | None) -> Ids:
        """The ids that look nearest by their codes, ascending."""
        import faiss

        faiss.omp_set_num_threads(_THREADS)
        given: dict[str, Any] = {"nprobe": probes}
        if admitted is not None and admitted.count < self._rows.shape[0]:
            given["sel"] = faiss.IDSelectorBitmap(admitted.bits)  # type: ignore[call-arg, arg-type]
        _, ids = self._index.search(vector[np.newaxis, :], wanted, params=faiss.IVFSearchParameters(**given))
        found: Ids = np.sort(ids[0][ids[0] >= 0])  # FAISS pads missing results with -1
        return found

    def _of(self, vector: Scores, ids: Ids) -> Scores:
        """The cosines of ascending ids."""
        return cosines_of(ids, self._rows.at, vector)


def _whole(index: Any, count: int) -> bool:
    """Whether the lists hold each of 0 to count - 1 once."""
    import faiss

    lists, held = index.invlists, np.zeros(count, dtype=np.bool_)
    sizes = [lists.list_size(number) for number in range(index.nlist)]
    if sum(sizes) != count:
        return False
    for number, size in enumerate(sizes):
        if size:
            ids = faiss.rev_swig_ptr(lists.get_ids(number), size)
            if int(ids.min()) < 0 or int(ids.max()) >= count:
                return False
            held[ids] = True
    return bool(held.all())


def _unreadable(path: Path, why: str) -> DamagedSnapshot:
    return DamagedSnapshot(f"the vector index {path} cannot be read: {why}", REBUILD)
