"""`stet doctor` finds what is wrong, says how to mend it, and changes nothing."""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import json
import logging
import shutil
import socket
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import doctor, examining, own
from bot.doctor import Patient, examine
from bot.examining import Check, State
from bot.examining_slack import scopes
from bot.ledger import LEDGER_FILE, Ledger
from bot.manifest import BOT_SCOPES
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, Embedder, SentenceTransformerEmbedder
from retrieval.errors import ModelError
from retrieval.model import SourceOptions
from retrieval.restoring import LEFTOVER
from retrieval.serving import serving_lock
from retrieval.tombstones import KEY_FILE
from tests.remembering import Remembering
from tests.slack_server import LoopbackSlack
from tests.test_database import first_archive
from tests.test_takedown import WHOLE_ID, take_down
from tests.test_withholding import BLOG, LINES, quiet, write
from tests.web_server import WebServer

NOW = datetime(2031, 2, 4, 9, 0, tzinfo=UTC)
NAMES = [
    "packages",
    "permissions",
    "disk",
    "archive",
    "ledger",
    "index",
    "index files",
    "sources",
    "take-downs",
    "messages",
    "serving",
    "SLACK_BOT_TOKEN",
    "scopes",
    "SLACK_APP_TOKEN",
    "model",
]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write(tmp_path / "flood.ndjson", LINES)


@pytest.fixture
def archive(make_archive: Callable[..., Archive], source: Path) -> Archive:
    archive = make_archive(source, options=SourceOptions(blog=BLOG))
    Ledger.open(archive.home / LEDGER_FILE).close()
    return archive


DISTRIBUTIONS = functools.cache(importlib.metadata.packages_distributions)
"""What is installed does not change between tests, and reading it takes longer than all else of an examination."""


@pytest.fixture
def examined(embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Check]]:
    """Examine a folder; what was found, by name."""
    monkeypatch.setattr(importlib.metadata, "packages_distributions", DISTRIBUTIONS)

    def examined(home: Path, now: datetime = NOW, **values: Any) -> dict[str, Check]:
        found = list(examine(patient(home, embedder, **values), now))
        assert [one.name for one in found if one.state is not State.OK and not one.mend] == []
        assert all("\n" not in one.found for one in found)
        return {one.name: one for one in found}

    return examined


def patient(home: Path, embedder: Embedder, **values: Any) -> Patient:
    said: dict[str, Any] = {
        "home": home,
        "model": embedder.name,
        "load": lambda _: embedder,
        "bot_token": None,
        "app_token": None,
        "api_url": "http://127.0.0.1:9/api/",
        "stuck": lambda: 0,
        "threads": lambda: False,
    }
    return Patient(**{**said, **values})


def not_well(found: dict[str, Check]) -> dict[str, str]:
    """What is wrong beside Slack's tokens, which are not set."""
    slack = ("SLACK_BOT_TOKEN", "scopes", "SLACK_APP_TOKEN")
    return {name: one.state.value for name, one in found.items() if one.state is not State.OK and name not in slack}


# ------------------------------------------------------------------------------------------------ well


