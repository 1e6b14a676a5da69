"""One immutable segment of a snapshot: passages, their vectors and their words, on disk or in memory.

<id>/passages.npy     version, start, end, and the numbers of terms in title and text; in the order of versions.npy
<id>/versions.npy     version, time of posting, its passages, its blog
<id>/terms.npy        the hashed terms of each passage, for exact scores
<id>/vectors.faiss    the passages' vectors, by their place in passages.npy
<id>/lexical/         tantivy's index of their words
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.bm25 import FIELDS, HASH, RowTerms, Statistics, Terms, flattened
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot
from retrieval.lexical import Excluded, LexicalDocument, LexicalIndex, terms
from retrieval.manifest import REBUILD, ModelMark, SegmentMark
from retrieval.model import Filter, Span, Version
from retrieval.vectors import Ids, Scores, VectorIndex, index_in_memory, open_index

_PASSAGE = np.dtype([("version", "<i8"), ("start", "<i4"), ("end", "<i4"), ("title", "<i4"), ("text", "<i4")])
_VERSION = np.dtype([("version", "<i8"), ("posted", "<i8"), ("first", "<i4"), ("count", "<i4"), ("blog", "<i4")])
_HASHED_UP_TO = 64_000_000
"""Bytes of a segment whose digests are compared when it is opened: 64 MB took under 0.1 s. Damage to a smaller one
is found before tantivy or FAISS reads it; a larger one's is left to `stet doctor`."""
_CANDIDATES = 2
"""How many candidates tantivy gives for each that is wanted: it counts lengths coarsely, and the segment's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexedVersion:
    """A version and the passages of it that are indexed."""

    version: Version
    passages: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A retrieved passage: its version and span, its cosine to the question (-1 to 1), and its BM25 score (0
    where it holds none of the question's terms)."""

    version: int
    span: Span
    cosine: float
    bm25: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Tables:
    """What a segment holds of its versions, as arrays, and their blogs' ids."""

    passages: NDArray[Any]
    versions: NDArray[Any]
    terms: NDArray[np.uint64]
    blogs: tuple[str, ...]


def tabulated(versions: Sequence[IndexedVersion]) -> tuple[Tables, list[LexicalDocument]]:
    """The tables of versions and their passages, and the passages as documents for the word index."""
    blogs = tuple(sorted({one.version.entry.blog.id for one in versions}))
    number_of = {blog: number for number, blog in enumerate(blogs)}
    rows, documents, first = [], [], 0
    for one in versions:
        version, blog = one.version, one.version.entry.blog.id
        posted = microseconds(version.entry.posted_at)
        language = version.entry.blog.language
        title = terms(version.title or "", language) if one.passages else []
        rows.append((version.key, posted, first, len(one.passages), number_of[blog]))
        documents += [
            LexicalDocument(
                passage=number,
                version=version.key,
                posted=posted,
                blog=blog,
                title=title,
                text=terms(version.text[start:end], language),
            )
            for number, (start, end) in enumerate(one.passages, first)
        ]
        first += len(one.passages)
    hashes, lengths = flattened([(one.title, one.text) for one in documents])
    spans = [(one.version.key, *span) for one in versions for span in one.passages]
    passages = [(*span, *counts) for span, counts in zip(spans, lengths.tolist(), strict=True)]
    tables = Tables(
        passages=np.array(passages, dtype=_PASSAGE),
        versions=np.array(rows, dtype=_VERSION),
        terms=hashes,
        blogs=blogs,
    )
    return tables, documents


def save_tables(folder: Path, tables: Tables) -> None:
    """Write a segment's tables. Raises OSError."""
    np.save(folder / "passages.npy", tables.passages, allow_pickle=False)
    np.save(folder / "versions.npy", tables.versions, allow_pickle=False)
    np.save(folder / "terms.npy", tables.terms, allow_pickle=False)


