"""Inner products of one vector with many, and the best of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from retrieval.vectors.interface import Ids, Scores

_RUN = 4096
"""Vectors that are read at once: 6 MB of 384 dimensions."""


def cosines(vectors: Scores, vector: Scores) -> Scores:
    """The inner product of each of `vectors`, shape (n, dimension), with `vector`, shape (dimension,), on one thread.

    Each is summed up alike, wherever it stands. The kernels of FAISS and BLAS round by the place, so that which of
    two equal vectors comes first would depend on what lies beside them; FAISS's took 0.6 ms for 6,000 of 384
    dimensions, this 0.7, and to import FAISS takes a tenth of a second.
    """
    found: Scores = np.einsum("ij,j->i", vectors, vector)
    return found


def cosines_of(ids: Ids, read: Callable[[Ids], Scores], vector: Scores) -> Scores:
    """The cosines of vectors by their ids, which are read a part at a time."""
    found = np.empty(ids.size, np.float32)
    for start in range(0, ids.size, _RUN):
        part = slice(start, start + _RUN)
        found[part] = cosines(read(ids[part]), vector)
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
