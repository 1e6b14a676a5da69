"""Segments that had better be one are rewritten beside all that goes on. Texts and vectors are made up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from retrieval import building, indexing, segment_writer
from retrieval.background import Compactor
from retrieval.building import clear_away, to_compact
from retrieval.errors import DiskError, StoreBusy
from retrieval.files import locked_at_once
from retrieval.manifest import read_manifest
from retrieval.model import SourceOptions
from retrieval.snapshot import Snapshot
from retrieval.store import Store
from tests.made_up_embedder import Counting
from tests.made_up_index import NOW, build
from tests.test_building import Archive, in_dictionaries
from tests.test_ingest import line, take, write


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Three segments of 1,500 versions: each too large to be rewritten with the next at once."""
    made = Archive(tmp_path)
    build(tmp_path, [], 0)
    for start in (0, 1500, 3000):
        made.extend(range(start, start + 1500))
    return made


def compact(archive: Archive, during: Callable[[], object] = lambda: None, erased: Sequence[int] = ()) -> bool:
    """Compact; `during`: what happens between the writing and the switch."""

    @contextlib.contextmanager
    def writing() -> Iterator[None]:
        during()
        yield

    return building.compact(archive.folder, archive.contents, lambda: frozenset(erased), writing, NOW)


def folders(archive: Archive) -> set[str]:
    return {path.name for path in (archive.folder / "segments").iterdir()}


def versions(archive: Archive) -> frozenset[int]:
    return Snapshot.open(archive.folder).versions()


def test_a_change_rewrites_no_large_segment_and_compaction_makes_them_one(archive: Archive) -> None:
    assert archive.sizes() == [(1500, 1500)] * 3
    assert len(to_compact(read_manifest(archive.folder))) == 3
    assert compact(archive)
    assert archive.sizes() == [(4500, 4500)]
    assert versions(archive) == frozenset(range(4500))
    assert folders(archive) == {read_manifest(archive.folder).segments[0].id}
    assert to_compact(read_manifest(archive.folder)) == []
    assert not compact(archive)


def test_what_is_deleted_or_comes_meanwhile_is_so_afterwards(archive: Archive) -> None:
    assert compact(archive, lambda: archive.extend([9000], gone=[7, 1501, 1502]))
    assert sorted(archive.sizes()) == [(1, 1), (4500, 4497)]
    assert versions(archive) == frozenset([*range(4500), 9000]) - {7, 1501, 1502}


def test_a_version_that_one_segment_has_deleted_and_another_holds_is_held(archive: Archive) -> None:
    archive.hours[3] = 9000
    archive.extend([3, *range(5000, 6400)])  # of another time, so that it stands in the last segment now
    assert compact(archive)
    assert archive.sizes() == [(5900, 5900)]
    assert versions(archive) == frozenset([*range(4500), *range(5000, 6400)])


def test_a_segment_of_which_much_is_deleted_is_rewritten(archive: Archive) -> None:
    compact(archive)
    archive.extend(gone=range(1200))
    assert archive.sizes() == [(4500, 3300)]
    assert compact(archive)
    assert archive.sizes() == [(3300, 3300)]
    assert in_dictionaries(archive.folder, "1199") == [0]
    archive.extend(gone=range(4500))
    assert (archive.sizes(), versions(archive)) == ([], frozenset())


def test_where_a_segment_was_replaced_meanwhile_all_stays(archive: Archive) -> None:
    assert not compact(archive, lambda: archive.extend(gone=[3], erased=[3]))
    assert sorted(archive.sizes()) == [(1499, 1499), (1500, 1500), (1500, 1500)]
    assert versions(archive) == frozenset(range(4500)) - {3}
    assert folders(archive) == {one.id for one in read_manifest(archive.folder).segments}


def test_what_was_erased_meanwhile_comes_back_in_no_segment(archive: Archive) -> None:
    assert not compact(archive, erased=[1500])
    assert archive.sizes() == [(1500, 1500)] * 3


def test_a_take_down_removes_what_is_being_written(archive: Archive) -> None:
    """And nothing else does, as long as it is being written."""

    def take_down() -> None:
        assert clear_away(archive.folder)
        [written] = [name for name in folders(archive) if name.startswith(".compacting-")]
        assert clear_away(archive.folder, compacting=True)
        assert written not in folders(archive)

    assert not compact(archive, take_down)
    assert archive.sizes() == [(1500, 1500)] * 3


def test_what_a_killed_one_left_is_cleared_away(archive: Archive) -> None:
    left = archive.folder / "segments" / ".compacting-0"
    left.mkdir()
    with locked_at_once(archive.folder / "compaction.lock"):
        archive.extend([9000])
        assert left.exists()
        assert not compact(archive)  # another one is at it
    archive.extend([9001])
    assert not left.exists()


def test_what_fails_leaves_all_as_it_is(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    def busy() -> None:
        raise StoreBusy("another stet is writing", "wait")

    before = folders(archive)
    with monkeypatch.context() as patched:
        patched.setattr(segment_writer, "sync_file", full)
        with pytest.raises(DiskError):
            compact(archive)
    with pytest.raises(StoreBusy):
        compact(archive, busy)
    assert (folders(archive), archive.sizes()) == (before, [(1500, 1500)] * 3)


# ------------------------------------------------------------------------------------------ of a real archive


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive of three segments of which two are to be one."""
    monkeypatch.setattr(building, "_AT_ONCE", 3)
    monkeypatch.setattr(building, "_SMALL", 2)
    store, embedder, rows = Store.open(tmp_path / "archive.db"), Counting(), ""
    for part in range(3):
        rows += "".join(line(str(one), f"Pump {one} arrived.") for one in range(3 * part, 3 * part + 3))
        take(store, write(tmp_path / "a.jsonl", rows), options=SourceOptions(blog="a"))
        indexing.index(store, tmp_path / "index", "counting", lambda: embedder, NOW, lambda *_: None)
    store.close()
    return tmp_path


def quiet() -> AbstractContextManager[None]:
    return contextlib.nullcontext()


def test_the_store_s_encodings_are_enough(home: Path) -> None:
    store = Store.open(home / "archive.db")
    before = Snapshot.open(home / "index")
    assert [one.passages for one in before.manifest.segments] == [3, 3, 3]
    assert indexing.compact(store, home / "index", quiet, NOW)
    after = Snapshot.open(home / "index")
    assert [one.passages for one in after.manifest.segments] == [9]
    assert after.versions() == before.versions()
    assert after.manifest.change == before.manifest.change
    store.close()


def test_a_process_of_its_own_does_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    compactor = Compactor(home)
    compactor.start(read_manifest(home / "index"))
    process = compactor._process
    assert process is not None
    assert process.wait(60) == 0
    manifest = read_manifest(home / "index")
    assert [one.passages for one in manifest.segments] == [9]
    compactor.start(manifest)
    assert compactor._process is process  # all is well
    compactor.stop()
