"""What was changed: an alignment of a quotation and a text, told as edits, each with its kind and spans in both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from retrieval.folding import APOSTROPHE, FINAL, QUOTATION_MARKS, Token, asks
from retrieval.lexicon import denies, is_numeral
from retrieval.model import Span
from retrieval.quotes.alignment import Alignment
from retrieval.quotes.occurrences import same_word
from retrieval.quotes.quotations import BRACKETED, Gap
from retrieval.quotes.spelling import is_contraction, is_spelling
from retrieval.verdicts import Edit, Kind, Op

_CLOSING = frozenset(".,;:")
_BORROWED = 2
"""Words at either end of a quotation that are taken to stand for as many of the text, and not to be added."""
_MOST_CHANGES = 60
"""Changes among which words that only changed places are looked for."""
_CLOSE = 3
"""Unchanged words that may stand between two changes of one change of order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """The edits, and the words of the text that the quotation was made of, `[start, end)` in characters."""

    edits: tuple[Edit, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Change:
    """Tokens `[quote_from, quote_to)` of the quotation that stand where the text has `[source_from, source_to)`."""

    quote_from: int
    quote_to: int
    source_from: int
    source_to: int


def told(alignment: Alignment, sentence: Span, gaps: Mapping[int, Gap]) -> Told:
    """The edits of an alignment. `sentence` spans the text's sentences that the blocks stand in; `gaps` are those
    that the quotation declares, by the place of the token after them."""
    telling = _Telling(alignment, sentence, gaps)
    edits = telling.edits() or replace_undeclared(telling)
    first, last = telling.ends
    source = alignment.source.tokens
    return Told(edits=tuple(edits), start=source[first].start, end=source[last - 1].end)


def replace_undeclared(telling: _Telling) -> list[Edit]:
    """The edits where gaps do not count as declared: a fragment beside one may be too short for it."""
    telling.gaps = {}
    return telling.edits() or [telling.whole()]


class _Telling:
    def __init__(self, alignment: Alignment, sentence: Span, gaps: Mapping[int, Gap]) -> None:
        self._quote = alignment.quote
        self._source = alignment.source
        self._sentence = sentence
        self._pairs = [
            (self._quote.words[block.quote + at], self._source.words[block.source + at])
            for block in alignment.blocks
            for at in range(block.size)
        ]
        self.gaps = gaps
        self.ends = (self._pairs[0][1], self._pairs[-1][1] + 1)

    def edits(self) -> list[Edit]:
        """All edits, in the order of the quotation."""
        between = [one for one in self._between() if one is not None]
        head, tail = self._head(between), self._tail(between)
        kept = [one for one in (head, *between, tail) if one is not None]
        ordered, rest = self._moved(kept)
        found = [*ordered, *(edit for one in rest for edit in self._edits_of(one)), *self._changed_words()]
        return sorted(found, key=lambda edit: (edit.quote_span, edit.source_span))

    def whole(self) -> Edit:
        """One edit of all: for what differs in white space alone, or cuts a word."""
        first, last = self.ends
        rows = self._source.tokens
        return Edit(
            op=Op.REPLACE,
            kind=Kind.PUNCTUATION,
            quote_span=(self._quote.tokens[0].start, self._quote.tokens[-1].end),
            source_span=(rows[first].start, rows[last - 1].end),
        )

    # ------------------------------------------------------------ where something differs

    def _between(self) -> Iterator[_Change | None]:
        for (mine, theirs), (next_mine, next_theirs) in pairwise(self._pairs):
            yield self._trimmed(_Change(mine + 1, next_mine, theirs + 1, next_theirs))

    def _trimmed(self, change: _Change) -> _Change | None:
        """A change without what is the same at its ends; None where nothing is left, or a gap declares it."""
        mine, theirs = self._quote.tokens, self._source.tokens
        quote_from, quote_to = change.quote_from, change.quote_to
        source_from, source_to = change.source_from, change.source_to
        if self._is_declared(change):
            return None
        while quote_from < quote_to and source_from < source_to and mine[quote_from].form == theirs[source_from].form:
            quote_from, source_from = quote_from + 1, source_from + 1
        while (
            quote_from < quote_to
            and source_from < source_to
            and mine[quote_to - 1].form == theirs[source_to - 1].form
        ):
            quote_to, source_to = quote_to - 1, source_to - 1
        if quote_from == quote_to and source_from == source_to:
            return None
        return _Change(quote_from, quote_to, source_from, source_to)

    def _is_declared(self, change: _Change) -> bool:
        declared = [self.gaps[at] for at in range(change.quote_from, change.quote_to + 1) if at in self.gaps]
        if not declared or _words(self._quote.tokens, change.quote_from, change.quote_to):
            return False
        missing = len(_words(self._source.tokens, change.source_from, change.source_to))
        return any(one.open_ended for one in declared) or missing <= BRACKETED

    def _is_displaced(self, words: Sequence[int], between: Sequence[_Change]) -> bool:
        """Whether the text has an end's words as well, between others that are the same: they changed places."""
        mine = Counter(self._quote.tokens[place].folded for place in words)
        return any(mine <= Counter(self._words_of(change)[1]) for change in between)

    def _beyond(self, between: Sequence[_Change], beside: Sequence[int]) -> int:
        """How many words of the text beside an end are those that the quotation has between others."""
        for size in range(min(_BORROWED, len(beside)), 0, -1):
            theirs = Counter(self._source.tokens[place].folded for place in beside[:size])
            if any(theirs == Counter(self._words_of(one)[0]) and not self._words_of(one)[1] for one in between):
                return size
        return 0

    def _head(self, between: Sequence[_Change]) -> _Change | None:
        """The words before the first that are the same; marks there count only where the text has them too."""
        first, there = self._pairs[0]
        words = [place for place in self._quote.words if place < first]
        before = [place for place in self._source.words if place < there and self._in_sentence(place)][::-1]
        if not words or self._is_displaced(words, between):
            size = 0 if words else self._beyond(between, before)
        else:
            size = self._borrowed(words, before)
        start = before[size - 1] if size else there
        self.ends = (min(start, there), self.ends[1])
        return self._trimmed(_Change(words[0] if words else first, first, start, there)) if words or size else None

    def _tail(self, between: Sequence[_Change]) -> _Change | None:
        """The words after the last that are the same, and the mark that the quotation ends with."""
        last, there = self._pairs[-1]
        words = [place for place in self._quote.words if place > last]
        after = [place for place in self._source.words if place > there and self._in_sentence(place)]
        if not words or self._is_displaced(words, between):
            size = 0 if words else self._beyond(between, after)
        else:
            size = self._borrowed(words, after)
        end = after[size - 1] + 1 if size else there + 1
        quote_end = words[-1] + 1 if words else last + 1
        change = self._trimmed(_Change(last + 1, quote_end, there + 1, end))
        final = self._final(quote_end, end)
        self.ends = (self.ends[0], max(self.ends[1], end, final.source_to if final else end))
        if change is None or final is None:
            return change or final
        return _Change(change.quote_from, final.quote_to, change.source_from, final.source_to)

    def _borrowed(self, words: Sequence[int], beside: Sequence[int]) -> int:
        """How many words of the text, the nearest first, a few words at an end of the quotation stand for."""
        if not 0 < len(words) <= _BORROWED:
            return 0
        mine = [self._quote.tokens[place].folded for place in words]
        for size in range(1, min(_BORROWED, len(beside)) + 1):
            theirs = [self._source.tokens[place].folded for place in sorted(beside[:size])]
            if is_contraction(mine, theirs) or is_spelling(mine, theirs):
                return size
        return min(len(words), len(beside))

    def _final(self, quote_end: int, source_end: int) -> _Change | None:
        """A final `?` or `!` that one of the two has and the other has not, and other marks at the quotation's end.

        Quotation marks around it are the asker's; a closing `. , ; :` may be any of them, or missing."""
        mine, theirs = self._quote.tokens, self._source.tokens
        marks = [token for token in mine[quote_end:] if token.form not in QUOTATION_MARKS]
        there = theirs[source_end] if source_end < len(theirs) and not theirs[source_end].is_word else None
        if there is not None and marks and marks[0].form == there.form:
            self.ends = (self.ends[0], source_end + 1)
            return None
        ended = there is not None and (there.form in FINAL or asks(there, self._source.language))
        if not marks or (marks[0].form in _CLOSING and not ended):
            return None
        place = mine.index(marks[0])
        replaced = ended or (there is not None and there.form in _CLOSING)
        return _Change(place, place + 1, source_end, source_end + replaced)

    def _in_sentence(self, place: int) -> bool:
        token = self._source.tokens[place]
        return self._sentence[0] <= token.start and token.end <= self._sentence[1]

    def _changed_words(self) -> Iterator[Edit]:
        """Words that are the same but for their case or spelling; the capital of the first does not count."""
        first = self._quote.words[0]
        for mine, theirs in self._pairs:
            one, other = self._quote.tokens[mine], self._source.tokens[theirs]
            if same_word(one, other, initial=mine == first):
                continue
            kind = self._kind([one.folded], [other.folded])
            yield self._edit(_Change(mine, mine + 1, theirs, theirs + 1), kind)

    # ------------------------------------------------------------ words that changed places

    def _moved(self, changes: list[_Change]) -> tuple[list[Edit], list[_Change]]:
        """The changes that are one change of order, or the two ends of a move, and the others."""
        if len(changes) > _MOST_CHANGES:
            return [], changes
        edits: list[Edit] = []
        rest = list(changes)
        for size in (4, 3, 2, 1):
            at = 0
            while at + size <= len(rest):
                run = rest[at : at + size]
                whole = _Change(run[0].quote_from, run[-1].quote_to, run[0].source_from, run[-1].source_to)
                if self._are_close(run) and self._is_reordered(whole):
                    edits.append(self._edit(whole, Kind.ORDER, Op.MOVE))
                    del rest[at : at + size]
                else:
                    at += 1
        for one, other in combinations(list(rest), 2):
            pair = self._ends_of_move(one, other)
            if pair is not None and one in rest and other in rest:
                edits.append(self._edit(pair, Kind.ORDER, Op.MOVE))
                rest.remove(one)
                rest.remove(other)
        return edits, rest

    def _are_close(self, run: Sequence[_Change]) -> bool:
        tokens = self._quote.tokens
        return all(
            len(_words(tokens, before.quote_to, after.quote_from)) <= _CLOSE for before, after in pairwise(run)
        )

    def _is_reordered(self, change: _Change) -> bool:
        mine, theirs = self._words_of(change)
        return len(mine) > 1 and mine != theirs and Counter(mine) == Counter(theirs)

    def _ends_of_move(self, one: _Change, other: _Change) -> _Change | None:
        for here, there in ((one, other), (other, one)):
            added, _ = self._words_of(here)
            _, removed = self._words_of(there)
            if added and added == removed and not self._words_of(here)[1] and not self._words_of(there)[0]:
                return _Change(here.quote_from, here.quote_to, there.source_from, there.source_to)
        return None

    # ------------------------------------------------------------ kinds

    def _edits_of(self, change: _Change) -> Iterator[Edit]:
        """A change as edits: word by word where both sides have as many."""
        mine, theirs = self._words_of(change)
        if not mine and not theirs:
            yield self._edit(change, Kind.PUNCTUATION)
            return
        if len(mine) == len(theirs) > 1 and self._kind(mine, theirs) is not Kind.CONTRACTION:
            yield from self._word_by_word(change)
        else:
            yield self._edit(change, self._kind(mine, theirs))

    def _word_by_word(self, change: _Change) -> Iterator[Edit]:
        """Neighbours of one kind are one edit: "Ted Cruz" for "Bill Smith" is one substitution."""
        kept: Edit | None = None
        here = [at for at in range(change.quote_from, change.quote_to) if self._quote.tokens[at].is_word]
        there = [at for at in range(change.source_from, change.source_to) if self._source.tokens[at].is_word]
        for mine, theirs in zip(here, there, strict=True):
            one, other = self._quote.tokens[mine], self._source.tokens[theirs]
            if one.form == other.form:
                continue
            edit = self._edit(_Change(mine, mine + 1, theirs, theirs + 1), self._kind([one.folded], [other.folded]))
            if kept is not None and kept.kind is edit.kind is Kind.SUBSTITUTION:
                kept = replace(
                    kept,
                    quote_span=(kept.quote_span[0], edit.quote_span[1]),
                    source_span=(kept.source_span[0], edit.source_span[1]),
                )
                continue
            if kept is not None:
                yield kept
            kept = edit
        if kept is not None:
            yield kept

    def _kind(self, mine: list[str], theirs: list[str]) -> Kind:
        if mine and theirs and _joined(mine) == _joined(theirs):
            written = Kind.NUMBER if _numbers(mine) or _numbers(theirs) else Kind.PUNCTUATION
            return Kind.CASE if mine == theirs else written
        if mine and theirs and is_contraction(mine, theirs):
            return Kind.CONTRACTION
        if _numbers(mine) != _numbers(theirs):
            return Kind.NUMBER
        if sum(map(denies, mine)) != sum(map(denies, theirs)):
            return Kind.NEGATION
        if not theirs:
            return Kind.ADDITION
        if not mine:
            return Kind.DELETION
        return Kind.SPELLING if is_spelling(mine, theirs) else Kind.SUBSTITUTION

    # ------------------------------------------------------------ spans

    def _words_of(self, change: _Change) -> tuple[list[str], list[str]]:
        return (
            _words(self._quote.tokens, change.quote_from, change.quote_to),
            _words(self._source.tokens, change.source_from, change.source_to),
        )

    def _edit(self, change: _Change, kind: Kind, op: Op | None = None) -> Edit:
        quote_span = _span(self._quote.tokens, change.quote_from, change.quote_to)
        source_span = _span(self._source.tokens, change.source_from, change.source_to)
        if op is None:
            op = (
                Op.REPLACE
                if _is_wide(quote_span) and _is_wide(source_span)
                else (Op.INSERT if _is_wide(quote_span) else Op.DELETE)
            )
        return Edit(op=op, kind=kind, quote_span=quote_span, source_span=source_span)


def _words(tokens: Sequence[Token], start: int, end: int) -> list[str]:
    return [token.folded for token in tokens[start:end] if token.is_word]


def _joined(words: Sequence[str]) -> str:
    return "".join(words).replace(APOSTROPHE, "")


def _span(tokens: Sequence[Token], start: int, end: int) -> Span:
    """The characters of some tokens; of none, the place after the one before."""
    if start < end:
        return tokens[start].start, tokens[end - 1].end
    at = tokens[start - 1].end if start else 0
    return at, at


def _is_wide(span: Span) -> bool:
    return span[0] < span[1]


def _numbers(words: Sequence[str]) -> list[str]:
    """The numbers among some words, as they are written: `two` is another than `2`."""
    return [word for word in words if is_numeral(word)]
