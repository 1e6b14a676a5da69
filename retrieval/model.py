"""The types that everything else speaks in: frozen, keyword-only, standard library only.

No type that carries an answer has a field of free text: `Passage.text` slices the stored version, so nobody
can hand out words that were not published.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

Span = tuple[int, int]
"""`[start, end)` in Unicode code points of one version's text."""


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def require_aware(moment: datetime | None, what: str) -> None:
    """Refuse a naive datetime at the door. Raises ValueError."""
    if moment is not None and moment.utcoffset() is None:
        raise ValueError(f"{what} has no time zone: {moment.isoformat()}")


class Status(StrEnum):
    """What may be done with an entry."""

    LIVE = "live"
    DELETED = "deleted"  # gone from its source
    HELD = "held"  # hidden by the admin, reversibly
    TAKEN_DOWN = "taken_down"  # erased


class Cause(StrEnum):
    """Why a version exists."""

    PUBLISHED = "published"
    EDITED = "edited"
    REREAD = "reread"  # the raw markup is the same, our reading of it improved: no edit, nobody is told
    DELETED = "deleted"  # the source no longer has the entry: a version without words
    REVIVED = "revived"  # the source has it again
    TAKEN_DOWN = "taken_down"  # this one version was erased: its number stays, its words are gone


class Listing(StrEnum):
    """Which entries a document would list if they were there: what a missing one proves."""

    WHOLE = "whole"  # all of the blog
    SINCE_OLDEST = "since_oldest"  # all from its oldest entry on: older ones may have dropped off
    BETWEEN = "between"  # all between its oldest and its newest entry: one page of several
    PART = "part"  # a missing entry proves nothing


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    NOTHING_FOUND = "nothing_found"
    NOTHING_IN_RANGE = "nothing_in_range"


class Order(StrEnum):
    """In what order passages are wanted."""

    RELEVANCE = "relevance"
    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceOptions:
    """What the admin says about a source when adding it; what is None is found out, or stays as stored."""

    title: str | None = None
    date: date | None = None
    timezone: str | None = None
    language: str | None = None
    url: str | None = None
    blog: str | None = None
    visibility: tuple[str, ...] | None = None
    sensitive: bool | None = None
    embargo_until: datetime | None = None
    remembered: bool = field(default=False, compare=False)
    """Nothing of this is said now: it is what was said of a registered source before."""

    def __post_init__(self) -> None:
        require_aware(self.embargo_until, "embargo_until")


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadEntry:
    """One entry as a source yields it. `id` is the source's own block id, where it has one.

    `utc_offset` of `posted_at` is kept: it is how the newsroom printed the time.
    """

    id: str | None
    posted_at: datetime
    title: str | None
    author: str | None
    url: str | None
    text: str
    raw: str
    edited_at: datetime | None = None
    published_by_then: bool = False
    """The document tells of an edit alone: `posted_at` is its time, and the entry was published then or earlier."""

    def __post_init__(self) -> None:
        require_aware(self.posted_at, "posted_at")
        require_aware(self.edited_at, "edited_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One entry of a recognised source that was not taken, and why."""

    entry: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadBlog:
    """What a source yields: entries oldest first, what was refused, and notes on what was taken from where.

    `listing` says what an entry that is missing from `entries` proves; `deleted` are the ids that the source itself
    calls deleted (or no longer published). `language` is a code such as `en`, where the source states one.
    """

    format: str
    id: str | None
    title: str | None
    url: str | None
    timezone: str | None
    entries: tuple[ReadEntry, ...]
    listing: Listing = Listing.PART
    deleted: tuple[str, ...] = ()
    language: str | None = None
    refused: tuple[Refusal, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Blog:
    """One live blog. `visibility` is empty for public, else the channels that may see it."""

    id: str
    title: str
    url: str | None
    timezone: str | None
    language: str
    visibility: tuple[str, ...]
    sensitive: bool
    embargo_until: datetime | None

    def under_embargo(self, now: datetime) -> bool:
        """Whether nothing of it may be shown yet."""
        return self.embargo_until is not None and self.embargo_until > now


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One timestamped post. `key` is the store's; `id` the source's, or made from the UTC minute."""

    key: int
    blog: Blog
    id: str
    posted_at: datetime
    url: str | None
    status: Status

    @property
    def whole_id(self) -> str:
        return f"{self.blog.id}/{self.id}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """An entry's title, author and text as published at one moment; numbered from 1."""

    key: int
    entry: Entry
    number: int
    title: str | None
    author: str | None
    text: str
    sha256: str
    edited_at: datetime | None
    seen_at: datetime
    cause: Cause
    current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """`[start, end)` of a version's text. Raises ValueError where the span is not inside the text."""

    version: Version
    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end <= len(self.version.text):
            raise ValueError(f"[{self.start}, {self.end}) is no slice of {self.version.entry.whole_id}")

    @property
    def text(self) -> str:
        return self.version.text[self.start : self.end]

    @property
    def sha256(self) -> str:
        return digest(self.text)

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """What a search may look at: `[since, until)` of publication, and the blogs admitted (None: all)."""

    since: datetime | None = None
    until: datetime | None = None
    blogs: frozenset[str] | None = None

    def __post_init__(self) -> None:
        require_aware(self.since, "since")
        require_aware(self.until, "until")

    @property
    def admits_all(self) -> bool:
        return self.since is None and self.until is None and self.blogs is None


LONGEST_QUESTION = 2_000
"""Characters of a question that are taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """The asker's words and what was understood of them. `most`: so many entries are asked for, None where no number
    is said with the question; `limit`: how many are shown at most."""

    text: str
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    order: Order = Order.RELEVANCE
    blog: str | None = None
    most: int | None = None
    limit: int = 3
    unread: bool = False
    """It says a time that was not taken: which moment is meant could not be told."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """A passage and its scores: `score` (0 to 1) how likely it answers, `cosine` (-1 to 1), `coverage` (0 to 1: how
    much of the question's rarer words it holds); `highlight`: what of it fits best, where that was found out."""

    passage: Passage
    score: float
    cosine: float
    coverage: float
    highlight: Span | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is shown of one ranked passage: whole sentences, those that answer, and the entry's opening."""

    passage: Passage
    highlights: tuple[Span, ...]
    lead: Passage | None
    score: float
    also: tuple[Passage, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class IndexState:
    """What the index covers, over what the asker may see. Times are those of the first and last entry."""

    blogs: int
    entries: int
    passages: int
    first: datetime | None
    last: datetime | None
    updated: datetime
    snapshot: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The way a question ended. It holds no text of its own: only passages of stored versions."""

    question: Question
    outcome: Outcome
    confidence: float
    passages: tuple[Shown, ...]
    nearest: tuple[Shown, ...]
    index: IndexState
    elapsed_ms: float = field(compare=False)
    sure: bool = True
    """Whether the first passage fits so well that it is more than the closest one."""
    unheld: int = 0
    """As of a past moment: how many entries within the filter existed then while their wording is not held."""
    ranking: tuple[Version, ...] = field(default=(), compare=False)
    """The entries as they were ranked, at most ten, the best first, shown or not; empty where none were ranked: they
    were asked for by their time or order."""
