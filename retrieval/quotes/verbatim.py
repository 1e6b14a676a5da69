"""Where a quotation stands as it was given: whole, or with the gaps that it declares."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from typing import NamedTuple

from retrieval.folding import FINAL, QUOTATION_MARKS, Token, asks, same_words, search_words
from retrieval.looking import Looking
from retrieval.model import Span, Version
from retrieval.quotes.cautions import Warned, inserted, left_out
from retrieval.quotes.occurrences import occurrences
from retrieval.quotes.quotations import BRACKETED, Core, Gap, Quotation, cores
from retrieval.quotes.reading import FRAGMENTS, Reading, readings
from retrieval.verdicts import Field, Match, Speech, Verdict, Warns

MOST_PLACES = 100
"""Places that are listed; a quotation of two common words stands in thousands of entries."""

_MOST_READ = 120
"""Versions that are read for one quotation."""
_MOST_COUNTED = 2_000
"""Versions that are counted beyond those that are read."""
_PHRASE = 24
"""Words in a row that the index is asked for: the rarest of a longer row."""
_TRIED = 5
"""Occurrences of a whole quotation in one text of which the one with the fewest cautions is taken."""
_OCCURRENCES = 40
"""Occurrences of one fragment in one text that are tried."""
_MOST_FRAGMENTS = 50
"""Fragments of a quotation whose gaps are looked at as declared."""
_SHORTEST_FRAGMENT = 3
"""Words that a fragment beside an ellipsis has at least."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """One place that holds a quotation: the spans of its fragments, the verdict there, and what to beware of."""

    verdict: Verdict
    reading: Reading
    spans: tuple[Span, ...]
    warnings: tuple[Warned, ...]

    @cached_property
    def matches(self) -> tuple[Match, ...]:
        """The fragments; who says them is looked at only here."""
        return tuple(
            self.reading.match(start, end, fragment=number) for number, (start, end) in enumerate(self.spans)
        )

    @property
    def version(self) -> Version:
        return self.reading.version

    @property
    def field(self) -> Field:
        return self.reading.field


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The places found, the best first, and how many more versions there are that may hold the words."""

    places: tuple[Place, ...]
    unlisted: int = 0


def whole(row: Sequence[Token], text: str, looking: Looking) -> Places:
    """The places that hold a row of tokens of the quotation `text` whole, but for typography."""
    wanted = cores(row)

    def found_in(reading: Reading) -> Iterator[Place]:
        for core in wanted:
            found = [
                place
                for at in islice(occurrences(core.row, reading.row), _TRIED)
                if (place := _whole(core, text, reading, at))
            ]
            if found:
                yield from found
                return

    return _found([search_words(row)], found_in, looking)


def elided(quotation: Quotation, looking: Looking) -> Places:
    """The places that hold all fragments of a quotation that declares gaps, in order."""
    if not 0 < len(quotation.fragments) <= _MOST_FRAGMENTS or not quotation.declares or _too_short(quotation):
        return Places(places=())
    wanted = [cores(fragment) for fragment in quotation.fragments]

    def found_in(reading: Reading) -> Iterator[Place]:
        chain = _chain([_stands(options, reading) for options in wanted], quotation.gaps, reading)
        if chain is not None:
            yield _elided(chain, quotation.gaps, reading)

    return _found([search_words(fragment) for fragment in quotation.fragments], found_in, looking)


def best_first(place: Place) -> tuple[object, ...]:
    """The order of places: what stands now before what stood once, the truer before the freer, the earliest first."""
    version, entry = place.version, place.version.entry
    return (
        not version.current,
        _RANK[place.verdict],
        entry.posted_at,
        entry.whole_id,
        place.field is Field.TITLE,
    )


_RANK = {Verdict.EXACT: 0, Verdict.TYPOGRAPHIC: 1, Verdict.ELIDED: 2}


# ------------------------------------------------------------------------------------------------ where to look