class Segment:
    """A segment, open for reading."""

    def __init__(self, tables: Tables, dense: VectorIndex, words: LexicalIndex) -> None:
        self._tables = tables
        self._dense = dense
        self._words = words
        self._lengths = np.column_stack([tables.passages[field].astype(np.int64) for field in FIELDS])
        self._terms = Terms(tables.terms, self._lengths)

    @classmethod
    def open(cls, folder: Path, mark: SegmentMark, model: ModelMark) -> Segment:
        """Open a segment in its folder. Raises DamagedSnapshot."""
        check_files(folder, mark)
        return cls(
            _tables(folder, mark),
            open_index(folder / "vectors.faiss", model.dimension),
            LexicalIndex.open(folder / "lexical"),
        )

    @classmethod
    def in_memory(cls, versions: Sequence[IndexedVersion], vectors: Scores) -> Segment:
        """A segment that leaves nothing on the disk; `vectors` in the order of the versions' passages."""
        tables, documents = tabulated(versions)
        return cls(tables, index_in_memory(vectors), LexicalIndex.in_memory(documents))

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
        return np.repeat(versions, self._tables.versions["count"])

    def lengths_of(self, passages: NDArray[np.bool_]) -> tuple[int, int]:
        """How many terms the passages' titles and texts have in all."""
        title, text = self._lengths[passages].sum(axis=0).tolist()
        return title, text

    def terms_of(self, rows: Ids) -> RowTerms:
        """The terms of passages, by their numbers."""
        return self._terms.of(rows)

    def holding(self, term: str) -> tuple[int, int]:
        """How many passages hold a term in title and text, those of deleted versions included."""
        return self._words.holding("title", term), self._words.holding("text", term)

    def nearest(self, vector: Scores, limit: int, admitted: Ids | None) -> dict[int, float]:
        """The passages nearest to a vector, with their cosines."""
        ids, scores = self._dense.search(vector, limit, admitted)
        return dict(zip(ids.tolist(), scores.tolist(), strict=True))

    def best(
        self, weights: Mapping[str, Sequence[float]], limit: int, within: Filter, excluded: Excluded
    ) -> list[int]:
        """The passages that fit the terms best."""
        return self._words.candidates(weights, _CANDIDATES * limit, within, excluded)

    def cosines(self, vector: Scores, rows: Sequence[int]) -> dict[int, float]:
        """The cosines of passages to a vector."""
        found = self._dense.cosines(vector, np.array(rows, dtype=np.int64))
        return dict(zip(rows, found.tolist(), strict=True))

    def windows(self, cosines: Mapping[int, float], scores: NDArray[np.float64]) -> Iterator[Window]:
        """Passages with both their scores."""
        rows = self._tables.passages[list(cosines)]
        spans = [rows[field].tolist() for field in ("version", "start", "end")]
        for version, start, end, cosine, score in zip(*spans, cosines.values(), scores.tolist(), strict=True):
            yield Window(version=version, span=(start, end), cosine=cosine, bm25=score)


class SeenSegment:
    """A segment and those of its versions that count (`counts`, a mask)."""

    def __init__(self, segment: Segment, counts: NDArray[np.bool_]) -> None:
        self._segment = segment
        self._counts = counts
        self._passages = segment.passages_of(counts)
        self.statistics = Statistics(passages=int(self._passages.sum()), lengths=segment.lengths_of(self._passages))
        self._whole = bool(self._passages.all())
        # the fewer of those that count and those that do not are counted; the rest is their difference
        self._by_excluding = 2 * self.statistics.passages > len(self._passages)
        self._counted = segment.terms_of(np.flatnonzero(~self._passages if self._by_excluding else self._passages))

    def holding(self, term: str) -> tuple[int, int]:
        """How many of its passages that count hold a term in title and text."""
        title, text = self._counted.holding(term)
        if not self._by_excluding:
            return title, text
        all_titles, all_texts = self._segment.holding(term)
        return all_titles - title, all_texts - text

    def count(self, within: Filter) -> int:
        """How many of its passages count and are admitted by a filter."""
        return int(self._segment.passages_of(self._counts & self._segment.kept(within)).sum())

    def retrieve(
        self,
        vector: Scores,
        weights: Mapping[str, tuple[float, float]],
        limit: int,
        within: Filter,
        statistics: Statistics,
    ) -> list[Window]:
        """The nearest passages and the best for the terms, at least `limit` of each kind where there are as many,
        with both their scores. Raises DamagedSnapshot."""
        kept = self._segment.passages_of(self._counts & self._segment.kept(within))
        cosines = self._segment.nearest(vector, limit, None if kept.all() else np.flatnonzero(kept))
        found = self._segment.best(weights, limit, within, self._excluded())
        if not all(0 <= number < len(kept) for number in (*cosines, *found)):
            raise DamagedSnapshot("the index names a passage that it does not hold", REBUILD)
        cosines |= self._segment.cosines(vector, [one for one in found if one not in cosines])
        rows = self._segment.terms_of(np.array(list(cosines), dtype=np.int64))
        scores = np.zeros(len(cosines))
        for term, of_field in weights.items():
            scores += statistics.scores(rows.counts(term), rows.lengths, of_field)
        return list(self._segment.windows(cosines, scores))

    def _excluded(self) -> Excluded:
        if self._whole:
            return Excluded(keys=())
        keys = self._segment.versions
        if 2 * self._counts.sum() > len(keys):
            return Excluded(keys=keys[~self._counts].tolist())
        return Excluded(keys=keys[self._counts].tolist(), others=True)


