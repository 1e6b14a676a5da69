"""Versions, with their passages encoded → the files of a segment, some thousands of versions at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from retrieval import arrays
from retrieval.files import disk, sha256, sync_file
from retrieval.growing import Written
from retrieval.lexical import LexicalWriter
from retrieval.manifest import ModelMark, SegmentMark
from retrieval.tables import IndexedVersion, Tabulating, kinds
from retrieval.vectors import write_index

Contents = Iterable[Sequence[IndexedVersion]]
"""Versions with their passages, some thousands at a time: all of them need not fit into memory."""


def write_segment(folder: Path, id_: str, contents: Contents, model: ModelMark) -> SegmentMark:
    """Write a segment into a folder that is there and empty. Raises DiskError, and what reading `contents` raises."""
    with disk(folder):
        rows = {name: Written(folder / f"{name}.npy", kind, shape) for name, (kind, shape) in kinds(model).items()}
    words = LexicalWriter(folder / "lexical")
    tabulating = Tabulating(rows)
    for some in contents:
        with disk(folder):
            documents = tabulating.add(some)
        words.add(documents)
    words.close()
    with disk(folder):
        for one in rows.values():
            one.close()
        vectors = arrays.mapped(folder / "vectors.npy")
    facts = write_index(folder, vectors)
    with disk(folder):
        files = {str(path.relative_to(folder)): _described(path) for path in _files(folder)}
    return SegmentMark(
        id=id_,
        entries=rows["versions"].count,
        passages=rows["passages"].count,
        terms=rows["terms"].count,
        tokens=rows["tokens"].count,
        blogs=tabulating.blogs,
        vectors=facts,
        files=files,
    )


def _files(folder: Path) -> list[Path]:
    # tantivy leaves its lock files behind; they hold nothing
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.endswith(".lock"))


def _described(path: Path) -> dict[str, Any]:
    sync_file(path)
    return {"bytes": path.stat().st_size, "sha256": sha256(path)}
