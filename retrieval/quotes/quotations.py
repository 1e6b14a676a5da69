"""A quotation as it was given, taken apart: its words, the gaps that it declares, the marks around it.

An ellipsis (`…`, `...`, `[…]`) declares that words are left out; square brackets of at most five words that they
stand in place of others. `[sic]` and a changed capital (`[T]he`) declare nothing that is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.errors import UsageError
from retrieval.folding import APOSTROPHE, ELLIPSIS, QUOTATION_MARKS, Token, search_words, tokens
from retrieval.model import Span

LONGEST_QUOTATION = 10_000
"""Characters of a quotation that are taken."""

BRACKETED = 5
"""Words that a pair of square brackets may hold, and stand for."""

_CLOSING = frozenset(".,;:")
_OPEN, _CLOSE = "[(", "])"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A declared gap. `span` is of the quotation; `words`: how many stand in its brackets; `open_ended`: an ellipsis
    declares it, so any number of words may be missing."""

    span: Span
    words: int = 0
    open_ended: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Quotation:
    """The asker's words. `row` are all tokens of `text`; `fragments` those between gaps, marks of the gaps
    themselves left out; `gaps` what stands before, between and after them: one more than there are fragments, None
    where there is no gap (before the first, after the last)."""

    text: str
    row: tuple[Token, ...]
    fragments: tuple[tuple[Token, ...], ...]
    gaps: tuple[Gap | None, ...]
    recased: bool
    """A capital was changed in brackets, or a [sic] put in: the words are whole, the characters are not."""

    @property
    def words(self) -> int:
        """How many words it has outside of brackets."""
        return sum(token.is_counted for fragment in self.fragments for token in fragment)

    @property
    def declares(self) -> bool:
        """Whether it says that something was left out or put in."""
        return self.recased or any(self.gaps)


def quotation(text: str) -> Quotation:
    """Take a quotation apart. Raises UsageError where it is too long or holds no word."""
    if len(text) > LONGEST_QUOTATION:
        raise UsageError(
            f"the quotation has {len(text):,} characters, at most {LONGEST_QUOTATION:,} are taken",
            "check it in parts, or the whole document with: stet check-draft FILE",
        )
    row = tokens(text)
    if not search_words(row):
        raise UsageError("there is no word to check", 'give the quotation, as in: stet check "No one knows"')
    return _taken_apart(text, tuple(row))


def _taken_apart(text: str, row: tuple[Token, ...]) -> Quotation:
    fragments: list[list[Token]] = [[]]
    gaps: list[Gap | None] = [None]
    recased = False
    at = 0
    while at < len(row):
        end, gap, word = _declared(row, at)
        if gap is not None:
            gap, end = _with_its_word(fragments[-1], row, at, end, gap)
            _note(fragments, gaps, gap)
        elif word is not None:
            fragments[-1].append(word)
        elif end == at:
            fragments[-1].append(row[at])
            end += 1
        recased |= gap is None and end > at + 1
        at = end
    if any(token.is_word for token in fragments[-1]):
        gaps.append(None)
    else:
        fragments.pop()
    return Quotation(text=text, row=row, fragments=tuple(map(tuple, fragments)), gaps=tuple(gaps), recased=recased)


def _with_its_word(fragment: list[Token], row: Sequence[Token], at: int, end: int, gap: Gap) -> tuple[Gap, int]:
    """A bracket within a word (`fear[ed]`) stands for the whole of it."""
    if gap.open_ended:
        return gap, end
    start, last, words = gap.span[0], gap.span[1], gap.words
    before = fragment and fragment[-1].is_word and not row[at].spaced
    after = end < len(row) and row[end].is_word and not row[end].spaced
    if before:
        start = fragment.pop().start
    if after:
        last = row[end].end
    return Gap(span=(start, last), words=max(words, 1)), end + after


