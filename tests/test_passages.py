"""Every text here is made up."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedding import Embedder
from retrieval.model import Span
from retrieval.passages import Stretch, stretches
from retrieval.sentences import sentences


def words(text: str) -> list[Span]:
    """A tokenizer by words."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def cut(text: str, limit: int = 100) -> list[list[str]]:
    """The passages of each stretch."""
    return [[text[start:end] for start, end in one.passages] for one in stretches(text, words(text), limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One.", [["One."]]),
        ("One is here. Two is here. Three is here.", [["One is here.", "Two is here.", "Three is here."]]),
        (" First line\n\nsecond line \nThird. ", [["First line", "second line", "Third."]]),
    ],
)
def test_a_passage_is_a_sentence_and_a_stretch_as_many_as_fit(text: str, expected: list[list[str]]) -> None:
    assert cut(text) == expected


def test_a_stretch_ends_before_the_sentence_that_does_not_fit() -> None:
    text = "One two three. Four five six. Seven."
    assert cut(text, 10) == [["One two three.", "Four five six.", "Seven."]]
    assert cut(text, 9) == [["One two three.", "Four five six."], ["Seven."]]
    assert cut(text, 7) == [["One two three."], ["Four five six.", "Seven."]]
    assert cut(text, 5) == cut(text, 4) == [["One two three."], ["Four five six."], ["Seven."]]


def test_a_stretch_is_what_its_passages_span() -> None:
    text = " One two.  Three four. Five."
    assert stretches(text, words(text), 6) == [
        Stretch(start=1, end=22, passages=((1, 9), (11, 22))),
        Stretch(start=23, end=28, passages=((23, 28),)),
    ]


def test_a_sentence_over_the_limit_is_cut_at_white_space_where_there_is_some() -> None:
    assert cut("one two three four five", 2) == [["one two"], ["three four"], ["five"]]
    assert cut("one/two/three/four", 3) == [["one/two"], ["/three/"], ["four"]]
    # what is left of one is read with the next
    assert cut("One two three four five. Six.", 5) == [["One two three four"], ["five.", "Six."]]


def test_tokens_that_share_one_character_are_no_trap() -> None:
    text = "🌊🌊. The end."
    tokens = [(0, 1)] * 4 + [(1, 2)] * 4 + [(at, at + 1) for at in range(2, len(text))]
    found = stretches(text, tokens, 2)
    assert [text[one.start : one.end] for one in found][:2] == ["🌊", "🌊"]


TEXTS = st.lists(
    st.sampled_from(
        ["The river rose.", "“Go!” he said.", "x" * 30, " ", "\n", "e\u0301", "🌊", "1,400", "?", "and so on", "שלום"]
    )
    | st.text(max_size=8),
    max_size=14,
).map(" ".join)


@given(TEXTS, st.integers(1, 12))
def test_every_sentence_is_covered_once_and_no_stretch_is_too_long(text: str, limit: int) -> None:
    found = stretches(text, words(text), limit)
    spans = [span for one in found for span in one.passages]
    assert all(one[1] <= other[0] for one, other in pairwise(spans))
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
    for stretch in found:
        assert (stretch.start, stretch.end) == (stretch.passages[0][0], stretch.passages[-1][1])
        assert len([one for one in words(text) if stretch.start <= one[0] < stretch.end]) <= limit
    held = {at for one in spans for at in range(*one)}
    for start, end in sentences(text):
        assert {at for at in range(start, end) if not text[at].isspace()} <= held


@given(TEXTS, st.integers(1, 12))
def test_no_stretch_could_take_the_first_passage_of_the_next(text: str, limit: int) -> None:
    tokens = words(text)
    found = stretches(text, tokens, limit)
    for one, other in pairwise(found):
        together = [token for token in tokens if one.start <= token[0] < other.passages[0][1]]
        assert len(together) > limit


@given(TEXTS)
def test_where_all_fits_the_passages_are_the_sentences(text: str) -> None:
    found = stretches(text, words(text), 1_000)
    assert [span for one in found for span in one.passages] == list(sentences(text))
    assert len(found) == bool(sentences(text))


HARD = [
    "The river rose by two feet at No. 2 pump, said Mrs. Orran. " * 40,
    "unbroken" * 2_500,
    "x" * 20_000,
    "a1!" * 6_667,
    "🌊" * 3_000,
    "שלום עולם " * 300,
    "e\u0301\u200d " * 800,
    "word " * 4_000,
]


@pytest.mark.parametrize("text", HARD, ids=range(len(HARD)))
def test_the_real_tokens_stay_within_the_model_s_limit(text: str, embedder: Embedder) -> None:
    tokens = embedder.token_spans(text)
    assert all(0 <= start <= end <= len(text) for start, end in tokens)
    found = stretches(text, tokens, embedder.max_tokens)
    assert max(len(embedder.token_spans(text[one.start : one.end])) for one in found) <= embedder.max_tokens
    held = {at for one in found for span in one.passages for at in range(*span)}
    assert {at for at, character in enumerate(text) if not character.isspace()} <= held


def test_the_real_tokens_are_where_they_say(embedder: Embedder) -> None:
    text = "“Rivers” rose 1,400 feet."
    assert [text[start:end] for start, end in embedder.token_spans(text)] == [
        "“", "Rivers", "”", "rose", "1", ",", "400", "feet", ".",
    ]  # fmt: skip
    assert embedder.max_tokens == 254
