"""What goes wrong around the command: a clear line, and afterwards the archive opens, answers and goes on."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from retrieval import database, schema
from retrieval.embedding import Embedder, Encoded, EncodedQuestion, Reading
from retrieval.model import Span
from tests import converted_model
from tests.command import (
    ORCHARD,
    REGATTA,
    ROOT,
    Command,
    Finished,
    Json,
    environment,
    finish,
    ndjson,
    obey_permissions,
    start,
    two_blogs,
)

WON = "Who won the Quillhaven cup?"
STOPPED = "stet: stopped; what was stored is kept, and the same command goes on from there\n"


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Path:
    """An archive of two live blogs, for copying."""
    home = tmp_path_factory.mktemp("two") / "home"
    with pytest.MonkeyPatch.context() as patch:
        two_blogs(Command(home, embedder, patch))
    return home


@pytest.fixture
def filled(stet: Command, two: Path) -> Command:
    """An archive of two live blogs; `ask WON` is answered."""
    shutil.copytree(two, stet.home)
    return stet


def answers(stet: Command) -> None:
    """Raises AssertionError where the archive does not answer as it did before."""
    [first, *_] = stet("ask", "--json", WON).object()["passages"]
    assert first["text"].startswith("The cutter Bramble has won the Quillhaven cup by eleven seconds.")


# ------------------------------------------------------------------------------------------- stopped at any moment


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> list[Json]:
    """Every trial of `tests.killing`."""
    folder = tmp_path_factory.mktemp("killing")
    done = subprocess.run(
        [sys.executable, "-m", "tests.killing", str(folder)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    shutil.rmtree(folder)
    return [json.loads(line) for line in done.stdout.splitlines()]


def ran(found: Json) -> Finished:
    return Finished(status=found["exit"], out=found["out"], err=found["err"])


def check(trial: Json, entries: tuple[int, int], sources: int) -> None:
    """The archive opened and answered, the same command completed. `entries`: before, and when all is done."""
    where = f"{trial['scene']}, {trial['how']}"
    assert trial["looked"] == 0, where
    state = ran(trial["status"])
    held = state.object()["entries"]
    assert held in entries, where
    assert state.status == (0 if held else 2), where
    assert len(trial["before"]) <= 3
    for number, found in enumerate(trial["before"].values()):
        asked = ran(found)
        if held == 0:
            assert asked.refusal() == "the archive is empty; add a live blog first: stet add FILE", where
        else:
            assert asked.status == 0, (where, asked.err)
            # the first question is of what was there before; all that is recorded is found
            known = held == entries[1] or number == 0
            assert asked.object()["outcome"] == ("answered" if known else "nothing_found"), where
    again = ran(trial["again"])
    assert again.status == 0, (where, again.err)
    report = again.object()
    assert len(report["sources"]) == sources, where
    for source in report["sources"]:
        assert source["added"] + source["unchanged"] == source["entries"], where
        assert (source["edited"], source["refused"]) == (0, []), where
    assert ran(trial["end"]).object()["entries"] == entries[1], where
    assert report["passages_embedded"] + report["passages_reused"] == ran(trial["end"]).object()["passages"], where
    for found in trial["after"].values():
        assert ran(found).object()["outcome"] == "answered", where
    assert not [name for name in trial["left"] if name.startswith(".building")], where


@pytest.mark.parametrize(
    ("scene", "entries", "sources"), [("first add", (0, 4), 1), ("add", (2, 6), 1), ("reindex", (6, 6), 2)]
)
def test_killed_or_interrupted_at_any_moment(
    trials: list[Json], scene: str, entries: tuple[int, int], sources: int
) -> None:
    mine = [trial for trial in trials if trial["scene"] == scene]
    seen: Counter[str] = Counter()
    for trial in mine:
        kind = trial["how"].split()[0]
        seen[kind] += 1
        if kind == "kill":
            assert trial["signal"] == signal.SIGKILL
        if kind == "interrupt":
            stopped = ran(trial["run"])
            assert (stopped.status, stopped.out, stopped.err) == (130, "", STOPPED), trial["how"]
        check(trial, entries, sources)
        if scene == "reindex":
            assert ran(trial["again"]).object()["passages_embedded"] == 0
    assert (seen["kill"], seen["interrupt"], seen["delay"]) == (10, 4, 3)


def test_kills_hit_before_between_and_after(trials: list[Json]) -> None:
    """Some kills came before the entries were recorded, some after; else the trials would prove little."""
    held = {
        ran(trial["status"]).object()["entries"]
        for trial in trials
        if trial["scene"] == "add" and trial["how"].startswith("kill")
    }
    assert held == {2, 6}


def test_a_full_disk_while_indexing(trials: list[Json]) -> None:
    full = [trial for trial in trials if trial["scene"] == "full disk"]
    assert len(full) == 11
    recorded = set()
    for trial in full:
        adding = trial["how"].startswith("limit")
        said = ran(trial["run"]).refusal()
        assert "free some space on the disk, then run the same command again" in said, trial["how"]
        check(trial, (2, 35) if adding else (39, 39), 1 if adding else 3)
        recorded.add(ran(trial["status"]).object()["entries"])
        if not adding:
            assert ran(trial["again"]).object()["passages_embedded"] == 0
    assert recorded == {2, 35, 39}


def test_two_processes_add_at_once(trials: list[Json]) -> None:
    [trial] = [trial for trial in trials if trial["scene"] == "two at once"]
    for run, added in zip(trial["runs"], (2, 4), strict=True):
        finished = ran(run)
        assert (finished.status, finished.err) == (0, "")
        assert [one["added"] for one in finished.object()["sources"]] == [added]
    check(trial, (6, 6), 2)
    assert ran(trial["again"]).object()["passages_embedded"] == 0


@pytest.mark.parametrize("loading", ["the archive", "the model"])
def test_ctrl_c_of_a_terminal(tmp_path: Path, loading: str) -> None:
    home = tmp_path / "home"
    process = start("--home", home, "add", ndjson(tmp_path / "regatta.ndjson", REGATTA))
    maps = Path(f"/proc/{process.pid}/maps")
    if loading == "the model" and not maps.exists():
        process.kill()
        finish(process)
        pytest.skip("this system does not say what a process has loaded")
    while process.poll() is None:
        loaded = maps.read_text(encoding="utf-8") if loading == "the model" else ""
        if (home / "archive.db").exists() if loading == "the archive" else "libopenvino" in loaded:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    finished = finish(process)
    assert (finished.status, finished.out, finished.err) == (130, "", STOPPED)


# ------------------------------------------------------------------------------------------------ permissions


@pytest.fixture
def closed() -> Iterator[list[Path]]:
    """Folders and files to be closed to their owner; opened again at the end, or they could not be removed."""
    paths: list[Path] = []
    yield paths
    for path in reversed(paths):
        path.chmod(0o755)


def obediently(*words: str | Path) -> Finished:
    try:
        return finish(start(*words, preexec_fn=obey_permissions))
    except subprocess.SubprocessError:
        pytest.skip("this user reads and writes everything, and that cannot be taken from it")


def test_a_source_without_permission(filled: Command, tmp_path: Path, closed: list[Path]) -> None:
    folder = tmp_path / "blogs"
    folder.mkdir()
    file = ndjson(folder / "more.ndjson", ORCHARD)
    converted_model.give(filled.home)
    before = filled("status", "--json").out
    for path, said in ((file, f"{file} may not be read"), (folder, f"the folder {folder} may not be read")):
        path.chmod(0o000)
        closed.append(path)
        assert said in obediently("--home", filled.home, "add", path).refusal()
        path.chmod(0o755)
    assert filled("status", "--json").out == before
    answers(filled)


def test_a_read_only_archive(filled: Command, tmp_path: Path, closed: list[Path]) -> None:
    more = ndjson(tmp_path / "more.ndjson", [{**ORCHARD[0], "id": "m1"}])
    converted_model.give(filled.home)
    before = filled("status", "--json").object()
    for path in [*filled.home.rglob("*"), filled.home]:
        closed.append(path)
        path.chmod(0o555 if path.is_dir() else 0o444)
    for words in (["add", more, "--blog", "more"], ["reindex", "--full"]):
        said = obediently("--home", filled.home, *words).refusal()
        assert str(filled.home) in said
        assert "permission" in said
    for path in closed:
        path.chmod(0o755)
    assert filled("status", "--json").object() == before
    answers(filled)


def test_a_home_that_cannot_be_made(tmp_path: Path, closed: list[Path]) -> None:
    closed.append(tmp_path)
    tmp_path.chmod(0o555)
    said = obediently("--home", tmp_path / "home", "status").refusal()
    assert (
        said == f"{tmp_path / 'home'} may not be read or written; give your user permission, or name another --home"
    )


# ------------------------------------------------------------------------------------------------ the database


def test_a_locked_database(filled: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_BUSY_MS", 50)
    path = filled.home / "archive.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    for words in (["add", ndjson(tmp_path / "more.ndjson", ORCHARD), "--blog", "more"], ["reindex"]):
        assert filled(*words).refusal() == (
            f"{path} is locked by another program; wait until it is done, then try again"
        )
    answers(filled)  # who only reads is not kept waiting
    holder.execute("ROLLBACK")
    holder.close()
    assert filled("reindex").status == 0
    answers(filled)


def test_another_writer_is_waited_for_and_then_named(
    filled: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.archive._LOCK_SECONDS", 0.05)
    with FileLock(filled.home / "writer.lock"):
        said = filled("reindex").refusal()
        answers(filled)
    assert said.startswith(f"another stet is writing to {filled.home} since 0 seconds; wait until it is done")
    assert filled("reindex").status == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"The quick brown fox. " * 300, "is no database of Stet's, or is damaged; restore it from a backup"),
        (b"SQLite format 3\0" + b"\xff" * 4_000, "archive.db"),
    ],
)
def test_a_file_that_is_no_database(stet: Command, tmp_path: Path, data: bytes, said: str) -> None:
    stet.home.mkdir()
    path = stet.home / "archive.db"
    path.write_bytes(data)
    source = ndjson(tmp_path / "regatta.ndjson", REGATTA)
    for words in (["status"], ["ask", WON], ["add", source], ["reindex", "--full"], ["show", "b/1"]):
        assert said in stet(*words).refusal()
    assert path.read_bytes() == data


def test_a_database_of_another_program(stet: Command, tmp_path: Path) -> None:
    stet.home.mkdir()
    path = stet.home / "archive.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
        connection.execute("INSERT INTO notes VALUES ('mine')")
    connection.close()
    data = path.read_bytes()
    source = ndjson(tmp_path / "regatta.ndjson", REGATTA)
    for words in (["status"], ["ask", WON], ["add", source], ["reindex"]):
        assert stet(*words).refusal() == (
            f"{path} is a database of another program; name another --home, or move that file away"
        )
    assert path.read_bytes() == data


def test_an_archive_of_a_later_stet(filled: Command, tmp_path: Path) -> None:
    path = filled.home / "archive.db"
    _set_schema(path, 99)
    for words in (["status"], ["ask", WON], ["add", ndjson(tmp_path / "more.ndjson", ORCHARD)], ["reindex"]):
        assert filled(*words).refusal() == (
            f"{path} was written by a later Stet (schema 99, this one knows {schema.SCHEMA}); "
            "use that version of Stet, or name another --home"
        )
    _set_schema(path, schema.SCHEMA)
    answers(filled)


def _set_schema(path: Path, number: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version={number}")
    connection.close()


def test_a_folder_in_the_database_s_place(stet: Command) -> None:
    (stet.home / "archive.db").mkdir(parents=True)
    assert str(stet.home / "archive.db") in stet("status").refusal()


# ------------------------------------------------------------------------------------------------ the index


def segment_files(home: Path) -> list[str]:
    manifest = json.loads((home / "index" / "manifest.json").read_bytes())
    [segment] = manifest["segments"]
    return [f"segments/{segment['id']}/{name}" for name in segment["files"]]


def mended(stet: Command) -> None:
    report = stet("reindex", "--full", "--json").object()
    assert report["passages_embedded"] == 0
    assert report["passages_reused"] == stet("status", "--json").object()["passages"] > 0
    answers(stet)


def test_a_damaged_segment_is_refused_and_rebuilt_without_embedding(filled: Command) -> None:
    names = segment_files(filled.home)
    assert {name.rsplit("/", 1)[-1] for name in names} >= {
        "passages.npy",
        "versions.npy",
        "tokens.npy",
        "vectors.npy",
        "rows.npy",
    }
    kinds = {Path(name).suffix or Path(name).name: name for name in names}
    for kind in kinds:
        [path] = [
            filled.home / "index" / name
            for name in segment_files(filled.home)
            if (Path(name).suffix or Path(name).name) == kind
        ][:1]
        data = path.read_bytes()
        path.write_bytes(data[: len(data) // 2])
        said = filled("ask", WON).refusal()
        assert said.startswith(f"{path} has {len(data) // 2} bytes, not {len(data)}; run `stet reindex --full`")
        path.unlink()
        assert filled("ask", WON).refusal().startswith(f"the index lacks {path}; run `stet reindex --full`")
        assert filled("status").status == 0
        mended(filled)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda data: data[: len(data) // 2], "manifest.json is no JSON"),
        (lambda data: b"", "manifest.json is no JSON"),
        (lambda data: b"[1]", "manifest.json has the format None, this Stet knows 4"),
        (lambda data: data.replace(b'"format": 4', b'"format": 7'), "manifest.json has the format 7"),
        (
            lambda data: data.replace(b'"entries": 6', b'"entries": 9'),
            "manifest.json was changed after it was written",
        ),
        (lambda data: data.replace(b'"dimension": 384', b'"dimension": 2'), "manifest.json was changed after"),
    ],
)
def test_an_altered_manifest_is_refused_and_rebuilt_without_embedding(
    filled: Command, damage: Callable[[bytes], bytes], said: str
) -> None:
    path = filled.home / "index" / "manifest.json"
    data = path.read_bytes()
    path.write_bytes(damage(data))
    assert path.read_bytes() != data
    for words in (["ask", WON], ["status"]):
        refusal = filled(*words).refusal()
        assert said in refusal
        assert "run `stet reindex --full`" in refusal
    mended(filled)


def test_a_lost_index_is_built_anew_by_the_next_question(filled: Command) -> None:
    shutil.rmtree(filled.home / "index")
    state = filled("status", "--json").object()
    assert (state["entries"], state["passages"], state["snapshot"], state["model"]) == (6, 0, None, None)
    assert filled("status").out.endswith("no index yet: run stet reindex\n")
    answers(filled)
    assert filled("status", "--json").object()["passages"] > 0


def test_what_an_add_left_unindexed_is_indexed_by_the_next_question(filled: Command, tmp_path: Path) -> None:
    late = {**REGATTA[3], "id": "r5", "text": "The ferry Petrel rammed the jetty at Cold Quay."}
    source = ndjson(tmp_path / "late.ndjson", [late])

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("retrieval.building._switch", stop)
        stopped = filled("add", source, "--blog", "late")
    assert (stopped.status, stopped.err) == (130, STOPPED)
    answer = filled("ask", "--json", "What did the ferry Petrel ram?").object()
    assert answer["passages"][0]["text"] == late["text"]
    assert answer["index"]["entries"] == 7


class Foreign:
    """Another model under the same name: other vectors, another fingerprint."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.name, self.dimension, self.width = inner.name, inner.dimension, inner.width
        self.max_tokens = inner.max_tokens
        self.fingerprint = "another"
        self.encoded = 0

    def token_spans(self, text: str) -> list[Span]:
        return self._inner.token_spans(text)

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        self.encoded += sum(len(one.passages) for one in readings)
        found = self._inner.encode(readings)
        return [replace(one, vectors=np.ascontiguousarray(one.vectors[:, ::-1])) for one in found]

    def encode_question(self, text: str) -> EncodedQuestion:
        found = self._inner.encode_question(text)
        return replace(found, vector=np.ascontiguousarray(found.vector[::-1]))


