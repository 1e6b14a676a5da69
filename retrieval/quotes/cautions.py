"""What a quotation leaves out of the sentences that it is taken from, or puts into them, so that they may turn."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from retrieval.folding import FINAL, QUOTATION_MARKS, Token, asks
from retrieval.lexicon import counts, denies_with, hedges, is_cue, is_listed, is_month, is_unit, turns
from retrieval.model import Span
from retrieval.quotes.rows import Row
from retrieval.verdicts import Speech, Warns

_LINES = 8
"""Lines before a sentence that may lead into it: the items of a list, and what stands over it."""
_ENDS = ".?!…‽？！؟。"
_CLOSERS = " \t\"'”’»)]"
_STOPS = frozenset(".")
_BULLETS = "•◦▪●○■□‣►▶·*-"


@dataclass(frozen=True, slots=True)
class Warned:
    """A caution of one match, before it is known which of the list that is."""

    kind: Warns
    start: int
    end: int


def left_out(
    source: Row, sentences: Sequence[Span], kept: Sequence[Span], speech: Callable[[], Speech]
) -> list[Warned]:
    """The cautions of what stands in the sentences of the `kept` words and is not among them.

    `sentences` are those of the whole text, in order; `kept` the fragments that the quotation keeps, in order. An
    attribution beside direct speech is none: "…, the report said" stands outside of what it said; `speech` tells, if
    asked, whether the kept words are that."""
    reach = _reach(source.text, sentences, kept)
    near = source.within(reach[0][0], reach[-1][1])
    words = [token for token in near if token.is_word]
    found = {(one.start, one.end): one for one in _questions(near, reach, kept, source.language)}
    unread: list[Warned] = []
    for at, token in enumerate(words):
        span = (token.start, token.end)
        if not _inside(span, reach) or _inside(span, kept):
            continue
        unread.append(Warned(Warns.HEDGE, *span))
        kind = _kind(words, at, source.language) or _unit(words, at, kept)
        if kind is not None and (kind is not Warns.ATTRIBUTION or not _introduces(near, span, kept, speech)):
            found[span] = Warned(kind, *span)
    if not found and not is_listed(source.language):  # nothing tells what turns a sentence of that language
        return unread[:1]
    return [found[span] for span in sorted(found)]


def _reach(text: str, sentences: Sequence[Span], kept: Sequence[Span]) -> list[Span]:
    """The sentences that the kept words begin or end in, or run over, and the lines before them that lead into them:
    those that no mark ends, as before the items of a list."""
    found: set[Span] = set()
    for first, last in kept:
        at = max(0, bisect_right(sentences, first, key=lambda one: one[0]) - 1)
        to = bisect_left(sentences, last, key=lambda one: one[0])
        lines = 0
        while at and lines < _LINES and not _is_over(text, sentences[at - 1], sentences[at]):
            at, lines = at - 1, lines + 1
        found.update(sentences[at:to])
    return sorted(found)


def _is_over(text: str, before: Span, after: Span) -> bool:
    """Whether a sentence is over where the next one begins: within its line, by a mark at its line's end, or because
    the next line begins anew. What follows a colon, begins small or is an item of a list goes on."""
    if "\n" not in text[before[1] : after[0]]:
        return True
    line = text[before[0] : before[1]].rstrip(_CLOSERS)
    if line.endswith(":"):
        return False
    return line.endswith(tuple(_ENDS)) or not (text[after[0]].islower() or text[after[0]] in _BULLETS)


def _questions(near: Sequence[Token], reach: Sequence[Span], kept: Sequence[Span], language: str) -> Iterator[Warned]:
    """The mark of a question that is kept without it: what was asked was not said."""
    for _, last in kept:
        end = max((end for start, end in reach if start < last), default=last)
        following = (token for token in near if last <= token.start and token.end <= end)
        mark = next((token for token in following if token.form in FINAL | _STOPS or asks(token, language)), None)
        if mark is not None and asks(mark, language):
            yield Warned(Warns.HEDGE, mark.start, mark.end)


def _inside(span: Span, spans: Iterable[Span]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _kind(words: Sequence[Token], at: int, language: str) -> Warns | None:
    before = words[at - 1].folded if at else ""
    word = words[at].folded
    following = words[at + 1].folded if at + 1 < len(words) else ""
    if turns(word, language) or denies_with(word, following):
        return Warns.NEGATION
    if counts(word, following) or words[at].is_roman:
        return Warns.NUMBER
    if words[at].form == "May" and is_month(before, following):
        return None
    if hedges(word, following):
        return Warns.HEDGE
    return Warns.ATTRIBUTION if is_cue(word) else None


def _unit(words: Sequence[Token], at: int, kept: Sequence[Span]) -> Warns | None:
    """A unit whose number is kept: `5` of `5 per cent`."""
    if not at or not is_unit(words[at].folded) or not words[at - 1].is_number:
        return None
    return Warns.NUMBER if _inside((words[at - 1].start, words[at - 1].end), kept) else None


def _introduces(near: Sequence[Token], cue: Span, kept: Sequence[Span], speech: Callable[[], Speech]) -> bool:
    """Whether a cue stands beside direct speech that holds the kept words: quotation marks, or a colon, part them.
    One that stands in a gap of the quotation does not."""
    start, end = kept[0][0], kept[-1][1]
    if start < cue[0] < end:
        return False
    between = (cue[1], start) if cue[1] <= start else (end, cue[0])
    parted = any(
        token.form in QUOTATION_MARKS or (token.form == ":" and cue[1] <= start)
        for token in near
        if between[0] <= token.start and token.end <= between[1]
    )
    return parted and speech().direct is not False


def inserted(stands_for: Iterable[Span]) -> Iterator[Warned]:
    """The cautions of words in brackets that were not published, each with the words that they stand for."""
    for start, end in stands_for:
        yield Warned(Warns.INSERTION, start, end)
