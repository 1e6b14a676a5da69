"""A news agency's running story as plain text, such as AP's "The Latest": a headline, a lead that says in which zone
all times are, then entries under lone time lines, mostly newest first and set apart by `___`.

    The Latest: River passes its record.             ← the blog's title
    HARBOUR WEND (AP) — The Latest on … (all times EST):
    12:05 a.m.                                       ← of the day after the file's
    …
    ___
    7 p.m.:
    …

The file's date is its oldest entry's day: of the files known, the one that runs past midnight is named for the day
on which it began, and its top entry, of 12:05 a.m., belongs to the next.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time

from retrieval import clock
from retrieval.errors import SourceRefused
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import days
from retrieval.sources.document import Document, Mark, StoredDays

NAME = "ap"

_LONGEST_TITLE = 300
_LABEL = r"(?: \(?(?P<label>[A-Z]{2,5})\)?)?"
_HALF = r"(?P<half>[AaPp])\.? ?[Mm]\.?"
_TIME_LINE = re.compile(rf"(?P<hour>[0-9]{{1,2}})(?:[:.](?P<minute>[0-9]{{2}}))? ?{_HALF}{_LABEL}[:.]?")
_WORD_LINE = re.compile(rf"(?:12(?:[:.]00)? ?)?(?P<word>noon|midnight){_LABEL}[:.]?", re.IGNORECASE)
# All figures stand there and one wrong key between them; letters that may be meant for figures are left out.
_MISPRINT = re.compile(
    rf"(?P<hour>[0-9]{{1,2}})[;A-Za-z](?<![OoIlSsBbZzGgq])(?P<minute>[0-9]{{2}}) ?{_HALF}{_LABEL}[:.]?"
)
# A line that can only be meant for a time.
_NEARLY = re.compile(rf"[0-9][^\s]{{0,6}} ?{_HALF}{_LABEL}[:.]?")
_LONGEST_LINE = 24
_LINE = re.compile(rf"^[^\S\n]{{0,9}}\S[^\n]{{2,{_LONGEST_LINE}}}$", re.MULTILINE)
_RULE = re.compile(r"_{2,}\.?")
_RULE_LINE = re.compile(r"^[^\S\n]{0,9}_{2,}\.?\s*?$", re.MULTILINE)
_THE_LATEST = re.compile(r"\s*the latest\b", re.IGNORECASE)
_STATEMENT = re.compile(
    r"\(?\ball times(?: are)?(?: in)?(?: the)? (?P<zone>[A-Za-z ]{2,40}?)(?:[:.,;)]|$)", re.IGNORECASE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Post:
    """One entry as it stands in the document. `moment` is None where the time line states none; `misprint` says
    that it was read over a wrong key."""

    words: str
    moment: time | None
    label: str | None
    misprint: bool
    raw: str
    text: str
    rest: int
    """Characters that stand after the rule that ends the entry, under no time line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Story:
    """The document cut up, in its own order."""

    head: str
    posts: Sequence[_Post]

    @property
    def title(self) -> str | None:
        first = next((line.strip() for line in self.head.split("\n") if line.strip()), "")
        return first if 0 < len(first) <= _LONGEST_TITLE else None

    @property
    def zone_words(self) -> str | None:
        """What the lead says all times are in."""
        statement = _STATEMENT.search(" ".join(self.head.split()))
        return statement["zone"].strip() if statement else None


def detect(document: Document) -> bool:
    """By a lone time line below a statement of the zone, below `The Latest`, or above a rule."""
    text = document.text
    if text.lstrip()[:1] in ("<", "{", "["):
        return False
    first = next((line for line in _LINE.finditer(text) if _time(line[0].strip())[0] is not None), None)
    if first is None:
        return False
    story = _Story(head=text[: first.start()], posts=())
    return bool(story.zone_words or _THE_LATEST.match(story.head) or _RULE_LINE.search(text, first.end()))


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its entries."""
    return frozenset(post.raw for post in _cut(document.text).posts)


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """All entries, oldest first. Raises SourceRefused where zone or day are not certain, or none is good.

    A file lists what lies between its oldest and its newest entry, unless something cannot be read.
    """
    story = _cut(document.text)
    refused: list[Refusal] = []
    posts, misread = _timed(story.posts, refused)
    if not posts:
        raise _nothing_left(document, refused)
    zone_name, zone_note = _zone(document, story, options)
    label = clock.zone_label(story.zone_words or "")
    printed = [_printed(post, label) for post in posts]
    first, day_note = days.oldest_day(
        document, printed, stated=story.head, labels=(), stored=stored, zone_name=zone_name, options=options
    )
    entries, warnings = _entries(posts, printed, first, zone_name, refused)
    if not entries:
        raise _nothing_left(document, refused)
    left_over = _left_over(story.posts)
    return ReadBlog(
        format=NAME,
        id=None,
        title=options.title or story.title,
        url=options.url,
        timezone=zone_name,
        entries=tuple(entries),
        listing=Listing.PART if refused or left_over else Listing.BETWEEN,
        refused=tuple(refused),
        notes=tuple(note for note in (zone_note, day_note) if note),
        warnings=(*left_over, *misread, *warnings),
    )


def _nothing_left(document: Document, refused: Sequence[Refusal]) -> SourceRefused:
    return SourceRefused(
        f"no entry of {document.called} can be taken: {refused[0].entry}: {refused[0].reason}",
        "mend the document and add it again",
    )


def _cut(text: str) -> _Story:
    """Cut a document at its time lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if _is_time_line(line.strip())]
    ends = [*starts[1:], len(lines)]
    return _Story(
        head="\n".join(lines[: starts[0]] if starts else lines),
        posts=[_post(lines[start:end]) for start, end in zip(starts, ends, strict=True)],
    )


