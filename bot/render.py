"""An answer → pieces of known origin → Block Kit, plain text, or a terminal.

Every piece says where its characters come from, so that nothing else can get into a reply: a slice of a stored
version, a stored field, a formatted number or time, the asker's words, or a phrase of `wording`.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot import wording
from retrieval.clock import label
from retrieval.model import Answer, IndexState, Order, Outcome, Passage, Shown, Span, Status

TEXT_BUDGET = 3_900
"""Characters of a whole reply. Slack refuses a message from about 11,300 of its blocks' characters and may
refuse an update over 4,000 of its text; both carry the whole answer."""
_MOST_ALSO = 3
"""Near-duplicates that are cited one by one."""


@dataclass(frozen=True, slots=True)
class Words:
    """A phrase of `wording`, or a part of one between its slots."""

    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored field: a title, an author's name, a blog's title; or a part of one. `bold`, `struck`: as of slices."""

    text: str
    bold: bool = False
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Formatted:
    """A number or a time."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The asker's own words; `inserted`: those that stand where others were published, or none."""

    text: str
    inserted: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of `wording` around changed words, for where they cannot be struck out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A stored address under a phrase of `wording`."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a quoted passage: published words, as they are; `struck`: shown as left out of a quotation."""

    passage: Passage
    span: Span
    bold: bool
    struck: bool = False

    @property
    def text(self) -> str:
        return self.passage.version.text[self.span[0] : self.span[1]]


Piece = Words | Stored | Formatted | Asked | Link | Slice | Mark


class Role(StrEnum):
    """What a line is for, so that each surface can set it out."""

    HEADING = "heading"
    LEADS_IN = "leads_in"
    DETAIL = "detail"
    CITATION = "citation"
    ALSO = "also"
    FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Stet's: phrases, fields, times. `cites`: what it cites without its words being shown."""

    pieces: tuple[Piece, ...]
    role: Role = Role.HEADING
    cites: Passage | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Published words, set apart."""

    pieces: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The asker's own words, set apart, with what was published in their place."""

    pieces: tuple[Piece, ...]


Part = Line | Quote | Given
Reply = tuple[Part, ...]


def say(phrase: str, role: Role = Role.HEADING, /, **slots: Piece | str | int) -> Line:
    """A phrase of `wording` with its slots filled. Strings fill as stored fields, numbers as numbers."""
    pieces: list[Piece] = []
    for words, slot, _, _ in string.Formatter().parse(phrase):
        if words:
            pieces.append(Words(words))
        if slot is not None:
            value = slots[slot]
            if isinstance(value, int):
                value = Formatted(f"{value:,}")
            pieces.append(Stored(value) if isinstance(value, str) else value)
    return Line(tuple(pieces), role)


def time(moment: datetime) -> Formatted:
    """A time, always absolute and with its zone."""
    return Formatted(label(moment))


# ------------------------------------------------------------------------------------------------ answers


@dataclass(frozen=True, kw_only=True, slots=True)
class LaidOut:
    """The reply to a question in its parts: what stands on top, each passage with what is said of it, the foot."""

    head: Reply
    shown: tuple[tuple[Shown, Reply], ...]
    foot: Reply


def answer(given: Answer, budget: int | None = None) -> Reply:
    """The whole reply to a question; with a budget, passages that do not fit into it are left out and counted."""
    laid = laid_out(given, budget)
    return (*laid.head, *(part for _, block in laid.shown for part in block), *laid.foot)


def laid_out(given: Answer, budget: int | None = None) -> LaidOut:
    """The same, in its parts."""
    head, foot = _heading(given), [*_unheld(given), *coverage(given.index)]
    room = None if budget is None else budget - length([*head, *foot]) - len(wording.LEFT_OUT) - 10
    shown: list[tuple[Shown, Reply]] = []
    left_out = 0
    for one in given.passages or given.nearest:
        block = next((form for form in _forms(one) if room is None or length(form) <= room), None)
        if block is None:
            left_out += 1
            continue
        shown.append((one, tuple(block)))
        room = None if room is None else room - length(block)
    if left_out:
        foot.insert(0, say(wording.LEFT_OUT, Role.FOOT, count=left_out))
    return LaidOut(head=tuple(head), shown=tuple(shown), foot=tuple(foot))


def _heading(given: Answer) -> list[Line]:
    return [*_moment(given), *_narrowed(given), *_outcome(given)]


