"""The plain-text scrape of a live blog: headers like `5.49pm BST17:49`, bodies, share footers, all glued.

    5.49pm BST17:49Closing summaryWe are closing … the key points.About …FacebookTwitter…close5.27pm BST17:27…
    └── header ───┘└── title ────┘└── text ─────────────────────────────┘└── footer ──────┘

A header counts only where an entry can begin: at the start, on a new line, after a footer, or glued to the end
of the text before it. The only characters ever put into a text are line breaks; without them it equals the
document's slice from after the title to before the footer, trimmed.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from retrieval import clock
from retrieval.errors import SourceRefused, UsageError
from retrieval.model import ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources.document import Document
from retrieval.sources.glue import paragraph_breaks, title_length

NAME = "scrape"

_HEADER = re.compile(
    r"(?P<hour>[0-9]{1,2})[.:](?P<minute>[0-9]{2}) ?(?P<half>[ap]m) (?P<label>[A-Z]{2,5})"
    r"(?P<hour24>[0-9]{2}):(?P<minute24>[0-9]{2})"
)
_SERVICE = r"Twitter|Google ?plus|Pinterest|LinkedIn|WhatsApp|Messenger|Email"
_UPDATED = r"(?:Updated at (?P<updated>[0-9]{1,2}[.:][0-9]{2}[ap]m) (?P<updated_label>[A-Z]{2,5})\s*)?"
# A row of buttons names no service twice, so in `see FacebookFacebookTwitterShare…` the first is the text's.
_FOOTER = re.compile(
    rf"{_UPDATED}(?:Facebook(?:{_SERVICE})*+|(?<!Share)Share)Share"
    rf"(?: this post|Share|Facebook|{_SERVICE})*+close(?=\s|\Z|\d)"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Post:
    """One entry as it stands in the document, its times still as printed."""

    header: re.Match[str]
    footer: re.Match[str] | None
    raw: str
    rest: str
    title: str | None
    text: str

    @property
    def printed(self) -> str:
        return self.header[0]

    @property
    def label(self) -> str:
        return self.header["label"]

    def time(self) -> time:
        """The one time of both printed forms. Raises SourceRefused where they disagree."""
        twelve = clock.twelve_hour(int(self.header["hour"]), int(self.header["minute"]), self.header["half"])
        hour, minute = int(self.header["hour24"]), int(self.header["minute24"])
        if twelve is None or hour > 23 or minute > 59 or twelve != time(hour, minute):
            half = self.printed[: -len("00:00")].removesuffix(self.label).strip()
            raise SourceRefused(
                f"the 12-hour time {half} and the 24-hour time {self.printed[-5:]} disagree",
                "correct the header in the document",
            )
        return twelve


def detect(document: Document) -> bool:
    """By one header where an entry can begin."""
    return bool(_headers(document.text))


def parse(document: Document, options: SourceOptions) -> ReadBlog:
    """All entries, oldest first. Raises SourceRefused where zone or day are not certain, or none is good."""
    posts = _posts(document.text)
    refused: list[Refusal] = []
    timed = _with_times(posts, refused)
    unplaced = _left_over(posts, refused)
    if not timed:
        raise _nothing_left(document, refused)
    zone_name, zone_note = _zone(document, [post for post, _ in timed], options)
    day, day_note = _day(document, [post for post, _ in timed], options, zone_name)
    entries, warnings = _entries(timed, day, zone_name, refused)
    if not entries:
        raise _nothing_left(document, refused)
    return ReadBlog(
        format=NAME,
        id=None,
        title=None,
        url=options.url,
        timezone=zone_name,
        entries=tuple(entries),
        refused=tuple(refused),
        notes=tuple(note for note in (zone_note, day_note) if note),
        warnings=(*unplaced, *warnings),
    )


def _nothing_left(document: Document, refused: Sequence[Refusal]) -> SourceRefused:
    first = f"{refused[0].entry}: {refused[0].reason}" if refused else "every entry is empty"
    return SourceRefused(f"no entry of {document.name} can be taken: {first}", "mend the document and add it again")


def _headers(text: str) -> list[re.Match[str]]:
    return [match for match in _HEADER.finditer(text) if _may_begin(text, match.start())]


def _may_begin(text: str, start: int) -> bool:
    """An entry begins at the start, after a line break or a footer, or where text was glued to it."""
    before = text[:start].rstrip(" \t") if start < 400 else text[start - 400 : start].rstrip(" \t")
    if not before or before[-1] in "\r\n" or before.endswith("close"):
        return True
    glued = len(before) == start or before[-1] == text[start - 1]
    return glued and not before[-1].isdigit() and before[-1] not in ":.,-/(“‘\"'"


def _posts(text: str) -> list[_Post]:
    headers = _headers(text)
    ends = [header.start() for header in headers[1:]] + [len(text)]
    return [_post(text, header, end) for header, end in zip(headers, ends, strict=True)]


def _post(text: str, header: re.Match[str], end: int) -> _Post:
    """Cut one post into header, title, text and footer; `rest` stands after the footer, under no header."""
    footer = _FOOTER.search(text, header.end(), end)
    body = text[header.end() : footer.start() if footer else end].strip()
    cut = title_length(body)
    return _Post(
        header=header,
        footer=footer,
        raw=text[header.start() : footer.end() if footer else end].strip(),
        rest=text[footer.end() : end].strip() if footer else "",
        title=body[:cut].strip() or None,
        text=_with_breaks(body[cut:].strip()),
    )


def _with_breaks(body: str) -> str:
    pieces, last = [], 0
    for at in paragraph_breaks(body):
        pieces.append(body[last:at])
        last = at
    return "\n".join([*pieces, body[last:]])


def _with_times(posts: Sequence[_Post], refused: list[Refusal]) -> list[tuple[_Post, time]]:
    timed = []
    for post in posts:
        try:
            moment = post.time()
        except SourceRefused as error:
            refused.append(Refusal(entry=post.printed, reason=error.message))
            continue
        if not post.text:
            refused.append(Refusal(entry=post.printed, reason="the entry has no text"))
            continue
        timed.append((post, moment))
    return timed


def _left_over(posts: Sequence[_Post], refused: list[Refusal]) -> list[str]:
    """What stands after a footer but under no header: refused where it looks like an entry, else a warning."""
    warnings = []
    for post in posts:
        if _FOOTER.search(post.rest):
            refused.append(Refusal(entry=f"{post.rest[:40]}…", reason=f"no time can be read, after {post.printed}"))
        elif post.rest:
            warnings.append(f"{len(post.rest)} characters after the footer of {post.printed} belong to no entry")
    return warnings


def _zone(document: Document, posts: Sequence[_Post], options: SourceOptions) -> tuple[str, str | None]:
    if options.timezone:
        clock.zone(options.timezone)
        return options.timezone, None
    labels = sorted({post.label for post in posts})
    zones = {clock.ZONE_OF_LABEL.get(label) for label in labels}
    name = zones.pop()
    if zones or name is None:
        raise SourceRefused(
            f"the time zone of {document.name} is not certain: its labels are {', '.join(labels)}",
            "give --timezone, such as --timezone Europe/London",
        )
    return name, f"time zone {name} taken from the label {labels[0]}"


def _day(
    document: Document, posts: Sequence[_Post], options: SourceOptions, zone_name: str
) -> tuple[date, str | None]:
    """The oldest entry's day: as given, else the one day that the name or the document states."""
    if options.date:
        if not clock.EARLIEST <= options.date <= clock.LATEST:
            raise UsageError(f"the day {options.date} is out of range", "give the oldest entry's day")
        return options.date, None
    labels = {post.label for post in posts}
    named = [(one, f"the name {document.name}") for one in clock.dates_in_name(document.name)]
    stated = [(one, "the document") for one in clock.dates_in_text(document.text)]
    possible = [(one, where) for one, where in named + stated if clock.label_fits(one.date, labels, zone_name)]
    days = sorted({one.date for one, _ in possible})
    if len(days) == 1:
        one, where = possible[0]
        return days[0], f"date {days[0]} taken from {where} ({one.words!r})"
    unfit = sorted({one.date for one, _ in named + stated} - set(days))
    if days:
        because = f"it and its name state {len(days)} dates ({_listed(days)})"
    elif unfit:
        because = f"{zone_name} is not on {', '.join(sorted(labels))} on any day that it states ({_listed(unfit)})"
    else:
        because = "neither it nor its name states one"
    raise SourceRefused(
        f"the day of {document.name} is not certain: {because}",
        "give the oldest entry's day, as in --date 2014-08-26",
    )


