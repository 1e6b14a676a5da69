from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import SourceError, SourceRefused
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources.document import Document


def ident(moment: datetime, number: int = 0) -> str:
    return f"{int(moment.timestamp()):08x}{number:016x}"


def at(hour: int, minute: int, day: int = 3, month: int = 7) -> datetime:
    return datetime(2031, month, day, hour, minute, tzinfo=UTC)


def block(created: datetime, title: str, body: str = "<p>Text.</p>", footer: str = "", number: int = 0) -> str:
    updated = f'<p class="block__updated">{footer}</p>' if footer else ""
    return (
        f'<div class="block" id="block-{ident(created, number)}"><p class="block__time" title="{title}">3h ago</p>'
        f'<div class="block__body">{body}{updated}</div></div>'
    )


def read(*blocks: str, options: SourceOptions | None = None, published: str = "") -> ReadBlog:
    markup = f'<html lang="en"><p id="published-date">{published}</p>{"".join(blocks)}</html>'
    return sources.read(Document(locator="/a.html", name="a.html", data=markup.encode()), options or SourceOptions())


def times(blog: ReadBlog) -> list[str]:
    return [one.posted_at.isoformat() for one in blog.entries]


def test_the_ids_give_the_day_and_londons_offset() -> None:
    blog = read(block(at(23, 30), "00:41"), block(at(22, 50), "23:55"), block(at(16, 2), "17:04"))
    assert times(blog) == ["2031-07-03T17:04:00+01:00", "2031-07-03T23:55:00+01:00", "2031-07-04T00:41:00+01:00"]
    assert blog.notes == (
        "time zone Europe/London taken from the times at which the block ids were made",
        "the days are those on which the block ids were made",
    )


def test_a_block_may_be_printed_some_seconds_before_the_clock_of_its_id() -> None:
    assert times(read(block(at(10, 22, month=1), "10:21"), published="10:30 GMT Friday, 03 January 2031")) == [
        "2031-01-03T10:21:00+00:00"
    ]


def test_ids_that_speak_of_another_zone_ask_for_it() -> None:
    with pytest.raises(SourceRefused, match=r"by its blocks' ids it is UTC\+11:00 or west of it; give --timezone"):
        read(block(at(1, 0, month=1), "12:05"))
    sydney = read(block(at(1, 0, month=1), "12:05"), options=SourceOptions(timezone="Australia/Sydney"))
    assert times(sydney) == ["2031-01-03T12:05:00+11:00"]


def test_a_zone_given_is_held_against_labels_and_ids() -> None:
    blocks = [block(at(hour, 0), f"{hour + 1}:01", number=hour) for hour in (12, 11, 10)]
    with pytest.raises(SourceRefused, match="published 5 hours or more after it was created"):
        read(*blocks, options=SourceOptions(timezone="America/New_York"))
    with pytest.raises(SourceRefused, match="label BST contradicts the time zone America/New_York"):
        read(
            *blocks, options=SourceOptions(timezone="America/New_York"), published="13:01 BST Thursday, 03 July 2031"
        )
    with pytest.raises(SourceRefused, match=r"'13:01 GMT\+1 .*' contradicts the time zone UTC, which is UTC then"):
        read(*blocks, options=SourceOptions(timezone="UTC"), published="13:01 GMT+1 Thursday, 03 July 2031")
    winter = read(*blocks, options=SourceOptions(timezone="Europe/London"), published="13:01 GMT Thu 3 July 2031")
    assert winter.warnings == ("printed as GMT, but Europe/London is on BST then; taken as local time",)


def test_a_date_given_wins_but_not_over_what_cannot_be() -> None:
    posts = [block(at(10, 0, day=3), "11:01"), block(at(9, 0, day=3), "10:01")]
    later = read(*posts, options=SourceOptions(date=date(2031, 7, 5)))
    assert times(later) == ["2031-07-05T10:01:00+01:00", "2031-07-05T11:01:00+01:00"]
    assert len(later.warnings) == 2
    with pytest.raises(SourceRefused, match="by its id it was created at 2031-07-03 11:00: give another --date"):
        read(posts[0], options=SourceOptions(date=date(2031, 7, 1)))


@pytest.mark.parametrize(
    ("footer", "edited"),
    [
        ("Last Updated: 19:24 GMT+1 Thursday, 03 July 2031", "2031-07-03T19:24:00+01:00"),
        ("Last Updated: 20:54 BST Friday, 04 July 2031", "2031-07-04T20:54:00+01:00"),
        ("Last Updated: 11:24 GMT Friday, 04 July 2031", "2031-07-04T11:24:00+01:00"),
        ("Last Updated: 19:24", "2031-07-03T19:24:00+01:00"),
        ("Last Updated: 00:24", "2031-07-04T00:24:00+01:00"),
        ("Last Updated: 19:01 BST Thursday, 03 July 2031", None),
        ("Last Updated: 25:99", None),
        ("Last Updated: 3h ago", None),
        ("Last Updated: 12:00 GMT+99 Friday, 31 June 2031", None),
    ],
)
def test_a_footer_is_the_edits_time_and_no_text(footer: str, edited: str | None) -> None:
    blog = read(block(at(18, 0), "19:01", footer=footer), published="19:01 BST Thursday, 03 July 2031")
    (entry,) = blog.entries
    assert entry.text == "Text."
    assert (entry.edited_at and entry.edited_at.isoformat()) == edited


