"""What to show of what was found, what to highlight, and when to stay silent."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.confidence import THRESHOLD, Features, confidence
from retrieval.lexical import terms
from retrieval.model import Answer, IndexState, Outcome, Passage, Question, Ranked, Shown, Span, Version
from retrieval.search import Candidate, Searched, best_passage, covered
from retrieval.sentences import sentences

NEAREST = 3
_OPENING_SENTENCES = 4
_FAR_BEHIND = 0.55
"""A further passage is shown only where its score is at least this share of the first one's: the rest is noise."""


def answer(question: Question, searched: Searched, index: IndexState) -> Answer:
    """Passages where the first one is likely to answer, else at most three nearest entries."""
    ranked = [
        best_passage(one, searched.weights_of(one.version))
        for one in searched.candidates[: max(question.limit, NEAREST)]
    ]
    sure = confidence(features(searched, ranked)) if ranked else 0.0
    answered = bool(ranked) and sure >= THRESHOLD
    good = [one for one in ranked[: question.limit] if one.score >= _FAR_BEHIND * ranked[0].score]
    return Answer(
        question=question,
        outcome=Outcome.ANSWERED if answered else Outcome.NOTHING_FOUND,
        confidence=sure,
        passages=tuple(_shown(one, searched.weights_of(one.passage.version)) for one in good) if answered else (),
        nearest=()
        if answered
        else tuple(_shown(one, searched.weights_of(one.passage.version)) for one in ranked[:NEAREST]),
        index=index,
        elapsed_ms=0.0,
    )


def entries_listed(question: Question, versions: Sequence[Version], index: IndexState) -> Answer:
    """Entries that were asked for by their time or order, each by its opening sentences."""
    return Answer(
        question=question,
        outcome=Outcome.ANSWERED if versions else Outcome.NOTHING_FOUND,
        confidence=1.0 if versions else 0.0,
        passages=tuple(Shown(passage=_opening(version), highlights=(), lead=None, score=1.0) for version in versions),
        nearest=(),
        index=index,
        elapsed_ms=0.0,
    )


def _opening(version: Version) -> Passage:
    spans = sentences(version.text, version.entry.blog.language)[:_OPENING_SENTENCES]
    return Passage(version=version, start=spans[0][0], end=spans[-1][1])


def features(searched: Searched, ranked: Sequence[Ranked]) -> Features:
    """The features of the first passage, for `confidence`."""
    first = searched.candidates[0]
    others = [one.cosine for one in searched.candidates[1:]]
    return Features(
        cosine=first.cosine,
        coverage=ranked[0].coverage,
        entry_coverage=covered(_terms_of(first), searched.weights_of(first.version)),
        lead=first.cosine - max(others) if others else 0.0,
    )


def _terms_of(candidate: Candidate) -> set[str]:
    version, language = candidate.version, candidate.version.entry.blog.language
    return set(terms(version.text, language)) | set(terms(version.title or "", language))


def _shown(ranked: Ranked, weights: dict[str, float]) -> Shown:
    version = ranked.passage.version
    spans = sentences(version.text, version.entry.blog.language)
    first, last = _touched(spans, ranked.passage.span)
    if first == 1:
        first = 0  # the opening stands right before it: one slice tells both
    opening = Passage(version=version, start=spans[0][0], end=spans[0][1])
    return Shown(
        passage=Passage(version=version, start=spans[first][0], end=spans[last][1]),
        highlights=(_highlight(version, spans[first : last + 1], weights),),
        lead=opening if first else None,
        score=ranked.score,
    )


def _touched(spans: Sequence[Span], span: Span) -> tuple[int, int]:
    """The first and last sentence that a passage touches: what is shown never begins or ends inside one."""
    touched = [number for number, one in enumerate(spans) if one[0] < span[1] and span[0] < one[1]]
    return touched[0], touched[-1]


def _highlight(version: Version, among: Sequence[Span], weights: dict[str, float]) -> Span:
    """The sentence that holds most of the question's rarer terms; the first of equals."""
    language = version.entry.blog.language
    return max(among, key=lambda one: covered(set(terms(version.text[one[0] : one[1]], language)), weights))
