"""A snapshot, read and switched. Every text here is made up; the vectors too."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from retrieval import snapshot
from retrieval.manifest import Manifest, read_manifest
from retrieval.model import Filter
from retrieval.snapshot import Snapshot
from tests.made_up_index import (
    AXES,
    MARK,
    NOW,
    SECOND,
    START,
    build,
    nearest,
    probe,
    worded,
)


def test_what_is_built_is_found(tmp_path: Path) -> None:
    manifest = build(tmp_path)
    opened = Snapshot.open(tmp_path)
    assert opened.manifest == manifest == read_manifest(tmp_path)
    assert (manifest.passages, manifest.entries, manifest.change, manifest.model, manifest.built_at) == (
        4,
        4,
        7,
        MARK,
        NOW,
    )
    assert re.fullmatch("[0-9a-f]{32}", manifest.id)
    assert build(tmp_path).id != manifest.id
    opened = Snapshot.open(tmp_path)
    assert nearest(opened, AXES[1])[0] == (1, 1.0)
    assert nearest(opened, AXES[3], 1) == [(4, 1.0)]
    assert nearest(opened, (AXES[2] * 0.8 + AXES[3] * 0.6).astype(np.float32), 2) == [(2, 0.8), (4, 0.6)]
    # two passages are as near as can be, and are one version's
    assert nearest(opened, (AXES[0] * 0.6 + AXES[1] * 0.8).astype(np.float32), 2) == [(1, 0.8)]
    assert worded(opened, "river") == {1, 4}
    assert worded(opened, "fell") == {1}
    assert worded(opened, "river", "calm", limit=1) == {1, 4}  # the nearest by its vector, and the best
    near, far = opened.view().retrieve(probe(AXES[1], "calm"), 1, Filter())
    assert (near.version, near.cosine, near.bm25) == (1, 1.0, 0.0)
    assert (far.version, far.cosine, far.bm25 > 0) == (4, 0.0, True)
    first = opened.view().retrieve(probe(AXES[1], "nowhere"), 9, Filter())[0]
    assert (first.version, first.cosine, first.bm25) == (1, 1.0, 0.0)
    assert opened.view().rarity("sandbag") > opened.view().rarity("river") > 0
    assert opened.view().rarity("nowhere") == 1


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (Filter(), {1, 2, 4}),
        (Filter(blogs=frozenset(["flood"])), {1, 4}),
        (Filter(blogs=frozenset(["flood", "gone"])), {1, 4}),
        (Filter(blogs=frozenset()), set()),
        (Filter(since=START + timedelta(hours=2)), {2, 4}),
        (Filter(since=START + timedelta(hours=2, microseconds=1)), {4}),
        (Filter(until=START + timedelta(hours=2)), {1}),
        (Filter(since=START + timedelta(hours=3), until=START + timedelta(hours=4)), set()),
        (Filter(since=START + timedelta(hours=2), blogs=frozenset(["other"])), {2}),
    ],
)
def test_a_filter_admits_its_own_only_and_all_of_them(tmp_path: Path, within: Filter, expected: set[int]) -> None:
    build(tmp_path)
    opened = Snapshot.open(tmp_path)
    found = nearest(opened, AXES[0], 99, within)
    assert sorted(one[0] for one in found) == sorted(expected)
    assert opened.view().count(within) == len(expected) + (1 in expected)


def test_an_empty_snapshot_finds_nothing(tmp_path: Path) -> None:
    manifest = build(tmp_path, [])
    opened = Snapshot.open(tmp_path)
    assert (manifest.passages, manifest.entries) == (0, 0)
    assert nearest(opened, AXES[0]) == nearest(opened, AXES[0], 9, Filter(since=START)) == []
    assert worded(opened, "river") == set()


def test_its_size_is_that_of_its_files(tmp_path: Path) -> None:
    manifest = build(tmp_path)
    (mark,) = manifest.segments
    folder = tmp_path / "segments" / mark.id
    assert manifest.bytes == sum((folder / name).stat().st_size for name in mark.files)
    for name, file in mark.files.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"]


# ------------------------------------------------------------------------------------------ switching


def test_a_reader_keeps_what_it_opened_and_the_next_one_gets_the_new(tmp_path: Path) -> None:
    build(tmp_path)
    old = Snapshot.open(tmp_path)
    manifest = build(tmp_path, SECOND, 8)
    assert [path.name for path in (tmp_path / "segments").iterdir()] == [manifest.segments[0].id]
    assert nearest(old, AXES[1])[0] == (1, 1.0)
    assert worded(old, "river") == {1, 4}
    assert nearest(Snapshot.open(tmp_path), AXES[0]) == [(9, 1.0)]
    assert worded(Snapshot.open(tmp_path), "pump") == {9}


def test_a_switch_between_the_manifest_and_its_files_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path)
    calls: list[Manifest] = []

    def switching(folder: Path) -> Manifest:
        manifest = read_manifest(folder)
        if not calls:
            calls.append(manifest)
            build(tmp_path, SECOND, 8)
        return manifest

    monkeypatch.setattr(snapshot, "read_manifest", switching)
    assert nearest(Snapshot.open(tmp_path), AXES[0]) == [(9, 1.0)]
