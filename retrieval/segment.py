"""One immutable segment of a snapshot: versions, their passages' and tokens' vectors and their words, on disk or in
memory.

<id>/*.npy            see `tables`
<id>/vectors.*        the passages' vectors, by their place in passages.npy, see `vectors`
<id>/lexical/         the versions' words, see `lexical`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import tables
from retrieval.bm25 import RowTerms, Statistics, Terms
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot
from retrieval.evidence import Evidence, Probe, Runs, evidence_of, ranges_of, runs, starts_of
from retrieval.growing import Held
from retrieval.lexical import LexicalIndex
from retrieval.manifest import REBUILD, ModelMark, SegmentMark
from retrieval.memo import Memo
from retrieval.model import Filter
from retrieval.stored import InMemory, gathered
from retrieval.tables import IndexedVersion, Tables, Tabulating, kinds
from retrieval.vectors import Admitted, Ids, Scores, VectorIndex, index_in_memory, open_index

_CANDIDATES = 2
"""How many candidates tantivy gives for each that is wanted: it counts lengths coarsely, and the segment's own."""
_MORE = 4
"""How many times as many are asked for where too many of them do not count."""
_FILTERS = 32
"""Filters for which it is kept what they admit: those of some channels, and of questions that are asked again."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hit:
    """A version that was found, by its key and its `row` in a segment, and its blog's id: the cosine of its nearest
    passage (-1 to 1) and its BM25 score (0 where it holds none of the terms)."""

    version: int
    blog: str
    cosine: float
    bm25: float
    segment: Segment
    row: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hits:
    """Hits of one segment as columns, each of shape (hits,): one is made where it is wanted, which few of hundreds
    are."""

    segment: Segment
    rows: Ids
    versions: Ids
    cosines: Scores
    bm25: NDArray[np.float64]

    def hit(self, place: int) -> Hit:
        """One of them."""
        row = int(self.rows[place])
        return Hit(
            version=int(self.versions[place]),
            blog=self.segment.blog_of(row),
            cosine=float(self.cosines[place]),
            bm25=float(self.bm25[place]),
            segment=self.segment,
            row=row,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Admission:
    """What of a segment counts and is admitted by a filter: versions as a mask, and how many; passages, None where
    that is all of them, and how many."""

    versions: NDArray[np.bool_]
    entries: int
    admitted: Admitted | None
    passages: int


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
        self._first_terms = starts_of(self._lengths.sum(axis=1))
        tokens = np.bincount(self._owners, weights=passages["tokens"], minlength=len(versions)).astype(np.int64)
        self._first_tokens = starts_of(tokens + versions["tokens"])

    @classmethod
    def open(cls, folder: Path, mark: SegmentMark, model: ModelMark) -> Segment:
        """Open a segment in its folder. Raises DamagedSnapshot."""
        tables.check_files(folder, mark)
        return cls(
            tables.opened(folder, mark, model.width),
            open_index(folder, mark.passages, model.dimension, mark.vectors),
            LexicalIndex.open(folder / "lexical"),
        )

    @classmethod
    def in_memory(cls, versions: Sequence[IndexedVersion], model: ModelMark) -> Segment:
        """A segment that leaves nothing on the disk."""
        rows = {name: Held(kind, shape) for name, (kind, shape) in kinds(model).items()}
        tabulating = Tabulating(rows)
        words = LexicalIndex.in_memory(tabulating.add(versions))
        made = {name: one.array() for name, one in rows.items()}
        vectors, tokens = index_in_memory(made.pop("vectors")), InMemory(made.pop("tokens"))
        return cls(Tables(**made, tokens=tokens, blogs=tuple(tabulating.blogs)), vectors, words)

    @property
    def blogs(self) -> tuple[str, ...]:
        """The ids of its blogs."""
        return self._tables.blogs

    def blog_of(self, row: int) -> str:
        """The id of a version's blog, by its row."""
        return self._tables.blogs[int(self._tables.versions["blog"][row])]

    @property
    def versions(self) -> NDArray[np.int64]:
        """The keys of its versions, those deleted since included."""
        keys: NDArray[np.int64] = self._tables.versions["version"]
        return keys

    def seen(self, gone: frozenset[int], visible: frozenset[str] | None) -> SeenSegment:
        """What of it counts: versions that are not `gone`, of `visible` blogs (None: all)."""
        return SeenSegment(self, gone, visible)

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

    def nearest(self, vector: Scores, limit: int, admitted: Admitted | None) -> tuple[Ids, Scores]:
        """The rows of the versions that have the passages nearest to a vector, in order, each with the cosine of its
        nearest one. Raises DamagedSnapshot."""
        found, cosines = self._dense.search(vector, limit, admitted)
        rows, first = np.unique(self._owners[found], return_index=True)
        return rows, cosines[first]  # the best comes first

    def best(
        self, weights: Mapping[str, Sequence[float]], limit: int, within: Filter, counts: NDArray[np.bool_]
    ) -> Ids:
        """The rows of the versions that count and fit the terms best, `limit` where there are as many. Raises
        DamagedSnapshot."""
        wanted = min(limit, int(counts.sum()))
        asked = limit
        while wanted:
            found = self._words.candidates(weights, asked, within)
            if not ((found >= 0) & (found < len(counts))).all():
                raise DamagedSnapshot("the index names a version that it does not hold", REBUILD)
            kept = found[counts[found]]
            if len(kept) >= wanted or len(found) < asked:
                return kept[:wanted]
            asked *= _MORE
        return np.empty(0, np.int64)

    def with_passages(self, rows: Ids) -> Ids:
        """Those of the versions that have any passage."""
        return rows[self._tables.versions["count"][rows] > 0]

    def nearest_of(self, rows: Ids, vector: Scores) -> NDArray[np.float32]:
        """For each of the versions, all with passages, the cosine of its nearest one, shape (rows,)."""
        if not rows.size:
            return np.empty(0, np.float32)
        cosines = self._dense.cosines(vector, self._passages_at(rows))
        nearest: NDArray[np.float32] = np.maximum.reduceat(cosines, starts_of(self._tables.versions["count"][rows]))
        return nearest

    def evidence(self, rows: Ids, probe: Probe) -> Evidence:
        """What of a question the passages of versions hold, by their rows, all with passages. Raises
        DamagedSnapshot."""
        versions, numbers = self._tables.versions[rows], self._passages_at(rows)
        passages, counts = self._tables.passages[numbers], versions["count"].astype(np.int64)
        terms, tokens = (runs(counts, versions[field], passages[field]) for field in ("terms", "tokens"))
        titles = starts_of(counts + 1)
        hashes = gathered(self._tables.terms, self._first_terms[rows], np.add.reduceat(terms, titles))
        vectors = self._tables.tokens.runs(self._first_tokens[rows], np.add.reduceat(tokens, titles))
        return evidence_of(
            probe,
            counts=counts,
            spans=np.column_stack([passages["start"], passages["end"]]).astype(np.int64),
            cosines=self._dense.cosines(probe.vector, numbers),
            terms=Runs(rows=hashes, sizes=terms),
            tokens=Runs(rows=vectors, sizes=tokens),
        )

    def _passages_at(self, rows: Ids) -> Ids:
        """The numbers of the versions' passages, in order."""
        versions = self._tables.versions[rows]
        return ranges_of(versions["first"].astype(np.int64), versions["count"].astype(np.int64))


