"""The dense side of an index. FAISS is behind it; another engine is one module here and one branch."""

from __future__ import annotations

from pathlib import Path

from retrieval.vectors import flat
from retrieval.vectors.interface import Ids, Scores, VectorIndex

__all__ = ["Ids", "Scores", "VectorIndex", "index_in_memory", "open_index", "write_index"]


def write_index(path: Path, ids: Ids, vectors: Scores) -> None:
    """Write an index of `vectors`, shape (n, dimension), to a file. Raises DiskError."""
    flat.write(path, ids, vectors)


def open_index(path: Path, dimension: int) -> VectorIndex:
    """Open an index. Raises DamagedSnapshot where the file is not one, or of another dimension."""
    return flat.FlatIndex.open(path, dimension)


def index_in_memory(vectors: Scores) -> VectorIndex:
    """An index of `vectors`, shape (n, dimension), under 0 to n - 1, that leaves nothing on the disk."""
    return flat.FlatIndex.of(vectors)
