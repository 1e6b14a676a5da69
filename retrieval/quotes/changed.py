"""Where a quotation stands with something changed, and whether it was put together from several places.

Candidates are versions that share words in a row with it; each is aligned by words. Short quotations overlap with
other people's utterances, so they have to have nearly all their words in common with what they are said to alter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from retrieval.folding import search_words
from retrieval.languages import ENGLISH
from retrieval.lexicon import is_function_word
from retrieval.looking import Looking
from retrieval.model import Version
from retrieval.quotes.alignment import Alignment, Block, align
from retrieval.quotes.edits import Told, told
from retrieval.quotes.quotations import Gap, Quotation
from retrieval.quotes.reading import Reading, readings
from retrieval.quotes.rows import Row

PART = 4
"""Words that a part of a spliced quotation has at least."""

WIDEST_GAP = 8
"""Words that may be missing from a quotation without a sign before it counts as spliced."""

_SHORT = 12
"""Below so many words a quotation may be like another utterance by chance: of 91 different utterances of six or seven
words, 26 score 85 of 100 by characters, of longer ones none."""
_SHARE_OF_SHORT = 0.8
_SHARE = 0.7
_SHARE_OF_RUN = 0.55
_RUN = 8
"""Words in a row that are evidence enough, where over half of the rest is there as well."""
_TELLING = 3
"""Words in common that are no function words, at least."""
_TELLING_BESIDE_SLIGHT = 2
"""The same where nothing but numbers, negations and contractions differs."""
_ONE_WORD = 8
"""Words of a quotation of which all but one are there, in a row but for one place: evidence, whatever they tell."""
_ONE_PLACE = 2
_FEWEST = 3
"""Words of a quotation that can be told from chance, if all of them are there."""
_SKIPPED_BY_SHORT = 3
_ENDS_OF_SHORT = 1
_ENDS = 0.25
"""The share of a quotation's words that may be new at its two ends together: they may as well be another's."""
_ROUNDS = 4
"""How often what no candidate covers of a spliced quotation is looked for."""
_SINGLE = 4
"""Words that are looked for one by one where no row of words is found."""
_HOLDING = 24
"""Versions that are looked at for each row of words, or word."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How far to look: for how many rows of a quotation's words, and how many versions are aligned with it."""

    rows: int
    candidates: int


THOROUGH = Effort(rows=14, candidates=10)
"""For a quotation that stands nowhere as it is."""
BESIDES = Effort(rows=6, candidates=5)
"""For other wordings of a quotation that was found."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A field that holds a quotation changed, and how."""

    reading: Reading
    alignment: Alignment
    told: Told

    @property
    def version(self) -> Version:
        return self.reading.version

    @property
    def edits(self) -> int:
        return len(self.told.edits)


@dataclass(frozen=True, slots=True)
class Part:
    """Words `[start, end)` of a quotation, by their place among its words, that some field has in a row."""

    start: int
    end: int
    reading: Reading
    source: int
    quote: Row


