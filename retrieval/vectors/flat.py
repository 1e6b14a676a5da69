"""FAISS, exact: every vector is compared (inner product of unit vectors), ids mapped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import DamagedSnapshot, DiskError

if TYPE_CHECKING:
    from retrieval.vectors.interface import Ids, Scores

_THREADS = 1
"""Two threads on a busy machine took 16 ms where one took 0.3."""


def write(path: Path, ids: Ids, vectors: Scores) -> None:
    """Write `vectors`, shape (n, dimension), under `ids`. Raises DiskError."""
    import faiss

    try:
        faiss.write_index(_index(ids, vectors), str(path))
    except RuntimeError as error:
        raise DiskError(
            f"{path} cannot be written: the disk may be full",
            "free some space on the disk, then run the same command again",
        ) from error


def _index(ids: Ids, vectors: Scores) -> Any:
    import faiss

    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(vectors, ids)
    return index


class FlatIndex:
    """An exact index, read into memory."""

    def __init__(self, index: Any) -> None:
        import faiss

        faiss.omp_set_num_threads(_THREADS)
        self._index = index

    @classmethod
    def of(cls, vectors: Scores) -> FlatIndex:
        """An index of `vectors`, shape (n, dimension), under 0 to n - 1."""
        return cls(_index(np.arange(len(vectors), dtype=np.int64), vectors))

    @classmethod
    def open(cls, path: Path, dimension: int) -> FlatIndex:
        """Open an index. Raises DamagedSnapshot."""
        import faiss

        try:
            index = faiss.read_index(str(path))
        except (RuntimeError, MemoryError) as error:
            raise DamagedSnapshot(
                f"the vector index {path} cannot be read: {_first_line(error)}", "run `stet reindex --full`"
            ) from error
        if index.d != dimension:
            raise DamagedSnapshot(
                f"the vector index {path} has {index.d} dimensions, its manifest says {dimension}",
                "run `stet reindex --full`",
            )
        return cls(index)

    def search(self, vector: Scores, limit: int, admitted: Ids | None) -> tuple[Ids, Scores]:
        import faiss

        wanted = min(limit, self._index.ntotal)
        if wanted == 0 or (admitted is not None and admitted.size == 0):
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if admitted is not None:
            bits = np.zeros(int(admitted.max()) + 1, dtype=np.uint8)
            bits[admitted] = 1
            # a bit for each id: building the engine's own hash of 100,000 ids takes longer than the search
            parameters = faiss.SearchParameters(  # type: ignore[call-arg]
                sel=faiss.IDSelectorBitmap(np.packbits(bits, bitorder="little"))  # type: ignore[call-arg, arg-type]
            )
        scores, ids = self._index.search(vector[np.newaxis, :], wanted, params=parameters)
        found = ids[0] >= 0  # FAISS pads missing results with -1
        return ids[0][found], scores[0][found]

    def cosines(self, vector: Scores, ids: Ids) -> Scores:
        if not ids.size:
            return np.empty(0, np.float32)
        try:
            cosines: Scores = self._index.reconstruct_batch(ids) @ vector
        except RuntimeError as error:
            raise DamagedSnapshot(
                f"the vector index lacks passages of the word index: {_first_line(error)}",
                "run `stet reindex --full`",
            ) from error
        return cosines


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
