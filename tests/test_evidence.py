"""What of a question the passages of a version hold. Every text here is made up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from retrieval.bm25 import Statistics
from retrieval.embedding import TITLE, Reading
from retrieval.evidence import Evidence, Probe
from retrieval.lexical import terms
from retrieval.model import Filter
from retrieval.projection import rounded
from retrieval.segment import Hit, Segment
from retrieval.sentences import sentences
from retrieval.snapshot import View
from retrieval.tables import IndexedVersion
from retrieval.vectors import Scores
from tests.made_up_embedder import Counting
from tests.made_up_index import AXES, MARK, indexed, probe, version, whole

WORDS = "river pump quay sandbag cellar ferry bridge meadow rise fall close open".split()
QUESTIONS = ["river pump", "Which ferry will close the bridge?", "sandbag sandbag meadow", "nowhere"]

wordings = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(
    lambda words: f"{' '.join(words)}.".capitalize()
)
texts = st.lists(wordings, min_size=1, max_size=3).map(" ".join)
entries = st.dictionaries(st.integers(0, 11), st.tuples(texts, st.none() | wordings), max_size=8)
Entries = dict[int, tuple[str, str | None]]


@dataclass(frozen=True, kw_only=True)
class Alone:
    """The evidence of one version."""

    spans: tuple[tuple[int, int], ...]
    cosines: Scores
    likeness: Scores
    held: NDArray[np.bool_]
    beside: NDArray[np.bool_]


def each(found: list[tuple[list[Hit], Evidence]]) -> dict[int, tuple[Hit, Alone]]:
    """By version."""
    return {
        hit.version: (
            hit,
            Alone(
                spans=tuple((start, end) for start, end in evidence.spans[of].tolist()),
                cosines=evidence.cosines[of],
                likeness=evidence.likeness[:, of],
                held=evidence.held[:, of],
                beside=evidence.beside[:, number],
            ),
        )
        for hits, evidence in found
        for number, hit in enumerate(hits)
        for of in [evidence.of(number)]
    }


def equal(one: Alone, other: Alone) -> None:
    assert one.spans == other.spans
    np.testing.assert_allclose(one.cosines, other.cosines, atol=1e-6)
    np.testing.assert_allclose(one.likeness, other.likeness, atol=1e-6)
    np.testing.assert_array_equal(one.held, other.held)
    np.testing.assert_array_equal(one.beside, other.beside)


def by_version(view: View, wanted: Probe, within: Filter | None = None) -> dict[int, tuple[Hit, Alone]]:
    return each(view.evidence(view.retrieve(wanted, 99, within or Filter()), wanted))


def view_of(*segments: list[IndexedVersion], dimension: int = 4) -> View:
    mark = replace(MARK, dimension=dimension)
    return View([Segment.in_memory(one, mark).seen(frozenset(), None) for one in segments])


# ------------------------------------------------------------------------------------------ by hand


TITLED = indexed(
    version(1, "The river rose. It fell by the quay.", title="Pump quay"),
    [(0, 15), (16, 36)],
    np.array([[1, 0, 0, 0], [0.6, 0.8, 0, 0]], dtype=np.float32),
    [AXES[3:], AXES[:2], AXES[2:3]],
)


def test_what_each_passage_holds_with_the_title_before_it() -> None:
    asked = probe(
        AXES[1],
        *("river", "quay", "pump", "nowhere"),
        tokens=np.array([[1, 0, 0, 0], [0, 0, 0.8, 0.6], [0, -1, 0, 0]], dtype=np.float32),
        pairs=[("pump", "quay"), ("river", "rose"), ("rose", "fell"), ("quay", "river"), ("quay", "fell")],
    )
    hit, found = by_version(view_of([TITLED]), asked)[1]
    assert found.spans == ((0, 15), (16, 36))
    np.testing.assert_allclose(found.cosines, [0, 0.8], rtol=1e-6)
    assert hit.cosine == pytest.approx(0.8)
    # the second token is nearer to the title than to anything in the first passage
    np.testing.assert_allclose(found.likeness, np.array([[1, 0], [0.6, 0.8], [0, 0]]), rtol=1e-6)
    assert found.held.tolist() == [[True, False], [True, True], [True, True], [False, False]]
    # side by side are those of one title or passage, in this order
    assert found.beside.tolist() == [True, True, False, False, False]


def test_without_terms_and_tokens_there_is_the_cosine() -> None:
    _, found = by_version(view_of([TITLED]), probe(AXES[0]))[1]
    assert (found.likeness.shape, found.held.shape, found.beside.shape) == ((0, 2), (0, 2), (0,))
    np.testing.assert_allclose(found.cosines, [1, 0.6], rtol=1e-6)


def test_a_passage_without_tokens_is_like_nothing() -> None:
    bare = indexed(version(1, "?! Pump."), [(0, 2), (3, 8)], AXES[:2], [AXES[:0], AXES[:0], AXES[1:2]])
    _, found = by_version(view_of([bare]), probe(AXES[0], "pump", tokens=AXES[:2]))[1]
    assert (found.likeness.tolist(), found.held.tolist()) == ([[0, 0], [0, 1]], [[False, True]])


def test_a_title_counts_once_however_many_passages_there_are() -> None:
    titled = [
        indexed(
            version(key, text, title="Pump"),
            sentences(text),
            np.repeat(AXES[:1], len(sentences(text)), axis=0),
            [AXES[:1], *([AXES[1:2]] * len(sentences(text)))],
        )
        for key, text in ((1, "Rose. Fell. Rose. Fell."), (2, "Rose."))
    ]
    found = by_version(view_of(titled), probe(AXES[0], "pump", tokens=AXES[:1]))
    statistics = Statistics(versions=2, lengths=(2, 5))
    expected = statistics.scores(np.array([[1, 0]]), np.array([[1, 4]]), statistics.weights((2, 0)))
    assert found[1][0].bm25 == pytest.approx(expected[0]) == found[2][0].bm25
    np.testing.assert_allclose(found[1][1].likeness, [[1, 1, 1, 1]])
    assert sum(one.counts[0] for one in titled) == 2


def test_evidence_comes_in_the_order_of_the_hits_of_several_segments() -> None:
    view = view_of([TITLED, whole(version(2, "Pump."), 2)], [whole(version(3, "Quay."), 1)])
    asked = probe(AXES[1], "pump", "quay")
    hits = sorted(view.retrieve(asked, 9, Filter()), key=lambda one: one.version)
    for order in (hits, hits[::-1], [hits[1], hits[2], hits[0]]):
        found = view.evidence(order, asked)
        assert sorted(hit.version for own, _ in found for hit in own) == [1, 2, 3]
        for own, _ in found:  # of one segment together
            assert own == [hit for hit in order if hit in own]
        assert {key: one.spans[-1][1] for key, (_, one) in each(found).items()} == {1: 36, 2: 5, 3: 5}
    assert view.evidence([], asked) == []


# ------------------------------------------------------------------------------------------ whatever is held


def embedded(contents: Mapping[int, tuple[str, str | None]], blog: str = "seen") -> list[IndexedVersion]:
    """Versions as an embedder of no meaning encodes them."""
    made = []
    for key, (text, title) in contents.items():
        spans = tuple(sentences(text))
        [one] = Counting().encode([Reading(title=f"{title}\n" if title else "", text=text, passages=spans)])
        made.append(
            IndexedVersion(
                version=version(key, text, blog, title=title),
                passages=spans,
                vectors=one.vectors,
                tokens=rounded(one.tokens),
                counts=tuple((one.owners == owner).sum() for owner in range(TITLE, len(spans))),
            )
        )
    return made


def probes() -> list[Probe]:
    found = []
    for question in QUESTIONS:
        encoded, wanted = Counting().encode_question(question), terms(question)
        found.append(probe(encoded.vector, *wanted, tokens=encoded.tokens, pairs=tuple(pairwise(wanted))))
    return found


@settings(max_examples=25)
@given(entries)
def test_evidence_of_many_is_that_of_each(contents: Entries) -> None:
    view = view_of(embedded(contents), dimension=8)
    for wanted in probes():
        hits = view.retrieve(wanted, 99, Filter())
        together = each(view.evidence(hits, wanted))
        assert len(together) == len(hits) == len(contents)
        for hit, found in together.values():
            [(_, alone)] = each(view.evidence([hit], wanted)).values()
            equal(found, alone)
            assert max(found.cosines) == pytest.approx(hit.cosine, abs=1e-6)


@settings(max_examples=25)
@given(entries, entries)
def test_versions_in_other_segments_change_no_evidence(contents: Entries, more: Entries) -> None:
    first, other = embedded(contents), embedded({100 + key: one for key, one in more.items()})
    alone, among = view_of(first, dimension=8), view_of(other, first, dimension=8)
    for wanted in probes():
        old, new = by_version(alone, wanted), by_version(among, wanted)
        assert (len(old), len(new)) == (len(first), len(first) + len(other))
        for key, (hit, found) in old.items():
            assert hit.cosine == pytest.approx(new[key][0].cosine, abs=1e-6)
            equal(found, new[key][1])


@settings(max_examples=25)
@given(entries, entries)
def test_a_filter_changes_no_scores_and_no_evidence(contents: Entries, more: Entries) -> None:
    other = embedded({100 + key: one for key, one in more.items()}, "other")
    view = view_of([*embedded(contents), *other], dimension=8)
    for wanted in probes():
        free, some = by_version(view, wanted), by_version(view, wanted, Filter(blogs=frozenset({"seen"})))
        assert some.keys() == contents.keys()
        for key, (hit, found) in some.items():
            assert hit.bm25 == pytest.approx(free[key][0].bm25, rel=1e-12)
            assert hit.cosine == pytest.approx(free[key][0].cosine, abs=1e-6)
            equal(found, free[key][1])
