"""Every vector that may be found is compared, where it lies: in memory, or in the mapped file."""

from __future__ import annotations

import numpy as np

from retrieval.errors import DamagedSnapshot
from retrieval.manifest import REBUILD
from retrieval.vectors.comparing import best, cosines, cosines_of
from retrieval.vectors.interface import Admitted, Ids, Scores

_SPARSE = 1 / 4
"""Up to this share of the vectors they are picked out, above all are compared: to copy one takes about as long as
comparing three."""


class FlatIndex:
    """Exact by itself."""

    def __init__(self, vectors: Scores) -> None:
        """`vectors`, shape (n, dimension), are held, not copied."""
        self._vectors = np.asarray(vectors)  # of a mapped file a plain array, which is quicker to pick from

    def search(self, vector: Scores, limit: int, admitted: Admitted | None) -> tuple[Ids, Scores]:
        count = len(self._vectors)
        if admitted is not None and admitted.count <= _SPARSE * count:
            return best(admitted.ids, self.cosines(vector, admitted.ids), limit)
        scores = cosines(self._vectors, vector)
        if admitted is None or admitted.count == count:
            return best(np.arange(count, dtype=np.int64), scores, limit)
        return best(admitted.ids, scores[admitted.mask], limit)

    def cosines(self, vector: Scores, ids: Ids) -> Scores:
        check(ids, len(self._vectors))
        return cosines_of(ids, lambda some: self._vectors[some], vector)


def check(ids: Ids, count: int) -> None:
    """Raises DamagedSnapshot where one of the ids is none of 0 to count - 1."""
    if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < count:
        raise DamagedSnapshot("the vector index lacks passages that the other tables name", REBUILD)
