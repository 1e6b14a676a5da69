"""What is a block's furniture and what are its words, on the Guardian's two kinds of markup and on others."""

from __future__ import annotations

import time

import pytest

from retrieval import sources
from retrieval.model import ReadBlog, ReadEntry, SourceOptions
from retrieval.sources.document import Document

ID = "73af35d4e4b000000000000"


def read(markup: str) -> ReadBlog:
    document = Document(locator="/a.html", name="a.html", data=f"<html><body>{markup}</body></html>".encode())
    return sources.read(document, SourceOptions())


def web(body: str, number: int = 1, more: str = "") -> str:
    return (
        f'<div class="block" id="block-{ID}{number}"><p class="published-time"><time '
        f'datetime="2031-02-03T10:0{number}:00Z">x</time></p>{more}<div class="block-elements">{body}</div></div>'
    )


def app(body: str, number: int = 1, more: str = "") -> str:
    return (
        f'<div class="block" id="block-{ID}{number}"><p class="block__time" title="2031-02-03T10:0{number}:00Z">3h'
        f' ago</p>{more}<div class="block__body">{body}</div></div>'
    )


def only(markup: str) -> ReadEntry:
    (entry,) = read(markup).entries
    return entry


BODIES = [
    (
        '<p>The vote begins at <time datetime="2031-02-03T19:30:00Z">7.30pm</time> tonight.</p>',
        None,
        "The vote begins at 7.30pm tonight.",
    ),
    (
        "<p>She spoke.</p><blockquote><p>We will not sell it.</p><footer><cite>Rosa Thackwray</cite></footer>",
        None,
        "She spoke.\nWe will not sell it.\nRosa Thackwray",
    ),
    (
        '<p>Look.</p><blockquote><p>Post.</p><footer>Ann <time datetime="2031-02-04T19:30:00Z">4 Feb</time></footer>',
        None,
        "Look.\nPost.\nAnn 4 Feb",
    ),
    ("<p>Kept.</p><footer><p>With a reporter</p></footer>", None, "Kept.\nWith a reporter"),
    ("Rain fell all night. <h2>Later</h2><p>It stopped.</p>", None, "Rain fell all night.\nLater\nIt stopped."),
    (
        '<p>Rain fell.</p><h2 class="block-title">Later</h2><p>It stopped.</p>',
        None,
        "Rain fell.\nLater\nIt stopped.",
    ),
    ('<p>A post <span class="block-title">inside</span>.</p>', None, "A post inside."),
    ("<h2>Minister: no sale</h2><p>He said no.</p>", "Minister: no sale", "He said no."),
    (
        '<div class="prose"><h2 class="block__title">Minister: no sale</h2><p>He said no.</p></div>',
        "Minister: no sale",
        "He said no.",
    ),
    ("<header><h2>Minister: no sale</h2></header><p>He said no.</p>", "Minister: no sale", "He said no."),
    ('first</div><div class="block-elements block__body"><p>second</p>', None, "first\nsecond"),
    ('<p>Kept.</p><p class="block__updated">Last Updated: 11:21</p>', None, "Kept."),
    (
        '<p>It said <span class="updated-time">at noon</span> <em class="block-byline">by us</em>.</p>',
        None,
        "It said by us.",
    ),
]


@pytest.mark.parametrize("block", [web, app])
@pytest.mark.parametrize(("body", "title", "text"), BODIES, ids=range(len(BODIES)))
def test_what_stands_in_a_body_is_its_words(block: object, body: str, title: str | None, text: str) -> None:
    assert callable(block)
    entry = only(block(body))
    assert (entry.title, entry.text) == (title, text)


def test_a_time_in_the_words_is_no_edit() -> None:
    assert only(web('<p>At <time datetime="2031-02-03T19:30:00Z">7.30pm</time>.</p>')).edited_at is None
    assert only(web("<footer><time datetime='2031-02-03T19:30:00Z'>7.30pm</time></footer>x")).edited_at is None
    edited = only(web("x", more="<footer><time datetime='2031-02-03T19:30:00Z'>7.30pm</time></footer>")).edited_at
    assert edited is not None
    assert edited.isoformat() == "2031-02-03T19:30:00+00:00"


def test_a_title_beside_the_body_comes_before_one_in_it() -> None:
    beside = '<h2 class="block-title">The title</h2>'
    for block in (web, app):
        entry = only(block('<h2 class="block-title">A heading</h2><p>Words.</p>', more=beside))
        assert (entry.title, entry.text) == ("The title", "A heading\nWords.")


def test_a_block_without_a_body_holds_its_words_itself() -> None:
    stamp = '<p><time datetime="2031-02-03T10:00:00Z">10:00</time></p>'
    body = '<p>The vote is at <time datetime="2031-02-03T19:30:00Z">7.30pm</time>.</p><blockquote>Off.<footer>Rosa'
    entry = only(f'<div class="block" id="block-{ID}1">{stamp}{body}</div>')
    assert entry.posted_at.isoformat() == "2031-02-03T10:00:00+00:00"
    assert (entry.text, entry.edited_at) == ("The vote is at 7.30pm.\nOff.\nRosa", None)


@pytest.mark.parametrize("block", [web, app])
def test_a_block_inside_another_is_refused_and_its_words_are_no_one_elses(block: object) -> None:
    assert callable(block)
    blog = read(block("<p>Outer.</p>" + block("<p>Inner.</p>", 2) + "<p>Outer still.</p>") + block("Next.", 3))
    assert [(one.id, one.text) for one in blog.entries] == [(f"{ID}1", "Outer.\nOuter still."), (f"{ID}3", "Next.")]
    assert "Inner" not in blog.entries[0].raw
    (refused,) = blog.refused
    assert (refused.entry, refused.reason) == (f"block {ID}2", f"it stands inside block {ID}1")


def test_what_only_holds_the_blocks_is_none() -> None:
    for block in (web, app):
        blog = read(f'<div class="block" id="block-system-main">{block("One.")}{block("Two.", 2)}</div>')
        assert [one.text for one in blog.entries] == ["One.", "Two."]
        assert blog.refused == ()


def test_a_wrapper_of_the_same_id_is_the_same_block() -> None:
    blog = read(f'<article itemprop="liveBlogUpdate" id="block-{ID}1">{web("One.")}</article>')
    assert ([(one.id, one.text) for one in blog.entries], blog.refused) == ([(f"{ID}1", "One.")], ())


@pytest.mark.parametrize("depth", [60, 390])
def test_nested_blocks_take_no_longer_than_others(depth: int) -> None:
    filling = "<p>Some words.</p>" * 100
    start = time.perf_counter()
    for stamp in ('<p class="block__time" title="2031-02-03T10:00:00Z">', '<time datetime="2031-02-03T10:00:00Z">'):
        opened = "".join(
            f'<div class="block" id="block-73af35d4e4b0{number:012x}">{stamp}</p></time>{filling}'
            for number in range(depth)
        )
        assert len(read(opened).entries) == 1
    assert time.perf_counter() - start < 10
