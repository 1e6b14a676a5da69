"""`stet check-draft`: every quotation of a draft, on the screen, as JSON and as a page; each refusal is one line."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import wording
from retrieval.embedding import Embedder
from tests.command import Command, finish, ndjson, obey_permissions, start
from tests.contract import CHECK, conforms
from tests.drafted import CORRECTED, GAUGE, ROWS, STORY, word
from tests.page_walk import paragraphs, tree

COUNTS = {
    "quotations": int,
    "passing": int,
    "different_speakers": int,
    "exact": int,
    "typographic": int,
    "elided": int,
    "altered": int,
    "spliced": int,
    "not_found": int,
    "no_verdict": int,
}
SKIPPED = {"start": int, "end": int, "text": str, "reason": str}
DRAFT = {
    "draft": str,
    "passes": bool,
    "quotations": [{"start": int, "end": int, "kind": str, "speaker_named": object, "check": CHECK}],
    "skipped": [SKIPPED],
    "warnings": list,
    "counts": COUNTS,
    "elapsed_ms": float,
}

FERRY = "No ferry will sail before the gauge falls"
PASSING = f"The board: “{GAUGE}” Ottoline Brask said: “{FERRY}.”"
HTML = f"<!doctype html><title>x</title><p>The board: “{GAUGE}”</p><p>Ottoline Brask said: “{FERRY}.”</p>"


@pytest.fixture(scope="module")
def stet(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("drafts")
    with pytest.MonkeyPatch.context() as patch:
        stet = Command(folder / "home", embedder, patch)
        for rows in (ROWS, CORRECTED):
            added = stet(
                "add", ndjson(folder / "flood.ndjson", rows), "--blog", "flood", "--title", "River Wend flood"
            )
            assert added.status == 0, added.err
        yield stet


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


# ------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", PASSING),
        ("a.md", PASSING),
        ("a.html", HTML),
        ("a.docx", word(f"The board: “{GAUGE}”", f"Ottoline Brask said: “{FERRY}.”")),
    ],
)
def test_every_format_is_checked(stet: Command, write: Any, name: str, content: str | bytes) -> None:
    finished = stet("check-draft", write(name, content))
    assert (finished.status, finished.err) == (0, "")
    assert finished.out == (
        f"1. EXACT: “{GAUGE}” River Wend flood, 8.01am UTC, Monday 3 February 2031, “Gauge <b>rises</b> at "
        "Wendbridge”, Open the entry: https://news.example/live/flood?a=1&b=2#g1\n"
        f"2. EXACT: “{FERRY}.” River Wend flood, 8.12am UTC, Monday 3 February 2031, by Perpetua <i>Inkersole</i>\n"
        "\n"
        "Quotations: 2. Passing: 2. EXACT: 2.\n"
    )


def test_what_does_not_pass_is_shown_in_full(stet: Command, write: Any) -> None:
    wrong = GAUGE.replace("1,400", "1,500")
    draft = write(
        "a.txt", f"“{GAUGE}”\n“{wrong}”\n“{FERRY},” Casimir Thole said.\nIt was “cut off”, 'tis said.\n“{GAUGE}”"
    )
    finished = stet("check-draft", draft)
    assert finished.status == 1
    cited = "River Wend flood, 8.01am UTC, Monday 3 February 2031, “Gauge <b>rises</b> at Wendbridge”"
    link = "Open the entry: https://news.example/live/flood?a=1&b=2#g1"
    assert (
        finished.out
        == f"""\
1. EXACT: “{GAUGE}” {cited}, {link}

2. ALTERED: published in other words.
It does not pass.

{wording.GIVEN_MARKED.format()}
  The gauge at Wendbridge stood at [-1,400-]{{+1,500+}} millimetres, the harbour board said.
1. a number was changed: [-1,400-]{{+1,500+}}
{wording.IN_ITS_SENTENCE}
  {GAUGE}
  in the entry’s own words
  {cited}, {link}

3. TYPOGRAPHIC: published in these words; marks, dashes, spaces or a capital differ.
It passes.
DIFFERENT: the entry names another than Casimir Thole as the one who said it.

{wording.GIVEN}
  {FERRY},
{wording.IN_ITS_SENTENCE}
  Ottoline Brask said: “{FERRY}.”
  in direct speech, attributed as: Ottoline Brask said
  River Wend flood, 8.12am UTC, Monday 3 February 2031, by Perpetua <i>Inkersole</i>

4. EXACT: “{GAUGE}” {cited}, {link}

