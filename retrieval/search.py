"""A question → ranked entries: candidates from both sides, fused, and the best of them ranked by what their passages
hold. Every candidate is read again from the store, and the caller says of it, as it stands there now, whether it may
be shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from retrieval.confidence import confidence
from retrieval.embedding import EncodedQuestion
from retrieval.errors import DamagedSnapshot
from retrieval.evidence import Evidence, Probe
from retrieval.fusion import scaled
from retrieval.languages import primary
from retrieval.lexical import MOST_TERMS, terms
from retrieval.manifest import REBUILD
from retrieval.model import Blog, Filter, Passage, Ranked, Span, Version
from retrieval.ranking import Signs, fit
from retrieval.reranking import Reranking
from retrieval.segment import Hit
from retrieval.snapshot import View
from retrieval.store import Store
from retrieval.vectors import Ids

_FOUND = 200
"""Passages, and entries by their words, that are looked at."""
_RANKED = 50
"""Entries that are ranked by what their passages hold: on SQuAD 2.0 dev the right one is among so many in 99.7 %."""
_READ_AGAIN = 20
"""Of these, the best that a cross-encoder reads again, where there is one: each costs it a pass."""
_LONGEST_TITLE = 300
_LONGEST_READ = 4_000
"""Characters of a title, longer ones are left out, and of a passage that it is given: it would cut them itself."""
_COMMON = 0.1
"""What a word counts that is left out of the terms, such as "who"; the rarest count 1."""
_COSINE_SHARE = 0.3
"""Of two sentences whose tokens are as like, the one is highlighted whose vector is nearer: with this share the
highlight held the answer in 89.2 % of SQuAD 2.0 dev's paragraphs, without it in 89.1 %."""
_WORD = re.compile(r"[^\W_]+")

Weights = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A version that may answer, how well it fits (see `ranking`), by which signs, and how likely it is to answer;
    the passage of it that fits best, and that with the better of its neighbours."""

    version: Version
    fit: float
    likely: float
    signs: Signs
    highlight: Span
    window: Span

    @property
    def cosine(self) -> float:
        """That of its nearest passage."""
        return self.signs.cosine

    @property
    def ranked(self) -> Ranked:
        """Its best passage."""
        return Ranked(
            passage=Passage(version=self.version, start=self.window[0], end=self.window[1]),
            score=self.likely,
            cosine=self.signs.cosine,
            coverage=self.signs.coverage,
            highlight=self.highlight,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """What a search found, best first, and by language the question's terms with their rarity (0 to 1)."""

    candidates: tuple[Candidate, ...]
    weights: dict[str, dict[str, float]]
    entries: int
    """How many were searched."""

    def weights_of(self, version: Version) -> dict[str, float]:
        """The question's terms in the language of a version's blog."""
        return self.weights.get(primary(version.entry.blog.language), {})


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worded:
    """A question as one language reads it: its terms, those side by side, what their BM25 comes near to, and what
    each of its tokens counts, 1 together."""

    terms: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    rarity: dict[str, float]
    most: float
    tokens: Weights


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sought:
    """What is looked for, as each language reads it, and among how many entries; the languages of the blogs that are
    meant, by their ids."""

    probe: Probe
    languages: Mapping[str, str]
    worded: Mapping[str, _Worded]
    entries: int


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Passages:
    """A version's passages: their spans, the cosines of their vectors, and how like the question's tokens they are,
    each by itself and with the next one."""

    spans: Ids
    cosines: Weights
    alone: Weights
    together: Weights


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Fitting:
    """A hit, by which signs it fits, and how well."""

    hit: Hit
    signs: Signs
    fit: float
    passages: _Passages


