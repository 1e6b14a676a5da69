from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import jsonld
from retrieval.sources.document import Document
from tests.data_folder import DATA
from tests.hostile import damaged, distorted, document, read, read_or_refused

SAMPLE = Path(__file__).parent / "data" / "jsonld" / "flood.html"
GUARDIAN = DATA / "guardian-web" / "LiveBlogSingleContributor.json"


def update(number: int = 1, body: str = "The river rose.", **changed: Any) -> dict[str, Any]:
    at = f"2031-02-03T17:{number:02}:00+00:00"
    return {"@type": "BlogPosting", "@id": f"u{number}", "articleBody": body, "datePublished": at} | changed


def posting(*updates: Any, **changed: Any) -> dict[str, Any]:
    return {
        "@context": "https://schema.org",
        "@type": "LiveBlogPosting",
        "url": "https://news.example/wend",
        "liveBlogUpdate": list(updates),
    } | changed


def page(value: Any, more: str = "") -> str:
    return f'<!doctype html><script type="application/ld+json">{json.dumps(value)}</script>{more}'


def blog(*updates: Any, more: str = "", **changed: Any) -> ReadBlog:
    return read(page(posting(*updates, **changed), more))


def test_the_sample_is_read_whole() -> None:
    found = sources.read(sources.load(str(SAMPLE), 100_000), SourceOptions())
    assert [
        (
            one.id,
            one.posted_at.isoformat(),
            one.edited_at and one.edited_at.isoformat(),
            one.author,
            one.title,
            one.text,
        )
        for one in found.entries
    ] == [
        (None, "2031-02-03T17:00:00+00:00", None, "Ilse Marek", "Quay Street", "Quay Street is closed."),
        (
            "block-2",
            "2031-02-03T17:00:00+00:00",
            None,
            "Dora Finch",
            None,
            "The mole at Harbour Wend holds, AT&T says.\nSee /?a=1&copy=2",
        ),
        (
            "block-3",
            "2031-02-03T18:00:00+00:00",
            "2031-02-03T18:04:00+00:00",
            "Dora Finch, Ilse Marek",
            "Alert lifted",
            "The alert is lifted.\nNobody drowned.",
        ),
    ]
    assert found.entries[2].url == "https://news.example/wend?with=block-3#block-3"
    assert (found.format, found.id, found.title) == ("jsonld", None, "The Wend floods – live")
    assert (found.url, found.timezone, found.language) == ("https://news.example/wend", "UTC", "en")
    assert found.listing is Listing.SINCE_OLDEST
    assert (found.refused, found.warnings) == ((), ())


PLACES = [
    posting(update()),
    [{"@type": "Organization"}, posting(update())],
    {"@graph": [posting(update())]},
    {"mainEntity": {"hasPart": [[posting(update())]]}},
    posting(update(), **{"@type": ["NewsArticle", "LiveBlogPosting"]}),
    posting(update(), **{"@type": "http://schema.org/LiveBlogPosting"}),
    posting(liveBlogUpdate=update()),
    [posting(update()), posting(update())],
]


@pytest.mark.parametrize("value", PLACES, ids=range(len(PLACES)))
def test_a_live_blog_is_found_wherever_it_stands(value: Any) -> None:
    assert [one.id for one in read(page(value)).entries] == ["u1"]


def test_how_scripts_are_written() -> None:
    value = json.dumps(posting(update()))
    for written in (
        f"<SCRIPT TYPE=application/ld+json>{value}</SCRIPT >",
        f'<script nonce="x" type="application/ld+json; charset=utf-8">\n<!--{value}-->\n</script>',
        f"<script type='application/ld+json'>//<![CDATA[\n{value}\n//]]></script>",
        f'<script type="application/ld+json">{{"@type": "LiveBlogPosting",,}}</script>{page(json.loads(value))}',
        value,
    ):
        assert [one.id for one in read(f"<html>{written}" if written != value else value).entries] == ["u1"]


def test_one_time_for_all_updates_is_a_false_time() -> None:
    same = {"datePublished": "2031-02-03T17:00:00Z"}
    with pytest.raises(SourceRefused) as caught:
        blog(update(1, **same), update(2, datePublished="2031-02-03T18:00:00+01:00"))
    assert caught.value.message == ('the times in live are false: its 2 updates all state "2031-02-03T17:00:00Z"')
    assert len(blog(update(1, **same)).entries) == 1
    assert len(blog(update(1, **same), update(2, **same), update(3)).entries) == 3


