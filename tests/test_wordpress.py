from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from retrieval import sources
from retrieval.errors import NotALiveBlog
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import wordpress
from tests.hostile import damaged, distorted, document, read, read_or_refused

SAMPLE = Path(__file__).parent / "data" / "wordpress" / "liveblog.json"
ANSWER = json.loads(SAMPLE.read_text())
FIVE = 1927908000  # 2031-02-03T18:00:00Z


def entry(
    number: int = 1, kind: str = "new", at: int = 0, text: str = "The river rose.", **changed: Any
) -> dict[str, Any]:
    return {
        "id": number,
        "type": kind,
        "timestamp": FIVE + 60 * at,
        "render": f"<p>{text}</p>",
        "authors": [],
    } | changed


def answer(*rows: Any) -> ReadBlog:
    return read(json.dumps({"entries": list(rows), "latest_timestamp": None}))


def test_the_sample_is_read_whole() -> None:
    blog = sources.read(sources.load(str(SAMPLE), 100_000), SourceOptions())
    assert [
        (
            one.id,
            one.posted_at.isoformat(),
            one.edited_at and one.edited_at.isoformat(),
            one.author,
            one.url,
            one.text,
        )
        for one in blog.entries
    ] == [
        ("9", "2031-02-03T17:43:20+00:00", "2031-02-03T18:16:40+00:00", None, None, "The alert is lifted."),
        (
            "12",
            "2031-02-03T18:00:00+00:00",
            "2031-02-03T18:50:00+00:00",
            "Ilse Marek",
            "https://news.example/wend/#12",
            "The mole at Harbour Wend has two cracks.",
        ),
        (
            "11",
            "2031-02-03T18:10:00+00:00",
            None,
            "Dora Finch, Ilse Marek",
            "https://news.example/wend/#11",
            "Quay Street is under water & closed.\nThe bus stops at the mill. Edit",
        ),
    ]
    assert (blog.format, blog.id, blog.timezone, blog.listing) == ("wordpress", None, "UTC", Listing.PART)
    assert (blog.deleted, blog.refused, blog.warnings) == (("10",), (), ())


def test_a_nonce_that_changes_is_no_change() -> None:
    text = SAMPLE.read_text()
    other = text.replace("_wpnonce=0a1b2c3d4e", "_wpnonce=9f8e7d6c5b").replace(
        '"refresh_interval": 10', '"refresh_interval": 20'
    )
    assert read(text).entries == read(other).entries


def test_an_update_replaces_the_text_and_keeps_the_publication() -> None:
    blog = answer(
        entry(at=0, text="One."), entry(kind="update", at=5, text="Two."), entry(kind="update", at=3, text="Not yet.")
    )
    (one,) = blog.entries
    assert (one.text, one.posted_at.minute) == ("Two.", 0)
    assert one.edited_at is not None
    assert one.edited_at.minute == 5
    assert blog.warnings == ()


def test_an_update_of_an_unknown_entry_is_taken_at_the_time_of_the_edit_and_said() -> None:
    blog = answer(entry(7, "update", at=5), entry(8, "update", at=6))
    assert [(one.id, one.posted_at.minute, one.edited_at) for one in blog.entries] == [("7", 5, None), ("8", 6, None)]
    (warning,) = blog.warnings
    assert warning == (
        "2 updates are of entries whose publication the answer does not hold, the first of '7'; the time of the edit "
        "was taken"
    )


def test_entry_time_is_taken_only_where_new_entries_prove_it() -> None:
    update = entry(7, "update", at=5, entry_time=FIVE)
    proved = answer(update, entry(8, at=1, entry_time=FIVE + 60))
    assert [(one.id, one.posted_at.minute) for one in proved.entries] == [("7", 0), ("8", 1)]
    shifted = answer(update, entry(8, at=1, entry_time=FIVE + 3660))
    assert [(one.id, one.posted_at.minute) for one in shifted.entries] == [("8", 1), ("7", 5)]
    assert answer(update).warnings
    late = answer(entry(7, "update", at=5, entry_time=FIVE + 6000), entry(8, at=1, entry_time=FIVE + 60))
    assert late.entries[1].posted_at.minute == 5


