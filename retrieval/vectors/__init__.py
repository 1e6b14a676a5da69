"""The dense side of an index: exact while it is small, FAISS's lists above. `vectors.npy` is the truth in both.

Another engine is one module here and one branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import DamagedSnapshot
from retrieval.manifest import REBUILD
from retrieval.stored import Stored, mapped
from retrieval.vectors.flat import FlatIndex
from retrieval.vectors.interface import Admitted, Ids, Scores, VectorIndex
from retrieval.vectors.ivf import IvfIndex, write

__all__ = ["Admitted", "Ids", "Scores", "VectorIndex", "index_in_memory", "open_index", "write_index"]

EXACT_UP_TO = 20_000
"""Vectors: up to here all are compared. To find 200 of 384 dimensions took, by one thread on a busy machine, 1.5 ms
among 10,000 and no less by lists, 3.2 among 20,000 against 2.3, 14 among 100,000 against 4
(`python -m tests.benchmarks.vectors`)."""
_EXACT = {"kind": "exact"}
VECTORS = "vectors.npy"
_NUMBER = np.dtype(np.float32)


def write_index(folder: Path, vectors: Scores) -> dict[str, Any]:
    """Write what finds `vectors`, shape (n, dimension), which stand in `folder/vectors.npy` already, beside them, and
    return what `open_index` is to be told of it: JSON's kinds only.

    Up to `EXACT_UP_TO` vectors nothing is written. Raises DiskError; DamagedSnapshot where `vectors.npy` is not
    `vectors`."""
    count, dimension = vectors.shape
    if count <= EXACT_UP_TO:
        return dict(_EXACT)
    return write(folder, Stored(folder / VECTORS, _NUMBER, (count, dimension))) or dict(_EXACT)


def open_index(folder: Path, count: int, dimension: int, facts: Mapping[str, Any]) -> VectorIndex:
    """Open the index of `count` vectors in a folder; `facts` are what `write_index` told. Raises DamagedSnapshot."""
    path = folder / VECTORS
    match facts:
        case {"kind": "exact"}:
            return FlatIndex(mapped(path, _NUMBER, (count, dimension)))
        case {"kind": "ivf", "lists": int(), "probes": int(), "sha256": str()}:
            return IvfIndex.open(folder, Stored(path, _NUMBER, (count, dimension)), facts)
    raise DamagedSnapshot(f"the manifest tells of an unknown vector index in {folder}", REBUILD)


def index_in_memory(vectors: Scores) -> VectorIndex:
    """An index of `vectors`, shape (n, dimension), under 0 to n - 1, that leaves nothing on the disk."""
    return FlatIndex(np.ascontiguousarray(vectors))
