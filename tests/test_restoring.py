"""A backup that is not what it should be changes nothing, and a restore that is killed leaves the old archive or the
new one."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import json
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.backing_up import restore
from bot.ledger import LEDGER_FILE, Ledger
from retrieval.archive import Archive
from retrieval.backup import ARCHIVE, damage, read_backup
from retrieval.errors import DiskError, ForeignStore, NewerStore, StetError
from retrieval.model import SourceOptions
from retrieval.restoring import LEFTOVER
from retrieval.store import Store
from tests.test_backup import LATER, back_up, left_of
from tests.test_takedown import WHOLE_ID, take_down
from tests.test_withholding import BLOG, LINES, NOW, bytes_of, quiet, write

Members = dict[str, bytes]
CHANGED = "The gauge at Wendbridge fell."


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "flood.ndjson", LINES)


@pytest.fixture
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    return make_archive(source, options=SourceOptions(blog=BLOG))


@pytest.fixture
def file(archive: Archive, tmp_path: Path) -> Path:
    path = tmp_path / "stet.tar.gz"
    back_up(archive.home, path)
    archive.close()
    return path


def members(file: Path) -> Members:
    with tarfile.open(file) as tar:
        return {one.name: (tar.extractfile(one) or io.BytesIO()).read() for one in tar.getmembers()}


def packed(file: Path, held: Members, change: Callable[[tarfile.TarInfo], None] = lambda _: None) -> None:
    with tarfile.open(file, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, body in held.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            change(info)
            tar.addfile(info, io.BytesIO(body) if info.isreg() else None)


def said(held: Members, **values: Any) -> Members:
    """The same, its `backup.json` saying something else."""
    return {**held, "backup.json": json.dumps({**json.loads(held["backup.json"]), **values}).encode()}


def with_database(held: Members, body: bytes) -> Members:
    """Another database in it, its digest as it should be."""
    listed = {ARCHIVE.name: {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}}
    return said({**held, ARCHIVE.name: body}, members=listed)


def stored(home: Path) -> dict[Path, bytes]:
    """Every file but locks and those that SQLite has beside a database while it is read."""
    return {
        path: path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and not path.name.endswith((".lock", "-shm", "-wal"))
    }


def database(path: Path, *statements: str) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as bare, bare:
        for statement in statements:
            bare.execute(statement)
    return path.read_bytes()


# ------------------------------------------------------------------------------------------------ refused


def tampered(file: Path, _: Path) -> None:
    held = members(file)
    packed(file, {**held, ARCHIVE.name: held[ARCHIVE.name].replace(b"ferry", b"fairy")})


def traversing(file: Path, _: Path) -> None:
    held = members(file)
    listed = json.loads(held["backup.json"])["members"]
    outside = {"../escaped": listed[ARCHIVE.name], **listed}
    packed(file, {**said(held, members=outside), "../escaped": held[ARCHIVE.name]})


def linking(file: Path, _: Path) -> None:
    def link(info: tarfile.TarInfo) -> None:
        if info.name == ARCHIVE.name:
            info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0

    packed(file, members(file), link)


def truncated(file: Path, _: Path) -> None:
    file.write_bytes(file.read_bytes()[:-2_000])


def no_archive_at_all(file: Path, _: Path) -> None:
    file.write_bytes(b"Zebedee Quillfeather was questioned." * 100)


def empty(file: Path, _: Path) -> None:
    file.write_bytes(gzip.compress(b""))


def without_contents(file: Path, _: Path) -> None:
    packed(file, {ARCHIVE.name: members(file)[ARCHIVE.name]})


def without_archive(file: Path, _: Path) -> None:
    packed(file, {"backup.json": said(members(file), members={})["backup.json"]})


def with_more(file: Path, _: Path) -> None:
    packed(file, {**members(file), "takedown.key": bytes(32)})


def of_a_later_format(file: Path, _: Path) -> None:
    packed(file, said(members(file), format=2))


def with_words_for_numbers(file: Path, _: Path) -> None:
    packed(file, said(members(file), members={ARCHIVE.name: {"bytes": "many", "sha256": ""}}))


def of_a_later_schema(file: Path, tmp_path: Path) -> None:
    held = members(file)
    (tmp_path / "later.db").write_bytes(held[ARCHIVE.name])
    packed(file, with_database(held, database(tmp_path / "later.db", f"PRAGMA user_version={ARCHIVE.schema + 1}")))


def of_another_program(file: Path, tmp_path: Path) -> None:
    packed(file, with_database(members(file), database(tmp_path / "foreign.db", "CREATE TABLE notes (words TEXT)")))


def no_database(file: Path, _: Path) -> None:
    packed(file, with_database(members(file), b"words " * 100))


def damaged_within(file: Path, _: Path) -> None:
    held = members(file)
    body = bytearray(held[ARCHIVE.name])
    body[4096:] = b"\xff" * (len(body) - 4096)
    packed(file, with_database(held, bytes(body)))


@pytest.mark.parametrize(
    ("spoil", "kind", "words"),
    [
        (tampered, ForeignStore, "its 'archive.db' was changed after it was written"),
        (traversing, ForeignStore, "it holds '../escaped'"),
        (linking, ForeignStore, "'archive.db' in it is no plain file"),
        (truncated, ForeignStore, "ended before the end-of-stream marker|it ends too early"),
        (no_archive_at_all, ForeignStore, "Not a gzipped file"),
        (empty, ForeignStore, "it ends too early"),
        (without_contents, ForeignStore, "it does not begin with backup.json"),
        (without_archive, ForeignStore, "it holds no archive.db"),
        (with_more, ForeignStore, "something follows its last file"),
        (of_a_later_format, NewerStore, r"was made by a later Stet \(format 2, this one knows 1\)"),
        (with_words_for_numbers, ForeignStore, "its backup.json cannot be read"),
        (of_a_later_schema, NewerStore, "was written by a later Stet"),
        (of_another_program, ForeignStore, "its archive.db is a database of another program"),
        (no_database, ForeignStore, "its archive.db is no database"),
    ],
)
@pytest.mark.parametrize("where", ["over the archive", "into an empty folder"])
def test_what_is_no_whole_backup_changes_nothing(
    archive: Archive,
    file: Path,
    tmp_path: Path,
    spoil: Callable[[Path, Path], None],
    kind: type[StetError],
    words: str,
    where: str,
) -> None:
    home = archive.home if where == "over the archive" else tmp_path / "new"
    spoil(file, tmp_path)
    before, names = bytes_of(archive.home), sorted(archive.home.rglob("*"))
    with pytest.raises(kind, match=words) as refused:
        restore(home, file, LATER, key=None, yes=True, as_json=False)
    assert "\n" not in str(refused.value)
    assert (bytes_of(archive.home), sorted(archive.home.rglob("*"))) == (before, names)
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "escaped").exists()


def test_a_damaged_database_with_its_digest_right_changes_no_file_of_the_archive(
    archive: Archive, file: Path, tmp_path: Path
) -> None:
    damaged_within(file, tmp_path)
    before = stored(archive.home)
    with pytest.raises(ForeignStore):
        restore(archive.home, file, LATER, key=None, yes=True, as_json=False)
    assert stored(archive.home) == before
    assert not (archive.home / LEFTOVER).exists()


def test_more_than_there_is_room_for_is_not_unpacked(file: Path) -> None:
    size = len(members(file)[ARCHIVE.name])
    assert read_backup(file, [ARCHIVE], size).bytes == size
    with pytest.raises(DiskError, match=f"holds {size} bytes, and there is room for {size - 1}"):
        read_backup(file, [ARCHIVE], size - 1)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_whatever_is_changed_in_the_file_is_refused(file: Path, data: st.DataObject) -> None:
    whole = file.with_name("whole.gz")
    if not whole.exists():
        shutil.copyfile(file, whole)
    # in the tar file itself, so that gzip's own sum does not find it first
    body = bytearray(gzip.decompress(whole.read_bytes()))
    told = json.loads(members(whole)["backup.json"])
    first = 512 + -(-len(json.dumps(told, indent=1)) // 512) * 512
    at = data.draw(st.integers(first, len(body) - 1))
    body[at] ^= data.draw(st.integers(1, 255))
    file.write_bytes(gzip.compress(bytes(body), 1))
    try:
        found = read_backup(file, [ARCHIVE], 10**9)
    except (ForeignStore, NewerStore):
        return
    # what tar itself does not sum up: owners, padding
    assert found == read_backup(whole, [ARCHIVE], 10**9)


# ------------------------------------------------------------------------------------------------ killed

_KILLED = """
import json, os, shutil, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.backing_up import restore

