"""A snapshot: a manifest that names immutable segments. Built aside, switched in at once, never changed after.

    index/manifest.json           the snapshot in force; replacing this file is the switch
    index/segments/<id>/          passages.npy, versions.npy, vectors.faiss, lexical/

Readers keep the segments that they opened, so a switch needs no lock. A crash while building leaves a folder
that nobody names; the next build clears it away.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, ForeignSnapshot, NoSnapshot
from retrieval.files import disk, sync_file, sync_folder, write_atomically
from retrieval.lexical import LexicalDocument, LexicalIndex
from retrieval.manifest import REBUILD, Manifest, ModelMark, read_manifest, to_json
from retrieval.model import Filter, Span, Version
from retrieval.vectors import Ids, Scores, VectorIndex, open_index, write_index

_PASSAGE = np.dtype([("version", "<i8"), ("start", "<i4"), ("end", "<i4")])
_VERSION = np.dtype([("version", "<i8"), ("posted", "<i8"), ("first", "<i4"), ("count", "<i4"), ("blog", "<i4")])
_HASHED_UP_TO = 64_000_000
"""Bytes of a segment whose digests are compared when it is opened: 64 MB took under 0.1 s. Damage to a smaller one
is found before tantivy or FAISS reads it; a larger one's is left to `stet doctor`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexedVersion:
    """A version and the passages of it that are indexed."""

    version: Version
    passages: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A retrieved passage: its version and span, its cosine to the question (-1 to 1), and its BM25 score (0
    where none of the question's terms found it)."""

    version: int
    span: Span
    cosine: float
    bm25: float


# ------------------------------------------------------------------------------------------------ writing


def build(
    folder: Path, versions: Sequence[IndexedVersion], vectors: Scores, model: ModelMark, change: int, now: datetime
) -> Manifest:
    """Write a segment of all `versions` (vectors in the order of their passages) and switch to it.

    Raises DiskError; then, as after a crash, the snapshot before stays in force.
    """
    segments = folder / "segments"
    with disk(folder):
        segments.mkdir(parents=True, exist_ok=True)
        _clear_away(folder)
        building = segments / f".building-{uuid.uuid4().hex}"
        building.mkdir()
    try:
        described = _write_segment(building, versions, vectors)
        with disk(building):
            building.rename(segments / described["id"])
            sync_folder(segments)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    manifest = Manifest(
        id=f"{change}-{described['id'][:8]}", model=model, change=change, built_at=now, segments=(described,)
    )
    write_atomically(folder / "manifest.json", to_json(manifest))
    _clear_away(folder)
    return manifest


def _write_segment(building: Path, versions: Sequence[IndexedVersion], vectors: Scores) -> dict[str, Any]:
    blogs = sorted({one.version.entry.blog.id for one in versions})
    number_of = {blog: number for number, blog in enumerate(blogs)}
    passages = np.array([(one.version.key, *span) for one in versions for span in one.passages], dtype=_PASSAGE)
    rows, first = [], 0
    for one in versions:
        entry = one.version.entry
        rows.append(
            (one.version.key, microseconds(entry.posted_at), first, len(one.passages), number_of[entry.blog.id])
        )
        first += len(one.passages)
    with disk(building):
        np.save(building / "passages.npy", passages, allow_pickle=False)
        np.save(building / "versions.npy", np.array(rows, dtype=_VERSION), allow_pickle=False)
    write_index(building / "vectors.faiss", np.arange(len(passages), dtype=np.int64), vectors)
    LexicalIndex.build(
        building / "lexical",
        [
            LexicalDocument(
                passage=number,
                posted=microseconds(one.version.entry.posted_at),
                blog=one.version.entry.blog.id,
                title=one.version.title,
                text=one.version.text[span[0] : span[1]],
            )
            for number, (one, span) in enumerate((one, span) for one in versions for span in one.passages)
        ],
    )
    with disk(building):
        files = {str(path.relative_to(building)): _described(path) for path in _files(building)}
    return {
        "id": uuid.uuid4().hex,
        "entries": len(versions),
        "passages": len(passages),
        "blogs": blogs,
        "files": files,
    }


def _files(folder: Path) -> list[Path]:
    # tantivy leaves its lock files behind; they hold nothing
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def _described(path: Path) -> dict[str, Any]:
    sync_file(path)
    return {"bytes": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear_away(folder: Path) -> None:
    """Remove segments that the manifest in force does not name. Where it cannot be read, all stay."""
    try:
        named = {segment["id"] for segment in read_manifest(folder).segments}
    except NoSnapshot:
        named = set()
    except (DamagedSnapshot, ForeignSnapshot):
        return
    for path in (folder / "segments").iterdir():
        if path.name not in named:
            shutil.rmtree(path, ignore_errors=True)


# ------------------------------------------------------------------------------------------------ reading


class Snapshot:
    """One complete, consistent index, open for reading. Immutable; safe to share between threads."""

    def __init__(self, manifest: Manifest, segments: tuple[_Segment, ...]) -> None:
        self.manifest = manifest
        self._segments = segments

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """Open the snapshot in force; the manifest and all sizes are checked, and a small segment's digests.

        Raises SnapshotError."""
        manifest = read_manifest(folder)
        try:
            return cls(manifest, tuple(_Segment.open(folder, one, manifest.model) for one in manifest.segments))
        except DamagedSnapshot:
            newer = read_manifest(folder)
            if newer.id == manifest.id:
                raise
        return cls.open(folder)  # a switch came between reading the manifest and opening its files

    def retrieve(self, vector: Scores, terms: Sequence[str], limit: int, within: Filter) -> list[Window]:
        """The passages nearest to a question's vector and the best for its terms, `limit` of each kind, each with
        both its scores."""
        found = [window for segment in self._segments for window in segment.retrieve(vector, terms, limit, within)]
        nearest = sorted(found, key=lambda window: -window.cosine)[:limit]
        best = sorted((one for one in found if one.bm25), key=lambda window: -window.bm25)[:limit]
        return list(dict.fromkeys([*nearest, *best]))

    def count(self, within: Filter) -> int:
        """How many passages a filter admits."""
        return self.manifest.passages if within.admits_all else sum(one.count(within) for one in self._segments)

    def rarity(self, term: str) -> float:
        """0 to 1: how rare a term is; over several segments, its rarity where it is least rare."""
        return min((segment.words.rarity(term) for segment in self._segments), default=1.0)


class _Segment:
    def __init__(
        self,
        passages: NDArray[Any],
        versions: NDArray[Any],
        blogs: list[str],
        dense: VectorIndex,
        words: LexicalIndex,
    ) -> None:
        self._passages = passages
        self._versions = versions
        self._blogs = blogs
        self._dense = dense
        self.words = words

    @classmethod
    def open(cls, folder: Path, described: dict[str, Any], model: ModelMark) -> _Segment:
        path = folder / "segments" / described["id"]
        _check_files(path, described["files"])
        passages = _table(path / "passages.npy", _PASSAGE, described["passages"])
        versions = np.array(_table(path / "versions.npy", _VERSION, described["entries"]))
        if not _belong_together(passages, versions, len(described["blogs"])):
            raise DamagedSnapshot(f"the tables in {path} contradict each other", REBUILD)
        return cls(
            passages,
            versions,
            described["blogs"],
            open_index(path / "vectors.faiss", model.dimension),
            LexicalIndex.open(path / "lexical"),
        )

    def retrieve(self, vector: Scores, terms: Sequence[str], limit: int, within: Filter) -> list[Window]:
        admitted = None if within.admits_all else self._admitted(within)
        ids, scores = self._dense.search(vector, limit, admitted)
        cosines = dict(zip(ids.tolist(), scores.tolist(), strict=True))
        bm25 = {hit.passage: hit.score for hit in self.words.search(terms, limit, within)}
        if not all(0 <= number < len(self._passages) for number in (*cosines, *bm25)):
            raise DamagedSnapshot("the index names a passage that it does not hold", REBUILD)
        unscored = np.array([one for one in bm25 if one not in cosines], dtype=np.int64)
        cosines |= dict(zip(unscored.tolist(), self._dense.cosines(vector, unscored).tolist(), strict=True))
        return [self._window(one, cosine, bm25.get(one, 0.0)) for one, cosine in cosines.items()]

    def _window(self, number: int, cosine: float, bm25: float) -> Window:
        row = self._passages[number]
        span = (int(row["start"]), int(row["end"]))
        return Window(version=int(row["version"]), span=span, cosine=cosine, bm25=bm25)

    def count(self, within: Filter) -> int:
        return int(self._versions["count"][self._kept(within)].sum())

    def _admitted(self, within: Filter) -> Ids:
        rows = self._versions[self._kept(within)]
        spans = [np.arange(row["first"], row["first"] + row["count"], dtype=np.int64) for row in rows]
        return np.concatenate(spans) if spans else np.empty(0, np.int64)

    def _kept(self, within: Filter) -> NDArray[np.bool_]:
        versions = self._versions
        keep = np.ones(len(versions), dtype=bool)
        if within.since is not None:
            keep &= versions["posted"] >= microseconds(within.since)
        if within.until is not None:
            keep &= versions["posted"] < microseconds(within.until)
        if within.blogs is not None:
            keep &= np.isin(versions["blog"], [i for i, blog in enumerate(self._blogs) if blog in within.blogs])
        return keep


def _check_files(folder: Path, files: dict[str, dict[str, Any]]) -> None:
    """Compare a segment's files with what the manifest says of them: sizes, and digests where it is small."""
    hashed = sum(file["bytes"] for file in files.values()) <= _HASHED_UP_TO
    for name, file in files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != file["bytes"]:
                raise DamagedSnapshot(f"{path} has {size} bytes, not {file['bytes']}", REBUILD)
            if hashed and _sha256(path) != file["sha256"]:
                raise DamagedSnapshot(f"{path} was changed after it was written", REBUILD)
        except FileNotFoundError:
            raise DamagedSnapshot(f"the index lacks {path}", REBUILD) from None
        except OSError as error:
            raise DamagedSnapshot(f"{path} cannot be read: {error.strerror}", REBUILD) from error


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


def _belong_together(passages: NDArray[Any], versions: NDArray[Any], blogs: int) -> bool:
    """Whether every passage is a span, and the versions' passages follow one another and are all there are."""
    counts = versions["count"].astype(np.int64)
    ends = np.cumsum(counts)
    return bool(
        (counts >= 0).all()
        and (versions["first"] == ends - counts).all()
        and counts.sum() == len(passages)
        and (np.repeat(versions["version"], counts) == passages["version"]).all()
        and ((passages["start"] >= 0) & (passages["start"] < passages["end"])).all()
        and ((versions["blog"] >= 0) & (versions["blog"] < blogs)).all()
    )
