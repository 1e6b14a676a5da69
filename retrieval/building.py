"""Writing snapshots: segments are built aside, and the manifest that names them is switched in at once.

A small change writes a small segment and a list of what is deleted of the others. Small segments are merged with it
at once, and a segment of which something was taken down is rewritten at once, since what is erased must not stay in a
file. Larger ones are merged by size, so that there are few of them, and rewritten where much of one is deleted, by
`compact`, beside all that goes on. A crash leaves a folder that nobody names; the next build clears it away.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.errors import DamagedSnapshot, ForeignSnapshot, NoSnapshot, StetError
from retrieval.files import disk, is_locked, locked_at_once, sync_folder, write_atomically
from retrieval.manifest import Manifest, ModelMark, SegmentMark, read_manifest, to_json
from retrieval.segment_writer import Contents, write_segment
from retrieval.tables import keys_of

_SMALL = 512
"""Passages: segments up to here are merged with whatever comes, which takes some hundredths of a second."""
_AT_ONCE = 2_048
"""Passages that a change rewrites at most, which takes some tenths of a second: what is new is to be found in less
than a second, however large the archive is."""
_GROWTH = 2
"""A segment is merged with newer ones that have at least 1/2 of its passages: each stays more than twice as large
as all smaller ones together, so n passages lie in about log3(n / 512) segments and are rewritten as often."""
_MOST_DELETED = 0.25
"""A segment is rewritten where more than this share of its passages is deleted."""
_BUILDING, _COMPACTING = ".building-", ".compacting-"
"""How the folders are called in which segments are written."""
_COMPACTION_LOCK = "compaction.lock"


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


def build(folder: Path, contents: Contents, model: ModelMark, change: int, now: datetime) -> Manifest:
    """Write a segment of all versions and switch to it.

    Raises DiskError; then, as after a crash, the snapshot before stays in force.
    """
    return _switch(folder, [], contents, model, change, now)


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
    merged = _to_merge(marks, tables, update.erased, growing=bool(new))
    keys = [key for one in merged for key in _live_keys(one, tables[one.id])]
    rest = [one for one in marks if one not in merged]
    written = contents(sorted([*keys, *new])) if keys or new else None
    return _switch(folder, rest, written, held.model, change, now)


def to_compact(held: Manifest) -> list[SegmentMark]:
    """The segments of a snapshot that are to be rewritten as one: those of which much is deleted, and those that are
    merged by their size. None where all is well."""
    wasted = [one for one in held.segments if _is_wasted(one)]
    by_size = sorted(held.segments, key=lambda one: one.live)
    for number, one in enumerate(by_size):
        smaller = by_size[:number]
        if smaller and one.live <= max(_GROWTH * sum(other.live for other in smaller), _SMALL):
            wasted += [other for other in [*smaller, one] if other not in wasted]
    return wasted


def compact(
    folder: Path,
    contents: Callable[[Sequence[int]], Contents],
    erased: Callable[[], frozenset[int]],
    writing: Callable[[], AbstractContextManager[None]],
    now: datetime,
) -> bool:
    """Rewrite as one what `to_compact` names, and switch to it; whether that was done. It takes long, and holds the
    writer's lock, by `writing`, for the switch alone: what was deleted meanwhile is deleted of the new segment, too.
    Where one of the segments was replaced meanwhile, or something of them was `erased`, or another process is at it,
    all stays as it is.

    Raises SnapshotError, DiskError."""
    with disk(folder), locked_at_once(folder / _COMPACTION_LOCK) as alone:
        held = read_manifest(folder)
        meant = to_compact(held) if alone else []
        if not meant:
            return False
        tables = {one.id: keys_of(folder / "segments" / one.id, one) for one in meant}
        keys = sorted(key for one in meant for key in _live_keys(one, tables[one.id]))
        id_ = uuid.uuid4().hex
        building = folder / "segments" / f"{_COMPACTING}{id_}"
        try:
            with disk(building):
                building.mkdir()
            written = write_segment(building, id_, contents(keys), held.model)
            with writing():
                return _replaced(folder, meant, written, building, erased(), now)
        except StetError:
            if building.exists():
                raise
            return False  # a take-down removed it
        finally:
            shutil.rmtree(building, ignore_errors=True)


def _replaced(
    folder: Path,
    meant: Sequence[SegmentMark],
    written: SegmentMark,
    building: Path,
    erased: frozenset[int],
    now: datetime,
) -> bool:
    """Put a segment into the place of others, with what was deleted of those meanwhile; whether that was done."""
    held = read_manifest(folder)
    replaced = {one.id for one in meant}
    old = [one for one in held.segments if one.id in replaced]
    table = keys_of(building, written)
    if len(old) < len(meant) or np.isin(table["version"], list(erased)).any():
        return False
    # not what any of the old ones has deleted: another one may hold it, as where its time is another now
    live = [key for one in old for key in _live_keys(one, keys_of(folder / "segments" / one.id, one))]
    gone = ~np.isin(table["version"], live)
    mark = replace(
        written,
        deleted=tuple(sorted(table["version"][gone].tolist())),
        deleted_passages=int(table["count"][gone].sum()),
    )
    _settle(building, mark)
    _put(folder, [*(one for one in held.segments if one.id not in replaced), mark], held.model, held.change, now)
    return True


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
    marks: Sequence[SegmentMark], tables: Mapping[str, np.ndarray[Any, Any]], erased: frozenset[int], *, growing: bool
) -> list[SegmentMark]:
    """The segments that are rewritten at once, as one: those that must be, and of those that had better be and of the
    small ones as many as that does not take long."""
    merged = [one for one in marks if np.isin(tables[one.id]["version"], list(erased)).any()]
    size = sum(one.live for one in merged)
    for one in sorted(marks, key=lambda one: one.live):
        is_small = (growing or size) and one.live <= max(_GROWTH * size, _SMALL)
        if one not in merged and (is_small or _is_wasted(one)) and size + one.live <= _AT_ONCE:
            merged.append(one)
            size += one.live
    return merged


def _is_wasted(one: SegmentMark) -> bool:
    return one.deleted_passages > _MOST_DELETED * one.passages or len(one.deleted) == one.entries


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
    return _put(folder, marks, model, change, now)


def _put(folder: Path, marks: Sequence[SegmentMark], model: ModelMark, change: int, now: datetime) -> Manifest:
    """Switch to a snapshot of segments that are written."""
    # the id is told with every answer, so it must not count the changes of blogs that the asker may not see
    manifest = Manifest(id=uuid.uuid4().hex, model=model, change=change, built_at=now, segments=tuple(marks))
    write_atomically(folder / "manifest.json", to_json(manifest))
    clear_away(folder)
    return manifest


def _write_segment(segments: Path, contents: Contents, model: ModelMark) -> SegmentMark:
    id_ = uuid.uuid4().hex
    building = segments / f"{_BUILDING}{id_}"
    try:
        with disk(building):
            building.mkdir()
        mark = write_segment(building, id_, contents, model)
        _settle(building, mark)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return mark


def _settle(building: Path, mark: SegmentMark) -> None:
    """Give a segment that is written its place."""
    with disk(building):
        building.rename(building.with_name(mark.id))
        sync_folder(building.parent)


def clear_away(folder: Path, *, compacting: bool = False) -> bool:
    """Remove segments that the manifest in force does not name; whether none is left. Where it cannot be read, all
    stay. What is being compacted stays unless `compacting` is to be stopped, too. The writer's lock is held. Raises
    DiskError."""
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
        if not compacting and is_locked(folder / _COMPACTION_LOCK):
            unnamed = [path for path in unnamed if not path.name.startswith(_COMPACTING)]
        for path in unnamed:
            shutil.rmtree(path, ignore_errors=True)
        return not any(path.exists() for path in unnamed)
