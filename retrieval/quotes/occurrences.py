"""Where a row of tokens stands in a text as it is, but for typography, on word boundaries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from retrieval.folding import APOSTROPHE, DASH, Token
from retrieval.quotes.rows import Row

_MINUS = "−"
_HYPHENS = frozenset("-‐‑")
_GENITIVE = frozenset("'’ʼ")
_SIBILANTS = frozenset("sxz")
_REACH = 200
"""Tokens before a mark in which one that it may close is looked for."""
_SIGNS = frozenset((DASH, "+", "±", "<", ">", "≤", "≥", "~", "≈"))
_GLUED = 3
"""Letters of a word that may be glued to a number by the loss of a space; fewer are a unit, or part of a name."""


def occurrences(wanted: Sequence[Token], source: Row) -> Iterator[int]:
    """The places among a text's tokens from which on the wanted tokens stand, on word boundaries; the capital of the
    first word is not compared."""
    rows = source.tokens
    first = next(place for place, token in enumerate(wanted) if token.is_word)
    telling = min(
        (place for place, token in enumerate(wanted) if token.is_word),
        key=lambda place: len(source.places_by_form.get(wanted[place].folded, ())),
    )
    for there in source.places_by_form.get(wanted[telling].folded, ()):
        start = there - telling
        end = start + len(wanted)
        if (
            start >= 0
            and end <= len(rows)
            and all(same_word(one, rows[start + place], initial=place == first) for place, one in enumerate(wanted))
            and _equally_spaced(wanted, rows[start:end])
            and _equally_turned(wanted, rows[start:end])
            and _begins_word(source, start)
            and _ends_word(source, end)
        ):
            yield start


def same_word(one: Token, other: Token, *, initial: bool) -> bool:
    """Whether a token of a quotation is that of a text; the capital of its `initial` word may be another."""
    if one.form == other.form:
        return True
    if one.folded != other.folded:
        return False
    return (one.recased or initial) and one.form[1:] == other.form[1:]


def _equally_spaced(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether white space parts the same words: beside marks, and between letter and digit, it does not matter; but
    between a dash and a number it makes a minus."""
    return all(
        mine.spaced == theirs.spaced or not _parts(before, mine)
        for (before, mine), theirs in zip(pairwise(one), other[1:], strict=True)
    )


def _parts(before: Token, token: Token) -> bool:
    """Whether white space between two tokens makes a difference."""
    if before.form == DASH:
        return token.is_number and before.spaced
    return before.is_word and token.is_word and before.is_number == token.is_number


def _equally_turned(one: Sequence[Token], other: Sequence[Token]) -> bool:
    """Whether no quotation mark opens in one of them and closes in the other."""
    sides = [
        {_side(mine, after), _side(theirs, beyond)}
        for (mine, after), (theirs, beyond) in zip(pairwise(one), pairwise(other), strict=True)
        if mine.form == APOSTROPHE
    ]
    return all(len(both) < 2 or None in both for both in sides)


def _side(mark: Token, after: Token) -> str | None:
    if mark.spaced and not after.spaced:
        return "opens"
    return "closes" if after.spaced and not mark.spaced else None


def _begins_word(source: Row, start: int) -> bool:
    """Whether a match begins where a word does, and cuts no number from its sign."""
    rows = source.tokens
    token = rows[start]
    before = rows[start - 1] if start else None
    if before is None or not token.is_word:
        return True
    if token.is_number and source.text[before.start : before.end] == _MINUS:
        return False
    if token.spaced:
        return True
    if before.is_word:  # "between1997" is two words that a page glued, "B12" and "EUR5m" are one
        return not token.glued or (token.is_number and len(before.form) >= _GLUED and not before.form.isupper())
    if before.form in "])":  # [T]he
        return False
    alone = start == 1 or before.spaced or not rows[start - 2].is_word
    if alone:
        return not (token.is_number and before.form in _SIGNS)
    return not _joins(source, start - 1, token)


def _ends_word(source: Row, end: int) -> bool:
    """Whether a match ends where a word does, and cuts no number from its unit."""
    rows = source.tokens
    token = rows[end - 1]
    after = rows[end] if end < len(rows) else None
    if after is None or after.spaced:
        return True
    if not token.is_word:
        return not (after.is_word and end > 1 and rows[end - 2].is_word and _joins(source, end - 1, after))
    if after.is_word:  # "1997Here" is two, "£66m" and "the 1990s" are one
        capital = token.is_number and len(after.form) >= _GLUED and after.form[0].isupper()
        return not after.glued or capital
    if after.form in "[(":  # report(s)
        return False
    beyond = rows[end + 1] if end + 1 < len(rows) else None
    if beyond is None or not beyond.is_word:
        return True
    if beyond.spaced:
        return not _owns(source, end)
    return not _joins(source, end, beyond)


def _joins(source: Row, at: int, beyond: Token) -> bool:
    """Whether a mark between two words without white space makes one of them: `Nazi-hunter`, `his/her`."""
    mark = source.text[source.tokens[at].start : source.tokens[at].end]
    return mark in _HYPHENS or mark in "/_@" or (mark == "." and beyond.form[0].islower())


def _owns(source: Row, at: int) -> bool:
    """Whether a mark after a word is the apostrophe of the plural's genitive: `the murderers’ lawyers`. It is none
    where it closes what was opened before."""
    rows = source.tokens
    word = rows[at - 1]
    if source.text[rows[at].start : rows[at].end] not in _GENITIVE or word.folded[-1:] not in _SIBILANTS:
        return False
    for place in range(at - 1, max(0, at - _REACH), -1):
        token = rows[place - 1] if place else rows[0]
        opened = token.form == APOSTROPHE and _side(token, rows[place]) == "opens"
        if opened or (token.form == APOSTROPHE and place == 1):
            return False
        if token.form == APOSTROPHE:
            return True
    return rows[0].form != APOSTROPHE