REFUSED = [
    ('title="3h ago"', 'its time is "3h ago", neither like 10:19 nor ISO 8601 with an offset'),
    ("", 'its time is given as "3h ago" only'),
    ('title="25:10"', 'its time is "25:10", neither like 10:19 nor ISO 8601 with an offset'),
    ('title="2031-02-30T10:00:00Z"', 'its time is "2031-02-30T10:00:00Z", no date that exists'),
    ('title="9999-12-31T10:00:00Z"', 'its time is "9999-12-31T10:00:00Z", neither like 10:19 nor ISO 8601'),
]


@pytest.mark.parametrize(("title", "reason"), REFUSED)
def test_a_time_that_is_none_refuses_its_block(title: str, reason: str) -> None:
    good = block(at(18, 0), "2031-07-03T18:01:00Z")
    bad = block(at(17, 0), "?").replace('title="?"', title)
    blog = read(good, bad)
    assert len(blog.entries) == 1
    assert blog.refused[0].entry == f"block {ident(at(17, 0))}"
    assert blog.refused[0].reason.startswith(reason)


def test_a_pinned_copy_is_one_entry_and_another_text_is_refused() -> None:
    one, other = block(at(18, 0), "19:01"), block(at(18, 0), "19:01", "<p>Other.</p>")
    blog = read(one, one, other)
    assert [entry.text for entry in blog.entries] == ["Text."]
    name = ident(at(18, 0))
    assert [(one.entry, one.reason) for one in blog.refused] == [
        (f"block {name} (number 3)", f"the id {name!r} stands at number 1 already")
    ]


def test_refusals_stand_in_the_documents_order() -> None:
    bad = block(at(17, 0), "3h ago")
    late = block(at(18, 30), "03:30")
    again = block(at(19, 0), "2031-07-03T19:00:00Z", "<p>Other.</p>")
    blog = read(
        again.replace("Other", "One"),
        late,
        bad,
        again,
        options=SourceOptions(date=date(2031, 7, 3), timezone="Europe/London"),
    )
    assert [one.entry for one in blog.refused] == [
        f"block {ident(at(18, 30))}",
        f"block {ident(at(17, 0))}",
        f"block {ident(at(19, 0))} (number 4)",
    ]


def test_a_block_with_a_title_and_no_words_is_refused_and_one_with_neither_is_left_out() -> None:
    good, bare = block(at(18, 0), "19:01"), block(at(17, 0), "18:01", "<img src='a.jpg'>")
    titled = block(at(16, 0), "17:01", "<h2 class='block__title'>The quay</h2><img src='a.jpg'>")
    blog = read(good, bare, titled)
    assert [one.text for one in blog.entries] == ["Text."]
    assert [(one.entry, one.reason) for one in blog.refused] == [
        (f"block {ident(at(16, 0))}", "it has a title but no text")
    ]


def test_thirty_two_blocks_of_one_minute_stay_in_their_order() -> None:
    blog = read(*[block(at(18, 0), "19:01", f"<p>{number}</p>", number=number) for number in range(32)][::-1])
    assert [entry.text for entry in blog.entries] == [str(number) for number in range(32)]


def test_a_relative_time_that_moves_leaves_the_markup_as_it_was() -> None:
    now = block(at(18, 0), "2031-07-03T18:01:00Z")
    assert read(now).entries == read(now.replace("3h ago", "4h ago")).entries


def test_a_page_nested_too_deep_is_refused() -> None:
    with pytest.raises(SourceRefused, match=r"^a\.html is nested more than 400 elements deep"):
        read(block(at(18, 0), "19:01", "<div>" * 100_000))


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.text(max_size=20), st.text(max_size=40)), max_size=5))
def test_any_id_title_and_footer_are_read_or_refused_by_an_error_of_ours(rows: list[tuple[int, str, str]]) -> None:
    posts = [
        f'<div class="block" id="block-{number:08x}{"0" * 16}"><p class="block__time" title="{title}"></p>'
        f'<div class="block__body">x<p class="block__updated">{footer}</p></div></div>'
        for number, title, footer in rows
    ]
    with contextlib.suppress(SourceError):
        read(*[post.encode("utf-8", "replace").decode() for post in posts])


@given(st.integers(0, 2**32 - 1), st.times(), st.sampled_from(["Europe/London", "Australia/Lord_Howe", "UTC-12:00"]))
def test_no_block_is_published_before_it_was_created(number: int, moment: object, zone: str) -> None:
    created = datetime.fromtimestamp(number, UTC)
    with contextlib.suppress(SourceError):
        (entry,) = read(block(created, str(moment)[:5]), options=SourceOptions(timezone=zone)).entries
        assert -360 <= (entry.posted_at - created).total_seconds() < 26 * 3600
        assert f"{entry.posted_at:%H:%M}" == str(moment)[:5]
