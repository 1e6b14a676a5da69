"""Near-duplicates: passages of different entries that say the same in nearly the same words, as a summary does.

They are shown once. The entry that was published first carries the citation, if what is shown of it holds the
highlight of the one that ranks best among them; else the first of those that do. The others are its `also`.

Words are nearly the same where one passage has all of the other's but for small ones, and at most a few more among
them; and where of those that turn a meaning none differs, nor their order: numbers, negations, reservations, names. A
running blog says "at least 12 homes" and "at least 14 homes" in the same sentence.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import pairwise

from retrieval.folding import Token, search_words, tokens
from retrieval.lexicon import counts, hedges, is_function_word, turns
from retrieval.model import Passage, Ranked, Shown, Span
from retrieval.sentences import sentences
from retrieval.showing import whole_sentences

_ROW = 3
"""Words in a row that are compared."""
_FEWEST = 6
"""Words that a passage has, at least, to be a duplicate: "The match has begun." is said of many matches."""
_SAME = 0.75
"""The share of a passage's rows that another holds, at least, to hold the passage."""
_ROUGHLY = 2
"""Rows of words that the passages of two duplicates share, at least, however they are marked."""
_STRETCH = 1.5
"""How many times as many words the other may have where it holds it."""
_LONGEST = 4_000
"""Characters of a passage that is compared at most: comparing ten sentences of 100,000 took four seconds."""
_AFTER = frozenset(".?!…'\":•")
"""Marks after which a capital says nothing."""


class Compared:
    """An entry's best passage as it is compared with others: the words of what is shown, and of the sentences that
    are highlighted in it, each made once and where it is needed."""

    def __init__(self, ranked: Ranked, show: Callable[[Ranked], Shown]) -> None:
        """`show` says what is shown for a passage."""
        self.ranked = ranked
        self._show = show

    @cached_property
    def shown(self) -> Shown:
        return self._show(self.ranked)

    @cached_property
    def _read(self) -> list[Token]:
        return tokens(self.shown.passage.text)

    @cached_property
    def whole(self) -> _Row:
        return _Row.of(self.shown.passage, self._read)

    @cached_property
    def lit(self) -> _Row:
        lit, around = self.shown.highlights, self.shown.passage
        if not lit:
            return self.whole
        passage = whole_sentences(around.version, (lit[0][0], lit[-1][1]))
        if not around.start <= passage.start <= passage.end <= around.end:
            return _Row.of(passage, tokens(passage.text))
        start, end = passage.start - around.start, passage.end - around.start
        return _Row.of(passage, [one for one in self._read if start <= one.start < end], start)

    @cached_property
    def _rough(self) -> set[tuple[str, ...]]:
        """Rows of words as white space parts them: two duplicates share some."""
        words = self.ranked.passage.text.casefold().split()
        return {tuple(words[at : at + _ROW]) for at in range(len(words) - _ROW + 1)}

    def repeats(self, other: Compared) -> bool:
        """Whether one of the two, or its highlight, stands in the other."""
        if max(len(self.ranked.passage.text), len(other.ranked.passage.text)) > _LONGEST:
            return False
        if len(self._rough & other._rough) < _ROUGHLY:
            return False
        pairs = ((self, other), (other, self))
        return any(one.whole.holds(two.whole) or one.whole.holds(two.lit) for one, two in pairs)


def folded(ranked: Sequence[Compared], most: int) -> list[Shown]:
    """What is shown of entries, best first, near-duplicates as `also` of one of them, those published first on top.
    At most `most`; what stands for several has the place and the score of the best. `ranked`: of each entry one
    passage, best first; of those that cannot be duplicates and are too many, nothing is made."""
    groups: list[list[Compared]] = []
    for one in ranked:
        group = next((some for some in groups if some[0].repeats(one)), None)
        if group is not None:
            group.append(one)
        elif len(groups) < most:
            groups.append([one])
    return [_one_of(group) for group in groups]


def rival(ranked: Sequence[Compared]) -> int | None:
    """Which of the others is the best that does not repeat the first one; None where all do."""
    first, *others = ranked
    return next((number for number, one in enumerate(others, 1) if not first.repeats(one)), None)


def _one_of(group: Sequence[Compared]) -> Shown:
    best = group[0]
    first = min((one for one in group if one is best or one.whole.holds(best.lit)), key=_published)
    others = sorted((one for one in group if one is not first), key=_published)
    return replace(first.shown, score=best.shown.score, also=tuple(one.shown.passage for one in others))


def _published(one: Compared) -> tuple[datetime, int]:
    entry = one.shown.passage.version.entry
    return entry.posted_at, entry.key


@dataclass(frozen=True, eq=False)
class _Row:
    """Words as they are compared, `sentences` the number of the sentence of each; `names` those with a capital
    within a sentence."""

    words: tuple[str, ...]
    sentences: tuple[int, ...]
    names: frozenset[str]
    language: str

    @classmethod
    def of(cls, passage: Passage, read: Sequence[Token], at: int = 0) -> _Row:
        """`read` are the passage's tokens, with their places in what begins `at` characters before it."""
        language = passage.version.entry.blog.language
        begin = [start for start, _ in sentences(passage.version.text, language)]
        words = [one for one in read if one.is_word]
        return cls(
            words=tuple(map(_form, words)),
            sentences=tuple(bisect_right(begin, passage.start - at + one.start) for one in words),
            names=frozenset(_names(read)),
            language=language,
        )

    @cached_property
    def rows(self) -> dict[tuple[str, ...], list[int]]:
        """Each row of words, with the places where it begins."""
        found: dict[tuple[str, ...], list[int]] = {}
        for at in range(len(self.words) - _ROW + 1):
            found.setdefault(self.words[at : at + _ROW], []).append(at)
        return found

    def holds(self, other: _Row) -> bool:
        """Whether it says what the other says, in its words and together, with at most a few more among them."""
        if len(other.words) < _FEWEST:
            return False
        shared = [places for row, places in self.rows.items() if row in other.rows]
        if len(shared) < _SAME * len(other.rows):
            return False
        start, end = min(one[0] for one in shared), max(one[-1] for one in shared) + _ROW
        if end - start > _STRETCH * len(other.words):
            return False
        more = Counter(other.words) - Counter(self.words[start:end])
        if not all(is_function_word(word, self.language) for word in more):
            return False
        names = self.names | other.names
        if self._weighty(start, end, names) != other._weighty(0, len(other.words), names):
            return False
        return not any(self._weighty(*span, frozenset(), numbers=False) for span in self._beside(start, end))

    def _beside(self, start: int, end: int) -> tuple[Span, Span]:
        """What stands before and after [start, end) in the same sentences: "It is not true that …"."""
        first = bisect_left(self.sentences, self.sentences[start])
        last = bisect_right(self.sentences, self.sentences[end - 1])
        return (first, start), (end, last)

    def _weighty(self, start: int, end: int, names: frozenset[str], *, numbers: bool = True) -> list[str]:
        """The words of [start, end) that two duplicates must share, in order."""
        return [
            word
            for word, following in pairwise((*self.words[start:end], ""))
            if word in names
            or turns(word, self.language)
            or hedges(word, following)
            or (numbers and counts(word, following))
        ]


def _form(token: Token) -> str:
    return next(iter(search_words((token,))), token.folded)


def _names(read: Sequence[Token]) -> Iterator[str]:
    before = "."
    for one in read:
        if one.is_word and one.form[0].isupper() and before not in _AFTER:
            yield _form(one)
        before = one.form
