"""The fit, by hand."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from retrieval.ranking import WEIGHTS, Signs, fit

NOTHING = Signs(window=0, sentence=0, cosine=0, bm25=0, coverage=0, beside=0)


def test_the_fit_is_the_weighted_sum_of_the_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = Signs(window=10, sentence=5, cosine=4, bm25=3, coverage=2, beside=1)
    monkeypatch.setattr("retrieval.ranking.WEIGHTS", weights)
    signs = Signs(window=0.9, sentence=0.8, cosine=0.5, bm25=0.25, coverage=1, beside=0.5)
    assert fit(signs) == pytest.approx(9 + 4 + 2 + 0.75 + 2 + 0.5)
    assert fit(NOTHING) == 0


@pytest.mark.parametrize("sign", [one.name for one in fields(Signs)])
def test_each_sign_counts_by_its_own_weight_and_for_an_entry(sign: str) -> None:
    weight = getattr(WEIGHTS, sign)
    assert fit(replace(NOTHING, **{sign: 1.0})) == pytest.approx(weight)
    assert fit(replace(NOTHING, **{sign: -0.5})) == pytest.approx(-weight / 2)
    assert weight > 0
