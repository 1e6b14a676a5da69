"""Checks a quotation against whole versions and titles: was it published, where, and if not exactly, what changed.

The verdicts are PRODUCT's. Whole first, then with its declared gaps, then changed, then put together from parts. In
doubt it says less: words are never passed that were not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from retrieval.looking import Looking
from retrieval.model import Span
from retrieval.quotes.cautions import Warned, left_out
from retrieval.quotes.changed import BESIDES, PART, WIDEST_GAP, Candidates, Changed, Part, changed, in_one_place
from retrieval.quotes.quotations import Quotation, quotation
from retrieval.quotes.reading import Reading
from retrieval.quotes.verbatim import MOST_PLACES, Place, Places, elided, whole
from retrieval.speech import judge
from retrieval.verdicts import Caution, Edit, Field, Kind, Match, Op, QuoteCheck, Speaker, SpeakerVerdict, Verdict

_NEAREST = 3
_SHORTEST_RIVAL = 4
"""Words of a quotation whose rival wordings elsewhere are looked for, at least and at most."""
_LONGEST_RIVAL = 200
_RIVAL_EDITS = 3
_MANY_EDITS = 3
_FEW_PARTS = 3


def check(text: str, looking: Looking, speaker: str | None = None) -> QuoteCheck:
    """What a quotation is, by what `looking` may see. Raises UsageError where it holds no word or is too long."""
    given = quotation(text)
    places = whole(given.row, text, looking)
    if not places.places:
        places = elided(given, looking)
    found = _held(given, places, looking) if places.places else _not_held(given, looking)
    return replace(found, speaker=None if speaker is None else _speaker(found, speaker))


def _speaker(found: QuoteCheck, speaker: str) -> Speaker:
    """Confirmed where the best place says so of every fragment; different where it says so of any, unless another
    place confirms it."""
    judged = [(one, _judged(one, speaker)) for one in found.matches]
    best = [one for match, one in judged if match.place == 0]
    others = {one.verdict for match, one in judged if match.place > 0}
    for verdict in (SpeakerVerdict.DIFFERENT, SpeakerVerdict.UNCLEAR, SpeakerVerdict.CONFIRMED):
        first = next((one for one in best if one.verdict is verdict), None)
        if first is not None:
            contradicted = verdict is SpeakerVerdict.DIFFERENT and SpeakerVerdict.CONFIRMED in others
            return Speaker(verdict=SpeakerVerdict.UNCLEAR, evidence=None) if contradicted else first
    return Speaker(verdict=SpeakerVerdict.UNCLEAR, evidence=None)


def _judged(match: Match, speaker: str) -> Speaker:
    if match.field is Field.TITLE:
        return Speaker(verdict=SpeakerVerdict.UNCLEAR, evidence=None)
    return judge(match.source, match.speech, speaker, match.version.title)


# ------------------------------------------------------------------------------------------------ held as it is


def _held(given: Quotation, places: Places, looking: Looking) -> QuoteCheck:
    listed = places.places
    matches, cautions = _numbered(listed)
    return QuoteCheck(
        quote=given.text,
        verdict=listed[0].verdict,
        matches=matches,
        cautions=cautions,
        nearest=_rivals(given, listed, looking),
        unlisted=places.unlisted,
    )


def _numbered(places: Sequence[Place]) -> tuple[tuple[Match, ...], tuple[Caution, ...]]:
    """The matches of places in order, and their cautions."""
    matches: list[Match] = []
    cautions: list[Caution] = []
    for number, place in enumerate(places):
        cautions += (_caution(one, place.matches, len(matches)) for one in place.warnings)
        matches += (replace(match, place=number) for match in place.matches)
    return tuple(matches), tuple(cautions)


def _caution(warning: Warned, matches: Sequence[Match], first: int) -> Caution:
    """A caution with the match whose sentence it stands in."""
    own = next(
        (at for at, one in enumerate(matches) if one.sentence[0] <= warning.start and warning.end <= one.sentence[1]),
        0,
    )
    return Caution(kind=warning.kind, match=first + own, start=warning.start, end=warning.end)


def _rivals(given: Quotation, places: Sequence[Place], looking: Looking) -> tuple[Match, ...]:
    """How the words read elsewhere, where that is otherwise; and how an entry reads now that no longer has them."""
    if not _SHORTEST_RIVAL <= given.words <= _LONGEST_RIVAL:
        return ()
    holding = {place.version.entry.key for place in places if place.version.current}
    rivals = [
        one
        for one in Candidates(given, looking, BESIDES).altered()
        if one.version.current and one.version.entry.key not in holding and one.edits <= _RIVAL_EDITS
    ]
    return tuple(_altered_match(one) for one in rivals[:_NEAREST])


# ------------------------------------------------------------------------------------------------ not held as it is


def _not_held(given: Quotation, looking: Looking) -> QuoteCheck:
    candidates = Candidates(given, looking)
    altered = candidates.altered()
    best = altered[0] if altered else None
    parts = None if best and best.edits < _MANY_EDITS and _is_close(best, candidates) else candidates.parts()
    if best and _is_close(best, candidates) and not _is_spliced(parts):
        return _altered(given, altered)
    if parts is not None and len(parts) > 1:
        together = in_one_place(parts)
        if together is not None:
            return _altered(given, [changed(parts[0].reading, together, candidates.gaps)])
        return _one_sentence(given, parts) or _spliced(given, parts, looking)
    if altered:
        return _altered(given, altered)
    nearest = [_nearest(reading, alignment.blocks) for reading, alignment in candidates.near()[:_NEAREST]]
    return QuoteCheck(quote=given.text, verdict=Verdict.NOT_FOUND, nearest=tuple(nearest))


def _is_close(one: Changed, candidates: Candidates) -> bool:
    """Whether a place has the quotation but for few words on end, so that it is no splice."""
    return one.alignment.missing < PART and one.alignment.skipped(candidates.breaks) <= WIDEST_GAP


def _is_spliced(parts: Sequence[Part] | None) -> bool:
    """Whether a quotation is made of so few parts that that is the truer tale than many changes of one place."""
    return parts is not None and 1 < len(parts) <= _FEW_PARTS and in_one_place(parts) is None


def _altered(given: Quotation, found: Sequence[Changed]) -> QuoteCheck:
    """The places that have the quotation with the same, fewest changes; the others are near it."""
    best = found[0]
    same = [one for one in found if one.alignment.share == best.alignment.share and one.edits == best.edits]
    rest = [one for one in found if one not in same]
    places = sorted(
        same, key=lambda one: (not one.version.current, one.version.entry.posted_at, one.version.entry.whole_id)
    )
    matches = [replace(_altered_match(one), place=number) for number, one in enumerate(places[:MOST_PLACES])]
    listed = zip(places, matches, strict=False)
    cautions = [one for number, (place, match) in enumerate(listed) for one in _clipped(place, match, number)]
    return QuoteCheck(
        quote=given.text,
        verdict=Verdict.ALTERED,
        matches=tuple(matches),
        cautions=tuple(cautions),
        nearest=tuple(_altered_match(one) for one in rest[:_NEAREST]),
    )


def _clipped(one: Changed, match: Match, number: int) -> Iterator[Caution]:
    """The cautions of what a changed quotation leaves out around itself."""
    kept = [(one.told.start, one.told.end)]
    for warned in left_out(one.reading.row, one.reading.sentences, kept, lambda: match.speech):
        yield Caution(kind=warned.kind, match=number, start=warned.start, end=warned.end)


def _altered_match(one: Changed) -> Match:
    return replace(one.reading.match(one.told.start, one.told.end), edits=one.told.edits)


def _spliced(given: Quotation, parts: Sequence[Part], looking: Looking) -> QuoteCheck:
    """Each part with all the places that have it."""
    flat = [token for fragment in given.fragments for token in fragment]
    words = [at for at, token in enumerate(flat) if token.is_word]
    matches: list[Match] = []
    cautions: list[Caution] = []
    for number, part in enumerate(parts):
        row = flat[words[part.start] : words[part.end - 1] + 1]
        listed = whole(row, given.text, looking).places
        found, warned = _numbered(listed)
        cautions += (replace(one, match=one.match + len(matches)) for one in warned)
        matches += (replace(match, fragment=number) for match in found)
    return QuoteCheck(quote=given.text, verdict=Verdict.SPLICED, matches=tuple(matches), cautions=tuple(cautions))


def _one_sentence(given: Quotation, parts: Sequence[Part]) -> QuoteCheck | None:
    """Parts of one sentence that only changed places are no splice; None where they are one."""
    reading = parts[0].reading
    spans = [_span(part) for part in parts]
    sentences = {reading.sentence(start, end) for start, end in spans}
    if any(part.reading is not reading for part in parts) or len(sentences) > 1:
        return None
    edits = [
        Edit(op=Op.MOVE, kind=Kind.ORDER, quote_span=_quoted(given, part), source_span=span)
        for part, span, before in zip(parts[1:], spans[1:], spans, strict=False)
        if span[0] < before[0]
    ]
    if not edits:
        return None
    match = reading.match(min(start for start, _ in spans), max(end for _, end in spans))
    return QuoteCheck(quote=given.text, verdict=Verdict.ALTERED, matches=(replace(match, edits=tuple(edits)),))


def _span(part: Part) -> Span:
    row = part.reading.row
    first, last = row.words[part.source], row.words[part.source + part.end - part.start - 1]
    return row.tokens[first].start, row.tokens[last].end


def _quoted(given: Quotation, part: Part) -> Span:
    words = [token for fragment in given.fragments for token in fragment if token.is_word]
    return words[part.start].start, words[part.end - 1].end


def _nearest(reading: Reading, blocks: Sequence[tuple[int, int, int]]) -> Match:
    """The sentences that have the most words in a row with a quotation."""
    row = reading.row
    _, source, size = max(blocks, key=lambda one: one[2])
    start, end = reading.sentence(row.tokens[row.words[source]].start, row.tokens[row.words[source + size - 1]].end)
    return reading.match(start, end)
