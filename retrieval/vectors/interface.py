"""What the rest asks of a vector index, whatever engine is behind it."""

from __future__ import annotations

from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Scores = NDArray[np.float32]


class Admitted:
    """Which of n vectors may be found, a mask of shape (n,); made once for a filter, used for many questions."""

    def __init__(self, mask: NDArray[np.bool_]) -> None:
        """`mask` is copied."""
        self.mask = np.array(mask, dtype=np.bool_)
        self.mask.flags.writeable = False
        self.count = int(np.count_nonzero(self.mask))

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """The mask, a bit for each vector, the lowest first, shape (ceil(n / 8),)."""
        return np.packbits(self.mask, bitorder="little")

    @cached_property
    def ids(self) -> Ids:
        """The admitted, ascending, shape (count,)."""
        return np.flatnonzero(self.mask)


class VectorIndex(Protocol):
    """An immutable index of n unit vectors under 0 to n - 1. Several threads may ask it at once."""

    def search(self, vector: Scores, limit: int, admitted: Admitted | None) -> tuple[Ids, Scores]:
        """The nearest ids with their exact cosines, best first; as many as `limit` where there are so many, only
        `admitted` ones (None: all). Raises DamagedSnapshot."""

    def cosines(self, vector: Scores, ids: Ids) -> Scores:
        """The exact cosine of each id's vector, in the order given, shape (len(ids),). Raises DamagedSnapshot."""
