"""A small archive to check quotations against, and checks in plain words, for the tests. Every text is fiction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from retrieval.checking import checking
from retrieval.model import ReadBlog, ReadEntry, SourceOptions
from retrieval.rows import Source
from retrieval.store import Store
from retrieval.verdicts import QuoteCheck

NOW = datetime(2031, 2, 4, 9, tzinfo=UTC)
START = datetime(2031, 2, 3, 17, tzinfo=UTC)


def published(
    folder: Path,
    *texts: str,
    blog: str = "flood",
    titles: dict[int, str] | None = None,
    language: str = "en",
    now: datetime = NOW,
    options: SourceOptions | None = None,
) -> Store:
    """A store in which texts were published, a minute apart, as the entries `blog/0`, `blog/1` and so on."""
    store = Store.open(folder / "archive.db")
    entries = tuple(
        ReadEntry(
            id=str(number),
            posted_at=START + timedelta(minutes=number),
            title=(titles or {}).get(number),
            author=None,
            url=None,
            text=text,
            raw=text,
        )
        for number, text in enumerate(texts)
        if text
    )
    said = options or SourceOptions(language=language)
    store.record(
        blog_id=blog,
        default_title="River Wend flood",
        source=Source(locator=f"/{blog}.ndjson", format="ndjson", sha256="", options=said, read_at=now),
        read=ReadBlog(format="ndjson", id=None, title=None, url=None, timezone="UTC", entries=entries),
        now=now,
    )
    return store


def checked(
    store: Store,
    quote: str,
    *,
    speaker: str | None = None,
    as_of: datetime | None = None,
    blog: str | None = None,
    visible: frozenset[str] | None = None,
    now: datetime = NOW,
) -> QuoteCheck:
    """The check of one quotation."""
    with checking(store, as_of=as_of, blog=blog, visible=visible, now=now) as open_:
        return open_.check(quote, speaker)


def places(found: QuoteCheck) -> list[tuple[str, str, str]]:
    """Entry, field and words of each match."""
    return [(one.version.entry.whole_id, one.field.value, one.text) for one in found.matches]


def changes(found: QuoteCheck) -> list[tuple[str, str, str, str]]:
    """Operation, kind, words of the quotation and of the source of each edit of the first match."""
    first = found.matches[0]
    return [
        (edit.op.value, edit.kind.value, found.quote[slice(*edit.quote_span)], first.source[slice(*edit.source_span)])
        for edit in first.edits
    ]


def warnings(found: QuoteCheck) -> list[tuple[str, str]]:
    """Kind and words of each caution."""
    return [(one.kind.value, found.matches[one.match].source[one.start : one.end]) for one in found.cautions]
