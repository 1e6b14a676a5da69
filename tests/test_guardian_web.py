from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError, SourceRefused
from retrieval.model import ReadBlog, SourceOptions
from retrieval.sources.document import Document

ID = "73af35d4e4b0000000000001"


def block(stated: str, shown: str = "", body: str = "<p>Text.</p>", name: str = ID) -> str:
    return (
        f'<div class="block" id="block-{name}"><p class="published-time"><time datetime="{stated}">{shown}</time></p>'
        f'<div class="block-elements">{body}</div></div>'
    )


def read(*blocks: str, options: SourceOptions | None = None, address: str | None = None) -> ReadBlog:
    data = f"<html><body>{''.join(blocks)}</body></html>".encode()
    given_document = Document(locator="/a.html", name="a.html", data=data, address=address)
    return sources.read(given_document, options or SourceOptions())


@pytest.mark.parametrize(
    ("shown", "posted"),
    [
        ("5.49pm BST", "2031-08-26T17:49:00+01:00"),
        ("17:49 BST", "2031-08-26T17:49:00+01:00"),
        ("12.49pm EDT", "2031-08-26T12:49:00-04:00"),
        ("3h ago", "2031-08-26T16:49:00+00:00"),
        ("", "2031-08-26T16:49:00+00:00"),
    ],
)
def test_a_label_beside_the_time_gives_the_zone(shown: str, posted: str) -> None:
    assert read(block("2031-08-26T16:49:00Z", shown)).entries[0].posted_at.isoformat() == posted


REFUSED = [
    (("2031-08-26T16:49:00Z", "4.49pm BST"), "the two disagree"),
    (("2031-08-26T16:49", ""), "without an offset such as +01:00"),
    (("yesterday", ""), "not ISO 8601"),
    (("0001-01-01T00:00:00Z", ""), "not between 1900-01-01 and 2199-12-31"),
]


def test_a_block_of_a_picture_alone_is_left_out_in_silence() -> None:
    good = block("2031-08-26T16:00:00Z", name="73af35d4e4b0000000000002")
    blog = read(good, block("2031-08-26T16:49:00Z", "", "<img src='a'>"))
    assert (len(blog.entries), blog.refused) == (1, ())


@pytest.mark.parametrize(("given_block", "reason"), REFUSED)
def test_a_block_without_a_sure_time_is_refused(given_block: tuple[str, ...], reason: str) -> None:
    good = block("2031-08-26T16:00:00Z", name="73af35d4e4b0000000000002")
    blog = read(good, block(*given_block))
    assert len(blog.entries) == 1
    assert blog.refused[0].entry == f"block {ID}"
    assert reason in blog.refused[0].reason


def test_a_time_without_an_offset_is_in_the_zone_given() -> None:
    blog = read(block("2031-08-26T16:49"), options=SourceOptions(timezone="Europe/London"))
    assert blog.entries[0].posted_at.isoformat() == "2031-08-26T16:49:00+01:00"


def test_a_second_block_of_an_id_is_refused_and_a_copy_is_not() -> None:
    one = block("2031-08-26T16:49:00Z")
    assert len(read(one, one).entries) == 1
    assert "already" in read(one, block("2031-08-26T16:49:00Z", body="<p>Other.</p>")).refused[0].reason


def test_the_guardians_pages_open_at_a_block() -> None:
    blog = read(block("2031-08-26T16:49:00Z"), address="https://www.theguardian.com/coast/live/2031/aug/26/a?x=1")
    assert blog.id == "coast/live/2031/aug/26/a"
    assert blog.entries[0].url == (
        f"https://www.theguardian.com/coast/live/2031/aug/26/a?page=with:block-{ID}#block-{ID}"
    )


def test_an_address_that_is_found_is_taken_without_what_may_be_a_secret_in_it() -> None:
    blog = read(block("2031-08-26T16:49:00Z"), address="https://news.example/live?token=SECRET")
    assert blog.url == "https://news.example/live"
    assert blog.entries[0].url == f"https://news.example/live#block-{ID}"


@pytest.mark.parametrize("page", ["<p>Words.</p>", '<div id="block-views-recent" class="block"><time datetime="x">'])
def test_another_page_is_no_live_blog(page: str) -> None:
    with pytest.raises(NotALiveBlog):
        read(page)


def test_a_page_nested_too_deep_is_refused() -> None:
    with pytest.raises(SourceRefused, match=r"^a\.html is nested more than 400 elements deep"):
        read("<div>" * 100_000, block("2031-08-26T16:49:00Z"))


def test_a_large_page_is_read_in_time() -> None:
    rows = [
        block(
            f"2031-08-26T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
            "",
            "<p>a <b>b</b></p>" * 20,
            f"{number:024x}",
        )
        for number in range(5_000)
    ]
    start = time.perf_counter()
    assert len(read(*rows).entries) == 5_000
    assert time.perf_counter() - start < 30


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=60), st.text(max_size=30))
def test_any_values_are_read_or_refused_by_an_error_of_ours(stated: str, shown: str, body: str, name: str) -> None:
    markup = block(stated, shown, body, name) + block("2031-08-26T16:49:00Z")
    with contextlib.suppress(SourceError):
        read(markup.encode("utf-8", "replace").decode())
