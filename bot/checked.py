"""A check of a quotation → pieces of known origin: the verdict, then what was changed, then what was published."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from bot import wording
from bot.pieces import Asked, Given, Line, Mark, Part, Piece, Quote, Reply, Role, Slice, Stored, Words, say
from bot.render import citation, length, marked
from retrieval.model import Passage, Span
from retrieval.verdicts import PASSING, Caution, Edit, Field, Match, QuoteCheck, Verdict, Warns

_MOST_CHANGES = 12
"""Changes that are listed one by one; all of them are marked in the words themselves."""
_MOST_CAUTIONS = 8
"""Cautions of one place that are listed one by one."""


def checked(found: QuoteCheck, budget: int | None = None, speaker: str | None = None) -> Reply:
    """The whole reply to a check; with a budget, places that do not fit into it are left out and counted.

    `speaker` is whom the asker named."""
    head = [*_verdict(found, speaker), *_given(found), *_changes(found)]
    foot = _foot(found)
    room = None if budget is None else budget - length([*head, *foot]) - len(wording.LEFT_OUT) - 10
    if room is not None and room < 0:  # the asker knows their own words
        head, room = _verdict(found, speaker), (budget or 0) - length([*_verdict(found, speaker), *foot]) - 100
    parts: list[Part] = list(head)
    left_out = 0
    for heading, block in _blocks(found):
        form = next((one for one in _forms(heading, block, found) if room is None or length(one) <= room), None)
        if form is None:
            left_out += 1
            continue
        parts += form
        room = None if room is None else room - length(form)
    if left_out:
        parts.append(say(wording.LEFT_OUT, Role.FOOT, count=left_out))
    return (*parts, *foot)


def _verdict(found: QuoteCheck, speaker: str | None) -> list[Part]:
    lines: list[Part] = [say(wording.VERDICTS[found.verdict]), say(wording.PASSES if found.passes else wording.FAILS)]
    if found.verdict in PASSING and not any(one.version.current for one in found.matches):
        lines.append(say(wording.NOT_CURRENT))
    if found.speaker is not None and speaker is not None:
        lines.append(say(wording.SPEAKERS[found.speaker.verdict], speaker=Asked(speaker)))
    return lines


def _foot(found: QuoteCheck) -> list[Part]:
    foot: list[Part] = []
    if found.unlisted:
        foot.append(say(wording.MORE_PLACES, Role.FOOT, count=found.unlisted))
    if found.unheld:
        foot.append(say(wording.UNHELD_CHECK, Role.FOOT, count=found.unheld))
    return foot


# ------------------------------------------------------------------------------------------------ what was given


def _given(found: QuoteCheck) -> list[Part]:
    """The asker's words, with the changes marked where the verdict lists some."""
    first = found.matches[0] if found.matches else None
    if first is None or not first.edits:
        return [say(wording.GIVEN, Role.LEADS_IN), Given((Asked(found.quote),))]
    return [say(wording.GIVEN_MARKED, Role.LEADS_IN), Given(tuple(compared(found.quote, first)))]


def compared(quote: str, match: Match) -> Iterator[Piece]:
    """The quotation with the published words that it changed struck out before those that stand in their place."""
    at = 0
    for edit in match.edits:
        start, end = edit.quote_span
        if at < start:
            yield Asked(quote[at:start])
        yield from _change(quote, match, edit)
        at = max(at, end)
    if at < len(quote):
        yield Asked(quote[at:])


def _change(quote: str, match: Match, edit: Edit) -> Iterator[Piece]:
    published, given = edit.source_span, edit.quote_span
    if published[0] < published[1]:
        yield Mark(wording.STRUCK[0])
        yield _published(match, published, struck=True)
        yield Mark(wording.STRUCK[1])
    if given[0] < given[1]:
        yield Mark(wording.INSERTED[0])
        yield Asked(quote[given[0] : given[1]], inserted=True)
        yield Mark(wording.INSERTED[1])


def _published(match: Match, span: Span, *, bold: bool = False, struck: bool = False) -> Piece:
    """Characters of a match's field: a slice of the text, or a part of the title."""
    if match.field is Field.TITLE:
        return Stored(match.source[span[0] : span[1]], bold=bold, struck=struck)
    passage = Passage(version=match.version, start=match.sentence[0], end=match.sentence[1])
    return Slice(passage, span, bold=bold, struck=struck)


