"""Where a slice of an older version of an entry stands in a newer one: as it was, with something changed, or nowhere.

The two texts are laid beside each other sentence by sentence, and where sentences were changed word by word. What
stands once in either, in the same order, holds the rest in place, so the time taken grows hardly faster than the
texts. Where a sentence went and another came in its place, nothing is located: the newer version is never quoted for
words of which it holds something else.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from retrieval.model import Passage, Span, Version
from retrieval.quotes.rows import Row
from retrieval.sentences import sentences

_SHARE = 0.5
"""The share of a slice's words, small ones counting less, that is still there in order where it is located."""
_FEWEST = 3
"""How many of a slice's words are still there, at least, or all of a shorter one; fewer count where what stood
before and after the slice still stands so: "Two people died." that became "Three people died."."""
_STRETCH = 2
"""How many times as many words may stand between the same neighbours then."""
_FOREIGN = 0.25
"""What a word of the newer version that the slice did not hold costs beside one that it held: a sentence that shares
"the" alone with the slice is no part of it, and two halves that now stand far apart are not shown as one."""
_OTHERS = 0.1
"""The same for a word of a sentence beside it that is there still: the two may have become one sentence."""
_WORTH = 0.4
"""The share of the slice's sentences that is there, at least, when the words that they did not hold are paid for.
With both
shares, of 12,847 sentences drawn from the sample live blog that were left out, or gave way to another of it, one was
located, in one that tells the same; of 10,338 in which a word was changed, 98.5 % were."""
_MOVED = 4
"""Words that a slice has, at least, to be found elsewhere than between its old neighbours: "Nobody was hurt." is said
of many accidents."""
_ROWS = (4, 2, 1, 1)
"""How many in a row are looked for that stand once in either text, the surest first; a word that stands once between
two that are found may stand more than once in all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Relocated:
    """Where a slice of an older version stands: a slice of the newer one. `verbatim`: it has the same characters;
    else it is made of whole sentences."""

    passage: Passage
    verbatim: bool


def relocated(old: Passage, new: Version) -> Relocated | None:
    """Where a slice of an older version stands in a newer one of the same entry; None where it can no longer be
    located, as in a version without words. Titles make no difference."""
    if old.version.text == new.text:
        return Relocated(passage=Passage(version=new, start=old.start, end=old.end), verbatim=True)
    sides = _Sides(old, new)
    if not sides.touched:
        return None  # it is white space alone
    return sides.as_it_was() or sides.changed()


def relocated_span(old: Version, span: Span, new: Version) -> Span | None:
    """The same for a highlight, `[start, end)` of the older version. Raises ValueError where that is no slice of
    it."""
    found = relocated(Passage(version=old, start=span[0], end=span[1]), new)
    return None if found is None else found.passage.span


class _Word(NamedTuple):
    """A word at `[start, end)` of a version, in a sentence by number; `glued` to the word before, as `m` to `£5`."""

    key: str
    weight: float
    start: int
    end: int
    sentence: int
    glued: bool


class _Page:
    """A version's sentences, by number, and their words."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self._language = version.entry.blog.language
        self.spans: Sequence[Span] = sentences(version.text, self._language)

    def texts(self) -> list[str]:
        return [self.version.text[start:end] for start, end in self.spans]

    def passage(self, first: int, last: int) -> Passage:
        return Passage(version=self.version, start=self.spans[first][0], end=self.spans[last][1])

    def words(self, numbers: range) -> list[_Word]:
        return [word for number in numbers for word in self._words(number)]

    def _words(self, number: int) -> Iterator[_Word]:
        start, end = self.spans[number]
        row = Row(self.version.text[start:end], self._language)
        for place, key, weight in zip(row.words, row.keys, row.weights, strict=True):
            token = row.tokens[place]
            yield _Word(key, weight, start + token.start, start + token.end, number, token.glued)