def test_an_index_of_another_model_is_refused_and_rebuilt(
    filled: Command, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = Foreign(embedder)
    other = Command(filled.home, foreign, monkeypatch)
    assert other("ask", WON).refusal() == (
        "the index was made with the model all-MiniLM-L6-v2, now it is all-MiniLM-L6-v2; "
        "run `stet reindex --full`, or set STET_MODEL back"
    )
    passages = other("status", "--json").object()["passages"]
    report = other("reindex", "--full", "--json").object()
    assert (report["passages_embedded"], report["passages_reused"]) == (passages, 0)
    assert foreign.encoded == passages
    answers(other)
    back = Command(filled.home, embedder, monkeypatch)
    assert back("ask", WON).refusal().startswith("the index was made with the model all-MiniLM-L6-v2, now it is")
    mended(back)  # its vectors were kept


def test_a_model_that_is_not_there(filled: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_MODEL", str(tmp_path / "no-model"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    before = filled("status", "--json").out
    said = filled("ask", WON).refusal()
    assert said.startswith(f"the model '{tmp_path / 'no-model'}' cannot be loaded: ")
    assert "set STET_MODEL to the folder or name of a sentence-transformers model" in said
    assert filled("status", "--json").out == before
    monkeypatch.delenv("STET_MODEL")
    answers(filled)
