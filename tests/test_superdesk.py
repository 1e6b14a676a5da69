from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import superdesk
from tests.data_folder import DATA
from tests.hostile import damaged, distorted, document, read, read_or_refused

SAMPLE = Path(__file__).parent / "data" / "superdesk" / "posts.json"
REAL = DATA / "superdesk" / "api_response.json"
ANSWER = json.loads(SAMPLE.read_text())


def post(number: int = 1, text: str = "The river rose.", **changed: Any) -> dict[str, Any]:
    return {
        "_id": f"p{number}",
        "post_status": "open",
        "deleted": False,
        "published_date": "2031-02-03T17:00:00+00:00",
        "groups": [{"id": "root"}, {"id": "main", "refs": [{"item": {"item_type": "text", "text": text}}]}],
    } | changed


def answer(*posts: Any, total: Any = None) -> ReadBlog:
    meta = {"total": len(posts) if total is None else total}
    return read(json.dumps({"posts": {"_items": list(posts), "_meta": meta}}))


def test_the_sample_is_read_whole() -> None:
    blog = sources.read(sources.load(str(SAMPLE), 100_000), SourceOptions())
    assert [
        (one.id, one.posted_at.isoformat(), one.edited_at and one.edited_at.isoformat(), one.author, one.text)
        for one in blog.entries
    ] == [
        ("urn:newsml:wend:2031:b", "2031-02-03T16:00:00+00:00", None, None, "The mole holds."),
        (
            "urn:newsml:wend:2031:a/1",
            "2031-02-03T17:00:00+00:00",
            "2031-02-03T17:20:00+00:00",
            "Dora Finch",
            "The river rose by 1,400\u00a0mm.\n“Stay in.”\nQuay Street",
        ),
    ]
    assert (blog.format, blog.id, blog.language, blog.timezone) == ("superdesk", "wend-2031", "en", "UTC")
    assert blog.deleted == ("urn:newsml:wend:2031:c", "urn:newsml:wend:2031:d")
    assert blog.listing is Listing.WHOLE
    assert blog.notes == ("left out: 1 post of advertising or scorecards only",)
    assert (blog.refused, blog.warnings) == ((), ())
    assert superdesk.marks(document(SAMPLE.read_bytes())) == {
        mark for one in blog.entries for mark in (one.raw, (one.id, one.posted_at))
    }


def test_what_moves_by_itself_is_not_in_the_markup() -> None:
    moved = copy.deepcopy(ANSWER)
    for one in moved["_items"]:
        one |= {"_etag": "e9", "_updated": "2031-02-04T00:00:00+00:00", "sticky": False, "lb_highlight": True}
    assert read(json.dumps(moved)).entries == read(json.dumps(ANSWER)).entries


def test_only_the_number_of_all_posts_makes_an_answer_the_whole_blog() -> None:
    assert answer(post(1), post(2)).listing is Listing.WHOLE
    others: list[Any] = [3, 1, "2", True, 2.0, {}]
    for total in others:
        assert answer(post(1), post(2), total=total).listing is Listing.PART
    assert answer(post(1), total=True).listing is Listing.PART
    assert read(json.dumps({"_items": [post()]})).listing is Listing.PART
    assert answer(post(1), post(2, published_date=None)).listing is Listing.PART