class _Sides:
    """An older version with a slice of it, and a newer one beside it."""

    def __init__(self, slice_: Passage, new: Version) -> None:
        self._slice = slice_
        self._old = _Page(slice_.version)
        self._new = _Page(new)
        self._pairs = _paired(self._old.texts(), self._new.texts())
        spans = self._old.spans
        self.touched = [at for at, one in enumerate(spans) if one[0] < slice_.end and slice_.start < one[1]]
        """The numbers of the older version's sentences that the slice touches."""

    # ------------------------------------------------------------ as it was

    def as_it_was(self) -> Relocated | None:
        """Where the slice's sentences stand with the same characters, as sentences: between their old neighbours,
        or else moved. Of several places that are no other sentences', the nearest."""
        whole = self._whole
        places = [at for at in self._places(whole.text) if self._is_free(at, whole.text)]
        between = [at for at in places if self._before[1] < at < self._after[1]]
        if not between and len(self._old.words(self._among)) < _MOVED:
            return None
        starts = [self._new.spans[at][0] for at in between or places]
        start = min(starts, key=lambda one: abs(one - self._expected), default=None)
        return None if start is None else self._shifted(start)

    def _places(self, text: str) -> list[int]:
        """The numbers of the newer version's sentences with which a text of whole sentences begins there."""
        ends = {end for _, end in self._new.spans}
        return [
            at
            for at, (start, _) in enumerate(self._new.spans)
            if start + len(text) in ends and self._new.version.text.startswith(text, start)
        ]

    def _is_free(self, at: int, text: str) -> bool:
        """Whether no sentence of a place is the one that another of the older version became."""
        end = self._new.spans[at][0] + len(text)
        while at < len(self._new.spans) and self._new.spans[at][0] < end:
            if self._back.get(at, self.touched[0]) not in self._among:
                return False
            at += 1
        return True

    def _shifted(self, start: int) -> Relocated:
        """The slice, where its whole sentences stand from `start` on."""
        begin = max(start + self._slice.start - self._whole.start, 0)
        end = begin + len(self._slice.text)
        text = self._new.version.text
        if text[begin:end] == self._slice.text:
            return Relocated(passage=Passage(version=self._new.version, start=begin, end=end), verbatim=True)
        # white space at an end of the slice, outside all sentences, became other white space
        same = Passage(version=self._new.version, start=start, end=start + len(self._whole.text))
        return Relocated(passage=same, verbatim=False)

    @cached_property
    def _whole(self) -> Passage:
        """The whole sentences of the slice."""
        return self._old.passage(self.touched[0], self.touched[-1])

    @cached_property
    def _among(self) -> range:
        return range(self.touched[0], self.touched[-1] + 1)

    @cached_property
    def _back(self) -> dict[int, int]:
        return {theirs: mine for mine, theirs in self._pairs.items()}

    @cached_property
    def _before(self) -> tuple[int, int]:
        """The last sentence before the slice's that stands in both versions, by its numbers; -1 where none does."""
        at = next((at for at in range(self.touched[0] - 1, -1, -1) if at in self._pairs), -1)
        return at, self._pairs.get(at, -1)

    @cached_property
    def _after(self) -> tuple[int, int]:
        """The first one after them; so many as there are where none does."""
        count = len(self._old.spans)
        at = next((at for at in range(self.touched[-1] + 1, count) if at in self._pairs), count)
        return at, self._pairs.get(at, len(self._new.spans))

    @cached_property
    def _expected(self) -> int:
        """Where the slice's sentences would begin if nothing stood otherwise since the last one that is in both."""
        at, there = self._before
        begin = self._old.spans[self.touched[0]][0]
        if self.touched[0] in self._pairs:
            return self._new.spans[self._pairs[self.touched[0]]][0]
        return begin if at < 0 else self._new.spans[there][1] + begin - self._old.spans[at][1]

    # ------------------------------------------------------------ changed

    def changed(self) -> Relocated | None:
        """The sentences that hold enough of those of the slice; or, within them, the slice with the same characters
        where it is a part of a sentence."""
        run, whole = self._run(), self._whole
        if not run or not self._holds(run, self._words_within(whole)):
            return None
        held = self._words_within(self._slice)
        is_part = self._slice.start > whole.start or self._slice.end < whole.end
        if is_part and (part := self._part(run, held)):
            return Relocated(passage=part, verbatim=True)
        if not self._holds(run, held):
            return None
        return Relocated(passage=self._new.passage(run[0], run[-1]), verbatim=False)

    @cached_property
    def _mine(self) -> list[_Word]:
        """The words of the slice's sentences and of all from their old neighbours on."""
        return self._old.words(range(max(self._before[0], 0), min(self._after[0] + 1, len(self._old.spans))))

    @cached_property
    def _theirs(self) -> list[_Word]:
        return self._new.words(range(max(self._before[1], 0), min(self._after[1] + 1, len(self._new.spans))))

    @cached_property
    def _word_pairs(self) -> dict[int, int]:
        """Which word became which: those of a sentence that stands in both its own, the others' as they can be told
        in between."""
        fixed = [self._before, *((at, self._pairs[at]) for at in self._among if at in self._pairs), self._after]
        pairs: dict[int, int] = {}
        for (one, there), (following, beyond) in pairwise(fixed):
            pairs |= self._paired_within((one, one + 1), (there, there + 1))
            pairs |= self._paired_within((one + 1, following), (there + 1, beyond))
        return pairs | self._paired_within((fixed[-1][0], fixed[-1][0] + 1), (fixed[-1][1], fixed[-1][1] + 1))

    def _paired_within(self, mine: Span, theirs: Span) -> dict[int, int]:
        """The pairs of words of some sentences of either, `[first, end)` by number."""
        first, end = (bisect_left(self._mine, at, key=lambda word: word.sentence) for at in mine)
        start, stop = (bisect_left(self._theirs, at, key=lambda word: word.sentence) for at in theirs)
        keys = [word.key for word in self._mine[first:end]], [word.key for word in self._theirs[start:stop]]
        return {first + one: start + other for one, other in _paired(*keys).items()}

    def _words_within(self, passage: Passage) -> range:
        """The places among the older version's words of those that a slice of it touches."""
        first = bisect_left(self._mine, passage.start + 1, key=lambda word: word.end)
        return range(first, bisect_left(self._mine, passage.end, key=lambda word: word.start))

    def _run(self) -> range | None:
        """The newer version's neighbouring sentences, between the slice's old neighbours, that hold most of its
        sentences' words for the fewest others; None where they do not hold enough."""
        gained = dict.fromkeys(range(self._before[1] + 1, self._after[1]), 0.0)
        kept = set(self._word_pairs.values())
        for place, word in enumerate(self._theirs):
            if word.sentence in gained and place not in kept:
                gained[word.sentence] -= _FOREIGN * word.weight
        for mine, theirs in self._word_pairs.items():
            word, sentence = self._mine[mine], self._theirs[theirs].sentence
            if sentence in gained:
                gained[sentence] += word.weight if word.sentence in self._among else -_OTHERS * word.weight
        run = _best_run(gained)
        whole = sum(word.weight for word in self._mine if word.sentence in self._among)
        return run if sum(gained[number] for number in run) >= _WORTH * whole else None

    def _holds(self, run: range, held: range) -> bool:
        """Whether enough of the words at some places is there in a run of sentences."""
        found = [self._mine[at] for at in held if self._partner(at) in run]
        weight = sum(word.weight for word in found)
        if not found or weight < _SHARE * sum(self._mine[at].weight for at in held):
            return False
        return len(found) >= min(_FEWEST, len(held)) or self._is_between_its_neighbours(held)

    def _partner(self, at: int) -> int | None:
        """The sentence in which a word stands now."""
        there = self._word_pairs.get(at)
        return None if there is None else self._theirs[there].sentence

    def _is_between_its_neighbours(self, held: range) -> bool:
        """Whether about as many words stand between those that stood right before and after some words."""
        before = self._word_pairs.get(held[0] - 1) if held[0] else -1
        after = self._word_pairs.get(held[-1] + 1) if held[-1] + 1 < len(self._mine) else len(self._theirs)
        if before is None or after is None:
            return False
        return after - before - 1 <= _STRETCH * len(held)

    def _part(self, run: range, held: range) -> Passage | None:
        """The same characters, within a run of sentences, between what stood nearest to them before and after."""
        start, end = self._new.passage(run[0], run[-1]).span
        before = next((at for at in range(held.start - 1, -1, -1) if at in self._word_pairs), None)
        after = next((at for at in range(held.stop, len(self._mine)) if at in self._word_pairs), None)
        if before is not None:
            start = max(start, self._theirs[self._word_pairs[before]].end)
        if after is not None:
            end = min(end, self._theirs[self._word_pairs[after]].start)
        at = self._new.version.text.find(self._slice.text, start, end) if start < end else -1
        if at < 0:
            return None
        found = Passage(version=self._new.version, start=at, end=at + len(self._slice.text))
        cuts = _cuts(self._theirs, found)
        return None if cuts and cuts != _cuts(self._mine, self._slice) else found


