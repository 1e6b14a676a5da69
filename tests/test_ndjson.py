from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import ndjson
from retrieval.sources.document import Document

GOOD = {"id": "good", "time": "2031-02-03T17:00:00+00:00", "text": "The river rose."}


def read(*lines: object, name: str = "flood.ndjson", options: SourceOptions | None = None) -> ReadBlog:
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    given = Document(locator=f"/{name}", name=name, data=text.encode())
    return sources.read(given, options or SourceOptions())


def row(**changed: object) -> dict[str, object]:
    return {**GOOD, "id": "1", **changed}


def test_a_line_becomes_an_entry_with_all_its_fields() -> None:
    line = json.dumps(
        row(
            time="2014-08-26T17:49:00+01:00",
            text="  One.\r\nTwo.\rThree. ",
            title=" Closing\tsummary ",
            author="Dora Finch",
            url="https://news.example/live#1",
            more={"ignored": True},
        )
    )
    blog = read(f"  {line}\r")
    (entry,) = blog.entries
    assert (entry.id, entry.title, entry.author, entry.url) == (
        "1",
        "Closing\tsummary",
        "Dora Finch",
        "https://news.example/live#1",
    )
    assert entry.text == "One.\nTwo.\nThree."
    assert entry.posted_at.isoformat() == "2014-08-26T17:49:00+01:00"
    assert entry.raw == line
    assert entry.edited_at is None
    assert (blog.format, blog.id, blog.title, blog.timezone) == ("ndjson", None, None, "UTC+01:00")


def test_a_title_and_an_author_are_one_line_and_nothing_to_see_is_none() -> None:
    blog = read(
        row(title=" The\n  quay\u2028is shut ", author="Dora\r\nFinch"), row(id="2", title="\u200b", author=" ")
    )
    assert [(one.title, one.author) for one in blog.entries] == [("The quay is shut", "Dora Finch"), (None, None)]


@pytest.mark.parametrize("text", ["\u00ad", "\u200b\ufeff", " \u2060\n"])
def test_a_text_of_invisible_characters_is_empty(text: str) -> None:
    assert [one.reason for one in read(GOOD, row(text=text)).refused] == ["'text' is empty"]


@pytest.mark.parametrize("url", ["https://", "https://news.example/a b", "http://news.example/\n", "ftp://x"])
def test_an_address_that_is_none_refuses_its_line(url: str) -> None:
    (refused,) = read(GOOD, row(url=url)).refused
    assert refused.reason == f"'url' is {json.dumps(url)}, not an http or https address"


def test_entries_come_oldest_first_and_blank_lines_are_nothing() -> None:
    blog = read("", row(id="2", time="2031-02-03T18:00Z"), "  ", row(id="1", time="2031-02-03T18:30+01:00"), "")
    assert [one.id for one in blog.entries] == ["1", "2"]
    assert blog.refused == ()


def test_offsets_are_kept_and_differing_ones_make_no_zone() -> None:
    blog = read(row(id="1", time="2031-02-03T12:00:00-05:00"), row(id="2", time="2031-02-03T19:30:00+01:00"))
    assert [one.posted_at.isoformat() for one in blog.entries] == [
        "2031-02-03T12:00:00-05:00",
        "2031-02-03T19:30:00+01:00",
    ]
    assert blog.timezone is None
    zoned = read(row(), options=SourceOptions(timezone="Europe/London", url="https://news.example/live"))
    assert (zoned.timezone, zoned.url) == ("Europe/London", "https://news.example/live")


@pytest.mark.parametrize(
    "id_",
    [
        "a/b/c",
        '"quoted"',
        "🌊",
        "it's",
        "x" * 200,
        "a b",
        "-",
        "\\",
        "<!channel>",
        "2031-02-03T17:00Z-1",
        "é",
        "e\u0301",
    ],
)
def test_an_id_may_be_almost_anything(id_: str) -> None:
    assert read(row(id=id_)).entries[0].id == id_


def test_a_number_is_an_id_too() -> None:
    assert read(row(id=17)).entries[0].id == "17"