def test_a_deleted_entry_is_gone_unless_it_came_back() -> None:
    blog = answer(entry(1), entry(1, "delete", at=1), entry(2), entry(3, "delete"))
    assert [one.id for one in blog.entries] == ["2"]
    assert blog.deleted == ("1", "3")
    back = answer(entry(1), entry(1, "delete", at=1), entry(1, "update", at=2, text="Again."))
    assert ([one.text for one in back.entries], back.deleted) == (["Again."], ())


REFUSED = [
    ([], "it is [], not an object"),
    (entry(2, id=None), "'id' is missing"),
    (entry(2, id="a\nb"), "'id' is \"a\\nb\": 1 to 200 characters, without control characters"),
    (entry(2, type="draft"), "'type' is \"draft\", not new, update or delete"),
    (entry(2, type=None), "'type' is null, not new, update or delete"),
    (entry(2, timestamp=None), "'timestamp' is missing"),
    (entry(2, timestamp="5.49pm"), "'timestamp' is \"5.49pm\", not whole seconds since 1970 like 1409071740"),
    (entry(2, timestamp=1.5), "'timestamp' is 1.5, not whole seconds since 1970 like 1409071740"),
    (entry(2, timestamp=True), "'timestamp' is true, not whole seconds since 1970 like 1409071740"),
    (entry(2, timestamp=10**12), "'timestamp' is 1000000000000, not between 1900-01-01 and 2199-12-31"),
    (entry(2, timestamp="-9" * 7), "'timestamp' is \"-9-9-9-9-9-9-9\", not whole seconds since 1970 like 1409071740"),
    (entry(2, timestamp=10**40), f"'timestamp' is {10**40}, not between 1900-01-01 and 2199-12-31"),
    (entry(2, entry_time="x"), "'entry_time' is \"x\", not whole seconds since 1970 like 1409071740"),
    (entry(2, render=5), "'render' is 5, not a string"),
    (entry(2, render=None), "it has no text"),
    (entry(2, text="half \udc00"), "'render' holds half a surrogate pair, which is no character"),
    (entry(1, text="Another."), "the id '1' stands at entry 1 already"),
]


@pytest.mark.parametrize(("row", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_entry_is_refused_with_its_reason_and_the_good_one_is_kept(row: Any, reason: str) -> None:
    blog = answer(entry(), row)
    assert [one.text for one in blog.entries] == ["The river rose."]
    assert [one.reason for one in blog.refused] == [reason]


def test_an_entry_of_a_picture_alone_is_left_out_in_silence() -> None:
    blog = answer(entry(), entry(2, text="<img src='a.png'>"))
    assert ([one.id for one in blog.entries], blog.refused) == (["1"], ())


def test_a_repeated_entry_is_one_and_content_stands_in_for_what_is_rendered() -> None:
    blog = answer(entry(), entry(), entry(2, render="", content="Raw <b>text</b>."))
    assert [one.text for one in blog.entries] == ["The river rose.", "Raw text."]
    assert blog.refused == ()


def test_many_entries_of_one_minute_stay_in_order() -> None:
    blog = answer(entry(99, at=1), *(entry(number) for number in range(32, 0, -1)))
    assert [one.id for one in blog.entries] == [*map(str, range(1, 33)), "99"]


def test_an_answer_may_tell_of_deletions_alone() -> None:
    found = answer(entry(kind="delete"))
    assert (found.entries, len(found.deleted)) == ((), 1)


@pytest.mark.parametrize(
    "text", ['{"entries": []}', '{"entries": [{"id": 1}]}', '{"entries": {}}', '["entries"]', '{"entries":']
)
def test_other_json_is_not_ours(text: str) -> None:
    assert not wordpress.detect(document(text))
    with pytest.raises(NotALiveBlog):
        read(text)


@pytest.mark.parametrize("deep", ["[" * 100_000, "[" * 500 + "]" * 500])
def test_deep_nesting_is_refused(deep: str) -> None:
    read_or_refused(json.dumps({"entries": [entry(authors="deep")]}).replace('"deep"', deep))


@given(damaged(SAMPLE.read_bytes()))
def test_a_damaged_answer_is_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@given(distorted(ANSWER))
def test_an_answer_of_wrong_types_is_read_or_refused(text: str) -> None:
    read_or_refused(text)
