"""Answers are held against the gold as it says, and the figures are those that arithmetic gives by hand."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, UsageError
from retrieval.evaluate import evaluate, holds, judge
from retrieval.figures import (
    Figure,
    Result,
    auroc,
    by_kind,
    compare,
    figures,
    mcnemar,
    reliability,
    risk_coverage,
    wilson,
)
from retrieval.gold import Gold, GoldQuestion, gold_of
from retrieval.model import Answer, IndexState, Outcome, Passage, Question, Shown, SourceOptions, Span, Version
from tests.command import ORCHARD, REGATTA, ndjson
from tests.made_up_index import NOW, version

RISING = version(1, "The river rose. It fell “at once”.")
CALM = version(4, "The river is calm.")
INDEX = IndexState(blogs=1, entries=2, passages=2, first=None, last=None, updated=NOW, snapshot="s")


def shown(held: Version, highlights: Sequence[Span] = (), also: Sequence[Version] = ()) -> Shown:
    repeats = tuple(Passage(version=one, start=0, end=len(one.text)) for one in also)
    whole = Passage(version=held, start=0, end=len(held.text))
    return Shown(passage=whole, highlights=tuple(highlights), lead=None, score=1.0, also=repeats)


def answer(*listed: Shown, outcome: Outcome = Outcome.ANSWERED, ranking: Sequence[Version] = ()) -> Answer:
    answered = outcome is Outcome.ANSWERED
    return Answer(
        question=Question(text="What did the river do?"),
        outcome=outcome,
        confidence=0.5,
        passages=listed if answered else (),
        nearest=() if answered else listed,
        index=INDEX,
        elapsed_ms=3.0,
        ranking=tuple(ranking),
    )


def gold(*entries: str, answers: Sequence[str] = ()) -> GoldQuestion:
    return GoldQuestion(
        line=1, question="What did the river do?", entries=entries, answers=tuple(answers), kind="fact"
    )


def judged(question: GoldQuestion, given: Answer) -> tuple[int | None, bool, bool | None, bool | None, str | None]:
    found = judge(question, given)
    assert (found.question, found.blog, found.kind) == (question.question, None, "fact")
    assert (found.answerable, found.outcome, found.confidence) == (question.answerable, given.outcome, 0.5)
    assert found.elapsed_ms == 3.0
    return found.rank, found.right, found.shown, found.highlighted, found.first


# ------------------------------------------------------------------------------------------------ one answer


def test_an_answer_from_an_accepted_entry() -> None:
    question = gold("flood/1", answers=["nothing", "it fell"])
    assert judged(question, answer(shown(RISING, [(16, 34)]), ranking=[RISING, CALM])) == (
        1,
        True,
        True,
        True,
        "flood/1",
    )
    assert judged(question, answer(shown(RISING, [(0, 15)]), ranking=[RISING, CALM])) == (
        1,
        True,
        True,
        False,
        "flood/1",
    )


def test_an_answer_from_another_entry() -> None:
    question = gold("flood/1", answers=["it fell"])
    assert judged(question, answer(shown(CALM, [(0, 18)]), ranking=[CALM, RISING])) == (
        2,
        False,
        False,
        None,
        "flood/4",
    )


def test_silence_ranks_and_highlights_and_shows_nothing() -> None:
    question = gold("flood/1", answers=["it fell"])
    silent = answer(shown(RISING, [(16, 34)]), outcome=Outcome.NOTHING_FOUND, ranking=[RISING])
    assert judged(question, silent) == (1, True, False, True, "flood/1")
    assert judged(question, answer(outcome=Outcome.NOTHING_IN_RANGE)) == (None, False, False, None, None)


def test_entries_that_were_not_ranked_count_in_the_order_in_which_they_are_listed() -> None:
    listed = answer(shown(CALM), shown(RISING))
    assert judged(gold("flood/1"), listed) == (2, False, None, None, "flood/4")
    assert judged(gold("flood/4", answers=["calm"]), listed) == (1, True, True, None, "flood/4")


def test_a_passage_that_repeats_an_accepted_entry_is_right() -> None:
    folded = answer(shown(CALM, [(0, 18)], also=[RISING]), ranking=[RISING, CALM])
    assert judged(gold("flood/1"), folded) == (1, True, None, None, "flood/4")


def test_only_the_first_ten_ranks_count() -> None:
    others = [version(number, "Calm.") for number in range(10, 20)]
    assert judged(gold("flood/1"), answer(shown(others[0]), ranking=[*others[:9], RISING]))[0] == 10
    assert judged(gold("flood/1"), answer(shown(others[0]), ranking=[*others, RISING]))[0] is None


def test_nothing_is_right_where_nothing_answers() -> None:
    given = answer(shown(RISING, [(0, 15)]), ranking=[RISING])
    assert judged(gold(), given) == (None, False, None, None, "flood/1")
    assert judge(gold(), given).answered


@pytest.mark.parametrize(
    ("text", "answers", "expected"),
    [
        ("It fell “at once”.", ['"at once"'], True),
        ("It fell\n at once.", ["FELL at"], True),
        ("A toll of 1,400 children – at least.", ["1,400 children - at"], True),
        ("There were 1,510 reports.", ["51"], False),
        ("There were 51 reports.", ["report"], False),
        ("There were 51 reports.", ["none", "51 reports"], True),
        ("There were 51 reports.", [], False),
    ],
)
def test_whole_words_are_held_whatever_the_form_of_their_marks(text: str, answers: list[str], expected: bool) -> None:
    assert holds(text, answers) is expected


# ------------------------------------------------------------------------------------------------ the figures

RIGHT = Result(
    question="1",
    blog=None,
    kind="fact",
    answerable=True,
    outcome=Outcome.ANSWERED,
    confidence=0.9,
    rank=1,
    right=True,
    shown=True,
    highlighted=True,
    first="flood/1",
    elapsed_ms=10.0,
)
SILENT = Outcome.NOTHING_FOUND
NOTHING = replace(RIGHT, kind="none", answerable=False, rank=None, right=False, shown=None, highlighted=None)

RESULTS = (
    RIGHT,
    replace(RIGHT, question="2", confidence=0.8, highlighted=False, elapsed_ms=20.0),
    replace(RIGHT, question="3", confidence=0.6, rank=2, right=False, shown=False, highlighted=None, elapsed_ms=30.0),
    replace(RIGHT, question="4", confidence=0.1, outcome=SILENT, shown=False, elapsed_ms=40.0),
    replace(RIGHT, question="5", kind="time", confidence=1.0, shown=None, highlighted=None, elapsed_ms=50.0),
    replace(
        RIGHT, question="6", confidence=0.0, outcome=SILENT, rank=None, right=False, shown=False, highlighted=None,
        elapsed_ms=60.0,
    ),
    replace(NOTHING, question="7", confidence=0.6, elapsed_ms=70.0),
    replace(NOTHING, question="8", confidence=0.1, outcome=SILENT, elapsed_ms=80.0),
)  # fmt: skip


def test_the_figures_are_those_worked_out_by_hand() -> None:
    named = figures(RESULTS).named()
    assert {name: (one.hits, one.n) for name, one in named.items()} == {
        "r_at_1": (4, 6),
        "r_at_3": (5, 6),
        "r_at_5": (5, 6),
        "mrr": (None, 6),
        "answered": (4, 6),
        "answered_rightly": (3, 6),
        "answer_shown": (2, 5),
        "answer_in_highlight": (2, 3),
        "false_answers": (1, 2),
        "answered_at_tolerated": (3, 6),
        "auroc": (None, 6),
        "ece": (None, 8),
        "brier": (None, 8),
        "aurc": (None, 8),
        "median_ms": (None, 8),
        "p95_ms": (None, 8),
    }
    values = {name: one.value for name, one in named.items() if one.hits is None}
    assert values == pytest.approx(
        {
            "mrr": (4 * 1 + 1 / 2) / 6,
            # .9, .8, .1 and 1 against .6 and .1: of eight pairs six are won and one is tied
            "auroc": 6.5 / 8,
            # bins: {0: wrong}, {.1: right, .1: wrong}, {.6: two wrong}, {.8: right}, {.9, 1: right}
            "ece": (1 * 0 + 2 * abs(0.1 - 0.5) + 2 * 0.6 + 1 * 0.2 + 2 * 0.05) / 8,
            "brier": (0.01 + 0.04 + 0.36 + 0.81 + 0 + 0 + 0.36 + 0.01) / 8,
            # right: 1, .9, .8; then two of .6 wrong, two of .1 of which one is wrong, and a wrong one
            "aurc": (0 + 0 + 0 + 1 / 4 + 2 / 5 + 2.5 / 6 + 3 / 7 + 4 / 8) / 8,
            "median_ms": 40.0,
            "p95_ms": 80.0,
        }
    )


def test_of_no_questions_there_are_no_figures() -> None:
    assert {(one.value, one.n) for one in figures(()).named().values()} == {(None, 0)}
    alone = figures([one for one in RESULTS if one.answerable])
    assert (alone.false_answers, alone.auroc) == (Figure(value=None, n=0, hits=0), Figure(value=None, n=4))
    assert alone.answered_at_tolerated == Figure(value=None, n=6)
    assert alone.false_answers.interval is None


def test_each_kind_has_its_figures() -> None:
    kinds = by_kind(RESULTS)
    assert list(kinds) == ["fact", "time", "none"]
    assert (kinds["fact"].r_at_1.hits, kinds["fact"].r_at_1.n) == (3, 5)
    assert kinds["none"].false_answers == Figure(value=0.5, n=2, hits=1)


def test_the_bins_of_reliability() -> None:
    found = [
        (one.low, one.high, round(one.confidence, 6), one.right.hits, one.right.n) for one in reliability(RESULTS)
    ]
    assert found == [
        (0.0, 0.1, 0.0, 0, 1),
        (0.1, 0.2, 0.1, 1, 2),
        (0.6, 0.7, 0.6, 0, 2),
        (0.8, 0.9, 0.8, 1, 1),
        (0.9, 1.0, 0.95, 2, 2),
    ]


def test_risk_and_coverage() -> None:
    coverages, risks = zip(*risk_coverage(RESULTS), strict=True)
    assert coverages == (1 / 8, 2 / 8, 3 / 8, 4 / 8, 5 / 8, 6 / 8, 7 / 8, 1)
    assert risks == pytest.approx((0, 0, 0, 1 / 4, 2 / 5, 2.5 / 6, 3 / 7, 4 / 8))
    assert risk_coverage(RESULTS[::-1]) == risk_coverage(RESULTS)


def test_at_most_five_of_a_hundred_false_answers_are_tolerated() -> None:
    nothing = [replace(NOTHING, question=f"n{number}", confidence=number / 100) for number in range(100)]
    asked = [replace(RIGHT, question=f"a{number}", confidence=number / 100) for number in range(100)]
    # above .94 are the five of .95 to .99
    assert figures([*nothing, *asked]).answered_at_tolerated == Figure(value=0.05, n=100, hits=5)
    assert figures([*nothing[:19], *asked]).answered_at_tolerated == Figure(value=0.81, n=100, hits=81)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 6, 0.0, 0.3903), (20, 20, 0.8389, 1.0), (19, 20, 0.7639, 0.9911), (81, 263, 0.2553, 0.3662)],
)
def test_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    """The last one is Newcombe's example (1998)."""
    assert wilson(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_share(pair: tuple[int, int]) -> None:
    low, high = wilson(*pair)
    assert 0 <= low <= pair[0] / pair[1] <= high <= 1


confidences = st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]) | st.floats(0, 1), min_size=1, max_size=30)


