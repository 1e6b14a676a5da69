"""`stet check`: the contract field for field, exit statuses, what a person at a terminal reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.embedding import Embedder
from tests.command import Command, Json, ndjson
from tests.contract import CHECK, conforms

GAUGE = "The gauge at Wendbridge stood at 1,400 millimetres, the harbour board said."
ROWS = [
    {"id": "g1", "time": "2031-02-03T08:01:00+00:00", "title": "Gauge rises", "text": GAUGE},
    {
        "id": "g2",
        "time": "2031-02-03T08:12:00+00:00",
        "author": "Perpetua Inkersole",
        "url": "https://news.example/live/flood#g2",
        "text": "Ottoline Brask said: “No ferry will sail before the gauge falls.” She spoke at the quay.",
    },
    {
        "id": "g3",
        "time": "2031-02-03T08:30:00+00:00",
        "text": "The gauge at Wendbridge stood at 1,450 millimetres, the harbour board said.",
    },
]


@pytest.fixture(scope="module")
def stet(tmp_path_factory: pytest.TempPathFactory, embedder: Embedder) -> Iterator[Command]:
    folder = tmp_path_factory.mktemp("check")
    with pytest.MonkeyPatch.context() as patch:
        stet = Command(folder / "home", embedder, patch)
        added = stet("add", ndjson(folder / "flood.ndjson", ROWS), "--blog", "flood", "--title", "River Wend flood")
        assert added.status == 0
        yield stet


def test_the_object_is_as_the_contract_has_it(stet: Command) -> None:
    finished = stet("check", GAUGE.replace("1,400", "1,500"), "--json")
    assert (finished.status, finished.err) == (1, "")
    found = finished.object()
    conforms(found, CHECK)
    assert (found["verdict"], found["passes"], found["speaker"]) == ("altered", False, None)
    match = found["matches"][0]
    assert match["edits"] == [
        {
            "op": "replace",
            "kind": "number",
            "quote": "1,500",
            "source": "1,400",
            "quote_span": [33, 38],
            "source_span": [33, 38],
        }
    ]
    assert (match["place"], match["fragment"], match["field"], match["text"]) == (0, 0, "text", GAUGE)
    assert match["citation"]["label"] == "8.01am UTC, Monday 3 February 2031"
    assert [one["citation"]["entry"] for one in found["matches"]] == ["flood/g1", "flood/g3"]


def test_each_match_is_proved_by_the_entry(stet: Command) -> None:
    for quote in (
        GAUGE,
        "No ferry will sail … the gauge falls",
        "Gauge rises",
        "The gauge at Wendbridge stood at 1,499",
    ):
        for match in (found := stet("check", quote, "--json").object())["matches"] + found["nearest"]:
            assert _proved(stet, match)


def _proved(stet: Command, match: Json) -> bool:
    entry = stet("show", match["citation"]["entry"], "--json").object()
    version = entry["versions"][match["citation"]["version"] - 1]
    field = version[match["field"]]
    assert match["text"] == field[match["start"] : match["end"]] != ""
    assert match["citation"]["sha256"] == hashlib.sha256(match["text"].encode()).hexdigest()
    assert match["sentence"][0] <= match["start"] < match["end"] <= match["sentence"][1]
    if said_by := match["said_by"]:
        assert said_by["text"] == field[said_by["start"] : said_by["end"]]
    return True


@pytest.mark.parametrize(
    ("words", "status", "verdicts"),
    [
        ([GAUGE], 0, ["exact"]),
        ([GAUGE, "“No ferry will sail before the gauge falls.”"], 0, ["exact", "exact"]),
        ([GAUGE, "A ferry will sail before the gauge falls."], 1, ["exact", "altered"]),
        (["ferry will sail before the gauge falls"], 1, ["exact"]),
        (["The bishop of Low Wend has resigned"], 1, ["not_found"]),
        ([GAUGE, "--blog", "flood"], 0, ["exact"]),
        ([GAUGE, "--as-of", "2031-02-03T08:00"], 1, ["not_found"]),
    ],
)
def test_the_status_says_whether_all_pass(stet: Command, words: list[str], status: int, verdicts: list[str]) -> None:
    finished = stet("check", *words, "--json")
    assert (finished.status, [one["verdict"] for one in finished.objects()]) == (status, verdicts)


@pytest.mark.parametrize(
    ("speaker", "verdict"),
    [("Ottoline Brask", "confirmed"), ("Casimir Thole", "different"), ("the harbour board", "unclear")],
)
def test_the_speaker_is_judged(stet: Command, speaker: str, verdict: str) -> None:
    found = stet("check", "No ferry will sail before the gauge falls.", "--speaker", speaker, "--json").object()
    conforms(found, CHECK)
    assert found["speaker"]["verdict"] == verdict
    match = found["matches"][0]
    assert (match["direct_speech"], match["said_by"]["text"]) == (True, "Ottoline Brask said")


def test_quotations_come_from_a_file_one_a_line(stet: Command) -> None:
    lines = f"{GAUGE}\r\n\n?!\nNo ferry will sail before the gauge falls\n".encode()
    finished = stet("check", "--from", "-", stdin=lines)
    first, blank, marks, last = finished.objects()
    assert finished.status == 1
    assert (first["verdict"], last["verdict"]) == ("exact", "exact")
    assert blank == {
        "quote": "",
        "error": 'there is no word to check; give the quotation, as in: stet check "No one knows"',
    }
    assert marks["error"] == blank["error"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["check"], 'there is no quotation; give one: stet check "No one knows the true scale"'),
        (["check", "?!"], 'there is no word to check; give the quotation, as in: stet check "No one knows"'),
        (["check", "x" * 10_001], "the quotation has 10,001 characters, at most 10,000 are taken; check it in parts"),
        (["check", "n\udce9"], "the quotation 'n\\udce9' is not UTF-8"),
        (["check", "--from", "-", "x"], "quotations are given both as words and with --from"),
        (["check", "x", "--speaker", " "], "--speaker is ' '; give a name"),
        (["check", "x", "--blog", "nowhere"], "there is no blog 'nowhere'"),
        (["check", "x", "--as-of", "then"], "--as-of: 'then' is no ISO 8601 time"),
    ],
)
def test_each_refusal_is_one_line(stet: Command, words: list[str], said: str) -> None:
    assert said in stet(*words).refusal()


def test_an_empty_archive_is_refused(tmp_path: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
    stet = Command(tmp_path / "home", embedder, monkeypatch)
    assert stet("check", "x").refusal() == "the archive is empty; add a live blog first: stet add FILE"


def test_what_a_person_reads(stet: Command) -> None:
    finished = stet("check", GAUGE.replace("1,400", "1,500").replace("harbour", "harbor"))
    assert (
        finished.out
        == """\
