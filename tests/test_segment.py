"""Damage to a segment is refused before it is used. Every text here is made up; the vectors too."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import pytest

from retrieval import segment, tables
from retrieval.archive import Archive
from retrieval.errors import DamagedSnapshot
from retrieval.lexical import LexicalIndex
from retrieval.snapshot import Snapshot
from tests.made_up_index import (
    NOW,
    build,
    manifest_changed,
    refused,
)

TABLES = ["passages.npy", "versions.npy", "terms.npy", "tokens.npy"]
FILES = [*TABLES, "vectors.npy", "lexical/meta.json", "lexical/rows.npy"]


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_name(tmp_path: Path, name: str) -> None:
    (mark,) = build(tmp_path).segments
    (tmp_path / "segments" / mark.id / name).unlink()
    assert refused(tmp_path, DamagedSnapshot).endswith(name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("longer", [True, False])
def test_a_file_of_another_size_is_refused_by_name(tmp_path: Path, name: str, longer: bool) -> None:
    (mark,) = build(tmp_path).segments
    path = tmp_path / "segments" / mark.id / name
    data = path.read_bytes()
    path.write_bytes(data + b"x" if longer else data[:-1])
    assert f"{name} has {len(data) + (1 if longer else -1)} bytes, not {len(data)}" in refused(
        tmp_path, DamagedSnapshot
    )


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_the_same_size_but_garbage_is_refused(tmp_path: Path, name: str) -> None:
    (mark,) = build(tmp_path).segments
    path = tmp_path / "segments" / mark.id / name
    path.write_bytes(b"\xff" * path.stat().st_size)
    refused(tmp_path, DamagedSnapshot)


def unread(*_: object) -> None:
    raise AssertionError("a damaged file was read")


def test_one_wrong_byte_in_any_file_of_a_small_segment_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (mark,) = build(tmp_path).segments
    monkeypatch.setattr(segment, "open_index", unread)
    monkeypatch.setattr(LexicalIndex, "open", unread)
    for name in mark.files:
        path = tmp_path / "segments" / mark.id / name
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
    monkeypatch.setattr(tables, "_HASHED_UP_TO", 0)
    (mark,) = build(tmp_path).segments
    folder: Path = tmp_path / "segments" / mark.id
    return folder


@pytest.mark.parametrize("name", TABLES)
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
        ("passages.npy", "terms", -1),
        ("passages.npy", "terms", 99),
        ("passages.npy", "tokens", -1),
        ("passages.npy", "tokens", 2),
        ("versions.npy", "version", 2),
        ("versions.npy", "first", 1),
        ("versions.npy", "first", -1),
        ("versions.npy", "count", 3),
        ("versions.npy", "count", -2),
        ("versions.npy", "count", 2**31 - 1),
        ("versions.npy", "terms", -1),
        ("versions.npy", "terms", 1),
        ("versions.npy", "tokens", -1),
        ("versions.npy", "tokens", 1),
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


def test_an_index_of_another_text_is_refused_when_it_is_asked(
    sample_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "_HASHED_UP_TO", -1)
    (path,) = (sample_archive.home / "index" / "segments").rglob("passages.npy")
    table = np.load(path)
    table["end"] += 100_000
    np.save(path, table)
    with pytest.raises(DamagedSnapshot, match=r"the index holds passages that .* does not have"):
        sample_archive.ask("Where is the pump?")


def test_what_is_recorded_is_told_beside_an_index_of_an_earlier_stet(sample_archive: Archive) -> None:
    before = sample_archive.state()
    manifest_changed(sample_archive.home / "index", lambda body: body.update(format=2), signed=True)
    state = sample_archive.state()
    assert (state.entries, state.manifest) == (before.entries, None)
    sample_archive.ensure_indexed(NOW, lambda *_: None)
    assert sample_archive.state().manifest is not None
