"""What one asker may see decides scores, confidence and counts: not how the index came about.

Every text here is made up.
"""

from __future__ import annotations

import tempfile
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, update

from retrieval import building, schema
from retrieval.answers import answer
from retrieval.confidence import Prefer
from retrieval.contents import indexed
from retrieval.evidence import Probe
from retrieval.indexing import index
from retrieval.lexical import terms
from retrieval.model import Answer, Filter, IndexState, Question, SourceOptions, Version
from retrieval.search import Searched, search
from retrieval.segment import Segment
from retrieval.snapshot import Snapshot, View
from retrieval.store import Store
from tests.made_up_embedder import Counting
from tests.made_up_index import AXES, MARK, NOW, START, probe, version, whole
from tests.test_evidence import QUESTIONS, WORDS, by_version, entries, equal
from tests.test_ingest import line, take, write

SEEN = frozenset({"seen"})
STATE = IndexState(blogs=0, entries=0, passages=0, first=None, last=None, updated=NOW, snapshot="")

steps = st.lists(
    st.tuples(st.sampled_from(["seen", "unseen"]), entries, st.sets(st.integers(0, 11), max_size=3)),
    min_size=1,
    max_size=5,
)


class Made:
    """A store, an embedder of no meaning, and the snapshot of it, brought up to date at every step."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "archive.db")
        self.embedder = Counting()

    def step(self, blog: str, changed: dict[int, tuple[str, str | None]], gone: set[int]) -> None:
        rows = [line(str(n), text, title=title) for n, (text, title) in changed.items()]
        if rows:
            options = SourceOptions(blog=blog)
            take(self.store, write(self.folder / f"{blog}.jsonl", "".join(rows)), options=options)
        for one in gone:
            self.delete(blog, str(one))
        self.index()

    def delete(self, blog: str, entry: str) -> None:
        """As recording does where a source says that an entry is gone."""
        entries = schema.entries
        with self.store._writing() as connection:
            key = connection.execute(
                update(entries)
                .where(entries.c.blog == blog, entries.c.id == entry, entries.c.status == "live")
                .values(status="deleted")
                .returning(entries.c.key)
            ).scalar()
            if key is not None:
                connection.execute(insert(schema.changes).values(at=0, entry=key, version=1, kind="deleted"))

    def index(self) -> None:
        index(self.store, self.folder / "index", "counting", lambda: self.embedder, NOW, lambda *_: None)

    def fresh(self) -> View:
        """A snapshot of what is visible alone, built at once."""
        versions = [one for one in self.store.live_versions() if one.entry.blog.id in SEEN]
        mark = replace(MARK, fingerprint="a", dimension=8)
        building.build(self.folder / "fresh", [indexed(self.store, mark, versions)], mark, 0, NOW)
        return Snapshot.open(self.folder / "fresh").view()

    def probe(self, question: str) -> Probe:
        encoded = self.embedder.encode_question(question)
        wanted = terms(question)
        return probe(encoded.vector, *wanted, tokens=encoded.tokens, pairs=tuple(pairwise(wanted)))

    def search(self, view: View, question: str) -> Searched:
        encoded = self.embedder.encode_question(question)
        return search(view, self.store, self.store.blogs(), question, encoded, Filter(), lambda one: one.current)

    def answer(self, view: View, question: str) -> Answer:
        return answer(Question(text=question), self.search(view, question), STATE, Prefer.BALANCED)


def close(left: Searched, right: Searched) -> None:
    """The same was found, by the same signs."""
    assert [one.version for one in left.candidates] == [one.version for one in right.candidates]
    for one, other in zip(left.candidates, right.candidates, strict=True):
        assert (one.highlight, one.window) == (other.highlight, other.window)
        np.testing.assert_allclose(astuple(one.signs), astuple(other.signs), rtol=1e-5, atol=1e-6)
        assert one.fit == pytest.approx(other.fit, rel=1e-5)


def shown(found: Answer) -> list[tuple[Version, int, int]]:
    every = [one.passage for one in (*found.passages, *found.nearest)]
    return [(one.version, one.start, one.end) for one in every]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps)
def test_neither_history_nor_what_others_see_changes_anything(
    monkeypatch: pytest.MonkeyPatch, history: list[tuple[str, dict[int, tuple[str, str | None]], set[int]]]
) -> None:
    monkeypatch.setattr(building, "_SMALL", 1)
    with tempfile.TemporaryDirectory() as folder:
        made = Made(Path(folder))
        for step in history:
            made.step(*step)
        view, fresh = Snapshot.open(made.folder / "index").view(SEEN), made.fresh()
        assert view.count(Filter()) == view.count(Filter(blogs=SEEN)) == fresh.count(Filter())
        for word in [*terms(" ".join(WORDS)), "nowhere"]:
            assert view.rarity(word) == pytest.approx(fresh.rarity(word), abs=1e-12)
        for question in QUESTIONS:
            assert view.most(terms(question)) == pytest.approx(fresh.most(terms(question)))
            one, other = by_version(view, made.probe(question)), by_version(fresh, made.probe(question))
            assert one.keys() == other.keys()
            for key in one:
                assert one[key][0].cosine == pytest.approx(other[key][0].cosine, abs=1e-6)
                assert one[key][0].bm25 == pytest.approx(other[key][0].bm25, rel=1e-9)
                equal(one[key][1], other[key][1])
            close(made.search(view, question), made.search(fresh, question))
            left, right = made.answer(view, question), made.answer(fresh, question)
            assert left.confidence == pytest.approx(right.confidence, abs=1e-6)
            assert (left.outcome, shown(left)) == (right.outcome, shown(right))
        made.store.close()


# ------------------------------------------------------------------------------------------ one snapshot, many views

BLOGS = ("flood", "other", "private")
RIVER = probe(AXES[0], "river")


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """Thirty versions of three blogs, each with its number in words; the river in every third."""
    folder = tmp_path_factory.mktemp("views")
    versions = [whole(version(n, f"Pump {n}{' river' * (n % 3)}.", BLOGS[n % 3]), n % 4) for n in range(30)]
    building.build(folder, [versions], MARK, 0, NOW)
    return Snapshot.open(folder)


def found(view: View, limit: int = 99, within: Filter | None = None) -> set[int]:
    return {one.version for one in view.retrieve(probe(AXES[0], "pump"), limit, within or Filter())}


def test_versions_that_are_left_out_are_not_found_and_others_come_instead(opened: Snapshot) -> None:
    best = sorted(one.version for one in opened.view().retrieve(RIVER, 3, Filter()))
    without = opened.view(without=frozenset(best))
    instead = sorted(one.version for one in without.retrieve(RIVER, 3, Filter()))
    assert (best, instead) == ([0, 2, 4, 5, 8], [11, 12, 14, 16, 17, 20])
    assert without.count(Filter()) == 30 - len(best)


def test_a_filter_narrows_what_is_found_and_not_how_it_is_scored(opened: Snapshot) -> None:
    view = opened.view(frozenset({"flood", "other"}))
    free = {one.version: one.bm25 for one in view.retrieve(probe(AXES[0], "pump", "river"), 99, Filter())}
    assert len(free) == 20
    for within in (Filter(blogs=frozenset({"other"})), Filter(since=START, until=START + timedelta(hours=7))):
        some = view.retrieve(probe(AXES[0], "pump", "river"), 99, within)
        assert 0 < len(some) < 20
        assert {one.version: one.bm25 for one in some} == {one.version: free[one.version] for one in some}
        assert view.rarity("river") == opened.view(frozenset({"flood", "other"})).rarity("river")


def test_who_sees_less_has_other_scores(opened: Snapshot) -> None:
    assert opened.view(frozenset({"flood"})).rarity("river") == 1
    assert opened.view(frozenset({"private"})).rarity("river") < 0.1
    assert found(opened.view(frozenset({"flood"}))) == set(range(0, 30, 3))
    assert found(opened.view(frozenset())) == set()
    assert opened.view(frozenset()).count(Filter()) == 0
    assert opened.view(frozenset()).rarity("pump") == 1


@pytest.mark.parametrize("few", [True, False])
def test_within_a_view_as_many_are_found_as_are_wanted(opened: Snapshot, few: bool) -> None:
    without = frozenset(range(25) if not few else range(5))
    view = opened.view(without=without)
    assert found(view, 5) <= set(range(30)) - without
    nearest = view.retrieve(probe(AXES[0]), 5, Filter())
    assert len(nearest) == 5
    best = [one for one in view.retrieve(probe(AXES[0], "pump"), 5, Filter()) if one.bm25]
    assert len(best) >= 5


def test_a_segment_put_beside_counts_like_the_others(opened: Snapshot) -> None:
    more = [whole(version(n, f"Pump {n}.", "flood"), n - 40) for n in (40, 41)]
    beside = Segment.in_memory(more, MARK)
    view = opened.view(frozenset({"flood"}), besides=[beside])
    assert view.count(Filter()) == 12
    assert {40, 41} <= found(view)
    assert view.rarity("pump") < opened.view(frozenset({"flood"})).rarity("pump")
    assert found(opened.view(frozenset({"other"}), besides=[beside])) == set(range(1, 30, 3))


def test_times_are_kept_in_memory_too() -> None:
    at = datetime(2031, 2, 3, 18, tzinfo=UTC)
    beside = Segment.in_memory([whole(version(1, "Pump."))], MARK)
    view = View([beside.seen(frozenset(), None)])
    assert found(view, within=Filter(since=at)) == {1}
    assert found(view, within=Filter(until=at)) == set()
