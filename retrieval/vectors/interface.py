"""What the rest asks of a vector index, whatever engine is behind it."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]


class VectorIndex(Protocol):
    """An immutable index of unit vectors under ids."""

    def search(self, vector: Scores, limit: int, admitted: Ids | None) -> tuple[Ids, Scores]:
        """The nearest ids with their cosines, best first; at most `limit`, only `admitted` ones (None: all)."""

    def cosines(self, vector: Scores, ids: Ids) -> Scores:
        """The exact cosine of each id's vector, shape (len(ids),)."""
