"""Candidates from both sides of the index, the nearest passages and the best words, and the best of them by both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.segment import Hit, Hits
from retrieval.vectors import Ids

_DENSE_SHARE = 0.5

Precise = NDArray[np.float64]


def best_of(found: Sequence[Hits], limit: int, most: int | None) -> list[Hit]:
    """Of what segments found, the `limit` nearest and the `limit` best for the terms: `most` of these (None: all),
    the best by both scores together, each min-max scaled; of equals those with lower keys."""
    if not found:
        return []
    versions, bm25 = np.concatenate([one.versions for one in found]), np.concatenate([one.bm25 for one in found])
    cosines = np.concatenate([one.cosines for one in found]).astype(np.float64)
    kept = np.zeros(len(versions), np.bool_)
    kept[_ranked(cosines, versions)[:limit]] = True
    worded = np.flatnonzero(bm25)
    kept[worded[_ranked(bm25[worded], versions[worded])[:limit]]] = True
    places = np.flatnonzero(kept)
    fused = _DENSE_SHARE * scaled(cosines[places]) + (1 - _DENSE_SHARE) * scaled(bm25[places])
    firsts = np.cumsum([0, *(len(one.rows) for one in found)])
    best = places[_ranked(fused, versions[places])[:most]]
    owners = np.searchsorted(firsts, best, side="right") - 1
    return [
        found[owner].hit(place)
        for owner, place in zip(owners.tolist(), (best - firsts[owners]).tolist(), strict=True)
    ]


def _ranked(scores: NDArray[Any], versions: Ids) -> Ids:
    """The places of scores, the greatest first; of equal ones that of the lower key."""
    return np.lexsort((versions, -scores))


def scaled(values: Precise) -> Precise:
    """Min-max over the candidates: 0 to 1; all 1 where they are equal."""
    low, high = (values.min(), values.max()) if values.size else (0.0, 0.0)
    found: Precise = (values - low) / (high - low) if high > low else np.ones(len(values))
    return found