def _is_time_line(line: str) -> bool:
    forms = (_TIME_LINE, _WORD_LINE, _MISPRINT, _NEARLY)
    return len(line) <= _LONGEST_LINE and any(form.fullmatch(line) for form in forms)


def _post(lines: Sequence[str]) -> _Post:
    words = lines[0].strip()
    body = [line.strip() for line in lines[1:]]
    rule = next((number for number, line in enumerate(body) if _RULE.fullmatch(line)), len(body))
    moment, label, misprint = _time(words)
    return _Post(
        words=words,
        moment=moment,
        label=label,
        misprint=misprint,
        raw="\n".join(lines[: rule + 1]).strip(),
        text="\n".join(line for line in body[:rule] if line),
        rest=len(" ".join(line for line in body[rule:] if line and not _RULE.fullmatch(line))),
    )


def _time(words: str) -> tuple[time | None, str | None, bool]:
    """The time of a time line, its label, and whether it is misprinted."""
    if named := _WORD_LINE.fullmatch(words):
        return time(12 if named["word"].lower() == "noon" else 0), named["label"], False
    plain = _TIME_LINE.fullmatch(words)
    match = plain or _MISPRINT.fullmatch(words)
    if match is None:
        return None, None, False
    moment = clock.twelve_hour(int(match["hour"]), int(match["minute"] or 0), f"{match['half']}m")
    return moment, match["label"], not plain


def _timed(posts: Sequence[_Post], refused: list[Refusal]) -> tuple[list[_Post], list[str]]:
    """The posts whose time is certain and that say something, oldest first, and warnings of what was misprinted.

    A misprinted time whose figures are all there is certain where it fits between its neighbours.
    """
    certain = [post.moment for post in posts if post.moment is not None and post.text and not post.misprint]
    if not days.runs_forward(certain):
        posts = posts[::-1]
    taken: list[_Post] = []
    misread: list[str] = []
    for at, post in enumerate(posts):
        if post.moment is None:
            refused.append(Refusal(entry=post.words, reason="is no time of day like 7 p.m. or 4:40 p.m."))
        elif not post.text:
            refused.append(Refusal(entry=post.words, reason="the entry has no text"))
        elif taken and taken[-1].raw == post.raw:
            continue
        elif post.misprint and not _fits(post.moment, taken, posts[at + 1 :]):
            refused.append(
                Refusal(
                    entry=post.words,
                    reason=f"is misprinted, and {post.moment:%H:%M} does not fit between the entries beside it",
                )
            )
        else:
            if post.misprint:
                misread.append(f"{post.words}: read as {post.moment:%H:%M}, which fits between the entries beside it")
            taken.append(post)
    return taken, misread


def _fits(moment: time, older: Sequence[_Post], newer: Sequence[_Post]) -> bool:
    """Whether a time may stand between the nearest certain ones without a day more than without it."""
    before = next((post.moment for post in reversed(older) if not post.misprint), None)
    after = next((post.moment for post in newer if post.moment is not None and post.text and not post.misprint), None)
    if before is None or after is None:
        return (before is not None and before <= moment) or (after is not None and moment <= after)
    return (moment < before) + (after < moment) == (after < before)


def _left_over(posts: Sequence[_Post]) -> list[str]:
    return [
        f"{post.rest} characters after the rule below {post.words} belong to no entry" for post in posts if post.rest
    ]


def _zone(document: Document, story: _Story, options: SourceOptions) -> tuple[str, str | None]:
    if options.timezone:
        clock.zone(options.timezone)
        return options.timezone, None
    words = story.zone_words
    label = clock.zone_label(words) if words else next((post.label for post in story.posts if post.label), None)
    name = clock.ZONE_OF_LABEL.get(label) if label else None
    if label is None or name is None:
        because = f"it says that all times are {words}" if words else "it does not say in which zone its times are"
        raise SourceRefused(
            f"the time zone of {document.called} is not certain: {because}",
            "give --timezone, such as --timezone America/New_York",
        )
    return name, f"time zone {name} taken from {(words or label)!r}"


def _printed(post: _Post, label: str | None) -> days.Printed:
    return days.Printed(words=post.words, moment=post.moment or time(), label=post.label or label, raw=post.raw)


def _entries(
    posts: Sequence[_Post],
    printed: Sequence[days.Printed],
    first: date,
    zone_name: str,
    refused: list[Refusal],
) -> tuple[list[ReadEntry], list[str]]:
    walked = days.walked(printed, first, zone_name)
    entries: list[ReadEntry] = []
    warned: list[tuple[str, str]] = []
    for post, stamp, on in zip(posts, printed, walked, strict=True):
        try:
            posted_at, warning = clock.localise(on, stamp.moment, zone_name, stamp.label)
        except SourceRefused as error:
            refused.append(Refusal(entry=post.words, reason=str(error)))
            continue
        if warning:
            warned.append((post.words, warning))
        entries.append(
            ReadEntry(id=None, posted_at=posted_at, title=None, author=None, url=None, text=post.text, raw=post.raw)
        )
    return entries, [*days.long_silences(printed, walked), *days.grouped(warned)]
