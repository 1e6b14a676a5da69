"""British and American spellings, contractions, and words that are none of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.quotes.spelling import is_contraction, is_spelling, plain_spelling

PAIRS = (
    "colour/color labour/labor favourite/favorite neighbours/neighbors honoured/honored organise/organize "
    "organisation/organization analysed/analyzed centre/center theatre/theater defence/defense licence/license "
    "travelled/traveled counsellor/counselor dialogue/dialog paediatric/pediatric encyclopaedia/encyclopedia "
    "grey/gray programme/program cheque/check café/cafe naïve/naive cant/can't"
).split()
OTHERS = (
    "four/for hour/hor tour/tor your/yor filled/filed falling/faling source/sorce court/cort course/corse "
    "poured/pored there/theer quay/key river/rivers"
).split()


@pytest.mark.parametrize("pair", PAIRS)
def test_one_word_in_two_spellings(pair: str) -> None:
    one, other = pair.split("/")
    assert is_spelling([one], [other])


@pytest.mark.parametrize("pair", OTHERS)
def test_two_words(pair: str) -> None:
    one, other = pair.split("/")
    assert not is_spelling([one], [other])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("we've", "we have", True),
        ("can't", "cannot", True),
        ("can't", "can not", True),
        ("won't", "will not", True),
        ("it's", "it is", True),
        ("it's", "it has", True),
        ("he'd", "he would", True),
        ("let's", "let us", True),
        ("did", "didn't", False),
        ("can", "can't", False),
        ("its", "it is", False),
        ("he'll", "he would", False),
        ("they are not", "they aren't", True),
    ],
)
def test_contractions(one: str, other: str, same: bool) -> None:
    assert is_contraction(one.split(), other.split()) is same
    assert is_contraction(other.split(), one.split()) is same


@given(st.text(max_size=20))
def test_a_plain_spelling_is_settled_in_two_steps(word: str) -> None:
    plain = plain_spelling(word)
    assert is_spelling([word], [word])
    assert len(plain) <= len(word) * 4 + 4
