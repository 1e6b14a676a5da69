"""Results on gold questions → figures, under the names that the field has for them. Plain arithmetic.

R@k, MRR              over answerable questions: the first accepted entry among the ten ranked best
answered              over answerable ones: an answer was given; `rightly`: its first passage is in an accepted entry
answer shown          over those whose answers are named: an answer was given, and its first passage holds one
answer in highlight   over those of them whose first passage, shown or nearest, is in an accepted entry and is
                      highlighted in part: a highlight holds one
false answers         over those that nothing answers: an answer was given
answered at 5 %       over answerable ones: the confidence is above that at which at most 5 % of the others are
AUROC                 of the confidence: rightly ranked answerable questions against those that nothing answers
ECE, Brier            of the confidence, over all, as the probability that the first passage is in an accepted entry
AURC                  area under the risk-coverage curve: the mean risk over all coverages; 0 is best
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from itertools import groupby

from retrieval.model import Outcome

DEPTH = 10
"""How many ranked entries are looked at."""

_BINS = 10
_Z = 1.959963984540054
"""The normal distribution's 97.5 % point: 95 % lie within."""

TOLERATED = 0.05
"""The share of false answers at which `answered_at_tolerated` is taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How one gold question came out.

    `rank` is that of the first accepted entry, 1 to `DEPTH`, None where it is not among them. `right`: the first
    passage, shown or nearest, stands in an accepted entry, or repeats one. `shown`: it was given for an answer and
    holds one; `highlighted`: what is highlighted of it holds one; None where that cannot be asked. `first` is its
    entry."""

    question: str
    blog: str | None
    kind: str
    answerable: bool
    outcome: Outcome
    confidence: float
    rank: int | None
    right: bool
    shown: bool | None
    highlighted: bool | None
    first: str | None
    elapsed_ms: float

    @property
    def answered(self) -> bool:
        """Whether passages were given for an answer."""
        return self.outcome is Outcome.ANSWERED

    @property
    def key(self) -> tuple[str, str | None, bool]:
        """What it has in common with the same question's result in another run."""
        return self.question, self.blog, self.answerable


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One figure over `n` questions, None where there are none; `hits` of them where it is a share."""

    value: float | None
    n: int
    hits: int | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Of a share: where the true one lies at 95 %, by Wilson's score (1927)."""
        return None if self.hits is None or not self.n else wilson(self.hits, self.n)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """All figures of a run, or of one kind of its questions; see the module."""

    r_at_1: Figure
    r_at_3: Figure
    r_at_5: Figure
    mrr: Figure
    answered: Figure
    answered_rightly: Figure
    answer_shown: Figure
    answer_in_highlight: Figure
    false_answers: Figure
    answered_at_tolerated: Figure
    auroc: Figure
    ece: Figure
    brier: Figure
    aurc: Figure
    median_ms: Figure
    p95_ms: Figure

    def named(self) -> dict[str, Figure]:
        """The figures by their names, in order."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


def figures(results: Sequence[Result]) -> Figures:
    """The figures of results."""
    answerable = [one for one in results if one.answerable]
    unanswerable = [one for one in results if not one.answerable]
    elapsed = sorted(one.elapsed_ms for one in results)
    return Figures(
        r_at_1=share(one.rank is not None and one.rank <= 1 for one in answerable),
        r_at_3=share(one.rank is not None and one.rank <= 3 for one in answerable),
        r_at_5=share(one.rank is not None and one.rank <= 5 for one in answerable),
        mrr=_mean([1 / one.rank if one.rank else 0.0 for one in answerable]),
        answered=share(one.answered for one in answerable),
        answered_rightly=share(one.answered and one.right for one in answerable),
        answer_shown=share(one.shown for one in answerable if one.shown is not None),
        answer_in_highlight=share(one.highlighted for one in answerable if one.highlighted is not None),
        false_answers=share(one.answered for one in unanswerable),
        answered_at_tolerated=_answered_at_tolerated(answerable, unanswerable),
        auroc=auroc([one.confidence for one in answerable if one.right], [one.confidence for one in unanswerable]),
        ece=Figure(value=_ece(results), n=len(results)),
        brier=_mean([(one.confidence - one.right) ** 2 for one in results]),
        aurc=_mean(_risks(results)),
        median_ms=Figure(value=_quantile(elapsed, 0.5), n=len(results)),
        p95_ms=Figure(value=_quantile(elapsed, 0.95), n=len(results)),
    )


def by_kind(results: Sequence[Result]) -> dict[str, Figures]:
    """The figures of each kind of question, in the order in which the kinds come first."""
    kinds: dict[str, list[Result]] = {}
    for one in results:
        kinds.setdefault(one.kind, []).append(one)
    return {kind: figures(held) for kind, held in kinds.items()}


def share(flags: Iterable[bool]) -> Figure:
    """How many of them are so."""
    counted = list(flags)
    hits = sum(counted)
    return Figure(value=hits / len(counted) if counted else None, n=len(counted), hits=hits)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share by Wilson's score: it holds for few questions, and at 0 and 1, too."""
    rate, square = hits / n, _Z * _Z
    centre = (rate + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * math.sqrt(rate * (1 - rate) / n + square / (4 * n * n))
    return (0.0 if hits == 0 else centre - half), (1.0 if hits == n else centre + half)


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> Figure:
    """How often a positive's confidence is above a negative's, a tie counting half (Mann and Whitney 1947)."""
    n = len(positives) + len(negatives)
    if not positives or not negatives:
        return Figure(value=None, n=n)
    below, won = 0, 0.0
    ordered = sorted([(one, True) for one in positives] + [(one, False) for one in negatives])
    for _, tied in groupby(ordered, key=lambda pair: pair[0]):
        flags = [is_positive for _, is_positive in tied]
        ups, downs = sum(flags), len(flags) - sum(flags)
        won += ups * (below + downs / 2)
        below += downs
    return Figure(value=won / (len(positives) * len(negatives)), n=n)


def _answered_at_tolerated(answerable: Sequence[Result], unanswerable: Sequence[Result]) -> Figure:
    """Above the lowest confidence that at most 5 % of the unanswerable ones exceed."""
    if not answerable or not unanswerable:
        return Figure(value=None, n=len(answerable))
    falling = sorted((one.confidence for one in unanswerable), reverse=True)
    barred = falling[math.floor(TOLERATED * len(falling))]
    return share(one.confidence > barred for one in answerable)


def _mean(values: Sequence[float]) -> Figure:
    return Figure(value=math.fsum(values) / len(values) if values else None, n=len(values))


def _quantile(ordered: Sequence[float], part: float) -> float | None:
    """The nearest rank: the least value that `part` of all do not exceed."""
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)] if ordered else None


