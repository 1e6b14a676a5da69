"""Texts as tokens: what counts as the same, and where each token stands."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.folding import same_words, search_words, tokens


def forms(text: str) -> list[str]:
    return [token.form for token in tokens(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Quay”", '"Quay"'),
        ("“Quay”", "‘Quay’"),
        ("„Kai“", "»Kai«"),
        ("''Quay''", "“Quay”"),
        ("don’t", "don't"),
        ("don´t", "donʼt"),
        ("the river – and the quay", "the river--and the quay"),
        ("the river - and the quay", "the river—and the quay"),
        ("wait… and see", "wait ... and see"),
        ("wait . . . and see", "wait… and see"),
        ("2.6million", "2.6 million"),
        ("£5m", "£ 5 m"),
        ("60%", "60 %"),
        ("quay ,and", "quay, and"),
        ("(quay)", "( quay )"),
        (unicodedata.normalize("NFD", "Zoë’s café"), "Zoë’s café"),
        ("Å", "\u212b"),  # the angstrom sign
        ("ri\u00adver\u200b", "river"),
        ("4\u00ad4", "44"),
    ],
)
def test_the_same_but_for_typography(one: str, other: str) -> None:
    assert forms(one) == forms(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The quay", "the quay"),
        ("1,400", "1400"),
        ("1,400", "1.400"),
        ("11,12", "1,112"),
        ("its", "it's"),
        ("quay.", "quay!"),
        ("third-grade", "third grade"),
        ("cafe", "café"),
        ("the rapist", "therapist"),
        ("½", "1/2"),
        ("５", "5"),  # fullwidth: compatible, not canonically equal
        ("ﬁre", "fire"),
        ("а", "a"),  # Cyrillic
        ("river\u202e", "river"),
        ("£5", "$5"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert forms(one) != forms(other)


def test_what_each_token_is() -> None:
    found = {token.form: token for token in tokens("Over £22m, he’s 44% [sic] 日本")}
    assert [one.form for one in tokens("Over £22m, he’s 44% [sic] 日本")] == [
        "Over", "£", "22", "m", ",", "he's", "44", "%", "[", "sic", "]", "日", "本",
    ]  # fmt: skip
    assert (found["22"].is_number, found["m"].is_number, found["m"].glued) == (True, False, True)
    assert (found["Over"].folded, found[","].folded, found[","].is_word) == ("over", "", False)
    assert [one.form for one in found.values() if one.is_counted] == ["Over", "£", "he's", "44", "sic", "日", "本"]
    assert (found["he's"].spaced, found["["].spaced, found["sic"].spaced) == (True, True, False)


def test_what_is_searched_for() -> None:
    assert search_words(tokens("Don’t pay £1,400.50 – it’s Zoe\u0308’s café!")) == [
        "dont", "pay", "140050", "its", "zoës", "café",
    ]  # fmt: skip


def test_white_space_counts_as_one_space() -> None:
    assert same_words(" The\u00a0quay \n\t is  wet ") == "The quay is wet"


@given(st.text(max_size=200))
def test_tokens_stand_where_they_say(text: str) -> None:
    found = tokens(text)
    places = [place for token in found for place in range(token.start, token.end)]
    assert places == sorted(set(places))
    for token in found:
        assert 0 <= token.start < token.end <= len(text)
        assert token.form
        assert not text[token.start : token.end].isspace()
    left = "".join(text[place] for place in range(len(text)) if place not in set(places))
    assert all(character.isspace() or character in "\u00ad\u200b\u2060\ufeff" for character in left)
    assert all(word.isalnum() for word in search_words(found))


@given(st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=30))
def test_a_text_is_itself_in_any_canonical_form(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert forms(unicodedata.normalize("NFD", text)) == forms(composed)


@pytest.mark.parametrize(
    "text",
    [". " * 50_000, "'" * 100_000, "a'" * 50_000, "1,000" * 20_000, "1," * 50_000, "\u200b" * 100_000, "日" * 50_000],
)
def test_time_is_linear(text: str) -> None:
    began = time.monotonic()
    tokens(text)
    assert time.monotonic() - began < 5
