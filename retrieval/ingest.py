"""Sources → store: the first half of the one pipeline that `add` and `reindex` share.

Each source is committed by itself, whole. `indexing` is the second half.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError, StetError, UsageError
from retrieval.matching import Known
from retrieval.model import ReadBlog, Refusal, SourceOptions
from retrieval.rows import Source
from retrieval.sources import Document
from retrieval.store import Store

_LONGEST_SLUG = 80

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceReport:
    """What became of one source. Where the whole source was refused, `blog` is None and `refused` says why."""

    source: str
    blog: str | None
    format: str | None
    entries: int = 0
    added: int = 0
    edited: int = 0
    deleted: int = 0
    unchanged: int = 0
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reading:
    """How a document is to be read. Where nothing new is said of day and zone, what is stored keeps its time."""

    options: SourceOptions
    stored: sources.StoredDays
    may_retime: bool


# ------------------------------------------------------------------------------------------------ sources


def take(store: Store, locator: str, options: SourceOptions, size_limit: int, now: datetime) -> SourceReport:
    """Read one file (or `-`) and record it. Raises StetError; a refused source is raised, not reported."""
    if options.blog is not None and ("/" in options.blog or not options.blog.strip()):
        raise UsageError(f"{options.blog!r} is no id for a blog", "give one without a slash, such as flood-2031")
    document = sources.load(locator, size_limit)
    reading = _remembered(store, document, options)
    options = reading.options
    read = sources.read(document, options, reading.stored)
    blog_id = _blog_id(read, options, document.name)
    options, note = _as_closed(store, document.locator, blog_id, options)
    source = Source(
        locator=document.locator, format=read.format, sha256=document.sha256, options=options, read_at=now
    )
    recorded = store.record(
        blog_id=blog_id,
        default_title=_default_title(document.name),
        source=source,
        read=read,
        now=now,
        may_retime=reading.may_retime,
    )
    log.info("recorded blog=%s added=%d edited=%d", recorded.blog, recorded.added, recorded.edited)
    return SourceReport(
        source=locator,
        blog=recorded.blog,
        format=read.format,
        entries=len(read.entries),
        added=recorded.added,
        edited=recorded.edited,
        unchanged=recorded.unchanged,
        refused=read.refused,
        notes=(*read.notes, *note),
        warnings=read.warnings,
    )


def take_all(
    store: Store, given: Sequence[str], options: SourceOptions, size_limit: int, now: datetime
) -> tuple[list[SourceReport], list[str]]:
    """Take every source and every file of every folder; and the files of folders that are no live blog.

    A source that cannot be taken is reported with its reason, and the rest goes on. Only what would stop the
    others too (a full disk, a locked database) is raised.
    """
    reports: list[SourceReport] = []
    skipped: list[str] = []
    # all folders are listed before anything is recorded: one that may not be read stops nothing half-way
    for source, inside in [(source, sources.files_in(source)) for source in given]:
        for file in [source] if inside is None else inside:
            try:
                reports.append(take(store, file, options, size_limit, now))
            except NotALiveBlog as error:
                if inside is None:
                    reports.append(_refused(file, error))
                else:
                    skipped.append(file)
            except (SourceError, UsageError) as error:
                reports.append(_refused(file, error))
    return reports, skipped


def _refused(source: str, error: StetError) -> SourceReport:
    return SourceReport(source=source, blog=None, format=None, refused=(Refusal(entry=source, reason=str(error)),))


def _remembered(store: Store, document: Document, said: SourceOptions) -> _Reading:
    """How a document is to be read: by what is said now, else what was said before of the blog that it continues.

    Its source's blog, or the one named, is continued where the document holds one of its entries; any other is
    another live blog, even under the same path, and takes nothing from it.
    """
    options = SourceOptions() if said.remembered else said
    here = None if document.locator == sources.STANDARD_INPUT else document.locator
    candidates = [
        (blog, source.options, store.known(blog))
        for blog, source in store.sources()
        if (blog == options.blog if options.blog else source.locator == here)
    ]
    marks = sources.marks(document) if candidates else frozenset()
    shared = [sum(not marks.isdisjoint(_marks(one)) for one in known) for _, _, known in candidates]
    if not any(shared):
        return _Reading(options=options, stored={}, may_retime=bool(options.date or options.timezone))
    blog, held, known = candidates[shared.index(max(shared))]
    dated = options.date is not None and options.date != held.date
    zoned = options.timezone is not None and options.timezone != (held.timezone or store.blogs()[blog].timezone)
    return _Reading(
        options=replace(
            options,
            title=options.title or held.title,
            date=options.date or held.date,
            timezone=options.timezone or held.timezone,
            url=options.url or held.url,
            blog=blog,
        ),
        stored={} if dated else _days(known),
        may_retime=dated or zoned,
    )


def _marks(one: Known) -> set[sources.Mark]:
    return {one.raw, (one.id, one.posted_at)} if one.own_id else {one.raw}


def _days(known: Sequence[Known]) -> sources.StoredDays:
    days: dict[str, frozenset[date]] = {}
    for one in known:
        days[one.raw] = days.get(one.raw, frozenset()) | {one.posted_at.date()}
    return days


def _as_closed(
    store: Store, locator: str, blog_id: str, options: SourceOptions
) -> tuple[SourceOptions, tuple[str, ...]]:
    """A new blog at the place of a closed one is as closed, where nothing else is said: a file that is written over
    must not open what was private."""
    blogs = store.blogs()
    before = [(source.read_at, blog) for blog, source in store.sources() if source.locator == locator]
    if blog_id in blogs or not before or locator == sources.STANDARD_INPUT:
        return options, ()
    held = blogs[max(before)[1]]
    closed = replace(
        options,
        visibility=options.visibility if options.visibility is not None else held.visibility or None,
        sensitive=options.sensitive if options.sensitive is not None else held.sensitive or None,
        embargo_until=options.embargo_until or held.embargo_until,
    )
    if closed == options:
        return options, ()
    return closed, (f"who may see it taken from the blog {held.id}, read from the same place before",)


def _blog_id(read: ReadBlog, options: SourceOptions, name: str) -> str:
    """`--blog`, else the source's own id, else a slug of title and day."""
    if options.blog is not None:
        return options.blog
    if read.id is not None:
        return read.id.replace("/", "-")
    day = read.entries[0].posted_at.date().isoformat()
    slug = _slug(options.title or read.title or _default_title(name))
    return f"{slug}-{day}" if slug else day


def _default_title(name: str) -> str:
    """A file's name in words: no ending, no date, no hyphens. The whole name where nothing else is left."""
    stem = Path(name).stem
    words = re.sub(r"(?:19|20)\d\d[-_/]?\d\d[-_/]?\d\d", " ", stem)
    return " ".join(re.split(r"[\W_]+", words)).strip() or stem


def _slug(title: str) -> str:
    folded = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:_LONGEST_SLUG].strip("-")