def _moment(given: Answer) -> list[Line]:
    """The past moment that the answer is of, where it is of one."""
    then = given.question.as_of
    return [] if then is None else [say(wording.AS_OF, time=time(then))]


def _narrowed(given: Answer) -> Iterable[Line]:
    """The blog and the times that the entries are of. A blog is named where entries of it are shown: nothing is said
    of one that may not be."""
    shown = given.passages or given.nearest
    if given.question.blog is not None and shown:
        yield say(wording.OF_BLOG, blog=shown[0].passage.version.entry.blog.title)
    if given.question.unread:
        yield say(wording.UNREAD)
    since, until = given.question.since, given.question.until
    if since is not None and until is not None:
        is_a_minute = until - since == timedelta(minutes=1)
        phrase = wording.ENTRIES_OF if is_a_minute else wording.ENTRIES_BETWEEN
        yield say(phrase, since=time(since), until=time(until))
    elif since is not None:
        yield say(wording.ENTRIES_SINCE, since=time(since))
    elif until is not None:
        yield say(wording.ENTRIES_BEFORE, until=time(until))


def _unheld(given: Answer) -> list[Line]:
    """Of how many entries the wording of that moment is not held."""
    return [say(wording.UNHELD, Role.FOOT, count=given.unheld)] if given.unheld else []


def _outcome(given: Answer) -> list[Line]:
    if given.outcome is Outcome.NOTHING_IN_RANGE:
        return [say(wording.NOTHING_IN_RANGE)]
    if given.outcome is Outcome.NOTHING_FOUND:
        return [say(wording.NOTHING_FOUND), *([say(wording.NEAREST)] if given.nearest else [])]
    return [say(_order(given))]


def _order(given: Answer) -> str:
    """Entries that were asked for by their order alone have no highlight; those that hold a matter have."""
    if given.question.order is Order.RELEVANCE:
        return wording.PUBLISHED if given.sure else wording.CLOSEST
    first = given.question.order is Order.EARLIEST
    one, holding = len(given.passages) == 1, any(shown.highlights for shown in given.passages)
    if holding:
        if one:
            return wording.EARLIEST_HOLDING if first else wording.LATEST_HOLDING
        return wording.EARLIEST_ENTRIES_HOLDING if first else wording.LATEST_ENTRIES_HOLDING
    if one:
        return wording.EARLIEST if first else wording.LATEST
    return wording.EARLIEST_ENTRIES if first else wording.LATEST_ENTRIES


def _forms(shown: Shown) -> Iterable[list[Part]]:
    """The forms that a passage can be shown in, the fullest first: a slice is whole, or left out."""
    bare = replace(shown, lead=None)
    yield passage(shown)
    yield passage(bare)
    if shown.also:
        yield [*passage(replace(bare, also=())), _more_also(len(shown.also))]
    yield too_long(shown.passage)


def too_long(passage: Passage) -> list[Part]:
    """Where a passage stands that is too long to be shown."""
    return [say(wording.TOO_LONG_HERE, Role.LEADS_IN), replace(citation(passage), cites=passage)]


def passage(shown: Shown) -> list[Part]:
    """One passage with the entry's opening sentence before it, where that is elsewhere, its citation, and those of
    its near-duplicates."""
    quote = Quote(tuple(marked(shown.passage, shown.highlights)))
    cited = [citation(shown.passage), *_also(shown.also)]
    if shown.lead is None:
        return [quote, *cited]
    opening = Quote((Slice(shown.lead, shown.lead.span, bold=False),))
    opens, further_on = say(wording.OPENS, Role.LEADS_IN), say(wording.FURTHER_ON, Role.LEADS_IN)
    return [opens, opening, further_on, quote, *cited]


def _also(others: Sequence[Passage]) -> Iterable[Line]:
    """Where near-duplicates stand, and when they were published."""
    for one in others[:_MOST_ALSO]:
        pieces = (Words(wording.ALSO), Words(wording.SPACE), *citation(one).pieces)
        yield Line(pieces, Role.ALSO, cites=one)
    if len(others) > _MOST_ALSO:
        yield _more_also(len(others) - _MOST_ALSO)


def _more_also(count: int) -> Line:
    return say(wording.MORE_ALSO, Role.ALSO, count=count)