def _found(
    phrases: Sequence[Sequence[str]], found_in: Callable[[Reading], Iterable[Place]], looking: Looking
) -> Places:
    """What is found in the versions that hold all phrases: the best place of each entry's field."""
    asked = [_telling(words) for words in phrases if words]
    if not asked:  # brackets hold all that it says
        return Places(places=())
    keys = looking.holding(asked, _MOST_READ + _MOST_COUNTED)
    best: dict[tuple[int, Field], Place] = {}
    for version in looking.versions(keys[:_MOST_READ]):
        for reading in readings(version):
            for place in found_in(reading):
                known = best.get((version.entry.key, reading.field))
                if known is None or _of_entry(place) > _of_entry(known):
                    best[version.entry.key, reading.field] = place
    places = sorted(best.values(), key=best_first)
    return Places(
        places=tuple(places[:MOST_PLACES]), unlisted=len(places[MOST_PLACES:]) + max(0, len(keys) - _MOST_READ)
    )


def _of_entry(place: Place) -> tuple[bool, int, int, int, int]:
    """Which of one entry's places counts: that of the wording that stands, else the last; the truest; the least
    clipped."""
    return (
        place.version.current,
        place.version.number,
        -_RANK[place.verdict],
        -len(place.warnings),
        -place.spans[0][0],
    )


