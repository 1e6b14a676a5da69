"""BM25 by the versions that count: those live now, in blogs that the asker may see. Plain arithmetic over arrays.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the usual k1 of 1.2
and b of .75, over two fields, title and text, whose scores are added up; idf as tantivy has it, never negative.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIELDS = ("title", "text")
HASH = np.dtype("<u8")

_K1 = 1.2
_B = 0.75

Counts = NDArray[np.int64]
"""Shape (rows, 2): how often a term stands in each row's title and text."""


def hashed(term: str) -> int:
    """A term as the tables hold it: 64 bits of its digest."""
    return int.from_bytes(hashlib.blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


def idf(versions: int, holding: int) -> float:
    """How telling a term is that `holding` of `versions` hold."""
    return math.log1p((versions - holding + 0.5) / (holding + 0.5))


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics:
    """Of the versions that count: how many there are, and how many terms their titles and texts have in all."""

    versions: int
    lengths: tuple[int, int]

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(
            versions=self.versions + other.versions,
            lengths=(self.lengths[0] + other.lengths[0], self.lengths[1] + other.lengths[1]),
        )

    def weights(self, holding: tuple[int, int]) -> tuple[float, float]:
        """A term's idf in title and text, of the numbers of versions that hold it there."""
        title, text = holding
        return idf(self.versions, title), idf(self.versions, text)

    def most(self, holding: tuple[int, int]) -> float:
        """What a term's score in a text comes near to and never passes."""
        return idf(self.versions, holding[1]) * (_K1 + 1)

    def rarity(self, holding: tuple[int, int]) -> float:
        """0 to 1: how few versions hold a term; 1 where none does, whatever the archive's size."""
        whole = self.versions + 1
        return math.log(whole / (max(holding) + 0.5)) / math.log(whole / 0.5)

    def scores(self, counts: Counts, lengths: Counts, weights: tuple[float, float]) -> NDArray[np.float64]:
        """One term's part of each row's score, shape (rows,)."""
        means = np.array(self.lengths, dtype=np.float64) / max(self.versions, 1)
        relative = lengths / np.where(means > 0, means, 1.0)
        parts = counts * (_K1 + 1) / (counts + _K1 * (1 - _B + _B * relative))
        scores: NDArray[np.float64] = parts @ np.array(weights)
        return scores


class Terms:
    """The hashed terms of each version of a segment, its title's first, one version after the other."""

    def __init__(self, hashes: NDArray[np.uint64], lengths: Counts) -> None:
        self._hashes = hashes
        self._lengths = lengths
        ends = np.cumsum(lengths.sum(axis=1))
        self._starts = ends - lengths.sum(axis=1)

    def of(self, rows: NDArray[np.int64]) -> RowTerms:
        """The terms of some versions, by their numbers."""
        lengths = self._lengths[rows]
        whole = lengths.sum(axis=1)
        owner = np.repeat(np.arange(len(rows)), whole)
        within = np.arange(len(owner)) - np.repeat(np.cumsum(whole) - whole, whole)
        return RowTerms(
            hashes=np.asarray(self._hashes[self._starts[rows][owner] + within]),
            cell=owner * 2 + (within >= lengths[owner, 0]),
            lengths=lengths,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class RowTerms:
    """Terms, and in which row and field each stands (`cell`: twice the row, and one more in the text)."""

    hashes: NDArray[np.uint64]
    cell: NDArray[np.int64]
    lengths: Counts

    def counts(self, term: str) -> Counts:
        """How often a term stands in each row's title and text."""
        cells = self.cell[self.hashes == np.uint64(hashed(term))]
        return np.bincount(cells, minlength=2 * len(self.lengths)).reshape(-1, 2)

    def holding(self, term: str) -> tuple[int, int]:
        """How many rows hold a term in their title, and in their text."""
        title, text = (self.counts(term) > 0).sum(axis=0).tolist()
        return title, text


def flattened(terms: Iterable[str]) -> NDArray[np.uint64]:
    """Terms, hashed."""
    known: dict[str, int] = {}
    return np.array([known[term] if term in known else known.setdefault(term, hashed(term)) for term in terms], HASH)