def search(
    view: View,
    store: Store,
    blogs: Mapping[str, Blog],
    text: str,
    question: EncodedQuestion,
    within: Filter,
    shows: Callable[[Version], bool],
    reranking: Reranking | None = None,
    most: int = _RANKED,
) -> Searched:
    """Rank the entries that a filter admits for a question, `text` and as it is encoded: each by its best passages.
    `blogs` are all there are, by id.
    `shows` says of a version, as the store has it now, whether it may be shown; no more than are wanted, `most`, are
    read.

    `reranking` orders the best of them anew. A candidate's fit, and with it the confidence, stays what it was, since
    the confidence was learned from that alone: it is the one of the candidate that comes first, not of the best fit.
    Raises ModelError, DamagedSnapshot."""
    languages = _languages(blogs, within)
    worded = {one: _worded(view, text, question.spans, one) for one in sorted(set(languages.values()))}
    probe = Probe(
        vector=question.vector,
        tokens=question.tokens,
        terms=tuple(term for one in worded.values() for term in one.terms),
        pairs=tuple(pair for one in worded.values() for pair in one.pairs),
    )
    sought = _Sought(probe=probe, languages=languages, worded=worded, entries=view.entries(within))
    fitting = _fitting(view, view.retrieve(probe, _FOUND, within, _RANKED), sought)
    read = partial(store.versions, blogs=blogs)
    candidates = _shown_of(fitting, read, shows, sought, most if reranking is None else max(most, _READ_AGAIN))
    if reranking is not None and candidates:
        candidates = _reranked(candidates, text, reranking)
    return Searched(
        candidates=tuple(candidates),
        weights={language: one.rarity for language, one in worded.items()},
        entries=sought.entries,
    )


def covered(held: set[str], weights: Mapping[str, float]) -> float:
    """0 to 1: the share of the question's terms, weighted by rarity, that stand among `held`."""
    whole = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term in held) / whole if whole else 0.0


def _languages(blogs: Mapping[str, Blog], within: Filter) -> dict[str, str]:
    meant = blogs if within.blogs is None else blogs.keys() & within.blogs
    return {id_: primary(blogs[id_].language) for id_ in meant}


def _worded(view: View, text: str, spans: Sequence[Span], language: str) -> _Worded:
    in_order = terms(text, language)[:MOST_TERMS]
    wanted = tuple(dict.fromkeys(in_order))
    rarity = {term: view.rarity(term) for term in wanted}
    return _Worded(
        terms=wanted,
        pairs=tuple(dict.fromkeys(pairwise(in_order))),
        rarity=rarity,
        most=view.most(wanted),
        tokens=_token_weights(text, spans, rarity, language),
    )


def _token_weights(text: str, spans: Sequence[Span], rarity: Mapping[str, float], language: str) -> Weights:
    """A word counts by its rarity, and its tokens share that."""
    weights = np.zeros(len(spans), dtype=np.float32)
    starts = np.array([start for start, _ in spans], dtype=np.int64)
    for word in _WORD.finditer(text):
        own = (starts >= word.start()) & (starts < word.end())
        if own.any():
            rarest = max((rarity.get(term, 0.0) for term in terms(word[0], language)), default=0.0)
            weights[own] = max(rarest, _COMMON) / own.sum()
    whole = weights.sum()
    return weights / whole if whole else weights


def _reranked(candidates: Sequence[Candidate], text: str, reranking: Reranking) -> list[Candidate]:
    """The best by the cross-encoder's scores and their fit together, each min-max scaled, equals as they were; then
    the rest."""
    best, rest = candidates[:_READ_AGAIN], candidates[_READ_AGAIN:]
    read = scaled(np.array(reranking.reranker.scores(text, [_as_read(one) for one in best])))
    fits = scaled(np.array([one.fit for one in best]))
    mixed = reranking.share * read + (1 - reranking.share) * fits
    return [*(best[place] for place in np.argsort(-mixed, kind="stable").tolist()), *rest]


def _as_read(one: Candidate) -> str:
    """A candidate's best passage under its title."""
    passage = one.version.text[slice(*one.window)][:_LONGEST_READ]
    title = one.version.title
    return f"{title}\n{passage}" if title and len(title) <= _LONGEST_TITLE else passage


def _fitting(view: View, hits: Sequence[Hit], sought: _Sought) -> list[_Fitting]:
    """The hits in the languages that are meant, the best fit first."""
    found = [
        one
        for own, evidence in view.evidence(hits, sought.probe)
        for language in sought.worded
        for one in _of_language(own, evidence, sought, language)
    ]
    return sorted(found, key=lambda one: (-one.fit, one.hit.version))


