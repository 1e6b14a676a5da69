"""Sources → store: the first half of the one pipeline that `add`, `reindex` and `watch` share.

Each source is committed by itself, whole. `indexing` is the second half.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from retrieval import sources
from retrieval.errors import NotALiveBlog, SourceError, SourceMissing, SourceRefused, StetError, UsageError
from retrieval.languages import measured, supported
from retrieval.matching import Known
from retrieval.model import Blog, Filter, ReadBlog, Refusal, SourceOptions
from retrieval.rows import Source
from retrieval.sources import Document, NotModified
from retrieval.store import Store

_LONGEST_SLUG = 80

log = logging.getLogger(__name__)

Load = Callable[[str], Document | NotModified]
"""Reads a file, an address or standard input. Raises SourceError, UsageError."""


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


def take(
    store: Store,
    document: Document,
    said: SourceOptions,
    now: datetime,
    *,
    named: str | None = None,
    accept_deletions: bool = False,
) -> SourceReport:
    """Read a document and record it; `named` is the source as the admin wrote it. Raises StetError; a refused source
    is raised, not reported."""
    if said.blog is not None and ("/" in said.blog or not said.blog.strip()):
        raise UsageError(f"{said.blog!r} is no id for a blog", "give one without a slash, such as flood-2031")
    reading = _remembered(store, document, said)
    options = reading.options
    read = sources.read(document, options, reading.stored)
    if not read.entries and options.blog is None:
        options = replace(options, blog=_blog_of_deletions(store, document, said.blog))
    blog_id = _blog_id(read, options, document.name)
    options, note = _as_closed(store, document.locator, blog_id, options)
    source = Source(
        locator=document.locator,
        format=read.format,
        sha256=document.sha256,
        options=options,
        read_at=now,
        etag=document.etag,
        last_modified=document.last_modified,
    )
    recorded = store.record(
        blog_id=blog_id,
        default_title=_default_title(document.name),
        source=source,
        read=read,
        now=now,
        may_retime=reading.may_retime,
        accept_deletions=accept_deletions,
    )
    log.info(
        "recorded blog=%s added=%d edited=%d deleted=%d",
        recorded.blog, recorded.added, recorded.edited, recorded.deleted,
    )  # fmt: skip
    return SourceReport(
        source=named or document.locator,
        blog=recorded.blog,
        format=read.format,
        entries=len(read.entries),
        added=recorded.added,
        edited=recorded.edited,
        deleted=recorded.deleted,
        unchanged=recorded.unchanged,
        refused=(*read.refused, *recorded.refused),
        notes=(*read.notes, *note),
        warnings=(*read.warnings, *recorded.warnings, *_of_language(store.blogs()[blog_id], new=recorded.new)),
    )


def take_all(
    store: Store,
    given: Sequence[str],
    options: SourceOptions,
    load: Load,
    now: datetime,
    *,
    accept_deletions: bool = False,
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
                reports.append(_taken(store, file, options, load, now, accept_deletions))
            except (SourceMissing, NotALiveBlog) as error:
                if inside is None:
                    reports.append(_refused(file, error))
                else:
                    skipped.append(file)
    return reports, skipped


def take_again(
    store: Store, blog: str, source: Source, load: Load, now: datetime, *, accept_deletions: bool = False
) -> SourceReport:
    """Take a registered source again, for the blog that is read from it: several may be. A source that cannot be
    taken is reported with its reason."""
    options = replace(source.options, blog=blog)
    return _taken(store, source.locator, options, load, now, accept_deletions)


def _taken(
    store: Store, file: str, options: SourceOptions, load: Load, now: datetime, accept_deletions: bool
) -> SourceReport:
    """What became of one source. Raises SourceMissing, NotALiveBlog where no blog is read from there."""
    try:
        loaded = load(file)
        if isinstance(loaded, NotModified):
            registered = _registered(store, loaded.locator, options.blog)
            if registered is None:
                raise LookupError(f"{loaded.locator} is no registered source")
            return unmodified(store, *registered, file)
        return take(store, loaded, options, now, named=file, accept_deletions=accept_deletions)
    except (SourceMissing, NotALiveBlog) as error:
        registered = _registered(store, file, options.blog)
        if registered is None:
            raise
        return _gone(store, registered, file, error, now, accept_deletions)
    except (SourceError, UsageError) as error:
        return _refused(file, error)


def unmodified(store: Store, blog: str, source: Source, named: str) -> SourceReport:
    """The report of a blog whose source has not changed since it was read."""
    count = store.coverage(Filter(blogs=frozenset({blog}))).entries
    return SourceReport(source=named, blog=blog, format=source.format, entries=count, unchanged=count)


def _of_language(blog: Blog, *, new: bool) -> tuple[str, ...]:
    """What is to be known of a new blog's language: only English was measured."""
    if not new or measured(blog.language):
        return ()
    how = "stemmed and cut into sentences by its own rules" if supported(blog.language) else "not stemmed"
    return (f"its language {blog.language!r} is {how}; how well it is answered from was not measured",)


