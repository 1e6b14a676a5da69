"""Snapshots built, extended and merged, and what stops that. Every text here is made up; the vectors too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import building, segment_writer
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.growing import Written
from retrieval.lexical import LexicalIndex, LexicalWriter
from retrieval.manifest import Manifest, read_manifest
from retrieval.model import Filter
from retrieval.projection import unit
from retrieval.snapshot import Snapshot
from tests.made_up_index import AXES, NOW, SECOND, START, answers, build, indexed, probe, version


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{")])
def test_a_damaged_snapshot_is_built_again_and_clears_up(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    build(tmp_path)
    damage(tmp_path / "manifest.json")
    build(tmp_path, SECOND, 8)
    assert answers(tmp_path) == [9]
    assert len(list((tmp_path / "segments").iterdir())) == 1


POINTS = ["write_index", "sync_file", "sync_folder", "write_atomically", "LexicalWriter.close"]


def crash_at(point: str, crash: Callable[..., Any], replace: Callable[[object, str, object], None]) -> None:
    if point == "LexicalWriter.close":
        replace(LexicalWriter, "close", crash)
    else:
        replace(segment_writer if hasattr(segment_writer, point) else building, point, crash)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize(
    "kind", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stopped"]
)
def test_what_fails_while_building_leaves_the_old_one_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, kind: BaseException
) -> None:
    build(tmp_path)

    def fail(*_: object) -> None:
        raise kind

    with monkeypatch.context() as patched:
        crash_at(point, fail, patched.setattr)
        with pytest.raises((DiskError, OSError, KeyboardInterrupt)):
            build(tmp_path, SECOND, 8)
    assert answers(tmp_path) == [1, 2, 4]
    manifest = build(tmp_path, SECOND, 8)
    assert answers(tmp_path) == [9]
    assert [path.name for path in (tmp_path / "segments").iterdir()] == [manifest.segments[0].id]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Written, "extend", fail)
    with pytest.raises(DiskError, match="no space is left to write") as caught:
        build(tmp_path)
    assert caught.value.hint.startswith("free some space")


_KILLED = """
import os, sys
from pathlib import Path
from tests.made_up_index import SECOND, build
from tests.test_building import crash_at

crash_at(sys.argv[2], lambda *_: os._exit(9), setattr)
build(Path(sys.argv[1]), SECOND, 8)
"""


@pytest.mark.parametrize("point", ["sync_file", "sync_folder", "write_atomically"])
def test_killed_while_building_the_old_one_stays_and_the_next_build_clears_up(tmp_path: Path, point: str) -> None:
    build(tmp_path)
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path), point], cwd=Path(__file__).parents[1], check=False
    )
    assert killed.returncode == 9
    assert len(list((tmp_path / "segments").iterdir())) == 2
    assert answers(tmp_path) == [1, 2, 4]
    build(tmp_path, SECOND, 8)
    assert answers(tmp_path) == [9]
    assert len(list((tmp_path / "segments").iterdir())) == 1


# ------------------------------------------------------------------------------------------ small changes


class Archive:
    """Versions as a store would hold them, each with one passage, and the snapshot of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.texts: dict[int, str] = {}
        self.hours: dict[int, int] = {}
        self.change = 0

    def contents(self, keys: Sequence[int]) -> segment_writer.Contents:
        held = [version(key, self.texts[key], hours=self.hours.get(key, key)) for key in keys]
        vectors = [np.random.default_rng(one.key).normal(size=(1, 4)).astype(np.float32) for one in held]
        yield [indexed(one, [(0, len(one.text))], unit(vector)) for one, vector in zip(held, vectors, strict=True)]

    def extend(self, add: Sequence[int] = (), gone: Sequence[int] = (), erased: Sequence[int] = ()) -> Manifest:
        self.texts |= {key: f"Pump {key} arrived." for key in add}
        self.change += 1
        live = {key: microseconds(START + timedelta(hours=self.hours.get(key, key))) for key in add}
        update = building.Update(live=live, touched=frozenset([*add, *gone]), erased=frozenset(erased))
        held = read_manifest(self.folder)
        return building.extend(self.folder, held, update, self.contents, self.change, NOW)

    def sizes(self) -> list[tuple[int, int]]:
        return [(one.passages, one.live) for one in read_manifest(self.folder).segments]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive(tmp_path)
    build(tmp_path, [], 0)
    return made


def test_a_few_entries_are_a_small_segment_beside_a_large_one_that_stays(archive: Archive) -> None:
    archive.extend(range(1, 2001))
    (large,) = read_manifest(archive.folder).segments
    before = {path: path.stat().st_mtime_ns for path in (archive.folder / "segments" / large.id).rglob("*")}
    manifest = archive.extend([2001], gone=[7])
    assert archive.sizes() == [(2000, 1999), (1, 1)]
    assert (manifest.passages, manifest.entries, manifest.segments[0].deleted) == (2000, 2000, (7,))
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert Snapshot.open(archive.folder).versions() == frozenset(range(1, 2002)) - {7}


