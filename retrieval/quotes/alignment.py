"""The words of a quotation laid beside those of a text that holds it with something changed.

They are aligned by difflib, in a window about the place where most of the quotation's telling words stand.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from retrieval.lexicon import counts, denies
from retrieval.model import Span
from retrieval.quotes.rows import Row
from retrieval.quotes.spelling import is_contraction, is_spelling

_SLACK = 12
"""Words that a window reaches beyond the quotation's own length, at least."""
_WINDOWS = 2
"""Windows of one text that are tried."""
_MOST_VOTES = 16
"""Places of one word in the quotation that vote for a window."""
_MOST_WORK = 200_000
"""Pairs of equal words that an alignment may hold: a text of one word over and over is not aligned."""
_END_GAP = 0.25
"""What a word of gap costs when a block at an end is weighed: "the" eight words off the rest is chance."""
_NEAR_END = 3
"""Words beyond its own length in which the end of a quotation is looked for beside the rest."""
_SLIGHT = 3
"""Words at an end of a quotation that may be the text's own, but for a number, a negation or a contraction."""


class Block(NamedTuple):
    """`size` words that are equal, from word `quote` of the quotation and word `source` of the text on."""

    quote: int
    source: int
    size: int

    @property
    def quote_end(self) -> int:
        return self.quote + self.size

    @property
    def source_end(self) -> int:
        return self.source + self.size


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """A quotation beside a text: the blocks of equal words, in the order of both."""

    quote: Row
    source: Row
    blocks: tuple[Block, ...]

    @cached_property
    def share(self) -> float:
        """0 to 1: how much of the quotation's evidence is there. Where only a number, a negation or a contraction was
        changed, that is no evidence against it."""
        missing = sum(self.quote.weights[at] for at in self._missing.difference(self._slight))
        return self.evidence / (self.evidence + missing)

    @cached_property
    def evidence(self) -> float:
        """The weight of the quotation's words that are there, those that only changed places included."""
        return sum(self.quote.weights[at] for at in self._there)

    @cached_property
    def telling(self) -> int:
        """How many words that are there are no function words."""
        return sum(self.quote.weights[at] == 1.0 for at in self._there)

    @cached_property
    def is_slight(self) -> bool:
        """Whether nothing but numbers, negations and contractions was changed."""
        between = all(is_slight(self.quote, mine, self.source, theirs) for mine, theirs in self._changed)
        return between and self.at_ends == 0

    @cached_property
    def longest(self) -> int:
        """How many words its longest block has."""
        return max(one.size for one in self.blocks)

    @cached_property
    def missing(self) -> int:
        """The longest run of the quotation's words in no block."""
        ends = [0, *(one.quote_end for one in self.blocks)]
        starts = [*(one.quote for one in self.blocks), len(self.quote.keys)]
        return max(self.quote.count(end, start) for end, start in zip(ends, starts, strict=True))

    @cached_property
    def lost(self) -> int:
        """How many of the quotation's words are not there."""
        return len(self._missing)

    @cached_property
    def at_ends(self) -> int:
        """How many of the quotation's words stand before the first block and after the last, and are not the text's
        own there but for something slight."""
        ends = {*range(self.blocks[0].quote), *range(self.blocks[-1].quote_end, len(self.quote.keys))}
        return len(ends.difference(self._slight))

    @cached_property
    def width(self) -> int:
        """How many words of the text it takes up."""
        return self.blocks[-1].source_end - self.blocks[0].source

    def skipped(self, gaps: Container[int] = ()) -> int:
        """The longest run of the text's words between two blocks, where the quotation declares no gap: `gaps` are
        places among its words."""
        runs = (
            self.source.count(*theirs)
            for mine, theirs in self._changed
            if not any(at in gaps for at in range(mine[0], mine[1] + 1))
        )
        return max(runs, default=0)

    @cached_property
    def _changed(self) -> list[tuple[Span, Span]]:
        """The words between neighbouring blocks, of the quotation and of the text."""
        return [
            ((before.quote_end, after.quote), (before.source_end, after.source))
            for before, after in pairwise(self.blocks)
        ]

    @cached_property
    def _there(self) -> list[int]:
        """The quotation's words in the blocks, and those that stand between the blocks of the text elsewhere."""
        spare = Counter(key for _, theirs in self._changed for key in self.source.keys[slice(*theirs)])
        there = [at for one in self.blocks for at in range(one.quote, one.quote_end)]
        for at in sorted(set(range(len(self.quote.keys))).difference(there)):
            if spare[self.quote.keys[at]]:
                spare[self.quote.keys[at]] -= 1
                there.append(at)
        return there

    @cached_property
    def _missing(self) -> frozenset[int]:
        return frozenset(range(len(self.quote.keys))).difference(self._there)

    @cached_property
    def _slight(self) -> frozenset[int]:
        """The quotation's words in no block that differ from the text's by a number, a negation or a contraction."""
        first, last = self.blocks[0], self.blocks[-1]
        slight = [range(*mine) for mine, theirs in self._changed if is_slight(self.quote, mine, self.source, theirs)]
        head, tail = (0, first.quote), (last.quote_end, len(self.quote.keys))
        for size in range(_SLIGHT + 1):
            if is_slight(self.quote, head, self.source, (max(0, first.source - size), first.source)):
                slight.append(range(*head))
            if is_slight(self.quote, tail, self.source, (last.source_end, last.source_end + size)):
                slight.append(range(*tail))
        return frozenset(at for one in slight for at in one)


