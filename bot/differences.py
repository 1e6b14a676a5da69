"""Published words with those struck out that a quotation changed, for where both stand side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from bot.pieces import Line, Part, Piece, Quote, Slice, Stored
from retrieval.model import Span
from retrieval.verdicts import Field, QuoteCheck


def struck(found: QuoteCheck, parts: Iterable[Part]) -> Iterator[Part]:
    """The parts of a check's reply. In published sentences and titles, what an edit took out of them is struck."""
    spans = _by_words(found)
    for one in parts:
        out = spans.get("".join(piece.text for piece in one.pieces), ())
        if isinstance(one, Quote):
            yield Quote(tuple(piece for piece in _cut(one.pieces, out) if isinstance(piece, Slice)))
        elif isinstance(one, Line) and all(isinstance(piece, Stored) for piece in one.pieces):
            yield replace(one, pieces=tuple(_cut(one.pieces, out)))
        else:
            yield one


def _by_words(found: QuoteCheck) -> Mapping[str, Sequence[Span]]:
    """What the edits took out, by the words of the sentence or title that they are shown in, as spans of these."""
    spans: dict[str, list[Span]] = {}
    for match in chain(found.matches, found.nearest):
        first, last = match.sentence if match.field is Field.TEXT else (0, len(match.source))
        inside = spans.setdefault(match.source[first:last], [])
        inside += [
            (start - first, end - first)
            for start, end in (edit.source_span for edit in match.edits)
            if first <= start < end <= last
        ]
    return {words: sorted(set(some)) for words, some in spans.items()}


def _cut(pieces: Sequence[Piece], out: Sequence[Span]) -> Iterator[Piece]:
    """Pieces cut where a span begins or ends; joined again they are the same words."""
    at = 0
    for piece in pieces:
        end = at + len(piece.text)
        edges = sorted({at, end, *(edge for span in out for edge in span if at < edge < end)})
        for start, stop in pairwise(edges):
            yield _of(piece, (start - at, stop - at), any(first <= start and stop <= last for first, last in out))
        at = end


def _of(piece: Piece, span: Span, is_struck: bool) -> Piece:
    if isinstance(piece, Slice):
        first = piece.span[0]
        return replace(piece, span=(first + span[0], first + span[1]), struck=piece.struck or is_struck)
    if isinstance(piece, Stored):
        return replace(piece, text=piece.text[slice(*span)], struck=piece.struck or is_struck)
    return piece
