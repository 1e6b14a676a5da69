"""The entries that really hold a matter, in time order: "When was the dam first mentioned?", "the latest on the dam".

An entry counts where one sentence of it, with its title, holds all telling words of the matter, first name and
surname side by side; where up to three do, if it fits about as well as the best one (see `ranking`), since the words
of "the missing man" may also come together by chance; and where they hold more than half of the weight, surnames
included, and it fits about as well: a superintendent is named in full but once. To share a common word is not enough.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from retrieval.answers import NEAREST
from retrieval.lexical import terms
from retrieval.model import (
    Answer,
    Filter,
    IndexState,
    Order,
    Outcome,
    Passage,
    Question,
    Ranked,
    Shown,
    Span,
    Version,
)
from retrieval.search import Candidate, Searched, covered
from retrieval.sentences import sentences
from retrieval.showing import shown

_TELLING = 0.6
"""A word is telling if its rarity is at least this share of the rarest one's: "the emergency report" is told by both
its words, "the police report on Vastable" by the name."""
_MOST = 0.75
"""The share of the matter's weight that an entry must hold with all telling words."""
_MORE_THAN_HALF = 0.6
"""The share that is enough where an entry fits about as well as the best one."""
_AS_WELL = 0.6
"""The share of the best fit that is meant: where a name is told in full once, entries with the surname have about two
thirds of it, others of the blog a third."""
_NAME = re.compile(r"[A-Z][\w’'.-]*(?: [A-Z][\w’'.-]*)+")
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’]s\b")
_WHOLE, _SURNAME = 2, 1
"""Words of a name that must stand together."""
_LONGEST_RUN = 3
_MOST_SEARCHES = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Held:
    """An entry, the shortest run of its sentences that holds most of a matter, and how much of its weight that holds
    (`coverage`, 0 to 1). `weights`: the matter's terms in the entry's language, with their rarity."""

    version: Version
    run: Span
    sentences: int
    coverage: float
    score: float
    cosine: float
    weights: dict[str, float]

    @property
    def posted_at(self) -> datetime:
        return self.version.entry.posted_at


@dataclass(frozen=True, kw_only=True, slots=True)
class InTime:
    """The entries that hold a matter, in the order asked for; and the nearest ones, where none does."""

    holding: tuple[Held, ...]
    nearest: tuple[Held, ...]


def in_time(question: Question, matter: str, searched: Callable[[Filter], Searched], within: Filter) -> InTime:
    """The first (or last) entries within a filter that hold the matter, which is what `searched` looks for.

    A search ranks by relevance and tells of a limited number. So whatever it found is followed by searches of the
    time before (or after) that, until they find nothing more: the earliest that is shown is not the earliest of the
    best, but the earliest."""
    latest = question.order is Order.LATEST
    first = searched(within)
    best = max((one.fit for one in first.candidates), default=0.0)
    held = {one.version.key: one for one in matching(first, matter, best)}
    for _ in range(_MOST_SEARCHES):
        found = _sorted(held.values(), latest)[: question.limit]
        if not found:
            break
        more = [
            one
            for one in matching(searched(_beyond(within, found[-1], latest)), matter, best)
            if one.version.key not in held
        ]
        if not more:
            break
        held |= {one.version.key: one for one in more}
    nearest = () if held else tuple(_held(one, first, matter) for one in first.candidates[:NEAREST])
    return InTime(holding=tuple(_sorted(held.values(), latest)[: question.limit]), nearest=nearest)


def matching(searched: Searched, matter: str, best: float) -> list[Held]:
    """The candidates that really hold the matter; `best` is the best fit of all."""
    found = []
    for one in searched.candidates:
        weights = searched.weights_of(one.version)
        if covered(_terms(one.version, one.version.text), weights) >= _MORE_THAN_HALF:
            held = _held(one, searched, matter)
            if _really_holds(held, one, matter, best):
                found.append(held)
    return found