def _listed(days: Sequence[date]) -> str:
    return ", ".join(str(day) for day in days[:5]) + (", …" if len(days) > 5 else "")


def _entries(
    timed: Sequence[tuple[_Post, time]], day: date, zone_name: str, refused: list[Refusal]
) -> tuple[list[ReadEntry], list[str]]:
    oldest_first = list(timed) if _runs_forward([moment for _, moment in timed]) else list(reversed(timed))
    days = clock.days_walked(day, [(moment, post.label) for post, moment in oldest_first], zone_name)
    entries: list[ReadEntry] = []
    warnings: list[str] = _long_silences(oldest_first, days)
    for (post, moment), on in zip(oldest_first, days, strict=True):
        try:
            posted_at, warning = clock.localise(on, moment, zone_name, post.label)
        except SourceRefused as error:
            refused.append(Refusal(entry=post.printed, reason=str(error)))
            continue
        if warning:
            warnings.append(f"{post.printed}: {warning}")
        entries.append(
            ReadEntry(
                id=None,
                posted_at=posted_at,
                title=post.title,
                author=None,
                url=None,
                text=post.text,
                raw=post.raw,
                edited_at=_edited(post, posted_at, zone_name),
            )
        )
    return entries, warnings


def _runs_forward(times: Sequence[time]) -> bool:
    """Whether the document runs from old to new: what makes it span less time, a day for every fall. A tie is
    read newest first."""
    minutes = [moment.hour * 60 + moment.minute for moment in times]
    steps = list(itertools.pairwise(minutes))
    day, last = 24 * 60, minutes[-1] - minutes[0]
    forward = day * sum(before > after for before, after in steps) + last
    backward = day * sum(before < after for before, after in steps) - last
    return forward < backward


