"""The command line's options become the types of `retrieval`, or are refused with what would be right."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import options
from retrieval.errors import DiskError, UsageError
from retrieval.model import SourceOptions

NOTHING: dict[str, Any] = {
    "title": None,
    "date": None,
    "timezone": None,
    "language": None,
    "url": None,
    "blog": None,
    "visibility": None,
    "sensitive": None,
    "embargo_until": None,
}


def test_nothing_said_is_nothing_known() -> None:
    assert options.source_options(**NOTHING) == SourceOptions()


def test_everything_said() -> None:
    said = options.source_options(
        title="  The  Quillhaven\nregatta ",
        date="2031-06-14",
        timezone="Europe/London",
        language="en-GB",
        url="https://news.example/regatta?live=1",
        blog="regatta",
        visibility="G0000001, C024BE91L,C024BE91L",
        sensitive=True,
        embargo_until="2031-06-14T12:00",
    )
    assert said == SourceOptions(
        title="The Quillhaven regatta",
        date=date(2031, 6, 14),
        timezone="Europe/London",
        language="en-GB",
        url="https://news.example/regatta?live=1",
        blog="regatta",
        visibility=("C024BE91L", "G0000001"),
        sensitive=True,
        embargo_until=datetime.fromisoformat("2031-06-14T12:00+01:00"),
    )
    assert options.source_options(**NOTHING | {"visibility": "public"}).visibility == ()


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("title", " ", "--title has 0 characters; give 1 to 200"),
        ("title", "x" * 201, "--title has 201 characters"),
        ("title", "caf\udce9", "--title 'caf\\udce9' is not UTF-8"),
        ("date", "26 August 2014", "--date is '26 August 2014'; write the day like 2014-08-26"),
        ("date", "2014-02-30", "--date is '2014-02-30'"),
        ("date", "20140826", "--date is '20140826'"),
        ("date", "0026-08-14", "--date is '0026-08-14'"),
        ("date", "9999-12-31", "--date is '9999-12-31'"),
        ("timezone", "Europe/Londno", "unknown time zone 'Europe/Londno'; give an IANA name"),
        ("timezone", "", "unknown time zone ''"),
        ("timezone", "../../etc/passwd", "unknown time zone '../../etc/passwd'"),
        ("timezone", "/etc/localtime", "unknown time zone '/etc/localtime'"),
        ("timezone", "BST", "unknown time zone 'BST'"),
        ("language", "English please", "--language is 'English please'; give a code such as en"),
        ("url", "news.example/regatta", "--url is 'news.example/regatta'; give an address such as https://"),
        ("url", "javascript:alert(1)", "--url is 'javascript:alert(1)'"),
        ("url", "https://news.example/a|b", "--url is"),
        ("url", "https://news.example/a b", "--url is"),
        ("blog", "a/b", "--blog is 'a/b'; give an id without slash or space"),
        ("blog", "a b", "--blog is 'a b'"),
        ("blog", "", "--blog is ''"),
        ("blog", "x" * 201, "--blog is 'xxx"),
        ("blog", "caf\udce9", "--blog 'caf\\udce9' is not UTF-8"),
        ("visibility", "", "--visibility names '', which is no channel's id"),
        ("visibility", "#newsroom", "--visibility names '#newsroom'"),
        ("visibility", "public,C024BE91L", "--visibility names 'public'"),
        ("visibility", "C024BE91L,", "--visibility names ''"),
        ("embargo_until", "tomorrow", "--embargo-until: 'tomorrow' is no ISO 8601 time"),
        (
            "embargo_until",
            "2031-06-14T12:00",
            "has no offset; add it, as in 2014-08-26T17:00+01:00, or give --timezone",
        ),
        ("embargo_until", "0001-01-01T00:00+14:00", "--embargo-until is '0001-01-01T00:00+14:00'"),
    ],
)
def test_a_wrong_option_is_refused_with_what_would_be_right(option: str, value: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        options.source_options(**NOTHING | {option: value})
    assert said in str(raised.value)


def test_the_sources_go_with_what_is_said(tmp_path: Path) -> None:
    named = SourceOptions(blog="regatta")
    options.sources(SourceOptions(), ["a.txt", "b.txt", "-"])
    options.sources(named, ["a.txt"])
    options.sources(named, ["-"])
    for given in (["a.txt", "b.txt"], [str(tmp_path)]):
        with pytest.raises(UsageError, match="--blog names one live blog, and several sources are given"):
            options.sources(named, given)
    with pytest.raises(UsageError, match="standard input is named twice"):
        options.sources(SourceOptions(), ["-", "-"])
    with pytest.raises(UsageError, match="a source is an empty word"):
        options.sources(SourceOptions(), [""])
    with pytest.raises(UsageError, match="is not UTF-8; write it in UTF-8, or rename the file"):
        options.sources(SourceOptions(), ["bl\udcf6g.txt"])


def test_home() -> None:
    assert options.home(None) is None
    assert options.home("archive") == Path("archive")
    for empty in ("", " "):
        with pytest.raises(UsageError, match="--home is empty; name the archive's folder"):
            options.home(empty)


def test_words_are_joined_to_one_question() -> None:
    assert options.questions(["Who", "broke", "the mast?"], None) == ["Who broke the mast?"]
    for nothing in (None, [], ["  "]):
        with pytest.raises(UsageError, match="there is no question; ask one: stet ask"):
            options.questions(nothing, None)


def test_at_most_so_many_passages() -> None:
    assert [options.limit(value) for value in ("1", "3", "50")] == [1, 3, 50]
    for wrong in ("0", "51", "-1", "3.5", "three", "", " 3", "³", "9" * 5_000):
        with pytest.raises(UsageError, match=r"^-k is .*; give a number from 1 to 50$"):
            options.limit(wrong)


def test_only_a_line_feed_ends_a_line(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    file.write_bytes("\ufeffWho won?\r\n\nWhat of\u2028Larkspur\u0085and\x0cher crew?\nlast".encode())
    assert options.questions(None, str(file)) == [
        "Who won?",
        "",
        "What of\u2028Larkspur\u0085and\x0cher crew?",
        "last",
    ]
    file.write_bytes(b"\n")
    assert options.questions(None, str(file)) == [""]
    file.write_bytes(b"one\n\n")
    assert options.questions(None, str(file)) == ["one", ""]


def test_a_file_of_questions_that_cannot_be_taken(tmp_path: Path) -> None:
    file = tmp_path / "questions.txt"
    with pytest.raises(UsageError, match=r"questions\.txt does not exist; check the path"):
        options.questions(None, str(file))
    file.write_bytes(b"")
    with pytest.raises(UsageError, match=r"questions\.txt is empty; write one a line"):
        options.questions(None, str(file))
    file.write_bytes("Où est le bateau ?".encode("latin-1"))
    with pytest.raises(UsageError, match=r"questions\.txt is not UTF-8 at byte 1; save it as UTF-8"):
        options.questions(None, str(file))
    with pytest.raises(UsageError, match="both as words and with --from"):
        options.questions(["Who", "won?"], str(file))
    with pytest.raises(DiskError, match="Is a directory"):
        options.questions(None, str(tmp_path))
