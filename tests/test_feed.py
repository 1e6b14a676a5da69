from __future__ import annotations

import time
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceRefused
from retrieval.model import Listing, ReadBlog, SourceOptions
from retrieval.sources import feed
from tests.hostile import damaged, document, read, read_or_refused

FOLDER = Path(__file__).parent / "data" / "feed"
ATOM, RSS = FOLDER / "atom.xml", FOLDER / "rss.xml"
NOW = "<pubDate>Mon, 03 Feb 2031 17:00:00 GMT</pubDate>"


def rss(*items: str) -> str:
    inside = "".join(f"<item>{one}</item>" for one in items)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{inside}</channel></rss>'


def item(number: int = 1, text: str = "The river rose.", more: str = NOW) -> str:
    return f"<guid>{number}</guid><description>{escape(text)}</description>{more}"


def atom(*entries: str) -> ReadBlog:
    inside = "".join(f"<entry>{one}</entry>" for one in entries)
    return read(f'<feed xmlns="http://www.w3.org/2005/Atom">{inside}</feed>')


def test_the_atom_sample_is_read_whole() -> None:
    blog = sources.read(sources.load(str(ATOM), 100_000), SourceOptions())
    assert [
        (
            one.id,
            one.posted_at.isoformat(),
            one.edited_at and one.edited_at.isoformat(),
            one.author,
            one.title,
            one.text,
        )
        for one in blog.entries
    ] == [
        (
            "tag:news.example,2031:wend/1",
            "2031-02-03T16:00:00+01:00",
            None,
            None,
            None,
            "Quay Street is closed.\nTake the bridge.",
        ),
        (
            "tag:news.example,2031:wend/2",
            "2031-02-03T17:00:00+01:00",
            None,
            None,
            "The mole",
            "1 < 2 &amp; <b>not bold</b>",
        ),
        (
            "tag:news.example,2031:wend/3",
            "2031-02-03T18:00:00+01:00",
            "2031-02-03T18:10:00+01:00",
            "Dora Finch",
            "Alert lifted",
            "Ã© The alert is lifted.\nGo\nhome.",
        ),
    ]
    assert [one.url for one in blog.entries] == [None, None, "https://news.example/wend#3"]
    assert (blog.format, blog.id, blog.title, blog.url) == (
        "feed",
        None,
        "Flood & storm",
        "https://news.example/wend",
    )
    assert (blog.timezone, blog.language, blog.listing) == ("UTC+01:00", "en", Listing.SINCE_OLDEST)
    assert blog.notes == ("1 item states no publication; the time of update was taken",)
    assert "17" not in blog.entries[2].raw.replace("2031-02-03T17", "")


def test_the_rss_sample_is_read_whole() -> None:
    blog = sources.read(sources.load(str(RSS), 100_000), SourceOptions())
    assert [
        (one.id, one.posted_at.isoformat(), one.author, one.title, one.url, one.text) for one in blog.entries
    ] == [
        ("a", "2031-02-03T16:30:00+00:00", "Dora Finch", "Quay Street", None, "Quay Street is closed & wet."),
        (
            'b "2" 🌊',
            "2031-02-03T12:00:00-05:00",
            "Ilse Marek",
            None,
            "https://news.example/wend#b",
            "The mole at Harbour Wend holds.\nFor now.",
        ),
    ]
    assert (blog.title, blog.url, blog.timezone, blog.language) == (
        "The Wend floods",
        "https://news.example/wend",
        None,
        "en",
    )


def test_rss_1_0() -> None:
    blog = read(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Flood</title></channel>'
        '<item rdf:about="https://news.example/1"><title>Mole</title><link>https://news.example/1</link>'
        "<description>The mole holds.</description><dc:date>2031-02-03T17:00:00+01:00</dc:date></item></rdf:RDF>"
    )
    (one,) = blog.entries
    assert (one.id, one.title, one.url) == ("https://news.example/1", "Mole", "https://news.example/1")
    assert (blog.title, one.posted_at.isoformat()) == ("Flood", "2031-02-03T17:00:00+01:00")