def test_the_pages_own_times_on_every_update_are_false_too() -> None:
    own = {"datePublished": "2031-02-03T17:01:00Z", "dateModified": "2031-02-03T17:02:00Z"}
    with pytest.raises(SourceRefused, match="or the page's own time"):
        blog(update(1), update(2), update(5, datePublished=own["dateModified"]), **own)
    assert len(blog(update(1), update(2), update(3), **own).entries) == 3
    assert len(blog(update(1), update(2), **own).entries) == 2


def test_two_live_blogs_on_one_page_are_refused() -> None:
    with pytest.raises(SourceRefused, match="live holds 2 live blogs"):
        read(page([posting(update()), posting(update(2), url="https://news.example/other")]))


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"@id": "https://news.example/wend#a/b"}, "a/b"),
        ({"@id": "https://news.example/wend", "url": "https://news.example/wend#b"}, "b"),
        ({"@id": None, "url": "https://news.example/wend/entry-7"}, "https://news.example/wend/entry-7"),
        ({"@id": None}, None),
        ({"@id": '🌊 "it\'s"'}, '🌊 "it\'s"'),
        ({"@id": "x" * 200}, "x" * 200),
    ],
)
def test_an_update_is_named_by_its_id_or_its_address(changed: dict[str, Any], found: str | None) -> None:
    assert blog(update(1, **changed), update(2)).entries[0].id == found


def test_an_id_that_all_share_is_none() -> None:
    shared = {"@id": "https://news.example/all"}
    assert [one.id for one in blog(update(1, **shared), update(2, **shared)).entries] == [None, None]


REFUSED: list[tuple[Any, str]] = [
    ("x", 'it is "x", not an object'),
    (update(2, datePublished=None), "'datePublished' is missing"),
    (update(2, datePublished=5), "'datePublished' is 5, not a string"),
    (update(2, datePublished="2031-02-03"), "'datePublished' is \"2031-02-03\", without an offset such as +01:00"),
    (update(2, dateModified="soon"), "'dateModified' is \"soon\", not ISO 8601 like 2014-08-26T17:49:00+01:00"),
    (
        update(2, datePublished="2031-02-03T17:00:00+01:00:30"),
        "'datePublished' is \"2031-02-03T17:00:00+01:00:30\", whose offset is not in whole minutes",
    ),
    (update(2, articleBody=None), "'articleBody' is missing"),
    (update(2, " "), "'articleBody' is empty"),
    (update(2, "<img src='a.png'>", headline="The quay"), "it has a title but no text"),
    (update(2, articleBody=["x"]), "'articleBody' is [\"x\"], not a string"),
    (update(2, "half \ud83c"), "'articleBody' holds half a surrogate pair, which is no character"),
    (update(2, headline={}), "'headline' is {}, not a string"),
    (update(2, url="http://x/\udc00"), "'the entry' holds half a surrogate pair, which is no character"),
    (
        update(2, **{"@id": "x" * 201}),
        "'@id' is \"" + "x" * 56 + "…: 1 to 200 characters, without control characters",
    ),
    (update(2, **{"@id": "u1"}), "the id 'u1' stands at update 1 already"),
]


