from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import ap
from tests.data_folder import DATA
from tests.hostile import damaged, document, read, read_or_refused

SAMPLE = Path(__file__).parent / "data" / "ap" / "the-latest-harbour-wend-2031-02-03.txt"
NAME = "wend-2031-02-03.txt"
HEAD = "The Latest: The Wend rises.\n\nHARBOUR WEND (AP) — The Latest on the flood (all times {zone}):\n\n"


def story(
    *entries: tuple[str, str], zone: str = "EST", head: str = HEAD, name: str = NAME, **options: object
) -> ReadBlog:
    text = head.replace("{zone}", zone) + "\n\n___\n\n".join(f"{line}\n\n{words}" for line, words in entries)
    return read(text, name, **options)


def times(blog: ReadBlog) -> list[str]:
    return [one.posted_at.isoformat(timespec="minutes") for one in blog.entries]


def test_the_sample_is_read_whole() -> None:
    blog = sources.read(sources.load(str(SAMPLE), 10_000), SourceOptions())
    assert [(one.posted_at.isoformat(timespec="minutes"), one.text) for one in blog.entries] == [
        ("2031-02-03T07:40-05:00", "A first wave has crossed Quay Street."),
        (
            "2031-02-03T10:00-05:00",
            """Engineer Ilse Marek says the mole “held, and will hold.”
She expects the next tide at 4:30 p.m. on Monday.""",
        ),
        ("2031-02-03T12:00-05:00", "Two schools remain closed on Tuesday as well."),
        ("2031-02-03T21:15-05:00", "The river has fallen by 2  inches since the evening."),
        (
            "2031-02-04T00:05-05:00",
            "The town has lifted its flood alert.\nMayor Dora Finch says that “nobody slept, and nobody drowned.”",
        ),
    ]
    assert blog.title == "The Latest: Harbour Wend lifts its flood alert."
    assert (blog.format, blog.id, blog.timezone, blog.listing) == ("ap", None, "America/New_York", Listing.BETWEEN)
    assert blog.entries[2].raw == "noon\n\nTwo schools remain closed on Tuesday as well."
    assert blog.notes == (
        "time zone America/New_York taken from 'EST'",
        "date 2031-02-03 taken from the name the-latest-harbour-wend-2031-02-03.txt ('2031-02-03')",
    )
    assert blog.warnings == ("9L15 p.m.: read as 21:15, which fits between the entries beside it",)


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("7 p.m.", "19:00"),
        ("4:40 p.m.:", "16:40"),
        ("10:00 p.m.", "22:00"),
        ("12 p.m.", "12:00"),
        ("12:05 a.m.", "00:05"),
        ("noon", "12:00"),
        ("Noon:", "12:00"),
        ("12 noon", "12:00"),
        ("midnight", "00:00"),
        ("12:00 midnight", "00:00"),
        ("7 pm", "19:00"),
        ("7.30 P.M.", "19:30"),
        ("7:30p.m.", "19:30"),
        ("7 p.m. EST", "19:00"),
        ("7 p.m. (EST):", "19:00"),
    ],
)
def test_time_lines(line: str, time: str) -> None:
    blog = story((line, "The river rose."))
    assert times(blog) == [f"2031-02-03T{time}-05:00"]
    assert blog.refused == ()


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("EST", "America/New_York"),
        ("EDT", "America/New_York"),
        ("ET", "America/New_York"),
        ("Eastern", "America/New_York"),
        ("Eastern Standard Time", "America/New_York"),
        ("are Eastern Standard Time", "America/New_York"),
        ("in Pacific time", "America/Los_Angeles"),
        ("GMT", "Europe/London"),
        ("British Summer Time", "Europe/London"),
        ("are in Central European Time", "Europe/Paris"),
    ],
)
def test_the_zone_of_all_times(words: str, zone: str) -> None:
    assert story(("7 p.m.", "The river rose."), zone=words).timezone == zone


@pytest.mark.parametrize("words", ["local", "Central", "CST", "Wend Time"])
def test_a_zone_that_is_not_certain_must_be_said(words: str) -> None:
    with pytest.raises(
        SourceRefused, match=rf"the time zone of {NAME} is not certain: it says that all times are {words}"
    ):
        story(("7 p.m.", "The river rose."), zone=words)
    blog = story(("7 p.m.", "The river rose."), zone=words, timezone="America/Chicago")
    assert times(blog) == ["2031-02-03T19:00-06:00"]