REFUSED = [
    (row(id=None), "'id' is missing"),
    (row(id=""), "'id' is \"\": 1 to 200 characters, without control characters"),
    (row(id="  "), "'id' is \"  \": 1 to 200 characters, without control characters"),
    (row(id="a\nb"), "'id' is \"a\\nb\": 1 to 200 characters, without control characters"),
    (row(id="a\0b"), "'id' is \"a\\u0000b\": 1 to 200 characters, without control characters"),
    (row(id="x" * 201), "'id' is \"" + "x" * 56 + "…: 1 to 200 characters, without control characters"),
    (row(id=1.5), "'id' is 1.5, not a string"),
    (row(id=True), "'id' is true, not a string"),
    (row(id=["1"]), "'id' is [\"1\"], not a string"),
    ({"id": "1", "text": "A."}, "'time' is missing"),
    (row(time=1409071740), "'time' is 1409071740, not a string"),
    (row(time="5.49pm"), "'time' is \"5.49pm\", not ISO 8601 like 2014-08-26T17:49:00+01:00"),
    (row(time=""), "'time' is \"\", not ISO 8601 like 2014-08-26T17:49:00+01:00"),
    (row(time="2031-02-03T17:00"), "'time' is \"2031-02-03T17:00\", without an offset such as +01:00"),
    (row(time="2031-02-30T17:00Z"), "'time' is \"2031-02-30T17:00Z\", no date that exists"),
    (
        row(time="2031-02-03T17:00:00+01:00:30"),
        "'time' is \"2031-02-03T17:00:00+01:00:30\", whose offset is not in whole minutes",
    ),
    (
        row(time="0001-01-01T00:00:00+01:00"),
        "'time' is \"0001-01-01T00:00:00+01:00\", not between 1900-01-01 and 2199-12-31",
    ),
    (
        row(time="9999-12-31T23:59:59-01:00"),
        "'time' is \"9999-12-31T23:59:59-01:00\", not between 1900-01-01 and 2199-12-31",
    ),
    ({"id": "1", "time": GOOD["time"]}, "'text' is missing"),
    (row(text=" \r\n "), "'text' is empty"),
    (row(text=["A."]), "'text' is [\"A.\"], not a string"),
    (row(text={}), "'text' is {}, not a string"),
    (row(text="half \ud83c"), "'text' holds half a surrogate pair, which is no character"),
    (row(title=1), "'title' is 1, not a string"),
    (row(title="\udc00"), "'title' holds half a surrogate pair, which is no character"),
    (row(author={"name": "A"}), '\'author\' is {"name": "A"}, not a string'),
    (row(url="javascript:alert(1)"), "'url' is \"javascript:alert(1)\", not an http or https address"),
    (row(url=5), "'url' is 5, not a string"),
    (row(id="good"), "the id 'good' stands on line 1 already"),
    ("[]", "it is a JSON list, not an object"),
    ("null", "it is a JSON NoneType, not an object"),
    ("{}", "'id' is missing"),
    ('{"id": "1", "id": "2", "time": "2031-02-03T17:00Z", "text": "A."}', "'id' stands there twice"),
    ('{"id": "1",}', "it is no JSON: "),
    ("{'id': '1'}", "it is no JSON: "),
    ('{"id": "1", "text": "A.', "it is no JSON: "),
    ('{"id": "1"} {"id": "2"}', "it is no JSON: "),
    ("The river rose.", "it is no JSON: "),
    ("9" * 5_000, "it is no JSON: "),
    ('{"a":' * 100_000, "it is nested too deep to be an entry"),
    ("[" * 100_000 + "]" * 100_000, "it is nested too deep to be an entry"),
]