def _among(keys: NDArray[np.int64], wanted: frozenset[int]) -> NDArray[np.bool_]:
    return np.isin(keys, np.fromiter(wanted, dtype=np.int64, count=len(wanted)))


# ------------------------------------------------------------------------------------------------ reading


def check_files(folder: Path, mark: SegmentMark) -> None:
    """Compare a segment's files with what the manifest says of them: sizes, and digests where it is small.

    Raises DamagedSnapshot."""
    hashed = sum(file["bytes"] for file in mark.files.values()) <= _HASHED_UP_TO
    for name, file in mark.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != file["bytes"]:
                raise DamagedSnapshot(f"{path} has {size} bytes, not {file['bytes']}", REBUILD)
            if hashed and sha256(path) != file["sha256"]:
                raise DamagedSnapshot(f"{path} was changed after it was written", REBUILD)
        except FileNotFoundError:
            raise DamagedSnapshot(f"the index lacks {path}", REBUILD) from None
        except OSError as error:
            raise DamagedSnapshot(f"{path} cannot be read: {error.strerror}", REBUILD) from error


def sha256(path: Path) -> str:
    """The digest of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keys_of(folder: Path, mark: SegmentMark) -> NDArray[Any]:
    """A segment's versions (version, posted, first, count, blog); nothing else is opened. Raises DamagedSnapshot."""
    return _table(folder / "versions.npy", _VERSION, mark.entries)


def _tables(folder: Path, mark: SegmentMark) -> Tables:
    passages = _table(folder / "passages.npy", _PASSAGE, mark.passages)
    versions = np.array(keys_of(folder, mark))
    hashes = _table(folder / "terms.npy", HASH, mark.terms)
    if not _belong_together(passages, versions, len(hashes), len(mark.blogs)):
        raise DamagedSnapshot(f"the tables in {folder} contradict each other", REBUILD)
    return Tables(passages=passages, versions=versions, terms=hashes, blogs=tuple(sorted(mark.blogs)))


def _table(path: Path, kind: np.dtype[Any], length: int) -> NDArray[Any]:
    """A table of a segment, mapped into memory."""
    try:
        table = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, TypeError, OverflowError, MemoryError, EOFError, SyntaxError, TokenError) as error:
        # the header is a Python literal: NumPy raises whatever reading one raises
        raise DamagedSnapshot(f"{path} cannot be read: {error}", REBUILD) from error
    if table.dtype != kind or table.shape != (length,):
        raise DamagedSnapshot(f"{path} is not what the manifest says", REBUILD)
    return table


def _belong_together(passages: NDArray[Any], versions: NDArray[Any], hashes: int, blogs: int) -> bool:
    """Whether every passage is a span, the versions' passages follow one another and are all there are, and their
    terms are all there are."""
    counts = versions["count"].astype(np.int64)
    ends = np.cumsum(counts)
    lengths = [passages[field].astype(np.int64) for field in FIELDS]
    return bool(
        (counts >= 0).all()
        and (versions["first"] == ends - counts).all()
        and counts.sum() == len(passages)
        and (np.repeat(versions["version"], counts) == passages["version"]).all()
        and ((passages["start"] >= 0) & (passages["start"] < passages["end"])).all()
        and ((versions["blog"] >= 0) & (versions["blog"] < blogs)).all()
        and all((length >= 0).all() for length in lengths)
        and sum(length.sum() for length in lengths) == hashes
    )