@given(confidences, confidences)
def test_auroc_is_scikit_learns(positives: list[float], negatives: list[float]) -> None:
    from sklearn.metrics import roc_auc_score  # importing it takes seconds

    found = auroc(positives, negatives)
    truth = [1] * len(positives) + [0] * len(negatives)
    assert found.value == pytest.approx(roc_auc_score(truth, positives + negatives))
    assert found.n == len(truth)


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=30))
def test_brier_is_scikit_learns_and_the_curve_ends_at_all(pairs: list[tuple[bool, float]]) -> None:
    from sklearn.metrics import brier_score_loss

    results = [replace(RIGHT, right=right, confidence=sure) for right, sure in pairs]
    flags = [right for right, _ in pairs]
    assert figures(results).brier.value == pytest.approx(
        brier_score_loss(flags, [sure for _, sure in pairs], labels=[False, True])
    )
    assert risk_coverage(results)[-1] == pytest.approx((1.0, flags.count(False) / len(flags)))
    assert sum(one.right.n for one in reliability(results)) == len(results)


# ------------------------------------------------------------------------------------------------ two runs


def test_a_comparison_names_what_changed() -> None:
    before = RESULTS
    after = (
        replace(RESULTS[0], rank=2, right=False),
        RESULTS[1],
        replace(RESULTS[2], rank=1, right=True),
        replace(RESULTS[3], outcome=Outcome.ANSWERED),
        replace(RESULTS[4], outcome=SILENT),
        replace(RESULTS[5], rank=1, right=True),
        replace(RESULTS[6], answerable=True),
        replace(RESULTS[7], outcome=Outcome.ANSWERED),
        replace(RIGHT, question="9"),
    )
    found = compare(before, after)
    assert found.common == 7
    assert [[one.question for one in some] for some in (found.newly_right, found.newly_wrong)] == [["3", "6"], ["1"]]
    assert [[one.question for one in some] for some in (found.newly_answered, found.newly_silent)] == [
        ["4", "8"],
        ["5"],
    ]
    assert (found.before.r_at_1, found.after.r_at_1) == (
        Figure(value=4 / 6, n=6, hits=4),
        Figure(value=5 / 6, n=6, hits=5),
    )
    assert found.before.false_answers == Figure(value=0.0, n=1, hits=0)
    assert found.p_value == 1.0


