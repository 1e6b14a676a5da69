"""The command line: every refusal is one line and loses nothing; help, settings, the smaller commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import cli, operating
from retrieval.embedding import Embedder
from tests.command import (
    FOOTER,
    REGATTA,
    Command,
    ndjson,
    two_blogs,
)
from tests.contract import REPORT, STATUS, conforms

COMMANDS = (
    "add", "reindex", "watch", "ask", "check", "check-draft", "show", "find", "hold", "release", "takedown",
    "status", "eval", "demo", "serve", "manifest", "channel", "report", "forget", "audit", "impact", "doctor",
    "backup", "restore",
)  # fmt: skip


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    """Two live blogs, in two zones. Not to be changed."""
    return two_blogs(Command(tmp_path_factory.mktemp("two") / "home", embedder, patch))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Missing command; see `stet --help`"),
        (["frob"], "No such command 'frob'; see `stet --help`"),
        (["--frob"], "No such option: --frob; see `stet --help`"),
        (["ask", "--frob", "x"], "No such option: --frob"),
        (["add"], "Missing argument 'SOURCE...'; see `stet add --help`"),
        (["show"], "Missing argument 'ENTRY'; see `stet show --help`"),
        (["ask"], 'there is no question; ask one: stet ask "What role did taxi drivers play?"'),
        (["ask", " "], "there is no question"),
        (["ask", "x" * 5_000], "the question has 5000 characters, at most 2000 are taken; ask it shorter"),
        (["ask", "-k", "0", "x"], "-k is '0'; give a number from 1 to 50"),
        (["ask", "-k", "three", "x"], "-k is 'three'; give a number from 1 to 50"),
        (
            ["ask", "--since", "yesterday", "x"],
            "--since: 'yesterday' is no ISO 8601 time; write it like 2014-08-26T17:00",
        ),
        (["ask", "--until", "2014-13-01", "x"], "--until: '2014-13-01' is no ISO 8601 time"),
        (["ask", "--since", "2031-06-14T09:00", "x"], "has no offset, and the blogs asked have several time zones"),
        (["ask", "--since", "0001-01-01T00:00+14:00", "x"], "--since is '0001-01-01T00:00+14:00'"),
        (["ask", "--until", "9999-12-31T23:59-14:00", "x"], "--until is '9999-12-31T23:59-14:00'"),
        (
            ["ask", "--since", "2031-06-15T00:00Z", "--until", "2031-06-15T00:00Z", "x"],
            "--since 2031-06-15T00:00Z is not before --until 2031-06-15T00:00Z",
        ),
        (
            ["ask", "--blog", "nowhere", "x"],
            "there is no blog 'nowhere'; see `stet status` for the blogs and their ids",
        ),
        (["ask", "--blog", "nowhere", "--from", "-"], "there is no blog 'nowhere'"),
        (["ask", "--blog", "n\udce9", "x"], "--blog 'n\\udce9' is not UTF-8"),
        (["ask", "--from", "missing.txt"], "missing.txt does not exist; check the path"),
        (["ask", "--from", "-", "x"], "questions are given both as words and with --from"),
        (["show", "nowhere/1"], "there is no entry 'nowhere/1'; an entry's id is written BLOG/ID"),
        (["show", "r1"], "there is no entry 'r1'"),
        (["show", "r\udce9/1"], "the entry 'r\\udce9/1' is not UTF-8"),
        (["add", "missing.txt"], "refused: missing.txt does not exist; check the path"),
        (["add", "bl\udcf6g.txt"], "the source 'bl\\udcf6g.txt' is not UTF-8"),
        (["add", "x.txt", "--date", "26/08/2014"], "--date is '26/08/2014'; write the day like 2014-08-26"),
        (["add", "x.txt", "--timezone", "London"], "unknown time zone 'London'; give an IANA name"),
        (["add", "x.txt", "--blog", "a/b"], "--blog is 'a/b'; give an id without slash or space"),
        (["add", "x.txt", "--url", "news.example"], "--url is 'news.example'; give an address"),
        (["add", "x.txt", "--visibility", "#news"], "--visibility names '#news', which is no channel's id"),
        (["add", "x.txt", "--embargo-until", "soon"], "--embargo-until: 'soon' is no ISO 8601 time"),
        (["add", "x.txt", "y.txt", "--blog", "b"], "--blog names one live blog, and several sources are given"),
        (["--home", "", "status"], "--home is empty; name the archive's folder"),
        (["serve"], "SLACK_BOT_TOKEN is not set"),
    ],
)
def test_each_refusal_is_one_line_and_loses_nothing(two: Command, words: list[str], said: str) -> None:
    before = two("status", "--json").out
    finished = two(*words, stdin=b"Who won?\n")
    assert said in finished.refusal()
    assert finished.out == ""
    assert two("status", "--json").out == before


DOCUMENTS = {
    "empty.txt": (b"", "empty.txt is empty; give a file that holds a live blog"),
    "blank.txt": (b" \n\n", "blank.txt is empty"),
    "binary.txt": (b"\x7fELF\0\0\1", "binary.txt is a binary file (a NUL byte at offset 4)"),
    "latin.txt": (
        "5.03pm GMT17:03Le café est fermé.".encode("latin-1"),
        "latin.txt is not UTF-8: byte 0xe9 at offset 21, line 1; save it as UTF-8 (it may be Latin-1",
    ),
    "notes.txt": (b"Buy more rope.", "notes.txt"),
    "undated.txt": (
        f"5.03pm GMT17:03The gates have opened.{FOOTER}".encode(),
        "undated.txt is not certain: neither it nor its name states one; give the oldest entry's day",
    ),
    "contradiction.txt": (
        f"5.03pm GMT16:03The gates have opened.{FOOTER}".encode(),
        "the 12-hour time 5.03pm and the 24-hour time 16:03 disagree",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_bad_document_is_one_line_and_loses_nothing(two: Command, tmp_path: Path, name: str) -> None:
    data, said = DOCUMENTS[name]
    file = tmp_path / name
    file.write_bytes(data)
    before = two("status", "--json").out
    finished = two("add", file, "--json")
    assert said in finished.refusal()
    report = finished.object()
    conforms(report, REPORT)
    [source] = report["sources"]
    assert (source["source"], source["blog"], source["added"]) == (str(file), None, 0)
    assert said in source["refused"][0]["reason"]
    assert two("status", "--json").out == before
    printed = two("add", file)
    assert (printed.status, printed.out) == (2, "")


def test_a_bad_source_does_not_keep_a_good_one_out(stet: Command, tmp_path: Path) -> None:
    good = ndjson(tmp_path / "regatta.ndjson", REGATTA)
    bad = tmp_path / "empty.txt"
    bad.write_bytes(b"")
    finished = stet("add", bad, good, "--json")
    assert finished.refusal() == f"refused: {bad} is empty; give a file that holds a live blog"
    assert [one["added"] for one in finished.object()["sources"]] == [0, 4]
    assert "Bramble" in stet("ask", "Who won the Quillhaven cup?").out


def test_a_source_that_is_too_large(stet: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_SOURCE_SIZE_LIMIT", "1000")
    said = stet("add", ndjson(tmp_path / "regatta.ndjson", REGATTA * 2)).refusal()
    assert "is larger than" in said
    assert "STET_SOURCE_SIZE_LIMIT" in said


@pytest.mark.parametrize("words", [["ask", "Who won?"], ["reindex"], ["reindex", "--full"], ["status"]])
def test_an_empty_archive(stet: Command, words: list[str]) -> None:
    assert stet(*words).refusal() == "the archive is empty; add a live blog first: stet add FILE"


def test_an_empty_archive_has_a_status(stet: Command) -> None:
    finished = stet("status", "--json")
    assert finished.refusal() == "the archive is empty; add a live blog first: stet add FILE"
    found = finished.object()
    conforms(found, STATUS)
    assert (found["blogs"], found["entries"], found["snapshot"]) == ([], 0, None)


def test_settings_are_refused_by_name(stet: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("STET_HOEM", "/srv/stet")
        assert stet("status").refusal() == (
            "STET_HOEM is no setting of Stet's; did you mean STET_HOME?; set it right in the environment, or unset it"
        )
    monkeypatch.setenv("STET_LOG_LEVEL", "loud\nand clear")
    assert stet("status").refusal().startswith("STET_LOG_LEVEL is 'LOUD\\nAND CLEAR': Input should be 'DEBUG'")


@pytest.mark.parametrize(
    ("tokens", "said"),
    [
        ({}, "SLACK_BOT_TOKEN is not set"),
        ({"SLACK_BOT_TOKEN": "hush-hush"}, "SLACK_BOT_TOKEN does not begin with xoxb-"),
        ({"SLACK_BOT_TOKEN": "xoxb-hush"}, "SLACK_APP_TOKEN is not set"),
        (
            {"SLACK_BOT_TOKEN": "xoxb-hush", "SLACK_APP_TOKEN": "xoxb-hush"},
            "SLACK_APP_TOKEN does not begin with",
        ),
    ],
)
def test_serve_without_its_tokens(
    stet: Command, monkeypatch: pytest.MonkeyPatch, tokens: dict[str, str], said: str
) -> None:
    for name, value in tokens.items():
        monkeypatch.setenv(name, value)
    refusal = stet("serve").refusal()
    assert said in refusal
    assert "hush" not in refusal


def test_home_goes_before_its_variable(
    stet: Command, two: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STET_HOME", str(two.home))
    assert stet.bare("status", "--json").object()["entries"] == 6
    assert stet("status").refusal().startswith("the archive is empty")
    file = tmp_path / "file"
    file.write_text("", encoding="utf-8")
    assert stet.bare("--home", file, "status").refusal().startswith(f"{file} cannot be used: File exists")


# ------------------------------------------------------------------------------------------------ the other commands


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(stet: Command, command: str) -> None:
    finished = stet.bare(command, "--help")
    assert (finished.status, finished.err) == (0, "")
    assert f"Usage: stet {command}" in finished.out
    [example] = [line for line in finished.out.splitlines() if line.strip().startswith("Example: ")]
    assert f"stet {command}" in example


def test_help_lists_the_commands(stet: Command) -> None:
    finished = stet.bare("--help")
    assert (finished.status, finished.err) == (0, "")
    registered = [*cli.app.registered_commands, *operating.app.registered_commands]
    assert [one.name or getattr(one.callback, "__name__", "") for one in registered] == list(COMMANDS)
    listed = [line.split()[0] for line in finished.out.split("Commands:\n")[1].split("\n\n")[0].splitlines()]
    assert listed == list(COMMANDS)


def test_manifest_is_json_and_nothing_else(stet: Command) -> None:
    assert stet.bare("manifest").status == 0
    assert json.loads(stet.bare("manifest").out)["settings"]["socket_mode_enabled"] is True


def test_demo(stet: Command) -> None:
    finished = stet("demo")
    assert (finished.status, finished.err.count("Traceback")) == (0, 0)
    assert "stet ask 'Will the council leader resign?'" in finished.out
    assert "Rosalind Thackwray has refused to resign as leader of the council." in finished.out
    assert "Nothing that is indexed answers this." in finished.out
    assert f"stet --home {stet.home} status" in finished.out
    again = stet("demo")
    assert again.status == 0
    assert "0 added, 0 edited" in again.out


def test_demo_leaves_another_archive_alone(stet: Command, tmp_path: Path) -> None:
    assert stet("add", ndjson(tmp_path / "regatta.ndjson", REGATTA), "--blog", "b").status == 0
    before = stet("status", "--json").object()
    finished = stet("demo")
    assert finished.status == 0
    assert f"stet --home {stet.home / 'demo'} status" in finished.out
    after = stet("status", "--json").object()
    assert (after["blogs"], after["snapshot"]) == (before["blogs"], before["snapshot"])