def _changes(found: QuoteCheck) -> Iterator[Part]:
    """Each change with its kind, those of the best place."""
    edits = found.matches[0].edits if found.matches else ()
    for number, edit in enumerate(edits[:_MOST_CHANGES], start=1):
        line = say(wording.CHANGE, Role.LEADS_IN, number=number, kind=Words(wording.CHANGES[edit.kind]))
        yield Line((*line.pieces, *_change(found.quote, found.matches[0], edit)), Role.LEADS_IN)
    if len(edits) > _MOST_CHANGES:
        yield say(wording.MORE_CHANGES, Role.LEADS_IN, count=len(edits) - _MOST_CHANGES)


# ------------------------------------------------------------------------------------------------ what was published


def _blocks(found: QuoteCheck) -> Iterator[tuple[str | Line | None, list[tuple[int, Match]]]]:
    """The matches by place, or of a splice by part; then what comes near, each under its heading."""
    numbered = list(enumerate(found.matches))
    if found.verdict is Verdict.SPLICED:
        for number, (at, match) in enumerate(numbered):
            new = number == 0 or match.fragment != found.matches[number - 1].fragment
            yield (say(wording.PART, number=match.fragment + 1) if new else None), [(at, match)]
    else:
        for _, group in groupby(numbered, key=lambda one: one[1].place):
            yield None, list(group)
    entries = {match.version.entry.key for match in found.matches}
    said: set[str] = set()
    for match in found.nearest:
        heading = wording.NEAREST if found.verdict is Verdict.NOT_FOUND else wording.RIVALS
        if match.version.entry.key in entries:
            heading = wording.READS_NOW
        yield (None if heading in said else heading), [(-1, match)]
        said.add(heading)


def _forms(heading: str | Line | None, block: Sequence[tuple[int, Match]], found: QuoteCheck) -> Iterable[list[Part]]:
    """The forms of a place, the fullest first: a slice is whole, or left out."""
    first = block[0][1]
    opening: list[Part] = [heading if isinstance(heading, Line) else say(heading)] if heading else []
    cautions = [one for at, _ in block for one in found.cautions if one.match == at]
    warned = [line for caution in cautions[:_MOST_CAUTIONS] for line in _caution(found, caution)]
    cited = citation(_passage(first))
    bare = replace(cited, cites=_passage(first))  # nothing else here tells what entry it is of
    shown = bare if first.field is Field.TITLE else cited
    yield [*opening, *warned, *_sentences([match for _, match in block]), *_speech(first), shown]
    yield [*opening, *warned, say(wording.TOO_LONG_HERE, Role.LEADS_IN), bare]


def _passage(match: Match) -> Passage:
    """What is cited: the matched words; of a title, its entry."""
    if match.field is Field.TITLE:
        return Passage(version=match.version, start=0, end=len(match.version.text))
    return Passage(version=match.version, start=match.start, end=match.end)


def _caution(found: QuoteCheck, caution: Caution) -> Iterator[Part]:
    match = found.matches[caution.match]
    if caution.kind is Warns.INSERTION and caution.start == caution.end:
        yield say(wording.INSERTED_FOR_NOTHING)
        return
    line = say(wording.CAUTIONS[caution.kind])
    yield Line((*line.pieces, _published(match, (caution.start, caution.end), bold=True)))


def _sentences(matches: Sequence[Match]) -> Iterator[Part]:
    """The whole sentences that the words stand in, the words in bold."""
    if matches[0].field is Field.TITLE:
        yield say(wording.IN_ITS_TITLE, Role.LEADS_IN)
        title, spans = matches[0].source, [(one.start, one.end) for one in matches]
        yield Line(tuple(_of_title(title, spans)), Role.LEADS_IN)
        return
    yield say(wording.IN_ITS_SENTENCE, Role.LEADS_IN)
    for (start, end), group in groupby(matches, key=lambda one: one.sentence):
        passage = Passage(version=matches[0].version, start=start, end=end)
        yield Quote(tuple(marked(passage, [(one.start, one.end) for one in group])))


def _of_title(title: str, spans: Sequence[Span]) -> Iterator[Piece]:
    at = 0
    for start, end in spans:
        if at < start:
            yield Stored(title[at:start])
        yield Stored(title[start:end], bold=True)
        at = end
    if at < len(title):
        yield Stored(title[at:])


def _speech(match: Match) -> Iterator[Part]:
    """Whose words they are, as far as the entry shows it."""
    speech = match.speech
    pieces: list[Piece] = []
    if speech.direct is not None:
        pieces.append(Words(wording.IN_DIRECT_SPEECH if speech.direct else wording.IN_OWN_WORDS))
    if speech.said_by is not None:
        pieces += [Words(wording.SEPARATOR)] if pieces else []
        pieces += [Words(wording.SAID_BY), _published(match, speech.said_by)]
    if pieces:
        yield Line(tuple(pieces), Role.DETAIL)
