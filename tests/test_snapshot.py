"""Every text here is made up; the vectors too."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrieval import snapshot
from retrieval.archive import Archive
from retrieval.errors import DamagedSnapshot, DiskError, ForeignSnapshot, NoSnapshot, SnapshotError
from retrieval.lexical import LexicalIndex
from retrieval.manifest import Manifest, ModelMark, read_manifest
from retrieval.model import Blog, Cause, Entry, Filter, Status, Version, digest
from retrieval.snapshot import IndexedVersion, Snapshot
from retrieval.vectors import Scores, write_index

NOW = datetime(2031, 2, 4, tzinfo=UTC)
START = datetime(2031, 2, 3, 17, tzinfo=UTC)
MARK = ModelMark(name="made-up", fingerprint="f" * 64, dimension=4)


def version(key: int, text: str, blog: str = "flood") -> Version:
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
            posted_at=START + timedelta(hours=key),
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
    return snapshot.build(folder, versions, VECTORS[:count], MARK, change, NOW)


def windows(
    opened: Snapshot, vector: Scores, limit: int = 9, within: Filter | None = None
) -> list[tuple[int, int, float]]:
    found = opened.retrieve(vector, [], limit, within or Filter())
    return [(one.version, one.span[0], round(one.cosine, 3)) for one in found]


def worded(opened: Snapshot, *terms: str, limit: int = 9) -> set[tuple[int, int]]:
    """Which passages the words find, by version and start."""
    found = opened.retrieve(AXES[0], terms, limit, Filter())
    return {(one.version, one.span[0]) for one in found if one.bm25}


def answers(folder: Path) -> list[int]:
    """What the snapshot in force holds, by its own search."""
    return sorted({one.version for one in Snapshot.open(folder).retrieve(AXES[0], [], 99, Filter())})


# ------------------------------------------------------------------------------------------ reading


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
    assert manifest.id.startswith("7-")
    assert windows(opened, AXES[1])[0] == (1, 16, 1.0)
    assert windows(opened, AXES[3], 1) == [(4, 0, 1.0)]
    assert windows(opened, (AXES[2] * 0.8 + AXES[3] * 0.6).astype(np.float32), 2) == [(2, 0, 0.8), (4, 0, 0.6)]
    assert worded(opened, "river") == {(1, 0), (4, 0)}
    assert worded(opened, "river", "fell") == {(1, 0), (1, 16), (4, 0)}
    assert worded(opened, "river", "calm", limit=1) == {(4, 0)}
    near, far = opened.retrieve(AXES[1], ["calm"], 1, Filter())
    assert (near.span, near.cosine, near.bm25) == ((16, 24), 1.0, 0.0)
    assert (far.span, far.cosine, far.bm25 > 0) == ((0, 18), 0.0, True)
    assert opened.rarity("sandbag") > opened.rarity("river") > 0
    assert opened.rarity("nowhere") == 1


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
    found = windows(opened, AXES[0], 99, within)
    assert {one[0] for one in found} == expected
    assert len(found) == opened.count(within) == len(expected) + (1 in expected)


def test_an_empty_snapshot_finds_nothing(tmp_path: Path) -> None:
    manifest = build(tmp_path, [])
    opened = Snapshot.open(tmp_path)
    assert (manifest.passages, manifest.entries) == (0, 0)
    assert windows(opened, AXES[0]) == windows(opened, AXES[0], 9, Filter(since=START)) == []
    assert worded(opened, "river") == set()


def test_its_size_is_that_of_its_files(tmp_path: Path) -> None:
    manifest = build(tmp_path)
    (segment,) = manifest.segments
    folder = tmp_path / "segments" / segment["id"]
    assert manifest.bytes == sum((folder / name).stat().st_size for name in segment["files"])
    for name, file in segment["files"].items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == file["sha256"]


# ------------------------------------------------------------------------------------------ switching


def test_a_reader_keeps_what_it_opened_and_the_next_one_gets_the_new(tmp_path: Path) -> None:
    build(tmp_path)
    old = Snapshot.open(tmp_path)
    manifest = build(tmp_path, SECOND, 8)
    assert [path.name for path in (tmp_path / "segments").iterdir()] == [manifest.segments[0]["id"]]
    assert windows(old, AXES[1])[0] == (1, 16, 1.0)
    assert worded(old, "river") == {(1, 0), (4, 0)}
    assert windows(Snapshot.open(tmp_path), AXES[0]) == [(9, 0, 1.0)]
    assert worded(Snapshot.open(tmp_path), "pump") == {(9, 0)}


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
    assert windows(Snapshot.open(tmp_path), AXES[0]) == [(9, 0, 1.0)]


# ------------------------------------------------------------------------------------------ refusing


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


def test_without_a_manifest_there_is_no_snapshot(tmp_path: Path) -> None:
    assert "there is no index in" in refused(tmp_path, NoSnapshot)


FILES = ["passages.npy", "versions.npy", "vectors.faiss", "lexical/meta.json"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (segment,) = build(tmp_path).segments
    (tmp_path / "segments" / segment["id"] / name).unlink()
    assert refused(tmp_path, DamagedSnapshot).endswith(name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("longer", [True, False])
def test_a_file_of_another_size_is_refused_by_name(tmp_path: Path, name: str, longer: bool) -> None:
    (segment,) = build(tmp_path).segments
    path = tmp_path / "segments" / segment["id"] / name
    data = path.read_bytes()
    path.write_bytes(data + b"x" if longer else data[:-1])
    assert f"{name} has {len(data) + (1 if longer else -1)} bytes, not {len(data)}" in refused(
        tmp_path, DamagedSnapshot
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_same_size_but_garbage_is_refused(tmp_path: Path, name: str) -> None:
    (segment,) = build(tmp_path).segments
    path = tmp_path / "segments" / segment["id"] / name
    path.write_bytes(b"\xff" * path.stat().st_size)
    refused(tmp_path, DamagedSnapshot)


def unread(*_: object) -> None:
    raise AssertionError("a damaged file was read")


def test_one_wrong_byte_in_any_file_of_a_small_segment_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (segment,) = build(tmp_path).segments
    monkeypatch.setattr(snapshot, "open_index", unread)
    monkeypatch.setattr(LexicalIndex, "open", unread)
    for name in segment["files"]:
        path = tmp_path / "segments" / segment["id"] / name
        data = path.read_bytes()
        path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
        assert refused(tmp_path, DamagedSnapshot).endswith(f"{name} was changed after it was written")
        path.write_bytes(data)


def test_a_reindex_mends_one_wrong_byte(sample_archive: Archive) -> None:
    for path in (sample_archive.home / "index" / "segments").rglob("*.term"):
        path.write_bytes(b"\0" * path.stat().st_size)
    report = sample_archive.reindex(full=False, now=NOW, progress=lambda *_: None)
    assert report.indexed is not None
    assert (report.indexed.embedded, report.indexed.reused > 0) == (0, True)
    assert Snapshot.open(sample_archive.home / "index").manifest == report.indexed.manifest


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a segment that is too large for its digests to be compared."""
    monkeypatch.setattr(snapshot, "_HASHED_UP_TO", 0)
    (segment,) = build(tmp_path).segments
    folder: Path = tmp_path / "segments" / segment["id"]
    return folder


