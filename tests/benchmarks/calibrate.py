"""Learn the numbers of `retrieval.ranking` and `retrieval.confidence` from SQuAD 2.0 dev, and report how they do.

    python -m tests.benchmarks.calibrate [--questions N]

A paragraph is an entry; an article is told in blogs of at most eleven of them. One archive holds all; what a question
may see of it is chosen by blogs, as visibility does: everything; everything but its own article ("elsewhere": nothing
answers); and a few blogs, so that there are archives of 11, 100 and 400 entries, with its own or without its article.
SQuAD's unanswerable questions, whose paragraph is there, are "on the subject".

Odd articles learn, even articles are reported on: none of their questions or paragraphs decided a number. What was
decided by looking at all of SQuAD dev is the list of signs, no coefficient. `--questions` takes so many evenly spaced
questions of each half; by default all.
Data: `squad2-dev.json.gz` (CC BY-SA 4.0) in the folder named by STET_TEST_DATA, or ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from retrieval.archive import Archive
from retrieval.confidence import LONGEST_LEAD
from retrieval.embedding import BUNDLED, Embedder, SentenceTransformerEmbedder
from retrieval.model import Filter, SourceOptions
from retrieval.ranking import Signs
from retrieval.search import Searched, search
from retrieval.snapshot import View
from tests.benchmarks.squad import Asked, asked, paragraphs
from tests.remembering import Remembering

_SEED = 20140826
_SIZES = (11, 100, 400)
_BLOG = 11
_START = datetime(2014, 8, 26, tzinfo=UTC)
_RIDGE = 1e-3
_FALSE = 0.05
_ON_THE_SUBJECT = 0.8
_BINS = 10
_FEWER = 3

Signals = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Case:
    """A question put to what may be seen: its candidates' signs, shape (candidates, signs), best first; which of
    them is its paragraph, if any; whether the answer's words stand in the highlight of that."""

    kind: str
    size: int
    article: int
    signs: Signals
    right: int | None
    highlighted: bool


class Bench:
    """One archive of all paragraphs, and what may be seen of it."""

    def __init__(self, folder: Path, embedder: Embedder) -> None:
        self.paragraphs = paragraphs()
        counted: dict[int, int] = {}
        self.blogs: list[str] = []
        for one in self.paragraphs:
            counted[one.article] = counted.get(one.article, -1) + 1
            self.blogs.append(f"a{one.article}-{counted[one.article] // _BLOG}")
        self.archive = Archive.open(folder / "home", embedder.name, lambda: embedder)
        sources = folder / "blogs"
        sources.mkdir()
        for blog in dict.fromkeys(self.blogs):
            (sources / f"{blog}.ndjson").write_text("\n".join(self._lines(blog)))
        self.archive.add([str(sources)], SourceOptions(), _START, lambda *_: None)
        told = {version.entry.id: version.entry.blog.id for version in self.archive.store.live_versions()}
        self.blogs = [told[str(number)] for number in range(len(self.paragraphs))]
        self.of_article: dict[int, frozenset[str]] = {
            one.article: frozenset(
                blog for other, blog in zip(self.paragraphs, self.blogs, strict=True) if other.article == one.article
            )
            for one in self.paragraphs
        }
        self.embedder = embedder
        self._views = cache(lambda blogs: self.archive.snapshot().view(blogs))

    def _lines(self, blog: str) -> Iterator[str]:
        for number, (one, own) in enumerate(zip(self.paragraphs, self.blogs, strict=True)):
            if own == blog:
                time = (_START + timedelta(minutes=number)).isoformat()
                yield json.dumps({"id": str(number), "time": time, "text": one.text})

    def ask(self, one: Asked, kind: str, blogs: frozenset[str] | None) -> Case:
        """Search as `Archive.ask` does."""
        found = search(
            self._view(blogs),
            self.archive.store,
            self.archive.blogs(),
            one.question,
            self.embedder.encode_question(one.question),
            Filter(blogs=blogs),
            lambda version: version.current,
        )
        return _case(one, kind, len(self.blogs) if blogs is None else sum(own in blogs for own in self.blogs), found)

    def _view(self, blogs: frozenset[str] | None) -> View:
        view: View = self._views(blogs)
        return view