ALTERED: published in other words.
It does not pass.

As given, with [-what was published-] and {+what stands in its place+}:
  The gauge at Wendbridge stood at [-1,400-]{+1,500+} millimetres, the [-harbour-]{+harbor+} board said.
1. a number was changed: [-1,400-]{+1,500+}
2. the spelling was changed: [-harbour-]{+harbor+}
As published, in its sentence:
  The gauge at Wendbridge stood at 1,400 millimetres, the harbour board said.
  in the entry’s own words
  River Wend flood, 8.01am UTC, Monday 3 February 2031, “Gauge rises”

As published, in its sentence:
  The gauge at Wendbridge stood at 1,450 millimetres, the harbour board said.
  in the entry’s own words
  River Wend flood, 8.30am UTC, Monday 3 February 2031
"""
    )


def test_a_caution_shows_the_words_that_were_left_out(stet: Command) -> None:
    out = stet("check", "ferry will sail before the gauge falls", "--speaker", "Ottoline Brask").out
    assert out.startswith("EXACT: published in these very words.\nIt does not pass.\nCONFIRMED: the entry names")
    assert "CAUTION: the quotation leaves out a negation of the sentence: No\n" in out
    assert "  Ottoline Brask said: “No ferry will sail before the gauge falls.”\n" in out


def test_a_title_is_shown_as_one(stet: Command) -> None:
    out = stet("check", "Gauge rises").out
    assert "As published, in a title:\nGauge rises\n" in out


def test_words_that_steer_a_terminal_do_not(stet: Command) -> None:
    out = stet("check", "The gauge at \x1b[31mWendbridge stood at 1,400 millimetres").out
    assert "\x1b" not in out
    assert "␛[31m" in out
