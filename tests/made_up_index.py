"""A made-up index for the tests of what writes and reads one. Every text here is made up; the vectors too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import building
from retrieval.errors import SnapshotError
from retrieval.manifest import Manifest, ModelMark
from retrieval.model import Blog, Cause, Entry, Filter, Status, Version, digest
from retrieval.segment import IndexedVersion
from retrieval.snapshot import Snapshot
from retrieval.vectors import Scores

NOW = datetime(2031, 2, 4, tzinfo=UTC)
START = datetime(2031, 2, 3, 17, tzinfo=UTC)
MARK = ModelMark(name="made-up", fingerprint="f" * 64, dimension=4)


def version(key: int, text: str, blog: str = "flood", hours: int | None = None) -> Version:
    return Version(
        key=key,
        entry=Entry(
            key=key,
            blog=Blog(
                id=blog,
                title="Flood",
                url=None,
                timezone=None,
                language="en",
                visibility=(),
                sensitive=False,
                embargo_until=None,
            ),
            id=str(key),
            posted_at=START + timedelta(hours=key if hours is None else hours),
            url=None,
            status=Status.LIVE,
        ),
        number=1,
        title=None,
        author=None,
        text=text,
        sha256=digest(text),
        edited_at=None,
        seen_at=NOW,
        cause=Cause.PUBLISHED,
        current=True,
    )


FIRST = [
    IndexedVersion(version=version(1, "The river rose. It fell."), passages=((0, 15), (16, 24))),
    IndexedVersion(version=version(2, "Sandbags.", "other"), passages=((0, 9),)),
    IndexedVersion(version=version(3, "No passage at all"), passages=()),
    IndexedVersion(version=version(4, "The river is calm."), passages=((0, 18),)),
]
SECOND = [IndexedVersion(version=version(9, "A pump arrived."), passages=((0, 15),))]
VECTORS = np.eye(4, dtype=np.float32)
AXES = np.eye(4, dtype=np.float32)


def build(folder: Path, versions: list[IndexedVersion] = FIRST, change: int = 7) -> Manifest:
    count = sum(len(one.passages) for one in versions)
    return building.build(folder, versions, VECTORS[:count], MARK, change, NOW)


def windows(
    opened: Snapshot, vector: Scores, limit: int = 9, within: Filter | None = None
) -> list[tuple[int, int, float]]:
    found = opened.view().retrieve(vector, [], limit, within or Filter())
    return [(one.version, one.span[0], round(one.cosine, 3)) for one in found]


def worded(opened: Snapshot, *terms: str, limit: int = 9) -> set[tuple[int, int]]:
    """Which passages the words find, by version and start."""
    found = opened.view().retrieve(AXES[0], terms, limit, Filter())
    return {(one.version, one.span[0]) for one in found if one.bm25}


def answers(folder: Path) -> list[int]:
    """What the snapshot in force holds, by its own search."""
    return sorted({one.version for one in Snapshot.open(folder).view().retrieve(AXES[0], [], 99, Filter())})


def manifest_changed(folder: Path, change: Callable[[dict[str, Any]], object], *, signed: bool = False) -> None:
    path = folder / "manifest.json"
    body = json.loads(path.read_bytes())
    change(body)
    if signed:
        body.pop("sha256")
        body["sha256"] = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(body))


def refused(folder: Path, kind: type[SnapshotError]) -> str:
    with pytest.raises(kind) as caught:
        Snapshot.open(folder)
    assert type(caught.value) is kind
    assert "stet reindex" in caught.value.hint
    return caught.value.message