def _note(fragments: list[list[Token]], gaps: list[Gap | None], gap: Gap) -> None:
    """Begin a new fragment after a gap; gaps with no words between them are one."""
    if any(token.is_word for token in fragments[-1]):
        fragments.append([])
        gaps.append(gap)
        return
    fragments[-1].clear()
    before = gaps[-1]
    gaps[-1] = (
        gap
        if before is None
        else Gap(
            span=(before.span[0], gap.span[1]),
            words=before.words + gap.words,
            open_ended=before.open_ended or gap.open_ended,
        )
    )


def _declared(row: Sequence[Token], at: int) -> tuple[int, Gap | None, Token | None]:
    """What is declared from a token on: the place after it, the gap if it is one, the word that it spells if it is
    none. The place is the token's own where nothing is declared there."""
    token = row[at]
    if token.form == ELLIPSIS:
        return at + 1, Gap(span=(token.start, token.end), open_ended=True), None
    if token.form not in _OPEN:
        return at, None, None
    close = _closed(row, at)
    if close is None:
        return at, None, None
    inside = row[at + 1 : close]
    if [one.form for one in inside] == [ELLIPSIS]:
        return close + 1, Gap(span=(token.start, row[close].end), open_ended=True), None
    if token.form != "[":
        return at, None, None
    if [one.folded for one in inside] == ["sic"]:
        return close + 1, None, None
    after = row[close + 1] if close + 1 < len(row) else None
    if after is not None and _is_capital(inside, after):
        return close + 2, None, _recased(token, inside[0], after)
    return close + 1, Gap(span=(token.start, row[close].end), words=sum(one.is_counted for one in inside)), None


def _closed(row: Sequence[Token], at: int) -> int | None:
    """Where the bracket at a place is closed; None where it is not, or holds too much to declare anything."""
    closing = _CLOSE[_OPEN.index(row[at].form)]
    words = 0
    for place in range(at + 1, len(row)):
        token = row[place]
        if token.form == closing:
            return place if place > at + 1 else None
        words += token.is_counted
        if token.form in _OPEN or words > BRACKETED:
            return None
    return None


def _is_capital(inside: Sequence[Token], after: Token) -> bool:
    """Whether a bracket holds the one letter that a word begins with: `[T]he`."""
    return len(inside) == 1 and len(inside[0].form) == 1 and inside[0].is_word and after.is_word and not after.spaced


def _recased(opening: Token, letter: Token, rest: Token) -> Token:
    form = letter.form + rest.form
    return Token(opening.start, rest.end, form, form.casefold(), opening.spaced, recased=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Core:
    """A row of tokens to be looked for, without the marks around it. `closing`: the mark `. , ; :` that closed it;
    `lopsided`: a quotation mark was taken off one end alone."""

    row: tuple[Token, ...]
    closing: Token | None
    lopsided: bool


def cores(row: Sequence[Token]) -> list[Core]:
    """The ways to look for a row, the least changed first: as it is, without a closing mark, without the quotation
    marks at its ends. Each holds a word."""
    found: list[Core] = []
    for left in (0, 1) if row[0].form == APOSTROPHE else (0,):
        for right in _ends(row):
            inner = row[left : right.place]
            if search_words(inner):
                found.append(Core(row=tuple(inner), closing=right.closing, lopsided=bool(left) != right.unquoted))
    return sorted(found, key=lambda one: len(row) - len(one.row))


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    place: int
    closing: Token | None
    unquoted: bool


def _ends(row: Sequence[Token]) -> list[_End]:
    """Where a row may end: with or without a closing mark, a quotation mark, or both, in either order."""
    ends = [_End(place=len(row), closing=None, unquoted=False)]
    place, closing, unquoted = len(row), None, False
    while place > 1:
        last = row[place - 1]
        if last.form in _CLOSING and closing is None:
            closing = last
        elif last.form in QUOTATION_MARKS and not unquoted:
            unquoted = True
        else:
            break
        place -= 1
        ends.append(_End(place=place, closing=closing, unquoted=unquoted))
    return ends
