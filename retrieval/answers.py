"""Which of the entries found are shown, and when to stay silent."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from retrieval.confidence import SURE, THRESHOLDS, Prefer, confidence
from retrieval.duplicates import Compared, folded, rival
from retrieval.model import Answer, IndexState, Outcome, Question, Ranked, Shown, Version
from retrieval.search import Searched
from retrieval.showing import opening, shown

NEAREST = 3
"""Entries that are named where nothing answers, at most."""
_RANKING = 10
"""Entries of the ranking that an answer tells of, for those who measure."""
_SPARE = 7
"""Entries beyond those wanted that are looked at: they may be duplicates, or have some."""
_FAR_BEHIND = 0.55
"""A further passage is shown only where its score is at least this share of the first one's: the rest is noise."""


def looked_at(question: Question) -> int:
    """How many candidates an answer looks at, at most."""
    return max(question.limit, NEAREST, _RANKING - _SPARE) + _SPARE


def answer(question: Question, searched: Searched, index: IndexState, prefer: Prefer) -> Answer:
    """Passages where the first one is likely to answer, else at most three nearest entries. Of an entry one passage
    is shown, the one that ranks best; of near-duplicates one."""

    def show(one: Ranked) -> Shown:
        return shown(one, searched.weights_of(one.passage.version))

    wanted = max(question.limit, NEAREST)
    ranked = [Compared(one.ranked, show) for one in searched.candidates[: wanted + _SPARE]]
    likely = _likely(searched, rival(ranked)) if ranked else 0.0
    answered = bool(ranked) and likely >= THRESHOLDS[prefer]
    if answered:
        wanted = question.limit
        ranked = [one for one in ranked if one.ranked.score >= _FAR_BEHIND * ranked[0].ranked.score]
    found = folded(ranked, wanted)
    return Answer(
        question=question,
        outcome=Outcome.ANSWERED if answered else Outcome.NOTHING_FOUND,
        confidence=likely,
        passages=tuple(found[: question.limit]) if answered else (),
        nearest=() if answered else tuple(found[:NEAREST]),
        index=index,
        elapsed_ms=0.0,
        ranking=tuple(one.version for one in searched.candidates[:_RANKING]),
        sure=likely >= SURE,
    )


def _likely(searched: Searched, rival: int | None) -> float:
    """The confidence in the first entry; `rival` is the place of the next one that says something else."""
    first = searched.candidates[0]
    if len(searched.candidates) == 1:
        lead = 0.0  # nothing is left to compare with
    else:
        lead = inf if rival is None else first.fit - searched.candidates[rival].fit
    return confidence(first.fit, searched.entries, lead)


def entries_listed(question: Question, versions: Sequence[Version], index: IndexState) -> Answer:
    """Entries that were asked for by their time or order, each by its opening sentences."""
    return Answer(
        question=question,
        outcome=Outcome.ANSWERED if versions else Outcome.NOTHING_FOUND,
        confidence=1.0 if versions else 0.0,
        passages=tuple(Shown(passage=opening(version), highlights=(), lead=None, score=1.0) for version in versions),
        nearest=(),
        index=index,
        elapsed_ms=0.0,
    )
