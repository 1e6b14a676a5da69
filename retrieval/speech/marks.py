"""Where direct speech stands in a text: what quotation marks enclose, and where that cannot be told.

Marks are read paragraph by paragraph (a line is one). An apostrophe is no mark. Where a quotation runs on, each of
its paragraphs opens anew and only the last one closes. Whatever does not come out even is left in doubt rather than
mended: a mark that nothing closes puts the rest of its paragraph in doubt, one that closes nothing what comes before.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from retrieval.model import Span

MARKS = "\"'“”„‘’‚«»‹›「」『』"
_CLOSERS = {
    "“": "”", "„": "“”", "‘": "’", "‚": "‘’", "«": "»", "»": "«", "‹": "›", "›": "‹", "”": "”", '"': '"', "'": "'",
    "「": "」", "『": "』",
}  # fmt: skip
"""What closes each mark that can open: German „…“ and »…«, Swedish ”…”, and the rest."""
_SINGLE = "'‘’‚‹›"
_APOSTROPHES = "'‘’"
_MOST_MARKS = 400
"""Marks of one paragraph that are read; one with more is in doubt as a whole."""
_MARK = re.compile(f"[{MARKS}]")
_SHORTENED = re.compile(r"(?:\d|em\b|tis\b|twas\b|til\b|cause\b|n\b|round\b|bout\b)", re.IGNORECASE)
"""What follows an apostrophe that opens a word: ’90s, ’em, ’tis."""
_UNCLOSED_CUE = re.compile(r", (?:\w{1,20} ){0,3}sa(?:id|ys)\b")
"""An attribution within what no mark closes: there the closing mark was forgotten."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotation:
    """What a pair of marks encloses within one paragraph: [start, end) with its marks, `inner` without. `carried`: it
    goes on from the paragraph before; `goes_on`: it goes on in the next one, so nothing closes it here."""

    start: int
    end: int
    inner: Span
    carried: bool = False
    goes_on: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """The quotations of a text that stand in no other, in order, those within one, and what is in doubt."""

    quotations: tuple[Quotation, ...]
    nested: tuple[Span, ...]
    doubts: tuple[Span, ...]

    def doubtful(self, start: int, end: int) -> bool:
        """Whether any of [start, end) is in doubt."""
        place = bisect_left(self.doubts, (end, 0)) - 1
        return place >= 0 and self.doubts[place][1] > start

    def around(self, start: int, end: int) -> Quotation | None:
        """The quotation that holds all of [start, end)."""
        place = bisect_right(self.quotations, start, key=lambda one: one.start) - 1
        found = self.quotations[place] if place >= 0 else None
        return found if found and start >= found.inner[0] and end <= found.inner[1] else None

    def touching(self, start: int, end: int) -> tuple[Quotation, ...]:
        """The quotations that share words with [start, end)."""
        first = bisect_right(self.quotations, start, key=lambda one: one.inner[1])
        last = bisect_left(self.quotations, end, key=lambda one: one.inner[0])
        return self.quotations[first:last]


@dataclass(kw_only=True, slots=True)
class _Reading:
    """What was found so far. `opened`: of the paragraph before, the mark with which it leads on; `unclosed`: where
    an earlier one stands that nothing has closed yet, and its mark."""

    quotations: list[Quotation] = field(default_factory=list)
    nested: list[Span] = field(default_factory=list)
    doubts: list[Span] = field(default_factory=list)
    opened: str = ""
    unclosed: tuple[int, str] | None = None


def marked(text: str) -> Marked:
    """Read the quotation marks of a text. Any string is allowed; the time taken grows linearly with its length."""
    reading = _Reading()
    paragraphs = list(_paragraphs(text))
    for number, (start, end) in enumerate(paragraphs):
        following = text[slice(*paragraphs[number + 1])][:1] if number + 1 < len(paragraphs) else ""
        _read(text, start, end, following, reading)
    return Marked(quotations=tuple(reading.quotations), nested=tuple(reading.nested), doubts=_merged(reading.doubts))


def _merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)


def _paragraphs(text: str) -> Iterator[Span]:
    """The lines that hold anything, without white space around them."""
    offset = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            start = offset + line.index(bare[0])
            yield start, start + len(bare)
        offset += len(line) + 1


