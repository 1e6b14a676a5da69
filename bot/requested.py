"""Which quotations somebody wants checked: those that "check" goes before, or a message that is nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.drafts.credits import LONGEST_CREDIT, is_credit, name_of
from retrieval.drafts.finding import Draft, DraftQuotation, QuotationKind, Skipped, SkipReason, find_quotations
from retrieval.drafts.marks import may_open
from retrieval.drafts.page import Page, Region

_CHECK = re.compile(r"\s*check\b\s*(:?)\s*", re.IGNORECASE)
_LEFT_ALONE = frozenset({SkipReason.SCARE_QUOTES, SkipReason.UNCLOSED, SkipReason.TOO_LONG, SkipReason.CODE})
"""What is left alone and may have been meant as a quotation; apostrophes and inches are none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A quotation to check, and whom its words are said to be of, where that is named beside it."""

    quote: str
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Quotations to check, in order. `skipped`: how many more stand in marks and are left alone."""

    quotations: tuple[Wanted, ...]
    skipped: int = 0


def check_in(page: Page) -> Check | None:
    """What a message that was sent to Stet wants checked; None where it is a question. "check" alone wants nothing
    checked yet.

    What a question merely contains is not checked."""
    begins = _CHECK.match(page.text)
    if begins is None:
        whole = _only_quotation(page)
        return None if whole is None else Check(quotations=(whole,))
    rest = _from(page, begins.end())
    if not rest.text.strip():
        return Check(quotations=())
    in_marks = may_open(rest.text[:1]) or any(start == 0 for start, _ in rest.spans(Region.BLOCK))
    if not in_marks and not begins[1]:
        return None
    draft = find_quotations(rest)
    found = tuple(_meant(draft, also_short=in_marks))
    return Check(quotations=found or (Wanted(quote=_unclosed(draft)),))


def quotations_in(page: Page) -> Check:
    """The quotations of somebody's message, as those of a draft."""
    draft = find_quotations(page)
    found = tuple(Wanted(quote=one.text, speaker=one.speaker_name) for one in draft.quotations)
    return Check(quotations=found, skipped=left_alone(draft))


def left_alone(draft: Draft) -> int:
    """How much of a draft is in quotation marks and not checked."""
    return sum(one.reason in _LEFT_ALONE for one in draft.skipped)


def _from(page: Page, at: int) -> Page:
    """What follows a place in a page."""
    return Page(
        text=page.text[at:],
        soft=frozenset(one - at for one in page.soft if one >= at),
        regions={
            region: tuple((max(0, start - at), end - at) for start, end in spans if end > at)
            for region, spans in page.regions.items()
        },
        warnings=page.warnings,
    )


def _meant(draft: Draft, *, also_short: bool) -> Iterator[Wanted]:
    """The quotations in order. Of whoever set them in marks to have them checked, one or two words are meant, too."""
    found = [(one.start, Wanted(quote=one.text, speaker=_name(one))) for one in draft.quotations]
    if also_short:
        wanted = (SkipReason.SCARE_QUOTES, SkipReason.TOO_LONG)
        found += [(one.start, _short(draft, one)) for one in draft.skipped if one.reason in wanted]
    yield from (one for _, one in sorted(found, key=lambda pair: pair[0]))


def _name(one: DraftQuotation) -> str | None:
    """Who is named beside a quotation, if it is by name: what else stands there ("somebody") may be no speaker."""
    name = one.speaker_name
    return name if name is not None and any(word[0].isupper() for word in name.split()) else None


def _short(draft: Draft, one: Skipped) -> Wanted:
    text = draft.text
    line_end = text.find("\n", one.end)
    end = min(len(text) if line_end < 0 else line_end, one.end + LONGEST_CREDIT + 1)
    name = name_of(text, one.end, end) if is_credit(text, one.end, end) else None
    return Wanted(quote=text[one.start + 1 : one.end - 1], speaker=None if name is None else text[name[0] : name[1]])


def _unclosed(draft: Draft) -> str:
    """All of a text, without the mark that it begins with and that nothing closes."""
    text = draft.text.strip()
    opens = any(one.start == 0 and one.reason is SkipReason.UNCLOSED for one in draft.skipped)
    return text[1:].strip() if opens else text


def _only_quotation(page: Page) -> Wanted | None:
    """The quotation in marks that a message is, but for a credit below it; None where it is more or less."""
    if not may_open(page.text.strip()[:1]):
        return None
    draft = find_quotations(page)
    found = list(_meant(draft, also_short=True))
    if len(found) != 1:
        return None
    start, end = _outer(draft)
    text = page.text
    alone = not text[:start].strip() and (not text[end:].strip() or is_credit(text, end, len(text.rstrip())))
    return found[0] if alone else None


def _outer(draft: Draft) -> tuple[int, int]:
    """Where the one quotation of a draft stands, its marks included."""
    for one in draft.quotations:
        if one.kind is QuotationKind.MARKS:
            end = one.end + len(draft.text[one.end :]) - len(draft.text[one.end :].lstrip())
            return len(draft.text[: one.start].rstrip()) - 1, end + 1
        return len(draft.text), len(draft.text)
    return _first(draft.skipped)


def _first(skipped: Sequence[Skipped]) -> tuple[int, int]:
    one = next(one for one in skipped if one.reason in (SkipReason.SCARE_QUOTES, SkipReason.TOO_LONG))
    return one.start, one.end
