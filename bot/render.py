"""An answer → pieces of known origin → Block Kit, plain text, or a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from bot import wording
from bot.pieces import (
    Asked,
    Line,
    Link,
    Mark,
    Mention,
    Part,
    Piece,
    Quote,
    Reply,
    Role,
    Slice,
    Stored,
    Words,
    say,
    time,
)
from retrieval.model import Answer, IndexState, Order, Outcome, Passage, Shown, Span, Status
from retrieval.sentences import sentences

TEXT_BUDGET = 3_900
"""Characters of a whole reply. Slack refuses a message from about 11,300 of its blocks' characters and may
refuse an update over 4,000 of its text; both carry the whole answer."""
_MOST_ALSO = 3
"""Near-duplicates that are cited one by one."""


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


def laid_out(given: Answer, budget: int | None = None, *, naming: bool = False) -> LaidOut:
    """The same, in its parts. `naming`: the sentences in bold are named in words, too."""
    head, foot = _heading(given), [*_unheld(given), *coverage(given.index)]
    room = None if budget is None else budget - length([*head, *foot]) - len(wording.LEFT_OUT) - 10
    shown: list[tuple[Shown, Reply]] = []
    left_out = 0
    for one in given.passages or given.nearest:
        block = next((form for form in _forms(one, naming) if room is None or length(form) <= room), None)
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


def _forms(shown: Shown, naming: bool) -> Iterable[list[Part]]:
    """The forms that a passage can be shown in, the fullest first: a slice is whole, or left out."""
    bare = replace(shown, lead=None)
    yield passage(shown, naming=naming)
    yield passage(bare, naming=naming)
    if shown.also:
        yield [*passage(replace(bare, also=()), naming=naming), _more_also(len(shown.also))]
    yield too_long(shown.passage)


def too_long(passage: Passage) -> list[Part]:
    """Where a passage stands that is too long to be shown."""
    return [say(wording.TOO_LONG_HERE, Role.LEADS_IN), replace(citation(passage), cites=passage)]


def passage(shown: Shown, *, naming: bool = False) -> list[Part]:
    """One passage with the entry's opening sentence before it, where that is elsewhere, its citation, and those of
    its near-duplicates."""
    quote = Quote(tuple(marked(shown.passage, shown.highlights)))
    cited = [*(_in_bold(shown) if naming else ()), citation(shown.passage), *_also(shown.also)]
    if shown.lead is None:
        return [quote, *cited]
    opening = Quote((Slice(shown.lead, shown.lead.span, bold=False),))
    opens, further_on = say(wording.OPENS, Role.LEADS_IN), say(wording.FURTHER_ON, Role.LEADS_IN)
    return [opens, opening, further_on, quote, *cited]


def _in_bold(shown: Shown) -> Iterable[Line]:
    """Which sentences of the passage are in bold, for whoever does not see that; nothing where all or none are."""
    version = shown.passage.version
    spans = [
        one
        for one in sentences(version.text, version.entry.blog.language)
        if shown.passage.start <= one[0] and one[1] <= shown.passage.end
    ]
    bold = [
        number
        for number, (start, end) in enumerate(spans, start=1)
        if any(start < until and since < end for since, until in shown.highlights)
    ]
    if not bold or len(bold) == len(spans):
        return
    if len(bold) == 1:
        yield say(wording.IN_BOLD, Role.DETAIL, number=bold[0], count=len(spans))
    else:
        yield say(wording.ALL_IN_BOLD, Role.DETAIL, first=bold[0], last=bold[-1], count=len(spans))


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
    return "".join(map(_piece_text, part.pieces))


def _piece_text(piece: Piece) -> str:
    return f"{piece.text}: {piece.url}" if isinstance(piece, Link) else piece.text


def slack_text(reply: Sequence[Part]) -> str:
    """The message's top-level `text`: the whole reply, `&`, `<` and `>` escaped, and nothing else."""
    return "\n".join(
        _escaped(part) if isinstance(part, Line) else "\n".join(f"&gt; {line}" for line in _escaped(part).split("\n"))
        for part in reply
    )


def _escaped(part: Part) -> str:
    """A mention alone is no text, and stays as Slack reads it."""
    return "".join(piece.text if isinstance(piece, Mention) else escape(_piece_text(piece)) for piece in part.pieces)


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
    if isinstance(piece, Mention):
        kind = {"C": "channel", "G": "channel", "S": "usergroup"}.get(piece.id[:1], "user")
        return {"type": kind, f"{kind}_id": piece.id}
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
