"""The quotations of a draft, and what stands in quotation marks but is left alone, each with its reason."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from retrieval.drafts.credits import LONGEST_CREDIT, is_credit, name_of
from retrieval.drafts.marks import Loose, Quoted, may_open, outermost, quoted
from retrieval.drafts.page import Page, Region
from retrieval.errors import SourceRefused
from retrieval.model import Span
from retrieval.speech import speech_at

LONGEST_QUOTATION = 10_000
"""Characters. A longer one is no quotation but a document, and is listed as skipped."""

MOST_QUOTATIONS = 2_000
"""Of one draft. A thick book has more; who says each is looked for, which takes some milliseconds."""

MOST_SCARE_WORDS = 2
"""So many words in marks are somebody's term or irony, not a statement to verify."""


class QuotationKind(StrEnum):
    """What makes it a quotation."""

    MARKS = "marks"
    BLOCK = "block"


class SkipReason(StrEnum):
    """Why words with a quotation mark are not checked."""

    SCARE_QUOTES = "scare_quotes"
    UNCLOSED = "unclosed"
    UNOPENED = "unopened"
    APOSTROPHE = "apostrophe"
    MEASURE = "measure"
    CODE = "code"
    TOO_LONG = "too_long"


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftQuotation:
    """A quotation in a draft's text (`draft`). `pieces` are the spans of its words, one a paragraph, the marks
    excluded; `speaker` is the span of the words beside it that name who is said to have said it."""

    draft: str = field(repr=False)
    pieces: tuple[Span, ...]
    speaker: Span | None
    kind: QuotationKind

    @property
    def start(self) -> int:
        return self.pieces[0][0]

    @property
    def end(self) -> int:
        return self.pieces[-1][1]

    @property
    def text(self) -> str:
        """The string to check: its paragraphs a line break apart, without the marks that open them anew."""
        return "\n".join(self.draft[start:end] for start, end in self.pieces)

    @property
    def speaker_name(self) -> str | None:
        return None if self.speaker is None else self.draft[self.speaker[0] : self.speaker[1]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """`[start, end)` of a draft's text that is not checked, its marks included."""

    start: int
    end: int
    reason: SkipReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A draft's text, its paragraphs a line break apart, its quotations (in order, disjoint), what is not checked (in
    order), and what of its file could not be read."""

    text: str = field(repr=False)
    quotations: tuple[DraftQuotation, ...]
    skipped: tuple[Skipped, ...]
    warnings: tuple[str, ...] = ()


_DASH = re.compile(r"\s*(?:[—–―~]|-{1,3}(?=\s))\s*")
_MOST_CREDIT_WORDS = 12
_MOST_NAME_WORDS = 6
_NAME_ENDS = re.compile(r"[,;:|/()\[\]\n@\d]| - | [–—] |\.(?=\s|\Z)")

_ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\"“”„«»‹›「」『』<>]{1,2000}", re.IGNORECASE)
_MARK_IN_CODE = re.compile("[\"“”„«»‘’‚']")
_WRITTEN_WITHOUT_BLANKS = re.compile("[\u3040-\u30ff\u3400-\u9fff]")  # kana and Han: each counts as a word
_REACH_BACK, _REACH_ON = 1_500, 500
"""Characters before and after a quotation in which its speaker is looked for."""
_PRONOUNS = frozenset("he she they it we i you who one this that".split())


@dataclass(frozen=True, slots=True)
class _Found:
    """A quotation before it is known whether it is one to check: `[start, end)` with its marks."""

    start: int
    end: int
    pieces: tuple[Span, ...]
    kind: QuotationKind
    credit: Span | None = None


def find_quotations(page: Page) -> Draft:
    """The quotations of a draft: in marks, or set as blocks; never nested ones, nor those of one or two words.

    Any text is allowed, and the time taken grows with its length, but for a logarithm. Raises SourceRefused where
    there are more than `MOST_QUOTATIONS`, or more marks than `marks.MOST_MARKS`."""
    blocks = _united(page.spans(Region.BLOCK))
    code = _united(page.spans(Region.CODE))
    lifted = [span for span in _united(page.spans(Region.QUOTED)) if not _touches(blocks, span)]
    addresses = [found.span() for found in _ADDRESS.finditer(page.text)]
    paragraphs = [span for span in _paragraphs(page, (0, len(page.text))) if not _touches(blocks, span)]
    in_marks, loose = quoted(page.text, paragraphs, _united([*code, *lifted, *addresses]))
    credited = {end: start for start, end in page.spans(Region.CREDIT)}
    found = [_block(page, span, credited.get(span[1])) for span in blocks]
    found += [_in_marks(page, one) for one in outermost([*in_marks, *(_lifted(page, span) for span in lifted)])]
    found.sort(key=lambda one: one.start)
    taken = [(one.start, one.end) for one in found]
    reasons = [(one, _reason(page.text, one.pieces, one.kind)) for one in found]
    if sum(reason is None for _, reason in reasons) > MOST_QUOTATIONS:
        raise SourceRefused(
            f"the draft holds more than {MOST_QUOTATIONS:,} quotations", "split it, and check the parts"
        )
    skipped = {
        *(Skipped(start=one.start, end=one.end, reason=reason) for one, reason in reasons if reason is not None),
        *(Skipped(start=one.start, end=one.end, reason=SkipReason(one.reason)) for one in loose),
        *(_as_code(span) for span in code if _MARK_IN_CODE.search(page.text, *span) and not _touches(taken, span)),
    }
    return Draft(
        text=page.text,
        quotations=tuple(_quotation(page.text, one) for one, reason in reasons if reason is None),
        skipped=tuple(sorted(skipped, key=lambda one: (one.start, one.end, one.reason))),
        warnings=page.warnings,
    )


def _paragraphs(page: Page, span: Span) -> Iterator[Span]:
    """The paragraphs of a stretch of a draft. A line break within one ends it where the next line begins with a mark
    that may open a quotation anew."""
    text, (start, end) = page.text, span
    at = text.find("\n", start, end)
    while at >= 0:
        if at not in page.soft or may_open(text[at + 1 : at + 2]):
            yield start, at
            start = at + 1
        at = text.find("\n", at + 1, end)
    yield start, end


def _lifted(page: Page, span: Span) -> Quoted:
    return Quoted(start=span[0], end=span[1], pieces=tuple(_paragraphs(page, span)))


def _in_marks(page: Page, one: Quoted) -> _Found:
    """A quotation in marks, and the credit that follows it: in its line, or as the next line."""
    text = page.text
    end = _line_end(text, one.end)
    if not text[one.end : end].strip(" .\u00a0"):
        end = _line_end(text, end + 1)
    credit = (one.end, end) if is_credit(text, one.end, end) else None
    return _Found(one.start, one.end, one.pieces, QuotationKind.MARKS, credit)


def _block(page: Page, span: Span, credited: int | None) -> _Found:
    """A block quote without the credit at its end (from `credited` on, where its file says so) and without the marks
    around it; the credit may be the line that follows, too."""
    text, (start, end) = page.text, span
    credit: Span | None = None
    last = text.rfind("\n", start, end)
    if credited is not None and start < credited < end:
        credit, end = (credited, end), credited
    elif last > 0 and is_credit(text, last, end):
        credit, end = (last, end), last
    end = start + len(text[start:end].rstrip())
    paragraphs = list(_paragraphs(page, (start, end)))
    in_marks, loose = quoted(text, paragraphs)
    if in_marks and in_marks[0].start == start:
        first = in_marks[0]
        if first.end == end or is_credit(text, first.end, end):
            credit = credit or ((first.end, end) if first.end < end else None)
            return _Found(*span, first.pieces, QuotationKind.BLOCK, credit or _credit_below(text, span[1]))
    places = {one.at for one in loose if one.reason in (Loose.UNCLOSED, Loose.UNOPENED)}
    pieces = list(_paragraphs(page, (start + (start in places), end - (end - 1 in places))))
    return _Found(*span, tuple(pieces), QuotationKind.BLOCK, credit or _credit_below(text, span[1]))


def _credit_below(text: str, at: int) -> Span | None:
    end = _line_end(text, at + 1)
    return (at, end) if is_credit(text, at, end) else None


def _line_end(text: str, at: int) -> int:
    """Where a line ends; if it is too long for a credit, somewhere further than one may reach."""
    end = text.find("\n", at, at + LONGEST_CREDIT + 1)
    return min(len(text), at + LONGEST_CREDIT + 1) if end < 0 else end


def _reason(text: str, pieces: Iterable[Span], kind: QuotationKind) -> SkipReason | None:
    """Why words in quotation are not to be checked; None where they are."""
    words = [text[start:end] for start, end in pieces]
    if sum(map(len, words)) > LONGEST_QUOTATION:
        return SkipReason.TOO_LONG
    count = sum(len(piece.split()) + len(_WRITTEN_WITHOUT_BLANKS.findall(piece)) for piece in words)
    is_scare = count <= MOST_SCARE_WORDS and (kind is QuotationKind.MARKS or not count)
    return SkipReason.SCARE_QUOTES if is_scare else None


def _as_code(span: Span) -> Skipped:
    return Skipped(start=span[0], end=span[1], reason=SkipReason.CODE)


def _quotation(text: str, one: _Found) -> DraftQuotation:
    pieces = tuple(piece for span in one.pieces if (piece := _trimmed(text, span))[0] < piece[1])
    name = name_of(text, *one.credit) if one.credit else None
    return DraftQuotation(draft=text, pieces=pieces, speaker=name or _named_beside(text, one, pieces), kind=one.kind)


def _trimmed(text: str, span: Span) -> Span:
    words = text[span[0] : span[1]]
    start = span[0] + len(words) - len(words.lstrip())
    return start, max(start, span[0] + len(words.rstrip()))


def _named_beside(text: str, one: _Found, pieces: Sequence[Span]) -> Span | None:
    """Who is named in the lines around as the one who says it: by its last piece, else by its first."""
    low, high = 0, len(text)
    if one.start > _REACH_BACK:
        low = text.find("\n", one.start - _REACH_BACK, one.start) + 1 or one.start
    if one.end + _REACH_ON < high:
        high = max(text.rfind("\n", one.end, one.end + _REACH_ON), _line_end(text, one.end))
    is_lifted = one.kind is QuotationKind.MARKS and not may_open(text[one.start])
    marks = "“”" if is_lifted else ("", "")
    around = "".join((text[low : one.start], marks[0], text[one.start : one.end], marks[1], text[one.end : high]))
    shift = len(marks[0])
    for start, end in dict.fromkeys((pieces[-1], pieces[0])):
        name = speech_at(around, start - low + shift, end - low + shift).name
        if name is None or around[slice(*name)].lower() in _PRONOUNS:
            continue
        if low + name[1] <= one.start:
            return low + name[0], low + name[1]
        if low + name[0] - 2 * shift >= one.end:
            return low + name[0] - 2 * shift, low + name[1] - 2 * shift
    return None


def _united(spans: Iterable[Span]) -> list[Span]:
    """In order and disjoint: what overlaps becomes one."""
    united: list[Span] = []
    for start, end in sorted(spans):
        if united and start < united[-1][1]:
            united[-1] = united[-1][0], max(end, united[-1][1])
        else:
            united.append((start, end))
    return united


def _touches(spans: Sequence[Span], span: Span) -> bool:
    """Whether a stretch shares a character with one of some spans, which are in order and disjoint."""
    before = bisect_left(spans, (span[1],)) - 1
    return before >= 0 and spans[before][1] > span[0]