def test_two_runs_of_other_questions_have_nothing_in_common() -> None:
    found = compare(RESULTS[:1], RESULTS[1:])
    assert (found.common, found.p_value, found.after.r_at_1.value) == (0, None, None)


@pytest.mark.parametrize(
    ("gained", "lost", "expected"),
    [(0, 0, None), (1, 0, 1.0), (6, 0, 2 / 64), (0, 6, 2 / 64), (7, 1, 2 * 9 / 256), (5, 5, 1.0)],
)
def test_mcnemars_exact_test(gained: int, lost: int, expected: float | None) -> None:
    assert mcnemar(gained, lost) == expected


def test_mcnemars_test_of_many() -> None:
    found = mcnemar(5_000, 4_800)
    assert found is not None
    # near enough to the normal approximation: |b - c| / sqrt(b + c)
    assert found == pytest.approx(math.erfc(199 / math.sqrt(9_800) / math.sqrt(2)), rel=0.01)


# ------------------------------------------------------------------------------------------------ an archive


def questions(*rows: str) -> Gold:
    return gold_of("\n".join(rows), "gold.jsonl", "0" * 64)


@pytest.fixture
def regatta(make_archive: Callable[..., Archive], tmp_path: Path) -> Archive:
    archive = make_archive(
        ndjson(tmp_path / "regatta.ndjson", REGATTA), options=SourceOptions(timezone="Europe/London", blog="regatta")
    )
    more = ndjson(tmp_path / "orchard.ndjson", ORCHARD)
    archive.add([str(more)], SourceOptions(timezone="America/New_York", blog="orchard"), NOW, lambda *_: None)
    return archive


