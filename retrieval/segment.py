"""One immutable segment of a snapshot: versions, their passages' and tokens' vectors and their words, on disk or in
memory.

<id>/*.npy            see `tables`
<id>/vectors.faiss    the passages' vectors, by their place in passages.npy
<id>/lexical/         tantivy's index of the versions' words
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval import tables
from retrieval.bm25 import RowTerms, Statistics, Terms, hashed
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot
from retrieval.lexical import Excluded, LexicalIndex
from retrieval.manifest import REBUILD, ModelMark, SegmentMark
from retrieval.model import Filter, Span
from retrieval.projection import restored
from retrieval.tables import IndexedVersion, Tables, tabulated
from retrieval.vectors import Ids, Scores, VectorIndex, index_in_memory, open_index

_CANDIDATES = 2
"""How many candidates tantivy gives for each that is wanted: it counts lengths coarsely, and the segment's own."""


_TOKENS_AT_ONCE = 20_000
"""Tokens whose vectors are compared at once: 8 MB of numbers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Probe:
    """What is looked for: a question's vector, its tokens', shape (tokens, width), its terms in every language that
    is meant, and those that stand side by side in it."""

    vector: Scores
    tokens: Scores
    terms: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hit:
    """A version that was found, by its key and its `row` in a segment: the cosine of its nearest passage (-1 to 1)
    and its BM25 score (0 where it holds none of the terms)."""

    version: int
    cosine: float
    bm25: float
    segment: Segment
    row: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence:
    """What of a question a version's passages hold, its title read with each of them.

    `spans` are the passages; `cosines` theirs; `likeness`, shape (tokens, passages), the greatest cosine of each of
    the question's tokens to any of a passage's; `held`, shape (terms, passages), which terms stand in it;
    `beside`, shape (pairs,), which pairs stand side by side somewhere."""

    spans: tuple[Span, ...]
    cosines: Scores
    likeness: Scores
    held: NDArray[np.bool_]
    beside: NDArray[np.bool_]


class Segment:
    """A segment, open for reading."""

    def __init__(self, held: Tables, dense: VectorIndex, words: LexicalIndex) -> None:
        self._tables = held
        self._dense = dense
        self._words = words
        versions, passages = held.versions, held.passages
        self._owners = np.repeat(np.arange(len(versions)), versions["count"])
        texts = np.bincount(self._owners, weights=passages["terms"], minlength=len(versions)).astype(np.int64)
        self._lengths = np.column_stack([versions["terms"].astype(np.int64), texts])
        self._terms = Terms(held.terms, self._lengths)
        self._first_terms = _starts(self._lengths.sum(axis=1))
        tokens = np.bincount(self._owners, weights=passages["tokens"], minlength=len(versions)).astype(np.int64)
        self._first_tokens = _starts(tokens + versions["tokens"])

    @classmethod
    def open(cls, folder: Path, mark: SegmentMark, model: ModelMark) -> Segment:
        """Open a segment in its folder. Raises DamagedSnapshot."""
        tables.check_files(folder, mark)
        return cls(
            tables.opened(folder, mark, model.width),
            open_index(folder / "vectors.faiss", model.dimension),
            LexicalIndex.open(folder / "lexical"),
        )

    @classmethod
    def in_memory(cls, versions: Sequence[IndexedVersion], model: ModelMark) -> Segment:
        """A segment that leaves nothing on the disk."""
        held, documents = tabulated(versions, model.width)
        vectors = index_in_memory(vectors_of(versions, model.dimension))
        return cls(held, vectors, LexicalIndex.in_memory(documents))

    @property
    def versions(self) -> NDArray[np.int64]:
        """The keys of its versions, those deleted since included."""
        keys: NDArray[np.int64] = self._tables.versions["version"]
        return keys

    def seen(self, gone: frozenset[int], visible: frozenset[str] | None) -> SeenSegment:
        """What of it counts: versions that are not `gone`, of `visible` blogs (None: all)."""
        versions = self._tables.versions
        counts = ~_among(versions["version"], gone) & self._of(visible)
        return SeenSegment(self, counts)

    def _of(self, blogs: frozenset[str] | None) -> NDArray[np.bool_]:
        versions = self._tables.versions
        if blogs is None:
            return np.ones(len(versions), dtype=bool)
        return np.isin(versions["blog"], [n for n, blog in enumerate(self._tables.blogs) if blog in blogs])

    def kept(self, within: Filter) -> NDArray[np.bool_]:
        """Which versions a filter admits."""
        versions = self._tables.versions
        keep = self._of(within.blogs)
        if within.since is not None:
            keep &= versions["posted"] >= microseconds(within.since)
        if within.until is not None:
            keep &= versions["posted"] < microseconds(within.until)
        return keep

    def passages_of(self, versions: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Which passages belong to the versions."""
        return versions[self._owners]

    def lengths_of(self, versions: NDArray[np.bool_]) -> tuple[int, int]:
        """How many terms the versions' titles and texts have in all."""
        title, text = self._lengths[versions].sum(axis=0).tolist()
        return title, text

    def terms_of(self, rows: Ids) -> RowTerms:
        """The terms of versions, by their rows."""
        return self._terms.of(rows)

    def holding(self, term: str) -> tuple[int, int]:
        """How many versions hold a term in title and text, deleted ones included."""
        return self._words.holding("title", term), self._words.holding("text", term)

    def nearest(self, vector: Scores, limit: int, admitted: Ids | None) -> Ids:
        """The rows of the versions that have the passages nearest to a vector. Raises DamagedSnapshot."""
        found, _ = self._dense.search(vector, limit, admitted)
        if not ((found >= 0) & (found < len(self._owners))).all():
            raise DamagedSnapshot("the index names a passage that it does not hold", REBUILD)
        return np.unique(self._owners[found])

    def best(
        self, weights: Mapping[str, Sequence[float]], limit: int, within: Filter, excluded: Excluded
    ) -> list[int]:
        """The rows of the versions that fit the terms best. Raises DamagedSnapshot."""
        found = self._words.candidates(weights, _CANDIDATES * limit, within, excluded)
        if not all(0 <= row < len(self.versions) for row in found):
            raise DamagedSnapshot("the index names a version that it does not hold", REBUILD)
        return found

    def has_passages(self, row: int) -> bool:
        """Whether a version has any passage."""
        return bool(self._tables.versions[row]["count"])

    def nearest_of(self, rows: Ids, vector: Scores) -> NDArray[np.float32]:
        """For each of the versions, all with passages, the cosine of its nearest one, shape (rows,)."""
        if not rows.size:
            return np.empty(0, np.float32)
        cosines = self._dense.cosines(vector, self._passages_at(rows))
        nearest: NDArray[np.float32] = np.maximum.reduceat(cosines, _starts(self._tables.versions["count"][rows]))
        return nearest

    def evidence(self, rows: Ids, probe: Probe) -> list[Evidence]:
        """What of a question the passages of versions hold, by their rows."""
        versions, numbers = self._tables.versions[rows], self._passages_at(rows)
        passages, counts = self._tables.passages[numbers], versions["count"].astype(np.int64)
        # a version's runs are its title and its passages
        ends = np.cumsum(counts + 1)
        titles = ends - counts - 1
        terms, tokens = (_with_titles(titles, versions[field], passages[field]) for field in ("terms", "tokens"))
        hashes = self._gathered(self._tables.terms, self._first_terms[rows], np.add.reduceat(terms, titles))
        vectors = self._gathered(self._tables.tokens, self._first_tokens[rows], np.add.reduceat(tokens, titles))
        likeness = _greatest(probe.tokens, vectors, tokens)
        held, beside = _held(probe.terms, hashes, terms), _beside(probe.pairs, hashes, terms)
        cosines = np.split(self._dense.cosines(probe.vector, numbers), np.cumsum(counts)[:-1])
        spans = list(zip(passages["start"].tolist(), passages["end"].tolist(), strict=True))
        first = np.cumsum(counts) - counts
        return [
            Evidence(
                spans=tuple(spans[first[n] : first[n] + counts[n]]),
                cosines=cosines[n],
                likeness=np.maximum(likeness[:, title + 1 : end], likeness[:, title : title + 1]),
                held=held[:, title + 1 : end] | held[:, title : title + 1],
                beside=np.logical_or.reduce(beside[:, title:end], axis=1),
            )
            for n, (title, end) in enumerate(zip(titles.tolist(), ends.tolist(), strict=True))
        ]

    def _passages_at(self, rows: Ids) -> Ids:
        """The numbers of the versions' passages, in order."""
        versions = self._tables.versions[rows]
        return _ranges(versions["first"].astype(np.int64), versions["count"].astype(np.int64))

    @staticmethod
    def _gathered(table: NDArray[Any], starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[Any]:
        """Parts of a table that is mapped into memory, one after the other."""
        each = [table[start : start + count] for start, count in zip(starts.tolist(), counts.tolist(), strict=True)]
        return np.concatenate(each) if each else np.asarray(table[:0])


class SeenSegment:
    """A segment and those of its versions that count (`counts`, a mask)."""

    def __init__(self, segment: Segment, counts: NDArray[np.bool_]) -> None:
        self._segment = segment
        self._counts = counts
        self.statistics = Statistics(versions=int(counts.sum()), lengths=segment.lengths_of(counts))
        self._whole = bool(counts.all())
        # the fewer of those that count and those that do not are counted; the rest is their difference
        self._by_excluding = 2 * self.statistics.versions > len(counts)
        self._counted = segment.terms_of(np.flatnonzero(~counts if self._by_excluding else counts))

    def holding(self, term: str) -> tuple[int, int]:
        """How many of its versions that count hold a term in title and text."""
        title, text = self._counted.holding(term)
        if not self._by_excluding:
            return title, text
        all_titles, all_texts = self._segment.holding(term)
        return all_titles - title, all_texts - text

    def count(self, within: Filter) -> int:
        """How many passages of versions that count are admitted by a filter."""
        return int(self._segment.passages_of(self._counts & self._segment.kept(within)).sum())

    def entries(self, within: Filter) -> int:
        """How many of its versions count and are admitted by a filter."""
        return int((self._counts & self._segment.kept(within)).sum())

    def retrieve(
        self,
        probe: Probe,
        weights: Mapping[str, tuple[float, float]],
        limit: int,
        within: Filter,
        statistics: Statistics,
    ) -> list[Hit]:
        """The versions with the nearest passages and the best for the terms, `limit` passages and versions where
        there are as many, with both their scores. Raises DamagedSnapshot."""
        segment = self._segment
        kept = segment.passages_of(self._counts & segment.kept(within))
        near = segment.nearest(probe.vector, limit, None if kept.all() else np.flatnonzero(kept))
        worded = [row for row in segment.best(weights, limit, within, self._excluded()) if segment.has_passages(row)]
        rows = np.union1d(near, np.array(worded, dtype=np.int64))
        counted = segment.terms_of(rows)
        scores = np.zeros(len(rows))
        for term, of_field in weights.items():
            scores += statistics.scores(counted.counts(term), counted.lengths, of_field)
        cosines = segment.nearest_of(rows, probe.vector)
        return [
            Hit(version=int(segment.versions[row]), cosine=cosine, bm25=score, segment=segment, row=row)
            for row, cosine, score in zip(rows.tolist(), cosines.tolist(), scores.tolist(), strict=True)
        ]

    def _excluded(self) -> Excluded:
        if self._whole:
            return Excluded(keys=())
        keys = self._segment.versions
        if 2 * self._counts.sum() > len(keys):
            return Excluded(keys=keys[~self._counts].tolist())
        return Excluded(keys=keys[self._counts].tolist(), others=True)


def vectors_of(versions: Sequence[IndexedVersion], dimension: int) -> Scores:
    """The vectors of all passages, shape (passages, dimension), in their order."""
    return np.concatenate([np.empty((0, dimension), np.float32), *(one.vectors for one in versions)])


def _among(keys: NDArray[np.int64], wanted: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(keys, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of several runs begins that follow one another."""
    starts: NDArray[np.int64] = np.cumsum(lengths) - lengths
    return starts


def _greatest(wanted: Scores, stored: NDArray[np.int8], counts: NDArray[np.int64]) -> Scores:
    """The greatest cosine of each wanted token to any of each run's, shape (wanted, runs); 0 where a run is empty."""
    found = np.zeros((len(wanted), len(counts)), dtype=np.float32)
    filled = counts > 0
    if filled.any() and len(wanted):
        # by rows, where a run's tokens lie together; and few at a time, since entries may be long
        for some in np.array_split(np.flatnonzero(filled), -(-len(stored) // _TOKENS_AT_ONCE)):
            if some.size:
                starts = _starts(counts)[some]
                part = restored(stored[starts[0] : starts[-1] + counts[some[-1]]])
                found[:, some] = np.maximum.reduceat(part @ wanted.T, starts - starts[0], axis=0).T
    return found


def _held(terms: Sequence[str], hashes: NDArray[np.uint64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which terms stand in which run, shape (terms, runs)."""
    found = np.zeros((len(terms), len(counts)), dtype=bool)
    owners = np.repeat(np.arange(len(counts)), counts)
    for number, term in enumerate(terms):
        found[number, owners[hashes == np.uint64(hashed(term))]] = True
    return found


def _beside(
    pairs: Sequence[tuple[str, str]], hashes: NDArray[np.uint64], counts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which pairs stand side by side in which run, shape (pairs, runs)."""
    found = np.zeros((len(pairs), len(counts)), dtype=bool)
    owners = np.repeat(np.arange(len(counts)), counts)
    together = owners[:-1] == owners[1:]
    for number, (one, other) in enumerate(pairs):
        there = together & (hashes[:-1] == np.uint64(hashed(one))) & (hashes[1:] == np.uint64(hashed(other)))
        found[number, owners[:-1][there]] = True
    return found


def _with_titles(at: NDArray[np.int64], titles: NDArray[np.int32], passages: NDArray[np.int32]) -> NDArray[np.int64]:
    """The sizes of all runs: each title's stands before those of its passages."""
    runs = np.empty(len(titles) + len(passages), dtype=np.int64)
    others = np.ones(len(runs), dtype=bool)
    others[at] = False
    runs[at], runs[others] = titles, passages
    return runs


def _ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The numbers of several ranges, one after the other."""
    found: NDArray[np.int64] = np.arange(counts.sum()) + np.repeat(starts - _starts(counts), counts)
    return found
