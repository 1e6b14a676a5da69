"""A draft's text → HTML, paragraph by paragraph, its quotations marked, each with the way to its finding."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.hypertext import element, text
from retrieval.drafts.finding import Draft, SkipReason

LISTED = frozenset(
    {SkipReason.SCARE_QUOTES, SkipReason.UNCLOSED, SkipReason.UNOPENED, SkipReason.CODE, SkipReason.TOO_LONG}
)
"""What may have been meant as a quotation, so that its place is shown; apostrophes and measures are only counted."""

_CLOSING = re.compile(r"[^\w\s]{0,2}")
"""The marks between a quotation's last word and the text that goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stretch:
    """`[start, end)` of the draft, marked as `kind`; `id` is its anchor, `after` the HTML that follows it."""

    start: int
    end: int
    kind: str
    id: str | None
    after: str = ""


def marked_draft(draft: Draft, verdicts: Sequence[str], badges: Sequence[str]) -> str:
    """The draft's paragraphs. Each quotation is marked as its verdict, its badge (HTML) after it; what is not checked
    and has an anchor is marked as well."""
    found = sorted([*_quotations(draft, verdicts, badges), *_skipped(draft)], key=lambda one: one.start)
    waiting = [part for one in found for part in _by_line(draft.text, one)]
    paragraphs, at, number = [], 0, 0
    for line in draft.text.split("\n"):
        end, within = at + len(line), ""
        while number < len(waiting) and waiting[number].start < end:
            one, number = waiting[number], number + 1
            upto = waiting[number].start if number < len(waiting) else end
            within += text(draft.text[at : one.start]) + _marked(draft, one)
            at = one.end
            if one.after:
                at = _past_marks(draft.text, at, min(upto, end))
                within += text(draft.text[one.end : at]) + one.after
        if line.strip():
            paragraphs.append(element("p", within + text(draft.text[at:end])))
        at = end + 1
    return "".join(paragraphs)


def anchors(draft: Draft) -> dict[int, str]:
    """The anchors of what is not checked and is shown in the draft, by its number there: what may have been meant as
    a quotation, and stands in none."""
    taken = [span for one in draft.quotations for span in one.pieces]
    found: dict[int, str] = {}
    reached = 0
    for number, one in enumerate(draft.skipped):
        before = bisect_left(taken, (one.end,)) - 1
        is_apart = reached <= one.start < one.end and (before < 0 or taken[before][1] <= one.start)
        if one.reason in LISTED and is_apart and draft.text[one.start : one.end].strip():
            found[number] = f"s{number + 1}"
            reached = one.end
    return found


def _quotations(draft: Draft, verdicts: Sequence[str], badges: Sequence[str]) -> Iterator[_Stretch]:
    all_of_them = zip(draft.quotations, verdicts, badges, strict=True)
    for number, (quotation, verdict, badge) in enumerate(all_of_them, start=1):
        last = len(quotation.pieces) - 1
        for place, (start, end) in enumerate(quotation.pieces):
            anchor = None if place else f"q{number}"
            yield _Stretch(start=start, end=end, kind=verdict, id=anchor, after="" if place < last else badge)


def _skipped(draft: Draft) -> Iterator[_Stretch]:
    for number, anchor in anchors(draft).items():
        one = draft.skipped[number]
        yield _Stretch(start=one.start, end=one.end, kind="skipped", id=anchor)


def _by_line(words: str, one: _Stretch) -> Sequence[_Stretch]:
    """A stretch cut at line breaks: its anchor goes with the first part, what follows it with the last."""
    parts: list[_Stretch] = []
    at = one.start
    for line in words[one.start : one.end].split("\n"):
        if line:
            parts.append(replace(one, start=at, end=at + len(line), id=None if parts else one.id, after=""))
        at += len(line) + 1
    parts[-1] = replace(parts[-1], after=one.after)
    return parts


def _marked(draft: Draft, one: _Stretch) -> str:
    name = "span" if one.kind == "skipped" else "mark"
    return element(name, text(draft.text[one.start : one.end]), id=one.id, class_=one.kind)


def _past_marks(words: str, at: int, end: int) -> int:
    found = _CLOSING.match(words, at, max(at, end))
    return at if found is None else found.end()