def test_an_archive_is_asked_as_anyone_asks_it(regatta: Archive) -> None:
    found = evaluate(
        regatta,
        questions(
            '{"question": "Who won the Quillhaven cup?", "times": ["16:40"], "answers": ["Bramble"]}',
            '{"question": "What was posted at 11.30am?", "entries": ["regatta/r2"], "answers": ["lost her mast"]}',
            '{"question": "Who lost her mast off Gannet Point?", "times": ["2031-06-14T10:30Z"], "blog": "regatta"}',
            '{"question": "Who won the Quillhaven cup?", "times": ["15:45"], "blog": "orchard"}',
            '{"question": "What is the capital of Mongolia?", "times": []}',
        ),
        lambda *_: None,
    )
    assert [(one.rank == 1, one.right, one.first) for one in found.results[:3]] == [
        (True, True, "regatta/r4"),
        (True, True, "regatta/r2"),
        (True, True, "regatta/r2"),
    ]
    assert [one.shown for one in found.results[:3]] == [True, True, None]
    assert found.results[0].highlighted is True
    assert found.results[3].first in ("orchard/o1", "orchard/o2")
    assert not found.results[4].answered
    assert found.warnings == ()
    assert (found.snapshot, found.model) == (regatta.snapshot().manifest.id, regatta.model_name)