@pytest.mark.parametrize("name", ["passages.npy", "versions.npy"])
def test_no_damage_to_a_table_s_header_gets_past(tmp_path: Path, large: Path, name: str) -> None:
    data = (large / name).read_bytes()
    end = data.index(b"\n") + 1
    for at in range(end):
        for wrong in b"\0\xff('[{,":
            if data[at] != wrong:
                (large / name).write_bytes(data[:at] + bytes([wrong]) + data[at + 1 :])
                with contextlib.suppress(DamagedSnapshot):  # some of the bytes mean nothing
                    Snapshot.open(tmp_path)


@pytest.mark.parametrize(
    ("name", "field", "wrong"),
    [
        ("passages.npy", "start", -1),
        ("passages.npy", "start", 15),
        ("passages.npy", "end", -7),
        ("passages.npy", "version", 2),
        ("versions.npy", "version", 2),
        ("versions.npy", "first", 1),
        ("versions.npy", "first", -1),
        ("versions.npy", "count", 3),
        ("versions.npy", "count", -2),
        ("versions.npy", "count", 2**31 - 1),
        ("versions.npy", "blog", 2),
        ("versions.npy", "blog", -1),
    ],
)
def test_tables_that_contradict_each_other_are_refused(
    tmp_path: Path, large: Path, name: str, field: str, wrong: int
) -> None:
    table = np.load(large / name)
    table[0][field] = wrong
    np.save(large / name, table)
    assert refused(tmp_path, DamagedSnapshot).endswith("contradict each other")