Quotations: 4. Passing: 3. EXACT: 2, TYPOGRAPHIC: 1, ALTERED: 1. Another speaker than the draft names: 1. \
In quotation marks and not checked: 2 (one or two words: 1, an apostrophe: 1).
"""
    )


def test_a_draft_without_quotations_does_not_pass(stet: Command, write: Any) -> None:
    finished = stet("check-draft", write("a.txt", "It was “cut off”."))
    assert (finished.status, finished.err) == (1, "")
    assert finished.out == (
        "a.txt holds no quotation: none in quotation marks of more than two words, and no block quote.\n"
        "Quotations: 0. Passing: 0. In quotation marks and not checked: 1 (one or two words: 1).\n"
    )
    found = stet("check-draft", write("a.txt", "It was “cut off”."), "--json").object()
    assert (found["passes"], found["quotations"], found["counts"]["quotations"]) == (False, [], 0)


def test_the_object_is_as_it_is_documented(stet: Command, write: Any) -> None:
    draft = f"“{GAUGE}” it said.\n“{FERRY},” Casimir Thole said. It was “cut off”."
    finished = stet("check-draft", write("a.txt", draft), "--json")
    assert (finished.status, finished.err) == (0, "")
    found = finished.object()
    conforms(found, DRAFT)
    first, second = found["quotations"]
    assert (first["start"], first["end"], first["kind"]) == (1, 1 + len(GAUGE), "marks")
    assert draft[second["start"] : second["end"]] == second["check"]["quote"] == f"{FERRY},"
    named = second["speaker_named"]
    assert (named["text"], draft[named["start"] : named["end"]]) == ("Casimir Thole", "Casimir Thole")
    assert second["check"]["speaker"]["verdict"] == "different"
    assert second["check"]["passes"] is True
    assert found["counts"] == {
        **dict.fromkeys(COUNTS, 0),
        "quotations": 2,
        "passing": 2,
        "different_speakers": 1,
        "exact": 1,
        "typographic": 1,
    }
    [skipped] = found["skipped"]
    assert (skipped["text"], skipped["reason"]) == ("“cut off”", "scare_quotes")
    assert draft[skipped["start"] : skipped["end"]] == skipped["text"]


def test_words_that_cannot_be_checked_do_not_pass(stet: Command, write: Any) -> None:
    path = write("a.txt", f"“{GAUGE}” and “— — —” too.")
    finished = stet("check-draft", path, "--json")
    found = finished.object()
    assert (finished.status, found["passes"], found["counts"]["no_verdict"]) == (1, False, 1)
    last = found["quotations"][1]
    assert (last["check"], last["error"]) == (
        None,
        'there is no word to check; give the quotation, as in: stet check "No one knows"',
    )
    out = stet("check-draft", path).out
    assert "2. It is too long to be checked here, or holds no word.\n\n  — — —\n" in out
    assert out.endswith("Quotations: 2. Passing: 1. EXACT: 1, NO VERDICT: 1.\n")


def test_what_was_not_read_is_warned_of_beside_the_result(stet: Command, write: Any) -> None:
    path = write("a.html", f"<p>“{GAUGE}”</p><svg><text>“No word of this is read at all”</text></svg>")
    finished = stet("check-draft", path, "--json")
    found = finished.object()
    assert finished.err == "".join(f"stet: a.html: {one}\n" for one in found["warnings"])
    assert len(found["warnings"]) == 1


def test_words_that_steer_a_terminal_do_not(stet: Command, write: Any) -> None:
    finished = stet(
        "check-draft", write("a.txt", "“The gauge \x1b[31mat Wendbridge stood \x9b at 1,400 millimetres”")
    )
    assert not set("\x1b\x9b") & set(finished.out)
    assert "␛[31m" in finished.out


# ------------------------------------------------------------------------------------------------ the report


def test_the_report_is_written_whole(stet: Command, write: Any, tmp_path: Path) -> None:
    path, out = write("story.md", STORY), tmp_path / "report.html"
    out.write_text("what was there before", encoding="utf-8")
    finished = stet("check-draft", path, "--html", out)
    assert finished.status == 1
    assert finished.out.endswith(f"The report is in {out}\n")
    page = out.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>\n")
    assert page.endswith("</html>\n")
    root = tree(page)
    assert len(list(root.all("article"))) == 15
    assert paragraphs(root)[0] == "The river & the <town>"
    assert "Compared with: live blogs: 1, entries: 7, from 8.01am UTC" in page.replace("</bdi>", "").replace(
        '<span class="figure">', ""
    ).replace("</span>", "")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["report.html", "story.md"]
    assert path.read_text(encoding="utf-8") == STORY


def test_the_report_goes_with_json(stet: Command, write: Any, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    old = os.umask(0o022)
    try:
        found = stet("check-draft", write("a.txt", PASSING), "--json", "--html", out).object()
    finally:
        os.umask(old)
    assert found["passes"] is True
    assert stat.S_IMODE(out.stat().st_mode) == 0o644
    assert "2 EXACT" in "".join(one.text() for one in tree(out.read_text(encoding="utf-8")).of("badge"))


def test_a_link_is_followed_to_the_file_it_names(stet: Command, write: Any, tmp_path: Path) -> None:
    out, link = tmp_path / "report.html", tmp_path / "link.html"
    link.symlink_to(out)
    assert stet("check-draft", write("a.txt", PASSING), "--html", link).status == 0
    assert link.is_symlink()
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_what_is_held_or_under_embargo_is_in_no_report(
    tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    hidden = [{"id": "h1", "time": "2031-02-03T08:00:00Z", "text": "The mayor will open the new lock on Friday."}]
    assert stet("add", ndjson(tmp_path / "a.ndjson", ROWS), "--blog", "flood").status == 0
    added = stet(
        "add", ndjson(tmp_path / "b.ndjson", hidden), "--blog", "lock", "--embargo-until", "2199-01-01T00:00Z"
    )
    assert added.status == 0, added.err
    assert stet("hold", "flood/g2").status == 0
    draft = tmp_path / "a.txt"
    draft.write_text(f"“The mayor will open the new lock on Friday.” “{FERRY}.” “{GAUGE}”", encoding="utf-8")
    out = tmp_path / "report.html"
    found = stet("check-draft", draft, "--json", "--html", out).object()
    assert [one["check"]["verdict"] for one in found["quotations"]] == ["not_found", "not_found", "exact"]
    root = tree(out.read_text(encoding="utf-8"))
    assert "Compared with: live blogs: 1, entries: 6," in root.text()
    assert "lock" not in "".join(one.text() for one in root.of("place"))
    assert "8.12am" not in root.text()


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("none.txt", None, "none.txt does not exist; check the path"),
        ("a.pdf", b"%PDF-1.7", "a.pdf is a PDF; save it from its own program as Word (.docx) or text (.txt)"),
        ("a.odt", b"words", "a.odt is of a kind that is not read; save it as one of these: .txt, .text, .md,"),
        ("a.txt", "“Caf\xe9 ferm\xe9 ce soir”".encode("cp1252"), "a.txt is not UTF-8"),
        ("a.docx", b"words", "a.docx is no Word document, whatever its name says; save it from Word as .docx"),
        ("a.txt", b"x" * 1_000_001, "a.txt holds more than 1,000,000 characters; split it, and check the parts"),
        ("a.txt", b"a\0b", "a.txt is a binary file (a NUL byte at offset 1); save it as text"),
    ],
)
def test_each_refused_draft_is_one_line(
    stet: Command, write: Any, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    path = tmp_path / name if content is None else write(name, content)
    out = tmp_path / "report.html"
    finished = stet("check-draft", path, "--html", out)
    assert said in finished.refusal()
    assert finished.out == ""
    assert not out.exists()


def test_an_oversized_draft_is_refused(stet: Command, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STET_SOURCE_SIZE_LIMIT", "1000000")
    refusal = stet("check-draft", write("a.txt", b"x " * 600_000)).refusal()
    assert refusal.endswith("a.txt is larger than 1 MB; split it, or raise STET_SOURCE_SIZE_LIMIT")


def test_an_empty_draft_holds_no_quotation(stet: Command, write: Any) -> None:
    assert stet("check-draft", write("a.txt", "")).status == 1


def test_an_empty_archive_is_refused(
    tmp_path: Path, write: Any, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    for words in (PASSING, "Nothing is quoted."):
        refusal = stet("check-draft", write("a.txt", words)).refusal()
        assert refusal == "the archive is empty; add a live blog first: stet add FILE"


@pytest.mark.parametrize(
    ("out", "said"),
    [
        ("", "--html names a folder: .; name a file in it, such as report.html"),
        ("{folder}", "--html names a folder: {folder}; name a file in it, such as report.html"),
        ("{folder}/a.txt", "--html names the draft itself: {folder}/a.txt; name another file, such as report.html"),
        ("{folder}/same.txt", "--html names the draft itself: {folder}/same.txt"),
        ("{folder}/none/r.html", "--html: there is no folder {folder}/none; make it, or name a file elsewhere"),
        ("{folder}/a.txt/r.html", "--html: there is no folder {folder}/a.txt"),
        ("{home}/archive.db", "--html names a file in the archive's own folder: {home}/archive.db"),
        ("{home}/report.html", "--html names a file in the archive's own folder"),
        ("/dev/null", "--html names no regular file: /dev/null"),
        ("r\udce9.html", "--html 'r\\udce9.html' is not UTF-8"),
        ("{folder}/" + "x" * 300, "File name too long"),
    ],
)
def test_a_report_is_never_written_over_what_matters(
    stet: Command, write: Any, tmp_path: Path, out: str, said: str
) -> None:
    path = write("a.txt", PASSING)
    (tmp_path / "same.txt").hardlink_to(path)
    names = {"folder": tmp_path, "home": stet.home}
    finished = stet("check-draft", path, "--html", out.format(**names))
    assert said.format(**names) in finished.refusal()
    assert finished.out == ""
    assert path.read_text(encoding="utf-8") == PASSING
    assert stet("status").status == 0


def test_a_folder_that_may_not_be_written_is_told(stet: Command, write: Any, tmp_path: Path) -> None:
    path, closed = write("a.txt", PASSING), tmp_path / "closed"
    closed.mkdir(mode=0o500)
    words = ("--home", stet.home, "check-draft", path, "--html", closed / "r.html")
    refusal = finish(start(*words, preexec_fn=obey_permissions)).refusal()
    assert refusal.startswith("the report was not written: ")
    assert refusal.endswith("; name another file with --html")
    assert list(closed.iterdir()) == []