def test_no_statement_of_the_zone() -> None:
    with pytest.raises(SourceRefused, match="it does not say in which zone its times are"):
        story(("7 p.m.", "The river rose."), head="The Latest: The Wend rises.\n\n")
    assert story(("7 p.m. PST", "The river rose."), head="The Latest\n").timezone == "America/Los_Angeles"


def test_a_zone_of_the_other_season_is_a_warning_and_another_zone_is_refused() -> None:
    summer = story(("8 p.m.", "B."), ("7 p.m.", "A."), name="wend-2031-07-03.txt")
    assert times(summer) == ["2031-07-03T19:00-04:00", "2031-07-03T20:00-04:00"]
    assert summer.warnings == (
        "2 entries, the first 7 p.m.: printed as EST, but America/New_York is on EDT then; taken as local time",
    )
    with pytest.raises(SourceRefused, match="the label EST contradicts the time zone Europe/London"):
        story(("7 p.m.", "The river rose."), timezone="Europe/London")


def test_the_files_day_is_that_of_its_oldest_entry_and_steps_on_where_a_time_falls() -> None:
    blog = story(("1 a.m.", "D."), ("12:05 a.m.", "C."), ("11 p.m.", "B."), ("9 a.m.", "A."))
    assert times(blog) == [
        "2031-02-03T09:00-05:00",
        "2031-02-03T23:00-05:00",
        "2031-02-04T00:05-05:00",
        "2031-02-04T01:00-05:00",
    ]


def test_a_document_from_old_to_new_is_read_so() -> None:
    blog = story(("9 a.m.", "A."), ("11 a.m.", "B."), ("11 p.m.", "C."), ("12:05 a.m.", "D."))
    assert [one.text for one in blog.entries] == ["A.", "B.", "C.", "D."]
    assert times(blog)[-1] == "2031-02-04T00:05-05:00"


def test_the_day_is_given_or_evident_or_the_story_refused() -> None:
    one = ("7 p.m.", "The river rose.")
    with pytest.raises(
        SourceRefused, match=r"the day of wend\.txt is not certain: neither it nor its name states one"
    ):
        story(one, name="wend.txt")
    assert times(story(one, name="wend.txt", date=date(2031, 2, 5))) == ["2031-02-05T19:00-05:00"]
    assert times(story(one, date=date(2031, 2, 5))) == ["2031-02-05T19:00-05:00"]
    headed = HEAD.replace("(AP)", "(AP), Feb. 4, 2031")
    assert times(story(one, name="wend.txt", head=headed)) == ["2031-02-04T19:00-05:00"]
    with pytest.raises(SourceRefused, match=r"state 2 dates \(2031-02-03, 2031-02-04\)"):
        story(one, head=headed)
    assert times(story(("7 p.m.", "It is as on March 1, 2011."))) == ["2031-02-03T19:00-05:00"]