def _cuts(words: Sequence[_Word], passage: Passage) -> tuple[int, ...]:
    """Which ends of a slice, 0 and 1, stand within a word: `500` in `1,500`, or `22` in `22m`."""
    return tuple(
        number
        for number, at in enumerate(passage.span)
        if any(word.start < at < word.end or (word.glued and word.start == at) for word in words)
    )


def _best_run(gained: dict[int, float]) -> range:
    """The neighbouring numbers that have most together; the first and shortest of equals, and none where no number
    has more than nothing."""
    best, most = range(0), 0.0
    first, total = 0, 0.0
    for number, gain in gained.items():
        if total <= 0:
            first, total = number, 0.0
        total += gain
        if total > most:
            best, most = range(first, number + 1), total
    return best


# ------------------------------------------------------------------------------------------------ equal in order


def _paired(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Which place of one row became which of another: equal strings in the order of both. Rows of them that stand
    once in either come first, those that stand once between two of these next; at last, what is the same from either
    end of a gap."""
    pairs: dict[int, int] = {}
    gaps = [((0, len(old)), (0, len(new)))]
    for size in _ROWS:
        gaps = [gap for one in gaps for gap in _anchored(old, new, one, size, pairs)]
    for (first, end), (start, stop) in gaps:
        while first < end and start < stop and old[first] == new[start]:
            pairs[first] = start
            first, start = first + 1, start + 1
        while first < end and start < stop and old[end - 1] == new[stop - 1]:
            end, stop = end - 1, stop - 1
            pairs[end] = stop
    return pairs


def _anchored(
    old: Sequence[str], new: Sequence[str], gap: tuple[Span, Span], size: int, pairs: dict[int, int]
) -> Iterator[tuple[Span, Span]]:
    """Pair what can be within a gap, by rows of so many; the gaps that are left."""
    (first, end), (start, stop) = gap
    mine, theirs = _once(old, gap[0], size), _once(new, gap[1], size)
    for at, there in _in_order([(place, theirs[row]) for row, place in mine.items() if row in theirs]):
        if at < first or there < start:
            continue  # it is part of what was paired already
        while at > first and there > start and old[at - 1] == new[there - 1]:
            at, there = at - 1, there - 1
        if first < at and start < there:
            yield (first, at), (start, there)
        while at < end and there < stop and old[at] == new[there]:
            pairs[at] = there
            at, there = at + 1, there + 1
        first, start = at, there
    if first < end and start < stop:
        yield (first, end), (start, stop)


def _once(row: Sequence[str], within: Span, size: int) -> dict[tuple[str, ...], int]:
    """Where each run of so many stands that stands once, in the order of the row."""
    places: dict[tuple[str, ...], int | None] = {}
    for at in range(within[0], within[1] - size + 1):
        run = tuple(row[at : at + size])
        places[run] = None if run in places else at
    return {run: at for run, at in places.items() if at is not None}


def _in_order(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest choice of pairs, given by their first numbers, whose second numbers grow too."""
    ends: list[int] = []
    last: list[int] = []
    before: list[int | None] = []
    for at, (_, there) in enumerate(pairs):
        length = bisect_left(ends, there)
        before.append(last[length - 1] if length else None)
        ends[length : length + 1] = [there]
        last[length : length + 1] = [at]
    chosen: list[tuple[int, int]] = []
    at_last = last[-1] if last else None
    while at_last is not None:
        chosen.append(pairs[at_last])
        at_last = before[at_last]
    return chosen[::-1]
