"""The order of a take-down: hidden first whatever fails, erased only when no byte stands anywhere."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval import building
from retrieval.archive import Archive
from retrieval.building import clear_away
from retrieval.errors import DiskError, ModelError, StoreError
from retrieval.index_records import KeptEncoding
from retrieval.model import SourceOptions
from retrieval.store import Store
from retrieval.tombstones import KEY_FILE
from tests.test_takedown import ERASED, WHOLE_ID, take_down
from tests.test_withholding import BLOG, LINES, NOW, bytes_of, quiet, shown, write


@pytest.fixture
def archive(make_archive: Callable[..., Archive], tmp_path: Path) -> Archive:
    source = write(tmp_path / "flood.ndjson", LINES)
    return make_archive(source, options=SourceOptions(blog=BLOG, url="https://news.example/live/flood"))


# ------------------------------------------------------------------------------------------------ what fails


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_it_is_hidden_first_whatever_fails_later(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Store, "take_down", failing(DiskError("no space is left", "free some space")))
        with pytest.raises(
            DiskError, match=f"no space is left; {WHOLE_ID} is held back, nothing of it is erased; free"
        ):
            archive.take_down(WHOLE_ID, None, "court-order", "admin", NOW, quiet)
    assert archive.state().held == ((WHOLE_ID, None),)
    assert "zebedee-quillfeather-arrested" not in shown(archive)
    take_down(archive, WHOLE_ID)
    assert archive.state().held == ()


def test_a_full_disk_while_the_index_is_rewritten_leaves_nothing_shown(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(building, "_write_segment", failing(DiskError("no space is left", "free some space")))
        with pytest.raises(DiskError, match="its words are erased from the archive, the index may hold them still"):
            archive.take_down(WHOLE_ID, None, "court-order", "admin", NOW, quiet)
    assert len(archive.state().erasing) == 1
    assert archive.find("Quillfeather") == []
    archive.ensure_indexed(NOW, quiet)
    assert archive.state().erasing == ()
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)


def test_a_model_that_cannot_be_loaded_delays_the_index_alone(archive: Archive) -> None:
    other = Archive.open(archive.home, "another model", failing(ModelError("it cannot be loaded", "set STET_MODEL")))  # type: ignore[arg-type]
    with pytest.raises(ModelError, match="its words are erased from the archive"):
        other.take_down(WHOLE_ID, None, "court-order", "admin", NOW, quiet)
    other.close()
    assert (archive.find("Quillfeather"), len(archive.state().erasing)) == ([], 1)


def test_a_lost_key_is_not_replaced(archive: Archive) -> None:
    take_down(archive, WHOLE_ID)
    (archive.home / KEY_FILE).unlink()
    with pytest.raises(StoreError, match=f"is missing or damaged.*; {BLOG}/school is held back"):
        archive.take_down(f"{BLOG}/school", None, "court-order", "admin", NOW, quiet)
    assert not (archive.home / KEY_FILE).exists()
    assert archive.state().held == ((f"{BLOG}/school", None),)


# ------------------------------------------------------------------------------------------------ no byte stands


def segments(archive: Archive) -> set[str]:
    return {path.name for path in (archive.home / "index" / "segments").iterdir()}


def test_a_folder_that_a_crash_left_is_cleared_away(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    [old] = segments(archive)
    cleared = 0

    def stopped(folder: Path) -> bool:
        nonlocal cleared
        cleared += 1
        if cleared == 2:  # after the switch
            raise KeyboardInterrupt
        return clear_away(folder)

    with monkeypatch.context() as patched:
        patched.setattr(building, "clear_away", stopped)
        with pytest.raises(KeyboardInterrupt):
            archive.take_down(WHOLE_ID, None, "court-order", "admin", NOW, quiet)
    assert (old in segments(archive), len(archive.state().erasing)) == (True, 1)
    archive.reindex(False, NOW, quiet)
    assert (old in segments(archive), archive.state().erasing) == (False, ())
    assert not any(word.encode() in bytes_of(archive.home) for word in ERASED)


def test_a_folder_that_cannot_be_removed_is_no_erasure(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    [old] = segments(archive)
    with monkeypatch.context() as patched:
        patched.setattr("retrieval.building.shutil.rmtree", lambda *_, **__: None)
        _, erased = archive.take_down(WHOLE_ID, None, "court-order", "admin", NOW, quiet)
    assert (erased, old in segments(archive), len(archive.state().erasing)) == (False, True, 1)
    archive.reindex(False, NOW, quiet)
    assert (old in segments(archive), archive.state().erasing) == (False, ())


def orphans(archive: Archive) -> int:
    """Encodings that no passage has."""
    with sqlite3.connect(archive.home / "archive.db") as bare:
        (count,) = bare.execute(
            "SELECT count(*) FROM encodings WHERE digest NOT IN (SELECT digest FROM passages)"
        ).fetchone()
    bare.close()
    return int(count)


def test_encodings_of_passages_that_were_cut_otherwise_go_too(archive: Archive) -> None:
    made = {bytes(32): KeptEncoding(vectors=bytes(4), tokens=b"", owners=b"")}
    archive.store.keep_encodings(archive.snapshot().manifest.model.fingerprint, made)
    assert orphans(archive) == 1
    take_down(archive, WHOLE_ID)
    assert orphans(archive) == 0


def test_no_digest_of_the_document_that_held_it_is_kept(archive: Archive) -> None:
    [(_, before)] = archive.store.sources()
    assert len(before.sha256) == 64
    down = archive.store.take_down(WHOLE_ID, None, "court-order", "admin", NOW)
    [(blog, after)] = archive.store.sources()
    assert (blog, after.sha256, after.etag, len(down.versions)) == (BLOG, "", None, 1)


@pytest.mark.parametrize("command", ["hold", "release", "refresh", "ensure_indexed", "busy"])
def test_whatever_writes_finishes_what_was_left(archive: Archive, command: str) -> None:
    archive.hold(f"{BLOG}/ferry", None, NOW)
    down = archive.store.take_down(WHOLE_ID, None, "court-order", "admin", NOW)
    [old] = segments(archive)
    left: tuple[str, ...] = ()
    if command == "hold":
        archive.hold(f"{BLOG}/school", None, NOW)
    elif command == "release":
        archive.release(f"{BLOG}/ferry", NOW)
    elif command == "refresh":
        archive.refresh(BLOG, NOW, quiet)
    elif command == "ensure_indexed":
        archive.ensure_indexed(NOW, quiet)
    else:
        left = (down.whole_id,)
        with archive._writing():
            archive.hold(f"{BLOG}/school", None, NOW)
    assert archive.state().erasing == left
    assert (old in segments(archive)) == bool(left)