def test_a_whole_archive_is_well(
    archive: Archive, embedder: Embedder, capsys: pytest.CaptureFixture[str], examined: Callable[..., Any]
) -> None:
    before = {
        path: path.read_bytes() for path in archive.home.rglob("*") if path.is_file() and "-shm" not in path.name
    }
    assert doctor.run(patient(archive.home, embedder), NOW, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert [one["name"] for one in told["checks"]] == NAMES
    by_name = {one["name"]: one for one in told["checks"]}
    assert by_name["index"] == {
        "name": "index",
        "state": "ok",
        "found": "8 passages of 4 entries, up to the last change",
        "mend": None,
    }
    assert by_name["sources"]["found"] == "1 live blog, each with its source"
    assert by_name["SLACK_BOT_TOKEN"]["state"] == by_name["SLACK_APP_TOKEN"]["state"] == "warning"
    assert before == {path: path.read_bytes() for path in before}
    assert not_well(examined(archive.home)) == {}


def test_lines_say_what_was_found_and_how_to_mend_it(
    archive: Archive, embedder: Embedder, source: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source.unlink()
    assert not doctor.run(patient(archive.home, embedder), NOW, as_json=False)
    said = capsys.readouterr().out
    assert f"failed   sources: not there any more: {source}\n         to mend it: put it back, or add" in said
    assert "ok       take-downs: 0 take-downs, and every byte is gone\n" in said


@pytest.mark.parametrize("there", [True, False])
def test_an_empty_folder_is_no_failure_and_stays_empty(tmp_path: Path, embedder: Embedder, there: bool) -> None:
    home = tmp_path / "home"
    if there:
        home.mkdir()

    def load(verified: Path) -> Embedder:
        return SentenceTransformerEmbedder.load(BUNDLED, verified)

    found = {one.name: one for one in examine(patient(home, embedder, load=load), NOW)}
    assert not_well(found) == ({} if there else {"permissions": "warning"}) | {"archive": "warning"}
    assert found["model"].found == f"{BUNDLED} loads (torch on cpu); there is no index to compare it with"
    assert [path.name for path in home.iterdir()] == ["model.json"] if there else not home.exists()


# ------------------------------------------------------------------------------------------------ the folder


def test_a_damaged_database_is_a_finding(archive: Archive, examined: Callable[..., Any]) -> None:
    archive.close()
    path = archive.home / "archive.db"
    body = bytearray(path.read_bytes())
    body[4096:] = b"\xff" * (len(body) - 4096)
    path.write_bytes(body)
    (archive.home / LEDGER_FILE).write_bytes(b"nothing of ours" * 50)
    found = examined(archive.home)
    assert {"archive": "failed", "ledger": "failed"}.items() <= not_well(found).items()
    assert "restore" in found["archive"].mend
    assert (found["model"].state, found["index files"].state) == (State.OK, State.OK)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_damaged_nothing_is_raised(
    archive: Archive, examined: Callable[..., Any], seed: int, tmp_path: Path
) -> None:
    archive.close()
    files = sorted(path for path in archive.home.rglob("*") if path.is_file() and path.stat().st_size)
    for number, path in enumerate(files):
        home = tmp_path / f"damaged-{number}"
        shutil.copytree(archive.home, home)
        body = bytearray(path.read_bytes())
        start = len(body) * seed // 6
        for at in range(start, min(len(body), start + 4000)):
            body[at] ^= 0x5A
        (home / path.relative_to(archive.home)).write_bytes(body)
        assert list(examined(home)) == NAMES


def test_a_foreign_and_an_older_database(examined: Callable[..., Any], tmp_path: Path) -> None:
    first_archive(tmp_path / "archive.db")
    with contextlib.closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as bare:
        bare.execute("CREATE TABLE notes (words TEXT)")
    found = examined(tmp_path)
    assert not_well(found) == {"archive": "warning", "ledger": "failed", "index": "warning"}
    assert "(schema 1)" in found["archive"].found
    assert "is a database of another program" in found["ledger"].found
    with contextlib.closing(sqlite3.connect(tmp_path / "archive.db")) as bare:
        assert bare.execute("PRAGMA user_version").fetchone() == (1,)


def test_permissions(archive: Archive, examined: Callable[..., Any]) -> None:
    take_down(archive, WHOLE_ID)
    key = archive.home / KEY_FILE
    key.chmod(0o640)
    found = examined(archive.home)["permissions"]
    assert (found.state, found.mend) == (State.FAILED, f"chmod 600 {key}")
    key.chmod(0o600)
    archive.home.chmod(0o777)
    found = examined(archive.home)["permissions"]
    assert (found.state, found.mend) == (State.FAILED, f"chmod o-w {archive.home}")
    archive.home.chmod(0o755)
    assert examined(archive.home)["permissions"].state is State.OK


def test_a_disk_that_is_nearly_full(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(archive.home)
    for free, state in ((199_000_000, State.FAILED), (201_000_000, State.OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert examining.disk(archive.home).state is state
    monkeypatch.setattr(examining, "_LEAST_FREE", 0)
    size = (archive.home / "archive.db").stat().st_size
    for free, state in ((size - 1, State.FAILED), (size, State.OK)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert examining.disk(archive.home).state is state


# ------------------------------------------------------------------------------------------------ the index


def test_an_index_that_is_not_there_or_behind(archive: Archive, source: Path, examined: Callable[..., Any]) -> None:
    archive.hold(WHOLE_ID, None, NOW)
    found = examined(archive.home)["index"]
    assert (found.state, found.found) == (State.WARNING, "it is 1 change behind")
    shutil.rmtree(archive.home / "index")
    assert not_well(examined(archive.home)) == {"index": "warning"}


def test_an_index_of_another_model_or_archive(archive: Archive, examined: Callable[..., Any]) -> None:
    found = examined(archive.home, model="another model")["index"]
    assert (found.state, "reindex --full" in found.mend) == (State.FAILED, True)
    archive.close()
    with contextlib.closing(sqlite3.connect(archive.home / "archive.db")) as bare, bare:
        bare.execute("DELETE FROM changes")
    assert "of another archive" in examined(archive.home)["index"].found


def test_a_changed_and_a_missing_file_of_the_index(archive: Archive, examined: Callable[..., Any]) -> None:
    path = next((archive.home / "index" / "segments").rglob("vectors.npy"))
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    found = examined(archive.home)["index files"]
    assert (found.state, "was changed after it was written" in found.found) == (State.FAILED, True)
    path.unlink()
    found = examined(archive.home)["index files"]
    assert (found.state, str(path) in found.found, "reindex --full" in found.mend) == (State.FAILED, True, True)


def test_the_model(archive: Archive, embedder: Embedder, examined: Callable[..., Any]) -> None:
    def missing(_: Path) -> Embedder:
        raise ModelError("the model cannot be loaded", "set STET_MODEL")

    assert examined(archive.home, load=missing)["model"].mend == "set STET_MODEL"
    other = Remembering(embedder)
    other.fingerprint = "another"
    found = examined(archive.home, load=lambda _: other)["model"]
    assert (found.state, "another fingerprint" in found.found) == (State.FAILED, True)


# ------------------------------------------------------------------------------------------------ what is in it


def test_a_running_blog_that_nobody_reads(archive: Archive, source: Path, examined: Callable[..., Any]) -> None:
    with contextlib.closing(sqlite3.connect(archive.home / "archive.db")) as bare, bare:
        bare.execute("UPDATE sources SET read = ?", (int(datetime(2031, 2, 3, 8, 5, tzinfo=UTC).timestamp() * 1e6),))
    last = datetime(2031, 2, 3, 8, 4, tzinfo=UTC)
    for since, state in ((5, State.OK), (7, State.WARNING), (30, State.OK)):
        assert examined(archive.home, last + timedelta(hours=since))["sources"].state is state
    source.unlink()
    found = examined(archive.home, last + timedelta(hours=7))["sources"]
    assert (found.state, str(source) in found.found) == (State.FAILED, True)


def test_what_is_not_erased_yet(archive: Archive, examined: Callable[..., Any]) -> None:
    down = archive.store.take_down(WHOLE_ID, None, "court-order", "admin", NOW)
    found = examined(archive.home)["take-downs"]
    assert (found.state, found.found) == (State.FAILED, f"not all bytes are gone yet of {down.whole_id}")
    archive.reindex(False, NOW, quiet)
    found = examined(archive.home)["take-downs"]
    assert (found.state, found.found) == (State.OK, "1 take-down, and every byte is gone")
    (archive.home / KEY_FILE).unlink()
    assert "is missing or damaged" in examined(archive.home)["take-downs"].found


def test_a_restore_that_was_stopped(archive: Archive, embedder: Embedder) -> None:
    (archive.home / LEFTOVER).mkdir()
    found = [one for one in examine(patient(archive.home, embedder), NOW) if one.name == "take-downs"]
    assert [one.state for one in found] == [State.FAILED, State.OK]


def test_messages_and_serving(archive: Archive, examined: Callable[..., Any]) -> None:
    found = examined(archive.home, stuck=lambda: 3)
    assert not_well(found) == {"messages": "warning"}
    assert found["messages"].found == "3 posted that Slack would not let us change"
    assert found["serving"].found == "no bot is serving"
    with serving_lock(archive.home, 0):
        assert examined(archive.home)["serving"].found == f"a bot is serving from {archive.home}"


def test_another_distribution_with_our_names(monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor.packages().state is State.OK
    monkeypatch.setattr(
        importlib.metadata, "packages_distributions", lambda: {"bot": ["stet"], "config": ["config", "stet"]}
    )
    found = doctor.packages()
    assert (found.state, found.found) == (State.FAILED, "provided by others as well: config by config, stet")
    monkeypatch.setattr(own, "PACKAGES", ("json",))
    assert "another project's" in doctor.packages().found


# ------------------------------------------------------------------------------------------------ Slack


def test_tokens_that_slack_takes(archive: Archive, slack: LoopbackSlack, examined: Callable[..., Any]) -> None:
    found = examined(archive.home, bot_token=slack.bot_token, app_token=slack.app_token, api_url=slack.api_url)
    assert (found["SLACK_BOT_TOKEN"].state, found["SLACK_APP_TOKEN"].state) == (State.OK, State.OK)


def test_tokens_that_slack_refuses_are_never_told(
    archive: Archive, slack: LoopbackSlack, embedder: Embedder, capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    said = {"bot_token": "xoxb-SECRET1", "app_token": "xapp-SECRET2", "api_url": slack.api_url}
    assert not doctor.run(patient(archive.home, embedder, **said), NOW, as_json=True)
    caught = capsys.readouterr()
    told = {one["name"]: one for one in json.loads(caught.out)["checks"]}
    assert told["SLACK_BOT_TOKEN"]["found"] == told["SLACK_APP_TOKEN"]["found"] == "Slack refuses it: invalid_auth"
    assert told["scopes"]["state"] == "warning"
    assert "SECRET" not in caught.out + caught.err


@pytest.mark.parametrize("token", ["xoxp-SECRET", "xoxb-SEC\nRET", "SECRET"])
def test_a_token_of_the_wrong_shape_is_not_sent(archive: Archive, examined: Callable[..., Any], token: str) -> None:
    found = examined(archive.home, bot_token=token, app_token="xapp-SECRET")
    assert (found["SLACK_BOT_TOKEN"].state, "SEC" in str(found)) == (State.FAILED, False)


def test_without_a_network(archive: Archive, examined: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"http://127.0.0.1:{port}/api/"
    found = examined(archive.home, bot_token="xoxb-1", app_token="xapp-1", api_url=url)
    assert not_well(found) == {}
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):
        assert found[name].found.startswith(f"Slack cannot be reached at {url}: ")
        assert found[name].state is State.FAILED


@pytest.mark.parametrize(
    ("held", "state", "words"),
    [
        (BOT_SCOPES, State.OK, f"the {len(BOT_SCOPES)} that are needed, and no other"),
        (BOT_SCOPES[1:], State.FAILED, f"missing: {BOT_SCOPES[0]}"),
        ((*BOT_SCOPES, "admin"), State.WARNING, "not needed: admin"),
        ((*BOT_SCOPES[1:], "admin"), State.FAILED, f"missing: {BOT_SCOPES[0]}; not needed: admin"),
    ],
)
def test_scopes_as_slack_tells_them(
    archive: Archive, examined: Callable[..., Any], held: tuple[str, ...], state: State, words: str
) -> None:
    body = json.dumps({"ok": True, "user": "stet", "team": "news"}).encode()
    with WebServer() as web:
        web.answer("/api/auth.test", body, headers={"X-OAuth-Scopes": ", ".join(held)})
        found = examined(archive.home, bot_token="xoxb-1", api_url=f"{web.url}/api/")
    assert (found["scopes"].state, found["scopes"].found) == (state, words)
    assert found["SLACK_BOT_TOKEN"].found == "Slack takes it, as stet of news"


def test_scopes_that_slack_does_not_tell() -> None:
    assert scopes({}, threads=False).state is State.WARNING


def test_threads_that_are_followed_need_scopes_of_their_own() -> None:
    held = {"x-oauth-scopes": ",".join(BOT_SCOPES)}
    assert scopes(held, threads=False).state is State.OK
    found = scopes(held, threads=True)
    assert (found.state, found.found) == (State.FAILED, "missing: channels:history, groups:history")
    assert found.mend is not None
    assert "stet manifest --threads" in found.mend
