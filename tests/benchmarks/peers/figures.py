"""What is reported of a run, and how one system stands to another."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, fields

from tests.benchmarks.peers.measuring import Run

Ranks = Sequence[int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Of one run, or medians of several. `r1`, `r3`, `r5`: the share of questions whose text is among the first k;
    `mrr`: the mean of 1 / rank, 0 beyond the tenth; seconds to load and to index; milliseconds a question, half and
    95 in 100 of them at most that; processor time as in Run; MiB."""

    r1: float
    r3: float
    r5: float
    mrr: float
    loading: float
    indexing: float
    indexing_cpu: float
    p50: float
    p95: float
    asking_cpu: float
    memory: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """A system's medians, and the ranks of its first run."""

    name: str
    label: str
    figures: Figures
    ranks: list[int | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ahead:
    """By how many points of R@1 one system is ahead of another on the same questions: `points`, and half the width
    of the 95 % interval of the paired difference, by the normal approximation."""

    points: float
    half_width: float


def figures(run: Run) -> Figures:
    """Of one run."""
    return Figures(
        r1=_within(run.ranks, 1),
        r3=_within(run.ranks, 3),
        r5=_within(run.ranks, 5),
        mrr=statistics.fmean(1 / rank if rank else 0.0 for rank in run.ranks),
        loading=run.loading,
        indexing=run.indexing,
        indexing_cpu=run.indexing_cpu,
        p50=percentile(run.elapsed, 50),
        p95=percentile(run.elapsed, 95),
        asking_cpu=run.asking_cpu,
        memory=run.memory,
    )


def medians(several: Sequence[Figures]) -> Figures:
    """Figure by figure."""
    names = [field.name for field in fields(Figures)]
    return Figures(**{name: statistics.median(getattr(one, name) for one in several) for name in names})


def percentile(values: Sequence[float], share: int) -> float:
    """The least of the values that `share` in 100 of them do not exceed (nearest rank): one that did occur."""
    return sorted(values)[math.ceil(len(values) * share / 100) - 1]


def ahead(ranks: Ranks, others: Ranks) -> Ahead:
    """Compare two systems question by question."""
    differences = [(one == 1) - (other == 1) for one, other in zip(ranks, others, strict=True)]
    spread = statistics.pstdev(differences) / math.sqrt(len(differences))
    return Ahead(points=100 * statistics.fmean(differences), half_width=100 * 1.96 * spread)


def _within(ranks: Ranks, first: int) -> float:
    return statistics.fmean(rank is not None and rank <= first for rank in ranks)