template, file, into = map(Path, sys.argv[1:])
number = 0
while True:
    number += 1
    home = into / str(number)
    shutil.copytree(template, home)
    child = os.fork()
    if not child:
        passed = 0
        def dying(real):
            def call(*given, **named):
                global passed
                passed += 1
                if passed == number:
                    os._exit(9)
                return real(*given, **named)
            return call
        for owner, name in ((Path, "replace"), (Path, "rename"), (Path, "unlink"), (shutil, "rmtree"), (os, "fsync")):
            setattr(owner, name, dying(getattr(owner, name)))
        restore(home, file, datetime(2031, 2, 5, tzinfo=UTC), key=None, yes=True, as_json=True)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(number)
"""


def texts(home: Path) -> list[str]:
    store = Store.open(home / ARCHIVE.name)
    try:
        return [one.text for one in store.all_wordings()]
    finally:
        store.close()


def test_a_restore_that_is_killed_leaves_the_old_archive_or_the_new_one(
    archive: Archive, source: Path, tmp_path: Path
) -> None:
    Ledger.open(archive.home / LEDGER_FILE).close()
    file, into = tmp_path / "stet.tar.gz", tmp_path / "killed"
    back_up(archive.home, file)
    write(source, [{**LINES[0], "text": CHANGED}, *LINES[1:]])
    archive.reindex(False, NOW, quiet)
    take_down(archive, WHOLE_ID)
    archive.close()
    into.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(archive.home), str(file), str(into)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    steps = int(done.stdout.splitlines()[-1])
    assert steps > 15
    new = [LINES[number]["text"] for number in (0, 2, 3)]
    old = [new[0], CHANGED, *new[1:]]
    seen = []
    for number in range(1, steps + 1):
        home = into / str(number)
        assert damage(home / ARCHIVE.name) is None
        assert damage(home / LEDGER_FILE) is None
        found = texts(home)
        assert sorted(found) in (sorted(old), sorted(new)), number
        seen.append(sorted(found) == sorted(new))
        if seen[-1]:
            assert not (home / "index").exists()  # it would tell of another archive
        assert restore(home, file, LATER, key=None, yes=True, as_json=False)
        assert sorted(texts(home)) == sorted(new)
        assert left_of(home) == []
        assert not (home / LEFTOVER).exists()
    assert seen == sorted(seen)
    assert (seen[0], seen[-2], seen[-1]) == (False, True, True)
