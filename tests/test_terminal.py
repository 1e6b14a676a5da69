"""What a person at a terminal sees: published words as they are, and nothing in them that steers the terminal."""

from __future__ import annotations

import os
import pty
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import objects, render, terminal
from bot.output import one_line, safe
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.model import SourceOptions
from tests.command import REGATTA, Command, finish, ndjson, start_python

ESC = "\x1b"
HOSTILE = (
    {
        "id": "h1",
        "time": "2031-06-14T09:05:00+01:00",
        "title": f"{ESC}]0;owned\x07Regatta",
        "author": f"{ESC}[2JMallory",
        "text": f"The schooner {ESC}[31mLarkspur{ESC}[0m lost her \x9b5mmast\x07.\u0085Nobody\x08 was hurt.",
    },
)
ALLOWED = re.compile(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f]*")


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, “curly” – £1.4m", "plain, “curly” – £1.4m"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("\x1b[2J", "␛[2J"),
        ("\x00\x07\x08\r\x1f", "␀␇␈␍␟"),
        ("\x7f", "␡"),
        ("\x9b31m\x85", "\ufffd31m\ufffd"),
        ("🛶 مرحبا e\u0301", "🛶 مرحبا e\u0301"),
    ],
)
def test_control_characters_are_made_visible(text: str, shown: str) -> None:
    assert safe(text) == shown


def test_a_message_is_one_line() -> None:
    assert one_line("two\nlines \x1b[2J\r\n  and\u2028more") == "two lines ␛[2J and more"


def test_hostile_stored_text_never_reaches_the_terminal_raw(stet: Command, tmp_path: Path) -> None:
    source = ndjson(tmp_path / f"regatta{ESC}[31m.ndjson", HOSTILE)
    seen = [
        stet("add", source, "--blog", "b"),
        stet("ask", "Who", "lost", "her", "mast?"),
        stet("ask", "--json", "Who", "lost", "her", "mast?"),
        stet("ask", "What is the capital of Mongolia?"),
        stet("show", "b/h1"),
        stet("show", "b/h1", "--versions"),
        stet("show", "b/h1", "--json"),
        stet("status"),
        stet("status", "--json"),
        stet("show", f"b/{ESC}[2J"),
        stet("add", tmp_path / f"{ESC}[2J.txt"),
        stet(f"{ESC}[2J"),
    ]
    for finished in seen:
        assert ALLOWED.fullmatch(finished.out), finished.out
        assert ALLOWED.fullmatch(finished.err), finished.err
    assert "The schooner ␛[31mLarkspur␛[0m lost her" in seen[1].out
    asked = seen[2].object()
    [passage] = asked["passages"] or asked["nearest"]
    assert passage["text"].startswith(f"The schooner {ESC}[31mLarkspur{ESC}[0m lost her \x9b5mmast")


def test_a_quotation_stands_indented_and_whole_above_its_citation(make_archive: Callable[..., Archive]) -> None:
    archive = make_archive(Path(__file__).parents[1] / "bot" / "sample" / "river-wend-flood-2031-02-03.txt")
    given = archive.ask("Will the council leader resign?", limit=1)
    [one] = given.passages
    lines = terminal.reply(render.answer(given)).split("\n")
    quoted = [f"  {line}" for line in one.passage.text.split("\n")]
    assert lines[0] == "What was published:"
    at = lines.index(quoted[0])
    assert lines[at : at + len(quoted)] == quoted
    assert lines[at + len(quoted)].startswith("  river wend flood, 9.58pm GMT, Monday 3 February 2031")
    assert ESC not in "\n".join(lines)


def test_versions_show_what_each_took_out_and_put_in(stet: Command, tmp_path: Path) -> None:
    first = {**REGATTA[1], "text": "The Larkspur lost her mast.\nTwo were hurt.\nThe crew rowed home."}
    source = ndjson(tmp_path / "regatta.ndjson", [first])
    assert stet("add", source, "--blog", "b").status == 0
    ndjson(source, [{**first, "text": "The Larkspur lost her mast.\nNobody was hurt.\nThe crew rowed home."}])
    assert stet("add", source, "--blog", "b").status == 0
    seen = re.compile(r", seen \d+\.\d\d[ap]m UTC\+01, .*$", re.MULTILINE)
    shown = stet("show", "b/r2", "--versions").out
    assert len(seen.findall(shown)) == 1
    assert seen.sub("", shown).splitlines() == [
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 1 of 2, superseded",
        "Mast breaks",
        "",
        "The Larkspur lost her mast.",
        "Two were hurt.",
        "The crew rowed home.",
        "",
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 2 of 2, live",
        "Mast breaks",
        "",
        "- Two were hurt.",
        "+ Nobody was hurt.",
        "~ Two were → Nobody was",
    ]
    assert seen.sub("", stet("show", "b/r2").out).splitlines() == [
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 2 of 2, live",
        "Mast breaks",
        "",
        "The Larkspur lost her mast.",
        "Nobody was hurt.",
        "The crew rowed home.",
    ]