def _really_holds(held: Held, one: Candidate, matter: str, best: float) -> bool:
    rarest = max(held.weights.values())
    as_well = one.fit >= _AS_WELL * best
    telling = {term for term, weight in held.weights.items() if weight >= _TELLING * rarest}
    if telling <= _terms(one.version, one.version.text[slice(*held.run)]) and held.coverage >= _MOST:
        is_together = held.sentences == 1 or as_well
        return is_together and _holds_names(held.version, held.run, matter, words=_WHOLE)
    named = _holds_names(held.version, held.run, matter, words=_SURNAME)
    return as_well and held.coverage >= _MORE_THAN_HALF and named


def _holds_names(version: Version, run: Span, matter: str, *, words: int) -> bool:
    """Whether every name of the matter stands in the run, or in the title: its last words, one after the other. What
    goes before them may be a title or an office, which can stand elsewhere."""
    fields = [_words(version.text[slice(*run)]), _words(version.title or "")]
    names = [_words(match[0])[-words:] for match in _NAME.finditer(matter)]
    return all(any(_follow(name, field) for field in fields) for name in names)


def _words(text: str) -> list[str]:
    """Words whatever their case, but for single letters: "Child A" is not "child, a"."""
    return [word if len(word) == 1 else word.casefold() for word in _WORD.findall(_POSSESSIVE.sub("", text))]


def _follow(name: Sequence[str], field: Sequence[str]) -> bool:
    return any(field[at : at + len(name)] == name for at in range(len(field) + 1))


def _held(one: Candidate, searched: Searched, matter: str) -> Held:
    """The shortest run of at most three sentences that holds as much as any, the matter's names above all; the first
    of equals."""
    version, weights = one.version, searched.weights_of(one.version)
    language = version.entry.blog.language
    spans = sentences(version.text, language)
    title = set(terms(version.title or "", language))
    own = [set(terms(version.text[start:end], language)) for start, end in spans]
    best, run, count = (False, -1.0), spans[0], 1
    for length in range(1, _LONGEST_RUN + 1):
        for first in range(len(spans) - length + 1):
            tried = (spans[first][0], spans[first + length - 1][1])
            coverage = covered(title.union(*own[first : first + length]), weights)
            holds = (coverage > best[1] or not best[0]) and _holds_names(version, tried, matter, words=_WHOLE)
            if (holds, coverage) > (best[0], best[1] + 1e-9):
                best, run, count = (holds, coverage), tried, length
    return Held(
        version=version,
        run=run,
        sentences=count,
        coverage=max(best[1], 0.0),
        score=one.ranked.score,
        cosine=one.cosine,
        weights=weights,
    )


def _terms(version: Version, text: str) -> set[str]:
    language = version.entry.blog.language
    return set(terms(text, language)) | set(terms(version.title or "", language))


def _sorted(held: Iterable[Held], latest: bool) -> list[Held]:
    return sorted(held, key=lambda one: (one.posted_at, one.version.entry.key), reverse=latest)


def _beyond(within: Filter, last: Held, latest: bool) -> Filter:
    """The time up to the last entry that would be shown, within which an earlier (or later) one may stand."""
    if latest:
        since = last.posted_at + timedelta(microseconds=1)
        return replace(within, since=max(since, within.since) if within.since else since)
    until = last.posted_at
    return replace(within, until=min(until, within.until) if within.until else until)


# ------------------------------------------------------------------------------------------------ answering


def ordered_answer(question: Question, found: InTime, index: IndexState) -> Answer:
    """The entries, each by the sentences that hold the matter. `confidence` is how much of it the first one holds."""
    return Answer(
        question=question,
        outcome=Outcome.ANSWERED if found.holding else Outcome.NOTHING_FOUND,
        confidence=found.holding[0].coverage if found.holding else 0.0,
        passages=tuple(map(_shown, found.holding)),
        nearest=tuple(map(_shown, found.nearest)),
        index=index,
        elapsed_ms=0.0,
    )


def _shown(held: Held) -> Shown:
    passage = Passage(version=held.version, start=held.run[0], end=held.run[1])
    ranked = Ranked(passage=passage, score=held.score, cosine=held.cosine, coverage=held.coverage)
    return shown(ranked, held.weights)