def test_a_number_that_no_passage_has_is_refused(tmp_path: Path, large: Path) -> None:
    write_index(large / "vectors.faiss", np.arange(1, 5, dtype=np.int64), VECTORS)
    opened = Snapshot.open(tmp_path)
    with pytest.raises(DamagedSnapshot, match="names a passage that it does not hold"):
        opened.retrieve(AXES[0], [], 9, Filter())


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.update(change=99),
        lambda body: body["model"].update(fingerprint="0" * 64),
        lambda body: body["segments"][0].update(passages=1),
        lambda body: body.pop("sha256"),
        lambda body: body.update(more=1),
    ],
)
def test_an_altered_manifest_is_refused(tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, change)
    assert refused(tmp_path, DamagedSnapshot).endswith("manifest.json was changed after it was written")


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
def test_a_manifest_that_is_no_json_is_refused(tmp_path: Path, data: bytes) -> None:
    build(tmp_path)
    (tmp_path / "manifest.json").write_bytes(data)
    assert refused(tmp_path, DamagedSnapshot).endswith("is no JSON")


@pytest.mark.parametrize(("found", "shown"), [(2, "2"), (None, "None"), ("1", "'1'")])
def test_a_manifest_of_another_format_is_foreign(tmp_path: Path, found: object, shown: str) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body.update(format=found), signed=True)
    assert f"has the format {shown}, this Stet knows 1" in refused(tmp_path, ForeignSnapshot)


@pytest.mark.parametrize("data", [b"[]", b"1", b"null"])
def test_json_that_is_no_manifest_is_foreign(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(data)
    refused(tmp_path, ForeignSnapshot)


def test_vectors_of_another_dimension_than_the_manifest_s_are_refused(tmp_path: Path) -> None:
    build(tmp_path)
    manifest_changed(tmp_path, lambda body: body["model"].update(dimension=384), signed=True)
    assert "has 4 dimensions, its manifest says 384" in refused(tmp_path, DamagedSnapshot)


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"{")])
def test_a_damaged_snapshot_is_built_again_and_clears_up(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    build(tmp_path)
    damage(tmp_path / "manifest.json")
    build(tmp_path, SECOND, 8)
    assert answers(tmp_path) == [9]
    assert len(list((tmp_path / "segments").iterdir())) == 1


# ------------------------------------------------------------------------------------------ crashes

POINTS = ["write_index", "sync_file", "sync_folder", "write_atomically", "LexicalIndex.build"]


def crash_at(point: str, crash: Callable[..., Any], replace: Callable[[object, str, object], None]) -> None:
    if point == "LexicalIndex.build":
        replace(LexicalIndex, "build", crash)
    else:
        replace(snapshot, point, crash)


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
    assert [path.name for path in (tmp_path / "segments").iterdir()] == [manifest.segments[0]["id"]]


def test_a_full_disk_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(DiskError, match="no space is left to write") as caught:
        build(tmp_path)
    assert caught.value.hint.startswith("free some space")


_KILLED = """
import os, sys
from pathlib import Path
from tests.test_snapshot import SECOND, build, crash_at

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
