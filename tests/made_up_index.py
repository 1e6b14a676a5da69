"""A made-up index for the tests of what writes and reads one. Every text here is made up; the vectors too."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import building
from retrieval.errors import SnapshotError
from retrieval.evidence import Probe
from retrieval.manifest import Manifest, ModelMark
from retrieval.model import Blog, Cause, Entry, Filter, Span, Status, Version, digest
from retrieval.projection import rounded
from retrieval.snapshot import Snapshot
from retrieval.tables import IndexedVersion
from retrieval.vectors import Scores

NOW = datetime(2031, 2, 4, tzinfo=UTC)
START = datetime(2031, 2, 3, 17, tzinfo=UTC)
MARK = ModelMark(name="made-up", fingerprint="f" * 64, dimension=4, width=4)


def version(
    key: int,
    text: str,
    blog: str = "flood",
    hours: int | None = None,
    *,
    title: str | None = None,
    language: str = "en",
) -> Version:
    return Version(
        key=key,
        entry=Entry(
            key=key,
            blog=Blog(
                id=blog,
                title="Flood",
                url=None,
                timezone=None,
                language=language,
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
        title=title,
        author=None,
        text=text,
        sha256=digest(text),
        edited_at=None,
        seen_at=NOW,
        cause=Cause.PUBLISHED,
        current=True,
    )


AXES = np.eye(4, dtype=np.float32)


def indexed(
    of: Version, passages: Sequence[Span], vectors: Scores, tokens: Sequence[Scores] | None = None
) -> IndexedVersion:
    """A version with its passages' vectors, shape (passages, 4), and the `tokens` of its title and then of each
    passage, shape (tokens, 4) each; where None, a passage has one, its vector, and the title none."""
    runs = [AXES[:0], *(vectors[n : n + 1] for n in range(len(passages)))] if tokens is None else tokens
    return IndexedVersion(
        version=of,
        passages=tuple(passages),
        vectors=vectors,
        tokens=rounded(np.concatenate(runs)),
        counts=tuple(map(len, runs)),
    )


def whole(of: Version, axis: int = 0) -> IndexedVersion:
    """A version that is one passage, along an axis."""
    return indexed(of, [(0, len(of.text))], AXES[axis : axis + 1])


FIRST = [
    indexed(version(1, "The river rose. It fell."), [(0, 15), (16, 24)], AXES[:2]),
    whole(version(2, "Sandbags.", "other"), 2),
    indexed(version(3, "No passage at all"), [], AXES[:0]),
    whole(version(4, "The river is calm."), 3),
]
SECOND = [whole(version(9, "A pump arrived."))]


def build(folder: Path, versions: Sequence[IndexedVersion] = FIRST, change: int = 7) -> Manifest:
    return building.build(folder, [versions], MARK, change, NOW)


def probe(vector: Scores, *terms: str, tokens: Scores = AXES[:0], pairs: Sequence[tuple[str, str]] = ()) -> Probe:
    return Probe(vector=vector, tokens=tokens, terms=terms, pairs=tuple(pairs))


def nearest(
    opened: Snapshot, vector: Scores, limit: int = 9, within: Filter | None = None
) -> list[tuple[int, float]]:
    """The versions found, with the cosines of their nearest passages."""
    found = opened.view().retrieve(probe(vector), limit, within or Filter())
    return [(one.version, round(one.cosine, 3)) for one in found]


def worded(opened: Snapshot, *terms: str, limit: int = 9) -> set[int]:
    """Which versions the words find."""
    found = opened.view().retrieve(probe(AXES[0], *terms), limit, Filter())
    return {one.version for one in found if one.bm25}


def answers(folder: Path) -> list[int]:
    """What the snapshot in force holds, by its own search."""
    return sorted(one.version for one in Snapshot.open(folder).view().retrieve(probe(AXES[0]), 99, Filter()))


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