def test_counts_of_comments_are_no_change() -> None:
    text = RSS.read_text()
    assert read(text).entries == read(text.replace("comments>4<", "comments>5<")).entries


@pytest.mark.parametrize(
    ("stated", "iso"),
    [
        ("Mon, 03 Feb 2031 17:00:00 +0100", "2031-02-03T17:00:00+01:00"),
        ("3 Feb 2031 17:00 EST", "2031-02-03T17:00:00-05:00"),
        ("Mon, 03 Feb 2031 17:00:00 Z", "2031-02-03T17:00:00+00:00"),
        ("2031-02-03T17:00:00Z", "2031-02-03T17:00:00+00:00"),
    ],
)
def test_times(stated: str, iso: str) -> None:
    assert read(rss(item(more=f"<pubDate>{stated}</pubDate>"))).entries[0].posted_at.isoformat() == iso


WANTED = "a time like 2014-08-26T17:49:00+01:00 or Tue, 26 Aug 2014 17:49:00 +0100"
NO_ZONE = f"without a zone that is certain; it would have to be {WANTED}"
REFUSED = [
    ("", "it states no time"),
    ("<pubDate/>", "it states no time"),
    (
        "<pubDate>Mon, 03 Feb 2031 17:00:00</pubDate>",
        f'its time is "Mon, 03 Feb 2031 17:00:00", {NO_ZONE}',
    ),
    (
        "<pubDate>Mon, 03 Feb 2031 17:00:00 BST</pubDate>",
        f'its time is "Mon, 03 Feb 2031 17:00:00 BST", {NO_ZONE}',
    ),
    (
        "<pubDate>Mon, 03 Feb 2031 17:00:00 -0000</pubDate>",
        f'its time is "Mon, 03 Feb 2031 17:00:00 -0000", {NO_ZONE}',
    ),
    ("<pubDate>yesterday</pubDate>", f'its time is "yesterday", not {WANTED}'),
    ("<pubDate>30 Feb 2031 17:00:00 GMT</pubDate>", f'its time is "30 Feb 2031 17:00:00 GMT", not {WANTED}'),
    (
        "<pubDate>Tue, 03 Feb 2031 17:00:00 GMT</pubDate>",
        'its time is "Tue, 03 Feb 2031 17:00:00 GMT", but that day is no Tue',
    ),
    (
        "<pubDate>2031-02-03T17:00:00</pubDate>",
        "'the time' is \"2031-02-03T17:00:00\", without an offset such as +01:00",
    ),
]


@pytest.mark.parametrize(("more", "reason"), REFUSED, ids=range(len(REFUSED)))
def test_a_time_that_is_not_certain_is_refused_and_the_good_item_is_kept(more: str, reason: str) -> None:
    blog = read(rss(item(), item(2, more=more)))
    assert [one.id for one in blog.entries] == ["1"]
    assert [(one.entry, one.reason) for one in blog.refused] == [("item 2", reason)]
    assert blog.listing is Listing.PART


def test_items_without_content_and_ids_that_repeat_are_refused() -> None:
    blog = read(
        rss(item(), item(), item(1, "Another."), item(2, "<img src='a'/>"), item(3, " "), f"<title>T</title>{NOW}"),
    )
    assert [(one.entry, one.reason) for one in blog.refused] == [
        ("item 3", "the id '1' stands at item 1 already"),
        ("item 5", "it has no content"),
        ("item 6", "it has no content"),
    ]
    assert len(blog.entries) == 1


def test_no_character_of_a_text_is_mended() -> None:
    """What feed parsers like to put right: doubly encoded letters, C1 controls, references, relative addresses."""
    text = "Ã© â€™ \x85 &lt;b&gt; &amp;amp; <http://x> 1 < 2"
    (one,) = atom(
        f'<title type="text">{escape("Â£5 <b>")}</title><updated>2031-02-03T17:00:00Z</updated>'
        f'<content type="text">{escape(text)}</content>'
    ).entries
    assert (one.text, one.title) == (text, "Â£5 <b>")


