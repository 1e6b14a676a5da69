"""`stet add` and `stet reindex`: what they take, what they report, and that nothing is embedded twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.embedding import Embedder
from tests.command import (
    ORCHARD,
    REGATTA,
    Command,
    ndjson,
    scrape,
)
from tests.contract import ENTRY, REPORT, conforms, prove
from tests.data_folder import SAMPLE


@pytest.fixture
def stet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Command:
    return Command(tmp_path / "home", embedder, monkeypatch)


def test_add_reports_each_source(stet: Command, tmp_path: Path) -> None:
    source = ndjson(tmp_path / "regatta.ndjson", REGATTA)
    report = stet("add", source, "--json").object()
    conforms(report, REPORT)
    assert report["seconds"] > 0
    assert report["passages_embedded"] > 0
    assert {**report, "seconds": 0, "passages_embedded": 0} == {
        "sources": [
            {
                "source": str(source),
                "blog": "regatta-2031-06-14",
                "format": "ndjson",
                "entries": 4,
                "added": 4,
                "edited": 0,
                "deleted": 0,
                "unchanged": 0,
                "refused": [],
            }
        ],
        "skipped": [],
        "passages_embedded": 0,
        "passages_reused": 0,
        "seconds": 0,
    }


def test_the_same_document_twice_changes_nothing_and_embeds_nothing(stet: Command) -> None:
    first = stet("add", SAMPLE, "--json").object()
    before = stet("status", "--json").object()
    second = stet("add", SAMPLE, "--json").object()
    after = stet("status", "--json").object()
    [source] = second["sources"]
    assert (source["added"], source["edited"]) == (0, 0)
    assert source["unchanged"] == source["entries"] == first["sources"][0]["added"] >= 25
    assert (second["passages_embedded"], second["passages_reused"]) == (0, first["passages_embedded"])
    assert after["snapshot"] == before["snapshot"]
    assert after["blogs"][0]["versions"] == before["blogs"][0]["versions"]


def test_an_edited_entry_is_a_new_version(stet: Command, tmp_path: Path) -> None:
    source = ndjson(tmp_path / "regatta.ndjson", REGATTA)
    assert stet("add", source, "--blog", "b").status == 0
    corrected = {**REGATTA[3], "text": "The cutter Bramble has won the Quillhaven cup by twelve seconds."}
    ndjson(source, [*REGATTA[:3], corrected])
    report = stet("add", source, "--blog", "b", "--json").object()
    [found] = report["sources"]
    assert (found["added"], found["edited"], found["unchanged"]) == (0, 1, 3)
    assert 0 < report["passages_embedded"] <= 2
    shown = stet("show", "b/r4", "--json").object()
    conforms(shown, ENTRY)
    assert [(one["number"], one["text"]) for one in shown["versions"]] == [
        (1, REGATTA[3]["text"]),
        (2, corrected["text"]),
    ]
    answer = stet("ask", "--json", "By how many seconds did Bramble win the cup?").object()
    assert prove(stet, answer) >= 1
    first = answer["passages"][0]
    assert first["text"] == corrected["text"]
    assert (first["citation"]["version"], first["citation"]["current"]) == (2, True)
    assert "eleven" not in json.dumps(answer)


def test_reindex_reads_every_source_again(stet: Command, tmp_path: Path) -> None:
    source = ndjson(tmp_path / "regatta.ndjson", REGATTA[:3])
    gone = ndjson(tmp_path / "orchard.ndjson", ORCHARD)
    assert stet("add", source, gone).status == 0
    ndjson(source, [{**REGATTA[0], "title": "Gates open early"}, *REGATTA[1:]])
    report = stet("reindex", "--json").object()
    conforms(report, REPORT)
    counts = [(one["blog"], one["added"], one["edited"], one["unchanged"]) for one in report["sources"]]
    assert counts == [("regatta-2031-06-14", 1, 1, 2), ("orchard-2031-10-02", 0, 0, 2)]
    gone.unlink()
    missing = stet("reindex", "--json")
    assert missing.refusal().startswith(f"refused: {gone} does not exist, but the blog orchard-2031-10-02 was read")
    assert [len(one["refused"]) for one in missing.object()["sources"]] == [0, 1]
    assert stet("status", "--json").object()["entries"] == 6


def test_a_full_reindex_builds_anew_and_embeds_nothing(stet: Command) -> None:
    stet("add", SAMPLE)
    before = stet("status", "--json").object()
    report = stet("reindex", "--full", "--json").object()
    after = stet("status", "--json").object()
    assert (report["passages_embedded"], report["passages_reused"]) == (0, before["passages"])
    assert after["snapshot"] != before["snapshot"]
    assert after["passages"] == before["passages"]


def test_a_folder_takes_its_live_blogs_and_lists_the_rest(stet: Command, tmp_path: Path) -> None:
    folder = tmp_path / "blogs"
    (folder / "deeper").mkdir(parents=True)
    first = ndjson(folder / "deeper" / "orchard.ndjson", ORCHARD)
    second = ndjson(folder / "regatta.ndjson", REGATTA)
    notes = folder / "notes.txt"
    notes.write_text("Buy more rope.\n", encoding="utf-8")
    picture = folder / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    (folder / ".hidden").write_text("not looked at", encoding="utf-8")
    report = stet("add", folder, "--json").object()
    assert [one["source"] for one in report["sources"]] == [str(first), str(second)]
    assert report["skipped"] == [str(notes), str(picture)]
    printed = stet("add", folder)
    assert printed.status == 0
    assert f"skipped, no live blog: {notes}\n" in printed.out
    assert f"skipped, no live blog: {picture}\n" in printed.out


def test_standard_input(stet: Command, tmp_path: Path) -> None:
    data = ndjson(tmp_path / "regatta.ndjson", REGATTA).read_bytes()
    report = stet("add", "-", "--blog", "regatta", "--json", stdin=data).object()
    [source] = report["sources"]
    assert (source["source"], source["blog"], source["added"]) == ("-", "regatta", 4)
    assert stet("status", "--json").object()["blogs"][0]["source"] == "-"
    again = stet("reindex", "--json").object()
    assert (again["sources"], again["passages_embedded"]) == ([], 0)


def test_a_refused_entry_is_named_and_the_good_ones_are_kept(stet: Command, tmp_path: Path) -> None:
    source = tmp_path / "regatta.ndjson"
    lines = [json.dumps(REGATTA[0]), '{"id": "x", "text": "no time"}', json.dumps(REGATTA[1])]
    source.write_text("\n".join(lines), encoding="utf-8")
    finished = stet("add", source, "--blog", "b", "--json")
    assert finished.status == 2
    assert finished.err == f"stet: refused: {source}: line 2: 'time' is missing\n"
    [report] = finished.object()["sources"]
    assert (report["added"], report["refused"]) == (2, [{"entry": "line 2", "reason": "'time' is missing"}])
    assert stet("show", "b/r2", "--json").status == 0


def test_what_was_said_of_a_source_is_stored_and_cited(stet: Command, tmp_path: Path) -> None:
    source = scrape(
        tmp_path / "live.txt",
        ("5.03pm GMT17:03", "Gates openThe gates of the Quillhaven regatta opened at nine."),
        ("4.12pm GMT16:12", "Fog is lifting from the estuary, the harbour master says."),
    )
    words = ("--title", "Quillhaven regatta", "--date", "2031-02-03", "--timezone", "Europe/London", "--language")
    more = ("en-GB", "--url", "https://news.example/regatta", "--blog", "regatta", "--visibility", "C024BE91L")
    assert stet("add", source, *words, *more).status == 0
    [blog] = stet("status", "--json").object()["blogs"]
    assert {key: blog[key] for key in ("id", "title", "url", "timezone", "language", "visibility")} == {
        "id": "regatta",
        "title": "Quillhaven regatta",
        "url": "https://news.example/regatta",
        "timezone": "Europe/London",
        "language": "en-GB",
        "visibility": "C024BE91L",
    }
    answer = stet("ask", "--json", "When did the gates of the regatta open?").object()
    cited = answer["passages"][0]["citation"]
    assert cited["blog_title"] == "Quillhaven regatta"
    assert cited["url"] == "https://news.example/regatta"
    assert cited["title"] == "Gates open"
    assert cited["label"] == "5.03pm GMT, Monday 3 February 2031"


def test_a_date_that_was_found_is_told_with_its_origin(stet: Command, tmp_path: Path) -> None:
    source = scrape(tmp_path / "regatta-2031-02-03.txt", ("5.03pm GMT17:03", "The gates have opened."))
    finished = stet("add", source, "--json")
    assert finished.status == 0
    assert finished.err.splitlines() == [
        "stet: regatta-2031-02-03: time zone Europe/London taken from the label GMT",
        "stet: regatta-2031-02-03: date 2031-02-03 taken from the name regatta-2031-02-03.txt ('2031-02-03')",
    ]
    conforms(finished.object(), REPORT)