def test_times_and_ids_that_no_entry_bears_are_warnings_and_misses(regatta: Archive) -> None:
    regatta.hold("regatta/r3", None, NOW)
    found = evaluate(
        regatta,
        questions(
            '{"question": "Who won the Quillhaven cup?", "times": ["16:41", "08:00"], "note": "x"}',
            '{"question": "Who won?", "times": ["16:40", "2031-06-14T16:40-04:00"], "blog": "orchard"}',
            '{"question": "Why is lunch late?", "times": ["13:15"], "entries": ["regatta/r3", "regatta/r9"]}',
        ),
        lambda *_: None,
    )
    assert found.warnings[1:] == (
        "line 1: no entry of 16:41 is indexed",
        "line 2: no entry of 16:40 is indexed",
        "line 2: no entry of 2031-06-14T16:40-04:00 is indexed",
        "line 3: no entry of 13:15 is indexed",
        "line 3: no entry regatta/r3 is indexed",
        "line 3: no entry regatta/r9 is indexed",
    )
    assert found.warnings[0].startswith('line 1: the field "note" is not read')
    assert [one.right for one in found.results] == [False, False, False]


def test_a_blog_that_there_is_not_is_refused_before_anything_is_asked(
    regatta: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("a question was asked")

    monkeypatch.setattr(Archive, "ask", asked)
    gold = questions(
        '{"question": "a?", "times": [], "blog": "regatta"}',
        '{"question": "b?", "times": [], "blog": "sailing"}',
        '{"question": "c?", "times": [], "blog": "sailing"}',
    )
    with pytest.raises(UsageError) as caught:
        evaluate(regatta, gold, lambda *_: None)
    assert str(caught.value) == (
        "gold.jsonl: 2 lines are wrong: line 2: 'blog' is 'sailing', and there is no such blog; "
        "line 3: 'blog' is 'sailing', and there is no such blog; see `stet status` for the blogs and their ids"
    )


def test_an_empty_archive_answers_nothing(make_archive: Callable[..., Archive]) -> None:
    with pytest.raises(NothingIndexed):
        evaluate(make_archive(), questions('{"question": "a?", "times": []}'), lambda *_: None)


def test_an_index_that_is_changed_meanwhile_is_told(regatta: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    ask, asked = Archive.ask, []

    def changed(self: Archive, text: str, **more: Any) -> Answer:
        asked.append(text)
        given = ask(self, text, **more)
        return replace(given, index=replace(given.index, snapshot=f"s{len(asked) // 3}"))

    monkeypatch.setattr(Archive, "ask", changed)
    done: list[tuple[int, int]] = []
    rows = [f'{{"question": "{word}?", "times": []}}' for word in ("a", "b")]
    found = evaluate(regatta, questions(*rows), lambda *counts: done.append(counts))
    assert asked == ["a?", "a?", "b?"]
    assert done == [(1, 2), (2, 2)]
    assert found.snapshot == "s1"
    assert found.warnings == ("the index was changed meanwhile: the first questions were asked of an earlier one",)