def _of_language(hits: Sequence[Hit], evidence: Evidence, sought: _Sought, language: str) -> list[_Fitting]:
    """Those of a segment's hits that are in a language, with their signs."""
    own = [number for number, hit in enumerate(hits) if sought.languages.get(hit.blog) == language]
    if not own:
        return []
    worded = sought.worded[language]
    alone = _weighed(worded.tokens, evidence.likeness)
    together = _weighed(worded.tokens, _joined(evidence.likeness, evidence.firsts))
    windows = np.maximum.reduceat(together, evidence.firsts)
    sentences = np.maximum.reduceat(alone, evidence.firsts)
    coverages = _coverages(evidence, sought.probe, worded)
    shares = _shares_beside(evidence, sought.probe, worded)
    found = []
    for number in own:
        hit, of = hits[number], evidence.of(number)
        signs = Signs(
            window=float(windows[number]),
            sentence=float(sentences[number]),
            cosine=hit.cosine,
            bm25=hit.bm25 / worded.most if worded.most else 0.0,
            coverage=float(coverages[number]),
            beside=float(shares[number]),
        )
        passages = _Passages(
            spans=evidence.spans[of], cosines=evidence.cosines[of], alone=alone[of], together=together[of]
        )
        found.append(_Fitting(hit=hit, signs=signs, fit=fit(signs), passages=passages))
    return found


def _shown_of(
    fitting: Sequence[_Fitting],
    read: Callable[[Iterable[int]], Mapping[int, Version]],
    shows: Callable[[Version], bool],
    sought: _Sought,
    most: int,
) -> list[Candidate]:
    """The best that may be shown, as candidates. As many versions are read as are wanted, and again where some of
    them may not be shown."""
    found: list[Candidate] = []
    for start in range(0, len(fitting), most):
        some = fitting[start : start + most]
        versions = read(one.hit.version for one in some)
        found += [
            _candidate(version, one, sought)
            for one in some
            if (version := versions.get(one.hit.version)) is not None and shows(version)
        ]
        if len(found) >= most:
            break
    return found[:most]


def _candidate(version: Version, one: _Fitting, sought: _Sought) -> Candidate:
    passages = one.passages
    if passages.spans[-1][1] > len(version.text):
        raise DamagedSnapshot(f"the index holds passages that {version.entry.whole_id} does not have", REBUILD)
    lit = int((passages.alone + _COSINE_SHARE * passages.cosines).argmax())
    last = len(passages.spans) - 1
    before = lit > 0 and (lit == last or passages.together[lit - 1] > passages.together[lit])
    first = lit - 1 if before else lit
    return Candidate(
        version=version,
        fit=one.fit,
        likely=confidence(one.fit, sought.entries),
        signs=one.signs,
        highlight=_span(passages.spans[lit, 0], passages.spans[lit, 1]),
        window=_span(passages.spans[first, 0], passages.spans[min(first + 1, last), 1]),
    )


def _span(start: np.int64, end: np.int64) -> Span:
    return int(start), int(end)


def _weighed(weights: Weights, each: NDArray[np.float32]) -> Weights:
    """The weighted sum of each column. A matrix product would round a column by where it stands, so that which of two
    entries of the same words comes first would depend on what else was found."""
    found: Weights = (weights[:, np.newaxis] * each).sum(axis=0)
    return found


def _joined(each: NDArray[np.float32], firsts: Ids) -> NDArray[np.float32]:
    """The greater of each column and the next one of the same version; the last one of a version alone, which is
    never more than what stands before it."""
    following = np.concatenate([each[:, 1:], each[:, -1:]], axis=1)
    lasts = np.append(firsts[1:], each.shape[1]) - 1
    following[:, lasts] = each[:, lasts]
    joined: NDArray[np.float32] = np.maximum(each, following)
    return joined


def _coverages(evidence: Evidence, probe: Probe, worded: _Worded) -> Weights:
    """Of each version the greatest share of the terms' weight that two neighbouring passages hold."""
    weights = np.array([worded.rarity.get(term, 0.0) for term in probe.terms], dtype=np.float32)
    whole = weights.sum()
    if not whole:
        return np.zeros(len(evidence.firsts), np.float32)
    held = _weighed(weights, _joined(evidence.held.astype(np.float32), evidence.firsts))
    shares: Weights = np.maximum.reduceat(held, evidence.firsts) / whole
    return shares


def _shares_beside(evidence: Evidence, probe: Probe, worded: _Worded) -> Weights:
    """Of each version the share of the pairs that stand side by side in it."""
    own = np.array([pair in worded.pairs for pair in probe.pairs], dtype=np.float32)
    shares: Weights = own @ evidence.beside.astype(np.float32) / np.float32(max(len(worded.pairs), 1))
    return shares
