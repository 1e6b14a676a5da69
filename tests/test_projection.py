"""Token vectors made narrower, on a vocabulary of our own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from retrieval.projection import STEPS, WIDTH, WORDS, Matrix, chosen_words, learned, narrowed, rounded, unit


def vocabulary(words: int, dimension: int, seed: int = 3) -> Matrix:
    """Unit vectors of words, the first dimensions by far the strongest."""
    spread = np.random.default_rng(seed).normal(size=(words, dimension)) / np.arange(1, dimension + 1)
    return unit(spread.astype(np.float32))


# ------------------------------------------------------------------------------------------ the words learned from


def test_words_of_letters_alone_are_chosen_once_in_order() -> None:
    pieces = ["the", "##ing", "river", "of", "3rd", "river", "", "[CLS]", "été", "a b", "ferry", "x1y"]
    assert chosen_words(pieces) == ["ferry", "river", "the", "été"]
    assert chosen_words([]) == chosen_words(["a", "12"]) == []


@pytest.mark.parametrize(("count", "kept"), [(WORDS, WORDS), (WORDS + 1, WORDS // 2 + 1), (3 * WORDS, WORDS)])
def test_of_too_many_words_an_even_part_is_chosen(count: int, kept: int) -> None:
    letters = "abcdefghijklmnopqrst"
    made = ["".join(letters[number // 20**place % 20] for place in range(3, -1, -1)) for number in range(count)]
    chosen = chosen_words(made[::-1])
    assert len(chosen) == kept <= WORDS
    step = made.index(chosen[1])
    assert chosen == made[::step]


# ------------------------------------------------------------------------------------------ learning


@pytest.mark.parametrize(("dimension", "width"), [(384, WIDTH), (96, 96), (16, 16), (1, 1)])
def test_the_projection_s_shape(dimension: int, width: int) -> None:
    projection = learned(vocabulary(500, dimension))
    assert projection.shape == (dimension, width)
    assert projection.dtype == np.float32
    assert np.isfinite(projection).all()


def test_learning_is_deterministic_and_the_order_of_words_does_not_matter() -> None:
    words = vocabulary(300, 24)
    once = learned(words)
    np.testing.assert_array_equal(once, learned(words.copy()))
    np.testing.assert_allclose(np.abs(learned(words[::-1])), np.abs(once), atol=1e-4)


def test_the_strongest_directions_are_kept_and_evened_out() -> None:
    # two words along the first axis for one along each of the others: strengths 0.4, 0.2, 0.2, 0.2
    words = np.eye(4, dtype=np.float32)[[0, 0, 1, 2, 3]]
    projection = learned(words)
    lengths = np.sort(np.linalg.norm(projection, axis=0))
    np.testing.assert_allclose(lengths, [0.4**-0.25, 0.2**-0.25, 0.2**-0.25, 0.2**-0.25], rtol=1e-6)
    np.testing.assert_allclose(np.abs(projection[:, 0]), [0.4**-0.25, 0, 0, 0], atol=1e-6)


def test_directions_in_which_no_word_lies_do_no_harm() -> None:
    projection = learned(np.eye(8, dtype=np.float32)[:2])
    assert projection.shape == (8, 8)
    assert np.isfinite(projection).all()
    found = narrowed(np.eye(8, dtype=np.float32)[:2], projection)
    np.testing.assert_allclose(found @ found.T, np.eye(2), atol=1e-3)


def test_narrowed_tokens_are_unit_and_keep_who_is_nearest() -> None:
    words = vocabulary(400, 128)
    narrow = narrowed(words, learned(words))
    assert narrow.shape == (400, WIDTH)
    assert narrow.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(narrow, axis=1), 1, atol=1e-5)
    near = words + 0.01 * vocabulary(400, 128, seed=4)
    found = narrowed(near.astype(np.float32), learned(words))
    assert (found @ narrow.T).argmax(axis=1).tolist() == list(range(400))
    # lengths of what comes in do not matter
    np.testing.assert_allclose(narrowed(3 * words, learned(words)), narrow, atol=1e-5)
    assert narrowed(words[:0], learned(words)).shape == (0, WIDTH)


# ------------------------------------------------------------------------------------------ unit, rounded

NUMBERS = st.floats(-1, 1, width=32)


def test_unit_by_hand() -> None:
    rows = np.array([[3, 4], [0, 0], [-2, 0]], dtype=np.float32)
    np.testing.assert_allclose(unit(rows), np.array([[0.6, 0.8], [0, 0], [-1, 0]]), rtol=1e-6)
    np.testing.assert_allclose(unit(rows[0]), [0.6, 0.8], rtol=1e-6)
    assert unit(rows).dtype == np.float32


def test_rounding_by_hand() -> None:
    stored = rounded(np.array([[1, -1, 0, 0.5, 0.004]], dtype=np.float32))
    assert stored.dtype == np.int8
    assert stored.tolist() == [[127, -127, 0, 64, 1]]
    np.testing.assert_allclose(stored / np.float32(STEPS), [[1, -1, 0, 64 / 127, 1 / 127]], rtol=1e-6)


@given(arrays(np.float32, (5, 6), elements=NUMBERS))
def test_a_stored_number_is_within_half_a_step_of_what_it_was(rows: Matrix) -> None:
    vectors = unit(rows)
    again: Matrix = (rounded(vectors) / np.float32(STEPS)).astype(np.float32)
    assert np.abs(again - vectors).max() <= 0.5 / 127 + 1e-6
    np.testing.assert_array_equal(rounded(again), rounded(vectors))