class SeenSegment:
    """A segment and those of its versions that count: not `gone`, and of `visible` blogs (None: all)."""

    def __init__(self, segment: Segment, gone: frozenset[int], visible: frozenset[str] | None) -> None:
        self._segment = segment
        self._visible = visible
        self._counts = ~_among(segment.versions, gone) & segment.kept(Filter(blogs=visible))
        self._admissions: Memo[Filter, Admission] = Memo(_FILTERS)
        entries = int(self._counts.sum())
        self.statistics = Statistics(versions=entries, lengths=segment.lengths_of(self._counts))
        # the fewer of those that count and those that do not are counted; the rest is their difference
        self._by_excluding = 2 * entries > len(self._counts)
        self._counted = segment.terms_of(np.flatnonzero(self._counts != self._by_excluding))

    def holding(self, term: str) -> tuple[int, int]:
        """How many of its versions that count hold a term in title and text."""
        title, text = self._counted.holding(term)
        if not self._by_excluding:
            return title, text
        all_titles, all_texts = self._segment.holding(term)
        return all_titles - title, all_texts - text

    def count(self, within: Filter) -> int:
        """How many passages of versions that count are admitted by a filter."""
        return self._admission(within).passages

    def entries(self, within: Filter) -> int:
        """How many of its versions count and are admitted by a filter."""
        return self._admission(within).entries

    def _admission(self, within: Filter) -> Admission:
        return self._admissions.get(within, lambda: self._admitted(within))

    def _admitted(self, within: Filter) -> Admission:
        versions = self._counts & self._segment.kept(within)
        passages = Admitted(self._segment.passages_of(versions))
        return Admission(
            versions=versions,
            entries=int(versions.sum()),
            admitted=None if passages.count == len(passages.mask) else passages,
            passages=passages.count,
        )

    def retrieve(
        self,
        probe: Probe,
        weights: Mapping[str, tuple[float, float]],
        limit: int,
        within: Filter,
        statistics: Statistics,
    ) -> Hits:
        """The versions with the nearest passages and the best for the terms, `limit` passages and versions where
        there are as many, with both their scores. Raises DamagedSnapshot."""
        segment, admission = self._segment, self._admission(within)
        near, cosines = segment.nearest(probe.vector, limit, admission.admitted)
        worded = segment.best(weights, _CANDIDATES * limit, self._told(within), admission.versions)
        others = segment.with_passages(worded)
        rows = np.concatenate([near, others[~np.isin(others, near)]])
        scores = self._scores(rows, weights, statistics)
        kept = _among_best(scores, limit)
        kept[: len(near)] = True
        rows, scores = rows[kept], scores[kept]
        found = np.concatenate([cosines, segment.nearest_of(rows[len(near) :], probe.vector)])
        return Hits(segment=segment, rows=rows, versions=segment.versions[rows], cosines=found, bm25=scores)

    def _told(self, within: Filter) -> Filter:
        """A filter as the word index is to be told of it: of blogs only where the segment has others. What does not
        count besides is left out of what it finds."""
        held = frozenset(self._segment.blogs)
        meant = held if within.blogs is None else held & within.blogs
        meant = meant if self._visible is None else meant & self._visible
        return Filter(since=within.since, until=within.until, blogs=None if meant == held else meant)

    def _scores(
        self, rows: Ids, weights: Mapping[str, tuple[float, float]], statistics: Statistics
    ) -> NDArray[np.float64]:
        """The BM25 score of versions, by their rows."""
        counted = self._segment.terms_of(rows)
        scores = np.zeros(len(rows))
        for term, of_field in weights.items():
            scores += statistics.scores(counted.counts(term), counted.lengths, of_field)
        return scores


def _among_best(scores: NDArray[np.float64], limit: int) -> NDArray[np.bool_]:
    """Which are among the `limit` greatest, all equals included; of those above 0."""
    least = np.partition(scores, -limit)[-limit] if len(scores) > limit else 0.0
    found: NDArray[np.bool_] = (scores >= least) & (scores > 0)
    return found


def _among(keys: NDArray[np.int64], wanted: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(keys, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))