@pytest.mark.parametrize(("value", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_bad_update_is_refused_with_its_reason_and_the_good_ones_are_kept(value: Any, reason: str) -> None:
    found = blog(update(), value, update(3))
    assert [one.id for one in found.entries] == ["u1", "u3"]
    assert [(one.entry, one.reason) for one in found.refused] == [("update 2", reason)]
    assert found.listing is Listing.PART


def test_an_update_of_a_picture_alone_is_left_out_in_silence() -> None:
    found = blog(update(), update(2, "<img src='a.png'>"))
    assert ([one.id for one in found.entries], found.refused) == (["u1"], ())


def test_an_address_that_is_found_is_taken_without_what_may_be_a_secret_in_it() -> None:
    data = page(posting(update(), url=None)).encode()
    found = Document(locator="/a", name="a", data=data, address="https://news.example/live?token=SECRET#x")
    assert sources.read(found, SourceOptions()).url == "https://news.example/live"


@pytest.mark.parametrize(
    ("more", "listing"),
    [
        ("", Listing.SINCE_OLDEST),
        ('<a href="/about">About</a><a rel="nextofkin">', Listing.SINCE_OLDEST),
        ('<link rel="next" href="/wend/2">', Listing.PART),
        ("<a class=x rel=prev href=/wend/2>older</a>", Listing.PART),
        ('<a href="/wend?page=2">2</a>', Listing.PART),
        ('<a href="/wend?a=1&amp;page=2">2</a>', Listing.PART),
    ],
)
def test_a_page_of_several_is_a_part(more: str, listing: Listing) -> None:
    assert blog(update(), more=more).listing is listing


def test_a_source_that_cuts_its_texts_is_said() -> None:
    cut = blog(update(1, "x" * 1000), update(2, "y" * 1000), update(3, "z" * 10))
    assert cut.warnings == (
        "the source cuts its texts: 2 end at 1000 characters, so what followed cannot be found here",
    )
    trailing = blog(update(1, "x" * 298 + "…"), update(2, "y" * 290 + "..."))
    assert trailing.warnings[0].startswith("the source cuts its texts: 2 end at 299 characters or shortly before")
    assert blog(update(1, "x" * 1000), update(2, "y" * 999)).warnings == ()
    assert blog(update(1, "x" * 9), update(2, "y" * 9)).warnings == ()


def test_what_the_admin_says_wins() -> None:
    found = read(page(posting(update())), title="Flood", url="https://x.example/", timezone="Europe/London")
    assert (found.title, found.url, found.timezone) == ("Flood", "https://x.example/", "Europe/London")


def test_many_updates_of_one_minute_stay_in_order() -> None:
    same = {"datePublished": "2031-02-03T17:00:00Z"}
    found = blog(update(59), *(update(number, **same, **{"@id": f"u{number}"}) for number in range(32, 0, -1)))
    assert [one.id for one in found.entries] == [*(f"u{number}" for number in range(1, 33)), "u59"]


@pytest.mark.parametrize(
    "text",
    [
        page(posting()),
        page({"@type": "Article", "about": "LiveBlogPosting"}),
        '<script>{"@type": "LiveBlogPosting"}</script>',
        '<script type="application/ld+json">{"@type": "LiveBlogPosting", "liveBlogUpdate": [{}]}',
        "<p>LiveBlogPosting</p>",
        '{"linkedData": [{"@type": "LiveBlogPosting"}]}',
    ],
)
def test_other_pages_are_not_ours(text: str) -> None:
    assert not jsonld.detect(document(text))
    with pytest.raises(NotALiveBlog):
        read(text)


@pytest.mark.parametrize("deep", ["[" * 100_000, "[" * 900 + "]" * 900, '{"a":' * 300 + "1" + "}" * 300])
def test_deep_nesting_is_refused(deep: str) -> None:
    read_or_refused(page(posting(update(), update(2, author="deep"))).replace('"deep"', deep))
    read_or_refused(page(posting(update(), about="deep")).replace('"deep"', deep))


@pytest.mark.parametrize(
    "piece",
    [
        '<script type="application/ld+json">LiveBlogPosting',
        "<script application/ld+json ",
        "<a href=?",
        "<link rel",
        '<script type="application/ld+json">"LiveBlogPosting"</script>',
    ],
)
def test_a_page_of_broken_tags_takes_no_long(piece: str) -> None:
    started = time.thread_time()
    read_or_refused(page(posting(update())) + piece * 60_000)
    assert time.thread_time() - started < 10


@given(damaged(SAMPLE.read_bytes()))
def test_a_damaged_page_is_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


@given(
    distorted(posting(update(), update(2, author=[{"name": "A"}], url="https://news.example/wend#b", headline="H")))
)
def test_linked_data_of_wrong_types_is_read_or_refused(text: str) -> None:
    read_or_refused(f'<script type="application/ld+json">{text}</script>')


@given(st.text(alphabet='<>/"=!-{}[]:, scriptlda+jn@', max_size=60))
def test_any_markup_after_it_is_read_or_refused(text: str) -> None:
    read_or_refused(page(posting(update()), text))


@pytest.mark.skipif(not GUARDIAN.is_file(), reason="the shared data is not here")
def test_the_guardians_own_linked_data_is_caught() -> None:
    """Its 11 updates all state when the page was published, and the longest bodies are cut at 1,000 characters."""
    with pytest.raises(SourceRefused, match=r"its 11 updates all state .2023-12-13T17:25:40\.000Z"):
        jsonld.parse(document(page(json.loads(GUARDIAN.read_text())["linkedData"])), SourceOptions(), {})
