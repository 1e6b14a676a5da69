"""Every text here is made up."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.embedding import Embedder
from retrieval.model import Span
from retrieval.passages import passages
from retrieval.sentences import sentences


def words(text: str) -> list[Span]:
    """A tokenizer by words."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def cut(text: str, limit: int = 100) -> list[str]:
    return [text[start:end] for start, end in passages(text, words(text), limit)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("One.", ["One."]),
        ("One. Two.", ["One. Two."]),
        ("One is here. Two is here. Three is here.", ["One is here. Two is here.", "Two is here. Three is here."]),
        (" First line\n\nsecond line \nThird. ", ["First line\n\nsecond line", "second line \nThird."]),
    ],
)
def test_a_passage_is_two_sentences_and_shares_one_with_the_next(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_two_sentences_that_do_not_fit_together_stand_alone() -> None:
    assert cut("One two three. Four five six. Seven.", 6) == ["One two three.", "Four five six. Seven."]
    assert cut("One two three. Four five six. Seven.", 4) == ["One two three.", "Four five six.", "Seven."]


def test_a_sentence_over_the_limit_is_cut_at_white_space_where_there_is_some() -> None:
    # two pieces of two words fit together again in a passage of four
    assert cut("one two three four five", 2) == ["one two", "three four", "five"]
    assert cut("one/two/three/four", 3) == ["one/two", "/three/", "four"]


def test_tokens_that_share_one_character_are_no_trap() -> None:
    text = "🌊🌊. The end."
    tokens = [(0, 1)] * 4 + [(1, 2)] * 4 + [(at, at + 1) for at in range(2, len(text))]
    assert [text[start:end] for start, end in passages(text, tokens, 2)][:2] == ["🌊", "🌊"]


TEXTS = st.lists(
    st.sampled_from(
        ["The river rose.", "“Go!” he said.", "x" * 30, " ", "\n", "e\u0301", "🌊", "1,400", "?", "and so on", "שלום"]
    )
    | st.text(max_size=8),
    max_size=14,
).map(" ".join)


@given(TEXTS, st.integers(1, 12))
def test_every_sentence_is_covered_and_no_passage_is_too_long(text: str, limit: int) -> None:
    spans = passages(text, words(text), limit)
    assert spans == sorted(set(spans))
    assert [one[1] for one in spans] == sorted({one[1] for one in spans})
    for start, end in spans:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        assert len([one for one in words(text) if start <= one[0] < end]) <= limit
    for start, end in sentences(text):
        held = {at for one in spans for at in range(*one)}
        assert {at for at in range(start, end) if not text[at].isspace()} <= held


@given(
    st.lists(st.sampled_from(["The river rose.", "It fell again.", "“Go!” he said."]), min_size=1, max_size=8).map(
        " ".join
    )
)
def test_every_sentence_stands_whole_in_a_passage(text: str) -> None:
    spans = passages(text, words(text), 100)
    for start, end in sentences(text):
        assert any(one[0] <= start and end <= one[1] for one in spans)


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
    spans = passages(text, tokens, embedder.max_tokens)
    assert max(len(embedder.token_spans(text[start:end])) for start, end in spans) <= embedder.max_tokens
    held = {at for one in spans for at in range(*one)}
    assert {at for at, character in enumerate(text) if not character.isspace()} <= held


def test_the_real_tokens_are_where_they_say(embedder: Embedder) -> None:
    text = "“Rivers” rose 1,400 feet."
    assert [text[start:end] for start, end in embedder.token_spans(text)] == [
        "“", "Rivers", "”", "rose", "1", ",", "400", "feet", ".",
    ]  # fmt: skip
    assert embedder.max_tokens == 254
