"""The Guardian's JSON: answers of its Content API, and its pages' data."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import SourceError, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources.document import Document
from tests.data_folder import DATA

CAPI = DATA / "guardian-capi" / "item-content-with-blocks.json"


def read(value: object, options: SourceOptions | None = None) -> ReadBlog:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return sources.read(Document(locator="/a.json", name="a.json", data=data), options or SourceOptions())


def row(name: str, **more: object) -> dict[str, object]:
    time = "2031-07-03T17:15:00+01:00"
    return {"id": name, "bodyHtml": "<p>Text.</p>", "firstPublishedDate": time, "published": True, **more}


def capi(*rows: object, **more: object) -> dict[str, Any]:
    return {"response": {"content": {"blocks": {"body": [*rows], **more}}}}


def post(name: str, **more: object) -> dict[str, object]:
    return {"id": name, "blockFirstPublished": 1940948100000, "elements": [{"html": "<p>Text.</p>"}], **more}


def test_the_real_answer_gives_its_six_blocks() -> None:
    if not CAPI.exists():
        pytest.skip(f"{CAPI} is missing: set STET_TEST_DATA to the folder with the shared data")
    blog = read(CAPI.read_bytes())
    assert (blog.format, blog.timezone, blog.listing) == ("guardian-capi", "Europe/London", Listing.WHOLE)
    assert [one.id for one in blog.entries] == [
        "55267dc0e4b091b2a1c75fe1", "55267da9e4b091b2a1c75fe0", "55267d9de4b06299e97da384",
        "5527be22e4b0505fae058181", "5530d2ede4b078ada18a45ff", "5530debce4b078ada18a4602",
    ]  # fmt: skip
    assert [one.title for one in blog.entries] == [None, "key event title", None, None, None, None]
    assert blog.entries[2].text == "normal block\nhere’s some stuff"
    assert blog.entries[2].posted_at.isoformat() == "2015-04-09T14:30:57.770000+01:00"


@pytest.mark.parametrize(
    ("more", "listing"),
    [
        ({}, "whole"),
        ({"totalBodyBlocks": 1}, "whole"),
        ({"totalBodyBlocks": "1"}, "whole"),
        ({"totalBodyBlocks": 9}, "part"),
    ],
)
def test_a_body_is_whole_where_the_number_of_its_blocks_does_not_say_otherwise(more: Any, listing: str) -> None:
    assert read(capi(row("1"), **more)).listing.value == listing


def test_ranges_of_blocks_are_a_part() -> None:
    value = capi()
    value["response"]["content"]["blocks"] = {"requestedBodyBlocks": {"body:latest:2": [row("2"), row("1")]}}
    blog = read(value)
    assert ([one.id for one in blog.entries], blog.listing) == (["1", "2"], Listing.PART)


def test_a_block_that_is_not_published_is_deleted() -> None:
    blog = read(capi(row("1"), row("2", published=False), row("3", published="false")))
    assert ([one.id for one in blog.entries], set(blog.deleted)) == (["1"], {"2", "3"})


def test_a_body_as_html_is_read_where_there_are_no_blocks() -> None:
    html = (
        '<div id="block-73af35d4e4b0000000000001" class="block"><p class="block-time published-time"><time '
        'datetime="2031-07-03T17:15:00.026+01:00">5.15pm <span>BST</span></time></p><h2 class="block-title">Head</h2>'
        '<div class="block-elements"><p>Text.</p></div><p class="block-time updated-time">Updated at <time '
        'datetime="2031-07-03T17:45:00.000+01:00">5.45pm BST</time></p></div>'
    )
    (entry,) = read({"response": {"content": {"fields": {"body": html}}}}).entries
    assert (entry.id, entry.title, entry.text) == ("73af35d4e4b0000000000001", "Head", "Text.")
    assert entry.edited_at is not None
    assert entry.edited_at.isoformat() == "2031-07-03T17:45:00+01:00"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (row("2", firstPublishedDate=None), "'firstPublishedDate' is missing"),
        (
            row("2", firstPublishedDate="2031-02-30T10:00Z"),
            "'firstPublishedDate' is \"2031-02-30T10:00Z\", no date that exists",
        ),
        (row("2", bodyHtml=None), "'bodyHtml' is missing"),
        (row("2", bodyHtml=""), "'bodyHtml' is empty"),
        (row("2", bodyHtml=["x"]), "not a string"),
        (row("x" * 201), "1 to 200 characters"),
        ("block", 'it is "block", not an object'),
        (None, "it is null, not an object"),
    ],
)
def test_a_bad_block_is_refused_and_the_good_one_kept(bad: object, reason: str) -> None:
    blog = read(capi(bad, row("1")))
    assert [one.text for one in blog.entries] == ["Text."]
    assert reason in blog.refused[0].reason
    assert blog.listing is Listing.PART


def test_of_two_blocks_of_one_id_the_lower_is_refused() -> None:
    blog = read(capi(row("2"), row("1"), row("1", bodyHtml="<p>Other.</p>"), row("0")))
    assert [(one.id, one.text) for one in blog.entries] == [("0", "Text."), ("1", "Text."), ("2", "Text.")]
    assert [(one.entry, one.reason) for one in blog.refused] == [
        ("block 1 (number 3)", "the id '1' stands at number 2 already")
    ]


def test_refusals_stand_in_the_documents_order() -> None:
    blog = read(capi(row("4", bodyHtml=7), row("3"), row("2", bodyHtml=None)))
    assert [one.entry for one in blog.refused] == ["block 4", "block 2"]


def test_a_block_with_a_title_and_no_words_is_refused() -> None:
    picture = "<figure><img src='a.jpg'></figure>"
    blog = read(capi(row("1"), row("2", title="The quay", bodyHtml=picture)))
    assert [(one.entry, one.reason) for one in blog.refused] == [("block 2", "it has a title but no text")]
    page = read({"blocks": [post("1"), post("2", title="The quay", elements=[]), post("3", elements=[])]})
    assert [(one.entry, one.reason) for one in page.refused] == [("block 2", "it has a title but no text")]


def test_no_good_block_refuses_the_document() -> None:
    with pytest.raises(SourceRefused, match=r"^no live-blog entries found in a\.json: block 1: 'bodyHtml' is empty"):
        read(capi(row("1", bodyHtml="")))
    with pytest.raises(SourceRefused, match="'blockFirstPublished' is missing"):
        read({"blocks": [post("1", blockFirstPublished=None)]})


def test_a_block_of_a_picture_alone_is_left_out_in_silence() -> None:
    blog = read(capi(row("1"), row("2", bodyHtml="<figure><img src='a.jpg'></figure>")))
    assert ([one.id for one in blog.entries], blog.refused, blog.listing) == (["1"], (), Listing.WHOLE)


@pytest.mark.parametrize("value", ["soon", 1.5, True, [1], 10**30, -(10**18)])
def test_a_pages_time_that_is_none_refuses_its_block(value: object) -> None:
    blog = read({"blocks": [post("2", blockFirstPublished=value), post("1")]})
    assert [one.id for one in blog.entries] == ["1"]
    assert blog.refused[0].entry == "block 2"


def test_a_pages_time_may_be_digits_and_must_agree_with_what_is_printed() -> None:
    blog = read(
        {"blocks": [post("1", blockFirstPublished="1940948100000", blockFirstPublishedDisplay="17.15\u00a0BST")]}
    )
    assert blog.entries[0].posted_at.isoformat() == "2031-07-04T17:15:00+01:00"
    with pytest.raises(SourceRefused, match="the two disagree"):
        read({"blocks": [post("1", blockFirstPublishedDisplay="16.15 BST")]})


def test_a_pinned_post_is_one_entry_and_one_of_another_page_is_taken() -> None:
    blog = read({"blocks": [post("1")], "pinnedPost": post("1-pinned"), "keyEvents": [post("1"), post("0")]})
    assert [one.id for one in blog.entries] == ["0", "1"]


def test_an_id_made_anew_for_every_page_is_no_part_of_the_markup() -> None:
    first, second = ({"blocks": [post("1", elements=[{"html": "<p>a", "elementId": name}])]} for name in "xy")
    assert read(first).entries == read(second).entries


KIND = "model.pages."
ELEMENTS = [
    ({"_type": KIND + "CommentBlockElement", "body": "<p>Well said.</p>", "profileName": "x"}, "Well said."),
    (
        {
            "_type": KIND + "TimelineBlockElement",
            "title": "The flood",
            "events": [{"date": "3 July", "title": "Rain", "body": "<p>It fell.</p>"}, {"title": "Sun"}],
        },
        "The flood\n3 July\nRain\nIt fell.\nSun",
    ),
    ({"_type": KIND + "QABlockElement", "title": "What is a ford?", "html": "<p>A crossing.</p>"}, None),
    (
        {
            "_type": KIND + "KeyTakeawaysBlockElement",
            "keyTakeaways": [
                {"title": "One", "body": [{"_type": KIND + "TextBlockElement", "html": "<p>First.</p>"}]}
            ],
        },
        "One\nFirst.",
    ),
    ({"_type": KIND + "YoutubeBlockElement", "mediaTitle": "The ford", "caption": "At noon."}, "The ford\nAt noon."),
    (
        {
            "_type": KIND + "ImageBlockElement",
            "title": "The ford",
            "data": {"caption": "At noon.", "credit": "Photograph: Ola Tern", "alt": "unseen"},
        },
        "The ford\nAt noon.\nPhotograph: Ola Tern",
    ),
    ({"_type": KIND + "SpotifyBlockElement", "title": "spoken only", "caption": "A song."}, "A song."),
]


@pytest.mark.parametrize(("element", "text"), ELEMENTS, ids=range(len(ELEMENTS)))
def test_what_a_page_shows_of_an_element_is_text(element: dict[str, object], text: str | None) -> None:
    blog = read({"blocks": [post("1", elements=[element])]})
    assert (blog.entries[0].text, blog.warnings) == (text or "What is a ford?\nA crossing.", ())


def test_an_element_of_an_unknown_kind_is_warned_of() -> None:
    strange = {"_type": KIND + "HologramBlockElement", "glow": "Words."}
    blog = read({"blocks": [post("2", elements=[{"html": "<p>Text."}, strange]), post("1", elements=[strange])]})
    assert [one.id for one in blog.entries] == ["2"]
    (warning,) = blog.warnings
    assert warning == (
        'elements of the kind "model.pages.HologramBlockElement" are not known, and what they show may be missing: '
        "2, the first in block 2"
    )


def test_elements_nested_deep_are_read_or_refused() -> None:
    deep: dict[str, object] = {"html": "<p>Down."}
    for _ in range(200):
        deep = {"body": [deep]}
    with contextlib.suppress(SourceError):
        assert read({"blocks": [post("1", elements=[deep])]}).entries[0].text == "Down."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["1", "<p>x", "17.15 BST"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*row("1"), "title", "contributors", "attributes", "publishedDate"]), JSON))
def test_any_block_of_the_api_is_read_or_refused(value: dict[str, object]) -> None:
    with contextlib.suppress(SourceError):
        read(capi(value, row("kept")))


@given(st.dictionaries(st.sampled_from([*post("1"), "title", "contributors", "blockLastUpdated"]), JSON), JSON)
def test_any_block_of_a_page_is_read_or_refused(value: dict[str, object], other: object) -> None:
    with contextlib.suppress(SourceError):
        read({"blocks": [value, post("kept")], "pinnedPost": other, "keyEvents": other, "pagination": other})