@pytest.mark.parametrize(("line", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_line_is_refused_with_its_reason_and_the_good_one_is_kept(line: object, reason: str) -> None:
    blog = read(GOOD, line)
    assert [one.text for one in blog.entries] == ["The river rose."]
    (refused,) = blog.refused
    assert refused.entry == "line 2"
    assert refused.reason == reason or (reason.endswith(": ") and refused.reason.startswith(reason))


def test_several_refusals_name_their_lines() -> None:
    blog = read("{", "", GOOD, GOOD, "[]")
    assert [(one.entry, one.reason.split(":")[0]) for one in blog.refused] == [
        ("line 1", "it is no JSON"),
        ("line 4", "the id 'good' stands on line 3 already"),
        ("line 5", "it is a JSON list, not an object"),
    ]


def test_an_escaped_nul_and_an_escaped_pair_are_characters() -> None:
    blog = read('{"id": "1", "time": "2031-02-03T17:00Z", "text": "a\\u0000b \\ud83c\\udf0a"}')
    assert blog.entries[0].text == "a\0b 🌊"


def test_a_file_with_no_good_line_is_refused_with_the_first_reason() -> None:
    with pytest.raises(SourceRefused, match=r"no live-blog entries found in flood\.ndjson: line 1: it is no JSON"):
        read("nothing")
    with pytest.raises(SourceRefused, match="'time' is missing"):
        read('{"id": "1", "text": "The quay."}', name="piped.jsonl")


def test_a_file_lists_its_whole_blog_unless_a_line_is_refused() -> None:
    assert read(GOOD, "", row(id="2")).listing is Listing.WHOLE
    assert read(GOOD, "{").listing is Listing.PART
    assert read(GOOD, GOOD).listing is Listing.PART


@pytest.mark.parametrize("name", ["piped", "flood.jsonl", "flood.json"])
@pytest.mark.parametrize(
    "text",
    ["\n\n" + json.dumps(GOOD), "{broken\n" + json.dumps(GOOD), '{"id": "1", "time": "soon"', '{"id": 1, "text": 2}'],
)
def test_without_the_name_two_of_an_entry_s_fields_tell(name: str, text: str) -> None:
    assert ndjson.detect(Document(locator="/x", name=name, data=text.encode()))


def test_a_line_that_is_longer_than_what_is_looked_at_is_not_judged_by_its_beginning() -> None:
    text = json.dumps({"data": [{"id": "1", "text": "x" * 1_000_000}]})
    assert not ndjson.detect(Document(locator="/x", name="squad.json", data=text.encode()))


@pytest.mark.parametrize(
    "text", ['{"question": "Who?", "times": []}', '{"text": "x"}', '{"block_id": "1", "text": "x"}']
)
def test_other_lines_of_json_are_not_ours_whatever_their_name(text: str) -> None:
    assert not ndjson.detect(Document(locator="/x", name="entries.jsonl", data=text.encode()))


@pytest.mark.parametrize("first", ['{"name": "x"}', "{", "[1]", '"id"', "{" * 5_000 + "}"])
def test_other_json_is_not_ours(first: str) -> None:
    with pytest.raises(NotALiveBlog):
        read(first, name="piped.json")


@given(st.text(max_size=80) | st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists).map(json.dumps))
def test_any_line_is_read_or_refused_by_an_error_of_ours(line: str) -> None:
    data = json.dumps(GOOD).encode() + b"\n" + line.encode("utf-8", "surrogatepass")
    with contextlib.suppress(SourceError):
        blog = sources.read(Document(locator="/x", name="x.jsonl", data=data), SourceOptions())
        assert [one.id for one in blog.entries] == ["good"]


FIELDS = st.fixed_dictionaries(
    {key: st.none() | st.text(max_size=9) | st.integers() | st.just(value) for key, value in GOOD.items()}
)


@given(FIELDS)
def test_any_fields_are_taken_as_they_are_or_refused(fields: dict[str, object]) -> None:
    blog = read(GOOD | {"id": "kept"}, json.dumps(fields))
    for entry in blog.entries:
        if entry.id != "kept":
            assert entry.id == str(fields["id"])
            assert entry.text == str(fields["text"]).replace("\r\n", "\n").replace("\r", "\n").strip()
            assert entry.posted_at.isoformat() == GOOD["time"]
    assert len(blog.entries) + len(blog.refused) == 2