# ------------------------------------------------------------------------------------------------ calibration


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """The questions whose confidence is in `[low, high)`, or is 1 in the last one: their mean confidence, and the
    share of them whose first passage is right."""

    low: float
    high: float
    confidence: float
    right: Figure


def reliability(results: Sequence[Result]) -> list[Bin]:
    """Ten bins of equal width, the empty ones left out.

    Equal width as in Guo et al. 2017: so the bins are the same in every run. On few questions they hold few each, and
    the ECE comes out too large rather than too small."""
    bins = []
    for number in range(_BINS):
        held = [one for one in results if min(int(one.confidence * _BINS), _BINS - 1) == number]
        if held:
            mean = math.fsum(one.confidence for one in held) / len(held)
            right = share(one.right for one in held)
            bins.append(Bin(low=number / _BINS, high=(number + 1) / _BINS, confidence=mean, right=right))
    return bins


def _ece(results: Sequence[Result]) -> float | None:
    """The mean distance of confidence and share of right ones, over the bins, each by its questions."""
    if not results:
        return None
    gaps = [one.right.n * abs(one.confidence - (one.right.value or 0.0)) for one in reliability(results)]
    return math.fsum(gaps) / len(results)


def risk_coverage(results: Sequence[Result]) -> list[tuple[float, float]]:
    """For each number of answers, the most confident first: the share of questions answered, and of these the share
    answered wrongly; an answer where nothing answers is wrong."""
    return [(count / len(results), risk) for count, risk in enumerate(_risks(results), start=1)]


def _risks(results: Sequence[Result]) -> list[float]:
    """Those of one confidence are taken in no order: each bears its share of their errors."""
    ordered = sorted(results, key=lambda one: -one.confidence)
    risks: list[float] = []
    errors = 0.0
    for _, tied in groupby(ordered, key=lambda one: one.confidence):
        wrong = [not one.right for one in tied]
        each = sum(wrong) / len(wrong)
        for step in range(1, len(wrong) + 1):
            risks.append((errors + step * each) / (len(risks) + 1))
        errors += sum(wrong)
    return risks


# ------------------------------------------------------------------------------------------------ comparison


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two runs over the questions that both hold, and the later run's results where they differ; `right` is R@1.

    `p_value`: how likely so uneven a change of R@1 is by chance, by McNemar's exact test; None where none changed."""

    before: Figures
    after: Figures
    common: int
    newly_right: tuple[Result, ...]
    newly_wrong: tuple[Result, ...]
    newly_answered: tuple[Result, ...]
    newly_silent: tuple[Result, ...]
    p_value: float | None


def compare(before: Sequence[Result], after: Sequence[Result]) -> Comparison:
    """Lay a run beside an earlier one."""
    earlier = {one.key: one for one in before}
    pairs = [(earlier[one.key], one) for one in after if one.key in earlier]
    right = tuple(new for old, new in pairs if new.rank == 1 and old.rank != 1)
    wrong = tuple(new for old, new in pairs if new.rank != 1 and old.rank == 1)
    return Comparison(
        before=figures([old for old, _ in pairs]),
        after=figures([new for _, new in pairs]),
        common=len(pairs),
        newly_right=right,
        newly_wrong=wrong,
        newly_answered=tuple(new for old, new in pairs if new.answered and not old.answered),
        newly_silent=tuple(new for old, new in pairs if old.answered and not new.answered),
        p_value=mcnemar(len(right), len(wrong)),
    )


def mcnemar(gained: int, lost: int) -> float | None:
    """The two-sided exact probability of so uneven a split of what changed, were both ways equally likely."""
    changed = gained + lost
    if not changed:
        return None
    tail = ways = 1
    for count in range(min(gained, lost)):
        ways = ways * (changed - count) // (count + 1)
        tail += ways
    return min(1.0, 2 * tail / (1 << changed))