def is_slight(quote: Row, mine: Span, source: Row, theirs: Span) -> bool:
    """Whether words of a quotation and of a text are the same but for numbers, negations and contractions."""
    given = [quote.tokens[place].folded for place in quote.words[slice(*mine)]]
    published = [source.tokens[place].folded for place in source.words[slice(*theirs)]]
    if is_contraction(given, published):
        return True
    one, other = _bare(given), _bare(published)
    return is_contraction(one, other) or is_spelling(one, other)


def _bare(words: Sequence[str]) -> list[str]:
    """Words without numbers and negations: `doesn't` is `does`."""
    plain = [word.removesuffix("n't") or word for word in " ".join(words).replace("per cent", "percent").split()]
    return [word for word in plain if not counts(word) and not denies(word)]


def align(quote: Row, source: Row) -> Alignment | None:
    """Where a text holds a quotation with something changed; None where it holds nothing of it. Of several places
    the one that has most of it, in the fewest and closest pieces."""
    found = [one for window in _windows(quote, source) if (one := _aligned(quote, source, window))]
    return max(found, key=lambda one: (one.evidence, -len(one.blocks), -one.width), default=None)


def _aligned(quote: Row, source: Row, window: Span) -> Alignment | None:
    if _work(quote, source, window) > _MOST_WORK:
        return None
    blocks = _without_chance(_blocks(quote, source, (0, len(quote.keys)), window), quote, source)
    if not blocks:
        return None
    blocks = _without_chance(_with_ends(quote, source, blocks), quote, source)
    return Alignment(quote=quote, source=source, blocks=tuple(blocks))


def _blocks(quote: Row, source: Row, mine: Span, theirs: Span) -> list[Block]:
    """The equal words of a stretch of either: the longest row of them first, then those on both sides of it."""
    matcher = SequenceMatcher(None, source.keys[slice(*theirs)], quote.keys[slice(*mine)], autojunk=False)
    return [Block(mine[0] + one.b, theirs[0] + one.a, one.size) for one in matcher.get_matching_blocks() if one.size]


def _with_ends(quote: Row, source: Row, blocks: list[Block]) -> list[Block]:
    """The blocks with those close to either end that a longer row of words farther away was preferred to."""
    first, last = blocks[0], blocks[-1]
    before = (max(0, first.source - first.quote - _NEAR_END), first.source)
    after = (last.source_end, last.source_end + len(quote.keys) - last.quote_end + _NEAR_END)
    return [
        *_blocks(quote, source, (0, first.quote), before),
        *blocks,
        *_blocks(quote, source, (last.quote_end, len(quote.keys)), after),
    ]


def _windows(quote: Row, source: Row) -> list[Span]:
    """The words of a text among which most of the quotation's evidence stands about in line, the best place first."""
    length = len(quote.keys)
    slack = max(_SLACK, length // 2)
    votes: dict[int, float] = defaultdict(float)
    for key, here in quote.places_by_key.items():
        weight = quote.weights[here[0]] / len(here)
        for there in source.places_by_key.get(key, ()):
            for place in here[:_MOST_VOTES]:
                votes[(there - place) // slack] += weight
    ranked = sorted(votes, key=lambda one: (-votes[one] - votes.get(one + 1, 0.0), one))
    chosen: list[int] = []
    for one in ranked:
        if len(chosen) < _WINDOWS and all(abs(one - other) > 1 for other in chosen):
            chosen.append(one)
    return [(max(0, (one - 1) * slack), (one + 3) * slack + length) for one in chosen]


def _work(quote: Row, source: Row, window: Span) -> int:
    return sum(len(quote.places_by_key.get(key, ())) for key in source.keys[slice(*window)])


def _without_chance(blocks: list[Block], quote: Row, source: Row) -> list[Block]:
    """The blocks without those at either end that are too light for their distance from the rest."""
    kept = list(blocks)
    while len(kept) > 1 and _is_chance(kept[0], kept[0], kept[1], quote, source):
        kept.pop(0)
    while len(kept) > 1 and _is_chance(kept[-1], kept[-2], kept[-1], quote, source):
        kept.pop()
    return kept


def _is_chance(one: Block, before: Block, after: Block, quote: Row, source: Row) -> bool:
    mine, theirs = (before.quote_end, after.quote), (before.source_end, after.source)
    gap = max(mine[1] - mine[0], theirs[1] - theirs[0])
    if gap <= 2 * _SLIGHT and is_slight(quote, mine, source, theirs):
        return False
    return sum(quote.weights[one.quote : one.quote_end]) < _END_GAP * gap