SEEN = re.compile(r"seen .*$", re.MULTILINE)


def revised(make_archive: Callable[..., Archive], tmp_path: Path, *changes: dict[str, object] | None) -> Archive:
    """An archive with an entry `b/r2` of several versions: what changed of each, None where it was deleted."""
    archive = make_archive()
    source = tmp_path / "regatta.ndjson"
    for change in changes:
        rows = list(REGATTA) if change is not None else [REGATTA[0], *REGATTA[2:]]
        if change is not None:
            rows[1] = {**REGATTA[1], "title": "Mast", "author": "Ann One", "text": "A mast broke.", **change}
        ndjson(source, rows)
        options = SourceOptions(blog="b")
        archive.add([str(source)], options, datetime.now(UTC), lambda *_: None, accept_deletions=True)
    return archive


def test_versions_show_another_title_and_author(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = revised(make_archive, tmp_path, {}, {"author": "Bea Two"}, {"author": None, "title": "Mast breaks"})
    shown = SEEN.sub("seen", "\n".join(terminal.versions(archive.versions_of("b/r2")))).splitlines()
    assert shown == [
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 1 of 3, superseded",
        "Mast",
        "",
        "A mast broke.",
        "",
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 2 of 3, superseded, seen",
        "Mast",
        "",
        "~ author: Ann One → Bea Two",
        "",
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 3 of 3, live, seen",
        "Mast breaks",
        "",
        "~ title: Mast → Mast breaks",
        "~ author: Bea Two → ∅",
    ]


def test_versions_after_one_that_was_taken_down_begin_anew(
    make_archive: Callable[..., Archive], tmp_path: Path
) -> None:
    archive = revised(make_archive, tmp_path, {}, {"text": "A boom broke."}, {"text": "A boom tore."})
    archive.take_down("b/r2", 1, "legal", "ann", datetime.now(UTC), lambda *_: None)
    shown = SEEN.sub("seen", "\n".join(terminal.versions(archive.versions_of("b/r2")))).splitlines()
    assert shown == [
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 1 of 3, taken down",
        "",
        "",
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 2 of 3, superseded, seen",
        "Mast",
        "",
        "A boom broke.",
        "",
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 3 of 3, live, seen",
        "Mast",
        "",
        "- A boom broke.",
        "+ A boom tore.",
        "~ broke. → tore.",
    ]


def test_a_deleted_entry_is_shown_with_its_last_wording(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    versions = revised(make_archive, tmp_path, {}, None).versions_of("b/r2")
    assert SEEN.sub("seen", "\n".join(terminal.entry(versions))).splitlines() == [
        "regatta, 11.30am UTC+01, Saturday 14 June 2031",
        "b/r2, version 1 of 2, deleted from its source, seen",
        "Mast",
        "",
        "A mast broke.",
    ]
    shown = objects.entry(versions)
    assert (shown["title"], shown["status"]) == ("Mast", "deleted")
    assert [one["text"] for one in shown["versions"]] == ["A mast broke.", ""]


def test_the_state_says_who_may_see_a_blog(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    archive = make_archive()
    options = SourceOptions(
        blog="b",
        visibility=("C024BE91L", "G0000001"),
        sensitive=True,
        embargo_until=datetime(2099, 1, 1, tzinfo=UTC),
    )
    archive.add([str(ndjson(tmp_path / "regatta.ndjson", REGATTA))], options, datetime.now(UTC), lambda *_: None)
    lines = list(terminal.state(archive.state()))
    assert lines[0] == "b: regatta"
    assert lines[1] == (
        "  4 entries, 4 versions, 9.05am UTC+01, Saturday 14 June 2031 to 4.40pm UTC+01, Saturday 14 June 2031"
    )
    assert lines[3] == (
        "  visibility C024BE91L, G0000001, sensitive, embargo until 12.00am UTC, Thursday 1 January 2099"
    )
    unindexed = replace(archive.state(), manifest=None)
    assert list(terminal.state(unindexed))[-1] == "no index yet: run stet reindex"


def test_a_progress_bar_goes_to_a_terminal_and_the_answer_to_standard_output() -> None:
    """Standard error is a terminal, standard output is not: the one gets the bar, the other what is printed."""
    ours, theirs = pty.openpty()
    code = """
from bot import output, terminal
with terminal.progress("Embedding") as progress:
    progress(0, 2)
    output.say('{"passages_embedded": 2}')
    progress(2, 2)
"""
    process = start_python(code, stderr=theirs)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    finished = finish(process)
    os.close(ours)
    assert finished.status == 0
    assert finished.object() == {"passages_embedded": 2}
    assert b"Embedding" in shown
    assert b"passages_embedded" not in shown


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65_536)
    except OSError:  # how Linux says that the other end is closed
        return b""
