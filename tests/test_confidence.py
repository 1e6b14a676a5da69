"""The probability that is made of a fit, by hand."""

from __future__ import annotations

import math
from dataclasses import astuple

import pytest

from retrieval import confidence as module
from retrieval.confidence import CROWD, INTERCEPT, LEAD, LONGEST_LEAD, SLOPE, SURE, THRESHOLDS, Prefer, confidence
from retrieval.ranking import WEIGHTS

BEST = sum(astuple(WEIGHTS))


def test_it_is_the_logistic_of_fit_crowd_and_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SLOPE": 0.5, "INTERCEPT": -4.0, "CROWD": 0.25, "LEAD": 0.1}.items():
        monkeypatch.setattr(module, name, value)
    assert confidence(8, 1) == confidence(8, 0) == 0.5
    assert confidence(8 + 2 * math.log(3), 1) == pytest.approx(0.75)
    assert confidence(8 - 2 * math.log(3), 1) == pytest.approx(0.25)
    assert confidence(8, 81) == pytest.approx(0.25)  # four times the logarithm of 3, a quarter of it
    assert confidence(8, 1, lead=2.0) == pytest.approx(1 / (1 + math.exp(-0.2)))
    assert confidence(8, 1, lead=math.inf) == confidence(8, 1, lead=LONGEST_LEAD)


def test_a_perfect_entry_is_answered_with_and_a_hopeless_one_is_not() -> None:
    assert SLOPE > 0 > INTERCEPT
    assert min(CROWD, LEAD) > 0
    assert confidence(BEST, 11, 3) > confidence(BEST, 1_000_000, 3) > SURE > confidence(0, 11, 3)
    fits = [confidence(BEST * step / 20, 1_000) for step in range(21)]
    assert fits == sorted(fits)
    assert 0 < confidence(-BEST, 1_000) < confidence(2 * BEST, 1_000) <= 1
    assert confidence(-1e9, 1_000) >= 0


def test_whoever_prefers_silence_hears_less() -> None:
    levels = [THRESHOLDS[one] for one in (Prefer.ANSWERS, Prefer.BALANCED, Prefer.SILENCE)]
    assert levels == sorted(levels)
    assert 0 < levels[0] < levels[-1] < SURE < 1