def test_stored_entries_keep_their_days() -> None:
    text = HEAD.replace("{zone}", "EST") + "8 p.m.\n\nB.\n\n7 p.m.\n\nA.\n"
    given = document(text, "wend.txt")
    stored = {"7 p.m.\n\nA.": frozenset({date(2031, 2, 7)})}
    assert times(sources.read(given, SourceOptions(), stored)) == ["2031-02-07T19:00-05:00", "2031-02-07T20:00-05:00"]
    assert ap.marks(given) == {"7 p.m.\n\nA.", "8 p.m.\n\nB."}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("9O15 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("9I15 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("13 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("9:75 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("9:5 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("0 a.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("915 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("7-9 p.m.", "is no time of day like 7 p.m. or 4:40 p.m."),
        ("4L15 p.m.", "is misprinted, and 16:15 does not fit between the entries beside it"),
        ("9L15 a.m.", "is misprinted, and 09:15 does not fit between the entries beside it"),
    ],
)
def test_a_time_that_is_not_certain_is_refused_with_its_entry(line: str, reason: str) -> None:
    blog = story(("10 p.m.", "C."), (line, "B."), ("9 p.m.", "A."))
    assert [one.text for one in blog.entries] == ["A.", "C."]
    assert [(one.entry, one.reason) for one in blog.refused] == [(line, reason)]
    assert blog.listing is Listing.PART


def test_a_misprint_is_read_only_where_it_fits() -> None:
    between = story(("10 p.m.", "C."), ("9;15 p.m.", "B."), ("9 p.m.", "A."))
    assert times(between)[1] == "2031-02-03T21:15-05:00"
    over_midnight = story(("12:30 a.m.", "C."), ("12L10 a.m.", "B."), ("9 p.m.", "A."))
    assert times(over_midnight)[1] == "2031-02-04T00:10-05:00"
    with pytest.raises(SourceRefused, match="is misprinted"):
        story(("9L15 p.m.", "A."))


def test_what_is_no_time_line_is_text() -> None:
    lines = "It was 7 p.m.\nAt noon\n7 p.m. on Monday\na.m.\n12\n9:15\nSee you at midnight."
    assert story(("7 p.m.", lines)).entries[0].text == lines


def test_an_entry_without_text_and_text_under_no_time() -> None:
    blog = story(("8 p.m.", ""), ("7 p.m.", "The river rose.\n\n___\n\nFollow us for more."))
    assert [(one.entry, one.reason) for one in blog.refused] == [("8 p.m.", "the entry has no text")]
    assert blog.warnings == ("19 characters after the rule below 7 p.m. belong to no entry",)
    assert blog.listing is Listing.PART


def test_a_fall_of_minutes_is_read_as_a_day_and_said() -> None:
    blog = story(("7:10 p.m.", "B."), ("7:20 p.m.", "A."))
    assert times(blog) == ["2031-02-03T19:20-05:00", "2031-02-04T19:10-05:00"]
    assert blog.warnings[0].startswith("7:10 p.m. comes after 7:20 p.m., so it was read as 2031-02-04")


def test_many_entries_of_one_minute_stay_in_order() -> None:
    blog = story(*((("7 p.m.", f"Entry {number}.")) for number in range(32, 0, -1)))
    assert [one.text for one in blog.entries] == [f"Entry {number}." for number in range(1, 33)]


@pytest.mark.parametrize(
    "text",
    [
        "Minutes\n\n7 p.m.\n\nDinner.\n",
        "<p>The Latest (all times EST):</p>\n7 p.m.\nThe river rose.",
        '{"text": "(all times EST)\n7 p.m.\n"}',
        "The Latest: nothing but a title (all times EST)",
    ],
)
def test_other_texts_are_not_ours(text: str) -> None:
    assert not ap.detect(document(text))
    with pytest.raises(NotALiveBlog):
        read(text, "x.txt")


@given(damaged(SAMPLE.read_bytes()))
def test_a_damaged_story_is_read_or_refused(data: bytes) -> None:
    read_or_refused(data, date=date(2031, 2, 3))


@given(
    st.lists(st.sampled_from(["7 p.m.", "noon", "9L15 p.m.", "99 p.m.", "___", "", "A.", "12:05 a.m.", "1 a.m. BST"]))
)
def test_any_order_of_lines_is_read_or_refused(lines: list[str]) -> None:
    read_or_refused(HEAD.replace("{zone}", "EST") + "\n".join(lines), date=date(2031, 2, 3))


@pytest.mark.skipif(not (DATA / "ap").is_dir(), reason="the shared data is not here")
def test_the_real_stories_come_out_as_they_should() -> None:
    """Every entry and time of the six; of the words all: only runs of blanks are the documents' own."""
    wanted: dict[str, list[dict[str, str]]] = {}
    for line in (DATA / "ap" / "entries.jsonl").read_text().splitlines():
        row = json.loads(line)
        wanted.setdefault(row["doc"], []).insert(0, row)
    assert len(wanted) == 6
    count = 0
    for name, rows in wanted.items():
        blog = sources.read(sources.load(str(DATA / "ap" / f"{name}.txt"), 1_000_000), SourceOptions())
        assert blog.refused == ()
        assert [f"{one.posted_at:%Y-%m-%dT%H:%M}" for one in blog.entries] == [row["local"] for row in rows]
        assert [one.text.split() for one in blog.entries] == [row["text"].split() for row in rows]
        assert blog.timezone == "America/New_York"
        count += len(rows)
    assert count == 141


@pytest.mark.skipif(not (DATA / "ap").is_dir(), reason="the shared data is not here")
def test_an_entry_after_midnight_is_of_the_day_after_the_files() -> None:
    (path,) = (DATA / "ap").glob("*2016-02-20*.txt")
    blog = sources.read(sources.load(str(path), 1_000_000), SourceOptions())
    assert blog.entries[-1].posted_at.astimezone(UTC) == datetime(2016, 2, 21, 5, 5, tzinfo=UTC)