class Candidates:
    """The versions that may hold a quotation changed, each aligned with it."""

    def __init__(self, quotation: Quotation, looking: Looking, effort: Effort = THOROUGH) -> None:
        self._effort = effort
        self._quotation = quotation
        self._looking = looking
        row = [token for fragment in quotation.fragments for token in fragment]
        self.gaps = _gaps_by_token(quotation)
        self.breaks = {sum(token.is_word for token in row[:at]) for at in self.gaps}
        self._rows: dict[str, Row] = {}
        self._flat = row
        self._readings = [one for version in self._versions() for one in readings(version)]
        self.alignments = [(one, found) for one in self._readings if (found := align(self._row(one), one.row))]

    def _row(self, reading: Reading) -> Row:
        """The quotation's words, weighed by the language of what they are laid beside."""
        language = reading.language
        if language not in self._rows:
            self._rows[language] = Row(self._quotation.text, language, self._flat)
        return self._rows[language]

    def _versions(self) -> list[Version]:
        """Those that share the most telling rows of words with it, one wording of each entry: the one that stands."""
        words = search_words(self._flat)
        weights: dict[int, float] = defaultdict(float)
        for rows in (_grams(words, self._effort.rows), [[word] for word in _longest(words)]):
            for row in rows:
                keys = self._looking.holding([row], _HOLDING)
                for key in keys:
                    weights[key] += 1 / len(keys)
            if weights:
                break
        ranked = sorted(weights, key=lambda key: (-weights[key], key))[: 2 * self._effort.candidates]
        chosen: dict[int, Version] = {}
        for version in self._looking.versions(ranked):
            known = chosen.get(version.entry.key)
            if known is None or (version.current, version.number) > (known.current, known.number):
                chosen[version.entry.key] = version
        return list(chosen.values())[: self._effort.candidates]

    def altered(self) -> list[Changed]:
        """Those that hold the quotation with something changed, the least changed first."""
        found = [
            changed(reading, alignment, self.gaps)
            for reading, alignment in self.alignments
            if _is_evidence(alignment, self.breaks)
        ]
        return sorted(found, key=_least_changed)

    def near(self) -> list[tuple[Reading, Alignment]]:
        """All that share words with it, the nearest first."""
        return sorted(
            self.alignments,
            key=lambda one: (-one[1].evidence, one[0].version.entry.posted_at, one[0].version.entry.whole_id),
        )

    def parts(self) -> list[Part] | None:
        """The quotation as the fewest parts of at least four words that are published in a row; None where it is
        not made of such. What no candidate covers is looked for by itself."""
        row = Row(self._quotation.text, ENGLISH, self._flat)
        for _ in range(_ROUNDS):
            longest = self._runs()
            reached = _fewest_parts(longest, row)
            if reached[-1] is not None:
                return _parts(reached, longest)
            furthest = max(end for end, step in enumerate(reached) if step is not None)
            if not self._widened(furthest):
                return None
        return None

    def _widened(self, start: int) -> bool:
        """Whether there are more versions that hold the words from one on; they are read from now on."""
        words = [one for one in self._flat if one.is_word][start : start + PART]
        phrase = search_words(words)
        if len(words) < PART or not phrase:
            return False
        known = {one.version.key for one in self._readings}
        new = [key for key in self._looking.holding([phrase], _HOLDING) if key not in known]
        self._readings += [one for version in self._looking.versions(new) for one in readings(version)]
        return bool(new)

    def _runs(self) -> list[Part | None]:
        """For each word of the quotation the longest row of words from there on that a candidate has."""
        longest: list[Part | None] = [None] * sum(token.is_word for token in self._flat)
        for reading in self._readings:
            for start, source, size in _common_runs(self._row(reading), reading.row):
                known = longest[start]
                if known is None or start + size > known.end:
                    longest[start] = Part(start, start + size, reading, source, self._row(reading))
        return longest


def _fewest_parts(longest: Sequence[Part | None], row: Row) -> list[tuple[int, int] | None]:
    """For each place among the words: into how few parts the words before it can be cut, and where the last of them
    begins; None where they cannot."""
    fewest: list[tuple[int, int] | None] = [(0, 0), *([None] * len(longest))]
    for start, run in enumerate(longest):
        here = fewest[start]
        if here is None or run is None:
            continue
        for end in range(start + 1, run.end + 1):
            known = fewest[end]
            if row.count(start, end) >= PART and (known is None or here[0] + 1 < known[0]):
                fewest[end] = (here[0] + 1, start)
    return fewest


def _parts(fewest: Sequence[tuple[int, int] | None], longest: Sequence[Part | None]) -> list[Part]:
    parts: list[Part] = []
    end = len(longest)
    while end:
        step = fewest[end]
        run = None if step is None else longest[step[1]]
        if step is None or run is None:
            return []
        parts.append(replace(run, end=end))
        end = step[1]
    return parts[::-1]


def in_one_place(parts: Sequence[Part]) -> Alignment | None:
    """The parts as one alignment, where one field has them in order with at most eight words between; else None."""
    row = parts[0].reading.row
    if any(part.reading is not parts[0].reading for part in parts):
        return None
    blocks = [Block(part.start, part.source, part.end - part.start) for part in parts]
    for before, after in pairwise(blocks):
        if before.source_end > after.source or row.count(before.source_end, after.source) > WIDEST_GAP:
            return None
    return Alignment(quote=parts[0].quote, source=row, blocks=tuple(blocks))


def changed(reading: Reading, alignment: Alignment, gaps: dict[int, Gap]) -> Changed:
    """What an alignment with a field changes."""
    return Changed(reading=reading, alignment=alignment, told=_told(reading, alignment, gaps))