def _long_silences(oldest_first: Sequence[tuple[_Post, time]], days: Sequence[date]) -> list[str]:
    """A fall of a few minutes steps the day on like any other, but is more likely a post out of order."""
    warnings = []
    for (before, earlier), (after, later), previous, on in zip(
        oldest_first, oldest_first[1:], days, days[1:], strict=False
    ):
        hours = earlier.hour - later.hour + (earlier.minute - later.minute) / 60
        if on != previous and 0 < hours < 6:
            warnings.append(
                f"{after.printed} comes after {before.printed}, so it was read as {on}; if the document is out "
                "of order, put it right and add it again"
            )
    return warnings


def _edited(post: _Post, posted_at: datetime, zone_name: str) -> datetime | None:
    """The footer's `Updated at 5.58pm BST`, on the entry's day, or the next where the time has fallen."""
    if post.footer is None or not post.footer["updated"]:
        return None
    hour, minute = post.footer["updated"][:-2].replace(":", ".").split(".")
    moment = clock.twelve_hour(int(hour), int(minute), post.footer["updated"][-2:])
    if moment is None:
        return None
    label = post.footer["updated_label"]
    printed = [(posted_at.time(), post.label), (moment, label)]
    try:
        return clock.localise(clock.days_walked(posted_at.date(), printed, zone_name)[1], moment, zone_name, label)[0]
    except SourceRefused:
        return None
