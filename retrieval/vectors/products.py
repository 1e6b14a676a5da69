"""Inner products of one vector with many, by FAISS's kernel on one thread, and the best of them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrieval.vectors.interface import Ids, Scores

_RUN = 4096
"""Vectors that are read at once: 6 MB of 384 dimensions."""


def in_runs(ids: Ids) -> list[Ids]:
    """Ids in parts that are read at once."""
    return [ids[start : start + _RUN] for start in range(0, ids.size, _RUN)]


def products(vectors: Scores, vector: Scores) -> Scores:
    """The inner product of each of `vectors`, shape (n, dimension), with `vector`, shape (dimension,).

    NumPy's product took 1.6 to 8 times as long for 10,000 and more of 384 dimensions, on as many threads as it liked.
    """
    import faiss

    found = np.empty(len(vectors), np.float32)
    if len(vectors):
        vectors, vector = np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(vector, np.float32)
        if vectors.shape[1:] != vector.shape:  # the kernel gets bare addresses
            raise ValueError(f"a vector of shape {vector.shape} among vectors of shape {vectors.shape}")
        faiss.fvec_inner_products_ny(  # type: ignore[attr-defined]
            faiss.swig_ptr(found), faiss.swig_ptr(vector), faiss.swig_ptr(vectors), vector.size, len(vectors)
        )
    return found


def cosines(vectors: Scores, vector: Scores) -> Scores:
    """The same, of a few: each is summed up alike, wherever it stands. The kernel rounds by the place, so that which
    of two equal vectors comes first would depend on what lies beside them."""
    found: Scores = np.einsum("ij,j->i", vectors, vector)
    return found


def best(ids: Ids, scores: Scores, limit: int) -> tuple[Ids, Scores]:
    """At most `limit` of ascending ids with the greatest scores, best first; of equal ones the lower ids."""
    if limit < len(scores):
        kept = _greatest(scores, limit)
        ids, scores = ids[kept], scores[kept]
    order = np.lexsort((ids, -scores))
    return ids[order], scores[order]


def _greatest(scores: Scores, limit: int) -> NDArray[np.bool_]:
    """Which of more than `limit` scores are the greatest, of equal ones the first."""
    if not limit:
        return np.zeros(len(scores), np.bool_)
    least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
    kept: NDArray[np.bool_] = scores > least
    kept[np.flatnonzero(scores == least)[: limit - np.count_nonzero(kept)]] = True
    return kept
