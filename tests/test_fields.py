from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog
from retrieval.model import ReadEntry, SourceOptions
from retrieval.sources import fields
from retrieval.sources.document import Document
from retrieval.sources.fields import Refused


@pytest.mark.parametrize("text", ["", "{", "[NaN]", "[Infinity]", "[" * 100_000, '{"a":' * 100_000, "9" * 5_000])
def test_what_is_no_json_is_nothing(text: str) -> None:
    assert fields.parsed(text) is None


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x", '"x"'),
        ("é", '"é"'),
        ("\ud800", '"\\ud800"'),
        ("x" * 99, '"' + "x" * 56 + "…"),
        ([1, None], "[1, null]"),
    ],
)
def test_a_value_in_a_reason(value: Any, shown: str) -> None:
    assert fields.brief(value) == shown


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("AT&amp;T &lt; 1", "AT&T < 1"),
        ("/?a=1&copy=2 &copy 2031", "/?a=1&copy=2 &copy 2031"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("One.\r\n\r\nTwo.\n", "One.\nTwo."),
        ("<p>One.</p><p>Two &amp; three.</p>", "One.\nTwo & three."),
        ("One.<br/>Two.", "One.\nTwo."),
        ("One.\nTwo <b>and</b> three.", "One. Two and three."),
        ("a <3 b", "a <3 b"),
    ],
)
def test_words_that_may_be_markup(value: str, words: str) -> None:
    assert fields.words(value) == words


@pytest.mark.parametrize(
    ("headline", "text", "title"),
    [
        ("Closing summary", "We are closing.", "Closing summary"),
        (" Closing\n summary ", "We are closing.", "Closing summary"),
        ("We are", "We are closing.", "We are"),
        ("Flood", "Flooding has closed the A1.", "Flood"),
        ("Flood", "Flood on the A1 again.", "Flood"),
        ("Flood", "Flood\nThe A1 is closed.", None),
        ("Flood", "Flood. The A1 is closed.", None),
        ("Flood!", "Flood! The A1 is closed.", None),
        ("It is over", "“It is over.” He left.", "It is over"),
        ("“It is over.”", "“It is over.” He left.", None),
        ("“It is over", "“It is over.” He left.", None),
        ("Flood…", "Flooding has closed the A1.", None),
        ("We are closing…", "We are\nclosing now.", None),
        ("We are closing...", "We are closing now.", None),
        ("We are closing", "We are closing.", None),
        ("", "We are closing.", None),
        ("…", "We are closing.", None),
        ("We are not", "We are closing.", "We are not"),
    ],
)
def test_a_headline_that_repeats_the_text_is_no_title(headline: str, text: str, title: str | None) -> None:
    assert fields.title_of(headline, text) == title


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("Dora Finch", "Dora Finch"),
        ({"name": " Dora  Finch "}, "Dora Finch"),
        ([{"name": "Dora Finch"}, "Ilse Marek", {"name": "Dora Finch"}, {}, None, 5], "Dora Finch, Ilse Marek"),
        ({"name": {"name": "x"}}, None),
        (None, None),
    ],
)
def test_who_wrote_something(value: Any, names: str | None) -> None:
    assert fields.names(value) == names


def test_an_id_has_at_most_200_characters_whatever_its_type() -> None:
    assert fields.identifier({"id": 10**199}, "id") == "1" + "0" * 199
    for value in (10**200, "x" * 201):
        with pytest.raises(Refused, match="1 to 200 characters"):
            fields.identifier({"id": value}, "id")


def test_seconds_since_1970() -> None:
    assert fields.unix({"at": "1409071740"}, "at") == datetime(2014, 8, 26, 16, 49, tzinfo=UTC)
    assert fields.unix({"at": -60}, "at") == datetime(1969, 12, 31, 23, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("https://news.example/#a", "https://news.example/#a"),
        ("http://x", "http://x"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://x y", None),
        ("https://x/\ud800", None),
        (5, None),
    ],
)
def test_addresses(value: object, found: str | None) -> None:
    assert fields.address(value) == found


def test_languages() -> None:
    assert [fields.language(one) for one in ("en-GB", "DE", "pt_BR", "english", "", None, "e")] == [
        "en", "de", "pt", None, None, None, None,
    ]  # fmt: skip


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "name"]), inner, max_size=2),
)