def _blog_of_deletions(store: Store, document: Document, blog: str | None) -> str:
    """The blog that a document tells nothing but deletions of: the one that is read from there. Raises
    SourceRefused."""
    registered = _registered(store, document.locator, blog)
    if registered is None:
        raise SourceRefused(
            f"{document.name} tells of deletions alone, so it is not certain of which blog",
            "name the blog with --blog",
        )
    return registered[0]


def _registered(store: Store, file: str, blog: str | None) -> tuple[str, Source] | None:
    """The blog that is read from a file or address, and what is known of that source: `blog` where it is one of
    several, else the first. None where none is."""
    if file == sources.STANDARD_INPUT:
        return None
    here = sources.locator_of(file)
    found = {name: source for name, source in store.sources() if source.locator == here}
    if blog in found:
        return blog, found[blog]
    return next(iter(found.items()), None)


def _gone(
    store: Store,
    registered: tuple[str, Source],
    file: str,
    error: StetError,
    now: datetime,
    accept_deletions: bool,
) -> SourceReport:
    """A registered source that holds no live blog any more: nothing is recorded, unless the admin accepts that all
    its entries are deleted."""
    blog, source = registered
    if not accept_deletions:
        hint = "put it right; or, if all its entries are really deleted, run the same with --accept-deletions"
        return _refused(file, type(error)(f"{error.message}, but the blog {blog} was read from it", hint))
    recorded = store.record_gone(blog, replace(source, read_at=now), now)
    return SourceReport(source=file, blog=blog, format=source.format, deleted=recorded.deleted)


def _refused(source: str, error: StetError) -> SourceReport:
    return SourceReport(source=source, blog=None, format=None, refused=(Refusal(entry=source, reason=str(error)),))


def _remembered(store: Store, document: Document, said: SourceOptions) -> _Reading:
    """How a document is to be read: by what is said now, else what was said before of the blog that it continues."""
    options = SourceOptions() if said.remembered else said
    before = _continued(store, document, said)
    if before is None:
        return _Reading(options=options, stored={}, may_retime=bool(options.date or options.timezone))
    blog, held, known = before.blog, before.options, before.known
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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Before:
    """A blog that a document may continue: what was said of it, its entries, and how many of them it shares."""

    blog: str
    options: SourceOptions
    known: Sequence[Known]
    shared: int


def _continued(store: Store, document: Document, said: SourceOptions) -> _Before | None:
    """The blog that a document continues: the one named, else its source's that it shares most with.

    It must hold an entry of that blog, if only one that was taken down; any other is another live blog, even under
    the same path, and takes nothing from it. Only where a blog that is read again has lost entries to a take-down,
    it may be that none is left to be known by."""
    named = None if said.remembered else said.blog
    here = None if document.locator == sources.STANDARD_INPUT else document.locator
    candidates = [
        (blog, source) for blog, source in store.sources() if (blog == named if named else source.locator == here)
    ]
    marks = sources.marks(document) if candidates else frozenset()
    found = []
    for blog, source in candidates:
        known = store.known(blog)
        shared = sum(not marks.isdisjoint(_marks(one)) for one in known) + store.taken_down_among(blog, marks)
        found.append(_Before(blog=blog, options=source.options, known=known, shared=shared))
    own = next((one for one in found if one.blog == said.blog), None)
    if own and (own.shared or (said.remembered and store.has_tombstone(own.blog))):
        return own
    return max((one for one in found if one.shared), key=lambda one: one.shared, default=None)


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