def _told(reading: Reading, alignment: Alignment, gaps: dict[int, Gap]) -> Told:
    first, last = alignment.blocks[0], alignment.blocks[-1]
    row = alignment.source
    start = row.tokens[row.words[first.source]].start
    end = row.tokens[row.words[last.source + last.size - 1]].end
    return told(alignment, reading.sentence(start, end), gaps)


def _least_changed(one: Changed) -> tuple[object, ...]:
    entry = one.version.entry
    return (
        -one.alignment.share,
        one.alignment.skipped(),
        one.edits,
        not one.version.current,
        entry.posted_at,
        entry.whole_id,
    )


def _is_evidence(one: Alignment, gaps: Container[int]) -> bool:
    """Whether so much of a quotation is there that it can only be this utterance, changed."""
    count = len(one.quote.keys)
    if count < _FEWEST:
        return False
    if len(one.blocks) == 1 and one.longest == count:
        return True
    few = one.skipped(gaps) <= _SKIPPED_BY_SHORT and one.at_ends <= _ENDS_OF_SHORT
    if count >= _ONE_WORD and few and one.lost <= 1 and len(one.blocks) <= _ONE_PLACE:
        return True
    if one.telling < (_TELLING_BESIDE_SLIGHT if one.is_slight else _TELLING):
        return False
    if count < _SHORT:
        whole = one.share == 1 and one.skipped(gaps) <= WIDEST_GAP
        return (few or whole) and one.at_ends <= _ENDS_OF_SHORT and one.share >= _SHARE_OF_SHORT
    if one.longest >= _RUN:
        return one.share >= _SHARE_OF_RUN
    return one.share >= _SHARE and one.at_ends <= _ENDS * count


def _gaps_by_token(quotation: Quotation) -> dict[int, Gap]:
    """The gaps by the place of the token after them, among the tokens of all fragments."""
    gaps: dict[int, Gap] = {}
    at = 0
    for gap, fragment in zip(quotation.gaps, quotation.fragments, strict=False):
        if gap is not None:
            gaps[at] = gap
        at += len(fragment)
    last = quotation.gaps[-1]
    if last is not None:
        gaps[at] = last
    return gaps


def _grams(words: Sequence[str], most: int) -> list[tuple[str, ...]]:
    """The rows of words to look for: threes, of a short quotation twos as well; of many those with the most letters
    in telling words, which are the rarest by and large."""
    sizes = (3,) if len(words) >= _SHORT else (3, 2)
    grams = {tuple(words[at : at + size]) for size in sizes for at in range(len(words) - size + 1)}
    return sorted(grams, key=lambda gram: (-sum(map(_letters, gram)), gram))[:most]


def _letters(word: str) -> int:
    return 0 if is_function_word(word, ENGLISH) else len(word)


def _longest(words: Sequence[str]) -> list[str]:
    return sorted({word for word in words if _letters(word)}, key=lambda word: (-len(word), word))[:_SINGLE]


def _common_runs(quote: Row, source: Row) -> list[tuple[int, int, int]]:
    """The longest rows of words that two texts share, marks between them included: for each word of the quotation
    where one begins its place there, in the text, and its size."""
    best: dict[int, tuple[int, int]] = {}
    after: dict[int, int] = {}
    mine, theirs = _marks_after(quote), _marks_after(source)
    for there in range(len(source.words) - 1, -1, -1):
        sizes: dict[int, int] = {}
        written = source.tokens[source.words[there]]
        for here in quote.places_by_key.get(source.keys[there], ()):
            token = quote.tokens[quote.words[here]]
            if token.folded != written.folded:
                continue
            goes_on = here + 1 in after and mine[here] == theirs[there]
            size = 1 + (after[here + 1] if goes_on else 0)
            if token.form == written.form:
                sizes[here] = size
            if size >= PART and size > best.get(here, (0, 0))[1]:
                best[here] = (there, size)  # its first word may have another capital
        after = sizes
    return [(here, there, size) for here, (there, size) in best.items()]


def _marks_after(row: Row) -> list[tuple[str, ...]]:
    """The marks between each word and the next."""
    ends = [*row.words[1:], len(row.tokens)]
    return [
        tuple(token.form for token in row.tokens[place + 1 : end]) for place, end in zip(row.words, ends, strict=True)
    ]