def _case(one: Asked, kind: str, size: int, found: Searched) -> Case:
    entries = [candidate.version.entry.id for candidate in found.candidates]
    answerable = kind == "answerable" and str(one.paragraph) in entries
    right = entries.index(str(one.paragraph)) if answerable else None
    best = found.candidates[right] if right is not None else None
    lit = best.version.text[slice(*best.highlight)] if best else ""
    return Case(
        kind=kind,
        size=size,
        article=one.article,
        signs=np.array([astuple(candidate.signs) for candidate in found.candidates]).reshape(-1, len(fields(Signs))),
        right=right,
        highlighted=any(answer in lit for answer in one.answers),
    )


def cases(bench: Bench, questions: Sequence[Asked]) -> Iterator[Case]:
    """Every question of all entries, and every third of a few blogs, too, that are drawn for it."""
    chance = random.Random(_SEED)
    every = sorted(set(bench.blogs))
    for number, one in enumerate(questions):
        own = bench.of_article[one.article]
        if not one.answerable:
            yield bench.ask(one, "on the subject", None)
            continue
        yield bench.ask(one, "answerable", None)
        yield bench.ask(one, "elsewhere", frozenset(every) - own)
        if number % _FEWER:
            continue
        size = _SIZES[number // _FEWER % len(_SIZES)]
        others = chance.sample(sorted(set(every) - own), size // _BLOG)
        yield bench.ask(one, "elsewhere", frozenset(others))
        yield bench.ask(one, "answerable", frozenset([*others[1:], bench.blogs[one.paragraph]]))


# ------------------------------------------------------------------------------------------------ learning


def learned_weights(some: Sequence[Case]) -> Signals:
    """The weights under which the right entry stands out among its candidates: the greatest likelihood of choosing
    it with chances that grow by the exponential of the score, with a small ridge."""
    usable = [one for one in some if one.kind == "answerable" and one.right is not None]
    spread = np.concatenate([one.signs for one in usable]).std(axis=0)

    def loss(weights: Signals) -> tuple[float, Signals]:
        whole, slope = _RIDGE * float(weights @ weights) * len(usable), 2 * _RIDGE * weights * len(usable)
        for one in usable:
            signs = one.signs / spread
            logs = log_softmax(signs @ weights)
            whole -= float(logs[one.right])
            slope = slope - signs[one.right] + np.exp(logs) @ signs
        return whole, slope

    found = minimize(loss, np.ones(len(spread)), jac=True, method="L-BFGS-B")
    return np.asarray(found.x / spread, dtype=np.float64)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Judged:
    """Cases as weights judge them: the rank of the right entry (0: none), the first one's score, and its lead."""

    cases: Sequence[Case]
    ranks: NDArray[np.int64]
    scores: Signals
    leads: Signals

    @property
    def inputs(self) -> Signals:
        """Score, logarithm of the number of entries, and lead, shape (cases, 3)."""
        return np.column_stack([self.scores, np.log([one.size for one in self.cases]), self.leads])

    def by_size(self, kind: str) -> list[NDArray[np.bool_]]:
        """The cases of a kind, by about how many entries there are, the most first."""
        largest = max(one.size for one in self.cases)
        about = np.array([min((largest, *_SIZES), key=lambda size: abs(one.size - size)) for one in self.cases])
        return [self.of(kind) & (about == size) for size in (largest, *_SIZES)]

    def of(self, kind: str, size: int | None = None) -> NDArray[np.bool_]:
        return np.array([one.kind == kind and size in (None, one.size) for one in self.cases])


def judged(some: Sequence[Case], weights: Signals) -> Judged:
    """Rank the candidates of each case."""
    ranks, scores, leads = [], [], []
    for one in some:
        fits = one.signs @ weights
        best = np.sort(fits)[::-1][:2]
        scores.append(float(best[0]))
        leads.append(min(float(best[0] - best[1]), LONGEST_LEAD) if len(best) > 1 else LONGEST_LEAD)
        ranks.append(0 if one.right is None else int((fits > fits[one.right]).sum()) + 1)
    return Judged(cases=some, ranks=np.array(ranks), scores=np.array(scores), leads=np.array(leads))


def learned_calibration(found: Judged) -> tuple[float, float, float, float]:
    """Slope, intercept, what a crowd of entries takes off and what a lead adds: from answerable questions and such
    whose article is not there, as many of both."""
    used = found.of("answerable") | found.of("elsewhere")
    model = LogisticRegression(C=1e6).fit(found.inputs[used], (found.ranks == 1)[used])
    return float(model.coef_[0, 0]), float(model.intercept_[0]), -float(model.coef_[0, 1]), float(model.coef_[0, 2])


# ------------------------------------------------------------------------------------------------ reporting


def chances(found: Judged, calibration: tuple[float, float, float, float]) -> Signals:
    """The confidence of each case."""
    slope, intercept, crowd, lead = calibration
    return np.asarray(1 / (1 + np.exp(-(found.inputs @ [slope, -crowd, lead] + intercept))))


def threshold(found: Judged, sure: Signals, false: float) -> float:
    """From where on at most that share of the questions from elsewhere is answered, whatever the archive's size."""
    return max(float(np.quantile(sure[about], 1 - false)) for about in found.by_size("elsewhere"))


def calibration_error(sure: Signals, right: NDArray[np.bool_]) -> float:
    """ECE over ten bins of equal width."""
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return float(
        sum((bins == n).mean() * abs(sure[bins == n].mean() - right[bins == n].mean()) for n in set(bins.tolist()))
    )


def closest(found: Judged, sure: Signals) -> float:
    """Below which four fifths of the questions on the subject lie."""
    return float(np.quantile(sure[found.of("on the subject")], _ON_THE_SUBJECT))


def report(name: str, found: Judged, sure: Signals, limit: float, certain: float) -> None:
    """Print the figures of one half."""
    print(f"\n{name}")
    largest = max(one.size for one in found.cases)
    for about, ins, outs in zip(
        (largest, *_SIZES), found.by_size("answerable"), found.by_size("elsewhere"), strict=True
    ):
        ranks = found.ranks[ins]
        reciprocal = np.where(ranks > 0, 1 / np.maximum(ranks, 1), 0).mean()
        at = [np.mean((ranks > 0) & (ranks <= k)) for k in (1, 3, 5)]
        both = ins | outs
        auroc = roc_auc_score(found.of("answerable")[both], sure[both])
        own = float(np.quantile(sure[outs], 1 - _FALSE))
        error = calibration_error(sure[both], (found.ranks == 1)[both])
        ranked = f"R@1 {at[0]:.3f} R@3 {at[1]:.3f} R@5 {at[2]:.3f} MRR {reciprocal:.3f}"
        print(f"  about {about} entries ({ins.sum()} questions): {ranked}")
        print(
            f"    elsewhere: AUROC {auroc:.3f}, answered at 5 % false answers {np.mean(sure[ins] >= own):.3f}, "
            f"ECE {error:.3f}; with the threshold {limit:.2f}: answered {np.mean(sure[ins] >= limit):.3f}, "
            f"false answers {np.mean(sure[outs] >= limit):.3f}"
        )
    subject, ins = found.of("on the subject"), found.of("answerable", largest)
    both = subject | ins
    print(
        f"  on the subject ({subject.sum()} questions): AUROC {roc_auc_score(ins[both], sure[both]):.3f}, "
        f"false answers {np.mean(sure[subject] >= limit):.3f}; of these called the closest passages "
        f"{np.mean(sure[subject & (sure >= limit)] < certain):.3f}, of the answerable ones "
        f"{np.mean(sure[ins & (sure >= limit)] < certain):.3f}"
    )
    first = ins & (found.ranks == 1)
    lit = np.mean([one.highlighted for one, taken in zip(found.cases, first, strict=True) if taken])
    print(f"  the highlight holds the answer where the entry is right: {lit:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=int, default=0, help="of each half, evenly spaced; 0: all")
    most = parser.parse_args().questions
    with tempfile.TemporaryDirectory() as folder:
        embedder = Remembering(SentenceTransformerEmbedder.load(BUNDLED, Path(folder) / "model.json"))
        bench = Bench(Path(folder), embedder)
        halves = [[one for one in asked() if one.article % 2 == odd] for odd in (1, 0)]
        odd, even = (list(cases(bench, half[:: max(1, len(half) // most)] if most else half)) for half in halves)
        bench.archive.close()
    weights = learned_weights(odd)
    learning = judged(odd, weights)
    calibration = learned_calibration(learning)
    for field, value in zip(fields(Signs), weights, strict=True):
        print(f"{field.name} = {value:.2f}")
    for constant, found in zip(("SLOPE", "INTERCEPT", "CROWD", "LEAD"), calibration, strict=True):
        print(f"{constant} = {found:.4f}")
    sure = chances(learning, calibration)
    for false in (0.1, _FALSE, 0.01):
        print(f"at most {false:.0%} false answers: {threshold(learning, sure, false):.3f}")
    limit, certain = threshold(learning, sure, _FALSE), closest(learning, sure)
    print(f"SURE = {certain:.3f}")
    report("learned on (odd articles)", learning, sure, limit, certain)
    testing = judged(even, weights)
    report("reported on (even articles)", testing, chances(testing, calibration), limit, certain)


if __name__ == "__main__":
    main()
