"""The plain-text scrape of a live blog: headers like `5.49pm BST17:49`, bodies, share footers, all glued.

    5.49pm BST17:49Closing summaryWe are closing … the key points.About …FacebookTwitter…close5.27pm BST17:27…
    └── header ───┘└── title ────┘└── text ─────────────────────────────┘└── footer ──────┘

A header counts only where an entry can begin: at the start, on a new line, after a footer, or glued to the end
of the text before it. The only characters ever put into a text are line breaks; without them it equals the
document's slice from after the title to before the footer, trimmed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from retrieval import clock
from retrieval.errors import SourceRefused
from retrieval.model import Listing, ReadBlog, ReadEntry, Refusal, SourceOptions
from retrieval.sources import days
from retrieval.sources.document import Document, Mark, StoredDays
from retrieval.sources.glue import paragraph_breaks, title_length

NAME = "scrape"

_MEND = "mend the document and add it again"

_HEADER = re.compile(
    r"(?P<hour>[0-9]{1,2})[.:](?P<minute>[0-9]{2}) ?(?P<half>[AaPp][Mm]) (?P<label>[A-Z]{2,5})"
    r"(?P<hour24>[0-9]{2}):(?P<minute24>[0-9]{2})"
)
_SERVICE = r"Twitter|Google ?plus|Pinterest|LinkedIn|WhatsApp|Messenger|Email"
_UPDATED = r"(?:Updated at (?P<updated>[0-9]{1,2}[.:][0-9]{2}[AaPp][Mm]) (?P<updated_label>[A-Z]{2,5})\s*)?"
# A row of buttons names no service twice, so in `see FacebookFacebookTwitterShare…` the first is the text's.
_FOOTER = re.compile(
    rf"{_UPDATED}(?:Facebook(?:{_SERVICE})*+|(?<!Share)Share)Share"
    rf"(?: this post|Share|Facebook|{_SERVICE})*+close(?=\s|\Z|\d)"
)

# A label glued to a 24-hour time near the front: a header was meant.
_NEARLY_A_HEADER = re.compile(r"[^\r\n]{0,20}?[A-Z]{2,5}[0-9]{2}:[0-9]{2}")


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


_Timed = tuple[_Post, time]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    """One post that is not taken. What is to be done is said where it is not plain from the reason."""

    entry: str
    reason: SourceRefused
    plain: bool = True

    def refusal(self) -> Refusal:
        return Refusal(entry=self.entry, reason=self.reason.message if self.plain else str(self.reason))


def detect(document: Document) -> bool:
    """By one header where an entry can begin."""
    return bool(_headers(document.text))


def marks(document: Document) -> frozenset[Mark]:
    """The raw markup of its posts."""
    return frozenset(post.raw for post in _posts(document.text))


def parse(document: Document, options: SourceOptions, stored: StoredDays) -> ReadBlog:
    """All entries, oldest first. Raises SourceRefused where zone or day are not certain, or none is good."""
    posts = _posts(document.text)
    refused: list[_Refused] = []
    timed = _with_times(posts, refused)
    unplaced = _left_over(document.text[: posts[0].header.start()].strip(), posts, refused)
    if not timed:
        raise _nothing_left(document, refused)
    zone_name, zone_note = _zone(document, [post for post, _ in timed], options)
    oldest_first = timed if days.runs_forward([moment for _, moment in timed]) else timed[::-1]
    day, day_note = days.oldest_day(
        document,
        [_printed(one) for one in oldest_first],
        stated=document.text,
        labels=[post.label for post, _ in timed],
        stored=stored,
        zone_name=zone_name,
        options=options,
    )
    entries, warnings = _entries(oldest_first, day, zone_name, refused)
    if not entries:
        raise _nothing_left(document, refused)
    return ReadBlog(
        format=NAME,
        id=None,
        title=None,
        url=options.url,
        timezone=zone_name,
        entries=tuple(entries),
        listing=Listing.PART if refused else Listing.BETWEEN,
        refused=tuple(one.refusal() for one in refused),
        notes=tuple(note for note in (zone_note, day_note) if note),
        warnings=(*unplaced, *warnings),
    )


def _nothing_left(document: Document, refused: Sequence[_Refused]) -> SourceRefused:
    first = refused[0]
    return SourceRefused(
        f"no entry of {document.called} can be taken: {first.entry}: {first.reason.message}", first.reason.hint
    )


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


def _with_times(posts: Sequence[_Post], refused: list[_Refused]) -> list[_Timed]:
    timed = []
    for post in posts:
        try:
            moment = post.time()
            if not post.text:
                raise SourceRefused("the entry has no text", _MEND)
        except SourceRefused as error:
            refused.append(_Refused(entry=post.printed, reason=error))
            continue
        timed.append((post, moment))
    return timed


def _left_over(before: str, posts: Sequence[_Post], refused: list[_Refused]) -> list[str]:
    """What stands under no header, before the first or after a footer: refused where it looks like an entry,
    else a warning."""
    warnings = []
    first = posts[0].printed
    for rest, beside, place in [
        (before, f"before {first}", f"before {first}"),
        *((post.rest, f"after {post.printed}", f"after the footer of {post.printed}") for post in posts),
    ]:
        if _FOOTER.search(rest) or _NEARLY_A_HEADER.match(rest):
            reason = SourceRefused(f"no time can be read, {beside}", _MEND)
            refused.append(_Refused(entry=f"{rest[:40]}…", reason=reason))
        elif rest:
            warnings.append(f"{len(rest)} characters {place} belong to no entry")
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
            f"the time zone of {document.called} is not certain: its labels are {', '.join(labels)}",
            "give --timezone, such as --timezone Europe/London",
        )
    return name, f"time zone {name} taken from the label {labels[0]}"


def _printed(timed: _Timed) -> days.Printed:
    post, moment = timed
    return days.Printed(words=post.printed, moment=moment, label=post.label, raw=post.raw)


def _entries(
    oldest_first: Sequence[_Timed], first: date, zone_name: str, refused: list[_Refused]
) -> tuple[list[ReadEntry], list[str]]:
    printed = [_printed(one) for one in oldest_first]
    walked = days.walked(printed, first, zone_name)
    entries: list[ReadEntry] = []
    warned: list[tuple[str, str]] = []
    for (post, moment), on in zip(oldest_first, walked, strict=True):
        try:
            posted_at, warning = clock.localise(on, moment, zone_name, post.label)
        except SourceRefused as error:
            refused.append(_Refused(entry=post.printed, reason=error, plain=False))
            continue
        if warning:
            warned.append((post.printed, warning))
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
    return entries, [*days.long_silences(printed, walked), *days.grouped(warned)]


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