def _telling(words: Sequence[str]) -> Sequence[str]:
    """The words to ask for: those of a long row about its longest word, which is a rare one."""
    longest = max(range(len(words)), key=lambda at: len(words[at]))
    start = max(0, min(longest - _PHRASE // 2, len(words) - _PHRASE))
    return words[start : start + _PHRASE]


def _some(found: Iterator[int]) -> list[int]:
    return list(islice(found, _OCCURRENCES))


# ------------------------------------------------------------------------------------------------ whole


def _whole(core: Core, text: str, reading: Reading, at: int) -> Place | None:
    span = _closed(core, reading, at)
    if span is None:
        return None
    start, end, closes = span
    last = core.closing.end if core.closing is not None and closes else core.row[-1].end
    given = same_words(text[core.row[0].start : last])
    exact = given == same_words(reading.text[start:end]) and not core.lopsided and (core.closing is None or closes)
    return Place(
        verdict=Verdict.EXACT if exact else Verdict.TYPOGRAPHIC,
        reading=reading,
        spans=((start, end),),
        warnings=tuple(left_out(reading.row, reading.sentences, [(start, end)], lambda: reading.speech(start, end))),
    )


def _closed(core: Core, reading: Reading, at: int) -> tuple[int, int, bool] | None:
    """The characters that an occurrence takes up, with the closing mark where the text has it too; None where the
    quotation closes what the text asks or exclaims, be it after a quotation mark."""
    tokens = reading.row.tokens
    end = at + len(core.row)
    start, last = tokens[at].start, tokens[end - 1].end
    if core.closing is None or end == len(tokens):
        return start, last, False
    mark = next((token for token in tokens[end : end + 3] if token.form not in QUOTATION_MARKS), tokens[end])
    if mark.form in FINAL or asks(mark, reading.language):
        return None
    same = tokens[end].form == core.closing.form and not tokens[end].spaced
    return start, tokens[end].end if same else last, same


# ------------------------------------------------------------------------------------------------ elided


def _too_short(quotation: Quotation) -> bool:
    """Whether a fragment beside an ellipsis has too few words to be told from chance."""
    counts = [0]
    for fragment, gap in zip(quotation.fragments, quotation.gaps[1:], strict=True):
        counts[-1] += sum(token.is_counted for token in fragment)
        if gap is not None and gap.open_ended:
            counts.append(0)
    beside = counts[:-1] if counts[-1] == 0 else counts
    has_ellipsis = any(gap is not None and gap.open_ended for gap in quotation.gaps)
    return has_ellipsis and min(beside) < _SHORTEST_FRAGMENT


class _Stand(NamedTuple):
    """Where a fragment stands: its first token and that after its last; its characters `[start, end)`."""

    first: int
    after: int
    start: int
    end: int


def _stands(options: Sequence[Core], reading: Reading) -> list[_Stand]:
    """Where a fragment stands, in the least changed way that it stands anywhere."""
    for core in options:
        found = []
        for at in _some(occurrences(core.row, reading.row)):
            span = _closed(core, reading, at)
            if span is not None:
                found.append(_Stand(at, at + len(core.row), span[0], span[1]))
        if found:
            return found
    return []


def _chain(
    each: Sequence[Sequence[_Stand]], gaps: Sequence[Gap | None], reading: Reading
) -> tuple[_Stand, ...] | None:
    """One occurrence of each fragment, in order and each gap as wide as it may be: the tightest; None where there is
    none."""
    chains = (_chain_from(first, each[1:], gaps[1:], reading) for first in each[0])
    return min(
        (chain for chain in chains if chain is not None),
        key=lambda chain: chain[-1].after - chain[0].first,
        default=None,
    )


def _chain_from(
    first: _Stand, each: Sequence[Sequence[_Stand]], gaps: Sequence[Gap | None], reading: Reading
) -> tuple[_Stand, ...] | None:
    chain = [first]
    for options, gap in zip(each, gaps, strict=False):
        following = next((one for one in options if _may_follow(chain[-1], one, gap, reading)), None)
        if following is None:
            return None
        chain.append(following)
    return tuple(chain)


def _may_follow(before: _Stand, after: _Stand, gap: Gap | None, reading: Reading) -> bool:
    if after.first < before.after:
        return False
    if gap is None or gap.open_ended:
        return True
    return sum(token.is_counted for token in reading.row.tokens[before.after : after.first]) <= BRACKETED


def _elided(chain: Sequence[_Stand], gaps: Sequence[Gap | None], reading: Reading) -> Place:
    kept = [(one.start, one.end) for one in chain]
    warnings = [
        *left_out(reading.row, reading.sentences, kept, lambda: reading.speech(*kept[0])),
        *inserted(_stood_for(chain, gaps, reading)),
        *_of_others(kept, reading),
    ]
    return Place(verdict=Verdict.ELIDED, reading=reading, spans=tuple(kept), warnings=tuple(warnings))


def _of_others(kept: Sequence[Span], reading: Reading) -> Iterator[Warned]:
    """A caution where a fragment is said by another than the one before it, or by nobody."""
    spoken = [reading.speech(*span) for span in kept[:FRAGMENTS]]
    for before, after, span in zip(spoken, spoken[1:], kept[1:], strict=False):
        told = after.said_by or (span[0], span[0])
        known = any(start <= told[0] < told[1] <= end for start, end in kept)
        if not known and _differ(before, after, reading.text):
            yield Warned(Warns.ATTRIBUTION, *told)


def _differ(one: Speech, other: Speech, text: str) -> bool:
    """Whether two fragments are plainly not said by the same: others are named, or only one is direct speech."""
    if one.name is not None and other.name is not None:
        return text[slice(*one.name)].casefold() != text[slice(*other.name)].casefold()
    return {one.direct, other.direct} == {True, False}


def _stood_for(chain: Sequence[_Stand], gaps: Sequence[Gap | None], reading: Reading) -> Iterator[Span]:
    """The words that each bracket stands for: those between its neighbours; at either end the nearest of the
    sentence, as many as it holds."""
    tokens = reading.row.tokens
    first, last = reading.sentence(chain[0].start, chain[-1].end)
    between = [(one.after, other.first) for one, other in pairwise(chain)]
    edges = [(0, chain[0].first), *between, (chain[-1].after, len(tokens))]
    for number, ((left, right), gap) in enumerate(zip(edges, gaps, strict=True)):
        if gap is None or not gap.words:
            continue
        words = [token for token in tokens[left:right] if token.is_word and first <= token.start < last]
        if number == 0:
            words = words[-gap.words :]
        elif number == len(edges) - 1:
            words = words[: gap.words]
        at = chain[number - 1].end if number else chain[0].start
        yield (words[0].start, words[-1].end) if words else (at, at)
