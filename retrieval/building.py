"""Writing snapshots: segments are built aside, and the manifest that names them is switched in at once.

A small change writes a small segment and a list of what is deleted of the others. Segments are merged by size, so
that there are few of them, and rewritten where much of one is deleted or where something of it was taken down:
what is erased must not stay in a file. A crash leaves a folder that nobody names; the next build clears it away.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import DamagedSnapshot, ForeignSnapshot, NoSnapshot
from retrieval.files import disk, sync_file, sync_folder, write_atomically
from retrieval.languages import primary
from retrieval.lexical import LexicalIndex
from retrieval.manifest import Manifest, ModelMark, SegmentMark, read_manifest, to_json
from retrieval.segment import vectors_of
from retrieval.tables import IndexedVersion, keys_of, save, sha256, tabulated
from retrieval.vectors import write_index

_SMALL = 512
"""Passages: segments up to here are merged with whatever comes, which takes some hundredths of a second."""
_GROWTH = 2
"""A segment is merged with newer ones that have at least 1/2 of its passages: each stays more than twice as large
as all smaller ones together, so n passages lie in about log3(n / 512) segments and are rewritten as often."""
_MOST_DELETED = 0.25
"""A segment is rewritten where more than this share of its passages is deleted."""

Contents = Sequence[IndexedVersion]


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What changed since a snapshot was built: the versions to be held now of the entries that changed, with their
    times of posting; all versions of these entries; those that were erased; and those that were cut anew, with the
    languages by which their blogs are read now."""

    live: Mapping[int, int]
    touched: frozenset[int]
    erased: frozenset[int]
    anew: frozenset[int] = frozenset()
    languages: Mapping[str, str] = field(default_factory=dict)


def build(folder: Path, versions: Sequence[IndexedVersion], model: ModelMark, change: int, now: datetime) -> Manifest:
    """Write a segment of all `versions` and switch to it.

    Raises DiskError; then, as after a crash, the snapshot before stays in force.
    """
    return _switch(folder, [], versions, model, change, now)


def extend(
    folder: Path,
    held: Manifest,
    update: Update,
    contents: Callable[[Sequence[int]], Contents],
    change: int,
    now: datetime,
) -> Manifest:
    """Bring the snapshot `held` up to date and switch to the new one; `contents` gives versions by their keys.

    Raises DamagedSnapshot where a segment's table cannot be read, DiskError; then `held` stays in force."""
    tables = {one.id: keys_of(folder / "segments" / one.id, one) for one in held.segments}
    marks, new = [], dict(update.live)
    for one in held.segments:
        mark, kept = _with_deletions(one, tables[one.id], update)
        marks.append(mark)
        for key in kept:
            new.pop(key, None)
    merged = _to_merge(marks, tables, update.erased, bool(new))
    keys = [key for one in merged for key in _live_keys(one, tables[one.id])]
    rest = [one for one in marks if one not in merged]
    written = contents(sorted([*keys, *new])) if keys or new else None
    return _switch(folder, rest, written, held.model, change, now)


def _with_deletions(mark: SegmentMark, table: np.ndarray[Any, Any], update: Update) -> tuple[SegmentMark, list[int]]:
    """A segment's mark with all that is deleted of it now; and those touched versions that it goes on holding."""
    touched = table[np.isin(table["version"], list(update.touched))]
    deleted = set(mark.deleted)
    gone = update.anew.union(deleted)
    kept = [
        int(row["version"])
        for row in touched
        if int(row["version"]) not in gone and update.live.get(int(row["version"])) == row["posted"]
    ]
    deleted |= set(touched["version"].tolist()).difference(kept)
    counts = table["count"][np.isin(table["version"], list(deleted))]
    return (
        replace(
            mark,
            deleted=tuple(sorted(deleted)),
            deleted_passages=int(counts.sum()),
            blogs={blog: update.languages.get(blog, language) for blog, language in mark.blogs.items()},
        ),
        kept,
    )


def _to_merge(
    marks: Sequence[SegmentMark], tables: Mapping[str, np.ndarray[Any, Any]], erased: frozenset[int], growing: bool
) -> list[SegmentMark]:
    """The segments that are to be rewritten as one: those that must be, and the small ones beside what is written."""
    merged = [
        one
        for one in marks
        if one.deleted_passages > _MOST_DELETED * one.passages
        or len(one.deleted) == one.entries
        or np.isin(tables[one.id]["version"], list(erased)).any()
    ]
    size = sum(one.live for one in merged)
    if not growing and not size:
        return merged
    for one in sorted((one for one in marks if one not in merged), key=lambda one: one.live):
        if one.live > max(_GROWTH * size, _SMALL):
            break
        merged.append(one)
        size += one.live
    return merged


def _live_keys(mark: SegmentMark, table: np.ndarray[Any, Any]) -> list[int]:
    keys: list[int] = np.setdiff1d(table["version"], mark.deleted).tolist()
    return keys


def _switch(
    folder: Path,
    kept: Sequence[SegmentMark],
    written: Contents | None,
    model: ModelMark,
    change: int,
    now: datetime,
) -> Manifest:
    """Write a segment beside those that are kept, then the manifest."""
    segments = folder / "segments"
    with disk(folder):
        segments.mkdir(parents=True, exist_ok=True)
        clear_away(folder)
    marks = [*kept, *([] if written is None else [_write_segment(segments, written, model)])]
    # the id is told with every answer, so it must not count the changes of blogs that the asker may not see
    manifest = Manifest(id=uuid.uuid4().hex, model=model, change=change, built_at=now, segments=tuple(marks))
    write_atomically(folder / "manifest.json", to_json(manifest))
    clear_away(folder)
    return manifest


def _write_segment(segments: Path, versions: Sequence[IndexedVersion], model: ModelMark) -> SegmentMark:
    building = segments / f".building-{uuid.uuid4().hex}"
    with disk(segments):
        building.mkdir()
    try:
        tables, documents = tabulated(versions, model.width)
        with disk(building):
            save(building, tables)
        vectors = vectors_of(versions, model.dimension)
        write_index(building / "vectors.faiss", np.arange(len(vectors), dtype=np.int64), vectors)
        LexicalIndex.build(building / "lexical", documents)
        with disk(building):
            mark = SegmentMark(
                id=uuid.uuid4().hex,
                entries=len(versions),
                passages=len(tables.passages),
                terms=len(tables.terms),
                tokens=len(tables.tokens),
                blogs={one.version.entry.blog.id: primary(one.version.entry.blog.language) for one in versions},
                files={str(path.relative_to(building)): _described(path) for path in _files(building)},
            )
            building.rename(segments / mark.id)
            sync_folder(segments)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return mark


def _files(folder: Path) -> list[Path]:
    # tantivy leaves its lock files behind; they hold nothing
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def _described(path: Path) -> dict[str, Any]:
    sync_file(path)
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}


def clear_away(folder: Path) -> bool:
    """Remove segments that the manifest in force does not name; whether none is left. Where it cannot be read, all
    stay. The writer's lock is held. Raises DiskError."""
    segments = folder / "segments"
    try:
        named = {segment.id for segment in read_manifest(folder).segments}
    except NoSnapshot:
        named = set()
    except (DamagedSnapshot, ForeignSnapshot):
        return False
    with disk(folder):
        if not segments.exists():
            return True
        unnamed = [path for path in segments.iterdir() if path.name not in named]
        for path in unnamed:
            shutil.rmtree(path, ignore_errors=True)
        return not any(path.exists() for path in unnamed)