def test_a_content_of_another_kind_is_no_text() -> None:
    now = "<updated>2031-02-03T17:00:00Z</updated>"
    blog = atom(
        f'<id>1</id>{now}<content type="image/png">aGk=</content><summary>A.</summary>',
        f'<id>2</id>{now}<content src="https://x.example/a" type="text/html"/>',
    )
    assert [(one.id, one.text) for one in blog.entries] == [("1", "A.")]
    assert [one.reason for one in blog.refused] == ["it has no content"]


def test_a_feed_of_several_pages_is_a_part() -> None:
    text = ATOM.read_text()
    assert read(text.replace('rel="self"', 'rel="next"')).listing is Listing.PART


def test_many_items_of_one_minute_stay_in_order() -> None:
    blog = read(rss(*(item(number) for number in range(32, 0, -1))))
    assert len(blog.entries) == 32
    newest_first = read(
        rss(
            item(99, more=NOW.replace("17:00", "17:01")),
            *(item(number) for number in range(32, 0, -1)),
        )
    )
    assert [one.id for one in newest_first.entries] == [*map(str, range(1, 33)), "99"]


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMBS = [
    f'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY l0 "lol">{LAUGHS}]>{rss(item())[21:]}'.replace("rose", "&l9;"),
    '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + rss(item())[21:].replace("rose", "&x;"),
    '<!DOCTYPE rss SYSTEM "https://x.example/rss.dtd">' + rss(item())[21:],
    '<!-- a --><?b c?>\n<!doctype feed [<!ENTITY % p "x">]><feed xmlns="http://www.w3.org/2005/Atom"/>',
]


@pytest.mark.parametrize("text", BOMBS, ids=range(len(BOMBS)))
def test_a_document_type_is_refused_before_anything_is_expanded(text: str) -> None:
    started = time.monotonic()
    with pytest.raises(SourceRefused) as caught:
        read(text)
    assert caught.value.message == "live declares a document type, in which entities may be hidden"
    assert "\n" not in str(caught.value)
    assert feed.marks(document(text)) == frozenset()
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("<rss><channel><item>", "is no well-formed XML"),
        (rss("<description>a &nbsp; b</description>"), "is no well-formed XML: undefined entity"),
        (rss("<x:y/>"), "is no well-formed XML: unbound prefix"),
        ("<rss>" + "<a>" * 300 + "</a>" * 300 + "</rss>", "is nested more than 200 elements deep"),
        ("<rss>" + "<a>" * 1_000_000, "is nested more than 200 elements deep"),
        ("<rss></rss>", "no live-blog entries found in live; each item needs a time with its zone, and its content"),
        (rss(item(more="")), "no live-blog entries found in live: item 1: it states no time"),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, because: str) -> None:
    with pytest.raises(SourceRefused, match=because):
        read(text)


def test_another_encoding_than_the_one_it_was_read_in_changes_nothing() -> None:
    text = rss(item(text="Müller")).replace('version="1.0"?', 'version="1.0" encoding="utf-7"?')
    assert read(text).entries[0].text == "Müller"


@pytest.mark.parametrize("text", ["<html><rss>", "<!doctype html><rss></rss>", "rss", "<?xml?><opml/>", "<!-- <rss>"])
def test_other_markup_is_not_ours(text: str) -> None:
    assert not feed.detect(document(text))
    with pytest.raises(NotALiveBlog):
        read(text)


@given(st.sampled_from([ATOM, RSS]).flatmap(lambda path: damaged(path.read_bytes())))
def test_a_damaged_feed_is_read_or_refused(data: bytes) -> None:
    read_or_refused(data)


TAGS = "guid pubDate description title link author".split()


@given(st.lists(st.tuples(st.sampled_from(TAGS), st.text(st.characters(exclude_categories=["Cs", "Cc"])))))
def test_any_items_are_read_or_refused(parts: list[tuple[str, str]]) -> None:
    read_or_refused(rss(item(), "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in parts)))