@given(VALUES)
def test_any_value_is_taken_or_refused(value: Any) -> None:
    for take in (fields.string, fields.identifier, fields.iso, fields.unix):
        try:
            taken = take({"a": value}, "a")
        except Refused as reason:
            str(reason).encode()
        else:
            assert taken is None or isinstance(taken, str | datetime)
    fields.brief(value).encode()
    assert fields.address(value) is None or isinstance(value, str)
    try:
        kept = fields.slice_of({"a": value}, ("a", "b"))
    except Refused:
        return
    kept.encode()
    assert json.dumps(json.loads(kept)) == json.dumps({"a": value})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("<Rosa> said so", "<Rosa> said so"),
        ("see <name> & <address2>", "see <name> & <address2>"),
        ("a<br>b", "a\nb"),
        ("<P CLASS=x>a</P>", "a"),
    ],
)
def test_only_an_element_of_html_makes_a_field_markup(value: str, words: str) -> None:
    assert fields.words(value) == words


def test_a_day_that_does_not_exist_is_said_to_be_none() -> None:
    for stated in ("2031-02-30T10:00:00Z", "2031-13-01T10:00:00Z"):
        with pytest.raises(Refused, match=f"^'time' is \"{stated}\", no date that exists$"):
            fields.moment(stated, "time")
    with pytest.raises(Refused, match="not ISO 8601 like"):
        fields.moment("2031-02-03T25:00:00Z", "time")


def entry(raw: str, text: str, name: str | None = "a") -> ReadEntry:
    at = datetime(2031, 2, 3, 17, tzinfo=UTC)
    return ReadEntry(id=name, posted_at=at, title=None, author=None, url=None, text=text, raw=raw)


STRUCK = [
    ("<p>10<sup>6</sup> tonnes</p>", "106 tonnes", True),
    ('{"html": "<s class=\\"x\\">12</s> 14"}', "12 14", True),
    ("a &lt;del&gt;b&lt;/del&gt;", "a b", True),
    ("<strike>a</strike>", "a", True),
    ("10&lt;sub&gt;2&lt;/sub&gt;", "102", True),
    ("the 4<sup>th</sup> of July", "the 4th of July", False),
    ("m<sup>2</sup>", "m2", False),
    ("<span>a</span> <delta> <small>", "a", False),
    ("use <del> here", "use <del> here", False),
]


@pytest.mark.parametrize(("raw", "text", "warned"), STRUCK, ids=range(len(STRUCK)))
def test_struck_out_and_raised_characters_are_warned_of(raw: str, text: str, warned: bool) -> None:
    said = (
        "1 entry holds struck-out or raised characters, which plain text cannot show, the first of them b: "
        "compare with the page before quoting"
    )
    assert fields.struck([entry("<p>x</p>", "x"), entry(raw, text, "b")]) == ((said,) if warned else ())


def test_one_warning_names_the_first_of_several() -> None:
    struck = entry("<s>a</s>", "a", None)
    (warning,) = fields.struck([struck, struck])
    assert warning == (
        "2 entries hold struck-out or raised characters, which plain text cannot show, the first of them "
        "2031-02-03T17:00:00+00:00: compare with the page before quoting"
    )


def test_a_document_is_warned_of_whatever_its_format() -> None:
    row = {"id": "1", "bodyHtml": "<p><s>12</s> 14</p>", "firstPublishedDate": "2031-07-03T17:15:00+01:00"}
    answer = json.dumps({"response": {"content": {"blocks": {"body": [row]}}}})
    found = sources.read(Document(locator="/a", name="a", data=answer.encode()), SourceOptions())
    assert found.entries[0].text == "12 14"
    assert [one.split(",")[0] for one in found.warnings] == ["1 entry holds struck-out or raised characters"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"entries": [{"id": 1,}]}', "it looks like JSON, but line 1, column 23 breaks off or is wrong: "),
        ('{"response": {\n  "content": {', "it looks like JSON, but line 2, column 15 breaks off or is wrong: "),
        ('{"a":' * 100_000, "it looks like JSON, but it is nested too deep"),
        ('{"a": NaN}', "it looks like JSON, but it holds what is no JSON: NaN"),
    ],
    ids=range(4),
)
def test_json_that_is_nearly_right_is_told_where_it_is_wrong(text: str, said: str) -> None:
    with pytest.raises(NotALiveBlog) as caught:
        sources.read(Document(locator="/a", name="a.json", data=text.encode()), SourceOptions())
    assert caught.value.message.startswith(f"no live-blog entries found in a.json: {said}")


@pytest.mark.parametrize(
    ("text", "looks"),
    [('{"a": 1}', "JSON"), ('{"a": 1}\n{"a": 2}', "JSON"), ("<p>a", "HTML or XML"), ("a", "plain text")],
)
def test_what_is_no_live_blog_is_told_what_it_looks_like(text: str, looks: str) -> None:
    with pytest.raises(NotALiveBlog) as caught:
        sources.read(Document(locator="/a", name="a", data=text.encode()), SourceOptions())
    assert caught.value.message == f"no live-blog entries found in a, which looks like {looks}"
    assert 'README under "Sources"' in caught.value.hint