REFUSED = [
    ("x", 'it is "x", not an object'),
    (post(2, _id=None), "'_id' is missing"),
    (post(2, _id=""), "'_id' is \"\": 1 to 200 characters, without control characters"),
    (post(2, _id={}), "'_id' is {}, not a string"),
    (post(2, deleted="no"), "'deleted' is \"no\", not true or false"),
    (post(2, post_status=5), "'post_status' is 5, not a string"),
    (post(2, published_date=None), "'published_date' is missing"),
    (post(2, published_date=1927908600), "'published_date' is 1927908600, not a string"),
    (
        post(2, published_date="2031-02-30T17:00:00+00:00"),
        "'published_date' is \"2031-02-30T17:00:00+00:00\", no date that exists",
    ),
    (
        post(2, published_date="2031-02-03T17:00:00"),
        "'published_date' is \"2031-02-03T17:00:00\", without an offset such as +01:00",
    ),
    (
        post(2, content_updated_date="3h ago"),
        "'content_updated_date' is \"3h ago\", not ISO 8601 like 2014-08-26T17:49:00+01:00",
    ),
    (post(2, groups=None), "'groups' is null, not a list"),
    (post(2, groups=[{"refs": [{"item": {"text": 5}}]}]), "'text' is 5, not a string"),
    (post(2, groups=[]), "it has no text"),
    (post(2, ""), "it has no text"),
    (post(2, "<img src='a.png'>", headline="The quay"), "it has a title but no text"),
    (post(2, "half \ud83c"), "'text' holds half a surrogate pair, which is no character"),
    (post(2, headline=7), "'headline' is 7, not a string"),
    (post(1, "Another."), "the id 'p1' stands at number 1 already"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_post_is_refused_with_its_reason_and_the_good_one_is_kept(row: Any, reason: str) -> None:
    blog = answer(post(), row)
    assert [one.text for one in blog.entries] == ["The river rose."]
    assert [one.reason for one in blog.refused] == [reason]
    assert blog.listing is Listing.PART


def test_a_post_of_a_picture_alone_is_left_out_in_silence() -> None:
    blog = answer(post(), post(2, "<img src='a.png'>", headline=None))
    assert ([one.id for one in blog.entries], blog.refused, blog.listing) == (["p1"], (), Listing.WHOLE)


def test_a_repeated_post_is_one_entry_and_ids_may_be_almost_anything() -> None:
    ids = ["a/b", '"quoted"', "🌊", "it's", "x" * 200, 17]
    blog = answer(*(post(_id=one) for one in ids), post(_id="a/b"))
    assert {one.id for one in blog.entries} == {*map(str, ids)}
    assert blog.refused == ()


def test_a_headline_is_the_title_unless_the_text_begins_with_it() -> None:
    blog = answer(post(1, headline="A &amp; B"), post(2, headline="The river…"), post(3, headline=" "))
    assert [one.title for one in blog.entries] == ["A & B", None, None]


def test_the_publisher_is_the_author_only_where_the_same_person_wrote_it() -> None:
    finch = {"_id": "u1", "display_name": "Dora Finch"}
    blog = answer(
        post(1, publisher=finch, original_creator="u1"),
        post(2, publisher=finch, original_creator="u2"),
        post(3, publisher=finch, original_creator="u2", byline="Ilse Marek"),
        post(4, publisher=None, original_creator="u1"),
    )
    assert [one.author for one in blog.entries] == ["Dora Finch", None, "Ilse Marek", None]


def test_many_posts_of_one_minute_stay_in_order() -> None:
    later = post(99, published_date="2031-02-03T17:01:00+00:00")
    blog = answer(later, *(post(number) for number in range(32, 0, -1)))
    assert [one.id for one in blog.entries] == [*(f"p{number}" for number in range(1, 33)), "p99"]


def test_an_answer_without_a_published_post_is_refused() -> None:
    gone = answer(post(deleted=True))
    assert (gone.entries, gone.deleted) == ((), ("p1",))
    with pytest.raises(SourceRefused, match="'p1': 'groups' is null, not a list"):
        answer(post(groups=None))


@pytest.mark.parametrize(
    "text", ['{"_items": []}', '{"_items": [{"_id": 1}]}', '{"posts": {"_items": {}}}', '{"_items"']
)
def test_other_json_is_not_ours(text: str) -> None:
    assert not superdesk.detect(document(text))
    with pytest.raises(NotALiveBlog):
        read(text)


@pytest.mark.parametrize("deep", ["[" * 100_000, '{"a":' * 100_000, "[" * 500 + "]" * 500])
def test_deep_nesting_is_refused(deep: str) -> None:
    text = json.dumps({"_items": [post()]}).replace('"text"', f'"meta": {deep}, "text"', 1)
    read_or_refused(text)
    read_or_refused(json.dumps({"_items": [post()]}).replace('"p1"', deep))


@given(damaged(SAMPLE.read_bytes()))
def test_a_damaged_answer_is_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@given(distorted(ANSWER))
def test_an_answer_of_wrong_types_is_read_or_refused(text: str) -> None:
    read_or_refused(text)


@pytest.mark.skipif(not REAL.is_file(), reason="the shared data is not here")
def test_the_real_answer() -> None:
    """25 posts: 13 deleted, a reader's comment, a scorecard, an advertisement, and 9 that were published."""
    blog = sources.read(sources.load(str(REAL), 10_000_000), SourceOptions())
    assert (len(blog.entries), len(blog.deleted), blog.refused) == (9, 14, ())
    assert (blog.id, blog.language, blog.listing) == ("58bfeb4c15720af1a94c1052", "en", Listing.PART)
    assert blog.notes == ("left out: 2 posts of advertising or scorecards only",)
    first, table = blog.entries[0], blog.entries[6]
    assert first.posted_at.isoformat() == "2017-03-08T11:36:11+00:00"
    assert first.edited_at is not None
    assert first.edited_at.isoformat() == "2017-03-17T20:45:14+00:00"
    assert table.text.endswith("\n27,1 %\nFrançois Fillon\n18,7 %")
    assert "<" not in "".join(one.text for one in blog.entries)
    assert "function" not in "".join(one.text for one in blog.entries)