def _read(text: str, start: int, end: int, following: str, reading: _Reading) -> None:
    opened, reading.opened = reading.opened, ""
    places = [found.start() for found in _MARK.finditer(text, start, end)]
    if len(places) > _MOST_MARKS:
        reading.doubts.append((start, end))
        return
    places = [place for place in places if not _is_apostrophe(text, place)]
    stack: list[int] = []
    settled = start  # up to here all marks came out even
    for number, place in enumerate(places):
        holder = _held(text, place, stack)
        if holder is not None and (closer := _later_closer(text, place, places[number + 1 :])):
            if text[closer - 1] not in ".,!?…":
                reading.doubts.append((place, closer + 1))
            continue
        if holder is None and _can_open(text, place, end):
            if reading.unclosed and not stack and reading.unclosed[1] == text[place]:
                reading.unclosed = None
            stack.append(place)
        elif holder is not None:
            _close(text, stack, holder, place, opened if stack[0] == start else "", reading)
            settled = settled if stack else place + 1
        elif text[place] not in _APOSTROPHES or text[place - 1 : place] in tuple(".,!?…"):
            _stray(text, place, settled, reading)
    if stack:
        _leave_open(text, stack, end, following, opened if stack[0] == start else "", reading)


def _is_apostrophe(text: str, place: int) -> bool:
    before, after = text[place - 1 : place] if place else "", text[place + 1 : place + 2]
    if text[place] not in _APOSTROPHES:
        return text[place] == '"' and before.isdigit() and after.isalnum()
    if before.isalnum() and after.isalnum():
        return True
    return not before.isalnum() and _SHORTENED.match(text, place + 1) is not None and before not in tuple('“"„«')


def _held(text: str, place: int, stack: Sequence[int]) -> int | None:
    """The place in the stack of the mark that this one closes."""
    mark, before, after = text[place], text[place - 1 : place], text[place + 1 : place + 2]
    free = not before or before.isspace()
    if free and after.isalnum():
        return None
    if free and mark in "“‘" and after and not after.isspace():
        return None
    for height in range(len(stack) - 1, max(len(stack) - 4, -1), -1):
        if mark in _CLOSERS[text[stack[height]]]:
            return height
    return None


def _later_closer(text: str, place: int, later: Sequence[int]) -> int | None:
    """Where another mark may close what one after an s seems to: in ‘the boys’ toys’ the first is an apostrophe."""
    if text[place] not in "'’" or text[place - 1] not in "sS" or not text[place + 1 : place + 2].isspace():
        return None
    for other in later:
        if text[other] in _SINGLE:
            return other if text[other] == text[place] and not _can_open(text, other, len(text)) else None
    return None


def _can_open(text: str, place: int, end: int) -> bool:
    mark, before, after = text[place], text[place - 1 : place] if place else "", text[place + 1 : place + 2]
    if mark not in _CLOSERS or place + 1 >= end or (after.isspace() and mark != "«"):
        return False
    free = not before or not before.isalnum()
    if mark in "\"'”»›’":
        return free and before not in tuple(".,!?…;") and (after.isalnum() or after in "[(…#@$£€¿¡-—–" + MARKS)
    return free or mark in "„‚«“"


def _close(text: str, stack: list[int], holder: int, place: int, opened: str, reading: _Reading) -> None:
    """Close what stands at `holder`. What was opened within and never closed is an apostrophe, or in doubt."""
    reading.doubts += [(left, place) for left in stack[holder + 1 :] if text[left] not in _APOSTROPHES]
    start = stack[holder]
    del stack[holder:]
    if stack:
        reading.nested.append((start + 1, place))
    else:
        carried = bool(opened) and opened == text[start]
        reading.quotations.append(Quotation(start=start, end=place + 1, inner=(start + 1, place), carried=carried))


def _stray(text: str, place: int, settled: int, reading: _Reading) -> None:
    """A mark that closes nothing in its paragraph: it may close what an earlier one left open."""
    start = settled
    if reading.unclosed and text[place] in _CLOSERS[reading.unclosed[1]]:
        start, reading.unclosed = reading.unclosed[0], None
    elif reading.quotations and reading.quotations[-1].end == settled:
        start = reading.quotations[-1].start
    reading.doubts.append((start, place + 1))


def _leave_open(text: str, stack: Sequence[int], end: int, following: str, opened: str, reading: _Reading) -> None:
    """A paragraph ends within a quotation: it goes on if the next one opens with the same mark."""
    first = stack[0]
    if following == text[first] and len(stack) == 1 and not _UNCLOSED_CUE.search(text, first, end):
        reading.opened = following
        carried = bool(opened) and opened == following
        reading.quotations.append(
            Quotation(start=first, end=end, inner=(first + 1, end), carried=carried, goes_on=True)
        )
        return
    reading.doubts.append((first, end))
    if text[first] not in _APOSTROPHES:
        reading.unclosed = first, text[first]