def test_segments_grow_and_stay_few(archive: Archive) -> None:
    rewritten = 0
    for start in range(0, 4000, 100):
        manifest = archive.extend(range(start, start + 100))
        rewritten += manifest.segments[-1].passages
        sizes = sorted(live for _, live in archive.sizes())
        assert all(size > min(512, 2 * sum(sizes[:n])) for n, size in enumerate(sizes) if n)
        assert manifest.passages == start + 100
    assert len(sizes) <= 4
    assert rewritten < 5 * 4000
    assert Snapshot.open(archive.folder).versions() == frozenset(range(4000))


def test_a_segment_of_which_much_is_deleted_is_rewritten(archive: Archive) -> None:
    archive.extend(range(1000))
    archive.extend(gone=range(250))
    assert archive.sizes() == [(1000, 750)]
    archive.extend(gone=[250])
    assert archive.sizes() == [(749, 749)]
    archive.extend(gone=range(1000))
    assert archive.sizes() == []
    assert Snapshot.open(archive.folder).versions() == frozenset()
    assert Snapshot.open(archive.folder).view().retrieve(probe(AXES[0], "pump"), 9, Filter()) == []


def test_a_version_that_was_not_changed_stays_where_it_is(archive: Archive) -> None:
    archive.extend(range(600))
    (before,) = read_manifest(archive.folder).segments
    archive.extend([3])
    (after,) = read_manifest(archive.folder).segments
    assert after == before


def test_a_version_of_another_time_is_found_by_it(archive: Archive) -> None:
    archive.extend(range(1, 2001))
    archive.hours[3] = 5000
    archive.extend([3])
    assert archive.sizes() == [(2000, 1999), (1, 1)]
    late = Filter(since=START + timedelta(hours=4999))
    found = Snapshot.open(archive.folder).view().retrieve(probe(AXES[0], "3"), 9, late)
    assert [one.version for one in found] == [3]
    archive.hours[3] = 6000
    archive.extend([3])
    assert sorted(archive.sizes()) == [(1, 1), (2000, 1999)]
    assert len(Snapshot.open(archive.folder).view().retrieve(probe(AXES[0], "3"), 9, late)) == 1


def in_dictionaries(folder: Path, term: str) -> list[int]:
    """In how many versions of each segment a term stands, those of deleted versions included."""
    segments = [folder / "segments" / one.id for one in read_manifest(folder).segments]
    return [LexicalIndex.open(one / "lexical").holding("text", term) for one in segments]


def test_what_was_taken_down_leaves_the_term_dictionary_at_once(archive: Archive) -> None:
    archive.extend(range(1000))
    archive.texts[400] = "Xylophone."
    archive.hours[400] = 5000
    archive.change += 1
    live = {400: microseconds(START + timedelta(hours=5000))}
    update = building.Update(live=live, touched=frozenset([400]), erased=frozenset())
    building.extend(archive.folder, read_manifest(archive.folder), update, archive.contents, archive.change, NOW)
    archive.extend([6000])
    assert in_dictionaries(archive.folder, "xylophon") == [0, 1]
    archive.extend(range(7000, 7010), gone=[400])
    assert in_dictionaries(archive.folder, "xylophon") == [0, 0]
    archive.extend(gone=[401])
    assert in_dictionaries(archive.folder, "401") == [1, 0]
    (large, small) = read_manifest(archive.folder).segments
    archive.extend(erased=[401])
    assert in_dictionaries(archive.folder, "401") == [0]
    left = [path.name for path in (archive.folder / "segments").iterdir()]
    assert not {large.id, small.id} & set(left)
    assert Snapshot.open(archive.folder).view().rarity("401") == 1
    assert Snapshot.open(archive.folder).versions() == frozenset([*range(1000), 6000, *range(7000, 7010)]) - {
        400,
        401,
    }


def test_a_table_that_cannot_be_read_stops_the_change_and_leaves_the_snapshot(archive: Archive) -> None:
    archive.extend(range(600))
    before = read_manifest(archive.folder)
    (archive.folder / "segments" / before.segments[0].id / "versions.npy").write_bytes(b"")
    with pytest.raises(DamagedSnapshot):
        archive.extend([601])
    assert read_manifest(archive.folder) == before


def test_the_next_snapshot_shares_the_segments_that_are_open(archive: Archive) -> None:
    archive.extend(range(600))
    first = Snapshot.open(archive.folder)
    archive.extend([601], gone=[4])
    second = Snapshot.open(archive.folder, first)
    (shared,) = first._segments.values()
    assert shared in second._segments.values()
    assert len(second._segments) == 2
    assert 4 in first.versions()
    assert second.versions() == frozenset([*range(600), 601]) - {4}
    assert Snapshot.open(archive.folder).manifest == second.manifest
