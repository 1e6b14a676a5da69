"""Scores by the textbook, on words of our own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from retrieval.bm25 import Statistics, Terms, flattened, hashed, idf

VERSIONS: list[tuple[list[str], list[str]]] = [
    (["river"], ["river", "rise", "river"]),
    ([], ["pump"]),
    (["quay", "river"], ["pump", "calm"]),
    ([], []),
]
LENGTHS = np.array([[len(title), len(text)] for title, text in VERSIONS])
TERMS = Terms(flattened(term for title, text in VERSIONS for term in [*title, *text]), LENGTHS)
ALL = np.arange(4)


def textbook(term: str, version: tuple[list[str], list[str]], among: list[tuple[list[str], list[str]]]) -> float:
    whole = 0.0
    for field in (0, 1):
        count = version[field].count(term)
        holding = sum(term in one[field] for one in among)
        mean = sum(len(one[field]) for one in among) / len(among)
        if count:
            rare = math.log(1 + (len(among) - holding + 0.5) / (holding + 0.5))
            length = 1 - 0.75 + 0.75 * len(version[field]) / mean
            whole += rare * count * 2.2 / (count + 1.2 * length)
    return whole


def test_a_term_is_counted_by_field() -> None:
    rows = TERMS.of(ALL)
    assert rows.counts("river").tolist() == [[1, 2], [0, 0], [1, 0], [0, 0]]
    assert rows.counts("nowhere").tolist() == [[0, 0]] * 4
    assert (rows.holding("river"), rows.holding("pump")) == ((2, 1), (0, 2))
    some = TERMS.of(np.array([3, 2, 0]))
    assert some.counts("river").tolist() == [[0, 0], [1, 0], [1, 2]]
    assert some.lengths.tolist() == [[0, 0], [2, 2], [1, 3]]
    assert TERMS.of(np.array([], dtype=np.int64)).holding("river") == (0, 0)


@pytest.mark.parametrize("term", ["river", "pump", "quay", "nowhere"])
def test_scores_are_the_textbook_s(term: str) -> None:
    rows = TERMS.of(ALL)
    statistics = Statistics(versions=4, lengths=(3, 6))
    scores = statistics.scores(rows.counts(term), rows.lengths, statistics.weights(rows.holding(term)))
    np.testing.assert_allclose(scores, [textbook(term, one, VERSIONS) for one in VERSIONS], rtol=1e-12)


def test_what_a_score_comes_near_to_is_never_passed() -> None:
    statistics = Statistics(versions=20, lengths=(0, 60))
    weights = statistics.weights((0, 4))
    assert statistics.most((0, 4)) == pytest.approx(math.log(1 + 16.5 / 4.5) * 2.2)
    scores = [
        statistics.scores(np.array([[0, count]]), np.array([[0, length]]), weights)[0]
        for count, length in ((1, 3), (9, 9), (10**6, 10**6))
    ]
    np.testing.assert_allclose(scores[0], weights[1])  # once, in a text of the mean length
    assert scores[0] < scores[1] < statistics.most((0, 4))
    assert scores[2] < statistics.most((0, 4))
    assert statistics.most((3, 0)) == idf(20, 0) * 2.2


def test_statistics_of_parts_add_up() -> None:
    left, right = Statistics(versions=1, lengths=(1, 3)), Statistics(versions=3, lengths=(2, 3))
    assert left + right == Statistics(versions=4, lengths=(3, 6))


def test_rarity_lies_between_0_and_1_and_falls_with_frequency() -> None:
    statistics = Statistics(versions=20, lengths=(0, 20))
    rarities = [statistics.rarity((0, held)) for held in (0, 1, 5, 20)]
    assert rarities[0] == 1
    assert rarities == sorted(rarities, reverse=True)
    assert 0 <= rarities[-1] < 0.01
    assert statistics.rarity((5, 3)) == statistics.rarity((0, 5))
    assert Statistics(versions=0, lengths=(0, 0)).rarity((0, 0)) == 1
    assert idf(20, 20) > 0


def test_a_term_s_hash_is_the_same_on_every_machine() -> None:
    assert hashed("river") == 0x9F647F3CE8039A96