def marked(passage: Passage, highlights: Iterable[Span]) -> Iterable[Slice]:
    """The passage cut at its highlights; joined again it is the passage."""
    at = passage.start
    for start, end in highlights:
        if at < start:
            yield Slice(passage, (at, start), bold=False)
        yield Slice(passage, (start, end), bold=True)
        at = end
    if at < passage.end:
        yield Slice(passage, (at, passage.end), bold=False)


def quoted(reply: Iterable[Part]) -> Iterable[Passage]:
    """The passages that a reply shows, each as one slice."""
    for part in reply:
        if isinstance(part, Quote):
            first, last = part.pieces[0], part.pieces[-1]
            yield Passage(version=first.passage.version, start=first.span[0], end=last.span[1])


def citation(cited: Passage) -> Line:
    """Blog, time, title, author and link of the entry that a passage stands in."""
    version, entry = cited.version, cited.version.entry
    lines = [say(wording.CITATION, blog=entry.blog.title, time=time(entry.posted_at))]
    if version.title:
        lines.append(say(wording.TITLE, title=version.title))
    if version.author:
        lines.append(say(wording.AUTHOR, author=version.author))
    if version.edited_at:
        lines.append(say(wording.EDITED, time=time(version.edited_at)))
    if not version.current:
        lines.append(say(wording.DELETED if entry.status is Status.DELETED else wording.SUPERSEDED))
    url = entry.url or entry.blog.url
    if url and url.startswith(("https://", "http://")) and len(url) <= 3_000:
        lines.append(Line((Link(url, wording.OPEN_ENTRY),)))
    pieces: list[Piece] = []
    for line in lines:
        pieces += [Words(wording.SEPARATOR), *line.pieces] if pieces else line.pieces
    return Line(tuple(pieces), Role.CITATION)


def coverage(index: IndexState) -> list[Line]:
    """What the index covers."""
    if index.first is None or index.last is None:
        return [say(wording.EMPTY_INDEX, Role.FOOT)]
    ends = {"first": time(index.first), "last": time(index.last)}
    return [say(wording.COVERAGE, Role.FOOT, entries=index.entries, **ends)]


# ------------------------------------------------------------------------------------------------ forms


def length(parts: Iterable[Part]) -> int:
    """How many characters a reply's plain text has, roughly what Slack counts."""
    return sum(len(_line_text(part)) + 1 for part in parts)


def plain(reply: Sequence[Part]) -> str:
    """The reply as text, quotations behind `> `: for screens, and for readers of a notification."""
    return "\n".join(
        _line_text(part)
        if isinstance(part, Line)
        else "\n".join(f"> {line}" for line in _line_text(part).split("\n"))
        for part in reply
    )


def _line_text(part: Part) -> str:
    return "".join(f"{one.text}: {one.url}" if isinstance(one, Link) else one.text for one in part.pieces)


def slack_text(reply: Sequence[Part]) -> str:
    """The message's top-level `text`: the whole reply, `&`, `<` and `>` escaped, and nothing else."""
    return "\n".join(
        escape(_line_text(part))
        if isinstance(part, Line)
        else "\n".join(f"&gt; {line}" for line in escape(_line_text(part)).split("\n"))
        for part in reply
    )


def escape(text: str) -> str:
    """Slack's escaping, without which `<!channel>` in a quoted text would page everyone."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def blocks(reply: Sequence[Part]) -> list[dict[str, Any]]:
    """Block Kit: one `rich_text` block, whose text elements Slack does not parse as markup."""
    return [{"type": "rich_text", "elements": [_rich(part) for part in reply]}]


def _rich(part: Part) -> dict[str, Any]:
    kind = "rich_text_section" if isinstance(part, Line) else "rich_text_quote"
    shown = [piece for piece in part.pieces if piece.text and not isinstance(piece, Mark)]
    return {"type": kind, "elements": [_element(piece) for piece in shown]}


def _element(piece: Piece) -> dict[str, Any]:
    if isinstance(piece, Link):
        return {"type": "link", "url": piece.url, "text": piece.text}
    element: dict[str, Any] = {"type": "text", "text": piece.text}
    if style := dict.fromkeys(_styles(piece), True):
        element["style"] = style
    return element


def _styles(piece: Piece) -> Iterable[str]:
    """How Slack sets a piece out: what was published and left out is struck, what stands in its place is bold."""
    if isinstance(piece, Slice | Stored):
        yield from (name for name, on in (("bold", piece.bold), ("strike", piece.struck)) if on)
    elif isinstance(piece, Asked) and piece.inserted:
        yield "bold"
