"""What of a question the passages of entries hold: their vectors' likeness, their tokens', and the words themselves.
Plain arithmetic over arrays, for many versions at once.

A version's runs are its title and its passages, in order; its title is read with each of its passages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.bm25 import hashed
from retrieval.projection import STEPS
from retrieval.vectors import Ids, Scores

_TOKENS_AT_ONCE = 20_000
"""Tokens whose vectors are compared at once: 8 MB of numbers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Probe:
    """What is looked for: a question's vector, its tokens', shape (tokens, width), its terms in every language that
    is meant, and those that stand side by side in it."""

    vector: Scores
    tokens: Scores
    terms: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evidence:
    """What of a question the passages of some versions hold, one version's after the other's, a title read with each
    of its passages.

    `firsts`, shape (versions,), are the places at which the versions' passages begin; `spans`, shape (passages, 2),
    and `cosines` are the passages'; `likeness`, shape (tokens, passages), the greatest cosine of each of the
    question's tokens to any of a passage's; `held`, shape (terms, passages), which terms stand in it; `beside`, shape
    (pairs, versions), which pairs stand side by side somewhere in a version."""

    firsts: Ids
    spans: Ids
    cosines: Scores
    likeness: Scores
    held: NDArray[np.bool_]
    beside: NDArray[np.bool_]

    def of(self, version: int) -> slice:
        """The places of a version's passages, by its own."""
        end = self.firsts[version + 1] if version + 1 < len(self.firsts) else len(self.spans)
        return slice(int(self.firsts[version]), int(end))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Runs:
    """Rows of runs, one run's after the other's, and how many each run has."""

    rows: NDArray[Any]
    sizes: Ids


def evidence_of(probe: Probe, *, counts: Ids, spans: Ids, cosines: Scores, terms: Runs, tokens: Runs) -> Evidence:
    """The evidence of versions that have `counts` passages each, at least one. `terms` are the hashes of all runs'
    terms, `tokens` the vectors of their tokens, a byte a number."""
    titles = starts_of(counts + 1)
    of_titles = np.repeat(titles, counts)
    of_passages = np.delete(np.arange(len(terms.sizes)), titles)
    likeness = _greatest(probe.tokens, tokens.rows, tokens.sizes)
    held = _held(probe.terms, terms.rows, terms.sizes)
    beside = _beside(probe.pairs, terms.rows, terms.sizes)
    return Evidence(
        firsts=starts_of(counts),
        spans=spans,
        cosines=cosines,
        likeness=np.maximum(likeness[:, of_passages], likeness[:, of_titles]),
        held=held[:, of_passages] | held[:, of_titles],
        beside=np.logical_or.reduceat(beside, titles, axis=1),
    )


def _greatest(wanted: Scores, stored: NDArray[np.int8], counts: NDArray[np.int64]) -> Scores:
    """The greatest cosine of each wanted token to any of each run's, shape (wanted, runs); 0 where a run is empty."""
    found = np.zeros((len(wanted), len(counts)), dtype=np.float32)
    filled = counts > 0
    if filled.any() and len(wanted):
        sought = wanted.T / np.float32(STEPS)  # in place of the many that are stored
        # by rows, where a run's tokens lie together; and few at a time, since entries may be long
        for some in np.array_split(np.flatnonzero(filled), -(-len(stored) // _TOKENS_AT_ONCE)):
            if some.size:
                starts = starts_of(counts)[some]
                part = stored[starts[0] : starts[-1] + counts[some[-1]]].astype(np.float32)
                found[:, some] = np.maximum.reduceat(part @ sought, starts - starts[0], axis=0).T
    return found


def _held(terms: Sequence[str], hashes: NDArray[np.uint64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which terms stand in which run, shape (terms, runs)."""
    found = np.zeros((len(terms), len(counts)), dtype=bool)
    owners = np.repeat(np.arange(len(counts)), counts)
    for number, term in enumerate(terms):
        found[number, owners[hashes == np.uint64(hashed(term))]] = True
    return found


def _beside(
    pairs: Sequence[tuple[str, str]], hashes: NDArray[np.uint64], counts: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which pairs stand side by side in which run, shape (pairs, runs)."""
    found = np.zeros((len(pairs), len(counts)), dtype=bool)
    owners = np.repeat(np.arange(len(counts)), counts)
    together = owners[:-1] == owners[1:]
    for number, (one, other) in enumerate(pairs):
        there = together & (hashes[:-1] == np.uint64(hashed(one))) & (hashes[1:] == np.uint64(hashed(other)))
        found[number, owners[:-1][there]] = True
    return found


def runs(counts: Ids, titles: NDArray[np.int32], passages: NDArray[np.int32]) -> Ids:
    """The sizes of all runs of versions that have `counts` passages each: each title's stands before those of its
    passages."""
    sizes = np.empty(len(titles) + len(passages), dtype=np.int64)
    at = starts_of(counts + 1)
    others = np.ones(len(sizes), dtype=bool)
    others[at] = False
    sizes[at], sizes[others] = titles, passages
    return sizes


def starts_of(lengths: Ids) -> Ids:
    """Where each of several runs begins that follow one another."""
    starts: Ids = np.cumsum(lengths) - lengths
    return starts


def ranges_of(starts: Ids, counts: Ids) -> Ids:
    """The numbers of several ranges, one after the other."""
    found: Ids = np.arange(counts.sum()) + np.repeat(starts - starts_of(counts), counts)
    return found
